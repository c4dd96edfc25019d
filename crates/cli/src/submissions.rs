//! The journal of an account's transactions on one chain, in this machine's memory; one process has it at a
//! time.

use crate::fault::{Kind, told};
use crate::folder::memory::state_dir;
use crate::os;
use anyhow::{Context, Result};
use lockstep_chain::Account;
use lockstep_chain::submit::journal::{BYTES_MAX, Journal};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// A journal in a file, held until dropped.
pub struct JournalFile {
    path: PathBuf,
    _lock: File,
}

impl JournalFile {
    /// The journal of `account` on a chain; it begins empty.
    pub fn open(named: Option<&Path>, chain_id: u64, account: Account) -> Result<Self> {
        let dir = state_dir(named)?.join("submissions");
        std::fs::create_dir_all(&dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
        let path = dir.join(format!("{chain_id}-{account}.json"));
        let beside = os::with_suffix(&path, ".lock");
        let lock = File::create(&beside).with_context(|| format!("cannot make `{}`", beside.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                let text = format!("another `lockstep` sends for `{account}` on chain {chain_id}");
                Err(told(Kind::Retry, "journal-locked", text).hint("try again when it is done").into())
            }
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock `{}`", beside.display()))
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Journal for JournalFile {
    fn load(&self) -> Result<Option<Vec<u8>>, String> {
        if !self.path.exists() {
            return Ok(None);
        }
        os::read(&self.path, BYTES_MAX as u64).map(Some).map_err(|error| format!("{error:#}"))
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), String> {
        os::write_atomic(&self.path, bytes).map_err(|error| format!("{error:#}"))?;
        // A rename is durable once the folder is.
        let folder = self.path.parent().unwrap_or_else(|| Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| error.to_string())
    }
}
