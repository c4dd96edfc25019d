//! Answers of endpoints as what this crate speaks of.

use crate::domain::{Block, Log};
use crate::rpc::ask::AskError;
use alloy_consensus::ReceiptEnvelope;
use alloy_json_rpc::ErrorPayload;
use alloy_primitives::{Address, B256, Bytes, U64, U128};
use alloy_rpc_types_eth::{Log as WireLog, TransactionReceipt};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Code of an execution that a contract took back.
const REVERTED_CODE: i64 = 3;
/// How nodes say that an execution ended without an answer.
const HALTS: [&str; 9] = [
    "out of gas",
    "outofgas",
    "gas required exceeds",
    "invalid opcode",
    "invalidfeopcode",
    "notactivated",
    "invalid jump",
    "stack underflow",
    "stack overflow",
];
/// How nodes say that a range or an answer is too large for them. Some use a code for it that others use for
/// limits on requests.
const TOO_MUCH: [&str; 5] = ["range", "result", "response size", "too large", "logs"];
/// How nodes say that they do not have a block (yet); they are not ill.
const UNKNOWN: [&str; 3] = ["header not found", "block not found", "unknown block"];

/// A block with what a transaction in the next one has to pay at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The block.
    pub block: Block,
    /// Wei for a unit of gas; 0 on a chain without EIP-1559.
    pub base_fee: u128,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Called {
    /// With an answer.
    Returned(Bytes),
    /// The contract refused.
    Reverted(Bytes),
    /// Without an answer.
    Halted(&'static str),
}

impl Called {
    /// For a person.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Returned(bytes) => format!("`{}`", super::ask::words(&bytes.to_string())),
            Self::Reverted(answer) => format!("a refusal, {}", crate::contracts::reason(answer)),
            Self::Halted(how) => format!("an end without an answer, {how}"),
        }
    }
}

/// A log, and the hash of the block that it says it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// The log.
    pub log: Log,
    /// The block's hash.
    pub hash: B256,
}

/// A transaction in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landed {
    /// The transaction.
    pub transaction: B256,
    /// Number and hash of the block.
    pub block: (u64, B256),
    /// Gas used.
    pub gas: u64,
    /// The contract that it created.
    pub created: Option<Address>,
    /// What contracts noted, in order.
    pub logs: Vec<Log>,
    /// False: it is in the block, and took no effect.
    pub succeeded: bool,
}

fn nonsense(what: impl ToString) -> AskError {
    AskError::Nonsense(super::ask::words(&what.to_string()))
}

fn parse<T: DeserializeOwned>(value: Value) -> Result<T, AskError> {
    serde_json::from_value(value).map_err(nonsense)
}

/// The kind of a JSON-RPC error.
pub fn refusal(error: ErrorPayload) -> AskError {
    let text = error.message.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if error.code == REVERTED_CODE || text.contains("revert") || has(&UNKNOWN) || has(&HALTS) {
        AskError::Refused(error)
    } else if has(&TOO_MUCH) {
        AskError::TooMuch(super::ask::words(&error.message))
    } else if error.is_retry_err() {
        AskError::Busy(super::ask::words(&error.message))
    } else {
        AskError::Refused(error)
    }
}

/// A number, `0x1f`.
pub fn number(value: Value) -> Result<u64, AskError> {
    parse::<U64>(value).map(|number| number.to())
}

/// Bytes, `0x6001`.
pub fn bytes(value: Value) -> Result<Bytes, AskError> {
    parse(value)
}

/// A number of wei.
pub fn wei(value: Value) -> Result<u128, AskError> {
    parse::<U128>(value).map(|number| number.to())
}

/// A transaction's hash.
pub fn hash(value: Value) -> Result<B256, AskError> {
    parse(value)
}

/// A block without its transactions; nothing for `null`. With a number it must be that block.
pub fn head(value: Value, asked: Option<u64>) -> Result<Option<Head>, AskError> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Raw {
        number: U64,
        hash: B256,
        timestamp: U64,
        base_fee_per_gas: Option<U128>,
    }
    let Some(raw) = parse::<Option<Raw>>(value)? else { return Ok(None) };
    let block = Block { number: raw.number.to(), hash: raw.hash, timestamp: raw.timestamp.to() };
    match asked {
        Some(number) if number != block.number => {
            Err(nonsense(format!("block {} where {number} was asked for", block.number)))
        }
        _ => Ok(Some(Head { block, base_fee: raw.base_fee_per_gas.unwrap_or_default().to() })),
    }
}

/// How a call ended.
pub fn called(answer: Result<Value, AskError>) -> Result<Called, AskError> {
    let error = match answer {
        Ok(value) => return parse(value).map(Called::Returned),
        Err(AskError::Refused(error)) => error,
        Err(other) => return Err(other),
    };
    let text = error.message.to_lowercase();
    if let Some(answer) = error.as_revert_data() {
        return Ok(Called::Reverted(answer));
    }
    if error.code == REVERTED_CODE || text.contains("revert") {
        return Ok(Called::Reverted(Bytes::new()));
    }
    match HALTS.iter().find(|halt| text.contains(*halt)) {
        Some(halt) => Ok(Called::Halted(halt)),
        None => Err(AskError::Refused(error)),
    }
}

/// Logs in the chain's order, each once: endpoints may repeat themselves.
pub fn logs(value: Value) -> Result<Vec<Noted>, AskError> {
    let mut noted = parse::<Vec<WireLog>>(value)?.into_iter().map(log).collect::<Result<Vec<_>, _>>()?;
    noted.sort_by_key(|noted| (noted.log.block, noted.log.index));
    noted.dedup();
    Ok(noted)
}

fn log(wire: WireLog) -> Result<Noted, AskError> {
    let missing = || nonsense("a log without its place in a block");
    if wire.removed {
        return Err(nonsense("a log of a block that was replaced"));
    }
    let hash = wire.block_hash.ok_or_else(missing)?;
    let log = Log {
        address: wire.inner.address,
        topics: wire.inner.data.topics().to_vec(),
        block: wire.block_number.ok_or_else(missing)?,
        transaction: wire.transaction_hash.ok_or_else(missing)?,
        index: wire.log_index.ok_or_else(missing)?,
        data: wire.inner.data.data,
    };
    Ok(Noted { log, hash })
}

/// What became of a transaction; nothing while it is in no block.
pub fn receipt(value: Value, asked: B256) -> Result<Option<Landed>, AskError> {
    let Some(found) = parse::<Option<TransactionReceipt<ReceiptEnvelope<WireLog>>>>(value)? else {
        return Ok(None);
    };
    let (Some(number), Some(hash)) = (found.block_number, found.block_hash) else { return Ok(None) };
    if found.transaction_hash != asked {
        return Err(nonsense("a receipt of another transaction"));
    }
    let (succeeded, transaction, created) =
        (found.inner.status(), found.transaction_hash, found.contract_address);
    let noted = found.inner.logs().iter().cloned().map(log).collect::<Result<Vec<_>, _>>()?;
    if noted.iter().any(|noted| (noted.log.block, noted.hash) != (number, hash)) {
        return Err(nonsense("a receipt with logs of another block"));
    }
    let logs = noted.into_iter().map(|noted| noted.log).collect();
    Ok(Some(Landed { transaction, block: (number, hash), gas: found.gas_used, created, logs, succeeded }))
}

#[cfg(test)]
mod tests;
