//! The process that is killed, and the one that kills it and looks at what is left.

use lockstep_store::{
    Append, Batch, Embedded, GroupCommit, Head, MapRow, Snapshot, Store, StoreError, StoredRecord, stream,
};
use lockstep_types::{Digest, Salt, sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SUBMITTERS: u64 = 3;
const RECORDS_MAX: u64 = 30;
const LINES_MAX: u64 = 200;
const MICROSECONDS_MAX: u64 = 3_000;

/// What was seen in all rounds.
pub struct Report {
    /// Batches that a child said were appended.
    pub acknowledged: usize,
    /// Batches in the store at the end.
    pub found: usize,
}

/// A number that follows from `seed` and `of`, below `limit`.
fn pick(seed: u64, of: &str, limit: u64) -> u64 {
    let digest = sha256(format!("{seed}/{of}").as_bytes());
    u64::from_le_bytes(*digest.first_chunk().expect("32 bytes")) % limit
}

/// A batch that tells in each body to which batch it belongs and how long that is.
fn batch(id: Digest, records: u64) -> Batch {
    let record = |i| {
        let body = format!("{id} {i} {records}").into_bytes();
        let mut leaf = [1; 41];
        leaf[9..].copy_from_slice(&sha256(&body));
        let command = Some(format!("command {i} of {id}").repeat(20).into_bytes());
        StoredRecord { leaf, salt: Salt(sha256(&leaf)), body, command }
    };
    Batch {
        id,
        records: (0..records).map(record).collect(),
        documents: vec![(document_name(&id), document(&id))],
        index: vec![(id.0.to_vec(), records.to_le_bytes().to_vec())],
    }
}

fn document_name(id: &Digest) -> Digest {
    Digest(sha256(&id.0))
}

fn document(id: &Digest) -> Vec<u8> {
    format!("document of {id}").repeat(100).into_bytes()
}

/// Appends, erases, certifies and snapshots until it is killed, and says on stdout what has become durable.
pub fn child(dir: &Path, seed: u64) {
    let store: Arc<dyn Store> = Arc::new(Embedded::open(dir).expect("the store opens after every kill"));
    let front = GroupCommit::new(Arc::clone(&store));
    let decided = Mutex::new(store.head().expect("the head reads"));
    let appended = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for thread in 0..SUBMITTERS {
            let (front, decided, appended) = (&front, &decided, &appended);
            scope.spawn(move || submit(front, decided, appended, (seed, thread)));
        }
        scope.spawn(|| disturb(&*store, &appended, seed));
    });
}

fn submit(front: &GroupCommit, decided: &Mutex<Head>, appended: &Mutex<Vec<Digest>>, name: (u64, u64)) {
    for counter in 0_u64.. {
        let id = Digest(sha256(format!("{name:?}/{counter}").as_bytes()));
        let batch = batch(id, 1 + pick(name.0, &format!("{}/{counter}", name.1), RECORDS_MAX));
        let ticket = {
            let mut head = decided.lock().expect("no submitter panics");
            let expected = *head;
            *head = expected.after(&batch);
            front.submit(expected, batch)
        };
        match ticket.wait() {
            Append::Appended(Head { size, tip }) => println!("appended {id} {size} {tip}"),
            other => panic!("expected it to be appended, got {other:?}"),
        }
        appended.lock().expect("no submitter panics").push(id);
    }
}

fn disturb(store: &dyn Store, appended: &Mutex<Vec<Digest>>, seed: u64) {
    for counter in 0_u64.. {
        let size = store.head().expect("the head reads").size;
        let ids = appended.lock().expect("no submitter panics").clone();
        if size == 0 || ids.is_empty() {
            std::thread::yield_now();
            continue;
        }
        let place = pick(seed, &format!("place {counter}"), ids.len() as u64);
        let id = ids[usize::try_from(place).expect("it is an index")];
        let number = pick(seed, &format!("number {counter}"), size);
        println!("erasing {id} {number}");
        store.erase(&[document_name(&id)], &[number]).expect("it is erased");
        println!("erased {id} {number}");
        store.put_certificate(size, &size.to_le_bytes()).expect("it is put");
        println!("certified {size}");
        let node = MapRow::Node((1, [0; 32]), Some(size.to_le_bytes().to_vec()));
        store
            .put_snapshot(Snapshot { size, state: size.to_le_bytes().to_vec() }, &mut [node].into_iter())
            .expect("it is put");
    }
}

/// What the children have said.
#[derive(Default)]
struct Said {
    appended: BTreeMap<Digest, Head>,
    erasing: (BTreeSet<Digest>, BTreeSet<u64>),
    erased: (BTreeSet<Digest>, BTreeSet<u64>),
    certified: BTreeSet<u64>,
}

impl Said {
    fn take(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |word: &str| word.parse::<u64>().expect("the child writes numbers");
        let digest = |word: &str| word.parse::<Digest>().expect("the child writes digests");
        match words.as_slice() {
            ["appended", id, size, tip] => {
                let head = Head { size: number(size), tip: digest(tip) };
                assert!(self.appended.insert(digest(id), head).is_none(), "acknowledged twice: {line}");
            }
            ["erasing", id, at] => {
                self.erasing.0.insert(digest(id));
                self.erasing.1.insert(number(at));
            }
            ["erased", id, at] => {
                self.erased.0.insert(digest(id));
                self.erased.1.insert(number(at));
            }
            ["certified", size] => {
                self.certified.insert(number(size));
            }
            // The test runner that a child may live in says things of its own.
            _ => {}
        }
    }
}

/// Lets children work on `dir` and kills each at a moment drawn from `seed`.
pub fn run(dir: &Path, rounds: u64, seed: u64, child: impl Fn(&Path, u64) -> Command) -> Report {
    let mut said = Said::default();
    let mut found = 0;
    for round in 0..rounds {
        let round_seed = seed * 1_000_000 + round;
        kill_one(dir, round_seed, child(dir, round_seed), &mut said);
        let store =
            Embedded::open(dir).unwrap_or_else(|error| panic!("round {round} of seed {seed}: {error}"));
        store.check().unwrap_or_else(|error| panic!("round {round} of seed {seed}: {error}"));
        found = look(&store, &said);
    }
    Report { acknowledged: said.appended.len(), found }
}

fn kill_one(dir: &Path, seed: u64, mut command: Command, said: &mut Said) {
    let mut child = command.stdout(Stdio::piped()).spawn().expect("the child starts");
    let mut lines = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
    // Every fifth child is killed while it opens the store, the others after so many lines.
    let opening = seed.is_multiple_of(5);
    let lines_max = if opening { 0 } else { 1 + pick(seed, "lines", LINES_MAX) };
    let mut line = String::new();
    for count in 0..lines_max {
        line.clear();
        if lines.read_line(&mut line).expect("the child speaks UTF-8") == 0 {
            panic!("the child ended by itself: {}", child.wait().expect("it ended"));
        }
        said.take(line.trim_end());
        if count == 0 && line.starts_with("appended") {
            let second = Embedded::open(dir).err();
            assert!(matches!(second, Some(StoreError::Locked { .. })), "two processes hold one store");
        }
    }
    let wait = pick(seed, "microseconds", if opening { 10 * MICROSECONDS_MAX } else { MICROSECONDS_MAX });
    std::thread::sleep(Duration::from_micros(wait));
    child.kill().expect("the child is killed");
    child.wait().expect("the child is gone");
    let mut rest = String::new();
    lines.read_to_string(&mut rest).expect("the child speaks UTF-8");
    // A last line without its end was cut by the kill.
    rest.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')).for_each(|line| said.take(line));
}

/// Holds the store against what was said; returns how many batches there are.
fn look(store: &Embedded, said: &Said) -> usize {
    for (id, head) in &said.appended {
        assert_eq!(store.batch(id).expect("it reads"), Some(*head), "acknowledged, and lost: {id}");
    }
    let found = look_at_records(store, said);
    for id in &found {
        let document = store.document(&document_name(id)).expect("it reads");
        match document {
            Some(bytes) => assert_eq!(bytes, self::document(id)),
            None => assert!(said.erasing.0.contains(id), "nobody erased the document of {id}"),
        }
        assert!(store.index_get(&id.0).expect("it reads").is_some(), "no index row: {id}");
    }
    for id in &said.erased.0 {
        assert_eq!(store.document(&document_name(id)).expect("it reads"), None, "erased, and back: {id}");
    }
    for size in &said.certified {
        assert_eq!(
            store.certificate(*size).expect("it reads").as_deref(),
            Some(size.to_le_bytes().as_slice())
        );
    }
    if let Some(snapshot) = store.snapshot().expect("it reads") {
        assert_eq!(snapshot.state, snapshot.size.to_le_bytes());
        assert_eq!(store.map_node(1, &[0; 32]).expect("it reads"), Some(snapshot.state), "half a snapshot");
        assert!(snapshot.size <= store.head().expect("it reads").size);
    }
    found.len()
}

/// Every record belongs to a whole batch that is there once; returns the batches' ids.
fn look_at_records(store: &Embedded, said: &Said) -> BTreeSet<Digest> {
    let mut found = BTreeSet::new();
    let mut head = Head::EMPTY;
    let mut open: Option<(Digest, u64, u64)> = None;
    for record in stream(store, 0, u64::MAX) {
        let record = record.expect("it is whole");
        let body = String::from_utf8(record.body).expect("it was written as UTF-8");
        let words: Vec<&str> = body.split(' ').collect();
        let [id, i, records] = words.as_slice() else { panic!("not a body: {body}") };
        let id: Digest = id.parse().expect("a digest");
        let (i, records): (u64, u64) = (i.parse().expect("a number"), records.parse().expect("a number"));
        match open {
            None => {
                assert!(i == 0 && found.insert(id), "a batch is there twice, or without its start: {body}")
            }
            Some(expected) => assert_eq!((id, i, records), expected),
        }
        if record.command.is_none() {
            assert!(said.erasing.1.contains(&head.size), "nobody erased the command of record {}", head.size);
        }
        assert!(record.command.is_none() || !said.erased.1.contains(&head.size), "erased, and back");
        head = head.after_leaf(&record.leaf);
        open = (i + 1 < records).then_some((id, i + 1, records));
        if open.is_none() {
            assert_eq!(store.batch(&id).expect("it reads"), Some(head));
        }
    }
    assert_eq!(open, None, "the last batch is cut off");
    assert_eq!(store.head().expect("it reads"), head);
    found
}
