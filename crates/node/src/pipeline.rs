//! The appender as a pipeline: while one batch is decided, the next are being checked and the ones before
//! become durable. Requests are answered in the order they came, and never before they are durable.

use crate::appender::{Admitted, Answer, Appender, AppenderError, Decided};
use crate::replica::{Documents, Replica, Staged, write};
use crate::snapshot::SnapshotDraft;
use crate::tiles::Tiles;
use lockstep_attest::SubmissionError;
use lockstep_attest::sign::Sign;
use lockstep_kernel::{Directory, Request};
use lockstep_ledger::Leaf;
use lockstep_store::Store;
use lockstep_types::{RootHash, Time};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Batches that wait between two stages.
const QUEUE: usize = 16;

/// Never seen: as many answers come back as requests were asked.
const NO_ANSWER: SubmissionError = SubmissionError::OpeningCount { found: 0, expected: 1 };

/// A request as it came, in canonical JSON, and the documents to keep beside its records if it counts.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The request.
    pub bytes: Vec<u8>,
    /// What its evidence digests name: whoever hands it in has compared them.
    pub documents: Documents,
}

/// Looks at the ledger between two batches, and hands back how the answer is given: it is, once everything
/// that was seen is durable.
pub type Look = Box<dyn FnOnce(&Replica) -> Tell + Send>;
/// See [`Look`].
pub type Tell = Box<dyn FnOnce() + Send>;

/// What is handed in together: requests, and looks at the ledger as it is after them. Empty work lets time
/// pass: what is due is recorded and sealed.
#[derive(Default)]
pub struct Work {
    /// Requests, answered in this order.
    pub requests: Vec<Asked>,
    /// Looks.
    pub looks: Vec<Look>,
    /// Seal although nothing happened: co-signers sign only what is recent by their clocks.
    pub seal: bool,
}

impl From<Vec<Vec<u8>>> for Work {
    fn from(requests: Vec<Vec<u8>>) -> Self {
        let asked = |bytes| Asked { bytes, documents: Documents::new() };
        Self { requests: requests.into_iter().map(asked).collect(), ..Self::default() }
    }
}

/// A seal that is durable, and whose tiles are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedHead {
    /// Root of the log that ends in the seal.
    pub root: RootHash,
    /// Records up to and with the seal.
    pub size: u64,
    /// Ledger time of the seal.
    pub time: Time,
}

/// Takes answers.
type Sink<'a> = &'a mut (dyn FnMut(Vec<Answer>) + Send);
/// Learns of seals.
type OnSeal<'a> = &'a mut (dyn FnMut(SealedHead) + Send);

/// What the pipeline needs from outside.
pub struct Ports<'a> {
    /// The next work; waits for it, and ends the pipeline with none. A pipeline that stops by itself says so
    /// once this has returned.
    pub source: &'a mut (dyn FnMut() -> Option<Work> + Send),
    /// The time.
    pub clock: &'a (dyn Fn() -> Time + Sync),
    /// Takes answers, one a request and in order, once they are durable.
    pub sink: &'a mut (dyn FnMut(Vec<Answer>) + Send),
    /// Learns of every seal.
    pub sealed: &'a mut (dyn FnMut(SealedHead) + Send),
}

/// A request before its turn.
enum Checked {
    Done(Result<Admitted, SubmissionError>),
    /// Of a key that was not registered when it was looked at; it may be at its turn.
    Again(Asked),
}

/// Work whose requests have been checked.
struct Turn {
    checked: Vec<Checked>,
    looks: Vec<Look>,
    seal: bool,
}

/// What the writer does next.
enum Write {
    /// Makes a batch durable and answers.
    Batch(Option<Staged>, Decided, Vec<Tell>),
    /// Makes a seal durable, and publishes it.
    Seal(Staged, Box<Sealed>),
}

/// What waits for a seal to be durable.
struct Sealed {
    head: Option<SealedHead>,
    leaves: Vec<Leaf>,
    tiles: Arc<Tiles>,
    snapshot: Option<SnapshotDraft>,
}

impl<K: Sign + Sync> Appender<K>
where
    K::Error: core::fmt::Display,
{
    /// Takes requests from `ports.source` until there are no more, and seals when it is time to.
    ///
    /// # Errors
    /// [`AppenderError`]: the appender stops, and is opened anew from its store.
    pub fn run(&mut self, ports: Ports<'_>) -> Result<(), AppenderError> {
        let Ports { source, clock, sink, sealed } = ports;
        let source = Mutex::new((0u64, source));
        let stopped = AtomicBool::new(false);
        let directory = Mutex::new(self.replica().kernel().directory());
        let (store, receipts) = (Arc::clone(self.replica().store()), Arc::clone(self.receipts()));
        let (store, receipts) = (&*store, &*receipts);
        let (to_decider, from_checkers) = sync_channel(QUEUE);
        let (to_writer, from_decider) = sync_channel(QUEUE);
        std::thread::scope(|scope| {
            for _ in 0..self.threads() {
                let (source, directory, to_decider) = ((&source, &stopped), &directory, to_decider.clone());
                scope.spawn(move || check_all(source, directory, &to_decider));
            }
            drop(to_decider);
            let (to_keeper, drafts) = sync_channel(1);
            let (keeper_to_decider, kept) = sync_channel(1);
            let to = To { store, receipts, to_keeper };
            let writer = scope.spawn(move || write_all(&to, &from_decider, (sink, sealed)));
            let keeper = scope.spawn(move || keep_all(store, &drafts, &keeper_to_decider));
            let decided = self.decide_in_turn(&from_checkers, &directory, (&to_writer, clock, &kept));
            // Nothing more is taken that nobody would answer.
            stopped.store(true, Ordering::Relaxed);
            // Whoever still waits for room in a queue that nobody empties must learn of it.
            drop((to_writer, from_checkers));
            let written = writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            let keeping = keeper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            kept.try_iter().for_each(|size| self.replica_mut().snapshot_written(size));
            written.and(keeping).and(decided)
        })
    }

    fn decide_in_turn(
        &mut self,
        from_checkers: &Receiver<(u64, Turn)>,
        directory: &Mutex<Directory>,
        (to_writer, clock, kept): (&SyncSender<Write>, &(dyn Fn() -> Time + Sync), &Receiver<u64>),
    ) -> Result<(), AppenderError> {
        let (mut early, mut turn) = (BTreeMap::new(), 0u64);
        for (at, work) in from_checkers {
            early.insert(at, work);
            while let Some(Turn { checked, looks, seal }) = early.remove(&turn) {
                turn += 1;
                let admitted = self.look_again(checked);
                let (decided, staged) = self.decide_all(admitted, Vec::new(), clock())?;
                *directory.lock().unwrap_or_else(PoisonError::into_inner) =
                    self.replica().kernel().directory();
                let tell = looks.into_iter().map(|look| look(self.replica())).collect();
                // The writer has stopped, and says why itself.
                if to_writer.send(Write::Batch(staged, decided, tell)).is_err() {
                    return Ok(());
                }
                kept.try_iter().for_each(|size| self.replica_mut().snapshot_written(size));
                if (seal || self.replica().ledger().seal_due(clock()))
                    && to_writer.send(self.seal_all(clock())?).is_err()
                {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Seals what has been decided. Its tiles, and a snapshot if one is due, are written after it.
    fn seal_all(&mut self, now: Time) -> Result<Write, AppenderError> {
        let staged = self.stage_seal(now)?;
        let replica = self.replica_mut();
        let seal = replica.ledger().last_seal();
        let head = seal.map(|seal| SealedHead {
            root: seal.head.root,
            size: seal.head.size,
            time: seal.record.time(),
        });
        let (leaves, tiles) = replica.hand_over_tiles();
        let snapshot = if replica.snapshot_due() { replica.draft_snapshot()? } else { None };
        Ok(Write::Seal(staged, Box::new(Sealed { head, leaves, tiles, snapshot })))
    }

    fn look_again(&self, batch: Vec<Checked>) -> Vec<Result<Admitted, SubmissionError>> {
        let again = |checked| match checked {
            Checked::Done(done) => done,
            Checked::Again(asked) => {
                let admitted = admit(&self.replica().kernel().directory(), vec![asked]).pop();
                admitted.unwrap_or(Err(NO_ANSWER))
            }
        };
        batch.into_iter().map(again).collect()
    }
}

/// Parses requests and checks their signatures in one batch.
pub fn admit(directory: &Directory, requests: Vec<Asked>) -> Vec<Result<Admitted, SubmissionError>> {
    admit_each(directory, requests).into_iter().map(|(admitted, _)| admitted).collect()
}

/// As [`admit`], with what is refused as it came.
fn admit_each(
    directory: &Directory,
    requests: Vec<Asked>,
) -> Vec<(Result<Admitted, SubmissionError>, Asked)> {
    let mut parsed = Vec::with_capacity(requests.len());
    let mut refused = Vec::with_capacity(requests.len());
    for asked in &requests {
        let request = Request::from_slice(&asked.bytes).map_err(SubmissionError::Canonical);
        refused.push(request.map(|request| parsed.push(request)).err());
    }
    let mut commands = directory.admit(parsed).into_iter();
    let admitted = |(asked, refused): (Asked, Option<SubmissionError>)| {
        // One answer a request that was parsed.
        match refused.map_or_else(|| commands.next().unwrap_or(Err(NO_ANSWER)), Err) {
            Ok(command) => {
                let Asked { bytes, documents } = asked;
                (Ok(Admitted { command, bytes, documents }), Asked::default())
            }
            Err(error) => (Err(error), asked),
        }
    };
    requests.into_iter().zip(refused).map(admitted).collect()
}

/// Where work comes from, with the number of the next.
type Source<'a> = (u64, &'a mut (dyn FnMut() -> Option<Work> + Send));

fn check_all(
    (source, stopped): (&Mutex<Source<'_>>, &AtomicBool),
    directory: &Mutex<Directory>,
    done: &SyncSender<(u64, Turn)>,
) {
    loop {
        let (turn, work) = {
            let mut source = source.lock().unwrap_or_else(PoisonError::into_inner);
            if stopped.load(Ordering::Relaxed) {
                return;
            }
            let Some(work) = (source.1)() else { return };
            source.0 += 1;
            (source.0 - 1, work)
        };
        let known = directory.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Work { requests, looks, seal } = work;
        if done.send((turn, Turn { checked: check(&known, requests), looks, seal })).is_err() {
            return;
        }
    }
}

fn check(known: &Directory, requests: Vec<Asked>) -> Vec<Checked> {
    let checked = |(admitted, asked): (Result<Admitted, SubmissionError>, Asked)| match admitted {
        Err(SubmissionError::UnknownKey { .. }) => Checked::Again(asked),
        done => Checked::Done(done),
    };
    admit_each(known, requests).into_iter().map(checked).collect()
}

/// Lets threads that somebody waits for go first; not by much, since this one must come to an end while they
/// have work. Elsewhere than on Linux it would count for the whole process.
fn step_back() {
    // Where it is refused, all stay as they are.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(5);
}

fn keep_all(
    store: &dyn Store,
    drafts: &Receiver<SnapshotDraft>,
    kept: &SyncSender<u64>,
) -> Result<(), AppenderError> {
    step_back();
    for draft in drafts {
        // Nobody asks any more when the decider has stopped.
        if kept.send(draft.write(store)?).is_err() {
            break;
        }
    }
    Ok(())
}

/// Where the writer puts what the decider hands it.
struct To<'a, K> {
    store: &'a dyn Store,
    receipts: &'a K,
    to_keeper: SyncSender<SnapshotDraft>,
}

fn write_all<K: Sign>(
    to: &To<'_, K>,
    from_decider: &Receiver<Write>,
    (sink, sealed): (Sink<'_>, OnSeal<'_>),
) -> Result<(), AppenderError>
where
    K::Error: core::fmt::Display,
{
    while let Ok(first) = from_decider.recv() {
        // All that has been decided by now becomes durable with one append.
        let group: Vec<Write> = std::iter::once(first).chain(from_decider.try_iter().take(QUEUE)).collect();
        let staged = group.iter().filter_map(|write| match write {
            Write::Batch(staged, ..) => staged.as_ref(),
            Write::Seal(staged, _) => Some(staged),
        });
        write(to.store, &staged.collect::<Vec<_>>())?;
        let mut all_decided = Decided::default();
        let (mut all_sealed, mut all_tell) = (Vec::new(), Vec::new());
        for write in group {
            match write {
                Write::Batch(_, decided, tell) => {
                    all_decided.extend(decided);
                    all_tell.extend(tell);
                }
                Write::Seal(_, sealed) => all_sealed.push(sealed),
            }
        }
        if !all_decided.is_empty() {
            sink(all_decided.answers(to.receipts)?);
        }
        all_tell.into_iter().for_each(|tell| tell());
        for seal in all_sealed {
            let Sealed { head, leaves, tiles, snapshot } = *seal;
            tiles.append(&leaves)?;
            head.into_iter().for_each(&mut *sealed);
            // The keeper has stopped, and says why itself.
            if snapshot.is_some_and(|draft| to.to_keeper.send(draft).is_err()) {
                return Ok(());
            }
        }
    }
    Ok(())
}
