//! 32-byte digests, one newtype a meaning, written as 64 lower-case hexadecimal digits; in binary forms as
//! their bytes.

use alloy_primitives::hex;
use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// Why a text is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a digest: expected 64 lower-case hexadecimal digits")]
pub struct DigestError {
    /// The text that was refused, cut to 80 characters.
    pub found: String,
}

fn parse_hex32(text: &str) -> Result<[u8; 32], DigestError> {
    let refused = || DigestError { found: text.chars().take(80).collect() };
    // The decoder would take a `0x` and upper case.
    if text.len() != 64 || text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(refused());
    }
    let mut bytes = [0u8; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| refused())?;
    Ok(bytes)
}

/// Hands the 64 digits to `take`.
fn with_hex32<T>(bytes: &[u8; 32], take: impl FnOnce(&str) -> T) -> T {
    take(hex::Buffer::<32>::new().format(bytes))
}

/// SHA-256 of one byte string (FIPS 180-4).
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// SHA-256 of the concatenation of `parts`; the caller sees to it that the concatenation is unambiguous.
#[must_use]
pub fn sha256_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

macro_rules! digest_newtype {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// The 32 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                with_hex32(&self.0, |text| f.write_str(text))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = DigestError;
            fn from_str(text: &str) -> Result<Self, DigestError> {
                parse_hex32(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if !serializer.is_human_readable() {
                    return serializer.serialize_bytes(&self.0);
                }
                with_hex32(&self.0, |text| serializer.serialize_str(text))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("64 lower-case hexadecimal digits (in binary forms: 32 bytes)")
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }
                    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<$name, E> {
                        bytes.try_into().map($name).map_err(|_| E::invalid_length(bytes.len(), &self))
                    }
                }
                if !deserializer.is_human_readable() {
                    return deserializer.deserialize_bytes(Visitor);
                }
                deserializer.deserialize_str(Visitor)
            }
        }
    )*};
}

digest_newtype! {
    /// A digest whose meaning is given by the field that holds it.
    Digest;
    /// The ledger: leaf hash of its genesis record.
    LedgerId;
    /// A case: leaf hash of the record that opened it.
    CaseId;
    /// RFC 6962 leaf hash of a record's leaf.
    LeafHash;
    /// Root of a tree or of the state map.
    RootHash;
    /// SHA-256 of a policy's canonical manifest.
    PolicyDigest;
    /// EIP-712 `hashStruct` of a claim.
    ClaimDigest;
    /// SHA-256 of salt and document: evidence is named by it.
    EvidenceDigest;
    /// SHA-256 of a document as it is, without salt (a list, a governance action).
    DocumentDigest;
    /// SHA-256 of the DSSE pre-authentication encoding: the identity of an attestation.
    AttestationDigest;
    /// SHA-256 of an envelope's canonical JSON, signatures sorted and included.
    EnvelopeDigest;
    /// Attestation digest of the credential's own statement.
    CredentialDigest;
    /// SHA-256 of suite byte and public key.
    KeyId;
    /// Keccak-256 of `0x00` and the member addresses: the code hash of the blob a chain holds.
    CommitteeDigest;
    /// SHA-256 of a quorum certificate's canonical JSON.
    CertificateDigest;
    /// A single-use act within a programme.
    UseKey;
    /// Where an entry stands in the state map.
    MapKey;
    /// 32 random bytes that blind a digest.
    Salt;
}

#[cfg(test)]
mod tests;
