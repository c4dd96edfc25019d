//! A long time at half load with everything on: four co-signers that re-run, parties that take whole cases,
//! readers that ask, figures that are fetched. What has to stay as it is: memory, and every latency.
//!
//! Every case is refused by its last step: no chain is here to show what became of an outcome, and a case
//! that has one is kept in memory until then.

use crate::bench::served::{ONE_ADDRESS, Parties, Served};
use crate::bench::{median, p99};
use crate::cast::{COSIGNERS, Programme, Said};
use crate::measure::Measure;
use anyhow::{Context, Result, ensure};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Parts that are compared, each of a minute at least.
const QUARTERS: u32 = 4;
/// Parties' threads.
const THREADS: u32 = 8;
/// How long the full load is looked for.
const FULL: Duration = Duration::from_secs(20);
/// Between two looks at a certificate.
const LOOKS: Duration = Duration::from_millis(20);
/// How much more memory the last quarter may have than the second.
const MEMORY: f64 = 1.1;
/// How much longer anything may take in the last quarter than in the second.
const LATENCY: f64 = 1.5;

/// What a part of the time showed.
struct Part {
    accepted: f64,
    certified: f64,
    server: f64,
    cosigners: f64,
}

/// What threads share.
struct Load<'a> {
    served: &'a Served,
    parties: &'a Parties,
    /// Milliseconds to a receipt, and to a certificate.
    times: Mutex<Vec<f64>>,
    certified: Mutex<Vec<f64>>,
    cases: AtomicU64,
    ends: AtomicBool,
}

/// Takes the measures, over so many minutes.
///
/// # Errors
/// Whatever stopped them.
pub fn run(minutes: u32, show: &mut dyn FnMut(Measure)) -> Result<()> {
    ensure!(minutes >= QUARTERS, "quarters are compared: give it {QUARTERS} minutes at least");
    let served = Served::begin(Programme::Five, COSIGNERS, ONE_ADDRESS)?;
    let parties = Parties::of(Programme::Five)?;
    let load = Load {
        served: &served,
        parties: &parties,
        times: Mutex::default(),
        certified: Mutex::default(),
        cases: AtomicU64::new(0),
        ends: AtomicBool::new(false),
    };
    let full = rate(&load)?;
    let parts = at_half(&load, (full / 2.0, minutes))?;
    let quarter = (parts.len() / 4).max(1);
    let of = |from: usize, value: &dyn Fn(&Part) -> f64| {
        median(&mut parts.iter().skip(from).take(quarter).map(value).collect::<Vec<_>>())
    };
    let mut tell = |measure: &str, unit: &str, (value, goal): (&dyn Fn(&Part) -> f64, f64)| {
        let (before, last) = (of(quarter, value), of(parts.len().saturating_sub(quarter), value));
        show(Measure {
            measure: measure.to_owned(),
            value: last,
            unit: unit.to_owned(),
            yardstick: format!(
                "{before:.1} {unit} in the second quarter; {:.0} cases/s for {minutes} minutes",
                full / 2.0
            ),
            ratio: Some(last / before),
            goal: format!("ratio <= {goal}"),
            met: last / before <= goal,
        });
    };
    tell("soak-memory-appender", "MiB", (&|part| part.server, MEMORY));
    tell("soak-memory-cosigner", "MiB", (&|part| part.cosigners, MEMORY));
    tell("soak-accepted-p99", "ms", (&|part| part.accepted, LATENCY));
    tell("soak-certified-p99", "ms", (&|part| part.certified, LATENCY));
    Ok(())
}

/// Cases a second when nobody waits.
fn rate(load: &Load<'_>) -> Result<f64> {
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| cases(load, None))).collect();
        std::thread::sleep(FULL);
        load.ends.store(true, Ordering::SeqCst);
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    load.ends.store(false, Ordering::SeqCst);
    Ok(load.cases.swap(0, Ordering::SeqCst) as f64 / begun.elapsed().as_secs_f64())
}

/// Cases at this rate; one part a minute.
fn at_half(load: &Load<'_>, (rate, minutes): (f64, u32)) -> Result<Vec<Part>> {
    let each = Duration::from_secs_f64(f64::from(THREADS) / rate);
    std::thread::scope(|scope| {
        let mut threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| cases(load, Some(each)))).collect();
        threads.push(scope.spawn(|| certificates(load)));
        let mut parts = Vec::new();
        for minute in 1..=minutes {
            taken(&load.times);
            taken(&load.certified);
            std::thread::sleep(Duration::from_secs(60));
            let part = part(load)?;
            eprintln!(
                "minute {minute} of {minutes}: {:.0} MiB, co-signers {:.0} MiB, accepted {:.1} ms, certified \
                 {:.0} ms",
                part.server, part.cosigners, part.accepted, part.certified
            );
            parts.push(part);
            if threads.iter().any(std::thread::ScopedJoinHandle::is_finished) {
                break;
            }
        }
        load.ends.store(true, Ordering::SeqCst);
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))?;
        Ok(parts)
    })
}

fn part(load: &Load<'_>) -> Result<Part> {
    const MIB: f64 = 1_048_576.0;
    let resident = load.served.resident()?;
    let (server, cosigners) = resident.split_first().context("the server is gone")?;
    let most = cosigners.iter().max().copied().unwrap_or_default();
    Ok(Part {
        accepted: p99(&mut taken(&load.times)),
        certified: p99(&mut taken(&load.certified)),
        server: *server as f64 / MIB,
        cosigners: most as f64 / MIB,
    })
}

fn taken(times: &Mutex<Vec<f64>>) -> Vec<f64> {
    std::mem::take(&mut *times.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Takes cases, one every so often, until it is to end.
fn cases(load: &Load<'_>, each: Option<Duration>) -> Result<()> {
    let (client, last) = (load.served.client()?, refused());
    let mut due = Instant::now();
    while !load.ends.load(Ordering::SeqCst) {
        if let Some(each) = each {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            due += each;
        }
        let (times, _) = load.parties.take_case(&client, &last).with_context(|| load.served.log())?;
        load.cases.fetch_add(1, Ordering::SeqCst);
        let times = times.into_iter().map(|time| time.as_secs_f64() * 1_000.0);
        load.times.lock().unwrap_or_else(PoisonError::into_inner).extend(times);
    }
    Ok(())
}

/// Takes a case now and then, and waits for the certificate over its last record; fetches figures meanwhile.
fn certificates(load: &Load<'_>) -> Result<()> {
    let (client, last) = (load.served.client()?, refused());
    while !load.ends.load(Ordering::SeqCst) {
        let (_, index) = load.parties.take_case(&client, &last)?;
        let begun = Instant::now();
        while !load.ends.load(Ordering::SeqCst)
            && client.ledger()?.certified.is_none_or(|head| head.size <= index)
        {
            std::thread::sleep(LOOKS);
        }
        let mut times = load.certified.lock().unwrap_or_else(PoisonError::into_inner);
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
        drop(times);
        load.served.figure("lockstep_connections")?;
    }
    Ok(())
}

/// What every case ends with.
fn refused() -> Said {
    Said::Refused("the accounts differ".to_owned())
}
