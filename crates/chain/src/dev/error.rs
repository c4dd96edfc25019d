//! What JSON-RPC is told when the answer is no.

use super::raw::TransactionError;
use alloy_primitives::{B256, Bytes};
use serde_json::{Value, json};

/// Longest part of an outside text that an error repeats, in characters.
const SHOWN_MAX: usize = 200;

/// Why a request gets no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RpcError {
    /// The text is longer than what is read.
    #[error("the request is longer than {most} bytes")]
    TooLong {
        /// Bytes.
        most: usize,
    },
    /// The text is no JSON, or too deep.
    #[error("the request is no JSON: {what}")]
    Json {
        /// Where and why.
        what: String,
    },
    /// A batch without requests, or with too many.
    #[error("the batch holds {found} requests, expected 1 to {most}")]
    Batch {
        /// Requests.
        found: usize,
        /// Requests.
        most: usize,
    },
    /// JSON that is no request.
    #[error("this is no request of JSON-RPC 2.0: {what}")]
    Request {
        /// What was expected.
        what: &'static str,
    },
    /// A method that this chain does not have.
    #[error("the method `{}` is not served here", shown(.method))]
    Method {
        /// Its name.
        method: String,
    },
    /// Parameters that the method does not take.
    #[error("the parameters are refused: {}", shown(.what))]
    Params {
        /// Which, and why.
        what: String,
    },
    /// A block that this chain does not have.
    #[error("there is no block {number}, the last is {last}")]
    UnknownBlock {
        /// The number asked for.
        number: u64,
        /// The newest.
        last: u64,
    },
    /// No block has this hash.
    #[error("there is no block `{hash}`")]
    UnknownHash {
        /// The hash asked for.
        hash: B256,
    },
    /// What accounts held after an old block is forgotten.
    #[error("what accounts held after block {number} is forgotten: ask for block {first} or a later one")]
    Forgotten {
        /// The block asked for.
        number: u64,
        /// The first of which it is known.
        first: u64,
    },
    /// More was found than is told at once.
    #[error("more than {most} {what}: ask for fewer blocks")]
    TooMany {
        /// The limit.
        most: usize,
        /// Of what.
        what: &'static str,
    },
    /// The answers of the batch before this one are long enough.
    #[error("the answers of this batch are longer than {most} bytes: ask for this alone")]
    AnswerTooLong {
        /// Bytes.
        most: usize,
    },
    /// The calls of this text, or of the batch before this one, have used enough.
    #[error("the calls of this request use more than {most} gas together: ask for fewer at once")]
    AskedGas {
        /// Gas.
        most: u64,
    },
    /// No more blocks fit into memory.
    #[error("the chain has {most} blocks, the most that it may have: start another")]
    Full {
        /// Blocks.
        most: u64,
    },
    /// A transaction that no block may hold.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
    /// A contract refused.
    #[error("execution reverted{}", because(.answer))]
    Reverted {
        /// What it answered.
        answer: Bytes,
    },
    /// Execution ended without an answer.
    #[error("execution ended without an answer: {what}")]
    Halted {
        /// How.
        what: String,
    },
    /// An answer that cannot be written.
    #[error("the answer cannot be written: {what}")]
    Internal {
        /// Why.
        what: String,
    },
}

impl RpcError {
    /// The code: of JSON-RPC 2.0 itself, then those of EIP-1474, and 3 for what a contract refused, which is
    /// how geth tells it and wallets read it.
    #[must_use]
    pub const fn code(&self) -> i64 {
        match self {
            Self::Json { .. } => -32_700,
            Self::TooLong { .. } | Self::Batch { .. } | Self::Request { .. } => -32_600,
            Self::Method { .. } => -32_601,
            Self::Params { .. } => -32_602,
            Self::Internal { .. } => -32_603,
            Self::UnknownBlock { .. } | Self::UnknownHash { .. } | Self::Forgotten { .. } => -32_001,
            Self::Transaction(_) => -32_003,
            Self::TooMany { .. } | Self::AnswerTooLong { .. } | Self::AskedGas { .. } | Self::Full { .. } => {
                -32_005
            }
            Self::Halted { .. } => -32_000,
            Self::Reverted { .. } => 3,
        }
    }

    /// A whole answer with this error, for a request whose id nobody has read.
    #[must_use]
    pub fn to_answer(&self) -> Vec<u8> {
        super::refusal(Value::Null, self).to_string().into_bytes()
    }

    /// The error object of JSON-RPC.
    pub(super) fn to_object(&self) -> Value {
        let mut object = json!({ "code": self.code(), "message": self.to_string() });
        if let (Self::Reverted { answer }, Some(fields)) = (self, object.as_object_mut()) {
            fields.insert("data".to_owned(), answer.to_string().into());
        }
        object
    }
}

/// The beginning of an outside text.
pub fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn because(answer: &[u8]) -> String {
    if answer.is_empty() {
        return String::new();
    }
    // `Error(string)` and `Panic(uint256)` are every contract's, the others are known by their contract.
    let standard = matches!(answer, [0x08, 0xc3, 0x79, 0xa0, ..] | [0x4e, 0x48, 0x7b, 0x71, ..]);
    let told = if standard { alloy_sol_types::decode_revert_reason(answer) } else { None };
    format!(": {}", shown(&told.unwrap_or_else(|| crate::contracts::reason(answer))))
}
