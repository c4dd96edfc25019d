//! Torn writes, flipped bits, lost files, a full disk: reported or healed, never returned as a record.

use lockstep_store::{Append, Batch, Embedded, Head, Snapshot, Store, StoreError, StoredRecord, stream};
use lockstep_types::{Digest, Salt, sha256};
use std::path::{Path, PathBuf};
use std::process::Command;

fn batch(name: &str, body_bytes: usize) -> Batch {
    let record = |i: u8| {
        let mut leaf = [i; 41];
        leaf[9..].copy_from_slice(&sha256(format!("{name}/{i}").as_bytes()));
        let body = format!("body {i} of {name}").repeat(body_bytes / 16 + 1).into_bytes();
        let command = Some(format!("command {i} of {name}").into_bytes());
        StoredRecord { leaf, salt: Salt(sha256(&leaf)), body, command }
    };
    let document = (Digest(sha256(name.as_bytes())), format!("document of {name}").into_bytes());
    let id = Digest(sha256(format!("id of {name}").as_bytes()));
    Batch { id, records: vec![record(1), record(2)], documents: vec![document], index: vec![] }
}

fn append(store: &dyn Store, batch: &Batch) -> Head {
    match store.append(&store.head().unwrap(), batch) {
        Append::Appended(head) => head,
        other => panic!("expected it to be appended, got {other:?}"),
    }
}

fn records(store: &dyn Store) -> Result<Vec<StoredRecord>, StoreError> {
    stream(store, 0, u64::MAX).collect()
}

fn log(dir: &Path) -> PathBuf {
    dir.join("ledger.log")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// A store with two batches, its folder as it was after the first, and the log as it was after the second.
struct Story {
    dir: tempfile::TempDir,
    first: Head,
    second: Head,
    log_before: Vec<u8>,
    log_after: Vec<u8>,
}

impl Story {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let now = dir.path().join("now");
        let first = append(&Embedded::open(&now).unwrap(), &batch("a", 100));
        copy(&now, &dir.path().join("before"));
        let log_before = std::fs::read(log(&now)).unwrap();
        let second = append(&Embedded::open(&now).unwrap(), &batch("b", 100));
        let log_after = std::fs::read(log(&now)).unwrap();
        Self { dir, first, second, log_before, log_after }
    }

    fn now(&self) -> PathBuf {
        self.dir.path().join("now")
    }

    /// The folder as a crash during the second append would leave it, with `bytes` in the log.
    fn crashed_with(&self, bytes: &[u8]) -> PathBuf {
        let dir = self.dir.path().join("crashed");
        let _ = std::fs::remove_dir_all(&dir);
        copy(&self.dir.path().join("before"), &dir);
        std::fs::write(log(&dir), bytes).unwrap();
        dir
    }
}

#[test]
fn a_write_torn_anywhere_is_cut_off_and_the_ledger_goes_on() {
    let story = Story::new();
    let (from, to) = (story.log_before.len(), story.log_after.len());
    for len in (from..to).step_by(61).chain([from + 1, to - 1]) {
        let dir = story.crashed_with(&story.log_after[..len]);
        let store = Embedded::open(&dir).unwrap();
        assert_eq!(store.head().unwrap(), story.first, "torn after {len} bytes");
        assert_eq!(store.batch(&batch("b", 100).id).unwrap(), None);
        assert_eq!(append(&store, &batch("b", 100)), story.second);
        assert_eq!(records(&store).unwrap().len(), 4);
    }
    let whole = Embedded::open(&story.crashed_with(&story.log_after)).unwrap();
    assert_eq!(whole.head().unwrap(), story.second, "all of it was written: it counts, acknowledged or not");
    assert_eq!(whole.batch(&batch("b", 100).id).unwrap(), Some(story.second));
}

#[test]
fn a_write_whose_sectors_came_out_of_order_is_cut_off() {
    let story = Story::new();
    let (from, to) = (story.log_before.len(), story.log_after.len());
    for start in (from..to - 64).step_by(80) {
        let mut bytes = story.log_after.clone();
        bytes[start..start + 64].fill(0);
        let store = Embedded::open(&story.crashed_with(&bytes)).unwrap();
        assert_eq!(store.head().unwrap(), story.first, "zeros at {start}");
    }
}

#[test]
fn an_acknowledged_write_that_is_cut_off_later_is_reported() {
    let story = Story::new();
    for len in [story.log_before.len(), story.log_after.len() - 1] {
        std::fs::write(log(&story.now()), &story.log_after[..len]).unwrap();
        let error = Embedded::open(&story.now()).err().unwrap();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains("the log is shorter than it was"), "{error}");
    }
}

#[test]
fn a_flipped_bit_is_reported_or_changes_nothing() {
    let story = Story::new();
    let whole = records(&Embedded::open(&story.now()).unwrap()).unwrap();
    let mut reported = 0;
    for place in (0..story.log_after.len()).step_by(13) {
        let mut bytes = story.log_after.clone();
        bytes[place] ^= 1 << (place % 8);
        std::fs::write(log(&story.now()), &bytes).unwrap();
        let read = Embedded::open(&story.now()).and_then(|store| {
            store.document(&batch("a", 100).documents[0].0)?;
            store.check()?;
            records(&store)
        });
        match read {
            Ok(read) => assert_eq!(read, whole, "a bit flipped at {place} was returned"),
            Err(error) => {
                assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
                reported += 1;
            }
        }
    }
    assert!(reported * 13 > story.log_after.len() * 9 / 10, "only {reported} flips were reported");
}

#[test]
fn damage_before_whole_writes_is_never_taken_for_a_torn_one() {
    let story = Story::new();
    for place in (0..story.log_before.len() - 8).step_by(23) {
        let mut bytes = story.log_after.clone();
        bytes[place] ^= 0x10;
        let dir = story.crashed_with(&bytes);
        std::fs::remove_dir_all(dir.join("index")).unwrap();
        let error = Embedded::open(&dir).err().unwrap_or_else(|| panic!("the flip at {place} went unseen"));
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert_eq!(std::fs::read(log(&dir)).unwrap(), bytes, "the evidence must stay as it is");
    }
}

#[test]
fn a_document_that_looks_like_a_write_is_not_taken_for_one() {
    let story = Story::new();
    // Somebody submits a document that holds a frame of another ledger, and the append that carries it is
    // torn.
    let other = Story::new();
    let mut carrier = batch("b", 100);
    let frame = &other.log_after[other.log_before.len()..];
    carrier.documents[0].1 = (0..8).flat_map(|shift| [vec![0; shift], frame.to_vec()].concat()).collect();
    let dir = story.crashed_with(&story.log_before);
    append(&Embedded::open(&dir).unwrap(), &carrier);
    let mut bytes = std::fs::read(log(&dir)).unwrap();
    bytes.truncate(bytes.len() - 8);
    bytes[story.log_before.len()] ^= 1;
    let store = Embedded::open(&story.crashed_with(&bytes)).unwrap();
    assert_eq!(store.head().unwrap(), story.first);
}

#[test]
fn a_lost_or_broken_index_is_made_anew_from_the_log() {
    let story = Story::new();
    let (document, other) = (batch("a", 100).documents[0].0, batch("b", 100).documents[0].0);
    let store = Embedded::open(&story.now()).unwrap();
    store.erase(&[document], &[3]).unwrap();
    store.put_certificate(4, b"certificate").unwrap();
    let whole = (store.head().unwrap(), records(&store).unwrap(), store.check().unwrap());
    drop(store);
    let index = story.now().join("index");
    let lose = || std::fs::remove_dir_all(&index).unwrap();
    let lose_one = |part: &str| std::fs::remove_dir_all(index.join(part)).unwrap();
    let (lose_rows, lose_map) = (|| lose_one("rows"), || lose_one("map"));
    let one_engine = || {
        std::fs::rename(index.join("rows"), story.now().join("earlier")).unwrap();
        lose();
        std::fs::rename(story.now().join("earlier"), &index).unwrap();
    };
    let spoil = || ["rows", "map"].iter().for_each(|part| spoil_files(&index.join(part)));
    let rounds: [&dyn Fn(); 5] = [&lose, &lose_rows, &lose_map, &one_engine, &spoil];
    for break_it in rounds {
        break_it();
        let store = Embedded::open(&story.now()).unwrap();
        assert_eq!((store.head().unwrap(), records(&store).unwrap(), store.check().unwrap()), whole);
        let left = std::fs::read_dir(&index).unwrap().count();
        assert_eq!(left, 2, "an earlier index is gone as a whole");
        assert_eq!(store.batch(&batch("a", 100).id).unwrap(), Some(story.first));
        assert_eq!(store.document(&document).unwrap(), None);
        assert!(store.document(&other).unwrap().is_some());
        assert_eq!(store.latest_certificate().unwrap(), Some((4, b"certificate".to_vec())));
    }
}

fn spoil_files(dir: &Path) {
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_file() {
            std::fs::write(entry.path(), b"garbage").unwrap();
        }
    }
}

#[test]
fn the_index_of_another_ledger_is_not_believed() {
    let (story, other) = (Story::new(), Story::new());
    std::fs::remove_dir_all(story.now().join("index")).unwrap();
    copy(&other.now().join("index"), &story.now().join("index"));
    let store = Embedded::open(&story.now()).unwrap();
    assert_eq!(store.head().unwrap(), story.second);
    store.check().unwrap();
}

#[test]
fn the_map_of_another_ledger_is_not_believed() {
    let (story, other) = (Story::new(), Story::new());
    let store = Embedded::open(&other.now()).unwrap();
    store.put_snapshot(Snapshot { size: 1, state: vec![1] }, &mut std::iter::empty()).unwrap();
    drop(store);
    std::fs::remove_dir_all(story.now().join("index")).unwrap();
    copy(&other.now().join("index/map"), &story.now().join("index/map"));
    let store = Embedded::open(&story.now()).unwrap();
    assert_eq!((store.head().unwrap(), store.snapshot().unwrap()), (story.second, None));
}

#[test]
fn erased_bytes_are_in_no_file_of_the_folder() {
    fn holds(dir: &Path, needle: &[u8]) -> bool {
        std::fs::read_dir(dir).unwrap().map(Result::unwrap).any(|entry| {
            let path = entry.path();
            if path.is_dir() {
                return holds(&path, needle);
            }
            std::fs::read(path).unwrap().windows(needle.len()).any(|window| window == needle)
        })
    }
    let dir = tempfile::tempdir().unwrap();
    let store = Embedded::open(dir.path()).unwrap();
    append(&store, &batch("a", 10));
    assert!(holds(dir.path(), b"document of a") && holds(dir.path(), b"command 2 of a"));
    store.erase(&[batch("a", 10).documents[0].0], &[1]).unwrap();
    assert!(!holds(dir.path(), b"document of a") && !holds(dir.path(), b"command 2 of a"));
    assert!(holds(dir.path(), b"command 1 of a") && holds(dir.path(), b"body 2 of a"));
}

#[test]
fn a_folder_of_another_format_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(Embedded::open(dir.path()).unwrap());
    std::fs::write(dir.path().join("FORMAT"), "lockstep-store/2\n").unwrap();
    let error = Embedded::open(dir.path()).err().unwrap().to_string();
    assert!(
        error.ends_with("names the format `lockstep-store/2`; this program reads `lockstep-store/1`"),
        "{error}"
    );
}

#[test]
fn a_folder_that_lost_a_file_is_not_taken_for_an_empty_one() {
    let story = Story::new();
    std::fs::remove_file(story.now().join("FORMAT")).unwrap();
    assert!(matches!(Embedded::open(&story.now()).err(), Some(StoreError::Format { .. })));
    std::fs::write(story.now().join("FORMAT"), "lockstep-store/1\n").unwrap();
    std::fs::remove_file(log(&story.now())).unwrap();
    assert!(matches!(Embedded::open(&story.now()).err(), Some(StoreError::Io { action: "open", .. })));
}

#[test]
fn a_crash_while_the_store_is_made_does_not_hinder_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    for (log_bytes, format) in [(&b"lock"[..], None), (b"", Some("")), (b"", Some("lockstep-st"))] {
        std::fs::write(log(dir.path()), log_bytes).unwrap();
        let _ = std::fs::remove_file(dir.path().join("FORMAT"));
        if let Some(format) = format {
            std::fs::write(dir.path().join("FORMAT"), format).unwrap();
        }
        assert_eq!(Embedded::open(dir.path()).unwrap().head().unwrap(), Head::EMPTY);
    }
}

const FULL_DISK_DIR: &str = "LOCKSTEP_STORE_FULL_DISK_DIR";

#[test]
fn an_append_that_the_disk_refuses_is_unknown_until_it_is_read_back() {
    let dir = tempfile::tempdir().unwrap();
    // A limit on file sizes is the nearest thing to a full disk that needs no rights: the write stops half
    // way.
    let limited = "trap '' XFSZ; ulimit -f 150000; exec \"$0\" --exact on_a_full_disk --nocapture";
    let mut child = Command::new("sh");
    child.args(["-c", limited]).arg(std::env::current_exe().unwrap()).env(FULL_DISK_DIR, dir.path());
    let output = child.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && said.contains("went on"), "{said}");
    let store = Embedded::open(dir.path()).unwrap();
    assert!(store.batch(&batch("after", 1).id).unwrap().is_some());
    store.check().unwrap();
}

/// Appends until the disk refuses, then goes on; runs inside the test above.
#[test]
fn on_a_full_disk() {
    let Ok(dir) = std::env::var(FULL_DISK_DIR) else { return };
    let store = Embedded::open(Path::new(&dir)).unwrap();
    let mut head = Head::EMPTY;
    for i in 0.. {
        let mut large = batch(&format!("large {i}"), 1);
        large.documents[0].1 = vec![b'x'; 5 << 20];
        match store.append(&head, &large) {
            Append::Appended(after) => head = after,
            Append::Unknown => {
                assert_eq!(store.batch(&large.id).unwrap(), None, "it was cut off");
                break;
            }
            other => panic!("expected the disk to refuse, got {other:?}"),
        }
    }
    assert!(head.size > 10, "nothing was appended before the disk was full");
    assert_eq!(store.head().unwrap(), head, "what was acknowledged is there");
    append(&store, &batch("after", 1));
    println!("went on");
}
