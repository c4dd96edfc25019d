//! Domains where value lives on an EVM chain: what is asked of one, what is sent to it so that it obeys a
//! ledger, and what an observer reads there.
//!
//! [`Domain`] is the port. [`Embedded`] is a chain in this process, so that nothing has to be installed; the
//! contracts on it are those of `contracts/`, byte for byte. [`Rpc`] is a chain behind endpoints, and
//! [`Submitter`] the same with an account that can send. [`Anvil`] is a development chain of Foundry; what it
//! and [`Embedded`] have in common beyond the port is [`Steered`].

pub mod anvil;
mod calls;
pub mod confirm;
pub mod contracts;
pub mod deploy;
mod depositing;
mod deposits;
pub mod dev;
mod domain;
mod embedded;
pub mod enforce;
pub mod feed;
pub mod observe;
pub mod roles;
pub mod rpc;
pub mod standing;
mod steered;
pub mod submit;

pub use anvil::Anvil;
pub use calls::{decode, encode, role, seconds, selector, units};
pub use depositing::{Depositing, Holding};
pub use deposits::{Deposit, all_deposits, deposits};
pub use domain::{Block, Domain, DomainError, Log, Receipt, Sends, Transaction};
pub use embedded::Embedded;
pub use observe::{Observation, Watch};
pub use rpc::Rpc;
pub use steered::Steered;
pub use submit::Submitter;

/// An account on an EVM chain: of a key, or of a contract.
pub use alloy_primitives::Address as Account;
/// Hash of a block or of a transaction.
pub use alloy_primitives::B256 as Hash;
/// Bytes that go to a contract and come from it.
pub use alloy_primitives::Bytes;
