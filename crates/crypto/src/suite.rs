//! Signature suites: which key signs what, and when a signature counts. `specs/suites.md`.

mod batch;
mod key;
mod low_s;

pub use batch::{BATCH_MAX, Check, verify_batch};
pub(crate) use key::address_of;
pub use key::{KeyError, PublicKey};

use core::fmt;
use core::str::FromStr;
use key::Parsed;
use lockstep_types::Address;
use low_s::{Curve, SPart};
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A signature suite. A key is registered for exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suite {
    /// Ed25519 under ZIP 215, over the bytes of the message.
    Ed25519,
    /// ECDSA on P-256 over SHA-256 of the message, `r ‖ s`, low-s.
    Es256,
    /// ECDSA on secp256k1 over an EIP-712 hash, `r ‖ s ‖ v`, low-s; the key is an address.
    Eip712,
}

impl Suite {
    /// All suites, in the order of their bytes.
    pub const ALL: [Self; 3] = [Self::Ed25519, Self::Es256, Self::Eip712];

    /// The suite's one name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::Es256 => "es256",
            Self::Eip712 => "eip712",
        }
    }

    /// The byte that stands before the key in a key id.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 1,
            Self::Es256 => 2,
            Self::Eip712 => 3,
        }
    }

    /// Length of a public key in bytes.
    #[must_use]
    pub const fn key_len(self) -> usize {
        match self {
            Self::Ed25519 => 32,
            Self::Es256 => 65,
            Self::Eip712 => 20,
        }
    }

    /// Length of a signature in bytes.
    #[must_use]
    pub const fn signature_len(self) -> usize {
        match self {
            Self::Ed25519 | Self::Es256 => 64,
            Self::Eip712 => 65,
        }
    }

    /// The kind of message that the suite signs.
    #[must_use]
    pub const fn message_kind(self) -> MessageKind {
        match self {
            Self::Ed25519 | Self::Es256 => MessageKind::Bytes,
            Self::Eip712 => MessageKind::Hash,
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no suite.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a signature suite: expected `ed25519`, `es256` or `eip712`")]
pub struct SuiteError {
    /// The text found, cut to 40 characters.
    pub found: String,
}

impl FromStr for Suite {
    type Err = SuiteError;
    fn from_str(text: &str) -> Result<Self, SuiteError> {
        let named = Self::ALL.into_iter().find(|suite| suite.as_str() == text);
        named.ok_or_else(|| SuiteError { found: text.chars().take(40).collect() })
    }
}

impl Serialize for Suite {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Suite {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What is signed: bytes, or a 32-byte hash that already names its domain (EIP-712).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// Bytes that the suite hashes itself.
    Bytes(&'a [u8]),
    /// An EIP-712 signing hash.
    Hash(&'a [u8; 32]),
}

impl Message<'_> {
    /// Bytes or hash.
    #[must_use]
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Bytes(_) => MessageKind::Bytes,
            Self::Hash(_) => MessageKind::Hash,
        }
    }
}

/// The two kinds of [`Message`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind {
    /// [`Message::Bytes`].
    Bytes,
    /// [`Message::Hash`].
    Hash,
}

impl fmt::Display for MessageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "bytes",
            Self::Hash => "an EIP-712 hash",
        })
    }
}

/// Why a signature does not count, in the order of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The suite signs the other kind of message.
    #[error("`{suite}` signs {}, found {found}", .suite.message_kind())]
    MessageKind {
        /// The key's suite.
        suite: Suite,
        /// The kind given.
        found: MessageKind,
    },
    /// Not the suite's one length.
    #[error("a signature of `{suite}` has {} bytes, found {found}", .suite.signature_len())]
    Length {
        /// The key's suite.
        suite: Suite,
        /// Bytes found.
        found: usize,
    },
    /// `eip712`: the last byte is neither 27 nor 28.
    #[error("the recovery byte `v` is 27 or 28, found {found}")]
    RecoveryByte {
        /// The byte found.
        found: u8,
    },
    /// ECDSA: `r` or `s` is zero, or not below the group's order.
    #[error("`r` or `s` of the `{suite}` signature is outside 1 to the group's order - 1")]
    ScalarRange {
        /// The key's suite.
        suite: Suite,
    },
    /// ECDSA: `s` is above half of the group's order; the signer normalises before it submits.
    #[error("`s` of the `{suite}` signature is above half of the group's order: only low-s counts")]
    HighS {
        /// The key's suite.
        suite: Suite,
    },
    /// `eip712`: no public key belongs to this signature and hash.
    #[error("no signer can be recovered from the signature")]
    Unrecoverable,
    /// `eip712`: the signature is somebody else's, or of something else.
    #[error("the signature recovers to `{found}`, expected `{expected}`")]
    OtherSigner {
        /// The key's address.
        expected: Address,
        /// The address recovered.
        found: Address,
    },
    /// The signature does not verify with this key and message.
    #[error("the `{suite}` signature does not verify with this key and message")]
    Mismatch {
        /// The key's suite.
        suite: Suite,
    },
}

/// Verifies one signature.
///
/// # Errors
/// [`SignatureError`]: the first check that fails. [`verify_batch`] gives the same answer.
pub fn verify(key: &PublicKey, message: Message<'_>, signature: &[u8]) -> Result<(), SignatureError> {
    let suite = key.suite();
    match (key.parsed(), message) {
        (Parsed::Ed25519(zip215), Message::Bytes(bytes)) => {
            let signature = ed25519_zebra::Signature::from_bytes(&sized(suite, signature)?);
            zip215.verify(&signature, bytes).map_err(|_| SignatureError::Mismatch { suite })
        }
        (Parsed::Es256(parsed), Message::Bytes(bytes)) => {
            let signature: [u8; 64] = sized(suite, signature)?;
            require_low_s(suite, Curve::P256, &signature)?;
            parsed.verify_sig(bytes, &signature).map_err(|_| SignatureError::Mismatch { suite })
        }
        (Parsed::Eip712(expected), Message::Hash(hash)) => {
            let found = recover(hash, signature)?;
            if found != *expected {
                return Err(SignatureError::OtherSigner { expected: *expected, found });
            }
            Ok(())
        }
        (_, message) => Err(SignatureError::MessageKind { suite, found: message.kind() }),
    }
}

/// The address whose key made this `eip712` signature over `hash`.
///
/// Some address comes out for nearly every well-formed signature: the caller compares it with one it trusts.
///
/// # Errors
/// [`SignatureError`]: length, recovery byte, range, low-s, or no key that fits.
pub fn recover(hash: &[u8; 32], signature: &[u8]) -> Result<Address, SignatureError> {
    let suite = Suite::Eip712;
    let [rs @ .., v]: [u8; 65] = sized(suite, signature)?;
    let id = match v {
        27 => RecoveryId::Zero,
        28 => RecoveryId::One,
        found => return Err(SignatureError::RecoveryByte { found }),
    };
    require_low_s(suite, Curve::Secp256k1, &rs)?;
    let recoverable =
        RecoverableSignature::from_compact(&rs, id).map_err(|_| SignatureError::Unrecoverable)?;
    let message = secp256k1::Message::from_digest(*hash);
    let key = recoverable.recover(message).map_err(|_| SignatureError::Unrecoverable)?;
    Ok(address_of(&key))
}

/// What a client does before it submits: brings a signature of an HSM, wallet or passkey into the one form
/// that counts. ECDSA: high `s` becomes low (and `v` turns with it); `eip712`: `v` 0 or 1 becomes 27 or 28.
///
/// # Errors
/// [`SignatureError`]: length, recovery byte or range. That the signature verifies is not checked.
pub fn normalise(suite: Suite, signature: &[u8]) -> Result<Vec<u8>, SignatureError> {
    match suite {
        Suite::Ed25519 => Ok(sized::<64>(suite, signature)?.to_vec()),
        Suite::Es256 => {
            let (low, _) = low_s::lowered(Curve::P256, &sized(suite, signature)?)
                .ok_or(SignatureError::ScalarRange { suite })?;
            Ok(low.to_vec())
        }
        Suite::Eip712 => {
            let [rs @ .., v]: [u8; 65] = sized(suite, signature)?;
            let odd = match v {
                0 | 27 => false,
                1 | 28 => true,
                found => return Err(SignatureError::RecoveryByte { found }),
            };
            let (low, negated) =
                low_s::lowered(Curve::Secp256k1, &rs).ok_or(SignatureError::ScalarRange { suite })?;
            // Negating s negates the nonce's point, so the parity that v names turns.
            let v = if odd == negated { 27 } else { 28 };
            Ok([low.as_slice(), &[v]].concat())
        }
    }
}

fn sized<const N: usize>(suite: Suite, signature: &[u8]) -> Result<[u8; N], SignatureError> {
    signature.try_into().map_err(|_| SignatureError::Length { suite, found: signature.len() })
}

fn require_low_s(suite: Suite, curve: Curve, rs: &[u8; 64]) -> Result<(), SignatureError> {
    match low_s::s_part(curve, rs) {
        SPart::Low => Ok(()),
        SPart::High => Err(SignatureError::HighS { suite }),
        SPart::OutOfRange => Err(SignatureError::ScalarRange { suite }),
    }
}

#[cfg(test)]
mod tests;
