//! A ledger's folder as the builder of packs reads it, at the size of the latest certificate.

use super::latest_certificate;
use crate::records;
use anyhow::{Context, Result};
use lockstep_crypto::map::prove;
use lockstep_crypto::{Subtrees, tree};
use lockstep_kernel::Body;
use lockstep_ledger::{Certificate, Handover, Input, Record, Tag, View};
use lockstep_node::Replica;
use lockstep_node::port::TilesInMemory;
use lockstep_pack::build::{MapAnswer, Unreadable};
use lockstep_pack::pack::Document;
use lockstep_pack::{LedgerReader, Made, Topic, topics_of};
use lockstep_store::{Memory, Store, StoredRecord, stream};
use lockstep_types::{CertificateDigest, Digest, EvidenceDigest, MapKey, RootHash, Salt};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Records run again at once.
const RECORDS_AT_ONCE: usize = 256;

/// A certified ledger, read once from end to end: a folder serves few packs, and needs no index for them.
pub struct Archive {
    store: Arc<dyn Store>,
    certificate: Option<Certificate>,
    /// The ledger as it stood under the certificate.
    certified: Replica,
    subtrees: Subtrees,
    topics: BTreeMap<Topic, Vec<u64>>,
    /// First record of the command of each record.
    firsts: Vec<u64>,
    seen: BTreeMap<CertificateDigest, Certificate>,
    handovers: Vec<Handover>,
}

impl Archive {
    /// Reads the whole ledger, and runs it again up to its latest certificate.
    pub fn open(dir: &Path, replica: &Replica) -> Result<Self> {
        let store = Arc::clone(replica.store());
        let certificate = latest_certificate(replica)?;
        let certified = Replica::open(Arc::new(Memory::new()), Arc::new(TilesInMemory::default()))?;
        let (subtrees, topics) = (Subtrees::default(), BTreeMap::new());
        let (firsts, seen) = (Vec::new(), BTreeMap::new());
        let handovers = super::handovers(dir)?;
        let mut archive = Self { store, certificate, certified, subtrees, topics, firsts, seen, handovers };
        archive.read()?;
        Ok(archive)
    }

    fn read(&mut self) -> Result<()> {
        let size = self.certificate.as_ref().map_or(0, |certificate| certificate.size);
        let store = Arc::clone(&self.store);
        let mut chunk: Vec<StoredRecord> = Vec::new();
        for (index, stored) in (0..).zip(stream(&*store, 0, size)) {
            let stored = stored?;
            let record = lockstep_node::replica::record(index, &stored)?;
            self.list(index, &stored, &record)?;
            if chunk.len() >= RECORDS_AT_ONCE && stored.command.is_some() {
                self.certified.follow(std::mem::take(&mut chunk))?;
            }
            chunk.push(stored);
        }
        if !chunk.is_empty() {
            self.certified.follow(chunk)?;
        }
        Ok(())
    }

    fn list(&mut self, index: u64, stored: &StoredRecord, record: &Record) -> Result<()> {
        self.subtrees.push(record.leaf_hash());
        for topic in topics_of(record) {
            self.topics.entry(topic).or_default().push(index);
        }
        // Records after the first of a command carry none; so do those whose command was erased.
        let first = match (&stored.command, self.firsts.last()) {
            (None, Some(first)) if follows(record) => *first,
            _ => index,
        };
        self.firsts.push(first);
        if records::kind(record) == "seal"
            && let Some(bytes) = self.store.certificate(index + 1)?
        {
            let certificate = Certificate::from_bytes(&bytes)?;
            self.seen.insert(certificate.digest()?, certificate);
        }
        Ok(())
    }
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

fn unreadable(error: impl std::fmt::Display) -> Unreadable {
    Unreadable { what: error.to_string() }
}

impl LedgerReader for Archive {
    fn certificate(&self) -> Result<Option<Certificate>, Unreadable> {
        Ok(self.certificate.clone())
    }

    fn record(&self, index: u64) -> Result<Option<Record>, Unreadable> {
        records::at(&self.certified, index).map_err(|error| unreadable(format!("{error:#}")))
    }

    fn made(&self, index: u64) -> Result<Made, Unreadable> {
        let at = usize::try_from(index).map_err(unreadable)?;
        let first = *self.firsts.get(at).ok_or_else(|| unreadable(format!("there is no record {index}")))?;
        let stored = self.store.records(first, 1, usize::MAX).map_err(unreadable)?;
        let input = stored.first().and_then(|stored| stored.command.as_deref()).map(Input::from_bytes);
        let request = input.transpose().map_err(unreadable)?.and_then(|input| input.command);
        Ok(Made { first, request })
    }

    fn records_of(&self, topic: &Topic) -> Result<Vec<u64>, Unreadable> {
        Ok(self.topics.get(topic).cloned().unwrap_or_default())
    }

    fn map_entry(&self, root: &RootHash, key: &MapKey) -> Result<MapAnswer, Unreadable> {
        let overlay = self.certified.ledger().overlay();
        Ok(MapAnswer {
            proof: prove(*root, overlay, key).map_err(unreadable)?,
            value: View::value(overlay, key),
        })
    }

    fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Digest>, Unreadable> {
        tree::inclusion_proof(&self.subtrees, index, size).map_err(unreadable)
    }

    fn consistency(&self, old: u64, new: u64) -> Result<Vec<Digest>, Unreadable> {
        tree::consistency_proof(&self.subtrees, old, new).map_err(unreadable)
    }

    fn seen(&self, digest: &CertificateDigest) -> Result<Option<Certificate>, Unreadable> {
        Ok(self.seen.get(digest).cloned())
    }

    fn handovers(&self) -> Result<Vec<Handover>, Unreadable> {
        Ok(self.handovers.clone())
    }

    fn evidence(&self, digest: &EvidenceDigest) -> Result<Option<Document>, Unreadable> {
        let stored = self.store.document(&Digest(digest.0)).map_err(unreadable)?;
        // As `lockstep attest` keeps it: the salt, then the document.
        Ok(stored
            .as_deref()
            .and_then(|bytes| bytes.split_first_chunk::<32>())
            .map(|(salt, document)| Document { document: document.to_vec(), salt: Salt(*salt) }))
    }
}

/// The committee that signed the latest certificate, for a trust file.
pub fn certified(archive: &Archive) -> Result<(&Certificate, &lockstep_ledger::Committee)> {
    let certificate = archive.certificate.as_ref();
    let certificate = certificate.ok_or_else(|| {
        crate::fault::told(
            crate::fault::Kind::Conflict,
            "nothing-certified",
            "nothing of this ledger is certified yet",
        )
        .hint("enough co-signers run `lockstep cosign DIR --key KEY`")
    })?;
    let committee = archive.certified.kernel().committee().context("the ledger has no committee")?;
    certificate
        .verify(&certificate.ledger, committee)
        .context("the ledger's own certificate does not hold")?;
    Ok((certificate, committee))
}
