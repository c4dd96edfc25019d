//! Changes of a Gate: which call needs whose word, and the outcome that it leaves.

use super::world::{Args, World, name};
use crate::entry::{CaseEntry, case_from_bytes};
use crate::gate::{
    Dropped, Function, GATE_CALLS_MAX, GATE_CHANGE_MS, GateCall, GateChange, NewGuardian, NewLine, Permitted,
    PolicyOnLine, Tighter, loosenings,
};
use crate::governance::governance_policy;
use crate::outcome::{self, KIND_GOVERNANCE, OutcomeBody};
use crate::{Action, Body, Entity, Request};
use alloy_primitives::keccak256;
use lockstep_attest::{Reading, Statement};
use lockstep_ledger::{Record, Tag, View};
use lockstep_types::{Address, CaseId, Digest, PolicyDigest};

fn tighter() -> GateCall {
    GateCall::Tighten(Tighter { cap: 10, line: name("mint"), window_s: 86_400 })
}

fn accept() -> GateCall {
    GateCall::Accept(PolicyOnLine { line: name("mint"), policy: PolicyDigest([7; 32]) })
}

/// Every call there is, and whether it loosens.
fn all() -> [(GateCall, bool); 8] {
    let (line, signature) = (name("mint"), "mint(address,uint256)".to_owned());
    let (target, policy) = (Address([5; 20]), PolicyDigest([7; 32]));
    [
        (accept(), true),
        (GateCall::Drop(Dropped { change: Digest([9; 32]) }), false),
        (GateCall::Forbid(Function { signature: signature.clone(), target }), false),
        (GateCall::Permit(Permitted { line: line.clone(), signature, target }), true),
        (GateCall::Retire(PolicyOnLine { line: line.clone(), policy }), false),
        (GateCall::SetGuardian(NewGuardian { guardian: Address([0; 20]) }), true),
        (GateCall::SetLine(NewLine { cap: 1, exponent: 6, line, window_s: 60, word: 1 }), true),
        (tighter(), false),
    ]
}

fn change(calls: Vec<GateCall>) -> GateChange {
    GateChange { calls, domain: name("home"), programme: name("acme-usd") }
}

fn gate(calls: Vec<GateCall>) -> Action {
    Action::Gate(change(calls))
}

fn outcome_of(record: &Record) -> OutcomeBody {
    assert_eq!(record.tag(), Tag::Outcome);
    outcome::decode(record.body()).unwrap()
}

/// `enacted` and the outcome after it, of this case and on the Gate that the policy names.
fn check_outcome(world: &World, case: CaseId, records: &[Record]) -> OutcomeBody {
    let [.., enacted, last] = records else { panic!("{} records", records.len()) };
    assert!(matches!(Body::from_slice(enacted.body()), Ok(Body::Enacted(body)) if body.case == case));
    let found = outcome_of(last);
    let home = world.policy.layout().domain("home").unwrap();
    assert_eq!((found.ledger.0, found.caseId.0, found.ordinal), (world.id().0, case.0, 0));
    assert_eq!(found.prev.0, enacted.leaf_hash().0);
    assert_eq!((found.kind, found.policy.0), (KIND_GOVERNANCE, governance_policy().0));
    assert_eq!((found.programme, found.line), (keccak256("acme-usd"), keccak256("governance")));
    assert_eq!((found.chainId.to::<u64>(), found.gate.0.0), (home.chain.0, home.gate.0));
    assert!(found.calls.iter().all(|call| call.target == found.gate));
    assert_eq!(found.notAfter, world.now.saturating_add_ms(GATE_CHANGE_MS).seconds_round_down());
    found
}

fn entry(world: &World, case: CaseId) -> CaseEntry {
    case_from_bytes(&world.ledger.overlay().value(&Entity::Case(case).key()).unwrap()).unwrap()
}

#[test]
fn each_call_tightens_or_loosens_and_the_administrators_alone_do_what_tightens() {
    for (call, loosens) in all() {
        assert_eq!(call.loosens(), loosens, "{call:?}");
        assert!(lockstep_types::canonical::is_canonical(&gate(vec![call.clone()])));
        let mut world = World::new();
        let case = world.propose(gate(vec![call.clone()]), "acme").unwrap();
        let records = world.approve(case, "trust").unwrap();
        let waits = world.kernel().proposals().count();
        assert_eq!(waits, usize::from(loosens), "{call:?}");
        if loosens {
            assert_eq!(records.len(), 1, "{call:?} has only been approved");
            continue;
        }
        let found = check_outcome(&world, case, &records);
        assert_eq!(found.calls[0].data, call.data().unwrap());
        assert_eq!(loosenings(&found), []);
    }
}

#[test]
fn one_call_that_loosens_makes_all_of_them_wait() {
    let mut world = World::new();
    let case = world.propose(gate(vec![tighter(), accept(), tighter(), accept()]), "acme").unwrap();
    world.approve(case, "trust").unwrap();
    for cosigner in ["acme", "northbank", "fair"] {
        world.consent(case, cosigner).unwrap();
    }
    assert_eq!(world.kernel().proposals().count(), 1, "the notice runs");
    world.seal();
    world.now = world.now.saturating_add_ms(86_400_000);
    let records = world.send(Request::Tick).unwrap();
    let found = check_outcome(&world, case, &records);
    // Keccak-256(abi.encode(Keccak-256(abi.encode(case, 0)), place)): specs/chain.md §3.
    let key = keccak256([case.0, [0; 32]].concat());
    let id = |place: u8| {
        let mut word = [0; 32];
        word[31] = place;
        Digest(keccak256([key.0, word].concat()).0)
    };
    assert_eq!(loosenings(&found), [(1, id(1)), (3, id(3))]);
    // Proposal, approval, three consents, resolution, `enacted` and the outcome, which is the last.
    world.seal();
    let kept = entry(&world, case);
    assert_eq!((kept.count, kept.head, kept.phase.as_str()), (8, records[1].leaf_hash(), "enacted"));
    assert_eq!(world.rerun().map_root(), world.ledger.map_root());
    assert_eq!(world.rerun().root(), world.ledger.root());
    assert_eq!(world.approve(case, "northbank").unwrap_err().code(), "case_closed");
}

#[test]
fn a_change_that_has_no_form_or_no_gate_is_refused() {
    let mut world = World::new();
    let mut refused = |change: GateChange, text: &str| {
        let error = world.propose(Action::Gate(change), "acme").unwrap_err();
        assert_eq!(error.code(), "action_form");
        assert!(format!("{error:?}").contains(text), "{error:?}");
    };
    let signature = |signature: &str| {
        let (signature, target) = (signature.to_owned(), Address([5; 20]));
        change(vec![GateCall::Forbid(Function { signature, target })])
    };
    let line = |exponent, window_s, cap| {
        change(vec![GateCall::SetLine(NewLine { cap, exponent, line: name("mint"), window_s, word: 1 })])
    };
    refused(change(vec![]), "0 calls, expected 1 to 16");
    refused(change(vec![tighter(); GATE_CALLS_MAX + 1]), "17 calls, expected 1 to 16");
    refused(GateChange { domain: name("moon"), ..change(vec![tighter()]) }, "names domain `moon`");
    refused(GateChange { programme: name("beta-usd"), ..change(vec![tighter()]) }, "of programme `beta-usd`");
    for wrong in ["mint", "mint(address", "mint(address, uint256)", "(address)", "1mint()", "mint()x"] {
        refused(signature(wrong), "is no signature");
    }
    refused(signature(&format!("{}()", "m".repeat(300))), "is no signature");
    refused(line(31, 60, 1), "a unit of 10^31: at most 10^30 are counted in");
    refused(line(30, 0, 1), "a window of no seconds");
    refused(line(30, 60, 1 << 56), "at most 2^56 - 1 is kept");
}

#[test]
fn a_pause_that_an_observer_has_seen_is_on_record_and_an_earlier_block_does_not_take_it_back() {
    let mut world = World::new();
    let until = world.now.saturating_add_ms(86_400_000);
    let read = |world: &mut World, paused_until| {
        world.now = world.now.saturating_add_ms(1_000);
        let reading = Reading { paused_until, ..world.reading(&Args::new("supply")) };
        let records = world.submit(&Statement::Reading(reading), Vec::new(), ("watcher", &[0])).unwrap();
        let Ok(Body::Read(body)) = Body::from_slice(records[0].body()) else { panic!("a reading") };
        let on_record = world.kernel().programme("acme-usd").unwrap().pauses.get(&name("home")).copied();
        (body.content, body.paused_until, on_record)
    };
    let (before, stated, on_record) = read(&mut world, None);
    assert_eq!((stated, on_record), (None, None));
    let (paused, stated, on_record) = read(&mut world, Some(until));
    assert_eq!((stated, on_record), (Some(until), Some(until)));
    assert_ne!(before, paused, "observers of which one has seen no pause have not read the same");
    assert_eq!(read(&mut world, None).2, Some(until));
    assert_eq!(read(&mut world, Some(until.saturating_sub_ms(1))).2, Some(until));
    world.seal();
    assert_eq!(world.rerun().map_root(), world.ledger.map_root());
}

#[test]
fn a_programme_without_a_policy_has_no_gate() {
    let mut world = World::bare();
    let refused = world.propose(gate(vec![tighter()]), "acme").unwrap_err();
    assert_eq!(refused.code(), "action_form");
}
