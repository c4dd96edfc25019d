//! People by OpenID Connect, and what an outsider tries with ID tokens. SECURITY.md has a line for each.

use crate::cast::{admin_key, lei};
use crate::kit::{Ask, Reply, Served, Settings, clock};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use lockstep_api::path::route;
use lockstep_api::people::{PersonRole, nonce, person};
use lockstep_server::{Fetch, PeopleSettings};
use lockstep_types::Time;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const ISSUER: &str = "https://id.bank.example";
const CLIENT: &str = "lockstep";

/// A provider without a port: its keys, and how often they were read.
struct Provider {
    keys: Mutex<Vec<Value>>,
    reads: AtomicUsize,
    away: AtomicBool,
    /// What it calls itself.
    issuer: Mutex<String>,
    key: EncodingKey,
    rsa: EncodingKey,
}

fn ec() -> EncodingKey {
    EncodingKey::from_ec_der(
        EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap().to_pkcs8v1().unwrap().as_ref(),
    )
}

fn rsa() -> EncodingKey {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    // Within PKCS#8 stands the key itself, after a head of 26 bytes (RFC 5208 §5).
    EncodingKey::from_rsa_der(&pkcs8.as_ref()[26..])
}

fn published(key: &EncodingKey, algorithm: Algorithm, kid: &str) -> Value {
    let mut jwk = Jwk::from_encoding_key(key, algorithm).unwrap();
    jwk.common.key_id = Some(kid.to_owned());
    serde_json::to_value(jwk).unwrap()
}

impl Provider {
    fn new() -> Arc<Self> {
        let (key, rsa) = (ec(), rsa());
        let keys = vec![
            published(&key, Algorithm::ES256, "one"),
            published(&rsa, Algorithm::RS256, "rsa"),
            // A kind of key of later times.
            json!({ "kty": "AKP", "kid": "later", "alg": "ML-DSA-65", "pub": "AA" }),
        ];
        Arc::new(Self {
            keys: Mutex::new(keys),
            reads: AtomicUsize::default(),
            away: AtomicBool::default(),
            issuer: Mutex::new(ISSUER.to_owned()),
            key,
            rsa,
        })
    }

    fn fetch(self: &Arc<Self>) -> Fetch {
        let provider = Arc::clone(self);
        Arc::new(move |url| {
            if provider.away.load(Ordering::SeqCst) {
                return Err("it is away".to_owned());
            }
            if url == format!("{ISSUER}/.well-known/openid-configuration") {
                let issuer = provider.issuer.lock().unwrap().clone();
                let description = json!({ "issuer": issuer, "jwks_uri": format!("{ISSUER}/keys") });
                return Ok(description.to_string().into_bytes());
            }
            assert_eq!(url, format!("{ISSUER}/keys"));
            provider.reads.fetch_add(1, Ordering::SeqCst);
            Ok(json!({ "keys": *provider.keys.lock().unwrap() }).to_string().into_bytes())
        })
    }

    /// A token under the first key.
    fn token(&self, claims: &Value) -> String {
        signed(&self.key, (Algorithm::ES256, Some("one")), claims)
    }
}

fn signed(key: &EncodingKey, (algorithm, kid): (Algorithm, Option<&str>), claims: &Value) -> String {
    encode(&Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) }, claims, key).unwrap()
}

fn settings(provider: &Arc<Provider>, clock: fn() -> Time) -> Settings {
    let roles =
        [("desk", PersonRole::Viewer), ("heads", PersonRole::Approver), ("it", PersonRole::Administrator)];
    let roles = roles.map(|(text, role)| (text.to_owned(), BTreeSet::from([role])));
    let people = PeopleSettings {
        issuer: ISSUER.to_owned(),
        client: CLIENT.to_owned(),
        scopes: vec!["openid".to_owned()],
        claim: "groups".to_owned(),
        roles: BTreeMap::from(roles),
        // The keeper's institution runs the server: see `cast.rs`.
        party: lei(19),
    };
    Settings { people: Some((people, provider.fetch())), clock, ..Settings::default() }
}

fn serve(provider: &Arc<Provider>) -> Served {
    Served::with(settings(provider, clock))
}

fn challenge(served: &Served) -> String {
    let told = served.post(&served.ledger().path(route::PEOPLE_CHALLENGES), b"{}").send().json();
    assert_eq!((&told["issuer"], &told["client"]), (&json!(ISSUER), &json!(CLIENT)));
    told["challenge"].as_str().unwrap().to_owned()
}

/// What the provider says of somebody of `groups`, for a challenge.
fn claims(served: &Served, challenge: &str, groups: Value) -> Value {
    let now = served.now_s();
    json!({
        "iss": ISSUER, "aud": CLIENT, "sub": "alice", "iat": now, "exp": now + 300, "groups": groups,
        "nonce": nonce(challenge, &served.at.to_string()),
    })
}

fn end(served: &Served, challenge: &str, id_token: &str) -> Reply {
    let body = json!({ "challenge": challenge, "id_token": id_token }).to_string();
    served.post(&served.ledger().path(route::PEOPLE_TOKENS), body.as_bytes()).send()
}

/// The token of somebody of one group.
fn token(served: &Served, provider: &Provider, group: &str) -> String {
    let challenge = challenge(served);
    let told =
        end(served, &challenge, &provider.token(&claims(served, &challenge, json!([group, "others"]))));
    assert_eq!(told.status, 200, "{}", told.text());
    told.json()["token"].as_str().unwrap().to_owned()
}

/// Every question that needs to know who asks, with the least role of a person that may ask it.
fn questions(served: &Served) -> Vec<(Option<PersonRole>, Ask)> {
    use PersonRole::{Administrator, Approver, Viewer};
    let ledger = served.ledger();
    let of_ledger = [
        (Some(Viewer), route::CASES),
        (Some(Viewer), route::POLICIES),
        (Some(Approver), route::WAITING),
        (Some(Approver), route::PROPOSALS),
        (Some(Administrator), route::READS),
        (None, route::RECORDS),
        (None, route::KEY),
    ];
    let mut all: Vec<_> = of_ledger.map(|(role, path)| (role, served.get(&ledger.path(path)))).into();
    all.push((Some(Viewer), served.get(&ledger.case_path(route::CASE))));
    all
}

#[test]
fn each_role_sees_what_is_its_own_and_of_the_rest_not_that_it_is_there() {
    let provider = Provider::new();
    let served = serve(&provider);
    use PersonRole::{Administrator, Approver, Viewer};
    let groups: [(&str, &[PersonRole]); 3] =
        [("desk", &[Viewer]), ("heads", &[Viewer, Approver]), ("it", &[Administrator])];
    for (group, roles) in groups {
        let token = token(&served, &provider, group);
        for (least, ask) in questions(&served) {
            let answer = ask.bearer(&token).send();
            if least.is_some_and(|least| roles.contains(&least)) {
                assert_eq!(answer.status, 200, "{group}: {least:?}: {}", answer.text());
            } else {
                answer.must_be(404, "not-found");
            }
        }
        // Nor does a person get a key's token, or stand for a key anywhere else.
        let ask = served.post(&served.ledger().path(route::TOKENS), b"{}").bearer(&token);
        ask.send().must_be(401, "not-signed");
    }
}

#[test]
fn a_person_sees_its_partys_cases_and_the_reading_is_noted_without_a_name() {
    let provider = Provider::new();
    let served = serve(&provider);
    let ledger = served.ledger();
    let viewer = token(&served, &provider, "desk");
    let seen = served.get(&ledger.case_path(route::CASE)).bearer(&viewer).send().json();
    assert_eq!(seen["steps"]["first"]["claims"]["score"], Value::Null, "another party's word: {seen}");
    let id = person(ISSUER, "alice");
    let readers = ledger.noted.readers();
    assert_eq!((readers[0].party, readers[0].person, readers.len()), (ledger.lei("keeper"), Some(id), 1));
    // The ledger's administrators read that: people of the operator, and keys.
    let reads = served.get(&ledger.path(route::READS));
    let rows = reads.clone().bearer(&token(&served, &provider, "it")).send().json();
    assert_eq!((&rows["items"][0]["person"], &rows["items"][0]["what"]), (&json!(id), &json!("case")));
    assert!(!rows.to_string().contains("alice"));
    assert_eq!(rows["next"], Value::Null);
    served.signed(reads.clone(), ledger.key("keeper"), ledger.id).send().must_be(404, "not-found");
    assert_eq!(served.get(&reads.path).send().status, 401);
    let by_key = served.signed(reads.query("from=0&limit=1"), &admin_key(), ledger.id).send();
    assert_eq!(by_key.json()["items"].as_array().unwrap().len(), 1, "{}", by_key.text());
}

#[test]
fn people_of_an_administrator_see_no_more_than_its_own_words() {
    let provider = Provider::new();
    let mut settings = settings(&provider, clock);
    if let Some((people, _)) = &mut settings.people {
        // The institution of the ledger's administrator runs the server, and takes part in no case.
        people.party = lei(1);
    }
    let served = Served::with(settings);
    let ledger = served.ledger();
    let case = served.get(&ledger.case_path(route::CASE));
    let by_key = served.signed(case.clone(), &admin_key(), ledger.id).send().json();
    assert_ne!(by_key["steps"]["first"]["claims"]["score"], Value::Null, "its key sees all: {by_key}");
    case.bearer(&token(&served, &provider, "desk")).send().must_be(404, "not-found");
}

/// Good claims for a sign-in under signatures that are none of the provider's, or none that count.
fn badly_signed(provider: &Provider, good: &Value) -> Vec<(&'static str, String)> {
    let (own, rsa, es256) = (ec(), &provider.rsa, Algorithm::ES256);
    let mut parts = provider.token(good).split('.').map(str::to_owned).collect::<Vec<_>>();
    let unsigned = |head: Value| format!("{}.{}.", URL_SAFE_NO_PAD.encode(head.to_string()), parts[1]);
    let none = unsigned(json!({ "alg": "none", "kid": "one" }));
    let nothing = unsigned(json!({ "kid": "one" }));
    let critical = unsigned(json!({ "alg": "ES256", "kid": "one", "crit": ["exp"], "exp": 1 }));
    // The public key as if it were a shared secret: all who know it could sign.
    let jwk: Jwk = serde_json::from_value(published(rsa, Algorithm::RS256, "rsa")).unwrap();
    let AlgorithmParameters::RSA(public) = &jwk.algorithm else { panic!() };
    let secret = EncodingKey::from_secret(&URL_SAFE_NO_PAD.decode(&public.n).unwrap());
    let whole = EncodingKey::from_secret(serde_json::to_string(&jwk).unwrap().as_bytes());
    let mut other = good.clone();
    other["groups"] = json!("it");
    parts[1] = URL_SAFE_NO_PAD.encode(other.to_string());
    vec![
        ("nothing", String::new()),
        ("no token", "a.b.c".to_owned()),
        ("alg none", none),
        ("no alg", nothing),
        ("critical extensions", critical),
        ("HS256 under the public modulus", signed(&secret, (Algorithm::HS256, Some("rsa")), good)),
        ("HS256 under the published key", signed(&whole, (Algorithm::HS256, Some("one")), good)),
        ("no kid", signed(&provider.key, (es256, None), good)),
        ("unknown kid", signed(&own, (es256, Some("two")), good)),
        ("somebody's key", signed(&own, (es256, Some("one")), good)),
        ("a key for another algorithm", signed(&own, (es256, Some("rsa")), good)),
        ("RS512 under a key for RS256", signed(rsa, (Algorithm::RS512, Some("rsa")), good)),
        ("PS256 under a key for RS256", signed(rsa, (Algorithm::PS256, Some("rsa")), good)),
        ("other claims under the signature", parts.join(".")),
    ]
}

/// The provider's signature over claims of which one is another than it must be.
fn badly_claimed(
    provider: &Provider,
    good: &Value,
    (now, challenge): (u64, &str),
) -> Vec<(&'static str, String)> {
    let with = |name: &'static str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        provider.token(&claims)
    };
    let without = |name: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(name);
        provider.token(&claims)
    };
    vec![
        ("another issuer", with("iss", json!("https://id.other.example"))),
        ("the issuer with a slash", with("iss", json!(format!("{ISSUER}/")))),
        ("another client", with("aud", json!("payroll"))),
        ("several clients", with("aud", json!([CLIENT, "payroll"]))),
        ("given to another client", with("azp", json!("payroll"))),
        ("no audience", without("aud")),
        ("expired", with("exp", json!(now - 61))),
        ("no end", without("exp")),
        ("an end that is no number", with("exp", json!("tomorrow"))),
        ("not yet", with("nbf", json!(now + 120))),
        ("made later than now", with("iat", json!(now + 120))),
        ("made long ago", with("iat", json!(now - 700))),
        ("nobody", with("sub", json!(""))),
        ("longer than anybody", with("sub", json!("a".repeat(12_500)))),
        ("no nonce", without("nonce")),
        ("the challenge itself as nonce", with("nonce", json!(challenge))),
        ("a nonce for another server", with("nonce", json!(nonce(challenge, "ledger.other.example:443")))),
    ]
}

#[test]
fn what_is_no_word_of_the_provider_for_this_client_and_this_sign_in_lets_nobody_in() {
    let provider = Provider::new();
    let served = serve(&provider);
    let (challenge, now) = (challenge(&served), served.now_s());
    let good = claims(&served, &challenge, json!("desk"));
    let mut attempts = badly_signed(&provider, &good);
    attempts.extend(badly_claimed(&provider, &good, (now, &challenge)));
    for (what, id_token) in &attempts {
        let answer = end(&served, &challenge, id_token);
        assert_eq!((answer.status, answer.code().as_str()), (401, "sign-in"), "{what}: {}", answer.text());
    }
    end(&served, &challenge, &"a".repeat(30_000)).must_be(413, "too-long");
    for groups in [json!("clerks"), json!([]), json!({ "desk": true }), json!(null), json!(["DESK"])] {
        let unmapped = provider.token(&claims(&served, &challenge, groups));
        end(&served, &challenge, &unmapped).must_be(401, "no-role");
    }
    // None of it has used the challenge up; once it is used, it is.
    let last = provider.token(&good);
    assert_eq!(end(&served, &challenge, &last).status, 200);
    end(&served, &challenge, &last).must_be(401, "sign-in");
    // Both families of keys count.
    let another = self::challenge(&served);
    let by_rsa =
        signed(&provider.rsa, (Algorithm::RS256, Some("rsa")), &claims(&served, &another, json!("desk")));
    assert_eq!(end(&served, &another, &by_rsa).status, 200);
}

#[test]
fn a_challenge_is_of_its_server_and_its_ledger() {
    let provider = Provider::new();
    let served = Served::with(Settings { ledgers: 2, ..settings(&provider, clock) });
    let given = challenge(&served);
    let mut forged = URL_SAFE_NO_PAD.decode(&given).unwrap();
    forged[7] ^= 1;
    for other in ["", "AAAA", &URL_SAFE_NO_PAD.encode(forged), &given[1..]] {
        let id_token = provider.token(&claims(&served, other, json!("desk")));
        end(&served, other, &id_token).must_be(401, "sign-in");
    }
    let id_token = provider.token(&claims(&served, &given, json!("desk")));
    let body = json!({ "challenge": given, "id_token": id_token }).to_string();
    let elsewhere = served.post(&served.ledgers[1].path(route::PEOPLE_TOKENS), body.as_bytes());
    elsewhere.send().must_be(401, "sign-in");
    let mut renamed = served.post(&served.ledger().path(route::PEOPLE_TOKENS), body.as_bytes());
    renamed.host = "ledger.other.example".to_owned();
    renamed.send().must_be(401, "sign-in");
    served.post(&served.ledger().path(route::PEOPLE_TOKENS), b"{}").send().must_be(400, "sign-in-form");
    // A ledger without people says so.
    let without = Served::new();
    let ask = without.post(&without.ledger().path(route::PEOPLE_CHALLENGES), b"{}");
    ask.send().must_be(404, "not-found");
}

/// Milliseconds by which the clock of the next test is ahead.
static LATER_MS: AtomicU64 = AtomicU64::new(0);

fn later_clock() -> Time {
    clock().saturating_add_ms(LATER_MS.load(Ordering::SeqCst))
}

fn later(ms: u64) {
    LATER_MS.fetch_add(ms, Ordering::SeqCst);
}

#[test]
fn keys_are_read_again_when_they_change_and_not_more_often_than_that() {
    let provider = Provider::new();
    let served = Served::with(settings(&provider, later_clock));
    let reads = || provider.reads.load(Ordering::SeqCst);
    let first = token(&served, &provider, "desk");
    token(&served, &provider, "desk");
    assert_eq!(reads(), 1, "keys are kept");
    // Names of keys that nobody has make the server ask the provider once in a while, not each time.
    let guess = |kid: &str| {
        let challenge = challenge(&served);
        let claims = claims(&served, &challenge, json!("desk"));
        end(&served, &challenge, &signed(&ec(), (Algorithm::ES256, Some(kid)), &claims))
    };
    later(10_000);
    for kid in ["a", "b", "c"] {
        guess(kid).must_be(401, "sign-in");
    }
    assert_eq!(reads(), 2);
    // A new key counts at once, and the old one no more.
    later(10_000);
    let new = ec();
    provider.keys.lock().unwrap()[0] = published(&new, Algorithm::ES256, "two");
    let (two, old) = (challenge(&served), challenge(&served));
    let id_token = signed(&new, (Algorithm::ES256, Some("two")), &claims(&served, &two, json!("desk")));
    assert_eq!(end(&served, &two, &id_token).status, 200);
    assert_eq!(reads(), 3);
    end(&served, &old, &provider.token(&claims(&served, &old, json!("desk")))).must_be(401, "sign-in");
    // The provider may be away for an hour; then its keys count no more, whatever they sign.
    provider.away.store(true, Ordering::SeqCst);
    let by_new = || {
        let challenge = challenge(&served);
        let claims = claims(&served, &challenge, json!("desk"));
        end(&served, &challenge, &signed(&new, (Algorithm::ES256, Some("two")), &claims))
    };
    later(3_000_000);
    assert_eq!(by_new().status, 200);
    // A token of before counts no more.
    let cases = served.get(&served.ledger().path(route::CASES));
    cases.bearer(&first).send().must_be(401, "not-signed");
    later(700_000);
    by_new().must_be(503, "provider-away");
    // One that calls itself otherwise is not the provider.
    provider.away.store(false, Ordering::SeqCst);
    *provider.issuer.lock().unwrap() = "https://id.other.example".to_owned();
    later(10_000);
    by_new().must_be(503, "provider-away");
}
