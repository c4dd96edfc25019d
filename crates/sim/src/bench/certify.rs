//! How long an accepted attestation waits for its certificate, with four co-signers that re-run every
//! decision.

use crate::bench::attest::{BATCH, open, step_names};
use crate::bench::cosigners::{Clock, Cosigners};
use crate::bench::disk::fdatasync_ms;
use crate::bench::p99;
use crate::cast::{Programme, Said, bench_claims};
use crate::measure::Measure;
use crate::stage::{Stage, accepted};
use anyhow::{Context, Result, bail};
use lockstep_kernel::Request;
use lockstep_ledger::seal::SEAL_DUE_MS;
use lockstep_node::port::TilesInMemory;
use lockstep_store::{Embedded, Store};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Cases that go through their six steps side by side.
const CASES: usize = 4_000;
/// Attestations a second.
const RATE: f64 = 2_000.0;
/// How long to wait for the last certificate.
const PATIENCE: Duration = Duration::from_secs(60);

/// Attestations on their way to a certificate.
struct Wires {
    cosigners: Cosigners,
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
    let clock = Clock::starting_at(stage.now.saturating_add_ms(10));
    let mut times = std::thread::scope(|scope| -> Result<Vec<f64>> {
        let cosigners = Cosigners::begin(scope, dir.path(), (stage.ledger, clock));
        let mut wires = Wires { cosigners, waiting: VecDeque::new(), times: Vec::new() };
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
    wires.cosigners.feed(&stage.appender)?;
    while let Ok(cosigned) = wires.cosigners.signed.try_recv() {
        let Some(certificate) = stage.appender.cosigned(&cosigned)? else { continue };
        while let Some((_, since)) = wires.waiting.pop_front_if(|(index, _)| *index < certificate.size) {
            wires.times.push(since.elapsed().as_secs_f64() * 1_000.0);
        }
    }
    Ok(())
}
