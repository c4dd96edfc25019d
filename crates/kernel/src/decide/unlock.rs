//! What a case unlocks, and the records that say so: a decision, then an outcome leaf for each outcome.

use super::Desk;
use crate::body::{Body, Decided, OutcomeDue};
use crate::outcome::{self, Formed, Given, Place};
use crate::refusal::Refusal;
use crate::state::{Case, Kernel};
use crate::values::param_values;
use lockstep_ledger::Entry;
use lockstep_policy::{Layout, Outcome};
use lockstep_types::{CaseId, LeafHash, Time};

/// What the outcomes of a case are formed from: its parameters and the claims of the steps that stand.
pub(super) fn given<'a>((id, case): (CaseId, &'a Case), layout: &'a Layout) -> Given<'a> {
    let claims = case.steps.iter().map(|(step, taken)| (step.clone(), &taken.claims)).collect();
    Given { case: id, layout, params: param_values(layout, &case.params), claims }
}

/// The outcomes that return the deposits that stand, when the case ends in another way than by its last step.
pub(super) fn form_returning(given: &Given<'_>, now: Time) -> Result<Vec<Formed>, Refusal> {
    returning(given).map(|outcome| outcome::form(given, outcome, now)).collect()
}

fn returning<'a>(given: &'a Given<'_>) -> impl Iterator<Item = &'a Outcome> {
    let all = given.layout.outcomes_returning();
    all.filter(|(_, step)| given.claims.contains_key(&step.name)).map(|(outcome, _)| outcome)
}

impl Kernel {
    /// What a case that ends now returns.
    pub(super) fn formed_for_return(
        &self,
        (id, case): (CaseId, &Case),
        now: Time,
    ) -> Result<Vec<Formed>, Refusal> {
        match self.policies.get(&case.policy) {
            Some(adopted) => form_returning(&given((id, case), adopted.policy.layout()), now),
            None => Ok(Vec::new()),
        }
    }

    /// How many outcomes a case that ends now unlocks; it takes no claims to tell.
    pub(super) fn count_returned(&self, (id, case): (CaseId, &Case)) -> usize {
        let adopted = self.policies.get(&case.policy);
        adopted.map_or(0, |adopted| returning(&given((id, case), adopted.policy.layout())).count())
    }

    /// Where the next decision of a case stands, after the record `prev`.
    pub(super) fn place(&self, id: CaseId, case: &Case, prev: LeafHash) -> Place {
        Place { ledger: self.ledger, case: id, prev, policy: case.policy, ordinal: case.ordinal }
    }
}

impl Desk<'_> {
    /// Writes a decision and its outcomes; nothing when there are none.
    pub(super) fn write_decision(&mut self, mut place: Place, formed: &[Formed]) {
        if formed.is_empty() {
            return;
        }
        let due = |f: &Formed| OutcomeDue { domain: f.domain.clone(), not_after: f.not_after };
        let Place { case, ordinal, prev, .. } = place;
        let outcomes = formed.iter().map(due).collect();
        place.prev = self.write(&Body::Decided(Decided { case, ordinal, outcomes, prev }));
        for one in formed {
            place.prev = self.scribe.push(Entry::outcome(outcome::encode(&place, one)));
        }
    }
}
