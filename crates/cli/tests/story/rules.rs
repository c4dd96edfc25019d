//! A ledger takes up rules 2 while a case is open.

use crate::town::{Ran, Town, ago};

fn refuse_payment(town: &Town, case: &str) -> Ran {
    town.run(&["attest", "acme", case, "payment", "--as", "custodian", "--refuse", "the key was stolen"])
}

fn shown(town: &Town, case: &str) -> (String, u64) {
    let shown = town.ok(&["case", "show", "acme", case]);
    (shown["phase"].as_str().unwrap().to_owned(), shown["rules"].as_u64().unwrap())
}

fn opened(town: &Town) -> String {
    let case = town.open_case();
    assert_eq!(town.attest(&case, "request", "issuer", &[]).code, 0);
    case
}

#[test]
fn a_case_that_was_open_keeps_rules_1_and_the_next_one_is_under_rules_2() {
    let town = Town::with_ledger_begun(&["--rules", "1"]);
    let before = opened(&town);
    let later = town.run(&["govern", "rules", "acme", "3", "--as", "admin"]);
    assert_eq!(later.fault(), "action_form", "{}", later.err);
    assert!(later.err.contains("rules 3 are not known to this program"), "{}", later.err);
    let proposed = town.ok(&["govern", "rules", "acme", "2", "--as", "admin"]);
    assert_eq!(proposed["enacted"], false, "{proposed}");
    for number in 1..=3 {
        let (change, key) = (proposed["case"].as_str().unwrap(), format!("cosigner{number}"));
        town.ok(&["govern", "consent", "acme", change, "--as", &key]);
    }
    let after = opened(&town);
    let credentials = town.ok(&["credential", "list", "acme"]);
    let issuer =
        credentials.as_array().unwrap().iter().find(|held| held["kind"] == "e-money-institution").unwrap();
    let (id, since) = (issuer["credential"].as_str().unwrap(), ago(3_600_000));
    let revoke = ["credential", "revoke", "acme", id, "--as", "registry", "--reason", "stolen"];
    town.ok(&[&revoke[..], &["--suspect-since", &since]].concat());

    assert_eq!(refuse_payment(&town, &before).json()["refused"], "suspended");
    assert_eq!(refuse_payment(&town, &after).code, 0);
    assert_eq!(shown(&town, &before), ("open".to_owned(), 1));
    assert_eq!(shown(&town, &after), ("refused".to_owned(), 2));
    let again = town.run(&["govern", "rules", "acme", "1", "--as", "admin"]);
    assert!(again.err.contains("rules 2 are in force"), "{}", again.err);

    town.certify();
    town.ok(&["trust", "export", "acme", "-o", "trust.json"]);
    for (case, rules) in [(&before, serde_json::Value::Null), (&after, 2.into())] {
        town.ok(&["pack", "export", "acme", case, "-o", "case.json"]);
        let report = town.run(&["verify", "case.json", "--trust", "trust.json"]).json();
        assert_eq!(report["verdict"], "verified", "{report}");
        assert_eq!(report["facts"]["outcome"]["rules"], rules);
    }
    assert_eq!(town.run(&["fsck", "acme"]).code, 0);
    // A ledger that begins today begins with them.
    let newest = Town::with_ledger();
    assert_eq!(shown(&newest, &newest.open_case()).1, 2);
}
