//! Requests of wallets, and the transactions in them: whatever comes gets an answer of JSON-RPC, what is
//! refused changes nothing, and a transaction that is taken keeps the hash of its bytes.

use alloy_primitives::{Address, Bytes, keccak256};
use lockstep_chain::dev::{Dev, METHODS};
use lockstep_chain::{Block, Domain, Embedded};
use serde_json::{Value, json};

const NOW: u64 = 1_800_000_000;
/// Who has signed the seeds (the key of 32 ones).
const SIGNER: Address = Address::new([
    0x1a, 0x64, 0x2f, 0x0e, 0x3c, 0x3a, 0xf5, 0x45, 0xe7, 0xac, 0xbd, 0x38, 0xb0, 0x72, 0x51, 0xb3, 0x99,
    0x09, 0x14, 0xf1,
]);

/// Panics when `data` breaks a property of the chain that answers.
pub fn run(data: &[u8]) {
    let mut dev = Dev::new(Embedded::new(31_337, 2, NOW).funded(SIGNER, 10));
    if let Some(answer) = dev.answer(data, NOW) {
        let answer: Value = serde_json::from_slice(&answer).expect("an answer is JSON");
        check_answer(&answer);
        if answer.get("error").is_some() {
            assert_eq!(newest(&dev).number, 0, "what is refused changes nothing");
        }
    }
    is_taken(data);
}

fn newest(dev: &Dev) -> Block {
    dev.chain().latest().expect("an embedded chain has a newest block")
}

fn check_answer(answer: &Value) {
    if let Value::Array(answers) = answer {
        return answers.iter().for_each(check_answer);
    }
    assert_eq!(answer["jsonrpc"], "2.0");
    let (result, error) = (answer.get("result"), answer.get("error"));
    assert!(result.is_some() != error.is_some(), "one of both");
    if let Some(error) = error {
        assert!(error["code"].is_i64() && error["message"].as_str().is_some_and(|text| !text.is_empty()));
    }
}

/// Whether `data` is a transaction for this chain, which then must be found by the hash of these bytes.
pub fn is_taken(data: &[u8]) -> bool {
    let mut dev = Dev::new(Embedded::new(31_337, 2, NOW).funded(SIGNER, 10));
    let mut ask = |method: &str, params: Value| -> Value {
        assert!(METHODS.contains(&method));
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = dev.answer(request.to_string().as_bytes(), NOW).expect("an answer");
        serde_json::from_slice(&answer).expect("an answer is JSON")
    };
    let sent = ask("eth_sendRawTransaction", json!([Bytes::copy_from_slice(data)]));
    let number = ask("eth_blockNumber", json!([]));
    let Some(hash) = sent.get("result") else {
        assert_eq!(number["result"], "0x0");
        return false;
    };
    assert_eq!((hash, &number["result"]), (&json!(keccak256(data)), &json!("0x1")));
    for method in ["eth_getTransactionByHash", "eth_getTransactionReceipt"] {
        assert!(ask(method, json!([hash]))["result"].is_object(), "{method}");
    }
    true
}
