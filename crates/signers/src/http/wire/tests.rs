use super::*;
use lockstep_attest::signer::Payload;
use lockstep_crypto::SecretKey;
use lockstep_crypto::suite::Suite;

fn read(text: &str) -> Result<Answer, AnswerError> {
    Answer::from_slice(text.as_bytes(), None)
}

#[test]
fn answers_are_read_in_every_state() {
    let state = |text: &str| read(text).unwrap().state;
    assert_eq!(state(r#"{"id":"a-1","state":"pending","since":"noon"}"#), State::Pending);
    assert_eq!(
        state(r#"{"id":"a","state":"signed","signature":"AQID","encoding":"der"}"#),
        State::Signed { encoding: Encoding::Der, signature: vec![1, 2, 3] }
    );
    assert_eq!(
        state(r#"{"id":"a","state":"signed","signature":"AQID"}"#),
        State::Signed { encoding: Encoding::Raw, signature: vec![1, 2, 3] }
    );
    assert_eq!(
        state(r#"{"id":"a","state":"denied","reason":"over\nlimit"}"#),
        State::Denied { reason: "over limit".to_owned() }
    );
    assert_eq!(
        state(r#"{"id":"a","state":"expired"}"#),
        State::Expired { reason: "no reason given".to_owned() }
    );
}

#[test]
fn what_is_no_answer_is_refused_by_the_first_check_that_fails() {
    assert!(matches!(read(&" ".repeat(ANSWER_BYTES_MAX + 1)), Err(AnswerError::TooLong)));
    assert!(matches!(read("<html>"), Err(AnswerError::Form(_))));
    assert!(matches!(read(r#"{"state":"pending"}"#), Err(AnswerError::Form(_))));
    for id in ["", "..", "a/b", "a?b", "\u{e9}", &"a".repeat(129)] {
        assert!(matches!(read(&json!({ "id": id, "state": "pending" }).to_string()), Err(AnswerError::Id)));
    }
    let other = Answer::from_slice(br#"{"id":"a","state":"pending"}"#, Some("b"));
    assert!(matches!(other, Err(AnswerError::OtherRequest { .. })));
    assert!(matches!(read(r#"{"id":"a","state":"maybe"}"#), Err(AnswerError::State { .. })));
    for signature in ["", r#","signature":"""#, r#","signature":"!""#] {
        let text = format!(r#"{{"id":"a","state":"signed"{signature}}}"#);
        assert!(matches!(read(&text), Err(AnswerError::Signature)), "{text}");
    }
}

#[test]
fn the_same_bytes_under_the_same_key_are_one_request_and_nothing_else_is() {
    let wanted = |seed: u8, payload: Payload| {
        let suite = if matches!(payload, Payload::Hash(_)) { Suite::Eip712 } else { Suite::Ed25519 };
        let key = SecretKey::from_bytes(suite, &[seed; 32]).unwrap().public().clone();
        Wanted { keyid: key.id(), suite, payload }
    };
    let all = [
        wanted(7, Payload::Bytes(vec![9; 32])),
        wanted(8, Payload::Bytes(vec![9; 32])),
        wanted(7, Payload::Bytes(vec![9; 31])),
        wanted(7, Payload::Hash([9; 32])),
    ];
    let keys: std::collections::BTreeSet<String> = all.iter().map(idempotency_key).collect();
    assert_eq!(keys.len(), all.len());
    assert_eq!(idempotency_key(&all[0]), idempotency_key(&all[0].clone()));
}
