//! Outcomes from a server: shown, printed and sent by whoever has a key on the ledger, after everything about
//! them has been checked.

use super::liar::Liar;
use super::{Running, Served, certified, ledger, refused};
use crate::chain::balance;
use crate::node::Node;
use crate::submit::place;
use crate::town::Town;
use lockstep_chain::Rpc;
use lockstep_chain::rpc::Rule;
use lockstep_chain::rpc::finality::Finality;
use serde_json::json;

const ANCHOR: &str = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

#[test]
fn outcomes_are_shown_and_printed_as_from_the_folder_and_a_lie_about_them_is_found_out() {
    let town = Town::with_ledger();
    let (liar, served) = Liar::before(&town);
    let id = ledger(&town);
    let at = ["--server", &served.url, "--ledger", &id];
    town.ask(&at);
    let case = town.open_case();
    let print = ["outcome", "print-tx", "acme", &case, "--as", "custodian", "--anchor", ANCHOR];
    refused(&town.run(&print), "no-outcome");
    refused(&town.run(&["outcome", "show", "acme", &case, "--as", "registry"]), "not-found");
    let case = town.decided_case();
    let print = ["outcome", "print-tx", "acme", &case, "--as", "custodian", "--anchor", ANCHOR];
    refused(&town.run(&print), "not-certified");
    let cosigners = served.cosigners(&town);
    certified(&town, &case);
    let shown = town.ok(&["outcome", "show", "acme", &case, "--as", "custodian"]);
    assert_eq!(shown["outcomes"][0]["certified"], true, "{shown}");
    let printed = town.ok(&print);
    assert_eq!(printed["transactions"].as_array().unwrap().len(), 2, "{printed}");
    // From a size that is anchored, the log is shown to have grown.
    let grown = town.ok(&[&print[..], &["--anchored", "3"]].concat());
    assert!(grown["transactions"][0]["data"].as_str() > Some("0x"), "{grown}");

    town.ask(&["--server", &liar.begin(&served), "--ledger", &id]);
    refused(&town.run(&print), "server-differs");

    cosigners.into_iter().for_each(Running::end);
    served.process.end();
    town.ask(&[]);
    let here = town.ok(&["outcome", "show", "acme", &case]);
    assert_eq!(here, shown);
    let size = printed["size"].as_u64().unwrap();
    let folder = town.ok(&["outcome", "print-tx", "acme", &case, "--anchor", ANCHOR]);
    assert!(folder["size"].as_u64().unwrap() >= size);
    if folder["size"] == printed["size"] {
        assert_eq!(folder["transactions"], printed["transactions"]);
    }
}

#[test]
fn a_submitter_with_a_key_on_the_ledger_needs_no_folder() {
    let Some(node) = Node::start(8) else { return };
    let town = Town::with_ledger();
    let case = town.decided_case();
    town.certify();
    town.ok(&["trust", "export", "acme", "-o", "trust.json"]);
    let (one, other) = (node.endpoint(), node.endpoint());
    let rpc = Rpc::connect(&[&one.url, &other.url], Rule::new(31_337, Finality::Tag)).unwrap();
    let (_, token) = place(&town, &rpc);
    town.key("eip712", "sender");
    let address = town.ok(&["key", "show", "sender"])["address"].clone();
    node.ask("anvil_setBalance", json!([address, "0xde0b6b3a7640000"]));
    let served = Served::folder(&town);
    town.ask(&["--server", &served.url, "--ledger", &ledger(&town)]);
    let base = ["outcome", "submit", "acme", &case, "--as", "sender", "--until", "mined"];
    let submit =
        |more: &[&str]| town.run(&[&base[..], &["--rpc", &one.url, "--rpc", &other.url], more].concat());
    // The account that pays is nobody on the ledger.
    refused(&submit(&[]), "not-signed");
    let done = submit(&["--reader", "custodian"]);
    assert_eq!(done.code, 0, "{}\n{}", done.out, done.err);
    assert_eq!(done.json()["outcomes"][0]["status"], "executed");
    assert_eq!(balance(&rpc, token), "1000000000000");
    node.mine(20);
    // What was sent is told to its end once; from then on, that it was done before.
    assert_eq!(submit(&["--reader", "custodian"]).code, 0);
    let again = submit(&["--reader", "custodian"]);
    assert_eq!(again.json()["outcomes"][0]["status"], "already-executed");
    served.process.end();
}
