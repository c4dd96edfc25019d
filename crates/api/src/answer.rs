//! What is answered. All of it is JSON; amounts and sizes are integers or canonical texts, as everywhere.

use crate::openapi::{
    AddressText, ChainText, CommitteeObject, HandoverObject, Hash, LeiText, NameText, ReceiptObject,
    RecordObject, TimeMs,
};
use crate::problem::Problem;
use lockstep_kernel::state::Held;
use lockstep_ledger::receipt::Receipt;
use lockstep_ledger::{Committee, Handover, Record};
use lockstep_types::{
    Address, AttestationDigest, CaseId, CertificateDigest, ChainId, CredentialDigest, Digest, KeyId,
    LeafHash, LedgerId, Lei, Name, PolicyDigest, RootHash, Time,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A page of a list; `next` asks for the one after it.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PageOf{T}")]
pub struct Page<T> {
    /// What is on the page.
    pub items: Vec<T>,
    /// The cursor of the next page; none when this is the last.
    pub next: Option<String>,
}

/// A ledger in a list.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerRow {
    /// Leaf hash of its genesis.
    #[schemars(with = "Hash")]
    pub ledger: LedgerId,
    /// What people call it.
    #[schemars(with = "NameText")]
    pub name: Name,
}

/// A size that k co-signers have signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certified {
    /// Digest of the certificate.
    #[schemars(with = "Hash")]
    pub certificate: CertificateDigest,
    /// Records that it covers.
    pub size: u64,
}

/// A seal that is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Root of the log that ends in the seal.
    #[schemars(with = "Hash")]
    pub root: RootHash,
    /// Records up to and with the seal.
    pub size: u64,
    /// Ledger time of the seal.
    #[schemars(with = "TimeMs")]
    pub time: Time,
}

/// How a ledger stands.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// The newest certificate.
    pub certified: Option<Certified>,
    /// Who signs now.
    #[schemars(with = "CommitteeObject")]
    pub committee: Committee,
    /// The newest seal.
    pub head: Option<Head>,
    /// Its id.
    #[schemars(with = "Hash")]
    pub ledger: LedgerId,
    /// What people call it.
    #[schemars(with = "NameText")]
    pub name: Name,
}

/// The first record. Its leaf hash is the ledger's id: whoever knows the id needs to believe nobody.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisRecord {
    /// The record.
    #[schemars(with = "RecordObject")]
    pub record: Record,
}

/// A record that a request made.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordRow {
    /// Its number.
    pub index: u64,
    /// What kind of record it is.
    pub kind: String,
    /// Its leaf hash: the id of a case that it opens.
    #[schemars(with = "Hash")]
    pub leaf: LeafHash,
}

/// A record of a case, as the stream of all cases tells of it.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseRecord {
    /// The case.
    #[schemars(with = "Hash")]
    pub case: CaseId,
    /// Its number in the log.
    pub index: u64,
    /// What kind of record it is.
    pub kind: String,
    /// Its leaf hash.
    #[schemars(with = "Hash")]
    pub leaf: LeafHash,
    /// Whose word it is, where it is a party's.
    #[schemars(with = "Option<LeiText>")]
    pub party: Option<Lei>,
    /// True when the party refused the step, or its attempt was refused.
    pub refused: bool,
    /// The step that was taken or refused.
    #[schemars(with = "Option<NameText>")]
    pub step: Option<Name>,
    /// Ledger time.
    #[schemars(with = "TimeMs")]
    pub time: Time,
}

/// A request that counts.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entered {
    /// The ledger.
    #[schemars(with = "Hash")]
    pub ledger: LedgerId,
    /// The appender's receipt; none for requests that carry no attestation.
    #[schemars(with = "Option<ReceiptObject>")]
    pub receipt: Option<Receipt>,
    /// What it made, in order.
    pub records: Vec<RecordRow>,
}

/// What became of one request of a batch.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It counts.
    Entered(Entered),
    /// It does not.
    Problem(Problem),
}

/// What became of a batch: one answer a request, in order.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchAnswer {
    /// The answers.
    pub answers: Vec<Outcome>,
}

/// A step that stands.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRow {
    /// Ledger time.
    #[schemars(with = "TimeMs")]
    pub at: Time,
    /// Identity of the attestation.
    #[schemars(with = "Hash")]
    pub attestation: AttestationDigest,
    /// Its claims, by name; none where they are withheld from whoever asks, or erased.
    #[schemars(with = "BTreeMap<NameText, Option<String>>")]
    pub claims: BTreeMap<Name, Option<String>>,
    /// Its record.
    #[schemars(with = "Hash")]
    pub leaf: LeafHash,
    /// Who took it.
    #[schemars(with = "LeiText")]
    pub party: Lei,
}

/// A step that could be taken now.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextStep {
    /// The role that takes it.
    #[schemars(with = "NameText")]
    pub role: Name,
    /// Its name.
    #[schemars(with = "NameText")]
    pub step: Name,
}

/// A case, as whoever asks may see it.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its id.
    #[schemars(with = "Hash")]
    pub case: CaseId,
    /// When it must have been decided; none once it is closed.
    #[schemars(with = "Option<TimeMs>")]
    pub deadline: Option<Time>,
    /// Steps that could be taken now.
    pub next: Vec<NextStep>,
    /// Who opened it; none once it is closed.
    #[schemars(with = "Option<LeiText>")]
    pub opener: Option<Lei>,
    /// The record that opened it. Its leaf hash is the case's id, so who opened it, and under which policy,
    /// is believed to nobody.
    #[schemars(with = "Option<RecordObject>")]
    pub opening: Option<Record>,
    /// Its parameters; none where they are withheld, or erased.
    #[schemars(with = "BTreeMap<NameText, Option<String>>")]
    pub params: BTreeMap<Name, Option<String>>,
    /// How it stands.
    pub phase: String,
    /// Its policy.
    #[schemars(with = "Option<Hash>")]
    pub policy: Option<PolicyDigest>,
    /// Its records, in order.
    pub records: Vec<RecordRow>,
    /// Its steps that stand, by name.
    #[schemars(with = "BTreeMap<NameText, StepRow>")]
    pub steps: BTreeMap<Name, StepRow>,
}

/// A case in a list.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseRow {
    /// Its id.
    #[schemars(with = "Hash")]
    pub case: CaseId,
    /// When it must have been decided; none once it is closed.
    #[schemars(with = "Option<TimeMs>")]
    pub deadline: Option<Time>,
    /// Ledger time of its opening.
    #[schemars(with = "TimeMs")]
    pub opened: Time,
    /// Who opened it.
    #[schemars(with = "LeiText")]
    pub opener: Lei,
    /// How it stands.
    pub phase: String,
    /// Its policy.
    #[schemars(with = "Hash")]
    pub policy: PolicyDigest,
}

/// A credential.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialRow {
    /// Its id.
    #[schemars(with = "Hash")]
    pub credential: CredentialDigest,
    /// Who gave it.
    #[schemars(with = "LeiText")]
    pub issuer: Lei,
    /// Its keys.
    #[schemars(with = "Vec<Hash>")]
    pub keys: Vec<KeyId>,
    /// Its kind: what a role of a policy asks for.
    #[schemars(with = "NameText")]
    pub kind: Name,
    /// When it was taken back.
    #[schemars(with = "Option<TimeMs>")]
    pub revoked: Option<Time>,
    /// Who holds it.
    #[schemars(with = "LeiText")]
    pub subject: Lei,
    /// Steps taken under it since then are suspect.
    #[schemars(with = "Option<TimeMs>")]
    pub suspect_since: Option<Time>,
    /// Valid from, inclusive.
    #[schemars(with = "TimeMs")]
    pub valid_from: Time,
    /// Valid until, inclusive.
    #[schemars(with = "TimeMs")]
    pub valid_until: Time,
}

impl CredentialRow {
    /// As the kernel holds it.
    #[must_use]
    pub fn of(credential: CredentialDigest, held: &Held) -> Self {
        Self {
            credential,
            issuer: held.issuer,
            keys: held.keys.iter().map(|key| key.key.id()).collect(),
            kind: held.kind.clone(),
            revoked: held.revoked,
            subject: held.subject,
            suspect_since: held.suspect_since,
            valid_from: held.valid_from,
            valid_until: held.valid_until,
        }
    }
}

/// An outcome of a case, as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeRow {
    /// Its number.
    pub index: u64,
    /// The record, opened.
    #[schemars(with = "RecordObject")]
    pub record: Record,
}

/// What readings of a domain have to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedRow {
    /// Milliseconds after which one does not count any more.
    pub max_age_ms: u64,
    /// So many observers must have read the same.
    pub quorum: u32,
}

/// An outcome of which it is not settled yet what became of it on a domain.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PendingRow {
    /// The case.
    #[schemars(with = "Hash")]
    pub case: CaseId,
    /// The Gate at which it waits.
    #[schemars(with = "AddressText")]
    pub gate: Address,
    /// Which decision of the case unlocked it.
    pub ordinal: u32,
    /// Until when it can be executed; none when it never expires.
    #[schemars(with = "Option<TimeMs>")]
    pub until: Option<Time>,
}

/// A domain of a programme: where its value lives, and what observers are asked about it.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainRow {
    /// What policies ask observers to read there; none when none does.
    pub asked: Option<AskedRow>,
    /// The date of the newest balance: headroom counts the supply of then.
    #[schemars(with = "Option<TimeMs>")]
    pub balance: Option<Time>,
    /// The chain.
    #[schemars(with = "ChainText")]
    pub chain: ChainId,
    /// What policies call the domain.
    #[schemars(with = "NameText")]
    pub domain: Name,
    /// The Gates' Escrows, where a policy takes deposits.
    #[schemars(with = "Vec<AddressText>")]
    pub escrows: BTreeSet<Address>,
    /// The Gate in force, and then those that it has replaced.
    #[schemars(with = "Vec<AddressText>")]
    pub gates: Vec<Address>,
    /// True when a policy in force has observers look there.
    pub observed: bool,
    /// Until when the last pause of the Gate that is on record lasts.
    #[schemars(with = "Option<TimeMs>")]
    pub paused_until: Option<Time>,
    /// Outcomes that are waited for.
    pub pending: Vec<PendingRow>,
    /// The programme.
    #[schemars(with = "NameText")]
    pub programme: Name,
    /// When the last reading of a party was signed.
    #[schemars(with = "BTreeMap<LeiText, TimeMs>")]
    pub read: BTreeMap<Lei, Time>,
    /// The token.
    #[schemars(with = "AddressText")]
    pub token: Address,
}

/// What would become of a request now.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The rule that would refuse it; none when it would count.
    pub refused: Option<TrialRefused>,
}

/// A rule that would refuse a request.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrialRefused {
    /// Its code.
    pub code: String,
    /// What it says.
    pub detail: String,
}

/// A step that waits for whoever asks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitingRow {
    /// The case.
    #[schemars(with = "Hash")]
    pub case: CaseId,
    /// When it must have been decided.
    #[schemars(with = "TimeMs")]
    pub deadline: Time,
    /// The role.
    #[schemars(with = "NameText")]
    pub role: Name,
    /// The step.
    #[schemars(with = "NameText")]
    pub step: Name,
}

/// A change of the ledger to which whoever asks may agree, and has not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeRow {
    /// The governance case.
    #[schemars(with = "Hash")]
    pub case: CaseId,
    /// Nobody can agree after it.
    #[schemars(with = "TimeMs")]
    pub deadline: Time,
}

/// What waits for whoever asks, as events tell it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waits {
    /// A change of the ledger.
    Change(ChangeRow),
    /// A step.
    Step(WaitingRow),
}

/// Everything that waits, in place of what was known.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitsAll {
    /// In no order of its own.
    pub items: Vec<Waits>,
}

/// A change of the ledger that waits for others to agree.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposalRow {
    /// Administrators who agree.
    #[schemars(with = "BTreeSet<LeiText>")]
    pub approvals: BTreeSet<Lei>,
    /// The governance case.
    #[schemars(with = "Hash")]
    pub case: CaseId,
    /// Co-signers' institutions that agree.
    #[schemars(with = "BTreeSet<LeiText>")]
    pub consents: BTreeSet<Lei>,
    /// Nobody can agree after it.
    #[schemars(with = "TimeMs")]
    pub deadline: Time,
    /// When it takes effect, once enough agree.
    #[schemars(with = "Option<TimeMs>")]
    pub effective: Option<Time>,
    /// What is proposed, as it is on record: the leaf hash is the case's id.
    #[schemars(with = "RecordObject")]
    pub record: Record,
}

/// A policy, as its files; their digest is its name in every statement.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRow {
    /// `guards.cedar`.
    pub guards: String,
    /// True when cases are opened under it; false when only older ones go on.
    pub in_force: bool,
    /// `policy.toml`.
    pub layout: String,
    /// Digest of both.
    #[schemars(with = "Hash")]
    pub policy: PolicyDigest,
}

/// Whose key it is.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRow {
    /// The key.
    #[schemars(with = "Hash")]
    pub key: KeyId,
    /// Its owner.
    #[schemars(with = "LeiText")]
    pub owner: Lei,
}

/// How far the signatures over a seal have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CosignedAnswer {
    /// The certificate, once enough have signed.
    pub certified: Option<Certified>,
    /// True when the epoch of the signature has handed over to the next one: it need not be signed any more.
    pub handed_over: bool,
}

/// From one committee to the next. Whoever trusts the first believes the log that it signed, in which the
/// record stands that names the second.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandoverRow {
    /// The record by which the rotation took effect.
    #[schemars(with = "RecordObject")]
    pub enacted: Record,
    /// Certificates of both committees over one size (specs/certificate.md §5).
    #[schemars(with = "HandoverObject")]
    pub handover: Handover,
    /// The path that shows `enacted` in the log of that size.
    #[schemars(with = "Vec<Hash>")]
    pub inclusion: Vec<Digest>,
    /// Number of `enacted`.
    pub index: u64,
    /// The record that names the members; its leaf hash is the case of `enacted`.
    #[schemars(with = "RecordObject")]
    pub proposed: Record,
}

/// A token: whoever shows it is taken for the key that asked for it.
#[derive(Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Until when it counts.
    #[schemars(with = "TimeMs")]
    pub expires: Time,
    /// To be sent as `Authorization: Bearer …`.
    pub token: String,
}

impl core::fmt::Debug for Token {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Token").field("expires", &self.expires).finish_non_exhaustive()
    }
}
