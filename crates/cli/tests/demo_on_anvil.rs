//! The demonstration on a real node: what is told, and what fails, is what is told of the chain in this
//! process.

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use tempfile::TempDir;

const PACKAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../contracts/node_modules/@foundry-rs");

struct Node {
    child: Child,
    url: String,
}

impl Node {
    /// Anvil on a free port, for this chain's number, whose first block is of 2023; nothing when it is not
    /// installed.
    fn start(chain: &str) -> Option<Self> {
        let packages = std::fs::read_dir(PACKAGES).into_iter().flatten();
        let mut found = packages.filter_map(|entry| Some(entry.ok()?.path().join("bin/anvil")));
        let Some(program) = found.find(|path: &PathBuf| path.is_file()) else {
            println!("skipped: contracts/node_modules/.bin/anvil is absent");
            return None;
        };
        let mut command = Command::new(program);
        command.args(["--port", "0", "--timestamp", "1700000000", "--chain-id", chain]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let listens = |line: std::io::Result<String>| {
            line.unwrap().strip_prefix("Listening on ").map(|at| at.trim().to_owned())
        };
        let url = format!("http://{}", lines.find_map(listens).unwrap());
        thread::spawn(move || lines.for_each(drop));
        Some(Self { child, url })
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn demo(more: &[&str]) -> Output {
    let dir = TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockstep"));
    command.args(["demo", "stablecoin", "--json", "--out"]).arg(dir.path()).args(more);
    command.output().unwrap()
}

fn told(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Fields of every item of a list, those that do not differ from run to run.
fn fields<'a>(told: &'a Value, list: &str, fields: &[&str]) -> Vec<Vec<&'a Value>> {
    let items = told[list].as_array().unwrap();
    items.iter().map(|item| fields.iter().map(|field| &item[*field]).collect()).collect()
}

#[test]
fn the_demonstration_on_a_real_node_tells_and_refuses_the_same() {
    let (Some(node), Some(second)) = (Node::start("31337"), Node::start("31338")) else { return };
    let remote = told(&demo(&["--anvil", &node.url, "--anvil", &second.url]));
    let embedded = told(&demo(&[]));
    assert_eq!(remote["as_expected"], true);
    let told_of = ["title", "expected", "found", "as_expected"];
    assert_eq!(fields(&remote, "failings", &told_of), fields(&embedded, "failings", &told_of));
    assert_eq!(remote["failings"].as_array().unwrap().len(), 34);
    let deeds = ["who", "step", "suites"];
    assert_eq!(fields(&remote, "deeds", &deeds), fields(&embedded, "deeds", &deeds));
    assert_eq!(remote["losses"], embedded["losses"]);
    for (part, field) in [
        ("chain", "supply"),
        ("redeemed", "supply"),
        ("redeemed", "amount"),
        ("second_chain", "supply"),
        ("second_chain", "issued"),
    ] {
        assert_eq!(remote[part][field], embedded[part][field], "{part}.{field}");
    }
    assert!(remote["remarks"].to_string().contains(&node.url), "{}", remote["remarks"]);
    // What has happened on it is later than where a second run would begin.
    let again = demo(&["--anvil", &node.url]);
    let error = String::from_utf8(again.stderr).unwrap();
    assert!(!again.status.success() && error.contains("chain-later"), "{error}");
}

#[test]
fn what_is_no_anvil_is_refused() {
    let output = demo(&["--anvil", "http://127.0.0.1:1"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && error.contains("no-quorum"), "{error}");
    let output = demo(&["--anvil", "a", "--anvil", "b", "--anvil", "c"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && error.contains("3 nodes are named"), "{error}");
}
