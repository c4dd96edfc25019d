//! The bytes of the log file: one frame a durable write, every part of it under its own checksum, so that a
//! part can be erased in place and the rest still be proven whole.
//!
//! ```text
//! frame = head (80) ‖ table (24 a part) ‖ check of head and table (16) ‖ parts ‖ zeros up to a multiple of 8
//! head  = "LSF1" ‖ 0000 ‖ parts u32 ‖ 0000 ‖ bytes of all parts u64 ‖ size before u64 ‖ tip before (32)
//!         ‖ check of the log's nonce and these 64 bytes (16)
//! table = per part: kind ‖ 000 ‖ length u32 ‖ check of the part (16)
//! ```
//!
//! Integers are little-endian; a check is the first 16 bytes of SHA-256. The nonce keeps a document that
//! looks like a frame from being taken for one.

use crate::batch::{Batch, Head, LEAF_BYTES, StoredRecord};
use crate::limits::{APPEND_BATCHES_MAX, APPEND_BYTES_MAX, APPEND_DOCUMENTS_MAX, APPEND_RECORDS_MAX};
use lockstep_types::{Digest, Salt, sha256, sha256_parts};
use std::collections::BTreeSet;

pub(super) const HEAD_BYTES: usize = 80;
const CHECKED_BYTES: usize = 64;
const ENTRY_BYTES: usize = 24;
const CHECK_BYTES: usize = 16;
/// Frames start at multiples of this, which bounds the search for the next one after damage.
pub(super) const ALIGN: u64 = 8;
const MAGIC: [u8; 4] = *b"LSF1";
/// Id and index rows a batch; body and command a record; name and bytes a document.
const PARTS_MAX: usize = 2 * (APPEND_BATCHES_MAX + APPEND_RECORDS_MAX + APPEND_DOCUMENTS_MAX);
/// What the limits on an append allow for its parts, with room for the lengths of index rows.
const PARTS_BYTES_MAX: u64 = 4 * APPEND_BYTES_MAX as u64;

type Check = [u8; CHECK_BYTES];
/// Random bytes of one log.
pub(super) type Nonce = [u8; 16];

fn first_16(digest: [u8; 32]) -> Check {
    let [left, _] = digest.as_chunks::<CHECK_BYTES>().0 else {
        unreachable!("32 bytes are two chunks of 16")
    };
    *left
}

fn check(bytes: &[u8]) -> Check {
    first_16(sha256(bytes))
}

/// What a part of a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartKind {
    /// Starts a batch: its id.
    BatchId,
    /// Leaf, salt, body.
    Record,
    /// The command of the record before it.
    Command,
    /// The batch's index rows.
    IndexRows,
    /// The name of the document after it.
    DocumentName,
    Document,
    /// Size and certificate.
    Certificate,
    /// The name of a document erased by this frame.
    EraseDocument,
    /// The number of a record whose command is erased by this frame.
    EraseCommand,
}

impl PartKind {
    const ALL: [Self; 9] = [
        Self::BatchId,
        Self::Record,
        Self::Command,
        Self::IndexRows,
        Self::DocumentName,
        Self::Document,
        Self::Certificate,
        Self::EraseDocument,
        Self::EraseCommand,
    ];

    fn byte(self) -> u8 {
        match self {
            Self::BatchId => 1,
            Self::Record => 2,
            Self::Command => 3,
            Self::IndexRows => 4,
            Self::DocumentName => 5,
            Self::Document => 6,
            Self::Certificate => 7,
            Self::EraseDocument => 8,
            Self::EraseCommand => 9,
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.byte() == byte)
    }
}

/// Where a part lies in the file, and what its bytes must hash to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub offset: u64,
    pub len: u32,
    pub check: Check,
}

impl Place {
    /// Offset, length, check.
    pub const BYTES: usize = 28;

    pub fn holds(&self, bytes: &[u8]) -> bool {
        check(bytes) == self.check
    }

    pub fn end(&self) -> u64 {
        self.offset + u64::from(self.len)
    }

    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        out[..8].copy_from_slice(&self.offset.to_le_bytes());
        out[8..12].copy_from_slice(&self.len.to_le_bytes());
        out[12..].copy_from_slice(&self.check);
        out
    }

    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (offset, rest) = bytes.split_first_chunk()?;
        let (len, check) = rest.split_first_chunk()?;
        Some(Self {
            offset: u64::from_le_bytes(*offset),
            len: u32::from_le_bytes(*len),
            check: check.try_into().ok()?,
        })
    }
}

/// One part of a frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub kind: PartKind,
    pub place: Place,
}

/// The fixed start of a frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct FrameHead {
    parts: u32,
    parts_bytes: u64,
    /// The ledger's head before this frame.
    pub before: Head,
    check: Check,
}

impl FrameHead {
    /// `None` when these are not the 80 bytes that start a frame.
    pub fn decode(bytes: &[u8; HEAD_BYTES], nonce: &Nonce) -> Option<Self> {
        let (checked, found) = bytes.split_first_chunk::<CHECKED_BYTES>()?;
        let rest = checked.strip_prefix(&MAGIC)?;
        let check = first_16(sha256_parts(&[nonce, checked]));
        if found != check {
            return None;
        }
        let (parts, rest) = rest.split_at(4).1.split_first_chunk()?;
        let (parts_bytes, rest) = rest.split_at(4).1.split_first_chunk()?;
        let (size, tip) = rest.split_first_chunk()?;
        let head = Self {
            parts: u32::from_le_bytes(*parts),
            parts_bytes: u64::from_le_bytes(*parts_bytes),
            before: Head { size: u64::from_le_bytes(*size), tip: Digest(tip.try_into().ok()?) },
            check,
        };
        (head.table_bytes() <= PARTS_MAX * ENTRY_BYTES + CHECK_BYTES && head.parts_bytes <= PARTS_BYTES_MAX)
            .then_some(head)
    }

    /// Bytes of the table and its check.
    pub fn table_bytes(&self) -> usize {
        usize::try_from(self.parts)
            .unwrap_or(usize::MAX)
            .saturating_mul(ENTRY_BYTES)
            .saturating_add(CHECK_BYTES)
    }

    /// Bytes of the whole frame.
    pub fn frame_bytes(&self) -> u64 {
        let table_bytes = u64::from(self.parts) * ENTRY_BYTES as u64 + CHECK_BYTES as u64;
        (HEAD_BYTES as u64 + table_bytes + self.parts_bytes).next_multiple_of(ALIGN)
    }
}

/// A frame's head and table; its parts are still in the file.
#[derive(Debug)]
pub(super) struct Frame {
    pub at: u64,
    pub end: u64,
    pub before: Head,
    pub parts: Vec<Part>,
}

impl Frame {
    /// `None` when head and table do not belong together. `table` has [`FrameHead::table_bytes`] bytes.
    pub fn decode(at: u64, head: &FrameHead, table: &[u8]) -> Option<Self> {
        let (entries, found) = table.split_last_chunk::<CHECK_BYTES>()?;
        if *found != first_16(sha256_parts(&[&head.check, entries])) {
            return None;
        }
        let mut offset = at + (HEAD_BYTES + table.len()) as u64;
        let mut parts = Vec::with_capacity(entries.len() / ENTRY_BYTES);
        for entry in entries.as_chunks::<ENTRY_BYTES>().0 {
            let (fixed, check) = entry.split_first_chunk::<8>()?;
            let [kind, _, _, _, len @ ..] = *fixed;
            let place = Place { offset, len: u32::from_le_bytes(len), check: check.try_into().ok()? };
            offset = place.end();
            parts.push(Part { kind: PartKind::from_byte(kind)?, place });
        }
        let end = at + head.frame_bytes();
        (offset.next_multiple_of(ALIGN) == end).then_some(Self { at, end, before: head.before, parts })
    }
}

/// A frame in memory, ready to be written.
#[derive(Default)]
pub(super) struct FrameBuilder {
    table: Vec<u8>,
    parts: Vec<u8>,
}

impl FrameBuilder {
    /// A frame with room for so many bytes of parts.
    pub fn with_room(bytes: usize) -> Self {
        Self { table: Vec::new(), parts: Vec::with_capacity(bytes) }
    }

    /// Adds a part that is the concatenation of `pieces`, whose length the limits hold below 4 GiB.
    pub fn part(&mut self, kind: PartKind, pieces: &[&[u8]]) {
        let len: usize = pieces.iter().map(|piece| piece.len()).sum();
        let len = u32::try_from(len).expect("limits keep every part below 4 GiB");
        self.table.extend([kind.byte(), 0, 0, 0]);
        self.table.extend(len.to_le_bytes());
        self.table.extend(first_16(sha256_parts(pieces)));
        for piece in pieces {
            self.parts.extend_from_slice(piece);
        }
    }

    /// Adds a batch, without the documents whose names are in `known`; names those it does add.
    pub fn batch(&mut self, batch: &Batch, known: &mut BTreeSet<Digest>) {
        self.part(PartKind::BatchId, &[&batch.id.0]);
        for record in &batch.records {
            self.part(PartKind::Record, &[&record.leaf, &record.salt.0, &record.body]);
            if let Some(command) = &record.command {
                self.part(PartKind::Command, &[command]);
            }
        }
        if !batch.index.is_empty() {
            self.part(PartKind::IndexRows, &[&encode_rows(&batch.index)]);
        }
        for (digest, document) in &batch.documents {
            if known.insert(*digest) {
                self.part(PartKind::DocumentName, &[&digest.0]);
                self.part(PartKind::Document, &[document]);
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The frame's bytes, to be written at a multiple of [`ALIGN`].
    pub fn finish(self, before: &Head, nonce: &Nonce) -> Vec<u8> {
        let parts = u32::try_from(self.table.len() / ENTRY_BYTES).expect("limits keep the parts below 2^32");
        let mut out = Vec::with_capacity(HEAD_BYTES + self.table.len() + self.parts.len() + 32);
        out.extend(MAGIC);
        out.extend([0; 4]);
        out.extend(parts.to_le_bytes());
        out.extend([0; 4]);
        out.extend((self.parts.len() as u64).to_le_bytes());
        out.extend(before.size.to_le_bytes());
        out.extend(before.tip.0);
        let head_check = first_16(sha256_parts(&[nonce, &out]));
        out.extend(head_check);
        out.extend_from_slice(&self.table);
        out.extend(first_16(sha256_parts(&[&head_check, &self.table])));
        out.extend_from_slice(&self.parts);
        out.resize(out.len().next_multiple_of(8), 0);
        out
    }
}

/// Leaf, salt and body of a record part; the command is not in it.
pub(super) fn decode_record(bytes: &[u8]) -> Option<StoredRecord> {
    let (leaf, rest) = bytes.split_first_chunk::<LEAF_BYTES>()?;
    let (salt, body) = rest.split_first_chunk()?;
    Some(StoredRecord { leaf: *leaf, salt: Salt(*salt), body: body.to_vec(), command: None })
}

fn encode_rows(rows: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for field in rows.iter().flat_map(|(key, value)| [key, value]) {
        let len = u32::try_from(field.len()).expect("limits keep index rows short");
        out.extend(len.to_le_bytes());
        out.extend_from_slice(field);
    }
    out
}

/// The rows of an index part.
pub(super) fn decode_rows(mut bytes: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    fn field<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
        let (len, rest) = bytes.split_first_chunk()?;
        let (field, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*len)).ok()?)?;
        *bytes = rest;
        Some(field)
    }
    let mut rows = Vec::new();
    while !bytes.is_empty() {
        rows.push((field(&mut bytes)?, field(&mut bytes)?));
    }
    Some(rows)
}
