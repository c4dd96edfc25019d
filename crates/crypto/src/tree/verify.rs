//! Checking proofs. The sizes alone fix how many hashes a proof has and on which side each stands.

use super::{TreeError, TreeHead, node_hash};
use lockstep_types::{Digest, LeafHash, RootHash};

/// The way from a node to the root: below `fork` its index says on which side each sibling stands; above, the
/// node lies on the right edge, where every sibling is a left one and levels without sibling are skipped.
struct Way {
    index: u64,
    fork: u32,
}

impl Way {
    /// From leaf `index` up to the root of a tree whose last leaf is `last`: they part at `fork`.
    const fn new(index: u64, last: u64) -> Self {
        Self { index, fork: u64::BITS.saturating_sub((index ^ last).leading_zeros()) }
    }

    /// The same way, begun `levels` higher.
    const fn raised(self, levels: u32) -> Self {
        // `levels` are trailing 1s of a 64-bit index, and below `fork`; 64 of them would be no tree.
        Self { index: self.index.wrapping_shr(levels), fork: self.fork.saturating_sub(levels) }
    }

    fn siblings(&self) -> usize {
        let above = self.index.checked_shr(self.fork).unwrap_or(0).count_ones();
        usize::try_from(self.fork.saturating_add(above)).unwrap_or(usize::MAX)
    }

    /// The siblings, each with whether it stands on the left.
    fn with_sides<'a>(&self, proof: &'a [Digest]) -> impl Iterator<Item = (bool, &'a Digest)> {
        let Self { index, fork } = *self;
        (0u32..).zip(proof).map(move |(level, hash)| (level >= fork || (index >> level) & 1 == 1, hash))
    }
}

fn require_length(expected: usize, proof: &[Digest]) -> Result<(), TreeError> {
    if proof.len() == expected {
        Ok(())
    } else {
        Err(TreeError::ProofLength { expected, found: proof.len() })
    }
}

fn require_root(expected: RootHash, found: [u8; 32]) -> Result<(), TreeError> {
    let found = RootHash(found);
    if found == expected { Ok(()) } else { Err(TreeError::Root { expected, found }) }
}

/// Checks that `leaf` stands at `index` in the tree with this head. RFC 9162 §2.1.3.2.
///
/// # Errors
/// [`TreeError`]: index, length of the proof, or root.
pub fn verify_inclusion(
    leaf: LeafHash,
    index: u64,
    proof: &[Digest],
    head: TreeHead,
) -> Result<(), TreeError> {
    let TreeHead { size, root } = head;
    if index >= size {
        return Err(TreeError::IndexBeyondSize { index, size });
    }
    let way = Way::new(index, size.saturating_sub(1));
    require_length(way.siblings(), proof)?;
    let mut hash = leaf.0;
    for (on_left, sibling) in way.with_sides(proof) {
        hash = if on_left { node_hash(&sibling.0, &hash) } else { node_hash(&hash, &sibling.0) };
    }
    require_root(root, hash)
}

/// Checks that the tree with head `new` begins with all leaves of the tree with head `old`. RFC 9162
/// §2.1.4.2.
///
/// # Errors
/// [`TreeError`]: sizes, length of the proof, old root, or root. An old size of 0 is refused.
pub fn verify_consistency(old: TreeHead, new: TreeHead, proof: &[Digest]) -> Result<(), TreeError> {
    if old.size == 0 {
        return Err(TreeError::OldSizeIsZero);
    }
    if old.size > new.size {
        return Err(TreeError::SizeMustNotShrink { old: old.size, new: new.size });
    }
    if old.size == new.size {
        require_length(0, proof)?;
        return require_root(new.root, old.root.0);
    }
    // The way starts at the last complete subtree of the old tree: its height is the number of trailing
    // zeros.
    let levels = old.size.trailing_zeros();
    let way = Way::new(old.size.saturating_sub(1), new.size.saturating_sub(1)).raised(levels);
    // When that subtree is the whole old tree, its hash is the old root and stands in no proof.
    let whole = old.size.is_power_of_two();
    require_length(way.siblings().saturating_add(usize::from(!whole)), proof)?;
    let (start, path) = match proof.split_first() {
        Some((first, rest)) if !whole => (first.0, rest),
        _ => (old.root.0, proof),
    };
    let (mut old_hash, mut new_hash) = (start, start);
    for (on_left, sibling) in way.with_sides(path) {
        if on_left {
            old_hash = node_hash(&sibling.0, &old_hash);
            new_hash = node_hash(&sibling.0, &new_hash);
        } else {
            new_hash = node_hash(&new_hash, &sibling.0);
        }
    }
    if old_hash != old.root.0 {
        return Err(TreeError::OldRoot { expected: old.root, found: RootHash(old_hash) });
    }
    require_root(new.root, new_hash)
}
