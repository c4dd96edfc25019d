//! What services and devices give: answers, signatures in DER, public keys. Limits hold, and whatever is
//! given out holds under the key.

use lockstep_crypto::suite::{Message, PublicKey, Suite, verify};
use lockstep_signers::fit::{Encoding, fit};
use lockstep_signers::http::wire::{ANSWER_BYTES_MAX, Answer, State, words};
use lockstep_signers::spki::public_key;
use std::sync::LazyLock;

/// What the key of the seeds has signed.
const HASH: [u8; 32] = [0x5a; 32];

/// The key of the seeds, on secp256k1, so that a recovery byte has to be found too.
static KEY: LazyLock<PublicKey> = LazyLock::new(|| {
    serde_json::from_slice(include_bytes!("../seeds/signing_service/key.json")).expect("the seed is a key")
});

/// Its one signature of the seeds, in the form that counts.
static SIGNED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let der = include_bytes!("../seeds/signing_service/signature.der");
    fit(&KEY, Message::Hash(&HASH), (Encoding::Der, der)).expect("the seed is a signature")
});

/// Panics when `data` breaks a property of a reader.
pub fn run(data: &[u8]) {
    if let Ok(answer) = Answer::from_slice(data, None) {
        assert!(data.len() <= ANSWER_BYTES_MAX);
        assert!((1..=128).contains(&answer.id.len()) && !answer.id.contains(['/', '.', '?', '#', '%']));
        assert_eq!(Answer::from_slice(data, Some(&answer.id)).ok().as_ref(), Some(&answer));
        assert!(Answer::from_slice(data, Some("another")).is_err() || answer.id == "another");
        match &answer.state {
            State::Signed { encoding, signature } => check(*encoding, signature),
            State::Denied { reason } | State::Expired { reason } => {
                assert!(reason.chars().count() <= 120 && !reason.contains(char::is_control));
            }
            State::Pending => {}
        }
    }
    check(Encoding::Der, data);
    check(Encoding::Raw, data);
    if let Ok(key) = public_key(data) {
        let ours = serde_json::to_vec(&key).expect("a key can be written");
        assert_eq!(public_key(&ours).expect("our own form is read"), key);
    }
    let told = words(&String::from_utf8_lossy(data));
    assert!(told.chars().count() <= 120 && !told.contains(char::is_control));
}

fn check(encoding: Encoding, given: &[u8]) {
    if let Ok(signature) = fit(&KEY, Message::Hash(&HASH), (encoding, given)) {
        assert_eq!(signature.len(), Suite::Eip712.signature_len());
        assert!(verify(&KEY, Message::Hash(&HASH), &signature).is_ok(), "given out though it does not hold");
        assert_eq!(signature, *SIGNED, "a signature that nobody made");
    }
}
