//! What is said to a service that signs, and what it answers (docs/how-to/sign-with-a-kms.md).

use crate::fit::Encoding;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lockstep_attest::signer::Wanted;
use lockstep_types::sha256_parts;
use serde::Deserialize;
use serde_json::json;

/// Longest answer that is read.
pub const ANSWER_BYTES_MAX: usize = 65_536;
/// Longest id of a request.
const ID_BYTES_MAX: usize = 128;
/// Letters of a service's own words that are passed on.
const WORDS_MAX: usize = 120;
/// What stands before the bytes that an idempotency key is the digest of.
const DOMAIN: &[u8] = b"lockstep-sign-http/1\n";

/// What a service says of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What the service calls the request.
    pub id: String,
    /// How it stands.
    pub state: State,
}

/// How a request stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nobody has decided yet.
    Pending,
    /// It was approved. Whether the signature holds is for the caller to check.
    Signed {
        /// How the signature is written.
        encoding: Encoding,
        /// The signature.
        signature: Vec<u8>,
    },
    /// It was refused.
    Denied {
        /// Why, in one line.
        reason: String,
    },
    /// Nobody decided in the service's time.
    Expired {
        /// What the service says of it, in one line.
        reason: String,
    },
}

/// Why an answer is none, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// Longer than the limit.
    #[error("more than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
    /// Not JSON with the fields that it must have.
    #[error("expected JSON with `id` and `state`")]
    Form(#[source] serde_json::Error),
    /// The id cannot stand in an address.
    #[error("expected an `id` of 1 to {ID_BYTES_MAX} letters, digits, `-` and `_`")]
    Id,
    /// It is about another request.
    #[error("asked about request `{asked}`, the answer is about `{found}`")]
    OtherRequest {
        /// Asked about.
        asked: String,
        /// Answered about.
        found: String,
    },
    /// A state that there is not.
    #[error("expected the state `pending`, `signed`, `denied` or `expired`, found `{found}`")]
    State {
        /// The state found.
        found: String,
    },
    /// A signed request without a signature.
    #[error("expected `signature` in base64 with the state `signed`")]
    Signature,
}

#[derive(Deserialize)]
struct Wire {
    id: String,
    state: String,
    signature: Option<String>,
    encoding: Option<Encoding>,
    reason: Option<String>,
}

impl Answer {
    /// Reads an answer to a question about request `asked`, or to one that began a request. Fields that are
    /// not known are passed over.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn from_slice(bytes: &[u8], asked: Option<&str>) -> Result<Self, AnswerError> {
        if bytes.len() > ANSWER_BYTES_MAX {
            return Err(AnswerError::TooLong);
        }
        let wire: Wire = serde_json::from_slice(bytes).map_err(AnswerError::Form)?;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !(1..=ID_BYTES_MAX).contains(&wire.id.len()) || !wire.id.bytes().all(fits) {
            return Err(AnswerError::Id);
        }
        if let Some(asked) = asked.filter(|asked| *asked != wire.id) {
            return Err(AnswerError::OtherRequest { asked: asked.to_owned(), found: wire.id });
        }
        let reason = words(wire.reason.as_deref().unwrap_or("no reason given"));
        let state = match wire.state.as_str() {
            "pending" => State::Pending,
            "denied" => State::Denied { reason },
            "expired" => State::Expired { reason },
            "signed" => {
                let signature = wire.signature.and_then(|text| STANDARD.decode(text).ok());
                let signature = signature.filter(|bytes| !bytes.is_empty()).ok_or(AnswerError::Signature)?;
                State::Signed { encoding: wire.encoding.unwrap_or(Encoding::Raw), signature }
            }
            other => return Err(AnswerError::State { found: words(other) }),
        };
        Ok(Self { id: wire.id, state })
    }
}

/// What a request is known by, before the service has given it an id: the same for the same bytes under the
/// same key, so that asking twice is asking once.
#[must_use]
pub fn idempotency_key(wanted: &Wanted) -> String {
    let payload = &wanted.payload;
    hex::encode(sha256_parts(&[DOMAIN, &wanted.keyid.0, payload.kind().as_bytes(), b"\n", payload.bytes()]))
}

/// The request for a signature of the key that the service calls `key`.
#[must_use]
pub fn body(key: &str, wanted: &Wanted) -> String {
    json!({
        "key": key,
        "keyid": wanted.keyid,
        "kind": wanted.payload.kind(),
        "message": STANDARD.encode(wanted.payload.bytes()),
        "suite": wanted.suite,
        "version": 1,
    })
    .to_string()
}

/// Words of an outsider, short and in one line.
#[must_use]
pub fn words(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(WORDS_MAX).collect()
}

#[cfg(test)]
mod tests;
