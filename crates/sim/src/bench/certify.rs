//! How long an accepted attestation waits for its certificate, with four co-signers that re-run every
//! decision.

use crate::bench::attest::{BATCH, open, step_names};
use crate::bench::disk::fdatasync_ms;
use crate::bench::p99;
use crate::cast::{COSIGNERS, CastKey, Programme, Said, bench_claims, cosigner_key};
use crate::measure::Measure;
use crate::stage::{Stage, accepted};
use anyhow::{Context, Result, bail};
use lockstep_kernel::Request;
use lockstep_ledger::seal::SEAL_DUE_MS;
use lockstep_node::cosigner::Cosigned;
use lockstep_node::port::TilesInMemory;
use lockstep_node::{CheckpointSigner, Cosigner};
use lockstep_store::{Embedded, SignerState, Store};
use lockstep_types::{LedgerId, Time};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// Cases that go through their six steps side by side.
const CASES: usize = 4_000;
/// Attestations a second.
const RATE: f64 = 2_000.0;
/// Bytes that a co-signer takes at once, before the last message.
const FEED_BYTES: usize = 2 * 1_048_576;
/// How long to wait for the last certificate.
const PATIENCE: Duration = Duration::from_secs(60);

/// One clock for everybody: ledger time from the moment the run began.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    pub begun: Instant,
    pub from: Time,
}

impl Clock {
    pub(super) fn now(&self) -> Time {
        self.from.saturating_add_ms(u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(0))
    }
}

/// The appender's side of the wires.
struct Wires {
    feeds: Vec<Sender<Arc<Vec<u8>>>>,
    signed: Receiver<Cosigned>,
    fed: u64,
    /// First record and moment of attestations that wait, in order.
    waiting: VecDeque<(u64, Instant)>,
    times: Vec<f64>,
}

/// Takes the measure.
///
/// # Errors
/// Whatever stopped it.
pub fn run(show: &mut dyn FnMut(Measure)) -> Result<()> {
    let dir = tempfile::tempdir_in(".").context("cannot make a folder on the disk to measure")?;
    let store: Arc<dyn Store> = Arc::new(Embedded::open(&dir.path().join("ledger"))?);
    let mut stage = Stage::found(store, Arc::new(TilesInMemory::default()), Programme::Bench)?;
    let cases = open(&mut stage, CASES)?;
    let (to_appender, signed) = channel();
    let clock = Clock { begun: Instant::now(), from: stage.now.saturating_add_ms(10) };
    let mut times = std::thread::scope(|scope| -> Result<Vec<f64>> {
        let mut feeds = Vec::new();
        for number in 0..COSIGNERS {
            let (feed, records) = channel();
            feeds.push(feed);
            let (answer, home) = (to_appender.clone(), dir.path().join(format!("cosigner-{number}")));
            let (ledger, key) = (stage.ledger, cosigner_key(number));
            scope.spawn(move || follow((&home, ledger, key), &records, (&answer, clock)));
        }
        let mut wires = Wires { feeds, signed, fed: 0, waiting: VecDeque::new(), times: Vec::new() };
        for step in step_names() {
            stage.now = clock.now();
            let requests = stage.steps(&cases, &step, &Said::Done(bench_claims()))?;
            paced(&mut stage, &mut wires, (&requests, clock))?;
        }
        Ok(wires.times)
    })?;
    let disk = fdatasync_ms(dir.path(), 60_000, 30)?;
    let value = p99(&mut times) / 1_000.0;
    show(Measure {
        measure: "certify-p99".into(),
        value,
        unit: "s".into(),
        yardstick: format!(
            "seals every {SEAL_DUE_MS} ms at {RATE:.0} attestations/s; fdatasync {disk:.1} ms"
        ),
        ratio: None,
        goal: "<= 1.5 s".into(),
        met: value <= 1.5,
    });
    Ok(())
}

/// A co-signer with a store and a signer's memory of its own, until its feed ends.
pub(super) fn follow(
    (home, ledger, key): (&Path, LedgerId, CastKey),
    records: &Receiver<Arc<Vec<u8>>>,
    (answer, clock): (&Sender<Cosigned>, Clock),
) -> Result<()> {
    let store: Arc<dyn Store> = Arc::new(Embedded::open(&home.join("ledger"))?);
    let memory = SignerState::create(&home.join("signer"))?;
    let signer = CheckpointSigner::new(key, memory, ledger)?;
    let mut cosigner = Cosigner::open(store, Arc::new(TilesInMemory::default()), signer, ledger)?;
    while let Ok(first) = records.recv() {
        // Whoever is behind takes what has come meanwhile at once: messages follow one another byte by byte.
        let mut bytes = first.to_vec();
        while bytes.len() < FEED_BYTES
            && let Ok(next) = records.try_recv()
        {
            bytes.extend_from_slice(&next);
        }
        for cosigned in cosigner.receive_and_sign(cosigner.next(), &bytes, clock.now())? {
            answer.send(cosigned)?;
        }
        cosigner.snapshot_if_due()?;
    }
    Ok(())
}

/// Hands in requests at the rate, feeds co-signers, and takes their signatures, until all is certified.
fn paced(stage: &mut Stage, wires: &mut Wires, (requests, clock): (&[Vec<u8>], Clock)) -> Result<()> {
    let begun = Instant::now();
    let due = |at: usize| Duration::from_secs_f64(at as f64 / RATE);
    let mut at = 0;
    while at < requests.len() || !wires.waiting.is_empty() {
        let elapsed = begun.elapsed();
        if elapsed > due(requests.len()) + PATIENCE {
            bail!("{} attestations are still without a certificate", wires.waiting.len());
        }
        let ready = (at..requests.len()).take(BATCH).take_while(|i| due(*i) <= elapsed).count();
        let part = requests.get(at..at + ready).unwrap_or_default();
        at += ready;
        turn(stage, wires, (part, clock))?;
        if ready == 0 {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    Ok(())
}

fn turn(stage: &mut Stage, wires: &mut Wires, (part, clock): (&[Vec<u8>], Clock)) -> Result<()> {
    if !part.is_empty() {
        let requests =
            part.iter().map(|bytes| Ok(Request::from_slice(bytes)?)).collect::<Result<Vec<_>>>()?;
        let answers = accepted(stage.appender.submit(requests, clock.now())?)?;
        let now = Instant::now();
        wires.waiting.extend(answers.iter().map(|accepted| (accepted.index, now)));
    }
    stage.appender.seal_if_due(clock.now())?;
    while wires.fed < stage.appender.head().1 {
        let bytes = Arc::new(stage.appender.feed(wires.fed, 2_000)?);
        wires.fed += u64::try_from(lockstep_node::feed::decode(&bytes)?.len())?;
        for feed in &wires.feeds {
            // A co-signer that has stopped is missed when its signature is.
            let _ = feed.send(Arc::clone(&bytes));
        }
    }
    while let Ok(cosigned) = wires.signed.try_recv() {
        let Some(certificate) = stage.appender.cosigned(&cosigned)? else { continue };
        while let Some((_, since)) = wires.waiting.pop_front_if(|(index, _)| *index < certificate.size) {
            wires.times.push(since.elapsed().as_secs_f64() * 1_000.0);
        }
    }
    Ok(())
}
