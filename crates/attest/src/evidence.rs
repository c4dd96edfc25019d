//! Evidence: documents stay with their owner; the attestation names each by a salted digest.

use lockstep_types::{EvidenceDigest, Salt, sha256_parts};

/// SHA-256 of the salt followed by the document: the digest says nothing about a document that could be
/// guessed.
#[must_use]
pub fn evidence_digest(salt: &Salt, document: &[u8]) -> EvidenceDigest {
    EvidenceDigest(sha256_parts(&[salt.as_bytes(), document]))
}
