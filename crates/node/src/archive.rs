//! A ledger as packs are built from it: what its newest certificate covers, found by index.
//!
//! It reads beside an appender at work and asks it nothing. The store's map is that of the latest snapshot,
//! which an appender replaces meanwhile; so whatever is read is held against a root that is known, and where
//! it does not fit, the ledger has moved on and is read anew.

use crate::index;
use crate::port::StoredMap;
use crate::records;
use crate::replica::{self, CaseLedger, Replica, ReplicaError};
use crate::snapshot::split;
use crate::tiles::Tiles;
use lockstep_attest::Seen;
use lockstep_crypto::map::prove;
use lockstep_crypto::tree;
use lockstep_kernel::{Body, Entity, Kernel};
use lockstep_ledger::ledger::RestoreError;
use lockstep_ledger::log::{TileHashes, TilePath, log_root};
use lockstep_ledger::scribe::RECORDS_PER_COMMAND_MAX;
use lockstep_ledger::{Certificate, CertificateError, Committee, Handover, Input, Ledger, Record, Tag, View};
use lockstep_pack::build::{MapAnswer, Unreadable};
use lockstep_pack::pack::Document;
use lockstep_pack::{BuildError, LedgerReader, Made, Options, Topic, build};
use lockstep_store::{Memory, Store, StoreError, stream};
use lockstep_types::{CaseId, Digest, EvidenceDigest, MapKey, RootHash, Salt, sha256};
use std::cell::Cell;
use std::sync::Arc;

/// So often a pack is begun anew when the ledger moves on meanwhile.
const ATTEMPTS: usize = 3;

/// A ledger to build packs from.
pub struct Archive {
    store: Arc<dyn Store>,
    tiles: Arc<Tiles>,
    whole: bool,
    under: Option<Under>,
}

/// The ledger as it stood under a certificate.
struct Under {
    certificate: Certificate,
    ledger: CaseLedger,
    /// Leaves that tiles held when this was last looked at.
    tiled: u64,
}

/// Why there is no pack, or no certificate.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// No head is certified.
    #[error("nothing of this ledger is certified yet")]
    NothingCertified,
    /// Listed by a version that did not list what packs are built from.
    #[error("the ledger's index does not list what packs are built from: it was begun by an earlier version")]
    Unlisted,
    /// The state under the certificate is no longer at hand.
    #[error("co-signers have certified {certified} records, and the snapshot holds {snapshot} already")]
    Behind {
        /// Records certified.
        certified: u64,
        /// Records that the snapshot covers.
        snapshot: u64,
    },
    /// What was read does not fit together, since an appender is at work.
    #[error("the ledger moved on while it was read")]
    Moved,
    /// The ledger's own certificate does not hold.
    #[error("the ledger's own certificate does not hold")]
    Certificate(#[from] CertificateError),
    /// The ledger's own certificate cannot be read, or its log is another.
    #[error("the ledger contradicts itself: {what}")]
    Contradiction {
        /// What was found.
        what: String,
    },
    /// The store cannot be read.
    #[error("the store fails")]
    Store(#[from] StoreError),
    /// A record cannot be read.
    #[error(transparent)]
    Record(#[from] ReplicaError),
    /// The case has no pack.
    #[error(transparent)]
    Build(#[from] BuildError),
}

impl Archive {
    /// The ledger of a replica, which goes on meanwhile.
    #[must_use]
    pub fn of(replica: &Replica) -> Self {
        let (store, tiles) = (Arc::clone(replica.store()), Arc::clone(&replica.tiles));
        Self { store, tiles, whole: false, under: None }
    }

    /// Where a snapshot is ahead of the newest certificate, everything is run again from the first record:
    /// for whoever has the time, and reads once.
    #[must_use]
    pub fn or_whole(self) -> Self {
        Self { whole: true, ..self }
    }

    /// The newest certificate, and the committee that gave it.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn certified(&mut self) -> Result<(Certificate, Committee), ArchiveError> {
        self.attempt(|_, under| Ok((under.certificate.clone(), under.committee()?.clone())))
    }

    /// The pack of a case, and how many records are certified in it. `handovers` are all, in the order of
    /// epochs.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn pack(
        &mut self,
        case: CaseId,
        (handovers, options): (&[Handover], &Options),
    ) -> Result<(Vec<u8>, u64), ArchiveError> {
        self.attempt(|archive, under| {
            let reader = Reader { archive, under, handovers, moved: Cell::new(false) };
            match build(&reader, case, options) {
                Err(_) if reader.moved.get() => Err(ArchiveError::Moved),
                built => Ok((built?, under.certificate.size)),
            }
        })
    }

    fn attempt<T>(
        &mut self,
        read: impl Fn(&Self, &Under) -> Result<T, ArchiveError>,
    ) -> Result<T, ArchiveError> {
        let mut moved = ArchiveError::Moved;
        for _ in 0..ATTEMPTS {
            let kept = self.under.take();
            match self.renewed(kept).and_then(|under| Ok((read(self, &under)?, under))) {
                Ok((found, under)) => {
                    self.under = Some(under);
                    return Ok(found);
                }
                Err(ArchiveError::Moved) => moved = ArchiveError::Moved,
                Err(error) => return Err(error),
            }
        }
        Err(moved)
    }

    /// The ledger under the newest certificate, from where it stood when it was last looked at.
    fn renewed(&self, kept: Option<Under>) -> Result<Under, ArchiveError> {
        let contradiction = |what: String| ArchiveError::Contradiction { what };
        let (size, bytes) = self.store.latest_certificate()?.ok_or(ArchiveError::NothingCertified)?;
        let certificate =
            Certificate::from_bytes(&bytes).map_err(|error| contradiction(error.to_string()))?;
        let mut ledger = match kept.map(|kept| kept.ledger).filter(|ledger| ledger.size() <= size) {
            Some(ledger) => ledger,
            None => self.opened(size)?,
        };
        for (index, stored) in (ledger.size()..).zip(stream(&*self.store, ledger.size(), size)) {
            let record = replica::record(index, &stored?)?;
            // A seal is applied only over the map whose root it carries.
            ledger.apply(&record).map_err(|_| ArchiveError::Moved)?;
        }
        if let Some(error) = ledger.overlay().store().take_error() {
            return Err(error.into());
        }
        if (ledger.size(), ledger.root()) != (certificate.size, certificate.root) {
            return Err(contradiction("the newest certificate is over another log".to_owned()));
        }
        let tiled = self.tiles.size();
        if log_root(&self.hashes(tiled), size) != Some(certificate.root) {
            return Err(ArchiveError::Moved);
        }
        let under = Under { certificate, ledger, tiled };
        under.certificate.verify(&under.certificate.ledger, under.committee()?)?;
        Ok(under)
    }

    /// The latest snapshot, if it is of `size` records or fewer.
    fn opened(&self, size: u64) -> Result<CaseLedger, ArchiveError> {
        if !index::is_listed(&*self.store)? {
            return Err(ArchiveError::Unlisted);
        }
        let map = StoredMap::new(Arc::clone(&self.store));
        let Some(snapshot) = self.store.snapshot()? else { return Ok(Ledger::new(Kernel::default(), map)) };
        if snapshot.size > size {
            if self.whole {
                return Ok(Ledger::new(Kernel::default(), StoredMap::new(Arc::new(Memory::new()))));
            }
            return Err(ArchiveError::Behind { certified: size, snapshot: snapshot.size });
        }
        let (ledger, kernel) = split(&snapshot.state).ok_or(ReplicaError::SnapshotForm)?;
        let kernel = Kernel::from_snapshot(kernel).map_err(ReplicaError::from)?;
        let restored = Ledger::restore(kernel, map, ledger);
        Ok(restored.map_err(|error: RestoreError| ReplicaError::from(error))?)
    }

    /// Hashes of the log as tiles gave them at that size.
    fn hashes(&self, size: u64) -> TileHashes<impl Fn(&TilePath) -> Option<Vec<u8>> + '_> {
        TileHashes::new(size, |path: &TilePath| self.tiles.read(path))
    }
}

impl Under {
    fn committee(&self) -> Result<&Committee, ArchiveError> {
        let none = || ArchiveError::Contradiction { what: "the ledger has no committee".to_owned() };
        self.ledger.machine().committee().ok_or_else(none)
    }
}

/// What a builder of packs reads.
struct Reader<'a> {
    archive: &'a Archive,
    under: &'a Under,
    handovers: &'a [Handover],
    /// True once something did not fit the root that it stands under.
    moved: Cell<bool>,
}

impl Reader<'_> {
    fn moved(&self, error: impl core::fmt::Display) -> Unreadable {
        self.moved.set(true);
        unreadable(error)
    }
}

fn unreadable(error: impl core::fmt::Display) -> Unreadable {
    Unreadable { what: error.to_string() }
}

/// True for records that another record of the same command may stand before.
fn follows(record: &Record) -> bool {
    match Body::from_slice(record.body()) {
        Ok(Body::Decided(_) | Body::Settled(_) | Body::Resolved(_) | Body::Enacted(_) | Body::Expired(_)) => {
            true
        }
        Ok(_) => false,
        Err(_) => record.tag() == Tag::Outcome,
    }
}

impl LedgerReader for Reader<'_> {
    fn certificate(&self) -> Result<Option<Certificate>, Unreadable> {
        Ok(Some(self.under.certificate.clone()))
    }

    fn record(&self, index: u64) -> Result<Option<Record>, Unreadable> {
        if index >= self.under.certificate.size {
            return Ok(None);
        }
        records::at(&*self.archive.store, index).map_err(unreadable)
    }

    fn made(&self, index: u64) -> Result<Made, Unreadable> {
        let mut first = index;
        // Records after the first of a command carry none; so do those whose command was erased.
        for _ in 0..RECORDS_PER_COMMAND_MAX {
            let stored = self.archive.store.records(first, 1, usize::MAX).map_err(unreadable)?;
            let stored = stored.first().ok_or_else(|| unreadable(format!("there is no record {first}")))?;
            if let Some(command) = &stored.command {
                let input = Input::from_bytes(command).map_err(unreadable)?;
                return Ok(Made { first, request: input.command });
            }
            let record = replica::record(first, stored).map_err(unreadable)?;
            if first == 0 || !follows(&record) {
                return Ok(Made { first, request: None });
            }
            first -= 1;
        }
        Err(unreadable(format!("record {index} follows from no command")))
    }

    fn records_of(&self, topic: &Topic) -> Result<Vec<u64>, Unreadable> {
        let store = &*self.archive.store;
        let found = match topic {
            Topic::Case(case) => index::records_of(store, &Entity::Case(*case)),
            Topic::Credential(credential) => index::records_of(store, &Entity::Credential(*credential)),
            Topic::Governance | Topic::Key(_) => index::records_about(store, topic),
        };
        found.map_err(unreadable)
    }

    fn map_entry(&self, root: &RootHash, key: &MapKey) -> Result<MapAnswer, Unreadable> {
        let overlay = self.under.ledger.overlay();
        let proof = prove(*root, overlay, key).map_err(|error| self.moved(error))?;
        let value = View::value(overlay, key);
        let hash = value.as_ref().map(|value| sha256(value));
        proof.verify(*root, key, hash).map_err(|error| self.moved(error))?;
        Ok(MapAnswer { proof, value })
    }

    fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Digest>, Unreadable> {
        tree::inclusion_proof(&self.archive.hashes(self.under.tiled), index, size)
            .map_err(|error| self.moved(error))
    }

    fn consistency(&self, old: u64, new: u64) -> Result<Vec<Digest>, Unreadable> {
        tree::consistency_proof(&self.archive.hashes(self.under.tiled), old, new)
            .map_err(|error| self.moved(error))
    }

    fn seen(&self, seen: &Seen) -> Result<Option<Certificate>, Unreadable> {
        let Some(bytes) = self.archive.store.certificate(seen.size).map_err(unreadable)? else {
            return Ok(None);
        };
        let certificate = Certificate::from_bytes(&bytes).map_err(unreadable)?;
        let digest = certificate.digest().map_err(unreadable)?;
        Ok((digest == seen.certificate).then_some(certificate))
    }

    fn handovers(&self) -> Result<Vec<Handover>, Unreadable> {
        Ok(self.handovers.to_vec())
    }

    fn evidence(&self, digest: &EvidenceDigest) -> Result<Option<Document>, Unreadable> {
        let stored = self.archive.store.document(&Digest(digest.0)).map_err(unreadable)?;
        // As it is kept: 32 bytes of salt, then the document.
        Ok(stored
            .as_deref()
            .and_then(|bytes| bytes.split_first_chunk::<32>())
            .map(|(salt, document)| Document { document: document.to_vec(), salt: Salt(*salt) }))
    }
}

#[cfg(test)]
mod tests;
