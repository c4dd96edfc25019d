//! Collects co-signers' signatures over one checkpoint until k of n have signed.

use crate::cosigner::Cosigned;
use lockstep_ledger::certificate::MemberSignature;
use lockstep_ledger::{Certificate, CertificateError, Checkpoint, CheckpointSignature, Committee, Handover};
use lockstep_types::Address;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Seals whose signatures are waited for at a time: under load a co-signer is some seals behind.
const SEALS_MAX: usize = 16;

/// Signatures over the latest seals, by the committee in force and, until it has handed over, by the one
/// before it. The appender says which seals there are, and whoever hears from co-signers hands their
/// signatures in, beside it.
#[derive(Debug, Default)]
pub struct Quorums(Mutex<Seals>);

#[derive(Debug, Default)]
struct Seals {
    /// By size and epoch.
    quorums: BTreeMap<(u64, u64), Quorum>,
    leaving: Option<Leaving>,
}

/// A committee that has not handed over yet.
#[derive(Debug, Clone)]
struct Leaving {
    committee: Committee,
    /// Number of the record by which the next one came into force.
    replaced: u64,
}

impl Quorums {
    /// Collects signatures over a seal from now on; those over seals long before it are given up.
    pub fn expect(&self, checkpoint: Checkpoint, committee: &Committee) {
        let mut seals = self.seals();
        seals.expect(checkpoint, committee);
        seals.expect_leaving(checkpoint);
        let sizes: BTreeSet<u64> = seals.quorums.keys().map(|(size, _)| *size).collect();
        if let Some(first) = sizes.iter().rev().nth(SEALS_MAX.saturating_sub(1)) {
            seals.quorums = seals.quorums.split_off(&(*first, 0));
        }
    }

    /// A committee was replaced by the record of this number, and has not handed over: its signatures over
    /// seals after that are collected, too.
    pub fn leaves(&self, committee: Committee, replaced: u64) {
        let mut seals = self.seals();
        if seals.leaving.as_ref().is_some_and(|leaving| leaving.committee == committee) {
            return;
        }
        seals.leaving = Some(Leaving { committee, replaced });
        let expected: Vec<Checkpoint> = seals.quorums.values().map(|quorum| quorum.checkpoint).collect();
        expected.into_iter().for_each(|checkpoint| seals.expect_leaving(checkpoint));
    }

    /// Nobody leaves any more: the handover is kept.
    pub fn left(&self) {
        self.seals().leaving = None;
    }

    /// The committee that has not handed over yet.
    pub fn leaving(&self) -> Option<Committee> {
        self.seals().leaving.as_ref().map(|leaving| leaving.committee.clone())
    }

    /// The epoch of the latest seal; none before the first.
    pub fn epoch(&self) -> Option<u64> {
        self.seals().quorums.last_key_value().map(|((_, epoch), _)| *epoch)
    }

    /// The handover, once enough of both committees have signed one seal.
    pub fn handover(&self) -> Option<Handover> {
        let seals = self.seals();
        let epoch = seals.leaving.as_ref()?.committee.epoch();
        let signed = |(size, of): &(u64, u64)| seals.quorums.get(&(*size, *of)).and_then(Quorum::certificate);
        let of_epoch = seals.quorums.keys().filter(|(_, of)| *of == epoch);
        of_epoch.rev().find_map(|(size, _)| {
            let (old, new) = (signed(&(*size, epoch))?, signed(&(*size, epoch.saturating_add(1)))?);
            Some(Handover { new, old })
        })
    }

    /// Takes a co-signer's signature; the certificate of its epoch, once enough have signed.
    ///
    /// # Errors
    /// [`QuorumError`]; the signature does not count then.
    pub fn add(&self, cosigned: &Cosigned) -> Result<Option<Certificate>, QuorumError> {
        let mut seals = self.seals();
        let (expected, epoch) = *seals.quorums.last_key_value().ok_or(QuorumError::NothingSealed)?.0;
        let Checkpoint { epoch: asked, size: found, .. } = cosigned.checkpoint;
        if !seals.quorums.contains_key(&(found, asked)) && seals.quorums.contains_key(&(found, epoch)) {
            return Err(QuorumError::OtherEpoch { expected: epoch, found: asked });
        }
        let quorum = seals.quorums.get_mut(&(found, asked));
        let quorum = quorum.ok_or(QuorumError::OtherCheckpoint { expected, found })?;
        quorum.add(&cosigned.address, &cosigned.checkpoint, cosigned.signature)
    }

    fn seals(&self) -> MutexGuard<'_, Seals> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seals {
    fn expect(&mut self, checkpoint: Checkpoint, committee: &Committee) {
        let place = (checkpoint.size, committee.epoch());
        self.quorums.entry(place).or_insert_with(|| Quorum::new(checkpoint, committee.clone()));
    }

    /// A seal that holds the rotation is signed by those who leave, too.
    fn expect_leaving(&mut self, checkpoint: Checkpoint) {
        if let Some(Leaving { committee, replaced }) = self.leaving.clone()
            && checkpoint.size > replaced
            && checkpoint.epoch > committee.epoch()
        {
            self.expect(Checkpoint { epoch: committee.epoch(), ..checkpoint }, &committee);
        }
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
    /// Of an epoch from which no signatures are waited for.
    #[error("the signature is of epoch {found}, expected {expected}")]
    OtherEpoch {
        /// The epoch in force.
        expected: u64,
        /// The epoch signed.
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

#[cfg(test)]
mod tests;
