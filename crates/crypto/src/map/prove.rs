//! Proofs that an entry is in the map with a value, or that no entry has a key.

use super::{DEPTH_MAX, EMPTY, MapError, MapNode, MapNodes, bit, load, prefix_of};
use lockstep_types::{Digest, MapKey, RootHash};
use serde::{Deserialize, Serialize};

/// What stands at the end of a key's path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum MapEnd {
    /// The only entry of a subtree: the key's own, or another that shows the key to be absent.
    Leaf {
        /// The entry's key.
        key: MapKey,
        /// Hash of the entry's value.
        value_hash: Digest,
    },
    /// A subtree without entries.
    Nothing,
}

/// The path of a key from the root down, and what ended it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapProof {
    /// What ended the path.
    pub end: MapEnd,
    /// The subtree beside the path at each depth, from the root down; zero for one without entries.
    pub siblings: Vec<Digest>,
}

/// Why a proof does not hold, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapProofError {
    /// Longer than a key has bits.
    #[error("the path has {found} siblings, at most {DEPTH_MAX} are possible")]
    TooDeep {
        /// Siblings found.
        found: usize,
    },
    /// The entry at the end does not lie on the path of the key.
    #[error("the path of key `{key}` cannot end with the entry of `{found}` at depth {depth}")]
    OffPath {
        /// The key asked for.
        key: MapKey,
        /// The key of the entry at the end.
        found: MapKey,
        /// Siblings in the path.
        depth: u16,
    },
    /// The proof is of another value, of presence where absence is asked for, or of absence where a value is.
    #[error("the proof shows {} for key `{key}`, expected {}", shown(.found), shown(.expected))]
    Value {
        /// The key asked for.
        key: MapKey,
        /// The value hash asked for.
        expected: Option<Digest>,
        /// The value hash that the proof shows.
        found: Option<Digest>,
    },
    /// The path leads to another root.
    #[error("the path leads to root `{found}`, expected `{expected}`")]
    Root {
        /// The root given.
        expected: RootHash,
        /// The root that the path gives.
        found: RootHash,
    },
}

fn shown(value_hash: &Option<Digest>) -> String {
    value_hash.map_or_else(|| "no entry".to_owned(), |hash| format!("value hash `{hash}`"))
}

/// Proves what the map with this root holds for `key`: its value hash, or that it has none.
///
/// # Errors
/// [`MapError`] when `nodes` are not those of `root`.
pub fn prove(root: RootHash, nodes: &impl MapNodes, key: &MapKey) -> Result<MapProof, MapError> {
    let (mut hash, mut siblings) = (root.0, Vec::new());
    for depth in 0..=DEPTH_MAX {
        if hash == EMPTY {
            break;
        }
        match load(nodes, (depth, prefix_of(key, depth)), &hash)? {
            MapNode::Leaf { key, value_hash } => {
                return Ok(MapProof { end: MapEnd::Leaf { key, value_hash: Digest(value_hash) }, siblings });
            }
            MapNode::Inner { left, right } => {
                let (on_path, beside) = if bit(&key.0, depth) { (right, left) } else { (left, right) };
                siblings.push(Digest(beside));
                hash = on_path;
            }
        }
    }
    Ok(MapProof { end: MapEnd::Nothing, siblings })
}

impl MapProof {
    /// Checks that the map with this root holds `value_hash` for `key`, or nothing when `None` is given.
    ///
    /// # Errors
    /// [`MapProofError`]: the first check that fails.
    pub fn verify(
        &self,
        root: RootHash,
        key: &MapKey,
        value_hash: Option<[u8; 32]>,
    ) -> Result<(), MapProofError> {
        let depth = u16::try_from(self.siblings.len()).ok().filter(|depth| *depth <= DEPTH_MAX);
        let depth = depth.ok_or(MapProofError::TooDeep { found: self.siblings.len() })?;
        let (found, end_hash) = self.end_on_path(key, depth)?;
        let expected = value_hash.map(Digest);
        if found != expected {
            return Err(MapProofError::Value { key: *key, expected, found });
        }
        let mut hash = end_hash;
        for (depth, sibling) in (0..depth).zip(&self.siblings).rev() {
            let (left, right) = if bit(&key.0, depth) { (sibling.0, hash) } else { (hash, sibling.0) };
            hash = MapNode::Inner { left, right }.hash();
        }
        if hash != root.0 {
            return Err(MapProofError::Root { expected: root, found: RootHash(hash) });
        }
        Ok(())
    }

    /// What the end says about `key`, and the hash of the subtree that it is.
    fn end_on_path(&self, key: &MapKey, depth: u16) -> Result<(Option<Digest>, [u8; 32]), MapProofError> {
        match self.end {
            MapEnd::Nothing => Ok((None, EMPTY)),
            MapEnd::Leaf { key: found, value_hash } => {
                if prefix_of(&found, depth) != prefix_of(key, depth) {
                    return Err(MapProofError::OffPath { key: *key, found, depth });
                }
                let hash = MapNode::Leaf { key: found, value_hash: value_hash.0 }.hash();
                Ok(((found == *key).then_some(value_hash), hash))
            }
        }
    }
}
