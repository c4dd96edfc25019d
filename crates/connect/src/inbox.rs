//! What has come already: a message counts once, and messages with a sequence count in its order.
//!
//! The caller keeps the inbox (`to_vec`) in the same step in which it keeps what the message brought; an
//! inbox that is lost forgets what came, and only the window of [`crate::webhook`] is left.

use crate::cut;
use crate::webhook::WINDOW_MS;
use lockstep_types::canonical::{self, CanonicalError};
use lockstep_types::{Digest, Time, sha256};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an inbox calls itself.
const FORMAT: &str = "lockstep-inbox/1";
/// Most ids that are remembered; more within the window are turned away.
pub const IDS_MAX: usize = 16_384;
/// Sequence numbers behind the newest whose bodies are remembered.
pub const BODIES_MAX: u64 = 1_024;
const INBOX_BYTES_MAX: usize = 8 * 1_048_576;

/// What has come from one partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inbox {
    bodies: BTreeMap<String, Digest>,
    format: String,
    ids: BTreeMap<String, Seen>,
    next: u64,
}

/// A message without a sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    at: Time,
    body: Digest,
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// It has not come before, and is the next one: it counts now.
    Counts,
    /// It has come before: answer as then, and do nothing.
    Again,
}

/// Why a message is turned away. Variants stand in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InboxError {
    /// Not an inbox's bytes.
    #[error("the file is no inbox of this version")]
    Form,
    /// Another body under the same name: somebody errs, or the secret is known to others.
    #[error("`{name}` has come with another body before")]
    Differs {
        /// The id or the sequence number.
        name: String,
    },
    /// One before it is missing; the sender sends it first and this one again.
    #[error("message {found} came, expected {expected}")]
    Early {
        /// The number that came.
        found: u64,
        /// The number that is waited for.
        expected: u64,
    },
    /// Numbers begin at 1 and fit JSON.
    #[error("{found} is no sequence number")]
    Number {
        /// The number that came.
        found: u64,
    },
    /// More messages within the window than are remembered.
    #[error("more than 16384 messages within the window")]
    Full,
}

impl Default for Inbox {
    fn default() -> Self {
        Self { bodies: BTreeMap::new(), format: FORMAT.to_owned(), ids: BTreeMap::new(), next: 1 }
    }
}

impl Inbox {
    /// Reads an inbox.
    ///
    /// # Errors
    /// [`InboxError::Form`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, InboxError> {
        let inbox: Option<Self> = canonical::from_slice(bytes, INBOX_BYTES_MAX).ok();
        inbox.filter(|inbox| inbox.format == FORMAT && inbox.next > 0).ok_or(InboxError::Form)
    }

    /// The inbox as bytes.
    ///
    /// # Errors
    /// [`CanonicalError`].
    pub fn to_vec(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::to_vec(self)
    }

    /// Takes note of a checked message with a sequence number of its sender's.
    ///
    /// # Errors
    /// [`InboxError`]; nothing is noted then.
    pub fn arrive_in_order(&mut self, sequence: u64, body: &[u8]) -> Result<Arrival, InboxError> {
        if sequence == 0 || sequence > lockstep_types::limits::INTEGER_MAX.unsigned_abs() {
            return Err(InboxError::Number { found: sequence });
        }
        let digest = Digest(sha256(body));
        // Fixed width, so that the oldest stands first.
        let name = format!("{sequence:016}");
        if self.bodies.get(&name).is_some_and(|before| *before != digest) {
            return Err(InboxError::Differs { name: sequence.to_string() });
        }
        if sequence < self.next {
            return Ok(Arrival::Again);
        }
        if sequence > self.next {
            return Err(InboxError::Early { found: sequence, expected: self.next });
        }
        self.bodies.insert(name, digest);
        self.next = sequence.saturating_add(1);
        let oldest = format!("{:016}", self.next.saturating_sub(BODIES_MAX));
        self.bodies = self.bodies.split_off(&oldest);
        Ok(Arrival::Counts)
    }

    /// Takes note of a checked message without a sequence, by its id.
    ///
    /// # Errors
    /// [`InboxError`]; nothing is noted then.
    pub fn arrive(&mut self, id: &str, body: &[u8], now: Time) -> Result<Arrival, InboxError> {
        // What was signed at the far end of the window may come until the near end has passed.
        let forgotten = now.ms().saturating_sub(WINDOW_MS.saturating_mul(2));
        self.ids.retain(|_, seen| seen.at.ms() >= forgotten);
        let digest = Digest(sha256(body));
        match self.ids.get(id) {
            Some(before) if before.body == digest => return Ok(Arrival::Again),
            Some(_) => return Err(InboxError::Differs { name: cut(id) }),
            None => {}
        }
        if self.ids.len() >= IDS_MAX {
            return Err(InboxError::Full);
        }
        self.ids.insert(id.to_owned(), Seen { at: now, body: digest });
        Ok(Arrival::Counts)
    }
}

#[cfg(test)]
mod tests;
