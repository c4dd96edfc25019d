//! Drafts of what parties sign, from what they can see of a ledger. Pure: times and salts are handed in.
//!
//! A draft that the rules would refuse for its form is an error here, so that a party learns of it before it
//! signs.

use lockstep_attest::{Attestation, Claim, Opening, Seen, Statement, StepVerdict, Withdrawal};
use lockstep_kernel::governance::{self, ACTION_CLAIM};
use lockstep_kernel::{Action, Kernel};
use lockstep_ledger::View;
use lockstep_policy::{ClaimError, Layout, Policy, Step};
use lockstep_types::{CaseId, EvidenceDigest, LeafHash, LedgerId, Lei, Name, Salt, Time};
use std::collections::BTreeMap;

/// What every draft needs: who signs, for which ledger, when, until when, having seen what.
#[derive(Debug, Clone, Copy)]
pub struct Signing {
    /// The ledger.
    pub ledger: LedgerId,
    /// Who signs.
    pub party: Lei,
    /// When.
    pub issued: Time,
    /// Until when the envelope counts.
    pub expires: Time,
    /// The certified checkpoint that the party has.
    pub seen: Option<Seen>,
}

/// A statement, and the openings of its claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What is signed.
    pub statement: Statement,
    /// Handed in with it.
    pub openings: Vec<Claim>,
}

/// Why nothing can be drafted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// No such case, or it is closed.
    #[error("case `{case}` is not open on this ledger")]
    Case {
        /// The case.
        case: CaseId,
    },
    /// The policy has no such step.
    #[error("the policy has no step `{step}`; its steps are {known}")]
    Step {
        /// The step named.
        step: Name,
        /// The steps there are.
        known: String,
    },
    /// A predecessor is not done.
    #[error("step `{step}` waits for `{missing}`")]
    Order {
        /// The step.
        step: Name,
        /// What it waits for.
        missing: Name,
    },
    /// A declared claim has no value.
    #[error("claim `{claim}` is missing")]
    Missing {
        /// The claim.
        claim: Name,
    },
    /// A value for a claim that is not declared.
    #[error("there is no claim `{claim}`; declared are {known}")]
    Unknown {
        /// The claim named.
        claim: String,
        /// The claims declared.
        known: String,
    },
    /// A value of another form.
    #[error("claim `{claim}`")]
    Form {
        /// The claim.
        claim: Name,
        /// What is wrong.
        source: ClaimError,
    },
    /// Another number of documents.
    #[error("{found} documents, step `{step}` asks for {expected}: {known}")]
    Evidence {
        /// The step.
        step: Name,
        /// Asked for.
        expected: usize,
        /// Found.
        found: usize,
        /// The slots.
        known: String,
    },
    /// The named record is no standing step of this party.
    #[error("step `{step}` does not stand, so it cannot be withdrawn")]
    NothingToWithdraw {
        /// The step.
        step: Name,
    },
}

/// Where salts come from: 32 random bytes each time.
pub type Salts<'a> = &'a mut dyn FnMut() -> [u8; 32];

/// Canonical texts by claim name.
pub type Texts = BTreeMap<String, String>;

fn names<'a>(names: impl Iterator<Item = &'a Name>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn claims(declared: &[&Name], texts: &Texts, salts: Salts<'_>) -> Result<Vec<Claim>, DraftError> {
    let unknown = texts.keys().find(|text| !declared.iter().any(|name| name.as_str() == text.as_str()));
    if let Some(claim) = unknown {
        let known = names(declared.iter().copied());
        return Err(DraftError::Unknown { claim: claim.clone(), known });
    }
    let claim = |name: &&Name| {
        let value = texts.get(name.as_str()).ok_or_else(|| DraftError::Missing { claim: (*name).clone() })?;
        Ok(Claim { name: name.to_string(), salt: Salt(salts()), value: value.clone() })
    };
    declared.iter().map(claim).collect()
}

/// Opens a case under `policy`.
///
/// # Errors
/// [`DraftError`]: a parameter is missing, unknown, or of another form.
pub fn opening(
    signing: &Signing,
    policy: &Policy,
    (texts, deadline): (&Texts, Time),
    salts: Salts<'_>,
) -> Result<Draft, DraftError> {
    let layout = policy.layout();
    for param in &layout.params {
        let Some(text) = texts.get(param.name.as_str()) else { continue };
        param.parse(text).map_err(|source| DraftError::Form { claim: param.name.clone(), source })?;
    }
    let declared: Vec<&Name> = layout.params.iter().map(|param| &param.name).collect();
    let openings = claims(&declared, texts, salts)?;
    let statement = Statement::Opening(Opening {
        claims: openings.iter().map(Claim::digest).collect(),
        deadline,
        expires: signing.expires,
        issued: signing.issued,
        ledger: signing.ledger,
        nonce: Salt(salts()),
        party: signing.party,
        policy: policy.digest(),
        seen: signing.seen,
    });
    Ok(Draft { statement, openings })
}

/// What a party says of a step.
#[derive(Debug, Clone)]
pub enum Word<'a> {
    /// It took the step.
    Done {
        /// Its claims.
        texts: &'a Texts,
        /// Its documents, one digest a slot, in the policy's order.
        evidence: Vec<EvidenceDigest>,
    },
    /// It refuses the step.
    Refused {
        /// Why.
        reason: String,
    },
}

/// A case as a party finds it when it takes a step: by its own copy of the ledger, or by what it was told.
#[derive(Debug, Clone)]
pub struct Found<'a> {
    id: CaseId,
    policy: &'a Policy,
    standing: Standing,
}

/// The records of the steps that stand.
pub type Standing = BTreeMap<Name, LeafHash>;

impl<'a> Found<'a> {
    /// The case with this id: an open one; or a closed one that can still be shown deposits, which only the
    /// map may know (`view`).
    ///
    /// # Errors
    /// [`DraftError::Case`].
    pub fn new(kernel: &'a Kernel, view: &dyn View, id: CaseId) -> Result<Self, DraftError> {
        let adopted = kernel.policy_of_case(&id, view).ok_or(DraftError::Case { case: id })?;
        let open = kernel.case(&id).filter(|case| !case.phase.is_closed());
        let steps = open.into_iter().flat_map(|case| &case.steps);
        let standing = steps.map(|(name, taken)| (name.clone(), taken.leaf)).collect();
        Ok(Self { id, policy: &adopted.policy, standing })
    }

    /// A case that somebody else tells of. What is told wrongly makes a draft that the rules refuse.
    #[must_use]
    pub const fn told(id: CaseId, policy: &'a Policy, standing: Standing) -> Self {
        Self { id, policy, standing }
    }

    /// The records of the steps that stand.
    #[must_use]
    pub fn into_standing(self) -> Standing {
        self.standing
    }

    /// The record of a step that stands.
    ///
    /// # Errors
    /// [`DraftError::NothingToWithdraw`].
    pub fn stands(&self, step: &Name) -> Result<LeafHash, DraftError> {
        let leaf = self.standing.get(step).copied();
        leaf.ok_or_else(|| DraftError::NothingToWithdraw { step: step.clone() })
    }

    /// The step of this name.
    ///
    /// # Errors
    /// [`DraftError::Step`] names those there are.
    pub fn step(&self, step: &Name) -> Result<&'a Step, DraftError> {
        let layout = self.policy.layout();
        let unknown = || {
            let known = names(layout.steps.iter().map(|step| &step.name));
            DraftError::Step { step: step.clone(), known }
        };
        layout.step(step.as_str()).ok_or_else(unknown)
    }
}

/// Takes or refuses a step of a case. A step that is not ready is drafted with what stands, and will be
/// refused: a party may want that on record, so only [`DraftError::Order`] callers that ask first are told.
///
/// # Errors
/// [`DraftError`]: no such case or step, or claims and documents are not those declared.
pub fn step(
    signing: &Signing,
    (found, step): (Found<'_>, &Name),
    word: Word<'_>,
    salts: Salts<'_>,
) -> Result<Draft, DraftError> {
    let declared = found.step(step)?;
    let stands = |before: &Name| found.standing.get(before).copied();
    let mut prev: Vec<LeafHash> = declared.after.iter().filter_map(stands).collect();
    if declared.after.is_empty() {
        prev.push(LeafHash(found.id.0));
    }
    let (verdict, reason, openings, evidence) = match word {
        Word::Refused { reason } => (StepVerdict::Refused, Some(reason), Vec::new(), Vec::new()),
        Word::Done { texts, evidence } => {
            for claim in &declared.claims {
                let Some(text) = texts.get(claim.name.as_str()) else { continue };
                claim
                    .kind
                    .parse(text)
                    .map_err(|source| DraftError::Form { claim: claim.name.clone(), source })?;
            }
            let slots: Vec<&Name> = declared.claims.iter().map(|claim| &claim.name).collect();
            check_evidence(declared, evidence.len())?;
            (StepVerdict::Done, None, claims(&slots, texts, salts)?, evidence)
        }
    };
    let statement = Statement::Attestation(Attestation {
        case: found.id,
        claims: openings.iter().map(Claim::digest).collect(),
        evidence,
        expires: signing.expires,
        issued: signing.issued,
        ledger: signing.ledger,
        party: signing.party,
        prev,
        reason,
        seen: signing.seen,
        step: step.clone(),
        verdict,
    });
    Ok(Draft { statement, openings })
}

fn check_evidence(step: &Step, found: usize) -> Result<(), DraftError> {
    let expected = step.evidence.len();
    if found == expected {
        return Ok(());
    }
    Err(DraftError::Evidence { step: step.name.clone(), expected, found, known: names(step.evidence.iter()) })
}

/// The first step that `step` still waits for in a case.
#[must_use]
pub fn waits_for(layout: &Layout, case: &lockstep_kernel::Case, step: &Name) -> Option<Name> {
    let declared = layout.step(step.as_str())?;
    declared.after.iter().find(|before| !case.steps.contains_key(*before)).cloned()
}

/// Takes a step back that stands with this record.
#[must_use]
pub fn withdrawal(signing: &Signing, (case, leaf): (CaseId, LeafHash), reason: &str) -> Draft {
    let statement = Statement::Withdrawal(Withdrawal {
        case,
        expires: signing.expires,
        issued: signing.issued,
        leaf,
        ledger: signing.ledger,
        party: signing.party,
        reason: reason.to_owned(),
        seen: signing.seen,
    });
    Draft { statement, openings: Vec::new() }
}

/// Proposes an action to the other administrators and to the co-signers.
#[must_use]
pub fn proposal(signing: &Signing, action: &Action, deadline: Time, salts: Salts<'_>) -> Draft {
    let claim =
        Claim { name: ACTION_CLAIM.to_owned(), salt: Salt(salts()), value: action.digest().to_string() };
    let statement = Statement::Opening(Opening {
        claims: vec![claim.digest()],
        deadline,
        expires: signing.expires,
        issued: signing.issued,
        ledger: signing.ledger,
        nonce: Salt(salts()),
        party: signing.party,
        policy: governance::governance_policy(),
        seen: signing.seen,
    });
    Draft { statement, openings: vec![claim] }
}

/// Agrees to a governance case: `approve` as an administrator, `consent` as a co-signer's institution.
#[must_use]
pub fn agreement(signing: &Signing, case: CaseId, step: Name) -> Draft {
    let statement = Statement::Attestation(Attestation {
        case,
        claims: Vec::new(),
        evidence: Vec::new(),
        expires: signing.expires,
        issued: signing.issued,
        ledger: signing.ledger,
        party: signing.party,
        prev: vec![LeafHash(case.0)],
        reason: None,
        seen: signing.seen,
        step,
        verdict: StepVerdict::Done,
    });
    Draft { statement, openings: Vec::new() }
}
