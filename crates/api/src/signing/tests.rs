use super::*;
use lockstep_crypto::SecretKey;

const LEDGER: LedgerId = LedgerId([7; 32]);
const NONCE: &str = "0123456789abcdef";

fn secret(suite: Suite) -> SecretKey {
    SecretKey::from_bytes(suite, &[9; 32]).unwrap()
}

const GET: Parts<'_> =
    Parts { method: "GET", authority: "ledger.example", path: "/v1/ledgers", query: "limit=3", body: None };

fn post(body: &[u8]) -> Parts<'_> {
    Parts { method: "POST", body: Some(body), ..GET }
}

#[test]
fn a_request_signed_by_a_key_of_any_suite_is_read_back_and_holds() {
    for suite in [Suite::Ed25519, Suite::Es256, Suite::Eip712] {
        let key = secret(suite);
        for parts in [GET, post(b"{}"), post(b"")] {
            let headers = sign((&parts, &LEDGER), &key, (1_795_000_000, NONCE)).unwrap();
            let presented = read(&parts, &headers).unwrap();
            assert_eq!((presented.created, presented.nonce.as_str()), (1_795_000_000, NONCE));
            assert_eq!(presented.key, key.public().id());
            presented.verify(key.public(), &LEDGER).unwrap();
        }
    }
}

#[test]
fn nothing_that_is_signed_can_be_changed() {
    let key = secret(Suite::Ed25519);
    let body = post(b"{\"a\":1}");
    let headers = sign((&body, &LEDGER), &key, (1_795_000_000, NONCE)).unwrap();
    let changed = [
        Parts { method: "PUT", ..body },
        Parts { authority: "other.example", ..body },
        Parts { path: "/v1/ledger", ..body },
        Parts { query: "limit=4", ..body },
    ];
    for parts in changed {
        let presented = read(&parts, &headers).unwrap();
        assert!(
            matches!(presented.verify(key.public(), &LEDGER), Err(SigningError::Signature(_))),
            "{parts:?}"
        );
    }
    assert!(matches!(read(&post(b"{\"a\":2}"), &headers), Err(SigningError::Digest)));
    assert!(matches!(read(&GET, &headers), Err(SigningError::Components { .. })));
    let later =
        Headers { signature_input: headers.signature_input.replace("1795000000", "1795000001"), ..headers };
    assert!(read(&body, &later).unwrap().verify(key.public(), &LEDGER).is_err());
}

#[test]
fn a_wallet_signs_for_one_ledger_only() {
    let key = secret(Suite::Eip712);
    let headers = sign((&GET, &LEDGER), &key, (1_795_000_000, NONCE)).unwrap();
    let presented = read(&GET, &headers).unwrap();
    assert!(presented.verify(key.public(), &LedgerId([8; 32])).is_err());
}

#[test]
fn headers_of_another_form_are_refused() {
    let key = secret(Suite::Ed25519);
    let good = sign((&GET, &LEDGER), &key, (1_795_000_000, NONCE)).unwrap();
    let refused = |input: String, signature: String| {
        let headers = Headers { content_digest: None, signature, signature_input: input };
        read(&GET, &headers).map(drop).unwrap_err().to_string()
    };
    let input =
        |from: &str, to: &str| refused(good.signature_input.replace(from, to), good.signature.clone());
    assert!(input("lockstep=(", "other=(").contains("labelled"));
    assert!(input(" \"@query\"", "").contains("must cover"));
    assert!(input("\"@query\"", "\"@query\";req").contains("must cover"));
    assert!(input("\"@path\"", "\"@method\"").contains("must cover"));
    assert!(input(NONCE, "short").contains("`nonce`"));
    assert!(input("tag=\"lockstep\"", "tag=\"else\"").contains("`tag`"));
    assert!(input("created=1795000000", "created=-1").contains("`created`"));
    assert!(input("keyid=\"", "keyid=\"x").contains("`keyid`"));
    assert!(input("lockstep=(", "lockstep=((").contains("structured fields"));
    assert!(refused("a".repeat(HEADER_BYTES_MAX + 1), good.signature.clone()).contains("longer"));
    assert!(refused(good.signature_input.clone(), "lockstep=1".into()).contains("structured"));
    assert!(
        refused(good.signature_input.clone(), "lockstep=:YQ==:, b=:YQ==:".into()).contains("one signature")
    );
}
