//! Entry bundles: leaves, each after its length as a big-endian u16.

use super::TILE_WIDTH;
use crate::record::{Leaf, RecordError};

/// Why bytes are no bundle of leaves, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Ends within a length or an entry.
    #[error("the bundle ends within entry {entry}")]
    CutOff {
        /// Number of the entry.
        entry: usize,
    },
    /// More entries than a full bundle has.
    #[error("a bundle of more than {TILE_WIDTH} entries")]
    TooMany,
    /// An entry that is no leaf.
    #[error("entry {entry} of the bundle is no leaf")]
    Leaf {
        /// Number of the entry.
        entry: usize,
        /// What is wrong with it.
        source: RecordError,
    },
}

/// The bytes of a bundle.
#[must_use]
pub fn bundle_encode(leaves: &[Leaf]) -> Vec<u8> {
    leaves.iter().flat_map(entry).collect()
}

/// One leaf as it stands in a bundle.
pub fn entry(leaf: &Leaf) -> Vec<u8> {
    let bytes = leaf.encode();
    // A leaf has 41 bytes: its length fits.
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    [length.to_be_bytes().as_slice(), &bytes].concat()
}

/// Reads a bundle.
///
/// # Errors
/// [`BundleError`], in the order of the checks.
pub fn bundle_decode(bytes: &[u8]) -> Result<Vec<Leaf>, BundleError> {
    let mut leaves = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let entry = leaves.len();
        let (length, after) = rest.split_first_chunk::<2>().ok_or(BundleError::CutOff { entry })?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (leaf, after) = after.split_at_checked(length).ok_or(BundleError::CutOff { entry })?;
        if entry >= usize::from(TILE_WIDTH) {
            return Err(BundleError::TooMany);
        }
        leaves.push(Leaf::decode(leaf).map_err(|source| BundleError::Leaf { entry, source })?);
        rest = after;
    }
    Ok(leaves)
}
