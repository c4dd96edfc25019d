//! Group commit: what each submitter is told, whatever happens to the others.

use lockstep_store::limits::QUEUE_BATCHES_MAX;
use lockstep_store::{
    Append, Batch, Embedded, Erased, GroupCommit, Head, IndexRow, MapRow, Memory, Result, Snapshot, Store,
    StoreError, StoredRecord, stream,
};
use lockstep_types::{Digest, MapKey, Salt, sha256};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

fn batch(name: &str) -> Batch {
    let mut leaf = [1; 41];
    leaf[9..].copy_from_slice(&sha256(name.as_bytes()));
    let body = name.as_bytes().to_vec();
    let record = StoredRecord { leaf, salt: Salt([0; 32]), body, command: None };
    Batch {
        id: Digest(leaf[9..].try_into().unwrap()),
        records: vec![record],
        documents: vec![],
        index: vec![],
    }
}

/// A store in memory that counts durable writes and fails when told to.
#[derive(Default)]
struct Faulty {
    memory: Memory,
    writes: AtomicUsize,
    unknown: AtomicBool,
    panic: AtomicBool,
}

impl Store for Faulty {
    fn append_all(&self, expected: &Head, batches: &[&Batch]) -> Append {
        self.writes.fetch_add(1, Ordering::SeqCst);
        assert!(!self.panic.swap(false, Ordering::SeqCst), "told to panic");
        let answer = self.memory.append_all(expected, batches);
        if self.unknown.swap(false, Ordering::SeqCst) { Append::Unknown } else { answer }
    }
    fn head(&self) -> Result<Head> {
        self.memory.head()
    }
    fn batch(&self, id: &Digest) -> Result<Option<Head>> {
        self.memory.batch(id)
    }
    fn records(&self, from: u64, max: usize, bytes_max: usize) -> Result<Vec<StoredRecord>> {
        self.memory.records(from, max, bytes_max)
    }
    fn document(&self, digest: &Digest) -> Result<Option<Vec<u8>>> {
        self.memory.document(digest)
    }
    fn erase(&self, documents: &[Digest], commands: &[u64]) -> Result<Erased> {
        self.memory.erase(documents, commands)
    }
    fn index_get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.memory.index_get(key)
    }
    fn index_range(&self, prefix: &[u8], from: &[u8], max: usize) -> Result<Vec<IndexRow>> {
        self.memory.index_range(prefix, from, max)
    }
    fn snapshot(&self) -> Result<Option<Snapshot>> {
        self.memory.snapshot()
    }
    fn put_snapshot(&self, snapshot: Snapshot, map: &mut dyn Iterator<Item = MapRow>) -> Result<()> {
        self.memory.put_snapshot(snapshot, map)
    }
    fn map_node(&self, depth: u16, prefix: &[u8; 32]) -> Result<Option<Vec<u8>>> {
        self.memory.map_node(depth, prefix)
    }
    fn map_value(&self, key: &MapKey) -> Result<Option<Vec<u8>>> {
        self.memory.map_value(key)
    }
    fn put_certificate(&self, size: u64, certificate: &[u8]) -> Result<()> {
        self.memory.put_certificate(size, certificate)
    }
    fn certificate(&self, size: u64) -> Result<Option<Vec<u8>>> {
        self.memory.certificate(size)
    }
    fn latest_certificate(&self) -> Result<Option<(u64, Vec<u8>)>> {
        self.memory.latest_certificate()
    }
}

/// A front, its store, and a chain of batches with the heads they expect.
fn front() -> (GroupCommit, Arc<Faulty>, Vec<(Head, Batch)>) {
    let store = Arc::new(Faulty::default());
    let front = GroupCommit::new(Arc::clone(&store) as Arc<dyn Store>);
    let mut head = Head::EMPTY;
    let chain = ["a", "b", "c", "d"].map(|name| {
        let expected = head;
        head = head.after(&batch(name));
        (expected, batch(name))
    });
    (front, store, chain.into())
}

#[test]
fn batches_that_wait_together_are_one_durable_write_and_each_gets_its_own_head() {
    let (front, store, chain) = front();
    let tickets: Vec<_> =
        chain.iter().map(|(expected, batch)| front.submit(*expected, batch.clone())).collect();
    assert_eq!(store.writes.load(Ordering::SeqCst), 0);
    // The last is waited for first: order is that of submission.
    for (ticket, (expected, batch)) in tickets.into_iter().zip(&chain).rev() {
        let answer = ticket.wait();
        assert!(matches!(answer, Append::Appended(head) if head == expected.after(batch)), "{answer:?}");
    }
    assert_eq!(store.writes.load(Ordering::SeqCst), 1);
}

#[test]
fn who_expects_another_head_does_not_hold_up_the_others() {
    let (front, _, chain) = front();
    let [a, b, c, d] = chain.try_into().unwrap();
    let first = front.submit(a.0, a.1.clone());
    let wrong = front.submit(Head { size: 7, ..a.0 }, c.1);
    let known = front.submit(b.0, a.1);
    let mut empty = batch("empty");
    empty.records.clear();
    let empty = front.submit(b.0, empty);
    let second = front.submit(b.0, b.1);
    let after_refused = front.submit(d.0, d.1);
    assert!(matches!(first.wait(), Append::Appended(head) if head == b.0));
    assert!(matches!(wrong.wait(), Append::HeadMoved(head) if head == c.0));
    assert!(matches!(known.wait(), Append::Refused(StoreError::BatchExists { .. })));
    assert!(matches!(empty.wait(), Append::Refused(StoreError::Empty)));
    assert!(matches!(second.wait(), Append::Appended(head) if head == c.0));
    assert!(matches!(after_refused.wait(), Append::HeadMoved(head) if head == c.0));
}

#[test]
fn an_unknown_outcome_is_unknown_to_all_of_the_group_and_read_back_by_id() {
    let (front, store, chain) = front();
    store.unknown.store(true, Ordering::SeqCst);
    let tickets: Vec<_> =
        chain.iter().map(|(expected, batch)| front.submit(*expected, batch.clone())).collect();
    for ticket in tickets {
        assert!(matches!(ticket.wait(), Append::Unknown));
    }
    for (expected, batch) in chain {
        assert_eq!(store.batch(&batch.id).unwrap(), Some(expected.after(&batch)));
        assert!(
            matches!(front.append(expected, batch), Append::HeadMoved(_)),
            "a blind retry writes nothing"
        );
    }
}

#[test]
fn a_store_that_panics_leaves_no_submitter_waiting() {
    let (front, store, chain) = front();
    store.panic.store(true, Ordering::SeqCst);
    let [a, b, _, _] = chain.try_into().unwrap();
    let first = front.submit(a.0, a.1);
    let second = front.submit(b.0, b.1.clone());
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| first.wait())).unwrap_err();
    assert!(matches!(second.wait(), Append::Unknown));
    assert!(matches!(front.append(b.0, b.1), Append::HeadMoved(Head::EMPTY)));
}

#[test]
fn a_full_queue_commits_before_it_takes_more() {
    let (front, store, _) = front();
    let mut head = Head::EMPTY;
    for i in 0..=QUEUE_BATCHES_MAX {
        let batch = batch(&format!("{i}"));
        let expected = head;
        head = head.after(&batch);
        // Nobody waits for any of them.
        drop(front.submit(expected, batch));
    }
    assert_eq!(store.writes.load(Ordering::SeqCst), 1);
    let size = store.head().unwrap().size;
    assert!(size > 0 && size < head.size);
}

#[test]
fn many_threads_lose_nothing_and_write_nothing_twice() {
    const THREADS: usize = 8;
    const EACH: usize = 100;
    let dir = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(Embedded::open(dir.path()).unwrap());
    let front = GroupCommit::new(Arc::clone(&store));
    let decided = Mutex::new(Head::EMPTY);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (front, decided) = (&front, &decided);
            scope.spawn(move || {
                for i in 0..EACH {
                    let batch = batch(&format!("{thread}/{i}"));
                    let ticket = {
                        let mut head = decided.lock().unwrap();
                        let expected = *head;
                        *head = expected.after(&batch);
                        front.submit(expected, batch)
                    };
                    let answer = ticket.wait();
                    assert!(matches!(answer, Append::Appended(_)), "{answer:?}");
                }
            });
        }
    });
    let bodies: std::collections::BTreeSet<_> =
        stream(&*store, 0, u64::MAX).map(|r| r.unwrap().body).collect();
    assert_eq!(bodies.len(), THREADS * EACH);
    assert_eq!(store.head().unwrap(), *decided.lock().unwrap());
}

#[test]
fn threads_that_race_for_one_head_all_win_in_the_end() {
    let (front, store, _) = front();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (front, store) = (&front, &store);
            scope.spawn(move || {
                for i in 0..50 {
                    let batch = batch(&format!("{thread}/{i}"));
                    let mut expected = store.head().unwrap();
                    while let Append::HeadMoved(head) = front.append(expected, batch.clone()) {
                        expected = head;
                    }
                    assert!(store.batch(&batch.id).unwrap().is_some());
                }
            });
        }
    });
    assert_eq!(store.head().unwrap().size, 200);
}
