//! The bytes of bodies, commands and entries.

use super::world::{READY, World, play};
use crate::body::Credit;
use crate::rules::Rules;
use crate::state::{Case, Phase, Taken, Touched};
use crate::{Body, Command, Kernel, Request};
use lockstep_ledger::{Machine, Tag, View};
use lockstep_types::{
    Amount, AttestationDigest, CredentialDigest, LeafHash, Name, PolicyDigest, Time, UseKey, canonical,
    sha256,
};
use std::collections::{BTreeMap, BTreeSet};

/// A world in which every kind of record has been written.
fn everything() -> World {
    let mut world = World::new();
    world.sealing = true;
    world
        .play(READY)
        .play("approve keys=1!persons, approve, supply block=-10s span=5s executed=a, is settled");
    world.play(
        "open@b deadline=1h, request@b, withdraw@b request, revoke fair/registered-auditor suspect=-1h",
    );
    world.play("wait 2h, tick");
    let files = crate::governance::Files {
        guards: super::world::GUARDS.to_owned(),
        layout: super::world::LAYOUT.replace("keys = 2", "keys = 1"),
    };
    world.enact(crate::Action::Adopt(files));
    world.seal();
    world
}

#[test]
fn every_body_is_canonical_and_comes_back_from_its_bytes() {
    let world = everything();
    let mut kinds = std::collections::BTreeSet::new();
    for record in world.log.iter().flat_map(|(_, records)| records).filter(|r| r.tag() == Tag::Record) {
        let body = Body::from_slice(record.body()).unwrap();
        assert!(canonical::is_canonical(&body));
        assert_eq!(body.to_vec().unwrap(), record.body());
        let value = canonical::value_from_slice(record.body(), record.body().len()).unwrap();
        kinds.extend(value.as_object().unwrap().keys().cloned());
    }
    // One kind for each variant of `Body`.
    assert_eq!(kinds.len(), 17, "{kinds:?}");
}

#[test]
fn every_request_is_canonical_and_decodes_to_what_was_decided() {
    let world = everything();
    for (input, _) in &world.log {
        let Some(bytes) = &input.command else { continue };
        let request = Request::from_slice(bytes).unwrap();
        assert!(canonical::is_canonical(&request));
        assert_eq!(request.to_vec().unwrap(), *bytes);
        let command = world.kernel().decode_command(bytes).unwrap();
        assert_eq!(command.request(), request);
        assert_eq!(command.signed().is_some(), request.submission().is_some());
        assert_eq!(Kernel::encode_command(&command), *bytes);
    }
    assert!(world.kernel().decode_command(b"\"tock\"").is_err());
    assert_eq!(world.kernel().decode_command(b"\"tick\"").unwrap(), Command::Tick);
}

#[test]
fn every_entry_of_the_map_is_canonical() {
    let world = everything();
    let values = &world.ledger.overlay().changes().values;
    assert!(values.len() > 20);
    for value in values.values() {
        assert!(
            canonical::value_from_slice(value, value.len()).is_ok(),
            "{}",
            String::from_utf8_lossy(value)
        );
    }
    let key = crate::Entity::Case(world.case("a")).key();
    let sealed = world.ledger.overlay().value(&key).unwrap();
    assert_eq!(crate::entry::case_from_bytes(&sealed).unwrap().phase, "settled");
}

#[test]
fn what_has_ended_leaves_memory() {
    let world = everything();
    assert_eq!(world.kernel().cases().count(), 0);
    assert_eq!(world.kernel().proposals().count(), 0);
    assert!(world.kernel().uses.is_empty() && world.kernel().deadlines.is_empty());
}

#[test]
fn requests_in_one_batch_are_answered_each_as_alone() {
    let mut world = play("open, request");
    let (attestation, claims) = world.attestation("a", "payment", &super::world::Args::new("payment"));
    let good =
        world.signed(&lockstep_attest::Statement::Attestation(attestation), claims, ("northbank", &[0]));
    let mut forged = good.clone();
    forged.envelope.signatures[0].sig[3] ^= 1;
    let mut short = good.clone();
    short.openings.pop();
    let batch = [good, forged, short].map(|submission| Request::Submit(Box::new(submission)));
    let batch: Vec<Request> = batch.into_iter().chain([Request::Tick]).collect();
    let alone: Vec<bool> =
        batch.iter().map(|r| world.kernel().admit(vec![r.clone()]).pop().unwrap().is_ok()).collect();
    assert_eq!(alone, [true, false, false, true]);
    let together: Vec<bool> = world.kernel().admit(batch).iter().map(Result::is_ok).collect();
    assert_eq!(together, alone);
    let signed = world.kernel().admit(vec![Request::Tick]).pop().unwrap().unwrap();
    assert!(world.ask(&signed).unwrap().is_empty());
}

/// A case in which every field holds something.
fn filled() -> Case {
    let party = "CLEARSCREENING000033".parse().unwrap();
    let time = |ms: u64| Time::from_ms(ms).unwrap();
    let name = |text: &str| -> Name { text.parse().unwrap() };
    let texts = || BTreeMap::from([(name("kept"), Some("12.00".to_owned())), (name("withheld"), None)]);
    let taken = Taken {
        leaf: LeafHash([1; 32]),
        attestation: AttestationDigest([2; 32]),
        party,
        credentials: vec![CredentialDigest([3; 32])],
        at: time(4),
        claims: texts(),
        use_key: Some(UseKey([5; 32])),
        hold: Some(name("home")),
        payout: Some(Credit { amount: Amount::from_minor(-600).unwrap(), booked: time(7) }),
    };
    Case {
        policy: PolicyDigest([8; 32]),
        rules: Rules::of(2).unwrap(),
        phase: Phase::Decided,
        opener: party,
        opener_credentials: vec![CredentialDigest([9; 32])],
        opened: time(10),
        deadline: time(11),
        params: texts(),
        steps: BTreeMap::from([(name("payment"), taken)]),
        committed: true,
        taken_back: BTreeSet::from([AttestationDigest([12; 32])]),
        attempts: BTreeMap::from([(party, BTreeSet::from([AttestationDigest([13; 32])]))]),
        ordinal: 300,
        ends_as: Phase::Settled,
        pending: BTreeMap::from([(name("home"), Some(time(14)))]),
        shown: BTreeMap::from([(name("away"), false)]),
        touched: Touched { count: 15, head: LeafHash([16; 32]) },
    }
}

/// Snapshots that exist are read by it: another form needs another number, `FORM`.
#[test]
fn the_bytes_of_a_case_are_frozen() {
    let bytes = postcard::to_allocvec(&filled()).unwrap();
    let digest = hex::encode(sha256(&bytes));
    assert_eq!(digest, "2cb91206acd49ceee217171bbe250ef396971e57bb5df5acd44ed79a46567f70");
    assert_eq!(postcard::from_bytes::<Case>(&bytes).unwrap(), filled());
}
