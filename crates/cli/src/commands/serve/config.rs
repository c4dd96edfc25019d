//! `lockstep.toml`: what a server listens on, and the ledgers that it hosts.

use super::people::PeopleConfig;
use super::traces::TracesConfig;
use crate::fault::invalid;
use crate::os;
use anyhow::{Context, Result};
use lockstep_policy::Audience;
use lockstep_server::{Limits, Rate};
use lockstep_types::Lei;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

/// Where a server listens when nobody says.
pub const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7443);

/// Connections at once that may be asked for: each is a file of the process.
const CONNECTIONS_MAX: usize = 100_000;

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
    /// What anybody is held to; what is not named is as safe as when nothing is.
    #[serde(default)]
    pub limits: LimitsConfig,
    /// Who is told what `/metrics` does not tell everybody.
    #[serde(default)]
    pub metrics: MetricsConfig,
    /// Where spans of requests go; nowhere without it.
    pub traces: Option<TracesConfig>,
    /// The ledgers.
    #[serde(rename = "ledger")]
    pub ledgers: Vec<LedgerConfig>,
}

/// Figures.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsConfig {
    /// Addresses to which `/metrics` tells the money of programmes, too.
    #[serde(default)]
    pub headroom_to: BTreeSet<IpAddr>,
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

/// What anybody is held to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    /// Connections at once.
    connections: Option<usize>,
    /// Connections at once from one address: all of a proxy's come from one.
    connections_per_address: Option<usize>,
    /// Streams of events at once to one address.
    streams_per_address: Option<usize>,
    /// Requests from one address.
    requests: Option<RateConfig>,
    /// Signed questions of one party.
    reads: Option<RateConfig>,
    /// Attempts of one party that are refused.
    refused: Option<RateConfig>,
}

/// So many a second in the long run, and so many at once.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct RateConfig {
    per_second: NonZeroU32,
    burst: NonZeroU32,
}

impl LimitsConfig {
    /// The limits, with what the file says in place of the usual.
    pub fn limits(&self) -> Result<Limits> {
        let usual = Limits::default();
        let rate = |named: Option<RateConfig>, usual: Rate| {
            let named = named.map(|r| Rate { per_second: r.per_second.get(), burst: r.burst.get() });
            named.unwrap_or(usual)
        };
        let connections = self.connections.unwrap_or(usual.connections);
        let connections_per_address = self.connections_per_address.unwrap_or(usual.connections_per_address);
        if connections == 0 || connections > CONNECTIONS_MAX || connections_per_address == 0 {
            let text = format!("`[limits]` asks for connections that are not 1 to {CONNECTIONS_MAX}");
            return Err(invalid("server-config", text).into());
        }
        Ok(Limits {
            connections,
            connections_per_address,
            streams_per_address: self.streams_per_address.unwrap_or(usual.streams_per_address),
            requests: rate(self.requests, usual.requests),
            reads: rate(self.reads, usual.reads),
            refused: rate(self.refused, usual.refused),
            ..usual
        })
    }
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
    /// People who may look.
    pub people: Option<PeopleConfig>,
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
        for ledger in &mut config.ledgers {
            ledger.dir = folder.join(&ledger.dir);
            let roots = ledger.people.as_mut().and_then(|people| people.roots.as_mut());
            roots.into_iter().for_each(|roots| *roots = folder.join(&*roots));
        }
        let roots = config.traces.as_mut().and_then(|traces| traces.roots.as_mut());
        roots.into_iter().for_each(|roots| *roots = folder.join(&*roots));
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
        let ledger = LedgerConfig { dir: dir.to_owned(), readers: BTreeMap::new(), people: None };
        let limits = LimitsConfig::default();
        let metrics = MetricsConfig { headroom_to: BTreeSet::from([LISTEN.ip()]) };
        Self {
            listen: LISTEN,
            names: Vec::new(),
            tls: None,
            limits,
            metrics,
            traces: None,
            ledgers: vec![ledger],
        }
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

#[cfg(test)]
mod tests;
