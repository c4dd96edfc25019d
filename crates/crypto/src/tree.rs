//! RFC 6962 Merkle trees over SHA-256: leaves, frontier, inclusion and consistency proofs.

mod frontier;
mod prove;
mod verify;

pub use frontier::{Frontier, FrontierError};
pub use prove::{Hashes, Subtrees, consistency_proof, inclusion_proof};
pub use verify::{verify_consistency, verify_inclusion};

use lockstep_types::{LeafHash, RootHash, sha256, sha256_parts};

/// Why a proof cannot be made, or does not hold, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The leaf asked for is not in a tree of that size.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    IndexBeyondSize {
        /// The leaf asked for, from 0.
        index: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// Every tree extends the empty one: such a proof would say nothing.
    #[error("consistency with the empty tree says nothing: expected an old size of 1 or more")]
    OldSizeIsZero,
    /// The second tree has fewer leaves than the first.
    #[error("a tree of {old} leaves cannot become one of {new}")]
    SizeMustNotShrink {
        /// Leaves in the first tree.
        old: u64,
        /// Leaves in the second tree.
        new: u64,
    },
    /// A complete subtree is not known to [`Hashes`].
    #[error("the complete subtree at level {level}, index {index} is missing")]
    MissingSubtree {
        /// Its height: 0 is a leaf.
        level: u8,
        /// Its place among the subtrees of that height, from 0.
        index: u64,
    },
    /// The sizes fix the number of hashes in a proof.
    #[error("the proof has {found} hashes, expected {expected}")]
    ProofLength {
        /// Hashes that the sizes ask for.
        expected: usize,
        /// Hashes found.
        found: usize,
    },
    /// The proof leads to another root for the first tree.
    #[error("the proof leads to root `{found}` for the old tree, expected `{expected}`")]
    OldRoot {
        /// The root given.
        expected: RootHash,
        /// The root that the proof gives.
        found: RootHash,
    },
    /// The proof leads to another root.
    #[error("the proof leads to root `{found}`, expected `{expected}`")]
    Root {
        /// The root given.
        expected: RootHash,
        /// The root that the proof gives.
        found: RootHash,
    },
}

/// A tree by its size and root, which come from one signed checkpoint: a root alone does not commit to its
/// size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    /// Leaves in the tree.
    pub size: u64,
    /// Its root.
    pub root: RootHash,
}

/// Hash of a leaf: SHA-256(`0x00` ‖ leaf). RFC 6962 §2.1.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> LeafHash {
    LeafHash(sha256_parts(&[&[0], leaf]))
}

/// Hash of an inner node: SHA-256(`0x01` ‖ left ‖ right). RFC 6962 §2.1.
#[must_use]
pub fn node_hash(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    sha256_parts(&[&[1], left, right])
}

/// Root of the tree without leaves: SHA-256 of the empty string. RFC 6962 §2.1.
#[must_use]
pub fn empty_root() -> RootHash {
    RootHash(sha256(&[]))
}

/// Root of the tree over these leaves.
#[must_use]
pub fn root_of(leaves: &[LeafHash]) -> RootHash {
    let mut frontier = Frontier::new();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier.root()
}

#[cfg(test)]
mod tests;
