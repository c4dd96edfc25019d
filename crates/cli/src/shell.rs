//! What every command is given: how to speak, where keys open, where this machine remembers.

use crate::folder::live::Live;
use crate::key::passphrase::Keyring;
use crate::out::Out;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// The surroundings of one run.
pub struct Shell {
    /// How to speak.
    pub out: Out,
    /// Opens keys.
    pub keyring: Keyring,
    /// `--state`.
    pub state: Option<PathBuf>,
}

impl Shell {
    /// Opens a ledger to append to it.
    pub fn live(&self, dir: &Path) -> Result<Live> {
        Live::open(dir, self.state.as_deref())
    }
}
