use super::*;
use proptest::prelude::*;

fn time(ms: u64) -> Time {
    Time::from_ms(ms).unwrap()
}

#[test]
fn what_has_a_number_counts_once_and_in_order() {
    let mut inbox = Inbox::default();
    assert_eq!(inbox.arrive_in_order(2, b"b"), Err(InboxError::Early { found: 2, expected: 1 }));
    assert_eq!(inbox.arrive_in_order(1, b"a"), Ok(Arrival::Counts));
    assert_eq!(inbox.arrive_in_order(1, b"a"), Ok(Arrival::Again));
    assert_eq!(inbox.arrive_in_order(1, b"x"), Err(InboxError::Differs { name: "1".to_owned() }));
    assert_eq!(inbox.arrive_in_order(2, b"b"), Ok(Arrival::Counts));
    assert_eq!(inbox.arrive_in_order(0, b"b"), Err(InboxError::Number { found: 0 }));
    assert_eq!(inbox.arrive_in_order(1 << 60, b"b"), Err(InboxError::Number { found: 1 << 60 }));
    let later = String::from_utf8(inbox.to_vec().unwrap()).unwrap().replace("inbox/1", "inbox/2");
    assert_eq!(Inbox::from_slice(later.as_bytes()), Err(InboxError::Form));
    let mut read = Inbox::from_slice(&inbox.to_vec().unwrap()).unwrap();
    assert_eq!(read, inbox);
    assert_eq!(read.arrive_in_order(2, b"b"), Ok(Arrival::Again), "also after a restart");
    for sequence in 3..3_000 {
        assert_eq!(inbox.arrive_in_order(sequence, b"c"), Ok(Arrival::Counts));
    }
    assert_eq!(inbox.bodies.len(), 1_024, "memory is bounded");
    assert_eq!(
        inbox.arrive_in_order(1, b"x"),
        Ok(Arrival::Again),
        "long past, it is not acted on in any case"
    );
}

#[test]
fn what_has_only_an_id_counts_once_while_it_could_be_played_again() {
    let mut inbox = Inbox::default();
    assert_eq!(inbox.arrive("a", b"1", time(1_000_000)), Ok(Arrival::Counts));
    assert_eq!(inbox.arrive("a", b"1", time(1_599_000)), Ok(Arrival::Again));
    assert_eq!(inbox.arrive("a", b"2", time(1_599_000)), Err(InboxError::Differs { name: "a".to_owned() }));
    assert_eq!(inbox.arrive("b", b"1", time(1_700_000)), Ok(Arrival::Counts));
    assert_eq!(inbox.ids.len(), 1, "what the window keeps out is forgotten");
    for n in 1..IDS_MAX {
        inbox.arrive(&format!("m{n}"), b"", time(1_700_000)).unwrap();
    }
    assert_eq!(inbox.arrive("one-more", b"", time(1_700_000)), Err(InboxError::Full));
    assert_eq!(inbox.arrive("one-more", b"", time(2_400_000)), Ok(Arrival::Counts));
    assert!(Inbox::from_slice(&inbox.to_vec().unwrap()).is_ok());
}

proptest! {
    #[test]
    fn whatever_comes_in_whatever_order_each_number_counts_once_and_in_order(
        coming in prop::collection::vec(1u64..12, 0..200),
    ) {
        let mut inbox = Inbox::default();
        let mut counted = Vec::new();
        for sequence in coming {
            if inbox.arrive_in_order(sequence, &sequence.to_be_bytes()) == Ok(Arrival::Counts) {
                counted.push(sequence);
            }
            inbox = Inbox::from_slice(&inbox.to_vec().unwrap()).unwrap();
        }
        let expected: Vec<u64> = (1..).take(counted.len()).collect();
        prop_assert_eq!(counted, expected);
    }

    #[test]
    fn arbitrary_bytes_are_an_inbox_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Inbox::from_slice(&bytes);
    }
}
