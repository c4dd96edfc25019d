//! The log file: appended to, read at any place, never changed but for erasure.

use super::frame::{ALIGN, Frame, FrameHead, HEAD_BYTES, Nonce, Part, Place};
use crate::error::{Result, StoreError};
use lockstep_types::sha256_parts;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Where the first frame starts: after the title, which names the format, the log's nonce, and their
/// checksum.
pub(super) const LOG_START: u64 = 56;
const LOG_TITLE: &[u8; 24] = b"lockstep-store-log/1\n\0\0\0";
const LOG_NAME: &str = "ledger.log";
/// Bytes read at a time by whoever walks through the log.
pub(super) const WINDOW_BYTES: usize = 256 * 1_024;
/// Bytes searched at a time for a frame after damage.
const SEARCH_BYTES: usize = 1_048_576;
/// Bytes overwritten at a time by an erasure.
const ZEROS: [u8; 4_096] = [0; 4_096];

/// The open log file.
pub(super) struct Log {
    file: File,
    path: PathBuf,
    pub nonce: Nonce,
}

/// Why there is no frame at a place.
pub(super) enum NoFrame {
    /// What stands there is not a whole frame.
    NotOne(&'static str),
    /// The file cannot be read.
    Failed(StoreError),
}

impl From<StoreError> for NoFrame {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

fn start_of_log(nonce: Nonce) -> [u8; LOG_START as usize] {
    let check = sha256_parts(&[LOG_TITLE, &nonce]);
    let bytes = LOG_TITLE.iter().chain(&nonce).chain(&check);
    let mut start = [0; LOG_START as usize];
    start.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    start
}

impl Log {
    /// Opens the log in `dir`.
    pub fn open(dir: &Path) -> Result<Self> {
        let path = dir.join(LOG_NAME);
        let file =
            OpenOptions::new().read(true).write(true).open(&path).map_err(StoreError::io("open", &path))?;
        let log = Self { file, path, nonce: [0; 16] };
        let mut start = [0; LOG_START as usize];
        log.read(0, &mut start)?;
        let (title, rest) = start.split_at(LOG_TITLE.len());
        let nonce = *rest.first_chunk().unwrap_or(&[0; 16]);
        // A wrong nonce would make every frame look torn.
        if title != LOG_TITLE || start != start_of_log(nonce) {
            return Err(log.damaged(0, "it does not start as a log does"));
        }
        Ok(Self { nonce, ..log })
    }

    /// Starts a log in `dir`, in place of one that is [empty](Log::is_empty).
    pub fn create(dir: &Path) -> Result<()> {
        let path = dir.join(LOG_NAME);
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|error| {
            StoreError::io("draw a nonce for", &path)(std::io::Error::other(error.to_string()))
        })?;
        let mut file = File::create(&path).map_err(StoreError::io("make", &path))?;
        file.write_all(&start_of_log(nonce)).map_err(StoreError::io("write", &path))?;
        file.sync_all().map_err(StoreError::io("flush", &path))
    }

    /// Whether the log in `dir` has nothing in it yet, or is not there.
    pub fn is_empty(dir: &Path) -> bool {
        std::fs::metadata(dir.join(LOG_NAME)).map_or(true, |metadata| metadata.len() <= LOG_START)
    }

    fn io(&self, action: &'static str) -> impl FnOnce(std::io::Error) -> StoreError {
        StoreError::io(action, &self.path)
    }

    pub fn len(&self) -> Result<u64> {
        let metadata = self.file.metadata().map_err(self.io("measure"))?;
        Ok(metadata.len())
    }

    pub fn damaged(&self, offset: u64, what: &'static str) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), offset, what }
    }

    fn read(&self, offset: u64, bytes: &mut [u8]) -> Result<()> {
        self.file.read_exact_at(bytes, offset).map_err(self.io("read"))
    }

    /// Writes `bytes` at `offset`; durable when it returns.
    pub fn write(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.file.write_all_at(bytes, offset).map_err(self.io("write"))?;
        self.sync()
    }

    fn sync(&self) -> Result<()> {
        self.file.sync_data().map_err(self.io("flush"))
    }

    /// Overwrites parts with zeros; durable when it returns.
    pub fn erase(&self, places: &[Place]) -> Result<()> {
        for place in places {
            let mut offset = place.offset;
            while offset < place.end() {
                let len = ZEROS.len().min(usize::try_from(place.end() - offset).unwrap_or(ZEROS.len()));
                let zeros = ZEROS.get(..len).unwrap_or(&ZEROS);
                self.file.write_all_at(zeros, offset).map_err(self.io("erase in"))?;
                offset += len as u64;
            }
        }
        if places.is_empty() { Ok(()) } else { self.sync() }
    }

    /// Cuts the file at `end`; durable when it returns.
    pub fn cut(&self, end: u64) -> Result<()> {
        self.file.set_len(end).map_err(self.io("shorten"))?;
        self.file.sync_all().map_err(self.io("flush"))
    }

    /// Writes the bytes from `start` to `end` once more. After a failed flush the system may show bytes that
    /// never reached the disk; only a second write and a flush that succeeds make them durable.
    pub fn rewrite(&self, start: u64, end: u64) -> Result<()> {
        let mut bytes = vec![0; usize::try_from(end - start).unwrap_or(usize::MAX)];
        self.read(start, &mut bytes)?;
        self.write(start, &bytes)
    }

    /// Head and table of the frame at `at`, which must lie before `end` as a whole.
    pub fn frame(&self, at: u64, end: u64) -> core::result::Result<Frame, NoFrame> {
        let head = self.frame_head(at, end)?.ok_or(NoFrame::NotOne("no frame starts here"))?;
        if head.frame_bytes() > end - at {
            return Err(NoFrame::NotOne("the frame is longer than the file"));
        }
        let mut table = vec![0; head.table_bytes()];
        self.read(at + HEAD_BYTES as u64, &mut table)?;
        Frame::decode(at, &head, &table)
            .ok_or(NoFrame::NotOne("the frame's table does not match its checksum"))
    }

    fn frame_head(&self, at: u64, end: u64) -> Result<Option<FrameHead>> {
        if at.saturating_add(HEAD_BYTES as u64) > end {
            return Ok(None);
        }
        let mut bytes = [0; HEAD_BYTES];
        self.read(at, &mut bytes)?;
        Ok(FrameHead::decode(&bytes, &self.nonce))
    }

    /// Where the frame with record `number` starts, walking from the frame at `at`, which must not be after
    /// it.
    pub fn frame_with(&self, number: u64, mut at: u64, end: u64) -> Result<u64> {
        let head = |at| self.frame_head(at, end)?.ok_or_else(|| self.damaged(at, "no frame starts here"));
        let mut next = at + head(at)?.frame_bytes();
        // A frame's records end where the next frame begins.
        while next < end {
            let after = head(next)?;
            if after.before.size > number {
                break;
            }
            at = next;
            next = at + after.frame_bytes();
        }
        Ok(at)
    }

    /// Whether a frame head stands anywhere from `from` to `end`: then what is before it is no torn tail.
    pub fn has_frame_after(&self, from: u64, end: u64) -> Result<bool> {
        let mut at = from.next_multiple_of(ALIGN);
        while at.saturating_add(HEAD_BYTES as u64) <= end {
            let mut bytes = vec![0; SEARCH_BYTES.min(usize::try_from(end - at).unwrap_or(SEARCH_BYTES))];
            self.read(at, &mut bytes)?;
            let mut starts = bytes.windows(HEAD_BYTES).step_by(ALIGN as usize);
            if starts
                .any(|head| head.try_into().is_ok_and(|head| FrameHead::decode(head, &self.nonce).is_some()))
            {
                return Ok(true);
            }
            // The last starts of this piece whose head it cut off are the first of the next.
            at += ((bytes.len() - HEAD_BYTES) as u64 + 1).next_multiple_of(ALIGN);
        }
        Ok(false)
    }

    /// Reads parts in ascending order, `ahead` bytes at a time; nothing at `end` or after it.
    pub fn window(&self, end: u64, ahead: usize) -> Window<'_> {
        Window { log: self, start: 0, bytes: Vec::new(), end, ahead }
    }
}

/// Part of the log in memory.
pub(super) struct Window<'a> {
    log: &'a Log,
    start: u64,
    bytes: Vec<u8>,
    end: u64,
    ahead: usize,
}

impl Window<'_> {
    fn bytes_of(&mut self, place: &Place) -> Result<&[u8]> {
        let len = usize::try_from(place.len).unwrap_or(usize::MAX);
        let inside = place.offset >= self.start && place.end() <= self.start + self.bytes.len() as u64;
        if !inside {
            if place.end() > self.end {
                return Err(self.log.damaged(place.offset, "a part ends beyond the file"));
            }
            let rest = usize::try_from(self.end - place.offset).unwrap_or(usize::MAX);
            self.bytes.resize(len.max(self.ahead.min(rest)), 0);
            self.start = place.offset;
            let read = self.log.read(place.offset, &mut self.bytes);
            if read.is_err() {
                self.bytes.clear();
            }
            read?;
        }
        let from = usize::try_from(place.offset - self.start).unwrap_or(usize::MAX);
        Ok(self.bytes.get(from..from.saturating_add(len)).unwrap_or_default())
    }

    /// The bytes at `place`.
    pub fn place(&mut self, place: &Place) -> Result<&[u8]> {
        let log = self.log;
        let bytes = self.bytes_of(place)?;
        if !place.holds(bytes) {
            return Err(log.damaged(place.offset, "the bytes do not match their checksum"));
        }
        Ok(bytes)
    }

    /// Whether the part still holds what was written.
    pub fn holds(&mut self, part: &Part) -> Result<bool> {
        let bytes = self.bytes_of(&part.place)?;
        Ok(part.place.holds(bytes))
    }
}
