//! What is asked of a chain, whoever answers.

use alloy_primitives::{Address, B256, Bytes};
use lockstep_types::Time;

/// A block, as far as anybody here needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Its number, from 0.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Seconds since the epoch.
    pub timestamp: u64,
}

impl Block {
    /// Its time, in whole seconds.
    ///
    /// # Errors
    /// [`DomainError::Answer`] for a time after the year 9999.
    pub fn time(&self) -> Result<Time, DomainError> {
        let out_of_range = || DomainError::Answer { what: format!("a block of second {}", self.timestamp) };
        let ms = self.timestamp.checked_mul(1_000).ok_or_else(out_of_range)?;
        Time::from_ms(ms).map_err(|_| out_of_range())
    }
}

/// What a contract noted when it was called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The contract.
    pub address: Address,
    /// Hash of the event's signature, and its indexed fields.
    pub topics: Vec<B256>,
    /// The other fields.
    pub data: Bytes,
    /// Number of its block.
    pub block: u64,
    /// Its transaction.
    pub transaction: B256,
    /// Its place in the block.
    pub index: u64,
}

/// A call to be made by an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Who calls.
    pub from: Address,
    /// What is called; a contract is created when nothing is.
    pub to: Option<Address>,
    /// Selector and arguments, or a contract's creation code.
    pub data: Bytes,
}

/// A transaction that took effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The transaction.
    pub transaction: B256,
    /// Its block.
    pub block: Block,
    /// Gas used.
    pub gas: u64,
    /// The contract that it created.
    pub created: Option<Address>,
    /// What contracts noted, in order.
    pub logs: Vec<Log>,
}

/// Why a chain does not do as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DomainError {
    /// A contract refused, and said why.
    #[error("the contract refuses: {}", crate::contracts::reason(.answer))]
    Reverted {
        /// What it answered: an error's selector and fields.
        answer: Bytes,
    },
    /// Execution ended without an answer: no gas left, an invalid instruction.
    #[error("the call ended without an answer: {what}")]
    Halted {
        /// How.
        what: String,
    },
    /// A block that the chain does not have, or not any more.
    #[error("there is no block {number}, the last is {last}")]
    UnknownBlock {
        /// The block asked for.
        number: u64,
        /// The newest block.
        last: u64,
    },
    /// A block that may still be replaced by another.
    #[error("block {number} is not final: {finalized} is the last that is")]
    NotFinal {
        /// The block asked for.
        number: u64,
        /// The last final block.
        finalized: u64,
    },
    /// An answer that makes no sense.
    #[error("the chain's answer cannot be used: {what}")]
    Answer {
        /// What is wrong with it.
        what: String,
    },
    /// What a contract answered then is not kept any more.
    #[error("the state after block {number} is not kept")]
    NotKept {
        /// The block asked for.
        number: u64,
    },
    /// Endpoints that nobody should rely on.
    #[error("these endpoints cannot be used: {what}")]
    Endpoints {
        /// The rule that they break.
        what: String,
    },
    /// An endpoint of another chain than the one that was named.
    #[error("endpoint `{endpoint}` is of chain {found}, expected {expected}")]
    OtherChain {
        /// The endpoint.
        endpoint: String,
        /// The chain named.
        expected: u64,
        /// The chain that it answers for.
        found: u64,
    },
    /// Too few endpoints answered; those that did gave one answer.
    #[error("{expected} endpoints must say {what}, found {found}: {said}")]
    NoQuorum {
        /// What was asked.
        what: String,
        /// How many must give the same answer.
        expected: usize,
        /// How many gave one.
        found: usize,
        /// Endpoint by endpoint.
        said: String,
    },
    /// Endpoints contradict each other, and too few or too many are of one mind.
    #[error("endpoints contradict each other about {what}: {said}")]
    Disagreement {
        /// What was asked.
        what: String,
        /// Endpoint by endpoint.
        said: String,
    },
    /// A final block is another one now. Nothing of this chain counts any more until a person has looked.
    #[error("final block {number} was `{was}` and is `{is}` now: the chain broke its word on what is final")]
    FinalBlockReplaced {
        /// Its number.
        number: u64,
        /// Its hash when it became final.
        was: B256,
        /// Its hash now.
        is: B256,
    },
    /// The newest blocks were replaced while they were read.
    #[error("block {number} was replaced while it was read: ask again")]
    Moved {
        /// The block.
        number: u64,
    },
    /// Nobody here signs for this account.
    #[error("nothing here signs for `{from}`")]
    NoKey {
        /// The account.
        from: Address,
    },
    /// A transaction was not brought onto the chain.
    #[error("the transaction is not on the chain: {what}")]
    NotSent {
        /// Why.
        what: String,
    },
}

impl DomainError {
    /// Whether the same question may get an answer a little later, without anybody doing anything.
    #[must_use]
    pub const fn passes(&self) -> bool {
        match self {
            Self::NoQuorum { .. }
            | Self::Disagreement { .. }
            | Self::Moved { .. }
            | Self::UnknownBlock { .. }
            | Self::NotFinal { .. } => true,
            Self::Reverted { .. }
            | Self::Halted { .. }
            | Self::Answer { .. }
            | Self::NotKept { .. }
            | Self::Endpoints { .. }
            | Self::OtherChain { .. }
            | Self::FinalBlockReplaced { .. }
            | Self::NoKey { .. }
            | Self::NotSent { .. } => false,
        }
    }
}

/// A chain. Blocks at and below [`Domain::finalized`] stay as they are.
pub trait Domain {
    /// EIP-155.
    fn chain_id(&self) -> u64;

    /// The newest block.
    ///
    /// # Errors
    /// [`DomainError`]: nobody answers.
    fn latest(&self) -> Result<Block, DomainError>;

    /// The newest block that will not be replaced.
    ///
    /// # Errors
    /// [`DomainError`]: nobody answers.
    fn finalized(&self) -> Result<Block, DomainError>;

    /// The block with this number.
    ///
    /// # Errors
    /// [`DomainError::UnknownBlock`].
    fn block(&self, number: u64) -> Result<Block, DomainError>;

    /// What a contract answers on top of this block; changes nothing. Reads that belong together name one
    /// block.
    ///
    /// # Errors
    /// [`DomainError::Reverted`], [`DomainError::Halted`]; [`DomainError::Moved`], [`DomainError::NotKept`]:
    /// the block is gone, or its state is.
    fn call_at(&self, block: &Block, to: Address, data: &[u8]) -> Result<Bytes, DomainError>;

    /// What a contract answers on top of the newest block; changes nothing.
    ///
    /// # Errors
    /// As [`Domain::call_at`].
    fn call(&self, to: Address, data: &[u8]) -> Result<Bytes, DomainError> {
        self.call_at(&self.latest()?, to, data)
    }

    /// What a contract noted in the blocks `from` to `to` (inclusive), in order.
    ///
    /// # Errors
    /// [`DomainError::UnknownBlock`].
    fn logs(&self, address: Address, from: u64, to: u64) -> Result<Vec<Log>, DomainError>;
}

/// Brings transactions onto a chain, for accounts that can send.
pub trait Sends {
    /// Makes a transaction take effect, and waits until it has.
    ///
    /// # Errors
    /// [`DomainError::Reverted`], [`DomainError::Halted`]: it took no effect.
    fn send(&mut self, transaction: &Transaction) -> Result<Receipt, DomainError>;
}
