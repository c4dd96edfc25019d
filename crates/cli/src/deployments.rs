//! Contracts that an account has put on a chain, in this machine's memory: noted before their transaction
//! leaves, so that the same command never puts a second one there. Whoever holds the account's journal holds
//! this.

use crate::folder::memory::state_dir;
use crate::os;
use anyhow::{Context, Result};
use lockstep_chain::Account;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The format that this program reads and writes.
const FORMAT: &str = "lockstep-deployments/1";
/// Most contracts that are remembered: the oldest are forgotten.
const NOTED_MAX: usize = 1_024;
/// Longest memory that is read.
const BYTES_MAX: u64 = 1_048_576;

/// The memory of one account on one chain.
pub struct Deployments {
    path: PathBuf,
    book: Book,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    format: String,
    chain_id: u64,
    account: Account,
    placed: Vec<Noted>,
}

/// A contract that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Noted {
    /// What it is, and the digest of what creates it.
    label: String,
    /// Where it is going to stand.
    at: Account,
}

impl Deployments {
    /// Reads the memory; it begins empty.
    pub fn open(named: Option<&Path>, chain_id: u64, account: Account) -> Result<Self> {
        let dir = state_dir(named)?.join("deployments");
        std::fs::create_dir_all(&dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
        let path = dir.join(format!("{chain_id}-{account}.json"));
        if !path.exists() {
            let book = Book { format: FORMAT.to_owned(), chain_id, account, placed: Vec::new() };
            return Ok(Self { path, book });
        }
        let refused = || format!("`{}` is refused: look at it, and move it away", path.display());
        let book: Book = serde_json::from_slice(&os::read(&path, BYTES_MAX)?).with_context(refused)?;
        if (book.format.as_str(), book.chain_id, book.account) != (FORMAT, chain_id, account) {
            anyhow::bail!("{}: it is of another format, chain or account", refused());
        }
        Ok(Self { path, book })
    }

    /// Where what has this label stands, or was going to.
    pub fn find(&self, label: &str) -> Option<Account> {
        self.book.placed.iter().rev().find(|noted| noted.label == label).map(|noted| noted.at)
    }

    /// Where others stand whose labels begin like this.
    pub fn others(&self, prefix: &str, label: &str) -> Vec<Account> {
        let others = self.book.placed.iter().filter(|n| n.label.starts_with(prefix) && n.label != label);
        others.map(|noted| noted.at).collect()
    }

    /// Notes where a contract is going to stand.
    pub fn note(&mut self, label: &str, at: Account) -> Result<()> {
        self.book.placed.retain(|noted| noted.label != label && noted.at != at);
        self.book.placed.push(Noted { label: label.to_owned(), at });
        let over = self.book.placed.len().saturating_sub(NOTED_MAX);
        self.book.placed.drain(..over);
        os::write_atomic(&self.path, serde_json::to_string_pretty(&self.book)?.as_bytes())
    }
}

#[cfg(test)]
mod tests;
