//! `connect.toml`: who brings what, and where webhooks go.

use crate::commands::serve::config::Tls;
use crate::fault::invalid;
use crate::os;
use crate::words;
use anyhow::{Context, Result};
use lockstep_connect::Secret;
use lockstep_sources::draft::Mapping;
use lockstep_types::{LedgerId, Name};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Partners of one kind that one process serves.
const PARTNERS_MAX: usize = 32;

/// The file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where messages and webhooks may be pushed to.
    #[serde(default = "listen")]
    pub listen: SocketAddr,
    /// Where drafts wait, and everything else is kept; made when it is not there, private.
    pub dir: PathBuf,
    /// What somebody waits for: one `REFERENCE CASE STEP` a line.
    pub waits: Option<PathBuf>,
    /// Without it, only this machine is answered.
    pub tls: Option<Tls>,
    /// Who pushes.
    #[serde(default, rename = "push")]
    pub pushes: Vec<PushConfig>,
    /// What is fetched.
    #[serde(default, rename = "pull")]
    pub pulls: Vec<PullConfig>,
    /// Who is told.
    #[serde(default, rename = "send")]
    pub sends: Vec<SendConfig>,
}

/// A partner that pushes: a bank its messages, a planning system its webhooks.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushConfig {
    /// What it is called, also in its address.
    pub name: Name,
    /// The secret that is shared with it; private.
    pub secret: PathBuf,
    /// The next secret, while the two sides change to it.
    pub next_secret: Option<PathBuf>,
    /// Which claim comes from which field.
    pub mapping: PathBuf,
    /// Where the case stands in its JSON.
    pub case: Option<String>,
    /// True when its JSON is numbered by `sequence`, from 1.
    #[serde(default)]
    pub ordered: bool,
}

/// A folder on a partner's SFTP server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PullConfig {
    /// What it is called.
    pub name: Name,
    /// The server.
    pub host: String,
    /// Its port.
    #[serde(default = "ssh")]
    pub port: u16,
    /// Who this connector is there.
    pub user: String,
    /// The folder there.
    pub folder: String,
    /// Where a file goes there once it is kept here; without it, it stays.
    pub done: Option<String>,
    /// This connector's own SSH key; private.
    pub identity: PathBuf,
    /// The server's key, as `known_hosts` of OpenSSH; no other is believed.
    pub known_hosts: PathBuf,
    /// How often the folder is looked at.
    #[serde(default = "minute")]
    pub every: String,
    /// Longest file that is taken.
    #[serde(default = "megabytes")]
    pub bytes_max: u64,
    /// Which claim comes from which field.
    pub mapping: PathBuf,
    /// Where the case stands in its JSON.
    pub case: Option<String>,
}

/// A system that is told what happens on a ledger.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendConfig {
    /// What it is called.
    pub name: Name,
    /// Where webhooks go.
    pub url: String,
    /// Hosts that may be sent to, `HOST` or `HOST:PORT`.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// A port of this machine that may be sent to, in the clear.
    pub loopback: Option<u16>,
    /// The secret that is shared with it; private.
    pub secret: PathBuf,
    /// The ledger's server.
    pub server: String,
    /// The ledger.
    pub ledger: LedgerId,
    /// The connector's own key, of a credential that no step asks for: it reads, and signs nothing that
    /// counts.
    pub key: String,
    /// Certificates in PEM that vouch for the server.
    pub roots: Option<PathBuf>,
    /// This connector's certificates in PEM, where the server asks for them, and their key.
    pub client_certificate: Option<PathBuf>,
    /// See `client_certificate`.
    pub client_key: Option<PathBuf>,
    /// The first record that is told of, when nothing has been told yet.
    #[serde(default)]
    pub from: u64,
}

const fn listen() -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7450)
}

const fn ssh() -> u16 {
    22
}

fn minute() -> String {
    "1m".to_owned()
}

const fn megabytes() -> u64 {
    16 * 1_048_576
}

fn refused(text: impl Into<String>) -> anyhow::Error {
    invalid("connect-config", text).hint("docs/how-to/run-a-connector.md shows one").into()
}

impl Config {
    /// Reads a file; paths in it are relative to its folder.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = os::read(path, os::SMALL_FILE_BYTES_MAX)?;
        let text = String::from_utf8(bytes).with_context(|| format!("`{}` is not UTF-8", path.display()))?;
        let mut config: Self = toml::from_str(&text).map_err(|error| {
            invalid("connect-config", format!("`{}` is refused", path.display()))
                .hint("docs/how-to/run-a-connector.md shows one")
                .source(error)
        })?;
        config.place(path.parent().unwrap_or_else(|| Path::new(".")));
        config.check()?;
        Ok(config)
    }

    fn place(&mut self, folder: &Path) {
        let mut paths = vec![&mut self.dir];
        paths.extend(&mut self.waits);
        if let Some(tls) = &mut self.tls {
            paths.extend([&mut tls.certificate, &mut tls.key].into_iter().chain(&mut tls.clients));
        }
        for push in &mut self.pushes {
            paths.extend([&mut push.secret, &mut push.mapping].into_iter().chain(&mut push.next_secret));
        }
        for pull in &mut self.pulls {
            paths.extend([&mut pull.identity, &mut pull.known_hosts, &mut pull.mapping]);
        }
        for send in &mut self.sends {
            paths.push(&mut send.secret);
            paths.extend(&mut send.roots);
            paths.extend(send.client_certificate.iter_mut().chain(&mut send.client_key));
            if !send.key.starts_with("exec:") {
                send.key = folder.join(&send.key).to_string_lossy().into_owned();
            }
        }
        paths.into_iter().for_each(|path| *path = folder.join(&*path));
    }

    fn check(&self) -> Result<()> {
        let brings =
            self.pushes.iter().map(|push| &push.name).chain(self.pulls.iter().map(|pull| &pull.name));
        let (brings, sends): (Vec<_>, Vec<_>) =
            (brings.collect(), self.sends.iter().map(|s| &s.name).collect());
        for names in [&brings, &sends] {
            if names.iter().collect::<BTreeSet<_>>().len() != names.len() {
                return Err(refused("two partners have one name"));
            }
        }
        if brings.is_empty() && sends.is_empty() {
            return Err(refused("nobody brings anything, and nobody is told anything"));
        }
        if brings.len() > PARTNERS_MAX || sends.len() > PARTNERS_MAX {
            return Err(refused(format!("more than {PARTNERS_MAX} partners: run another connector")));
        }
        self.pulls.iter().try_for_each(PullConfig::check)
    }

    /// The file in which somebody says what is waited for.
    pub fn waits(&self) -> PathBuf {
        self.waits.clone().unwrap_or_else(|| self.dir.join("waits"))
    }
}

impl PullConfig {
    /// What goes to another program is of letters that mean nothing to it.
    fn check(&self) -> Result<()> {
        let plain = |text: &str, more: &[u8]| {
            let letters =
                |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-') || more.contains(&b);
            !text.is_empty() && text.len() <= 255 && !text.starts_with('-') && text.bytes().all(letters)
        };
        let folders = std::iter::once(&self.folder).chain(&self.done);
        if !plain(&self.host, b":") || !plain(&self.user, b"") || !folders.clone().all(|f| plain(f, b"/")) {
            let text = format!(
                "`[[pull]]` `{}`: host, user and folders have letters, digits, `.`, `_`, `-`",
                self.name
            );
            return Err(refused(text));
        }
        if self.bytes_max == 0 || self.bytes_max > os::FILE_BYTES_MAX {
            return Err(refused(format!("`bytes_max` is 1 to {}", os::FILE_BYTES_MAX)));
        }
        if words::duration_ms(&self.every)? < 1_000 {
            return Err(refused("`every` is at least `1s`"));
        }
        Ok(())
    }
}

/// The secret in a private file.
pub fn secret(path: &Path) -> Result<Secret> {
    let bytes = os::read_private(path)?;
    let text = std::str::from_utf8(&bytes).unwrap_or_default().trim();
    let wrong =
        |error| invalid("webhook-secret", format!("`{}` holds no secret", path.display())).source(error);
    Ok(Secret::from_text(text).map_err(wrong)?)
}

/// The mapping in a file.
pub fn mapping(path: &Path) -> Result<Mapping> {
    let text = String::from_utf8(os::read(path, os::SMALL_FILE_BYTES_MAX)?);
    let text = text.map_err(|_| invalid("mapping", format!("`{}` is not UTF-8", path.display())))?;
    let wrong = |error: lockstep_sources::draft::MappingError| {
        invalid("mapping", format!("`{}`: {error}", path.display())).source(error)
    };
    Ok(Mapping::from_toml(&text).map_err(wrong)?)
}

#[cfg(test)]
mod tests;
