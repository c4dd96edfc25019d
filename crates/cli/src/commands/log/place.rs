//! Where the files of a log are: a folder, or an address.

use super::no_place;
use anyhow::Result;
use indicatif::ProgressBar;
use lockstep_chain::rpc::ask::http_agent;
use lockstep_ledger::log::{LogFiles, TileKind, TilePath};
use lockstep_ledger::note::NOTE_BYTES_MAX;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use ureq::Agent;

/// How long one file may take.
const FILE_TIMEOUT: Duration = Duration::from_secs(30);
/// How often a file is asked for before nobody can tell.
const TRIES: u32 = 3;
/// Most checkpoints that are read in a folder.
const CHECKPOINTS_MAX: usize = 4_096;
/// Where a folder keeps checkpoints of earlier.
const CHECKPOINTS: &str = "checkpoints";

/// Why a file cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The operating system says no.
    #[error("`{path}` cannot be read")]
    File {
        /// Which file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// An answer that is neither a file nor that there is none.
    #[error("`{path}`: HTTP status {status}")]
    Status {
        /// Which file.
        path: String,
        /// What was answered.
        status: u16,
    },
    /// An answer in another place.
    #[error("`{path}`: the server sends its readers elsewhere (HTTP status {status}), which is not followed")]
    Moved {
        /// Which file.
        path: String,
        /// What was answered.
        status: u16,
    },
    /// Packed in a way that is not known here.
    #[error("`{path}` comes packed as `{encoding}`: `gzip` and plain are read")]
    Packed {
        /// Which file.
        path: String,
        /// How.
        encoding: String,
    },
    /// No answer, or one that breaks off.
    #[error("`{path}`: no answer in {TRIES} tries")]
    Down {
        /// Which file.
        path: String,
        /// Of the last try.
        source: Box<ureq::Error>,
    },
    /// The whole check took too long.
    #[error("the check takes longer than {ms} ms")]
    Late {
        /// How long it might take.
        ms: u128,
    },
    /// More files than a folder of checkpoints may have.
    #[error("more than {CHECKPOINTS_MAX} files in `{CHECKPOINTS}`")]
    TooMany,
}

enum Source {
    Folder(PathBuf),
    Address { agent: Agent, base: String },
}

/// The files of one log.
pub struct Place {
    source: Source,
    since: Instant,
    within: Duration,
    /// Shows how far a check is.
    pub bar: Option<ProgressBar>,
}

impl Place {
    /// A folder that is there, or an address; nothing is asked yet.
    pub fn open(text: &str, within: Duration) -> Result<Self> {
        let source = if text.contains("://") {
            let agent = http_agent(text, FILE_TIMEOUT.min(within)).map_err(no_place)?;
            if text.contains(['?', '#']) {
                return Err(no_place(format!("`{text}` is no prefix of addresses")));
            }
            Source::Address { agent, base: text.trim_end_matches('/').to_owned() }
        } else if Path::new(text).is_dir() {
            Source::Folder(PathBuf::from(text))
        } else {
            return Err(no_place(format!("`{text}` is no folder")));
        };
        Ok(Self { source, since: Instant::now(), within, bar: None })
    }

    /// The checkpoint of the log, if there is one.
    pub fn checkpoint(&self) -> Result<Option<Vec<u8>>, PlaceError> {
        self.get("checkpoint", NOTE_BYTES_MAX as u64)
    }

    /// Checkpoints of earlier that lie beside it, with their paths; none at an address.
    pub fn checkpoints(&self) -> Result<Vec<(String, Vec<u8>)>, PlaceError> {
        let Source::Folder(folder) = &self.source else { return Ok(Vec::new()) };
        let names = names(&folder.join(CHECKPOINTS))?;
        if names.len() > CHECKPOINTS_MAX {
            return Err(PlaceError::TooMany);
        }
        let mut found = Vec::new();
        for path in names.into_iter().map(|name| format!("{CHECKPOINTS}/{name}")) {
            let bytes = self.get(&path, NOTE_BYTES_MAX as u64)?;
            found.extend(bytes.map(|bytes| (path, bytes)));
        }
        Ok(found)
    }

    fn get(&self, path: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, PlaceError> {
        if self.since.elapsed() > self.within {
            return Err(PlaceError::Late { ms: self.within.as_millis() });
        }
        match &self.source {
            Source::Folder(folder) => in_folder(folder, path, bytes_max),
            Source::Address { agent, base } => at_address((agent, base), path, bytes_max),
        }
    }
}

/// Names in a folder, sorted; none where there is no folder.
fn names(folder: &Path) -> Result<Vec<String>, PlaceError> {
    let refused = |source| PlaceError::File { path: folder.display().to_string(), source };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(refused(error)),
    };
    let mut names = Vec::new();
    for entry in entries.take(CHECKPOINTS_MAX + 1) {
        names.push(entry.map_err(refused)?.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn in_folder(folder: &Path, path: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, PlaceError> {
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(folder.join(path))?.take(bytes_max + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    match read() {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(source) => Err(PlaceError::File { path: path.to_owned(), source }),
    }
}

fn at_address(
    (agent, base): (&Agent, &str),
    path: &str,
    bytes_max: u64,
) -> Result<Option<Vec<u8>>, PlaceError> {
    let mut tries = 1;
    loop {
        match ask(agent, &format!("{base}/{path}"), bytes_max) {
            Ok((200, None, bytes)) => return Ok(Some(bytes)),
            Ok((200, Some(encoding), _)) => {
                return Err(PlaceError::Packed { path: path.to_owned(), encoding });
            }
            // RFC 9110: not there, or not there any more.
            Ok((404 | 410, ..)) => return Ok(None),
            Ok((status @ 300..=399, ..)) => return Err(PlaceError::Moved { path: path.to_owned(), status }),
            Ok((status, ..)) if tries == TRIES || status < 500 => {
                return Err(PlaceError::Status { path: path.to_owned(), status });
            }
            Err(source) if tries == TRIES => {
                return Err(PlaceError::Down { path: path.to_owned(), source: Box::new(source) });
            }
            Ok(_) | Err(_) => tries += 1,
        }
    }
}

/// Status, a packing that is not known, and at most one byte more than there may be. A small answer that
/// unpacks into a large one is cut as well.
fn ask(agent: &Agent, url: &str, bytes_max: u64) -> Result<(u16, Option<String>, Vec<u8>), ureq::Error> {
    let mut answer = agent.get(url).call()?;
    let packed =
        answer.headers().get("content-encoding").map(|value| value.to_str().unwrap_or("?").to_owned());
    let unknown = packed.filter(|encoding| !["gzip", "identity"].contains(&encoding.as_str()));
    let mut bytes = Vec::new();
    answer.body_mut().as_reader().take(bytes_max + 1).read_to_end(&mut bytes)?;
    Ok((answer.status().as_u16(), unknown, bytes))
}

impl LogFiles for Place {
    type Error = PlaceError;

    fn read(&mut self, path: &TilePath, bytes_max: u64) -> Result<Option<Vec<u8>>, PlaceError> {
        self.get(&path.to_string(), bytes_max)
    }

    fn widths(&mut self, kind: TileKind, index: u64) -> Result<Vec<u16>, PlaceError> {
        let Source::Folder(folder) = &self.source else { return Ok(Vec::new()) };
        let Ok(full) = TilePath::new(kind, index, lockstep_ledger::log::TILE_WIDTH) else {
            return Ok(Vec::new());
        };
        let partial = crate::os::with_suffix(&folder.join(full.to_string()), ".p");
        // A name that is no width is no file of the log.
        let is_width = |name: String| name.parse::<u16>().ok().filter(|width| width.to_string() == name);
        let mut widths: Vec<u16> = names(&partial)?.into_iter().filter_map(is_width).collect();
        widths.push(full.width());
        Ok(widths)
    }

    fn progress(&mut self, entries: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(entries);
        }
    }
}
