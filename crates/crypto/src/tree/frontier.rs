//! The right edge of a tree: all that is needed to append to it and to know its root.

use super::{TreeHead, empty_root, node_hash};
use lockstep_types::limits::LEDGER_SIZE_MAX;
use lockstep_types::{Digest, LeafHash, RootHash};
use serde::{Deserialize, Serialize};

/// The roots of the complete subtrees that make up a tree, largest first: one for each 1 in the binary size.
///
/// As JSON `{"peaks":[…],"size":n}`, read only if the two agree.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Wire")]
pub struct Frontier {
    peaks: Vec<Digest>,
    size: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    peaks: Vec<Digest>,
    size: u64,
}

/// Why peaks and size are no frontier, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrontierError {
    /// More leaves than a ledger may have.
    #[error("a tree of {found} leaves, at most {LEDGER_SIZE_MAX} are possible")]
    Size {
        /// The size found.
        found: u64,
    },
    /// Not one peak for each 1 in the binary size.
    #[error("a tree of {size} leaves has {} peaks, found {found}", .size.count_ones())]
    Peaks {
        /// The size found.
        size: u64,
        /// Peaks found.
        found: usize,
    },
}

impl TryFrom<Wire> for Frontier {
    type Error = FrontierError;
    fn try_from(Wire { peaks, size }: Wire) -> Result<Self, FrontierError> {
        if size > LEDGER_SIZE_MAX {
            return Err(FrontierError::Size { found: size });
        }
        if u32::try_from(peaks.len()) != Ok(size.count_ones()) {
            return Err(FrontierError::Peaks { size, found: peaks.len() });
        }
        Ok(Self { peaks, size })
    }
}

impl Frontier {
    /// The empty tree.
    #[must_use]
    pub const fn new() -> Self {
        Self { peaks: Vec::new(), size: 0 }
    }

    /// Leaves so far.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the complete subtrees, largest first. In reverse: the audit path of the leaf pushed next,
    /// as long as it is the last.
    #[must_use]
    pub fn peaks(&self) -> &[Digest] {
        &self.peaks
    }

    /// Appends one leaf.
    pub fn push(&mut self, leaf: LeafHash) {
        self.push_noting(leaf, |_, _, _| {});
    }

    /// Appends one leaf and tells `note` every subtree that it completes: level, index, hash; the leaf first.
    pub fn push_noting(&mut self, leaf: LeafHash, mut note: impl FnMut(u8, u64, [u8; 32])) {
        let (mut hash, mut level, mut index) = (leaf.0, 0u8, self.size);
        note(level, index, hash);
        // The trailing 1s of the size are the peaks that the leaf completes into larger ones.
        while index & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            hash = node_hash(&left.0, &hash);
            level = level.saturating_add(1);
            index >>= 1;
            note(level, index, hash);
        }
        self.peaks.push(Digest(hash));
        self.size = self.size.saturating_add(1);
    }

    /// The root of the tree as it stands.
    #[must_use]
    pub fn root(&self) -> RootHash {
        let folded =
            self.peaks.iter().rev().copied().reduce(|right, left| Digest(node_hash(&left.0, &right.0)));
        folded.map_or_else(empty_root, |root| RootHash(root.0))
    }

    /// Size and root of the tree as it stands.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        TreeHead { size: self.size, root: self.root() }
    }
}
