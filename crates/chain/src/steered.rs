//! Chains that obey whoever runs them: their clock, their blocks, what of them is taken back.

use crate::domain::{Domain, DomainError, Sends};
use crate::embedded::Embedded;
use alloy_primitives::Address;

/// A chain whose clock and blocks are in the hands of whoever runs it.
pub trait Steered: Domain + Sends {
    /// The next blocks are of this second, or of the last block's if that is later.
    ///
    /// # Errors
    /// [`DomainError`]: the chain does not answer.
    fn set_clock(&mut self, timestamp: u64) -> Result<(), DomainError>;

    /// Makes so many blocks in which nothing happens, each `seconds` after the one before it, the first not
    /// before the clock.
    ///
    /// # Errors
    /// As [`Steered::set_clock`].
    fn mine(&mut self, count: u64, seconds: u64) -> Result<(), DomainError>;

    /// Takes the newest blocks back, as a re-organisation does; none that is final.
    ///
    /// # Errors
    /// [`DomainError::NotFinal`] names the last block that cannot be taken back; as [`Steered::set_clock`].
    fn take_back(&mut self, count: u64) -> Result<(), DomainError>;

    /// Where the next contract that `from` creates will stand.
    ///
    /// # Errors
    /// As [`Steered::set_clock`].
    fn next_contract(&self, from: Address) -> Result<Address, DomainError>;
}

impl Steered for Embedded {
    fn set_clock(&mut self, timestamp: u64) -> Result<(), DomainError> {
        Self::set_clock(self, timestamp);
        Ok(())
    }

    fn mine(&mut self, count: u64, seconds: u64) -> Result<(), DomainError> {
        Self::mine(self, count, seconds);
        Ok(())
    }

    fn take_back(&mut self, count: u64) -> Result<(), DomainError> {
        Self::take_back(self, count)
    }

    fn next_contract(&self, from: Address) -> Result<Address, DomainError> {
        Ok(Self::next_contract(self, from))
    }
}
