//! A connector as a process: what partners push becomes drafts, what happens on a ledger goes out as
//! webhooks; killed in between, nothing is lost and nothing comes twice.

use crate::serve::{Running, Served, ledger};
use crate::town::{ACME, CLEAR, FAIR, LIST, SAMPLES, Town, ago};
use lockstep_connect::{Headers, Secret, check, sign};
use lockstep_types::{Time, sha256};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const BANK: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PLANNING: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd";
const PATIENCE: Duration = Duration::from_secs(90);

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Time::from_ms(u64::try_from(since.as_millis()).unwrap()).unwrap()
}

/// Waits until something is so.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A connector at work.
pub struct Connector {
    pub process: Running,
    url: String,
}

impl Connector {
    pub fn start(town: &Town) -> Self {
        let args = ["connect", "--config", "connect.toml", "--listen", "127.0.0.1:0"];
        let mut process = Running::start(town, &args);
        let url = process.line()["url"].as_str().unwrap().to_owned();
        Self { process, url }
    }

    /// The status and the line that a push is answered with; nothing when nobody answered.
    fn post(&self, partner: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<(u16, String)> {
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
        let mut request = config.new_agent().post(format!("{}/v1/push/{partner}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = request.send(body).ok()?;
        Some((answer.status().as_u16(), answer.body_mut().read_to_string().ok()?))
    }

    fn try_push(&self, partner: &str, (id, secret): (&str, &str), body: &[u8]) -> Option<(u16, String)> {
        let signed = sign(&Secret::from_text(secret).unwrap(), id, body, now()).unwrap();
        self.post(partner, &three(&signed), body)
    }

    fn push(&self, partner: &str, by: (&str, &str), body: &[u8]) -> (u16, String) {
        self.try_push(partner, by, body).expect("it answers")
    }

    pub fn figures(&self) -> String {
        ureq::get(format!("{}/metrics", self.url)).call().unwrap().body_mut().read_to_string().unwrap()
    }
}

fn three(headers: &Headers) -> [(&str, &str); 3] {
    [
        ("webhook-id", &headers.id),
        ("webhook-signature", &headers.signature),
        ("webhook-timestamp", &headers.timestamp),
    ]
}

pub fn config(town: &Town, more: &str) {
    town.private("bank.secret", BANK);
    town.private("planning.secret", PLANNING);
    std::fs::copy(format!("{SAMPLES}/mapping.toml"), town.path("bank.toml")).unwrap();
    std::fs::copy(format!("{SAMPLES}/mapping-json.toml"), town.path("planning.toml")).unwrap();
    let text = format!("dir = 'desk'\nwaits = 'waits'\n{more}");
    std::fs::write(town.path("connect.toml"), text).unwrap();
}

fn pushes(town: &Town) {
    let bank = "[[push]]\nname = 'north'\nsecret = 'bank.secret'\nmapping = 'bank.toml'\n";
    let planning = "[[push]]\nname = 'planning'\nsecret = 'planning.secret'\nmapping = 'planning.toml'\n\
                    case = '/data/case'\nordered = true\n";
    config(town, &format!("{bank}{planning}"));
}

/// Files of a folder of the connector's, by the end of their names.
fn files(town: &Town, folder: &str, end: &str) -> Vec<PathBuf> {
    let all = std::fs::read_dir(town.path("desk").join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = all.filter(|path| path.to_str().unwrap().ends_with(end)).collect();
    found.sort();
    found
}

/// Messages that are kept, without what is told of them.
pub fn origins(town: &Town) -> usize {
    files(town, "origins", "").len() - files(town, "origins", ".json").len()
}

pub fn drafts(town: &Town) -> Vec<PathBuf> {
    files(town, "drafts", ".json")
}

/// A statement of two days ago.
pub fn statement() -> String {
    let text = std::fs::read_to_string(format!("{SAMPLES}/statement.xml")).unwrap();
    text.replace("2026-11-20", &ago(2 * 86_400_000)[..10])
}

fn order(case: &str, sequence: u64) -> String {
    json!({
        "type": "order.released", "sequence": sequence,
        "data": {
            "case": case, "order": format!("PO-{sequence}"), "line": 1, "amount": "1000.00",
            "currency": "USD", "approved": true, "approved_at": "2026-11-21T14:30:12Z",
        },
    })
    .to_string()
}

#[test]
fn a_bank_pushes_a_message_and_the_party_signs_the_draft_that_waits() {
    let town = Town::with_ledger();
    let case = town.open_case();
    assert_eq!(town.attest(&case, "request", "issuer", &[]).code, 0);
    pushes(&town);
    let connector = Connector::start(&town);
    let body = statement();
    assert_eq!(
        connector.push("north", ("m1", BANK), body.as_bytes()),
        (200, "kept; 0 draft(s) wait".to_owned())
    );
    assert!(drafts(&town).is_empty(), "nobody waits for it yet");
    std::fs::write(town.path("waits"), format!("# what is waited for\nHB2611200000017 {case} payment\n"))
        .unwrap();
    let draft = until("a draft", || drafts(&town).first().cloned());
    for path in [&draft, &draft.with_extension("json.origin")] {
        assert_eq!(
            std::fs::metadata(path).unwrap().permissions().mode() & 0o777,
            0o600,
            "{}",
            path.display()
        );
    }
    let came: Value =
        serde_json::from_slice(&std::fs::read(&files(&town, "origins", ".json")[0]).unwrap()).unwrap();
    assert_eq!(came["sha256"], hex::encode(sha256(body.as_bytes())));
    assert_eq!((&came["source"], &came["how"]["id"]), (&"north".into(), &"m1".into()), "{came}");

    let again = connector.push("north", ("m1", BANK), body.as_bytes());
    assert_eq!(again, (200, "it was here before".to_owned()));
    // The same entry in another file: the message is kept, the draft stays, and somebody is told.
    let other = body.replace("HARB-20261120-0001", "HARB-20261120-0002");
    let (status, line) = connector.push("north", ("m2", BANK), other.as_bytes());
    assert!(status == 200 && line.ends_with("something else than one before"), "{line}");
    assert!(
        connector.figures().contains("contradicted_total{partner=\"north\"} 1\n"),
        "{}",
        connector.figures()
    );
    assert_eq!(std::fs::read(draft.with_extension("json.origin")).unwrap(), body.as_bytes());

    let signed = town.run(&["attest", "acme", "--draft", draft.to_str().unwrap(), "--as", "custodian"]);
    assert_eq!(signed.code, 0, "{}\n{}", signed.out, signed.err);
    // Whoever takes a draft away that was signed does not find it again.
    std::fs::remove_file(&draft).unwrap();
    connector.process.end();
    let connector = Connector::start(&town);
    assert_eq!(connector.push("north", ("m3", BANK), body.as_bytes()).0, 200);
    assert!(drafts(&town).is_empty() && origins(&town) == 2);
    let second = town.run(&["connect", "--config", "connect.toml"]);
    assert_eq!((second.code, second.fault().as_str()), (2, "connect-in-use"));
}

#[test]
fn json_of_a_system_becomes_a_draft_that_the_party_signs_as_it_stands() {
    let town = Town::with_ledger();
    let case = town.open_case();
    assert_eq!(town.attest(&case, "request", "issuer", &[]).code, 0);
    pushes(&town);
    let mapping = "format = 'lockstep-mapping/1'\n[step.screen]\nmessage = 'json'\nact = ['/data/id']\n\
                   [step.screen.require]\n'/type' = 'screened'\n[step.screen.claim]\n\
                   provider = { value = 'Clear Screening' }\nhits = '/data/hits'\nlist = '/data/list'\n";
    std::fs::write(town.path("planning.toml"), mapping).unwrap();
    let connector = Connector::start(&town);
    let push = |sequence: u64, kind: &str, hits: Value| {
        let data = json!({ "case": case, "hits": hits, "id": "S-1", "list": LIST });
        let body = json!({ "data": data, "sequence": sequence, "type": kind }).to_string();
        connector.push("planning", ("s", PLANNING), body.as_bytes())
    };
    let none = (200, "kept; 0 draft(s) wait".to_owned());
    assert_eq!(push(1, "started", json!(0)), none, "another kind");
    assert_eq!(push(2, "screened", json!(0.5)).0, 422, "a number that is read in two ways");
    assert_eq!(push(2, "screened", json!([0])), none);
    assert_eq!(push(3, "screened", json!(0)), (200, "kept; 1 draft(s) wait".to_owned()));
    let draft = drafts(&town).remove(0);
    let path = draft.to_str().unwrap();
    let text = std::fs::read_to_string(&draft).unwrap();
    std::fs::write(&draft, text.replace("\"hits\":\"0\"", "\"hits\":\"1\"")).unwrap();
    let changed = town.run(&["attest", "acme", "--draft", path, "--as", "screening"]);
    assert_eq!((changed.code, changed.fault().as_str()), (1, "draft-origin"), "{}", changed.err);
    std::fs::write(&draft, text).unwrap();
    let signed = town.run(&["attest", "acme", "--draft", path, "--as", "screening"]);
    assert_eq!(signed.code, 0, "{}\n{}", signed.out, signed.err);
    connector.process.end();
}

#[test]
fn killed_while_orders_are_pushed_a_connector_loses_none_and_drafts_none_twice() {
    let town = Town::new();
    pushes(&town);
    let case = "07".repeat(32);
    let (mut connector, mut kills) = (Connector::start(&town), 0);
    for sequence in 1..=40 {
        let body = order(&case, sequence);
        let begun = Instant::now();
        loop {
            if sequence % 10 == 5 && kills < sequence / 10 + 1 {
                // At a moment that nobody chose: while it takes this one, or before.
                let id = connector.process.child.id().to_string();
                let end = std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(sequence % 7));
                    std::process::Command::new("kill").args(["-KILL", &id]).status().unwrap()
                });
                let answer = connector.try_push("planning", ("o", PLANNING), body.as_bytes());
                assert!(answer.is_none_or(|(status, _)| status == 200));
                assert!(end.join().unwrap().success());
                connector.process.kill();
                connector = Connector::start(&town);
                kills += 1;
            }
            match connector.try_push("planning", (&format!("o{sequence}"), PLANNING), body.as_bytes()) {
                Some((200, _)) => break,
                other => assert!(other.is_none() && begun.elapsed() < PATIENCE, "{other:?}"),
            }
        }
    }
    assert_eq!((kills, drafts(&town).len(), origins(&town)), (4, 40, 40));
    let sample = town.ok(&["draft", "show", drafts(&town)[7].to_str().unwrap()]);
    assert_eq!(sample["draft"]["claims"]["amount"], "1000.00");
    for sequence in [1, 40] {
        let again = connector.push("planning", ("x", PLANNING), order(&case, sequence).as_bytes());
        assert_eq!(again, (200, "it was here before".to_owned()));
    }
    let early = connector.push("planning", ("y", PLANNING), order(&case, 42).as_bytes());
    assert_eq!(early, (409, "message 42 came, expected 41".to_owned()));
    let other = connector.push("planning", ("z", PLANNING), order(&"08".repeat(32), 40).as_bytes());
    assert_eq!(other, (409, "`40` has come with another body before".to_owned()));
    connector.process.end();
}

#[test]
fn what_is_not_a_partners_leaves_nothing() {
    let town = Town::new();
    pushes(&town);
    let connector = Connector::start(&town);
    let body = statement();
    let forged = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let no = (401, "no signature holds".to_owned());
    assert_eq!(connector.push("north", ("m1", forged), body.as_bytes()), no);
    assert_eq!(connector.push("north", ("m1", PLANNING), body.as_bytes()), no, "another partner's secret");
    assert_eq!(
        connector.push("nobody", ("m1", BANK), body.as_bytes()),
        no,
        "one that does not exist looks the same"
    );
    let old = Time::from_ms(now().ms() - 301_000).unwrap();
    let signed = sign(&Secret::from_text(BANK).unwrap(), "m1", body.as_bytes(), old).unwrap();
    let (status, line) = connector.post("north", &three(&signed), body.as_bytes()).unwrap();
    assert!(status == 401 && line.contains("more than 5 minutes"), "{line}");
    let signed = sign(&Secret::from_text(BANK).unwrap(), "m1", body.as_bytes(), now()).unwrap();
    let more = body.replace("1000000", "9000000");
    assert_eq!(connector.post("north", &three(&signed), more.as_bytes()).unwrap(), no, "another body");
    assert_eq!(connector.post("north", &[], body.as_bytes()).unwrap().0, 401);
    let twice = [&three(&signed)[..], &[("webhook-id", "m2")]].concat();
    assert_eq!(connector.post("north", &twice, body.as_bytes()).unwrap().0, 401, "two ids");
    let (status, _) = connector.post("north", &three(&signed), &vec![b' '; 1_048_577]).unwrap();
    assert_eq!(status, 413);
    assert_eq!(connector.push("north", ("m2", BANK), b"<x/>").0, 422);
    assert_eq!(
        connector.push("north", ("m2", BANK), b"{\"a\":1,\"a\":2}").0,
        422,
        "JSON that is read in two ways"
    );
    assert_eq!(connector.push("planning", ("m2", PLANNING), b"{}").0, 422, "without its number");
    let got = ureq::get(format!("{}/v1/push/north", connector.url)).call();
    assert!(matches!(got, Err(ureq::Error::StatusCode(405))), "{got:?}");
    assert!(drafts(&town).is_empty() && origins(&town) == 0);
    assert_eq!(
        connector.push("north", ("m2", BANK), body.as_bytes()).0,
        200,
        "what was refused used no id up"
    );
}

#[test]
fn a_connector_that_could_harm_somebody_does_not_begin() {
    let town = Town::new();
    let begins = |more: &str| {
        config(&town, more);
        let ran = town.run(&["connect", "--config", "connect.toml", "--listen", "127.0.0.1:0"]);
        assert_ne!(ran.code, 0, "{more}");
        ran.fault()
    };
    let push = "[[push]]\nname = 'north'\nsecret = 'bank.secret'\nmapping = 'bank.toml'\n";
    assert_eq!(begins(""), "connect-config");
    assert_eq!(begins(&format!("{push}{push}")), "connect-config");
    assert_eq!(
        begins(&format!("{push}key = 'custodian'\n")),
        "connect-config",
        "a key of a party has no place"
    );
    let pull = "[[pull]]\nname = 'n'\nhost = 'sftp.example'\nuser = 'acme'\nfolder = 'out'\n\
                identity = 'bank.secret'\nknown_hosts = 'bank.secret'\nmapping = 'bank.toml'\n";
    for (from, to) in [
        ("host = 'sftp.example'", "host = '-oProxyCommand=id'"),
        ("folder = 'out'", "folder = 'out; rm x'"),
        ("folder = 'out'", "folder = 'a b'"),
        ("user = 'acme'", "user = 'a@b'"),
    ] {
        assert_eq!(begins(&pull.replace(from, to)), "connect-config", "{to}");
    }
    config(&town, push);
    let away = town.run(&["connect", "--config", "connect.toml", "--listen", "0.0.0.0:0"]);
    assert_eq!((away.code, away.fault().as_str()), (1, "tls-missing"));
    town.mode("bank.secret", 0o644);
    assert_eq!(town.run(&["connect", "--config", "connect.toml"]).fault(), "file-permissions");
    town.mode("bank.secret", 0o600);
    town.mode("desk", 0o755);
    assert_eq!(town.run(&["connect", "--config", "connect.toml"]).fault(), "file-permissions");
}

/// What came: its headers and its body.
type Webhook = (Headers, Vec<u8>);

/// A planning system that takes webhooks: every third attempt is answered with 503, before or after it was
/// taken note of.
struct Planning {
    port: u16,
    came: Arc<Mutex<Vec<Webhook>>>,
}

impl Planning {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let came = Arc::new(Mutex::new(Vec::new()));
        let to = Arc::clone(&came);
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let Some((mut stream, headers, body)) = stream.ok().and_then(request) else { continue };
                to.lock().unwrap().push((headers, body));
                let status = if number % 9 == 4 { "503 Busy" } else { "200 OK" };
                let retry = "retry-after: 0\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                let _ = write!(stream, "HTTP/1.1 {status}\r\n{retry}");
            }
        });
        Self { port, came }
    }

    /// What came, by number: the same one twice is the same bytes under the same id.
    fn counted(&self) -> BTreeMap<u64, Value> {
        let mut counted: BTreeMap<u64, (String, Vec<u8>)> = BTreeMap::new();
        for (headers, body) in self.came.lock().unwrap().iter() {
            let at = Time::from_ms(headers.timestamp.parse::<u64>().unwrap() * 1_000).unwrap();
            check(&[Secret::from_text(PLANNING).unwrap()], headers, body, at).unwrap();
            let message: Value = serde_json::from_slice(body).unwrap();
            let number = message["sequence"].as_u64().unwrap();
            let before = counted.insert(number, (headers.id.clone(), body.clone()));
            assert!(before.is_none_or(|before| before == (headers.id.clone(), body.clone())), "{number}");
        }
        let values =
            counted.into_iter().map(|(number, (_, body))| (number, serde_json::from_slice(&body).unwrap()));
        values.collect()
    }
}

/// One request, as far as these tests send any.
fn request(mut stream: TcpStream) -> Option<(TcpStream, Headers, Vec<u8>)> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4_096]);
    loop {
        let head = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(at) = head {
            let text = String::from_utf8(bytes[..at].to_vec()).ok()?;
            let header = |name: &str| {
                let lines = text.lines().filter_map(|line| line.split_once(": "));
                lines
                    .into_iter()
                    .find(|(n, _)| n.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value.to_owned())
            };
            let length: usize = header("content-length")?.parse().ok()?;
            if bytes.len() >= at + 4 + length {
                let headers = Headers {
                    id: header("webhook-id")?,
                    signature: header("webhook-signature")?,
                    timestamp: header("webhook-timestamp")?,
                };
                return Some((stream, headers, bytes[at + 4..at + 4 + length].to_vec()));
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

/// A ledger on which a connector has a key of its own, in a role that no step asks for.
fn with_reader() -> Town {
    let town = Town::founded(&[]);
    town.key("ed25519", "connector");
    let registry = [
        "govern",
        "name-issuer",
        "acme",
        FAIR,
        "--as",
        "admin",
        "--key",
        "auditor.pub",
        "--kind",
        "connector",
    ];
    town.ok(&registry);
    town.govern();
    town.credentials();
    let issue = ["credential", "issue", "acme", "--as", "auditor", "--subject", ACME, "--kind", "connector"];
    town.ok(&[&issue[..], &["--key", "connector.pub"]].concat());
    town
}

fn sends(town: &Town, served: &Served, (url, more): (&str, &str)) {
    let text = format!(
        "[[send]]\nname = 'planning'\nurl = '{url}'\nsecret = 'planning.secret'\nserver = '{}'\n\
         ledger = '{}'\nkey = 'connector'\n{more}",
        served.url,
        ledger(town)
    );
    config(town, &text);
}

#[test]
fn what_happens_goes_out_once_and_in_order_though_everything_is_killed_in_between() {
    let town = with_reader();
    let mut served = Served::folder(&town);
    let planning = Planning::start();
    let url = format!("http://localhost:{}/in", planning.port);
    let mut cases = Vec::new();
    let at = |served: &Served| served.url.rsplit(':').next().unwrap().to_owned();
    let port = at(&served);
    for round in 0..4 {
        sends(&town, &served, (&url, &format!("loopback = {}\n", planning.port)));
        let connector = Connector::start(&town);
        town.ask(&["--server", &served.url]);
        let case = town.open_case();
        assert_eq!(town.attest(&case, "request", "issuer", &[]).code, 0);
        if round == 2 {
            town.ok(&["attest", "acme", &case, "screen", "--as", "screening", "--refuse", "a hit"]);
        }
        cases.push(case);
        let before = planning.came.lock().unwrap().len();
        until("a webhook", || (planning.came.lock().unwrap().len() > before).then_some(()));
        connector.process.kill();
        if round == 1 {
            // The server is killed too, and what happens before the connector is back is not forgotten.
            served.process.kill();
            served = Served::start(&town, &["serve", "acme", "--listen", &format!("127.0.0.1:{port}")]);
        }
    }
    town.ask(&["--server", &served.url]);
    let expected: BTreeSet<u64> = cases
        .iter()
        .flat_map(|case| {
            town.ok(&["case", "show", "acme", case, "--as", "issuer"])["records"].as_array().unwrap().clone()
        })
        .map(|record| record["index"].as_u64().unwrap())
        .collect();
    let connector = Connector::start(&town);
    let told = until("every record", || {
        let told: BTreeMap<u64, Value> = planning.counted();
        let of_cases = told.values().filter(|m| cases.iter().any(|case| m["data"]["case"] == case.as_str()));
        (of_cases.count() >= expected.len()).then_some(told)
    });
    let numbers: Vec<u64> = told.keys().copied().collect();
    assert_eq!(
        numbers,
        (1..=u64::try_from(told.len()).unwrap()).collect::<Vec<_>>(),
        "no gap, nothing twice"
    );
    let indices: Vec<u64> = told.values().map(|message| message["data"]["index"].as_u64().unwrap()).collect();
    assert!(indices.is_sorted_by(|a, b| a < b), "in the log's order, each once: {indices:?}");
    assert!(expected.iter().all(|index| indices.contains(index)), "{expected:?} {indices:?}");
    let refused = told.values().find(|message| message["data"]["refused"] == true).unwrap();
    let data = &refused["data"];
    assert_eq!(
        (&data["step"], &data["party"], &refused["type"]),
        (&"screen".into(), &CLEAR.into(), &"case.attested".into())
    );
    assert_eq!(data["ledger"], ledger(&town));
    assert!(connector.figures().contains("lockstep_connect_waiting{partner=\"planning\"} "));
    connector.process.end();

    // The key that reads signs nothing that counts.
    let case = cases.last().unwrap();
    let took = town.run(&["attest", "acme", case, "screen", "--as", "connector", "--refuse", "no"]);
    assert_eq!(took.code, 1, "{}\n{}", took.out, took.err);
    let taken = town.run(&["withdraw", "acme", case, "request", "--as", "connector", "--reason", "no"]);
    assert_eq!(taken.code, 1, "{}\n{}", taken.out, taken.err);
}

#[test]
fn a_webhook_goes_nowhere_that_nobody_named() {
    let town = with_reader();
    let served = Served::folder(&town);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let start = |url: &str, more: &str| {
        sends(&town, &served, (url, more));
        town.run(&["connect", "--config", "connect.toml", "--listen", "127.0.0.1:0"])
    };
    for (url, more) in [
        ("https://erp.example.com/in", ""),
        ("https://erp.example.com/in", "hosts = ['erp.example.org']\n"),
        ("https://erp.example.com@evil.example/in", "hosts = ['erp.example.com']\n"),
        ("http://erp.example.com/in", "hosts = ['erp.example.com']\n"),
        ("https://169.254.169.254/latest", "hosts = ['erp.example.com']\n"),
        ("http://localhost:1/in", "loopback = 2\n"),
    ] {
        let ran = start(url, more);
        assert_eq!((ran.code, ran.fault().as_str()), (2, "webhook-target"), "{url} {}", ran.err);
    }
    // A name on the list that leads into this network.
    sends(
        &town,
        &served,
        (&format!("https://localhost:{port}/in"), &format!("hosts = ['localhost:{port}']\n")),
    );
    let connector = Connector::start(&town);
    until("an attempt", || {
        let told = town.path("desk/outbox/planning/0000000000000001.json");
        let told: Value = serde_json::from_slice(&std::fs::read(told).ok()?).ok()?;
        (told["attempts"] == 1).then(|| {
            assert_eq!(told["why"], "the host has an address that is not sent to");
        })
    });
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "nobody connected");
    connector.process.end();
}
