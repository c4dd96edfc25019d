//! What a frame means: the index rows that follow from it, and the bytes that an erasure removes.

use super::frame::{Frame, Part, PartKind, Place, decode_rows};
use super::index::{Applied, Change, Document, Index};
use super::log::{Log, NoFrame, Window};
use crate::batch::{Head, LEAF_BYTES};
use crate::error::Result;
use lockstep_types::Digest;

/// Where the bytes of a frame's parts come from.
pub(super) trait Parts {
    fn bytes(&mut self, part: &Part) -> Result<&[u8]>;
}

impl Parts for Window<'_> {
    fn bytes(&mut self, part: &Part) -> Result<&[u8]> {
        self.place(&part.place)
    }
}

/// A frame in memory, just as it was written at `at`.
pub(super) struct Written<'a> {
    pub log: &'a Log,
    pub at: u64,
    pub frame: &'a [u8],
}

impl Parts for Written<'_> {
    fn bytes(&mut self, part: &Part) -> Result<&[u8]> {
        let place = &part.place;
        let from = usize::try_from(place.offset - self.at).ok();
        let to = usize::try_from(place.end() - self.at).ok();
        let bytes = from.zip(to).and_then(|(from, to)| self.frame.get(from..to));
        bytes.ok_or_else(|| self.log.damaged(place.offset, "a part ends beyond its frame"))
    }
}

/// A frame's parts, each command and record with its number in the ledger.
pub(super) fn numbered(frame: &Frame) -> impl Iterator<Item = (u64, &Part)> {
    let mut next = frame.before.size;
    frame.parts.iter().map(move |part| {
        next += u64::from(part.kind == PartKind::Record);
        (next.saturating_sub(1), part)
    })
}

/// Takes a frame over into the index, after the erasures that it orders. Doing it twice is harmless.
pub(super) fn take_over(log: &Log, index: &Index, frame: &Frame, parts: &mut dyn Parts) -> Result<Applied> {
    log.erase(&erased_places(log, index, frame, parts)?)?;
    let mut rows = Rows { change: index.change(), head: frame.before, batch: None, document: None };
    for part in &frame.parts {
        let taken = match part.kind {
            PartKind::Command | PartKind::Document => rows.take(part, &[]),
            _ => rows.take(part, parts.bytes(part)?),
        };
        taken.ok_or_else(|| log.damaged(part.place.offset, "a part is not what its kind says"))?;
    }
    let applied = Applied { end: frame.end, head: rows.head };
    rows.change.frame(frame.before.size, applied.head.size, frame.at);
    rows.close_batch();
    rows.change.commit(&applied, &log.nonce)?;
    Ok(applied)
}

struct Rows {
    change: Change,
    head: Head,
    batch: Option<Digest>,
    document: Option<Digest>,
}

impl Rows {
    fn close_batch(&mut self) {
        if let Some(id) = self.batch.take() {
            self.change.batch(&id, &self.head);
        }
    }

    /// `None` when the bytes are not what the part's kind says.
    fn take(&mut self, part: &Part, bytes: &[u8]) -> Option<()> {
        match part.kind {
            PartKind::Record => self.head = self.head.after_leaf(bytes.first_chunk::<LEAF_BYTES>()?),
            PartKind::Command => {}
            PartKind::BatchId => {
                self.close_batch();
                self.batch = Some(Digest(bytes.try_into().ok()?));
            }
            PartKind::IndexRows => {
                for (key, value) in decode_rows(bytes)? {
                    self.change.row(key, value);
                }
            }
            PartKind::DocumentName => self.document = Some(Digest(bytes.try_into().ok()?)),
            PartKind::Document => self.change.document(&self.document.take()?, &part.place),
            PartKind::Certificate => {
                self.change.certificate(u64::from_le_bytes(*bytes.first_chunk()?), &part.place);
            }
            PartKind::EraseDocument => self.change.document_erased(&Digest(bytes.try_into().ok()?)),
            PartKind::EraseCommand => self.change.command_erased(u64::from_le_bytes(bytes.try_into().ok()?)),
        }
        Some(())
    }
}

fn erased_places(log: &Log, index: &Index, frame: &Frame, parts: &mut dyn Parts) -> Result<Vec<Place>> {
    let mut places = Vec::new();
    for part in &frame.parts {
        match part.kind {
            PartKind::EraseDocument => {
                let digest = Digest(parts.bytes(part)?.try_into().unwrap_or_default());
                if let Document::At(place) = index.document(&digest)? {
                    places.push(place);
                }
            }
            PartKind::EraseCommand => {
                let number = u64::from_le_bytes(parts.bytes(part)?.try_into().unwrap_or_default());
                places.extend(command_place(log, index, number, frame.at)?);
            }
            _ => {}
        }
    }
    Ok(places)
}

/// Where the command of record `number` lies; `None` when the record has none. The log ends at `end`.
pub(super) fn command_place(log: &Log, index: &Index, number: u64, end: u64) -> Result<Option<Place>> {
    let frame = frame_of(log, index, number, end)?;
    let mut parts = numbered(&frame);
    let command = parts.find(|(at, part)| *at == number && part.kind == PartKind::Command);
    Ok(command.map(|(_, part)| part.place))
}

/// The frame that holds record `number`, which is below the head.
pub(super) fn frame_of(log: &Log, index: &Index, number: u64, end: u64) -> Result<Frame> {
    let at = log.frame_with(number, index.frame_before(number)?, end)?;
    whole_frame(log, at, end)
}

/// The frame at `at`, where one must be.
pub(super) fn whole_frame(log: &Log, at: u64, end: u64) -> Result<Frame> {
    log.frame(at, end).map_err(|none| match none {
        NoFrame::NotOne(what) => log.damaged(at, what),
        NoFrame::Failed(error) => error,
    })
}
