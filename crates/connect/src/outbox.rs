//! What goes out waits on disk until it is taken, in the order in which it was put: the first that waits
//! holds up all behind it, since a receiver must not see a later fact before an earlier one.
//!
//! A folder holds `next`, the number that the next message gets, and one file a message that waits. A
//! message is on disk before its number is given away and until the receiver has answered 2xx, so a crash
//! at any point loses none and gives no number twice; it may send one twice, under the same id.

use crate::cut;
use crate::send::Delivery;
use crate::webhook::BODY_BYTES_MAX;
use lockstep_types::canonical::{self, CanonicalError};
use lockstep_types::{Name, Time, sha256};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What a file of an outbox calls itself.
pub const FORMAT: &str = "lockstep-outbox/1";
/// Most messages that wait; more are refused until some are taken.
pub const WAITING_MAX: usize = 100_000;
/// Attempts after which a message is stuck and somebody has to look: with the pauses below, about 3 days.
pub const ATTEMPTS_MAX: u32 = 16;
/// The first pause.
const PAUSE_MS_MIN: u64 = 5_000;
/// The longest pause of our own: 6 hours.
const PAUSE_MS_MAX: u64 = 6 * 3_600_000;
const FILE_BYTES_MAX: usize = 2 * BODY_BYTES_MAX + 4_096;

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// How often it has been sent.
    pub attempts: u32,
    /// Its body: `data`, `sequence`, `timestamp`, `type`.
    pub body: String,
    /// [`FORMAT`].
    pub format: String,
    /// Its `webhook-id`, the same in every attempt.
    pub id: String,
    /// Before then it is not sent again.
    pub not_before: Time,
    /// Its number, from 1, without gaps.
    pub sequence: u64,
    /// True once it is not sent any more unless somebody says so.
    pub stuck: bool,
    /// How the last attempt ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What one step of sending did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Nothing waits.
    Idle,
    /// The first message was taken.
    Taken {
        /// Its number.
        sequence: u64,
    },
    /// The first message waits until then.
    Waits {
        /// Its number.
        sequence: u64,
        /// When it is sent again.
        until: Time,
    },
    /// The first message is not sent any more, and none behind it.
    Stuck {
        /// Its number.
        sequence: u64,
        /// Why.
        why: String,
    },
}

/// Why an outbox does nothing.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// The disk failed.
    #[error("cannot {what} `{}`", .path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Another process sends from it.
    #[error("`{}` is in use by another process", .path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// A file is not what it should be.
    #[error("`{}` is no file of an outbox", .path.display())]
    Form {
        /// The file.
        path: PathBuf,
    },
    /// A number is missing between two messages.
    #[error("message {expected} is missing: the receiver would wait for it for ever")]
    Gap {
        /// The number.
        expected: u64,
    },
    /// Too many messages wait.
    #[error("100000 messages wait: the receiver takes none")]
    Full,
    /// A message longer than a webhook may be.
    #[error("the message has {found} bytes, at most {BODY_BYTES_MAX} are accepted")]
    TooLong {
        /// Bytes found.
        found: usize,
    },
    /// A message that cannot be written.
    #[error("the message cannot be written")]
    Message(#[from] CanonicalError),
}

/// An outbox in a folder, of which this is the one user.
#[derive(Debug)]
pub struct Outbox {
    dir: PathBuf,
    next: u64,
    waiting: VecDeque<Waiting>,
    _lock: File,
}

impl Outbox {
    /// Opens the outbox in `dir`, which is made when it is not there.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub fn open(dir: &Path) -> Result<Self, OutboxError> {
        fs::create_dir_all(dir).map_err(io_error("make", dir))?;
        let at = dir.join("lock");
        let lock = File::create(&at).map_err(io_error("make", &at))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OutboxError::InUse { path: dir.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(io_error("lock", &at)(source)),
        }
        let waiting = read_waiting(dir)?;
        let noted = read_next(&dir.join("next"))?;
        let next = waiting.back().map_or(noted, |last| last.sequence.saturating_add(1).max(noted));
        let mut expected = next.saturating_sub(u64::try_from(waiting.len()).unwrap_or(u64::MAX));
        for message in &waiting {
            if message.sequence != expected {
                return Err(OutboxError::Gap { expected });
            }
            expected = expected.saturating_add(1);
        }
        let outbox = Self { dir: dir.to_owned(), next, waiting, _lock: lock };
        if next != noted {
            outbox.write("next", next.to_string().as_bytes())?;
        }
        Ok(outbox)
    }

    /// Messages that wait, the first of them first.
    pub fn waiting(&self) -> impl ExactSizeIterator<Item = &Waiting> {
        self.waiting.iter()
    }

    /// The number that the next message gets.
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// Puts a message behind those that wait; its number, once it is on disk.
    ///
    /// # Errors
    /// [`OutboxError`]; the message does not wait then, unless the disk failed after it was written.
    pub fn put(&mut self, kind: &Name, data: &Value, now: Time) -> Result<u64, OutboxError> {
        if self.waiting.len() >= WAITING_MAX {
            return Err(OutboxError::Full);
        }
        let sequence = self.next;
        let body = json!({ "data": data, "sequence": sequence, "timestamp": now.to_string(), "type": kind });
        let body = canonical::to_vec(&body)?;
        if body.len() > BODY_BYTES_MAX {
            return Err(OutboxError::TooLong { found: body.len() });
        }
        let digest = sha256(&body);
        let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let message = Waiting {
            attempts: 0,
            body: String::from_utf8_lossy(&body).into_owned(),
            format: FORMAT.to_owned(),
            id: format!("msg_{hex}"),
            not_before: now,
            sequence,
            stuck: false,
            why: None,
        };
        self.write(&name(sequence), &canonical::to_vec(&message)?)?;
        self.next = sequence.saturating_add(1);
        self.waiting.push_back(message);
        self.write("next", self.next.to_string().as_bytes())?;
        Ok(sequence)
    }

    /// Sends the first message if its time has come. What an attempt leaves is on disk before this returns.
    ///
    /// # Errors
    /// [`OutboxError`] when the disk fails; the message may then be sent once more than it need be.
    pub fn step(
        &mut self,
        now: Time,
        send: impl FnOnce(&Waiting) -> Delivery,
    ) -> Result<Progress, OutboxError> {
        let Some(mut first) = self.waiting.front().cloned() else { return Ok(Progress::Idle) };
        let sequence = first.sequence;
        if first.stuck {
            return Ok(Progress::Stuck { sequence, why: first.why.unwrap_or_default() });
        }
        if now < first.not_before {
            return Ok(Progress::Waits { sequence, until: first.not_before });
        }
        let delivery = send(&first);
        first.attempts = first.attempts.saturating_add(1);
        let (after_s, why, stuck) = match delivery {
            Delivery::Taken => {
                self.remove(sequence)?;
                return Ok(Progress::Taken { sequence });
            }
            Delivery::Later { after_s, why } => (after_s, why, first.attempts >= ATTEMPTS_MAX),
            Delivery::Never { why } => (None, why, true),
        };
        let asked_ms = after_s.unwrap_or(0).saturating_mul(1_000);
        first.not_before = now.saturating_add_ms(pause_ms(&first).max(asked_ms));
        first.stuck = stuck;
        first.why = Some(cut(&why));
        self.replace(first.clone())?;
        if stuck {
            return Ok(Progress::Stuck { sequence, why: cut(&why) });
        }
        Ok(Progress::Waits { sequence, until: first.not_before })
    }

    /// Sends a stuck message again from the beginning.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub fn retry(&mut self, now: Time) -> Result<(), OutboxError> {
        let Some(first) = self.waiting.front().cloned() else { return Ok(()) };
        self.replace(Waiting { attempts: 0, not_before: now, stuck: false, ..first })
    }

    fn replace(&mut self, message: Waiting) -> Result<(), OutboxError> {
        self.write(&name(message.sequence), &canonical::to_vec(&message)?)?;
        if let Some(first) = self.waiting.front_mut() {
            *first = message;
        }
        Ok(())
    }

    fn remove(&mut self, sequence: u64) -> Result<(), OutboxError> {
        let path = self.dir.join(name(sequence));
        fs::remove_file(&path).map_err(io_error("remove", &path))?;
        self.waiting.pop_front();
        self.sync()
    }

    /// Replaces a file as a whole, durably.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), OutboxError> {
        let (path, beside) = (self.dir.join(name), self.dir.join("beside"));
        let written = File::create(&beside).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&beside, &path)
        });
        written.map_err(io_error("write", &path))?;
        self.sync()
    }

    fn sync(&self) -> Result<(), OutboxError> {
        File::open(&self.dir).and_then(|dir| dir.sync_all()).map_err(io_error("flush", &self.dir))
    }
}

/// The pause before the next attempt: 5 s, doubled each time up to 6 h, and up to a quarter more, so that
/// many messages that failed together do not come back together.
fn pause_ms(message: &Waiting) -> u64 {
    let doublings = message.attempts.saturating_sub(1).min(20);
    let pause_ms = PAUSE_MS_MIN.saturating_mul(1u64 << doublings).min(PAUSE_MS_MAX);
    let [chance, ..] = sha256(format!("{}/{}", message.id, message.attempts).as_bytes());
    pause_ms.saturating_add(pause_ms.saturating_mul(u64::from(chance)).wrapping_div(1_024))
}

/// Sixteen digits, so that the order of names is the order of numbers.
fn name(sequence: u64) -> String {
    format!("{sequence:016}.json")
}

fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OutboxError {
    let path = path.to_owned();
    move |source| OutboxError::Io { what, path, source }
}

fn read_next(path: &Path) -> Result<u64, OutboxError> {
    match fs::read_to_string(path) {
        Ok(text) => {
            let next = text.parse().ok().filter(|next| *next > 0);
            next.ok_or_else(|| OutboxError::Form { path: path.to_owned() })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(1),
        Err(error) => Err(io_error("read", path)(error)),
    }
}

fn read_waiting(dir: &Path) -> Result<VecDeque<Waiting>, OutboxError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(io_error("list", dir))? {
        let path = entry.map_err(io_error("list", dir))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    let read = |path: &PathBuf| {
        let bytes = fs::read(path).map_err(io_error("read", path))?;
        let message: Option<Waiting> = canonical::from_slice(&bytes, FILE_BYTES_MAX).ok();
        let named = |message: &Waiting| {
            message.format == FORMAT && path.file_name().is_some_and(|file| *file == *name(message.sequence))
        };
        message.filter(named).ok_or_else(|| OutboxError::Form { path: path.clone() })
    };
    paths.iter().map(read).collect()
}

#[cfg(test)]
mod tests;
