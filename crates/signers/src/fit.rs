//! A signature as a device gives it, brought into the form of its suite (specs/suites.md), and checked.

use lockstep_crypto::suite::{Message, PublicKey, SignatureError, Suite, normalise, verify};
use serde::{Deserialize, Serialize};

/// The first two values of `v`: which of the two points with this `r` it was.
const RECOVERY_BYTES: [u8; 2] = [27, 28];

/// How a signature of ECDSA is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// `r` then `s`, 32 bytes each, and `v` where the device knows it.
    Raw,
    /// `SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279 §2.2.3).
    Der,
}

/// Why a signature is not given out, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FitError {
    /// Not what it is said to be.
    #[error("the signature is not DER of two numbers of at most 32 bytes")]
    Der,
    /// Ed25519 has no DER form.
    #[error("a signature of `ed25519` has no DER form")]
    NoDer,
    /// Neither of the two recovery bytes leads to the key.
    #[error("the signature is not of key `{expected}`, or of something else")]
    NotOfKey {
        /// The key's address.
        expected: lockstep_types::Address,
    },
    /// It does not hold.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

/// The signature in the form that counts: low `s`, with the recovery byte where the suite has one, verified.
///
/// # Errors
/// [`FitError`].
pub fn fit(
    key: &PublicKey,
    message: Message<'_>,
    (encoding, given): (Encoding, &[u8]),
) -> Result<Vec<u8>, FitError> {
    let suite = key.suite();
    let plain = match (encoding, suite) {
        (Encoding::Raw, _) => given.to_vec(),
        (Encoding::Der, Suite::Ed25519) => return Err(FitError::NoDer),
        (Encoding::Der, _) => from_der(given).ok_or(FitError::Der)?.to_vec(),
    };
    let Some(expected) = key.address().filter(|_| plain.len() == 64) else {
        return fitted(key, message, &plain);
    };
    // The device does not say which point it was: the one that leads to the key.
    let with = |v: u8| fitted(key, message, &[plain.as_slice(), &[v]].concat());
    match RECOVERY_BYTES.map(with) {
        [Ok(found), _] | [_, Ok(found)] => Ok(found),
        [Err(FitError::Signature(error @ SignatureError::ScalarRange { .. })), _] => Err(error.into()),
        _ => Err(FitError::NotOfKey { expected }),
    }
}

fn fitted(key: &PublicKey, message: Message<'_>, plain: &[u8]) -> Result<Vec<u8>, FitError> {
    let low = normalise(key.suite(), plain)?;
    verify(key, message, &low)?;
    Ok(low)
}

/// `r` and `s` in 32 bytes each.
fn from_der(bytes: &[u8]) -> Option<[u8; 64]> {
    let [0x30, length, body @ ..] = bytes else { return None };
    // Two numbers of 33 bytes have a length below 128, which is one byte.
    if usize::from(*length) != body.len() || *length >= 128 {
        return None;
    }
    let (r, rest) = integer(body)?;
    let (s, rest) = integer(rest)?;
    let mut plain = [0; 64];
    let (left, right) = plain.split_at_mut(32);
    left.copy_from_slice(&r);
    right.copy_from_slice(&s);
    rest.is_empty().then_some(plain)
}

/// A positive number in its shortest form, and what stands behind it.
fn integer(bytes: &[u8]) -> Option<([u8; 32], &[u8])> {
    let [0x02, length, rest @ ..] = bytes else { return None };
    let (digits, rest) = rest.split_at_checked(usize::from(*length))?;
    let digits = match digits {
        [0, high, ..] if *high >= 0x80 => digits.get(1..)?,
        [first, ..] if *first != 0 && *first < 0x80 => digits,
        _ => return None,
    };
    let mut number = [0; 32];
    let from = number.len().checked_sub(digits.len())?;
    number.get_mut(from..)?.copy_from_slice(digits);
    Some((number, rest))
}

#[cfg(test)]
mod tests;
