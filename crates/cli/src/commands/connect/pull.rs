//! Files on a partner's SFTP server, fetched by OpenSSH's `sftp`: the server is known by its key in
//! `known_hosts` and by nothing else, a file is taken once, and what was taken is kept as it came.

use super::Ending;
use super::config::{Config, PullConfig};
use super::figures::Figures;
use super::kept::Kept;
use crate::fault::{Kind, told};
use crate::os;
use crate::words;
use anyhow::{Context, Result};
use lockstep_types::{Digest, sha256};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

const FORMAT: &str = "lockstep-pulled/1";
/// How long the list of a folder may take to come, and one file.
const LIST: Duration = Duration::from_secs(60);
const FETCH: Duration = Duration::from_secs(600);
/// Between two looks at what `sftp` has done.
const LOOK: Duration = Duration::from_millis(20);
/// Longest list, and the most files that one look takes; the rest come with the next.
const LIST_BYTES_MAX: u64 = 4 * 1_048_576;
const FILES_MAX: usize = 256;
/// What is remembered of files that are still there.
const REMEMBERED_BYTES_MAX: u64 = 64 * 1_048_576;

/// A file as the server lists it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Listed {
    name: String,
    bytes: u64,
    /// As the list writes it: another time is another file.
    changed: String,
}

/// A file that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Taken {
    bytes: u64,
    changed: String,
    /// Why it was not kept, where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    sha256: Option<Digest>,
}

/// What was looked at, by name, as long as it is there.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pulled {
    files: BTreeMap<String, Taken>,
    format: String,
}

/// One folder on one server.
pub struct Pull {
    config: PullConfig,
    every: Duration,
    kept: Arc<Kept>,
    figures: Arc<Figures>,
    path: PathBuf,
    /// Where files arrive; emptied at each start.
    parts: PathBuf,
    pulled: Pulled,
}

impl Pull {
    pub fn open(
        _: &Config,
        config: &PullConfig,
        (kept, figures): (&Arc<Kept>, &Arc<Figures>),
    ) -> Result<Self> {
        // `ssh` refuses a key that others can read only if it is its owner's; we refuse it always.
        drop(os::read_private(&config.identity)?);
        drop(os::read(&config.known_hosts, os::SMALL_FILE_BYTES_MAX)?);
        let path = kept.folder("pulled")?.join(format!("{}.json", config.name));
        let parts = kept.folder("parts")?.join(config.name.as_str());
        if parts.exists() {
            std::fs::remove_dir_all(&parts).context("cannot empty where files arrive")?;
        }
        os::private_folder(&parts)?;
        let pulled = if path.exists() {
            let read: Option<Pulled> = serde_json::from_slice(&os::read(&path, REMEMBERED_BYTES_MAX)?).ok();
            let read = read.filter(|pulled| pulled.format == FORMAT);
            read.with_context(|| format!("`{}` is not as it was written", path.display()))?
        } else {
            Pulled { format: FORMAT.to_owned(), ..Pulled::default() }
        };
        let every = Duration::from_millis(words::duration_ms(&config.every)?);
        let (kept, figures) = (Arc::clone(kept), Arc::clone(figures));
        Ok(Self { config: config.clone(), every, kept, figures, path, parts, pulled })
    }

    /// Looks at the folder again and again. Only what is wrong here ends it.
    pub fn run(mut self, ending: &Ending) -> Result<()> {
        loop {
            match self.round(ending) {
                Ok(()) => {}
                Err(Trouble::Theirs(why)) => {
                    self.figures.add("lockstep_connect_failed_total", &self.config.name);
                    tracing::warn!(source = %self.config.name, why, "nothing is fetched; it is tried again");
                }
                Err(Trouble::Ours(error)) => return Err(error),
            }
            if ending.wait(self.every) {
                return Ok(());
            }
        }
    }

    fn round(&mut self, ending: &Ending) -> Result<(), Trouble> {
        let listed = self.list(ending)?;
        let there = |name: &str| listed.iter().any(|file| file.name == name);
        self.pulled.files.retain(|name, _| there(name));
        let mut fetched = 0;
        for file in &listed {
            let before = self.pulled.files.get(&file.name);
            let same = before.is_some_and(|t| (t.bytes, &t.changed) == (file.bytes, &file.changed));
            if !same && fetched < FILES_MAX && !ending.is_asked() {
                fetched += 1;
                self.take(file, ending)?;
            }
            let kept = self.pulled.files.get(&file.name).is_some_and(|taken| taken.sha256.is_some());
            if let (true, Some(done)) = (kept, &self.config.done) {
                let (from, to) =
                    (self.at(&file.name), format!("{}/{}", done.trim_end_matches('/'), file.name));
                self.sftp(&format!("rename {from} {to}\n"), None, (LIST, ending))?;
            }
        }
        Ok(())
    }

    /// Fetches a file, keeps it, and only then remembers that it was taken.
    fn take(&mut self, file: &Listed, ending: &Ending) -> Result<(), Trouble> {
        let mut taken =
            Taken { bytes: file.bytes, changed: file.changed.clone(), refused: None, sha256: None };
        if file.bytes > self.config.bytes_max {
            taken.refused =
                Some(format!("{} bytes, at most {} are taken", file.bytes, self.config.bytes_max));
        } else if let Some(bytes) = self.fetch(file, ending)? {
            match Kept::unreadable(&bytes) {
                Some(why) => taken.refused = Some(why),
                None => {
                    let how = json!({
                        "changed": file.changed, "host": self.config.host, "path": self.at(&file.name),
                        "port": self.config.port, "user": self.config.user, "way": "pull",
                    });
                    self.kept.keep(&self.config.name, how, &bytes)?;
                    taken.sha256 = Some(Digest(sha256(&bytes)));
                }
            }
        } else {
            taken.refused = Some("it is longer than it was listed".to_owned());
        }
        if taken.refused.is_some() {
            self.figures.add("lockstep_connect_refused_total", &self.config.name);
            tracing::warn!(source = %self.config.name, file = file.name, "refused; `pulled` says why");
        }
        self.pulled.files.insert(file.name.clone(), taken);
        let bytes = serde_json::to_vec(&self.pulled).context("what was fetched cannot be written")?;
        Ok(os::replace_private(&self.path, &bytes)?)
    }

    /// The file; nothing when it is longer than it may be.
    fn fetch(&self, file: &Listed, ending: &Ending) -> Result<Option<Vec<u8>>, Trouble> {
        // A name that no `sftp` of before, which may still be at work, writes to.
        let own: String = os::random32()?.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let part = self.parts.join(own);
        let command = format!("get {} {}\n", self.at(&file.name), quoted(&part)?);
        let ran = self.sftp(&command, Some(&part), (FETCH, ending));
        let long = std::fs::metadata(&part).is_ok_and(|found| found.len() > self.config.bytes_max);
        let read = match ran {
            _ if long => Ok(None),
            Ok(_) => os::read(&part, self.config.bytes_max).map(Some).map_err(Trouble::Ours),
            Err(trouble) => Err(trouble),
        };
        let _ = std::fs::remove_file(&part);
        read
    }

    fn list(&self, ending: &Ending) -> Result<Vec<Listed>, Trouble> {
        let out = self.sftp(&format!("ls -ln {}\n", self.config.folder), None, (LIST, ending))?;
        let text = String::from_utf8_lossy(&out);
        let mut all: Vec<Listed> = text.lines().filter_map(listed).collect();
        all.sort_unstable();
        Ok(all)
    }

    fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.config.folder.trim_end_matches('/'))
    }

    /// Lets `sftp` do one thing; what it prints. A file that it makes may not become too long.
    fn sftp(
        &self,
        batch: &str,
        makes: Option<&Path>,
        (most, ending): (Duration, &Ending),
    ) -> Result<Vec<u8>, Trouble> {
        let mut child = self.command()?.spawn().context("cannot start `sftp`: OpenSSH's client is needed")?;
        let mut input = child.stdin.take().context("`sftp` takes nothing in")?;
        // It may end before it has read this; then its exit code says why.
        let _ = input.write_all(batch.as_bytes());
        drop(input);
        let out = reader(child.stdout.take().context("`sftp` says nothing")?);
        let err = reader(child.stderr.take().context("`sftp` says nothing")?);
        let waited = wait(&mut child, makes.map(|path| (path, self.config.bytes_max)), (most, ending));
        if waited.is_err() {
            let _ = child.kill();
            let _ = child.wait();
        }
        let (out, err) = (out.join().unwrap_or_default(), err.join().unwrap_or_default());
        waited.map_err(|trouble| trouble.saying(&err))?;
        if out.len() as u64 > LIST_BYTES_MAX {
            return Err(Trouble::Theirs("the folder holds too many files".to_owned()));
        }
        Ok(out)
    }

    fn command(&self) -> Result<Command> {
        let mut command = Command::new("sftp");
        // Nothing of this user's own configuration counts, and nobody is asked anything.
        command.args(["-q", "-b", "-", "-F", "none", "-P", &self.config.port.to_string()]);
        command.arg("-i").arg(&self.config.identity);
        let known = format!("UserKnownHostsFile={}", quoted(&self.config.known_hosts)?);
        for option in [
            known.as_str(),
            "GlobalKnownHostsFile=/dev/null",
            "StrictHostKeyChecking=yes",
            "UpdateHostKeys=no",
            "BatchMode=yes",
            "IdentitiesOnly=yes",
            "IdentityAgent=none",
            "PreferredAuthentications=publickey",
            "ConnectTimeout=15",
            "ServerAliveInterval=15",
        ] {
            command.args(["-o", option]);
        }
        command.arg(format!("{}@{}", self.config.user, self.config.host));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(command)
    }
}

/// Why nothing was fetched.
enum Trouble {
    /// The partner's server, or the way to it; it is tried again.
    Theirs(String),
    /// This machine.
    Ours(anyhow::Error),
}

impl From<anyhow::Error> for Trouble {
    fn from(error: anyhow::Error) -> Self {
        Self::Ours(error)
    }
}

impl Trouble {
    /// With the last line that `sftp` has said of it.
    fn saying(self, err: &[u8]) -> Self {
        match self {
            Self::Theirs(why) => {
                let text = String::from_utf8_lossy(err);
                let last = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
                let last: String = last.chars().filter(|c| !c.is_control()).take(200).collect();
                Self::Theirs(format!("{why}: {last}"))
            }
            ours => ours,
        }
    }
}

/// Waits for the end of `sftp`, within time and length.
fn wait(
    child: &mut Child,
    makes: Option<(&Path, u64)>,
    (most, ending): (Duration, &Ending),
) -> Result<(), Trouble> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for `sftp`")? {
            return if status.success() { Ok(()) } else { Err(Trouble::Theirs("`sftp` failed".to_owned())) };
        }
        let bytes = makes.and_then(|(path, _)| std::fs::metadata(path).ok()).map_or(0, |m| m.len());
        if makes.is_some_and(|(_, max)| bytes > max) {
            return Err(Trouble::Theirs("the file is longer than it was listed".to_owned()));
        }
        if begun.elapsed() > most {
            return Err(Trouble::Theirs(format!("`sftp` took longer than {} s", most.as_secs())));
        }
        if ending.is_asked() {
            return Err(Trouble::Theirs("the connector is to end".to_owned()));
        }
        std::thread::sleep(LOOK);
    }
}

/// Reads on a thread of its own, so that nobody waits for a full pipe; no more than a list may have.
fn reader(from: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let mut limited = from.take(LIST_BYTES_MAX + 1);
        let _ = limited.read_to_end(&mut bytes);
        // What is beyond is read and dropped: it ends with the process.
        let _ = std::io::copy(&mut limited.into_inner(), &mut std::io::sink());
        bytes
    })
}

/// One line of `ls -ln`: a plain file whose name is of letters that mean nothing to `sftp`.
fn listed(line: &str) -> Option<Listed> {
    let mut words = line.split_whitespace();
    let kind = words.next()?;
    let [_links, _owner, _group, bytes] = [words.next()?, words.next()?, words.next()?, words.next()?];
    let changed = [words.next()?, words.next()?, words.next()?].join(" ");
    let path = words.next()?;
    let name = path.rsplit('/').next()?;
    let letters = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    let plain = letters && !name.is_empty() && name.len() <= 128 && !name.starts_with(['.', '-']);
    if !kind.starts_with('-') || !plain || words.next().is_some() {
        return None;
    }
    Some(Listed { name: name.to_owned(), bytes: bytes.parse().ok()?, changed })
}

/// A path of ours, as `sftp` and its options take it.
fn quoted(path: &Path) -> Result<String> {
    let text = path.to_str().filter(|text| !text.contains(['"', '\\', '\n', '*', '?', '[', '%', '$']));
    let text = text.ok_or_else(|| {
        told(Kind::Invalid, "connect-config", format!("`sftp` cannot be told of `{}`", path.display()))
            .hint("choose paths of plain letters")
    })?;
    Ok(format!("\"{text}\""))
}

#[cfg(test)]
mod tests;
