use super::frame::{FrameBuilder, FrameHead, HEAD_BYTES, decode_rows};
use super::index::{Applied, Index};
use super::{Embedded, Frame};
use crate::{Append, Batch, Head, Snapshot, Store, StoreError, StoredRecord};
use lockstep_types::{Digest, Salt, sha256};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

fn batch(name: &str) -> Batch {
    let digest = sha256(name.as_bytes());
    let mut leaf = [1; 41];
    leaf[9..].copy_from_slice(&digest);
    let body = name.as_bytes().to_vec();
    let record = StoredRecord { leaf, salt: Salt(digest), body: body.clone(), command: Some(body.clone()) };
    Batch {
        id: Digest(digest),
        records: vec![record],
        documents: vec![(Digest(digest), body.clone())],
        index: vec![(body.clone(), body)],
    }
}

/// Leaves the store as a failed flush does: the bytes are in the log, and nobody knows.
fn write_without_answer(store: &Embedded, frame: FrameBuilder) {
    let mut state = store.state.write().unwrap();
    let open = state.open.take().unwrap();
    let bytes = frame.finish(&open.applied.head, &open.log.nonce);
    open.log.write(open.applied.end, &bytes).unwrap();
}

#[test]
fn an_append_whose_answer_was_lost_is_found_by_its_id() {
    let dir = tempfile::tempdir().unwrap();
    let store = Embedded::open(dir.path()).unwrap();
    let (a, b) = (batch("a"), batch("b"));
    let Append::Appended(after_a) = store.append(&Head::EMPTY, &a) else { panic!("it must be appended") };
    let mut frame = FrameBuilder::default();
    frame.batch(&b, &mut BTreeSet::new());
    write_without_answer(&store, frame);
    assert_eq!(store.batch(&b.id).unwrap(), Some(after_a.after(&b)));
    assert_eq!(store.head().unwrap(), after_a.after(&b));
    assert_eq!(store.document(&b.documents[0].0).unwrap(), Some(b"b".to_vec()));
    assert_eq!(store.index_get(b"b").unwrap(), Some(b"b".to_vec()));
    store.check().unwrap();
}

#[test]
fn an_erasure_that_was_cut_short_is_carried_out_by_whoever_opens_the_store_next() {
    let dir = tempfile::tempdir().unwrap();
    let store = Embedded::open(dir.path()).unwrap();
    let a = batch("a");
    assert!(matches!(store.append(&Head::EMPTY, &a), Append::Appended(_)));
    let (frame, erased) = store.read(|open| open.erasure(&[a.documents[0].0], &[0])).unwrap();
    assert_eq!((erased.documents, erased.commands), (1, 1));
    write_without_answer(&store, frame);
    assert_eq!(store.document(&a.documents[0].0).unwrap(), None);
    assert_eq!(store.records(0, 1, 1).unwrap()[0].command, None);
    store.check().unwrap();
}

#[test]
fn an_append_and_its_erasure_both_unseen_by_the_index_are_taken_over_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let store = Embedded::open(dir.path()).unwrap();
    let a = batch("a");
    assert!(matches!(store.append(&Head::EMPTY, &a), Append::Appended(_)));
    store.put_snapshot(Snapshot { size: 1, state: vec![] }, &mut std::iter::empty()).unwrap();
    store.erase(&[a.documents[0].0], &[0]).unwrap();
    drop(store);
    std::fs::remove_dir_all(dir.path().join("index")).unwrap();
    let store = Embedded::open(dir.path()).unwrap();
    assert_eq!(store.document(&a.documents[0].0).unwrap(), None);
    assert_eq!(store.records(0, 1, 1).unwrap()[0].command, None);
    assert_eq!(store.snapshot().unwrap(), None, "a snapshot may be lost with the index, and is made anew");
    assert_eq!(store.check().unwrap().erased, 2);
}

/// An index with a map and no snapshot that goes with it would answer with what is still to come.
#[test]
fn an_index_with_a_snapshot_of_an_earlier_form_is_made_anew() {
    let without_size = |map: &fjall::Keyspace| map.remove("t").unwrap();
    let state_in_one_row = |map: &fjall::Keyspace| map.insert("t", 1u64.to_le_bytes()).unwrap();
    let earlier: [&dyn Fn(&fjall::Keyspace); 2] = [&without_size, &state_in_one_row];
    for make_earlier in earlier {
        let dir = tempfile::tempdir().unwrap();
        let store = Embedded::open(dir.path()).unwrap();
        assert!(matches!(store.append(&Head::EMPTY, &batch("a")), Append::Appended(_)));
        let node = crate::MapRow::Node((3, [0; 32]), Some(vec![7; 65]));
        store.put_snapshot(Snapshot { size: 1, state: vec![1] }, &mut [node].into_iter()).unwrap();
        drop(store);
        changed_map(dir.path(), make_earlier);
        let store = Embedded::open(dir.path()).unwrap();
        assert_eq!((store.snapshot().unwrap(), store.map_node(3, &[0; 32]).unwrap()), (None, None));
        assert_eq!(store.head().unwrap().size, 1);
    }
}

#[test]
fn a_snapshot_that_lacks_a_part_of_its_state_is_never_read() {
    let dir = tempfile::tempdir().unwrap();
    let store = Embedded::open(dir.path()).unwrap();
    assert!(matches!(store.append(&Head::EMPTY, &batch("a")), Append::Appended(_)));
    let whole = Snapshot { size: 1, state: vec![1; 100_000] };
    store.put_snapshot(whole, &mut std::iter::empty()).unwrap();
    drop(store);
    changed_map(dir.path(), &|map| map.remove([b"s".as_slice(), &2u32.to_be_bytes()].concat()).unwrap());
    let read = Embedded::open(dir.path()).unwrap().snapshot();
    assert!(matches!(read, Err(StoreError::IndexDamaged { what: "the snapshot" })));
}

/// Changes the map's rows in a store that nobody has open.
fn changed_map(dir: &Path, change: &dyn Fn(&fjall::Keyspace)) {
    let engine = fjall::Database::builder(dir.join("index/map")).open().unwrap();
    let map = engine.keyspace("rows", fjall::KeyspaceCreateOptions::default).unwrap();
    change(&map);
    engine.persist(fjall::PersistMode::SyncAll).unwrap();
}

/// Folders that exist are read by it: another layout needs another name in `FORMAT`.
#[test]
fn the_bytes_of_a_frame_are_frozen() {
    let mut frame = FrameBuilder::default();
    frame.batch(&batch("frozen"), &mut BTreeSet::new());
    let bytes = frame.finish(&Head::EMPTY, &[7; 16]);
    let digest = Digest(sha256(&bytes)).to_string();
    assert_eq!(digest, "ba89cecb70f9bfd667d7a7fa98f1c9f2a9889380601acc62e30bec361c2eb4a6");
}

fn decode(bytes: &[u8]) -> Option<Frame> {
    let head = FrameHead::decode(bytes.first_chunk()?, &[7; 16])?;
    Frame::decode(0, &head, bytes.get(HEAD_BYTES..HEAD_BYTES.checked_add(head.table_bytes())?)?)
}

proptest! {
    #[test]
    fn no_bytes_make_the_decoders_panic(bytes in any::<Vec<u8>>(), at in 0_usize..400, bit in 0_u8..8) {
        let _ = decode(&bytes);
        let _ = decode_rows(&bytes);
        let mut frame = FrameBuilder::default();
        frame.batch(&batch("a"), &mut BTreeSet::new());
        let mut built = frame.finish(&Head::EMPTY, &[7; 16]);
        let parts = decode(&built).unwrap().parts;
        prop_assert_eq!(parts.len(), 6);
        if let Some(byte) = built.get_mut(at) {
            *byte ^= 1 << bit;
        }
        let table_end = HEAD_BYTES + 6 * 24 + 16;
        prop_assert_eq!(decode(&built).is_none(), at < table_end, "head and table are under checksums");
    }
}

/// With one thread, the engine's work ends for good once more waits for it than its queue holds: rows then
/// stay in memory, without a bound.
#[test]
fn tables_are_written_however_many_small_changes_come_while_others_are_merged() {
    const CHANGES: u64 = 200_000;
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    let applied = Applied { end: 0, head: Head::EMPTY };
    for number in 0..CHANGES {
        let mut change = index.change();
        for row in 0..4u8 {
            let key = sha256(&[number.to_be_bytes().as_slice(), &[row]].concat());
            change.row(&key, &key);
        }
        change.commit(&applied, &[0; 16]).unwrap();
    }
    let begun = Instant::now();
    while index.table_bytes() < CHANGES * 4 * 64 / 2 {
        assert!(begun.elapsed() < Duration::from_secs(60), "{} bytes of tables", index.table_bytes());
        std::thread::sleep(Duration::from_millis(50));
    }
}
