//! Attestations a second, from bytes to durable receipts, beside checking the same signatures alone.

use crate::bench::disk::fdatasync_ms;
use crate::bench::p99;
use crate::cast::{BENCH_STEPS, Programme, Said, bench_claims, bench_params, name};
use crate::measure::Measure;
use crate::stage::{Stage, accepted, on_all_cores};
use anyhow::{Context, Result};
use lockstep_crypto::suite::{Message, PublicKey, Suite, verify};
use lockstep_kernel::{Kernel, Request};
use lockstep_node::port::TilesInMemory;
use lockstep_node::{Answer, Ports, Work};
use lockstep_store::{Embedded, Store};
use lockstep_types::{CaseId, Name};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Cases that go through their six steps side by side: enough that several snapshots fall into the measure.
const CASES: usize = 16_000;
/// Cases of the measure of latencies.
const PACED_CASES: usize = 4_000;
/// Requests handed in together.
pub(crate) const BATCH: usize = 128;

/// How long requests are gathered before they are handed in, as whoever takes them off a network would.
const GATHERED: Duration = Duration::from_millis(2);

/// One signature, ready to be checked.
pub(crate) struct Alone {
    key: PublicKey,
    bytes: Vec<u8>,
    hash: [u8; 32],
    signature: Vec<u8>,
}

impl Alone {
    /// Checks it with the library of its suite, and nothing beside it.
    pub(crate) fn check(&self) -> Result<()> {
        let message = match self.key.suite() {
            Suite::Eip712 => Message::Hash(&self.hash),
            _ => Message::Bytes(&self.bytes),
        };
        Ok(verify(&self.key, message, &self.signature)?)
    }
}

/// Takes the measures.
///
/// # Errors
/// Whatever stopped them.
pub fn run(show: &mut dyn FnMut(Measure)) -> Result<()> {
    let dir = tempfile::tempdir_in(".").context("cannot make a folder on the disk to measure")?;
    let store: Arc<dyn Store> = Arc::new(Embedded::open(&dir.path().join("ledger"))?);
    let mut stage = Stage::found(store, Arc::new(TilesInMemory::default()), Programme::Bench)?;
    let cases = open(&mut stage, CASES)?;
    let (mut whole, mut alone) = (Duration::ZERO, Duration::ZERO);
    for step in BENCH_STEPS {
        let requests = stage.steps(&cases, &name(step), &Said::Done(bench_claims()))?;
        let kernel = stage.kernel();
        let checks = on_all_cores(&requests, |bytes| signature_of(kernel, bytes))?;
        alone += signatures_alone(&checks)?;
        whole += submit_all(&mut stage, &requests)?;
    }
    let count = (CASES * BENCH_STEPS.len()) as f64;
    let (rate, yard) = (count / whole.as_secs_f64(), count / alone.as_secs_f64());
    let disk = fdatasync_ms(dir.path(), BATCH * 3_000, 30)?;
    show(Measure {
        measure: "attest".into(),
        value: rate,
        unit: "attestations/s".into(),
        yardstick: format!("{yard:.0} signatures/s alone on all cores; fdatasync of a batch {disk:.1} ms"),
        ratio: Some(rate / yard),
        goal: "ratio >= 0.5".into(),
        met: rate / yard >= 0.5,
    });
    show(latency(&mut stage, rate / 2.0, disk)?);
    Ok(())
}

/// Opens cases, and gives their names.
pub(crate) fn open(stage: &mut Stage, count: usize) -> Result<Vec<CaseId>> {
    let mut cases = Vec::with_capacity(count);
    for part in stage.openings(count, &bench_params())?.chunks(BATCH) {
        for accepted in accepted(submit(stage, part)?)? {
            cases.push(CaseId(accepted.records.first().context("no record")?.leaf_hash().0));
        }
    }
    Ok(cases)
}

/// Hands in one part, and sees to it that all is accepted.
pub(crate) fn submit_part(stage: &mut Stage, part: &[Vec<u8>]) -> Result<()> {
    accepted(submit(stage, part)?).map(drop)
}

fn submit(stage: &mut Stage, part: &[Vec<u8>]) -> Result<Vec<Answer>> {
    stage.now = stage.now.saturating_add_ms(20);
    let requests = part.iter().map(|bytes| Ok(Request::from_slice(bytes)?)).collect::<Result<Vec<_>>>()?;
    let answers = stage.appender.submit(requests, stage.now)?;
    stage.appender.seal_if_due(stage.now)?;
    Ok(answers)
}

/// Runs requests through the pipeline; `source` gives the parts, `answered` learns how many have been
/// answered.
fn through(
    stage: &mut Stage,
    source: &mut (dyn FnMut() -> Option<Vec<Vec<u8>>> + Send),
    answered: &mut (dyn FnMut(usize) + Send),
) -> Result<()> {
    let (begun, from) = (Instant::now(), stage.now);
    let clock = || from.saturating_add_ms(u64::try_from(begun.elapsed().as_millis()).unwrap_or(0));
    let mut refused = Ok(());
    let mut sink = |answers: Vec<Answer>| {
        let count = answers.len();
        if let Err(error) = accepted(answers) {
            refused = Err(error);
        }
        answered(count);
    };
    let mut source = || source().map(Work::from);
    let ports = Ports { source: &mut source, clock: &clock, sink: &mut sink, sealed: &mut |_| {} };
    stage.appender.run(ports)?;
    stage.now = clock();
    refused
}

/// From the first request handed in to the last receipt.
pub(crate) fn submit_all(stage: &mut Stage, requests: &[Vec<u8>]) -> Result<Duration> {
    let mut parts: VecDeque<Vec<Vec<u8>>> = requests.chunks(BATCH).map(<[_]>::to_vec).collect();
    let (begun, mut done) = (Instant::now(), Duration::ZERO);
    through(stage, &mut || parts.pop_front(), &mut |_| done = begun.elapsed())?;
    Ok(done)
}

/// The signature of a request as a library alone would check it.
pub(crate) fn signature_of(kernel: &Kernel, bytes: &[u8]) -> Result<Alone> {
    let request = Request::from_slice(bytes)?;
    let decoded = request.submission().context("no submission")?.clone().decode()?;
    let signature = decoded.submission.envelope.signatures.first().context("no signature")?.clone();
    let key = kernel.key(&signature.keyid).context("an unknown key")?.key.clone();
    let (hash, bytes) = (decoded.statement.typed_hash(&decoded.digest), decoded.submission.envelope.pae());
    Ok(Alone { key, bytes, hash, signature: signature.sig })
}

/// Checks them one by one on all cores.
fn signatures_alone(checks: &[Alone]) -> Result<Duration> {
    let begun = Instant::now();
    on_all_cores(checks, Alone::check)?;
    Ok(begun.elapsed())
}

/// Milliseconds from the moment a request is due to its durable receipt, at `rate` a second.
fn latency(stage: &mut Stage, rate: f64, disk: f64) -> Result<Measure> {
    let cases = open(stage, PACED_CASES)?;
    let mut times = Vec::new();
    for step in BENCH_STEPS {
        let requests = stage.steps(&cases, &name(step), &Said::Done(bench_claims()))?;
        times.extend(paced(stage, &requests, rate)?);
    }
    let value = p99(&mut times);
    Ok(Measure {
        measure: "attest-p99".into(),
        value,
        unit: "ms".into(),
        yardstick: format!("{rate:.0} attestations/s, half of the above; fdatasync of a batch {disk:.1} ms"),
        ratio: None,
        goal: "<= 50 ms".into(),
        met: value <= 50.0,
    })
}

fn paced(stage: &mut Stage, requests: &[Vec<u8>], rate: f64) -> Result<Vec<f64>> {
    let begun = Instant::now();
    let due = |at: usize| Duration::from_secs_f64(at as f64 / rate);
    let (mut at, mut handed_in) = (0, Duration::ZERO);
    let mut source = || {
        if at == requests.len() {
            return None;
        }
        std::thread::sleep(due(at).max(handed_in + GATHERED).saturating_sub(begun.elapsed()));
        let now = begun.elapsed();
        handed_in = now;
        let ready = (at..requests.len()).take(BATCH).take_while(|i| due(*i) <= now).count().max(1);
        let part = requests.get(at..at + ready).unwrap_or_default().to_vec();
        at += ready;
        Some(part)
    };
    let (mut times, mut answered) = (Vec::with_capacity(requests.len()), 0);
    through(stage, &mut source, &mut |count| {
        let done = begun.elapsed();
        let one = |i| done.saturating_sub(due(i)).as_secs_f64() * 1_000.0;
        times.extend((answered..answered + count).map(one));
        answered += count;
    })?;
    Ok(times)
}

/// The steps of the measures, as names.
pub(crate) fn step_names() -> Vec<Name> {
    BENCH_STEPS.map(name).to_vec()
}
