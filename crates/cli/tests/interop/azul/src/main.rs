//! Reads a log in a folder with crates of others alone: `azul-client FOLDER VKEY`.
//!
//! Verifies the checkpoint, every entry against it by an inclusion proof, and the consistency of every fourth
//! prefix. Prints the number of entries.

use signed_note::{Note, StandardVerifier, VerifierList};
use std::path::PathBuf;
use tlog_tiles::{
    Checkpoint, Error, Tile, TileHashReader, TileReader, check_record, check_tree, prove_record,
    prove_tree, record_hash, tree_hash,
};

/// Tiles of height 8 in a folder.
struct Folder {
    path: PathBuf,
    size: u64,
}

impl Folder {
    /// Where C2SP puts a tile: the crate's own path names the height as well.
    fn file(&self, kind: &str, tile: &Tile) -> PathBuf {
        let path = tile.path();
        let place: Vec<&str> = path.split('/').skip(3).collect();
        self.path.join(format!("tile/{kind}/{}", place.join("/")))
    }

    fn entries(&self) -> Vec<Vec<u8>> {
        let mut entries = Vec::new();
        for tile in Tile::new_tiles(8, 0, self.size).iter().filter(|tile| tile.level() == 0) {
            let bundle = std::fs::read(self.file("entries", tile)).expect("a bundle");
            let mut rest = bundle.as_slice();
            while let Some((length, after)) = rest.split_first_chunk::<2>() {
                let (entry, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
                entries.push(entry.to_vec());
                rest = after;
            }
        }
        entries
    }
}

impl TileReader for Folder {
    fn height(&self) -> u8 {
        8
    }
    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        let read = |tile: &Tile| std::fs::read(self.file(&tile.level().to_string(), tile)).expect("a tile");
        Ok(tiles.iter().map(read).collect())
    }
    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, vkey] = arguments.as_slice() else { panic!("expected FOLDER VKEY") };
    let path = PathBuf::from(folder);
    let bytes = std::fs::read(path.join("checkpoint")).expect("a checkpoint");
    let note = Note::from_bytes(&bytes).expect("a note");
    let verifier = StandardVerifier::new(vkey).expect("a verifier key");
    note.verify(&VerifierList::new(vec![Box::new(verifier)])).expect("a signature that holds");
    let head = Checkpoint::from_bytes(note.text()).expect("a head");
    let (size, root) = (head.size(), *head.hash());
    let folder = Folder { path, size };
    let hashes = TileHashReader::new(size, root, &folder);
    assert_eq!(tree_hash(size, &hashes).expect("a root"), root);
    let entries = folder.entries();
    assert_eq!(entries.len() as u64, size, "entries in bundles");
    for (n, entry) in (0..).zip(&entries) {
        let proof = prove_record(size, n, &hashes).expect("a proof");
        check_record(&proof, size, root, n, record_hash(entry)).expect("an entry of the log");
    }
    for old in (1..=size).step_by(4) {
        let before = tree_hash(old, &hashes).expect("a root");
        let proof = prove_tree(size, old, &hashes).expect("a proof");
        check_tree(&proof, size, root, old, before).expect("a prefix of the log");
    }
    println!("{size}");
}
