//! Tokens, and keys that do not count any more.

use crate::cast::{issuer_key, lei};
use crate::kit::{MOVED_MS, Reply, Served, Settings, moved_clock};
use lockstep_api::path::route;
use lockstep_attest::sign::sign;
use lockstep_attest::{Revocation, Statement};
use lockstep_kernel::Request;
use lockstep_server::{Limits, Rate};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

fn token(served: &Served, role: &str) -> String {
    let ledger = served.ledger();
    let ask = served.post(&ledger.path(route::TOKENS), b"{}");
    let answer = served.signed(ask, ledger.key(role), ledger.id).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["token"].as_str().unwrap().to_owned()
}

#[test]
fn a_token_stands_for_its_key_and_nothing_else() {
    let served = Served::with(Settings { ledgers: 2, ..Settings::default() });
    let ledger = served.ledger();
    let token = token(&served, "maker");
    let case = ledger.case_path(route::CASE);
    assert_eq!(served.get(&case).bearer(&token).send().status, 200);
    let refused = |what: &str, answer: Reply| assert_eq!(answer.status, 401, "{what}: {}", answer.text());
    let elsewhere = served.ledgers[1].path(route::CASES);
    refused("another ledger", served.get(&elsewhere).bearer(&token).send());
    refused("a longer one", served.get(&case).bearer(&format!("{token}A")).send());
    refused("a shorter one", served.get(&case).bearer(&token[1..]).send());
    refused("none", served.get(&case).bearer("").send());
    refused("of another kind", served.get(&case).header("Authorization", &format!("Basic {token}")).send());
    refused("twice", served.get(&case).bearer(&token).bearer(&token).send());
    let more = served.post(&ledger.path(route::TOKENS), b"{}").bearer(&token);
    refused("for another token", more.clone().send());
    refused("beside a signature", served.signed(more, ledger.key("maker"), ledger.id).send());
    served.get(&ledger.path(route::RECORDS)).bearer(&token).send().must_be(404, "not-found");
    served.get(&case).query(&format!("access_token={token}")).send().must_be(400, "query");
}

#[test]
fn a_token_expires() {
    let served = Served::with(Settings { clock: moved_clock, ..Settings::default() });
    let token = token(&served, "maker");
    let ask = served.get(&served.ledger().path(route::CASES)).bearer(&token);
    assert_eq!(ask.send().status, 200);
    MOVED_MS.fetch_add(599_000 - 20_000, Ordering::SeqCst);
    assert_eq!(ask.send().status, 200);
    MOVED_MS.fetch_add(21_001, Ordering::SeqCst);
    ask.send().must_be(401, "not-signed");
}

#[test]
fn a_key_that_was_revoked_reads_nothing_more_nor_does_its_token() {
    let often = Rate { per_second: 1_000_000, burst: 1_000_000 };
    let limits = Limits { reads: often, requests: often, ..Limits::default() };
    let served = Served::with(Settings { limits, ..Settings::default() });
    let ledger = served.ledger();
    let token = token(&served, "checker");
    let case = ledger.case_path(route::CASE);
    assert_eq!(served.get(&case).bearer(&token).send().status, 200);
    let issued = crate::kit::clock();
    let statement = Statement::Revocation(Revocation {
        credential: ledger.credentials[&ledger.lei("checker")],
        expires: issued.saturating_add_ms(60_000),
        issued,
        ledger: ledger.id,
        party: lei(2),
        reason: "stolen".to_owned(),
        seen: None,
        suspect_since: None,
    });
    let submission = sign(&statement, Vec::new(), &[&issuer_key()]).unwrap();
    let revocation = Request::Submit(Box::new(submission)).to_vec().unwrap();
    let answer = served.post(&ledger.path(route::SUBMISSIONS), &revocation).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    // Keys are taken up with the next seal.
    let begun = Instant::now();
    while served.get(&case).bearer(&token).send().status == 200 {
        assert!(begun.elapsed() < Duration::from_secs(30), "the token still counts");
        std::thread::yield_now();
    }
    served.get(&case).bearer(&token).send().must_be(401, "not-signed");
    let signed = served.signed(served.get(&case), ledger.key("checker"), ledger.id);
    signed.send().must_be(401, "not-signed");
}
