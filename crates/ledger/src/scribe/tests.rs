use super::*;

fn scribe() -> Scribe {
    Scribe::new(Time::from_ms(1_000).unwrap(), Seed::new([9; 32]))
}

#[test]
fn a_body_can_name_the_leaf_before_it() {
    let mut scribe = scribe();
    let first = scribe.push(Entry::outcome(b"one".to_vec()));
    let second = scribe.push(Entry::record(format!("\"{first}\"").into_bytes()));
    let records = scribe.finish();
    assert_eq!(records.iter().map(Record::leaf_hash).collect::<Vec<_>>(), [first, second]);
    assert_eq!(records[1].body(), format!("\"{first}\"").as_bytes());
    assert!(records.iter().all(|record| record.time().ms() == 1_000));
    assert_eq!((records[0].tag(), records[1].tag()), (Tag::Outcome, Tag::Record));
}

#[test]
fn salts_follow_from_seed_and_number_alone() {
    let seed = Seed::new([9; 32]);
    let by_hand = sha256_parts(&[b"lockstep/salt/1", &[9; 32], &[0, 0, 0, 1]]);
    assert_eq!(seed.salt(1), Salt(by_hand));
    assert_ne!(seed.salt(0), seed.salt(1));
    assert_ne!(seed.salt(0), Seed::new([8; 32]).salt(0));
    let mut scribe = scribe();
    scribe.push(Entry::record(b"{}".to_vec()));
    scribe.push(Entry::record(b"{}".to_vec()));
    let records = scribe.finish();
    assert_eq!((records[0].salt(), records[1].salt()), (&seed.salt(0), &seed.salt(1)));
    assert_ne!(records[0].leaf().digest, records[1].leaf().digest);
}

#[test]
fn what_is_left_out_keeps_its_numbers() {
    let pushed = |left_out: usize| {
        let mut scribe = scribe();
        scribe.push(Entry::record(b"{}".to_vec()));
        scribe.leave_out(left_out);
        scribe.push(Entry::record(b"{}".to_vec()));
        let places = scribe.left_out().to_vec();
        (scribe.finish(), places)
    };
    let seed = Seed::new([9; 32]);
    for (left_out, expected) in [(0, vec![]), (2, vec![1, 2])] {
        let (records, places) = pushed(left_out);
        assert_eq!(places, expected);
        assert_eq!(records[0].salt(), &seed.salt(0));
        assert_eq!(records[1].salt(), &seed.salt(1 + u32::try_from(left_out).unwrap()));
    }
}

#[test]
fn the_derivation_of_salts_is_frozen() {
    assert_eq!(
        Seed::new([9; 32]).salt(7).to_string(),
        "6ff7343fc3f8ee67fe8847a766b5929fe909aaf7c01edd4576730433be3dc454"
    );
}

#[test]
fn given_salts_make_the_same_records_as_the_seed_and_no_more() {
    let made = |mut scribe: Scribe| {
        for body in [b"a", b"b", b"c"] {
            scribe.push(Entry::outcome(body.to_vec()));
        }
        scribe.finish()
    };
    let by_seed = made(scribe());
    let shown = by_seed.iter().take(2).map(|record| *record.salt()).collect();
    let by_salts = made(Scribe::with_salts(Time::from_ms(1_000).unwrap(), shown));
    assert_eq!(by_salts[..2], by_seed[..2]);
    assert_ne!(by_salts[2], by_seed[2]);
}

#[test]
fn a_seed_is_not_printed() {
    assert_eq!(format!("{:?}", Seed::new([9; 32])), "Seed(…)");
}
