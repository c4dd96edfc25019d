//! `reads.jsonl` in the ledger's folder: who read what of a case, one JSON object a line.

use super::clock;
use crate::folder::Folder;
use crate::os;
use anyhow::Result;
use lockstep_server::{ReadLog, ReadRow, Reader};
use lockstep_types::CaseId;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Longest line that is written or read.
const LINE_BYTES_MAX: u64 = 1_024;

/// See the module.
pub struct Reads {
    path: PathBuf,
    file: Mutex<File>,
}

impl Reads {
    /// The folder's; what stands there stays.
    pub fn open(folder: &Folder) -> Result<Self> {
        let path = folder.dir().join("reads.jsonl");
        let file = Mutex::new(os::append_private(&path)?);
        Ok(Self { path, file })
    }

    fn read(&self, from: u64, max: usize) -> std::io::Result<(Vec<ReadRow>, Option<u64>)> {
        let mut file = BufReader::new(File::open(&self.path)?);
        let end = file.seek(SeekFrom::End(0))?;
        let mut at = file.seek(SeekFrom::Start(from.min(end)))?;
        let mut rows = Vec::new();
        while rows.len() < max && at < end {
            let mut line = Vec::new();
            let count = file.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
            at = at.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
            // A line that a crash has cut, and a place within a line, are passed over.
            rows.extend(serde_json::from_slice::<ReadRow>(&line));
        }
        Ok((rows, (at < end).then_some(at)))
    }
}

impl ReadLog for Reads {
    fn note(&self, reader: Reader, case: CaseId, what: &str) -> Result<(), String> {
        let Reader { party, person } = reader;
        let row = ReadRow { case, person, reader: party, time: clock(), what: what.to_owned() };
        let mut line = serde_json::to_string(&row).map_err(|error| error.to_string())?;
        line.push('\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes()).map_err(|error| error.to_string())
    }

    fn rows(&self, from: u64, max: usize) -> Result<(Vec<ReadRow>, Option<u64>), String> {
        self.read(from, max).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests;
