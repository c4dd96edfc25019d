//! Secret keys. Kept ready to sign, and wiped when dropped; never printed, never serialised.

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
    secret: Secret,
    public: PublicKey,
}

/// What signs. Working an Ed25519 or ES256 key out takes about as long as a signature, so that is done once.
enum Secret {
    Ed25519(Box<Zeroizing<SigningKey>>),
    /// aws-lc wipes what it frees.
    Es256(Box<EcdsaKeyPair>),
    Eip712(Zeroizing<[u8; 32]>),
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
        let (secret, public) = match suite {
            Suite::Ed25519 => {
                let signing = Box::new(Zeroizing::new(SigningKey::from(*bytes)));
                let public = PublicKey::new(suite, VerificationKeyBytes::from(&**signing).as_ref());
                (Secret::Ed25519(signing), public)
            }
            Suite::Es256 => {
                let out_of_range = |_| SecretError::OutOfRange { suite };
                let private = agreement::PrivateKey::from_private_key(&agreement::ECDH_P256, bytes)
                    .map_err(out_of_range)?;
                let point = private.compute_public_key().map_err(|_| SecretError::OutOfRange { suite })?;
                let public = PublicKey::new(suite, point.as_ref());
                (Secret::Es256(Box::new(es256_pair(bytes, point.as_ref())?)), public)
            }
            Suite::Eip712 => {
                let mut secret = secp256k1_secret(bytes)?;
                let address = crate::suite::address_of(&secret.public_key());
                secret.non_secure_erase();
                (Secret::Eip712(Zeroizing::new(*bytes)), PublicKey::new(suite, &address.0))
            }
        };
        Ok(Self { secret, public: public.map_err(SecretError::Public)? })
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
        match (&self.secret, message) {
            (Secret::Ed25519(signing), Message::Bytes(bytes)) => Ok(signing.sign(bytes).to_bytes().to_vec()),
            (Secret::Es256(pair), Message::Bytes(bytes)) => sign_es256(pair, bytes),
            (Secret::Eip712(secret), Message::Hash(hash)) => sign_eip712(secret, hash),
            (_, message) => {
                let (suite, found) = (self.public.suite(), message.kind());
                Err(SecretError::Message(SignatureError::MessageKind { suite, found }))
            }
        }
    }
}

fn es256_pair(secret: &[u8; 32], point: &[u8]) -> Result<EcdsaKeyPair, SecretError> {
    EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, secret, point)
        .map_err(|_| SecretError::Library { suite: Suite::Es256 })
}

fn sign_es256(pair: &EcdsaKeyPair, bytes: &[u8]) -> Result<Vec<u8>, SecretError> {
    let library = SecretError::Library { suite: Suite::Es256 };
    // The generator is part of the signature of `sign` only; aws-lc uses its own.
    let signature = pair.sign(&SystemRandom::new(), bytes).map_err(|_| library.clone())?;
    normalise(Suite::Es256, signature.as_ref()).map_err(|_| library)
}

fn sign_eip712(secret: &[u8; 32], hash: &[u8; 32]) -> Result<Vec<u8>, SecretError> {
    let mut secret = secp256k1_secret(secret)?;
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
