//! DSSE envelopes (DSSE v1.0.2), accepted only in their canonical JSON form with signatures in order.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::fmt;
use lockstep_types::canonical::{self, CanonicalError};
use lockstep_types::limits::{ENVELOPE_BYTES_MAX, SIGNATURES_MAX};
use lockstep_types::{AttestationDigest, EnvelopeDigest, KeyId, sha256};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The payload type of every envelope: an in-toto statement.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// One signature and the key that is said to have made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Which key; a claim until the signature has been checked.
    pub keyid: KeyId,
    /// The signature in the form of the key's suite.
    #[serde(serialize_with = "as_base64", deserialize_with = "from_base64")]
    pub sig: Vec<u8>,
}

/// Payload and signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// The canonical JSON of an in-toto statement.
    #[serde(serialize_with = "as_base64", deserialize_with = "from_base64")]
    pub payload: Vec<u8>,
    /// Always [`PAYLOAD_TYPE`].
    #[serde(rename = "payloadType")]
    pub payload_type: String,
    /// Sorted by key id, one signature a key.
    pub signatures: Vec<Signature>,
}

/// Why bytes are not an envelope, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// Not canonical JSON of an envelope.
    #[error("the envelope is refused")]
    Canonical(#[from] CanonicalError),
    /// Another payload type.
    #[error("the payload type is `{found}`, expected `{PAYLOAD_TYPE}`")]
    PayloadType {
        /// The type found.
        found: String,
    },
    /// No signature, or more than the limit.
    #[error("{found} signatures, expected 1 to {SIGNATURES_MAX}")]
    SignatureCount {
        /// How many were found.
        found: usize,
    },
    /// Signatures out of order, or two by one key.
    #[error("signatures are not in ascending order of distinct key ids")]
    SignatureOrder,
}

impl Envelope {
    /// Wraps a payload; signatures are added with [`Envelope::add`].
    #[must_use]
    pub fn new(payload: Vec<u8>) -> Self {
        Self { payload, payload_type: PAYLOAD_TYPE.to_owned(), signatures: Vec::new() }
    }

    /// Adds a signature in its place; a second one by the same key replaces the first.
    pub fn add(&mut self, signature: Signature) {
        match self.signatures.binary_search_by_key(&signature.keyid, |s| s.keyid) {
            Ok(at) => {
                if let Some(place) = self.signatures.get_mut(at) {
                    *place = signature;
                }
            }
            Err(at) => self.signatures.insert(at, signature),
        }
    }

    /// Decodes canonical JSON.
    ///
    /// # Errors
    /// [`EnvelopeError`], in the order of its variants.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let envelope: Self = canonical::from_slice(bytes, ENVELOPE_BYTES_MAX)?;
        envelope.check()?;
        Ok(envelope)
    }

    /// Checks the parts that the JSON form leaves open.
    ///
    /// # Errors
    /// [`EnvelopeError`] from [`EnvelopeError::PayloadType`] on.
    pub fn check(&self) -> Result<(), EnvelopeError> {
        if self.payload_type != PAYLOAD_TYPE {
            return Err(EnvelopeError::PayloadType { found: self.payload_type.chars().take(80).collect() });
        }
        let found = self.signatures.len();
        if found == 0 || found > SIGNATURES_MAX {
            return Err(EnvelopeError::SignatureCount { found });
        }
        let ordered = self.signatures.is_sorted_by(|a, b| a.keyid < b.keyid);
        if ordered { Ok(()) } else { Err(EnvelopeError::SignatureOrder) }
    }

    /// The canonical JSON of the envelope.
    ///
    /// # Errors
    /// [`CanonicalError`] never in practice: every field has a JSON form.
    pub fn to_vec(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::to_vec(self)
    }

    /// SHA-256 of the envelope's canonical JSON: commits to the signatures too.
    ///
    /// # Errors
    /// As [`Envelope::to_vec`].
    pub fn digest(&self) -> Result<EnvelopeDigest, CanonicalError> {
        Ok(EnvelopeDigest(sha256(&self.to_vec()?)))
    }

    /// What `ed25519` and `es256` sign.
    #[must_use]
    pub fn pae(&self) -> Vec<u8> {
        pae(&self.payload)
    }

    /// Identity of the attestation, whoever signed it and however often.
    #[must_use]
    pub fn attestation_digest(&self) -> AttestationDigest {
        AttestationDigest(sha256(&self.pae()))
    }
}

/// The DSSE pre-authentication encoding of a payload of type [`PAYLOAD_TYPE`].
#[must_use]
pub fn pae(payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len());
    let mut bytes = Vec::with_capacity(head.len().saturating_add(payload.len()));
    bytes.extend_from_slice(head.as_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

fn as_base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    struct Base64;
    impl Visitor<'_> for Base64 {
        type Value = Vec<u8>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("base64 with padding")
        }
        fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<u8>, E> {
            STANDARD.decode(text).map_err(E::custom)
        }
    }
    deserializer.deserialize_str(Base64)
}
