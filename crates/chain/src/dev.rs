//! A chain in this process as wallets and tools ask for it: JSON-RPC 2.0, a text in, a text out. It proves
//! nothing to anybody, charges nothing and waits for nobody: a transaction is in a block when the answer
//! comes.
//!
//! Who asks is not known here, and what is asked is not believed: whatever is no request for one of
//! [`METHODS`] gets an error of JSON-RPC and changes nothing.

mod error;
mod methods;
mod params;
mod raw;
mod state;
mod wire;

pub use error::RpcError;
pub use methods::METHODS;
pub use raw::TransactionError;

use crate::embedded::Embedded;
use serde_json::{Value, json};
use std::cell::Cell;

/// Longest text that is read as a request.
pub const REQUEST_BYTES_MAX: usize = 1_048_576;
/// Requests in one batch.
pub const BATCH_MAX: usize = 100;
/// Answers of a batch stop being worked out once they are this long together.
const ANSWER_BYTES_MAX: usize = 16 * 1_048_576;
/// Gas that the calls of one text may use together when they only ask. One that is estimated runs many times.
const ASKED_GAS_MAX: u64 = 1_000_000_000;
/// Blocks that one chain may have: each stays in memory.
const BLOCKS_MAX: u64 = 1_000_000;
/// How far this chain's clock may be set ahead: ten years.
const AHEAD_S_MAX: u64 = 315_360_000;
/// Longest method and id that are read.
const NAME_BYTES_MAX: usize = 256;

/// A chain in this process, answering.
pub struct Dev {
    chain: Embedded,
    /// Seconds that its clock was set ahead.
    ahead_s: u64,
    /// Gas that the calls of the text now answered have used.
    asked_gas: Cell<u64>,
}

/// One request, with what its answer is to be marked with; without an id none is wanted.
struct Request {
    id: Option<Value>,
    /// Method and parameters, where there are any.
    asked: Result<(String, Value), RpcError>,
}

type Answer = Result<Value, RpcError>;

impl Dev {
    /// Serves `chain`.
    #[must_use]
    pub const fn new(chain: Embedded) -> Self {
        Self { chain, ahead_s: 0, asked_gas: Cell::new(0) }
    }

    /// The chain itself.
    #[must_use]
    pub const fn chain(&self) -> &Embedded {
        &self.chain
    }

    /// Answers a text at a time (seconds); nothing when nobody waits for an answer.
    pub fn answer(&mut self, text: &[u8], now: u64) -> Option<Vec<u8>> {
        self.chain.set_clock(now.saturating_add(self.ahead_s));
        self.asked_gas.set(0);
        let answer = match read(text) {
            Ok(Value::Array(requests)) => self.batch(requests),
            Ok(request) => self.single(request),
            Err(error) => Some(refusal(Value::Null, &error)),
        };
        answer.map(|answer| answer.to_string().into_bytes())
    }

    /// Makes a block in which nothing happens.
    ///
    /// # Errors
    /// [`RpcError::Full`].
    pub fn mine(&mut self, now: u64) -> Result<(), RpcError> {
        self.chain.set_clock(now.saturating_add(self.ahead_s));
        self.has_room()?;
        self.chain.mine(1, 0);
        Ok(())
    }

    fn has_room(&self) -> Result<(), RpcError> {
        let full = self.chain.newest().number >= BLOCKS_MAX;
        if full { Err(RpcError::Full { most: BLOCKS_MAX }) } else { Ok(()) }
    }

    fn batch(&mut self, requests: Vec<Value>) -> Option<Value> {
        if requests.is_empty() || requests.len() > BATCH_MAX {
            let error = RpcError::Batch { found: requests.len(), most: BATCH_MAX };
            return Some(refusal(Value::Null, &error));
        }
        let (mut answers, mut bytes) = (Vec::new(), 0_usize);
        for request in requests {
            let answer = if bytes < ANSWER_BYTES_MAX { self.single(request) } else { too_long(request) };
            bytes = bytes.saturating_add(answer.as_ref().map_or(0, |answer| answer.to_string().len()));
            answers.extend(answer);
        }
        (!answers.is_empty()).then_some(Value::Array(answers))
    }

    fn single(&mut self, request: Value) -> Option<Value> {
        let Request { id, asked } = Request::read(request);
        let answer = asked.and_then(|(method, params)| self.dispatch(&method, params));
        let id = id?;
        Some(match answer {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            Err(error) => refusal(id, &error),
        })
    }
}

fn read(text: &[u8]) -> Result<Value, RpcError> {
    if text.len() > REQUEST_BYTES_MAX {
        return Err(RpcError::TooLong { most: REQUEST_BYTES_MAX });
    }
    // Depth is bounded by the reader: 128 levels.
    serde_json::from_slice(text).map_err(|error| RpcError::Json { what: error.to_string() })
}

fn too_long(request: Value) -> Option<Value> {
    let Request { id, asked } = Request::read(request);
    let error = asked.err().unwrap_or(RpcError::AnswerTooLong { most: ANSWER_BYTES_MAX });
    id.map(|id| refusal(id, &error))
}

fn refusal(id: Value, error: &RpcError) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": error.to_object() })
}

impl Request {
    /// Reads one request. What is none is answered too, with its id where that can be made out.
    fn read(value: Value) -> Self {
        let refused = |id: Option<Value>, what: &'static str| Self {
            id: Some(id.unwrap_or_default()),
            asked: Err(RpcError::Request { what }),
        };
        let Value::Object(mut fields) = value else { return refused(None, "expected an object") };
        let id = fields.remove("id");
        let short = match &id {
            None | Some(Value::Null | Value::Number(_)) => true,
            Some(Value::String(text)) => text.len() <= NAME_BYTES_MAX,
            Some(_) => false,
        };
        if !short {
            return refused(None, "expected a number or a short text as `id`");
        }
        if fields.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return refused(id, "expected `jsonrpc` to be `2.0`");
        }
        let params = fields.remove("params").unwrap_or_default();
        match fields.remove("method") {
            Some(Value::String(method)) if method.len() <= NAME_BYTES_MAX => {
                Self { id, asked: Ok((method, params)) }
            }
            _ => refused(id, "expected a short text as `method`"),
        }
    }
}

#[cfg(test)]
mod tests;
