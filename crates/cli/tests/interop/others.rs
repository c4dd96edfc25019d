//! What we write, read by programs of others: logs by Cloudflare's crates, envelopes by the Python packages
//! of in-toto. Both are put into place by `cargo xtask test`, and are black boxes here.

use crate::made::{ANY, LEDGER, Log, anything, key, leaves};
use crate::town::Town;
use lockstep_attest::sign::{Sign, sign};
use lockstep_attest::{Attestation, Statement, StepVerdict};
use lockstep_crypto::{Message, PublicKey, SecretError, SecretKey, Suite};
use lockstep_types::{CaseId, LeafHash, LedgerId, Lei, Time};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// A program that `cargo xtask test` puts into place; says so when it has not.
pub fn program(path: &str) -> Option<PathBuf> {
    let found = Path::new(ROOT).join(path);
    if found.exists() {
        return Some(found);
    }
    println!("skipped: {path} is absent: run `cargo xtask interop`");
    None
}

/// Entries that Cloudflare's crates have found in the log, or nothing.
fn azul(program: &Path, folder: &Path, vkey: &str) -> Option<u64> {
    let output = Command::new(program).arg(folder).arg(vkey).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then(|| told.trim().parse().unwrap())
}

#[test]
fn the_log_of_a_ledger_is_read_by_the_crates_of_cloudflare() {
    let Some(program) = program("target/azul/debug/azul-client") else { return };
    let town = Town::with_ledger();
    town.decided_case();
    let told = town.ok(&["log", "vkey", "acme"]);
    let vkey = told["vkey"].as_str().unwrap();
    let size = town.run(&["log", "check", "acme", "--vkey", vkey]).json()["size"].as_u64();
    assert!(size > Some(10));
    assert_eq!(azul(&program, &town.path("acme"), vkey), size);
    assert_eq!(azul(&program, &town.path("acme"), &key(LEDGER).to_string()), None, "another key");
}

#[test]
fn long_logs_are_read_by_the_crates_of_cloudflare_and_broken_ones_are_not() {
    let Some(program) = program("target/azul/debug/azul-client") else { return };
    for (log, origin) in [(Log::new(LEDGER, leaves(600)), LEDGER), (Log::new(ANY, anything(300)), ANY)] {
        let vkey = key(origin).to_string();
        let size = if origin == LEDGER { 600 } else { 300 };
        assert_eq!(azul(&program, log.path(), &vkey), Some(size));
        log.turn("tile/0/000", 99);
        assert_eq!(azul(&program, log.path(), &vkey), None);
    }
}

struct Key(SecretKey);

impl Sign for Key {
    type Error = SecretError;
    fn public(&self) -> &PublicKey {
        self.0.public()
    }
    fn sign(&self, message: Message<'_>) -> Result<Vec<u8>, SecretError> {
        self.0.sign(message)
    }
}

/// An envelope by these keys, as a party hands it in.
fn envelope(keys: &[&Key]) -> Value {
    let lei = Lei::with_check_digits("ACMEUSDISSUER00000").unwrap();
    let statement = Statement::Attestation(Attestation {
        case: CaseId([1; 32]),
        claims: Vec::new(),
        evidence: Vec::new(),
        expires: Time::from_ms(2_000).unwrap(),
        issued: Time::from_ms(1_000).unwrap(),
        ledger: LedgerId([2; 32]),
        party: lei,
        prev: vec![LeafHash([1; 32])],
        reason: None,
        seen: None,
        step: "approve".parse().unwrap(),
        verdict: StepVerdict::Done,
    });
    let submission = sign(&statement, Vec::new(), keys).unwrap();
    serde_json::from_slice(&submission.envelope.to_vec().unwrap()).unwrap()
}

fn case(envelope: &Value, keys: &[&Key], threshold: usize) -> Value {
    let described = |key: &&Key| {
        let public = key.public();
        json!({ "keyid": public.id(), "public": hex::encode(public.bytes()), "suite": public.suite() })
    };
    let keys: Vec<Value> = keys.iter().map(described).collect();
    json!({ "envelope": envelope, "keys": keys, "threshold": threshold })
}

#[test]
fn envelopes_in_plain_dsse_verify_with_securesystemslib_and_hold_in_toto_statements() {
    let Some(python) = program("target/interop-python/bin/python") else { return };
    let key = |suite, seed| Key(SecretKey::from_bytes(suite, &[seed; 32]).unwrap());
    let (plain, p256) = (key(Suite::Ed25519, 1), key(Suite::Es256, 2));
    let other = key(Suite::Ed25519, 3);
    let both = envelope(&[&plain, &p256]);
    let mut changed = both.clone();
    // Base64 of another text: its first bytes were changed after it was signed.
    let payload = changed["payload"].as_str().unwrap().replacen("eyJfdHlw", "eyAiX3R5", 1);
    changed["payload"] = payload.into();
    let mut of_other_type = both.clone();
    of_other_type["payloadType"] = "application/json".into();
    let cases = [
        (case(&envelope(&[&plain]), &[&plain], 1), "verified"),
        (case(&envelope(&[&p256]), &[&p256], 1), "verified"),
        (case(&both, &[&plain, &p256], 2), "verified"),
        (case(&envelope(&[&plain]), &[&plain, &p256], 2), "VerificationError"),
        (case(&envelope(&[&plain]), &[&other], 1), "VerificationError"),
        (case(&changed, &[&plain, &p256], 1), "VerificationError"),
        (case(&of_other_type, &[&plain, &p256], 1), "VerificationError"),
    ];
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/python/envelopes.py");
    let mut command = Command::new(python);
    let mut child = command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let asked = Value::from(cases.iter().map(|(case, _)| case.clone()).collect::<Vec<_>>());
    child.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let told: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
    let expected: Vec<&str> = cases.iter().map(|(_, expected)| *expected).collect();
    assert_eq!(told, expected);
}
