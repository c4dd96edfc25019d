//! When a co-signer's key may sign: the rule of the one place where the key lives (specs/certificate.md §6).
//!
//! Keeping the last size and root, durable before the signature leaves, is the shell's business; it lives
//! outside the store, so that no restored copy of the store brings it back.

use crate::certificate::Checkpoint;
use crate::declaration::{Declaration, Succession};
use crate::record::Record;
use crate::seal::SealBody;
use lockstep_crypto::tree::{self, TreeError, TreeHead};
use lockstep_types::canonical::{self, CanonicalError};
use lockstep_types::{Digest, LedgerId, RootHash, Time};
use serde::{Deserialize, Serialize};

/// How far the last record may lie ahead of the signer's clock.
pub const AHEAD_MS_MAX: u64 = 2_000;
/// How far the last record may lie behind the signer's clock.
pub const BEHIND_MS_MAX: u64 = 60_000;
/// Longest request, in bytes of canonical JSON.
pub const REQUEST_BYTES_MAX: usize = 131_072;

/// The largest log that a signer has signed; what it keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedHead {
    /// The ledger.
    pub ledger: LedgerId,
    /// Root of the log.
    pub root: RootHash,
    /// Size of the log.
    pub size: u64,
}

/// What a co-signer asks its signer to sign, with what shows that it may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningRequest {
    /// What to sign.
    pub checkpoint: Checkpoint,
    /// Consistency proof from the last signed size; empty when nothing has been signed, or the size is the
    /// same.
    pub consistency: Vec<Digest>,
    /// Inclusion proof of the seal as the last record.
    pub inclusion: Vec<Digest>,
    /// The seal in which the log ends.
    pub seal: Record,
}

/// The rule, for one ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningRule {
    ledger: LedgerId,
    last: Option<TreeHead>,
}

/// Why a signer does not sign, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigningRefusal {
    /// Of another ledger.
    #[error("a checkpoint of ledger `{found}`: this signer signs for `{expected}`")]
    WrongLedger {
        /// The ledger signed for.
        expected: LedgerId,
        /// The ledger found.
        found: LedgerId,
    },
    /// Smaller than what has been signed.
    #[error("a log of {found} records: {last} have been signed already")]
    SizeMustNotShrink {
        /// Size signed last.
        last: u64,
        /// The size found.
        found: u64,
    },
    /// A second root for one size: the signer would convict itself.
    #[error("root `{found}` for size {size}: `{signed}` has been signed")]
    TwoRootsForOneSize {
        /// The size.
        size: u64,
        /// The root signed.
        signed: RootHash,
        /// The root found.
        found: RootHash,
    },
    /// Not shown to extend what has been signed.
    #[error("the log is not shown to extend the {last} records that have been signed")]
    Inconsistent {
        /// Size signed last; 0 when nothing has been signed.
        last: u64,
        /// What is wrong with the proof.
        source: TreeError,
    },
    /// The record shown is no seal.
    #[error("the log does not end in a seal")]
    NotASeal,
    /// The seal shown is not the last record.
    #[error("the seal is not shown to be the last record")]
    SealIsNotLast(#[source] TreeError),
    /// Ahead of the signer's clock.
    #[error(
        "the last record, of `{found}`, is {ahead_ms} ms ahead of this clock: at most {AHEAD_MS_MAX} may be"
    )]
    TooFarAhead {
        /// Time of the last record.
        found: Time,
        /// Milliseconds ahead.
        ahead_ms: u64,
    },
    /// Behind the signer's clock.
    #[error(
        "the last record, of `{found}`, is {behind_ms} ms behind this clock: at most {BEHIND_MS_MAX} may be"
    )]
    TooFarBehind {
        /// Time of the last record.
        found: Time,
        /// Milliseconds behind.
        behind_ms: u64,
    },
    /// A ledger named as its own successor.
    #[error("ledger `{ledger}` cannot succeed itself")]
    SucceedsItself {
        /// The ledger.
        ledger: LedgerId,
    },
    /// A succession at a head that this signer has not signed on the successor.
    #[error(
        "size {size} of ledger `{successor}` with root `{root}` is not what this signer has signed there \
             last: a succession names a head that it has certified"
    )]
    NotCertified {
        /// The ledger that is to go on.
        successor: LedgerId,
        /// The size named.
        size: u64,
        /// The root named.
        root: RootHash,
    },
}

impl SigningRule {
    /// The rule of a signer that has signed nothing yet for this ledger.
    #[must_use]
    pub const fn new(ledger: LedgerId) -> Self {
        Self { ledger, last: None }
    }

    /// The rule of a signer that has kept `last`.
    #[must_use]
    pub const fn resume(last: SignedHead) -> Self {
        Self { ledger: last.ledger, last: Some(TreeHead { size: last.size, root: last.root }) }
    }

    /// The largest log signed.
    #[must_use]
    pub fn last(&self) -> Option<SignedHead> {
        self.last.map(|head| SignedHead { ledger: self.ledger, root: head.root, size: head.size })
    }

    /// Says whether the signer may sign at `now`, and what it must have kept, durably, before the signature
    /// leaves.
    ///
    /// # Errors
    /// [`SigningRefusal`], in the order of the checks.
    pub fn check(&self, request: &SigningRequest, now: Time) -> Result<SignedHead, SigningRefusal> {
        let Checkpoint { ledger, root, size, epoch: _ } = request.checkpoint;
        if ledger != self.ledger {
            return Err(SigningRefusal::WrongLedger { expected: self.ledger, found: ledger });
        }
        self.check_extends(TreeHead { size, root }, &request.consistency)?;
        check_ends_in_seal(request)?;
        check_clock(request.seal.time(), now)?;
        Ok(SignedHead { ledger, root, size })
    }

    /// Takes on what [`SigningRule::check`] gave, once it is kept.
    pub fn kept(&mut self, head: SignedHead) {
        self.last = Some(TreeHead { size: head.size, root: head.root });
    }

    fn check_extends(&self, new: TreeHead, proof: &[Digest]) -> Result<(), SigningRefusal> {
        let Some(last) = self.last else {
            if proof.is_empty() {
                return Ok(());
            }
            let source = TreeError::ProofLength { expected: 0, found: proof.len() };
            return Err(SigningRefusal::Inconsistent { last: 0, source });
        };
        if new.size < last.size {
            return Err(SigningRefusal::SizeMustNotShrink { last: last.size, found: new.size });
        }
        if new.size == last.size && new.root != last.root {
            return Err(SigningRefusal::TwoRootsForOneSize {
                size: new.size,
                signed: last.root,
                found: new.root,
            });
        }
        tree::verify_consistency(last, new, proof)
            .map_err(|source| SigningRefusal::Inconsistent { last: last.size, source })
    }
}

/// Says whether a signer may sign a declaration; `successor` is what it has signed last on the ledger that a
/// succession names (specs/chain.md §4). Nothing else asks for a memory: of the others each counts for one
/// change or one round at one contract, and signing it twice is harmless.
///
/// # Errors
/// [`SigningRefusal::SucceedsItself`], [`SigningRefusal::NotCertified`].
pub fn check_declaration(
    declaration: &Declaration,
    successor: Option<SignedHead>,
) -> Result<(), SigningRefusal> {
    let Declaration::Succession(named) = declaration else { return Ok(()) };
    let Succession { ledger, successor: goes_on, size, root, .. } = *named;
    if goes_on == ledger {
        return Err(SigningRefusal::SucceedsItself { ledger });
    }
    // Only the last head is kept, so only it can be shown to have been signed.
    if successor != Some(SignedHead { ledger: goes_on, root, size }) {
        return Err(SigningRefusal::NotCertified { successor: goes_on, size, root });
    }
    Ok(())
}

fn check_ends_in_seal(request: &SigningRequest) -> Result<(), SigningRefusal> {
    let Ok(Some(_)) = SealBody::of(&request.seal) else { return Err(SigningRefusal::NotASeal) };
    let Checkpoint { root, size, .. } = request.checkpoint;
    let empty = TreeError::IndexBeyondSize { index: 0, size };
    let index = size.checked_sub(1).ok_or(SigningRefusal::SealIsNotLast(empty))?;
    tree::verify_inclusion(request.seal.leaf_hash(), index, &request.inclusion, TreeHead { size, root })
        .map_err(SigningRefusal::SealIsNotLast)
}

fn check_clock(found: Time, now: Time) -> Result<(), SigningRefusal> {
    let ahead_ms = found.ms_since(now);
    if ahead_ms > AHEAD_MS_MAX {
        return Err(SigningRefusal::TooFarAhead { found, ahead_ms });
    }
    let behind_ms = now.ms_since(found);
    if behind_ms > BEHIND_MS_MAX {
        return Err(SigningRefusal::TooFarBehind { found, behind_ms });
    }
    Ok(())
}

impl SignedHead {
    /// Canonical JSON.
    ///
    /// # Errors
    /// Never for this type; the error is that of the JSON writer.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::to_vec(self)
    }

    /// Reads canonical JSON.
    ///
    /// # Errors
    /// [`CanonicalError`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CanonicalError> {
        canonical::from_slice(bytes, REQUEST_BYTES_MAX)
    }
}

impl SigningRequest {
    /// Canonical JSON.
    ///
    /// # Errors
    /// Never for this type; the error is that of the JSON writer.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::to_vec(self)
    }

    /// Reads canonical JSON.
    ///
    /// # Errors
    /// [`CanonicalError`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CanonicalError> {
        canonical::from_slice(bytes, REQUEST_BYTES_MAX)
    }
}

#[cfg(test)]
mod tests;
