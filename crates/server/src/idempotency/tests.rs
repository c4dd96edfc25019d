use super::*;

fn party(number: u8) -> Lei {
    Lei::with_check_digits(&format!("5299000000000000{number:02}")).unwrap()
}

fn at(ms: u64) -> Time {
    Time::from_ms(ms).unwrap()
}

fn put(answers: &Answers, (number, key): (u8, &str), request: u8, now: Time) -> String {
    match answers.claim((party(number), key.to_owned()), [request; 32], now) {
        Ok(Claim::Fresh(claimed)) => {
            claimed.answer(Ok("answer"), now);
            "fresh".to_owned()
        }
        Ok(Claim::Answered(_)) => "again".to_owned(),
        Err(failed) => failed.0.code,
    }
}

#[test]
fn keys_are_kept_by_party_for_a_day_and_a_number() {
    let answers = Answers::default();
    assert_eq!(put(&answers, (1, "a"), 1, at(0)), "fresh");
    assert_eq!(put(&answers, (1, "a"), 1, at(IDEMPOTENCY_MS)), "again");
    assert_eq!(put(&answers, (1, "a"), 2, at(0)), "idempotency-key-used");
    assert_eq!(put(&answers, (2, "a"), 2, at(0)), "fresh", "another party's key is another key");
    assert_eq!(put(&answers, (1, "a"), 2, at(IDEMPOTENCY_MS + 1)), "fresh");
    for number in 0..=IDEMPOTENCY_KEYS_MAX {
        put(&answers, (3, &number.to_string()), 3, at(0));
    }
    assert_eq!(put(&answers, (3, "0"), 4, at(0)), "fresh", "the oldest has made room");
    assert_eq!(put(&answers, (3, "2"), 3, at(0)), "again");
    assert_eq!(put(&answers, (1, "a"), 2, at(IDEMPOTENCY_MS + 1)), "again", "and no other party's has");
    let known = answers.0.lock().unwrap();
    assert!(known.keys.len() <= IDEMPOTENCY_KEYS_MAX + 4, "{}", known.keys.len());
    assert_eq!(known.bytes, known.keys.len() * "\"answer\"".len());
}

#[test]
fn what_may_be_answered_otherwise_later_is_not_kept() {
    let answers = Answers::default();
    let (key, now) = ((party(1), "a".to_owned()), at(0));
    let claim = |request: u8| answers.claim(key.clone(), [request; 32], now);
    let Ok(Claim::Fresh(running)) = claim(1) else { panic!() };
    assert_eq!(claim(1).err().unwrap().0.code, "idempotency-key-busy");
    assert_eq!(claim(2).err().unwrap().0.code, "idempotency-key-used");
    // Whoever goes away before the answer leaves nothing.
    drop(running);
    for (kind, code) in [(Kind::Retry, "busy"), (Kind::Internal, "internal"), (Kind::Refused, "signature")] {
        let Ok(Claim::Fresh(claimed)) = claim(3) else { panic!("{code}") };
        claimed.answer(Err::<(), Failed>(Problem::new(kind, code, "no").into()), now);
    }
    let Ok(Claim::Fresh(claimed)) = claim(4) else { panic!() };
    claimed.answer(Err::<(), Failed>(Problem::new(Kind::Refused, "late", "no").into()), now);
    let Ok(Claim::Answered(again)) = claim(4) else { panic!() };
    assert_eq!(
        (again.status().as_u16(), &again.headers()[REPLAYED_HEADER]),
        (422, &HeaderValue::from_static("true"))
    );
}
