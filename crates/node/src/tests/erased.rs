//! Co-signers whose copies begin after an erasure.

use super::kit::{MemoryOfSigner, TestKey, World, cosigner};
use crate::records::of_case;
use crate::undecided::is_erasable;
use crate::{Cosigner, CosignerError, ReplicaError, feed, index, replica};
use lockstep_crypto::secret::SecretKey;
use lockstep_crypto::suite::Suite;
use lockstep_kernel::Body;
use lockstep_ledger::{Certificate, Checkpoint, MemberSignature};
use lockstep_store::{Memory, StoredRecord};
use lockstep_types::{CaseId, sha256};
use std::sync::Arc;

/// Erases what the appender keeps of a case, whoever ordered it; gives the number of the first record.
fn erase(world: &World, case: CaseId) -> u64 {
    let store = world.appender.replica().store();
    let mut records = of_case(&**store, case).unwrap();
    records.retain(|(_, record)| Body::peek(record).is_some_and(|body| is_erasable(&body)));
    let numbers: Vec<u64> = records.iter().map(|(number, _)| *number).collect();
    assert_eq!(store.erase(&[], &numbers).unwrap().commands, 2);
    numbers[0]
}

/// The last of the four with an empty copy, and what it says to all there is.
fn joins(world: &World, erased: bool) -> (Cosigner<TestKey, MemoryOfSigner>, Result<(), CosignerError>) {
    let mut joining = cosigner(23, Arc::new(Memory::new()), world.ledger());
    if erased {
        joining.take_erased();
    }
    let mut answer = Ok(());
    while answer.is_ok() && joining.next() < world.appender.head().1 {
        answer = joining.receive(&world.appender.feed(joining.next(), 7).unwrap());
    }
    (joining, answer)
}

#[test]
fn a_copy_that_begins_after_an_erasure_signs_once_an_order_and_a_certificate_are_there() {
    let mut world = World::new();
    let case = world.lapsed_case();
    world.certify().unwrap();
    world.order_erasure(case);
    let first = erase(&world, case);
    let certificate = world.certify().unwrap();

    let (_, refused) = joins(&world, false);
    let refused = refused.unwrap_err();
    assert!(
        matches!(&refused, CosignerError::Replica(ReplicaError::Erased { index }) if *index == first),
        "unless it is asked to, it takes nothing over: {refused:?}"
    );

    let (mut joining, taken) = joins(&world, true);
    taken.unwrap();
    assert_eq!(joining.undecided(), Some(first));
    let early = joining.sign(world.now).unwrap_err();
    assert!(matches!(early, CosignerError::Undecided { index } if index == first), "{early:?}");
    let bytes = world.appender.feed(0, 4_000).unwrap();
    let mut at_once = cosigner(23, Arc::new(Memory::new()), world.ledger());
    at_once.take_erased();
    let signed = at_once.receive_and_sign(0, &bytes, world.now).unwrap();
    assert!(signed.iter().all(|signed| signed.checkpoint.size <= first), "no seal over what is undecided");

    joining.rest_on(&certificate).unwrap();
    assert_eq!(joining.undecided(), None);
    let signed = joining.sign(world.now).unwrap();
    assert_eq!(signed.checkpoint, certificate.checkpoint());
    let store = Arc::clone(joining.replica().store());
    drop(joining);
    assert_eq!(cosigner(23, store, world.ledger()).undecided(), None, "it is kept");
}

#[test]
fn what_nobody_ordered_erased_is_signed_by_nobody_who_joins() {
    let mut world = World::new();
    let (ordered, other) = (world.lapsed_case(), world.lapsed_case());
    world.order_erasure(ordered);
    let certificate = world.certify().unwrap();
    erase(&world, ordered);
    let first = erase(&world, other);
    let (mut joining, taken) = joins(&world, true);
    taken.unwrap();
    joining.rest_on(&certificate).unwrap();
    assert_eq!(joining.undecided(), Some(first), "an order about another case is none about this one");
    assert!(matches!(joining.sign(world.now), Err(CosignerError::Undecided { .. })));
    let store = Arc::clone(joining.replica().store());
    drop(joining);
    assert_eq!(cosigner(23, store, world.ledger()).undecided(), Some(first), "nor after a restart");
}

#[test]
fn what_was_erased_before_it_was_certified_is_signed_by_nobody_who_joins() {
    let mut world = World::new();
    let earlier = world.certify().unwrap();
    let case = world.lapsed_case();
    world.order_erasure(case);
    let first = erase(&world, case);
    world.appender.seal(world.now).unwrap();
    let (mut joining, taken) = joins(&world, true);
    taken.unwrap();
    joining.rest_on(&earlier).unwrap();
    assert_eq!(joining.undecided(), Some(first));
}

#[test]
fn nothing_rests_on_a_certificate_that_does_not_hold() {
    let mut world = World::new();
    let case = world.lapsed_case();
    world.order_erasure(case);
    let certificate = world.certify().unwrap();
    let first = erase(&world, case);
    let (mut joining, taken) = joins(&world, true);
    taken.unwrap();
    let too_few = Certificate { signatures: certificate.signatures[..2].to_vec(), ..certificate.clone() };
    let other_root = Certificate { root: lockstep_types::RootHash([9; 32]), ..certificate.clone() };
    let other_epoch = Certificate { epoch: 7, ..certificate.clone() };
    for bad in [too_few, other_root, other_epoch] {
        assert!(joining.rest_on(&bad).is_err(), "{bad:?}");
        assert_eq!(joining.undecided(), Some(first));
        assert_eq!(joining.replica().store().latest_certificate().unwrap(), None);
    }
    let mut behind = cosigner(22, Arc::new(Memory::new()), world.ledger());
    behind.take_erased();
    let records = feed::decode(&world.appender.feed(0, 7).unwrap()).unwrap();
    behind.receive(&feed::encode(&records[..1])).unwrap();
    behind.rest_on(&certificate).unwrap();
    assert_eq!(behind.replica().store().latest_certificate().unwrap(), None, "more than this copy holds");
    joining.rest_on(&certificate).unwrap();
    assert_eq!(joining.undecided(), None);
}

#[test]
fn what_a_replaced_committee_certifies_later_is_nothing_to_rest_on() {
    let mut world = World::new();
    let case = world.lapsed_case();
    world.order_erasure(case);
    let before = world.certify().unwrap();
    let first = erase(&world, case);
    let committee = world.appender.replica().kernel().committee().unwrap().clone();
    world.rotate();
    world.now = world.now.saturating_add_ms(500);
    world.appender.seal(world.now).unwrap();
    let head = world.appender.replica().ledger();
    let later = Checkpoint { root: head.root(), size: head.size(), ..before.checkpoint() };
    let signs = |number: u8| {
        let key = SecretKey::from_bytes(Suite::Eip712, &sha256(&[Suite::Eip712.byte(), number])).unwrap();
        let member = committee.index_of(&key.public().address().unwrap()).unwrap();
        MemberSignature { member, signature: later.sign(&key).unwrap() }
    };
    let signatures: Vec<MemberSignature> = (20..23).map(signs).collect();
    let later = Certificate::assemble(&later, &committee, &signatures);

    let (mut joining, taken) = joins(&world, true);
    taken.unwrap();
    let refused = joining.rest_on(&later).unwrap_err();
    assert!(matches!(refused, CosignerError::OtherEpoch { epoch: 0 }), "{refused:?}");
    assert_eq!(joining.undecided(), Some(first));
    joining.rest_on(&before).unwrap();
    assert_eq!(joining.undecided(), None, "what it certified while it was in force counts");
}

/// Else administrators and an appender could name a committee without anybody's consent, and have what named
/// it erased.
#[test]
fn records_of_governance_are_never_taken_over_without_their_commands() {
    let world = World::new();
    let mut records = feed::decode(&world.appender.feed(0, 4_000).unwrap()).unwrap();
    let enacted =
        records.iter().position(|record| matches!(Body::from_slice(&record.body), Ok(Body::Enacted(_))));
    let enacted = enacted.expect("the policy was adopted");
    records.truncate(enacted + 1);
    let command = records.iter().rposition(|record| record.command.is_some()).unwrap();
    records[command].command = None;
    let mut joining = cosigner(23, Arc::new(Memory::new()), world.ledger());
    joining.take_erased();
    let refused = joining.receive(&feed::encode(&records)).unwrap_err();
    assert!(matches!(refused, CosignerError::Replica(ReplicaError::Erased { .. })), "{refused:?}");
    assert!(matches!(joining.sign(world.now), Err(CosignerError::Rejected { .. })));
}

#[test]
fn a_tick_that_returned_an_erased_deposit_among_others_runs_again() {
    let mut world = World::new();
    let [case, _] = world.lapsed_redemptions();
    world.certify().unwrap();
    world.order_erasure(case);
    let first = erase(&world, case);
    let certificate = world.certify().unwrap();

    let root = world.appender.replica().ledger().root();
    world.restart_appender(false);
    assert_eq!(world.appender.replica().ledger().root(), root, "a folder without its snapshot");

    let (mut joining, taken) = joins(&world, true);
    taken.unwrap();
    assert_eq!(joining.undecided(), Some(first));
    let undecided = index::undecided(&**joining.replica().store()).unwrap();
    assert_eq!(undecided.len(), 4, "an opening, a step, a decision, an outcome: {undecided:?}");
    assert!(undecided.iter().all(|(_, of)| *of == case));
    joining.rest_on(&certificate).unwrap();
    assert_eq!(joining.sign(world.now).unwrap().checkpoint, certificate.checkpoint());
}

#[test]
fn nobody_leaves_out_or_changes_what_a_tick_returned_of_an_erased_case() {
    let mut world = World::new();
    let [case, other] = world.lapsed_redemptions();
    world.order_erasure(case);
    erase(&world, case);
    let store = world.appender.replica().store();
    let all = store.records(0, 1_000, usize::MAX).unwrap();
    let end = |of: CaseId| {
        let is_end = |stored: &StoredRecord| {
            let record = replica::record(0, stored).unwrap();
            matches!(Body::peek(&record), Some(Body::Expired(body)) if body.case == of)
        };
        all.iter().position(is_end).unwrap()
    };
    let (ours, theirs) = (end(case), end(other));
    assert_eq!(theirs, ours + 3);

    let lie = |ahead: &[StoredRecord]| {
        let mut joining = cosigner(23, Arc::new(Memory::new()), world.ledger());
        joining.take_erased();
        joining.receive(&feed::encode(ahead))
    };
    lie(&all[..theirs + 3]).unwrap();
    let without = |from: usize, to: usize| [&all[..from], &all[to..theirs + 3]].concat();
    let mut exchanged = all[..theirs + 3].to_vec();
    exchanged[ours + 1] = all[theirs + 1].clone();
    for (what, records) in [
        ("the return of the erased case", without(ours + 1, theirs)),
        ("its outcome", without(ours + 2, theirs)),
        ("all that follows its end", all[..=ours].to_vec()),
        ("the return of the other", all[..=theirs].to_vec()),
        ("its decision, for that of the other", exchanged),
    ] {
        let refused = lie(&records).unwrap_err();
        let refused = matches!(refused, CosignerError::Replica(ReplicaError::Replay { .. }));
        assert!(refused, "{what} is missed");
    }
}
