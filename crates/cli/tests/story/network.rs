//! Co-signers that follow a server and say what they have signed, and the witness that compares it all.

use crate::town::{ACME, FAIR, NORTHBANK, OTHERBANK, Ran, Town};
use lockstep_crypto::{SecretKey, Suite};
use lockstep_ledger::Checkpoint;
use lockstep_types::RootHash;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A process that ends with the test.
pub struct Running {
    child: Child,
    pub url: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts the program; its first line says where it listens.
pub fn start(town: &Town, args: &[&str]) -> Running {
    let mut child = town.command(args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let said: Value =
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{args:?}: {error}: `{line}`"));
    Running { child, url: said["url"].as_str().unwrap().to_owned() }
}

fn ask(url: &str, path: &str) -> (u16, String) {
    let at = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(at).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < Duration::from_secs(60), "not in a minute: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Says the same to everybody who asks.
fn says(status: u16, text: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut asked = [0; 4_096];
            let _ = stream.read(&mut asked);
            let head = format!("HTTP/1.1 {status} OK\r\ncontent-type: application/json\r\nconnection: close");
            let _ = write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{text}", text.len());
        }
    });
    url
}

/// The fourth co-signer, which signs whatever it likes.
fn liar() -> SecretKey {
    SecretKey::from_bytes(Suite::Eip712, &[4; 32]).unwrap()
}

/// The path under which co-signers of the town's ledger say what they have signed.
fn signed_path(town: &Town) -> String {
    let config = std::fs::read(town.path("acme/lockstep.json")).unwrap();
    let config: Value = serde_json::from_slice(&config).unwrap();
    format!("/v1/ledgers/{}/signed", config["ledger"].as_str().unwrap())
}

/// Waits until a co-signer has signed something.
pub fn has_signed(town: &Town, cosigner: &Running) {
    let signed = signed_path(town);
    until("it has signed", || ask(&cosigner.url, &signed).0 == 200);
}

/// Four institutions that co-sign: three of them with the program.
fn town() -> Town {
    let town = Town::new();
    town.key("ed25519", "admin");
    (1..=3).for_each(|number| town.key("eip712", &format!("cosigner{number}")));
    let leis = [ACME, NORTHBANK, FAIR];
    let mut members: Vec<String> =
        leis.iter().zip(1..).map(|(lei, n)| format!("{lei}:c{n}=cosigner{n}.pub")).collect();
    members.push(format!("{OTHERBANK}:c4={}", liar().public().address().unwrap()));
    let admin = format!("{ACME}=admin.pub");
    let mut init = vec!["init", "acme", "--name", "acme", "--admin", &admin, "--threshold", "3"];
    members.iter().for_each(|member| init.extend(["--cosigner", member]));
    town.ok(&init);
    town
}

pub fn cosigner(town: &Town, server: &Running, number: u8) -> Running {
    let key = format!("cosigner{number}");
    start(town, &["cosign", "--follow", &server.url, "--key", &key, "--listen", "127.0.0.1:0"])
}

fn witness(town: &Town, server: &str, cosigners: &[&str]) -> Ran {
    let mut args = vec!["witness-check", server, "--out", "evidence.json"];
    cosigners.iter().for_each(|url| args.extend(["--cosigner", url]));
    town.run(&args)
}

#[test]
fn co_signers_say_what_they_have_signed_and_the_witness_rings_at_a_forged_head() {
    let town = town();
    let server = start(&town, &["serve", "acme", "--listen", "127.0.0.1:0"]);
    let cosigners: Vec<Running> = (1..=3).map(|number| cosigner(&town, &server, number)).collect();
    let signed = signed_path(&town);
    until("all have signed", || cosigners.iter().all(|one| ask(&one.url, &signed).0 == 200));
    let urls: Vec<&str> = cosigners.iter().map(|one| one.url.as_str()).collect();

    let agrees = witness(&town, &server.url, &urls);
    assert_eq!((agrees.code, agrees.json()["answer"].as_str()), (0, Some("agree")), "{}", agrees.err);
    assert!(!town.path("evidence.json").exists());
    for (path, expected) in
        [("/healthz", 200), ("/readyz", 200), ("/v1/ledgers", 404), ("/v1/ledgers/x/signed", 404)]
    {
        assert_eq!(ask(urls[0], path).0, expected, "{path}");
    }
    let metrics = ask(urls[0], "/metrics").1;
    assert!(metrics.contains("lockstep_cosigner_signed_records{ledger="), "{metrics}");

    // A head that nobody has signed convicts nobody: the signature is not of the key that is named.
    let head: Value = serde_json::from_str(&ask(urls[2], &signed).1).unwrap();
    let mut forged = head.clone();
    forged["checkpoint"]["root"] = json!("11".repeat(32));
    let unsigned = witness(&town, &server.url, &[urls[0], &says(200, forged.to_string())]);
    assert_eq!(
        (unsigned.code, unsigned.json()["answer"].as_str()),
        (2, Some("cannot-tell")),
        "{}",
        unsigned.out
    );
    // So does one who is silent, or answers for another.
    for silent in ["http://127.0.0.1:1", &says(200, "{}".to_owned()), &says(404, "{}".to_owned())] {
        assert_eq!(witness(&town, &server.url, &[urls[0], silent]).code, 2, "{silent}");
    }
    assert!(!town.path("evidence.json").exists());

    // A key of the committee that signs another root: both signed heads are the evidence.
    let mut checkpoint: Checkpoint = serde_json::from_value(head["checkpoint"].clone()).unwrap();
    checkpoint.root = RootHash([7; 32]);
    let (address, signature) = (liar().public().address().unwrap(), checkpoint.sign(&liar()).unwrap());
    let lie = json!({ "address": address, "checkpoint": checkpoint, "signature": signature });
    let rings = witness(&town, &server.url, &[urls[0], &says(200, lie.to_string())]);
    assert_eq!((rings.code, rings.json()["answer"].as_str()), (1, Some("two-histories")), "{}", rings.out);
    let evidence = std::fs::read(town.path("evidence.json")).unwrap();
    let evidence: Value = serde_json::from_slice(&evidence).unwrap();
    assert_eq!((evidence["heads"].as_array().unwrap().len(), &evidence["heads"][1]["signed"]), (2, &lie));
    // It rings though another is silent.
    assert_eq!(witness(&town, &server.url, &["http://127.0.0.1:1", &says(200, lie.to_string())]).code, 1);
}

#[test]
fn while_the_server_is_away_a_co_signer_says_what_it_has_signed() {
    let town = town();
    let server = start(&town, &["serve", "acme", "--listen", "127.0.0.1:0"]);
    let signed = signed_path(&town);
    let one = cosigner(&town, &server, 1);
    until("it has signed", || ask(&one.url, &signed).0 == 200);
    let before = ask(&one.url, &signed).1;
    drop(one);
    let args = ["cosign", "--follow", &server.url.clone(), "--key", "cosigner1", "--listen", "127.0.0.1:0"];
    drop(server);
    let one = start(&town, &args);
    assert_eq!(ask(&one.url, &signed), (200, before));
    drop(one);
    let open = town.run(&[
        "cosign",
        "--follow",
        "http://127.0.0.1:1",
        "--key",
        "cosigner1",
        "--listen",
        "0.0.0.0:0",
    ]);
    assert_eq!((open.code, open.fault().as_str()), (1, "tls-missing"), "{}", open.err);
}

/// More with `cargo xtask faults network`.
#[test]
fn nothing_acknowledged_is_lost_when_appender_co_signers_and_the_ways_between_them_fail() {
    for seed in 1..=2 {
        let program = std::path::Path::new(env!("CARGO_BIN_EXE_lockstep"));
        let trace = lockstep_sim::network::run(program, seed).unwrap_or_else(|error| panic!("{error:?}"));
        assert!(trace.acknowledged > 0 && trace.certificates > 0, "{trace:?}");
    }
}
