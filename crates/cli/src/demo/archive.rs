//! A ledger as packs are built from it, honest or not: records, the state map, and a certificate.

use anyhow::Result;
use lockstep_attest::Seen;
use lockstep_crypto::map;
use lockstep_crypto::tree::{Subtrees, consistency_proof, inclusion_proof};
use lockstep_ledger::{Certificate, Handover, Input, Record, View};
use lockstep_node::replica::{CaseLedger, record};
use lockstep_pack::pack::Document;
use lockstep_pack::{LedgerReader, Made, MapAnswer, Topic, Unreadable, topics_of};
use lockstep_store::StoredRecord;
use lockstep_types::{CertificateDigest, Digest, EvidenceDigest, MapKey, RootHash};
use std::collections::BTreeMap;

/// A ledger to read.
pub struct Archive {
    records: Vec<(Record, Made)>,
    hashes: Subtrees,
    ledger: CaseLedger,
    certificate: Certificate,
    seen: BTreeMap<CertificateDigest, Certificate>,
    documents: BTreeMap<EvidenceDigest, Document>,
}

impl Archive {
    /// The stored records of a ledger whose state is `ledger`, certified.
    pub fn of(stored: &[StoredRecord], ledger: CaseLedger, certificate: Certificate) -> Result<Self> {
        let mut records: Vec<(Record, Made)> = Vec::with_capacity(stored.len());
        for (index, stored) in (0..).zip(stored) {
            let made = match (&stored.command, records.last()) {
                (Some(bytes), _) => Made { first: index, request: Input::from_bytes(bytes)?.command },
                // A record without a command follows from the one before it.
                (None, Some((_, before))) => before.clone(),
                (None, None) => Made { first: index, request: None },
            };
            records.push((record(index, stored)?, made));
        }
        let hashes = records.iter().map(|(record, _)| record.leaf_hash()).collect();
        let (seen, documents) = (BTreeMap::new(), BTreeMap::new());
        Ok(Self { records, hashes, ledger, certificate, seen, documents })
    }

    /// With certificates that signers may have seen.
    pub fn with_seen(mut self, seen: BTreeMap<CertificateDigest, Certificate>) -> Self {
        self.seen = seen;
        self
    }

    /// With documents.
    pub fn with_documents(mut self, documents: BTreeMap<EvidenceDigest, Document>) -> Self {
        self.documents = documents;
        self
    }

    /// Adds a record that no command made.
    pub fn push_without_command(&mut self, record: Record) {
        let first = self.hashes.frontier().size();
        self.hashes.push(record.leaf_hash());
        self.records.push((record, Made { first, request: None }));
    }

    /// Puts another state and certificate over the records.
    pub fn certified_as(mut self, ledger: CaseLedger, certificate: Certificate) -> Self {
        (self.ledger, self.certificate) = (ledger, certificate);
        self
    }

    /// The records.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().map(|(record, _)| record)
    }

    fn at(&self, index: u64) -> Option<&(Record, Made)> {
        self.records.get(usize::try_from(index).ok()?)
    }
}

fn unreadable(error: impl core::fmt::Display) -> Unreadable {
    Unreadable { what: error.to_string() }
}

impl LedgerReader for Archive {
    fn certificate(&self) -> Result<Option<Certificate>, Unreadable> {
        Ok(Some(self.certificate.clone()))
    }

    fn record(&self, index: u64) -> Result<Option<Record>, Unreadable> {
        Ok(self.at(index).map(|(record, _)| record.clone()))
    }

    fn made(&self, index: u64) -> Result<Made, Unreadable> {
        let made = self.at(index).map(|(_, made)| made.clone());
        made.ok_or_else(|| unreadable(format!("record {index} is missing")))
    }

    fn records_of(&self, topic: &Topic) -> Result<Vec<u64>, Unreadable> {
        let all = (0..).zip(&self.records);
        Ok(all.filter(|(_, (record, _))| topics_of(record).contains(topic)).map(|(index, _)| index).collect())
    }

    fn map_entry(&self, root: &RootHash, key: &MapKey) -> Result<MapAnswer, Unreadable> {
        let overlay = self.ledger.overlay();
        let proof = map::prove(*root, overlay, key).map_err(unreadable)?;
        Ok(MapAnswer { proof, value: overlay.value(key) })
    }

    fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Digest>, Unreadable> {
        inclusion_proof(&self.hashes, index, size).map_err(unreadable)
    }

    fn consistency(&self, old: u64, new: u64) -> Result<Vec<Digest>, Unreadable> {
        consistency_proof(&self.hashes, old, new).map_err(unreadable)
    }

    fn seen(&self, seen: &Seen) -> Result<Option<Certificate>, Unreadable> {
        Ok(self.seen.get(&seen.certificate).cloned())
    }

    fn handovers(&self) -> Result<Vec<Handover>, Unreadable> {
        Ok(Vec::new())
    }

    fn evidence(&self, digest: &EvidenceDigest) -> Result<Option<Document>, Unreadable> {
        Ok(self.documents.get(digest).cloned())
    }
}
