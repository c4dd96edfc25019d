//! Governance cases: proposed by an administrator, agreed to by others, carried out when enough have agreed.

use super::Desk;
use crate::body::{Backed, Body, Enacted, Expired, Proposed, Resolved};
use crate::governance::{ACTION_CLAIM, APPROVE, Action, CONSENT, governance_policy};
use crate::outcome::{self, Place};
use crate::refusal::Refusal;
use crate::state::{Kernel, Proposal, Touched, opening_use_key};
use crate::trust::cosigner_key;
use lockstep_attest::{Attestation, Signed, Statement, StepVerdict};
use lockstep_ledger::Entry;
use lockstep_types::limits::BODY_BYTES_MAX;
use lockstep_types::{CaseId, LeafHash, Lei, Time, canonical};
use std::collections::BTreeSet;

/// Longest time in which a governance case can be agreed to: 30 days.
const DEADLINE_MS_MAX: u64 = 30 * 24 * 3_600_000;
/// Most governance cases that wait for agreement or notice.
const PROPOSALS_MAX: usize = 64;
/// Longest action, in bytes of canonical JSON: its record has to hold it, and a little more.
const ACTION_BYTES_MAX: usize = BODY_BYTES_MAX - 4_096;

impl Kernel {
    pub(super) fn decide_proposal(
        &self,
        action: &Action,
        signed: &Signed,
        desk: &mut Desk<'_>,
    ) -> Result<(), Refusal> {
        let now = desk.scribe.now();
        self.check_envelope(signed, now)?;
        let refused = |what: String| Refusal::ActionForm { what };
        let Statement::Opening(opening) = signed.statement() else {
            return Err(refused("a proposal is signed as an opening".to_owned()));
        };
        if opening.policy != governance_policy() {
            return Err(Refusal::PolicyUnknown { policy: opening.policy });
        }
        self.check_administrator(&opening.party, signed)?;
        if let Some(case) = self.user_of(&opening_use_key(&signed.digest()), desk.view) {
            return Err(Refusal::OpenedBefore { case });
        }
        let latest = now.saturating_add_ms(DEADLINE_MS_MAX);
        if opening.deadline <= now || opening.deadline > latest {
            return Err(Refusal::Deadline { deadline: opening.deadline, now, latest });
        }
        let claimed = match signed.submission().openings.as_slice() {
            [Some(claim)] if claim.name == ACTION_CLAIM => claim.value.clone(),
            _ => {
                return Err(refused(format!(
                    "one claim `{ACTION_CLAIM}` is expected, its value the action's digest"
                )));
            }
        };
        if claimed != action.digest().to_string() {
            return Err(refused(format!(
                "the envelope names action `{claimed}`, found `{}`",
                action.digest()
            )));
        }
        if self.proposals.len() >= PROPOSALS_MAX {
            return Err(refused(format!("{PROPOSALS_MAX} governance cases wait already")));
        }
        check_size(action).map_err(refused)?;
        self.check_action(action, desk.view).map_err(refused)?;
        let loosens = self.loosens(action);
        let head = desk.write(&Body::Proposed(Proposed {
            action: action.clone(),
            attestation: signed.digest(),
            deadline: opening.deadline,
            envelope: signed.envelope_digest(),
            loosens,
            party: opening.party,
        }));
        let proposal = Proposal {
            action: action.clone(),
            deadline: opening.deadline,
            loosens,
            approvals: BTreeSet::from([opening.party]),
            consents: BTreeSet::new(),
            effective: None,
            touched: Touched { count: 1, head },
        };
        self.write_resolution(&CaseId(head.0), &proposal, head, desk);
        Ok(())
    }

    /// An administrator's approval, or the consent of a co-signer's institution.
    pub(super) fn decide_agreement(
        &self,
        attestation: &Attestation,
        signed: &Signed,
        desk: &mut Desk<'_>,
    ) -> Result<(), Refusal> {
        let now = desk.scribe.now();
        let case = attestation.case;
        let Some(proposal) = self.proposals.get(&case) else { return Err(Refusal::CaseUnknown { case }) };
        let approves = attestation.step.as_str() == APPROVE;
        if approves {
            self.check_administrator(&attestation.party, signed)?;
        } else if attestation.step.as_str() == CONSENT {
            self.check_cosigner(&attestation.party, signed)?;
        } else {
            return Err(Refusal::StepUnknown { step: attestation.step.clone() });
        }
        if now > proposal.deadline {
            return Err(Refusal::CaseLate { deadline: proposal.deadline, now });
        }
        let before = if approves { &proposal.approvals } else { &proposal.consents };
        if before.contains(&attestation.party) {
            return Err(Refusal::AgreedBefore { party: attestation.party });
        }
        // The proposal is named, so that nobody agrees to one thing and is counted for another.
        let plain = attestation.claims.is_empty() && attestation.evidence.is_empty();
        let named = attestation.prev == [LeafHash(case.0)];
        if attestation.verdict != StepVerdict::Done || !plain || !named {
            return Err(Refusal::Prev { step: attestation.step.clone() });
        }
        let (envelope, party, prev) = (signed.envelope_digest(), attestation.party, proposal.touched.head);
        let backed = Backed { case, envelope, party, prev };
        let mut agreed = proposal.clone();
        let body = if approves {
            agreed.approvals.insert(party);
            Body::Approved(backed)
        } else {
            agreed.consents.insert(party);
            Body::Consented(backed)
        };
        let head = desk.write(&body);
        self.write_resolution(&case, &agreed, head, desk);
        Ok(())
    }

    /// Once enough have agreed: when it takes effect; and, without a notice, that it has.
    fn write_resolution(&self, case: &CaseId, proposal: &Proposal, prev: LeafHash, desk: &mut Desk<'_>) {
        if proposal.effective.is_some() || !self.agreed(proposal) {
            return;
        }
        let now = desk.scribe.now();
        let notice_ms = self.genesis.as_ref().map_or(0, |genesis| genesis.notice_ms);
        let effective = if proposal.loosens { now.saturating_add_ms(notice_ms) } else { now };
        let prev = desk.write(&Body::Resolved(Resolved { case: *case, effective, prev }));
        if effective <= now {
            self.write_enactment(case, proposal, prev, desk);
        }
    }

    /// The action takes effect, if it still can be carried out; what is done by a Gate leaves its outcome.
    pub(super) fn write_enactment(
        &self,
        case: &CaseId,
        proposal: &Proposal,
        prev: LeafHash,
        desk: &mut Desk<'_>,
    ) {
        let body = match self.check_effect(&proposal.action, desk.view) {
            Ok(()) => Body::Enacted(Enacted { action: proposal.action.digest(), case: *case, prev }),
            Err(_) => Body::Expired(Expired { case: *case, prev }),
        };
        let (now, prev) = (desk.scribe.now(), desk.write(&body));
        // INVARIANT: what was checked just now has a form.
        let formed = match (&body, &proposal.action) {
            (Body::Enacted(_), Action::Gate(change)) => self.form_gate_change(change, now),
            (Body::Enacted(_), Action::ReplaceGate(change)) => self.form_replacement(change, now),
            _ => None,
        };
        if let Some(formed) = formed {
            let (policy, ordinal) = (governance_policy(), 0);
            let place = Place { ledger: self.ledger, case: *case, prev, policy, ordinal };
            desk.scribe.push(Entry::outcome(outcome::encode(&place, &formed)));
        }
    }

    /// Notices that have run out, and governance cases that nobody agreed to in time.
    ///
    /// INVARIANT: one action a tick takes effect, so that each is checked against what the one before has
    /// changed.
    pub(super) fn write_due_proposals(&self, now: Time, desk: &mut Desk<'_>) {
        let due = self.proposals.iter().filter_map(|(case, p)| Some((p.effective?, case, p)));
        let first = due
            .filter(|(effective, ..)| *effective <= now)
            .min_by_key(|(effective, case, _)| (*effective, *case));
        if let Some((_, case, proposal)) = first {
            self.write_enactment(case, proposal, proposal.touched.head, desk);
        }
        for (case, proposal) in &self.proposals {
            if proposal.effective.is_none() && proposal.deadline < now {
                desk.write(&Body::Expired(Expired { case: *case, prev: proposal.touched.head }));
            }
        }
    }

    fn check_administrator(&self, party: &Lei, signed: &Signed) -> Result<(), Refusal> {
        let refused = Refusal::NotGovernor { party: *party, what: "administer this ledger" };
        let Some(genesis) = self.genesis.as_ref() else { return Err(refused) };
        let Some(found) = genesis.administrators.iter().find(|admin| admin.lei == *party) else {
            return Err(refused);
        };
        let own = |key| found.keys.iter().any(|k| k.key.id() == key);
        if signed.signers().iter().all(|key| own(*key)) { Ok(()) } else { Err(refused) }
    }

    /// Consent is given with the key that signs checkpoints: it is the one the ledger knows for the
    /// institution.
    fn check_cosigner(&self, party: &Lei, signed: &Signed) -> Result<(), Refusal> {
        let refused = Refusal::NotGovernor { party: *party, what: "consent as a co-signer" };
        let Some(committee) = self.committee.as_ref() else { return Err(refused) };
        let Some(member) = committee.members().iter().find(|member| member.lei == *party) else {
            return Err(refused);
        };
        match cosigner_key(&member.address) {
            Some(key) if signed.signers() == [key.id()] => Ok(()),
            _ => Err(refused),
        }
    }
}

fn check_size(action: &Action) -> Result<(), String> {
    match canonical::to_vec(action) {
        Ok(json) if json.len() <= ACTION_BYTES_MAX => Ok(()),
        Ok(json) => Err(format!("{} bytes of JSON, at most {ACTION_BYTES_MAX} are recorded", json.len())),
        Err(error) => Err(error.to_string()),
    }
}
