//! The trust file: which co-signers a verifier believes, and the latest head it knows (specs/trust.md).
//!
//! It comes from elsewhere than the pack: whoever hands out both could hand out any history.

use lockstep_crypto::tree::TreeHead;
use lockstep_ledger::{Certificate, Committee, CommitteeError, Member};
use lockstep_types::canonical::{self, CanonicalError};
use lockstep_types::limits::{INTEGER_MAX, LEDGER_SIZE_MAX};
use lockstep_types::{LedgerId, Name, RootHash};
use serde::{Deserialize, Serialize};

/// The format that this crate reads and writes.
pub const TRUST_FORMAT: &str = "lockstep-trust/1";
/// Longest trust file, in bytes.
pub const TRUST_BYTES_MAX: usize = 65_536;

/// What a verifier holds for true. A value of this type has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    ledger: LedgerId,
    name: Name,
    committee: Committee,
    head: TreeHead,
}

/// Why bytes are no trust file, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// Not canonical JSON of a trust file.
    #[error("the trust file is refused")]
    Canonical(#[from] CanonicalError),
    /// Another format or version.
    #[error("the format is `{found}`, expected `{TRUST_FORMAT}`")]
    Format {
        /// The format found, cut to 40 characters.
        found: String,
    },
    /// Members and threshold form no committee.
    #[error("the committee is refused")]
    Committee(#[from] CommitteeError),
    /// No log has this size.
    #[error("a head of size {found}: expected 1 to {LEDGER_SIZE_MAX}")]
    Size {
        /// The size found.
        found: u64,
    },
}

/// The JSON form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TrustText {
    committee: Vec<Member>,
    epoch: u64,
    format: String,
    ledger: LedgerId,
    name: Name,
    root: RootHash,
    size: u64,
    threshold: u8,
}

impl Trust {
    /// Pins a committee and a head that it has certified.
    ///
    /// # Errors
    /// [`TrustError::Size`].
    pub fn new(
        ledger: LedgerId,
        name: Name,
        committee: Committee,
        head: TreeHead,
    ) -> Result<Self, TrustError> {
        if head.size == 0 || head.size > LEDGER_SIZE_MAX {
            return Err(TrustError::Size { found: head.size });
        }
        Ok(Self { ledger, name, committee, head })
    }

    /// Pins what a certificate shows. The caller has verified it under `committee`.
    ///
    /// # Errors
    /// [`TrustError::Size`].
    pub fn from_certificate(
        name: Name,
        committee: Committee,
        certificate: &Certificate,
    ) -> Result<Self, TrustError> {
        let head = TreeHead { size: certificate.size, root: certificate.root };
        Self::new(certificate.ledger, name, committee, head)
    }

    /// Reads canonical JSON.
    ///
    /// # Errors
    /// [`TrustError`], in the order of the checks.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, TrustError> {
        let text: TrustText = canonical::from_slice(bytes, TRUST_BYTES_MAX)?;
        if text.format != TRUST_FORMAT {
            return Err(TrustError::Format { found: text.format.chars().take(40).collect() });
        }
        // The canonical form holds the epoch to this range already; a committee says so itself.
        let epoch = text.epoch.min(INTEGER_MAX.unsigned_abs());
        let committee = Committee::new(epoch, text.committee, text.threshold)?;
        Self::new(text.ledger, text.name, committee, TreeHead { size: text.size, root: text.root })
    }

    /// Canonical JSON.
    ///
    /// # Errors
    /// Never for this type; the error is that of the JSON writer.
    pub fn to_vec(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::to_vec(&TrustText {
            committee: self.committee.members().to_vec(),
            epoch: self.committee.epoch(),
            format: TRUST_FORMAT.to_owned(),
            ledger: self.ledger,
            name: self.name.clone(),
            root: self.head.root,
            size: self.head.size,
            threshold: self.committee.threshold(),
        })
    }

    /// The ledger.
    #[must_use]
    pub const fn ledger(&self) -> LedgerId {
        self.ledger
    }

    /// What people call it; it decides nothing.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// The co-signers of the latest epoch known.
    #[must_use]
    pub const fn committee(&self) -> &Committee {
        &self.committee
    }

    /// The latest head known.
    #[must_use]
    pub const fn head(&self) -> TreeHead {
        self.head
    }
}
