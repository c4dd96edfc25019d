//! The port that every engine serves.

use crate::batch::{Append, Batch, Erased, Head, Snapshot, StoredRecord};
use crate::error::{Result, StoreError, at_most};
use crate::limits::{MAP_BYTES_MAX, SNAPSHOT_BYTES_MAX, STREAM_BYTES_MAX, STREAM_RECORDS_MAX};
use lockstep_types::{Digest, MapKey};
use std::collections::VecDeque;

/// Depth and prefix of a node in the state map.
pub type NodeKey = (u16, [u8; 32]);
/// A row of the state map as a snapshot leaves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MapRow {
    /// A node; one without bytes is removed.
    Node(NodeKey, Option<Vec<u8>>),
    /// A value.
    Value(MapKey, Vec<u8>),
}

/// Key and value of an index row.
pub type IndexRow = (Vec<u8>, Vec<u8>);

/// Compare-and-append over bytes: whoever names the head wins it, others catch up.
pub trait Store: Send + Sync {
    /// The head that is durable.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn head(&self) -> Result<Head>;

    /// Appends `batch` if the head is `expected`; durable when it answers [`Append::Appended`].
    fn append(&self, expected: &Head, batch: &Batch) -> Append {
        self.append_all(expected, &[batch])
    }

    /// Appends all of `batches`, in order and as one durable write, or none of them.
    fn append_all(&self, expected: &Head, batches: &[&Batch]) -> Append;

    /// The head right after the batch named `id`; `None` if no such batch was ever appended.
    ///
    /// # Errors
    /// When the store cannot be read: then the batch's fate is still unknown.
    fn batch(&self, id: &Digest) -> Result<Option<Head>>;

    /// Records from number `from` on: at most `max`, and at most `bytes_max` bytes but always one. Empty at
    /// the head. A record whose stored bytes do not match their checksum is an error, never returned.
    ///
    /// # Errors
    /// When `from` is beyond the head, or stored bytes are damaged.
    fn records(&self, from: u64, max: usize, bytes_max: usize) -> Result<Vec<StoredRecord>>;

    /// The document named `digest`; `None` if it was never stored, or has been erased.
    ///
    /// # Errors
    /// When stored bytes are damaged.
    fn document(&self, digest: &Digest) -> Result<Option<Vec<u8>>>;

    /// Erases documents, and the commands of the records numbered `commands`, for good: leaf, salt and body
    /// stay. A document once erased is not stored again by a later batch. Erasing twice is harmless.
    ///
    /// # Errors
    /// When a record is beyond the head, or the erasure may not be durable: erase again.
    fn erase(&self, documents: &[Digest], commands: &[u64]) -> Result<Erased>;

    /// The value of the index row `key`. Rows of an append may be seen a moment before the head that counts
    /// its records.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn index_get(&self, key: &[u8]) -> Result<Option<Vec<u8>>>;

    /// Index rows whose key starts with `prefix` and is not below `from` (inclusive), ascending, at most
    /// `max`; as [`Store::index_get`].
    ///
    /// # Errors
    /// When the store cannot be read.
    fn index_range(&self, prefix: &[u8], from: &[u8], max: usize) -> Result<Vec<IndexRow>>;

    /// The latest snapshot. Engines may lose snapshots and map rows in a crash, never a part of one: whoever
    /// reads re-runs the records after it.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn snapshot(&self) -> Result<Option<Snapshot>>;

    /// Replaces the snapshot and changes the map with it, all or nothing. Rows are asked for one by one, so
    /// that an engine need not hold them together; they ascend: nodes by depth and prefix, then values by
    /// key.
    ///
    /// # Errors
    /// When the snapshot is ahead of the ledger or too large, a row is too large or out of order, or the
    /// store cannot be written.
    fn put_snapshot(&self, snapshot: Snapshot, map: &mut dyn Iterator<Item = MapRow>) -> Result<()>;

    /// A node of the state map as of the latest snapshot.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn map_node(&self, depth: u16, prefix: &[u8; 32]) -> Result<Option<Vec<u8>>>;

    /// A value of the state map as of the latest snapshot.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn map_value(&self, key: &MapKey) -> Result<Option<Vec<u8>>>;

    /// Stores the certificate over the first `size` records, durably; replaces an earlier one for that size.
    ///
    /// # Errors
    /// When `size` is ahead of the ledger, the certificate is too long, or it may not be durable: put it
    /// again.
    fn put_certificate(&self, size: u64, certificate: &[u8]) -> Result<()>;

    /// The certificate over the first `size` records.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn certificate(&self, size: u64) -> Result<Option<Vec<u8>>>;

    /// The certificate over the most records, with their number.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn latest_certificate(&self) -> Result<Option<(u64, Vec<u8>)>>;
}

/// Streams the records numbered `from` to `to` (exclusive) with bounded memory; ends early at the head.
pub fn stream(store: &dyn Store, from: u64, to: u64) -> Records<'_> {
    Records { store, next: from, to, chunk: VecDeque::new() }
}

/// Records one by one; made by [`stream`]. After an error it ends.
pub struct Records<'a> {
    store: &'a dyn Store,
    next: u64,
    to: u64,
    chunk: VecDeque<StoredRecord>,
}

impl Iterator for Records<'_> {
    type Item = Result<StoredRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.to {
            return None;
        }
        if self.chunk.is_empty() {
            let wanted = usize::try_from(self.to - self.next).unwrap_or(usize::MAX);
            match self.store.records(self.next, wanted.min(STREAM_RECORDS_MAX), STREAM_BYTES_MAX) {
                Ok(records) => self.chunk = records.into(),
                Err(error) => {
                    self.to = 0;
                    return Some(Err(error));
                }
            }
        }
        let record = self.chunk.pop_front()?;
        self.next += 1;
        Some(Ok(record))
    }
}

/// Checks the snapshot that [`Store::put_snapshot`] takes, in a ledger of `size` records.
pub(crate) fn check_snapshot(size: u64, snapshot: &Snapshot) -> Result<()> {
    if snapshot.size > size {
        return Err(StoreError::Ahead { what: "a snapshot", found: snapshot.size, size });
    }
    at_most("a snapshot's bytes", snapshot.state.len(), SNAPSHOT_BYTES_MAX)
}

/// Checks the rows that [`Store::put_snapshot`] takes, one by one.
pub(crate) fn check_map_rows(rows: &mut dyn Iterator<Item = MapRow>) -> impl Iterator<Item = Result<MapRow>> {
    let mut last = None;
    rows.map(move |row| {
        let (place, bytes) = match &row {
            MapRow::Node((depth, prefix), node) => ((0, *depth, *prefix), node.as_ref().map_or(0, Vec::len)),
            MapRow::Value(key, value) => ((1, 0, key.0), value.len()),
        };
        at_most("a map row's bytes", bytes, MAP_BYTES_MAX)?;
        if last.replace(place) >= Some(place) {
            return Err(StoreError::MapOrder);
        }
        Ok(row)
    })
}
