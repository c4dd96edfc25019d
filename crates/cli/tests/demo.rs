//! The demonstration as a user runs it: the binary, a folder, what it says and what it leaves behind.

use lockstep_pack::{Trust, Verdict, verify};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::OnceLock;
use tempfile::TempDir;

fn demo(out: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockstep"));
    command.args(["demo", "stablecoin", "--out"]).arg(out).args(more);
    command.output().unwrap()
}

/// One run with `--json`, shared by the tests that only look at it.
fn run() -> &'static (TempDir, Value) {
    static RUN: OnceLock<(TempDir, Value)> = OnceLock::new();
    RUN.get_or_init(|| {
        let dir = TempDir::new().unwrap();
        let output = demo(dir.path(), &["--json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (dir, serde_json::from_slice(&output.stdout).expect("one JSON object on stdout"))
    })
}

fn texts<'a>(object: &'a Value, array: &str, field: &str) -> Vec<&'a str> {
    object[array].as_array().unwrap().iter().map(|item| item[field].as_str().unwrap_or_default()).collect()
}

/// Title, code, and whether the party gets a receipt: the list that the demonstration must show.
const MUST_FAIL: [(&str, &str, bool); 34] = [
    ("the holder takes its deposit back while the bank pays", "OnlyGate", false),
    ("a payout below par", "guard", true),
    ("one payout for two redemptions", "single_use", true),
    ("a frozen address sends tokens", "AccountFrozen", false),
    ("one reserve behind a claim on each of two chains", "headroom_short", true),
    ("auditor before custodian", "order", true),
    ("a stale balance", "stale", true),
    ("one LEI as custodian and auditor", "not_distinct", true),
    ("a guard that overflows", "guard_error", true),
    ("one person signing twice", "persons", true),
    ("a sanctioned address", "guard", true),
    ("the same incoming payment carrying a second mint", "single_use", true),
    ("the same payment, the file exported again with other white space", "single_use", true),
    ("two cases in flight claiming the same headroom", "headroom_short", true),
    ("a forged signature", "signature", false),
    ("a high-s signature", "signature", false),
    ("a credential revoked a moment before", "credential_revoked", false),
    ("`suspect_since` suspending an open case", "suspended", true),
    ("the deployer mints past the Gate", "AccessControlUnauthorizedAccount", false),
    ("the deployer makes itself a minter", "AccessControlUnauthorizedAccount", false),
    ("the deployer loosens the Gate", "OnlyItself", false),
    ("the guardian pauses for a year", "PauseTooLong", false),
    ("the same outcome brought twice", "AlreadyExecuted", false),
    ("a head with too few signatures", "TooFew", false),
    ("the appender writes a mint that no case decided", "no_certificate", false),
    ("the appender writes a mint that no case decided", "no_certificate", false),
    ("three co-signers collude: the certificate verifies, the pack fails", "no_decision", false),
    ("the same pack with that part withheld: it only rests on the certificate", "cannot_tell", false),
    ("two roots for one size asked of a signer", "two_roots", false),
    ("one byte changed in the pack", "signature", false),
    ("a record left out of the pack", "differs", false),
    ("the tail of the pack cut off", "incomplete", false),
    ("a revocation left out of the trust history", "incomplete", false),
    ("verification without a trust file", "cannot_tell", false),
];

#[test]
fn everything_that_must_fail_fails_for_its_reason_and_with_its_receipt() {
    let (_, told) = run();
    assert_eq!(told["as_expected"], true);
    let failings = told["failings"].as_array().unwrap();
    assert_eq!(failings.len(), MUST_FAIL.len());
    for (failing, (title, code, receipt)) in failings.iter().zip(MUST_FAIL) {
        assert_eq!((failing["title"].as_str().unwrap(), failing["found"].as_str().unwrap()), (title, code));
        assert!(!failing["reason"].as_str().unwrap().is_empty(), "{title}");
        let verified = failing["receipt"].as_str().is_some_and(|text| text.ends_with("verified"));
        assert_eq!(verified, receipt, "{title}: {}", failing["receipt"]);
    }
}

#[test]
fn six_institutions_of_three_suites_act_and_the_pack_verifies() {
    let (dir, told) = run();
    let who: std::collections::BTreeSet<&str> = texts(told, "deeds", "who").into_iter().collect();
    assert_eq!(who.len(), 7, "six institutions, and counsel: {who:?}");
    let suites = texts(told, "deeds", "suites").join(" ");
    assert!(["ed25519", "es256", "eip712", "es256 + ed25519"].iter().all(|suite| suites.contains(suite)));
    assert_eq!(told["report"]["verdict"], "verified");
    let chain = &told["chain"];
    assert!(
        chain["gas_submit"].as_u64().unwrap() > 50_000 && chain["gas_execute"].as_u64().unwrap() > 50_000
    );
    let settled = chain["settled"].as_u64().unwrap();
    assert!(settled >= chain["size"].as_u64().unwrap(), "the ledger learned of it after it was certified");
    let read = |file: &str| std::fs::read(dir.path().join(file)).unwrap();
    let trust = Trust::from_slice(&read("trust.json")).unwrap();
    let report = verify(&read("case.evidence.json"), Some(&trust));
    assert_eq!(report.verdict, Verdict::Verified);
    let facts = report.facts.unwrap();
    assert_eq!(facts.outcome.unwrap().phase, "decided");
    assert!(facts.steps.iter().all(|step| step.earliest.is_some()), "every step has a lower bound");
}

#[test]
fn a_redemption_is_paid_and_burned_and_another_goes_back() {
    let (dir, told) = run();
    let redeemed = &told["redeemed"];
    let of = |field: &str| redeemed[field].as_u64().unwrap();
    assert!(of("burned_in") < of("refunded_in") && of("paid_after_ms") < of("due_ms"));
    let units = |text: &Value| text.as_str().unwrap().parse::<u128>().unwrap();
    assert_eq!(
        units(&redeemed["supply"]) + 500_000_000_000,
        units(&told["chain"]["supply"]),
        "half is burned"
    );
    let read = |file: &str| std::fs::read(dir.path().join(file)).unwrap();
    let trust = Trust::from_slice(&read("trust.json")).unwrap();
    let report = verify(&read("redemption.evidence.json"), Some(&trust));
    assert_eq!(report.verdict, Verdict::Verified);
    let facts = report.facts.unwrap();
    assert_eq!(facts.outcome.unwrap().phase, "settled");
    let steps: Vec<String> = facts.steps.iter().filter_map(|s| Some(s.step.as_ref()?.to_string())).collect();
    assert_eq!(steps, ["deposit", "screen", "approve", "payout"]);
}

#[test]
fn what_was_damaged_lies_in_the_folder_and_does_not_verify() {
    let (dir, _) = run();
    let trust = Trust::from_slice(&std::fs::read(dir.path().join("trust.json")).unwrap()).unwrap();
    let mut damaged = 0;
    for entry in std::fs::read_dir(dir.path().join("failing")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let trust = (name != "without-trust.evidence.json").then_some(&trust);
        let verdict = verify(&std::fs::read(&path).unwrap(), trust).verdict;
        if name == "later.evidence.json" {
            assert_eq!(verdict, Verdict::Verified, "the whole pack of a later day");
        } else {
            assert_ne!(verdict, Verdict::Verified, "{name}");
            damaged += 1;
        }
    }
    assert_eq!(damaged, 7);
}

#[test]
fn every_co_signer_has_a_folder_a_key_and_a_store_of_its_own() {
    let (dir, _) = run();
    let mut keys = std::collections::BTreeSet::new();
    for role in ["issuer", "custodian", "auditor", "trustee"] {
        let folder = dir.path().join("cosigners").join(role);
        keys.insert(std::fs::read(folder.join("demo.key")).unwrap());
        assert!(folder.join("store").is_dir() && folder.join("signer.state").is_file(), "{role}");
    }
    assert_eq!(keys.len(), 4);
}

#[test]
fn the_board_page_needs_nothing_and_shows_every_refusal() {
    let (dir, told) = run();
    let page = std::fs::read_to_string(dir.path().join("case.html")).unwrap();
    for foreign in
        ["<script", "<link", "<img", "<iframe", "@import", "url(", " src=", " style=", "javascript:"]
    {
        assert!(!page.contains(foreign), "the page holds `{foreign}`");
    }
    let outside = page
        .match_indices("http")
        .filter(|(at, _)| !page[..*at].ends_with("xmlns=\"") && !page[*at..].starts_with("http-equiv"));
    assert_eq!(outside.count(), 0, "the page names an address outside");
    assert!(page.contains("default-src 'none'; style-src 'sha256-"));
    assert!(page.contains("prefers-color-scheme:dark") && page.contains("width=device-width"));
    assert!(page.contains("Verified") && page.matches("✓ ").count() >= 8, "what was done is marked");
    let articles = page.matches("<article class=\"refusal\">").count();
    assert_eq!(articles, told["failings"].as_array().unwrap().len());
    for row in told["losses"].as_array().unwrap() {
        let who = row["who"].as_str().unwrap().replace('&', "&amp;");
        assert!(page.contains(&who), "{who}");
    }
}

#[test]
fn the_page_allows_exactly_the_style_sheets_that_it_holds() {
    use base64::Engine as _;
    let (dir, _) = run();
    let page = std::fs::read_to_string(dir.path().join("case.html")).unwrap();
    let sheets: Vec<&str> =
        page.split("<style>").skip(1).filter_map(|rest| rest.split("</style>").next()).collect();
    assert_eq!(sheets.len(), 2);
    for sheet in sheets {
        let hash = base64::engine::general_purpose::STANDARD.encode(lockstep_types::sha256(sheet.as_bytes()));
        assert!(page.contains(&format!("'sha256-{hash}'")));
    }
}

#[test]
fn a_second_run_replaces_the_first_and_nothing_else_is_touched() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    assert!(demo(dir.path(), &[]).status.success());
    let first = std::fs::read(dir.path().join("trust.json")).unwrap();
    let output = demo(dir.path(), &[]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("34 of 34 attempts failed as they must"), "{text}");
    assert_ne!(std::fs::read(dir.path().join("trust.json")).unwrap(), first, "keys are never used twice");
    assert_eq!(std::fs::read_to_string(dir.path().join("notes.txt")).unwrap(), "mine");
    let foreign = TempDir::new().unwrap();
    std::fs::write(foreign.path().join("trust.json"), "a real one").unwrap();
    assert!(!demo(foreign.path(), &[]).status.success());
    assert_eq!(std::fs::read_to_string(foreign.path().join("trust.json")).unwrap(), "a real one");
}
