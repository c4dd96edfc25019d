//! What is derived from the log: where things are and index rows in one engine, the snapshot and its map in
//! another. An engine that takes a snapshot in flushes it and lets nobody else write meanwhile, and rows are
//! what an answer waits for. Rows are not flushed: after a crash they are brought up to date from the log,
//! and an index that is damaged is made anew.

use super::frame::{Nonce, Place};
use crate::batch::{Head, Snapshot};
use crate::error::{Result, StoreError};
use crate::store::{IndexRow, MapRow};
use fjall::compaction::Leveled;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode, Readable};
use lockstep_types::{Digest, MapKey};
use std::path::Path;
use std::sync::Arc;

/// Bytes of blocks that each engine keeps in memory.
const CACHE_BYTES: u64 = 4 * 1_048_576;
/// Bytes of rows that are gathered before a table is written; in memory they take several times as much.
const MEMTABLE_BYTES: u64 = 2 * 1_048_576;
/// Bytes of a table when tables are merged. While one is written, what finds things in it is in memory; and
/// what finds things in the first level, four tables, always is.
const TABLE_BYTES: u64 = 16 * 1_048_576;
/// Bytes of the engine's own journals; the least it takes.
const JOURNAL_BYTES_MAX: u64 = 64 * 1_048_576;
/// Table files that each engine keeps open.
const OPEN_FILES_MAX: usize = 32;

/// Threads that write and merge tables of rows. One alone waits for itself once more work waits than the
/// engine's queue holds, and no table is written any more; of two, one writes while the other merges.
const ROW_WORKERS: usize = 2;
/// Of the map there is only to merge: its tables come as they are.
const MAP_WORKERS: usize = 1;

/// Of so many records one has its frame's place in the index.
const RECORDS_PER_ROW: u64 = 16;

/// Bytes of a snapshot's state in a row. Rows are read, checked and merged in blocks, so a large one would
/// cost whoever looks a neighbour up.
const STATE_BYTES_PER_ROW: usize = 16 * 1_024;

const APPLIED: &[u8] = b"a";
const BATCH: u8 = b'b';
const CERTIFICATE: u8 = b'c';
const DOCUMENT: u8 = b'd';
const ERASED_COMMAND: u8 = b'e';
const FRAME: u8 = b'f';
const ROW: u8 = b'i';
const NODE: u8 = b'n';
const STATE: u8 = b's';
const SNAPSHOT: &[u8] = b"t";
const VALUE: u8 = b'v';

fn failed(error: fjall::Error) -> StoreError {
    StoreError::Index { source: Box::new(error) }
}

fn key(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![tag];
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// How far the log has been taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Applied {
    /// Where the next frame starts.
    pub end: u64,
    /// The ledger's head there.
    pub head: Head,
}

/// What is known of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Document {
    Unknown,
    Erased,
    At(Place),
}

/// The open index; a copy is another handle of the same.
#[derive(Clone)]
pub(super) struct Index {
    rows: Engine,
    map: Engine,
}

/// An engine and the one set of rows in it.
#[derive(Clone)]
struct Engine {
    database: Database,
    keyspace: Keyspace,
}

impl Engine {
    fn open(dir: &Path, workers: usize) -> Result<Self> {
        let database = Database::builder(dir)
            .cache_size(CACHE_BYTES)
            .max_journaling_size(JOURNAL_BYTES_MAX)
            .max_cached_files(Some(OPEN_FILES_MAX))
            .manual_journal_persist(true)
            .worker_threads(workers)
            .open()
            .map_err(failed)?;
        let options = || {
            let merging = Leveled::default().with_table_target_size(TABLE_BYTES);
            KeyspaceCreateOptions::default()
                .max_memtable_size(MEMTABLE_BYTES)
                .compaction_strategy(Arc::new(merging))
                .expect_point_read_hits(true)
        };
        let keyspace = database.keyspace("rows", options).map_err(failed)?;
        Ok(Self { database, keyspace })
    }
}

/// A row as the engine takes it; one without a value is removed.
type EngineRow = (Vec<u8>, Option<Vec<u8>>);

/// Rows that one frame adds, all or none.
pub(super) struct Change {
    batch: fjall::OwnedWriteBatch,
    rows: Keyspace,
}

impl Change {
    fn put(&mut self, key: Vec<u8>, value: impl Into<fjall::Slice>) {
        self.batch.insert(&self.rows, key, value);
    }

    /// The frame at `at` holds the records from `first` to `end` (exclusive). One row for each multiple of
    /// [`RECORDS_PER_ROW`] among them: from there it is a short walk through the log.
    pub fn frame(&mut self, first: u64, end: u64, at: u64) {
        for block in first.div_ceil(RECORDS_PER_ROW)..end.div_ceil(RECORDS_PER_ROW) {
            self.put(key(FRAME, &[&block.to_be_bytes()]), at.to_le_bytes());
        }
    }

    pub fn batch(&mut self, id: &Digest, after: &Head) {
        self.put(key(BATCH, &[&id.0]), encode_head(after));
    }

    pub fn row(&mut self, row_key: &[u8], value: &[u8]) {
        self.put(key(ROW, &[row_key]), value);
    }

    pub fn document(&mut self, digest: &Digest, place: &Place) {
        self.put(key(DOCUMENT, &[&digest.0]), place.encode());
    }

    pub fn certificate(&mut self, size: u64, place: &Place) {
        self.put(key(CERTIFICATE, &[&size.to_be_bytes()]), place.encode());
    }

    pub fn document_erased(&mut self, digest: &Digest) {
        self.put(key(DOCUMENT, &[&digest.0]), []);
    }

    pub fn command_erased(&mut self, number: u64) {
        self.put(key(ERASED_COMMAND, &[&number.to_be_bytes()]), []);
    }

    /// Takes the rows over, and with them that the log is applied up to `applied`.
    pub fn commit(mut self, applied: &Applied, nonce: &Nonce) -> Result<()> {
        let mut value = nonce.to_vec();
        value.extend(applied.end.to_le_bytes());
        value.extend(encode_head(&applied.head));
        self.put(APPLIED.to_vec(), value);
        self.batch.commit().map_err(failed)
    }
}

impl Index {
    /// Whether an index that was begun by [`Index::open`] is in `dir`.
    pub fn is_in(dir: &Path) -> bool {
        dir.join("map").exists()
    }

    /// Opens the index in `dir`, or starts it there.
    pub fn open(dir: &Path) -> Result<Self> {
        let rows = Engine::open(&dir.join("rows"), ROW_WORKERS)?;
        let map = Engine::open(&dir.join("map"), MAP_WORKERS)?;
        Ok(Self { rows, map })
    }

    /// Bytes of the tables that hold rows.
    #[cfg(test)]
    pub fn table_bytes(&self) -> u64 {
        self.rows.keyspace.disk_space()
    }

    fn write(&self) -> fjall::OwnedWriteBatch {
        // Handed to the system, so that a killed process loses nothing; not flushed, since the log is.
        self.rows.database.batch().durability(Some(PersistMode::Buffer))
    }

    pub fn change(&self) -> Change {
        Change { batch: self.write(), rows: self.rows.keyspace.clone() }
    }

    fn get(&self, key: &[u8]) -> Result<Option<fjall::Slice>> {
        self.rows.keyspace.get(key).map_err(failed)
    }

    /// How far the log with this nonce was taken over; `None` when nothing was.
    ///
    /// # Errors
    /// When the index was made for another log.
    pub fn applied(&self, nonce: &Nonce) -> Result<Option<Applied>> {
        let Some(bytes) = self.get(APPLIED)? else { return Ok(None) };
        let Some(rest) = bytes.strip_prefix(nonce) else {
            return Err(StoreError::IndexDamaged { what: "which log it belongs to" });
        };
        let damaged = StoreError::IndexDamaged { what: "how far the log was taken over" };
        let (end, head) = rest.split_first_chunk().ok_or(damaged)?;
        Ok(Some(Applied { end: u64::from_le_bytes(*end), head: decode_head(head)? }))
    }

    /// Whether a snapshot is there as this version writes it, or none: the map belongs to it. Which log it is
    /// of, only the rows know: without them it may be another's.
    ///
    /// # Errors
    /// When the rows cannot be read.
    pub fn snapshot_is_whole(&self, has_rows: bool) -> Result<bool> {
        let view = self.map.database.snapshot();
        match view.get(&self.map.keyspace, SNAPSHOT).map_err(failed)? {
            Some(bytes) => Ok(has_rows && decode_snapshot(&bytes).is_some()),
            None => Ok(view.prefix(&self.map.keyspace, [STATE]).next().is_none()),
        }
    }

    pub fn batch(&self, id: &Digest) -> Result<Option<Head>> {
        self.get(&key(BATCH, &[&id.0]))?.map(|bytes| decode_head(&bytes)).transpose()
    }

    pub fn document(&self, digest: &Digest) -> Result<Document> {
        match self.get(&key(DOCUMENT, &[&digest.0]))? {
            None => Ok(Document::Unknown),
            Some(bytes) if bytes.is_empty() => Ok(Document::Erased),
            Some(bytes) => Ok(Document::At(decode_place(&bytes)?)),
        }
    }

    pub fn certificate(&self, size: u64) -> Result<Option<Place>> {
        self.get(&key(CERTIFICATE, &[&size.to_be_bytes()]))?.map(|bytes| decode_place(&bytes)).transpose()
    }

    pub fn latest_certificate(&self) -> Result<Option<(u64, Place)>> {
        let Some(row) = self.rows.keyspace.prefix([CERTIFICATE]).next_back() else { return Ok(None) };
        let (key, value) = row.into_inner().map_err(failed)?;
        Ok(Some((decode_number(&key)?, decode_place(&value)?)))
    }

    /// Where a frame starts that holds record `number` or one of the [`RECORDS_PER_ROW`] before it.
    pub fn frame_before(&self, number: u64) -> Result<u64> {
        let damaged = || StoreError::IndexDamaged { what: "where a frame starts" };
        let block = number / RECORDS_PER_ROW;
        let at = self.get(&key(FRAME, &[&block.to_be_bytes()]))?.ok_or_else(damaged)?;
        Ok(u64::from_le_bytes(at.as_ref().try_into().map_err(|_| damaged())?))
    }

    /// Whether the command of record `number` was erased.
    pub fn is_command_erased(&self, number: u64) -> Result<bool> {
        Ok(self.get(&key(ERASED_COMMAND, &[&number.to_be_bytes()]))?.is_some())
    }

    pub fn row(&self, row_key: &[u8]) -> Result<Option<Vec<u8>>> {
        Ok(self.get(&key(ROW, &[row_key]))?.map(|value| value.to_vec()))
    }

    pub fn rows(&self, prefix: &[u8], from: &[u8], max: usize) -> Result<Vec<IndexRow>> {
        let start = key(ROW, &[prefix.max(from)]);
        let wanted = key(ROW, &[prefix]);
        let mut rows = Vec::new();
        for row in self.rows.keyspace.range(start..vec![ROW + 1]).take(max) {
            let (key, value) = row.into_inner().map_err(failed)?;
            if !key.starts_with(&wanted) {
                break;
            }
            rows.push((key.get(1..).unwrap_or_default().to_vec(), value.to_vec()));
        }
        Ok(rows)
    }

    pub fn snapshot(&self) -> Result<Option<Snapshot>> {
        let view = self.map.database.snapshot();
        let Some(bytes) = view.get(&self.map.keyspace, SNAPSHOT).map_err(failed)? else { return Ok(None) };
        let damaged = || StoreError::IndexDamaged { what: "the snapshot" };
        let (size, rows) = decode_snapshot(&bytes).ok_or_else(damaged)?;
        let (mut state, mut found) = (Vec::new(), 0u32);
        for row in view.prefix(&self.map.keyspace, [STATE]) {
            let (key, part) = row.into_inner().map_err(failed)?;
            if *key != *state_key(found) {
                return Err(damaged());
            }
            state.extend_from_slice(&part);
            found += 1;
        }
        if found != rows {
            return Err(damaged());
        }
        Ok(Some(Snapshot { size, state }))
    }

    /// Writes snapshot and map rows as tables of their own, which the engine takes in all at once: so they
    /// are never together in memory, however many they are.
    pub fn put_snapshot(
        &self,
        snapshot: Snapshot,
        map: &mut dyn Iterator<Item = Result<MapRow>>,
    ) -> Result<()> {
        let earlier = self.map.keyspace.get(SNAPSHOT).map_err(failed)?;
        let earlier = earlier.and_then(|bytes| decode_snapshot(&bytes)).map_or(0, |(_, rows)| rows);
        let mut own = snapshot_rows(&snapshot, earlier);
        let mut tables = self.map.keyspace.start_ingestion().map_err(failed)?;
        let mut put = |(key, value): EngineRow| match value {
            Some(value) => tables.write(key, value).map_err(failed),
            None => tables.write_tombstone(key).map_err(failed),
        };
        for row in map {
            let row = row?;
            // Keys ascend: the snapshot's stand between those of nodes and those of values.
            if matches!(row, MapRow::Value(..)) {
                own.try_for_each(&mut put)?;
            }
            put(match row {
                MapRow::Node((depth, prefix), node) => (node_key(depth, &prefix), node),
                MapRow::Value(map_key, value) => (key(VALUE, &[&map_key.0]), Some(value)),
            })?;
        }
        own.try_for_each(&mut put)?;
        tables.finish().map_err(failed)
    }

    pub fn map_node(&self, depth: u16, prefix: &[u8; 32]) -> Result<Option<Vec<u8>>> {
        let node = self.map.keyspace.get(node_key(depth, prefix)).map_err(failed)?;
        Ok(node.map(|bytes| bytes.to_vec()))
    }

    pub fn map_value(&self, map_key: &MapKey) -> Result<Option<Vec<u8>>> {
        let value = self.map.keyspace.get(key(VALUE, &[&map_key.0])).map_err(failed)?;
        Ok(value.map(|bytes| bytes.to_vec()))
    }
}

fn node_key(depth: u16, prefix: &[u8; 32]) -> Vec<u8> {
    key(NODE, &[&depth.to_be_bytes(), prefix])
}

fn state_key(number: u32) -> Vec<u8> {
    key(STATE, &[&number.to_be_bytes()])
}

/// The rows of a snapshot that replaces one whose state took `earlier` rows.
fn snapshot_rows(snapshot: &Snapshot, earlier: u32) -> impl Iterator<Item = EngineRow> {
    let parts = snapshot.state.chunks(STATE_BYTES_PER_ROW);
    let rows = u32::try_from(parts.len()).expect("a snapshot's state has 512 MiB at most");
    let state = (0..rows).zip(parts).map(|(number, part)| (state_key(number), Some(part.to_vec())));
    let stale = (rows..earlier).map(|number| (state_key(number), None));
    let size = [snapshot.size.to_le_bytes().as_slice(), &rows.to_le_bytes()].concat();
    state.chain(stale).chain([(SNAPSHOT.to_vec(), Some(size))])
}

/// A snapshot's size, and the rows that its state takes.
fn decode_snapshot(bytes: &[u8]) -> Option<(u64, u32)> {
    let (size, rows) = bytes.split_first_chunk()?;
    Some((u64::from_le_bytes(*size), u32::from_le_bytes(rows.try_into().ok()?)))
}

fn encode_head(head: &Head) -> Vec<u8> {
    [head.size.to_le_bytes().as_slice(), &head.tip.0].concat()
}

fn decode_head(bytes: &[u8]) -> Result<Head> {
    let damaged = || StoreError::IndexDamaged { what: "a head" };
    let (size, tip) = bytes.split_first_chunk().ok_or_else(damaged)?;
    let tip = tip.try_into().map_err(|_| damaged())?;
    Ok(Head { size: u64::from_le_bytes(*size), tip: Digest(tip) })
}

fn decode_place(bytes: &[u8]) -> Result<Place> {
    Place::decode(bytes).ok_or(StoreError::IndexDamaged { what: "where something lies in the log" })
}

/// The number after the tag of a key.
fn decode_number(key: &[u8]) -> Result<u64> {
    let number = key.get(1..).and_then(|bytes| bytes.try_into().ok());
    number.map(u64::from_be_bytes).ok_or(StoreError::IndexDamaged { what: "a record number" })
}
