//! Secret keys. Kept as 32 bytes that are wiped when dropped; never printed, never serialised.

use crate::suite::{KeyError, Message, PublicKey, SignatureError, Suite, normalise};
use aws_lc_rs::agreement;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use core::fmt;
use ed25519_zebra::{SigningKey, VerificationKeyBytes};
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use zeroize::Zeroizing;

/// A secret key of one suite.
pub struct SecretKey {
    bytes: Zeroizing<[u8; 32]>,
    public: PublicKey,
}

/// Why a secret key is none, or does not sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// ECDSA: zero, or not below the group's order.
    #[error("the secret is not a key of `{suite}`: expected a number from 1 to the group's order - 1")]
    OutOfRange {
        /// The suite named.
        suite: Suite,
    },
    /// The library gave a public key that is none.
    #[error("the public key of the secret is refused")]
    Public(#[source] KeyError),
    /// The suite signs another kind of message.
    #[error("cannot sign this")]
    Message(#[source] SignatureError),
    /// The library did not sign.
    #[error("the library of `{suite}` did not sign")]
    Library {
        /// The key's suite.
        suite: Suite,
    },
}

impl SecretKey {
    /// The key whose secret is `bytes`: the RFC 8032 seed for `ed25519`, else the big-endian scalar.
    ///
    /// # Errors
    /// [`SecretError::OutOfRange`] when the bytes are no scalar of the suite's curve.
    pub fn from_bytes(suite: Suite, bytes: &[u8; 32]) -> Result<Self, SecretError> {
        let public = match suite {
            Suite::Ed25519 => {
                let signing = Zeroizing::new(SigningKey::from(*bytes));
                PublicKey::new(suite, VerificationKeyBytes::from(&*signing).as_ref())
            }
            Suite::Es256 => {
                let out_of_range = |_| SecretError::OutOfRange { suite };
                let private = agreement::PrivateKey::from_private_key(&agreement::ECDH_P256, bytes)
                    .map_err(out_of_range)?;
                let point = private.compute_public_key().map_err(|_| SecretError::OutOfRange { suite })?;
                PublicKey::new(suite, point.as_ref())
            }
            Suite::Eip712 => {
                let mut secret = secp256k1_secret(bytes)?;
                let address = crate::suite::address_of(&secret.public_key());
                secret.non_secure_erase();
                PublicKey::new(suite, &address.0)
            }
        }
        .map_err(SecretError::Public)?;
        Ok(Self { bytes: Zeroizing::new(*bytes), public })
    }

    /// The public key.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs, in the one form that counts (low-s, `v` 27 or 28).
    ///
    /// `ed25519` (RFC 8032) and `eip712` (RFC 6979) give the same signature every time. `es256` does not:
    /// aws-lc draws the nonce itself, so no replay may depend on the bytes of such a signature.
    ///
    /// # Errors
    /// [`SecretError::Message`] for the wrong kind of message, [`SecretError::Library`] when the library
    /// fails.
    pub fn sign(&self, message: Message<'_>) -> Result<Vec<u8>, SecretError> {
        let suite = self.public.suite();
        match (suite, message) {
            (Suite::Ed25519, Message::Bytes(bytes)) => {
                let signing = Zeroizing::new(SigningKey::from(*self.bytes));
                Ok(signing.sign(bytes).to_bytes().to_vec())
            }
            (Suite::Es256, Message::Bytes(bytes)) => self.sign_es256(bytes),
            (Suite::Eip712, Message::Hash(hash)) => self.sign_eip712(hash),
            (_, message) => {
                Err(SecretError::Message(SignatureError::MessageKind { suite, found: message.kind() }))
            }
        }
    }

    fn sign_es256(&self, bytes: &[u8]) -> Result<Vec<u8>, SecretError> {
        let library = SecretError::Library { suite: Suite::Es256 };
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair =
            EcdsaKeyPair::from_private_key_and_public_key(algorithm, &*self.bytes, self.public.bytes())
                .map_err(|_| library.clone())?;
        // The generator is part of the signature of `sign` only; aws-lc uses its own.
        let signature = pair.sign(&SystemRandom::new(), bytes).map_err(|_| library.clone())?;
        normalise(Suite::Es256, signature.as_ref()).map_err(|_| library)
    }

    fn sign_eip712(&self, hash: &[u8; 32]) -> Result<Vec<u8>, SecretError> {
        let mut secret = secp256k1_secret(&self.bytes)?;
        let message = secp256k1::Message::from_digest(*hash);
        let (id, rs) = RecoverableSignature::sign_ecdsa_recoverable(message, &secret).serialize_compact();
        secret.non_secure_erase();
        let v = match id {
            RecoveryId::Zero => 27,
            RecoveryId::One => 28,
            // r wrapped around the order, at odds of 2^-127: `v` has no value for it.
            RecoveryId::Two | RecoveryId::Three => return Err(SecretError::Library { suite: Suite::Eip712 }),
        };
        Ok([rs.as_slice(), &[v]].concat())
    }
}

fn secp256k1_secret(bytes: &[u8; 32]) -> Result<secp256k1::SecretKey, SecretError> {
    secp256k1::SecretKey::from_secret_bytes(*bytes)
        .map_err(|_| SecretError::OutOfRange { suite: Suite::Eip712 })
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {:?})", self.public)
    }
}

#[cfg(test)]
mod tests;
