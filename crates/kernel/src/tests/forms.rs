//! The bytes of bodies, commands and entries.

use super::world::{READY, World, play};
use crate::{Body, Command, Kernel, Request};
use lockstep_ledger::{Machine, Tag, View};
use lockstep_types::canonical;

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
