//! Archives that are the same for the same files: sorted, of nobody, with one time.

use anyhow::Result;
use flate2::{Compression, GzBuilder};
use std::collections::BTreeMap;
use std::io::Write;
use tar::{Builder, EntryType, Header};

/// One file or folder of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path, without `/` before it; a folder's ends with `/`.
    pub path: String,
    /// Permissions.
    pub mode: u32,
    /// Number of the user and of the group.
    pub owner: u64,
    /// Content.
    pub bytes: Vec<u8>,
}

impl Entry {
    /// A file that anybody may read.
    pub fn file(path: String, bytes: Vec<u8>) -> Self {
        Self { path, mode: 0o644, owner: 0, bytes }
    }

    /// A file that anybody may run.
    pub fn program(path: String, bytes: Vec<u8>) -> Self {
        Self { path, mode: 0o755, owner: 0, bytes }
    }

    /// A folder.
    pub fn folder(path: &str, mode: u32, owner: u64) -> Self {
        Self { path: path.to_owned(), mode, owner, bytes: Vec::new() }
    }
}

/// A tar with these entries, and with the folders that they lie in.
pub fn tar(entries: Vec<Entry>, time: u64) -> Result<Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in &entries {
        let ends = entry.path.match_indices('/').map(|(at, _)| at + 1);
        let folders = ends.filter_map(|end| entry.path.get(..end));
        all.extend(folders.map(|path| (path.to_owned(), Entry::folder(path, 0o755, 0))));
    }
    // What was said of a folder counts for more than that it is needed.
    all.extend(entries.into_iter().map(|entry| (entry.path.clone(), entry)));
    let mut builder = Builder::new(Vec::new());
    for entry in all.values() {
        let mut header = Header::new_gnu();
        let kind = if entry.path.ends_with('/') { EntryType::Directory } else { EntryType::Regular };
        header.set_entry_type(kind);
        header.set_mode(entry.mode);
        header.set_uid(entry.owner);
        header.set_gid(entry.owner);
        header.set_mtime(time);
        header.set_size(u64::try_from(entry.bytes.len())?);
        builder.append_data(&mut header, &entry.path, entry.bytes.as_slice())?;
    }
    Ok(builder.into_inner()?)
}

/// Compressed, with no time and no name in the header.
pub fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}
