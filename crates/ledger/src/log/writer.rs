//! Which tiles and bundles an appended batch brings, and their bytes.

use super::bundle::{bundle_decode, entry};
use super::path::{TileKind, TilePath};
use super::{BundleError, HASH_BYTES, TILE_WIDTH};
use crate::record::Leaf;
use lockstep_crypto::tree::node_hash;

/// Levels of tiles in a log of 2^40 records: 0 to 5.
const LEVELS: usize = 6;

/// Keeps the right edge of the tiles, and says what to write when leaves are appended.
///
/// At most 255 hashes a level and 255 leaves are held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TileWriter {
    size: u64,
    entries: Vec<u8>,
    /// Hashes of the partial tile at each level.
    levels: [Vec<[u8; 32]>; LEVELS],
}

/// Why the right edge of a log cannot be read back, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// A partial tile that the size needs, and no full one in its place.
    #[error("the tile `{path}` is missing")]
    Missing {
        /// Its path.
        path: String,
    },
    /// Shorter than its width.
    #[error("the tile `{path}` has {found} bytes: expected {expected} at least")]
    Length {
        /// Its path.
        path: String,
        /// Bytes that its width needs.
        expected: usize,
        /// Bytes found.
        found: usize,
    },
    /// The partial bundle cannot be read.
    #[error("the bundle `{path}` cannot be read")]
    Bundle {
        /// Its path.
        path: String,
        /// What is wrong with it.
        source: BundleError,
    },
}

impl TileWriter {
    /// The writer of an empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The writer of a log of `size` whose tiles `read` gives by path.
    ///
    /// # Errors
    /// [`TileError`], in the order of the checks.
    pub fn resume(size: u64, read: impl Fn(&TilePath) -> Option<Vec<u8>>) -> Result<Self, TileError> {
        let mut writer = Self { size, ..Self::default() };
        if let Some(path) = partial(TileKind::Entries, size) {
            let bytes = tile(&path, &read)?;
            let leaves = bundle_decode(&bytes)
                .map_err(|source| TileError::Bundle { path: path.to_string(), source })?;
            let width = usize::from(path.width());
            if leaves.len() < width {
                let expected = width.saturating_mul(entry_bytes());
                return Err(TileError::Length { path: path.to_string(), expected, found: bytes.len() });
            }
            writer.entries = leaves.iter().take(width).flat_map(entry).collect();
        }
        for (level, hashes) in (0u8..).zip(&mut writer.levels) {
            if let Some(path) = partial(TileKind::Hashes(level), level_size(size, level)) {
                *hashes = tile_hashes(&path, &read)?;
            }
        }
        Ok(writer)
    }

    /// Leaves in the log so far.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends leaves: gives every tile and bundle that became full, then the partial ones that changed.
    ///
    /// Written in this order, a cut leaves no tile that a reader of the old size would miss.
    pub fn append(&mut self, leaves: &[Leaf]) -> Vec<(TilePath, Vec<u8>)> {
        let before = self.size;
        let mut files = Vec::new();
        for leaf in leaves {
            self.push(leaf, &mut files);
        }
        files.extend(self.partials(before));
        files
    }

    fn push(&mut self, leaf: &Leaf, files: &mut Vec<(TilePath, Vec<u8>)>) {
        self.size = self.size.saturating_add(1);
        self.entries.extend(entry(leaf));
        let mut hash = leaf.hash().0;
        for (level, hashes) in (0u8..).zip(&mut self.levels) {
            hashes.push(hash);
            if hashes.len() < usize::from(TILE_WIDTH) {
                return;
            }
            let full = core::mem::take(hashes);
            let index = (level_size(self.size, level) / u64::from(TILE_WIDTH)).saturating_sub(1);
            if level == 0 {
                files.extend(file(TileKind::Entries, index, core::mem::take(&mut self.entries)));
            }
            files.extend(file(TileKind::Hashes(level), index, full.concat()));
            hash = subtree_root(full);
        }
    }

    /// The partial tiles of the present size that a log of size `before` did not have.
    fn partials(&self, before: u64) -> Vec<(TilePath, Vec<u8>)> {
        let mut files = Vec::new();
        if self.size != before {
            files.extend(partial(TileKind::Entries, self.size).map(|path| (path, self.entries.clone())));
        }
        for (level, hashes) in (0u8..).zip(&self.levels) {
            let count = level_size(self.size, level);
            if count != level_size(before, level) {
                let path = partial(TileKind::Hashes(level), count);
                files.extend(path.map(|path| (path, hashes.concat())));
            }
        }
        files
    }
}

/// Hashes at `level` in a log of `size`.
pub(super) fn level_size(size: u64, level: u8) -> u64 {
    size.checked_shr(u32::from(level).saturating_mul(8)).unwrap_or(0)
}

/// Path of the partial tile that ends a level of `count` hashes.
fn partial(kind: TileKind, count: u64) -> Option<TilePath> {
    let width = u16::try_from(count % u64::from(TILE_WIDTH)).ok()?;
    TilePath::new(kind, count / u64::from(TILE_WIDTH), width).ok()
}

fn file(kind: TileKind, index: u64, bytes: Vec<u8>) -> Option<(TilePath, Vec<u8>)> {
    TilePath::new(kind, index, TILE_WIDTH).ok().map(|path| (path, bytes))
}

fn entry_bytes() -> usize {
    crate::record::LEAF_BYTES.saturating_add(2)
}

/// A tile, or the full one that has taken its place.
pub(super) fn tile(
    path: &TilePath,
    read: &impl Fn(&TilePath) -> Option<Vec<u8>>,
) -> Result<Vec<u8>, TileError> {
    read(path).or_else(|| read(&path.full())).ok_or_else(|| TileError::Missing { path: path.to_string() })
}

/// The hashes of a tile, as many as its width says.
pub(super) fn tile_hashes(
    path: &TilePath,
    read: &impl Fn(&TilePath) -> Option<Vec<u8>>,
) -> Result<Vec<[u8; 32]>, TileError> {
    let bytes = tile(path, read)?;
    let expected = usize::from(path.width()).saturating_mul(HASH_BYTES);
    let refused = || TileError::Length { path: path.to_string(), expected, found: bytes.len() };
    let (hashes, _) = bytes.get(..expected).ok_or_else(refused)?.as_chunks::<HASH_BYTES>();
    Ok(hashes.to_vec())
}

/// RFC 6962 root of a complete subtree: the number of hashes is a power of two.
pub(super) fn subtree_root(mut hashes: Vec<[u8; 32]>) -> [u8; 32] {
    while hashes.len() > 1 {
        let (pairs, _) = hashes.as_chunks::<2>();
        hashes = pairs.iter().map(|[left, right]| node_hash(left, right)).collect();
    }
    hashes.first().copied().unwrap_or_default()
}
