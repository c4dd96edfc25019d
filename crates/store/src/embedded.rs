//! The embedded engine: a log file that holds everything, and an index that follows from it.
//!
//! One append is one write and one flush of the log. What has to be found again by key is in the index, whose
//! rows are never flushed: after a crash the tail of the log is taken over once more. A record is checked
//! against its checksum whenever it is read, and an erasure overwrites the bytes where they lie.

mod apply;
mod check;
mod frame;
mod index;
mod log;
mod replay;

pub use check::Checked;

use crate::batch::{Append, Batch, Erased, Head, Snapshot, StoredRecord, check_append};
use crate::error::{Result, StoreError, at_most};
use crate::limits::{CERTIFICATE_BYTES_MAX, ERASE_ITEMS_MAX};
use crate::lock::lock_file;
use crate::store::{IndexRow, MapRow, Store, check_map_rows, check_snapshot};
use apply::{Written, command_place, frame_of, numbered, take_over};
use frame::{Frame, FrameBuilder, FrameHead, Part, PartKind, decode_record};
use index::{Applied, Document, Index};
use lockstep_types::{Digest, MapKey};
use log::{Log, WINDOW_BYTES, Window};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

/// What the file `FORMAT` of a store's folder says.
const FORMAT: &str = "lockstep-store/1\n";

/// A store in a folder of its own, held by one process at a time.
pub struct Embedded {
    dir: PathBuf,
    _lock: File,
    /// Whoever changes the store holds this; readers do not.
    writer: Mutex<()>,
    state: RwLock<State>,
}

/// The open files, or nothing after a failed write: then nobody knows what they hold until they are read
/// again.
struct State {
    open: Option<Open>,
}

struct Open {
    log: Log,
    index: Index,
    applied: Applied,
}

impl Embedded {
    /// Opens the store in `dir`, or makes one there. After a crash it first takes over what the index has not
    /// seen.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when it is open already, [`StoreError::Format`] for another format,
    /// [`StoreError::Damaged`] when acknowledged bytes are broken or missing.
    pub fn open(dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(dir).map_err(StoreError::io("make", dir))?;
        let lock = lock_file(&dir.join("LOCK"))?;
        check_format(dir)?;
        let open = Open::new(dir)?;
        let state = RwLock::new(State { open: Some(open) });
        Ok(Self { dir: dir.to_owned(), _lock: lock, writer: Mutex::new(()), state })
    }

    /// Reads everything once more: every byte against its checksum, heads, and the index against the log.
    ///
    /// # Errors
    /// The first damage found.
    pub fn check(&self) -> Result<Checked> {
        let _writer = self.writer();
        self.read(|open| {
            let checked = check::check(&open.log, &open.index, open.applied.end)?;
            if checked.head != open.applied.head {
                return Err(open.log.damaged(open.applied.end, "the leaves do not lead to the head"));
            }
            Ok(checked)
        })
    }

    fn writer(&self) -> MutexGuard<'_, ()> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `f` over the open files. They are opened again first if a write has failed.
    fn read<T>(&self, f: impl FnOnce(&Open) -> Result<T>) -> Result<T> {
        {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(open) = &state.open {
                return f(open);
            }
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let open = match state.open.take() {
            Some(open) => open,
            None => Open::new(&self.dir)?,
        };
        f(state.open.insert(open))
    }

    /// Writes one frame. After an error the frame may or may not be there, so the files are closed.
    /// The caller holds the writer's lock.
    fn write(&self, frame: FrameBuilder) -> Result<Head> {
        let written = self.read(|open| {
            let at = open.applied.end;
            let bytes = frame.finish(&open.applied.head, &open.log.nonce);
            open.log.write(at, &bytes)?;
            let frame = decode(&open.log, at, &bytes)?;
            take_over(&open.log, &open.index, &frame, &mut Written { log: &open.log, at, frame: &bytes })
        });
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        match (written, &mut state.open) {
            (Ok(applied), Some(open)) => {
                open.applied = applied;
                Ok(applied.head)
            }
            (Ok(applied), None) => Ok(applied.head),
            (Err(error), _) => {
                state.open = None;
                Err(error)
            }
        }
    }

    /// The frame for `batches`, or why there is none.
    fn prepare(&self, expected: &Head, batches: &[&Batch]) -> core::result::Result<FrameBuilder, Append> {
        check_append(batches).map_err(Append::Refused)?;
        let prepared = self.read(|open| {
            if open.applied.head != *expected {
                return Ok(Err(Append::HeadMoved(open.applied.head)));
            }
            for Batch { id, .. } in batches {
                if open.index.batch(id)?.is_some() {
                    return Ok(Err(Append::Refused(StoreError::BatchExists { id: *id })));
                }
            }
            let mut known = BTreeSet::new();
            for (digest, _) in batches.iter().flat_map(|batch| &batch.documents) {
                if open.index.document(digest)? != Document::Unknown {
                    known.insert(*digest);
                }
            }
            let mut frame = FrameBuilder::with_room(batches.iter().map(|batch| batch.bytes()).sum());
            for batch in batches {
                frame.batch(batch, &mut known);
            }
            Ok(Ok(frame))
        });
        prepared.unwrap_or(Err(Append::Unknown))
    }
}

/// Checks what the folder says of its format, or starts a store in it. `FORMAT` is written last, so where it
/// is there must be a log, and where it is not nothing has been appended.
fn check_format(dir: &Path) -> Result<()> {
    let path = dir.join("FORMAT");
    let found = std::fs::read(&path).unwrap_or_default();
    if found == FORMAT.as_bytes() {
        return Ok(());
    }
    if !FORMAT.as_bytes().starts_with(&found) || !Log::is_empty(dir) {
        let found = String::from_utf8_lossy(&found).trim_end().chars().take(80).collect();
        return Err(StoreError::Format { path, found, expected: FORMAT.trim_end() });
    }
    Log::create(dir)?;
    let mut file = File::create(&path).map_err(StoreError::io("make", &path))?;
    file.write_all(FORMAT.as_bytes()).map_err(StoreError::io("write", &path))?;
    file.sync_all().map_err(StoreError::io("flush", &path))?;
    sync_dir(dir)
}

/// Makes the names of the files in `dir` durable.
fn sync_dir(dir: &Path) -> Result<()> {
    let synced = File::open(dir).and_then(|file| file.sync_all());
    synced.map_err(StoreError::io("flush", dir))
}

/// Head and table of a frame just built.
fn decode(log: &Log, at: u64, bytes: &[u8]) -> Result<Frame> {
    let head = bytes.first_chunk().and_then(|head| FrameHead::decode(head, &log.nonce));
    let frame = head.and_then(|head| {
        let table = bytes.get(frame::HEAD_BYTES..frame::HEAD_BYTES + head.table_bytes())?;
        Frame::decode(at, &head, table)
    });
    frame.ok_or_else(|| log.damaged(at, "the frame was not built as it is read"))
}

impl Open {
    fn new(dir: &Path) -> Result<Self> {
        let (log, index, applied) = replay::open(dir)?;
        Ok(Self { log, index, applied })
    }

    fn size(&self) -> u64 {
        self.applied.head.size
    }

    /// Adds records of the frame that holds number `from` to `taken`, within `max` and `bytes_max`; `false`
    /// when a limit was reached.
    fn take_records(&self, from: u64, limits: (usize, usize), taken: &mut Vec<StoredRecord>) -> Result<bool> {
        let (max, bytes_max) = limits;
        let frame = frame_of(&self.log, &self.index, from, self.applied.end)?;
        let ahead = if max - taken.len() > 1 { WINDOW_BYTES.min(bytes_max) } else { 0 };
        let mut window = self.log.window(frame.end, ahead);
        let mut bytes: usize = taken.iter().map(StoredRecord::bytes).sum();
        let mut parts = numbered(&frame).filter(|(number, _)| *number >= from).peekable();
        while let Some((number, part)) = parts.next() {
            if part.kind != PartKind::Record {
                continue;
            }
            if taken.len() >= max {
                return Ok(false);
            }
            let record = decode_record(window.place(&part.place)?);
            let mut record =
                record.ok_or_else(|| self.log.damaged(part.place.offset, "a record is too short"))?;
            if let Some((_, command)) = parts.next_if(|(_, next)| next.kind == PartKind::Command) {
                record.command = self.command(number, command, &mut window)?;
            }
            bytes += record.bytes();
            if bytes > bytes_max && !taken.is_empty() {
                return Ok(false);
            }
            taken.push(record);
        }
        Ok(true)
    }

    /// The command of record `number`; `None` once erased.
    fn command(&self, number: u64, part: &Part, window: &mut Window<'_>) -> Result<Option<Vec<u8>>> {
        // Erased bytes are zeros, which nearly never match: the index is asked only then.
        let may_be_erased = part.place.len == 0 || !window.holds(part)?;
        if may_be_erased && self.index.is_command_erased(number)? {
            return Ok(None);
        }
        Ok(Some(window.place(&part.place)?.to_vec()))
    }

    /// What an erasure has to write, and what it will have removed.
    fn erasure(&self, documents: &[Digest], commands: &[u64]) -> Result<(FrameBuilder, Erased)> {
        let mut frame = FrameBuilder::default();
        let mut erased = Erased::default();
        for digest in BTreeSet::from_iter(documents) {
            let document = self.index.document(digest)?;
            if document != Document::Erased {
                frame.part(PartKind::EraseDocument, &[&digest.0]);
                erased.documents += u64::from(document != Document::Unknown);
            }
        }
        for number in BTreeSet::from_iter(commands) {
            if *number >= self.size() {
                return Err(StoreError::NoSuchRecord { number: *number, size: self.size() });
            }
            let gone = self.index.is_command_erased(*number)?;
            if !gone && command_place(&self.log, &self.index, *number, self.applied.end)?.is_some() {
                frame.part(PartKind::EraseCommand, &[&number.to_le_bytes()]);
                erased.commands += 1;
            }
        }
        Ok((frame, erased))
    }

    fn certificate(&self, place: &frame::Place) -> Result<Vec<u8>> {
        // It is durable once the index knows it; the head follows a moment later.
        let mut window = self.log.window(place.end(), 0);
        Ok(window.place(place)?.get(8..).unwrap_or_default().to_vec())
    }
}

impl Store for Embedded {
    fn head(&self) -> Result<Head> {
        self.read(|open| Ok(open.applied.head))
    }

    fn append_all(&self, expected: &Head, batches: &[&Batch]) -> Append {
        let _writer = self.writer();
        match self.prepare(expected, batches) {
            Ok(frame) => self.write(frame).map_or(Append::Unknown, Append::Appended),
            Err(answer) => answer,
        }
    }

    fn batch(&self, id: &Digest) -> Result<Option<Head>> {
        self.read(|open| open.index.batch(id))
    }

    fn records(&self, from: u64, max: usize, bytes_max: usize) -> Result<Vec<StoredRecord>> {
        self.read(|open| {
            let size = open.size();
            if from > size {
                return Err(StoreError::NoSuchRecord { number: from, size });
            }
            let mut taken = Vec::new();
            let mut next = from;
            while next < size && taken.len() < max && open.take_records(next, (max, bytes_max), &mut taken)? {
                next = from + taken.len() as u64;
            }
            Ok(taken)
        })
    }

    fn document(&self, digest: &Digest) -> Result<Option<Vec<u8>>> {
        self.read(|open| match open.index.document(digest)? {
            Document::At(place) => Ok(Some(open.log.window(place.end(), 0).place(&place)?.to_vec())),
            Document::Unknown | Document::Erased => Ok(None),
        })
    }

    fn erase(&self, documents: &[Digest], commands: &[u64]) -> Result<Erased> {
        at_most("an erasure's items", documents.len().saturating_add(commands.len()), ERASE_ITEMS_MAX)?;
        let _writer = self.writer();
        let (frame, erased) = self.read(|open| open.erasure(documents, commands))?;
        if !frame.is_empty() {
            self.write(frame)?;
        }
        Ok(erased)
    }

    fn index_get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.read(|open| open.index.row(key))
    }

    fn index_range(&self, prefix: &[u8], from: &[u8], max: usize) -> Result<Vec<IndexRow>> {
        self.read(|open| open.index.rows(prefix, from, max))
    }

    fn snapshot(&self) -> Result<Option<Snapshot>> {
        self.read(|open| open.index.snapshot())
    }

    fn put_snapshot(&self, snapshot: Snapshot, map: &mut dyn Iterator<Item = MapRow>) -> Result<()> {
        // Writing takes a while, and appends go on: the files are not held.
        let index = self.read(|open| {
            check_snapshot(open.size(), &snapshot)?;
            Ok(open.index.clone())
        })?;
        index.put_snapshot(snapshot, &mut check_map_rows(map))
    }

    fn map_node(&self, depth: u16, prefix: &[u8; 32]) -> Result<Option<Vec<u8>>> {
        self.read(|open| open.index.map_node(depth, prefix))
    }

    fn map_value(&self, key: &MapKey) -> Result<Option<Vec<u8>>> {
        self.read(|open| open.index.map_value(key))
    }

    fn put_certificate(&self, size: u64, certificate: &[u8]) -> Result<()> {
        at_most("a certificate's bytes", certificate.len(), CERTIFICATE_BYTES_MAX)?;
        let _writer = self.writer();
        let held = self.head()?.size;
        if size > held {
            return Err(StoreError::Ahead { what: "a certificate", found: size, size: held });
        }
        let mut frame = FrameBuilder::default();
        frame.part(PartKind::Certificate, &[&size.to_le_bytes(), certificate]);
        self.write(frame).map(|_| ())
    }

    fn certificate(&self, size: u64) -> Result<Option<Vec<u8>>> {
        self.read(|open| open.index.certificate(size)?.map(|place| open.certificate(&place)).transpose())
    }

    fn latest_certificate(&self) -> Result<Option<(u64, Vec<u8>)>> {
        self.read(|open| {
            let Some((size, place)) = open.index.latest_certificate()? else { return Ok(None) };
            Ok(Some((size, open.certificate(&place)?)))
        })
    }
}

#[cfg(test)]
mod tests;
