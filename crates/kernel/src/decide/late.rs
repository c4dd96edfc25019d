//! Deposits that are shown after their case has ended. Money that lies in an Escrow under the name of a case
//! must come out again, however the case ended and whenever the deposit was made: it goes back to whoever
//! made it, at once and whole. Nothing else can follow the end of a case.

use super::Desk;
use super::step::{attested, check_evidence, use_key};
use crate::body::Body;
use crate::entry::{Entity, case_from_bytes};
use crate::outcome::{self, Given, Place};
use crate::refusal::Refusal;
use crate::rules::Rules;
use crate::state::{Adopted, Case, Kernel, Phase, Touched};
use crate::values::{Values, claim_texts, declared};
use lockstep_attest::{Attestation, Signed, StepVerdict};
use lockstep_ledger::View;
use lockstep_types::{CaseId, LeafHash, Lei, PolicyDigest, Time};
use std::collections::{BTreeMap, BTreeSet};

/// A closed case of a policy that returns deposits, as far as the map keeps it.
pub(crate) struct Late {
    policy: PolicyDigest,
    rules: Rules,
    ordinal: u32,
    phase: Phase,
    touched: Touched,
}

impl Late {
    /// The case again, with nothing in it: what follows is about one deposit alone.
    pub(crate) fn reopened(self, shown_by: Lei, now: Time) -> Case {
        Case {
            policy: self.policy,
            rules: self.rules,
            phase: self.phase,
            opener: shown_by,
            opener_credentials: Vec::new(),
            opened: now,
            deadline: now,
            params: BTreeMap::new(),
            steps: BTreeMap::new(),
            committed: false,
            taken_back: BTreeSet::new(),
            attempts: BTreeMap::new(),
            ordinal: self.ordinal,
            ends_as: self.phase,
            pending: BTreeMap::new(),
            shown: BTreeMap::new(),
            touched: self.touched,
        }
    }
}

impl Kernel {
    /// Whether cases of this policy can be shown deposits after their end.
    pub(crate) fn returns_deposits(&self, policy: &PolicyDigest) -> bool {
        let layout = self.policies.get(policy).map(|adopted| adopted.policy.layout());
        layout.is_some_and(|layout| layout.outcomes_returning().next().is_some())
    }

    /// The case, if it is closed and can still be shown deposits, whether the map knows of its end or not.
    pub(crate) fn late_case(&self, id: &CaseId, view: &dyn View) -> Option<Late> {
        if let Some(case) = self.cases.get(id) {
            let Case { policy, rules, ordinal, phase, touched, .. } = **case;
            let late = phase.is_closed() && self.returns_deposits(&policy);
            return late.then_some(Late { policy, rules, ordinal, phase, touched });
        }
        let entry = case_from_bytes(&view.value(&Entity::Case(*id).key())?)?;
        let phase = Phase::from_text(&entry.phase).filter(|phase| phase.is_closed())?;
        let touched = Touched { count: entry.count, head: entry.head };
        let (policy, rules, ordinal) = (entry.policy?, entry.rules, entry.ordinal?);
        Some(Late { policy, rules, ordinal, phase, touched })
    }

    /// The policy of a case in which steps can be taken: of an open one, or of a closed one that can still be
    /// shown deposits.
    #[must_use]
    pub fn policy_of_case(&self, id: &CaseId, view: &dyn View) -> Option<&Adopted> {
        let late = || self.late_case(id, view).map(|late| late.policy);
        let policy = self.case(id).map(|case| case.policy).or_else(late)?;
        self.policies.get(&policy)
    }

    /// A word on a case that has ended: it shows a deposit, or it is refused. Nothing is put on record of a
    /// refused one.
    pub(super) fn decide_late(
        &self,
        late: &Late,
        attestation: &Attestation,
        signed: &Signed,
        desk: &mut Desk<'_>,
    ) -> Result<(), Refusal> {
        let (id, now) = (attestation.case, desk.scribe.now());
        let adopted =
            self.policies.get(&late.policy).ok_or(Refusal::PolicyUnknown { policy: late.policy })?;
        let layout = adopted.policy.layout();
        let step = declared(layout.step(attestation.step.as_str()), &attestation.step)?;
        let role = declared(layout.role(step.by.as_str()), &step.by)?;
        let standing = self.standing(role, signed, now)?;
        let closed = || Refusal::CaseClosed { case: id, phase: late.phase.as_str().to_owned() };
        let outcome = layout.outcome_returning(step.name.as_str()).ok_or_else(closed)?;
        if attestation.verdict != StepVerdict::Done {
            return Err(closed());
        }
        standing.check_persons(role)?;
        if attestation.prev != [LeafHash(id.0)] {
            return Err(Refusal::Prev { step: step.name.clone() });
        }
        let openings = &signed.submission().openings;
        self.check_open_claims(openings)?;
        let texts = claim_texts(&step.name, &step.claims, openings)?;
        check_evidence(step, attestation)?;
        let key = use_key((layout, step), &texts)?;
        if let Some(key) = &key {
            self.check_single_use((id, step), key, desk.view)?;
        }
        let claims = BTreeMap::from([(step.name.clone(), &texts)]);
        let given = Given { case: id, layout, params: Values::new(), claims };
        let formed = outcome::form(&given, outcome, now)?;
        let mut body = attested((attestation, signed), &standing, late.touched.head);
        body.use_key = key;
        let prev = desk.write(&Body::Attested(body));
        let Late { policy, ordinal, .. } = *late;
        desk.write_decision(Place { ledger: self.ledger, case: id, prev, policy, ordinal }, &[formed]);
        Ok(())
    }
}
