//! Packs of a ledger in memory, beside its appender.

use crate::archive::{Archive, ArchiveError};
use crate::records;
use crate::tests::kit::World;
use crate::{Replica, index};
use lockstep_kernel::Entity;
use lockstep_pack::{BuildError, Options, Topic, Trust, Verdict, topics_of, verify};
use lockstep_store::stream;
use lockstep_types::CaseId;
use std::collections::BTreeMap;

fn decided() -> (World, CaseId) {
    let mut world = World::new();
    let case = world.case("1000.00");
    world.good_steps(case, "E2E-1");
    (world, case)
}

fn verified(archive: &mut Archive, case: CaseId) -> u64 {
    let (bytes, size) = archive.pack(case, (&[], &Options::default())).unwrap();
    let (certificate, committee) = archive.certified().unwrap();
    let trust = Trust::from_certificate("acme".parse().unwrap(), committee, &certificate).unwrap();
    let report = verify(&bytes, Some(&trust));
    assert_eq!(report.verdict, Verdict::Verified, "{report:?}");
    size
}

#[test]
fn a_pack_is_of_the_newest_certificate_whatever_was_appended_since() {
    let (mut world, case) = decided();
    let mut archive = Archive::of(world.appender.replica());
    assert!(matches!(archive.certified(), Err(ArchiveError::NothingCertified)));
    let first = world.certify().unwrap().size;
    let later = world.case("5.00");
    assert_eq!(verified(&mut archive, case), first);
    let early = archive.pack(later, (&[], &Options::default()));
    assert!(matches!(early, Err(ArchiveError::Build(BuildError::NotCertified { .. }))), "{early:?}");
    // The same archive goes on from where it stood.
    let second = world.certify().unwrap().size;
    assert!(first < second);
    assert_eq!(verified(&mut archive, case), second);
    assert_eq!(verified(&mut archive, later), second);
}

#[test]
fn a_snapshot_that_is_taken_meanwhile_is_found_out() {
    let (mut world, case) = decided();
    world.certify().unwrap();
    world.restart_appender(true);
    let mut archive = Archive::of(world.appender.replica());
    let before = verified(&mut archive, case);
    world.case("5.00");
    let size = world.certify().unwrap().size;
    // Now the store answers for the map at another seal than the one that this archive began at.
    world.restart_appender(true);
    assert!(before < size);
    assert_eq!(verified(&mut archive, case), size);
    let mut anew = Archive::of(world.appender.replica());
    assert_eq!(verified(&mut anew, case), size);
}

#[test]
fn where_the_snapshot_is_ahead_only_whoever_has_time_gets_a_pack() {
    let (mut world, case) = decided();
    let size = world.certify().unwrap().size;
    world.case("5.00");
    world.now = world.now.saturating_add_ms(500);
    world.appender.seal(world.now).unwrap();
    world.restart_appender(true);
    let replica = world.appender.replica();
    assert!(replica.snapshot_size() > size);
    let behind = Archive::of(replica).pack(case, (&[], &Options::default()));
    assert!(matches!(behind, Err(ArchiveError::Behind { .. })), "{behind:?}");
    assert_eq!(verified(&mut Archive::of(replica).or_whole(), case), size);
}

#[test]
fn the_index_lists_what_topics_say() {
    let (world, _) = decided();
    let replica: &Replica = world.appender.replica();
    let store = &**replica.store();
    let mut listed: BTreeMap<Topic, Vec<u64>> = BTreeMap::new();
    for (at, stored) in (0..).zip(stream(store, 0, u64::MAX)) {
        let record = crate::replica::record(at, &stored.unwrap()).unwrap();
        topics_of(&record).into_iter().for_each(|topic| listed.entry(topic).or_default().push(at));
    }
    assert!(listed.keys().any(|topic| matches!(topic, Topic::Key(_))));
    for (topic, expected) in listed {
        let found = match &topic {
            Topic::Case(case) => index::records_of(store, &Entity::Case(*case)),
            Topic::Credential(credential) => index::records_of(store, &Entity::Credential(*credential)),
            Topic::Key(_) => index::records_about(store, &topic),
            // By the first record it is known that the others are listed.
            Topic::Governance => index::records_about(store, &topic).map(|all| all[1..].to_vec()),
        };
        assert_eq!(found.unwrap(), expected, "{topic:?}");
    }
    assert!(index::is_listed(store).unwrap());
    assert_eq!(records::kind(&records::at(store, 0).unwrap().unwrap()), "genesis");
}
