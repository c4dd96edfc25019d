use super::*;
use lockstep_types::{canonical, sha256};
use proptest::prelude::*;

fn time(ms: u64) -> Time {
    Time::from_ms(ms).unwrap()
}

fn sample() -> Record {
    Record::new(Tag::Record, time(1_795_241_415_000), Salt([7; 32]), br#"{"seal":{}}"#.to_vec())
}

fn any_record() -> impl Strategy<Value = Record> {
    let tag = prop_oneof![Just(Tag::Record), Just(Tag::Outcome)];
    let ms = 0..=lockstep_types::time::TIME_MAX_MS;
    (tag, ms, any::<[u8; 32]>(), proptest::collection::vec(any::<u8>(), 0..300))
        .prop_map(|(tag, ms, salt, body)| Record::new(tag, time(ms), Salt(salt), body))
}

#[test]
fn a_leaf_is_tag_time_and_digest_in_41_bytes() {
    let leaf = *sample().leaf();
    let bytes = leaf.encode();
    assert_eq!(bytes[0], 1);
    assert_eq!(bytes[1..9], 1_795_241_415_000u64.to_be_bytes());
    assert_eq!(bytes[9..], sha256(&[&[7u8; 32][..], br#"{"seal":{}}"#].concat()));
    let mut hashed = vec![0u8];
    hashed.extend(bytes);
    assert_eq!(leaf.hash().0, sha256(&hashed));
}

#[test]
fn the_encoding_of_a_leaf_is_frozen() {
    assert_eq!(
        sample().leaf_hash().to_string(),
        "124e938aa9511190b0919934d7298b7f82beeec5a20da69cf6c2885268efb6ee"
    );
}

#[test]
fn bytes_that_are_no_leaf_are_refused_in_the_order_of_the_checks() {
    let good = sample().leaf().encode();
    let with = |at: usize, byte: u8| {
        let mut bytes = good;
        bytes[at] = byte;
        bytes
    };
    let cases: [(&[u8], &str); 6] = [
        (&[], "a leaf of 0 bytes: expected 41"),
        (&good[..40], "a leaf of 40 bytes: expected 41"),
        (&[&good[..], &[0]].concat(), "a leaf of 42 bytes: expected 41"),
        (&with(0, 0), "the tag of a leaf is `0`: expected 1 (record) or 2 (outcome)"),
        (&with(0, 3), "the tag of a leaf is `3`: expected 1 (record) or 2 (outcome)"),
        (&with(1, 1), "the time of a leaf lies after the year 9999: `72059389279168936` ms"),
    ];
    for (bytes, text) in cases {
        match Leaf::decode(bytes) {
            Err(error) => assert_eq!(error.to_string().split(": `").next(), text.split(": `").next()),
            Ok(leaf) => panic!("{leaf:?} from {bytes:?}"),
        }
    }
}

#[test]
fn a_body_or_salt_that_does_not_open_the_leaf_is_refused() {
    let record = sample();
    let other_body = Record::open(*record.leaf(), *record.salt(), b"{}".to_vec());
    let other_salt = Record::open(*record.leaf(), Salt([8; 32]), record.body().to_vec());
    for refused in [other_body, other_salt] {
        assert!(matches!(refused, Err(RecordError::DoesNotOpen { .. })));
    }
    // Salt and body are hashed one after the other, and the salt has one length: no byte can move between
    // them.
    let mut moved = record.salt().0.to_vec();
    moved.push(record.body()[0]);
    let shifted = Salt(moved[1..].try_into().unwrap());
    assert!(Record::open(*record.leaf(), shifted, record.body()[1..].to_vec()).is_err());
}

#[test]
fn a_body_longer_than_allowed_is_refused_before_it_is_hashed() {
    let body = vec![0; BODY_BYTES_MAX + 1];
    let record = Record::new(Tag::Outcome, time(0), Salt([0; 32]), body.clone());
    let expected = RecordError::BodyTooLong { found: BODY_BYTES_MAX + 1 };
    assert_eq!(Record::open(*record.leaf(), *record.salt(), body), Err(expected));
}

#[test]
fn the_json_of_a_record_is_canonical_and_checked() {
    let record = sample();
    assert!(canonical::is_canonical(&record));
    let bytes = canonical::to_vec(&record).unwrap();
    assert_eq!(canonical::from_slice::<Record>(&bytes, 10_000).unwrap(), record);
    let forged = String::from_utf8(bytes).unwrap().replace("0707", "0708");
    let error = canonical::from_slice::<Record>(forged.as_bytes(), 10_000).unwrap_err();
    assert!(matches!(error, canonical::CanonicalError::Form(_)), "{error}");
}

proptest! {
    #[test]
    fn a_record_survives_its_bytes(record in any_record()) {
        prop_assert_eq!(Record::from_bytes(&record.to_bytes()).unwrap(), record.clone());
        prop_assert_eq!(&Leaf::decode(&record.leaf().encode()).unwrap(), record.leaf());
    }

    #[test]
    fn one_flipped_bit_gives_another_leaf_or_no_record(
        record in any_record(),
        at in any::<prop::sample::Index>(),
        bit in 0..8,
    ) {
        let mut bytes = record.to_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1u8 << bit;
        if let Ok(other) = Record::from_bytes(&bytes) {
            // Only tag and time can change without the digest: the leaf hash shows them.
            prop_assert!(at < 9);
            prop_assert_ne!(other.leaf_hash(), record.leaf_hash());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Leaf::decode(&bytes);
        if let Ok(record) = Record::from_bytes(&bytes) {
            prop_assert_eq!(record.to_bytes(), bytes);
        }
    }
}
