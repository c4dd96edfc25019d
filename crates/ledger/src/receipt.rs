//! Receipts: *accepted* by the appender, *certified* by co-signers (specs/receipt.md).

mod accepted;
mod certified;

pub use accepted::{AcceptedBatch, AcceptedError, AcceptedReceipt};
pub use certified::{CertifiedError, CertifiedReceipt};

use lockstep_types::canonical::{self, CanonicalError};
use lockstep_types::{AttestationDigest, LeafHash, Name, Time};
use serde::{Deserialize, Serialize};

/// Longest receipt, in bytes of canonical JSON.
pub const RECEIPT_BYTES_MAX: usize = 32_768;
/// The version of both forms.
pub const RECEIPT_VERSION: u8 = 1;

/// A receipt of either kind, as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Receipt {
    /// Signed by the appender: soon to be certified, or evidence against it.
    Accepted(AcceptedReceipt),
    /// Under a quorum certificate.
    Certified(CertifiedReceipt),
}

/// Where a record stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Number of the record, from 0.
    pub index: u64,
    /// Its leaf hash.
    pub leaf: LeafHash,
}

/// What the appender did with one attestation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The attestation.
    pub attestation: AttestationDigest,
    /// What became of it.
    pub result: ItemResult,
    /// Ledger time.
    pub time: Time,
}

/// What became of an attestation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ItemResult {
    /// It counts, by this record.
    Recorded(Place),
    /// It does not count.
    Refused(RefusedItem),
}

/// An attestation that does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusedItem {
    /// The rule that was broken.
    pub code: Name,
    /// The record of the refusal, when the party was entitled to one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub record: Option<Place>,
}

impl Receipt {
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
        canonical::from_slice(bytes, RECEIPT_BYTES_MAX)
    }
}

#[cfg(test)]
mod tests;
