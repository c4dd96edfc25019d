//! A ledger on a server: how it is reached.

use crate::os;
use anyhow::Result;
use clap::Args;
use lockstep_client::{Client, Options};
use lockstep_types::LedgerId;
use std::path::PathBuf;

/// How servers are reached.
#[derive(Debug, Clone, Args)]
pub struct ReachArgs {
    /// Certificates in PEM that vouch for the server, in place of those of this machine
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
    /// This client's certificates in PEM, where the server asks for them
    #[arg(long, value_name = "FILE", requires = "client_key")]
    client_certificate: Option<PathBuf>,
    /// The key of `--client-certificate`
    #[arg(long, value_name = "FILE", requires = "client_certificate")]
    client_key: Option<PathBuf>,
}

impl ReachArgs {
    /// The server at this address.
    pub fn at(&self, url: &str) -> ServerArgs {
        ServerArgs { url: url.trim_end_matches('/').to_owned(), reach: self.clone() }
    }

    /// Whatever these certificates vouch for.
    pub const fn of_roots(roots: Option<PathBuf>) -> Self {
        Self { roots, client_certificate: None, client_key: None }
    }

    /// What the files say.
    pub fn options(&self) -> Result<Options> {
        let small = |path: &PathBuf| os::read(path, os::SMALL_FILE_BYTES_MAX);
        let identity = match (&self.client_certificate, &self.client_key) {
            (Some(chain), Some(key)) => Some((small(chain)?, os::read_private(key)?)),
            _ => None,
        };
        let roots = self.roots.as_ref().map(small).transpose()?;
        Ok(Options { roots, identity, ..Options::default() })
    }
}

/// A server, and how it is reached.
#[derive(Debug, Clone)]
pub struct ServerArgs {
    url: String,
    reach: ReachArgs,
}

impl ServerArgs {
    /// Asks for the ledger's first record; without an id, for the only ledger that the server has.
    pub fn connect(&self, ledger: Option<LedgerId>) -> Result<Client> {
        let options = self.reach.options()?;
        Ok(Client::connect(&self.url, ledger, &options)?)
    }
}

/// This machine's clock, as requests are signed.
pub fn seconds() -> u64 {
    os::now().map(|now| now.seconds_round_down()).unwrap_or_default()
}
