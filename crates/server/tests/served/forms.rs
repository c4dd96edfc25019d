//! What an outsider tries with lengths, forms, paths and time.

use crate::kit::{Reply, Served, Settings, connect, raw, read};
use lockstep_api::limits::{BATCH_BYTES_MAX, BODY_BYTES_MAX, COSIGNED_BYTES_MAX, REQUEST_BYTES_MAX};
use lockstep_api::path::route;
use lockstep_server::Limits;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

#[test]
fn a_request_counts_once_and_is_answered_alike_when_it_comes_again() {
    let served = Served::new();
    let ledger = served.ledger();
    let (path, opening) = (ledger.path(route::SUBMISSIONS), ledger.opening());
    let first = served.post(&path, &opening).send();
    assert_eq!(first.status, 200, "{}", first.text());
    let again = served.post(&path, &opening).send();
    assert_eq!((again.status, &again.json()["records"]), (200, &first.json()["records"]));
    // Signed for one ledger, it is refused by another.
    let other = Served::with(Settings { ledgers: 2, ..Settings::default() });
    let elsewhere = other.ledgers[1].path(route::SUBMISSIONS);
    let refused = other.post(&elsewhere, &opening).send();
    assert!([400, 409, 422].contains(&refused.status), "{}", refused.text());
}

#[test]
fn what_is_too_long_is_refused_before_it_is_read_whole() {
    let served = Served::new();
    let ledger = served.ledger();
    let (submissions, batches) = (ledger.path(route::SUBMISSIONS), ledger.path(route::BATCHES));
    let long = |path: &str, bytes: usize, kind: &str| {
        served.post(path, &vec![b' '; bytes]).header("Content-Type", kind).send().must_be(413, "too-long");
    };
    long(&submissions, REQUEST_BYTES_MAX + 1, "application/json");
    long(&submissions, BODY_BYTES_MAX + 1, "multipart/form-data; boundary=x");
    long(&batches, BATCH_BYTES_MAX + 1, "application/json");
    long(&ledger.path(route::COSIGNATURES), COSIGNED_BYTES_MAX + 1, "application/json");
    long(&ledger.path(route::TOKENS), COSIGNED_BYTES_MAX + 1, "application/json");
    let many = format!("[{}1]", "1,".repeat(64));
    served.post(&batches, many.as_bytes()).send().must_be(400, "batch");
    served.post(&batches, b"[]").send().must_be(400, "batch");
    let one = format!("[\"{}\"]", "a".repeat(REQUEST_BYTES_MAX));
    served.post(&batches, one.as_bytes()).send().must_be(400, "batch");
    let head = served.get(&ledger.path(route::LEDGER)).header("X", &"a".repeat(20_000)).send();
    assert_eq!(head.status, 431, "{}", head.head);
    let mut many = served.get(&ledger.path(route::LEDGER));
    many.headers = (0..100).map(|at| (format!("X-{at}"), "a".to_owned())).collect();
    assert_eq!(many.send().status, 431);
}

#[test]
fn requests_of_another_form_are_refused() {
    let served = Served::new();
    let ledger = served.ledger();
    let path = ledger.path(route::SUBMISSIONS);
    let opening = ledger.opening();
    let spaced = [b" ".as_slice(), &opening].concat();
    let deep = "[".repeat(20_000);
    let twice = br#"{"tick":null,"tick":null}"#;
    let bodies: [&[u8]; 9] = [
        b"",
        b"{",
        b"null",
        b"\xff\xfe",
        deep.as_bytes(),
        twice,
        &spaced,
        &opening[..opening.len() - 1],
        br#"{"no-such-request":{}}"#,
    ];
    for body in bodies {
        let answer = served.post(&path, body).send();
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        assert_eq!(answer.status, 400, "{shown}: {}", answer.text());
        let batch = served.post(&ledger.path(route::BATCHES), body).send();
        assert_eq!(batch.status, 400, "{shown}: {}", batch.text());
        let signed = served.post(&ledger.path(route::COSIGNATURES), body).send();
        assert!([400, 413].contains(&signed.status), "{shown}: {}", signed.text());
    }
    // A request of another form in a batch takes nothing away from the others.
    let batch = [b"[".as_slice(), &opening, b",1]"].concat();
    let answers = served.post(&ledger.path(route::BATCHES), &batch).send().json();
    assert!(answers["answers"][0]["entered"].is_object(), "{answers}");
    assert_eq!(answers["answers"][1]["problem"]["kind"], "invalid", "{answers}");
}

#[test]
fn forms_of_another_form_are_refused() {
    let served = Served::new();
    let ledger = served.ledger();
    let opening = String::from_utf8(ledger.opening()).unwrap();
    let part = |name: &str, content: &str| {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
    };
    let request = part("request", &opening);
    let document = part("document", &"d".repeat(64));
    let send = |kind: &str, body: &str| -> Reply {
        let ask = served.post(&ledger.path(route::SUBMISSIONS), body.as_bytes());
        ask.header("Content-Type", kind).send()
    };
    let kind = "multipart/form-data; boundary=x";
    for (body, code) in [
        (String::new(), "form"),
        ("--x--\r\n".to_owned(), "form"),
        (format!("{document}--x--\r\n"), "form"),
        (format!("{request}{request}--x--\r\n"), "form"),
        (format!("{request}{}--x--\r\n", part("other", "1")), "form"),
        (request.clone(), "form"),
        (format!("{request}{document}--x--\r\n"), "evidence"),
        (format!("{request}{}--x--\r\n", document.repeat(17)), "evidence"),
    ] {
        send(kind, &body).must_be(400, code);
    }
    send("multipart/form-data", &format!("{request}--x--\r\n")).must_be(400, "form");
    assert_eq!(send(kind, &format!("{request}--x--\r\n")).status, 200);
}

#[test]
fn queries_that_are_not_known_are_refused() {
    let served = Served::new();
    let ledger = served.ledger();
    let ask = |path: &str, query: &str| {
        served.signed(served.get(path).query(query), ledger.key("maker"), ledger.id).send()
    };
    let cases = ledger.path(route::CASES);
    for query in ["limits=3", "limit=3&limit=4", "limit=-1", "limit=", "cursor=x", "limit=3&&x", "%6cimit=3"]
    {
        ask(&cases, query).must_be(400, "query");
    }
    for path in [ledger.case_path(route::CASE), ledger.path(route::POLICIES), ledger.path(route::LEDGER)] {
        ask(&path, "all=true").must_be(400, "query");
    }
    assert_eq!(ask(&cases, "limit=99999999").status, 200);
}

#[test]
fn no_path_leads_out_of_the_log() {
    let served = Served::new();
    let ledger = served.ledger();
    let tiles = ledger.path(route::TILE);
    let tile = |tile: &str| served.get(&tiles.replace("{*tile}", tile)).send();
    for path in [
        "../../../etc/passwd",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/secret",
        "0/000/../000",
        "0//000",
        "0/000%00",
        "entries/x000/..",
        "8/000",
        "0/000.p/0",
        "/etc/passwd",
        "0/000\\..\\..",
    ] {
        let answer = tile(path);
        assert!([400, 404].contains(&answer.status), "{path}: {} {}", answer.status, answer.text());
    }
    for path in
        ["/v1/ledgers/../../metrics", "/v1//ledgers", "/v1/ledgers/", "/v1/ledgers/x/cases", "/..", "*"]
    {
        let answer = served.get(path).send();
        assert!([400, 404].contains(&answer.status), "{path}: {} {}", answer.status, answer.text());
    }
}

#[test]
fn methods_of_others_are_refused() {
    let served = Served::new();
    let ledger = served.ledger();
    for (method, path) in [
        ("PUT", ledger.path(route::SUBMISSIONS)),
        ("DELETE", ledger.case_path(route::CASE)),
        ("PATCH", ledger.path(route::LEDGER)),
        ("POST", ledger.path(route::GENESIS)),
        ("OPTIONS", ledger.path(route::LEDGERS)),
        ("TRACE", ledger.path(route::LEDGERS)),
    ] {
        let answer = served.ask(method, &path).send().must_be(405, "method");
        assert!(answer.header("allow").is_some(), "{}", answer.head);
    }
    let nonsense = raw(served.at, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
    assert!([0, 400].contains(&nonsense.status), "{nonsense:?}");
}

#[test]
fn whoever_is_slow_is_let_go_and_holds_up_nobody() {
    let (head, body) = (Duration::from_millis(300), Duration::from_millis(300));
    let served =
        Served::with(Settings { limits: Limits { head, body, ..Limits::default() }, ..Settings::default() });
    let ledger = served.ledger();
    let begun = Instant::now();
    let mut slow_head = connect(served.at);
    slow_head.write_all(b"GET /healthz HTTP/1.1\r\nHost: ").unwrap();
    let silent = connect(served.at);
    let mut slow_body = connect(served.at);
    let path = ledger.path(route::SUBMISSIONS);
    let start = format!("POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: 100\r\n\r\n{{", served.at);
    slow_body.write_all(start.as_bytes()).unwrap();
    assert_eq!(served.get("/healthz").send().text(), "ok\n");
    assert_ne!(read(slow_head).status, 200);
    assert_eq!(read(silent).status, 0);
    read(slow_body).must_be(408, "slow");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn a_connection_that_has_served_for_long_says_which_answer_is_its_last() {
    let long = Duration::from_secs(3);
    let served = Served::with(Settings {
        limits: Limits { served: long, ..Limits::default() },
        ..Settings::default()
    });
    let asks = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", served.at);
    let (begun, mut stream) = (Instant::now(), connect(served.at));
    stream.write_all(asks.as_bytes()).unwrap();
    let mut first = Vec::new();
    while !first.ends_with(b"ok\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        first.extend(byte);
    }
    // A machine that is held up for so long has seen nothing.
    if begun.elapsed() < long {
        assert!(!String::from_utf8(first).unwrap().contains("connection: close"));
    }
    std::thread::sleep(long);
    stream.write_all(asks.as_bytes()).unwrap();
    let last = read(stream);
    assert_eq!((last.status, last.header("connection")), (200, Some("close")));
}

#[test]
fn a_co_signers_signature_of_another_form_is_refused() {
    let served = Served::new();
    let ledger = served.ledger();
    let checkpoint = serde_json::json!({
        "ledger": ledger.id, "size": 3, "root": "00".repeat(32), "time": "2026-11-21T10:00:00.000Z",
    });
    let path = ledger.path(route::COSIGNATURES);
    for body in [
        serde_json::json!({}),
        serde_json::json!({ "checkpoint": checkpoint }),
        serde_json::json!({ "checkpoint": checkpoint, "signature": "00", "more": 1 }),
    ] {
        served.post(&path, body.to_string().as_bytes()).send().must_be(400, "cosignature-form");
    }
}

#[test]
fn a_trial_tells_what_would_be_refused_and_records_nothing() {
    let served = Served::new();
    let ledger = served.ledger();
    let path = ledger.path(route::TRIALS);
    let records = || {
        let ask = served.signed(served.get(&ledger.case_path(route::CASE)), ledger.key("maker"), ledger.id);
        ask.send().json()["records"].as_array().unwrap().len()
    };
    let before = records();
    served.post(&path, ledger.third()).send().must_be(401, "not-signed");
    let tried =
        |bytes: &[u8]| served.signed(served.post(&path, bytes), ledger.key("keeper"), ledger.id).send();
    assert_eq!(tried(ledger.third()).json()["refused"], serde_json::Value::Null);
    // The step of the checker has been taken.
    assert_eq!(tried(&ledger.refused()[0]).json()["refused"]["code"], "step_taken");
    tried(b"{}").must_be(400, "submission");
    assert_eq!(records(), before);
    let taken = served.post(&ledger.path(route::SUBMISSIONS), ledger.third()).send();
    assert_eq!(taken.status, 200, "{}", taken.text());
    assert_eq!(records(), before + 1);
}
