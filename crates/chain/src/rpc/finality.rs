//! When a block is final, and what follows from having been.

use crate::domain::{Block, DomainError};
use core::fmt;
use core::str::FromStr;

/// Most blocks that a depth may ask for.
pub const DEPTH_MAX: u64 = 1_000_000;

/// When a block of a domain will not be replaced any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finality {
    /// When the chain's own protocol says so: the block tag `finalized`.
    Tag,
    /// When so many blocks stand on it: chains without finality of their own.
    Depth(u64),
}

impl fmt::Display for Finality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag => f.write_str("finalized"),
            Self::Depth(depth) => write!(f, "{depth}"),
        }
    }
}

impl FromStr for Finality {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "finalized" {
            return Ok(Self::Tag);
        }
        let depth = text.parse().ok().filter(|depth| (1..=DEPTH_MAX).contains(depth));
        let wrong = || format!("`{text}` is no finality: expected `finalized`, or 1 to {DEPTH_MAX} blocks");
        depth.map(Self::Depth).ok_or_else(wrong)
    }
}

/// What was final once. It stays so: a chain that says otherwise is not listened to any more.
#[derive(Debug, Default)]
pub struct Settled {
    last: Option<Block>,
    broken: Option<DomainError>,
}

impl Settled {
    /// Goes on from a block that is known to be final, from a memory that outlives the process.
    #[must_use]
    pub const fn from_memory(last: Option<Block>) -> Self {
        Self { last, broken: None }
    }

    /// The last final block so far.
    #[must_use]
    pub const fn last(&self) -> Option<Block> {
        self.last
    }

    /// # Errors
    /// [`DomainError::FinalBlockReplaced`], once it has been seen, for ever.
    pub fn check(&self) -> Result<(), DomainError> {
        self.broken.clone().map_or(Ok(()), Err)
    }

    /// Takes a look at the chain: `block` is on it, under the quorum's word. What was final must still be.
    ///
    /// # Errors
    /// [`DomainError::FinalBlockReplaced`].
    pub fn compare(&mut self, block: &Block) -> Result<(), DomainError> {
        self.check()?;
        match self.last {
            Some(last) if last.number == block.number && last.hash != block.hash => {
                let (number, was, is) = (last.number, last.hash, block.hash);
                Err(self.broke(DomainError::FinalBlockReplaced { number, was, is }))
            }
            _ => Ok(()),
        }
    }

    /// From now on this is all that [`Settled::check`] says.
    pub fn broke(&mut self, how: DomainError) -> DomainError {
        self.broken = Some(how.clone());
        how
    }

    /// Takes the block that the endpoints call final now; the last final block is never an earlier one.
    ///
    /// # Errors
    /// As [`Settled::compare`].
    pub fn advance(&mut self, candidate: Block) -> Result<Block, DomainError> {
        self.compare(&candidate)?;
        match self.last {
            Some(last) if last.number >= candidate.number => Ok(last),
            _ => {
                self.last = Some(candidate);
                Ok(candidate)
            }
        }
    }
}

#[cfg(test)]
mod tests;
