//! What a signer remembers: the last size and root it signed. Kept apart from the store, so that a restored
//! copy of the store, or a store that lies, cannot make it sign two roots for one size.
//!
//! ```text
//! lockstep-signer/1
//! 4711
//! 5f1c…  (64 hexadecimal digits: the root)
//! 09ab…  (64 hexadecimal digits: SHA-256 of the lines above)
//! ```
//!
//! Size and root are both `none` until something is signed. The file is replaced as a whole: written beside,
//! flushed, renamed, and the folder flushed.

use crate::error::StoreError;
use crate::lock::lock_file;
use lockstep_types::{Digest, RootHash, sha256};
use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

const FORMAT: &str = "lockstep-signer/1";
/// More than the file can ever hold.
const FILE_BYTES_MAX: u64 = 1_024;

/// Why the signer's memory could not be opened, or must not advance. Nothing may be signed after an error.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// Another signer holds it.
    #[error("`{}` is in use by another signer: a key lives in exactly one", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// It was made before.
    #[error("`{}` exists: a signer's memory is never made anew", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// It is not there; that is not the same as a signer that has signed nothing.
    #[error("`{}` is missing: without it nobody knows what this key has signed", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file is not what was written.
    #[error("`{}` is damaged: nobody knows what this key has signed", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// A size below the last one.
    #[error("size must not shrink: `{last}` is signed, asked for `{found}`")]
    SizeMustNotShrink {
        /// The size signed last.
        last: u64,
        /// The size asked for.
        found: u64,
    },
    /// Another root for the size signed last.
    #[error("size `{size}` is signed with root `{last}`, asked for `{found}`")]
    RootMustNotChange {
        /// The size.
        size: u64,
        /// The root signed.
        last: RootHash,
        /// The root asked for.
        found: RootHash,
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
}

/// The open memory of one signer; dropping it gives the lock back.
#[derive(Debug)]
pub struct SignerState {
    path: PathBuf,
    last: Option<(u64, RootHash)>,
    _lock: File,
}

impl SignerState {
    /// Makes the memory of a signer that has signed nothing; only when its key is made.
    ///
    /// # Errors
    /// [`SignerError::Locked`], [`SignerError::Exists`], [`SignerError::Io`].
    pub fn create(path: &Path) -> Result<Self, SignerError> {
        let lock = lock(path)?;
        if path.exists() {
            return Err(SignerError::Exists { path: path.to_owned() });
        }
        let state = Self { path: path.to_owned(), last: None, _lock: lock };
        state.write(None)?;
        Ok(state)
    }

    /// Opens the memory made by [`SignerState::create`].
    ///
    /// # Errors
    /// [`SignerError::Missing`], [`SignerError::Locked`], [`SignerError::Damaged`], [`SignerError::Io`].
    pub fn open(path: &Path) -> Result<Self, SignerError> {
        if !path.exists() {
            return Err(SignerError::Missing { path: path.to_owned() });
        }
        let lock = lock(path)?;
        let damaged = || SignerError::Damaged { path: path.to_owned() };
        let metadata = std::fs::metadata(path).map_err(io("measure", path))?;
        if metadata.len() > FILE_BYTES_MAX {
            return Err(damaged());
        }
        let bytes = std::fs::read(path).map_err(io("read", path))?;
        let last = decode(&bytes).ok_or_else(damaged)?;
        Ok(Self { path: path.to_owned(), last, _lock: lock })
    }

    /// The size and root signed last.
    #[must_use]
    pub fn last(&self) -> Option<(u64, RootHash)> {
        self.last
    }

    /// Remembers, durably, that `root` is signed for `size`; only then may it be signed. The same again is
    /// fine. That `root` extends the last one is for the caller to prove.
    ///
    /// # Errors
    /// [`SignerError::SizeMustNotShrink`], [`SignerError::RootMustNotChange`], [`SignerError::Io`].
    pub fn advance(&mut self, size: u64, root: RootHash) -> Result<(), SignerError> {
        match self.last {
            Some((last, _)) if size < last => Err(SignerError::SizeMustNotShrink { last, found: size }),
            Some((last, signed)) if size == last && root != signed => {
                Err(SignerError::RootMustNotChange { size, last: signed, found: root })
            }
            Some(last) if last == (size, root) => Ok(()),
            _ => {
                self.write(Some((size, root)))?;
                self.last = Some((size, root));
                Ok(())
            }
        }
    }

    fn write(&self, last: Option<(u64, RootHash)>) -> Result<(), SignerError> {
        let beside = with_suffix(&self.path, ".new");
        let mut file = File::create(&beside).map_err(io("make", &beside))?;
        file.write_all(encode(last).as_bytes()).map_err(io("write", &beside))?;
        file.sync_all().map_err(io("flush", &beside))?;
        std::fs::rename(&beside, &self.path).map_err(io("replace", &self.path))?;
        let dir = match self.path.parent() {
            Some(dir) if !dir.as_os_str().is_empty() => dir,
            _ => Path::new("."),
        };
        let synced = File::open(dir).and_then(|file| file.sync_all());
        synced.map_err(io("flush", dir))
    }
}

fn lock(path: &Path) -> Result<File, SignerError> {
    lock_file(&with_suffix(path, ".lock")).map_err(|error| match error {
        StoreError::Io { action, path, source } => SignerError::Io { action, path, source },
        _ => SignerError::Locked { path: with_suffix(path, ".lock") },
    })
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> SignerError {
    let path = path.to_owned();
    move |source| SignerError::Io { action, path, source }
}

fn encode(last: Option<(u64, RootHash)>) -> String {
    let lines = match last {
        Some((size, root)) => format!("{FORMAT}\n{size}\n{root}\n"),
        None => format!("{FORMAT}\nnone\nnone\n"),
    };
    let check = Digest(sha256(lines.as_bytes()));
    format!("{lines}{check}\n")
}

/// `None` when the bytes are not exactly what [`encode`] makes.
fn decode(bytes: &[u8]) -> Option<Option<(u64, RootHash)>> {
    let text = core::str::from_utf8(bytes).ok()?;
    let mut lines = text.lines().skip(1);
    let last = match (lines.next()?, lines.next()?) {
        ("none", "none") => None,
        (size, root) => Some((size.parse().ok()?, root.parse().ok()?)),
    };
    (encode(last) == text).then_some(last)
}

#[cfg(test)]
mod tests;
