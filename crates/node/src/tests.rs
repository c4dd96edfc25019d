//! One ledger, four co-signers, six institutions: the loops together, over stores in memory.

mod erased;
pub(crate) mod kit;

use crate::appender::AppenderError;
use crate::cosigner::CosignerError;
use crate::port::{TileFiles, TilesInMemory};
use crate::quorum::QuorumError;
use crate::replica::ReplicaError;
use crate::{Answer, Ports, Work};
use kit::{World, texts};
use lockstep_kernel::{Phase, RefusalCode};
use lockstep_ledger::log::{TilePath, log_root};
use lockstep_store::Store;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

#[test]
fn a_case_is_decided_certified_and_the_same_on_every_copy() {
    let mut world = World::new();
    let case = world.case("1000.00");
    world.good_steps(case, "E2E-1");
    let kernel = world.appender.replica().kernel();
    assert_eq!(kernel.case(&case).unwrap().phase, Phase::Decided);
    let certificate = world.certify().expect("three of four sign");
    let committee = world.appender.replica().kernel().committee().unwrap().clone();
    let ledger = world.appender.replica().ledger().id().unwrap();
    assert_eq!(
        certificate.verify(&ledger, &committee).unwrap().size,
        world.appender.replica().ledger().size()
    );
    for cosigner in &world.cosigners {
        assert_eq!(cosigner.replica().ledger().root(), world.appender.replica().ledger().root());
        assert_eq!(cosigner.replica().ledger().map_root(), world.appender.replica().ledger().map_root());
    }
}

#[test]
fn an_attempt_out_of_order_is_refused_with_a_receipt() {
    let mut world = World::new();
    let case = world.case("1000.00");
    let answer = world.attest(
        case,
        "auditor",
        "audit",
        &texts(&[("agrees", "true"), ("balance", "1.00"), ("haircut_bps", "0")]),
    );
    let crate::Answer::OnRecord(accepted) = answer else { panic!("the attempt is on record") };
    assert_eq!(accepted.refused.as_ref().unwrap().code(), RefusalCode::Order);
    let receipt = accepted.receipt.unwrap();
    let genesis = world.appender.replica().kernel().genesis().unwrap().clone();
    receipt.verify(&world.appender.replica().ledger().id().unwrap(), &genesis.appender).unwrap();
}

#[test]
fn a_restart_goes_on_where_the_store_ends() {
    let mut world = World::new();
    let case = world.case("1000.00");
    world.certify().unwrap();
    world.restart_appender(true);
    world.good_steps(case, "E2E-1");
    world.restart_appender(false);
    assert_eq!(world.appender.replica().kernel().case(&case).unwrap().phase, Phase::Decided);
    world.certify().unwrap();
    for cosigner in &world.cosigners {
        assert_eq!(cosigner.replica().ledger().root(), world.appender.replica().ledger().root());
    }
}

/// Tiles in memory, and which of them were written since somebody last asked.
#[derive(Default)]
struct Watched {
    files: TilesInMemory,
    written: Mutex<BTreeSet<TilePath>>,
}

impl TileFiles for Watched {
    fn read(&self, path: &TilePath) -> Option<Vec<u8>> {
        self.files.read(path)
    }
    fn write(&self, path: &TilePath, bytes: &[u8]) -> std::io::Result<()> {
        self.written.lock().unwrap().insert(*path);
        self.files.write(path, bytes)
    }
}

/// A log of millions of records once was read from its beginning whenever it did not end in a seal.
#[test]
fn a_restart_writes_only_the_tiles_of_what_comes_after_the_snapshot() {
    let mut world = World::new();
    let files = Arc::new(Watched::default());
    world.restart_over(Arc::clone(&files) as Arc<dyn TileFiles>);
    while world.appender.head().1 < 300 {
        world.case("1.00");
    }
    world.certify().unwrap();
    world.appender.replica_mut().snapshot().unwrap();
    let whole: TilePath = "tile/0/000".parse().unwrap();
    assert!(std::mem::take(&mut *files.written.lock().unwrap()).contains(&whole));
    world.case("1.00");
    world.restart_over(Arc::clone(&files) as Arc<dyn TileFiles>);
    let (_, size, root) = world.appender.head();
    assert_eq!(log_root(&world.appender.replica().hashes(), size), Some(root));
    let written = std::mem::take(&mut *files.written.lock().unwrap());
    assert!(!written.is_empty() && !written.contains(&whole), "{written:?}");

    let anew = Arc::new(Watched::default());
    world.restart_over(Arc::clone(&anew) as Arc<dyn TileFiles>);
    assert_eq!(log_root(&world.appender.replica().hashes(), size), Some(root));
    assert!(anew.written.lock().unwrap().contains(&whole), "tiles that are lost are made anew");
}

/// Tiles that are looked at when they are written.
struct Guarded {
    files: TilesInMemory,
    store: Arc<dyn Store>,
    seen: AtomicU64,
}

impl TileFiles for Guarded {
    fn read(&self, path: &TilePath) -> Option<Vec<u8>> {
        self.files.read(path)
    }
    fn write(&self, path: &TilePath, bytes: &[u8]) -> std::io::Result<()> {
        let (index, width) = (path.index(), u64::from(path.width()));
        if path.to_string().starts_with("tile/entries/") {
            let size = self.store.head().unwrap().size;
            assert!(index * 256 + width <= size, "`{path}` before its records, of which {size} are durable");
            self.seen.fetch_add(1, Ordering::Relaxed);
        }
        self.files.write(path, bytes)
    }
}

#[test]
fn the_pipeline_writes_tiles_after_the_records_in_them() {
    let mut world = World::new();
    let store = Arc::clone(world.appender.replica().store());
    let files = Arc::new(Guarded { files: TilesInMemory::default(), store, seen: AtomicU64::new(0) });
    world.restart_over(Arc::clone(&files) as Arc<dyn TileFiles>);
    let opened = files.seen.swap(0, Ordering::Relaxed);
    let parts: Vec<Vec<Vec<u8>>> = (1..40).map(|n| vec![world.opening_bytes(&format!("{n}.00"))]).collect();
    let (start, ticks) = (world.now, AtomicU64::new(0));
    let clock = || start.saturating_add_ms(100 * ticks.fetch_add(1, Ordering::Relaxed));
    let mut parts = parts.into_iter();
    let (mut source, mut sink) = (|| parts.next().map(Work::from), |_: Vec<Answer>| {});
    let mut sealed = |_| {};
    let ports = Ports { source: &mut source, clock: &clock, sink: &mut sink, sealed: &mut sealed };
    world.appender.run(ports).unwrap();
    assert!(opened > 0 && files.seen.load(Ordering::Relaxed) > 1, "several seals were published");
}

#[test]
fn the_pipeline_writes_snapshots_while_it_goes_on_and_a_start_finds_the_same_ledger() {
    let mut world = World::new();
    let parts: Vec<Vec<Vec<u8>>> =
        (1..40).map(|n| vec![world.opening_bytes(&format!("{n}.00")), world.opening_bytes("7.00")]).collect();
    world.appender.replica_mut().snapshot_every(8);
    let (start, ticks) = (world.now, AtomicU64::new(0));
    let clock = || start.saturating_add_ms(100 * ticks.fetch_add(1, Ordering::Relaxed));
    let (mut parts, mut answered) = (parts.into_iter(), 0);
    let mut source = || parts.next().map(Work::from);
    let mut sink = |answers: Vec<Answer>| answered += answers.len();
    let mut sealed = |_| {};
    let ports = Ports { source: &mut source, clock: &clock, sink: &mut sink, sealed: &mut sealed };
    world.appender.run(ports).unwrap();
    assert_eq!(answered, 78);
    let (store, head) = (Arc::clone(world.appender.replica().store()), world.appender.head());
    let snapshot = store.snapshot().unwrap().expect("a snapshot was written");
    assert!(snapshot.size > 8 && snapshot.size < head.1, "{} of {}", snapshot.size, head.1);
    world.restart_appender(false);
    assert_eq!(world.appender.head(), head);
    world.now = world.appender.replica().ledger().last_time();
    world.certify().unwrap();
}

#[test]
fn a_co_signer_that_is_behind_signs_the_seals_that_the_others_have_signed() {
    let mut world = World::new();
    let mut sealed = Vec::new();
    for _ in 0..3 {
        world.case("1000.00");
        world.now = world.now.saturating_add_ms(500);
        world.appender.seal(world.now).unwrap();
        sealed.push(world.appender.head().1);
    }
    let (now, bytes) = (world.now, world.appender.feed(0, 2_000).unwrap());
    let signed = world.cosigners[0].receive_and_sign(0, &bytes, now).unwrap();
    assert_eq!(signed.iter().map(|one| one.checkpoint.size).collect::<Vec<_>>(), sealed);
    // An hour later only the last one would be recent enough, and none of these is.
    let later = now.saturating_add_ms(3_600_000);
    assert!(world.cosigners[1].receive_and_sign(0, &bytes, later).unwrap().is_empty());
    assert_eq!(world.cosigners[1].next(), sealed[2]);
}

/// Under load a co-signer never waits for news, and what changed since its last snapshot stays in memory.
#[test]
fn a_co_signer_draws_up_a_snapshot_although_there_is_always_more_to_follow() {
    let mut world = World::new();
    let follow = |world: &mut World| {
        for _ in 0..12 {
            world.case("1.00");
        }
        world.now = world.now.saturating_add_ms(500);
        world.appender.seal(world.now).unwrap();
        let (next, now) = (world.cosigners[0].next(), world.now);
        let bytes = world.appender.feed(next, 2_000).unwrap();
        assert!(!world.cosigners[0].receive_and_sign(next, &bytes, now).unwrap().is_empty());
    };
    world.cosigners[0].snapshot_every(12);
    follow(&mut world);
    let draft = world.cosigners[0].take_draft().expect("one is due");
    follow(&mut world);
    assert!(world.cosigners[0].take_draft().is_none(), "one at a time");
    let size = draft.write(&**world.cosigners[0].replica().store()).unwrap();
    world.cosigners[0].snapshot_written(size);
    assert_eq!(world.cosigners[0].replica().snapshot_size(), size);

    follow(&mut world);
    world.cosigners[0].snapshot_if_due().unwrap();
    let written = world.cosigners[0].replica().snapshot_size();
    assert!(written > size, "one that nobody took is written when there is time");
    let store = Arc::clone(world.cosigners[0].replica().store());
    let again = kit::cosigner(20, store, world.ledger());
    assert_eq!(again.replica().snapshot_size(), written);
    assert_eq!(again.replica().ledger().root(), world.cosigners[0].replica().ledger().root());
}

#[test]
fn co_signers_refuse_an_outcome_that_no_case_decided() {
    let mut world = World::new();
    world.case("1000.00");
    world.certify().unwrap();
    let forged = world.forge_outcome();
    let error = world.cosigners[0].receive(&forged).unwrap_err();
    assert!(matches!(error, CosignerError::Replica(ReplicaError::Replay { .. })), "{error:?}");
    let now = world.now;
    assert!(matches!(world.cosigners[0].sign(now), Err(CosignerError::Rejected { .. })));
}

/// Its own program cannot tell what such a ledger decides, so it vouches for nothing of it.
#[test]
fn a_co_signer_stops_where_rules_are_proposed_that_it_does_not_know_and_says_so() {
    let mut world = World::new();
    world.certify().unwrap();
    let proposal = world.propose_rules_3();
    let error = world.cosigners[0].receive(&proposal).unwrap_err();
    let mut told = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        told = format!("{told}: {cause}");
        source = cause.source();
    }
    let expected = "rules 3 are not known to this program, which carries out rules 1 to 2";
    assert!(told.contains(expected), "{told}");
    let now = world.now;
    assert!(matches!(world.cosigners[0].sign(now), Err(CosignerError::Rejected { .. })));
}

#[test]
fn a_signature_that_comes_before_the_first_seal_counts_for_nothing_and_stops_nobody() {
    let mut sealed = World::new();
    sealed.certify().unwrap();
    let now = sealed.now;
    let early = sealed.cosigners[0].sign(now).unwrap();
    let mut world = World::new();
    let error = world.appender.cosigned(&early).unwrap_err();
    assert!(matches!(error, AppenderError::Quorum(QuorumError::NothingSealed)), "{error:?}");
    world.certify().unwrap();
}

#[test]
fn a_feed_survives_its_bytes_and_garbage_is_refused() {
    let world = World::new();
    let bytes = world.appender.feed(0, 100).unwrap();
    let records = crate::feed::decode(&bytes).unwrap();
    assert_eq!(crate::feed::encode(&records), bytes);
    for end in 1..bytes.len().min(600) {
        let cut = crate::feed::decode(&bytes[..end]);
        assert!(cut.is_err() || crate::feed::encode(&cut.unwrap()) == bytes[..end]);
    }
}
