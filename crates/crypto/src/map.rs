//! The state map: a sparse Merkle map from 256-bit keys to value hashes, with proofs of presence and of
//! absence. `specs/state-map.md`.
//!
//! A subtree without entries is 32 zero bytes, one with exactly one entry is that leaf wherever it stands,
//! any other is an inner node. So the root depends on the entries alone, not on the order in which they came,
//! and a path is about as long as the binary logarithm of the number of entries.

mod prove;
mod update;

pub use prove::{MapEnd, MapProof, MapProofError, prove};
pub use update::update;

use lockstep_types::{MapKey, RootHash, sha256};
use std::collections::BTreeMap;

/// Hash of a subtree without entries; as the root, the map without entries.
pub const EMPTY: [u8; 32] = [0; 32];
/// Bits of a key, and so the deepest place of a leaf.
pub const DEPTH_MAX: u16 = 256;

/// Where a node stands: its depth (0 is the root) and the path to it, bits beyond the depth zero.
pub type NodeAt = (u16, [u8; 32]);

/// A node that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapNode {
    /// Two subtrees with two or more entries together.
    Inner {
        /// Hash of the subtree whose keys have a 0 at this depth.
        left: [u8; 32],
        /// Hash of the subtree whose keys have a 1 at this depth.
        right: [u8; 32],
    },
    /// The only entry of its subtree.
    Leaf {
        /// The entry's key.
        key: MapKey,
        /// Hash of the entry's value.
        value_hash: [u8; 32],
    },
}

impl MapNode {
    const LEAF_TAG: u8 = 0;
    const INNER_TAG: u8 = 1;

    /// The bytes that are hashed, and in which a store may keep the node: tag (0 leaf, 1 inner) and two
    /// halves.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 65] {
        let (tag, first, second) = match self {
            Self::Leaf { key, value_hash } => (Self::LEAF_TAG, &key.0, value_hash),
            Self::Inner { left, right } => (Self::INNER_TAG, left, right),
        };
        let mut bytes = [tag; 65];
        let [_, halves @ ..] = &mut bytes;
        let (to_first, to_second) = halves.split_at_mut(32);
        to_first.copy_from_slice(first);
        to_second.copy_from_slice(second);
        bytes
    }

    /// Reads what [`MapNode::to_bytes`] wrote; `None` for any other length or tag.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (tag, halves) = bytes.split_first()?;
        let (first, second) = halves.split_first_chunk::<32>()?;
        let second: [u8; 32] = second.try_into().ok()?;
        match *tag {
            Self::LEAF_TAG => Some(Self::Leaf { key: MapKey(*first), value_hash: second }),
            Self::INNER_TAG => Some(Self::Inner { left: *first, right: second }),
            _ => None,
        }
    }

    /// SHA-256 of [`MapNode::to_bytes`].
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        sha256(&self.to_bytes())
    }
}

/// The nodes that are kept. Entries are never removed, so an address once used stays used.
pub trait MapNodes {
    /// The node at this depth and path; `None` when there is none.
    fn node(&self, depth: u16, prefix: &[u8; 32]) -> Option<MapNode>;
    /// The node there if this process made it and has held it in memory since: it is used as it is. Any other
    /// is checked against its parent.
    fn own(&self, _depth: u16, _prefix: &[u8; 32]) -> Option<MapNode> {
        None
    }
}

impl MapNodes for BTreeMap<NodeAt, MapNode> {
    fn node(&self, depth: u16, prefix: &[u8; 32]) -> Option<MapNode> {
        self.get(&(depth, *prefix)).copied()
    }
}

/// Why the kept nodes cannot be used: they are not those of the root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// The parent names a subtree there, and no node is kept.
    #[error("the state map's node at depth {depth}, path `{}` is missing", hex::encode(.prefix))]
    MissingNode {
        /// Depth of the node.
        depth: u16,
        /// Path to it.
        prefix: [u8; 32],
    },
    /// The node kept is not the one that its parent (or the root) names.
    #[error("the state map's node at depth {depth} hashes to `{}`, expected `{}`", .found, .expected)]
    OtherNode {
        /// Depth of the node.
        depth: u16,
        /// The hash that its parent names.
        expected: RootHash,
        /// The hash of the node kept.
        found: RootHash,
    },
}

/// The node at a place. One that this process did not make is checked against the hash that its parent names:
/// a node that passes is the right one, whoever kept it.
fn load(nodes: &impl MapNodes, (depth, prefix): NodeAt, expected: &[u8; 32]) -> Result<MapNode, MapError> {
    if let Some(own) = nodes.own(depth, &prefix) {
        return Ok(own);
    }
    let node = nodes.node(depth, &prefix).ok_or(MapError::MissingNode { depth, prefix })?;
    let found = node.hash();
    if found != *expected {
        return Err(MapError::OtherNode { depth, expected: RootHash(*expected), found: RootHash(found) });
    }
    Ok(node)
}

/// Bit `depth` of a key or path, most significant first; beyond the last bit, 0.
fn bit(key: &[u8; 32], depth: u16) -> bool {
    let byte = key.get(usize::from(depth >> 3)).copied().unwrap_or(0);
    byte & (0x80 >> (depth & 7)) != 0
}

/// The path with bit `depth` set.
fn with_bit(mut prefix: [u8; 32], depth: u16) -> [u8; 32] {
    if let Some(byte) = prefix.get_mut(usize::from(depth >> 3)) {
        *byte |= 0x80 >> (depth & 7);
    }
    prefix
}

/// The node on the way to `key` at `depth`: its bits beyond the depth are zero.
fn prefix_of(key: &MapKey, depth: u16) -> [u8; 32] {
    let mut prefix = [0; 32];
    for (at, (to, from)) in (0u16..).step_by(8).zip(prefix.iter_mut().zip(key.0)) {
        let kept = depth.saturating_sub(at).min(8);
        *to = from & !0xffu8.checked_shr(u32::from(kept)).unwrap_or(0);
    }
    prefix
}

#[cfg(test)]
mod tests;
