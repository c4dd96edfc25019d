//! The interface as `docs/openapi.json` describes it, tried on a real server by Schemathesis: requests that
//! fit the description and requests that do not. No answer is a failure of the server's, and each has a
//! status, a type and a form that the description names.

use crate::others::program;
use crate::town::Town;
use lockstep_client::{Client, Options, Signer};
use lockstep_crypto::SecretKey;
use lockstep_crypto::suite::Suite;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

const DOCUMENT: &str = include_str!("../../../../docs/openapi.json");
/// What is handed in is signed within, which no description makes: nothing that fits it alone is taken, and a
/// batch answers for each of its requests.
const SIGNED_WITHIN: [&str; 3] = ["submit", "submitAll", "cosign"];
/// Streams have no end, and a co-signer is asked elsewhere.
const NOT_TRIED: [&str; 5] = ["events", "caseEvents", "casesEvents", "waitingEvents", "signed"];
/// What one word of a question may be depends on another, which no description says.
const DEPENDENT: [&str; 2] = ["cases", "casePack"];

struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server that answers one address as often as it asks.
fn serve(town: &Town) -> (Serving, String) {
    let rate = "{ per_second = 1000000, burst = 1000000 }";
    let limits = format!("[limits]\nrequests = {rate}\nreads = {rate}\nrefused = {rate}\n");
    std::fs::write(
        town.path("lockstep.toml"),
        format!("listen = '127.0.0.1:0'\n{limits}[[ledger]]\ndir = 'acme'\n"),
    )
    .unwrap();
    let mut command = town.command(&["serve", "--config", "lockstep.toml"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let told: Value = serde_json::from_str(&line).unwrap();
    (Serving(child), told["url"].as_str().unwrap().to_owned())
}

/// The description, with ids that are there: by chance none is ever found.
fn described(ids: &[(&str, &str)]) -> Value {
    let mut document: Value = serde_json::from_str(DOCUMENT).unwrap();
    for operation in document["paths"].as_object_mut().unwrap().values_mut() {
        for described in operation.as_object_mut().unwrap().values_mut() {
            // The tool cannot sign: it shows the token, and other tokens, and none.
            let shows = described["security"]
                .as_array()
                .is_some_and(|all| all.iter().any(|way| way["token"].is_array()));
            if shows {
                described["security"] = json!([{ "token": [] }]);
            }
            for parameter in described["parameters"].as_array_mut().into_iter().flatten() {
                let known =
                    ids.iter().find(|(name, _)| parameter["name"] == *name && parameter["in"] == "path");
                if let Some((_, id)) = known {
                    parameter["schema"] = json!({ "type": "string", "enum": [id] });
                }
            }
        }
    }
    document
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn every_answer_is_as_the_description_says_whatever_is_asked() {
    let Some(program) = program("target/schemathesis/bin/schemathesis") else { return };
    let town = Town::with_ledger();
    let case = town.open_case();
    // A party's key, in the open: what is asked with a token is asked by somebody who may.
    let key = SecretKey::from_bytes(Suite::Ed25519, &[9; 32]).unwrap();
    let public = serde_json::to_string(lockstep_attest::sign::Sign::public(&key)).unwrap();
    std::fs::write(town.path("asking.pub"), public).unwrap();
    let issue = ["credential", "issue", "acme", "--as", "registry", "--subject", crate::town::CLEAR];
    town.ok(&[&issue[..], &["--kind", "aml-provider", "--key", "asking.pub"]].concat());
    let (_serving, url) = serve(&town);
    let client = Client::connect(&url, None, &Options::default()).unwrap();
    let token = client.token(&Signer::new(&key, seconds)).unwrap().token;
    let ledger = client.id().to_string();
    let document = described(&[("ledger", &ledger), ("case", &case), ("tile", "0/000.p/1"), ("size", "1")]);
    std::fs::write(town.path("openapi.json"), document.to_string()).unwrap();

    let run = |examples: &str, more: &[&str]| {
        let mut command = Command::new(&program);
        // So many examples, and no time to keep: a slow machine tries what a fast one does.
        command.current_dir(town.path("")).args(["run", "openapi.json", "--url", &url, "--seed", "1"]);
        command.args(["--phases", "coverage,fuzzing", "--max-examples", examples]);
        command.args(["--suppress-health-check", "all", "--request-timeout", "120", "--no-color"]);
        command.args(["--header", &format!("Authorization: Bearer {token}")]).args(more);
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
        let count = told.split_once("Test cases:").expect("how many were tried").1;
        count.split_whitespace().next().unwrap().replace(',', "").parse::<u32>().unwrap()
    };
    let each =
        |flag: &'static str, ids: &[&'static str]| ids.iter().flat_map(|id| [flag, *id]).collect::<Vec<_>>();
    let others = [&NOT_TRIED[..], &SIGNED_WITHIN, &DEPENDENT].concat();
    let tried = run("80", &[&["--checks", "all"][..], &each("--exclude-operation-id", &others)].concat());
    let apart = [&SIGNED_WITHIN[..], &DEPENDENT].concat();
    let signed = ["--checks", "all", "--exclude-checks", "positive_data_acceptance,negative_data_rejection"];
    let handed_in = run("120", &[&signed[..], &each("--include-operation-id", &apart)].concat());
    assert!(tried > 1500 && handed_in > 500, "{tried} {handed_in}");
    // What was tried has changed nothing: the ledger is whole, and the server still answers.
    assert_eq!(client.ledger().unwrap().ledger.to_string(), ledger);
}
