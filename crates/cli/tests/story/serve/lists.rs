//! Lists of a server that go back to the first record: each reader sees what is theirs, closed or open.

use super::{Served, ledger};
use crate::town::Town;
use serde_json::Value;

fn rows(town: &Town, args: &[&str]) -> Vec<Value> {
    town.ok(args).as_array().unwrap().clone()
}

/// One word of each row, sorted.
fn words(rows: &[Value], field: &str) -> Vec<String> {
    let mut words: Vec<String> = rows.iter().map(|row| row[field].as_str().unwrap().to_owned()).collect();
    words.sort_unstable();
    words
}

#[test]
fn closed_cases_and_credentials_are_listed_for_those_whom_they_concern() {
    let town = Town::with_ledger();
    let served = Served::folder(&town);
    town.ask(&["--server", &served.url, "--ledger", &ledger(&town)]);
    let (closed, open) = (town.open_case(), town.open_case());
    assert_eq!(town.attest(&closed, "request", "issuer", &[]).code, 0);
    let args = ["attest", "acme", &closed, "screen", "--as", "screening", "--refuse", "a name on a list"];
    town.ok(&args);

    let list =
        |key: &str, more: &[&str]| rows(&town, &[&["case", "list", "acme", "--as", key], more].concat());
    for key in ["admin", "custodian", "screening"] {
        assert_eq!(words(&list(key, &[]), "case"), [open.as_str()], "{key}");
        let all = list(key, &["--all"]);
        let of = |case: &str| all.iter().find(|row| row["case"] == case).unwrap().clone();
        assert_eq!(
            (all.len(), &of(&closed)["phase"], &of(&open)["phase"]),
            (2, &"refused".into(), &"open".into())
        );
        assert!(all.iter().all(|row| row["opened"].is_string() || row["opened"].is_u64()), "{all:?}");
    }
    // Whoever has no part in a case learns of none.
    assert_eq!(list("registry", &["--all"]), Vec::<Value>::new());

    let held = |key: &str| rows(&town, &["credential", "list", "acme", "--as", key]);
    assert_eq!(held("registry").len(), 6);
    assert_eq!(held("admin").len(), 6);
    assert_eq!(words(&held("custodian"), "kind"), ["qualified-custodian"]);
    // A credential is found by the letters that its id begins with, by whoever gave it.
    let own = held("custodian")[0]["credential"].as_str().unwrap().to_owned();
    let revoke = ["credential", "revoke", "acme", &own[..10], "--as", "registry", "--reason", "a test"];
    assert_eq!(town.ok(&revoke)["records"][0]["kind"], "revoked");
    let gone = held("registry").into_iter().find(|row| row["credential"] == own.as_str()).unwrap();
    assert!(!gone["revoked"].is_null(), "{gone}");

    // The folder's own lists say the same.
    let over = (list("admin", &["--all"]), held("admin"));
    served.process.end();
    town.ask(&[]);
    let here = (rows(&town, &["case", "list", "acme"]), rows(&town, &["credential", "list", "acme"]));
    assert_eq!(over, here);
}
