//! The lines as docs/how-to/signers.md shows them.

use super::*;
use lockstep_crypto::SecretKey;

fn key(suite: Suite) -> PublicKey {
    SecretKey::from_bytes(suite, &[7; 32]).unwrap().public().clone()
}

#[test]
fn a_request_is_the_line_that_the_page_shows_and_reads_back() {
    assert_eq!(Request::Public.to_line().unwrap(), r#"{"kind":"public","version":1}"#);
    let (ed, eth) = (key(Suite::Ed25519), key(Suite::Eip712));
    let bytes = Request::sign(&ed, Message::Bytes(&[1, 2, 3]));
    let line =
        format!(r#"{{"keyid":"{}","kind":"bytes","message":"AQID","suite":"ed25519","version":1}}"#, ed.id());
    assert_eq!(bytes.to_line().unwrap(), line);
    for request in [Request::Public, bytes, Request::sign(&eth, Message::Hash(&[9; 32]))] {
        let line = format!("{}\n", request.to_line().unwrap());
        assert_eq!(Request::from_slice(line.as_bytes()).unwrap(), request);
    }
}

#[test]
fn what_is_no_request_is_refused_by_the_first_check_that_fails() {
    let id = key(Suite::Ed25519).id();
    let line = |kind: &str, message: &str, suite: &str| {
        format!(r#"{{"keyid":"{id}","kind":"{kind}","message":"{message}","suite":"{suite}","version":1}}"#)
    };
    let refused = |line: &str| Request::from_slice(line.as_bytes()).unwrap_err();
    assert!(matches!(refused(&" ".repeat(REQUEST_BYTES_MAX + 1)), SignerError::TooLong { .. }));
    assert!(matches!(refused("rubbish"), SignerError::Form(_)));
    assert!(matches!(refused(r#"{"kind":"public","version":1,"more":1}"#), SignerError::Form(_)));
    assert!(matches!(refused(r#"{"kind":"public","version":2}"#), SignerError::Version { found: 2 }));
    assert!(matches!(refused(r#"{"kind":"bytes","version":1}"#), SignerError::Kind { .. }));
    assert!(matches!(refused(&line("public", "AQID", "ed25519")), SignerError::Kind { .. }));
    assert!(matches!(refused(&line("words", "AQID", "ed25519")), SignerError::Kind { .. }));
    assert!(matches!(refused(&line("bytes", "!", "ed25519")), SignerError::Payload));
    assert!(matches!(refused(&line("hash", "AQID", "eip712")), SignerError::Payload));
    assert!(matches!(refused(&line("bytes", "AQID", "eip712")), SignerError::MessageKind { .. }));
    let hash = STANDARD.encode([9; 32]);
    assert!(matches!(refused(&line("hash", &hash, "es256")), SignerError::MessageKind { .. }));
}

#[test]
fn an_answer_is_a_public_key_or_a_signature_and_nothing_else() {
    let key = key(Suite::Es256);
    assert_eq!(public_in(serde_json::to_string(&key).unwrap().as_bytes()).unwrap(), key);
    assert!(matches!(public_in(b"AQID"), Err(SignerError::NoPublicKey(_))));
    assert_eq!(signature_in(format!(" {}\n", signature_line(&[1, 2])).as_bytes()).unwrap(), [1, 2]);
    for wrong in [&b""[..], b"\n", b"!", b"AQID AQID", &[0xff]] {
        assert!(matches!(signature_in(wrong), Err(SignerError::NoSignature)), "{wrong:?}");
    }
    let long = vec![b'A'; ANSWER_BYTES_MAX + 4];
    assert!(matches!(signature_in(&long), Err(SignerError::TooLong { .. })));
}
