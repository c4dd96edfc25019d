//! `apply`: what has happened. Nothing here refuses; a late fact still counts.

use crate::body::{
    Attempted, Attested, Backed, Body, Credentialed, Credit, Decided, Enacted, Expired, Genesis, Opened,
    Proposed, Read, Resolved, Revoked, Settled, Withdrawn,
};
use crate::entry::{Entity, use_from_bytes};
use crate::governance::{APPROVE, CONSENT};
use crate::headroom::{Redemption, SupplyAt};
use crate::outcome;
use crate::rules::Rules;
use crate::state::{
    Case, Held, Kernel, PendingReading, Phase, Proposal, Taken, Touched, Use, case_mut, opening_use_key,
};
use lockstep_attest::CredentialKey;
use lockstep_ledger::{Committee, CorruptBody, Record, Tag, View};
use lockstep_policy::Layout;
use lockstep_types::{CaseId, CredentialDigest, LeafHash, LedgerId, Lei, Name, Time, UseKey};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Readings of one programme that wait for more observers; the oldest makes room.
const PENDING_READINGS_MAX: usize = 32;

/// Where a record stands: its name in the log and its time.
#[derive(Clone, Copy)]
struct At<'a> {
    leaf: LeafHash,
    time: Time,
    view: &'a dyn View,
}

impl Kernel {
    /// Applies one record.
    pub(crate) fn apply_record(&mut self, view: &dyn View, record: &Record) -> Result<(), CorruptBody> {
        let at = At { leaf: record.leaf_hash(), time: record.leaf().time, view };
        match record.tag() {
            Tag::Outcome => self.apply_outcome(record, at),
            Tag::Record => {
                let body = Body::from_slice(record.body());
                let body = body.map_err(|error| CorruptBody { what: error.to_string() })?;
                self.apply_body(body, at);
                Ok(())
            }
        }
    }

    fn apply_body(&mut self, body: Body, at: At<'_>) {
        match body {
            Body::Attested(body) => self.apply_attested(body, at),
            Body::Attempted(body) => self.apply_attempted(&body, at),
            Body::Opened(body) => self.apply_opened(body, at),
            Body::Decided(body) => self.apply_decided(body, at),
            Body::Withdrawn(body) => self.apply_withdrawn(&body, at),
            Body::Expired(body) => self.apply_expired(&body, at),
            Body::Read(body) => self.apply_read(&body, at),
            Body::Settled(body) => self.apply_settled(&body, at),
            Body::Credentialed(body) => self.apply_credentialed(body, at),
            Body::Revoked(body) => self.apply_revoked(&body, at),
            Body::Proposed(body) => self.apply_proposed(body, at),
            Body::Approved(body) => self.apply_agreed(&body, APPROVE, at),
            Body::Consented(body) => self.apply_agreed(&body, CONSENT, at),
            Body::Resolved(body) => self.apply_resolved(&body, at),
            Body::Enacted(body) => self.apply_enacted(&body, at),
            Body::Genesis(body) => self.apply_genesis(*body, at),
            Body::Seal(_) => self.hand_over(),
        }
    }

    /// What has ended is in the map now, which answers for it from here on.
    fn hand_over(&mut self) {
        self.cases.retain(|_, case| !case.phase.is_closed());
        self.ended_proposals.clear();
        self.uses.clear();
    }

    fn apply_genesis(&mut self, genesis: Genesis, at: At<'_>) {
        self.ledger = LedgerId(at.leaf.0);
        if let Ok(committee) = Committee::new(0, genesis.cosigners.clone(), genesis.cosigner_threshold) {
            self.register_cosigners(&committee);
            self.committee = Some(committee);
        }
        self.committee_touched.touch(at.leaf);
        self.dirty.insert(Entity::Committee);
        for administrator in &genesis.administrators {
            self.register_all(&administrator.keys, administrator.lei);
        }
        // INVARIANT: a genesis of rules that are not known was never decided here.
        self.rules = Rules::of(genesis.rules).unwrap_or_default();
        self.genesis = Some(genesis);
    }

    fn register_all(&mut self, keys: &[CredentialKey], owner: Lei) {
        for key in keys {
            self.register(key, owner);
        }
    }

    fn apply_opened(&mut self, body: Opened, at: At<'_>) {
        let id = CaseId(at.leaf.0);
        let layout = self.policies.get(&body.policy).map(|adopted| adopted.policy.layout());
        let params = layout.into_iter().flat_map(|layout| &layout.params);
        let case = Case {
            policy: body.policy,
            rules: self.rules,
            phase: Phase::Open,
            opener: body.party,
            opener_credentials: body.credentials,
            opened: at.time,
            deadline: body.deadline,
            params: params.map(|param| (param.name.clone(), None)).collect(),
            steps: BTreeMap::new(),
            committed: false,
            taken_back: BTreeSet::new(),
            attempts: BTreeMap::new(),
            ordinal: 0,
            ends_as: Phase::Settled,
            pending: BTreeMap::new(),
            shown: BTreeMap::new(),
            touched: Touched { count: 1, head: at.leaf },
        };
        self.deadlines.insert((case.deadline, id));
        self.cases.insert(id, Arc::new(case));
        self.dirty.insert(Entity::Case(id));
        self.set_use(opening_use_key(&body.attestation), Some(id), at);
    }

    fn apply_attested(&mut self, body: Attested, at: At<'_>) {
        if let Some(late) = self.late_case(&body.case, at.view) {
            self.cases.insert(body.case, Arc::new(late.reopened(body.party, at.time)));
        }
        let Some((policy, programme)) = self.case_place(&body.case) else { return };
        let layout = self.policies.get(&policy).map(|adopted| adopted.policy.layout());
        let step = layout.and_then(|layout| layout.step(body.step.as_str()));
        let commits = step.is_some_and(|step| step.commits);
        let claims =
            step.into_iter().flat_map(|step| &step.claims).map(|claim| (claim.name.clone(), None)).collect();
        let Some(case) = case_mut(&mut self.cases, &body.case) else { return };
        case.touched.touch(at.leaf);
        self.dirty.insert(Entity::Case(body.case));
        if body.refused {
            self.end_case(&body.case, Phase::Refused, at);
            return;
        }
        let hold = body.hold.as_ref().map(|hold| hold.domain.clone());
        let taken = Taken {
            leaf: at.leaf,
            attestation: body.attestation,
            party: body.party,
            credentials: body.credentials,
            at: at.time,
            claims,
            use_key: body.use_key,
            hold,
            payout: body.payout,
        };
        let ordinal = case.ordinal;
        case.steps.insert(body.step, taken);
        if commits {
            case.committed = true;
            self.deadlines.remove(&(case.deadline, body.case));
        }
        if let Some(key) = body.use_key {
            self.set_use(key, Some(body.case), at);
        }
        if body.balance.is_none() && body.credit.is_none() && body.hold.is_none() {
            return;
        }
        let place = self.programmes.entry(programme.clone()).or_default();
        if let Some(balance) = body.balance {
            place.account.state_balance(at.leaf, balance);
        }
        if let Some(credit) = body.credit {
            place.account.state_credit(at.leaf, credit);
        }
        if let Some(hold) = body.hold {
            place.account.hold((body.case, ordinal, hold.domain), hold.amount);
        }
        self.touch_account(&programme, at);
    }

    fn apply_attempted(&mut self, body: &Attempted, at: At<'_>) {
        if let Some(case) = case_mut(&mut self.cases, &body.case) {
            case.touched.touch(at.leaf);
            case.attempts.entry(body.party).or_default().insert(body.attestation);
            self.dirty.insert(Entity::Case(body.case));
        }
    }

    fn apply_decided(&mut self, body: Decided, at: At<'_>) {
        let Some(case) = case_mut(&mut self.cases, &body.case) else { return };
        case.touched.touch(at.leaf);
        // What returns a deposit follows the end of a case, which stays its end.
        case.ends_as = if case.phase == Phase::Open { Phase::Settled } else { case.phase };
        case.phase = Phase::Decided;
        case.ordinal = body.ordinal.saturating_add(1);
        case.shown.clear();
        case.pending = body.outcomes.into_iter().map(|due| (due.domain, due.not_after)).collect();
        self.deadlines.remove(&(case.deadline, body.case));
        self.dirty.insert(Entity::Case(body.case));
    }

    fn apply_outcome(&mut self, record: &Record, at: At<'_>) -> Result<(), CorruptBody> {
        let outcome = outcome::decode(record.body()).map_err(|what| CorruptBody { what })?;
        let id = CaseId(outcome.caseId.0);
        let case = case_mut(&mut self.cases, &id).map(|case| &mut case.touched);
        let governed = self.ended_proposals.get_mut(&id).map(|(_, touched)| touched);
        if let Some(touched) = case.or(governed) {
            touched.touch(at.leaf);
            self.dirty.insert(Entity::Case(id));
        }
        Ok(())
    }

    fn apply_withdrawn(&mut self, body: &Withdrawn, at: At<'_>) {
        if let Some(case) = case_mut(&mut self.cases, &body.case) {
            case.touched.touch(at.leaf);
            self.dirty.insert(Entity::Case(body.case));
            self.fell_steps(&body.case, &body.fallen, at);
        }
    }

    /// Steps that no longer stand give back what they claimed, and their attestations are spent: nobody can
    /// bring a step back by handing in the old word again.
    fn fell_steps(&mut self, id: &CaseId, steps: &[Name], at: At<'_>) {
        let Some((_, programme)) = self.case_place(id) else { return };
        let Some(case) = case_mut(&mut self.cases, id) else { return };
        let ordinal = case.ordinal;
        let fallen: Vec<Taken> = steps.iter().filter_map(|step| case.steps.remove(step)).collect();
        let layout = self.policies.get(&case.policy).map(|adopted| adopted.policy.layout());
        let commits = |step: &Name| layout.and_then(|l| l.step(step.as_str())).is_some_and(|s| s.commits);
        if case.committed && !case.steps.keys().any(commits) {
            case.committed = false;
            self.deadlines.insert((case.deadline, *id));
        }
        case.taken_back.extend(fallen.iter().map(|taken| taken.attestation));
        for taken in &fallen {
            let place = self.programmes.get_mut(&programme);
            if place.is_some_and(|place| place.account.forget_balance(&taken.leaf)) {
                self.touch_account(&programme, at);
            }
            self.release(id, ordinal, taken, at);
        }
    }

    /// Gives back single-use act, credit and hold of a step whose case has no outcome for them. A balance
    /// stays: it was true whatever became of the case.
    fn release(&mut self, id: &CaseId, ordinal: u32, taken: &Taken, at: At<'_>) {
        let Some((_, programme)) = self.case_place(id) else { return };
        if let Some(key) = taken.use_key {
            self.set_use(key, None, at);
        }
        let Some(place) = self.programmes.get_mut(&programme) else { return };
        let credit = place.account.forget_credit(&taken.leaf);
        let hold = taken.hold.clone().map(|domain| (*id, ordinal, domain));
        let hold = hold.is_some_and(|hold| place.account.return_hold(&hold));
        if credit || hold {
            self.touch_account(&programme, at);
        }
    }

    fn apply_expired(&mut self, body: &Expired, at: At<'_>) {
        if let Some(mut proposal) = self.proposals.remove(&body.case) {
            proposal.touched.touch(at.leaf);
            self.ended_proposals.insert(body.case, (Phase::Expired.as_str(), proposal.touched));
            self.dirty.insert(Entity::Case(body.case));
        } else if let Some(case) = case_mut(&mut self.cases, &body.case) {
            case.touched.touch(at.leaf);
            self.end_case(&body.case, Phase::Expired, at);
        }
    }

    /// A case that ends without an outcome gives everything back, but for the deposits that it returns: each
    /// is returned once.
    fn end_case(&mut self, id: &CaseId, phase: Phase, at: At<'_>) {
        self.dirty.insert(Entity::Case(*id));
        let Some(case) = case_mut(&mut self.cases, id) else { return };
        case.phase = phase;
        let (deadline, ordinal) = (case.deadline, case.ordinal);
        let layout = self.policies.get(&case.policy).map(|adopted| adopted.policy.layout());
        let returned = |step: &Name| layout.is_some_and(|l| l.outcome_returning(step.as_str()).is_some());
        let kept = case.steps.iter().filter(|(step, _)| !returned(step));
        let steps: Vec<Taken> = kept.map(|(_, taken)| taken.clone()).collect();
        self.deadlines.remove(&(deadline, *id));
        for taken in &steps {
            self.release(id, ordinal, taken, at);
        }
    }

    fn apply_read(&mut self, body: &Read, at: At<'_>) {
        let place = self.programmes.entry(body.programme.clone()).or_default();
        place.observed.entry(body.party).or_default().insert(body.domain.clone(), body.issued);
        let found = place.readings.iter().position(|pending| pending.content == body.content);
        let fresh = || PendingReading { content: body.content, parties: BTreeMap::new() };
        let mut pending = found.map_or_else(fresh, |index| place.readings.remove(index));
        pending.parties.insert(body.party, body.issued);
        if body.quorum_reached {
            let (block_time, next_block_time) = (body.block_time, body.next_block_time);
            let read = pending.parties.values().copied().min().unwrap_or(body.issued);
            let reading = SupplyAt { block_time, next_block_time, read, supply: body.supply };
            place.account.read_supply(&body.domain, reading);
            // A reading of an earlier block may be newer: the last pause is the one that lasts longest.
            if let Some(until) = body.paused_until {
                let last = place.pauses.entry(body.domain.clone()).or_default();
                *last = until.max(*last);
            }
        } else {
            place.readings.push(pending);
            let excess = place.readings.len().saturating_sub(PENDING_READINGS_MAX);
            place.readings.drain(..excess);
        }
        self.touch_account(&body.programme, at);
    }

    fn apply_settled(&mut self, body: &Settled, at: At<'_>) {
        let Some((_, programme)) = self.case_place(&body.case) else { return };
        let Some(case) = case_mut(&mut self.cases, &body.case) else { return };
        case.touched.touch(at.leaf);
        case.pending.remove(&body.domain);
        case.shown.insert(body.domain.clone(), body.consumed.is_some());
        let all_shown = case.pending.is_empty();
        let ends_as = case.ends_as;
        let payouts: Vec<(LeafHash, Credit)> =
            case.steps.values().filter_map(|taken| Some((taken.leaf, taken.payout?))).collect();
        let executed = (case.shown.values().any(|yes| *yes), case.shown.values().all(|yes| *yes));
        self.dirty.insert(Entity::Case(body.case));
        let hold = (body.case, body.ordinal, body.domain.clone());
        if let Some(place) = self.programmes.get_mut(&programme)
            && place.account.hold_of(&hold).is_some()
        {
            match body.consumed {
                Some(executed) => place.account.execute_hold(&hold, executed),
                None => drop(place.account.return_hold(&hold)),
            }
            self.touch_account(&programme, at);
        }
        if let Some(burned) = body.consumed {
            self.redeem(&programme, &payouts, (burned, at));
        }
        // The phase follows once every domain has shown what became of its outcome.
        match executed {
            _ if !all_shown => {}
            (_, true) => self.close(&body.case, ends_as),
            (false, _) => self.lapse(&body.case, at),
            // Deciding again would execute the one outcome twice.
            (true, false) => self.close(&body.case, Phase::Lapsed),
        }
    }

    /// Tokens were burned for what was paid out. A payout booked before the burn is in every balance that a
    /// supply without those tokens is held against.
    fn redeem(&mut self, programme: &Name, payouts: &[(LeafHash, Credit)], (burned, at): (Time, At<'_>)) {
        for (by, payout) in payouts.iter().filter(|(_, payout)| payout.booked > burned) {
            let (booked, burned) = (Some(payout.booked), Some(burned));
            let place = self.programmes.entry(programme.clone()).or_default();
            place.account.redeem(*by, Redemption { amount: payout.amount, burned, booked });
            self.touch_account(programme, at);
        }
    }

    /// A case that had an outcome keeps what it used.
    fn close(&mut self, id: &CaseId, phase: Phase) {
        if let Some(case) = case_mut(&mut self.cases, id) {
            case.phase = phase;
        }
    }

    /// No outcome will ever be executed: the case may be decided again under the next ordinal. Every step
    /// that an outcome waits for directly is to be taken anew, with all that builds on it, so that nothing is
    /// decided twice on one word; the single-use acts of the steps that stand stay with the case.
    fn lapse(&mut self, id: &CaseId, at: At<'_>) {
        let Some(case) = case_mut(&mut self.cases, id) else { return };
        let deadline = case.deadline;
        if at.time > deadline && !case.committed {
            self.end_case(id, Phase::Lapsed, at);
            return;
        }
        case.phase = Phase::Open;
        let policy = case.policy;
        let again = self.policies.get(&policy).map(|adopted| decided_on(adopted.policy.layout()));
        if !case.committed {
            self.deadlines.insert((deadline, *id));
        }
        self.fell_steps(id, &again.unwrap_or_default(), at);
    }

    fn apply_credentialed(&mut self, body: Credentialed, at: At<'_>) {
        self.register_all(&body.keys, body.subject);
        self.credentials_by_party.entry(body.subject).or_default().insert(body.credential);
        let held = Held {
            kind: body.kind,
            issuer: body.issuer,
            subject: body.subject,
            keys: body.keys,
            valid_from: body.valid_from,
            valid_until: body.valid_until,
            revoked: None,
            suspect_since: None,
            touched: Touched { count: 1, head: at.leaf },
        };
        self.credentials.insert(body.credential, held);
        self.dirty.insert(Entity::Credential(body.credential));
    }

    fn apply_revoked(&mut self, body: &Revoked, at: At<'_>) {
        let id: CredentialDigest = body.credential;
        if let Some(held) = self.credentials.get_mut(&id) {
            held.touched.touch(at.leaf);
            held.revoked = Some(at.time);
            held.suspect_since = body.suspect_since;
            self.dirty.insert(Entity::Credential(id));
        }
    }

    fn apply_proposed(&mut self, body: Proposed, at: At<'_>) {
        let id = CaseId(at.leaf.0);
        let proposal = Proposal {
            action: body.action,
            deadline: body.deadline,
            loosens: body.loosens,
            approvals: BTreeSet::from([body.party]),
            consents: BTreeSet::new(),
            effective: None,
            touched: Touched { count: 1, head: at.leaf },
        };
        self.proposals.insert(id, proposal);
        self.dirty.insert(Entity::Case(id));
        self.set_use(opening_use_key(&body.attestation), Some(id), at);
    }

    fn apply_agreed(&mut self, body: &Backed, step: &str, at: At<'_>) {
        if let Some(proposal) = self.proposals.get_mut(&body.case) {
            proposal.touched.touch(at.leaf);
            let agreed = if step == APPROVE { &mut proposal.approvals } else { &mut proposal.consents };
            agreed.insert(body.party);
            self.dirty.insert(Entity::Case(body.case));
        }
    }

    fn apply_resolved(&mut self, body: &Resolved, at: At<'_>) {
        if let Some(proposal) = self.proposals.get_mut(&body.case) {
            proposal.touched.touch(at.leaf);
            proposal.effective = Some(body.effective);
            self.dirty.insert(Entity::Case(body.case));
        }
    }

    fn apply_enacted(&mut self, body: &Enacted, at: At<'_>) {
        if let Some(mut proposal) = self.proposals.remove(&body.case) {
            proposal.touched.touch(at.leaf);
            self.carry_out(&proposal.action, at.leaf);
            self.ended_proposals.insert(body.case, ("enacted", proposal.touched));
            self.dirty.insert(Entity::Case(body.case));
        }
    }

    fn set_use(&mut self, key: UseKey, case: Option<CaseId>, at: At<'_>) {
        let sealed = || at.view.value(&Entity::Use(key).key()).as_deref().and_then(use_from_bytes);
        let before = self.uses.get(&key).copied().or_else(sealed).unwrap_or_default();
        let mut touched = before.touched;
        touched.touch(at.leaf);
        self.uses.insert(key, Use { case, touched });
        self.dirty.insert(Entity::Use(key));
    }

    fn touch_account(&mut self, programme: &Name, at: At<'_>) {
        if let Some(place) = self.programmes.get_mut(programme)
            && place.account_touched.head != at.leaf
        {
            place.account_touched.touch(at.leaf);
            self.dirty.insert(Entity::Account(programme.clone()));
        }
    }

    fn case_place(&self, id: &CaseId) -> Option<(lockstep_types::PolicyDigest, Name)> {
        let policy = self.cases.get(id)?.policy;
        Some((policy, self.policies.get(&policy)?.policy.layout().programme.clone()))
    }
}

/// The steps that are taken anew after a lapse, in the policy's order: those that an outcome waits for
/// directly, those whose holds have returned with it, and all that build on them.
fn decided_on(layout: &Layout) -> Vec<Name> {
    let holding = layout.holds.iter().map(|hold| &hold.at);
    let direct = layout.outcomes_decided().flat_map(|outcome| &outcome.after).chain(holding);
    let direct: BTreeSet<&Name> = direct.collect();
    let later = direct.iter().flat_map(|name| layout.steps_after(name.as_str()));
    let all: BTreeSet<&Name> = later.map(|step| &step.name).chain(direct.iter().copied()).collect();
    layout.steps.iter().map(|step| &step.name).filter(|name| all.contains(name)).cloned().collect()
}
