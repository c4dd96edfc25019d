//! Entries of the state map: which value stands under which key (specs/entries.md).

use crate::governance::Issuer;
use crate::rules::Rules;
use crate::state::{Kernel, Phase, StoredList, Touched, Use};
use lockstep_types::{
    CaseId, CommitteeDigest, CredentialDigest, Digest, LeafHash, Lei, MapKey, Name, PolicyDigest, Time,
    UseKey, canonical, sha256, sha256_parts,
};
use serde::{Deserialize, Serialize};

/// Something the map has an entry for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entity {
    /// A case or a governance case.
    Case(CaseId),
    /// A credential.
    Credential(CredentialDigest),
    /// A programme's account.
    Account(Name),
    /// A single-use act.
    Use(UseKey),
    /// A list of a programme.
    List(Name, Name),
    /// A policy of a programme.
    Policy(Name, Name),
    /// The committee in force.
    Committee,
    /// A credential issuer.
    Issuer(Lei),
}

/// Value of a case's entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseEntry {
    /// Records of the case.
    pub count: u64,
    /// The last of them.
    pub head: LeafHash,
    /// Of a closed case that can still be shown deposits: the number of its next decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordinal: Option<u32>,
    /// How it stands.
    pub phase: String,
    /// Of a closed case that can still be shown deposits: its policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyDigest>,
    /// The rules under which it was opened; left out for the first.
    #[serde(default, skip_serializing_if = "Rules::is_first")]
    pub rules: Rules,
}

#[derive(Serialize)]
struct CredentialEntry {
    count: u64,
    head: LeafHash,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suspect_since: Option<Time>,
}

#[derive(Serialize)]
struct AccountEntry {
    count: u64,
    head: LeafHash,
    held: i64,
    reserve: i64,
    supply: i64,
}

#[derive(Serialize)]
struct ListEntry {
    count: u64,
    head: LeafHash,
    list: Digest,
}

#[derive(Serialize)]
struct PolicyEntry {
    count: u64,
    head: LeafHash,
    policy: PolicyDigest,
}

#[derive(Serialize)]
struct CommitteeEntry {
    committee: CommitteeDigest,
    count: u64,
    epoch: u64,
    head: LeafHash,
    threshold: u8,
}

#[derive(Serialize)]
struct IssuerEntry<'a> {
    count: u64,
    head: LeafHash,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<&'a Issuer>,
}

impl Entity {
    /// Where the entry stands: SHA-256 of a kind byte and the key, parts of a key parted by a zero byte.
    #[must_use]
    pub fn key(&self) -> MapKey {
        MapKey(match self {
            Self::Case(id) => sha256_parts(&[&[1], id.as_bytes()]),
            Self::Credential(id) => sha256_parts(&[&[2], id.as_bytes()]),
            Self::Account(programme) => sha256_parts(&[&[3], programme.as_str().as_bytes()]),
            Self::Use(key) => sha256_parts(&[&[4], key.as_bytes()]),
            Self::List(programme, name) => {
                sha256_parts(&[&[5], programme.as_str().as_bytes(), &[0], name.as_str().as_bytes()])
            }
            Self::Policy(programme, name) => {
                sha256_parts(&[&[6], programme.as_str().as_bytes(), &[0], name.as_str().as_bytes()])
            }
            Self::Committee => sha256(&[7]),
            Self::Issuer(lei) => sha256_parts(&[&[8], lei.as_str().as_bytes()]),
        })
    }
}

fn bytes<T: Serialize>(value: &T) -> Option<Vec<u8>> {
    canonical::to_vec(value).ok()
}

impl Kernel {
    /// The canonical JSON that the map holds for `entity`; nothing when the kernel has never met it, or has
    /// handed it to the map at an earlier seal.
    #[must_use]
    pub fn entry(&self, entity: &Entity) -> Option<Vec<u8>> {
        match entity {
            Entity::Case(id) => self.case_entry(id),
            Entity::Credential(id) => self.credentials.get(id).and_then(|held| {
                let Touched { count, head } = held.touched;
                bytes(&CredentialEntry {
                    count,
                    head,
                    revoked: held.revoked,
                    suspect_since: held.suspect_since,
                })
            }),
            Entity::Account(name) => self.programmes.get(name).and_then(|programme| {
                let Touched { count, head } = programme.account_touched;
                let (reserve, held, supply) = programme.account.totals();
                bytes(&AccountEntry { count, head, held, reserve, supply })
            }),
            Entity::Use(key) => self.uses.get(key).and_then(use_bytes),
            Entity::List(programme, name) => {
                let (list, Touched { count, head }) = self.programmes.get(programme)?.lists.get(name)?;
                bytes(&ListEntry { count: *count, head: *head, list: list_digest(list)? })
            }
            Entity::Policy(programme, name) => {
                let (policy, Touched { count, head }) = self.programmes.get(programme)?.policies.get(name)?;
                bytes(&PolicyEntry { count: *count, head: *head, policy: *policy })
            }
            Entity::Committee => self.committee.as_ref().and_then(|committee| {
                let Touched { count, head } = self.committee_touched;
                let (epoch, threshold) = (committee.epoch(), committee.threshold());
                bytes(&CommitteeEntry { committee: committee.digest(), count, epoch, head, threshold })
            }),
            Entity::Issuer(lei) => self.issuers.get(lei).and_then(|(issuer, Touched { count, head })| {
                bytes(&IssuerEntry { count: *count, head: *head, issuer: issuer.as_ref() })
            }),
        }
    }

    fn case_entry(&self, id: &CaseId) -> Option<Vec<u8>> {
        let of = |phase: &str, Touched { count, head }: Touched| {
            bytes(&CaseEntry {
                count,
                head,
                ordinal: None,
                phase: phase.to_owned(),
                policy: None,
                rules: Rules::default(),
            })
        };
        if let Some(case) = self.cases.get(id) {
            let Touched { count, head } = case.touched;
            let late = case.phase.is_closed() && self.returns_deposits(&case.policy);
            let (ordinal, policy) = (late.then_some(case.ordinal), late.then_some(case.policy));
            let (phase, rules) = (case.phase.as_str().to_owned(), case.rules);
            return bytes(&CaseEntry { count, head, ordinal, phase, policy, rules });
        }
        if let Some(proposal) = self.proposals.get(id) {
            return of(Phase::Open.as_str(), proposal.touched);
        }
        self.ended_proposals.get(id).and_then(|(phase, touched)| of(phase, *touched))
    }
}

/// A list's identity: the document's digest, or SHA-256 of the set as canonical JSON.
fn list_digest(list: &StoredList) -> Option<Digest> {
    match list {
        StoredList::Digest(digest) => Some(*digest),
        StoredList::Set(set) => bytes(set).map(|json| Digest(sha256(&json))),
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UseEntry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    case: Option<CaseId>,
    count: u64,
    head: LeafHash,
}

fn use_bytes(used: &Use) -> Option<Vec<u8>> {
    let Touched { count, head } = used.touched;
    bytes(&UseEntry { case: used.case, count, head })
}

/// Reads the entry of a single-use act back from the map.
pub(crate) fn use_from_bytes(json: &[u8]) -> Option<Use> {
    let entry: UseEntry = canonical::from_slice(json, json.len()).ok()?;
    Some(Use { case: entry.case, touched: Touched { count: entry.count, head: entry.head } })
}

/// Reads the entry of a case back from the map.
pub(crate) fn case_from_bytes(json: &[u8]) -> Option<CaseEntry> {
    canonical::from_slice(json, json.len()).ok()
}
