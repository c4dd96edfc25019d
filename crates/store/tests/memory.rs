//! Memory stays bounded however long the ledger is. Alone in its file: it looks at the whole process.

use lockstep_store::limits::BATCH_RECORDS_MAX;
use lockstep_store::{Append, Batch, Embedded, Head, Store, StoredRecord, stream};
use lockstep_types::{Digest, Salt, sha256};

/// 42 MB of bodies; `STORE_RECORDS` asks for more.
const RECORDS: u64 = 200_000;
const GROWTH_KIB_MAX: u64 = 16 * 1_024;

fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

#[test]
fn streaming_a_long_ledger_needs_no_more_memory_than_a_short_one() {
    let records = std::env::var("STORE_RECORDS").map_or(RECORDS, |n| n.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let store = Embedded::open(dir.path()).unwrap();
    let mut head = Head::EMPTY;
    while head.size < records {
        let record = |i: u64| {
            let digest = sha256(&i.to_le_bytes());
            let mut leaf = [1; 41];
            leaf[9..].copy_from_slice(&digest);
            StoredRecord { leaf, salt: Salt(digest), body: digest.repeat(6), command: None }
        };
        let end = records.min(head.size + BATCH_RECORDS_MAX as u64);
        let id = Digest(sha256(&head.size.to_be_bytes()));
        let records = (head.size..end).map(record).collect();
        let batch = Batch { id, records, documents: vec![], index: vec![] };
        let Append::Appended(after) = store.append(&head, &batch) else { panic!("it must be appended") };
        head = after;
    }
    drop(store);

    let store = Embedded::open(dir.path()).unwrap();
    let Some(before) = resident_kib() else { return println!("skipped: /proc/self/status is absent") };
    let (mut count, mut most) = (0, before);
    let mut walked = Head::EMPTY;
    for record in stream(&store, 0, u64::MAX) {
        walked = walked.after_leaf(&record.unwrap().leaf);
        count += 1;
        if count % 1_000 == 0 {
            most = most.max(resident_kib().unwrap());
        }
    }
    assert_eq!(walked, head);
    assert!(most < before + GROWTH_KIB_MAX, "from {before} KiB to {most} KiB over {count} records");
}
