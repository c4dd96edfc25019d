//! A real node over real sockets: what endpoints may do, what a submitter brings onto a chain whatever
//! happens, and what an observer reads there.

#[path = "../world/coin.rs"]
mod coin;
mod key;
mod node;
mod world;

use lockstep_chain::contracts::error_name;
use lockstep_chain::submit::{Limits, SubmitError, Until};
use lockstep_chain::{Domain, DomainError};
use node::{Mode, Node};
use serde_json::json;
use world::{CASE, GWEI, ONE_LOOK, PATIENT, World, connect, connect_both};

#[test]
fn a_certificate_is_anchored_an_outcome_executed_and_an_observer_sees_it() {
    let Some(node) = Node::start(1) else { return };
    let (one, other) = (node.endpoint(), node.endpoint());
    let rpc = connect_both([&one, &other]);
    let mut world = World::deploy(&rpc);
    let (anchoring, execution) = (world.anchoring(), world.execution());
    let mut submitter = world.submitter(&rpc, PATIENT);
    submitter.submit("anchor", &anchoring, Until::Mined).unwrap();
    let receipt = submitter.submit("execute", &execution, Until::Mined).unwrap();
    assert!(receipt.logs.iter().any(|log| log.address == execution.to.unwrap()));
    // The same again is the same transaction, not a second one.
    assert_eq!(submitter.submit("execute", &execution, Until::Mined).unwrap(), receipt);
    node.mine(4);
    assert_eq!(submitter.submit("execute", &execution, Until::Final).unwrap(), receipt);
    assert!(submitter.entries().is_empty(), "what is final needs no looking after");
    assert_eq!(world.balance(&rpc), 700);
    let time = receipt.block.time().unwrap();
    let seen = world.watch.as_of(&rpc, time).unwrap();
    assert_eq!(seen.supply.to::<u64>(), 700);
    assert_eq!(seen.consumed.iter().map(|c| (c.case, c.time)).collect::<Vec<_>>(), [(CASE, time)]);
}

#[test]
fn what_a_contract_refuses_is_named_and_never_sent() {
    let Some(node) = Node::start(1) else { return };
    let (one, other) = (node.endpoint(), node.endpoint());
    let rpc = connect_both([&one, &other]);
    let mut world = World::deploy(&rpc);
    let (anchoring, execution, before) = (world.anchoring(), world.execution(), world.nonce(&node));
    let mut submitter = world.submitter(&rpc, PATIENT);
    let refused = submitter.submit("execute", &execution, Until::Mined);
    let Err(SubmitError::Domain(DomainError::Reverted { answer })) = refused else { panic!("{refused:?}") };
    assert_eq!(error_name(&answer), "NotAnchored");
    let mean = Limits { fee_cap: 1, ..PATIENT };
    let mut submitter = world.submitter(&rpc, mean);
    let refused = submitter.submit("anchor", &anchoring, Until::Mined);
    assert!(matches!(refused, Err(SubmitError::FeeCap { cap: 1, .. })), "{refused:?}");
    assert!(submitter.entries().iter().all(|entry| entry.label.is_empty()), "nothing was begun");
    assert_eq!(world.nonce(&node), before);
}

#[test]
fn a_lying_a_dying_and_a_late_endpoint_change_nothing_and_two_of_two_must_agree() {
    let Some(node) = Node::start(1) else { return };
    let endpoints = [node.endpoint(), node.endpoint(), node.endpoint()];
    let [one, other, third] = &endpoints;
    let rpc = connect(&[one, other, third]);
    assert_eq!(rpc.quorum(), 2);
    let mut world = World::deploy(&rpc);
    let anchoring = world.anchoring();
    third.set(Mode::Lying);
    world.submitter(&rpc, PATIENT).submit("anchor", &anchoring, Until::Mined).unwrap();
    node.mine(100);
    third.set(Mode::Late(90));
    let newest = rpc.latest().unwrap();
    assert_eq!(newest.number, node.number("eth_blockNumber", json!([])));
    third.set(Mode::Endless);
    assert_eq!(rpc.latest(), Ok(newest));
    let third_again = connect(&[one, other, third]);
    third.set(Mode::Dead);
    assert_eq!(third_again.latest(), Ok(newest));
    third.set(Mode::Busy);
    assert_eq!(connect(&[one, other, third]).latest(), Ok(newest));
    // Two of two: whoever lies stops both, and is named.
    other.set(Mode::Honest);
    let pair = connect_both([one, other]);
    other.set(Mode::Lying);
    let error = pair.block(newest.number).unwrap_err().to_string();
    let name = other.url.trim_start_matches("http://");
    assert!(error.contains(&format!("`{name}` says `0x6666")), "{error}");
    assert!(error.contains(&format!("says `{}`", newest.hash)), "{error}");
    other.set(Mode::Late(90));
    let error = pair.latest().unwrap_err().to_string();
    assert!(error.contains(&format!("`{name}` is late, its newest block is")), "{error}");
    other.set(Mode::Busy);
    let error = pair.latest().unwrap_err().to_string();
    assert!(error.contains(&format!("`{name}` asks to be asked less: HTTP 429")), "{error}");
}

#[test]
fn a_transaction_that_a_re_organisation_drops_is_brought_again_under_its_nonce() {
    let Some(node) = Node::start(8) else { return };
    let (one, other) = (node.endpoint(), node.endpoint());
    let rpc = connect_both([&one, &other]);
    let mut world = World::deploy(&rpc);
    let (anchoring, before) = (world.anchoring(), world.nonce(&node));
    let receipt = world.submitter(&rpc, PATIENT).submit("anchor", &anchoring, Until::Mined).unwrap();
    node.ask("evm_setAutomine", json!([false]));
    node.replace(1);
    assert_eq!(world.nonce(&node), before, "it is gone");
    assert!(rpc.landed(receipt.transaction).unwrap().is_none());
    let dropped = world.submitter(&rpc, ONE_LOOK).submit("anchor", &anchoring, Until::Final);
    assert!(matches!(dropped, Err(SubmitError::NotYet { .. })), "{dropped:?}");
    node.mine(1);
    let again = world.submitter(&rpc, PATIENT).submit("anchor", &anchoring, Until::Mined).unwrap();
    assert_eq!(again.transaction, receipt.transaction, "the same signed bytes");
    assert_ne!(again.block.hash, receipt.block.hash);
    assert_eq!(world.nonce(&node), before + 1);
    let early = world.submitter(&rpc, ONE_LOOK).submit("anchor", &anchoring, Until::Final);
    let Err(SubmitError::NotYet { wanted, what, .. }) = early else { panic!("{early:?}") };
    assert_eq!((wanted, what), ("final", format!("it is in block {}", again.block.number)));
    node.mine(20);
    assert_eq!(world.submitter(&rpc, ONE_LOOK).submit("anchor", &anchoring, Until::Final).unwrap(), again);
}

#[test]
fn a_re_organisation_of_what_was_final_stops_everything() {
    let Some(node) = Node::start(1) else { return };
    let (one, other) = (node.endpoint(), node.endpoint());
    let rpc = connect_both([&one, &other]);
    node.mine(20);
    let finalized = rpc.finalized().unwrap();
    node.mine(2);
    node.replace(2);
    assert!(rpc.finalized().unwrap().number >= finalized.number, "blocks above may be replaced");
    node.replace(12);
    let Err(DomainError::FinalBlockReplaced { .. }) = rpc.finalized() else { panic!("nobody noticed") };
    assert!(matches!(rpc.latest(), Err(DomainError::FinalBlockReplaced { .. })));
}

#[test]
fn a_stuck_transaction_is_replaced_under_its_nonce_for_more_up_to_the_cap() {
    let Some(node) = Node::start(8) else { return };
    let (one, other) = (node.endpoint(), node.endpoint());
    let rpc = connect_both([&one, &other]);
    let mut world = World::deploy(&rpc);
    let (anchoring, before) = (world.anchoring(), world.nonce(&node));
    node.ask("evm_setAutomine", json!([false]));
    let mut submitter = world.submitter(&rpc, ONE_LOOK);
    let begun = submitter.submit("anchor", &anchoring, Until::Mined);
    assert!(matches!(begun, Err(SubmitError::NotYet { .. })), "{begun:?}");
    let offered = submitter.entries().last().unwrap().waiting().fees.most;
    // The base fee rises beyond what was offered.
    for _ in 0..3 {
        node.ask("anvil_setNextBlockBaseFeePerGas", json!([format!("{:#x}", 50 * GWEI)]));
        node.mine(1);
    }
    assert_eq!(world.nonce(&node), before, "it is stuck");
    let poor = Limits { fee_cap: offered + offered / 20, ..ONE_LOOK };
    let mut submitter = world.submitter(&rpc, poor);
    assert!(submitter.submit("anchor", &anchoring, Until::Mined).is_err());
    assert_eq!(submitter.entries().last().unwrap().attempts.len(), 1, "the cap leaves no room");
    let mut submitter = world.submitter(&rpc, ONE_LOOK);
    assert!(submitter.submit("anchor", &anchoring, Until::Mined).is_err());
    let entry = submitter.entries().last().unwrap().clone();
    assert_eq!((entry.attempts.len(), entry.transaction.nonce), (2, before));
    node.mine(1);
    let receipt = world.submitter(&rpc, PATIENT).submit("anchor", &anchoring, Until::Mined).unwrap();
    assert_eq!(receipt.transaction, entry.attempts[1]);
    assert_eq!(world.nonce(&node), before + 1);
    assert_eq!(node.ask("txpool_status", json!([]))["pending"], "0x0");
}

#[test]
fn a_crash_before_handing_over_neither_sends_twice_nor_leaves_a_gap() {
    let Some(node) = Node::start(1) else { return };
    let (one, other) = (node.endpoint(), node.endpoint());
    let rpc = connect_both([&one, &other]);
    let mut world = World::deploy(&rpc);
    let (anchoring, execution, before) = (world.anchoring(), world.execution(), world.nonce(&node));
    // As if the process had ended after the journal was written: nobody got the transaction.
    one.set(Mode::Deaf);
    other.set(Mode::Deaf);
    let lost = world.submitter(&rpc, ONE_LOOK).submit("anchor", &anchoring, Until::Mined);
    let Err(SubmitError::Refused { nonce, said, .. }) = lost else { panic!("{lost:?}") };
    assert_eq!((nonce, said.matches("not today").count()), (before, 2), "{said}");
    assert_eq!(world.nonce(&node), before);
    one.set(Mode::Honest);
    other.set(Mode::Honest);
    // Something else is sent next: what was begun goes first, so that it stands on it.
    let executed = world.submitter(&rpc, PATIENT).submit("execute", &execution, Until::Mined).unwrap();
    assert_eq!(world.nonce(&node), before + 2);
    let anchored = world.submitter(&rpc, PATIENT).submit("anchor", &anchoring, Until::Mined).unwrap();
    assert_eq!(world.nonce(&node), before + 2, "it had been sent");
    assert!(anchored.block.number < executed.block.number);
}
