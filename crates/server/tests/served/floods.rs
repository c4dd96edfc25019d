//! Whoever asks too much waits, and nobody else does.

use crate::cast::TestKey;
use crate::kit::{Ask, Served, Settings, connect};
use lockstep_api::path::route;
use lockstep_attest::sign::Sign;
use lockstep_crypto::suite::Suite;
use lockstep_kernel::Request;
use lockstep_server::{Limits, Rate};
use std::io::Read;
use std::time::{Duration, Instant};

/// A rate at which nothing comes back within a test.
const fn once(burst: u32) -> Rate {
    Rate { per_second: 1, burst }
}

fn with(limits: Limits) -> Served {
    Served::with(Settings { limits, ..Settings::default() })
}

fn cases(served: &Served, role: &str) -> Ask {
    let ledger = served.ledger();
    served.signed(served.get(&ledger.path(route::CASES)), ledger.key(role), ledger.id)
}

/// Asks until it is told to wait; how often it was answered before.
fn until_told_to_wait(ask: impl Fn() -> Ask) -> usize {
    for count in 0..400 {
        let begun = Instant::now();
        let answer = ask().send();
        if answer.status == 429 {
            // Told so late: a flood is no faster than its answers.
            assert!(begun.elapsed() >= Duration::from_millis(500), "{:?}", begun.elapsed());
            assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
            assert_eq!(answer.code(), "too-many");
            return count;
        }
    }
    panic!("nobody was told to wait");
}

/// True where the rules have said no.
fn is_no(status: u16) -> bool {
    [409, 422].contains(&status)
}

#[test]
fn a_flood_by_one_party_leaves_the_others_alone() {
    let served = with(Limits { reads: once(20), ..Limits::default() });
    assert!(until_told_to_wait(|| cases(&served, "maker")) >= 20);
    // Its tokens are the party, too.
    let ledger = served.ledger();
    let token = || {
        let ask = served.post(&ledger.path(route::TOKENS), b"{}");
        served.signed(ask, ledger.key("maker"), ledger.id)
    };
    assert!(until_told_to_wait(token) < 20);
    for role in ["checker", "keeper", "issuer"] {
        assert_eq!(cases(&served, role).send().status, 200, "{role}");
    }
    assert_eq!(served.get(&ledger.path(route::LEDGER)).send().status, 200);
}

#[test]
fn nobody_uses_up_what_another_party_may_ask() {
    let served = with(Limits { reads: once(3), ..Limits::default() });
    let ledger = served.ledger();
    let path = ledger.path(route::CASES);
    let stranger = TestKey::new(Suite::Ed25519, 200);
    let (from, to) = (stranger.public().id().to_string(), ledger.key("maker").public().id().to_string());
    for _ in 0..20 {
        let mut forged = served.signed(served.get(&path), &stranger, ledger.id);
        forged.headers.iter_mut().for_each(|(_, value)| *value = value.replace(&from, &to));
        forged.send().must_be(401, "not-signed");
    }
    assert_eq!(cases(&served, "maker").send().status, 200);
}

#[test]
fn refused_attempts_of_one_party_stop_that_party_only() {
    let served = with(Limits { refused: once(4), ..Limits::default() });
    let ledger = served.ledger();
    let path = ledger.path(route::SUBMISSIONS);
    let refused = ledger.refused();
    // The same attempt again and again is one attempt: whoever has got hold of it adds nothing.
    for _ in 0..20 {
        assert!(is_no(served.post(&path, &refused[0]).send().status));
    }
    // What anybody changed counts against nobody.
    for at in 0..20u8 {
        let mut forged = serde_json::from_slice::<serde_json::Value>(&refused[1]).unwrap();
        let signature = &mut forged["submit"]["envelope"]["signatures"][0]["sig"];
        assert!(signature.is_string(), "{forged}");
        *signature = format!("{}{}", "AB".repeat(42), ["aA==", "bA=="][usize::from(at % 2)]).into();
        let bytes = Request::from_slice(&serde_json::to_vec(&forged).unwrap());
        let bytes = bytes.map(|request| request.to_vec().unwrap()).unwrap();
        served.post(&path, &bytes).send().must_be(422, "signature");
    }
    let told: Vec<u16> =
        refused.iter().skip(1).take(5).map(|bytes| served.post(&path, bytes).send().status).collect();
    assert!(told[..3].iter().all(|status| is_no(*status)), "{told:?}");
    assert!(told[3..].contains(&429), "{told:?}");
    let waits = |attempt: &Vec<u8>| {
        let batch = [b"[".as_slice(), attempt, b",", &ledger.opening(), b"]"].concat();
        let answers = served.post(&ledger.path(route::BATCHES), &batch).send().json();
        // The other party's counts, in the same batch.
        assert!(answers["answers"][1]["entered"].is_object(), "{answers}");
        answers["answers"][0]["problem"]["status"] == 429
    };
    assert!(refused[6..].iter().any(waits));
}

#[test]
fn one_address_asks_no_more_than_its_share() {
    let served = with(Limits { requests: once(30), ..Limits::default() });
    assert!(until_told_to_wait(|| served.get("/healthz")) >= 30);
}

#[test]
fn one_address_holds_no_more_than_its_connections() {
    let served = with(Limits { connections_per_address: 3, ..Limits::default() });
    let held: Vec<_> = (0..3).map(|_| connect(served.at)).collect();
    let mut more = connect(served.at);
    assert_eq!(more.read(&mut [0]).unwrap_or(0), 0);
    drop(held);
    let again = (0..1_000).any(|_| served.get("/healthz").send().status == 200);
    assert!(again, "places are not free again");
}
