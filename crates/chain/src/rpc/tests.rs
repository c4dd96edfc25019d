//! Scripted endpoints: each has a chain of its own, and ways to be late, away or untrue.

use super::*;
use crate::domain::Transaction;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

const CHAIN: u64 = 10;
const TOKEN: Address = Address::repeat_byte(0x70);

/// What an endpoint has and how it behaves.
#[derive(Clone)]
struct Node {
    chain_id: u64,
    blocks: Vec<B256>,
    finalized: u64,
    /// Blocks with a log of the token in them.
    logs: Vec<u64>,
    logs_with: Option<B256>,
    answer: u8,
    /// Most blocks whose logs it gives at once.
    range_max: u64,
    fails: Option<AskError>,
}

impl Node {
    fn new(length: u64) -> Self {
        let blocks = (0..length).map(|number| hash_of(number, 0)).collect();
        let (logs, finalized) = (vec![3, 5], length.saturating_sub(4));
        let (logs_with, answer, range_max, fails) = (None, 1, u64::MAX, None);
        Self { chain_id: CHAIN, blocks, finalized, logs, logs_with, answer, range_max, fails }
    }

    fn replace_from(&mut self, from: u64, branch: u8) {
        for (number, hash) in (0..).zip(&mut self.blocks).skip(usize::try_from(from).unwrap()) {
            *hash = hash_of(number, branch);
        }
    }

    fn block(&self, number: u64) -> Value {
        let hash = usize::try_from(number).ok().and_then(|at| self.blocks.get(at));
        hash.map_or(Value::Null, |hash| {
            let number = format!("{number:#x}");
            json!({ "number": number, "hash": hash, "timestamp": "0x1", "baseFeePerGas": "0x7" })
        })
    }

    fn newest(&self) -> u64 {
        u64::try_from(self.blocks.len()).unwrap() - 1
    }

    fn result(&self, method: &str, params: &Value) -> Result<Value, AskError> {
        let number = |text: &Value| u64::from_str_radix(text.as_str().unwrap().trim_start_matches("0x"), 16);
        Ok(match (method, params[0].as_str()) {
            ("eth_chainId", _) => json!(format!("{:#x}", self.chain_id)),
            ("eth_getBlockByNumber", Some("latest")) => self.block(self.newest()),
            ("eth_getBlockByNumber", Some("finalized")) => self.block(self.finalized),
            ("eth_getBlockByNumber", _) => self.block(number(&params[0]).unwrap()),
            ("eth_estimateGas", _) => json!("0x5208"),
            ("eth_call", _) => {
                let on: B256 = serde_json::from_value(params[1]["blockHash"].clone()).unwrap();
                if !self.blocks.contains(&on) {
                    let error =
                        serde_json::from_value(json!({ "code": -32_000, "message": "header not found" }));
                    return Err(AskError::Refused(error.unwrap()));
                }
                json!(format!("{:#04x}", self.answer))
            }
            ("eth_getLogs", _) => {
                let filter = &params[0];
                let range = number(&filter["fromBlock"]).unwrap()..=number(&filter["toBlock"]).unwrap();
                if range.end() - range.start() >= self.range_max {
                    return Err(AskError::TooMuch("block range".to_owned()));
                }
                let log = |number: &u64| {
                    let own = self.blocks[usize::try_from(*number).unwrap()];
                    json!({
                        "address": TOKEN, "topics": [], "data": "0x", "logIndex": "0x0",
                        "blockHash": self.logs_with.unwrap_or(own), "blockNumber": format!("{number:#x}"),
                        "transactionHash": B256::repeat_byte(9), "transactionIndex": "0x0",
                    })
                };
                json!(self.logs.iter().filter(|number| range.contains(number)).map(log).collect::<Vec<_>>())
            }
            other => panic!("nobody asks {other:?}"),
        })
    }
}

fn hash_of(number: u64, branch: u8) -> B256 {
    alloy_primitives::keccak256([&number.to_be_bytes()[..], &[branch]].concat())
}

/// Endpoints that a test changes while they are in use.
struct Scene {
    nodes: Vec<Arc<Mutex<Node>>>,
    asked: Vec<Arc<AtomicUsize>>,
    now_ms: Arc<AtomicU64>,
    rpc: Rpc,
}

struct Scripted(Arc<Mutex<Node>>, Arc<AtomicUsize>, String);

impl Ask for Scripted {
    fn name(&self) -> &str {
        &self.2
    }
    fn ask(&self, method: &str, params: &Value) -> Result<Value, AskError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        let node = self.0.lock().unwrap().clone();
        node.fails.clone().map_or_else(|| node.result(method, params), Err)
    }
}

fn asks(nodes: &[Arc<Mutex<Node>>], asked: &[Arc<AtomicUsize>]) -> Vec<Box<dyn Ask>> {
    let names = ["a", "b", "c"].into_iter();
    let scripted = nodes.iter().zip(asked).zip(names).map(|((node, asked), name)| {
        Box::new(Scripted(Arc::clone(node), Arc::clone(asked), name.to_owned())) as Box<dyn Ask>
    });
    scripted.collect()
}

fn scene_with(nodes: Vec<Node>, rule: Rule) -> Result<Scene, DomainError> {
    let asked: Vec<_> = nodes.iter().map(|_| Arc::new(AtomicUsize::new(0))).collect();
    let nodes: Vec<_> = nodes.into_iter().map(|node| Arc::new(Mutex::new(node))).collect();
    let mut rpc = Rpc::over(asks(&nodes, &asked), rule)?;
    let now_ms = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&now_ms);
    rpc.now_ms = Box::new(move || clock.load(Ordering::SeqCst));
    Ok(Scene { nodes, asked, now_ms, rpc })
}

fn scene(lengths: &[u64]) -> Scene {
    let nodes = lengths.iter().map(|length| Node::new(*length)).collect();
    scene_with(nodes, Rule::new(CHAIN, Finality::Tag)).unwrap()
}

impl Scene {
    fn change(&self, place: usize, change: impl Fn(&mut Node)) {
        change(&mut self.nodes[place].lock().unwrap());
    }
    fn change_all(&self, change: impl Fn(&mut Node)) {
        (0..self.nodes.len()).for_each(|place| self.change(place, &change));
    }
    fn asked(&self, place: usize) -> usize {
        self.asked[place].load(Ordering::SeqCst)
    }
}

fn refused(answer: Result<impl core::fmt::Debug, DomainError>) -> String {
    answer.unwrap_err().to_string()
}

#[test]
fn one_endpoint_is_enough_only_where_an_operator_says_so() {
    let one = || vec![Node::new(10)];
    let rule = Rule::new(CHAIN, Finality::Tag);
    let Err(error) = scene_with(one(), rule) else { panic!("one was enough") };
    assert!(error.to_string().ends_with("name two or more, or a quorum of 1"), "{error}");
    let scene = scene_with(one(), Rule { quorum: Some(1), ..rule }).unwrap();
    assert_eq!(scene.rpc.rests_on(), "the word of one endpoint, `a`");
    assert_eq!(scene.rpc.latest().unwrap().number, 9);
    assert!(scene_with(one(), Rule { quorum: Some(2), ..rule }).is_err());
    assert!(scene_with(one(), Rule { quorum: Some(0), ..rule }).is_err());
    assert!(scene_with(Vec::new(), rule).is_err());
    let twice = ["http://a.example/one", "http://a.example/two"];
    assert!(refused(Rpc::connect(&twice, rule).map(|_| ())).contains("named twice"));
}

#[test]
fn an_endpoint_of_another_chain_is_named_whenever_it_comes() {
    let other = Node { chain_id: 1, ..Node::new(10) };
    let all = |third: Node| vec![Node::new(10), Node::new(10), third];
    let Err(error) = scene_with(all(other), Rule::new(CHAIN, Finality::Tag)) else { panic!("it was taken") };
    assert_eq!(error.to_string(), "endpoint `c` is of chain 1, expected 10");
    // One that was away at first does not count before it has said which chain it is of.
    let away = Node { chain_id: 1, fails: Some(AskError::Down("away".to_owned())), ..Node::new(10) };
    let scene = scene_with(all(away), Rule::new(CHAIN, Finality::Tag)).unwrap();
    scene.now_ms.store(1_000_000, Ordering::SeqCst);
    scene.change(2, |node| node.fails = None);
    scene.change(1, |node| node.fails = Some(AskError::Down("away".to_owned())));
    assert!(refused(scene.rpc.latest()).contains("it is of chain 1, expected 10"));
}

#[test]
fn the_newest_block_is_one_that_a_quorum_has() {
    let scene = scene(&[12, 11, 10]);
    assert_eq!(scene.rpc.latest().unwrap().number, 10, "two have block 10");
    assert_eq!(scene.rpc.newest().unwrap().base_fee, 7);
    scene.change(0, |node| node.blocks = Node::new(1_000).blocks);
    scene.change(0, |node| node.replace_from(5, 1));
    assert_eq!(scene.rpc.latest().unwrap(), scene.rpc.block(9).unwrap(), "what one alone has is not taken");
}

#[test]
fn an_endpoint_that_is_far_behind_does_not_count() {
    let late = scene(&[200, 200, 20]);
    assert_eq!(late.rpc.latest().unwrap().number, 199);
    assert_eq!(late.rpc.finalized().unwrap().number, 196);
    let two = scene(&[200, 20]);
    assert!(refused(two.rpc.latest()).contains("`b` is late, its newest block is 19"));
    assert!(refused(two.rpc.finalized()).contains("`b` is late, its newest block is 19"));
}

#[test]
fn a_lying_endpoint_is_out_voted_or_named() {
    let scene = scene(&[20, 20, 20]);
    scene.change(2, |node| {
        node.replace_from(6, 1);
        node.answer = 2;
        node.logs = vec![3];
    });
    let newest = scene.rpc.latest().unwrap();
    assert_eq!(newest.hash, hash_of(19, 0));
    assert_eq!(scene.rpc.block(7).unwrap().hash, hash_of(7, 0));
    assert_eq!(scene.rpc.call_at(&newest, TOKEN, &[]).unwrap()[..], [1]);
    assert_eq!(scene.rpc.logs(TOKEN, 0, 19).unwrap().len(), 2);
    // Without the third voice nobody can say who lies.
    scene.change(1, |node| node.fails = Some(AskError::Down("away".to_owned())));
    let error = refused(scene.rpc.block(7));
    let (honest, lie) = (hash_of(7, 0), hash_of(7, 1));
    assert!(error.starts_with("endpoints contradict each other about block 7: "), "{error}");
    assert!(error.contains(&format!("`a` says `{honest}`")), "{error}");
    assert!(error.contains(&format!("`c` says `{lie}`")), "{error}");
    assert!(refused(scene.rpc.latest()).contains("contradict each other"));
}

#[test]
fn other_logs_and_another_answer_are_lies_on_the_same_blocks_too() {
    let scene = scene(&[20, 20]);
    scene.change(1, |node| node.answer = 2);
    let newest = scene.rpc.latest().unwrap();
    let error = refused(scene.rpc.call_at(&newest, TOKEN, &[]));
    assert_eq!(
        error,
        "endpoints contradict each other about a call on block 19: `a` says `0x01`; `b` says `0x02`"
    );
    scene.change(1, |node| node.logs = vec![3, 5, 6]);
    let error = refused(scene.rpc.logs(TOKEN, 0, 19));
    assert!(error.contains("the logs of blocks 0 to 19: `a` says 2 of them; `b` says 3 of them"), "{error}");
}

#[test]
fn a_dying_endpoint_is_left_aside_and_tried_again_later() {
    let scene = scene(&[20, 20, 20]);
    scene.change(2, |node| node.fails = Some(AskError::Busy("HTTP 429".to_owned())));
    scene.rpc.latest().unwrap();
    let asked = scene.asked(2);
    scene.rpc.latest().unwrap();
    assert_eq!(scene.asked(2), asked, "it is left alone for a while");
    scene.now_ms.store(500, Ordering::SeqCst);
    scene.change(2, |node| node.fails = None);
    scene.rpc.latest().unwrap();
    assert_eq!(scene.asked(2), asked + 1, "and asked again after it");
    // Two of three away: nothing is known, and who is away is named.
    for place in [1, 2] {
        scene.change(place, |node| node.fails = Some(AskError::Down("nothing within 20 s".to_owned())));
    }
    let error = refused(scene.rpc.latest());
    assert!(error.starts_with("2 endpoints must say the newest block, found 1: "), "{error}");
    assert!(error.contains("`b` does not answer: nothing within 20 s"), "{error}");
    assert!(refused(scene.rpc.latest()).contains("`c` is left aside for 500 ms more"));
}

#[test]
fn logs_are_asked_for_in_ranges_that_halve_until_the_endpoint_gives_them() {
    let scene = scene(&[100, 100]);
    scene.change(0, |node| node.range_max = 7);
    let blocks: Vec<u64> = scene.rpc.logs(TOKEN, 0, 99).unwrap().iter().map(|log| log.block).collect();
    assert_eq!(blocks, [3, 5]);
    assert!(scene.asked(0) > scene.asked(1) + 14);
    let before = scene.asked(0);
    scene.rpc.logs(TOKEN, 0, 11).unwrap();
    assert!(scene.asked(0) <= before + 6, "what it gives at once is remembered");
    scene.change(0, |node| node.range_max = 0);
    let error = refused(scene.rpc.logs(TOKEN, 0, 11));
    assert!(error.contains("`a` has too much to say"), "{error}");
}

#[test]
fn logs_must_be_of_the_blocks_that_the_quorum_has() {
    let scene = scene(&[20, 20]);
    let other = B256::repeat_byte(0xee);
    scene.change_all(|node| node.logs_with = Some(other));
    assert_eq!(scene.rpc.logs(TOKEN, 0, 19), Err(DomainError::Moved { number: 3 }));
    // Once the block is final the same is no accident any more.
    scene.rpc.finalized().unwrap();
    let replaced = DomainError::FinalBlockReplaced { number: 3, was: hash_of(3, 0), is: other };
    assert_eq!(scene.rpc.logs(TOKEN, 0, 19), Err(replaced.clone()));
    assert_eq!(scene.rpc.latest(), Err(replaced));
}

#[test]
fn what_was_final_stays_so_and_a_final_block_that_is_replaced_stops_everything() {
    let scene = scene(&[20, 20, 20]);
    assert_eq!(scene.rpc.finalized().unwrap().number, 16);
    scene.change_all(|node| node.finalized = 10);
    assert_eq!(scene.rpc.finalized().unwrap().number, 16, "the number never goes back");
    scene.change_all(|node| node.replace_from(17, 1));
    assert_eq!(scene.rpc.finalized().unwrap().number, 16, "blocks above may be replaced");
    scene.change(0, |node| node.replace_from(12, 2));
    assert_eq!(scene.rpc.finalized().unwrap().number, 16, "one endpoint alone replaces nothing");
    scene.change_all(|node| node.replace_from(12, 2));
    let (was, is) = (hash_of(16, 0), hash_of(16, 2));
    let replaced = DomainError::FinalBlockReplaced { number: 16, was, is };
    assert_eq!(scene.rpc.finalized(), Err(replaced.clone()));
    assert_eq!(scene.rpc.latest(), Err(replaced.clone()));
    assert_eq!(scene.rpc.block(1), Err(replaced.clone()));
    let block = Block { number: 16, hash: was, timestamp: 1 };
    assert_eq!(scene.rpc.call_at(&block, TOKEN, &[]), Err(replaced.clone()));
    assert_eq!(scene.rpc.logs(TOKEN, 0, 1), Err(replaced));
}

#[test]
fn a_memory_that_outlives_the_process_notices_what_changed_meanwhile() {
    let settled = Some(Block { number: 8, hash: hash_of(8, 3), timestamp: 1 });
    let rule = Rule { settled, ..Rule::new(CHAIN, Finality::Depth(2)) };
    let scene = scene_with(vec![Node::new(20), Node::new(20)], rule).unwrap();
    let (was, is) = (hash_of(8, 3), hash_of(8, 0));
    assert_eq!(scene.rpc.finalized(), Err(DomainError::FinalBlockReplaced { number: 8, was, is }));
}

#[test]
fn a_depth_counts_from_the_block_that_the_quorum_has() {
    let rule = Rule::new(CHAIN, Finality::Depth(5));
    let scene = scene_with(vec![Node::new(20), Node::new(19), Node::new(18)], rule).unwrap();
    assert_eq!(scene.rpc.finalized().unwrap().number, 13);
    assert_eq!(scene.rpc.settled().unwrap().number, 13);
}

#[test]
fn a_call_on_a_block_that_was_replaced_says_so() {
    let scene = scene(&[20, 20]);
    let newest = scene.rpc.latest().unwrap();
    scene.change_all(|node| node.replace_from(18, 1));
    assert_eq!(scene.rpc.call_at(&newest, TOKEN, &[]), Err(DomainError::Moved { number: 19 }));
    assert_eq!(scene.rpc.block(20), Err(DomainError::UnknownBlock { number: 20, last: 19 }));
}

#[test]
fn what_a_contract_will_refuse_in_the_next_block_is_named_by_a_quorum() {
    let scene = scene(&[9, 9, 9]);
    let transaction = Transaction { from: TOKEN, to: Some(TOKEN), data: Bytes::new() };
    let error = json!({ "code": 3, "message": "execution reverted", "data": "0x1234" });
    let refusal = AskError::Refused(serde_json::from_value(error).unwrap());
    scene.change(0, |node| node.fails = Some(refusal.clone()));
    assert_eq!(scene.rpc.gas(&transaction), Ok(0x5208), "one word is none");
    scene.change(1, |node| node.fails = Some(refusal.clone()));
    let answer = Bytes::from_static(&[0x12, 0x34]);
    assert_eq!(scene.rpc.gas(&transaction), Err(DomainError::Reverted { answer }));
    scene.change(1, |node| node.fails = Some(AskError::Down("gone".to_owned())));
    let error = refused(scene.rpc.gas(&transaction));
    assert!(error.contains("how much gas it needs"), "{error}");
}
