use super::*;

const WHO: Address = Address::repeat_byte(0x11);

fn entry(nonce: u64) -> Entry {
    let transaction = TxEip1559 { chain_id: 5, nonce, input: vec![1, 2].into(), ..TxEip1559::default() };
    let signature = Signature::test_signature();
    let mut entry =
        Entry { label: format!("l{nonce}"), transaction, signature, attempts: Vec::new(), since: 7 };
    entry.attempts.push(entry.signed().0);
    entry
}

fn book(nonces: &[u64]) -> Book {
    let settled = Some(Block { number: 3, hash: B256::repeat_byte(3), timestamp: 9 });
    Book { settled, entries: nonces.iter().map(|nonce| entry(*nonce)).collect(), ..Book::new(5, WHO) }
}

#[test]
fn a_journal_is_read_as_it_was_written() {
    let mut kept = InMemory(None);
    assert_eq!(Book::read(&kept, 5, WHO), Ok(Book::new(5, WHO)));
    let book = book(&[4, 5, 9]);
    book.write(&mut kept).unwrap();
    let read = Book::read(&kept, 5, WHO).unwrap();
    assert_eq!(read, book);
    assert_eq!(read.nonce_next(), 10);
    assert_eq!(read.entries[0].signed(), book.entries[0].signed(), "the same bytes are sent again");
}

#[test]
fn a_journal_of_another_account_or_a_damaged_one_is_refused() {
    let mut kept = InMemory(None);
    book(&[4]).write(&mut kept).unwrap();
    assert!(Book::read(&kept, 6, WHO).unwrap_err().contains("on chain 5, expected"));
    assert!(Book::read(&kept, 5, Address::ZERO).unwrap_err().contains("expected `0x0000"));
    for nonces in [vec![4, 4], vec![5, 4], (0..65).collect()] {
        book(&nonces).write(&mut kept).unwrap();
        assert!(Book::read(&kept, 5, WHO).unwrap_err().contains("one after the other"), "{nonces:?}");
    }
    let whole = serde_json::to_string(&book(&[4])).unwrap();
    for damaged in [&whole[..whole.len() - 1], "", "{}", &whole.replace("submissions/1", "submissions/2")] {
        kept.0 = Some(damaged.as_bytes().to_vec());
        assert!(Book::read(&kept, 5, WHO).is_err(), "{damaged}");
    }
}
