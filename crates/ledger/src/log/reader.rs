//! Reads hashes of the log out of its tiles.

use super::path::{TileKind, TilePath};
use super::writer::{level_size, subtree_root, tile_hashes};
use super::{TILE_WIDTH, TileError};
use lockstep_crypto::tree::{Hashes, node_hash};
use lockstep_types::RootHash;

/// The hashes of a log of `size` whose tiles a function gives by path.
///
/// Nothing read is trusted: a proof made of it holds against a root or it does not.
pub struct TileHashes<F> {
    size: u64,
    read: F,
}

impl<F: Fn(&TilePath) -> Option<Vec<u8>>> TileHashes<F> {
    /// A reader of the log at `size`.
    pub const fn new(size: u64, read: F) -> Self {
        Self { size, read }
    }

    /// The hash of the complete subtree of 2^`level` leaves with this index.
    ///
    /// # Errors
    /// [`TileError`] when the tile that holds it is missing or too short; `None` beyond the log's size.
    pub fn subtree(&self, level: u8, index: u64) -> Result<Option<[u8; 32]>, TileError> {
        let (tile_level, height) = (level / 8, level % 8);
        let first = index.checked_shl(u32::from(height)).filter(|first| first >> height == index);
        let count = 1u64 << height;
        let Some((first, end)) = first.and_then(|first| Some((first, first.checked_add(count)?))) else {
            return Ok(None);
        };
        if end > level_size(self.size, tile_level) {
            return Ok(None);
        }
        // 2^height divides the width, so the hashes stand in one tile.
        let tile = first / u64::from(TILE_WIDTH);
        let hashes = self.tile(tile_level, tile)?;
        let skip = usize::try_from(first % u64::from(TILE_WIDTH)).unwrap_or(usize::MAX);
        let take = 1usize << height;
        Ok(Some(subtree_root(hashes.into_iter().skip(skip).take(take).collect())))
    }

    fn tile(&self, level: u8, index: u64) -> Result<Vec<[u8; 32]>, TileError> {
        let before = index.saturating_mul(u64::from(TILE_WIDTH));
        let left = level_size(self.size, level).saturating_sub(before).min(u64::from(TILE_WIDTH));
        let width = u16::try_from(left).unwrap_or(TILE_WIDTH);
        match TilePath::new(TileKind::Hashes(level), index, width) {
            Ok(path) => tile_hashes(&path, &self.read),
            Err(_) => Ok(Vec::new()),
        }
    }
}

impl<F: Fn(&TilePath) -> Option<Vec<u8>>> Hashes for TileHashes<F> {
    fn node(&self, level: u8, index: u64) -> Option<[u8; 32]> {
        self.subtree(level, index).ok().flatten()
    }
}

/// Root of the first `size` leaves from complete subtrees (RFC 6962 §2.1); none when a hash is missing.
pub fn log_root(hashes: &impl Hashes, size: u64) -> Option<RootHash> {
    if size == 0 {
        return Some(RootHash(lockstep_types::sha256(b"")));
    }
    let mut root: Option<[u8; 32]> = None;
    // The complete subtrees of a log are the ones in its size; the smallest stands at the right.
    for level in (0..64u8).filter(|level| (size >> level) & 1 == 1) {
        let left = hashes.node(level, (size >> level).saturating_sub(1))?;
        root = Some(root.map_or(left, |right| node_hash(&left, &right)));
    }
    root.map(RootHash)
}
