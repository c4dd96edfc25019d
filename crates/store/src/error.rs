//! Why the store refused, or could not answer.

use lockstep_types::Digest;
use std::path::{Path, PathBuf};

/// Result of a store operation.
pub type Result<T> = core::result::Result<T, StoreError>;

/// Why the store refused, or could not answer. Nothing was written unless an operation says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process, or another handle of this one, holds the folder.
    #[error("`{}` is in use by another process", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// The folder was written in another format.
    #[error("`{}` names the format `{found}`; this program reads `{expected}`", path.display())]
    Format {
        /// The file that names the format.
        path: PathBuf,
        /// What it says, cut to 80 characters.
        found: String,
        /// What this program reads.
        expected: &'static str,
    },
    /// Something is larger than the store takes.
    #[error("{what} of `{found}`: at most `{limit}`")]
    Limit {
        /// What is too large, with its unit.
        what: &'static str,
        /// Its size.
        found: usize,
        /// The largest size.
        limit: usize,
    },
    /// A batch without records, or an append without batches.
    #[error("nothing to append: a batch holds one record or more")]
    Empty,
    /// The id has been given to an earlier batch.
    #[error("batch `{id}` is already stored")]
    BatchExists {
        /// The batch's id.
        id: Digest,
    },
    /// A record beyond the head.
    #[error("record `{number}` does not exist: the ledger holds `{size}`")]
    NoSuchRecord {
        /// The record asked for.
        number: u64,
        /// The ledger's size.
        size: u64,
    },
    /// A row of a snapshot's map that does not come after the one before it.
    #[error("map rows must ascend: nodes by depth and prefix, then values by key")]
    MapOrder,
    /// A snapshot or certificate for a size that the ledger has not reached.
    #[error("{what} at size `{found}` is ahead of the ledger, which holds `{size}` records")]
    Ahead {
        /// What was put.
        what: &'static str,
        /// Its size.
        found: u64,
        /// The ledger's size.
        size: u64,
    },
    /// Stored bytes do not match their checksum, or something that was written is missing.
    #[error("`{}` is damaged at byte `{offset}`: {what}", path.display())]
    Damaged {
        /// The damaged file.
        path: PathBuf,
        /// Where in the file.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// A row of the index cannot be read as what it should be.
    #[error("the index is damaged: {what}")]
    IndexDamaged {
        /// What is wrong.
        what: &'static str,
    },
    /// The operating system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The index engine refused.
    #[error("the index failed")]
    Index {
        /// The engine's error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

/// Refuses `found` above `limit`.
pub(crate) fn at_most(what: &'static str, found: usize, limit: usize) -> Result<()> {
    if found > limit {
        return Err(StoreError::Limit { what, found, limit });
    }
    Ok(())
}
