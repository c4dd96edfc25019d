//! A co-signer: follows the ledger from genesis, re-runs every decision from the same bytes, and signs the
//! checkpoint only if all agree.

use crate::appender::checkpoint;
use crate::epochs::{EpochsError, epochs};
use crate::feed::{self, FeedError};
use crate::port::{SignerMemory, TileFiles};
use crate::replica::{Replica, ReplicaError};
use crate::signer::{CheckpointSigner, SignerError};
use crate::snapshot::SnapshotDraft;
use crate::undecided;
use lockstep_attest::sign::Sign;
use lockstep_crypto::tree::{self, TreeError};
use lockstep_ledger::log::log_root;
use lockstep_ledger::seal::is_seal;
use lockstep_ledger::signer::SigningRequest;
use lockstep_ledger::{Certificate, CertificateError, Checkpoint, CheckpointSignature, Committee};
use lockstep_store::{Store, StoredRecord};
use lockstep_types::canonical::CanonicalError;
use lockstep_types::{Address, LedgerId, Time};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A co-signer's word: this checkpoint, by this key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cosigned {
    /// Whose key.
    pub address: Address,
    /// What was signed.
    pub checkpoint: Checkpoint,
    /// The signature.
    pub signature: CheckpointSignature,
}

/// Why a co-signer does not follow or does not sign.
#[derive(Debug, thiserror::Error)]
pub enum CosignerError {
    /// What it was sent is no feed.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// It disagrees, or its own store fails. A disagreement is final: the tail is refused.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    /// The signer refuses.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The first record is not the genesis it was told to follow.
    #[error("the feed begins ledger `{found}`, this co-signer follows `{expected}`")]
    OtherLedger {
        /// The ledger it follows.
        expected: LedgerId,
        /// The ledger found.
        found: LedgerId,
    },
    /// The appender sent records that these rules do not give.
    #[error("records from {index} on were refused: nothing is signed")]
    Rejected {
        /// Number of the first record of the message that was refused.
        index: u64,
    },
    /// A record that was taken over without its command rests on nothing yet.
    #[error(
        "record {index} came without its command: before anything is signed, an order to erase its case and a \
             certificate over it must be here"
    )]
    Undecided {
        /// Number of the record.
        index: u64,
    },
    /// A certificate that does not hold.
    #[error("the certificate does not hold")]
    Certificate(#[from] CertificateError),
    /// A certificate of a committee that was not in force there, or not lately.
    #[error("a certificate of epoch {epoch} says nothing here: another committee was in force")]
    OtherEpoch {
        /// The epoch.
        epoch: u64,
    },
    /// Something that always has a JSON form has none.
    #[error("the certificate cannot be written")]
    Write(#[from] CanonicalError),
    /// Records in between have not come yet.
    #[error("the message begins at record {found}, expected {expected}: records in between are missing")]
    Gap {
        /// The record wanted next.
        expected: u64,
        /// The first record of the message.
        found: u64,
    },
    /// Another record where this copy has one already: two histories of one ledger.
    #[error("record {index} is another one here: two histories are told")]
    OtherHistory {
        /// Number of the record.
        index: u64,
    },
    /// Nothing sealed yet.
    #[error("there is no seal to sign")]
    NothingToSign,
    /// No proof that what was signed before is part of this log: an old copy of the folder, or another
    /// history.
    #[error(
        "this copy of the ledger has {size} records, but the signer has signed {signed}: an older copy was \
             restored; let it catch up first"
    )]
    OldCopy {
        /// Records here.
        size: u64,
        /// Size signed last.
        signed: u64,
    },
    /// The committees so far cannot be told from its copy.
    #[error(transparent)]
    Epochs(#[from] EpochsError),
    /// A proof cannot be made from the tiles.
    #[error("the log's tiles give no proof")]
    Tree(#[from] TreeError),
}

/// Follows, re-runs, signs.
pub struct Cosigner<K, M> {
    replica: Replica,
    signer: CheckpointSigner<K, M>,
    ledger: LedgerId,
    /// Set when a record was refused: nothing after it is looked at.
    rejected: Option<u64>,
    /// The epoch of a committee with this key that was replaced, until it is known to have handed over.
    leaving: Option<u64>,
    /// The snapshot that was due at the last seal, and is not written yet.
    draft: Option<SnapshotDraft>,
    /// Whether records are taken over whose commands were erased.
    takes_erased: bool,
    /// The first record that was taken over so and rests on nothing yet.
    undecided: Option<u64>,
}

impl<K: Sign, M: SignerMemory> Cosigner<K, M>
where
    K::Error: core::fmt::Display,
{
    /// Opens the co-signer's own copy of `ledger`; an empty store begins at genesis.
    ///
    /// # Errors
    /// [`CosignerError`].
    pub fn open(
        store: Arc<dyn Store>,
        files: Arc<dyn TileFiles>,
        signer: CheckpointSigner<K, M>,
        ledger: LedgerId,
    ) -> Result<Self, CosignerError> {
        let replica = Replica::open(store, files)?;
        if let Some(found) = replica.ledger().id().filter(|found| *found != ledger) {
            return Err(CosignerError::OtherLedger { expected: ledger, found });
        }
        let undecided = undecided::first(&**replica.store())?;
        let mut cosigner = Self {
            replica,
            signer,
            ledger,
            rejected: None,
            leaving: None,
            draft: None,
            takes_erased: false,
            undecided,
        };
        let epochs = epochs(&**cosigner.replica.store())?;
        if let [.., before, _] = epochs.as_slice() {
            cosigner.leaves(&before.committee);
        }
        Ok(cosigner)
    }

    /// Signs in the epoch of this committee, too, if the key is of it.
    fn leaves(&mut self, committee: &Committee) {
        let member = committee.index_of(&self.signer.address()).is_some();
        self.leaving = member.then(|| committee.epoch());
    }

    /// The epoch of a committee with this key that was replaced and may not have handed over yet. Every seal
    /// is signed in that epoch, too.
    pub const fn leaving(&self) -> Option<u64> {
        self.leaving
    }

    /// True while the key is of the committee in force.
    pub fn is_member(&self) -> bool {
        let committee = self.replica.kernel().committee();
        committee.is_some_and(|committee| committee.index_of(&self.signer.address()).is_some())
    }

    /// The committee that was replaced has handed over: its epoch is signed no more.
    pub const fn left(&mut self) {
        self.leaving = None;
    }

    /// From now on records are taken over, too, whose commands were erased before this copy began. They are
    /// applied as they stand, and nothing is signed until [`Cosigner::rest_on`] finds what they rest on.
    pub const fn take_erased(&mut self) {
        self.takes_erased = true;
    }

    /// The first record that was taken over without its command and rests on nothing yet.
    pub const fn undecided(&self) -> Option<u64> {
        self.undecided
    }

    /// Takes a certificate that others have collected. Records that came without their commands rest on it,
    /// where this copy has decided an order to erase their case. One over more than this copy holds changes
    /// nothing.
    ///
    /// # Errors
    /// [`CosignerError`]: it does not hold, or is of another history or committee. Nothing has changed then.
    pub fn rest_on(&mut self, certificate: &Certificate) -> Result<(), CosignerError> {
        if let Some(index) = self.rejected {
            return Err(CosignerError::Rejected { index });
        }
        if certificate.size > self.next() {
            return Ok(());
        }
        let store = Arc::clone(self.replica.store());
        certificate.verify(&self.ledger, &committee_of(&*store, certificate)?)?;
        self.replica.publish()?;
        if log_root(&self.replica.hashes(), certificate.size) != Some(certificate.root) {
            return Err(CosignerError::OtherHistory { index: certificate.size.saturating_sub(1) });
        }
        let bytes = certificate.to_bytes()?;
        store.put_certificate(certificate.size, &bytes).map_err(ReplicaError::Store)?;
        self.undecided = undecided::first(&*store)?;
        Ok(())
    }

    /// Its copy of the ledger.
    pub const fn replica(&self) -> &Replica {
        &self.replica
    }

    /// Its signer, for tests of what a key will not sign.
    pub const fn signer_mut(&mut self) -> &mut CheckpointSigner<K, M> {
        &mut self.signer
    }

    /// Number of the record that it wants next.
    pub fn next(&self) -> u64 {
        self.replica.ledger().size()
    }

    /// The record that it refused, and with it everything after.
    pub const fn rejected(&self) -> Option<u64> {
        self.rejected
    }

    /// Takes the bytes of the next records; every decision in them is made again.
    ///
    /// # Errors
    /// [`CosignerError`]: bytes that are no feed change nothing; a disagreement is remembered, and nothing is
    /// signed any more until this copy is opened anew.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), CosignerError> {
        self.receive_at(self.next(), bytes)
    }

    /// Takes the bytes of the records from `index` on, as [`Cosigner::receive`] does. A message that comes
    /// late or twice changes nothing, if it says of the records that are here already what this copy says.
    ///
    /// # Errors
    /// [`CosignerError`]; [`CosignerError::Gap`] changes nothing either.
    pub fn receive_at(&mut self, index: u64, bytes: &[u8]) -> Result<(), CosignerError> {
        let fresh = self.fresh(index, bytes)?;
        if fresh.is_empty() { Ok(()) } else { self.follow(fresh) }
    }

    /// As [`Cosigner::receive_at`], and signs every seal among the records that the signer's rule allows at
    /// `now`. Whoever is behind and signed the last one only would leave the seals before it to those who
    /// were quicker: each might sign another size, and none would find a quorum.
    ///
    /// # Errors
    /// [`CosignerError`]; what was signed before is lost to the caller, and can be signed again.
    pub fn receive_and_sign(
        &mut self,
        index: u64,
        bytes: &[u8],
        now: Time,
    ) -> Result<Vec<Cosigned>, CosignerError> {
        let mut fresh = self.fresh(index, bytes)?;
        let mut signed = Vec::new();
        while !fresh.is_empty() {
            let sealed = fresh.iter().position(|record| is_seal(&record.body));
            let later = fresh.split_off(sealed.map_or(fresh.len(), |at| at.saturating_add(1)));
            self.follow(fresh)?;
            fresh = later;
            if sealed.is_none() {
                break;
            }
            match self.sign_all(now) {
                Ok(cosigned) => signed.extend(cosigned),
                Err(
                    CosignerError::Signer(SignerError::Refused(_))
                    | CosignerError::OldCopy { .. }
                    | CosignerError::Undecided { .. },
                ) => {}
                Err(error) => return Err(error),
            }
            self.draw_up()?;
        }
        Ok(signed)
    }

    /// Signs the last seal in the epoch in force, and in the one that has not handed over; whoever is of the
    /// latter only, in that one only.
    ///
    /// # Errors
    /// As [`Cosigner::sign`].
    pub fn sign_all(&mut self, now: Time) -> Result<Vec<Cosigned>, CosignerError> {
        let in_force = (self.is_member() || self.leaving.is_none()).then(|| self.sign(now)).transpose()?;
        let leaving = self.leaving.map(|epoch| self.sign_in(epoch, now)).transpose()?;
        Ok(in_force.into_iter().chain(leaving).collect())
    }

    /// The records of a message that this copy does not have yet; those it has are compared.
    fn fresh(&mut self, index: u64, bytes: &[u8]) -> Result<Vec<StoredRecord>, CosignerError> {
        let mut records = feed::decode(bytes)?;
        if records.is_empty() || self.rejected.is_some() {
            return Ok(Vec::new());
        }
        let first = self.next();
        if index > first {
            return Err(CosignerError::Gap { expected: first, found: index });
        }
        let here = usize::try_from(first - index).unwrap_or(usize::MAX).min(records.len());
        let fresh = records.split_off(here);
        self.check_known(index, &records)?;
        if first == 0
            && let Some(genesis) = fresh.first()
        {
            let found = LedgerId(crate::replica::record(0, genesis)?.leaf_hash().0);
            if found != self.ledger {
                return Err(CosignerError::OtherLedger { expected: self.ledger, found });
            }
        }
        Ok(fresh)
    }

    fn follow(&mut self, records: Vec<StoredRecord>) -> Result<(), CosignerError> {
        let (first, before) = (self.next(), self.replica.kernel().committee().cloned());
        let followed = if self.takes_erased {
            self.replica.follow(records)
        } else {
            self.replica.follow_in_full(records).map(|()| Vec::new())
        };
        match followed {
            Ok(undecided) => self.undecided = self.undecided.or(undecided.first().copied()),
            Err(error) => {
                self.rejected = Some(first);
                return Err(error.into());
            }
        }
        match before {
            Some(before) if self.replica.kernel().committee() != Some(&before) => self.leaves(&before),
            _ => {}
        }
        Ok(())
    }

    /// Records that this copy has must be the ones it is told of once more.
    fn check_known(&mut self, index: u64, told: &[StoredRecord]) -> Result<(), CosignerError> {
        for (index, record) in (index..).zip(told) {
            let own = self.replica.store().records(index, 1, usize::MAX).map_err(ReplicaError::Store)?;
            if own.first().is_none_or(|own| own.leaf != record.leaf) {
                self.rejected = Some(index);
                return Err(CosignerError::OtherHistory { index });
            }
        }
        Ok(())
    }

    /// Signs the checkpoint of the last seal, if this copy agrees with everything up to it.
    ///
    /// # Errors
    /// [`CosignerError`]; then no signature exists.
    pub fn sign(&mut self, now: Time) -> Result<Cosigned, CosignerError> {
        let epoch = self.replica.kernel().committee().ok_or(CosignerError::NothingToSign)?.epoch();
        self.sign_in(epoch, now)
    }

    /// As [`Cosigner::sign`], in another epoch: for a committee that leaves.
    ///
    /// # Errors
    /// [`CosignerError`]; then no signature exists.
    pub fn sign_in(&mut self, epoch: u64, now: Time) -> Result<Cosigned, CosignerError> {
        if let Some(index) = self.rejected {
            return Err(CosignerError::Rejected { index });
        }
        if let Some(index) = self.undecided {
            return Err(CosignerError::Undecided { index });
        }
        self.replica.publish()?;
        let checkpoint = checkpoint(&self.replica).ok_or(CosignerError::NothingToSign)?;
        let checkpoint = Checkpoint { epoch, ..checkpoint };
        let request = self.request(checkpoint)?;
        let signature = self.signer.sign(&request, now)?;
        Ok(Cosigned { address: self.signer.address(), checkpoint, signature })
    }

    #[cfg(test)]
    pub(crate) const fn snapshot_every(&mut self, records: u64) {
        self.replica.snapshot_every(records);
    }

    /// Draws up the snapshot that is due at this seal, if none waits to be written.
    fn draw_up(&mut self) -> Result<(), CosignerError> {
        if self.draft.is_none() && self.replica.snapshot_due() {
            self.replica.publish()?;
            self.draft = self.replica.draft_snapshot()?;
        }
        Ok(())
    }

    /// The snapshot that was due at a seal: the next start runs less again, and less stays in memory. Whoever
    /// takes it writes it to the store while this copy goes on, and says so with
    /// [`Cosigner::snapshot_written`]; until then there is no other.
    pub const fn take_draft(&mut self) -> Option<SnapshotDraft> {
        self.draft.take()
    }

    /// The snapshot of so many records is in the store.
    pub fn snapshot_written(&mut self, size: u64) {
        self.replica.snapshot_written(size);
    }

    /// Writes the snapshot that is due, at once: for when nobody waits for a signature.
    ///
    /// # Errors
    /// [`CosignerError::Replica`].
    pub fn snapshot_if_due(&mut self) -> Result<(), CosignerError> {
        if let Some(draft) = self.draft.take() {
            let size = draft.write(&**self.replica.store())?;
            self.snapshot_written(size);
        }
        Ok(self.replica.snapshot_if_due()?)
    }

    /// What the signer wants to see.
    fn request(&self, checkpoint: Checkpoint) -> Result<SigningRequest, CosignerError> {
        let seal = self.replica.ledger().last_seal().ok_or(CosignerError::NothingToSign)?;
        let consistency = match self.signer.last() {
            None => Vec::new(),
            Some(last) if last.size > checkpoint.size => {
                return Err(CosignerError::OldCopy { size: checkpoint.size, signed: last.size });
            }
            Some(last) if last.size == checkpoint.size => Vec::new(),
            Some(last) => tree::consistency_proof(&self.replica.hashes(), last.size, checkpoint.size)?,
        };
        let (record, inclusion) = (seal.record.clone(), seal.inclusion.clone());
        Ok(SigningRequest { checkpoint, consistency, inclusion, seal: record })
    }
}

/// The committee that a certificate is of: the one in force, or the one before it up to where that ended.
fn committee_of(store: &dyn Store, certificate: &Certificate) -> Result<Committee, CosignerError> {
    let epoch = certificate.epoch;
    let found = match epochs(store)?.as_slice() {
        [.., last] if last.committee.epoch() == epoch => Some(last.committee.clone()),
        // Whoever was replaced signs what comes after to hand over, and certifies nothing of it.
        [.., before, last] if before.committee.epoch() == epoch && certificate.size <= last.began => {
            Some(before.committee.clone())
        }
        _ => None,
    };
    found.ok_or(CosignerError::OtherEpoch { epoch })
}
