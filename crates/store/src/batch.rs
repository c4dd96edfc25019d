//! What is stored: records in batches, behind a head.

use crate::error::{Result, StoreError, at_most};
use crate::limits::{
    APPEND_BATCHES_MAX, APPEND_BYTES_MAX, APPEND_DOCUMENTS_MAX, APPEND_RECORDS_MAX, BATCH_DOCUMENTS_MAX,
    BATCH_INDEX_ROWS_MAX, BATCH_RECORDS_MAX, DOCUMENT_BYTES_MAX, INDEX_KEY_BYTES_MAX, INDEX_VALUE_BYTES_MAX,
};
use lockstep_types::limits::{BODY_BYTES_MAX, COMMAND_BYTES_MAX};
use lockstep_types::{Digest, Salt, sha256_parts};
use std::collections::BTreeSet;

/// Bytes of a leaf: tag, time, digest of salt and body.
pub const LEAF_BYTES: usize = 41;

/// Where a history ends: how many records, and which ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    /// Number of records.
    pub size: u64,
    /// Digest chained over all leaves so far, so that two histories of one size differ:
    /// 32 zero bytes for none, then `SHA-256(tip ‖ leaf)` for each leaf.
    pub tip: Digest,
}

impl Head {
    /// The head of a ledger without records.
    pub const EMPTY: Self = Self { size: 0, tip: Digest([0; 32]) };

    /// The head once one more record with this leaf has been appended.
    #[must_use]
    pub fn after_leaf(&self, leaf: &[u8; LEAF_BYTES]) -> Self {
        Self { size: self.size + 1, tip: Digest(sha256_parts(&[&self.tip.0, leaf])) }
    }

    /// The head once `batch` has been appended.
    #[must_use]
    pub fn after(&self, batch: &Batch) -> Self {
        batch.records.iter().fold(*self, |head, record| head.after_leaf(&record.leaf))
    }
}

/// One ledger item as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// The public leaf.
    pub leaf: [u8; LEAF_BYTES],
    /// What blinds the body's digest in the leaf.
    pub salt: Salt,
    /// The body; never erased.
    pub body: Vec<u8>,
    /// The command that made this record, on the first record it made; erasable.
    pub command: Option<Vec<u8>>,
}

impl StoredRecord {
    /// The bytes that a record carries.
    #[must_use]
    pub fn bytes(&self) -> usize {
        LEAF_BYTES + 32 + self.body.len() + self.command.as_ref().map_or(0, Vec::len)
    }
}

/// Records and what is written together with them, all or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Names the batch for reading back whether it was appended; no two batches have one id.
    pub id: Digest,
    /// The records, in order; one or more.
    pub records: Vec<StoredRecord>,
    /// Content by its name; erasable. The store does not check the name, since evidence is named with a salt.
    pub documents: Vec<(Digest, Vec<u8>)>,
    /// Small rows, key and value; a later row with the same key replaces an earlier one.
    pub index: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Batch {
    /// The bytes that a batch carries.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let records: usize = self.records.iter().map(StoredRecord::bytes).sum();
        let documents: usize = self.documents.iter().map(|(_, bytes)| 32 + bytes.len()).sum();
        let index: usize = self.index.iter().map(|(key, value)| key.len() + value.len()).sum();
        records + documents + index
    }

    /// Checks the batch against the limits.
    ///
    /// # Errors
    /// [`StoreError::Empty`] and [`StoreError::Limit`].
    pub fn check(&self) -> Result<()> {
        if self.records.is_empty() {
            return Err(StoreError::Empty);
        }
        at_most("a batch's records", self.records.len(), BATCH_RECORDS_MAX)?;
        at_most("a batch's documents", self.documents.len(), BATCH_DOCUMENTS_MAX)?;
        at_most("a batch's index rows", self.index.len(), BATCH_INDEX_ROWS_MAX)?;
        for record in &self.records {
            at_most("a body's bytes", record.body.len(), BODY_BYTES_MAX)?;
            let command_len = record.command.as_ref().map_or(0, Vec::len);
            at_most("a command's bytes", command_len, COMMAND_BYTES_MAX)?;
        }
        for (_, document) in &self.documents {
            at_most("a document's bytes", document.len(), DOCUMENT_BYTES_MAX)?;
        }
        for (key, value) in &self.index {
            at_most("an index key's bytes", key.len(), INDEX_KEY_BYTES_MAX)?;
            at_most("an index value's bytes", value.len(), INDEX_VALUE_BYTES_MAX)?;
        }
        at_most("a batch's bytes", self.bytes(), APPEND_BYTES_MAX)
    }
}

/// Checks what one durable append may carry.
pub(crate) fn check_append(batches: &[&Batch]) -> Result<()> {
    if batches.is_empty() {
        return Err(StoreError::Empty);
    }
    at_most("an append's batches", batches.len(), APPEND_BATCHES_MAX)?;
    let mut ids = BTreeSet::new();
    for batch in batches {
        batch.check()?;
        if !ids.insert(batch.id) {
            return Err(StoreError::BatchExists { id: batch.id });
        }
    }
    let records = batches.iter().map(|batch| batch.records.len()).sum();
    at_most("an append's records", records, APPEND_RECORDS_MAX)?;
    let documents = batches.iter().map(|batch| batch.documents.len()).sum();
    at_most("an append's documents", documents, APPEND_DOCUMENTS_MAX)?;
    at_most("an append's bytes", batches.iter().map(|batch| batch.bytes()).sum(), APPEND_BYTES_MAX)
}

/// What became of an append.
#[derive(Debug)]
#[must_use]
pub enum Append {
    /// Durable; this is the head now.
    Appended(Head),
    /// Nothing was written: the ledger's head is this one, not the expected one.
    HeadMoved(Head),
    /// Not known: reading or writing failed on the way. Ask [`Store::batch`](crate::Store::batch) for the id
    /// before anything else is appended, and never append the batch again blindly.
    Unknown,
    /// Nothing was written, and the same append will be refused again.
    Refused(StoreError),
}

/// The state of whoever runs over the ledger, as it was after so many records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// How many records the state has seen.
    pub size: u64,
    /// The state, opaque to the store.
    pub state: Vec<u8>,
}

/// How much an erasure removed; what had been erased before, or never was, is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Erased {
    /// Documents removed.
    pub documents: u64,
    /// Commands removed.
    pub commands: u64,
}
