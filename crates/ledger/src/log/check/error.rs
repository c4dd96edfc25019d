//! What can be wrong with a log, each with the word by which two readers compare.

use super::super::HeadError;
use super::super::path::TilePath;
use crate::note::NoteError;
use lockstep_types::RootHash;

/// Why a checkpoint does not count, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// No note, or one whose signatures do not count.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Its text is no head of a log.
    #[error(transparent)]
    Head(HeadError),
    /// Only witnesses have signed, or keys of another name than the ledger's log has.
    #[error("the log `{origin}` has not signed its checkpoint with a key that is known")]
    NotByLog {
        /// What the checkpoint calls the log.
        origin: String,
    },
}

impl CheckpointError {
    /// The word of specs/log.md.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Note(error) => match error {
                NoteError::TooLong { .. } => "too_long",
                NoteError::Characters => "characters",
                NoteError::Form => "form",
                NoteError::TooManySignatures { .. } => "too_many_signatures",
                NoteError::Line { .. } => "line",
                NoteError::BadSignature { .. } => "bad_signature",
                NoteError::NoKnownSignature => "no_known_signature",
            },
            Self::Head(error) => match error {
                HeadError::Lines => "lines",
                HeadError::Origin { .. } => "origin",
                HeadError::Size { .. } => "size",
                HeadError::Root { .. } => "root",
            },
            Self::NotByLog { .. } => "no_known_signature",
        }
    }
}

/// What is wrong with a log, or that it cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogCheckError<E: core::error::Error + 'static> {
    /// A checkpoint of another log.
    #[error("a checkpoint of `{found}` is no earlier one of `{expected}`")]
    Origin {
        /// Origin of the log.
        expected: String,
        /// Origin of the checkpoint.
        found: String,
    },
    /// The log was longer once.
    #[error("the log has {size} entries and has signed a checkpoint over {known}: it was rolled back")]
    Rollback {
        /// Entries by its checkpoint.
        size: u64,
        /// Entries by the other one.
        known: u64,
    },
    /// A file that cannot be had says nothing about the log.
    #[error("a file of the log cannot be read")]
    Read(#[source] E),
    /// A tile or bundle, and no full one in its place.
    #[error("the file `{path}` is missing, and the full one in its place as well")]
    Missing {
        /// Its path.
        path: TilePath,
    },
    /// A bundle that does not end with its last entry.
    #[error("the bundle `{path}` is cut off or too long: entry {entry} of {}", .path.width())]
    CutOff {
        /// Its path.
        path: TilePath,
        /// Number of the entry, from 0.
        entry: u16,
    },
    /// An entry of a ledger's log that is no leaf.
    #[error("entry {entry} of the bundle `{path}` is no leaf of a ledger")]
    Leaf {
        /// Path of the bundle.
        path: TilePath,
        /// Number of the entry, from 0.
        entry: u16,
    },
    /// The ledger time of an entry is before that of the one before.
    #[error("the time of entry {entry} of the bundle `{path}` is before that of the entry before it")]
    Time {
        /// Path of the bundle.
        path: TilePath,
        /// Number of the entry, from 0.
        entry: u16,
    },
    /// A tile, or an older partial bundle, that is not made of what lies below it.
    #[error("the file `{path}` is not made of the entries below it")]
    Tile {
        /// Its path.
        path: TilePath,
    },
    /// The log has not grown from a head that it has signed.
    #[error("the first {size} entries have root `{found}`, and a signed checkpoint says `{expected}`")]
    Inconsistent {
        /// Entries of the earlier head.
        size: u64,
        /// Its root.
        expected: RootHash,
        /// Root of as many entries of the log.
        found: RootHash,
    },
    /// The entries are not those of the checkpoint.
    #[error("the entries have root `{found}`, and the checkpoint says `{expected}`")]
    Root {
        /// Root of the checkpoint.
        expected: RootHash,
        /// Root of the entries.
        found: RootHash,
    },
}

impl<E: core::error::Error + 'static> LogCheckError<E> {
    /// The word of specs/log.md.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Origin { .. } => "origin",
            Self::Rollback { .. } => "rollback",
            Self::Read(_) => "read",
            Self::Missing { .. } => "missing",
            Self::CutOff { .. } => "cut_off",
            Self::Leaf { .. } => "leaf",
            Self::Time { .. } => "time",
            Self::Tile { .. } => "tile",
            Self::Inconsistent { .. } => "inconsistent",
            Self::Root { .. } => "root",
        }
    }
}
