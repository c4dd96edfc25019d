//! What every engine must answer, told once and run against each.

use lockstep_store::limits::{INDEX_KEY_BYTES_MAX, INDEX_VALUE_BYTES_MAX, MAP_BYTES_MAX};
use lockstep_store::{
    Append, Batch, Embedded, Erased, Head, MapRow, Memory, Snapshot, Store, StoreError, StoredRecord, stream,
};
use lockstep_types::limits::{BODY_BYTES_MAX, COMMAND_BYTES_MAX};
use lockstep_types::{Digest, MapKey, Salt, sha256};

fn digest(name: &str) -> Digest {
    Digest(sha256(name.as_bytes()))
}

fn record(name: &str) -> StoredRecord {
    let mut leaf = [0; 41];
    leaf[0] = 1;
    leaf[9..].copy_from_slice(&sha256(name.as_bytes()));
    let salt = Salt(sha256(format!("salt of {name}").as_bytes()));
    StoredRecord { leaf, salt, body: format!("body of {name}").into_bytes(), command: None }
}

/// A batch of `records` records; the first carries the command, and there is a document and an index row.
fn batch(name: &str, records: usize) -> Batch {
    let mut records: Vec<_> = (0..records).map(|i| record(&format!("{name}/{i}"))).collect();
    records[0].command = Some(format!("command of {name}").into_bytes());
    Batch {
        id: digest(name),
        records,
        documents: vec![(digest(&format!("document of {name}")), format!("document of {name}").into_bytes())],
        index: vec![(format!("case/{name}").into_bytes(), name.as_bytes().to_vec())],
    }
}

fn appended(store: &dyn Store, batch: &Batch) -> Head {
    let head = store.head().unwrap();
    match store.append(&head, batch) {
        Append::Appended(after) => {
            assert_eq!(after, head.after(batch), "the head must follow from the leaves");
            after
        }
        other => panic!("expected it to be appended, got {other:?}"),
    }
}

fn names(store: &dyn Store) -> Vec<String> {
    let records = stream(store, 0, u64::MAX).map(|record| String::from_utf8(record.unwrap().body).unwrap());
    records.collect()
}

fn an_empty_store_has_the_empty_head_and_nothing_else(store: &dyn Store) {
    assert_eq!(store.head().unwrap(), Head::EMPTY);
    assert_eq!(store.records(0, 10, 1_000).unwrap(), []);
    assert_eq!(store.batch(&digest("a")).unwrap(), None);
    assert_eq!(store.document(&digest("a")).unwrap(), None);
    assert_eq!(store.index_get(b"a").unwrap(), None);
    assert_eq!(store.snapshot().unwrap(), None);
    assert_eq!(store.latest_certificate().unwrap(), None);
    assert_eq!(store.map_node(0, &[0; 32]).unwrap(), None);
    assert_eq!(store.map_value(&MapKey::default()).unwrap(), None);
}

fn what_was_appended_is_read_back_whole(store: &dyn Store) {
    let (a, b) = (batch("a", 3), batch("b", 2));
    let after_a = appended(store, &a);
    let after_b = appended(store, &b);
    assert_eq!(store.head().unwrap(), after_b);
    assert_eq!((after_a.size, after_b.size), (3, 5));
    let all: Vec<_> = a.records.iter().chain(&b.records).cloned().collect();
    assert_eq!(store.records(0, 100, 1 << 20).unwrap(), all);
    assert_eq!(store.batch(&a.id).unwrap(), Some(after_a));
    assert_eq!(store.batch(&b.id).unwrap(), Some(after_b));
    assert_eq!(
        store.document(&digest("document of a")).unwrap().as_deref(),
        Some(b"document of a".as_slice())
    );
    assert_eq!(store.index_get(b"case/b").unwrap().as_deref(), Some(b"b".as_slice()));
}

fn records_are_read_from_any_place_within_both_limits(store: &dyn Store) {
    for name in ["a", "b", "c"] {
        let _ = appended(store, &batch(name, 4));
    }
    let all = store.records(0, 100, 1 << 20).unwrap();
    for from in 0..=12_usize {
        for max in [0, 1, 2, 5, 100] {
            let read = store.records(from as u64, max, 1 << 20).unwrap();
            assert_eq!(read, all[from..(from + max).min(12)], "from {from}, at most {max}");
        }
    }
    let two = all[1].bytes() + all[2].bytes();
    assert_eq!(store.records(1, 100, two).unwrap(), all[1..3]);
    assert_eq!(store.records(1, 100, two - 1).unwrap(), all[1..2]);
    assert_eq!(store.records(1, 100, 0).unwrap(), all[1..2], "one record always comes, however long");
    let beyond = store.records(13, 1, 1).unwrap_err();
    assert!(matches!(beyond, StoreError::NoSuchRecord { number: 13, size: 12 }), "{beyond}");
}

fn a_stream_reads_many_small_records_in_order(store: &dyn Store) {
    let group: Vec<_> = (0..4).map(|i| batch(&format!("{i}"), 700)).collect();
    for batch in &group {
        let _ = appended(store, batch);
    }
    let expected: Vec<_> = group.iter().flat_map(|batch| batch.records.clone()).collect();
    let read: Vec<_> = stream(store, 0, u64::MAX).map(Result::unwrap).collect();
    assert_eq!(read, expected);
    let part: Vec<_> = stream(store, 699, 1_401).map(Result::unwrap).collect();
    assert_eq!(part, expected[699..1_401]);
}

fn whoever_expects_another_head_is_told_the_head_and_writes_nothing(store: &dyn Store) {
    let before = store.head().unwrap();
    let after_a = appended(store, &batch("a", 1));
    for wrong in [before, Head { tip: digest("another history"), ..after_a }, Head { size: 9, ..after_a }] {
        let answer = store.append(&wrong, &batch("b", 1));
        assert!(matches!(answer, Append::HeadMoved(head) if head == after_a), "{answer:?}");
    }
    assert_eq!(store.batch(&digest("b")).unwrap(), None);
    assert_eq!(store.document(&digest("document of b")).unwrap(), None);
    assert_eq!(store.index_get(b"case/b").unwrap(), None);
    assert_eq!(names(store), ["body of a/0"]);
}

fn a_batch_is_never_appended_twice(store: &dyn Store) {
    let a = batch("a", 1);
    let before = store.head().unwrap();
    let after = appended(store, &a);
    // The one who retries blindly, and the one who retries at the head of today.
    assert!(matches!(store.append(&before, &a), Append::HeadMoved(head) if head == after));
    assert!(matches!(store.append(&after, &a), Append::Refused(StoreError::BatchExists { .. })));
    let b = batch("b", 1);
    assert!(matches!(store.append_all(&after, &[&b, &b]), Append::Refused(StoreError::BatchExists { .. })));
    assert_eq!(store.head().unwrap(), after);
}

fn batches_appended_together_are_all_there_or_none_is(store: &dyn Store) {
    let (a, b, mut c) = (batch("a", 2), batch("b", 1), batch("c", 1));
    let Append::Appended(after) = store.append_all(&Head::EMPTY, &[&a, &b]) else {
        panic!("it must be appended")
    };
    assert_eq!(after, Head::EMPTY.after(&a).after(&b));
    assert_eq!(store.batch(&a.id).unwrap(), Some(Head::EMPTY.after(&a)));
    assert_eq!(store.batch(&b.id).unwrap(), Some(after));
    c.records.clear();
    let d = batch("d", 1);
    assert!(matches!(store.append_all(&after, &[&d, &c]), Append::Refused(StoreError::Empty)));
    assert_eq!(store.batch(&d.id).unwrap(), None);
    assert_eq!(store.head().unwrap(), after);
}

fn limits_are_refused_in_order_and_nothing_is_written(store: &dyn Store) {
    let refused = |change: &dyn Fn(&mut Batch)| {
        let mut a = batch("a", 1);
        change(&mut a);
        match store.append(&Head::EMPTY, &a) {
            Append::Refused(error) => error.to_string(),
            other => panic!("expected a refusal, got {other:?}"),
        }
    };
    let above = |what: &str, limit: usize| format!("{what} of `{}`: at most `{limit}`", limit + 1);
    let long = |limit: usize| vec![0; limit + 1];
    assert_eq!(refused(&|a| a.records.clear()), "nothing to append: a batch holds one record or more");
    assert_eq!(refused(&|a| a.records = vec![record("r"); 8_193]), above("a batch's records", 8_192));
    let body = refused(&|a| a.records[0].body = long(BODY_BYTES_MAX));
    assert_eq!(body, above("a body's bytes", BODY_BYTES_MAX));
    let command = refused(&|a| a.records[0].command = Some(long(COMMAND_BYTES_MAX)));
    assert_eq!(command, above("a command's bytes", COMMAND_BYTES_MAX));
    let key = refused(&|a| a.index[0].0 = long(INDEX_KEY_BYTES_MAX));
    assert_eq!(key, above("an index key's bytes", INDEX_KEY_BYTES_MAX));
    let value = refused(&|a| a.index[0].1 = long(INDEX_VALUE_BYTES_MAX));
    assert_eq!(value, above("an index value's bytes", INDEX_VALUE_BYTES_MAX));
    assert_eq!(store.head().unwrap(), Head::EMPTY);
}

fn erased_documents_and_commands_are_gone_and_stay_gone(store: &dyn Store) {
    let (a, b) = (batch("a", 2), batch("b", 1));
    let _ = appended(store, &a);
    let head = appended(store, &b);
    let (of_a, of_b) = (digest("document of a"), digest("document of b"));
    let erased = store.erase(&[of_a, of_a], &[0, 0]).unwrap();
    assert_eq!(erased, Erased { documents: 1, commands: 1 });
    let mut expected = a.records.clone();
    expected[0].command = None;
    expected.extend(b.records.clone());
    assert_eq!(store.records(0, 10, 1 << 20).unwrap(), expected, "leaf, salt and body stay");
    assert_eq!(store.document(&of_a).unwrap(), None);
    assert!(store.document(&of_b).unwrap().is_some());
    assert_eq!(store.head().unwrap(), head);
    assert_eq!(store.erase(&[of_a], &[0, 1]).unwrap(), Erased::default(), "twice is harmless");

    let mut again = batch("c", 1);
    again.documents = a.documents;
    let _ = appended(store, &again);
    assert_eq!(store.document(&of_a).unwrap(), None, "an erased document does not come back");
}

fn an_empty_command_is_kept_and_erased_like_any_other(store: &dyn Store) {
    let mut a = batch("a", 2);
    a.records.iter_mut().for_each(|record| record.command = Some(Vec::new()));
    let _ = appended(store, &a);
    assert_eq!(store.erase(&[], &[1]).unwrap(), Erased { documents: 0, commands: 1 });
    let commands: Vec<_> = stream(store, 0, 2).map(|record| record.unwrap().command).collect();
    assert_eq!(commands, [Some(Vec::new()), None]);
}

fn records_are_found_among_many_small_writes(store: &dyn Store) {
    let mut expected = Vec::new();
    for i in 0..60 {
        let batch = batch(&format!("{i}"), if i % 20 == 7 { 50 } else { 1 });
        let head = appended(store, &batch);
        expected.extend(batch.records);
        if i % 3 == 0 {
            store.put_certificate(head.size, b"a write without records").unwrap();
        }
    }
    for (number, record) in expected.iter().enumerate() {
        assert_eq!(
            store.records(number as u64, 1, 0).unwrap(),
            std::slice::from_ref(record),
            "record {number}"
        );
    }
}

fn a_document_erased_before_it_came_is_never_stored(store: &dyn Store) {
    let a = batch("a", 1);
    assert_eq!(store.erase(&[a.documents[0].0], &[]).unwrap(), Erased::default());
    let _ = appended(store, &a);
    assert_eq!(store.document(&a.documents[0].0).unwrap(), None);
}

fn an_erasure_beyond_the_head_is_refused_as_a_whole(store: &dyn Store) {
    let a = batch("a", 1);
    let _ = appended(store, &a);
    let refused = store.erase(&[a.documents[0].0], &[0, 1]).unwrap_err();
    assert!(matches!(refused, StoreError::NoSuchRecord { number: 1, size: 1 }), "{refused}");
    assert!(store.document(&a.documents[0].0).unwrap().is_some());
    assert!(store.records(0, 1, 1).unwrap()[0].command.is_some());
}

fn one_document_in_two_batches_is_one_document(store: &dyn Store) {
    let (a, mut b) = (batch("a", 1), batch("b", 1));
    b.documents.clone_from(&a.documents);
    b.documents.extend(a.documents.clone());
    let _ = appended(store, &a);
    let _ = appended(store, &b);
    let name = a.documents[0].0;
    assert_eq!(store.document(&name).unwrap(), Some(a.documents[0].1.clone()));
    assert_eq!(store.erase(&[name], &[]).unwrap(), Erased { documents: 1, commands: 0 });
    assert_eq!(store.document(&name).unwrap(), None);
}

fn index_rows_are_replaced_and_read_by_prefix(store: &dyn Store) {
    let mut a = batch("a", 1);
    let row = |key: &str, value: &str| (key.as_bytes().to_vec(), value.as_bytes().to_vec());
    a.index = vec![row("k/1", "1"), row("k/2", "2"), row("k/3", "3"), row("k", ""), row("l", "x")];
    let _ = appended(store, &a);
    let mut b = batch("b", 1);
    b.index = vec![row("k/2", "two"), row("j\u{ff}", "y")];
    let _ = appended(store, &b);
    let all = [row("k/1", "1"), row("k/2", "two"), row("k/3", "3")];
    assert_eq!(store.index_range(b"k/", b"", 10).unwrap(), all);
    assert_eq!(store.index_range(b"k/", b"", 2).unwrap(), all[..2]);
    assert_eq!(store.index_range(b"k/", b"k/2", 10).unwrap(), all[1..], "`from` is inclusive");
    assert_eq!(store.index_range(b"k/", b"k/2\0", 10).unwrap(), all[2..]);
    assert_eq!(store.index_range(b"k/", b"l", 10).unwrap(), []);
    assert_eq!(store.index_range(b"m", b"", 10).unwrap(), []);
    assert_eq!(store.index_range(b"", b"", 10).unwrap().len(), 6);
    assert_eq!(store.index_get(b"k").unwrap().as_deref(), Some(b"".as_slice()));
}

fn a_snapshot_and_its_map_change_together(store: &dyn Store) {
    let _ = appended(store, &batch("a", 2));
    let put =
        |snapshot: &Snapshot, rows: Vec<MapRow>| store.put_snapshot(snapshot.clone(), &mut rows.into_iter());
    let node = |depth, prefix, bytes: &[u8]| MapRow::Node((depth, [prefix; 32]), Some(bytes.to_vec()));
    let ahead = put(&Snapshot { size: 3, state: vec![] }, vec![node(1, 1, &[1])]);
    assert!(matches!(ahead, Err(StoreError::Ahead { found: 3, size: 2, .. })));
    let large = vec![node(1, 1, &[1]), node(1, 2, &[0; MAP_BYTES_MAX + 1])];
    let large = put(&Snapshot { size: 1, state: vec![] }, large);
    assert!(matches!(large, Err(StoreError::Limit { .. })));
    let value = || MapRow::Value(MapKey([7; 32]), b"v".to_vec());
    for unordered in [vec![node(1, 2, &[1]), node(1, 1, &[1])], vec![value(), node(1, 1, &[1])]] {
        let unordered = put(&Snapshot { size: 1, state: vec![] }, unordered);
        assert!(matches!(unordered, Err(StoreError::MapOrder)));
    }
    assert_eq!((store.snapshot().unwrap(), store.map_node(1, &[1; 32]).unwrap()), (None, None));

    let first = Snapshot { size: 1, state: b"one".to_vec() };
    put(&first, vec![node(1, 1, &[1]), node(1, 2, &[3]), node(256, 1, &[2]), value()]).unwrap();
    assert_eq!(store.snapshot().unwrap(), Some(first));

    // Of many parts, and then of fewer.
    let large = Snapshot { size: 2, state: (0..=u8::MAX).cycle().take(1_000_000).collect() };
    put(&large, vec![]).unwrap();
    assert_eq!(store.snapshot().unwrap(), Some(large));

    let second = Snapshot { size: 2, state: b"two".to_vec() };
    put(&second, vec![MapRow::Node((1, [1; 32]), None), node(1, 2, &[4])]).unwrap();
    assert_eq!(store.snapshot().unwrap(), Some(second));
    assert_eq!(store.map_node(1, &[1; 32]).unwrap(), None);
    assert_eq!(store.map_node(256, &[1; 32]).unwrap(), Some(vec![2]));
    assert_eq!(store.map_node(1, &[2; 32]).unwrap(), Some(vec![4]));
    assert_eq!(store.map_value(&MapKey([7; 32])).unwrap(), Some(b"v".to_vec()));
}

fn certificates_are_found_by_size_and_the_largest_is_the_latest(store: &dyn Store) {
    let _ = appended(store, &batch("a", 3));
    store.put_certificate(3, b"three").unwrap();
    store.put_certificate(1, b"one").unwrap();
    assert_eq!(store.latest_certificate().unwrap(), Some((3, b"three".to_vec())));
    assert_eq!(store.certificate(1).unwrap(), Some(b"one".to_vec()));
    assert_eq!(store.certificate(2).unwrap(), None);
    store.put_certificate(3, b"more signatures").unwrap();
    assert_eq!(store.certificate(3).unwrap(), Some(b"more signatures".to_vec()));
    assert!(matches!(store.put_certificate(4, b"four"), Err(StoreError::Ahead { found: 4, size: 3, .. })));
    assert!(matches!(store.put_certificate(3, &[0; 65_537]), Err(StoreError::Limit { .. })));
}

macro_rules! suite {
    ($($story:ident)*) => {
        mod memory {
            $(#[test] fn $story() { super::$story(&super::Memory::new()); })*
        }
        mod embedded {
            $(#[test] fn $story() {
                let dir = tempfile::tempdir().unwrap();
                super::$story(&super::Embedded::open(dir.path()).unwrap());
                // Whatever the story did, all that is written must still be whole, also for who opens it
                // later.
                super::Embedded::open(dir.path()).unwrap().check().unwrap();
            })*
        }
    };
}

suite! {
    an_empty_store_has_the_empty_head_and_nothing_else
    what_was_appended_is_read_back_whole
    records_are_read_from_any_place_within_both_limits
    a_stream_reads_many_small_records_in_order
    whoever_expects_another_head_is_told_the_head_and_writes_nothing
    a_batch_is_never_appended_twice
    batches_appended_together_are_all_there_or_none_is
    limits_are_refused_in_order_and_nothing_is_written
    erased_documents_and_commands_are_gone_and_stay_gone
    an_empty_command_is_kept_and_erased_like_any_other
    records_are_found_among_many_small_writes
    a_document_erased_before_it_came_is_never_stored
    an_erasure_beyond_the_head_is_refused_as_a_whole
    one_document_in_two_batches_is_one_document
    index_rows_are_replaced_and_read_by_prefix
    a_snapshot_and_its_map_change_together
    certificates_are_found_by_size_and_the_largest_is_the_latest
}
