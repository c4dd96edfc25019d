//! Entering changes, many at once, so that paths they share are hashed once.

use super::{DEPTH_MAX, EMPTY, MapError, MapNode, MapNodes, NodeAt, bit, load, with_bit};
use lockstep_types::{MapKey, RootHash};
use std::collections::BTreeMap;

type Entry = (MapKey, [u8; 32]);

/// Enters `changes` (key → value hash) into the map with this root; returns the root after them and the nodes
/// to keep, each to replace what stood at its place. A change to the value that an entry has already changes
/// nothing.
///
/// # Errors
/// [`MapError`] when `nodes` are not those of `root`; each node that this process did not make is checked
/// against its parent before it is used.
pub fn update(
    root: RootHash,
    nodes: &impl MapNodes,
    changes: &BTreeMap<MapKey, [u8; 32]>,
) -> Result<(RootHash, Vec<(NodeAt, MapNode)>), MapError> {
    let entries: Vec<Entry> = changes.iter().map(|(key, value_hash)| (*key, *value_hash)).collect();
    let mut updating = Updating { nodes, kept: Vec::new() };
    let root = updating.subtree((0, EMPTY), &root.0, &entries)?;
    Ok((RootHash(root), updating.kept))
}

struct Updating<'a, N> {
    nodes: &'a N,
    kept: Vec<(NodeAt, MapNode)>,
}

impl<N: MapNodes> Updating<'_, N> {
    /// The hash of a subtree after `changes`, which are sorted and all lie in it. Recurses at most
    /// [`DEPTH_MAX`] deep.
    fn subtree(&mut self, at: NodeAt, hash: &[u8; 32], changes: &[Entry]) -> Result<[u8; 32], MapError> {
        if changes.is_empty() {
            return Ok(*hash);
        }
        if *hash == EMPTY {
            return Ok(self.build(at, changes));
        }
        match load(self.nodes, at, hash)? {
            MapNode::Leaf { key, value_hash } => {
                if changes == [(key, value_hash)] {
                    return Ok(*hash);
                }
                let mut entries = changes.to_vec();
                if let Err(place) = entries.binary_search_by_key(&key, |(changed, _)| *changed) {
                    entries.insert(place, (key, value_hash));
                }
                Ok(self.build(at, &entries))
            }
            MapNode::Inner { left, right } => {
                let (at_left, at_right) = children(at);
                let (to_left, to_right) = split(at, changes);
                let new_left = self.subtree(at_left, &left, to_left)?;
                let new_right = self.subtree(at_right, &right, to_right)?;
                if (new_left, new_right) == (left, right) {
                    return Ok(*hash);
                }
                Ok(self.keep(at, MapNode::Inner { left: new_left, right: new_right }))
            }
        }
    }

    /// The hash of a subtree that holds exactly `entries`, which are sorted.
    fn build(&mut self, at: NodeAt, entries: &[Entry]) -> [u8; 32] {
        match entries {
            [] => EMPTY,
            [(key, value_hash)] => self.keep(at, MapNode::Leaf { key: *key, value_hash: *value_hash }),
            _ => {
                // INVARIANT: two different keys part before the last bit, so a subtree of two is never that
                // deep.
                assert!(at.0 < DEPTH_MAX, "two entries of the state map with one key");
                let (at_left, at_right) = children(at);
                let (to_left, to_right) = split(at, entries);
                let left = self.build(at_left, to_left);
                let right = self.build(at_right, to_right);
                self.keep(at, MapNode::Inner { left, right })
            }
        }
    }

    fn keep(&mut self, at: NodeAt, node: MapNode) -> [u8; 32] {
        self.kept.push((at, node));
        node.hash()
    }
}

fn children((depth, prefix): NodeAt) -> (NodeAt, NodeAt) {
    let below = depth.saturating_add(1);
    ((below, prefix), (below, with_bit(prefix, depth)))
}

/// Sorted entries of one subtree: those with a 0 at its depth stand before those with a 1.
fn split((depth, _): NodeAt, entries: &[Entry]) -> (&[Entry], &[Entry]) {
    entries.split_at(entries.partition_point(|(key, _)| !bit(&key.0, depth)))
}
