//! One pass over the files of a log, holding at most 255 hashes a level.

use super::super::head::{LogHead, is_ledger_origin};
use super::super::path::{TileKind, TilePath};
use super::super::writer::subtree_root;
use super::super::{HASH_BYTES, TILE_WIDTH};
use super::{CheckedLog, LogCheckError, LogFiles, bytes_max};
use crate::record::Leaf;
use lockstep_crypto::tree::{Frontier, leaf_hash};
use lockstep_types::{RootHash, Time};

type Answer<T, F> = Result<T, LogCheckError<<F as LogFiles>::Error>>;

pub struct Walk<'a, F> {
    files: &'a mut F,
    head: &'a LogHead,
    /// Sizes and roots that the log must have had, smallest first; those that were met are gone.
    earlier: Vec<(u64, RootHash)>,
    of_ledger: bool,
    tree: Frontier,
    /// Hashes of the tile at each level that is not full yet.
    levels: Vec<Vec<[u8; 32]>>,
    /// Full tiles of each level so far.
    full: Vec<u64>,
    last_time: Option<Time>,
    read: u64,
}

impl<'a, F: LogFiles> Walk<'a, F> {
    pub fn new(files: &'a mut F, head: &'a LogHead, earlier: &[LogHead]) -> Self {
        let mut earlier: Vec<_> = earlier.iter().map(|known| (known.size(), known.root())).collect();
        earlier.sort_unstable_by_key(|(size, _)| core::cmp::Reverse(*size));
        let of_ledger = is_ledger_origin(head.origin());
        let (levels, full, tree) = (Vec::new(), Vec::new(), Frontier::new());
        Self { files, head, earlier, of_ledger, tree, levels, full, last_time: None, read: 0 }
    }

    pub fn run(mut self) -> Answer<CheckedLog, F> {
        self.compare()?;
        let size = self.head.size();
        while self.tree.size() < size {
            let index = self.tree.size() / u64::from(TILE_WIDTH);
            let left = size.saturating_sub(self.tree.size()).min(u64::from(TILE_WIDTH));
            let width = u16::try_from(left).unwrap_or(TILE_WIDTH);
            let hashes = self.bundle(index, width)?;
            for hash in &hashes {
                self.tree.push(lockstep_types::LeafHash(*hash));
                self.compare()?;
            }
            self.put(0, hashes)?;
            self.files.progress(self.tree.size());
        }
        for level in 0..self.levels.len() {
            let hashes = self.levels.get(level).cloned().unwrap_or_default();
            if !hashes.is_empty() {
                self.tile(level, &hashes)?;
            }
        }
        let (expected, found) = (self.head.root(), self.tree.root());
        if found != expected {
            return Err(LogCheckError::Root { expected, found });
        }
        Ok(CheckedLog { last_time: self.last_time, files: self.read })
    }

    /// Holds the tree, as it has grown so far, against the earlier heads of this size.
    fn compare(&mut self) -> Answer<(), F> {
        let size = self.tree.size();
        while let Some((_, expected)) = self.earlier.pop_if(|(known, _)| *known == size) {
            let found = self.tree.root();
            if found != expected {
                return Err(LogCheckError::Inconsistent { size, expected, found });
            }
        }
        Ok(())
    }

    /// Takes hashes of a level; a tile that they fill is checked, and its root goes one level up.
    fn put(&mut self, level: usize, hashes: Vec<[u8; 32]>) -> Answer<(), F> {
        if self.levels.len() <= level {
            self.levels.push(Vec::new());
            self.full.push(0);
        }
        let Some(tile) = self.levels.get_mut(level) else { return Ok(()) };
        // Level 0 gets a whole bundle, the levels above one hash a time: no tile ever overflows.
        tile.extend(hashes);
        if tile.len() < usize::from(TILE_WIDTH) {
            return Ok(());
        }
        let tile = core::mem::take(tile);
        self.tile(level, &tile)?;
        if let Some(full) = self.full.get_mut(level) {
            *full = full.saturating_add(1);
        }
        self.put(level.saturating_add(1), vec![subtree_root(tile)])
    }

    /// The hashes of the entries of a bundle, as many as the log has there.
    fn bundle(&mut self, index: u64, width: u16) -> Answer<Vec<[u8; 32]>, F> {
        let place = place(TileKind::Entries, index, width);
        let (path, bytes) = self.file(&place)?;
        let entries = entries::<F>(&path, &bytes)?;
        let shown = entries.get(..usize::from(width)).unwrap_or_default();
        if self.of_ledger {
            for (entry, bytes) in (0..).zip(shown) {
                let leaf = Leaf::decode(bytes).map_err(|_| LogCheckError::Leaf { path, entry })?;
                if self.last_time.is_some_and(|last| leaf.time < last) {
                    return Err(LogCheckError::Time { path, entry });
                }
                self.last_time = Some(leaf.time);
            }
        }
        let hashes: Vec<[u8; 32]> = shown.iter().map(|entry| leaf_hash(entry).0).collect();
        for other in self.others(&path)? {
            let Some(bytes) = self.take(&other)? else { continue };
            let found = self::entries::<F>(&other, &bytes)?.into_iter().map(|entry| leaf_hash(entry).0);
            if !found.zip(&hashes).all(|(found, hash)| found == *hash) {
                return Err(LogCheckError::Tile { path: other });
            }
        }
        Ok(hashes)
    }

    /// The tile of a level that follows those which are full, and every other file at its place.
    fn tile(&mut self, level: usize, hashes: &[[u8; 32]]) -> Answer<(), F> {
        let kind = TileKind::Hashes(u8::try_from(level).unwrap_or(u8::MAX));
        let index = self.full.get(level).copied().unwrap_or_default();
        let place = place(kind, index, u16::try_from(hashes.len()).unwrap_or(TILE_WIDTH));
        let (path, bytes) = self.file(&place)?;
        holds(&path, &bytes, hashes)?;
        for other in self.others(&path)? {
            if let Some(bytes) = self.take(&other)? {
                holds(&other, &bytes, hashes)?;
            }
        }
        Ok(())
    }

    /// A file, or the full one that has taken its place; which of them it is.
    fn file(&mut self, path: &TilePath) -> Answer<(TilePath, Vec<u8>), F> {
        for path in [*path, path.full()] {
            if let Some(bytes) = self.take(&path)? {
                return Ok((path, bytes));
            }
        }
        Err(LogCheckError::Missing { path: *path })
    }

    fn take(&mut self, path: &TilePath) -> Answer<Option<Vec<u8>>, F> {
        let bytes = self.files.read(path, bytes_max(path)).map_err(LogCheckError::Read)?;
        self.read = self.read.saturating_add(u64::from(bytes.is_some()));
        Ok(bytes)
    }

    /// What else is known to stand at the place of a file: partial ones of older sizes, or of later ones.
    fn others(&mut self, path: &TilePath) -> Answer<Vec<TilePath>, F> {
        let widths = self.files.widths(path.kind(), path.index()).map_err(LogCheckError::Read)?;
        let others = widths.into_iter().filter(|width| *width != path.width());
        Ok(others.filter_map(|width| TilePath::new(path.kind(), path.index(), width).ok()).collect())
    }
}

/// A path by numbers that come from a size: they are in range.
fn place(kind: TileKind, index: u64, width: u16) -> TilePath {
    TilePath::new(kind, index, width).unwrap_or_else(|error| unreachable!("{error}"))
}

/// The entries of a bundle: exactly as many as its path says.
fn entries<'b, F: LogFiles>(path: &TilePath, bytes: &'b [u8]) -> Answer<Vec<&'b [u8]>, F> {
    let (mut entries, mut rest) = (Vec::new(), bytes);
    for entry in 0..path.width() {
        let cut_off = || LogCheckError::CutOff { path: *path, entry };
        let (length, after) = rest.split_first_chunk::<2>().ok_or_else(cut_off)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (found, after) = after.split_at_checked(length).ok_or_else(cut_off)?;
        entries.push(found);
        rest = after;
    }
    if rest.is_empty() {
        Ok(entries)
    } else {
        Err(LogCheckError::CutOff { path: *path, entry: path.width() })
    }
}

/// A tile has as many bytes as its path says, and begins as the hashes below it, or they as it.
fn holds<E: core::error::Error>(
    path: &TilePath,
    bytes: &[u8],
    hashes: &[[u8; 32]],
) -> Result<(), LogCheckError<E>> {
    let (found, rest) = bytes.as_chunks::<HASH_BYTES>();
    let fits = found.len() == usize::from(path.width()) && rest.is_empty();
    if fits && found.iter().zip(hashes).all(|(found, hash)| found == hash) {
        return Ok(());
    }
    Err(LogCheckError::Tile { path: *path })
}
