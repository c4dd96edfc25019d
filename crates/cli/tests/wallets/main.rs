//! `lockstep chain dev` as those meet it who use it: wallets and tools of others, browsers, clients that
//! misbehave.

mod served;

use serde_json::{Value, json};
use served::Served;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The first of the accounts that everybody has.
const ALICE: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const ALICE_KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const BOB: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wallets")
}

/// A file of a package from npm; says so when it is not there.
fn package(path: &str) -> Option<PathBuf> {
    let found = folder().join("node_modules").join(path);
    if found.exists() {
        return Some(found);
    }
    println!("skipped: node_modules/{path} is absent: run `npm ci` in crates/cli/tests/wallets");
    None
}

fn ran(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{out}\n{err}");
    out.trim().to_owned()
}

#[test]
fn viem_deploys_reads_writes_waits_and_finds_logs() {
    if package("viem/package.json").is_none() {
        return;
    }
    let served = Served::start(&[]);
    let artifact = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/artifacts/Token.json");
    let mut node = Command::new("node");
    node.current_dir(folder()).arg("viem.mjs").arg(&served.url).arg(artifact).arg(ALICE_KEY);
    let told: Value = serde_json::from_str(&ran(&mut node)).unwrap();
    let receipt = served.call("eth_getTransactionReceipt", json!([told["minted"]]));
    assert_eq!(receipt["logs"][0]["address"], told["token"], "what viem did has happened: {receipt}");
    assert_eq!(told["blocks"], 4);
}

#[test]
fn cast_asks_sends_calls_and_reads_the_receipt() {
    let Some(cast) = package("@foundry-rs/cast/bin.mjs") else { return };
    let served = Served::start(&[]);
    let cast = |arguments: &[&str]| {
        let mut command = Command::new("node");
        ran(command.arg(&cast).args(arguments).env("ETH_RPC_URL", &served.url))
    };
    assert_eq!(cast(&["chain-id"]), "31337");
    assert_eq!(cast(&["balance", ALICE, "--ether"]), "10000.000000000000000000");
    let sent: Value = serde_json::from_str(&cast(&[
        "send",
        "--json",
        "--private-key",
        ALICE_KEY,
        BOB,
        "--value",
        "1ether",
    ]))
    .unwrap();
    assert_eq!(sent["status"], "0x1");
    let hash = sent["transactionHash"].as_str().unwrap();
    let receipt: Value = serde_json::from_str(&cast(&["receipt", "--json", hash])).unwrap();
    assert_eq!((&receipt["blockNumber"], &receipt["blockHash"]), (&json!("0x1"), &sent["blockHash"]));
    assert_eq!(cast(&["balance", BOB, "--ether"]), "10001.000000000000000000");
    assert_eq!(cast(&["nonce", ALICE]), "1");
    let text = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/artifacts/Token.json"),
    );
    let artifact: Value = serde_json::from_str(&text.unwrap()).unwrap();
    let deploy = [
        "send",
        "--json",
        "--private-key",
        ALICE_KEY,
        "--create",
        artifact["bytecode"].as_str().unwrap(),
        "constructor(string,string,uint8,address)",
        "Acme dollar",
        "ACME",
        "6",
        ALICE,
    ];
    let deployed: Value = serde_json::from_str(&cast(&deploy)).unwrap();
    let token = deployed["contractAddress"].as_str().unwrap();
    cast(&["send", "--json", "--private-key", ALICE_KEY, token, "mint(address,uint256)", BOB, "7"]);
    assert_eq!(cast(&["call", token, "balanceOf(address)(uint256)", BOB]), "7");
    let logs: Value =
        serde_json::from_str(&cast(&["logs", "--json", "--from-block", "0", "--address", token])).unwrap();
    assert!(logs.as_array().is_some_and(|logs| logs.len() > 1), "{logs}");
    let block: Value = serde_json::from_str(&cast(&["block", "--json", "latest"])).unwrap();
    assert_eq!(block["number"], json!("0x3"));
}

#[test]
fn the_accounts_that_are_named_are_funded_and_no_others() {
    let fund = "0x2222222222222222222222222222222222222222";
    let served = Served::start(&["--fund", fund, "--chain-id", "77", "--depth", "1"]);
    assert_eq!(served.call("eth_chainId", json!([])), "0x4d");
    assert_eq!(served.call("eth_getBalance", json!([fund])), "0x21e19e0c9bab2400000");
    assert_eq!(served.call("eth_getBalance", json!([ALICE])), "0x0");
    assert_eq!(served.told["accounts"], json!([{ "address": fund, "ether": 10_000 }]));
    assert!(!served.end().contains("PUBLIC"), "no key was shown");
}

#[test]
fn it_warns_loudly_that_the_keys_are_public_and_ends_cleanly_when_asked() {
    let served = Served::start(&[]);
    assert_eq!(served.told["accounts"][0]["public_secret_key"], ALICE_KEY);
    let notes = served.end();
    assert!(notes.contains("PUBLIC") && notes.contains("it proves nothing"), "{notes}");
    assert!(notes.contains("ended after block 0"), "{notes}");
}

#[test]
fn blocks_come_by_themselves_when_a_block_time_is_set() {
    let served = Served::start(&["--block-time", "1", "--depth", "1"]);
    // Asked until it is so: no time is assumed.
    let finalized = || served.call("eth_getBlockByNumber", json!(["finalized", false]))["number"].clone();
    while finalized() == "0x0" {
        std::thread::yield_now();
    }
    assert_ne!(served.call("eth_blockNumber", json!([])), "0x0");
}

#[test]
fn an_address_that_others_can_reach_is_refused() {
    for address in ["0.0.0.0", "::", "192.0.2.1"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockstep"));
        let output = command.args(["chain", "dev", "--port", "0", "--address", address]).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("(not-loopback)"), "{told}");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let served = Served::start(&[]);
    let port = served.port().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_lockstep"))
        .args(["chain", "dev", "--port", &port])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("(port)") && told.contains("`--port 0` takes a free port"), "{told}");
}

const CHAIN_ID: &str = r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#;

#[test]
fn browsers_of_strangers_are_refused_and_pages_of_this_machine_are_not() {
    let served = Served::start(&[]);
    let own = format!("Host: localhost:{}", served.port());
    let evil = served.post(&["Host: evil.example"], CHAIN_ID);
    assert!(evil.starts_with("HTTP/1.1 403 ") && evil.contains("`evil.example`"), "{evil}");
    let page = served.post(&[&own, "Origin: https://evil.example"], CHAIN_ID);
    assert!(page.starts_with("HTTP/1.1 403 ") && !page.contains("access-control"), "{page}");
    let near = served.post(&[&own, "Origin: http://localhost:5173"], CHAIN_ID);
    assert!(near.starts_with("HTTP/1.1 200 ") && near.contains("0x7a69"), "{near}");
    assert!(near.contains("access-control-allow-origin: http://localhost:5173\r\n"), "{near}");
    let none = served.post(&[&own], CHAIN_ID);
    assert!(none.starts_with("HTTP/1.1 200 ") && !none.contains("access-control"), "{none}");
    let origin = "Origin: http://localhost:5173";
    let asked = served.raw(&format!("OPTIONS / HTTP/1.1\r\n{own}\r\n{origin}\r\nConnection: close\r\n\r\n"));
    assert!(
        asked.starts_with("HTTP/1.1 204 ") && asked.contains("access-control-allow-headers: content-type")
    );
    let got = served.raw(&format!("GET / HTTP/1.1\r\n{own}\r\nConnection: close\r\n\r\n"));
    assert!(got.starts_with("HTTP/1.1 405 ") && got.contains("allow: POST, OPTIONS"), "{got}");
}

#[test]
fn what_is_too_long_or_no_request_gets_an_error_and_the_chain_goes_on() {
    let served = Served::start(&[]);
    let own = format!("Host: 127.0.0.1:{}", served.port());
    let announced =
        format!("POST / HTTP/1.1\r\n{own}\r\nContent-Length: 99999999\r\nConnection: close\r\n\r\n");
    let long = served.raw(&announced);
    assert!(long.starts_with("HTTP/1.1 413 ") && long.contains("-32600"), "{long}");
    // A body that does not say how long it is.
    let piece = "a".repeat(1_048_577);
    let chunks = format!("{:x}\r\n{piece}\r\n0\r\n\r\n", piece.len());
    let head = format!("POST / HTTP/1.1\r\n{own}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
    let long = served.raw(&format!("{head}{chunks}"));
    assert!(long.starts_with("HTTP/1.1 413 "), "{long}");
    let garbage = served.post(&[&own], "garbage");
    assert!(garbage.starts_with("HTTP/1.1 200 ") && garbage.contains("-32700"), "{garbage}");
    let quiet = served.post(&[&own], r#"{"jsonrpc":"2.0","method":"evm_mine"}"#);
    assert!(quiet.starts_with("HTTP/1.1 204 "), "{quiet}");
    let heads = format!("POST / HTTP/1.1\r\n{own}\r\nX: {}\r\n\r\n", "a".repeat(20_000));
    assert!(!served.raw(&heads).starts_with("HTTP/1.1 200 "));
    assert_eq!(served.call("eth_blockNumber", json!([])), "0x1");
}
