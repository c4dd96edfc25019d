//! The way of a case as traces: a server sends them to a collector, which reads what it gets.

use crate::serve::{Served, ledger};
use crate::town::{ACME, Town};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A collector: every span that comes, as it is read.
fn collector() -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    let (to, spans) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            loop {
                let (mut line, mut length, mut first) = (String::new(), 0, String::new());
                while stream.read_line(&mut line).unwrap_or(0) > 0 && line != "\r\n" {
                    let lower = line.to_ascii_lowercase();
                    if let Some(told) = lower.strip_prefix("content-length:") {
                        length = told.trim().parse().unwrap();
                    }
                    if first.is_empty() {
                        first.clone_from(&line);
                    }
                    line.clear();
                }
                if first.is_empty() {
                    break;
                }
                assert!(first.starts_with("POST /v1/traces HTTP/1.1"), "{first}");
                let mut body = vec![0; length];
                stream.read_exact(&mut body).unwrap();
                let message: Value = serde_json::from_slice(&body).unwrap();
                let resource = &message["resourceSpans"][0];
                assert_eq!(resource["resource"]["attributes"][0]["value"]["stringValue"], "lockstep");
                for span in resource["scopeSpans"][0]["spans"].as_array().unwrap() {
                    let _ = to.send(span.clone());
                }
                let answer =
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
                stream.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        }
    });
    (at, spans)
}

fn text<'a>(span: &'a Value, name: &str) -> Option<&'a str> {
    let attribute = span["attributes"].as_array().unwrap().iter().find(|told| told["key"] == name)?;
    attribute["value"].as_object()?.values().next()?.as_str()
}

fn number(span: &Value, name: &str) -> u128 {
    span[name].as_str().unwrap().parse().unwrap()
}

#[test]
fn the_way_of_a_case_is_traced_from_the_request_to_the_certificate_without_a_claim() {
    let town = Town::with_ledger();
    let (endpoint, spans) = collector();
    let config = format!(
        "listen = \"127.0.0.1:0\"\n[traces]\nendpoint = \"{endpoint}\"\n[[ledger]]\ndir = \"acme\"\n"
    );
    std::fs::write(town.path("lockstep.toml"), config).unwrap();
    let served = Served::start(&town, &["serve", "--config", "lockstep.toml"]);
    let id = ledger(&town);
    town.ask(&["--server", &served.url, "--ledger", &id]);
    let _cosigners = served.cosigners(&town);
    let case = town.open_case();
    let early = town.attest(&case, "audit", "auditor", &["agrees=true", "balance=5000000", "haircut_bps=0"]);
    assert_eq!(early.code, 1);
    let mut all: Vec<Value> = Vec::new();
    let of = |all: &[Value], name: &str| all.iter().filter(|span| span["name"] == name).count();
    while of(&all, "certify") < 1 || of(&all, "submission") < 2 {
        all.push(spans.recv_timeout(Duration::from_secs(90)).unwrap());
    }
    let opened = all.iter().find(|span| text(span, "lockstep.case") == Some(&case)).unwrap();
    assert_eq!(
        (&opened["name"], &opened["kind"], &opened["parentSpanId"]),
        (&"submission".into(), &2.into(), &"".into())
    );
    assert_eq!(
        (text(opened, "lockstep.ledger"), text(opened, "http.response.status_code")),
        (Some(id.as_str()), Some("200"))
    );
    let mut until = number(opened, "startTimeUnixNano");
    for name in ["queue", "decide", "seal", "certify"] {
        let same = |span: &&Value| span["name"] == name && span["traceId"] == opened["traceId"];
        let span = all.iter().find(same).unwrap_or_else(|| panic!("no `{name}`: {all:?}"));
        assert_eq!(span["parentSpanId"], opened["spanId"]);
        let (begun, ended) = (number(span, "startTimeUnixNano"), number(span, "endTimeUnixNano"));
        assert!(until <= begun && begun <= ended, "{name} begins before what comes before it ends: {all:?}");
        until = ended;
    }
    let refused = all.iter().find(|span| text(span, "lockstep.refused").is_some()).unwrap();
    assert_eq!(text(refused, "lockstep.refused"), Some("order"));
    assert_eq!(refused["status"]["code"], 0, "a refusal is no failure");
    let whole = serde_json::to_string(&all).unwrap();
    for private in ["1000000", "haircut", ACME, "5000000"] {
        assert!(!whole.contains(private), "{private}");
    }
    served.process.end();
}
