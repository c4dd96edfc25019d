//! Public keys as services and tools give them: ours, or a `SubjectPublicKeyInfo` (RFC 5280 §4.1) in DER or
//! PEM.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lockstep_crypto::suite::{KeyError, PublicKey, Suite};

/// What stands before the point of a P-256 key (RFC 5480 §2).
const P256: &[u8] =
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\
\x07\x03\x42\x00";
/// What stands before the point of a secp256k1 key (RFC 5480 §2, SEC 2).
const SECP256K1: &[u8] =
    b"\x30\x56\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x0a\x03\x42\x00";
/// What stands before the 32 bytes of an Ed25519 key (RFC 8410 §4).
const ED25519: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";
const PEM_BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const PEM_END: &str = "-----END PUBLIC KEY-----";

/// Why bytes are no public key.
#[derive(Debug, thiserror::Error)]
pub enum SpkiError {
    /// PEM without its end, or with something else than base64 in it.
    #[error("the PEM text is cut, or is not base64")]
    Pem,
    /// None of the three forms, or another kind of key.
    #[error(
        "expected the JSON of `lockstep key show`, or a PEM or DER public key on P-256, secp256k1 or Ed25519 with \
         its point uncompressed"
    )]
    Unknown,
    /// The bytes of the key are none.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// The public key in a file; a key on P-256 signs `es256`, one on secp256k1 `eip712`.
///
/// # Errors
/// [`SpkiError`].
pub fn public_key(bytes: &[u8]) -> Result<PublicKey, SpkiError> {
    if let Ok(key) = serde_json::from_slice(bytes) {
        return Ok(key);
    }
    match std::str::from_utf8(bytes).ok().and_then(|text| text.trim().strip_prefix(PEM_BEGIN)) {
        None => from_der(bytes),
        Some(rest) => {
            let body = rest.strip_suffix(PEM_END).ok_or(SpkiError::Pem)?;
            let digits: String = body.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
            from_der(&STANDARD.decode(digits).map_err(|_| SpkiError::Pem)?)
        }
    }
}

fn from_der(bytes: &[u8]) -> Result<PublicKey, SpkiError> {
    if let Some(point) = bytes.strip_prefix(P256) {
        return Ok(PublicKey::new(Suite::Es256, point)?);
    }
    if let Some(point) = bytes.strip_prefix(ED25519) {
        return Ok(PublicKey::new(Suite::Ed25519, point)?);
    }
    let point = bytes.strip_prefix(SECP256K1).and_then(|point| point.try_into().ok());
    Ok(PublicKey::of_secp256k1_point(point.ok_or(SpkiError::Unknown)?)?)
}

#[cfg(test)]
mod tests;
