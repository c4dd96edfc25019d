//! Whoever reads while others write.

use lockstep_store::{Append, Batch, Embedded, Head, Store, StoredRecord};
use lockstep_types::{Digest, Salt, sha256};
use std::sync::atomic::{AtomicBool, Ordering};

fn batch(number: u64) -> Batch {
    let mut leaf = [1; 41];
    leaf[9..].copy_from_slice(&sha256(&number.to_be_bytes()));
    let record = StoredRecord { leaf, salt: Salt([0; 32]), body: vec![7; 64], command: None };
    let id = Digest(leaf[9..].try_into().unwrap());
    Batch { id, records: vec![record], documents: vec![], index: vec![] }
}

#[test]
fn certificates_are_read_while_they_are_written() {
    const ALL: u64 = 400;
    let dir = tempfile::tempdir().unwrap();
    let store = Embedded::open(dir.path()).unwrap();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = 0;
            while !over.load(Ordering::SeqCst) {
                let Some((size, bytes)) = store.latest_certificate().unwrap() else { continue };
                assert!(size >= seen, "{size} after {seen}");
                assert_eq!(bytes, size.to_be_bytes());
                assert_eq!(store.certificate(size).unwrap().unwrap(), bytes);
                seen = size;
            }
        });
        let mut head = Head::EMPTY;
        for number in 1..=ALL {
            let Append::Appended(next) = store.append(&head, &batch(number)) else { panic!("no append") };
            head = next;
            store.put_certificate(number, &number.to_be_bytes()).unwrap();
        }
        over.store(true, Ordering::SeqCst);
        reader.join().unwrap();
    });
    assert_eq!(store.latest_certificate().unwrap().unwrap().0, ALL);
}
