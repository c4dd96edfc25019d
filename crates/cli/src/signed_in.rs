//! Who is signed in at a server: its token, in a file that only this user reads, for one server only.

use crate::folder::memory::state_dir;
use crate::os;
use anyhow::{Context, Result};
use lockstep_api::people::PersonToken;
use lockstep_types::LedgerId;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A person's token, and where it may be shown.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedIn {
    /// The ledger.
    pub ledger: LedgerId,
    /// The only server that the token is sent to.
    pub server: String,
    /// What that server gave.
    pub token: PersonToken,
}

fn path(state: Option<&Path>, ledger: &LedgerId) -> Result<PathBuf> {
    Ok(state_dir(state)?.join(format!("{ledger}.signed-in")))
}

impl SignedIn {
    /// Keeps it, in place of whoever was signed in before.
    pub fn keep(&self, state: Option<&Path>) -> Result<()> {
        let path = path(state, &self.ledger)?;
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
        }
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot replace `{}`", path.display()))
            }
            _ => os::write_private(&path, &serde_json::to_vec(self)?),
        }
    }

    /// Whoever is signed in for a ledger, if anybody is.
    pub fn find(state: Option<&Path>, ledger: LedgerId) -> Result<Option<Self>> {
        let path = path(state, &ledger)?;
        if !path.exists() {
            return Ok(None);
        }
        let kept: Self = serde_json::from_slice(&os::read_private(&path)?)
            .with_context(|| format!("`{}` is of another form: sign in anew", path.display()))?;
        Ok(Some(kept).filter(|kept| kept.ledger == ledger))
    }
}
