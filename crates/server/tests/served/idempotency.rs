//! Requests with an `Idempotency-Key`.

use crate::kit::{Ask, Served};
use lockstep_api::path::route;

fn with_key(served: &Served, body: &[u8], key: &str) -> Ask {
    served.post(&served.ledger().path(route::SUBMISSIONS), body).header("Idempotency-Key", key)
}

#[test]
fn the_same_key_and_request_are_answered_as_they_were_and_another_request_is_not() {
    let served = Served::new();
    let ledger = served.ledger();
    let (first, second) = (ledger.opening(), ledger.opening());
    let answer = with_key(&served, &first, "\"one\"").send();
    assert_eq!((answer.status, answer.header("idempotency-replayed")), (200, None), "{}", answer.text());
    let again = with_key(&served, &first, "\"one\"").send();
    assert_eq!((again.status, again.header("idempotency-replayed")), (200, Some("true")));
    assert_eq!(again.body, answer.body);
    let other = with_key(&served, &second, "\"one\"").send().must_be(422, "idempotency-key-used");
    assert!(other.json()["hint"].is_string());
    // It was not handed in: with a key of its own it is new.
    let own = with_key(&served, &second, "\"two\"").send();
    assert_eq!((own.status, own.header("idempotency-replayed")), (200, None));
    // Without a key an envelope is still its own, and a party's key is no other's.
    let plain = served.post(&ledger.path(route::SUBMISSIONS), &first).send();
    assert_eq!(plain.json()["records"], answer.json()["records"]);
    let keeper = with_key(&served, ledger.third(), "\"one\"").send();
    assert_eq!(keeper.status, 200, "{}", keeper.text());
    let refused = with_key(&served, &ledger.refused()[0], "\"no\"").send();
    let once_more = with_key(&served, &ledger.refused()[0], "\"no\"").send();
    assert_eq!((refused.status, refused.body), (once_more.status, once_more.body));
}

#[test]
fn a_key_of_another_form_is_refused_and_nobody_takes_up_another_partys() {
    let served = Served::new();
    let ledger = served.ledger();
    let opening = ledger.opening();
    for key in ["one", "", "\"\"", "\"a\", \"b\"", &format!("\"{}\"", "k".repeat(129))] {
        with_key(&served, &opening, key).send().must_be(400, "idempotency-key");
    }
    with_key(&served, &opening, "\"a\"")
        .header("Idempotency-Key", "\"b\"")
        .send()
        .must_be(400, "idempotency-key");
    let batch = served.post(&ledger.path(route::BATCHES), b"[]").header("Idempotency-Key", "\"a\"");
    batch.send().must_be(400, "idempotency-key");
    // A request in the maker's name whose signature does not hold leaves its key free.
    let text = String::from_utf8(opening.clone()).unwrap();
    let at = text.find("\"sig\":\"").unwrap() + 7;
    let mut forged = text.into_bytes();
    forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
    with_key(&served, &forged, "\"mine\"").send().must_be(422, "signature");
    let answer = with_key(&served, &opening, "\"mine\"").send();
    assert_eq!((answer.status, answer.header("idempotency-replayed")), (200, None), "{}", answer.text());
}
