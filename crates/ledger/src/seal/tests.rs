use super::*;
use lockstep_types::Salt;

fn time(ms: u64) -> Time {
    Time::from_ms(ms).unwrap()
}

fn record(tag: Tag, body: &[u8]) -> Record {
    Record::new(tag, time(0), Salt([1; 32]), body.to_vec())
}

const ROOT: RootHash = RootHash([0xaa; 32]);

#[test]
fn a_seal_reads_as_it_was_written() {
    for prev_seal in [None, Some(LeafHash([0xbb; 32]))] {
        let seal = SealBody { map: ROOT, prev_seal };
        let entry = seal.entry().unwrap();
        assert_eq!(entry.tag, Tag::Record);
        assert_eq!(SealBody::of(&record(Tag::Record, &entry.body)).unwrap(), Some(seal));
        assert!(canonical::is_canonical(&Body::Seal(seal)));
    }
}

#[test]
fn the_body_of_a_seal_is_frozen() {
    let seal = SealBody { map: ROOT, prev_seal: Some(LeafHash([0xbb; 32])) };
    let text = format!(r#"{{"seal":{{"map":"{}","prev_seal":"{}"}}}}"#, "aa".repeat(32), "bb".repeat(32));
    assert_eq!(String::from_utf8(seal.entry().unwrap().body).unwrap(), text);
}

#[test]
fn what_is_no_seal_is_told_apart_from_a_malformed_one() {
    let body = SealBody { map: ROOT, prev_seal: None }.entry().unwrap().body;
    // An outcome is opaque, whatever it looks like.
    assert_eq!(SealBody::of(&record(Tag::Outcome, &body)).unwrap(), None);
    assert_eq!(SealBody::of(&record(Tag::Record, br#"{"opened":{}}"#)).unwrap(), None);
    assert_eq!(SealBody::of(&record(Tag::Record, b"")).unwrap(), None);
    let spaced = String::from_utf8(body.clone()).unwrap().replace(r#"{"map""#, r#"{ "map""#);
    for malformed in [&body[..body.len() - 1], br#"{"seal":{}}"#, br#"{"seal":null}"#, spaced.as_bytes()] {
        assert!(SealBody::of(&record(Tag::Record, malformed)).is_err());
    }
}

#[test]
fn a_seal_is_due_in_time_to_come_within_half_a_second() {
    let due = |first: u64, now: u64| seal_due(Some(time(first)), time(now));
    assert!(!seal_due(None, time(1_000_000)));
    assert!(!due(1_000, 1_000));
    assert!(!due(1_000, 999 + SEAL_DUE_MS));
    assert!(due(1_000, 1_000 + SEAL_DUE_MS));
    assert!(due(1_000, 90_000));
    // A clock behind the ledger makes nothing due.
    assert!(!due(1_000, 0));
    const { assert!(SEAL_DUE_MS < SEAL_DELAY_MS_MAX) };
}
