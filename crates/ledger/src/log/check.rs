//! Checks the files of a whole log against its checkpoints: every entry, every tile, every head.
//!
//! For any log of <https://c2sp.org/tlog-tiles>; of a ledger's log the entries must be leaves besides
//! (specs/log.md §5). Files are given, so where they lie and how they are fetched is the shell's business.

mod error;
mod walk;

pub use error::{CheckpointError, LogCheckError};

use super::head::{LogHead, is_ledger_origin};
use super::path::{TileKind, TilePath};
use super::{HASH_BYTES, HeadError};
use crate::note::{Note, NoteKey, Signed};
use lockstep_types::Time;
use walk::Walk;

/// Longest entry: its length is a u16.
const ENTRY_BYTES_MAX: u64 = 65_535;

/// Files of a log. Reads at most as many bytes as it is told, and one more to show that there are more.
pub trait LogFiles {
    /// Why a file could not be had; that it is not there is no error.
    type Error: core::error::Error + 'static;

    /// The file, cut after `bytes_max` + 1 bytes; none when it is not there.
    ///
    /// # Errors
    /// When it cannot be told whether it is there, or what is in it.
    fn read(&mut self, path: &TilePath, bytes_max: u64) -> Result<Option<Vec<u8>>, Self::Error>;

    /// Widths of all files at this place, as far as that can be known.
    ///
    /// # Errors
    /// As [`LogFiles::read`].
    fn widths(&mut self, _kind: TileKind, _index: u64) -> Result<Vec<u16>, Self::Error> {
        Ok(Vec::new())
    }

    /// Told how many entries have been checked.
    fn progress(&mut self, _entries: u64) {}
}

/// A checkpoint whose signatures hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What it says.
    pub head: LogHead,
    /// The known keys that have signed it; one of them is the log's.
    pub signed: Vec<Signed>,
}

/// A log in which nothing was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckedLog {
    /// Ledger time of the last entry; none of an empty log, or of one that is no ledger's.
    pub last_time: Option<Time>,
    /// Files that were read.
    pub files: u64,
}

impl SignedCheckpoint {
    /// Reads a checkpoint and verifies every line by one of `keys`. A plain signature of one of them is
    /// needed; on a ledger's log, by the key that has the origin for its name.
    ///
    /// # Errors
    /// [`CheckpointError`], in the order of the checks.
    pub fn read(bytes: &[u8], keys: &[NoteKey]) -> Result<Self, CheckpointError> {
        let note = Note::parse(bytes)?;
        let signed = note.verify(keys)?;
        let head = LogHead::from_checkpoint(note.text())?;
        let ledger = is_ledger_origin(head.origin());
        let by_log =
            |signed: &Signed| signed.at.is_none() && (!ledger || signed.name.as_str() == head.origin());
        if !signed.iter().any(by_log) {
            return Err(CheckpointError::NotByLog { origin: head.origin().to_owned() });
        }
        Ok(Self { head, signed })
    }
}

/// Reads a log from its first entry to the last one of its checkpoint `head`. Each head of `earlier` must be
/// one that the log has grown from.
///
/// # Errors
/// [`LogCheckError`], the first that is met.
pub fn check_log<F: LogFiles>(
    files: &mut F,
    head: &LogHead,
    earlier: &[LogHead],
) -> Result<CheckedLog, LogCheckError<F::Error>> {
    for known in earlier {
        if known.origin() != head.origin() {
            let (expected, found) = (head.origin().to_owned(), known.origin().to_owned());
            return Err(LogCheckError::Origin { expected, found });
        }
        if known.size() > head.size() {
            return Err(LogCheckError::Rollback { size: head.size(), known: known.size() });
        }
    }
    Walk::new(files, head, earlier).run()
}

/// Most bytes that a file can hold.
fn bytes_max(path: &TilePath) -> u64 {
    let each = match path.kind() {
        TileKind::Entries => ENTRY_BYTES_MAX.saturating_add(2),
        TileKind::Hashes(_) => u64::try_from(HASH_BYTES).unwrap_or(u64::MAX),
    };
    u64::from(path.width()).saturating_mul(each)
}

impl From<HeadError> for CheckpointError {
    fn from(error: HeadError) -> Self {
        Self::Head(error)
    }
}

#[cfg(test)]
mod tests;
