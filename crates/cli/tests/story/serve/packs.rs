//! Packs and trust files from a server: each reader gets what is theirs, and checks what they got.

use super::liar::Liar;
use super::{Running, Served, certified, ledger, refused};
use crate::town::Town;
use serde_json::Value;

/// A pack of the case as `key` gets it: what the command says, and the file.
fn pack(town: &Town, case: &str, (key, more): (&str, &[&str])) -> (Value, String) {
    let file = format!("{key}.json");
    let args = ["pack", "export", "acme", case, "--as", key, "--evidence", "-o", &file];
    let told = town.ok(&[&args, more].concat());
    (told, std::fs::read_to_string(town.path(&file)).unwrap())
}

/// Steps of a pack in which something is withheld, and the documents shown, as a verifier tells them.
fn withheld(town: &Town, key: &str) -> Vec<String> {
    let file = format!("{key}.json");
    let report = town.run(&["verify", &file, "--trust", "trust.json"]).json();
    let steps = report["facts"]["steps"].as_array().unwrap().clone();
    let hides = |step: &&Value| step.get("claims_withheld").is_some();
    steps.iter().filter(hides).map(|step| step["step"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_reader_fetches_a_pack_of_what_is_theirs_and_checks_it() {
    let town = Town::with_ledger();
    let served = Served::folder(&town);
    let at = ["--server", &served.url, "--ledger", &ledger(&town)];
    town.ask(&at);
    let case = town.decided_case();
    let early = town.run(&["pack", "export", "acme", &case, "--as", "custodian", "-o", "early.json"]);
    refused(&early, "not-certified");
    refused(&town.run(&["trust", "export", "acme", "-o", "trust.json"]), "nothing-certified");
    assert!(!town.path("early.json").exists() && !town.path("trust.json").exists());

    let cosigners = served.cosigners(&town);
    certified(&town, &case);
    town.ok(&["trust", "export", "acme", "-o", "trust.json"]);
    // The administrator gets all of it, and nothing is left open.
    let (all, _) = pack(&town, &case, ("admin", &[]));
    assert_eq!(all["verdict"], "verified");
    assert_eq!(town.run(&["verify", "admin.json", "--trust", "trust.json"]).code, 0);
    assert_eq!(withheld(&town, "admin"), Vec::<String>::new());
    // A party gets its own words with its own documents, and of others what the policy grants counterparties.
    let (told, bank) = pack(&town, &case, ("custodian", &[]));
    assert_eq!(told["verdict"], "cannot tell");
    assert!(bank.contains("Jane Doe") && !bank.contains("Clear Screening"));
    assert_eq!(withheld(&town, "custodian"), ["audit", "screen"]);
    assert!(bank.contains("\"evidence\":[{"), "its own statement is withheld");
    let (_, screening) = pack(&town, &case, ("screening", &["--trust", "trust.json"]));
    assert!(screening.contains("Clear Screening") && screening.contains("\"evidence\":[]"));
    // To be handed on, own words are shown as the policy says.
    let (_, public) = pack(&town, &case, ("custodian", &["--audience", "public"]));
    assert!(!public.contains("Jane Doe"));
    let (_, less) =
        pack(&town, &case, ("custodian", &["--withhold", "payment.debtor", "--withhold", "reserve"]));
    assert!(!less.contains("Jane Doe"));

    let export = ["pack", "export", "acme", &case, "-o", "no.json", "--as"];
    let ask = |more: &[&str]| town.run(&[&export, more].concat());
    refused(&ask(&["custodian", "--audience", "supervisor"]), "audience");
    refused(&ask(&["custodian", "--withhold", "payment.nothing"]), "withhold");
    refused(&ask(&["custodian", "--withhold", "a&audience=public"]), "withhold");
    // Whoever may not see the case, does not learn that there is one.
    refused(&ask(&["registry"]), "not-found");
    assert!(!town.path("no.json").exists());
    town.ask(&at[..2]);
    refused(&town.run(&["trust", "export", "acme", "-o", "no.json"]), "ledger-pinned");

    cosigners.into_iter().for_each(Running::end);
    served.process.end();
    let reads = std::fs::read_to_string(town.path("acme/reads.jsonl")).unwrap();
    assert_eq!(reads.lines().filter(|line| line.contains("\"what\":\"pack\"")).count(), 5, "{reads}");
    // The folder builds the very same.
    town.ask(&[]);
    town.ok(&["pack", "export", "acme", &case, "--evidence", "-o", "folder.json"]);
    assert_eq!(town.run(&["verify", "folder.json", "--trust", "trust.json"]).code, 0);
}

#[test]
fn a_pack_that_was_changed_on_its_way_is_not_taken() {
    let town = Town::with_ledger();
    let (liar, served) = Liar::before(&town);
    let cosigners = served.cosigners(&town);
    let id = ledger(&town);
    town.ask(&["--server", &served.url, "--ledger", &id]);
    let case = town.decided_case();
    certified(&town, &case);
    town.ask(&["--server", &liar.begin(&served), "--ledger", &id]);
    refused(
        &town.run(&["pack", "export", "acme", &case, "--as", "admin", "-o", "no.json"]),
        "server-differs",
    );
    assert!(!town.path("no.json").exists());
    cosigners.into_iter().for_each(Running::end);
    served.process.end();
}
