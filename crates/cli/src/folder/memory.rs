//! What this machine remembers of a ledger, outside its folder: the last size and root that were answered
//! for. An older copy of the folder, put back from a backup, is recognised by it, and nothing is appended to
//! it.

use crate::fault::{Kind, told};
use anyhow::{Context, Result};
use lockstep_ledger::log::log_root;
use lockstep_node::Replica;
use lockstep_store::{SignerError, SignerState};
use lockstep_types::{LedgerId, RootHash};
use std::path::{Path, PathBuf};

/// The appender's memory; held until dropped.
pub struct Memory {
    state: SignerState,
}

/// `--state`, or `$XDG_STATE_HOME/lockstep`, or `~/.local/state/lockstep`. Not a secret, so the environment
/// may say.
pub fn state_dir(named: Option<&Path>) -> Result<PathBuf> {
    if let Some(dir) = named {
        return Ok(dir.to_owned());
    }
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
    base.map(|base| base.join("lockstep")).ok_or_else(|| {
        told(Kind::Invalid, "state", "there is no folder for what this machine remembers")
            .hint("name one with `--state DIR`, outside the ledger's folder")
            .into()
    })
}

fn path(named: Option<&Path>, ledger: &LedgerId) -> Result<PathBuf> {
    let name: String = ledger.to_string().chars().take(32).collect();
    Ok(state_dir(named)?.join(format!("{name}.appender")))
}

impl Memory {
    /// Begins to remember a ledger.
    pub fn create(named: Option<&Path>, ledger: &LedgerId) -> Result<Self> {
        let path = path(named, ledger)?;
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
        }
        let state = SignerState::create(&path).context("this machine cannot remember the ledger")?;
        Ok(Self { state })
    }

    /// What is remembered of a ledger.
    pub fn open(named: Option<&Path>, ledger: &LedgerId) -> Result<Self> {
        let path = path(named, ledger)?;
        match SignerState::open(&path) {
            Ok(state) => Ok(Self { state }),
            Err(error @ SignerError::Missing { .. }) => {
                let text = format!("ledger `{ledger}` is not remembered here: an older copy would pass");
                let hint = "when you are sure that it is, `lockstep fsck DIR --remember` checks it and \
                            begins anew; or name the folder of the memory with `--state`";
                Err(told(Kind::Conflict, "memory-missing", text).hint(hint).source(error).into())
            }
            Err(error @ SignerError::Locked { .. }) => {
                let text = "another `lockstep` appends to this ledger";
                Err(told(Kind::Retry, "store-locked", text)
                    .hint("try again when it is done")
                    .source(error)
                    .into())
            }
            Err(error) => {
                let text = "what this machine remembers of the ledger cannot be read";
                Err(told(Kind::Internal, "memory", text).source(error).into())
            }
        }
    }

    /// The last size and root answered for.
    pub fn last(&self) -> Option<(u64, RootHash)> {
        self.state.last()
    }

    /// Remembers what is about to be answered for.
    pub fn advance(&mut self, size: u64, root: RootHash) -> Result<()> {
        self.state.advance(size, root).context("this machine cannot remember the ledger's head")
    }

    /// Stops unless the copy holds everything that is remembered.
    pub fn check(&self, replica: &Replica) -> Result<()> {
        self.last().map_or(Ok(()), |last| check_holds(replica, last, "this machine"))
    }
}

/// Stops unless the log extends a head that somebody remembers.
pub fn check_holds(replica: &Replica, (size, root): (u64, RootHash), who: &str) -> Result<()> {
    let found = replica.ledger().size();
    if found < size {
        let text =
            format!("this copy holds {found} records, {who} remembers {size}: an older copy was put back");
        let hint = "nothing is appended or signed here; put the newest copy back";
        return Err(told(Kind::Conflict, "old-copy", text).hint(hint).into());
    }
    let here = if found == size { Some(replica.ledger().root()) } else { log_root(&replica.hashes(), size) };
    if here != Some(root) {
        let text =
            format!("this copy has another history than {who} remembers: its first {size} records differ");
        return Err(told(Kind::Conflict, "other-history", text)
            .hint("nothing is appended or signed here")
            .into());
    }
    Ok(())
}
