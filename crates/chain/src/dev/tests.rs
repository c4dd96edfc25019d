use super::*;
use crate::contracts::{Token, creation_code, token};
use crate::embedded::{Envelope, GAS_MAX};
use alloy_consensus::{Header, SignableTransaction, Signed, TxEip1559, TxEip2930, TxLegacy};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, keccak256};
use alloy_sol_types::{SolCall, SolConstructor, SolError};
use lockstep_crypto::secret::SecretKey;
use lockstep_crypto::suite::{Message, Suite};

const CHAIN: u64 = 31_337;
const NOW: u64 = 1_800_000_000;
const HOLDER: Address = Address::repeat_byte(0x22);

fn key(seed: u8) -> SecretKey {
    SecretKey::from_bytes(Suite::Eip712, &[seed; 32]).unwrap()
}

fn address(key: &SecretKey) -> Address {
    Address::from_slice(key.public().bytes())
}

fn alice() -> Address {
    address(&key(1))
}

/// A chain on which Alice has ten ether.
fn dev() -> Dev {
    Dev::new(Embedded::new(CHAIN, 2, NOW).funded(alice(), 10))
}

fn ask(dev: &mut Dev, request: &str) -> Value {
    let answer = dev.answer(request.as_bytes(), NOW).expect("an answer");
    serde_json::from_slice(&answer).expect("JSON")
}

fn call(dev: &mut Dev, method: &str, params: Value) -> Result<Value, Value> {
    let request = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
    let mut answer = ask(dev, &request.to_string());
    assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(7)), "{answer}");
    match answer.get("error") {
        Some(error) => Err(error.clone()),
        None => Ok(answer["result"].take()),
    }
}

/// The result that a method must give.
#[track_caller]
fn check(dev: &mut Dev, method: &str, params: Value, expected: Value) {
    assert_eq!(call(dev, method, params), Ok(expected), "{method}");
}

/// Code and text of the error that a method must give; nothing may have changed.
#[track_caller]
fn check_refused(dev: &mut Dev, (method, params): (&str, Value), code: i64, text: &str) {
    let before = fingerprint(dev);
    let error = call(dev, method, params).expect_err(method);
    assert_eq!(error["code"], json!(code), "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(text), "`{message}` does not say `{text}`");
    assert_eq!(fingerprint(dev), before, "{method}");
}

/// What a refusal must leave as it was.
fn fingerprint(dev: &Dev) -> (crate::Block, u64, U256, u64) {
    let chain = dev.chain();
    let held = dev.account_at(chain.newest().number, alice()).unwrap().balance;
    (chain.newest(), chain.nonce(alice()), held, dev.ahead_s)
}

fn signed<T: SignableTransaction<Signature>>(transaction: T, by: &SecretKey) -> Signed<T> {
    let bytes = by.sign(Message::Hash(&transaction.signature_hash().0)).unwrap();
    transaction.into_signed(Signature::try_from(&bytes[..]).unwrap())
}

fn fee_market(nonce: u64, to: TxKind, (value, input): (u64, Bytes)) -> TxEip1559 {
    TxEip1559 {
        chain_id: CHAIN,
        nonce,
        gas_limit: 5_000_000,
        max_fee_per_gas: 2_000_000_000,
        max_priority_fee_per_gas: 1,
        to,
        value: U256::from(value),
        input,
        ..TxEip1559::default()
    }
}

fn send(dev: &mut Dev, envelope: &Envelope) -> Result<Value, Value> {
    call(dev, "eth_sendRawTransaction", json!([Bytes::from(envelope.encoded_2718())]))
}

/// Sends a transaction of Alice and answers its hash.
fn sent(dev: &mut Dev, transaction: TxEip1559) -> Value {
    send(dev, &signed(transaction, &key(1)).into()).unwrap()
}

fn creation() -> Bytes {
    let arguments = Token::constructorCall {
        name: "Acme dollar".to_owned(),
        symbol: "ACME".to_owned(),
        decimals_: 6,
        gate: alice(),
    };
    [&creation_code(token::ARTIFACT).unwrap()[..], &arguments.abi_encode()].concat().into()
}

fn mint(amount: u64) -> Bytes {
    Token::mintCall { to: HOLDER, amount: U256::from(amount) }.abi_encode().into()
}

/// A chain with Alice's token, and the token's address.
fn with_token() -> (Dev, Address) {
    let mut dev = dev();
    sent(&mut dev, fee_market(0, TxKind::Create, (0, creation())));
    (dev, alice().create(0))
}

#[test]
fn what_never_changes_is_told() {
    let mut dev = dev();
    check(&mut dev, "eth_chainId", json!([]), json!("0x7a69"));
    check(&mut dev, "net_version", json!([]), json!("31337"));
    check(&mut dev, "eth_blockNumber", Value::Null, json!("0x0"));
    check(&mut dev, "eth_gasPrice", json!([]), json!("0x0"));
    check(&mut dev, "eth_maxPriorityFeePerGas", json!([]), json!("0x0"));
    check(&mut dev, "eth_getBalance", json!([alice(), "latest"]), json!("0x8ac7230489e80000"));
    check(&mut dev, "eth_getTransactionCount", json!([alice(), "pending"]), json!("0x0"));
    check(&mut dev, "eth_getCode", json!([alice(), "latest"]), json!("0x"));
    check(&mut dev, "eth_getBlockByNumber", json!(["0x9", false]), Value::Null);
    check(&mut dev, "eth_getTransactionReceipt", json!([B256::repeat_byte(9)]), Value::Null);
    let version = call(&mut dev, "web3_clientVersion", json!([])).unwrap();
    assert!(version.as_str().unwrap().starts_with("lockstep/"), "{version}");
}

#[test]
fn every_method_that_is_listed_is_served_and_no_other() {
    let mut dev = dev();
    for method in METHODS {
        if let Err(error) = call(&mut dev, method, json!([])) {
            assert_eq!(error["code"], -32_602, "{method}: {error}");
        }
    }
    for method in
        ["eth_sendTransaction", "eth_accounts", "anvil_setBalance", "debug_traceCall", "", "ETH_CALL"]
    {
        check_refused(&mut dev, (method, json!([])), -32_601, "is not served here");
    }
}

#[test]
fn a_raw_transaction_keeps_the_hash_of_its_bytes_in_every_answer() {
    let mut dev = dev();
    let legacy = TxLegacy {
        chain_id: Some(CHAIN),
        nonce: 0,
        gas_price: 20_000_000_000,
        gas_limit: 21_000,
        to: TxKind::Call(HOLDER),
        value: U256::from(5),
        input: Bytes::new(),
    };
    let listed = TxEip2930 {
        chain_id: CHAIN,
        nonce: 1,
        gas_price: 1,
        gas_limit: 30_000,
        to: TxKind::Call(HOLDER),
        value: U256::from(6),
        access_list: vec![alloy_eips::eip2930::AccessListItem {
            address: HOLDER,
            storage_keys: vec![B256::ZERO],
        }]
        .into(),
        input: Bytes::new(),
    };
    let market = fee_market(2, TxKind::Call(HOLDER), (7, Bytes::new()));
    let envelopes: [Envelope; 3] =
        [signed(legacy, &key(1)).into(), signed(listed, &key(1)).into(), signed(market, &key(1)).into()];
    for (number, envelope) in (1_u64..).zip(&envelopes) {
        let hash = json!(keccak256(envelope.encoded_2718()));
        assert_eq!(send(&mut dev, envelope), Ok(hash.clone()));
        let transaction = call(&mut dev, "eth_getTransactionByHash", json!([hash])).unwrap();
        let receipt = call(&mut dev, "eth_getTransactionReceipt", json!([hash])).unwrap();
        let block = call(&mut dev, "eth_getBlockByNumber", json!(["latest", false])).unwrap();
        let whole = call(&mut dev, "eth_getBlockByHash", json!([block["hash"], true])).unwrap();
        assert_eq!(block["transactions"], json!([hash]));
        assert_eq!(whole["transactions"], json!([transaction]));
        assert_eq!((&transaction["hash"], &receipt["transactionHash"]), (&hash, &hash));
        assert_eq!(transaction["from"], json!(alice().to_string().to_lowercase()));
        let of = [&transaction["blockHash"], &receipt["blockHash"], &whole["hash"]];
        assert_eq!(of, [&block["hash"]; 3]);
        assert_eq!(block["number"], json!(format!("0x{number:x}")));
        assert_eq!((&receipt["status"], &receipt["type"]), (&json!("0x1"), &transaction["type"]));
        assert_eq!(receipt["effectiveGasPrice"], json!("0x0"), "nothing is charged");
    }
    check(&mut dev, "eth_getBalance", json!([HOLDER, "latest"]), json!("0x12"));
    let left = 10_000_000_000_000_000_000_u64 - 18;
    check(&mut dev, "eth_getBalance", json!([alice(), "latest"]), json!(format!("0x{left:x}")));
}

#[test]
fn the_hash_of_a_block_is_the_hash_of_the_header_that_is_served() {
    let (mut dev, _) = with_token();
    call(&mut dev, "evm_mine", json!([])).unwrap();
    let mut parent = None;
    for number in 0..3 {
        let block = call(&mut dev, "eth_getBlockByNumber", json!([format!("0x{number:x}"), false])).unwrap();
        let header: Header = serde_json::from_value(block.clone()).unwrap();
        assert_eq!(json!(header.hash_slow()), block["hash"]);
        assert!(parent.is_none_or(|hash| hash == block["parentHash"]), "block {number}");
        parent = Some(block["hash"].clone());
    }
    let other = Embedded::new(CHAIN + 1, 2, NOW);
    assert_ne!(other.newest().hash, dev.chain().mined(0).unwrap().block.hash, "two chains differ");
}

#[test]
fn a_contract_is_deployed_called_and_its_logs_found() {
    let (mut dev, token) = with_token();
    let code = call(&mut dev, "eth_getCode", json!([token, "latest"])).unwrap();
    assert!(code.as_str().unwrap().len() > 1_000);
    let gas = call(&mut dev, "eth_estimateGas", json!([{ "from": alice(), "to": token, "data": mint(7) }]))
        .unwrap();
    let estimated: u64 = serde_json::from_value::<alloy_primitives::U64>(gas).unwrap().to();
    let mut minting = fee_market(1, TxKind::Call(token), (0, mint(7)));
    minting.gas_limit = estimated;
    let hash = sent(&mut dev, minting);
    let receipt = call(&mut dev, "eth_getTransactionReceipt", json!([hash])).unwrap();
    assert_eq!(receipt["status"], json!("0x1"), "the estimate is enough");
    let asked = Bytes::from(Token::balanceOfCall { account: HOLDER }.abi_encode());
    let seven = json!(B256::from(U256::from(7)));
    check(&mut dev, "eth_call", json!([{ "to": token, "input": asked }, "latest"]), seven.clone());
    check(
        &mut dev,
        "eth_call",
        json!([{ "to": token, "input": asked }, { "blockHash": receipt["blockHash"] }]),
        seven,
    );
    let transfer = keccak256("Transfer(address,address,uint256)");
    let found = json!([receipt["logs"][0]]);
    for filter in [
        json!({ "fromBlock": "earliest", "toBlock": "latest", "address": token, "topics": [transfer] }),
        json!({ "fromBlock": "0x2", "address": [token, HOLDER], "topics": [[transfer, B256::ZERO], null] }),
        json!({ "blockHash": receipt["blockHash"], "topics": [null, null, HOLDER.into_word()] }),
    ] {
        check(&mut dev, "eth_getLogs", json!([filter]), found.clone());
    }
    for filter in [
        json!({ "fromBlock": "earliest", "address": HOLDER }),
        json!({ "fromBlock": "earliest", "topics": [null, HOLDER.into_word()] }),
        json!({ "fromBlock": "earliest", "toBlock": "0x0" }),
    ] {
        check(&mut dev, "eth_getLogs", json!([filter]), json!([]));
    }
}

#[test]
fn what_a_contract_refuses_is_told_with_its_reason_and_stands_in_a_block_when_sent() {
    let (mut dev, token) = with_token();
    let asked = json!([{ "from": HOLDER, "to": token, "data": mint(7) }, "latest"]);
    let error = call(&mut dev, "eth_call", asked.clone()).unwrap_err();
    assert_eq!(error["code"], 3);
    assert!(error["message"].as_str().unwrap().contains("AccessControlUnauthorizedAccount"), "{error}");
    let selector = Token::AccessControlUnauthorizedAccount::SELECTOR;
    let data: Bytes = serde_json::from_value(error["data"].clone()).unwrap();
    assert_eq!(data[..4], selector);
    check_refused(&mut dev, ("eth_estimateGas", asked), 3, "execution reverted: AccessControl");
    // Bob may not mint, but he may try.
    let attempt = signed(fee_market(0, TxKind::Call(token), (0, mint(7))), &key(2));
    let hash = send(&mut dev, &attempt.into()).unwrap();
    let receipt = call(&mut dev, "eth_getTransactionReceipt", json!([hash])).unwrap();
    assert_eq!((&receipt["status"], &receipt["logs"]), (&json!("0x0"), &json!([])));
    check(&mut dev, "eth_getTransactionCount", json!([address(&key(2)), "latest"]), json!("0x1"));
}

#[test]
fn a_transaction_that_no_block_may_hold_is_refused_and_nothing_moves() {
    let mut dev = dev();
    sent(&mut dev, fee_market(0, TxKind::Call(HOLDER), (1, Bytes::new())));
    let plain = |nonce| fee_market(nonce, TxKind::Call(HOLDER), (1, Bytes::new()));
    let alter = |change: fn(&mut TxEip1559)| {
        let mut transaction = plain(1);
        change(&mut transaction);
        Envelope::from(signed(transaction, &key(1))).encoded_2718()
    };
    let good = Envelope::from(signed(plain(1), &key(1))).encoded_2718();
    let unprotected =
        TxLegacy { nonce: 1, gas_limit: 21_000, to: TxKind::Call(HOLDER), ..TxLegacy::default() };
    let high_s = {
        let twin = signed(plain(1), &key(1));
        let order = U256::from_be_slice(&SECP256K1_ORDER);
        let flipped =
            Signature::new(twin.signature().r(), order - twin.signature().s(), !twin.signature().v());
        Envelope::from(plain(1).into_signed(flipped)).encoded_2718()
    };
    let stories: [(Vec<u8>, &str); 16] = [
        (alter(|t| t.nonce = 0), "nonce too low: "),
        (alter(|t| t.nonce = 2), "nonce too high: "),
        (alter(|t| t.chain_id = 1), "invalid chain id: expected 31337, found 1"),
        (alter(|t| t.gas_limit = GAS_MAX + 1), "exceeds block gas limit: "),
        (alter(|t| t.gas_limit = 20_999), "the transaction is refused: "),
        (alter(|t| t.value = U256::MAX), "insufficient funds for transfer: "),
        (alter(|t| t.max_priority_fee_per_gas = u128::MAX), "max priority fee per gas higher than max fee"),
        (Envelope::from(signed(unprotected, &key(1))).encoded_2718(), "names no chain"),
        (high_s, "the signature does not hold: "),
        ([&good[..], &[0]].concat(), "the bytes are no transaction: "),
        (good[..good.len() - 1].to_vec(), "the bytes are no transaction: "),
        (Vec::new(), "the bytes are no transaction: "),
        (vec![3], "transactions of type 3 are not taken"),
        (vec![4, 0xc0], "transactions of type 4 are not taken"),
        (vec![0x7f, 0xc0], "transactions of type 127 are not taken"),
        (vec![2; raw::TRANSACTION_BYTES_MAX + 1], "the transaction is too long: "),
    ];
    for (bytes, text) in stories {
        check_refused(&mut dev, ("eth_sendRawTransaction", json!([Bytes::from(bytes)])), -32_003, text);
    }
    // The same bytes unchanged are fine: what was refused was refused for its change.
    assert!(call(&mut dev, "eth_sendRawTransaction", json!([Bytes::from(good.clone())])).is_ok());
    check_refused(
        &mut dev,
        ("eth_sendRawTransaction", json!([Bytes::from(good)])),
        -32_003,
        "nonce too low: ",
    );
}

const SECP256K1_ORDER: [u8; 32] =
    alloy_primitives::hex!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");

#[test]
fn what_is_no_request_gets_the_error_that_json_rpc_has_for_it() {
    let mut dev = dev();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let long = format!("\"{}\"", "a".repeat(REQUEST_BYTES_MAX));
    let many = format!("[{}]", vec!["1"; BATCH_MAX + 1].join(","));
    let long_id = format!(r#"{{"jsonrpc":"2.0","id":"{}","method":"eth_chainId"}}"#, "a".repeat(257));
    let before = fingerprint(&dev);
    for (text, code, id) in [
        ("", -32_700, Value::Null),
        ("garbage", -32_700, Value::Null),
        ("\u{0}\u{1}", -32_700, Value::Null),
        (r#"{"jsonrpc":"2.0","id":1,"method":"evm_mine"} {}"#, -32_700, Value::Null),
        (&deep, -32_700, Value::Null),
        (&long, -32_600, Value::Null),
        ("[]", -32_600, Value::Null),
        (&many, -32_600, Value::Null),
        ("1", -32_600, Value::Null),
        ("{}", -32_600, Value::Null),
        (r#"{"id":1,"method":"evm_mine"}"#, -32_600, json!(1)),
        (r#"{"jsonrpc":"1.0","id":1,"method":"evm_mine"}"#, -32_600, json!(1)),
        (r#"{"jsonrpc":"2.0","id":1}"#, -32_600, json!(1)),
        (r#"{"jsonrpc":"2.0","id":1,"method":5}"#, -32_600, json!(1)),
        (r#"{"jsonrpc":"2.0","id":[1],"method":"evm_mine"}"#, -32_600, Value::Null),
        (&long_id, -32_600, Value::Null),
        (r#"{"jsonrpc":"2.0","id":"a","method":"evm_mine","params":{}}"#, -32_602, json!("a")),
        (r#"{"jsonrpc":"2.0","id":"a","method":"evm_mine","params":[1]}"#, -32_602, json!("a")),
    ] {
        let answer = ask(&mut dev, text);
        assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(code), &id), "{answer}");
        assert!(answer.to_string().len() < 1_000, "an error repeats little of what was asked");
        assert_eq!(fingerprint(&dev), before);
    }
    let answer = dev.answer(&[0xff, 0xfe], NOW).expect("bytes that are no text get an answer too");
    assert_eq!(serde_json::from_slice::<Value>(&answer).unwrap()["error"]["code"], -32_700);
}

#[test]
fn parameters_of_the_wrong_kind_are_refused_by_name() {
    let (mut dev, token) = with_token();
    let stories = [
        ("eth_getBalance", json!([]), "expects `address` at place 1"),
        ("eth_getBalance", json!(["0x12"]), "`address` of `eth_getBalance`: "),
        ("eth_getBalance", json!([alice(), "newest"]), "`block` of `eth_getBalance`: "),
        ("eth_getBalance", json!([alice(), "latest", 1]), "takes 2 at most"),
        ("eth_getBlockByNumber", json!([false]), "`block` of "),
        ("eth_getBlockByNumber", json!(["latest", "yes"]), "`whole transactions` of "),
        ("eth_call", json!([7]), "`call` of "),
        ("eth_call", json!([{ "to": token }, "latest", { "0x": {} }]), "takes 2 at most"),
        ("eth_call", json!([{ "to": token, "data": "0x01", "input": "0x02" }]), "`input` and `data` differ"),
        ("eth_sendRawTransaction", json!([1]), "`transaction` of "),
        ("eth_sendRawTransaction", json!(["0xzz"]), "`transaction` of "),
        ("eth_getLogs", json!([{ "fromBlock": "0x1", "toBlock": "0x0" }]), "blocks 1 to 0 are none"),
        ("eth_getLogs", json!([{ "topics": [null, null, null, null, null] }]), "`filter` of "),
        ("eth_getLogs", json!([{ "addresses": [] }]), "`filter` of "),
        ("eth_feeHistory", json!(["0x0", "latest", []]), "0 blocks, expected 1 to 1024"),
        ("eth_feeHistory", json!(["0x1", "latest", vec![1; 101]]), "at most 100 percentiles"),
        ("evm_increaseTime", json!([-1]), "`seconds` of "),
        ("evm_increaseTime", json!([AHEAD_S_MAX + 1]), "the clock may be set ahead by"),
    ];
    for (method, params, text) in stories {
        check_refused(&mut dev, (method, params), -32_602, text);
    }
}

#[test]
fn blocks_that_are_not_there_and_states_that_are_forgotten_are_named() {
    let mut dev = dev();
    for nonce in 0..4 {
        sent(&mut dev, fee_market(nonce, TxKind::Call(HOLDER), (1, Bytes::new())));
    }
    // Depth 2: block 2 is the last final one.
    check(&mut dev, "eth_getBalance", json!([HOLDER, "0x3"]), json!("0x3"));
    check(&mut dev, "eth_getBalance", json!([HOLDER, "finalized"]), json!("0x2"));
    check(&mut dev, "eth_getBalance", json!([HOLDER, "safe"]), json!("0x2"));
    let forgotten = "is forgotten: ask for block 2 or a later one";
    check_refused(&mut dev, ("eth_getBalance", json!([HOLDER, "0x1"])), -32_001, forgotten);
    check_refused(&mut dev, ("eth_call", json!([{ "to": HOLDER }, "earliest"])), -32_001, forgotten);
    check_refused(&mut dev, ("eth_getBalance", json!([HOLDER, "0x5"])), -32_001, "no block 5, the last is 4");
    let filter = json!([{ "fromBlock": "0x0", "toBlock": "0x5" }]);
    check_refused(&mut dev, ("eth_getLogs", filter), -32_001, "no block 5, the last is 4");
    let unknown = json!([{ "blockHash": B256::repeat_byte(5) }]);
    check_refused(&mut dev, ("eth_getLogs", unknown), -32_001, "there is no block `0x05");
}

#[test]
fn a_batch_is_answered_in_order_and_a_notification_not_at_all() {
    let mut dev = dev();
    let batch = r#"[{"jsonrpc":"2.0","id":1,"method":"eth_chainId"},
        {"jsonrpc":"2.0","method":"evm_mine"}, 5,
        {"jsonrpc":"2.0","id":null,"method":"eth_blockNumber"}]"#;
    let answers = ask(&mut dev, batch);
    assert_eq!(answers.as_array().unwrap().len(), 3);
    assert_eq!(answers[0], json!({ "jsonrpc": "2.0", "id": 1, "result": "0x7a69" }));
    assert_eq!(answers[1]["error"]["code"], -32_600);
    assert_eq!(answers[2], json!({ "jsonrpc": "2.0", "id": null, "result": "0x1" }));
    for quiet in
        [r#"{"jsonrpc":"2.0","method":"eth_chainId"}"#, r#"[{"jsonrpc":"2.0","method":"eth_chainId"}]"#]
    {
        assert_eq!(dev.answer(quiet.as_bytes(), NOW), None);
    }
}

#[test]
fn a_batch_ends_where_its_answers_grow_too_long() {
    let (mut dev, _) = with_token();
    // 100 KB of data a transaction come back twice as long, 200 times.
    let data = Bytes::from(vec![0; 100_000]);
    let hash = sent(&mut dev, fee_market(1, TxKind::Call(HOLDER), (0, data)));
    let request =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_getTransactionByHash", "params": [hash] });
    let answers = ask(&mut dev, &Value::Array(vec![request; BATCH_MAX]).to_string());
    let answered = answers.as_array().unwrap().iter().filter(|answer| answer.get("result").is_some()).count();
    assert!((80..BATCH_MAX).contains(&answered), "{answered}");
    assert_eq!(answers[BATCH_MAX - 1]["error"]["code"], -32_005);
}

#[test]
fn the_calls_of_a_batch_share_the_gas_that_they_may_use() {
    let mut dev = dev();
    // The instruction INVALID uses up everything, and no time.
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [{ "data": "0xfe" }] });
    for _ in 0..2 {
        let answers = ask(&mut dev, &Value::Array(vec![request.clone(); BATCH_MAX]).to_string());
        let codes: Vec<i64> = answers
            .as_array()
            .unwrap()
            .iter()
            .map(|answer| answer["error"]["code"].as_i64().unwrap())
            .collect();
        let run = usize::try_from(ASKED_GAS_MAX.div_ceil(GAS_MAX)).unwrap();
        assert_eq!(codes[..run], vec![-32_000; run]);
        assert_eq!(codes[run..], vec![-32_005; BATCH_MAX - run]);
    }
}

#[test]
fn more_logs_than_the_limit_are_refused_not_cut_off() {
    // Creation code that notes 1,000 empty logs: a loop around LOG0.
    let code = alloy_primitives::hex!("6103e85b60006000a0600190038060035700");
    let mut dev = dev();
    for nonce in 0..11 {
        sent(&mut dev, fee_market(nonce, TxKind::Create, (0, Bytes::from(code.to_vec()))));
    }
    let ten = call(&mut dev, "eth_getLogs", json!([{ "fromBlock": "0x1", "toBlock": "0xa" }])).unwrap();
    assert_eq!(ten.as_array().unwrap().len(), 10_000);
    let all = json!([{ "fromBlock": "0x1" }]);
    check_refused(&mut dev, ("eth_getLogs", all), -32_005, "more than 10000 logs: ask for fewer blocks");
}

#[test]
fn time_passes_by_the_clock_and_by_request() {
    let mut dev = dev();
    check(&mut dev, "evm_increaseTime", json!(["0x64"]), json!("0x64"));
    check(&mut dev, "evm_increaseTime", json!([20]), json!("0x78"));
    check(&mut dev, "evm_mine", json!([]), json!("0x0"));
    let block = call(&mut dev, "eth_getBlockByNumber", json!(["latest", false])).unwrap();
    assert_eq!(block["timestamp"], json!(format!("0x{:x}", NOW + 120)));
    dev.mine(NOW + 50).unwrap();
    assert_eq!(dev.chain().newest().timestamp, NOW + 170);
    dev.mine(NOW).unwrap();
    assert_eq!(dev.chain().newest().timestamp, NOW + 170, "never back");
}

#[test]
fn the_history_of_fees_tells_that_there_are_none() {
    let (mut dev, _) = with_token();
    let history = call(&mut dev, "eth_feeHistory", json!(["0xa", "latest", [25.5, 75]])).unwrap();
    assert_eq!(history["oldestBlock"], json!("0x0"));
    assert_eq!(history["baseFeePerGas"], json!(["0x0", "0x0", "0x0"]));
    assert_eq!(history["reward"], json!([["0x0", "0x0"], ["0x0", "0x0"]]));
    let ratios: Vec<f64> = serde_json::from_value(history["gasUsedRatio"].clone()).unwrap();
    assert!(ratios[0] == 0.0 && ratios[1] > 0.01 && ratios[1] < 1.0, "{ratios:?}");
}

#[test]
fn contracts_may_ask_but_not_send_and_see_the_hashes_that_are_served() {
    let (mut dev, token) = with_token();
    let asked = Bytes::from(Token::balanceOfCall { account: HOLDER }.abi_encode());
    let by_contract = json!([{ "from": token, "to": token, "data": asked }]);
    check(&mut dev, "eth_call", by_contract, json!(B256::ZERO));
    // PUSH1 1, BLOCKHASH, MSTORE at 0, RETURN 32 bytes, asked as creation code.
    let of_block_1 = json!([{ "data": "0x60014060005260206000f3" }]);
    let hash = call(&mut dev, "eth_getBlockByNumber", json!(["0x1", false])).unwrap()["hash"].clone();
    call(&mut dev, "evm_mine", json!([])).unwrap();
    check(&mut dev, "eth_call", of_block_1, hash);
}

#[test]
fn a_chain_that_is_built_by_hand_is_served_too() {
    let mut chain = Embedded::new(CHAIN, 2, NOW);
    let receipt = crate::deploy::token(&mut chain, (HOLDER, HOLDER), ("Acme dollar", "ACME", 6));
    assert!(receipt.is_ok());
    let hash = chain.mined(1).unwrap().included.as_ref().unwrap().hash();
    let mut dev = Dev::new(chain);
    let found = call(&mut dev, "eth_getTransactionByHash", json!([hash])).unwrap();
    assert_eq!((&found["hash"], &found["from"]), (&json!(hash), &json!(HOLDER)));
    let receipt = call(&mut dev, "eth_getTransactionReceipt", json!([hash])).unwrap();
    assert_eq!(receipt["contractAddress"], json!(HOLDER.create(0)));
}
