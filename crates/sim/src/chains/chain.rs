//! What a town needs of a chain beyond what is asked of any: what really stands on it, and what befalls it.

use crate::sim::chance::Chance;
use anyhow::Result;
use lockstep_chain::{Domain, DomainError, Embedded, Steered};

/// A chain of a town.
pub trait Chain: Steered {
    /// Whether anything ever befalls it but what a history does to it itself.
    const IS_FAULTY: bool;

    /// What really stands on it, whatever its endpoints say.
    ///
    /// # Errors
    /// [`DomainError`]: it is away.
    fn truth(&self) -> Result<&dyn Domain, DomainError>;

    /// Something befalls it, or is mended; false: nothing. It always draws the same count of numbers.
    ///
    /// # Errors
    /// What should have befallen it did not.
    fn befall(&mut self, chance: &mut Chance) -> Result<bool>;

    /// Whether something is wrong with it, so that what is asked and sent may fail.
    fn is_ill(&self) -> bool;

    /// All is well again, and what was begun has come to its end.
    ///
    /// # Errors
    /// It is not well.
    fn come_to_rest(&mut self) -> Result<()>;
}

impl Chain for Embedded {
    const IS_FAULTY: bool = false;

    fn truth(&self) -> Result<&dyn Domain, DomainError> {
        Ok(self)
    }

    fn befall(&mut self, _: &mut Chance) -> Result<bool> {
        Ok(false)
    }

    fn is_ill(&self) -> bool {
        false
    }

    fn come_to_rest(&mut self) -> Result<()> {
        Ok(())
    }
}
