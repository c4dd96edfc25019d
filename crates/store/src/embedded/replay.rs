//! Opening: the tail of the log that the index has not seen is checked and taken over.
//!
//! Only the last write can be torn, since each is durable before the next begins: so what is broken with
//! nothing whole after it is a write that was never acknowledged, and is cut off; anything else is damage,
//! and is reported.

use super::apply::{numbered, take_over, whole_frame};
use super::frame::{Frame, PartKind};
use super::index::{Applied, Index};
use super::log::{LOG_START, Log, NoFrame, WINDOW_BYTES, Window};
use crate::batch::Head;
use crate::error::{Result, StoreError};
use lockstep_types::Digest;
use std::collections::BTreeSet;
use std::path::Path;

/// What erasures in the tail name: parts whose bytes may be gone although their frame comes first.
#[derive(Default)]
struct Orders {
    documents: BTreeSet<Digest>,
    commands: BTreeSet<u64>,
}

/// Opens log and index in `dir` and brings the index up to the log's end.
pub(super) fn open(dir: &Path) -> Result<(Log, Index, Applied)> {
    let log = Log::open(dir)?;
    let (index, seen) = open_index(&dir.join("index"), &log)?;
    let len = log.len()?;
    if seen.end > len {
        return Err(log.damaged(len, "the log is shorter than it was"));
    }
    let end = whole_end(&log, seen, len)?;
    if end < len {
        log.cut(end)?;
    }
    let orders = orders(&log, seen.end, end)?;
    let mut applied = seen;
    while applied.end < end {
        let frame = whole_frame(&log, applied.end, end)?;
        check_parts(&log, &frame, &orders)?;
        if frame.end == end {
            log.rewrite(frame.at, frame.end)?;
        }
        applied = take_over(&log, &index, &frame, &mut log.window(end, WINDOW_BYTES))?;
    }
    Ok((log, index, applied))
}

/// An index that cannot be read, was made for another log, or is of an earlier form is made anew:
/// all of it follows from the log.
fn open_index(dir: &Path, log: &Log) -> Result<(Index, Applied)> {
    let nothing = Applied { end: LOG_START, head: Head::EMPTY };
    if Index::is_in(dir)
        && let Ok(index) = Index::open(dir)
        && let Ok(applied) = index.applied(&log.nonce)
        && index.snapshot_is_whole(applied.is_some()).is_ok_and(|whole| whole)
    {
        return Ok((index, applied.unwrap_or(nothing)));
    }
    if dir.exists() {
        std::fs::remove_dir_all(dir).map_err(StoreError::io("remove", dir))?;
    }
    Ok((Index::open(dir)?, nothing))
}

/// Where the whole frames after `seen` end: the file's length, or where a torn write starts.
fn whole_end(log: &Log, seen: Applied, len: u64) -> Result<u64> {
    let mut at = seen.end;
    let mut last: Option<Frame> = None;
    while at < len {
        let what = match log.frame(at, len) {
            Ok(frame) => {
                at = frame.end;
                last = Some(frame);
                continue;
            }
            Err(NoFrame::NotOne(what)) => what,
            Err(NoFrame::Failed(error)) => return Err(error),
        };
        if log.has_frame_after(at + 1, len)? {
            return Err(log.damaged(at, what));
        }
        break;
    }
    // A torn write at the end, or a last frame that is complete but for some of its bytes.
    match last {
        Some(frame) if at == len && !last_is_whole(log, &frame)? => Ok(frame.at),
        _ => Ok(at),
    }
}

/// Whether all parts of the log's last frame hold what was written; nothing after it can have erased them.
fn last_is_whole(log: &Log, frame: &Frame) -> Result<bool> {
    let mut window = log.window(frame.end, WINDOW_BYTES);
    for part in &frame.parts {
        if !window.holds(part)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn orders(log: &Log, from: u64, end: u64) -> Result<Orders> {
    let mut orders = Orders::default();
    let mut window = log.window(end, WINDOW_BYTES);
    let mut at = from;
    while at < end {
        let frame = whole_frame(log, at, end)?;
        at = frame.end;
        for part in &frame.parts {
            match part.kind {
                PartKind::EraseDocument => {
                    orders
                        .documents
                        .insert(Digest(window.place(&part.place)?.try_into().unwrap_or_default()));
                }
                PartKind::EraseCommand => {
                    let bytes = window.place(&part.place)?.try_into().unwrap_or_default();
                    orders.commands.insert(u64::from_le_bytes(bytes));
                }
                _ => {}
            }
        }
    }
    Ok(orders)
}

/// Checks what [`take_over`] does not read: commands and documents, but for those that `orders` erases.
fn check_parts(log: &Log, frame: &Frame, orders: &Orders) -> Result<()> {
    let mut window: Window<'_> = log.window(frame.end, WINDOW_BYTES);
    let mut name = Digest::default();
    for (number, part) in numbered(frame) {
        match part.kind {
            PartKind::DocumentName => {
                name = Digest(window.place(&part.place)?.try_into().unwrap_or_default())
            }
            PartKind::Document if orders.documents.contains(&name) => {}
            PartKind::Command if orders.commands.contains(&number) => {}
            PartKind::Document | PartKind::Command => {
                window.place(&part.place)?;
            }
            _ => {}
        }
    }
    Ok(())
}
