//! Logs made as C2SP writes them down, of leaves or of anything, in folders; and a server of such folders.

use lockstep_crypto::tree::{leaf_hash, root_of};
use lockstep_crypto::{SecretKey, Suite};
use lockstep_ledger::log::{LogHead, TileKind, TilePath};
use lockstep_ledger::note::{Note, NoteKey, NoteKeyKind};
use lockstep_ledger::{Leaf, Tag};
use lockstep_types::{LeafHash, Time, sha256};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Origin of a ledger's log, and of another one.
pub const LEDGER: &str = "acme/0101010101010101010101010101010101010101010101010101010101010101";
pub const ANY: &str = "logs.example/any";

/// The log's key under this origin.
pub fn key(origin: &str) -> NoteKey {
    NoteKey::new(origin, NoteKeyKind::Ed25519, secret(7).public().clone()).unwrap()
}

/// A key that no log has.
pub fn other_key(origin: &str) -> NoteKey {
    NoteKey::new(origin, NoteKeyKind::Ed25519, secret(8).public().clone()).unwrap()
}

fn secret(seed: u8) -> SecretKey {
    SecretKey::from_bytes(Suite::Ed25519, &[seed; 32]).unwrap()
}

pub fn leaves(count: u64) -> Vec<Vec<u8>> {
    let leaf =
        |n: u64| Leaf { tag: Tag::Record, time: Time::from_ms(n).unwrap(), digest: sha256(&n.to_be_bytes()) };
    (0..count).map(|n| leaf(n).encode().to_vec()).collect()
}

/// Entries of many lengths, 0 included.
pub fn anything(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|n| format!("entry {n} ").into_bytes().repeat(n % 7)).collect()
}

/// A log in a folder.
pub struct Log {
    dir: TempDir,
    origin: &'static str,
    entries: Vec<Vec<u8>>,
}

impl Log {
    pub fn new(origin: &'static str, entries: Vec<Vec<u8>>) -> Self {
        let log = Self { dir: TempDir::new().unwrap(), origin, entries };
        for (path, bytes) in files(&log.entries) {
            log.put(&path, &bytes);
        }
        log.put("checkpoint", &log.checkpoint(log.entries.len()));
        log
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn file(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub fn put(&self, path: &str, bytes: &[u8]) {
        let path = self.file(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Turns one bit of a file.
    pub fn turn(&self, path: &str, at: usize) {
        let mut bytes = std::fs::read(self.file(path)).unwrap();
        bytes[at] ^= 1;
        self.put(path, &bytes);
    }

    pub fn remove(&self, path: &str) {
        std::fs::remove_file(self.file(path)).unwrap();
    }

    /// What the log signs once it has so many entries.
    pub fn checkpoint(&self, size: usize) -> Vec<u8> {
        signed(self.origin, &self.entries[..size], 7)
    }

    /// The same by a key that is not the log's.
    pub fn checkpoint_of_another(&self) -> Vec<u8> {
        signed(self.origin, &self.entries, 8)
    }

    /// A checkpoint over as many entries, of which one is another.
    pub fn lying_checkpoint(&self, size: usize) -> Vec<u8> {
        let mut entries = self.entries[..size].to_vec();
        entries[0] = b"another".to_vec();
        signed(self.origin, &entries, 7)
    }
}

fn signed(origin: &str, entries: &[Vec<u8>], seed: u8) -> Vec<u8> {
    let hashes: Vec<LeafHash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
    let head = LogHead::new(origin, entries.len() as u64, root_of(&hashes)).unwrap();
    let secret = secret(seed);
    let key = NoteKey::new(origin, NoteKeyKind::Ed25519, secret.public().clone()).unwrap();
    let mut note = Note::new(&head.to_string()).unwrap();
    note.sign(&key, &secret, Time::default()).unwrap();
    note.to_string().into_bytes()
}

fn files(entries: &[Vec<u8>]) -> Vec<(String, Vec<u8>)> {
    let framed = |e: &Vec<u8>| [u16::try_from(e.len()).unwrap().to_be_bytes().as_slice(), e].concat();
    let mut files = tiles(TileKind::Entries, &entries.iter().map(framed).collect::<Vec<_>>());
    let mut hashes: Vec<Vec<u8>> = entries.iter().map(|e| leaf_hash(e).0.to_vec()).collect();
    for level in 0.. {
        files.extend(tiles(TileKind::Hashes(level), &hashes));
        let leaf = |hash: &Vec<u8>| LeafHash(hash.as_slice().try_into().unwrap());
        let root = |tile: &[Vec<u8>]| root_of(&tile.iter().map(leaf).collect::<Vec<_>>()).0.to_vec();
        hashes = hashes.chunks_exact(256).map(root).collect();
        if hashes.is_empty() {
            break;
        }
    }
    files
}

fn tiles(kind: TileKind, items: &[Vec<u8>]) -> Vec<(String, Vec<u8>)> {
    let tile = |(index, items): (u64, &[Vec<u8>])| {
        let path = TilePath::new(kind, index, u16::try_from(items.len()).unwrap()).unwrap();
        (path.to_string(), items.concat())
    };
    (0..).zip(items.chunks(256)).map(tile).collect()
}
