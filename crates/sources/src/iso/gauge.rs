//! A reader that counts what passes and stops at a limit: memory stays bounded whatever the file holds, since
//! the XML reader can only buffer what the gauge lets through for one event.

use super::Limits;
use super::place::Place;
use core::fmt;
use std::io::{self, BufRead, Read};

/// Which limit stopped the reading; carried through the XML reader inside an [`io::Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The whole file.
    File,
    /// One event.
    Event,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a limit of the message reader")
    }
}

impl core::error::Error for Stop {}

/// Counts bytes and lines of `inner` and holds it to the limits.
pub(super) struct Gauge<R> {
    inner: R,
    place: Place,
    file_bytes_left: u64,
    event_bytes_left: usize,
    event_bytes_max: usize,
    ended: bool,
}

impl<R: BufRead> Gauge<R> {
    /// A gauge before `inner`, of which `skipped` bytes (a byte order mark) have been read already.
    pub(super) fn new(inner: R, skipped: u64, limits: &Limits) -> Self {
        Self {
            inner,
            place: Place { line: 1, byte: skipped },
            file_bytes_left: limits.bytes_max.saturating_sub(skipped),
            event_bytes_left: limits.event_bytes_max,
            event_bytes_max: limits.event_bytes_max,
            ended: false,
        }
    }

    /// Begins the next event and says where it starts.
    pub(super) fn next_event(&mut self) -> Place {
        self.event_bytes_left = self.event_bytes_max;
        self.place
    }

    /// True once `inner` has said that nothing follows.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }
}

impl<R: BufRead> Read for Gauge<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Gauge<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let available = self.inner.fill_buf()?;
        if available.is_empty() {
            self.ended = true;
            return Ok(available);
        }
        if self.file_bytes_left == 0 {
            return Err(io::Error::other(Stop::File));
        }
        if self.event_bytes_left == 0 {
            return Err(io::Error::other(Stop::Event));
        }
        let file = usize::try_from(self.file_bytes_left).unwrap_or(usize::MAX);
        let count = available.len().min(file).min(self.event_bytes_left);
        Ok(available.get(..count).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        // The bytes consumed are still in the buffer of `inner`: looking again reads nothing.
        let lines = match self.inner.fill_buf() {
            Ok(available) => available.iter().take(count).filter(|b| **b == b'\n').count(),
            Err(_) => 0,
        };
        self.inner.consume(count);
        let bytes = u64::try_from(count).unwrap_or(u64::MAX);
        self.place.line = self.place.line.saturating_add(u64::try_from(lines).unwrap_or(u64::MAX));
        self.place.byte = self.place.byte.saturating_add(bytes);
        self.file_bytes_left = self.file_bytes_left.saturating_sub(bytes);
        self.event_bytes_left = self.event_bytes_left.saturating_sub(count);
    }
}
