//! Streams of events.

use crate::cast::cosigner_key;
use crate::kit::{Ask, Ledger, Served, Settings, clock, connect};
use lockstep_api::path::route;
use lockstep_attest::sign::Sign;
use lockstep_node::port::TilesInMemory;
use lockstep_node::{CheckpointSigner, Cosigner, SignerMemory};
use lockstep_server::Limits;
use lockstep_store::Memory;
use lockstep_types::RootHash;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The memory of a signer that signs once.
struct Once;

impl SignerMemory for Once {
    fn last(&self) -> Option<(u64, RootHash)> {
        None
    }
    fn advance(&mut self, _size: u64, _root: RootHash) -> Result<(), lockstep_store::SignerError> {
        Ok(())
    }
}

/// A request is handed in and sealed; three co-signers follow over the port and sign; the size certified.
fn certify(served: &Served) -> u64 {
    let ledger = served.ledger();
    let sealed = || served.get(&ledger.path(route::LEDGER)).send().json()["head"]["size"].as_u64().unwrap();
    let before = sealed();
    assert_eq!(served.post(&ledger.path(route::SUBMISSIONS), &ledger.opening()).send().status, 200);
    let begun = Instant::now();
    while sealed() == before {
        assert!(begun.elapsed() < Duration::from_secs(30), "nothing is sealed");
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut certified = None;
    for number in 0..3 {
        let key = cosigner_key(number);
        let signer = CheckpointSigner::new(key.clone(), Once, ledger.id).unwrap();
        let (store, files) = (Arc::new(Memory::new()), Arc::new(TilesInMemory::default()));
        let mut cosigner = Cosigner::open(store, files, signer, ledger.id).unwrap();
        let ask = served.get(&ledger.path(route::RECORDS)).query("from=0");
        cosigner.receive(&served.signed(ask, &key, ledger.id).send().body).unwrap();
        let signed = serde_json::to_vec(&cosigner.sign(clock()).unwrap()).unwrap();
        let answer = served.post(&ledger.path(route::COSIGNATURES), &signed).send();
        assert_eq!(answer.status, 200, "{}", answer.text());
        certified = answer.json()["certified"]["size"].as_u64();
    }
    certified.unwrap()
}

/// A stream that is read until something has come.
struct Stream(TcpStream, String);

impl Stream {
    fn new(served: &Served, ask: &Ask) -> Self {
        let mut stream = connect(served.at);
        stream.write_all(&ask.bytes()).unwrap();
        Self(stream, String::new())
    }

    /// Reads on until `what` has come; everything so far.
    fn until(&mut self, what: &str) -> &str {
        self.until_times(what, 1)
    }

    /// Reads on until `what` has come so many times; everything so far.
    fn until_times(&mut self, what: &str, times: usize) -> &str {
        let mut bytes = [0; 4_096];
        while self.1.matches(what).count() < times {
            let count = self.0.read(&mut bytes).unwrap();
            assert!(count > 0, "ended before `{what}`: {}", self.1);
            self.1.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        }
        &self.1
    }

    /// Reads until the server ends it.
    fn end(mut self) -> String {
        let _ = self.0.read_to_string(&mut self.1);
        self.1
    }
}

fn of_case(served: &Served, ledger: &Ledger, role: &str) -> Ask {
    served.signed(served.get(&ledger.case_path(route::CASE_EVENTS)), ledger.key(role), ledger.id)
}

#[test]
fn seals_and_certificates_are_told_as_they_happen_and_what_was_seen_is_not_told_again() {
    let served = Served::new();
    let ledger = served.ledger();
    let ask = served.get(&ledger.path(route::EVENTS));
    let mut stream = Stream::new(&served, &ask);
    let begun = stream.until("event: head").to_owned();
    assert!(begun.contains("text/event-stream") && !begun.contains("event: certificate"), "{begun}");
    let size = certify(&served);
    stream.until(&format!("id: {size}\n"));
    assert!(stream.until("event: certificate").contains(&format!("\"size\":{size}")));
    // Whoever has seen it is told of what comes next.
    let mut later = Stream::new(&served, &ask.header("Last-Event-ID", &size.to_string()));
    later.until("event: head");
    assert_eq!(served.post(&ledger.path(route::SUBMISSIONS), &ledger.opening()).send().status, 200);
    later.until_times("event: head", 2);
    assert!(!later.1.contains("event: certificate"), "{}", later.1);
    served.get(&ledger.path(route::EVENTS)).header("Last-Event-ID", "x").send().must_be(400, "event-id");
}

#[test]
fn figures_tell_how_far_each_co_signer_has_signed() {
    let served = Served::new();
    let size = certify(&served);
    let text = served.get(route::METRICS).send().text();
    for number in 0..3 {
        let address = cosigner_key(number).public().address().unwrap();
        let line = format!("address=\"{address}\"}} {size}\n");
        assert!(text.contains(&line), "{line} {text}");
    }
    assert!(text.contains("lockstep_certify_seconds_count 1\n"), "{text}");
}

#[test]
fn records_of_a_case_are_told_to_whoever_may_see_it() {
    let served = Served::new();
    let ledger = served.ledger();
    of_case(&served, ledger, "issuer").send().must_be(404, "not-found");
    served.get(&ledger.case_path(route::CASE_EVENTS)).send().must_be(401, "not-signed");
    let mut stream = Stream::new(&served, &of_case(&served, ledger, "keeper"));
    assert!(stream.until_times("event: record", 3).contains("\"kind\":\"opened\""));
    let third = ledger.third();
    assert_eq!(served.post(&ledger.path(route::SUBMISSIONS), third).send().status, 200);
    stream.until_times("event: record", 4);
    let noted = ledger.noted.all();
    assert_eq!(noted, [(ledger.lei("keeper"), ledger.case, "events".to_owned())]);
}

#[test]
fn records_of_all_cases_are_told_in_order_to_whoever_may_see_them_and_taken_up_where_they_ended() {
    let mut served = Served::new();
    let ledger = served.ledger();
    let path = ledger.path(route::CASES_EVENTS);
    served.get(&path).send().must_be(401, "not-signed");
    let ask = |role: &str| served.signed(served.get(&path), ledger.key(role), ledger.id);
    ask("keeper").header("Last-Event-ID", "-1").send().must_be(400, "event-id");
    let of_case = format!("data: {{\"case\":\"{}\"", ledger.case);
    let mut outsider = Stream::new(&served, &ask("issuer"));
    let mut stream = Stream::new(&served, &ask("keeper"));
    stream.until_times(&of_case, 3);
    assert_eq!(served.post(&ledger.path(route::SUBMISSIONS), ledger.third()).send().status, 200);
    let told = stream.until_times(&of_case, 4).to_owned();
    let ids: Vec<u64> = told.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    // The step and who took it are told, and nothing that was claimed.
    let keeper = ledger.lei("keeper").to_string();
    assert!(
        told.contains(&keeper) && told.contains("\"step\":\"third\"") && !told.contains("claim"),
        "{told}"
    );
    let last = told.lines().filter_map(|line| line.strip_prefix("id: ")).next_back().unwrap();
    let mut later = Stream::new(&served, &ask("keeper").header("Last-Event-ID", last));
    assert_eq!(served.post(&ledger.path(route::SUBMISSIONS), &ledger.opening()).send().status, 200);
    assert!(!later.until("\"kind\":\"opened\"").contains(&of_case), "{}", later.1);
    outsider.until("event-stream");
    let noted: Vec<_> = ledger.noted.all();
    assert!(noted.contains(&(ledger.lei("keeper"), ledger.case, "events".to_owned())), "{noted:?}");
    assert!(!noted.iter().any(|(who, case, _)| *who == ledger.lei("issuer") && *case == ledger.case));
    let case = ledger.case.to_string();
    served.end();
    assert!(!outsider.end().contains(&case), "another's case");
}

#[test]
fn streams_are_bounded_by_address_and_end_with_the_server() {
    let limits = Limits { streams_per_address: 2, ..Limits::default() };
    let mut served = Served::with(Settings { limits, ..Settings::default() });
    let ask = served.get(&served.ledger().path(route::EVENTS));
    let mut held = [Stream::new(&served, &ask), Stream::new(&served, &ask)];
    for stream in &mut held {
        stream.until("event: head");
    }
    ask.send().must_be(429, "too-many");
    served.end();
    for stream in held {
        assert!(stream.end().ends_with("0\r\n\r\n"), "cut off in the middle");
    }
}
