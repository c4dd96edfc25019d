use super::*;
use serde_json::json;

fn error(code: i64, message: &str, data: Option<&str>) -> AskError {
    let text = json!({ "code": code, "message": message, "data": data }).to_string();
    refusal(serde_json::from_str(&text).unwrap())
}

#[test]
fn a_revert_is_an_answer_and_a_block_that_is_missing_is_none() {
    let reverted = error(3, "execution reverted: custom error", Some("0x08c379a0"));
    assert_eq!(called(Err(reverted)).unwrap(), Called::Reverted("0x08c379a0".parse().unwrap()));
    let bare = error(-32_000, "execution reverted", None);
    assert_eq!(called(Err(bare)).unwrap(), Called::Reverted(Bytes::new()));
    let halted = error(-32_000, "Out of gas: gas required exceeds allowance: 0", None);
    assert_eq!(called(Err(halted)).unwrap(), Called::Halted("out of gas"));
    assert_eq!(called(Ok(json!("0x01"))).unwrap(), Called::Returned("0x01".parse().unwrap()));
    assert!(matches!(called(Err(error(-32_000, "header not found", None))), Err(AskError::Refused(_))));
    assert!(matches!(called(Err(error(-32_000, "missing trie node", None))), Err(AskError::Refused(_))));
    assert!(matches!(called(Ok(json!(1))), Err(AskError::Nonsense(_))));
}

#[test]
fn a_limit_on_requests_is_told_from_a_limit_on_answers() {
    for busy in ["rate limit exceeded", "daily request count exceeded, request rate limited", "slow down"] {
        assert!(matches!(error(-32_005, busy, None), AskError::Busy(_)), "{busy}");
    }
    for much in [
        "query returned more than 10000 results",
        "block range too large",
        "eth_getLogs is limited to a 500 block range",
        "response size exceeded",
    ] {
        assert!(matches!(error(-32_005, much, None), AskError::TooMuch(_)), "{much}");
        assert!(matches!(error(-32_602, much, None), AskError::TooMuch(_)), "{much}");
    }
}

#[test]
fn a_block_is_the_one_asked_for_with_whatever_else_a_rollup_says_of_it() {
    let hash = B256::repeat_byte(7);
    let wire = json!({ "number": "0x10", "hash": hash, "timestamp": "0x20", "l1BlockNumber": "0x1" });
    let block = Block { number: 16, hash, timestamp: 32 };
    assert_eq!(head(wire.clone(), Some(16)).unwrap(), Some(Head { block, base_fee: 0 }));
    assert!(head(wire, Some(17)).is_err());
    assert_eq!(head(json!(null), Some(17)).unwrap(), None);
    assert!(head(json!({ "number": null }), None).is_err(), "a pending block is none");
}

#[test]
fn logs_come_in_order_once_each_and_only_from_blocks_that_stand() {
    let log = |block: u64, index: u64, removed: bool| {
        json!({
            "address": Address::ZERO, "topics": [], "data": "0x", "removed": removed,
            "blockHash": B256::repeat_byte(1), "blockNumber": format!("{block:#x}"),
            "transactionHash": B256::repeat_byte(2), "transactionIndex": "0x0",
            "logIndex": format!("{index:#x}"),
        })
    };
    let places = |found: Vec<Noted>| found.iter().map(|n| (n.log.block, n.log.index)).collect::<Vec<_>>();
    let found = logs(json!([log(2, 1, false), log(1, 5, false), log(2, 0, false), log(1, 5, false)]));
    assert_eq!(places(found.unwrap()), [(1, 5), (2, 0), (2, 1)]);
    assert!(logs(json!([log(1, 0, true)])).is_err());
    let pending = json!([{ "address": Address::ZERO, "topics": [], "data": "0x", "blockNumber": null,
        "blockHash": null, "transactionHash": null, "transactionIndex": null, "logIndex": null }]);
    assert!(logs(pending).is_err());
}
