//! Figures for Prometheus.

mod programmes;
pub(crate) mod routes;

use crate::service::{Hosted, Service};
use lockstep_types::{Address, Time};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the buckets of a latency, in microseconds.
const BUCKETS_US: [u64; 10] =
    [1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 10_000_000];

/// What has been counted since the start.
#[derive(Default)]
pub(crate) struct Figures {
    accepted: AtomicU64,
    refusals: Mutex<BTreeMap<String, u64>>,
    answers: Latency,
    certificates: Latency,
    pub(crate) connections: Connections,
}

/// How long something took, each time.
#[derive(Default)]
struct Latency {
    buckets: [AtomicU64; 10],
    sum_us: AtomicU64,
    count: AtomicU64,
}

impl Latency {
    fn took(&self, time: Duration) {
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        for (bucket, bound) in self.buckets.iter().zip(BUCKETS_US) {
            if us <= bound {
                bucket.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.sum_us.fetch_add(us, Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    fn tell(&self, text: &mut String, name: &str, help: &str) {
        family(text, name, "histogram", help);
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let bucket = format!("{name}_bucket");
        for (count, bound) in self.buckets.iter().zip(BUCKETS_US) {
            line(text, &bucket, &format!("{{le=\"{}\"}}", seconds(bound)), load(count));
        }
        line(text, &bucket, "{le=\"+Inf\"}", load(&self.count));
        let _ = writeln!(text, "{name}_sum {}", seconds(load(&self.sum_us)));
        line(text, &format!("{name}_count"), "", load(&self.count));
    }
}

/// How far each co-signer of a ledger has signed since the start.
#[derive(Default)]
pub(crate) struct Signed(Mutex<BTreeMap<Address, u64>>);

impl Signed {
    /// A signature that holds.
    pub(crate) fn note(&self, address: Address, size: u64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let signed = all.entry(address).or_default();
        *signed = size.max(*signed);
    }
}

/// Counts connections.
#[derive(Clone, Default)]
pub(crate) struct Connections(Arc<AtomicU64>);

impl Figures {
    /// A request was accepted.
    pub(crate) fn accepted(&self) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
    }

    /// A request was refused for this reason.
    pub(crate) fn refused(&self, code: &str) {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        let count = refusals.entry(code.to_owned()).or_default();
        *count = count.saturating_add(1);
    }

    /// How long a request waited for its durable answer.
    pub(crate) fn took(&self, time: Duration) {
        self.answers.took(time);
    }

    /// How long a seal waited for its certificate.
    pub(crate) fn certified(&self, time: Duration) {
        self.certificates.took(time);
    }
}

impl Connections {
    /// A connection was opened; it counts until what is returned is dropped.
    pub(crate) fn opened(&self) -> Opened {
        self.0.fetch_add(1, Ordering::Relaxed);
        Opened(Arc::clone(&self.0))
    }

    /// Connections now.
    pub(crate) fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// See [`Connections::opened`].
pub(crate) struct Opened(Arc<AtomicU64>);

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The text that Prometheus reads (its exposition format, version 0.0.4).
pub(crate) fn text(service: &Service) -> String {
    let figures = &service.figures;
    let mut text = String::new();
    let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    family(&mut text, "lockstep_requests_accepted_total", "counter", "Requests that count.");
    line(&mut text, "lockstep_requests_accepted_total", "", load(&figures.accepted));
    family(&mut text, "lockstep_requests_refused_total", "counter", "Requests refused, by reason.");
    for (code, count) in &*figures.refusals.lock().unwrap_or_else(PoisonError::into_inner) {
        line(&mut text, "lockstep_requests_refused_total", &format!("{{code=\"{code}\"}}"), *count);
    }
    let help = "From the request to its durable answer.";
    figures.answers.tell(&mut text, "lockstep_accept_seconds", help);
    let help = "From a seal to its certificate.";
    figures.certificates.tell(&mut text, "lockstep_certify_seconds", help);
    family(&mut text, "lockstep_connections", "gauge", "Connections now.");
    line(&mut text, "lockstep_connections", "", figures.connections.now());
    ledgers(&mut text, service.ledgers(), service.now());
    cosigners(&mut text, service.ledgers());
    text
}

/// The figures of one ledger.
pub(crate) fn of_ledger(hosted: &Arc<Hosted>, now: Time) -> String {
    let mut text = String::new();
    ledgers(&mut text, [hosted].into_iter(), now);
    cosigners(&mut text, [hosted].into_iter());
    text
}

fn ledgers<'a>(text: &mut String, all: impl Iterator<Item = &'a Arc<Hosted>>, now: Time) {
    let families: [(&str, &str); 5] = [
        ("lockstep_ledger_records", "Records under the newest seal."),
        ("lockstep_ledger_certified_records", "Records under the newest certificate."),
        ("lockstep_ledger_seal_age_seconds", "Age of the newest seal."),
        ("lockstep_ledger_waiting", "Questions that wait for the ledger."),
        ("lockstep_ledger_running", "1 while the ledger takes work."),
    ];
    let rows: Vec<(String, [u64; 5])> = all
        .map(|hosted| {
            let (engine, head) = (&hosted.engine, hosted.engine.head());
            let label = format!("{{ledger=\"{}\",name=\"{}\"}}", hosted.ledger, hosted.name);
            let waiting = u64::try_from(engine.waiting()).unwrap_or(u64::MAX);
            let figures = [
                head.map_or(0, |head| head.size),
                *engine.certificates().borrow(),
                head.map_or(0, |head| now.ms_since(head.time) / 1_000),
                waiting,
                u64::from(engine.is_running()),
            ];
            (label, figures)
        })
        .collect();
    for (at, (name, help)) in families.into_iter().enumerate() {
        family(text, name, "gauge", help);
        for (label, figures) in &rows {
            figures.get(at).into_iter().for_each(|figure| line(text, name, label, *figure));
        }
    }
}

fn cosigners<'a>(text: &mut String, all: impl Iterator<Item = &'a Arc<Hosted>>) {
    let name = "lockstep_cosigner_signed_records";
    family(text, name, "gauge", "Records that a co-signer has signed, since the start.");
    for hosted in all {
        for (address, size) in &*hosted.signed.0.lock().unwrap_or_else(PoisonError::into_inner) {
            let label = format!("{{ledger=\"{}\",address=\"{address}\"}}", hosted.ledger);
            line(text, name, &label, *size);
        }
    }
}

pub(crate) fn family(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

pub(crate) fn line(text: &mut String, name: &str, label: &str, value: u64) {
    let _ = writeln!(text, "{name}{label} {value}");
}

fn seconds(us: u64) -> String {
    format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
}
