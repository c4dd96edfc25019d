//! What of a party's word an audience may see, by the policy of the case (specs/policy.md §9). Whoever builds
//! a pack withholds by it, whoever verifies one says for whom it is fit.

use crate::pack::Pack;
use lockstep_attest::evidence::evidence_digest;
use lockstep_attest::{Statement, StepVerdict};
use lockstep_policy::{Layout, View};
use lockstep_types::{CaseId, EvidenceDigest, LeafHash, Name};
use std::collections::{BTreeMap, BTreeSet};

/// What a signed word in a case is about.
pub(crate) enum About {
    /// It opens the case: its claims are the parameters.
    Opening,
    /// It takes a step.
    Step(Name),
    /// It refuses a step, and gives a reason.
    Refusal(Name),
    /// It takes back what was said on a step, and gives a reason.
    Withdrawal(Option<Name>),
}

impl About {
    /// Nothing for a word that is no part of the case. `steps` are those of the attested records, by leaf.
    pub(crate) fn of(statement: &Statement, case: CaseId, steps: &BTreeMap<LeafHash, Name>) -> Option<Self> {
        match statement {
            Statement::Opening(_) => Some(Self::Opening),
            Statement::Attestation(said) if said.case == case => Some(match said.verdict {
                StepVerdict::Done => Self::Step(said.step.clone()),
                StepVerdict::Refused => Self::Refusal(said.step.clone()),
            }),
            Statement::Withdrawal(said) if said.case == case => {
                Some(Self::Withdrawal(steps.get(&said.leaf).cloned()))
            }
            _ => None,
        }
    }

    /// True when the signed words themselves may be seen. A reason stands in them, in the party's own words:
    /// only who sees all of the step sees it.
    pub(crate) fn word_shown(&self, view: &View) -> bool {
        match self {
            Self::Opening | Self::Step(_) => true,
            Self::Refusal(step) => view.shows_step(step),
            Self::Withdrawal(step) => step.as_ref().is_some_and(|step| view.shows_step(step)),
        }
    }

    /// True when a claim of that name may be seen.
    pub(crate) fn claim_shown(&self, view: &View, name: &str) -> bool {
        match self {
            Self::Opening => view.shows_param(name),
            Self::Step(step) | Self::Refusal(step) => view.shows_part(step, name),
            Self::Withdrawal(_) => false,
        }
    }

    /// True when the document in a slot may be seen. One that the policy has no slot for goes with all of the
    /// step.
    pub(crate) fn document_shown(&self, view: &View, layout: &Layout, at: usize) -> bool {
        let Self::Step(step) = self else { return false };
        let slot = layout.step(step.as_str()).and_then(|declared| declared.evidence.get(at));
        slot.map_or_else(|| view.shows_step(step), |slot| view.shows_part(step, slot.as_str()))
    }
}

/// The documents in a pack, by the digest that names them.
pub(crate) fn documents(pack: &Pack) -> BTreeSet<EvidenceDigest> {
    pack.evidence.iter().map(|shown| evidence_digest(&shown.salt, &shown.document)).collect()
}
