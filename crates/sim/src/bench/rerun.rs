//! Records a second when a ledger is run again, on one core.

use crate::bench::attest::{open, step_names};
use crate::cast::{Programme, Said, bench_claims};
use crate::measure::Measure;
use crate::stage::Stage;
use anyhow::Result;
use lockstep_node::port::TilesInMemory;
use lockstep_node::{Replica, feed};
use lockstep_store::{Memory, Store, StoredRecord};
use lockstep_types::sha256;
use std::sync::Arc;
use std::time::Instant;

/// Cases whose six steps are in the log.
const CASES: usize = 2_000;
/// Requests between two looks at the clock.
const BATCH: usize = 100;
/// Records of one message, before the last command is completed.
const MESSAGE_RECORDS_MIN: usize = 1_000;

/// Takes the measures.
///
/// # Errors
/// Whatever stopped them.
pub fn run(show: &mut dyn FnMut(Measure)) -> Result<()> {
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let mut stage = Stage::found(Arc::clone(&store), Arc::new(TilesInMemory::default()), Programme::Bench)?;
    let cases = open(&mut stage, CASES)?;
    for step in step_names() {
        for part in stage.steps(&cases, &step, &Said::Done(bench_claims()))?.chunks(BATCH) {
            super::attest::submit_part(&mut stage, part)?;
        }
    }
    stage.appender.seal(stage.now)?;
    let records = all(&*store)?;
    let messages = cut(&records);
    let erased = |part: &&[StoredRecord]| {
        let bare = |record: &StoredRecord| StoredRecord { command: None, ..record.clone() };
        feed::encode(&part.iter().map(bare).collect::<Vec<_>>())
    };
    let applied = rate(&messages.iter().map(erased).collect::<Vec<_>>(), records.len())?;
    let hashed = hashes(&records);
    show(measure("rerun-apply", (applied, 60_000.0), &format!("{hashed:.0} SHA-256 of the bodies/s")));
    let whole: Vec<Vec<u8>> = messages.iter().map(|part| feed::encode(part)).collect();
    let decided = rate(&whole, records.len())?;
    show(measure("rerun-decide", (decided, 12_000.0), &format!("{applied:.0} records/s applied only")));
    Ok(())
}

fn measure(measure: &str, (value, goal): (f64, f64), yardstick: &str) -> Measure {
    Measure {
        measure: measure.into(),
        value,
        unit: "records/s a core".into(),
        yardstick: yardstick.into(),
        ratio: None,
        goal: format!(">= {goal:.0}"),
        met: value >= goal,
    }
}

fn all(store: &dyn Store) -> Result<Vec<StoredRecord>> {
    let size = store.head()?.size;
    Ok(lockstep_store::stream(store, 0, size).collect::<Result<Vec<_>, _>>()?)
}

/// The records cut into messages as a co-signer gets them: what one command made stays together.
fn cut(mut records: &[StoredRecord]) -> Vec<&[StoredRecord]> {
    let mut messages = Vec::new();
    while !records.is_empty() {
        let mut ends = (MESSAGE_RECORDS_MIN..).zip(records.iter().skip(MESSAGE_RECORDS_MIN));
        let end = ends.find(|(_, next)| next.command.is_some()).map_or(records.len(), |(at, _)| at);
        let (message, rest) = records.split_at(end);
        messages.push(message);
        records = rest;
    }
    messages
}

/// Runs messages on this thread, from bytes.
fn rate(messages: &[Vec<u8>], records: usize) -> Result<f64> {
    let mut replica = Replica::open(Arc::new(Memory::new()), Arc::new(TilesInMemory::default()))?;
    let begun = Instant::now();
    for message in messages {
        replica.run(&feed::decode(message)?)?;
    }
    Ok(records as f64 / begun.elapsed().as_secs_f64())
}

/// The yardstick: one hash over each body.
fn hashes(records: &[StoredRecord]) -> f64 {
    let begun = Instant::now();
    for record in records {
        std::hint::black_box(sha256(&record.body));
    }
    records.len() as f64 / begun.elapsed().as_secs_f64()
}
