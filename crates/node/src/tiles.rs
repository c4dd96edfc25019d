//! The tiles of a log on their way into files. Whoever makes records durable writes them, and others read how
//! far they reach.

use crate::port::TileFiles;
use crate::replica::ReplicaError;
use lockstep_ledger::Leaf;
use lockstep_ledger::log::{TileError, TileHashes, TilePath, TileWriter, log_root};
use lockstep_types::RootHash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) struct Tiles {
    files: Arc<dyn TileFiles>,
    writer: Mutex<TileWriter>,
}

impl Tiles {
    /// The tiles of an empty log.
    pub(crate) fn new(files: Arc<dyn TileFiles>) -> Self {
        Self { files, writer: Mutex::default() }
    }

    /// Takes up tiles that were written up to `size`; false when they are not of the log with this root.
    pub(crate) fn resume(&self, size: u64, root: RootHash) -> bool {
        let read = |path: &TilePath| self.files.read(path);
        if log_root(&TileHashes::new(size, read), size) != Some(root) {
            return false;
        }
        match TileWriter::resume(size, read) {
            Ok(writer) => *self.writer() = writer,
            Err(TileError::Missing { .. } | TileError::Length { .. } | TileError::Bundle { .. }) => {
                return false;
            }
        }
        true
    }

    /// Leaves that tiles hold.
    pub(crate) fn size(&self) -> u64 {
        self.writer().size()
    }

    pub(crate) fn read(&self, path: &TilePath) -> Option<Vec<u8>> {
        self.files.read(path)
    }

    /// Writes the tiles that these leaves complete or begin.
    ///
    /// # Errors
    /// [`ReplicaError::TileFile`].
    pub(crate) fn append(&self, leaves: &[Leaf]) -> Result<(), ReplicaError> {
        for (path, bytes) in self.writer().append(leaves) {
            self.files.write(&path, &bytes).map_err(ReplicaError::TileFile)?;
        }
        Ok(())
    }

    fn writer(&self) -> MutexGuard<'_, TileWriter> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
