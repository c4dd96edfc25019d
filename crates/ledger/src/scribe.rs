//! The scribe: turns what a machine decides into records, with salts and leaves.

use crate::record::{Record, Tag};
use core::fmt;
use lockstep_types::{LeafHash, Salt, Time, sha256_parts};
use serde::{Deserialize, Serialize};

/// Most records that one command may make.
pub const RECORDS_PER_COMMAND_MAX: usize = 256;

/// 32 random bytes from which the salts of one command's records are derived; kept with the command.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed(Salt);

/// What a machine wants to have recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Record or outcome.
    pub tag: Tag,
    /// Canonical JSON for a record, ABI-encoded for an outcome.
    pub body: Vec<u8>,
}

/// Collects the entries of one command and names each at once, so that a body may name the leaf before it.
#[derive(Debug, Clone)]
pub struct Scribe {
    now: Time,
    seed: Seed,
    given: Vec<Salt>,
    records: Vec<Record>,
    left_out: Vec<usize>,
}

impl Seed {
    /// A seed of 32 random bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(Salt(bytes))
    }

    /// SHA-256 of `lockstep/salt/1`, the seed and the number of the record within its command
    /// (specs/record.md §3).
    #[must_use]
    pub fn salt(&self, number: u32) -> Salt {
        Salt(sha256_parts(&[b"lockstep/salt/1", self.0.as_bytes(), &number.to_be_bytes()]))
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever knows a seed can try bodies against leaves.
        f.write_str("Seed(…)")
    }
}

impl Entry {
    /// An entry whose body is canonical JSON.
    #[must_use]
    pub const fn record(body: Vec<u8>) -> Self {
        Self { tag: Tag::Record, body }
    }

    /// An entry whose body is ABI-encoded.
    #[must_use]
    pub const fn outcome(body: Vec<u8>) -> Self {
        Self { tag: Tag::Outcome, body }
    }
}

impl Scribe {
    /// A scribe for one command that is decided at `now`.
    #[must_use]
    pub const fn new(now: Time, seed: Seed) -> Self {
        Self { now, seed, given: Vec::new(), records: Vec::new(), left_out: Vec::new() }
    }

    /// A scribe for a reader that has the salts of the records it was shown, and not the seed that would open
    /// others of the same command. Records beyond them get salts that open nothing on any log.
    #[must_use]
    pub const fn with_salts(now: Time, salts: Vec<Salt>) -> Self {
        Self { now, seed: Seed::new([0; 32]), given: salts, records: Vec::new(), left_out: Vec::new() }
    }

    /// Ledger time of every record of this command.
    #[must_use]
    pub const fn now(&self) -> Time {
        self.now
    }

    /// The records so far.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Makes a record of `entry` and gives its name in the log.
    pub fn push(&mut self, entry: Entry) -> LeafHash {
        // Saturation cannot be reached: a command with more than `RECORDS_PER_COMMAND_MAX` records is
        // refused.
        let place = self.place();
        let given = self.given.get(place).copied();
        let salt = given.unwrap_or_else(|| self.seed.salt(u32::try_from(place).unwrap_or(u32::MAX)));
        let record = Record::new(entry.tag, self.now, salt, entry.body);
        let name = record.leaf_hash();
        self.records.push(record);
        name
    }

    /// Leaves out so many records, which this machine cannot tell since what they rest on was erased or is
    /// withheld. What it pushes next gets the number that follows theirs.
    pub fn leave_out(&mut self, count: usize) {
        let first = self.place();
        self.left_out.extend((first..).take(count));
    }

    /// The places within the command of the records that were left out, ascending.
    #[must_use]
    pub fn left_out(&self) -> &[usize] {
        &self.left_out
    }

    /// The place of the next record within its command.
    fn place(&self) -> usize {
        self.records.len().saturating_add(self.left_out.len())
    }

    /// The records, in order.
    #[must_use]
    pub fn finish(self) -> Vec<Record> {
        self.records
    }
}

#[cfg(test)]
mod tests;
