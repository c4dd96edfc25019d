//! Making proofs from the hashes of complete subtrees.

use super::{Frontier, TreeError, node_hash};
use lockstep_types::{Digest, LeafHash};

/// The hashes of complete subtrees of a tree; those on its ragged right edge are computed from them.
pub trait Hashes {
    /// The root of the complete subtree over the leaves `index · 2^level` to `(index + 1) · 2^level − 1`.
    fn node(&self, level: u8, index: u64) -> Option<[u8; 32]>;
}

/// All complete subtrees of a tree, in memory.
#[derive(Debug, Clone, Default)]
pub struct Subtrees {
    frontier: Frontier,
    levels: Vec<Vec<[u8; 32]>>,
}

impl Subtrees {
    /// Appends one leaf.
    pub fn push(&mut self, leaf: LeafHash) {
        let levels = &mut self.levels;
        self.frontier.push_noting(leaf, |level, _, hash| match levels.get_mut(usize::from(level)) {
            Some(hashes) => hashes.push(hash),
            None => levels.push(vec![hash]),
        });
    }

    /// The right edge of the tree: its size and root.
    #[must_use]
    pub const fn frontier(&self) -> &Frontier {
        &self.frontier
    }
}

impl FromIterator<LeafHash> for Subtrees {
    fn from_iter<I: IntoIterator<Item = LeafHash>>(leaves: I) -> Self {
        let mut subtrees = Self::default();
        leaves.into_iter().for_each(|leaf| subtrees.push(leaf));
        subtrees
    }
}

impl Hashes for Subtrees {
    fn node(&self, level: u8, index: u64) -> Option<[u8; 32]> {
        self.levels.get(usize::from(level))?.get(usize::try_from(index).ok()?).copied()
    }
}

/// The leaves `low` to `high − 1` of a tree; `low` is a multiple of the power of two that covers them.
#[derive(Clone, Copy)]
struct Range {
    low: u64,
    high: u64,
}

impl Range {
    const fn leaves(self) -> u64 {
        self.high.saturating_sub(self.low)
    }

    /// The two halves of RFC 6962 §2.1: the left one has the largest power of two below the number of leaves.
    const fn split(self) -> (Self, Self) {
        let left = (self.leaves().saturating_add(1) / 2).next_power_of_two();
        let middle = self.low.saturating_add(left);
        (Self { low: self.low, high: middle }, Self { low: middle, high: self.high })
    }

    /// The root over the range: its complete subtrees, smallest (rightmost) folded first.
    fn root(self, hashes: &impl Hashes) -> Result<Digest, TreeError> {
        let (mut low, mut peaks) = (self.low, Vec::new());
        while let Some(level) = self.high.saturating_sub(low).checked_ilog2() {
            let index = low >> level;
            let level = u8::try_from(level).unwrap_or(u8::MAX);
            peaks.push(hashes.node(level, index).ok_or(TreeError::MissingSubtree { level, index })?);
            low = low.saturating_add(1 << level);
        }
        let root = peaks.into_iter().rev().reduce(|right, left| node_hash(&left, &right));
        root.map(Digest).ok_or(TreeError::IndexBeyondSize { index: self.low, size: self.high })
    }
}

/// The audit path of leaf `index` in the tree of the first `size` leaves, from the leaf up. RFC 6962 §2.1.1.
///
/// # Errors
/// [`TreeError::IndexBeyondSize`], or [`TreeError::MissingSubtree`] when `hashes` does not hold the tree.
pub fn inclusion_proof(hashes: &impl Hashes, index: u64, size: u64) -> Result<Vec<Digest>, TreeError> {
    if index >= size {
        return Err(TreeError::IndexBeyondSize { index, size });
    }
    let (mut range, mut path) = (Range { low: 0, high: size }, Vec::new());
    while range.leaves() > 1 {
        let (left, right) = range.split();
        let (inside, beside) = if index < left.high { (left, right) } else { (right, left) };
        path.push(beside.root(hashes)?);
        range = inside;
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of the first `new` leaves extends the tree of the first `old`. RFC 6962 §2.1.2.
///
/// # Errors
/// [`TreeError::OldSizeIsZero`], [`TreeError::SizeMustNotShrink`], or [`TreeError::MissingSubtree`] when
/// `hashes` does not hold the tree.
pub fn consistency_proof(hashes: &impl Hashes, old: u64, new: u64) -> Result<Vec<Digest>, TreeError> {
    if old == 0 {
        return Err(TreeError::OldSizeIsZero);
    }
    if old > new {
        return Err(TreeError::SizeMustNotShrink { old, new });
    }
    let (mut range, mut path) = (Range { low: 0, high: new }, Vec::new());
    while range.high > old {
        let (left, right) = range.split();
        let (inside, beside) = if old <= left.high { (left, right) } else { (right, left) };
        path.push(beside.root(hashes)?);
        range = inside;
    }
    // A range that still starts at 0 is the old tree itself, whose root the reader has.
    if range.low > 0 {
        path.push(range.root(hashes)?);
    }
    path.reverse();
    Ok(path)
}
