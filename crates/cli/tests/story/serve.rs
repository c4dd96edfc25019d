//! A ledger on a server: parties have their keys and an address, co-signers follow, and nobody is believed.

mod liar;
mod lists;
mod observer;
mod outcomes;
mod packs;

use crate::ten_lines;
use crate::town::{CLEAR, Ran, Town};
use liar::Liar;
use lockstep_attest::Submission;
use lockstep_client::{ClientError, Options};
use lockstep_kernel::Request;
use lockstep_ledger::receipt::{ItemResult, Receipt};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take that other processes do.
const PATIENCE: Duration = Duration::from_secs(90);

/// A process that goes on until it is ended.
pub struct Running {
    pub child: Child,
    out: BufReader<ChildStdout>,
}

impl Running {
    pub fn start(town: &Town, args: &[&str]) -> Self {
        let mut command = town.command(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    pub fn line(&mut self) -> Value {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Asks it to end, and waits until it has.
    pub fn end(mut self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        assert!(self.child.wait().unwrap().success());
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server over the town's ledger.
pub struct Served {
    pub process: Running,
    pub url: String,
}

impl Served {
    pub fn start(town: &Town, args: &[&str]) -> Self {
        town.ask(&[]);
        let mut process = Running::start(town, args);
        let url = process.line()["url"].as_str().unwrap().to_owned();
        Self { process, url }
    }

    pub fn folder(town: &Town) -> Self {
        Self::start(town, &["serve", "acme", "--listen", "127.0.0.1:0"])
    }

    pub fn cosigners(&self, town: &Town) -> Vec<Running> {
        let (url, ledger) = (self.url.as_str(), ledger(town));
        let start = |number: u8| {
            let key = format!("cosigner{number}");
            Running::start(town, &["cosign", "--follow", url, "--ledger", &ledger, "--key", &key])
        };
        (1..=3).map(start).collect()
    }
}

pub fn ledger(town: &Town) -> String {
    let config: Value =
        serde_json::from_slice(&std::fs::read(town.path("acme/lockstep.json")).unwrap()).unwrap();
    config["ledger"].as_str().unwrap().to_owned()
}

#[test]
fn what_waits_is_followed_as_it_comes_and_goes() {
    let town = Town::with_ledger();
    let served = Served::folder(&town);
    town.ask(&["--server", &served.url, "--ledger", &ledger(&town)]);
    let mut follows = Running::start(&town, &["waiting", "acme", "--as", "issuer", "--follow"]);
    assert_eq!(follows.line()["all"], serde_json::json!([]));
    let mut paid = Running::start(&town, &["waiting", "acme", "--as", "custodian", "--for", "payment"]);
    let case = town.open_case();
    let turn = town.ok(&["waiting", "acme", "--as", "issuer", "--for", "request"]);
    assert_eq!((&turn["case"], &turn["step"]), (&case.as_str().into(), &"request".into()));
    let waits = follows.line()["waits"]["step"].clone();
    assert_eq!((&waits["case"], &waits["step"]), (&case.as_str().into(), &"request".into()));
    assert_eq!(town.attest(&case, "request", "issuer", &[]).code, 0);
    assert_eq!(follows.line()["gone"]["step"], waits);
    assert_eq!(paid.line()["case"], case.as_str(), "it ends when its turn has come");
    assert!(paid.child.wait().unwrap().success());
    // The server comes back at the same place: nothing is told twice. What has come before it is asked again
    // is told with the whole list.
    let at = served.url.trim_start_matches("http://").to_owned();
    served.process.end();
    let served = Served::start(&town, &["serve", "acme", "--listen", &at]);
    town.ask(&["--server", &served.url, "--ledger", &ledger(&town)]);
    let next = town.open_case();
    let told = follows.line();
    let items = told["all"].as_array().map_or(vec![told["waits"].clone()], Clone::clone);
    assert_eq!((items.len(), &items[0]["step"]["case"]), (1, &next.as_str().into()), "{told}");
    follows.kill();
}

/// What the case shows once all of its records are certified.
pub fn certified(town: &Town, case: &str) -> Value {
    let begun = Instant::now();
    loop {
        let shown = town.ok(&["case", "show", "acme", case, "--as", "issuer"]);
        let last = shown["records"].as_array().unwrap().last().unwrap()["index"].as_u64().unwrap();
        if shown["certified"].as_u64().unwrap() > last {
            return shown;
        }
        assert!(begun.elapsed() < PATIENCE, "not certified: {shown}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

pub fn verified(town: &Town, case: &str) {
    town.ask(&[]);
    town.ok(&["pack", "export", "acme", case, "-o", "case.json", "--evidence"]);
    town.ok(&["trust", "export", "acme", "-o", "trust.json"]);
    let verified = town.run(&["verify", "case.json", "--trust", "trust.json"]);
    assert_eq!(verified.code, 0, "{}\n{}", verified.out, verified.err);
    let checked = town.run(&["fsck", "acme", "--key", "cosigner1"]);
    assert_eq!(checked.code, 0, "{}\n{}", checked.out, checked.err);
}

/// What was signed and kept in `kept.json`, to be handed in.
fn kept(town: &Town) -> Request {
    let file: Value = serde_json::from_slice(&std::fs::read(town.path("kept.json")).unwrap()).unwrap();
    let submission: Submission = serde_json::from_value(file["submission"].clone()).unwrap();
    Request::Submit(Box::new(submission))
}

fn refused(ran: &Ran, code: &str) {
    assert!(ran.code != 0, "{}", ran.out);
    assert_eq!(ran.fault(), code, "{}", ran.err);
}

#[test]
fn parties_with_keys_and_an_address_complete_a_case_that_cosigners_certify() {
    let town = Town::founded(&[]);
    let served = Served::folder(&town);
    let cosigners = served.cosigners(&town);
    town.ask(&["--server", &served.url, "--ledger", &ledger(&town)]);
    // Nobody has a credential yet: the administrator names an issuer, who gives the others theirs.
    town.govern();
    town.credentials();

    let loosens =
        town.ok(&["govern", "list", "acme", "acme-usd/blocked_countries", "--empty", "--as", "admin"]);
    let change = loosens["case"].as_str().unwrap();
    assert_eq!(loosens["enacted"], false);
    assert_eq!(town.ok(&["waiting", "acme", "--as", "cosigner1"])["changes"][0]["case"], change);
    assert_eq!(town.ok(&["govern", "show", "acme", "--as", "cosigner2"])[0]["loosens"], true);
    for number in 1..=2 {
        town.ok(&["govern", "consent", "acme", &change[..8], "--as", &format!("cosigner{number}")]);
    }
    let last = town.ok(&["govern", "consent", "acme", change, "--as", "cosigner3"]);
    assert!(last["records"].as_array().unwrap().iter().any(|record| record["kind"] == "enacted"), "{last}");

    let second = town.open_case();
    let steps = town.ok(&["waiting", "acme", "--as", "issuer"])["steps"].clone();
    assert_eq!((&steps[0]["case"], &steps[0]["step"]), (&second.as_str().into(), &"request".into()));
    let early =
        town.attest(&second, "audit", "auditor", &["agrees=true", "balance=5000000", "haircut_bps=0"]);
    assert_eq!((early.code, &early.json()["refused"]), (1, &"order".into()), "{}", early.out);
    assert_eq!(town.attest(&second[..8], "request", "issuer", &[]).code, 0);
    let back = town.ok(&["withdraw", "acme", &second, "request", "--as", "issuer", "--reason", "too early"]);
    assert_eq!(back["records"][0]["kind"], "withdrawn");

    let case = town.decided_case();
    assert_eq!(town.ok(&["case", "list", "acme", "--as", "issuer"]).as_array().unwrap().len(), 2);
    assert_eq!(certified(&town, &case)["phase"], "decided");

    let given = town.ok(&[
        "credential",
        "issue",
        "acme",
        "--as",
        "registry",
        "--subject",
        CLEAR,
        "--kind",
        "aml-provider",
        "--key",
        "screening.pub",
    ]);
    assert!(given["refused"].is_null(), "{given}");
    let id = given["receipt"]["accepted"]["item"]["attestation"].as_str().unwrap();
    let gone = town.ok(&["credential", "revoke", "acme", id, "--as", "registry", "--reason", "a test"]);
    assert_eq!(gone["records"][0]["kind"], "revoked", "{gone}");

    cosigners.into_iter().for_each(Running::end);
    served.process.end();
    verified(&town, &case);
}

#[test]
fn a_server_that_is_killed_has_lost_nothing_that_it_has_answered_for() {
    let town = Town::with_ledger();
    let served = Served::folder(&town);
    let address = served.url.strip_prefix("http://").unwrap().to_owned();
    let url = served.url.clone();
    let cosigners = served.cosigners(&town);
    let ledger = ledger(&town);
    town.ask(&["--server", &url, "--ledger", &ledger]);
    let case = town.open_case();
    let first = town.ok(&["attest", "acme", &case, "request", "--as", "issuer", "--keep", "kept.json"]);
    served.process.kill();
    refused(&town.run(&["case", "show", "acme", &case, "--as", "issuer"]), "server-down");

    let served = Served::start(&town, &["serve", "acme", "--listen", &address]);
    town.ask(&["--server", &url, "--ledger", &ledger]);
    // The same attestation again is answered as the first time.
    let request = kept(&town).to_vec().unwrap();
    for _ in 0..2 {
        let receipt = ten_lines::hand_in(&url, &ledger, &request).unwrap();
        let Some(Receipt::Accepted(receipt)) = receipt else { panic!("{receipt:?}") };
        let ItemResult::Recorded(place) = receipt.item.result else { panic!("{:?}", receipt.item) };
        assert_eq!(first["records"][0]["index"], place.index);
        assert_eq!(first["records"][0]["leaf"], place.leaf.to_string());
    }
    assert_eq!(town.payment(&case, "1").code, 0);
    town.evidence(&case);
    town.reading();
    town.approve(&case);
    certified(&town, &case);
    cosigners.into_iter().for_each(Running::end);
    served.process.end();
    verified(&town, &case);
}

#[test]
fn what_is_not_of_the_ledger_is_refused() {
    let town = Town::with_ledger();
    let case = town.open_case();
    refused(&town.run(&["serve", "acme", "--listen", "0.0.0.0:0"]), "tls-missing");
    let (liar, served) = Liar::before(&town);
    let id = ledger(&town);
    let show = ["case", "show", "acme", &case, "--as", "issuer"];

    let other = "ab".repeat(32);
    town.ask(&["--server", &served.url, "--ledger", &other]);
    assert_eq!(town.run(&show).code, 1);
    town.ask(&["--server", "http://192.0.2.1:7443", "--ledger", &id]);
    refused(&town.run(&show), "server-address");
    town.ask(&["--server", &served.url, "--ledger", &id]);
    refused(&town.run(&["case", "list", "acme"]), "server-key");
    refused(&town.run(&["case", "show", "acme", &case, "--as", "stranger"]), "file-missing");
    town.key("ed25519", "stranger");
    refused(&town.run(&["case", "show", "acme", &case, "--as", "stranger"]), "not-signed");

    // Between the party and the server stands somebody who changes what is answered, length for length.
    let url = liar.begin(&served);
    town.ask(&["--server", &url, "--ledger", &id]);
    refused(&town.run(&["attest", "acme", &case, "request", "--as", "issuer"]), "server-differs");
    refused(&town.run(&["case", "open", "acme", "stablecoin.issue", "--as", "issuer"]), "server-differs");
    refused(&town.run(&show), "server-differs");
    // Beside a receipt that holds, another record is told.
    let issue = ["credential", "issue", "acme", "--as", "registry", "--subject", CLEAR, "--kind"];
    refused(&town.run(&[&issue[..], &["aml-provider", "--key", "screening.pub"]].concat()), "server-differs");
    // Of two requests one is answered: whether the other counts, nobody can tell.
    town.ask(&["--server", &served.url, "--ledger", &id]);
    town.ok(&["attest", "acme", &case, "request", "--as", "issuer", "--keep", "kept.json"]);
    let client = lockstep_client::Client::connect(&url, Some(id.parse().unwrap()), &Options::default());
    let both = client.unwrap().submit_all(&[kept(&town), kept(&town)]);
    assert!(matches!(both, Err(ClientError::OtherCount { expected: 2, found: 1 })), "{both:?}");
    town.ask(&["--server", &url, "--ledger", &id]);
    // The first record is not the ledger's, whether an id is named or not.
    let changed = url.replace("127.0.0.1", "localhost");
    town.ask(&["--server", &changed]);
    refused(&town.run(&show), "server-answer");
    served.process.end();
}

#[test]
fn a_rotation_is_handed_over_to_by_those_who_follow_and_parties_learn_it_from_what_they_signed() {
    let town = Town::with_ledger();
    let case = town.open_case();
    (1..=3).for_each(|number| drop(town.cosign(number)));
    town.ok(&["trust", "export", "acme", "-o", "before.json"]);
    let (liar, served) = Liar::before(&town);
    let id = ledger(&town);
    let mut cosigners = served.cosigners(&town);
    town.ask(&["--server", &served.url, "--ledger", &id]);
    certified(&town, &case);
    crate::rotate(&town);
    // Two of those who stay are too few for the new committee: whoever is new joins.
    assert!(!town.path("acme/handovers/1.json").exists());
    let url = served.url.clone();
    let joins =
        ["cosign", "--follow", &url, "--ledger", &id, "--key", "cosigner5", "--listen", "127.0.0.1:0"];
    let mut joined = Running::start(&town, &joins);
    let says = joined.line()["url"].as_str().unwrap().to_owned();
    cosigners.push(joined);
    let begun = Instant::now();
    while !town.path("acme/handovers/1.json").exists() {
        assert!(begun.elapsed() < PATIENCE, "nobody has handed over");
        std::thread::sleep(Duration::from_millis(100));
    }
    // Whoever left is not needed any more, and ends by itself.
    let mut left = cosigners.remove(2);
    assert!(left.child.wait().unwrap().success());
    assert_eq!(town.attest(&case, "request", "issuer", &[]).code, 0);
    certified(&town, &case);
    let kept = town.ok(&["case", "show", "acme", &case, "--as", "issuer"]);
    assert!(kept["certified"].as_u64().unwrap() > 0);
    let witnessed = town.run(&["witness-check", &url, "--cosigner", &says]);
    assert_eq!(
        (witnessed.code, witnessed.json()["answer"].as_str()),
        (0, Some("agree")),
        "{}",
        witnessed.err
    );

    // A trust file and a pack from the server lead over the rotation, from the ledger's id alone.
    town.ok(&["trust", "export", "acme", "-o", "after.json"]);
    let told = town.ok(&["pack", "export", "acme", &case, "--as", "admin", "-o", "served.json"]);
    assert_eq!(told["verdict"], "verified", "{told}");
    let older = ["--trust", "before.json"];
    town.ok(&[&["pack", "export", "acme", &case, "--as", "admin", "-o", "older.json"], &older[..]].concat());
    for (pack, trust) in [("served.json", "after.json"), ("older.json", "before.json")] {
        let verified = town.run(&["verify", pack, "--trust", trust]);
        assert_eq!(verified.code, 0, "{pack} under {trust}: {}", verified.out);
    }

    // What leads from one committee to the next is changed on the way: nobody follows it.
    town.ask(&["--server", &liar.begin(&served), "--ledger", &id]);
    refused(&town.payment(&case, "1"), "server-differs");

    cosigners.into_iter().for_each(Running::end);
    served.process.end();
    town.ask(&[]);
    town.ok(&["pack", "export", "acme", &case, "-o", "case.json", "--trust", "before.json"]);
    let verified = town.run(&["verify", "case.json", "--trust", "before.json"]);
    assert_eq!(verified.code, 0, "{}", verified.out);
}

/// A server of the town's ledger under TLS.
fn tls(town: &Town) -> Served {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let own = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().signed_by(&own, &authority).unwrap();
    town.private("roots.pem", &authority.pem());
    town.private("server.pem", &certificate.pem());
    town.private("server.key", &own.serialize_pem());
    town.private(
        "lockstep.toml",
        r#"listen = "127.0.0.1:0"
           tls = { certificate = "server.pem", key = "server.key" }
           ledger = [{ dir = "acme" }]"#,
    );
    Served::start(town, &["serve", "--config", "lockstep.toml"])
}

#[test]
fn over_tls_the_same() {
    let town = Town::with_ledger();
    let served = tls(&town);
    assert!(served.url.starts_with("https://127.0.0.1:"), "{}", served.url);
    town.ask(&["--server", &served.url, "--ledger", &ledger(&town)]);
    let list = ["case", "list", "acme", "--as", "issuer"];
    let distrusted = town.run(&list);
    assert_eq!(distrusted.code, 2, "{}", distrusted.out);
    town.ask(&["--server", &served.url, "--ledger", &ledger(&town), "--roots", "roots.pem"]);
    let case = town.open_case();
    assert_eq!(town.attest(&case, "request", "issuer", &[]).code, 0);
    assert_eq!(town.payment(&case, "1").code, 0);
    assert_eq!(town.ok(&list)[0]["case"], case.as_str());
    served.process.end();
}
