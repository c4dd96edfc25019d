//! Transactions as wallets sign them: bytes in, a transaction and its sender out.

use crate::embedded::{Embedded, Envelope, GAS_MAX};
use alloy_consensus::Transaction;
use alloy_consensus::transaction::{Recovered, SignerRecoverable};
use alloy_eips::eip2718::{Decodable2718, Encodable2718};
use alloy_primitives::{Address, U256};

/// Longest transaction, as long as geth takes one.
pub const TRANSACTION_BYTES_MAX: usize = 131_072;
/// First byte from which on a transaction is of the old kind, without a type (EIP-2718).
const UNTYPED_FROM: u8 = 0xc0;
/// The newest type that is taken (EIP-1559): none with blobs, none that gives an account code.
const TYPE_MAX: u8 = 2;

/// Why no block may hold a transaction. Wallets know some of these by the words they begin with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// Longer than what is read.
    #[error("the transaction is too long: {found} bytes, at most {most}")]
    TooLong {
        /// Bytes.
        found: usize,
        /// Bytes.
        most: usize,
    },
    /// Blobs, code for accounts, or what nobody knows.
    #[error("transactions of type {found} are not taken, expected 0, 1 or 2")]
    Type {
        /// The type.
        found: u8,
    },
    /// The bytes are no transaction.
    #[error("the bytes are no transaction: {what}")]
    Encoding {
        /// Why.
        what: String,
    },
    /// The bytes say what shorter or other bytes say.
    #[error("the bytes are not the one encoding of this transaction")]
    OtherEncoding,
    /// It would count on every chain (before EIP-155).
    #[error("the transaction names no chain, expected chain id {expected}")]
    NoChain {
        /// This chain.
        expected: u64,
    },
    /// It is for another chain.
    #[error("invalid chain id: expected {expected}, found {found}")]
    OtherChain {
        /// This chain.
        expected: u64,
        /// The chain that it names.
        found: u64,
    },
    /// The signature is nobody's, or its `s` is high (EIP-2).
    #[error("the signature does not hold: {what}")]
    Signature {
        /// Why.
        what: String,
    },
    /// EIP-1559.
    #[error("max priority fee per gas higher than max fee per gas: {tip} is more than {most}")]
    Tip {
        /// What it gives at most to who makes the block.
        tip: u128,
        /// What it gives at most.
        most: u128,
    },
    /// More gas than a block has.
    #[error("exceeds block gas limit: {found} gas, at most {most}")]
    Gas {
        /// What it may use.
        found: u64,
        /// What a block has.
        most: u64,
    },
    /// The sender has sent it, or another in its place.
    #[error("nonce too low: `{from}` is at {expected}, found {found}")]
    NonceTooLow {
        /// The sender.
        from: Address,
        /// Its nonce.
        expected: u64,
        /// The transaction's.
        found: u64,
    },
    /// Others are to come before it, and nothing waits here.
    #[error("nonce too high: `{from}` is at {expected}, found {found}, and no transaction waits here")]
    NonceTooHigh {
        /// The sender.
        from: Address,
        /// Its nonce.
        expected: u64,
        /// The transaction's.
        found: u64,
    },
    /// Gas costs nothing here, what is transferred does.
    #[error("insufficient funds for transfer: `{from}` has {found} wei, expected {expected} or more")]
    Funds {
        /// The sender.
        from: Address,
        /// Wei that it sends.
        expected: U256,
        /// Wei that it has.
        found: U256,
    },
    /// The EVM says no before it begins.
    #[error("the transaction is refused: {what}")]
    Refused {
        /// Why.
        what: String,
    },
}

/// Reads a transaction for this chain and finds who signed it.
pub fn decode(bytes: &[u8], chain_id: u64) -> Result<Recovered<Envelope>, TransactionError> {
    if bytes.len() > TRANSACTION_BYTES_MAX {
        return Err(TransactionError::TooLong { found: bytes.len(), most: TRANSACTION_BYTES_MAX });
    }
    if let Some(found) = bytes.first().copied().filter(|first| (TYPE_MAX + 1..UNTYPED_FROM).contains(first)) {
        return Err(TransactionError::Type { found });
    }
    let transaction = Envelope::decode_2718_exact(bytes)
        .map_err(|error| TransactionError::Encoding { what: error.to_string() })?;
    // Whoever signed it looks for the hash of these bytes.
    if transaction.encoded_2718() != bytes {
        return Err(TransactionError::OtherEncoding);
    }
    match transaction.chain_id() {
        Some(found) if found == chain_id => {}
        Some(found) => return Err(TransactionError::OtherChain { expected: chain_id, found }),
        None => return Err(TransactionError::NoChain { expected: chain_id }),
    }
    let most = transaction.max_fee_per_gas();
    match transaction.max_priority_fee_per_gas() {
        Some(tip) if tip > most => return Err(TransactionError::Tip { tip, most }),
        _ => {}
    }
    // A high `s` is refused too: EIP-2.
    let refused =
        |error: alloy_consensus::crypto::RecoveryError| TransactionError::Signature { what: cause(&error) };
    transaction.try_into_recovered().map_err(refused)
}

fn cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

/// Whether the next block of `chain` may hold it, as far as that can be told without running it.
pub fn check(chain: &Embedded, transaction: &Recovered<Envelope>, has: U256) -> Result<(), TransactionError> {
    let from = transaction.signer();
    let (expected, found) = (chain.nonce(from), transaction.nonce());
    if found < expected {
        return Err(TransactionError::NonceTooLow { from, expected, found });
    }
    if found > expected {
        return Err(TransactionError::NonceTooHigh { from, expected, found });
    }
    if transaction.gas_limit() > GAS_MAX {
        return Err(TransactionError::Gas { found: transaction.gas_limit(), most: GAS_MAX });
    }
    if transaction.value() > has {
        return Err(TransactionError::Funds { from, expected: transaction.value(), found: has });
    }
    Ok(())
}
