//! The format `lockstep-pack/1`: the fields of the file (specs/pack.md §1). Nothing here has been checked
//! beyond its form; [`verify()`](crate::verify()) does that.

use crate::encoding::Base64;
use lockstep_attest::Submission;
use lockstep_crypto::map::MapProof;
use lockstep_kernel::{Body, Entity};
use lockstep_ledger::{Certificate, Handover, Record, SealBody, Tag};
use lockstep_types::canonical::{self, CanonicalError};
use lockstep_types::limits::PACK_BYTES_MAX;
use lockstep_types::{CaseId, Digest, RootHash, Salt, Time};
use serde::{Deserialize, Serialize};

/// The format that this crate reads and writes.
pub const PACK_FORMAT: &str = "lockstep-pack/1";
/// Most records in the excerpt.
pub const RECORDS_MAX: usize = 65_536;
/// Most entries of the state map.
pub const MAP_ENTRIES_MAX: usize = 8_192;
/// Most certificates that statements have seen.
pub const SEEN_MAX: usize = 4_096;
/// Most handovers.
pub const HANDOVERS_MAX: usize = 1_024;
/// Most documents.
pub const DOCUMENTS_MAX: usize = 1_024;
/// Most hashes in one path of the log: 40 levels, and one more for a consistency proof.
pub const PATH_MAX: usize = 64;

/// A pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// The case that it is about.
    pub case: CaseId,
    /// Over the log that ends in `seal`.
    pub certificate: Certificate,
    /// From the certified head to another one, of which a trust file may know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consistency: Option<Consistency>,
    /// Documents that attestations name by digest.
    pub evidence: Vec<Document>,
    /// The records that matter to the case, one group a command, in the order of the log.
    pub excerpt: Vec<PackedGroup>,
    /// [`PACK_FORMAT`].
    pub format: String,
    /// Certificates by two committees each, in the order of epochs.
    pub handovers: Vec<PackedHandover>,
    /// Entries of the state map under `seal`, in the order of [`Entity`].
    pub map: Vec<PackedEntry>,
    /// The last record of the certified log.
    pub seal: PackedSeal,
    /// Certified heads that signers named, in the order of sizes.
    pub seen: Vec<PackedSeen>,
}

/// What one command left in the log, as far as it matters to the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedGroup {
    /// What was asked.
    pub command: PackedCommand,
    /// What followed, in the order of the log.
    pub records: Vec<PackedRecord>,
    /// Ledger time of all of them.
    pub time: Time,
}

/// What records followed from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackedCommand {
    /// Was erased by order.
    Erased,
    /// Record 0: the body says it all.
    Genesis,
    /// A governance case: the body holds the action.
    Propose(Box<Submission>),
    /// Nothing that this case alone can show: a settlement, which is read off a chain for many cases at once.
    Recorded,
    /// A party's word; `null` where the opening of a claim is not shown.
    Submit(Box<Submission>),
    /// Time passed.
    Tick,
    /// Not shown to this reader.
    Withheld,
}

/// A record with its place in the certified log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedRecord {
    /// What it says.
    pub body: PackedBody,
    /// Number in the log.
    pub index: u64,
    /// Inclusion proof under the certificate's root.
    pub path: Vec<Digest>,
    /// What blinds the body.
    pub salt: Salt,
}

/// The seal that ends the certified log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedSeal {
    /// What it says.
    pub body: SealBody,
    /// Inclusion proof under the certificate's root.
    pub path: Vec<Digest>,
    /// What blinds the body.
    pub salt: Salt,
    /// Ledger time.
    pub time: Time,
}

/// The body of a record, by its tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackedBody {
    /// ABI-encoded, for a contract.
    Outcome(#[serde(with = "bytes")] Vec<u8>),
    /// Canonical JSON.
    Record(Box<Body>),
}

/// An entry of the state map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedEntry {
    /// Whose.
    pub entity: Entity,
    /// That the sealed map holds it, or that it holds nothing there.
    pub proof: MapProof,
    /// The value's canonical JSON, as text; none when the map holds nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// A certified head that signers named in `seen`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedSeen {
    /// The certificate.
    pub certificate: Certificate,
    /// From its head to the head of the pack's certificate.
    pub consistency: Vec<Digest>,
    /// The 41 bytes of its last leaf, which is a seal: its time bounds the time of signing.
    #[serde(with = "bytes")]
    pub leaf: Vec<u8>,
    /// Inclusion proof of that leaf under its root.
    pub path: Vec<Digest>,
}

/// The first certificate after a rotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedHandover {
    /// From its head to the head of the pack's certificate.
    pub consistency: Vec<Digest>,
    /// By both committees.
    pub handover: Handover,
}

/// A later or earlier head of the same log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consistency {
    /// The proof, from the smaller head to the larger.
    pub path: Vec<Digest>,
    /// The other head's root.
    pub root: RootHash,
    /// The other head's size.
    pub size: u64,
}

/// A document that an attestation names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The document.
    #[serde(with = "bytes")]
    pub document: Vec<u8>,
    /// What blinds it.
    pub salt: Salt,
}

impl Pack {
    /// Reads canonical JSON. Neither format nor limits are looked at.
    ///
    /// # Errors
    /// [`CanonicalError`] for anything else.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, CanonicalError> {
        canonical::from_slice(bytes, PACK_BYTES_MAX)
    }

    /// Canonical JSON.
    ///
    /// # Errors
    /// Never for this type; the error is that of the JSON writer.
    pub fn to_vec(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::to_vec(self)
    }

    /// Every record of the excerpt, in order.
    pub fn records(&self) -> impl Iterator<Item = &PackedRecord> {
        self.excerpt.iter().flat_map(|group| &group.records)
    }
}

impl PackedCommand {
    /// What a party handed in, if it is shown.
    #[must_use]
    pub fn submission(&self) -> Option<&Submission> {
        match self {
            Self::Submit(submission) | Self::Propose(submission) => Some(submission),
            _ => None,
        }
    }
}

impl PackedRecord {
    /// The record with its leaf; whether the log holds it is not looked at.
    ///
    /// # Errors
    /// Never in practice: every body has a JSON form.
    pub fn open(&self, time: Time) -> Result<Record, CanonicalError> {
        let (tag, body) = match &self.body {
            PackedBody::Outcome(body) => (Tag::Outcome, body.clone()),
            PackedBody::Record(body) => (Tag::Record, body.to_vec()?),
        };
        Ok(Record::new(tag, time, self.salt, body))
    }

    /// The body, unless the record is an outcome.
    #[must_use]
    pub fn record_body(&self) -> Option<&Body> {
        match &self.body {
            PackedBody::Record(body) => Some(body),
            PackedBody::Outcome(_) => None,
        }
    }
}

impl PackedSeal {
    /// The seal with its leaf; whether the log holds it is not looked at.
    ///
    /// # Errors
    /// Never in practice: the body has a JSON form.
    pub fn open(&self) -> Result<Record, CanonicalError> {
        let entry = self.body.entry()?;
        Ok(Record::new(entry.tag, self.time, self.salt, entry.body))
    }
}

/// Byte strings as base64.
mod bytes {
    use super::Base64;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        Base64(bytes.to_vec()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        Base64::deserialize(deserializer).map(|bytes| bytes.0)
    }
}
