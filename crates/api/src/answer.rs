//! What is answered. All of it is JSON; amounts and sizes are integers or canonical texts, as everywhere.

use crate::problem::Problem;
use lockstep_ledger::receipt::Receipt;
use lockstep_ledger::{Committee, Record};
use lockstep_types::{
    AttestationDigest, CaseId, CertificateDigest, KeyId, LeafHash, LedgerId, Lei, Name, PolicyDigest,
    RootHash, Time,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A page of a list; `next` asks for the one after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page<T> {
    /// What is on the page.
    pub items: Vec<T>,
    /// The cursor of the next page; none when this is the last.
    pub next: Option<String>,
}

/// A ledger in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerRow {
    /// Leaf hash of its genesis.
    pub ledger: LedgerId,
    /// What people call it.
    pub name: Name,
}

/// A size that k co-signers have signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certified {
    /// Digest of the certificate.
    pub certificate: CertificateDigest,
    /// Records that it covers.
    pub size: u64,
}

/// A seal that is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Root of the log that ends in the seal.
    pub root: RootHash,
    /// Records up to and with the seal.
    pub size: u64,
    /// Ledger time of the seal.
    pub time: Time,
}

/// How a ledger stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// The newest certificate.
    pub certified: Option<Certified>,
    /// Who signs now.
    pub committee: Committee,
    /// The newest seal.
    pub head: Option<Head>,
    /// Its id.
    pub ledger: LedgerId,
    /// What people call it.
    pub name: Name,
}

/// The first record. Its leaf hash is the ledger's id: whoever knows the id needs to believe nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisRecord {
    /// The record.
    pub record: Record,
}

/// A record that a request made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordRow {
    /// Its number.
    pub index: u64,
    /// What kind of record it is.
    pub kind: String,
    /// Its leaf hash: the id of a case that it opens.
    pub leaf: LeafHash,
}

/// A request that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entered {
    /// The ledger.
    pub ledger: LedgerId,
    /// The appender's receipt; none for requests that carry no attestation.
    pub receipt: Option<Receipt>,
    /// What it made, in order.
    pub records: Vec<RecordRow>,
}

/// What became of one request of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It counts.
    Entered(Entered),
    /// It does not.
    Problem(Problem),
}

/// What became of a batch: one answer a request, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchAnswer {
    /// The answers.
    pub answers: Vec<Outcome>,
}

/// A step that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRow {
    /// Ledger time.
    pub at: Time,
    /// Identity of the attestation.
    pub attestation: AttestationDigest,
    /// Its claims, by name; none where they are withheld from whoever asks, or erased.
    pub claims: BTreeMap<Name, Option<String>>,
    /// Its record.
    pub leaf: LeafHash,
    /// Who took it.
    pub party: Lei,
}

/// A step that could be taken now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextStep {
    /// The role that takes it.
    pub role: Name,
    /// Its name.
    pub step: Name,
}

/// A case, as whoever asks may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its id.
    pub case: CaseId,
    /// When it must have been decided; none once it is closed.
    pub deadline: Option<Time>,
    /// Steps that could be taken now.
    pub next: Vec<NextStep>,
    /// Who opened it; none once it is closed.
    pub opener: Option<Lei>,
    /// The record that opened it. Its leaf hash is the case's id, so who opened it, and under which policy,
    /// is believed to nobody.
    pub opening: Option<Record>,
    /// Its parameters; none where they are withheld, or erased.
    pub params: BTreeMap<Name, Option<String>>,
    /// How it stands.
    pub phase: String,
    /// Its policy.
    pub policy: Option<PolicyDigest>,
    /// Its records, in order.
    pub records: Vec<RecordRow>,
    /// Its steps that stand, by name.
    pub steps: BTreeMap<Name, StepRow>,
}

/// A case in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseRow {
    /// Its id.
    pub case: CaseId,
    /// When it must have been decided.
    pub deadline: Time,
    /// Who opened it.
    pub opener: Lei,
    /// How it stands.
    pub phase: String,
    /// Its policy.
    pub policy: PolicyDigest,
}

/// A step that waits for whoever asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitingRow {
    /// The case.
    pub case: CaseId,
    /// When it must have been decided.
    pub deadline: Time,
    /// The role.
    pub role: Name,
    /// The step.
    pub step: Name,
}

/// A change of the ledger that waits for others to agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposalRow {
    /// Administrators who agree.
    pub approvals: BTreeSet<Lei>,
    /// The governance case.
    pub case: CaseId,
    /// Co-signers' institutions that agree.
    pub consents: BTreeSet<Lei>,
    /// Nobody can agree after it.
    pub deadline: Time,
    /// When it takes effect, once enough agree.
    pub effective: Option<Time>,
    /// What is proposed, as it is on record: the leaf hash is the case's id.
    pub record: Record,
}

/// A policy, as its files; their digest is its name in every statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRow {
    /// `guards.cedar`.
    pub guards: String,
    /// True when cases are opened under it; false when only older ones go on.
    pub in_force: bool,
    /// `policy.toml`.
    pub layout: String,
    /// Digest of both.
    pub policy: PolicyDigest,
}

/// Whose key it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRow {
    /// The key.
    pub key: KeyId,
    /// Its owner.
    pub owner: Lei,
}

/// How far the signatures over a seal have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CosignedAnswer {
    /// The certificate, once enough have signed.
    pub certified: Option<Certified>,
}

/// A token: whoever shows it is taken for the key that asked for it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Until when it counts.
    pub expires: Time,
    /// To be sent as `Authorization: Bearer …`.
    pub token: String,
}

impl core::fmt::Debug for Token {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Token").field("expires", &self.expires).finish_non_exhaustive()
    }
}
