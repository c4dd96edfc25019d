//! What an outsider tries with signatures, names and headers. SECURITY.md has a line for each.

use crate::cast::{TestKey, cosigner_key};
use crate::kit::{Ask, Served, Settings, raw};
use lockstep_api::path::{of_case, route};
use lockstep_attest::sign::Sign;
use lockstep_crypto::suite::Suite;
use lockstep_types::CaseId;

/// Every question that needs a signature.
fn private(served: &Served) -> Vec<String> {
    let ledger = served.ledger();
    let key = ledger.path(route::KEY).replace("{key}", &ledger.key("maker").public().id().to_string());
    let lists = [route::CASES, route::WAITING, route::POLICIES, route::RECORDS].map(|path| ledger.path(path));
    let case = [route::CASE, route::PACK].map(|path| ledger.case_path(path));
    lists.into_iter().chain(case).chain([key]).collect()
}

/// A question of the maker about the case, signed.
fn good(served: &Served) -> Ask {
    let ledger = served.ledger();
    let ask = served.get(&ledger.case_path(route::CASE));
    served.signed(ask, ledger.key("maker"), ledger.id)
}

#[test]
fn a_party_sees_its_case_and_the_reading_is_noted() {
    let served = Served::new();
    let ledger = served.ledger();
    let seen = good(&served).send();
    assert_eq!(seen.status, 200, "{}", seen.text());
    assert_eq!(seen.json()["steps"]["first"]["claims"]["score"], "700");
    let noted = ledger.noted.all();
    assert_eq!(noted, [(ledger.lei("maker"), ledger.case, "case".to_owned())]);
}

#[test]
fn without_a_signature_nothing_of_parties_is_shown() {
    let served = Served::new();
    for path in private(&served) {
        let answer = served.get(&path).send().must_be(401, "not-signed");
        assert!(answer.header("www-authenticate").is_some(), "{}", answer.head);
    }
    assert_eq!(served.ledger().noted.all(), []);
}

#[test]
fn an_unknown_key_and_a_signature_that_does_not_hold_look_the_same() {
    let served = Served::new();
    let ledger = served.ledger();
    let path = ledger.case_path(route::CASE);
    let stranger = TestKey::new(Suite::Ed25519, 200);
    let unknown = served.signed(served.get(&path), &stranger, ledger.id).send().must_be(401, "not-signed");
    let mut forged = good(&served);
    let id = |key: &TestKey| key.public().id().to_string();
    // The stranger's signature under the maker's name.
    let signed = served.signed(served.get(&path), &stranger, ledger.id);
    forged.headers = signed.headers;
    let (from, to) = (id(&stranger), id(ledger.key("maker")));
    forged.headers.iter_mut().for_each(|(_, value)| *value = value.replace(&from, &to));
    let forged = forged.send().must_be(401, "not-signed");
    assert_eq!(unknown.body, forged.body);
}

#[test]
fn a_case_of_others_looks_like_one_that_does_not_exist() {
    let served = Served::new();
    let ledger = served.ledger();
    let ask = |case: CaseId| {
        let path = of_case(route::CASE, &ledger.id, &case);
        served.signed(served.get(&path), ledger.key("issuer"), ledger.id).send().must_be(404, "not-found")
    };
    let (others, none) = (ask(ledger.case), ask(CaseId([9; 32])));
    assert_eq!(others.body, none.body);
    let undated = |head: &str| {
        head.lines().filter(|line| !line.starts_with("date:")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(undated(&others.head), undated(&none.head));
    let list = served.signed(served.get(&ledger.path(route::CASES)), ledger.key("issuer"), ledger.id).send();
    assert_eq!((list.status, list.json()["items"].as_array().unwrap().len()), (200, 0));
    assert_eq!(ledger.noted.all(), []);
}

#[test]
fn a_signature_counts_once() {
    let served = Served::new();
    let ask = good(&served);
    assert_eq!(ask.send().status, 200);
    let again = ask.send().must_be(401, "not-signed");
    assert!(again.text().contains("has been used"), "{}", again.text());
}

#[test]
fn a_signature_is_for_one_server_ledger_method_path_query_and_body() {
    let served = Served::with(Settings { ledgers: 2, ..Settings::default() });
    let ledger = served.ledger();
    let maker = ledger.key("maker");
    let list = ledger.path(route::CASES);
    let refused = |what: &str, ask: Ask| {
        let answer = ask.send();
        assert_eq!(answer.status, 401, "{what}: {}", answer.text());
    };
    let ask = Ask { host: "ledger.example".to_owned(), ..served.get(&list) };
    refused("signed for and sent to another name", served.signed(ask.clone(), maker, ledger.id));
    let host = served.at.to_string();
    refused("signed for another server", Ask { host, ..served.signed(ask, maker, ledger.id) });
    let signed = || served.signed(served.get(&list).query("limit=3"), maker, ledger.id);
    refused("another query", signed().query("limit=4"));
    refused("no query", signed().query(""));
    refused("another path", Ask { path: ledger.path(route::WAITING), ..signed() });
    refused("another method", Ask { method: "HEAD".to_owned(), ..signed() });
    refused("another ledger", Ask { path: served.ledgers[1].path(route::CASES), ..signed() });
    // Keys of `eip712` sign for a ledger besides the path.
    let keeper = ledger.key("keeper");
    refused("of another domain", served.signed(served.get(&list), keeper, served.ledgers[1].id));
    let tokens = ledger.path(route::TOKENS);
    let post = served.signed(served.post(&tokens, b"{}"), maker, ledger.id);
    refused("another body", Ask { body: Some(b"[]".to_vec()), ..post.clone() });
    let mut without = post;
    without.headers.retain(|(name, _)| name != "Content-Digest");
    refused("without a digest", without);
    assert_eq!(signed().send().status, 200);
}

#[test]
fn signatures_of_another_minute_do_not_count() {
    let served = Served::new();
    let ledger = served.ledger();
    let now = served.now_s();
    let at = |created: u64| {
        let ask = served.get(&ledger.path(route::CASES));
        served.signed_at(ask, (ledger.key("maker"), ledger.id), created).send()
    };
    for created in [0, now - 3_600, now - 62, now + 75, now + 3_600] {
        let answer = at(created).must_be(401, "not-signed");
        assert!(answer.text().contains("last minute"), "{created}: {}", answer.text());
    }
    assert_eq!(at(now - 30).status, 200);
}

#[test]
fn headers_that_come_twice_are_not_taken() {
    let served = Served::new();
    for name in ["Signature", "Signature-Input", "Host"] {
        let ask = good(&served);
        let found = ask.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone());
        let value = found.unwrap_or_else(|| "other.example".to_owned());
        let twice = ask.clone().header(name, &value).send();
        assert!([400, 401].contains(&twice.status), "{name}: {}", twice.text());
    }
    // Two in one line are a dictionary of two.
    let mut ask = good(&served);
    for (_, value) in &mut ask.headers {
        *value = format!("{value}, other={}", value.trim_start_matches("lockstep="));
    }
    let answer = ask.send().must_be(401, "not-signed");
    assert!(answer.text().contains("one signature"), "{}", answer.text());
}

#[test]
fn no_header_moves_a_question_to_another_name_method_or_party() {
    let served = Served::new();
    let ledger = served.ledger();
    let case = ledger.case_path(route::CASE);
    // A signed question is answered as it was signed, whatever else it says.
    for (name, value) in [
        ("X-Forwarded-Host", "other.example"),
        ("X-HTTP-Method-Override", "POST"),
        ("X-Original-URL", "/metrics"),
        ("Forwarded", "for=127.0.0.1;host=other.example"),
    ] {
        assert_eq!(good(&served).header(name, value).send().status, 200, "{name}");
    }
    // A name in the first line counts more than `Host`, and must be this server's.
    let target = format!("http://other.example{case}");
    let ask = Ask { path: target, ..good(&served) };
    assert_eq!(ask.send().status, 401);
    // An address of others is not fetched.
    for target in ["http://169.254.169.254/latest/meta-data/", "http://other.example/healthz"] {
        let bytes = format!("GET {target} HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n");
        let answer = raw(served.at, bytes.as_bytes());
        assert!(answer.status == 404 || answer.text() == "ok\n", "{target}: {}", answer.text());
    }
    let connect =
        raw(served.at, b"CONNECT other.example:443 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert!([400, 404, 405].contains(&connect.status), "{}", connect.head);
}

#[test]
fn one_request_is_never_read_as_two() {
    let served = Served::new();
    let inner = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    let path = served.ledger().path(route::SUBMISSIONS);
    for framing in [
        "Content-Length: 0\r\nTransfer-Encoding: chunked".to_owned(),
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity".to_owned(),
        format!("Content-Length: 0\r\nContent-Length: {}", inner.len()),
        "Transfer-Encoding : chunked".to_owned(),
        "Transfer-Encoding: xchunked".to_owned(),
    ] {
        let head = format!("POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", served.at);
        let answer = raw(served.at, format!("{head}{framing}\r\n\r\n{inner}").as_bytes());
        assert!(answer.status >= 400 || answer.status == 0, "{framing}: {answer:?}");
        assert!(!answer.text().contains("HTTP/1.1"), "{framing}: {}", answer.text());
    }
}

#[test]
fn the_feed_of_co_signers_is_for_co_signers() {
    let served = Served::new();
    let ledger = served.ledger();
    let ask = |key: &TestKey| served.signed(served.get(&ledger.path(route::RECORDS)), key, ledger.id).send();
    ask(ledger.key("maker")).must_be(404, "not-found");
    let feed = ask(&cosigner_key(0));
    assert_eq!((feed.status, feed.body.is_empty()), (200, false));
    // And a co-signer is no party to a case.
    let case = served.get(&ledger.case_path(route::CASE));
    served.signed(case, &cosigner_key(0), ledger.id).send().must_be(404, "not-found");
}
