use super::*;
use crate::policy::tests::stablecoin;

const TESTS: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/stablecoin-issue/tests.toml"));

fn read(text: &str) -> Result<Scenarios, Vec<Finding>> {
    Scenarios::from_file(&stablecoin(), text.as_bytes())
}

/// One text of the shipped file is replaced: there is one finding, `expected`, and it is on that line.
#[track_caller]
fn check(old: &str, new: &str, expected: &str) {
    let at = TESTS.find(old).unwrap_or_else(|| panic!("`{old}` is not in the file"));
    let line = TESTS[..at].matches('\n').count() + 1;
    let findings = read(&TESTS.replacen(old, new, 1)).unwrap_err();
    let lines: Vec<String> =
        findings.iter().map(|f| format!("{}: {} ({})", f.line, f.text, f.code)).collect();
    assert_eq!(lines.join("\n"), format!("{line}: {expected}"));
}

#[test]
fn the_shipped_scenarios_are_typed() {
    let tests = read(TESTS).unwrap_or_else(|findings| panic!("{findings:#?}"));
    let first = &tests.scenarios[0];
    assert_eq!((first.name.as_str(), first.acts.len()), ("issued", 7));
    assert_eq!(first.acts[6].expect, Expect::Decided);
    assert!(matches!(&first.acts[6].what, What::Step { keys: 2, .. }));
    let What::Step { claims, .. } = &first.acts[2].what else { panic!("a step") };
    let names: Vec<&str> = claims.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["balance", "as_of", "segregated", "earmarked_for"]);
    assert_eq!(claims[3].1, Said::Ledger);
    let What::Reading { units, .. } = &first.acts[5].what else { panic!("a reading") };
    assert_eq!(units.values().collect::<Vec<_>>(), [&2_000_000_000_000]);
    assert_eq!(tests.digest, DocumentDigest(sha256(TESTS.as_bytes())));
}

#[test]
fn a_fault_names_its_line() {
    check(
        r#"by = "northbank", step = "payment" },"#,
        r#"by = "southbank", step = "payment" },"#,
        "`southbank` is not a party of these scenarios (unknown-party)",
    );
    check(r#"step = "screen" },"#, r#"step = "scream" },"#, "`scream` is not a step (unknown-step)");
    check(
        "units = { home = \"2000000000000\" }",
        "units = { away = \"2\" }",
        "`away` is not a domain of `supply` (unknown-domain)",
    );
    check(
        r#"expect = "decided" },"#,
        r#"expect = "maybe" },"#,
        "`maybe` is not an expectation: expected `accepted`, `decided` or `refused:CODE` (expect)",
    );
    check(
        r#"{ at = "3m", by = "northbank", step = "reserve" },"#,
        r#"{ at = "1m", by = "northbank", step = "reserve" },"#,
        "an act that comes before the one above it (order)",
    );
    check(r#"roles = ["observer"]"#, r#"roles = ["watchman"]"#, "`watchman` is not a role (unknown-role)");
    check(
        r#"blocked_countries = ["KP", "IR"]"#,
        r#"blocked_countries = "KP""#,
        "list `blocked_countries` is of the other kind (list)",
    );
    check(
        "lockstep-tests/1",
        "lockstep-tests/2",
        "`lockstep-tests/2` is not a known format: expected `lockstep-tests/1` (unknown-format)",
    );
}

#[test]
fn an_act_is_one_thing() {
    check(
        r#"reading = "supply", units = { home = "2000000000000" } },"#,
        r#"reading = "supply", step = "audit" },"#,
        "an act is a `step` with `claim` or `refuse`, or a `reading` with `units` (act)",
    );
}

#[test]
fn a_claim_that_nobody_gives_a_value_is_missed_in_every_act() {
    let findings = read(&TESTS.replacen("haircut_bps = \"100\"\n", "", 1)).unwrap_err();
    assert!(findings.iter().all(|finding| finding.text == "claim `haircut_bps` has no value"));
    assert_eq!(findings.len(), TESTS.matches("step = \"audit\"").count() - 1, "one act gives it a value");
}
