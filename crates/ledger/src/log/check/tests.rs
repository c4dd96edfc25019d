use super::*;
use crate::Leaf;
use crate::log::{TilePath, TileWriter, origin};
use crate::note::NoteKeyKind;
use crate::record::Tag;
use lockstep_crypto::tree::{leaf_hash, root_of};
use lockstep_crypto::{SecretKey, Suite};
use lockstep_types::{LeafHash, RootHash, sha256};
use std::collections::BTreeMap;
use std::convert::Infallible;

/// Files by path, as a folder knows them.
#[derive(Clone, Default)]
struct Files(BTreeMap<String, Vec<u8>>);

impl LogFiles for Files {
    type Error = Infallible;
    fn read(&mut self, path: &TilePath, _: u64) -> Result<Option<Vec<u8>>, Infallible> {
        Ok(self.0.get(&path.to_string()).cloned())
    }
    fn widths(&mut self, kind: TileKind, index: u64) -> Result<Vec<u16>, Infallible> {
        let at = |width: &u16| TilePath::new(kind, index, *width).unwrap().to_string();
        Ok((1..=256).filter(|width| self.0.contains_key(&at(width))).collect())
    }
}

fn leaf(n: u64) -> Vec<u8> {
    Leaf { tag: Tag::Record, time: Time::from_ms(n).unwrap(), digest: sha256(&n.to_be_bytes()) }
        .encode()
        .to_vec()
}

/// Entries of any length, the empty one included.
fn entry(n: u64) -> Vec<u8> {
    format!("entry {n}").into_bytes().repeat(usize::try_from(n % 5).unwrap())
}

fn put(files: &mut Files, kind: TileKind, items: &[Vec<u8>]) {
    for (index, items) in (0..).zip(items.chunks(256)) {
        let path = TilePath::new(kind, index, u16::try_from(items.len()).unwrap()).unwrap();
        files.0.insert(path.to_string(), items.concat());
    }
}

/// The files of a log, made as C2SP writes them down.
fn files_of(entries: &[Vec<u8>]) -> Files {
    let mut files = Files::default();
    let framed = |e: &Vec<u8>| [u16::try_from(e.len()).unwrap().to_be_bytes().as_slice(), e].concat();
    put(&mut files, TileKind::Entries, &entries.iter().map(framed).collect::<Vec<_>>());
    let mut hashes: Vec<[u8; 32]> = entries.iter().map(|e| leaf_hash(e).0).collect();
    for level in 0.. {
        put(&mut files, TileKind::Hashes(level), &hashes.iter().map(|h| h.to_vec()).collect::<Vec<_>>());
        let full = |tile: &[[u8; 32]]| root(&tile.iter().map(|h| LeafHash(*h)).collect::<Vec<_>>()).0;
        hashes = hashes.chunks_exact(256).map(full).collect();
        if hashes.is_empty() {
            return files;
        }
    }
    files
}

fn root(hashes: &[LeafHash]) -> RootHash {
    root_of(hashes)
}

const NONCE: [u8; 32] = [3; 32];

fn head_of(log: &str, entries: &[Vec<u8>]) -> LogHead {
    let hashes: Vec<LeafHash> = entries.iter().map(|e| leaf_hash(e)).collect();
    LogHead::new(log, u64::try_from(entries.len()).unwrap(), root(&hashes)).unwrap()
}

fn ledger_log() -> String {
    origin(&"acme".parse().unwrap(), &NONCE)
}

fn check(files: &Files, head: &LogHead, earlier: &[LogHead]) -> &'static str {
    check_log(&mut files.clone(), head, earlier).map_or_else(|error| error.code(), |_| "holds")
}

#[test]
fn logs_of_every_shape_hold_and_every_file_is_read() {
    for size in [0, 1, 2, 255, 256, 257, 512, 66_000] {
        let entries: Vec<Vec<u8>> = (0..size).map(entry).collect();
        let (mut files, head) = (files_of(&entries), head_of("logs.example/any", &entries));
        let checked = check_log(&mut files, &head, &[]).unwrap();
        assert_eq!(checked.files, files.0.len() as u64, "{size}");
        assert_eq!(checked.last_time, None);
    }
}

#[test]
fn what_our_writer_writes_holds_with_all_its_partial_files() {
    let leaves: Vec<Leaf> = (0..700).map(|n| Leaf::decode(&leaf(n)).unwrap()).collect();
    let (mut writer, mut files) = (TileWriter::new(), Files::default());
    for batch in leaves.chunks(97) {
        files.0.extend(writer.append(batch).into_iter().map(|(path, bytes)| (path.to_string(), bytes)));
    }
    let entries: Vec<Vec<u8>> = (0..700).map(leaf).collect();
    let checked = check_log(&mut files, &head_of(&ledger_log(), &entries), &[]).unwrap();
    assert_eq!(checked.files, files.0.len() as u64, "older partial files are read as well");
    assert_eq!(checked.last_time, Some(Time::from_ms(699).unwrap()));
}

#[test]
fn one_bit_turned_in_any_file_is_found() {
    let entries: Vec<Vec<u8>> = (0..300).map(leaf).collect();
    let (mut whole, head) = (files_of(&entries), head_of(&ledger_log(), &entries));
    // Partial files of when the log was shorter.
    whole.0.extend(files_of(&entries[..7]).0);
    assert_eq!(check(&whole, &head, &[]), "holds");
    for (path, bytes) in &whole.0 {
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut files = whole.clone();
            files.0.get_mut(path).unwrap()[at] ^= 1;
            assert_ne!(check(&files, &head, &[]), "holds", "byte {at} of {path}");
        }
        for other in [&bytes[..bytes.len() - 1], &[bytes.as_slice(), &[0]].concat()] {
            let mut files = whole.clone();
            files.0.insert(path.clone(), other.to_vec());
            assert_ne!(check(&files, &head, &[]), "holds", "{} bytes in {path}", other.len());
        }
    }
}

#[test]
fn a_file_that_is_not_there_is_missing_unless_a_full_one_took_its_place() {
    let entries: Vec<Vec<u8>> = (0..600).map(entry).collect();
    let (files, later) = (files_of(&entries[..300]), files_of(&entries));
    let head = head_of("logs.example/any", &entries[..300]);
    for path in files.0.keys() {
        let mut without = files.clone();
        without.0.remove(path);
        assert_eq!(check(&without, &head, &[]), "missing", "{path}");
        let Some((full, _)) = path.split_once(".p/") else { continue };
        if let Some(bytes) = later.0.get(full) {
            without.0.insert(full.to_owned(), bytes.clone());
            assert_eq!(check(&without, &head, &[]), "holds", "{full}");
        }
    }
}

#[test]
fn a_log_has_grown_from_every_earlier_head_and_from_no_other() {
    let entries: Vec<Vec<u8>> = (0..600).map(entry).collect();
    let (files, log) = (files_of(&entries), "logs.example/any");
    let heads: Vec<LogHead> =
        [600, 0, 513, 1, 256, 256, 255].iter().map(|size| head_of(log, &entries[..*size])).collect();
    assert_eq!(check(&files, &heads[0], &heads), "holds");
    for size in [0, 1, 255, 256, 257, 599, 600] {
        let other = LogHead::new(log, size, RootHash([9; 32])).unwrap();
        assert_eq!(check(&files, &heads[0], &[other]), "inconsistent", "{size}");
    }
    assert_eq!(check(&files, &heads[2], &[heads[0].clone()]), "rollback");
    assert_eq!(check(&files, &heads[0], &[head_of("logs.example/other", &[])]), "origin");
    let wrong = LogHead::new(log, 600, RootHash([9; 32])).unwrap();
    assert_eq!(check(&files, &wrong, &[]), "root");
}

#[test]
fn entries_of_a_ledger_are_leaves_whose_times_do_not_decrease() {
    let log = ledger_log();
    for (entries, expected) in [
        (vec![leaf(1), leaf(1), leaf(2)], "holds"),
        (vec![leaf(2), leaf(1)], "time"),
        (vec![leaf(1), entry(1)], "leaf"),
    ] {
        let files = files_of(&entries);
        assert_eq!(check(&files, &head_of(&log, &entries), &[]), expected);
        assert_eq!(check(&files, &head_of("acme/1", &entries), &[]), "holds", "of another log anything goes");
    }
}

fn checkpoint(head: &str, names: &[(&str, NoteKeyKind)]) -> (Vec<u8>, Vec<NoteKey>) {
    let secret = SecretKey::from_bytes(Suite::Ed25519, &[7; 32]).unwrap();
    let mut note = Note::new(head).unwrap();
    let keys: Vec<NoteKey> = names
        .iter()
        .map(|(name, kind)| NoteKey::new(name, *kind, secret.public().clone()).unwrap())
        .collect();
    for key in &keys {
        note.sign(key, &secret, Time::from_ms(1_000).unwrap()).unwrap();
    }
    (note.to_string().into_bytes(), keys)
}

#[test]
fn a_checkpoint_counts_by_the_logs_own_key_only() {
    let (ledger, any) = (ledger_log(), "logs.example/any");
    let by = |head: &LogHead, names: &[(&str, NoteKeyKind)]| {
        let (bytes, keys) = checkpoint(&head.to_string(), names);
        SignedCheckpoint::read(&bytes, &keys).map_or_else(|error| error.code(), |_| "holds")
    };
    let (plain, witness) = (NoteKeyKind::Ed25519, NoteKeyKind::CosignatureV1);
    let (own, others) = (head_of(&ledger, &[]), head_of(any, &[]));
    assert_eq!(by(&own, &[(&ledger, plain)]), "holds");
    assert_eq!(by(&own, &[("another", plain)]), "no_known_signature");
    assert_eq!(by(&own, &[(&ledger, witness)]), "no_known_signature");
    assert_eq!(by(&own, &[("w", witness), (&ledger, plain)]), "holds");
    assert_eq!(by(&others, &[("another", plain)]), "holds", "elsewhere the name is only a custom");
    assert_eq!(by(&others, &[("w", witness)]), "no_known_signature");
    let (bytes, _) = checkpoint(&own.to_string(), &[(&ledger, plain)]);
    assert_eq!(SignedCheckpoint::read(&bytes, &[]).unwrap_err().code(), "no_known_signature");
}

#[test]
fn other_logs_may_add_lines_to_a_checkpoint_and_a_ledgers_log_may_not() {
    let any = head_of("logs.example/any", &[]);
    let read = |text: String| LogHead::from_checkpoint(&text);
    assert_eq!(read(any.to_string()), Ok(any.clone()));
    assert_eq!(read(format!("{any}more\nand more\n")), Ok(any.clone()));
    for text in [format!("{any}\n"), format!("{any}more\n\n"), format!("{any}more")] {
        assert_eq!(read(text), Err(HeadError::Lines));
    }
    assert_eq!(read(format!("{}more\n", head_of(&ledger_log(), &[]))), Err(HeadError::Lines));
    assert_eq!(read("one\n2\n".to_owned()), Err(HeadError::Lines));
}

#[test]
fn a_ledgers_origin_is_a_name_and_a_nonce() {
    let nonce = "0a".repeat(32);
    for (text, expected) in [
        (format!("acme/{nonce}"), true),
        (format!("acme/{}", nonce.to_uppercase()), false),
        (format!("a.example/log/{nonce}"), false),
        (format!("acme/{}", &nonce[1..]), false),
        (nonce, false),
    ] {
        assert_eq!(crate::log::is_ledger_origin(&text), expected, "{text}");
    }
}
