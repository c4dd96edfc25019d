//! What came, as it came, and the drafts that follow from it. A message is on disk, with its digest and where
//! it came from, before anybody is told that it was taken; drafts are a function of messages, mappings and of
//! what somebody waits for, so they can be made again after a crash, and each is made once.

use super::config::{Config, mapping};
use super::figures::Figures;
use super::now;
use crate::fault::{Kind, invalid, told};
use crate::os;
use anyhow::{Context, Result};
use lockstep_sources::draft::{Draft, DraftError, JsonMessage, Mapping, Rules, propose};
use lockstep_sources::{ItemQuery, Limits, read_message};
use lockstep_types::{CaseId, Digest, Name, sha256};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Drafts that wait for a signer, each with its message beside it.
pub const DRAFTS: &str = "drafts";
const ORIGINS: &str = "origins";
/// What has been drafted, by the draft's id: whoever signs a draft may take it away.
const MADE: &str = "made";
const FORMAT: &str = "lockstep-origin/1";
/// Messages that are kept; more are not taken before somebody has moved some away.
const ORIGINS_MAX: usize = 100_000;
/// Messages that are looked at anew when somebody waits for more: the newest.
const AGAIN_MAX: usize = 1_000;
/// Lines that somebody waits for.
const WAITS_MAX: usize = 10_000;
const WAITS_BYTES_MAX: u64 = 4 * 1_048_576;

/// Where a message came from.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Came {
    pub bytes: u64,
    pub format: String,
    /// How it came, as far as that can be told: headers of a push; server, path and size of a file.
    pub how: Value,
    pub received: String,
    pub sha256: Digest,
    pub source: Name,
}

struct Source {
    mapping: Mapping,
    case: Option<String>,
}

/// The folder of a connector, of which this process is the only user.
pub struct Kept {
    dir: PathBuf,
    waits: PathBuf,
    sources: BTreeMap<Name, Source>,
    figures: Arc<Figures>,
    /// Messages that are kept; whoever holds it writes.
    origins: Mutex<BTreeSet<Digest>>,
    _lock: File,
}

/// One `REFERENCE CASE STEP`.
struct Wait {
    reference: String,
    case: CaseId,
    step: Name,
}

/// What became of one message.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Drafted {
    /// Drafts that are new.
    pub made: usize,
    /// Drafts that were there.
    pub before: usize,
    /// Acts about which another message was drafted before.
    pub contradicted: usize,
}

impl Kept {
    pub fn open(config: &Config, figures: Arc<Figures>) -> Result<Self> {
        let dir = config.dir.clone();
        for folder in ["", DRAFTS, ORIGINS, MADE] {
            os::private_folder(&dir.join(folder))?;
        }
        let path = dir.join("lock");
        let lock = File::create(&path).with_context(|| format!("cannot make `{}`", path.display()))?;
        lock.try_lock().map_err(|_| {
            let text = format!("another connector works in `{}`", dir.display());
            told(Kind::Conflict, "connect-in-use", text).hint("one process a folder")
        })?;
        let pushes = config.pushes.iter().map(|push| (&push.name, &push.mapping, &push.case));
        let pulls = config.pulls.iter().map(|pull| (&pull.name, &pull.mapping, &pull.case));
        let mut sources = BTreeMap::new();
        for (name, file, case) in pushes.chain(pulls) {
            figures.hears(name, now());
            sources.insert(name.clone(), Source { mapping: mapping(file)?, case: case.clone() });
        }
        let kept =
            Self { waits: config.waits(), sources, figures, origins: Mutex::default(), _lock: lock, dir };
        let mut all = kept.origins.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in std::fs::read_dir(kept.dir.join(ORIGINS)).context("cannot list what was kept")? {
            let name = entry.context("cannot list what was kept")?.file_name();
            all.extend(name.to_str().and_then(|name| name.parse::<Digest>().ok()));
        }
        drop(all);
        kept.read_waits()?;
        Ok(kept)
    }

    /// A folder of one partner's, private.
    pub fn folder(&self, kind: &str) -> Result<PathBuf> {
        let path = self.dir.join(kind);
        os::private_folder(&path)?;
        Ok(path)
    }

    /// Why a message is none that any reader here understands; nothing when one does.
    pub fn unreadable(bytes: &[u8]) -> Option<String> {
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        if first == Some(&b'{') {
            return JsonMessage::from_slice(bytes).err().map(|error| error.to_string());
        }
        read_message(bytes, &Limits::default()).err().map(|error| error.to_string())
    }

    /// Keeps a message and where it came from, once, and makes the drafts that somebody waits for. What is
    /// kept is on disk when this returns.
    pub fn keep(&self, source: &Name, how: Value, bytes: &[u8]) -> Result<Drafted> {
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        let sha256 = Digest(sha256(bytes));
        if !origins.contains(&sha256) {
            if origins.len() >= ORIGINS_MAX {
                let text = format!("{ORIGINS_MAX} messages are kept");
                let hint = "move the oldest of `origins` to an archive, and start the connector anew";
                return Err(told(Kind::Retry, "connect-full", text).hint(hint).into());
            }
            let came = Came {
                bytes: bytes.len() as u64,
                format: FORMAT.to_owned(),
                how,
                received: now().to_string(),
                sha256,
                source: source.clone(),
            };
            let path = self.origin(&sha256);
            os::replace_private(&os::with_suffix(&path, ".json"), &serde_json::to_vec(&came)?)?;
            // Last: what has this name is whole, and is told of beside it.
            os::replace_private(&path, bytes)?;
            origins.insert(sha256);
            self.figures.add("lockstep_connect_messages_total", source);
        }
        self.figures.hears(source, now());
        self.draft(source, (&sha256, bytes), &self.read_waits()?)
    }

    fn origin(&self, sha256: &Digest) -> PathBuf {
        self.dir.join(ORIGINS).join(sha256.to_string())
    }

    /// What changes when somebody waits for more.
    pub fn waits_stamp(&self) -> Option<(SystemTime, u64)> {
        let metadata = std::fs::metadata(&self.waits).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    }

    /// Makes the drafts that are waited for from the newest messages that are kept.
    pub fn draft_all(&self) -> Result<()> {
        let origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = match self.read_waits() {
            Ok(waits) => waits,
            Err(error) => {
                // Somebody is writing it, or erred: what was waited for before goes on.
                tracing::warn!(error = format!("{error:#}"), "the list of what is waited for is not read");
                return Ok(());
            }
        };
        let mut all = Vec::new();
        for sha256 in origins.iter() {
            let path = os::with_suffix(&self.origin(sha256), ".json");
            let came: Came = serde_json::from_slice(&os::read(&path, os::SMALL_FILE_BYTES_MAX)?)
                .with_context(|| format!("`{}` is not as it was written", path.display()))?;
            all.push((came.received, came.source, *sha256));
        }
        all.sort_unstable();
        for (_, source, sha256) in all.iter().rev().take(AGAIN_MAX) {
            let bytes = os::read(&self.origin(sha256), os::FILE_BYTES_MAX)?;
            // Whoever brought it may be a partner no more.
            if self.sources.contains_key(source) {
                self.draft(source, (sha256, &bytes), &waits)?;
            }
        }
        Ok(())
    }

    fn draft(&self, name: &Name, (sha256, bytes): (&Digest, &[u8]), waits: &[Wait]) -> Result<Drafted> {
        let Some(source) = self.sources.get(name) else { return Ok(Drafted::default()) };
        let mut drafted = Drafted::default();
        for draft in source.proposals(bytes, waits) {
            let Ok(draft) = draft else {
                // Why may hold what the message says: `lockstep draft make` tells whoever asks.
                tracing::info!(source = %name, origin = %sha256, "no draft");
                continue;
            };
            let id = draft.id();
            match self.keep_draft(&draft, (sha256, bytes))? {
                Some(true) => {
                    drafted.made += 1;
                    self.figures.add("lockstep_connect_drafts_total", name);
                    tracing::info!(source = %name, draft = %id, step = %draft.step, "drafted");
                }
                Some(false) => drafted.before += 1,
                None => {
                    drafted.contradicted += 1;
                    self.figures.add("lockstep_connect_contradicted_total", name);
                    tracing::warn!(source = %name, draft = %id, origin = %sha256, "contradicted");
                }
            }
        }
        Ok(drafted)
    }

    /// True when the draft is new, false when it was made before, nothing when it was made from another
    /// message.
    fn keep_draft(&self, draft: &Draft, (sha256, bytes): (&Digest, &[u8])) -> Result<Option<bool>> {
        let id = draft.id();
        let (made, path) =
            (self.dir.join(MADE).join(id.to_string()), self.dir.join(DRAFTS).join(format!("{id}.json")));
        if made.exists() {
            let before = os::read(&made, os::SMALL_FILE_BYTES_MAX)?;
            return Ok((before == sha256.to_string().as_bytes()).then_some(false));
        }
        os::replace_private(&os::with_suffix(&path, ".origin"), bytes)?;
        os::replace_private(&path, &draft.to_vec()?)?;
        os::replace_private(&made, sha256.to_string().as_bytes())?;
        Ok(Some(true))
    }

    fn read_waits(&self) -> Result<Vec<Wait>> {
        if !self.waits.exists() {
            return Ok(Vec::new());
        }
        let text = String::from_utf8(os::read(&self.waits, WAITS_BYTES_MAX)?);
        let text = text.map_err(|_| wrong(&self.waits, 0))?;
        let lines =
            text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let waits: Vec<Wait> = lines
            .map(|(at, line)| wait(line).ok_or_else(|| wrong(&self.waits, at + 1)))
            .collect::<Result<_, _>>()?;
        if waits.len() > WAITS_MAX {
            let text = format!("`{}` has more than {WAITS_MAX} lines", self.waits.display());
            return Err(invalid("connect-waits", text).hint("take away what is done").into());
        }
        Ok(waits)
    }
}

fn wrong(path: &Path, line: usize) -> crate::fault::Told {
    let text = format!("line {line} of `{}` is not of the form `REFERENCE CASE STEP`", path.display());
    invalid("connect-waits", text)
}

fn wait(line: &str) -> Option<Wait> {
    let mut words = line.split_whitespace();
    let (reference, case, step) =
        (words.next()?.to_owned(), words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    words.next().is_none().then_some(Wait { reference, case, step })
}

impl Source {
    /// What a message lets somebody say who waits for it, or in the case that it names itself.
    fn proposals(&self, bytes: &[u8], waits: &[Wait]) -> Vec<Result<Draft, DraftError>> {
        let limits = Limits::default();
        let mut all: Vec<Result<Draft, DraftError>> = Vec::new();
        let named =
            self.case.as_ref().and_then(|pointer| JsonMessage::from_slice(bytes).ok()?.text(pointer).ok());
        if let Some(case) = named.and_then(|text| text.parse::<CaseId>().ok()) {
            let query = ItemQuery::default();
            let steps =
                self.mapping.steps().filter(|step| matches!(self.mapping.step(step), Ok(Rules::Json(_))));
            all.extend(steps.map(|step| propose(bytes, (&self.mapping, &query), (case, step), &limits)));
        }
        // Most messages are about nothing that a line names: they are read once, as text.
        let text = String::from_utf8_lossy(bytes);
        let is_json = text.trim_start().starts_with('{');
        for wait in waits.iter().filter(|wait| is_json || text.contains(&wait.reference)) {
            let query = ItemQuery { reference: Some(&wait.reference), account: None };
            if self.mapping.steps().any(|step| *step == wait.step) {
                all.push(propose(bytes, (&self.mapping, &query), (wait.case, &wait.step), &limits));
            }
        }
        all
    }
}
