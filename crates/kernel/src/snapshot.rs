//! The kernel as bytes, so that a start need not run the whole log again. Derived data: a replay gives the
//! same.
//!
//! JSON of what is little, and right behind it the cases, of which there are many, one after another in the
//! binary form of `postcard`.

use crate::body::Genesis;
use crate::governance::{Files, Issuer};
use crate::rules::Rules;
use crate::state::{Adopted, Case, Held, Kernel, KeyEntry, Phase, Programme, Proposal, Touched};
use lockstep_ledger::Committee;
use lockstep_policy::Policy;
use lockstep_types::{CaseId, CredentialDigest, KeyId, LedgerId, Lei, Name, PolicyDigest};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The form that is written and read. Another whenever a field of a case comes, goes, moves or changes, since
/// its bytes do not say what they are.
const FORM: u32 = 2;
/// About what a case takes.
const CASE_BYTES: usize = 1_536;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Snapshot<'a> {
    form: u32,
    ledger: LedgerId,
    genesis: Cow<'a, Option<Genesis>>,
    #[serde(default, skip_serializing_if = "Rules::is_first")]
    rules: Rules,
    committee: Cow<'a, Option<Committee>>,
    committee_touched: Touched,
    issuers: Cow<'a, BTreeMap<Lei, (Option<Issuer>, Touched)>>,
    keys: Cow<'a, BTreeMap<KeyId, KeyEntry>>,
    credentials: Cow<'a, BTreeMap<CredentialDigest, Held>>,
    policies: BTreeMap<PolicyDigest, Files>,
    programmes: Cow<'a, BTreeMap<Name, Programme>>,
    /// How many cases follow.
    cases: usize,
    proposals: Cow<'a, BTreeMap<CaseId, Proposal>>,
}

/// Why a kernel cannot be kept or brought back.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Records have been applied since the last seal.
    #[error("a snapshot is taken right after a seal")]
    Unsealed,
    /// Not the JSON of a snapshot.
    #[error("the snapshot is not of the expected form")]
    Form(#[from] serde_json::Error),
    /// Nothing at all.
    #[error("the snapshot is empty")]
    Empty,
    /// Written by a version that keeps cases otherwise.
    #[error("the snapshot is of form {found}, expected {FORM}")]
    OtherForm {
        /// The form found.
        found: u32,
    },
    /// More cases or fewer than it says.
    #[error("the snapshot holds {found} cases, expected {expected}")]
    CaseCount {
        /// Cases found.
        found: usize,
        /// Cases that it says.
        expected: usize,
    },
    /// A case in it is not of its form.
    #[error("a case in the snapshot is not of the expected form")]
    Case(#[from] postcard::Error),
    /// A policy in it no longer passes its checks.
    #[error("policy `{policy}` in the snapshot is refused: {what}")]
    Policy {
        /// Which.
        policy: PolicyDigest,
        /// The first finding.
        what: String,
    },
}

impl Kernel {
    /// The kernel as bytes.
    ///
    /// # Errors
    /// As [`Kernel::write_snapshot`].
    pub fn to_snapshot(&self) -> Result<Vec<u8>, SnapshotError> {
        let mut bytes = Vec::new();
        self.write_snapshot(&mut bytes)?;
        Ok(bytes)
    }

    /// Writes the kernel behind `bytes`; only right after a seal, when the map holds all that has ended.
    ///
    /// # Errors
    /// [`SnapshotError::Unsealed`].
    pub fn write_snapshot(&self, bytes: &mut Vec<u8>) -> Result<(), SnapshotError> {
        let handed_over = self.uses.is_empty() && self.ended_proposals.is_empty();
        if !self.dirty.is_empty() || !handed_over {
            return Err(SnapshotError::Unsealed);
        }
        let files = |a: &Adopted| Files { guards: a.guards.clone(), layout: a.layout.clone() };
        let snapshot = Snapshot {
            form: FORM,
            ledger: self.ledger,
            genesis: Cow::Borrowed(&self.genesis),
            rules: self.rules,
            committee: Cow::Borrowed(&self.committee),
            committee_touched: self.committee_touched,
            issuers: Cow::Borrowed(&self.issuers),
            keys: Cow::Borrowed(&*self.keys),
            credentials: Cow::Borrowed(&self.credentials),
            policies: self.policies.iter().map(|(digest, adopted)| (*digest, files(adopted))).collect(),
            programmes: Cow::Borrowed(&self.programmes),
            cases: self.cases.len(),
            proposals: Cow::Borrowed(&self.proposals),
        };
        bytes.reserve(self.cases.len().saturating_mul(CASE_BYTES));
        serde_json::to_writer(&mut *bytes, &snapshot)?;
        for (id, case) in &self.cases {
            *bytes = postcard::to_extend(&(id, &**case), core::mem::take(bytes))?;
        }
        Ok(())
    }

    /// Brings a kernel back.
    ///
    /// # Errors
    /// [`SnapshotError`]: the bytes are not a snapshot of this version.
    pub fn from_snapshot(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let mut json = serde_json::Deserializer::from_slice(bytes).into_iter::<Snapshot<'_>>();
        let snapshot = json.next().ok_or(SnapshotError::Empty)??;
        if snapshot.form != FORM {
            return Err(SnapshotError::OtherForm { found: snapshot.form });
        }
        let mut rest = bytes.get(json.byte_offset()..).unwrap_or_default();
        let mut cases = BTreeMap::new();
        while !rest.is_empty() {
            let ((id, case), after) = postcard::take_from_bytes::<(CaseId, Case)>(rest)?;
            cases.insert(id, Arc::new(case));
            rest = after;
        }
        if cases.len() != snapshot.cases {
            return Err(SnapshotError::CaseCount { found: cases.len(), expected: snapshot.cases });
        }
        let mut policies = BTreeMap::new();
        for (digest, files) in snapshot.policies {
            let policy = Policy::from_files(files.layout.as_bytes(), files.guards.as_bytes());
            let policy = policy.map_err(|findings| {
                let what = findings.first().map(ToString::to_string).unwrap_or_default();
                SnapshotError::Policy { policy: digest, what }
            })?;
            let adopted = Adopted { policy: Arc::new(policy), layout: files.layout, guards: files.guards };
            policies.insert(digest, adopted);
        }
        let mut kernel = Self {
            ledger: snapshot.ledger,
            genesis: snapshot.genesis.into_owned(),
            rules: snapshot.rules,
            committee: snapshot.committee.into_owned(),
            committee_touched: snapshot.committee_touched,
            issuers: snapshot.issuers.into_owned(),
            keys: Arc::new(snapshot.keys.into_owned()),
            credentials: snapshot.credentials.into_owned(),
            policies,
            programmes: snapshot.programmes.into_owned(),
            cases,
            proposals: snapshot.proposals.into_owned(),
            ..Self::default()
        };
        for (digest, held) in &kernel.credentials {
            kernel.credentials_by_party.entry(held.subject).or_default().insert(*digest);
        }
        let open = kernel.cases.iter().filter(|(_, case)| case.phase == Phase::Open);
        kernel.deadlines = open.map(|(id, case)| (case.deadline, *id)).collect();
        Ok(kernel)
    }
}
