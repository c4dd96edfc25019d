//! Reading everything once more: every byte against its checksum, the chain of heads, and the index against
//! the log.

use super::apply::{numbered, whole_frame};
use super::frame::PartKind;
use super::index::{Document, Index};
use super::log::{LOG_START, Log, WINDOW_BYTES};
use crate::batch::{Head, LEAF_BYTES};
use crate::error::{Result, StoreError};
use lockstep_types::Digest;

/// What a full check of a store has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checked {
    /// The head that follows from the leaves.
    pub head: Head,
    /// Durable writes.
    pub frames: u64,
    /// Batches.
    pub batches: u64,
    /// Documents that are there.
    pub documents: u64,
    /// Commands that are there.
    pub commands: u64,
    /// Documents and commands that were erased.
    pub erased: u64,
}

/// Reads the log up to `end`.
pub(super) fn check(log: &Log, index: &Index, end: u64) -> Result<Checked> {
    let mut checked = Checked::default();
    let mut at = LOG_START;
    while at < end {
        at = check_frame(log, index, (at, end), &mut checked)?;
    }
    Ok(checked)
}

/// Checks the frame that starts at the first of `bounds`, in a log that ends at the second.
fn check_frame(log: &Log, index: &Index, bounds: (u64, u64), checked: &mut Checked) -> Result<u64> {
    let frame = whole_frame(log, bounds.0, bounds.1)?;
    if frame.before != checked.head {
        return Err(log.damaged(frame.at, "the frame does not continue the one before it"));
    }
    checked.frames += 1;
    let mut window = log.window(frame.end, WINDOW_BYTES);
    let mut name = Digest::default();
    let mut batch = None;
    for (number, part) in numbered(&frame) {
        match part.kind {
            PartKind::Command if index.is_command_erased(number)? => {
                checked.erased += 1;
                continue;
            }
            PartKind::Document if index.document(&name)? == Document::Erased => {
                checked.erased += 1;
                continue;
            }
            _ => {}
        }
        let bytes = window.place(&part.place)?;
        match part.kind {
            PartKind::BatchId => {
                check_batch(index, batch.replace(bytes.try_into().unwrap_or_default()), &checked.head)?;
                checked.batches += 1;
            }
            PartKind::Record => {
                let short = log.damaged(part.place.offset, "a part is not what its kind says");
                checked.head = checked.head.after_leaf(bytes.first_chunk::<LEAF_BYTES>().ok_or(short)?);
            }
            PartKind::Command => checked.commands += 1,
            PartKind::DocumentName => name = Digest(bytes.try_into().unwrap_or_default()),
            PartKind::Document if index.document(&name)? != Document::At(part.place) => {
                return Err(StoreError::IndexDamaged { what: "where a document lies" });
            }
            PartKind::Document => checked.documents += 1,
            _ => {}
        }
    }
    check_batch(index, batch, &checked.head)?;
    Ok(frame.end)
}

/// The index must know the batch that has just ended by the head it ended at.
fn check_batch(index: &Index, id: Option<[u8; 32]>, head: &Head) -> Result<()> {
    match id {
        Some(id) if index.batch(&Digest(id))? != Some(*head) => {
            Err(StoreError::IndexDamaged { what: "the head after a batch" })
        }
        _ => Ok(()),
    }
}
