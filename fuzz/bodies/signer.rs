//! The line to a program that signs, and its answer: what is read is what would be written, limits hold, and
//! no answer counts that is not of the key.

use lockstep_attest::signer::{
    ANSWER_BYTES_MAX, Payload, REQUEST_BYTES_MAX, Request, public_in, signature_in, signature_line,
};
use lockstep_crypto::suite::{MessageKind, PublicKey, normalise, verify};
use std::sync::LazyLock;

/// The key of the seeds, and what it was asked to sign.
static ASKED: LazyLock<(PublicKey, Payload)> = LazyLock::new(|| {
    let key = public_in(include_bytes!("../seeds/signer/public-answer.json")).expect("the seed is a key");
    let line = Request::from_slice(include_bytes!("../seeds/signer/sign-bytes.json")).expect("the seed asks");
    let Request::Sign(wanted) = line else { panic!("the seed asks for a signature") };
    (key, wanted.payload)
});

/// The signature of the seeds: ed25519 has one for each message.
static SIGNED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    signature_in(include_bytes!("../seeds/signer/signature-answer.txt")).expect("the seed is a signature")
});

/// Panics when `data` breaks a property of a reader.
pub fn run(data: &[u8]) {
    if let Ok(request) = Request::from_slice(data) {
        assert!(data.len() <= REQUEST_BYTES_MAX);
        if let Request::Sign(wanted) = &request {
            let is_hash = matches!(wanted.payload, Payload::Hash(_));
            assert_eq!(wanted.suite.message_kind() == MessageKind::Hash, is_hash);
        }
        let line = request.to_line().expect("a request can be written");
        assert_eq!(Request::from_slice(line.as_bytes()).expect("what is written is read"), request);
    }
    if let Ok(key) = public_in(data) {
        assert!(data.len() <= ANSWER_BYTES_MAX);
        let again = serde_json::to_vec(&key).expect("a key can be written");
        assert_eq!(public_in(&again).expect("what is written is read"), key);
    }
    if let Ok(signature) = signature_in(data) {
        assert!(!signature.is_empty() && data.len() <= ANSWER_BYTES_MAX);
        assert_eq!(signature_in(signature_line(&signature).as_bytes()).ok().as_ref(), Some(&signature));
        let (key, payload) = &*ASKED;
        let holds = normalise(key.suite(), &signature)
            .is_ok_and(|signature| verify(key, payload.message(), &signature).is_ok());
        assert_eq!(holds, signature == *SIGNED, "another answer counts as the signature");
    }
}
