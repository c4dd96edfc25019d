//! Many signatures at once, each with the answer it has alone.

use super::key::Parsed;
use super::{Message, PublicKey, SignatureError, verify};
use core::convert::Infallible;
use ed25519_zebra::batch::{Item, Verifier};
use ed25519_zebra::{Signature, VerificationKeyBytes};
use lockstep_types::{sha256, sha256_parts};
use rand_core::{TryCryptoRng, TryRng};

/// Most Ed25519 signatures in one equation. One bad signature sends its own batch to single checks, so this
/// also bounds what it can cost.
pub const BATCH_MAX: usize = 64;

/// Fewer signatures than this are cheaper one by one.
const BATCH_MIN: usize = 4;

/// One signature to check.
#[derive(Debug, Clone, Copy)]
pub struct Check<'a> {
    /// Who is said to have signed.
    pub key: &'a PublicKey,
    /// What is said to have been signed.
    pub message: Message<'a>,
    /// The signature.
    pub signature: &'a [u8],
}

impl Check<'_> {
    fn alone(&self) -> Result<(), SignatureError> {
        verify(self.key, self.message, self.signature)
    }
}

/// Verifies every check; the answer at each place is the one that [`verify`] gives, whatever stands beside
/// it.
///
/// Ed25519 signatures share one equation per [`BATCH_MAX`]; ZIP 215 makes it agree with the single check. The
/// other suites have no such equation.
#[must_use]
pub fn verify_batch(checks: &[Check<'_>]) -> Vec<Result<(), SignatureError>> {
    let mut answers: Vec<_> = checks.iter().map(|_| Ok(())).collect();
    let mut batched = Vec::new();
    for (check, answer) in checks.iter().zip(&mut answers) {
        match Ed25519::of(check) {
            Some(one) => batched.push((one, check, answer)),
            None => *answer = check.alone(),
        }
    }
    for batch in batched.chunks_mut(BATCH_MAX) {
        if batch.len() >= BATCH_MIN && all_verify(batch.iter().map(|(one, _, _)| one)) {
            continue;
        }
        for (_, check, answer) in batch {
            **answer = check.alone();
        }
    }
    answers
}

/// An Ed25519 check of the right message kind and length.
struct Ed25519<'a> {
    key: VerificationKeyBytes,
    message: &'a [u8],
    signature: &'a [u8; 64],
}

impl<'a> Ed25519<'a> {
    fn of(check: &Check<'a>) -> Option<Self> {
        match (check.key.parsed(), check.message) {
            (Parsed::Ed25519(key), Message::Bytes(message)) => {
                Some(Self { key: (*key).into(), message, signature: check.signature.try_into().ok()? })
            }
            _ => None,
        }
    }
}

fn all_verify<'a>(batch: impl Iterator<Item = &'a Ed25519<'a>>) -> bool {
    let mut verifier = Verifier::new();
    let mut transcript = Vec::new();
    for one in batch {
        // The message is bound by its own hash: entries then have one length, so no two lists share a
        // transcript.
        transcript.extend_from_slice(one.key.as_ref());
        transcript.extend_from_slice(one.signature);
        transcript.extend_from_slice(&sha256(one.message));
        let signature = Signature::from_bytes(one.signature);
        verifier.queue(Item::from((one.key, signature, one.message)));
    }
    verifier.verify(Blinding { seed: sha256(&transcript), block: 0 }).is_ok()
}

/// The factors that blind the terms of a batch: SHA-256(seed ‖ block number). The seed commits to every
/// input, so nobody can choose signatures after the factors; a pure crate has no other randomness.
struct Blinding {
    seed: [u8; 32],
    block: u64,
}

impl TryRng for Blinding {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0u8; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0u8; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for part in bytes.chunks_mut(32) {
            let block = sha256_parts(&[&self.seed, &self.block.to_be_bytes()]);
            self.block = self.block.wrapping_add(1);
            part.iter_mut().zip(block).for_each(|(to, from)| *to = from);
        }
        Ok(())
    }
}

impl TryCryptoRng for Blinding {}
