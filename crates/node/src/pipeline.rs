//! The appender as a pipeline: while one batch is decided, the next are being checked and the ones before
//! become durable. Requests are answered in the order they came, and never before they are durable.

use crate::appender::{Admitted, Answer, Appender, AppenderError, Decided};
use crate::replica::{Staged, write};
use crate::snapshot::SnapshotDraft;
use crate::tiles::Tiles;
use lockstep_attest::SubmissionError;
use lockstep_attest::sign::Sign;
use lockstep_kernel::{Directory, Request};
use lockstep_ledger::Leaf;
use lockstep_store::Store;
use lockstep_types::Time;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Batches that wait between two stages.
const QUEUE: usize = 16;

/// Never seen: as many answers come back as requests were asked.
const NO_ANSWER: SubmissionError = SubmissionError::OpeningCount { found: 0, expected: 1 };

/// Requests handed in together, each in canonical JSON.
pub type Requests = Vec<Vec<u8>>;

/// What the pipeline needs from outside.
pub struct Ports<'a> {
    /// The next requests; waits for them, and ends the pipeline with none. A pipeline that stops by itself
    /// says so once this has returned.
    pub source: &'a mut (dyn FnMut() -> Option<Requests> + Send),
    /// The time.
    pub clock: &'a (dyn Fn() -> Time + Sync),
    /// Takes answers, one a request and in order, once they are durable.
    pub sink: &'a mut (dyn FnMut(Vec<Answer>) + Send),
}

/// A request before its turn.
enum Checked {
    Done(Result<Admitted, SubmissionError>),
    /// Of a key that was not registered when it was looked at; it may be at its turn.
    Again(Vec<u8>),
}

/// What the writer does next.
enum Write {
    /// Makes a batch durable and answers.
    Batch(Option<Staged>, Decided),
    /// Makes a seal durable, and publishes it.
    Seal(Staged, Box<Sealed>),
}

/// What waits for a seal to be durable.
struct Sealed {
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
        let Ports { source, clock, sink } = ports;
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
            let writer = scope.spawn(move || write_all(&to, &from_decider, sink));
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
        from_checkers: &Receiver<(u64, Vec<Checked>)>,
        directory: &Mutex<Directory>,
        (to_writer, clock, kept): (&SyncSender<Write>, &(dyn Fn() -> Time + Sync), &Receiver<u64>),
    ) -> Result<(), AppenderError> {
        let (mut early, mut turn) = (BTreeMap::new(), 0u64);
        for (at, batch) in from_checkers {
            early.insert(at, batch);
            while let Some(batch) = early.remove(&turn) {
                turn += 1;
                let admitted = self.look_again(batch);
                let (decided, staged) = self.decide_all(admitted, Vec::new(), clock())?;
                *directory.lock().unwrap_or_else(PoisonError::into_inner) =
                    self.replica().kernel().directory();
                // The writer has stopped, and says why itself.
                if to_writer.send(Write::Batch(staged, decided)).is_err() {
                    return Ok(());
                }
                kept.try_iter().for_each(|size| self.replica_mut().snapshot_written(size));
                if self.replica().ledger().seal_due(clock())
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
        let (leaves, tiles) = replica.hand_over_tiles();
        let snapshot = if replica.snapshot_due() { replica.draft_snapshot()? } else { None };
        Ok(Write::Seal(staged, Box::new(Sealed { leaves, tiles, snapshot })))
    }

    fn look_again(&self, batch: Vec<Checked>) -> Vec<Result<Admitted, SubmissionError>> {
        let again = |checked| match checked {
            Checked::Done(done) => done,
            Checked::Again(bytes) => {
                let admitted = admit(&self.replica().kernel().directory(), vec![bytes]).pop();
                admitted.unwrap_or(Err(NO_ANSWER))
            }
        };
        batch.into_iter().map(again).collect()
    }
}

/// Parses requests and checks their signatures in one batch.
pub fn admit(directory: &Directory, requests: Requests) -> Vec<Result<Admitted, SubmissionError>> {
    admit_each(directory, requests).into_iter().map(|(admitted, _)| admitted).collect()
}

/// As [`admit`], with the bytes of what is refused.
fn admit_each(
    directory: &Directory,
    requests: Requests,
) -> Vec<(Result<Admitted, SubmissionError>, Vec<u8>)> {
    let mut parsed = Vec::with_capacity(requests.len());
    let mut refused = Vec::with_capacity(requests.len());
    for bytes in &requests {
        let request = Request::from_slice(bytes).map_err(SubmissionError::Canonical);
        refused.push(request.map(|request| parsed.push(request)).err());
    }
    let mut commands = directory.admit(parsed).into_iter();
    let admitted = |(bytes, refused): (Vec<u8>, Option<SubmissionError>)| {
        // One answer a request that was parsed.
        match refused.map_or_else(|| commands.next().unwrap_or(Err(NO_ANSWER)), Err) {
            Ok(command) => (Ok(Admitted { command, bytes }), Vec::new()),
            Err(error) => (Err(error), bytes),
        }
    };
    requests.into_iter().zip(refused).map(admitted).collect()
}

/// Where requests come from, with the number of the next batch.
type Source<'a> = (u64, &'a mut (dyn FnMut() -> Option<Requests> + Send));

fn check_all(
    (source, stopped): (&Mutex<Source<'_>>, &AtomicBool),
    directory: &Mutex<Directory>,
    done: &SyncSender<(u64, Vec<Checked>)>,
) {
    loop {
        let (turn, requests) = {
            let mut source = source.lock().unwrap_or_else(PoisonError::into_inner);
            if stopped.load(Ordering::Relaxed) {
                return;
            }
            let Some(requests) = (source.1)() else { return };
            source.0 += 1;
            (source.0 - 1, requests)
        };
        let known = directory.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if done.send((turn, check(&known, requests))).is_err() {
            return;
        }
    }
}

fn check(known: &Directory, requests: Requests) -> Vec<Checked> {
    let checked = |(admitted, bytes): (Result<Admitted, SubmissionError>, Vec<u8>)| match admitted {
        Err(SubmissionError::UnknownKey { .. }) => Checked::Again(bytes),
        done => Checked::Done(done),
    };
    admit_each(known, requests).into_iter().map(checked).collect()
}

fn keep_all(
    store: &dyn Store,
    drafts: &Receiver<SnapshotDraft>,
    kept: &SyncSender<u64>,
) -> Result<(), AppenderError> {
    for draft in drafts {
        draft.write(store)?;
        // Nobody asks any more when the decider has stopped.
        if kept.send(draft.size).is_err() {
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
    sink: &mut (dyn FnMut(Vec<Answer>) + Send),
) -> Result<(), AppenderError>
where
    K::Error: core::fmt::Display,
{
    while let Ok(first) = from_decider.recv() {
        // All that has been decided by now becomes durable with one append.
        let group: Vec<Write> = std::iter::once(first).chain(from_decider.try_iter().take(QUEUE)).collect();
        let staged = group.iter().filter_map(|write| match write {
            Write::Batch(staged, _) => staged.as_ref(),
            Write::Seal(staged, _) => Some(staged),
        });
        write(to.store, &staged.collect::<Vec<_>>())?;
        let mut all_decided = Decided::default();
        let mut all_sealed = Vec::new();
        for write in group {
            match write {
                Write::Batch(_, decided) => all_decided.extend(decided),
                Write::Seal(_, sealed) => all_sealed.push(sealed),
            }
        }
        if !all_decided.is_empty() {
            sink(all_decided.answers(to.receipts)?);
        }
        for sealed in all_sealed {
            let Sealed { leaves, tiles, snapshot } = *sealed;
            tiles.append(&leaves)?;
            // The keeper has stopped, and says why itself.
            if snapshot.is_some_and(|draft| to.to_keeper.send(draft).is_err()) {
                return Ok(());
            }
        }
    }
    Ok(())
}
