//! Checkpoints and quorum certificates: k of n co-signers over one root (specs/certificate.md).

mod error;
mod handover;

pub use error::{CertificateError, HandoverError};
pub use handover::Handover;

use crate::committee::{Committee, Signers};
use crate::encoding::HexArray;
use lockstep_crypto::{Message, SecretError, SecretKey, SignatureError, Suite, eip712, recover};
use lockstep_types::canonical::{self, CanonicalError};
use lockstep_types::limits::LEDGER_SIZE_MAX;
use lockstep_types::{CertificateDigest, CommitteeDigest, LedgerId, RootHash, sha256};
use serde::{Deserialize, Serialize};

/// The only scheme there is: secp256k1 signatures by member index.
pub const SCHEME_SECP256K1: u8 = 1;
/// Longest certificate, in bytes of canonical JSON.
pub const CERTIFICATE_BYTES_MAX: usize = 16_384;
/// The EIP-712 type that co-signers sign.
pub const CHECKPOINT_TYPE: &str = "Checkpoint(bytes32 ledger,uint64 epoch,uint64 size,bytes32 root)";

/// Head of a ledger's log, as co-signers sign it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Number of the committee.
    pub epoch: u64,
    /// The ledger.
    pub ledger: LedgerId,
    /// RFC 6962 root of the first `size` leaves.
    pub root: RootHash,
    /// Records in the log.
    pub size: u64,
}

/// 65 bytes: r, s (the lower of the two), v (27 or 28).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CheckpointSignature(HexArray<65>);

/// One co-signer's signature, by its place in the committee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberSignature {
    /// Place in the committee, from 0.
    pub member: u8,
    /// The signature.
    pub signature: CheckpointSignature,
}

/// Signatures of co-signers over one checkpoint. Says nothing until [`Certificate::verify`] has said yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// Digest of the committee's addresses.
    pub committee: CommitteeDigest,
    /// Number of the committee.
    pub epoch: u64,
    /// The ledger.
    pub ledger: LedgerId,
    /// Root of the log.
    pub root: RootHash,
    /// [`SCHEME_SECP256K1`].
    pub scheme: u8,
    /// Sorted by member, no member twice.
    pub signatures: Vec<MemberSignature>,
    /// Size of the log.
    pub size: u64,
    /// How many must sign.
    pub threshold: u8,
}

impl Checkpoint {
    /// The EIP-712 hash that co-signers sign; the ledger is the domain's salt.
    #[must_use]
    pub fn signing_hash(&self) -> [u8; 32] {
        let words = [self.ledger.0, eip712::uint_word(self.epoch), eip712::uint_word(self.size), self.root.0];
        let struct_hash = eip712::struct_hash(&eip712::keccak256(CHECKPOINT_TYPE.as_bytes()), &words);
        eip712::signing_hash(&eip712::domain_separator(&self.ledger.0), &struct_hash)
    }

    /// Signs with the key of a co-signer. Only a signer that keeps `SigningRule` may call this.
    ///
    /// # Errors
    /// When the key is of another suite than `eip712`.
    pub fn sign(&self, key: &SecretKey) -> Result<CheckpointSignature, SecretError> {
        let bytes = key.sign(Message::Hash(&self.signing_hash()))?;
        let bytes: [u8; 65] = bytes.try_into().map_err(|_| SecretError::Library { suite: Suite::Eip712 })?;
        Ok(CheckpointSignature(HexArray(bytes)))
    }
}

impl CheckpointSignature {
    /// A signature from its bytes; whether it holds is not looked at.
    #[must_use]
    pub const fn new(bytes: [u8; 65]) -> Self {
        Self(HexArray(bytes))
    }

    /// The 65 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 65] {
        &self.0.0
    }
}

impl MemberSignature {
    /// Checks that the named one of `signers` has signed `signing_hash`.
    ///
    /// # Errors
    /// [`CertificateError::MemberOutOfRange`], [`CertificateError::HighS`],
    /// [`CertificateError::BadSignature`].
    pub fn verify(&self, signing_hash: &[u8; 32], signers: &Signers) -> Result<(), CertificateError> {
        let member = self.member;
        let members = signers.addresses().len();
        let expected =
            signers.address(member).ok_or(CertificateError::MemberOutOfRange { member, members })?;
        match recover(signing_hash, self.signature.as_bytes()) {
            Ok(address) if address == *expected => Ok(()),
            Ok(_) => Err(CertificateError::BadSignature { member }),
            Err(SignatureError::HighS { .. }) => Err(CertificateError::HighS { member }),
            Err(_) => Err(CertificateError::BadSignature { member }),
        }
    }

    /// Checks that at least `needed` of `signers` have signed `signing_hash`: members ascend, and one bad
    /// signature refuses all.
    ///
    /// # Errors
    /// [`CertificateError`], in the order of specs/certificate.md §4, 7 and 8.
    pub fn verify_all(
        signatures: &[Self],
        signing_hash: &[u8; 32],
        signers: &Signers,
        needed: u8,
    ) -> Result<(), CertificateError> {
        let mut before: Option<u8> = None;
        for signature in signatures {
            let member = signature.member;
            match before {
                Some(before) if before == member => return Err(CertificateError::Doubled { member }),
                Some(before) if before > member => return Err(CertificateError::Unsorted { member }),
                _ => before = Some(member),
            }
            signature.verify(signing_hash, signers)?;
        }
        if signatures.len() < usize::from(needed) {
            return Err(CertificateError::TooFew { found: signatures.len(), threshold: needed });
        }
        Ok(())
    }

    /// As a chain takes them: 66 bytes each, the place before the signature.
    #[must_use]
    pub fn packed(signatures: &[Self]) -> Vec<u8> {
        let one = |signature: &Self| {
            core::iter::once(signature.member).chain(signature.signature.as_bytes().to_owned())
        };
        signatures.iter().flat_map(one).collect()
    }
}

impl Certificate {
    /// Puts signatures over `checkpoint` together; they are sorted, not verified.
    #[must_use]
    pub fn assemble(checkpoint: &Checkpoint, committee: &Committee, signatures: &[MemberSignature]) -> Self {
        let mut signatures = signatures.to_vec();
        signatures.sort_by_key(|signature| signature.member);
        Self {
            committee: committee.digest(),
            epoch: checkpoint.epoch,
            ledger: checkpoint.ledger,
            root: checkpoint.root,
            scheme: SCHEME_SECP256K1,
            signatures,
            size: checkpoint.size,
            threshold: committee.threshold(),
        }
    }

    /// What the co-signers signed.
    #[must_use]
    pub const fn checkpoint(&self) -> Checkpoint {
        Checkpoint { epoch: self.epoch, ledger: self.ledger, root: self.root, size: self.size }
    }

    /// Checks every signature, and that enough members of `committee` have signed.
    ///
    /// # Errors
    /// [`CertificateError`], in the order of the checks. One bad signature refuses the whole certificate.
    pub fn verify(&self, ledger: &LedgerId, committee: &Committee) -> Result<Checkpoint, CertificateError> {
        self.check_names(ledger, committee)?;
        let checkpoint = self.checkpoint();
        let signing_hash = checkpoint.signing_hash();
        MemberSignature::verify_all(
            &self.signatures,
            &signing_hash,
            &committee.signers(),
            committee.threshold(),
        )?;
        Ok(checkpoint)
    }

    /// Canonical JSON.
    ///
    /// # Errors
    /// Never for this type; the error is that of the JSON writer.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::to_vec(self)
    }

    /// Reads canonical JSON.
    ///
    /// # Errors
    /// [`CanonicalError`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CanonicalError> {
        canonical::from_slice(bytes, CERTIFICATE_BYTES_MAX)
    }

    /// SHA-256 of the canonical JSON.
    ///
    /// # Errors
    /// Never for this type; the error is that of the JSON writer.
    pub fn digest(&self) -> Result<CertificateDigest, CanonicalError> {
        self.to_bytes().map(|bytes| CertificateDigest(sha256(&bytes)))
    }

    fn check_names(&self, ledger: &LedgerId, committee: &Committee) -> Result<(), CertificateError> {
        if self.scheme != SCHEME_SECP256K1 {
            return Err(CertificateError::Scheme { found: self.scheme });
        }
        if self.ledger != *ledger {
            return Err(CertificateError::WrongLedger { expected: *ledger, found: self.ledger });
        }
        if self.epoch != committee.epoch() {
            return Err(CertificateError::WrongEpoch { expected: committee.epoch(), found: self.epoch });
        }
        let digest = committee.digest();
        if self.committee != digest {
            return Err(CertificateError::WrongCommittee { expected: digest, found: self.committee });
        }
        if self.threshold != committee.threshold() {
            return Err(CertificateError::WrongThreshold {
                expected: committee.threshold(),
                found: self.threshold,
            });
        }
        if self.size == 0 || self.size > LEDGER_SIZE_MAX {
            return Err(CertificateError::Size { found: self.size });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
