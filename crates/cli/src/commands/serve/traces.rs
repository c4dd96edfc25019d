//! `[traces]` of `lockstep.toml`: spans go to a collector as OTLP over HTTP, in its JSON form, from a thread
//! of their own. Whatever a collector does, no request waits for it: what does not fit is dropped and told.

use crate::fault::invalid;
use crate::os;
use anyhow::Result;
use lockstep_client::{Options, may_be_asked, posted};
use lockstep_server::traces::{Span, SpanSink, Value};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Spans that wait for the collector.
const QUEUE: usize = 8_192;
/// Spans in one message, and how long the first of them waits for others.
const BATCH: usize = 512;
const GATHER: Duration = Duration::from_secs(1);
/// How long the collector may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest answer of it that is read.
const ANSWER_BYTES_MAX: u64 = 65_536;

/// The table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TracesConfig {
    /// The collector, without `/v1/traces`.
    endpoint: String,
    /// Of requests that do not say themselves, one in so many is traced.
    #[serde(default = "all")]
    pub one_in: NonZeroU32,
    /// Certificates in PEM that vouch for the collector, in place of those of this machine.
    pub roots: Option<PathBuf>,
}

const fn all() -> NonZeroU32 {
    NonZeroU32::MIN
}

/// What the thread is told.
enum Told {
    Span(Span),
    End,
}

/// The thread that sends.
pub struct Exporter {
    to: SyncSender<Told>,
    thread: JoinHandle<()>,
    dropped: Arc<AtomicU64>,
}

impl Exporter {
    /// Begins; nothing is sent before there is a span.
    pub fn begin(config: &TracesConfig) -> Result<Self> {
        let url = format!("{}/v1/traces", config.endpoint.trim_end_matches('/'));
        if !may_be_asked(&url) {
            let text = "`[traces]` names no `https://` address, nor one of this machine";
            return Err(invalid("server-config", text).into());
        }
        let roots = config.roots.as_ref().map(|path| os::read(path, os::SMALL_FILE_BYTES_MAX)).transpose()?;
        let options = Options { roots, timeout: PATIENCE, ..Options::default() };
        let (to, spans) = sync_channel(QUEUE);
        let dropped = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&dropped);
        let thread = std::thread::spawn(move || send(&spans, &counted, &(url, options)));
        Ok(Self { to, thread, dropped })
    }

    /// Where spans go.
    pub fn sink(&self) -> SpanSink {
        let (to, dropped) = (self.to.clone(), Arc::clone(&self.dropped));
        Arc::new(move |span| {
            if to.try_send(Told::Span(span)).is_err() {
                dropped.fetch_add(1, Ordering::Relaxed);
            }
        })
    }

    /// Sends what waits, within the time that the collector has.
    pub fn end(self) {
        let _ = self.to.send(Told::End);
        let _ = self.thread.join();
    }
}

fn send(spans: &Receiver<Told>, dropped: &AtomicU64, collector: &(String, Options)) {
    let mut ended = false;
    while !ended {
        let mut batch = Vec::new();
        match spans.recv() {
            Ok(Told::Span(span)) => batch.push(span),
            _ => return,
        }
        let begun = Instant::now();
        while batch.len() < BATCH && !ended {
            match spans.recv_timeout(GATHER.saturating_sub(begun.elapsed())) {
                Ok(Told::Span(span)) => batch.push(span),
                Err(RecvTimeoutError::Timeout) => break,
                Ok(Told::End) | Err(RecvTimeoutError::Disconnected) => ended = true,
            }
        }
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(lost, "spans were dropped: the collector does not keep up");
        }
        if let Err(what) = deliver(collector, &batch) {
            tracing::warn!(%what, lost = batch.len(), "the collector did not take spans");
        }
    }
}

fn deliver((url, options): &(String, Options), batch: &[Span]) -> Result<(), String> {
    let body = message(batch).to_string();
    let answer = posted(url, options, ("application/json", body.as_bytes()), ANSWER_BYTES_MAX);
    match answer.map_err(|error| error.to_string())? {
        (200..=299, _) => Ok(()),
        (status, _) => Err(format!("it answers HTTP {status}")),
    }
}

/// An `ExportTraceServiceRequest` (OTLP 1.x §JSON Protobuf encoding: ids in hexadecimal, 64-bit numbers as
/// texts).
fn message(spans: &[Span]) -> Json {
    let service = json!([attribute("service.name", &Value::Text("lockstep".to_owned()))]);
    let scope = json!({ "name": "lockstep", "version": env!("CARGO_PKG_VERSION") });
    let spans: Vec<Json> = spans.iter().map(span).collect();
    json!({ "resourceSpans": [{
        "resource": { "attributes": service },
        "scopeSpans": [{ "scope": scope, "spans": spans }],
    }] })
}

fn attribute(name: &str, value: &Value) -> Json {
    match value {
        Value::Text(text) => json!({ "key": name, "value": { "stringValue": text } }),
        Value::Number(number) => json!({ "key": name, "value": { "intValue": number.to_string() } }),
    }
}

fn nanos(time: SystemTime) -> String {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos().to_string()
}

fn span(span: &Span) -> Json {
    let attributes: Vec<Json> = span.attributes.iter().map(|(name, value)| attribute(name, value)).collect();
    // SpanKind: 1 internal, 2 server. Status: 0 unset, 2 error.
    json!({
        "traceId": hex::encode(span.trace),
        "spanId": hex::encode(span.id),
        "parentSpanId": span.parent.map(hex::encode).unwrap_or_default(),
        "name": span.name,
        "kind": if span.serves { 2 } else { 1 },
        "startTimeUnixNano": nanos(span.begun),
        "endTimeUnixNano": nanos(span.ended),
        "attributes": attributes,
        "status": { "code": if span.failed { 2 } else { 0 } },
    })
}
