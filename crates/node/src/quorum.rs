//! Collects co-signers' signatures over one checkpoint until k of n have signed.

use crate::cosigner::Cosigned;
use lockstep_ledger::certificate::MemberSignature;
use lockstep_ledger::{Certificate, CertificateError, Checkpoint, CheckpointSignature, Committee};
use lockstep_types::Address;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Seals whose signatures are waited for at a time: under load a co-signer is some seals behind.
const SEALS_MAX: usize = 16;

/// Signatures over the latest seals. The appender says which seals there are, and whoever hears from
/// co-signers hands their signatures in, beside it.
#[derive(Debug, Default)]
pub struct Quorums(Mutex<BTreeMap<u64, Quorum>>);

impl Quorums {
    /// Collects signatures over a seal from now on; those over seals long before it are given up.
    pub fn expect(&self, checkpoint: Checkpoint, committee: &Committee) {
        let mut seals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seals.entry(checkpoint.size).or_insert_with(|| Quorum::new(checkpoint, committee.clone()));
        while seals.len() > SEALS_MAX {
            seals.pop_first();
        }
    }

    /// Takes a co-signer's signature; the certificate, once enough have signed.
    ///
    /// # Errors
    /// [`QuorumError`]; the signature does not count then.
    pub fn add(&self, cosigned: &Cosigned) -> Result<Option<Certificate>, QuorumError> {
        let mut seals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let expected = *seals.last_key_value().ok_or(QuorumError::NothingSealed)?.0;
        let found = cosigned.checkpoint.size;
        let quorum = seals.get_mut(&found).ok_or(QuorumError::OtherCheckpoint { expected, found })?;
        quorum.add(&cosigned.address, &cosigned.checkpoint, cosigned.signature)
    }
}

/// Signatures over one checkpoint, each checked when it came.
#[derive(Debug, Clone)]
pub struct Quorum {
    checkpoint: Checkpoint,
    hash: [u8; 32],
    committee: Committee,
    signatures: BTreeMap<u8, MemberSignature>,
}

/// Why a signature does not count.
#[derive(Debug, thiserror::Error)]
pub enum QuorumError {
    /// No checkpoint waits for signatures.
    #[error("nothing is sealed yet: there is no checkpoint to sign")]
    NothingSealed,
    /// Not a member.
    #[error("`{address}` is no co-signer of epoch {epoch}")]
    NotAMember {
        /// The address.
        address: Address,
        /// The epoch.
        epoch: u64,
    },
    /// Over another checkpoint.
    #[error("the signature is over another checkpoint: size {found}, expected {expected}")]
    OtherCheckpoint {
        /// The size asked for.
        expected: u64,
        /// The size signed.
        found: u64,
    },
    /// The signature does not hold.
    #[error(transparent)]
    Signature(#[from] CertificateError),
}

impl Quorum {
    /// Nothing signed yet.
    #[must_use]
    pub fn new(checkpoint: Checkpoint, committee: Committee) -> Self {
        let hash = checkpoint.signing_hash();
        Self { checkpoint, hash, committee, signatures: BTreeMap::new() }
    }

    /// What is to be signed.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Takes a signature; the certificate, once enough have signed.
    ///
    /// # Errors
    /// [`QuorumError`]; the signature does not count then.
    pub fn add(
        &mut self,
        address: &Address,
        signed: &Checkpoint,
        signature: CheckpointSignature,
    ) -> Result<Option<Certificate>, QuorumError> {
        if *signed != self.checkpoint {
            return Err(QuorumError::OtherCheckpoint { expected: self.checkpoint.size, found: signed.size });
        }
        let epoch = self.committee.epoch();
        let unknown = || QuorumError::NotAMember { address: *address, epoch };
        let member = self.committee.index_of(address).ok_or_else(unknown)?;
        let signature = MemberSignature { member, signature };
        signature.verify(&self.hash, &self.committee.signers())?;
        self.signatures.insert(member, signature);
        Ok(self.certificate())
    }

    /// The certificate, if enough have signed.
    #[must_use]
    pub fn certificate(&self) -> Option<Certificate> {
        if self.signatures.len() < usize::from(self.committee.threshold()) {
            return None;
        }
        let signatures: Vec<MemberSignature> = self.signatures.values().cloned().collect();
        Some(Certificate::assemble(&self.checkpoint, &self.committee, &signatures))
    }
}
