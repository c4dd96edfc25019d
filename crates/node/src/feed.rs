//! Records as the appender sends them to co-signers: bytes, and nothing else.
//!
//! ```text
//! per record: leaf (41) ‖ salt (32) ‖ body length (4, big-endian) ‖ body ‖ command length (4) ‖ command
//! ```
//! A command length of `ffffffff` says that the record came with no command of its own, or that it was
//! erased.

use crate::replica::ReplicaError;
use lockstep_ledger::scribe::RECORDS_PER_COMMAND_MAX;
use lockstep_store::{Store, StoredRecord};
use lockstep_types::Salt;
use lockstep_types::limits::{BODY_BYTES_MAX, COMMAND_BYTES_MAX};

/// Most records in one message.
pub const FEED_RECORDS_MAX: usize = 4_096;
/// Longest message, in bytes.
pub const FEED_BYTES_MAX: usize = 64 * 1_048_576;
/// Bytes of records handed to a co-signer at once.
const FEED_BYTES: usize = 8 * 1_048_576;
/// Longest input kept with a record: time, seed, command.
const INPUT_BYTES_MAX: usize = COMMAND_BYTES_MAX + 64;
const NO_COMMAND: u32 = u32::MAX;

/// Why bytes are no feed, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// Longer than a message may be.
    #[error("a feed of {found} bytes: at most {FEED_BYTES_MAX} are read")]
    TooLong {
        /// Bytes found.
        found: usize,
    },
    /// More records than a message may hold.
    #[error("a feed of more than {FEED_RECORDS_MAX} records")]
    TooMany,
    /// The bytes end within a record.
    #[error("the feed ends within record {at}")]
    Truncated {
        /// Number of the record in this message.
        at: usize,
    },
    /// A body or command longer than any.
    #[error("the {part} of record {at} has {found} bytes: at most {max} are allowed")]
    PartTooLong {
        /// Body or command.
        part: &'static str,
        /// Number of the record in this message.
        at: usize,
        /// Bytes named.
        found: usize,
        /// Bytes allowed.
        max: usize,
    },
}

/// Stored records from `index` on: about `max`, ending where a command's records end.
///
/// # Errors
/// The store's.
pub fn whole_commands(store: &dyn Store, index: u64, max: usize) -> Result<Vec<StoredRecord>, ReplicaError> {
    let max = max.clamp(RECORDS_PER_COMMAND_MAX, FEED_RECORDS_MAX.saturating_sub(1));
    // The head is looked at first: what is appended meanwhile comes with the next message.
    let size = store.head()?.size;
    let mut records = store.records(index, max.saturating_add(1), FEED_BYTES)?;
    let read = u64::try_from(records.len()).unwrap_or(u64::MAX);
    if index.saturating_add(read) != size {
        // The last command's records may go on beyond what was read; the next message begins with it.
        let last = records.iter().rposition(|record| record.command.is_some()).filter(|at| *at > 0);
        records.truncate(last.unwrap_or(records.len()));
    }
    Ok(records)
}

/// The bytes of `records`.
#[must_use]
pub fn encode(records: &[StoredRecord]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(records.iter().map(|record| record.bytes() + 8).sum());
    for record in records {
        bytes.extend_from_slice(&record.leaf);
        bytes.extend_from_slice(record.salt.as_bytes());
        part(&mut bytes, Some(&record.body));
        part(&mut bytes, record.command.as_deref());
    }
    bytes
}

fn part(bytes: &mut Vec<u8>, content: Option<&[u8]>) {
    // Bodies and commands are far shorter than 2^32 − 1 bytes: the store has held them against their limits.
    let length = content.map_or(NO_COMMAND, |content| u32::try_from(content.len()).unwrap_or(NO_COMMAND - 1));
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(content.unwrap_or_default());
}

/// Reads what [`encode`] gives.
///
/// # Errors
/// [`FeedError`], in the order of the checks.
pub fn decode(bytes: &[u8]) -> Result<Vec<StoredRecord>, FeedError> {
    if bytes.len() > FEED_BYTES_MAX {
        return Err(FeedError::TooLong { found: bytes.len() });
    }
    let mut records = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        if records.len() >= FEED_RECORDS_MAX {
            return Err(FeedError::TooMany);
        }
        records.push(record(&mut rest, records.len())?);
    }
    Ok(records)
}

fn record(rest: &mut &[u8], at: usize) -> Result<StoredRecord, FeedError> {
    let leaf = *take::<41>(rest, at)?;
    let salt = Salt(*take::<32>(rest, at)?);
    let body = content(rest, at, ("body", BODY_BYTES_MAX))?;
    let body = body.ok_or(FeedError::Truncated { at })?;
    let command = content(rest, at, ("command", INPUT_BYTES_MAX))?;
    Ok(StoredRecord { leaf, salt, body, command })
}

fn content(
    rest: &mut &[u8],
    at: usize,
    (part, max): (&'static str, usize),
) -> Result<Option<Vec<u8>>, FeedError> {
    let length = u32::from_be_bytes(*take::<4>(rest, at)?);
    if length == NO_COMMAND {
        return Ok(None);
    }
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > max {
        return Err(FeedError::PartTooLong { part, at, found: length, max });
    }
    let (content, after) = rest.split_at_checked(length).ok_or(FeedError::Truncated { at })?;
    *rest = after;
    Ok(Some(content.to_vec()))
}

fn take<'a, const N: usize>(rest: &mut &'a [u8], at: usize) -> Result<&'a [u8; N], FeedError> {
    let (head, after) = rest.split_first_chunk::<N>().ok_or(FeedError::Truncated { at })?;
    *rest = after;
    Ok(head)
}
