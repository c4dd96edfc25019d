//! Outcomes sent to a real node by the program.

use crate::chain::{anchor, balance, coin};
use crate::key::Key;
use crate::network;
use crate::node::{Mode, Node};
use crate::town::Town;
use lockstep_chain::rpc::Rule;
use lockstep_chain::rpc::finality::Finality;
use lockstep_chain::submit::journal::InMemory;
use lockstep_chain::submit::{Limits, SignHash};
use lockstep_chain::{Account, Rpc, Submitter};
use serde_json::json;
use std::time::Duration;

/// The first two accounts that every development chain is rich in, by their published secrets.
pub const DEPLOYER: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
pub const ANYBODY: &str = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
pub const LIMITS: Limits = Limits {
    fee_cap: 100_000_000_000,
    stuck_blocks: 4,
    pause: Duration::from_millis(20),
    patience: Duration::from_secs(60),
};

/// The programme's contracts on the node; where the Anchor and the token are.
pub fn place(town: &Town, rpc: &Rpc) -> (Account, Account) {
    let (anybody, deployer) = (Key::new(ANYBODY), Key::new(DEPLOYER));
    let (mut one, mut other) = (InMemory::default(), InMemory::default());
    let mut chain = Submitter::open((rpc, &anybody), &mut one, LIMITS).unwrap();
    let anchor = anchor(town, &mut chain, anybody.account());
    (anchor, coin(town, &mut Submitter::open((rpc, &deployer), &mut other, LIMITS).unwrap(), anchor))
}

#[test]
fn an_outcome_is_submitted_once_whatever_is_asked_and_however_often() {
    let Some(node) = Node::start(8) else { return };
    let town = Town::with_ledger();
    let case = town.decided_case();
    (1..=3).for_each(|number| drop(town.cosign(number)));
    town.ok(&["trust", "export", "acme", "-o", "trust.json"]);
    let (one, other) = (node.endpoint(), node.endpoint());
    let rule = Rule::new(31_337, Finality::Tag);
    let rpc = Rpc::connect(&[&one.url, &other.url], rule).unwrap();
    let (anchor, token) = place(&town, &rpc);
    town.key("eip712", "sender");
    let base = ["outcome", "submit", "acme", &case, "--as", "sender"];
    let both = ["--rpc", &one.url, "--rpc", &other.url];
    let submit = |more: &[&str]| town.run(&[&base, &both[..], more].concat());

    let alone = town.run(&[&base, &both[..2]].concat());
    assert_eq!((alone.code, alone.fault().as_str()), (2, "endpoints"), "{}", alone.err);
    let poor = submit(&["--until", "mined"]);
    assert_eq!(poor.code, 2, "an account without funds: {}", poor.err);
    let address = town.ok(&["key", "show", "sender"])["address"].clone();
    node.ask("anvil_setBalance", json!([address, "0xde0b6b3a7640000"]));
    let mean = submit(&["--max-fee-gwei", "0"]);
    assert_eq!((mean.code, mean.fault().as_str()), (2, "fee-cap"), "{}", mean.err);
    other.set(Mode::Lying);
    let lied = submit(&[]);
    assert_eq!((lied.code, lied.fault().as_str()), (2, "endpoints-disagree"), "{}", lied.err);
    other.set(Mode::Honest);
    assert_eq!(balance(&rpc, token), "0");

    let waits = submit(&["--patience", "1s"]);
    assert_eq!((waits.code, waits.fault().as_str()), (2, "not-yet"), "in a block, not final: {}", waits.err);
    assert_eq!(balance(&rpc, token), "1000000000000");
    node.mine(20);
    let done = submit(&[]);
    assert_eq!(done.code, 0, "{}", done.err);
    let done = done.json();
    assert_eq!(
        (done["outcomes"][0]["status"].as_str(), done["quorum"].as_u64()),
        (Some("executed"), Some(2))
    );
    let again = submit(&[]);
    assert_eq!((again.code, again.json()["outcomes"][0]["status"].as_str()), (0, Some("already-executed")));
    let sent = node.number("eth_getTransactionCount", json!([address, "latest"]));
    assert_eq!(sent, 2, "one for the Anchor, one for the Gate");
    let word = submit(&["--rpc-quorum", "1"]).json()["rests_on"].as_str().unwrap().to_owned();
    assert!(word.starts_with("the word of any one endpoint of "), "{word}");
    assert_eq!(balance(&rpc, token), "1000000000000");
    witnessed(&town, &anchor.to_string(), &both);
}

/// What the Anchor holds is held against log and co-signers; of another ledger's Anchor nothing is believed.
fn witnessed(town: &Town, anchor: &str, endpoints: &[&str]) {
    let server = network::start(town, &["serve", "acme", "--listen", "127.0.0.1:0"]);
    let signer = network::cosigner(town, &server, 1);
    network::has_signed(town, &signer);
    let check = |anchor: &str| {
        let at = ["--anchor", anchor, "--chain", "31337"];
        let args = ["witness-check", &server.url, "--cosigner", &signer.url];
        let ran = town.run(&[&args[..], &at[..], endpoints].concat());
        (ran.code, ran.json())
    };
    let (code, agrees) = check(anchor);
    assert_eq!((code, agrees["answer"].as_str()), (0, Some("agree")), "{agrees}");
    let heads = agrees["heads"].as_array().unwrap();
    assert!(heads.iter().any(|head| head["by"] == format!("Anchor {anchor} on eip155:31337")), "{agrees}");
    let (code, nobody) = check("0x52908400098527886E0F7030069857D2E4169EE7");
    assert_eq!((code, nobody["answer"].as_str()), (2, Some("cannot-tell")), "{nobody}");
}
