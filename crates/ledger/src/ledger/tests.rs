use super::*;
use crate::record::Tag;
use crate::scribe::Entry;
use crate::toy::{Command, Refusal, Toy, add, key, pay};
use lockstep_crypto::tree;
use lockstep_types::limits::COMMAND_BYTES_MAX;
use lockstep_types::{Salt, canonical};
use proptest::prelude::*;

type Toys = Ledger<Toy, ()>;

fn time(ms: u64) -> Time {
    Time::from_ms(ms).unwrap()
}

fn seed(n: u64) -> Seed {
    Seed::new(lockstep_types::sha256(&n.to_be_bytes()))
}

fn input(command: &Command, now: u64) -> Input {
    Input { command: Some(Toy::encode_command(command)), now: time(now), seed: seed(now) }
}

/// An appender that writes everything down, as a co-signer would fetch it.
struct Appender {
    ledger: Toys,
    written: Vec<(Input, Vec<Record>)>,
}

impl Appender {
    fn new() -> Self {
        Self { ledger: Ledger::new(Toy::default(), ()), written: Vec::new() }
    }

    fn take(&mut self, command: &Command, now: u64) -> Decision<Refusal> {
        let decision = self.ledger.decide(command, time(now), seed(now)).unwrap();
        self.ledger.commit(command, &decision.records).unwrap();
        self.written.push((input(command, now), decision.records.clone()));
        decision
    }

    fn seal(&mut self, now: u64) -> Record {
        let seal = self.ledger.seal(time(now), seed(now)).unwrap();
        self.ledger.apply(&seal).unwrap();
        self.written.push((Input { command: None, now: time(now), seed: seed(now) }, vec![seal.clone()]));
        seal
    }
}

/// Two commands, a seal, a case that ends in an outcome, a seal.
fn story() -> Appender {
    let mut appender = Appender::new();
    appender.take(&add("a", 5), 1_000);
    appender.take(&add("b", 7), 1_100);
    appender.seal(1_400);
    appender.take(&pay("a"), 2_000);
    appender.seal(2_400);
    appender
}

fn sum(ledger: &Toys, name: &str) -> u32 {
    ledger.machine().sum(ledger.overlay(), name)
}

#[test]
fn deciding_changes_nothing_and_committing_does() {
    let mut ledger: Toys = Ledger::new(Toy::default(), ());
    let decision = ledger.decide(&add("a", 5), time(1_000), seed(1)).unwrap();
    assert_eq!(decision, ledger.decide(&add("a", 5), time(1_000), seed(1)).unwrap());
    assert_eq!((ledger.size(), sum(&ledger, "a"), ledger.id()), (0, 0, None));
    ledger.commit(&add("a", 5), &decision.records).unwrap();
    assert_eq!((ledger.size(), sum(&ledger, "a"), ledger.last_time()), (1, 5, time(1_000)));
    assert_eq!(ledger.id().unwrap().0, decision.records[0].leaf_hash().0);
    assert_eq!(ledger.machine().learnt, [(Toy::encode_command(&add("a", 5)), 1)]);
}

#[test]
fn a_refusal_leaves_what_the_machine_puts_on_record() {
    let mut appender = Appender::new();
    let silent = appender.take(&add("closed", 1), 1_000);
    assert_eq!(silent, Decision { records: vec![], left_out: vec![], refused: Some(Refusal::Closed) });
    let noted = appender.take(&add("noted", 1), 1_000);
    assert_eq!((noted.records.len(), noted.refused), (1, Some(Refusal::Closed)));
    assert_eq!(appender.ledger.size(), 1);
}

#[test]
fn what_no_reader_would_accept_is_not_decided() {
    let appender = story();
    let decide = |command: &Command, now: u64| appender.ledger.decide(command, time(now), seed(0));
    let earlier = decide(&add("a", 1), 2_399).unwrap_err();
    assert_eq!(earlier, DecideError::TimeDecreases { last: time(2_400), now: time(2_399) });
    // The same millisecond is allowed.
    assert!(decide(&add("a", 1), 2_400).is_ok());
    assert_eq!(decide(&Command::Flood(256), 3_000).unwrap().records.len(), 256);
    assert_eq!(decide(&Command::Flood(257), 3_000), Err(DecideError::TooManyRecords { found: 257 }));
    let longest = u32::try_from(BODY_BYTES_MAX).unwrap();
    assert!(decide(&Command::Blow(longest), 3_000).is_ok());
    let found = BODY_BYTES_MAX + 1;
    assert_eq!(decide(&Command::Blow(longest + 1), 3_000), Err(DecideError::BodyTooLong { found }));
}

#[test]
fn a_seal_carries_the_root_of_what_was_touched() {
    let mut appender = Appender::new();
    assert!(matches!(appender.ledger.seal(time(1), seed(1)), Err(SealError::NothingUnsealed)));
    appender.take(&add("a", 5), 1_000);
    assert_eq!(appender.ledger.first_unsealed(), Some(time(1_000)));
    assert!(!appender.ledger.seal_due(time(1_399)));
    assert!(appender.ledger.seal_due(time(1_400)));
    assert!(matches!(appender.ledger.seal(time(999), seed(1)), Err(SealError::TimeDecreases { .. })));
    let first = appender.seal(1_400);
    assert_eq!(appender.ledger.first_unsealed(), None);
    let body = SealBody::of(&first).unwrap().unwrap();
    assert_eq!(body, SealBody { map: appender.ledger.map_root(), prev_seal: None });
    let proof = lockstep_crypto::map::prove(body.map, appender.ledger.overlay(), &key("a")).unwrap();
    assert!(proof.verify(body.map, &key("a"), Some(lockstep_types::sha256(b"5"))).is_ok());
    assert!(matches!(appender.ledger.seal(time(2_000), seed(1)), Err(SealError::NothingUnsealed)));

    appender.take(&add("a", 1), 2_000);
    let second = SealBody::of(&appender.seal(2_400)).unwrap().unwrap();
    assert_eq!(second.prev_seal, Some(first.leaf_hash()));
    assert_ne!(second.map, body.map);
}

#[test]
fn a_quiet_ledger_may_be_sealed_again_after_ten_seconds() {
    let mut appender = story();
    let map = appender.ledger.map_root();
    let last = appender.ledger.last_seal().unwrap().record.leaf_hash();
    assert!(matches!(appender.ledger.seal(time(12_399), seed(1)), Err(SealError::NothingUnsealed)));
    let quiet = appender.seal(12_400);
    assert_eq!(SealBody::of(&quiet).unwrap(), Some(SealBody { map, prev_seal: Some(last) }));
    // Nothing to seal is nothing due; and an empty ledger has nothing to certify.
    assert!(!appender.ledger.seal_due(time(99_000)));
    let mut empty: Toys = Ledger::new(Toy::default(), ());
    assert!(matches!(empty.seal(time(99_000), seed(1)), Err(SealError::NothingUnsealed)));
    let mut cosigner: Toys = Ledger::new(Toy::default(), ());
    appender.written.iter().for_each(|(input, records)| cosigner.replay(input, records).unwrap());
    assert_eq!(cosigner.last_seal().unwrap().record, quiet);
}

#[test]
fn drawing_up_a_seal_twice_gives_the_same_seal() {
    let mut appender = Appender::new();
    appender.take(&add("a", 5), 1_000);
    let once = appender.ledger.seal(time(1_400), seed(1)).unwrap();
    assert_eq!(appender.ledger.seal(time(1_400), seed(1)).unwrap(), once);
    // A record that comes between (another writer won the head) is in the next draft.
    appender.take(&add("b", 1), 1_410);
    let later = appender.ledger.seal(time(1_420), seed(1)).unwrap();
    assert_ne!(SealBody::of(&later).unwrap(), SealBody::of(&once).unwrap());
    assert!(matches!(appender.ledger.apply(&once), Err(ApplyError::TimeDecreases { .. })));
    appender.ledger.apply(&later).unwrap();
}

#[test]
fn the_last_seal_is_shown_to_end_the_log() {
    let appender = story();
    let last = appender.ledger.last_seal().unwrap();
    assert_eq!(last.head, appender.ledger.frontier().head());
    let index = last.head.size - 1;
    assert!(tree::verify_inclusion(last.record.leaf_hash(), index, &last.inclusion, last.head).is_ok());
}

#[test]
fn a_second_ledger_finds_the_same_from_records_alone() {
    let appender = story();
    let mut other: Toys = Ledger::new(Toy::default(), ());
    for record in appender.written.iter().flat_map(|(_, records)| records) {
        let record = Record::from_bytes(&record.to_bytes()).unwrap();
        other.apply(&record).unwrap();
    }
    assert_eq!((other.root(), other.map_root()), (appender.ledger.root(), appender.ledger.map_root()));
    assert_eq!((sum(&other, "a"), sum(&other, "b")), (0, 7));
    // It was told no command.
    assert!(other.machine().learnt.is_empty());
}

#[test]
fn a_record_that_does_not_follow_is_not_applied() {
    let appender = story();
    let applied = |tag: Tag, ms: u64, body: &[u8]| {
        let mut ledger = appender.ledger.clone();
        ledger.apply(&Record::new(tag, time(ms), Salt([0; 32]), body.to_vec())).unwrap_err()
    };
    assert!(matches!(applied(Tag::Outcome, 2_399, b""), ApplyError::TimeDecreases { .. }));
    assert!(matches!(applied(Tag::Record, 2_400, br#"{"seal":{}}"#), ApplyError::MalformedSeal(_)));
    assert!(matches!(applied(Tag::Record, 2_400, b"{}"), ApplyError::CorruptBody(_)));
    let seal = |map: RootHash, prev_seal| SealBody { map, prev_seal }.entry().unwrap().body;
    let (map, last) = (appender.ledger.map_root(), appender.ledger.last_seal().unwrap().record.leaf_hash());
    let no_prev = applied(Tag::Record, 2_400, &seal(map, None));
    assert_eq!(no_prev.to_string(), format!("the seal follows `none`: expected `{last}`"));
    let other_map = applied(Tag::Record, 2_400, &seal(RootHash([1; 32]), Some(last)));
    assert!(matches!(other_map, ApplyError::SealMap { .. }), "{other_map}");
}

#[test]
fn a_replay_finds_equal_leaves_and_learns() {
    let appender = story();
    let mut cosigner: Toys = Ledger::new(Toy::default(), ());
    for (input, records) in &appender.written {
        let input = Input::from_bytes(&input.to_bytes()).unwrap();
        cosigner.replay(&input, records).unwrap();
    }
    assert_eq!(cosigner.last_seal(), appender.ledger.last_seal());
    assert_eq!(cosigner.machine(), appender.ledger.machine());
}

/// A record that the appender wrote without a decision, or otherwise than decided.
#[test]
fn a_replay_names_the_first_difference() {
    let appender = story();
    let replayed = |command: &Command, change: &dyn Fn(Vec<Record>) -> Vec<Record>| {
        let mut cosigner = appender.ledger.clone();
        let records = cosigner.decide(command, time(3_000), seed(3_000)).unwrap().records;
        let before = (cosigner.root(), cosigner.map_root());
        let error = cosigner.replay(&input(command, 3_000), &change(records)).unwrap_err();
        assert_eq!((cosigner.root(), cosigner.map_root()), before, "nothing may be applied");
        error.to_string()
    };
    let seed = seed(3_000);
    let remade = |tag, ms, salt, body: &[u8]| vec![Record::new(tag, time(ms), salt, body.to_vec())];
    let body = br#"{"added":{"name":"b","sum":8}}"#;
    let more = br#"{"added":{"name":"b","sum":9}}"#;
    type Change<'a> = &'a dyn Fn(Vec<Record>) -> Vec<Record>;
    let cases: [(Change<'_>, &str); 6] = [
        (
            &|_| remade(Tag::Outcome, 3_000, seed.salt(0), body),
            "record 6 differs in its tag: expected `1`, found `2`",
        ),
        (
            &|_| remade(Tag::Record, 3_001, seed.salt(0), body),
            "record 6 differs in its time: expected `1970-01-01T00:00:03.000Z`, found `1970-01-01T",
        ),
        (&|_| remade(Tag::Record, 3_000, seed.salt(1), body), "record 6 differs in its salt"),
        (
            &|_| remade(Tag::Record, 3_000, seed.salt(0), more),
            r#"record 6 differs in its body: expected `{"added":{"name":"b","sum":8}}`, found `{"add"#,
        ),
        (&|_| vec![], "record 6 differs in its count: expected `1`, found `0`"),
        (
            &|records| [records.clone(), records].concat(),
            "record 7 differs in its count: expected `1`, found `2`",
        ),
    ];
    for (change, text) in cases {
        let found = replayed(&add("b", 1), change);
        assert!(found.starts_with(text), "{found}");
    }
    let mint = |_| remade(Tag::Record, 3_000, seed.salt(0), more);
    assert_eq!(
        replayed(&add("closed", 1), &mint),
        "records stand where the command is refused: nothing may be added to `closed`"
    );
}

#[test]
fn an_input_that_is_none_is_refused() {
    let mut appender = story();
    let mut replayed = |command: Option<Vec<u8>>, now: u64| {
        let input = Input { command, now: time(now), seed: seed(0) };
        appender.ledger.replay(&input, &[]).unwrap_err().to_string()
    };
    assert_eq!(replayed(None, 3_000), "a seal stands where none can be made");
    assert!(replayed(Some(b"{}".to_vec()), 3_000).starts_with("the bytes are no command"));
    assert_eq!(replayed(Some(Toy::encode_command(&add("a", 1))), 1), "records stand where none can be made");
    let found = COMMAND_BYTES_MAX + 1;
    let long = vec![b' '; found];
    assert_eq!(
        replayed(Some(long), 3_000),
        format!("a command of {found} bytes: at most {COMMAND_BYTES_MAX} are allowed")
    );
}

#[test]
fn a_seal_with_another_root_is_found_by_replay() {
    let mut appender = Appender::new();
    appender.take(&add("a", 5), 1_000);
    let mut cosigner = appender.ledger.clone();
    let seal = SealBody { map: RootHash([1; 32]), prev_seal: None }.entry().unwrap();
    let forged = Record::new(Tag::Record, time(1_400), seed(1_400).salt(0), seal.body);
    let input = Input { command: None, now: time(1_400), seed: seed(1_400) };
    let error = cosigner.replay(&input, &[forged]).unwrap_err();
    assert!(matches!(error, ReplayError::Differs(Difference { index: 1, part: "body", .. })), "{error}");
}

#[test]
fn an_input_survives_its_bytes() {
    let seal = Input { command: None, now: time(5), seed: seed(5) };
    for input in [input(&add("a", 1), 77), seal] {
        assert_eq!(Input::from_bytes(&input.to_bytes()).unwrap(), input);
    }
    let longest = Input { command: Some(vec![0; COMMAND_BYTES_MAX]), now: time(5), seed: seed(5) };
    assert!(Input::from_bytes(&longest.to_bytes()).is_ok());
}

#[test]
fn a_snapshot_is_taken_right_after_a_seal_only() {
    let mut appender = story();
    let bytes = appender.ledger.snapshot().unwrap();
    appender.take(&add("a", 1), 3_000);
    assert!(
        matches!(appender.ledger.snapshot(), Err(SnapshotError::Unsealed { since }) if since == time(3_000))
    );
    assert!(canonical::value_from_slice(&bytes, bytes.len()).is_ok());
}

#[test]
fn a_restored_ledger_goes_on_as_if_it_had_never_stopped() {
    for seals in [0, 1, 2] {
        let mut appender = Appender::new();
        for n in 0..seals {
            appender.take(&add("a", 5), 1_000 * (n + 1));
            appender.seal(1_000 * (n + 1) + 400);
        }
        let bytes = appender.ledger.snapshot().unwrap();
        let store = Stored(appender.ledger.overlay().changes().clone());
        let mut restored = Ledger::restore(appender.ledger.machine().clone(), store, &bytes).unwrap();
        assert_eq!((restored.root(), restored.id()), (appender.ledger.root(), appender.ledger.id()));
        assert_eq!(restored.last_seal(), appender.ledger.last_seal());
        for n in 5..8 {
            let decision = appender.take(&add("b", 5), 1_000 * n);
            restored.commit(&add("b", 5), &decision.records).unwrap();
            restored.apply(&appender.seal(1_000 * n + 400)).unwrap();
        }
        assert_eq!(
            (restored.root(), restored.map_root()),
            (appender.ledger.root(), appender.ledger.map_root())
        );
        assert_eq!(restored.snapshot().unwrap(), appender.ledger.snapshot().unwrap());
    }
}

/// A store that holds what was once written.
struct Stored(crate::overlay::MapChanges);

impl MapStore for Stored {
    fn node(&self, depth: u16, prefix: &[u8; 32]) -> Option<lockstep_crypto::MapNode> {
        self.0.nodes.get(&(depth, *prefix)).copied()
    }
    fn value(&self, key: &MapKey) -> Option<Vec<u8>> {
        self.0.values.get(key).cloned()
    }
}

#[test]
fn a_snapshot_that_contradicts_itself_is_refused() {
    let text = String::from_utf8(story().ledger.snapshot().unwrap()).unwrap();
    let restore = |text: &str| Ledger::restore(Toy::default(), (), text.as_bytes()).map(drop);
    assert!(restore(&text).is_ok());
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let changed = |edit: &dyn Fn(&mut serde_json::Value)| {
        let mut value = value.clone();
        edit(&mut value);
        restore(&value.to_string()).unwrap_err().to_string()
    };
    let other = || serde_json::Value::from("00".repeat(32));
    // Keeps the order of the rest, whichever map the workspace gives to JSON objects.
    let without = |value: &serde_json::Value, field: &str| {
        let rest = value.as_object().unwrap().iter().filter(|(key, _)| *key != field);
        serde_json::Value::Object(rest.map(|(key, value)| (key.clone(), value.clone())).collect())
    };
    let contradiction = |what| format!("the snapshot contradicts itself: {what}");
    assert_eq!(changed(&|v| v["frontier"]["peaks"][0] = other()), contradiction("seal and log"));
    assert_eq!(changed(&|v| v["map"] = other()), contradiction("seal and map root"));
    assert_eq!(changed(&|v| v["time"] = 2_399.into()), contradiction("seal and time"));
    assert_eq!(changed(&|v| *v = without(v, "id")), contradiction("records, and no genesis"));
    assert_eq!(changed(&|v| *v = without(v, "seal")), contradiction("records, and no seal"));
    assert_eq!(changed(&|v| v["frontier"]["size"] = 7.into()), "the bytes are no snapshot of a ledger");
}

#[test]
fn an_outcome_is_named_by_the_record_beside_it() {
    let appender = story();
    let records = &appender.written[3].1;
    assert_eq!((records[0].tag(), records[1].tag()), (Tag::Outcome, Tag::Record));
    let text = String::from_utf8(records[1].body().to_vec()).unwrap();
    assert!(text.contains(&records[0].leaf_hash().to_string()));
    assert_eq!(Entry::outcome(b"a".to_vec()).body, records[0].body());
}

#[derive(Debug, Clone)]
enum Act {
    Take(Command, u64),
    Seal(u64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let name = prop_oneof![Just("a"), Just("b"), Just("c"), Just("closed"), Just("noted")];
    let take = (name, 0..9u32, 0..300u64).prop_map(|(name, amount, wait)| {
        Act::Take(if amount == 0 { pay(name) } else { add(name, amount) }, wait)
    });
    prop::collection::vec(prop_oneof![4 => take, 1 => (0..300u64).prop_map(Act::Seal)], 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Live, re-run, and from records alone: one root of the log, one of the map.
    #[test]
    fn a_re_run_equals_the_live_run(acts in acts()) {
        let mut appender = Appender::new();
        let mut now = 1_000;
        for act in acts {
            match act {
                Act::Take(command, wait) => {
                    now += wait;
                    appender.take(&command, now);
                }
                Act::Seal(wait) if appender.ledger.first_unsealed().is_some() => {
                    now += wait;
                    appender.seal(now);
                }
                Act::Seal(_) => {}
            }
        }
        let mut cosigner: Toys = Ledger::new(Toy::default(), ());
        let mut reader: Toys = Ledger::new(Toy::default(), ());
        let mut leaves = Vec::new();
        for (input, records) in &appender.written {
            prop_assert!(cosigner.replay(input, records).is_ok());
            for record in records {
                prop_assert!(reader.apply(record).is_ok());
                leaves.push(record.leaf_hash());
            }
        }
        for ledger in [&cosigner, &reader] {
            prop_assert_eq!(ledger.root(), appender.ledger.root());
            prop_assert_eq!(ledger.map_root(), appender.ledger.map_root());
            prop_assert_eq!(ledger.last_seal(), appender.ledger.last_seal());
        }
        prop_assert_eq!(tree::root_of(&leaves), appender.ledger.root());
        for name in ["a", "b", "c"] {
            prop_assert_eq!(sum(&cosigner, name), sum(&appender.ledger, name));
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Input::from_bytes(&bytes);
        let _ = Ledger::restore(Toy::default(), (), &bytes);
    }
}
