//! Ledgers in memory behind a free port of this machine, and a client that sends any bytes at all.

use crate::cast::{TestKey, Town, appender_key, start};
use lockstep_api::path::{of_case, of_ledger};
use lockstep_api::signing::{Headers, Parts as SignedParts, sign};
use lockstep_kernel::Request;
use lockstep_node::TileFiles;
use lockstep_node::port::TilesInMemory;
use lockstep_policy::Audience;
use lockstep_server::service::Parts;
use lockstep_server::{Hosted, Limits, ReadLog, Service, engine, listen};
use lockstep_store::{Memory, Store};
use lockstep_types::{CaseId, CredentialDigest, LedgerId, Lei, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long any answer may take here.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ledger time goes on from the time at which ledgers are founded here.
pub fn clock() -> Time {
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    let elapsed = BEGUN.get_or_init(Instant::now).elapsed().as_millis();
    start().saturating_add_ms(10_000 + u64::try_from(elapsed).unwrap())
}

/// Milliseconds by which [`moved_clock`] is ahead. One test moves it.
pub static MOVED_MS: AtomicU64 = AtomicU64::new(0);

/// A clock that a test moves on.
pub fn moved_clock() -> Time {
    clock().saturating_add_ms(MOVED_MS.load(Ordering::SeqCst))
}

/// Who read what, as the server noted it.
#[derive(Default)]
pub struct Noted(Mutex<Vec<(Lei, CaseId, String)>>);

impl Noted {
    pub fn all(&self) -> Vec<(Lei, CaseId, String)> {
        self.0.lock().unwrap().clone()
    }
}

struct Reads(Arc<Noted>);

impl ReadLog for Reads {
    fn note(&self, reader: Lei, case: CaseId, what: &str) -> Result<(), String> {
        self.0.0.lock().unwrap().push((reader, case, what.to_owned()));
        Ok(())
    }
}

/// A ledger with an open case of three parties, and parties that have nothing to do with it.
pub struct Ledger {
    pub id: LedgerId,
    pub parties: BTreeMap<&'static str, (Lei, TestKey)>,
    pub case: CaseId,
    /// Openings that nobody has handed in.
    pub openings: Mutex<Vec<Vec<u8>>>,
    /// Words of the checker that come too late: its step has been taken.
    refused: Vec<Vec<u8>>,
    third: Vec<u8>,
    pub credentials: BTreeMap<Lei, CredentialDigest>,
    pub noted: Arc<Noted>,
}

impl Ledger {
    /// The only key of a role.
    pub fn key(&self, role: &str) -> &TestKey {
        &self.parties[role].1
    }

    pub fn lei(&self, role: &str) -> Lei {
        self.parties[role].0
    }

    pub fn opening(&self) -> Vec<u8> {
        self.openings.lock().unwrap().pop().unwrap()
    }

    /// The keeper's step, which comes next.
    pub fn third(&self) -> &[u8] {
        &self.third
    }

    /// Words of the checker that the rules refuse.
    pub fn refused(&self) -> &[Vec<u8>] {
        &self.refused
    }

    pub fn path(&self, template: &str) -> String {
        of_ledger(template, &self.id)
    }

    pub fn case_path(&self, template: &str) -> String {
        of_case(template, &self.id, &self.case)
    }
}

/// What a server is started with.
pub struct Settings {
    pub limits: Limits,
    pub clock: fn() -> Time,
    pub ledgers: u8,
    pub readers: BTreeMap<Lei, Audience>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { limits: Limits::default(), clock, ledgers: 1, readers: BTreeMap::new() }
    }
}

/// A server at work; dropped, it ends.
pub struct Served {
    pub at: SocketAddr,
    pub ledgers: Vec<Ledger>,
    clock: fn() -> Time,
    stop: Option<oneshot::Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

type Worker = lockstep_server::Worker<TestKey>;

fn found(number: u8, settings: &Settings) -> (Ledger, Hosted, Worker) {
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let files: Arc<dyn TileFiles> = Arc::new(TilesInMemory::default());
    let mut town = Town::found(Arc::clone(&store), Arc::clone(&files), number);
    let opening = town.opening();
    let case = CaseId(town.hand_in(opening));
    let first = town.step(case, "maker", "first");
    town.hand_in(first);
    let bytes = |request: Request| request.to_vec().unwrap();
    let refused = (0..12).map(|_| bytes(town.step(case, "checker", "second"))).collect();
    let second = town.step(case, "checker", "second");
    town.hand_in(second);
    let third = bytes(town.step(case, "keeper", "third"));
    let openings = (0..20).map(|_| bytes(town.opening())).collect();
    town.seal();
    let credentials = town.appender.replica().kernel().credentials();
    let credentials = credentials.map(|(digest, held)| (held.subject, *digest)).collect();
    let Town { appender, genesis, ledger: id, parties, .. } = town;
    let (engine, worker) = engine(appender, Box::new(|_| Ok(())), settings.clock).unwrap();
    let noted: Arc<Noted> = Arc::default();
    let parts = Parts {
        receipts: Arc::new(appender_key()),
        files,
        checkpoint: Box::new(|| None),
        handovers: Box::new(Unrotated),
        readers: settings.readers.clone(),
        reads: Box::new(Reads(Arc::clone(&noted))),
    };
    let hosted = Hosted::new(engine, &genesis, parts).unwrap();
    let openings = Mutex::new(openings);
    (Ledger { id, parties, case, openings, refused, third, credentials, noted }, hosted, worker)
}

/// A ledger whose committee stays.
struct Unrotated;

impl lockstep_server::service::Handovers for Unrotated {
    fn all(&self) -> Result<Vec<lockstep_ledger::Handover>, String> {
        Ok(Vec::new())
    }

    fn keep(&self, _: &lockstep_ledger::Handover) -> Result<(), String> {
        Err("this committee stays".to_owned())
    }
}

impl Served {
    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    pub fn with(settings: Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let at = listener.local_addr().unwrap();
        let (mut ledgers, mut all, mut threads) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..settings.ledgers {
            let (ledger, hosted, worker) = found(number, &settings);
            ledgers.push(ledger);
            all.push(hosted);
            threads.push(std::thread::spawn(move || worker.run().unwrap()));
        }
        let own = BTreeSet::from([at.to_string()]);
        let service = Arc::new(Service::new(all, own, settings.clock, settings.limits));
        let (stop, stopped) = oneshot::channel::<()>();
        threads.push(std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.unwrap().block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let until = async { drop(stopped.await) };
                listen::serve(listener, None, service, until).await.unwrap();
            });
        }));
        Self { at, ledgers, clock: settings.clock, stop: Some(stop), threads }
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledgers[0]
    }

    /// Ends it, and waits until it has ended.
    pub fn end(&mut self) {
        drop(self.stop.take());
        let ended: Vec<_> = self.threads.drain(..).map(JoinHandle::join).collect();
        ended.into_iter().for_each(|ended| ended.unwrap());
    }

    pub fn now_s(&self) -> u64 {
        (self.clock)().seconds_round_down()
    }

    /// A question to this server.
    pub fn ask(&self, method: &str, path: &str) -> Ask {
        Ask {
            at: self.at,
            method: method.to_owned(),
            path: path.to_owned(),
            query: String::new(),
            host: self.at.to_string(),
            headers: Vec::new(),
            body: None,
        }
    }

    pub fn get(&self, path: &str) -> Ask {
        self.ask("GET", path)
    }

    pub fn post(&self, path: &str, body: &[u8]) -> Ask {
        Ask { body: Some(body.to_vec()), ..self.ask("POST", path) }
    }

    /// Signs a question as it stands, for a ledger.
    pub fn signed(&self, ask: Ask, key: &TestKey, ledger: LedgerId) -> Ask {
        self.signed_at(ask, (key, ledger), self.now_s())
    }

    pub fn signed_at(&self, ask: Ask, (key, ledger): (&TestKey, LedgerId), created: u64) -> Ask {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let nonce = format!("nonce-of-a-test-{}", COUNT.fetch_add(1, Ordering::SeqCst));
        let body = ask.body.as_deref().filter(|_| ask.method != "GET");
        let authority = ask.host.clone();
        let parts = SignedParts {
            method: &ask.method,
            authority: &authority,
            path: &ask.path,
            query: &ask.query,
            body,
        };
        let headers = sign((&parts, &ledger), key, (created, &nonce)).unwrap();
        ask.with_signature(headers)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.stop.take());
        for thread in self.threads.drain(..) {
            // A test that fails has its own message.
            let _ = thread.join();
        }
    }
}

/// A question, not yet sent.
#[derive(Clone)]
pub struct Ask {
    pub at: SocketAddr,
    pub method: String,
    pub path: String,
    pub query: String,
    pub host: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
}

impl Ask {
    pub fn query(mut self, query: &str) -> Self {
        query.clone_into(&mut self.query);
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    fn with_signature(mut self, headers: Headers) -> Self {
        self.headers.retain(|(name, _)| !name.starts_with("Signature") && name != "Content-Digest");
        let mut asked =
            self.header("Signature-Input", &headers.signature_input).header("Signature", &headers.signature);
        if let Some(digest) = headers.content_digest {
            asked = asked.header("Content-Digest", &digest);
        }
        asked
    }

    /// The bytes of it.
    pub fn bytes(&self) -> Vec<u8> {
        let mark = if self.query.is_empty() { "" } else { "?" };
        let mut head = format!("{} {}{mark}{} HTTP/1.1\r\n", self.method, self.path, self.query);
        if !self.host.is_empty() {
            head.push_str(&format!("Host: {}\r\n", self.host));
        }
        head.push_str("Connection: close\r\n");
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = &self.body {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        let mut bytes = format!("{head}\r\n").into_bytes();
        bytes.extend(self.body.iter().flatten());
        bytes
    }

    pub fn send(&self) -> Reply {
        raw(self.at, &self.bytes())
    }
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The stable code of a problem.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_else(|| panic!("no problem: {self:?}")).to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let of = |line: &'_ str| line.split_once(": ").map(|(found, _)| found.eq_ignore_ascii_case(name));
        self.head.lines().find(|line| of(line) == Some(true)).and_then(|line| Some(line.split_once(": ")?.1))
    }

    pub fn must_be(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{}", self.text());
        self
    }
}

/// Opens a connection that does not wait for ever.
pub fn connect(at: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends bytes, and reads until the server ends the connection.
pub fn raw(at: SocketAddr, bytes: &[u8]) -> Reply {
    let mut stream = connect(at);
    // A server that has read enough may end the connection before everything is written.
    let _ = stream.write_all(bytes);
    read(stream)
}

/// Reads until the server ends the connection.
pub fn read(mut stream: TcpStream) -> Reply {
    let mut all = Vec::new();
    // What came before a reset counts.
    let _ = stream.read_to_end(&mut all);
    let end = all.windows(4).position(|four| four == b"\r\n\r\n");
    let Some(end) = end else {
        return Reply { status: 0, head: String::from_utf8_lossy(&all).into_owned(), body: Vec::new() };
    };
    let head = String::from_utf8(all[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Reply { status, head, body: all[end + 4..].to_vec() }
}
