//! Public keys, checked when they are built.

use super::{Message, Suite, verify};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use core::cmp::Ordering;
use core::fmt;
use ed25519_zebra::VerificationKey;
use lockstep_types::{Address, KeyId, sha256_parts};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A public key of one suite: a point on its curve, or an address. Two keys are equal when suite and bytes
/// are.
#[derive(Clone)]
pub struct PublicKey {
    bytes: Vec<u8>,
    id: KeyId,
    parsed: Parsed,
}

/// The key as its library wants it, so that a key used often is decoded once.
#[derive(Clone)]
pub(crate) enum Parsed {
    Ed25519(VerificationKey),
    Es256(ParsedPublicKey),
    Eip712(Address),
}

/// Why bytes are not a public key, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not the suite's one length.
    #[error("a public key of `{suite}` has {} bytes, found {found}", .suite.key_len())]
    Length {
        /// The suite named.
        suite: Suite,
        /// Bytes found.
        found: usize,
    },
    /// A point in compressed, hybrid or another form: for `es256` a second spelling, and so a second key id.
    #[error("expected an uncompressed point that starts with byte 0x04, found {found:#04x}")]
    Uncompressed {
        /// The first byte found.
        found: u8,
    },
    /// The bytes are no point of the curve.
    #[error("the public key is not a point on the curve of `{suite}`")]
    NotOnCurve {
        /// The suite named.
        suite: Suite,
    },
    /// `eip712`: the zero address, which failed recoveries elsewhere stand for.
    #[error("the zero address is no key of `eip712`")]
    ZeroAddress,
}

impl PublicKey {
    /// A key of `suite` from its bytes: `ed25519` 32 bytes (any ZIP 215 encoding), `es256` 65 bytes
    /// uncompressed SEC 1, `eip712` a 20-byte address.
    ///
    /// # Errors
    /// [`KeyError`]: length, form, or no point on the curve.
    pub fn new(suite: Suite, bytes: &[u8]) -> Result<Self, KeyError> {
        let length = || KeyError::Length { suite, found: bytes.len() };
        let not_on_curve = |_| KeyError::NotOnCurve { suite };
        let parsed = match suite {
            Suite::Ed25519 => {
                let bytes: [u8; 32] = bytes.try_into().map_err(|_| length())?;
                Parsed::Ed25519(VerificationKey::try_from(bytes).map_err(|_| KeyError::NotOnCurve { suite })?)
            }
            Suite::Es256 => {
                let [form, ..]: [u8; 65] = bytes.try_into().map_err(|_| length())?;
                if form != 4 {
                    return Err(KeyError::Uncompressed { found: form });
                }
                Parsed::Es256(ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes).map_err(not_on_curve)?)
            }
            Suite::Eip712 => {
                let address: [u8; 20] = bytes.try_into().map_err(|_| length())?;
                if address == [0; 20] {
                    return Err(KeyError::ZeroAddress);
                }
                Parsed::Eip712(Address(address))
            }
        };
        let id = KeyId(sha256_parts(&[&[suite.byte()], bytes]));
        Ok(Self { bytes: bytes.to_vec(), id, parsed })
    }

    /// The `eip712` key whose point on secp256k1 this is, uncompressed, as HSMs and certificates give it.
    ///
    /// # Errors
    /// [`KeyError`]: another form, or no point on the curve.
    pub fn of_secp256k1_point(bytes: &[u8; 65]) -> Result<Self, KeyError> {
        let suite = Suite::Eip712;
        let [form, ..] = bytes;
        if *form != 4 {
            return Err(KeyError::Uncompressed { found: *form });
        }
        let point = secp256k1::PublicKey::from_slice(bytes).map_err(|_| KeyError::NotOnCurve { suite })?;
        Self::new(suite, &address_of(&point).0)
    }

    /// The suite it is registered for.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        match self.parsed {
            Parsed::Ed25519(_) => Suite::Ed25519,
            Parsed::Es256(_) => Suite::Es256,
            Parsed::Eip712(_) => Suite::Eip712,
        }
    }

    /// The key's bytes, as [`PublicKey::new`] took them.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of suite byte and key bytes.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The address, for `eip712`.
    #[must_use]
    pub const fn address(&self) -> Option<Address> {
        match self.parsed {
            Parsed::Eip712(address) => Some(address),
            Parsed::Ed25519(_) | Parsed::Es256(_) => None,
        }
    }

    /// True for the Ed25519 keys with which anybody can sign: points of small order. ZIP 215 verifies under
    /// them; whoever registers a key refuses them.
    #[must_use]
    pub fn has_small_order(&self) -> bool {
        // R = the neutral point, s = 0: holds exactly when 8·k·A is neutral, whatever the message.
        let mut anybodys = [0u8; 64];
        if let Some(first) = anybodys.first_mut() {
            *first = 1;
        }
        self.suite() == Suite::Ed25519 && verify(self, Message::Bytes(b"small order"), &anybodys).is_ok()
    }

    pub(crate) const fn parsed(&self) -> &Parsed {
        &self.parsed
    }
}

/// The address of a secp256k1 key: the last 20 bytes of Keccak-256 of its two coordinates.
pub(crate) fn address_of(key: &secp256k1::PublicKey) -> Address {
    Address(alloy_primitives::Address::from_raw_public_key(&coordinates(key)).into_array())
}

fn coordinates(key: &secp256k1::PublicKey) -> [u8; 64] {
    let [_form, coordinates @ ..] = key.serialize_uncompressed();
    coordinates
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for PublicKey {}

impl PartialOrd for PublicKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PublicKey {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.suite(), self.bytes()).cmp(&(other.suite(), other.bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} {})", self.suite(), hex::encode(&self.bytes))
    }
}

/// `{"key":"<lower-case hex>","suite":"<name>"}`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    key: String,
    suite: Suite,
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Wire { key: hex::encode(&self.bytes), suite: self.suite() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Wire { key, suite } = Wire::deserialize(deserializer)?;
        let bytes = hex::decode(&key).map_err(serde::de::Error::custom)?;
        // One spelling: upper-case digits decode too, and would give a second text for the same key.
        if hex::encode(&bytes) != key {
            return Err(serde::de::Error::custom("a public key is written in lower-case hexadecimal digits"));
        }
        Self::new(suite, &bytes).map_err(serde::de::Error::custom)
    }
}
