//! Building a pack: what matters to one case, taken from a ledger through a port (specs/pack.md §2).

mod collect;
mod error;
mod hidden;

pub use error::{BuildError, Unreadable};

use crate::pack::{Consistency, Document, PACK_FORMAT, Pack, PackedHandover};
use collect::Collector;
use hidden::Hidden;
use lockstep_attest::Seen;
use lockstep_crypto::map::MapProof;
use lockstep_crypto::tree::TreeHead;
use lockstep_ledger::{Certificate, Handover, Record};
use lockstep_policy::Audience;
use lockstep_types::limits::PACK_BYTES_MAX;
use lockstep_types::{CaseId, Digest, EvidenceDigest, Lei, MapKey, RootHash};

/// What the builder reads of a ledger. A shell implements it over its store; nothing here writes.
pub trait LedgerReader {
    /// The latest certificate under whose seal the state map can be proven. It ends in that seal. After a
    /// rotation it is the new committee's.
    ///
    /// # Errors
    /// The store cannot be read; so everywhere below.
    fn certificate(&self) -> Result<Option<Certificate>, Unreadable>;
    /// The record at a place.
    ///
    /// # Errors
    /// See [`LedgerReader::certificate`].
    fn record(&self, index: u64) -> Result<Option<Record>, Unreadable>;
    /// What made the record at a place.
    ///
    /// # Errors
    /// See [`LedgerReader::certificate`].
    fn made(&self, index: u64) -> Result<Made, Unreadable>;
    /// The records of a topic, ascending: what [`topics_of`](crate::topics_of) said of each when it was
    /// written.
    ///
    /// # Errors
    /// See [`LedgerReader::certificate`].
    fn records_of(&self, topic: &crate::Topic) -> Result<Vec<u64>, Unreadable>;
    /// What the state map with this root (the one in the seal of [`LedgerReader::certificate`]) holds.
    ///
    /// # Errors
    /// See [`LedgerReader::certificate`].
    fn map_entry(&self, root: &RootHash, key: &MapKey) -> Result<MapAnswer, Unreadable>;
    /// Inclusion proof of a record in the log of that size.
    ///
    /// # Errors
    /// See [`LedgerReader::certificate`].
    fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Digest>, Unreadable>;
    /// Consistency proof between two sizes, the smaller first.
    ///
    /// # Errors
    /// See [`LedgerReader::certificate`].
    fn consistency(&self, old: u64, new: u64) -> Result<Vec<Digest>, Unreadable>;
    /// A certificate that was handed out, by its digest and size; none when it is not kept.
    ///
    /// # Errors
    /// See [`LedgerReader::certificate`].
    fn seen(&self, seen: &Seen) -> Result<Option<Certificate>, Unreadable>;
    /// Every handover, in the order of epochs.
    ///
    /// # Errors
    /// See [`LedgerReader::certificate`].
    fn handovers(&self) -> Result<Vec<Handover>, Unreadable>;
    /// A document, if it is kept and not erased.
    ///
    /// # Errors
    /// See [`LedgerReader::certificate`].
    fn evidence(&self, digest: &EvidenceDigest) -> Result<Option<Document>, Unreadable>;
}

/// What made a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The first record of the same command.
    pub first: u64,
    /// The bytes of the command, as [`Request`](lockstep_kernel::Request) in canonical JSON; none when they
    /// were erased.
    pub request: Option<Vec<u8>>,
}

/// An answer of the state map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapAnswer {
    /// That it is the answer.
    pub proof: MapProof,
    /// The value, canonical JSON; none when there is no entry.
    pub value: Option<Vec<u8>>,
}

/// What goes into a pack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// For whom: what the policy of the case does not grant them is withheld.
    pub audience: Option<Audience>,
    /// True: with every document that the case's attestations name and the ledger keeps.
    pub evidence: bool,
    /// The party that the pack is for: what it has said itself is not withheld from it, and where the policy
    /// does not name the audience, it sees nothing else.
    pub own: Option<Lei>,
    /// A head that the reader has pinned: the pack then proves that it is of the same log.
    pub pinned: Option<TreeHead>,
    /// `step.claim` hides one claim, `step` a whole attestation; the opening's step is `open`.
    pub withhold: Vec<String>,
}

/// Builds the pack of a case.
///
/// # Errors
/// [`BuildError`], in the order of the checks: a case that is not wholly under a certificate has no pack yet.
pub fn build<R: LedgerReader>(ledger: &R, case: CaseId, options: &Options) -> Result<Vec<u8>, BuildError> {
    let mut collector = Collector::new(ledger, case)?;
    collector.collect()?;
    let mut hidden = Hidden::new(options, collector.layout())?;
    let excerpt = collector.groups(&mut hidden)?;
    let seal = collector.seal()?;
    let map = collector.map(&excerpt)?;
    let pack = Pack {
        case,
        certificate: collector.certificate().clone(),
        consistency: consistency(&collector, options.pinned)?,
        evidence: if options.evidence { collector.evidence(&excerpt, &hidden)? } else { Vec::new() },
        format: PACK_FORMAT.to_owned(),
        handovers: handovers(&collector)?,
        map,
        seal,
        seen: collector.seen(&excerpt)?,
        excerpt,
    };
    let bytes = pack.to_vec()?;
    if bytes.len() > PACK_BYTES_MAX {
        return Err(BuildError::TooLong { found: bytes.len() });
    }
    Ok(bytes)
}

fn consistency<R: LedgerReader>(
    collector: &Collector<'_, R>,
    pinned: Option<TreeHead>,
) -> Result<Option<Consistency>, BuildError> {
    let size = collector.certificate().size;
    let Some(head) = pinned.filter(|head| head.size != size) else { return Ok(None) };
    let path = collector.ledger().consistency(size.min(head.size), size.max(head.size))?;
    Ok(Some(Consistency { path, root: head.root, size: head.size }))
}

fn handovers<R: LedgerReader>(collector: &Collector<'_, R>) -> Result<Vec<PackedHandover>, BuildError> {
    let size = collector.certificate().size;
    let all = collector.ledger().handovers()?;
    let with_proof = |handover: Handover| {
        let consistency = collector.ledger().consistency(handover.new.size, size)?;
        Ok(PackedHandover { consistency, handover })
    };
    all.into_iter().filter(|handover| handover.new.size <= size).map(with_proof).collect()
}
