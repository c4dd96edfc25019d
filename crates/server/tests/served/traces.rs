//! Traces: a client's own goes on here, and nothing private stands in any.

use crate::kit::{Served, Settings};
use lockstep_api::path::route;
use lockstep_server::traces::{Span, Value};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// A server whose spans are kept; of requests that do not say, hardly any is traced.
fn served() -> (Served, Arc<Mutex<Vec<Span>>>) {
    let spans = Arc::<Mutex<Vec<Span>>>::default();
    let kept = Arc::clone(&spans);
    let sink = Arc::new(move |span| kept.lock().unwrap().push(span));
    (Served::with(Settings { traced: Some((sink, u32::MAX)), ..Settings::default() }), spans)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_clients_trace_goes_on_through_batch_disk_and_seal() {
    let (served, spans) = served();
    let ledger = served.ledger();
    // The first request of all is traced by itself.
    let submissions = ledger.path(route::SUBMISSIONS);
    assert_eq!(served.post(&submissions, &ledger.opening()).send().status, 200);
    let sampled = format!("00-{TRACE}-{PARENT}-01");
    let ask = served.post(&submissions, ledger.third()).header("traceparent", &sampled);
    assert_eq!(ask.send().status, 200);
    let unsampled = format!("00-{TRACE}-{PARENT}-00");
    for header in [unsampled.as_str(), "garbage"] {
        let ask = served.post(&submissions, &ledger.opening()).header("traceparent", header);
        assert_eq!(ask.send().status, 200);
    }
    let own = || {
        let all = spans.lock().unwrap();
        all.iter().filter(|span| hex(&span.trace) == TRACE).cloned().collect::<Vec<_>>()
    };
    let begun = Instant::now();
    while !own().iter().any(|span| span.name == "seal") {
        assert!(begun.elapsed() < Duration::from_secs(30), "never sealed: {:?}", own());
        std::thread::sleep(Duration::from_millis(20));
    }
    let own = own();
    let names: Vec<&str> = own.iter().map(|span| span.name).collect();
    assert_eq!(names, ["queue", "decide", "submission", "seal"], "one request of the three is in this trace");
    let root = &own[2];
    assert_eq!(root.parent.map(|parent| hex(&parent)).as_deref(), Some(PARENT));
    assert!(own.iter().all(|span| span.name == "submission" || span.parent == Some(root.id)));
    let case = ("lockstep.case", Value::Text(ledger.case.to_string()));
    assert!(root.serves && !root.failed && root.attributes.contains(&case), "{root:?}");
    let all = spans.lock().unwrap();
    assert_eq!(
        all.iter().filter(|span| span.name == "submission").count(),
        2,
        "one by itself, one by its client"
    );
    let told = format!("{all:?}");
    for private in
        ["telephone", "1000.00", &ledger.lei("keeper").to_string(), &ledger.lei("maker").to_string()]
    {
        assert!(!told.contains(private), "{private}");
    }
}

#[test]
fn a_batch_goes_on_in_one_trace_and_refusals_are_no_failures() {
    let (served, spans) = served();
    let ledger = served.ledger();
    let all =
        [&ledger.opening(), &ledger.refused()[0]].map(|bytes| String::from_utf8(bytes.clone()).unwrap());
    let body = format!("[{}]", all.join(","));
    let ask = served.post(&ledger.path(route::BATCHES), body.as_bytes());
    let ask = ask.header("traceparent", &format!("00-{TRACE}-{PARENT}-01"));
    assert_eq!(ask.send().status, 200);
    let spans = spans.lock().unwrap();
    let roots: Vec<&Span> = spans.iter().filter(|span| span.name == "submission").collect();
    assert_eq!(roots.len(), 2);
    assert!(roots.iter().all(|root| hex(&root.trace) == TRACE && !root.failed));
    assert!(roots[1].attributes.iter().any(|(name, _)| *name == "lockstep.refused"), "{:?}", roots[1]);
}
