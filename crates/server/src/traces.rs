//! The way of a request as spans, in the form of OpenTelemetry: received, waiting for a batch, decided and
//! durable, sealed, certified. A span names ledger, case, record and outcome: no claim, no party, no person.

use crate::engine::Timed;
use crate::reply::Failed;
use crate::service::{Hosted, Service};
use axum::http::HeaderMap;
use lockstep_api::answer::Entered;
use lockstep_attest::Statement;
use lockstep_kernel::Request;
use lockstep_types::CaseId;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Records of one ledger whose seal or certificate is awaited for a trace; the oldest makes room.
const AWAITED_MAX: usize = 4_096;
/// After this time nobody waits for a certificate any more.
const AWAITED_FOR: Duration = Duration::from_secs(600);

/// A part of a request's way, once it is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The trace.
    pub trace: [u8; 16],
    /// The span.
    pub id: [u8; 8],
    /// What it is a part of; none for the first of a trace.
    pub parent: Option<[u8; 8]>,
    /// What it is.
    pub name: &'static str,
    /// True for what the server does for somebody who waits.
    pub serves: bool,
    /// From when.
    pub begun: SystemTime,
    /// Until when.
    pub ended: SystemTime,
    /// Names and values.
    pub attributes: Vec<(&'static str, Value)>,
    /// True when the server failed; a refusal is no failure.
    pub failed: bool,
}

/// A value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// An id, or a stable code.
    Text(String),
    /// A number.
    Number(u64),
}

/// Takes spans; it never waits.
pub type SpanSink = Arc<dyn Fn(Span) + Send + Sync>;

/// Which requests are traced, and who takes their spans.
pub(crate) struct Traces {
    sink: SpanSink,
    /// Of requests that do not say themselves, one in so many is traced.
    one_in: u32,
    count: AtomicU32,
}

/// One request that is traced.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trace {
    trace: [u8; 16],
    root: [u8; 8],
    parent: Option<[u8; 8]>,
    begun: SystemTime,
}

/// A record that is to be sealed and certified.
struct Awaited {
    trace: Trace,
    index: u64,
    durable: SystemTime,
    sealed: Option<SystemTime>,
}

/// See [`Awaited`].
#[derive(Default)]
pub(crate) struct Awaiting(Mutex<VecDeque<Awaited>>);

fn bytes_of<const N: usize>(hex: &str) -> Option<[u8; N]> {
    let lower = hex.len() == N * 2 && hex.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
    let byte = |at: usize| u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok();
    let mut bytes = [0; N];
    for (at, slot) in bytes.iter_mut().enumerate().filter(|_| lower) {
        *slot = byte(at)?;
    }
    // All zeros name nothing (Trace Context §2.2.2).
    (bytes != [0; N]).then_some(bytes)
}

/// A client's `traceparent` (W3C Trace Context §3.2): its trace, its span, and whether it is recorded.
fn traceparent(headers: &HeaderMap) -> Option<([u8; 16], [u8; 8], bool)> {
    let mut values = headers.get_all("traceparent").iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let value = value.to_str().ok()?;
    let mut parts = value.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    // A later version may have more parts; version 255 is none.
    let known = version == "00" && parts.next().is_none() && value.len() == 55;
    let later = version != "00" && version != "ff" && bytes_of::<1>(version).is_some();
    let flags = u8::from_str_radix(flags, 16).ok().filter(|_| flags.len() == 2)?;
    (known || later).then_some((bytes_of(trace)?, bytes_of(parent)?, flags & 1 == 1))
}

fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes)
}

impl Traces {
    pub(crate) fn new(sink: SpanSink, one_in: u32) -> Self {
        Self { sink, one_in: one_in.max(1), count: AtomicU32::new(0) }
    }

    /// The trace of a request that begins, where it is traced.
    pub(crate) fn begin(&self, headers: &HeaderMap) -> Option<Trace> {
        let begun = SystemTime::now();
        let (trace, parent) = match traceparent(headers) {
            Some((_, _, false)) => return None,
            Some((trace, parent, true)) => (trace, Some(parent)),
            None if self.count.fetch_add(1, Ordering::Relaxed).is_multiple_of(self.one_in) => {
                (random()?, None)
            }
            None => return None,
        };
        Some(Trace { trace, root: random()?, parent, begun })
    }

    fn tell(&self, trace: &Trace, name: &'static str, (begun, ended): (SystemTime, SystemTime)) {
        let Some(id) = random() else { return };
        (self.sink)(Span {
            trace: trace.trace,
            id,
            parent: Some(trace.root),
            name,
            serves: false,
            begun,
            ended,
            attributes: Vec::new(),
            failed: false,
        });
    }

    /// The pipeline has answered.
    pub(crate) fn answered(&self, trace: &Trace, timed: &Timed) {
        self.tell(trace, "queue", (timed.asked, timed.taken));
        self.tell(trace, "decide", (timed.taken, timed.durable));
    }

    /// The request is answered: its own span ends, and what it put on record is awaited.
    pub(crate) fn end(&self, trace: Trace, hosted: &Hosted, request: &[u8], told: &Result<Entered, Failed>) {
        let now = SystemTime::now();
        let mut attributes = vec![("lockstep.ledger", Value::Text(hosted.ledger.to_string()))];
        let status = told.as_ref().map_or_else(|failed| failed.0.status, |_| 200);
        attributes.push(("http.response.status_code", Value::Number(status.into())));
        match told {
            Err(failed) => attributes.push(("lockstep.refused", Value::Text(failed.0.code.clone()))),
            Ok(entered) => {
                let opened = entered.records.iter().find(|record| record.kind == "opened");
                let case = opened.map(|record| CaseId(record.leaf.0)).or_else(|| case_of(request));
                attributes.extend(case.map(|case| ("lockstep.case", Value::Text(case.to_string()))));
                let ends = entered.records.first().zip(entered.records.last());
                if let Some((first, last)) = ends {
                    attributes.push(("lockstep.record", Value::Number(first.index)));
                    hosted.awaiting.add(Awaited { trace, index: last.index, durable: now, sealed: None });
                }
            }
        }
        (self.sink)(Span {
            trace: trace.trace,
            id: trace.root,
            parent: trace.parent,
            name: "submission",
            serves: true,
            begun: trace.begun,
            ended: now,
            attributes,
            failed: status >= 500,
        });
    }

    /// Follows a ledger's seals and certificates, until its engine stops.
    pub(crate) async fn follow(service: Arc<Service>, hosted: Arc<Hosted>) {
        let (mut heads, mut certificates) = (hosted.engine.heads(), hosted.engine.certificates());
        let Some(traces) = &service.traces else { return };
        loop {
            let sealed = heads.borrow_and_update().map_or(0, |head| head.size);
            let certified = *certificates.borrow_and_update();
            hosted.awaiting.advance(traces, sealed, certified);
            let changed = tokio::select! {
                changed = heads.changed() => changed.is_ok(),
                changed = certificates.changed() => changed.is_ok(),
            };
            if !changed {
                return;
            }
        }
    }
}

fn case_of(request: &[u8]) -> Option<CaseId> {
    let request = Request::from_slice(request).ok()?;
    match request.submission()?.clone().decode().ok()?.statement {
        Statement::Attestation(said) => Some(said.case),
        _ => None,
    }
}

impl Awaiting {
    fn add(&self, awaited: Awaited) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= AWAITED_MAX {
            all.pop_front();
        }
        all.push_back(awaited);
    }

    /// So many records are sealed, so many certified.
    fn advance(&self, traces: &Traces, sealed: u64, certified: u64) {
        let now = SystemTime::now();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain_mut(|awaited| {
            if awaited.sealed.is_none() && awaited.index < sealed {
                traces.tell(&awaited.trace, "seal", (awaited.durable, now));
                awaited.sealed = Some(now);
            }
            match awaited.sealed.filter(|_| awaited.index < certified) {
                Some(sealed) => traces.tell(&awaited.trace, "certify", (sealed, now)),
                None => return now.duration_since(awaited.durable).is_ok_and(|waited| waited < AWAITED_FOR),
            }
            false
        });
    }
}

#[cfg(test)]
mod tests;
