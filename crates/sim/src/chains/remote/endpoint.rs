//! An endpoint before a node, which dies, lags, lies, or breaks off in the middle of a submission.

use lockstep_chain::rpc::ask::{Ask, AskError, Http};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How an endpoint behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As its node.
    Honest,
    /// It does not answer.
    Dead,
    /// It is so many blocks behind.
    Late(u64),
    /// It tells of another chain.
    Lying,
}

/// When a submission breaks off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The journal has the transaction, nobody else.
    Before,
    /// The node has it, and nobody learns of it.
    After,
}

/// What an endpoint is at the moment.
struct Inner {
    node: Option<Arc<Http>>,
    mode: Mode,
    cut: Option<Cut>,
}

/// An endpoint.
#[derive(Clone)]
pub struct Endpoint {
    name: String,
    inner: Arc<Mutex<Inner>>,
}

impl Endpoint {
    /// One before no node yet.
    pub fn new(name: String) -> Self {
        Self { name, inner: Arc::new(Mutex::new(Inner { node: None, mode: Mode::Honest, cut: None })) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which node it asks from now on, if any.
    pub fn reach(&self, node: Option<Http>) {
        self.inner().node = node.map(Arc::new);
    }

    /// How it behaves from now on.
    pub fn set(&self, mode: Mode) {
        self.inner().mode = mode;
    }

    /// How it behaves.
    pub fn mode(&self) -> Mode {
        self.inner().mode
    }

    /// The next submission breaks off here, and nothing is answered after it; nothing: not any more.
    pub fn cut(&self, cut: Option<Cut>) {
        self.inner().cut = cut;
    }

    fn name_number(&self) -> u8 {
        self.name.bytes().last().unwrap_or_default()
    }
}

fn down() -> AskError {
    AskError::Down("the connection broke".to_owned())
}

impl Ask for Endpoint {
    fn name(&self) -> &str {
        &self.name
    }

    fn ask(&self, method: &str, params: &Value) -> Result<Value, AskError> {
        let (node, mode, cut) = {
            let mut inner = self.inner();
            let cut = inner.cut.filter(|_| method == "eth_sendRawTransaction");
            if cut.is_some() {
                (inner.cut, inner.mode) = (None, Mode::Dead);
            }
            (inner.node.clone().ok_or_else(down)?, inner.mode, cut)
        };
        if cut == Some(Cut::After) {
            drop(node.ask(method, params));
        }
        match mode {
            Mode::Dead => Err(down()),
            Mode::Honest => node.ask(method, params),
            Mode::Late(by) => late(&node, by, (method, params)),
            Mode::Lying if method == "eth_sendRawTransaction" => Err(down()),
            Mode::Lying => node.ask(method, params).map(|truth| lie(self.name_number(), method, truth)),
        }
    }
}

fn number(value: Option<&Value>) -> Option<u64> {
    u64::from_str_radix(value?.as_str()?.strip_prefix("0x")?, 16).ok()
}

/// What a node says that has not heard of the newest blocks.
fn late(node: &Http, by: u64, (method, params): (&str, &Value)) -> Result<Value, AskError> {
    let own = number(Some(&node.ask("eth_blockNumber", &json!([]))?)).unwrap_or(0).saturating_sub(by);
    let is_later = |value: &Value, field: &str| number(value.get(field)).is_some_and(|number| number > own);
    let first = params.get(0);
    match method {
        "eth_getBlockByNumber" => match (number(first), first.and_then(Value::as_str)) {
            (Some(asked), _) if asked > own => Ok(Value::Null),
            (None, Some("latest")) => node.ask(method, &json!([format!("{own:#x}"), false])),
            (None, Some("finalized")) => {
                node.ask(method, &json!([format!("{:#x}", own.saturating_sub(super::DEPTH)), false]))
            }
            _ => node.ask(method, params),
        },
        "eth_getLogs" => node.ask(method, params).map(|mut logs| {
            if let Some(logs) = logs.as_array_mut() {
                logs.retain(|log| !is_later(log, "blockNumber"));
            }
            logs
        }),
        "eth_getTransactionReceipt" => {
            node.ask(method, params).map(|receipt| match is_later(&receipt, "blockNumber") {
                true => Value::Null,
                false => receipt,
            })
        }
        "eth_call" | "eth_getTransactionCount" => {
            let hash = params.get(1).and_then(|block| block.get("blockHash"));
            let Some(hash) = hash else { return node.ask(method, params) };
            match node.ask("eth_getBlockByHash", &json!([hash, false]))? {
                block if is_later(&block, "number") => Err(AskError::Nonsense("header not found".to_owned())),
                _ => node.ask(method, params),
            }
        }
        _ => node.ask(method, params),
    }
}

/// Each liar tells of a chain of its own.
fn lie(who: u8, method: &str, mut truth: Value) -> Value {
    let made_up = json!(format!("0x{}", format!("{who:02x}").repeat(32)));
    match method {
        "eth_getBlockByNumber" => {
            if let Some(hash) = truth.get_mut("hash") {
                *hash = made_up;
            }
            truth
        }
        "eth_call" => made_up,
        "eth_getLogs" => json!([]),
        "eth_getTransactionReceipt" => Value::Null,
        "eth_getTransactionCount" => json!("0x3039"),
        _ => truth,
    }
}
