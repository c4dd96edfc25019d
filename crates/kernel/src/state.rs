//! What the kernel knows. Memory grows with open cases, parties and policies; what is closed lives in the
//! map.

use crate::body::{Credit, Genesis};
use crate::compiled::Compiled;
use crate::entry::Entity;
use crate::governance::{Action, Issuer};
use crate::headroom::Account;
use crate::rules::Rules;
use lockstep_attest::CredentialKey;
use lockstep_crypto::suite::PublicKey;
use lockstep_ledger::Committee;
use lockstep_policy::{ListValue, Policy};
use lockstep_types::{
    Address, AttestationDigest, CaseId, CredentialDigest, Digest, KeyId, LeafHash, LedgerId, Lei, Name,
    PolicyDigest, Time, UseKey,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How often records touched an entity, and the last one: goes into the map with its value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// Records so far.
    pub count: u64,
    /// The last of them.
    pub head: LeafHash,
}

impl Touched {
    /// One more record.
    pub fn touch(&mut self, by: LeafHash) {
        self.count = self.count.saturating_add(1);
        self.head = by;
    }
}

/// How a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Steps may be taken.
    Open,
    /// An outcome is unlocked and no chain has settled it yet.
    Decided,
    /// Every outcome is executed.
    Settled,
    /// A party refused its step.
    Refused,
    /// The deadline passed before the decision.
    Expired,
    /// An outcome will never be executed, and the case cannot be decided again: its deadline is over, or
    /// another of its outcomes was executed.
    Lapsed,
}

impl Phase {
    /// The phase as people read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Decided => "decided",
            Self::Settled => "settled",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Lapsed => "lapsed",
        }
    }

    /// The phase of this name.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let all = [Self::Open, Self::Decided, Self::Settled, Self::Refused, Self::Expired, Self::Lapsed];
        all.into_iter().find(|phase| phase.as_str() == text)
    }

    /// True when no record can follow, but for a deposit that is shown late.
    #[must_use]
    pub const fn is_closed(self) -> bool {
        !matches!(self, Self::Open | Self::Decided)
    }
}

/// A step that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Its record.
    pub leaf: LeafHash,
    /// Identity of the attestation.
    pub attestation: AttestationDigest,
    /// Who took it.
    pub party: Lei,
    /// Under which credentials.
    pub credentials: Vec<CredentialDigest>,
    /// Ledger time.
    pub at: Time,
    /// Its claims in canonical text; nothing where withheld or erased.
    pub claims: BTreeMap<Name, Option<String>>,
    /// The single-use act it claims.
    pub use_key: Option<UseKey>,
    /// The amount it reserves and where.
    pub hold: Option<Name>,
    /// The payout it states.
    pub payout: Option<Credit>,
}

/// An open case, or one that was decided and is not settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its policy.
    pub policy: PolicyDigest,
    /// The rules under which it was opened, until its end.
    pub rules: Rules,
    /// How it stands.
    pub phase: Phase,
    /// Who opened it; of a case that came back after its end, who showed the deposit.
    pub opener: Lei,
    /// Under which credentials.
    pub opener_credentials: Vec<CredentialDigest>,
    /// Ledger time of the opening.
    pub opened: Time,
    /// When it must have been decided.
    pub deadline: Time,
    /// Its parameters in canonical text; nothing where withheld or erased.
    pub params: BTreeMap<Name, Option<String>>,
    /// The steps that stand.
    pub steps: BTreeMap<Name, Taken>,
    /// True while a step that commits stands: no deadline ends the case.
    pub committed: bool,
    /// Attestations of steps that fell: their words are spent, whoever hands them in again.
    pub taken_back: BTreeSet<AttestationDigest>,
    /// Refused attempts on record, by party.
    pub attempts: BTreeMap<Lei, BTreeSet<AttestationDigest>>,
    /// Number of the next decision.
    pub ordinal: u32,
    /// The phase that follows once every outcome of the decision is executed.
    pub ends_as: Phase,
    /// Domains whose outcome is not settled, and until when it can be executed.
    pub pending: BTreeMap<Name, Option<Time>>,
    /// Domains that have shown what became of their outcome of the last decision: true when it was executed.
    pub shown: BTreeMap<Name, bool>,
    /// Records so far, opening included, and the last of them.
    pub touched: Touched,
}

/// A governance case that has not taken effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// What is proposed.
    pub action: Action,
    /// Nobody can agree after it.
    pub deadline: Time,
    /// Whether k co-signers must consent and the notice runs.
    pub loosens: bool,
    /// Administrators who agree.
    pub approvals: BTreeSet<Lei>,
    /// Co-signers' institutions that agree.
    pub consents: BTreeSet<Lei>,
    /// When it takes effect, once enough agree.
    pub effective: Option<Time>,
    /// Records so far.
    pub touched: Touched,
}

/// A credential on the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Its kind.
    pub kind: Name,
    /// Who gave it.
    pub issuer: Lei,
    /// Who holds it.
    pub subject: Lei,
    /// Its keys.
    pub keys: Vec<CredentialKey>,
    /// Valid from, inclusive.
    pub valid_from: Time,
    /// Valid until, inclusive.
    pub valid_until: Time,
    /// Ledger time of the revocation.
    pub revoked: Option<Time>,
    /// Steps taken since then under it are suspect.
    pub suspect_since: Option<Time>,
    /// Records that touched it.
    pub touched: Touched,
}

/// A registered key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyEntry {
    /// The key.
    pub key: PublicKey,
    /// Whose it is.
    pub owner: Lei,
}

/// A reading that some observers have made and the quorum has not been reached for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingReading {
    /// Which content.
    pub content: Digest,
    /// Who has read it, and when each signed last.
    pub parties: BTreeMap<Lei, Time>,
}

/// One business on the ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Programme {
    /// Adopted policies by name.
    pub policies: BTreeMap<Name, (PolicyDigest, Touched)>,
    /// Lists by name.
    pub lists: BTreeMap<Name, (StoredList, Touched)>,
    /// Its money.
    pub account: Account,
    /// Records that touched the account.
    pub account_touched: Touched,
    /// Readings that wait for more observers, newest last.
    pub readings: Vec<PendingReading>,
    /// The newest word of every observer on every domain: an older one cannot be handed in again.
    pub observed: BTreeMap<Lei, BTreeMap<Name, Time>>,
    /// Until when the last pause lasts, or lasted, that the guardian of a domain's Gate has called.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pauses: BTreeMap<Name, Time>,
    /// Gates that have taken the place of those that policies named first, by domain.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub gates: BTreeMap<Name, Address>,
}

/// A list as it is stored and proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredList {
    /// The digest of a document.
    Digest(Digest),
    /// A small set of strings.
    Set(BTreeSet<String>),
}

impl From<&StoredList> for ListValue {
    fn from(list: &StoredList) -> Self {
        match list {
            StoredList::Digest(digest) => Self::Digest(*digest),
            StoredList::Set(set) => Self::Set(set.clone()),
        }
    }
}

/// An adopted policy, parsed, with the files it came from.
#[derive(Debug, Clone)]
pub struct Adopted {
    /// Ready to evaluate.
    pub policy: Arc<Policy>,
    /// `policy.toml`.
    pub layout: String,
    /// `guards.cedar`.
    pub guards: String,
}

/// The case machine.
///
/// INVARIANT: equal records applied in equal order give equal kernels, on every machine.
#[derive(Debug, Clone, Default)]
pub struct Kernel {
    pub(crate) ledger: LedgerId,
    pub(crate) genesis: Option<Genesis>,
    pub(crate) rules: Rules,
    pub(crate) committee: Option<Committee>,
    pub(crate) committee_touched: Touched,
    pub(crate) issuers: BTreeMap<Lei, (Option<Issuer>, Touched)>,
    /// Shared with whoever checks signatures while something else is decided; see `Directory`.
    pub(crate) keys: Arc<BTreeMap<KeyId, KeyEntry>>,
    pub(crate) credentials: BTreeMap<CredentialDigest, Held>,
    pub(crate) credentials_by_party: BTreeMap<Lei, BTreeSet<CredentialDigest>>,
    pub(crate) policies: BTreeMap<PolicyDigest, Adopted>,
    pub(crate) programmes: BTreeMap<Name, Programme>,
    /// Shared with a copy of the kernel that is being written as a snapshot.
    pub(crate) cases: BTreeMap<CaseId, Arc<Case>>,
    pub(crate) proposals: BTreeMap<CaseId, Proposal>,
    /// Ended since the last seal; the map does not know it yet.
    pub(crate) ended_proposals: BTreeMap<CaseId, (&'static str, Touched)>,
    /// Used or freed since the last seal; older ones are in the map.
    pub(crate) uses: BTreeMap<UseKey, Use>,
    /// Deadlines of open cases, for expiry.
    pub(crate) deadlines: BTreeSet<(Time, CaseId)>,
    pub(crate) dirty: BTreeSet<Entity>,
    pub(crate) compiled: Compiled,
    /// Set by a verifier that has one case: answers to what only the whole log can answer.
    pub(crate) recorded: Option<RecordedFacts>,
}

/// Who has a single-use act.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// The case; none when it came back.
    pub case: Option<CaseId>,
    /// Records that touched it.
    pub touched: Touched,
}

/// What the record under examination says of facts that lie in other cases. A verifier of one pack takes
/// these from the record and says that they rest on the certificate; appender, co-signers and `fsck` never
/// set them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecordedFacts {
    /// The code of the refusal on record, when it is one that follows from other cases.
    pub refused: Option<crate::refusal::RefusalCode>,
}

/// The identity under which an opening is used once.
#[must_use]
pub fn opening_use_key(attestation: &AttestationDigest) -> UseKey {
    UseKey(lockstep_types::sha256_parts(&[b"lockstep/opening/1", attestation.as_bytes()]))
}

impl Kernel {
    /// The ledger's id; zero before genesis.
    #[must_use]
    pub const fn ledger(&self) -> LedgerId {
        self.ledger
    }

    /// Record 0.
    #[must_use]
    pub const fn genesis(&self) -> Option<&Genesis> {
        self.genesis.as_ref()
    }

    /// The rules in force: cases that are opened now are under them.
    #[must_use]
    pub const fn rules(&self) -> Rules {
        self.rules
    }

    /// The co-signers in force.
    #[must_use]
    pub const fn committee(&self) -> Option<&Committee> {
        self.committee.as_ref()
    }

    /// An open or decided case.
    #[must_use]
    pub fn case(&self, id: &CaseId) -> Option<&Case> {
        self.cases.get(id).map(|case| &**case)
    }

    /// Whether it is not settled yet what became of this outcome on a domain: an observer names those.
    #[must_use]
    pub fn waits_for(&self, case: &CaseId, ordinal: u32, domain: &str) -> bool {
        self.case(case).is_some_and(|case| {
            case.pending.contains_key(domain) && case.ordinal == ordinal.saturating_add(1)
        })
    }

    /// Every open or decided case.
    pub fn cases(&self) -> impl Iterator<Item = (&CaseId, &Case)> {
        self.cases.iter().map(|(id, case)| (id, &**case))
    }

    /// Every governance case that has not taken effect.
    pub fn proposals(&self) -> impl Iterator<Item = (&CaseId, &Proposal)> {
        self.proposals.iter()
    }

    /// An adopted policy, now or earlier in force.
    #[must_use]
    pub fn policy(&self, digest: &PolicyDigest) -> Option<&Adopted> {
        self.policies.get(digest)
    }

    /// Every policy that a programme has adopted, in force or not.
    pub fn policies_of(&self, programme: &Name) -> impl Iterator<Item = &Adopted> {
        self.policies.values().filter(move |adopted| adopted.policy.layout().programme == *programme)
    }

    /// A programme.
    #[must_use]
    pub fn programme(&self, name: &str) -> Option<&Programme> {
        self.programmes.get(name)
    }

    /// Every programme.
    pub fn programmes(&self) -> impl Iterator<Item = (&Name, &Programme)> {
        self.programmes.iter()
    }

    /// A registered key.
    #[must_use]
    pub fn key(&self, id: &KeyId) -> Option<&KeyEntry> {
        self.keys.get(id)
    }

    /// Every credential on the ledger.
    pub fn credentials(&self) -> impl Iterator<Item = (&CredentialDigest, &Held)> {
        self.credentials.iter()
    }

    /// Tells the kernel what the next record says of other cases. For verifiers of one pack only.
    pub const fn take_as_recorded(&mut self, facts: RecordedFacts) {
        self.recorded = Some(facts);
    }
}

/// A case, to change it; copied first when a snapshot shares it.
pub(crate) fn case_mut<'a>(cases: &'a mut BTreeMap<CaseId, Arc<Case>>, id: &CaseId) -> Option<&'a mut Case> {
    cases.get_mut(id).map(Arc::make_mut)
}

/// Maps whose keys are no strings, as JSON arrays of pairs.
pub(crate) mod pairs {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::collections::BTreeMap;

    pub(crate) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(crate) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}
