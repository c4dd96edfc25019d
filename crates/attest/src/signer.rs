//! What is said between whoever needs a signature and the program that can get one: one line of JSON to the
//! program, one answer from it (docs/how-to/signers.md).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lockstep_crypto::suite::{Message, MessageKind, PublicKey, Suite};
use lockstep_types::KeyId;
use lockstep_types::limits::ENVELOPE_BYTES_MAX;
use serde::{Deserialize, Serialize};

/// Longest line that a program is given: the longest envelope, in base64, and the rest.
pub const REQUEST_BYTES_MAX: usize = 2 * ENVELOPE_BYTES_MAX;
/// Longest answer of a program.
pub const ANSWER_BYTES_MAX: usize = 65_536;
/// The protocol's version.
const VERSION: u32 = 1;

/// What is asked of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Its public key.
    Public,
    /// A signature.
    Sign(Wanted),
}

/// A signature that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// By which key.
    pub keyid: KeyId,
    /// In which suite.
    pub suite: Suite,
    /// Over what.
    pub payload: Payload,
}

/// A message with its own bytes; its kind is that of the suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// See [`Message::Bytes`].
    Bytes(Vec<u8>),
    /// See [`Message::Hash`].
    Hash([u8; 32]),
}

impl Payload {
    /// The message.
    #[must_use]
    pub const fn message(&self) -> Message<'_> {
        match self {
            Self::Bytes(bytes) => Message::Bytes(bytes.as_slice()),
            Self::Hash(hash) => Message::Hash(hash),
        }
    }

    /// What stands in the field `kind`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Bytes(_) => "bytes",
            Self::Hash(_) => "hash",
        }
    }

    /// The bytes that are signed, or hashed and signed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Hash(hash) => hash,
        }
    }
}

impl From<Message<'_>> for Payload {
    fn from(message: Message<'_>) -> Self {
        match message {
            Message::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
            Message::Hash(hash) => Self::Hash(*hash),
        }
    }
}

/// Why a line is no request, or an answer no answer, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// Longer than the limit.
    #[error("{found} bytes, expected at most {max}")]
    TooLong {
        /// Bytes found.
        found: usize,
        /// The limit.
        max: usize,
    },
    /// Not JSON with these fields.
    #[error("expected one line of JSON with the fields of docs/how-to/signers.md")]
    Form(#[source] serde_json::Error),
    /// A later protocol.
    #[error("the protocol's version is {found}, expected {VERSION}")]
    Version {
        /// The version found.
        found: u32,
    },
    /// Neither `public` nor a kind of message with all that belongs to it.
    #[error("expected the kind `public` alone, or `bytes` or `hash` with all of a request, found `{found}`")]
    Kind {
        /// The kind found, cut to 40 characters.
        found: String,
    },
    /// The message is not base64, or a hash of another length.
    #[error("the message is not base64, or a hash of other than 32 bytes")]
    Payload,
    /// The suite signs the other kind.
    #[error("`{suite}` signs {}", .suite.message_kind())]
    MessageKind {
        /// The suite named.
        suite: Suite,
    },
    /// The answer is no public key.
    #[error("expected a public key such as `{{\"key\":\"hex\",\"suite\":\"ed25519\"}}`")]
    NoPublicKey(#[source] serde_json::Error),
    /// The answer is no signature.
    #[error("expected a signature in base64")]
    NoSignature,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keyid: Option<KeyId>,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    suite: Option<Suite>,
    version: u32,
}

impl Request {
    /// Asks for a signature of this key.
    #[must_use]
    pub fn sign(key: &PublicKey, message: Message<'_>) -> Self {
        Self::Sign(Wanted { keyid: key.id(), suite: key.suite(), payload: message.into() })
    }

    /// The line, without its end.
    ///
    /// # Errors
    /// [`SignerError::Form`], should JSON not be written.
    pub fn to_line(&self) -> Result<String, SignerError> {
        let (wanted, kind) = match self {
            Self::Public => (None, "public"),
            Self::Sign(wanted) => (Some(wanted), wanted.payload.kind()),
        };
        let wire = Wire {
            keyid: wanted.map(|wanted| wanted.keyid),
            kind: kind.to_owned(),
            message: wanted.map(|wanted| STANDARD.encode(wanted.payload.bytes())),
            suite: wanted.map(|wanted| wanted.suite),
            version: VERSION,
        };
        serde_json::to_string(&wire).map_err(SignerError::Form)
    }

    /// Reads a line.
    ///
    /// # Errors
    /// [`SignerError`] up to [`SignerError::MessageKind`], in that order.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, SignerError> {
        if bytes.len() > REQUEST_BYTES_MAX {
            return Err(SignerError::TooLong { found: bytes.len(), max: REQUEST_BYTES_MAX });
        }
        let wire: Wire = serde_json::from_slice(bytes).map_err(SignerError::Form)?;
        if wire.version != VERSION {
            return Err(SignerError::Version { found: wire.version });
        }
        let is_hash = match (wire.kind.as_str(), &wire.keyid, &wire.message, &wire.suite) {
            ("public", None, None, None) => return Ok(Self::Public),
            ("bytes", ..) => false,
            ("hash", ..) => true,
            _ => return Err(unknown(&wire.kind)),
        };
        let (Some(keyid), Some(message), Some(suite)) = (wire.keyid, wire.message, wire.suite) else {
            return Err(unknown(&wire.kind));
        };
        let bytes = STANDARD.decode(message).map_err(|_| SignerError::Payload)?;
        let payload = match is_hash {
            true => Payload::Hash(bytes.try_into().map_err(|_| SignerError::Payload)?),
            false => Payload::Bytes(bytes),
        };
        if (suite.message_kind() == MessageKind::Hash) != is_hash {
            return Err(SignerError::MessageKind { suite });
        }
        Ok(Self::Sign(Wanted { keyid, suite, payload }))
    }
}

fn unknown(kind: &str) -> SignerError {
    SignerError::Kind { found: kind.chars().take(40).collect() }
}

/// The public key in an answer to [`Request::Public`].
///
/// # Errors
/// [`SignerError::TooLong`], [`SignerError::NoPublicKey`].
pub fn public_in(answer: &[u8]) -> Result<PublicKey, SignerError> {
    within(answer)?;
    serde_json::from_slice(answer).map_err(SignerError::NoPublicKey)
}

/// The signature in an answer to [`Request::Sign`]. Whether it holds is for the caller to check.
///
/// # Errors
/// [`SignerError::TooLong`], [`SignerError::NoSignature`].
pub fn signature_in(answer: &[u8]) -> Result<Vec<u8>, SignerError> {
    within(answer)?;
    let text = std::str::from_utf8(answer).ok().map(str::trim);
    let signature = text.and_then(|text| STANDARD.decode(text).ok()).filter(|bytes| !bytes.is_empty());
    signature.ok_or(SignerError::NoSignature)
}

/// A signature as a program answers it, without the end of the line.
#[must_use]
pub fn signature_line(signature: &[u8]) -> String {
    STANDARD.encode(signature)
}

fn within(answer: &[u8]) -> Result<(), SignerError> {
    match answer.len() {
        found if found > ANSWER_BYTES_MAX => Err(SignerError::TooLong { found, max: ANSWER_BYTES_MAX }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
