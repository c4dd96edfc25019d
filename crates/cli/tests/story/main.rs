//! Whole stories with the real program: folders, keys, institutions, and what goes wrong between them.

mod audience;
mod chain;
mod connect;
mod declare;
mod draft;
mod feed;
mod figures;
mod gates;
mod how_to;
mod hsm;
#[path = "../../../chain/tests/anvil/key.rs"]
mod key;
mod network;
#[path = "../../../chain/tests/anvil/node.rs"]
#[expect(dead_code, reason = "the tests of `chain` let endpoints misbehave in more ways than these do")]
mod node;
mod observe;
mod people;
mod place;
mod programs;
mod replace;
mod rules;
mod serve;
#[path = "../wallets/served.rs"]
#[expect(dead_code, reason = "the tests for wallets ask it in more ways than these do")]
mod served;
mod sftp;
mod signer;
mod six;
mod submit;
#[path = "../../../client/examples/ten_lines.rs"]
#[expect(dead_code, reason = "the example is a program of its own as well")]
mod ten_lines;
mod town;
mod traces;
mod typescript;

use lockstep_types::LedgerId;
use std::process::Command;
use town::{POLICY, SAMPLES, Town, copy, ran};

#[test]
fn a_case_from_genesis_to_a_verified_pack() {
    let town = Town::with_ledger();
    let case = town.decided_case();
    let early = town.run(&["pack", "export", "acme", &case, "-o", "early.json"]);
    assert_eq!((early.code, early.fault().as_str()), (2, "not-certified"));

    assert_eq!(town.cosign(1)["certificate"], false);
    assert_eq!(town.cosign(2)["certificate"], false);
    let third = town.cosign(3);
    assert_eq!((&third["certificate"], &third["signed"]), (&true.into(), &3.into()), "{third}");

    let short = &case[..8];
    town.ok(&["pack", "export", "acme", short, "-o", "case.json", "--evidence"]);
    town.ok(&["trust", "export", "acme", "-o", "trust.json"]);
    let verified = town.run(&["verify", "case.json", "--trust", "trust.json"]);
    assert_eq!(verified.code, 0, "{}\n{}", verified.out, verified.err);
    assert_eq!(verified.json()["verdict"], "verified");
    let untrusted = town.run(&["verify", "case.json"]);
    assert_eq!(untrusted.code, 2, "{}", untrusted.out);

    let pack = std::fs::read_to_string(town.path("case.json")).unwrap();
    std::fs::write(town.path("changed.json"), pack.replace("1000000.00", "9000000.00")).unwrap();
    let changed = town.run(&["verify", "changed.json", "--trust", "trust.json"]);
    assert_eq!(changed.code, 1, "{}", changed.out);

    town.ok(&["pack", "export", "acme", &case, "-o", "less.json", "--withhold", "payment.debtor"]);
    let less = std::fs::read_to_string(town.path("less.json")).unwrap();
    assert!(pack.contains("Jane Doe") && !less.contains("Jane Doe"));
    let less = town.run(&["verify", "less.json", "--trust", "trust.json"]);
    assert_eq!(
        less.code, 2,
        "a guard asked for nothing that is withheld, and still it is said: {}",
        less.out
    );
    assert_eq!(less.json()["missing"][0]["code"], "claims");

    let shown = town.ok(&["case", "show", "acme", short]);
    assert_eq!(shown["phase"], "decided");
    assert_eq!(town.ok(&["case", "list", "acme"])[0]["case"], case.as_str());
    let checked = town.run(&["fsck", "acme", "--key", "cosigner1", "--key", "cosigner4"]);
    assert_eq!(checked.code, 0, "{}\n{}", checked.out, checked.err);
    let own = town.run(&["fsck", "cosigner1.ledger", "--key", "cosigner1"]);
    assert_eq!(own.code, 0, "{}\n{}", own.out, own.err);
}

#[test]
fn what_is_refused_is_on_record_and_ends_with_exit_code_one() {
    let town = Town::with_ledger();
    let case = town.open_case();
    let early = town.attest(&case, "audit", "auditor", &["agrees=true", "balance=5000000", "haircut_bps=0"]);
    assert_eq!(early.code, 1, "{}\n{}", early.out, early.err);
    let answer = early.json();
    assert_eq!(answer["refused"], "order");
    assert!(
        answer["receipt"]["accepted"]["item"]["result"]["refused"]["record"]["index"].is_u64(),
        "{answer}"
    );

    assert_eq!(town.attest(&case, "request", "issuer", &[]).code, 0);
    assert_eq!(town.payment(&case, "1").code, 0);
    let taken =
        town.ok(&["withdraw", "acme", &case, "payment", "--as", "custodian", "--reason", "wrong entry"]);
    assert_eq!(taken["records"][0]["kind"], "withdrawn");
    assert_eq!(town.payment(&case, "1").code, 0);
    let second = town.open_case();
    assert_eq!(town.attest(&second, "request", "issuer", &[]).code, 0);
    assert_eq!(town.payment(&second, "1").json()["refused"], "single_use");
    town.evidence(&case);
    town.reading();
    let alone = town.run(&["attest", "acme", &case, "approve", "--as", "officer1"]);
    assert_eq!((alone.code, &alone.json()["refused"]), (1, &"persons".into()));
    let refused = town.ok(&["attest", "acme", &second, "screen", "--as", "screening", "--refuse", "a hit"]);
    assert_eq!(refused["records"][0]["kind"], "attested");
    assert_eq!(town.ok(&["case", "show", "acme", &second])["phase"], "refused");
}

#[test]
fn what_a_person_gets_wrong_is_said_before_anything_is_signed() {
    let town = Town::with_ledger();
    let case = town.open_case();
    let fault = |args: &[&str]| {
        let ran = town.run(args);
        assert_eq!(ran.code, 2, "{args:?}\n{}\n{}", ran.out, ran.err);
        (ran.fault(), ran.err)
    };
    let (code, text) = fault(&["attest", "acme", &case, "audits", "--as", "auditor"]);
    assert!(code == "step-unknown" && text.contains("`audit`"), "{text}");
    let (_, text) = fault(&["attest", "acme", &case, "audit", "--as", "auditor", "--claim", "agrees=yes"]);
    assert!(text.contains("`true` or `false`"), "{text}");
    let (code, _) = fault(&["attest", "acme", "ffffffff", "audit", "--as", "auditor"]);
    assert_eq!(code, "unknown-id");
    let (code, text) = fault(&["case", "open", "acme", "stablecoin", "--as", "issuer"]);
    assert!(code == "policy-unknown" && text.contains("acme-usd/stablecoin.issue"), "{text}");
    let (code, _) = fault(&["case", "list", "nowhere"]);
    assert_eq!(code, "folder");
    let (code, _) = fault(&["attest", "acme", &case, "reserve", "--as", "custodian", "--claim", "balance=1"]);
    assert_eq!(code, "evidence");
    let usage = Command::new(env!("CARGO_BIN_EXE_lockstep")).arg("attest").output().unwrap();
    assert_eq!(usage.status.code(), Some(2));
    assert!(usage.stdout.is_empty() && !usage.stderr.is_empty());
}

#[test]
fn secrets_that_others_can_read_are_not_used() {
    let town = Town::new();
    town.key("ed25519", "key");
    let mode = |path: &str| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(town.path(path)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!(mode("key"), 0o600);
    let text = std::fs::read_to_string(town.path("key")).unwrap();
    assert!(text.contains("\"format\":\"lockstep-key/1\""), "{text}");
    town.ok(&["key", "show", "key"]);
    let again = town.run(&["key", "new", "--suite", "ed25519", "--out", "key", "--cost", "10"]);
    assert_eq!((again.code, again.fault().as_str()), (2, "file-exists"));

    let town = Town::with_ledger();
    let open = ["case", "open", "acme", "stablecoin.issue", "--as", "issuer", "--param", "amount=1"];
    town.mode("issuer", 0o640);
    assert_eq!(town.run(&open).fault(), "file-permissions");
    town.mode("issuer", 0o600);
    town.mode("pass", 0o644);
    assert_eq!(town.run(&open).fault(), "file-permissions");
    town.private("pass", "another passphrase\n");
    let wrong = town.run(&open);
    assert_eq!((wrong.code, wrong.fault().as_str()), (1, "passphrase"));
}

#[test]
fn an_older_copy_of_the_folder_is_recognised_and_nothing_is_appended() {
    let town = Town::with_ledger();
    let case = town.open_case();
    copy(&town.path("acme"), &town.path("backup"));
    assert_eq!(town.attest(&case, "request", "issuer", &[]).code, 0);
    for number in 1..=3 {
        town.cosign(number);
    }
    std::fs::rename(town.path("acme"), town.path("lost")).unwrap();
    std::fs::rename(town.path("backup"), town.path("acme")).unwrap();
    let stopped = town.attest(&case, "request", "issuer", &[]);
    assert_eq!((stopped.code, stopped.fault().as_str()), (2, "old-copy"));
    let checked = town.run(&["fsck", "acme", "--key", "cosigner1"]);
    assert_eq!(checked.code, 1);
    assert!(checked.out.contains("an older copy was put back"), "{}", checked.out);

    // Without this machine's memory nobody knows, and that is said too.
    std::fs::remove_dir_all(town.path("state")).unwrap();
    assert_eq!(town.attest(&case, "request", "issuer", &[]).fault(), "memory-missing");
    // The co-signers still know: what would be signed here is another history.
    town.ok(&["fsck", "acme", "--remember"]);
    let refused = town.run(&["cosign", "acme", "--key", "cosigner1"]);
    assert_eq!((refused.code, refused.fault().as_str()), (2, "old-copy"));
    // Nor does it sign when the older copy has gone on to something else of the same length.
    assert_eq!(town.attest(&case, "request", "issuer", &[]).code, 0);
    let refused = town.run(&["cosign", "acme", "--key", "cosigner1"]);
    assert_eq!((refused.code, refused.fault().as_str()), (2, "other-history"));

    std::fs::remove_dir_all(town.path("acme")).unwrap();
    std::fs::rename(town.path("lost"), town.path("acme")).unwrap();
    let whole = town.run(&["fsck", "acme", "--key", "cosigner1", "--key", "cosigner2"]);
    assert_eq!(whole.code, 1, "this machine remembers the older copy, which went on: {}", whole.out);
}

#[test]
fn a_change_in_the_folder_is_found() {
    let town = Town::with_ledger();
    town.open_case();
    for number in 1..=3 {
        town.cosign(number);
    }
    assert_eq!(town.run(&["fsck", "acme"]).code, 0);
    let tiles =
        std::fs::read_dir(town.path("acme/tile/entries/000.p")).unwrap().map(|tile| tile.unwrap().path());
    let width =
        |path: &std::path::PathBuf| path.file_name().unwrap().to_str().unwrap().parse::<u16>().unwrap();
    let tile = tiles.max_by_key(width).unwrap();
    let mut bytes = std::fs::read(&tile).unwrap();
    bytes[10] ^= 1;
    std::fs::write(&tile, bytes).unwrap();
    let found = town.run(&["fsck", "acme"]);
    assert!(found.code == 1 && found.out.contains("tiles"), "{}", found.out);
    let note = std::fs::read_to_string(town.path("acme/checkpoint")).unwrap();
    assert_eq!(note.split("\n\n").next().unwrap().lines().count(), 3, "{note}");
}

#[test]
fn changes_that_loosen_need_the_administrators_and_the_cosigners() {
    let town = Town::with_ledger();
    let proposed =
        town.ok(&["govern", "list", "acme", "acme-usd/blocked_countries", "--empty", "--as", "admin"]);
    assert_eq!(proposed["enacted"], false);
    let case = proposed["case"].as_str().unwrap();
    assert_eq!(town.ok(&["govern", "show", "acme"])[0]["loosens"], true);
    for number in 1..=2 {
        town.ok(&["govern", "consent", "acme", case, "--as", &format!("cosigner{number}")]);
    }
    let last = town.ok(&["govern", "consent", "acme", case, "--as", "cosigner3"]);
    assert!(last["records"].as_array().unwrap().iter().any(|record| record["kind"] == "enacted"), "{last}");
    let stranger = town.run(&["govern", "consent", "acme", case, "--as", "auditor"]);
    assert_eq!(stranger.code, 1, "{}", stranger.out);
}

#[test]
fn a_revoked_credential_counts_no_more() {
    let town = Town::with_ledger();
    let case = town.open_case();
    let list = town.ok(&["credential", "list", "acme"]);
    let issuer = list.as_array().unwrap().iter().find(|row| row["kind"] == "e-money-institution").unwrap();
    let id = issuer["credential"].as_str().unwrap();
    town.ok(&[
        "credential",
        "revoke",
        "acme",
        &id[..10],
        "--as",
        "registry",
        "--reason",
        "licence withdrawn",
    ]);
    assert_eq!(town.attest(&case, "request", "issuer", &[]).code, 1);
    let again = town.run(&["case", "show", "acme", &case]);
    assert!(again.out.contains("credential_revoked") || !again.out.contains("attested"), "{}", again.out);
}

#[test]
fn policies_are_checked_explained_drawn_and_tested() {
    let town = Town::new();
    assert_eq!(town.ok(&["policy", "check", POLICY])["name"], "stablecoin.issue");
    let told = town.ok(&["policy", "explain", POLICY, "--svg", "policy.svg"]);
    assert!(told["sentences"].as_array().unwrap().len() > 6);
    assert!(std::fs::read_to_string(town.path("policy.svg")).unwrap().starts_with("<svg"));
    let played = town.run(&["policy", "test", POLICY]);
    assert_eq!(played.code, 0, "{}", played.out);
    assert!(played.json()["scenarios"].as_array().unwrap().len() >= 10);
    for other in ["account-freeze", "account-thaw", "stablecoin-redeem"] {
        let folder = format!("{POLICY}/../{other}");
        let (checked, played) =
            (town.run(&["policy", "check", &folder]), town.run(&["policy", "test", &folder]));
        assert_eq!((checked.code, played.code), (0, 0), "{other}: {}{}", checked.out, played.out);
    }

    copy(POLICY.as_ref(), &town.path("broken"));
    let tests = std::fs::read_to_string(town.path("broken/tests.toml")).unwrap();
    std::fs::write(town.path("broken/tests.toml"), tests.replace("refused:order", "accepted")).unwrap();
    let failed = town.run(&["policy", "test", "broken"]);
    assert!(
        failed.code == 1 && failed.out.contains("expected accepted, found refused:order"),
        "{}",
        failed.out
    );
    let layout = std::fs::read_to_string(town.path("broken/policy.toml")).unwrap();
    std::fs::write(
        town.path("broken/policy.toml"),
        layout.replace("by    = \"auditor\"", "by    = \"nobody\""),
    )
    .unwrap();
    let findings = town.run(&["policy", "check", "broken"]);
    assert_eq!(findings.code, 1, "{}", findings.out);
    assert!(findings.json()["findings"][0]["line"].is_u64());
}

#[test]
fn documents_from_outside_are_read() {
    let town = Town::new();
    let statement = format!("{SAMPLES}/statement.xml");
    let read = town.ok(&["statement", "read", &statement]);
    assert!(read["statements"][0]["entries_total"].as_u64().unwrap() > 0);
    let claims = town.ok(&["statement", "read", &statement, "--payment", "HB2611200000017", "--balance"]);
    assert_eq!(claims["payment"]["money"], "1000000.00 USD", "{claims}");
    let missing = town.run(&["statement", "read", &statement, "--payment", "NOPE"]);
    assert_eq!(missing.code, 2, "{}", missing.err);
    for (file, kind, items) in [
        ("notification", "camt.054", 2),
        ("status", "pacs.002", 3),
        ("transfer", "pacs.008", 1),
        ("statement", "camt.053", 7),
    ] {
        let list = town.ok(&["message", "read", &format!("{SAMPLES}/{file}.xml")]);
        assert_eq!((&list["message"], &list["items_total"]), (&kind.into(), &items.into()), "{list}");
    }
    let notification = format!("{SAMPLES}/notification.xml");
    let paid = town.ok(&["message", "read", &notification, "--ref", "HB2611210000004"]);
    assert_eq!(paid["fields"]["creditor"], "Northwind Example Fund LP", "{paid}");
    assert_eq!(town.run(&["message", "read", &notification, "--ref", "NOPE"]).code, 2);
    let sdn = format!("{SAMPLES}/sdn.csv");
    let clean = town.run(&["screen", "--sanctions", &sdn, "--name", "Nobody At All"]);
    assert_eq!(clean.code, 0, "{}", clean.out);
    let text = std::fs::read_to_string(&sdn).unwrap();
    let listed = text.lines().next().unwrap().split('"').nth(1).unwrap().to_owned();
    let hit = town.run(&["screen", "--sanctions", &sdn, "--name", &listed]);
    assert_eq!(hit.code, 1, "{listed}: {}", hit.out);
}

#[test]
fn the_reference_of_the_command_line_is_the_one_that_is_committed() {
    let printed = ran(&Command::new(env!("CARGO_BIN_EXE_lockstep")).arg("docs").output().unwrap());
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md");
    assert_eq!(std::fs::read_to_string(committed).unwrap(), printed.out, "run `cargo xtask gen`");
}

#[test]
fn a_cosigner_follows_the_ledger_it_was_told_to_follow() {
    let town = Town::with_ledger();
    let other = LedgerId([1; 32]).to_string();
    let refused = town.run(&["cosign", "acme", "--key", "cosigner1", "--ledger", &other]);
    assert_eq!((refused.code, refused.fault().as_str()), (1, "other-ledger"), "{}", refused.err);
}

/// Three of the old set agree that another takes the place of the third.
fn rotate(town: &Town) {
    town.key("eip712", "cosigner5");
    let member = |lei: &str, number: u8| format!("{lei}:c{number}=cosigner{number}.pub");
    let members = [
        member(town::ACME, 1),
        member(town::NORTHBANK, 2),
        member(town::CLEAR, 5),
        member(town::OTHERBANK, 4),
    ];
    let mut rotate = vec!["govern", "rotate", "acme", "--threshold", "3", "--as", "admin"];
    members.iter().for_each(|member| rotate.extend(["--cosigner", member.as_str()]));
    let rotation = town.ok(&rotate)["case"].as_str().unwrap().to_owned();
    for number in 1..=3 {
        town.ok(&["govern", "consent", "acme", &rotation, "--as", &format!("cosigner{number}")]);
    }
}

#[test]
fn a_rotation_is_handed_over_by_both_committees() {
    let town = Town::with_ledger();
    let case = town.open_case();
    for number in 1..=3 {
        town.cosign(number);
    }
    town.ok(&["trust", "export", "acme", "-o", "before.json"]);
    rotate(&town);
    // Members of the old set only, of both, and of the new one only.
    assert_eq!(town.cosign(3)["leaving"][0], 1);
    assert_eq!(town.cosign(1)["leaving"][0], 2);
    assert_eq!(town.cosign(2)["leaving"][0], 3);
    assert!(!town.path("acme/handovers/1.json").exists());
    assert_eq!(town.cosign(5)["certificate"], true);
    assert!(town.path("acme/handovers/1.json").exists());
    let checked = town.run(&["fsck", "acme", "--key", "cosigner3", "--key", "cosigner5"]);
    assert_eq!(checked.code, 0, "{}", checked.out);
    town.ok(&["pack", "export", "acme", &case, "-o", "case.json", "--trust", "before.json"]);
    let verified = town.run(&["verify", "case.json", "--trust", "before.json"]);
    assert_eq!(verified.code, 0, "{}", verified.out);
}

#[test]
fn what_is_erased_by_order_is_gone_and_the_ledger_still_runs_again() {
    let town = Town::with_ledger();
    let case = town.open_case();
    assert_eq!(town.attest(&case, "request", "issuer", &[]).code, 0);
    assert_eq!(town.payment(&case, "1").code, 0);
    town.ok(&["attest", "acme", &case, "screen", "--as", "screening", "--refuse", "a hit"]);
    let early = town.run(&["erase", "acme", &case]);
    assert_eq!((early.code, early.fault().as_str()), (1, "erasure-not-ordered"));
    town.private("order.txt", "erase it");
    let ordered = town.ok(&["govern", "erase", "acme", &case, "--order", "order.txt", "--as", "admin"]);
    assert_eq!(ordered["enacted"], true);
    for number in 1..=3 {
        town.cosign(number);
    }
    let erased = town.ok(&["erase", "acme", &case]);
    assert_eq!((&erased["commands"], &erased["documents"]), (&4.into(), &1.into()));
    town.ok(&["trust", "export", "acme", "-o", "trust.json"]);
    town.ok(&["pack", "export", "acme", &case, "-o", "case.json"]);
    let pack = std::fs::read_to_string(town.path("case.json")).unwrap();
    assert!(!pack.contains("Jane Doe"));
    assert_eq!(town.run(&["verify", "case.json", "--trust", "trust.json"]).code, 2);
    let checked = town.run(&["fsck", "acme", "--key", "cosigner1"]);
    assert_eq!(checked.code, 0, "{}", checked.out);
}
