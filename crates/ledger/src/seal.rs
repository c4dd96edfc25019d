//! Seals: records that carry the root of the state map (specs/record.md §5).

use crate::record::{Record, Tag};
use crate::scribe::Entry;
use lockstep_types::canonical::{self, CanonicalError};
use lockstep_types::limits::BODY_BYTES_MAX;
use lockstep_types::{LeafHash, RootHash, Time};
use serde::{Deserialize, Serialize};

/// Longest time from the first unsealed record to its seal.
pub const SEAL_DELAY_MS_MAX: u64 = 500;
/// A seal is due this long after the first unsealed record: the rest of [`SEAL_DELAY_MS_MAX`] is for making
/// it.
pub const SEAL_DUE_MS: u64 = 400;

/// Least time from the last record to a seal that seals nothing: it lets co-signers, who sign only what is
/// recent by their clocks, certify a ledger that has been quiet.
pub const EMPTY_SEAL_MS_MIN: u64 = 10_000;

/// Every body of a seal starts so, and no other body does.
const SEAL_PREFIX: &[u8] = b"{\"seal\":";

/// True for the body of a seal, whatever else it says.
#[must_use]
pub fn is_seal(body: &[u8]) -> bool {
    body.starts_with(SEAL_PREFIX)
}

/// What a seal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealBody {
    /// Root of the state map after all records before this one.
    pub map: RootHash,
    /// The seal before this one; none for the first.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub prev_seal: Option<LeafHash>,
}

/// The body of a seal as it stands in a machine's enum of bodies.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Body {
    Seal(SealBody),
}

impl SealBody {
    /// The entry that a seal is written as.
    ///
    /// # Errors
    /// Never for this type; the error is that of the JSON writer.
    pub fn entry(self) -> Result<Entry, CanonicalError> {
        canonical::to_vec(&Body::Seal(self)).map(Entry::record)
    }

    /// The seal in `record`; nothing when the record is no seal.
    ///
    /// # Errors
    /// [`CanonicalError`] for a record that begins like a seal and is none.
    pub fn of(record: &Record) -> Result<Option<Self>, CanonicalError> {
        if record.tag() != Tag::Record || !is_seal(record.body()) {
            return Ok(None);
        }
        canonical::from_slice(record.body(), BODY_BYTES_MAX).map(|Body::Seal(body)| Some(body))
    }
}

/// True when the records since `first_unsealed` should be sealed at `now`, so that the seal comes in time.
#[must_use]
pub fn seal_due(first_unsealed: Option<Time>, now: Time) -> bool {
    first_unsealed.is_some_and(|first| now.ms_since(first) >= SEAL_DUE_MS)
}

#[cfg(test)]
mod tests;
