//! `lockstep.toml`: what a server listens on, and the ledgers that it hosts.

use crate::fault::invalid;
use crate::os;
use anyhow::{Context, Result};
use lockstep_policy::Audience;
use lockstep_types::Lei;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Where a server listens when nobody says.
pub const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7443);

/// The file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address and port.
    #[serde(default = "listen")]
    pub listen: SocketAddr,
    /// Names, with ports, under which clients reach this server; `localhost` and the address are known.
    #[serde(default)]
    pub names: Vec<String>,
    /// Without it, only this machine is served.
    pub tls: Option<Tls>,
    /// The ledgers.
    #[serde(rename = "ledger")]
    pub ledgers: Vec<LedgerConfig>,
}

/// Files in PEM.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The server's certificate, and those above it.
    pub certificate: PathBuf,
    /// Its key; private.
    pub key: PathBuf,
    /// Who signs the certificates of clients. When it is there, no client is served without one.
    pub clients: Option<PathBuf>,
}

/// A ledger.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerConfig {
    /// Its folder.
    pub dir: PathBuf,
    /// Parties that see more of cases than those they take part in, and as whom.
    #[serde(default)]
    pub readers: BTreeMap<Lei, String>,
}

const fn listen() -> SocketAddr {
    LISTEN
}

impl Config {
    /// Reads a file; paths in it are relative to its folder.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = os::read(path, os::SMALL_FILE_BYTES_MAX)?;
        let text = String::from_utf8(bytes).with_context(|| format!("`{}` is not UTF-8", path.display()))?;
        let mut config: Self = toml::from_str(&text).map_err(|error| {
            let text = format!("`{}` is refused", path.display());
            invalid("server-config", text).hint("docs/how-to/run-a-server.md shows one").source(error)
        })?;
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        config.ledgers.iter_mut().for_each(|ledger| ledger.dir = folder.join(&ledger.dir));
        if let Some(tls) = &mut config.tls {
            for file in [&mut tls.certificate, &mut tls.key].into_iter().chain(&mut tls.clients) {
                *file = folder.join(&*file);
            }
        }
        if config.ledgers.is_empty() {
            let text = format!("`{}` names no ledger", path.display());
            return Err(invalid("server-config", text).hint("add `[[ledger]]` with `dir = \"…\"`").into());
        }
        Ok(config)
    }

    /// One ledger in a folder, for this machine only.
    pub fn of_folder(dir: &Path) -> Self {
        let ledger = LedgerConfig { dir: dir.to_owned(), readers: BTreeMap::new() };
        Self { listen: LISTEN, names: Vec::new(), tls: None, ledgers: vec![ledger] }
    }
}

impl LedgerConfig {
    /// The readers, by the audience that each is of.
    pub fn audiences(&self) -> Result<BTreeMap<Lei, Audience>> {
        let audience = |(party, audience): (&Lei, &String)| -> Result<(Lei, Audience)> {
            let parsed: Audience =
                audience.parse().with_context(|| format!("reader `{party}` is refused"))?;
            Ok((*party, parsed))
        };
        self.readers.iter().map(audience).collect()
    }
}
