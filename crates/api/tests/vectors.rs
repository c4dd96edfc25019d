//! `vectors/http.json`: requests that count, and each way in which one does not (`specs/http.md` §2).
#![expect(clippy::disallowed_methods, reason = "a test of files reads them")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lockstep_api::signing::{Headers, Parts, SigningError, read};
use lockstep_crypto::suite::PublicKey;
use lockstep_types::LedgerId;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    created: u64,
    ledger: LedgerId,
    nonce: String,
    requests: Vec<Judged>,
    signed: Vec<Sent>,
}

#[derive(Deserialize)]
struct Judged {
    answer: String,
    ledger: LedgerId,
    #[serde(flatten)]
    sent: Sent,
}

#[derive(Deserialize)]
struct Sent {
    authority: String,
    body: Option<String>,
    content_digest: Option<String>,
    key: PublicKey,
    method: String,
    name: String,
    path: String,
    query: String,
    signature: String,
    signature_input: String,
}

fn vectors() -> Vectors {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/http.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn answer(sent: &Sent, ledger: &LedgerId) -> &'static str {
    let body = sent.body.as_ref().map(|body| STANDARD.decode(body).unwrap());
    let parts = Parts {
        method: &sent.method,
        authority: &sent.authority,
        path: &sent.path,
        query: &sent.query,
        body: body.as_deref(),
    };
    let headers = Headers {
        content_digest: sent.content_digest.clone(),
        signature: sent.signature.clone(),
        signature_input: sent.signature_input.clone(),
    };
    match read(&parts, &headers).and_then(|presented| presented.verify(&sent.key, ledger)) {
        Ok(()) => "counts",
        Err(SigningError::TooLong { .. }) => "too_long",
        Err(SigningError::Form { .. }) => "form",
        Err(SigningError::Label) => "label",
        Err(SigningError::Components { .. }) => "components",
        Err(SigningError::Parameter { .. }) => "parameter",
        Err(SigningError::Digest) => "digest",
        Err(SigningError::Signature(_)) => "signature",
        Err(SigningError::Key { .. }) => "key",
    }
}

#[test]
fn what_the_client_in_typescript_signs_counts() {
    let Vectors { created, ledger, nonce, signed, .. } = vectors();
    for sent in &signed {
        assert_eq!(answer(sent, &ledger), "counts", "{}", sent.name);
        let once = format!("created={created};keyid=\"{}\";nonce=\"{nonce}\"", sent.key.id());
        assert!(sent.signature_input.contains(&once), "{}", sent.signature_input);
    }
}

#[test]
fn every_change_of_a_request_gets_its_answer() {
    for judged in &vectors().requests {
        assert_eq!(answer(&judged.sent, &judged.ledger), judged.answer, "{}", judged.sent.name);
    }
}
