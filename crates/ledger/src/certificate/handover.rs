//! The first certificate after a rotation: signed by both sets (specs/certificate.md §5).

use super::{Certificate, Checkpoint, HandoverError};
use crate::committee::Committee;
use lockstep_types::LedgerId;
use serde::{Deserialize, Serialize};

/// Two certificates over one size and root: by the committee that leaves, and by the one that comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handover {
    /// By the committee that comes.
    pub new: Certificate,
    /// By the committee that leaves.
    pub old: Certificate,
}

impl Handover {
    /// Checks both certificates, and that they are about the same log.
    ///
    /// Whoever trusts `old` may then trust `new`, if a record of the log names it.
    ///
    /// # Errors
    /// [`HandoverError`], in the order of the checks.
    pub fn verify(
        &self,
        ledger: &LedgerId,
        old: &Committee,
        new: &Committee,
    ) -> Result<Checkpoint, HandoverError> {
        let expected = old.epoch().saturating_add(1);
        if new.epoch() != expected {
            return Err(HandoverError::Epoch { expected, found: new.epoch() });
        }
        if self.new.size != self.old.size {
            return Err(HandoverError::Size { expected: self.old.size, found: self.new.size });
        }
        if self.new.root != self.old.root {
            return Err(HandoverError::Root { expected: self.old.root, found: self.new.root });
        }
        self.old.verify(ledger, old).map_err(HandoverError::Old)?;
        self.new.verify(ledger, new).map_err(HandoverError::New)
    }
}
