//! Taking a step: the heart of the kernel. May this party take this step of this case now?
//!
//! Up to [`Kernel::standing`] the sender may be anybody, and a refusal leaves nothing behind. From there on
//! the sender is entitled to the step, and a refused attempt is put on record.

use super::unlock::{form_returning, given};
use super::{Desk, check_open};
use crate::body::{Attempted, Attested, Balance, Body, Credit, HoldTaken};
use crate::headroom::{Account, Asked};
use crate::outcome::{self, Formed};
use crate::refusal::Refusal;
use crate::state::{Case, Kernel, Phase, Taken};
use crate::trust::Standing;
use crate::values::{Texts, Values, claim_texts, claim_values, declared, param_values, stated};
use lockstep_attest::{Attestation, Signed, StepVerdict};
use lockstep_ledger::View;
use lockstep_policy::{ClaimValue, GuardInput, GuardVerdict, Layout, Policy, Role, Step};
use lockstep_types::limits::REFUSALS_PER_PARTY_MAX;
use lockstep_types::{CaseId, LeafHash, Name, Time, UseKey, canonical, sha256_parts};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// One attestation beside the case it is for.
struct Attempt<'a> {
    attestation: &'a Attestation,
    signed: &'a Signed,
    case: &'a Case,
    policy: &'a Policy,
    step: &'a Step,
    role: &'a Role,
    standing: Standing,
    now: Time,
}

impl Attempt<'_> {
    fn attested(&self) -> Attested {
        attested((self.attestation, self.signed), &self.standing, self.case.touched.head)
    }
}

impl Kernel {
    pub(super) fn decide_step(
        &self,
        attestation: &Attestation,
        signed: &Signed,
        desk: &mut Desk<'_>,
    ) -> Result<(), Refusal> {
        let now = desk.scribe.now();
        let case = match self.find_case(&attestation.case, desk.view) {
            Ok(case) if !case.phase.is_closed() => case,
            found => match self.late_case(&attestation.case, desk.view) {
                Some(late) => return self.decide_late(&late, attestation, signed, desk),
                None => found?,
            },
        };
        let adopted =
            self.policies.get(&case.policy).ok_or(Refusal::PolicyUnknown { policy: case.policy })?;
        let layout = adopted.policy.layout();
        let step = declared(layout.step(attestation.step.as_str()), &attestation.step)?;
        let role = declared(layout.role(step.by.as_str()), &step.by)?;
        let standing = self.standing(role, signed, now)?;
        if case.phase != Phase::Open {
            return check_open(&attestation.case, case, now);
        }
        let policy = &adopted.policy;
        let attempt = Attempt { attestation, signed, case, policy, step, role, standing, now };
        let checked =
            self.check_step(&attempt, desk.view).and_then(|body| Ok((unlocked(&attempt, &body)?, body)));
        match checked {
            Ok((formed, body)) => {
                let prev = desk.write(&Body::Attested(body));
                desk.write_decision(self.place(attestation.case, case, prev), &formed);
                Ok(())
            }
            Err(refusal) => {
                write_attempt(&attempt, &refusal, desk);
                Err(refusal)
            }
        }
    }

    /// Every rule that a step must keep, in the order of [`Refusal`].
    fn check_step(&self, attempt: &Attempt<'_>, view: &dyn View) -> Result<Attested, Refusal> {
        let Attempt { attestation, case, step, now, .. } = attempt;
        check_open(&attestation.case, case, *now)?;
        if case.rules.suspension_refuses(attestation.verdict)
            && let Some(suspect) = self.suspect(case)
        {
            return Err(suspect);
        }
        attempt.standing.check_persons(attempt.role)?;
        if case.steps.contains_key(&step.name) {
            return Err(Refusal::StepTaken { step: step.name.clone() });
        }
        if case.taken_back.contains(&attempt.signed.digest()) {
            return Err(Refusal::TakenBack { step: step.name.clone() });
        }
        check_distinct(attempt)?;
        check_order(attempt)?;
        if let Some(within_ms) = step.within_ms {
            let by = case.opened.saturating_add_ms(within_ms);
            if *now > by {
                return Err(Refusal::StepLate { step: step.name.clone(), by, now: *now });
            }
        }
        match attestation.verdict {
            StepVerdict::Done => self.check_done(attempt, view),
            StepVerdict::Refused => Ok(attempt.attested()),
        }
    }

    /// What a step that is done states: claims, evidence, freshness, guards, single use, headroom.
    fn check_done(&self, attempt: &Attempt<'_>, view: &dyn View) -> Result<Attested, Refusal> {
        let Attempt { attestation, signed, step, .. } = attempt;
        self.check_open_claims(&signed.submission().openings)?;
        let (texts, claims) = stated(&step.name, &step.claims, &signed.submission().openings)?;
        check_booked(attempt, &claims)?;
        check_evidence(step, attestation)?;
        let earlier = earlier_values(attempt);
        check_fresh(attempt, &claims, &earlier)?;
        self.check_guards(attempt, &claims, &earlier)?;
        let mut body = attempt.attested();
        body.use_key = use_key((attempt.policy.layout(), step), &texts)?;
        if let Some(key) = &body.use_key {
            self.check_single_use((attestation.case, step), key, view)?;
        }
        body.balance = stated_balance(attempt, &claims)?;
        body.credit = stated_credit(attempt, &claims)?;
        body.payout = stated_payout(attempt, &claims)?;
        body.hold = self.check_hold(attempt, &body)?;
        Ok(body)
    }

    fn check_guards(
        &self,
        attempt: &Attempt<'_>,
        claims: &Values,
        earlier: &BTreeMap<Name, Values>,
    ) -> Result<(), Refusal> {
        let Attempt { policy, step, role, case, attestation, .. } = attempt;
        let layout = policy.layout();
        let programme = self.programmes.get(&layout.programme);
        let list = |name: &Name| programme.and_then(|p| p.lists.get(name)).map(|(list, _)| list.into());
        // Only the role of this step: what else the party may be is no matter of this case.
        let roles = BTreeSet::from([role.name.clone()]);
        let params = param_values(layout, &case.params);
        let verdict = policy.guard(&GuardInput {
            roles: &roles,
            party: attestation.party,
            step: &step.name,
            params: &params,
            claims,
            earlier,
            list: &list,
            ledger: self.ledger,
        });
        let step = step.name.clone();
        match verdict {
            GuardVerdict::Allowed => Ok(()),
            GuardVerdict::Refused { by } => Err(Refusal::Guard { step, by: by.join(", ") }),
            GuardVerdict::Error { text } => Err(Refusal::GuardError { step, what: text }),
            GuardVerdict::Unknown { withheld } => Err(Refusal::Withheld { what: withheld.join(", ") }),
        }
    }

    pub(super) fn check_single_use(
        &self,
        (case, step): (CaseId, &Step),
        key: &UseKey,
        view: &dyn View,
    ) -> Result<(), Refusal> {
        let user = match self.recorded {
            None => self.user_of(key, view),
            Some(facts) if facts.refused == Some(crate::RefusalCode::SingleUse) => Some(case),
            Some(_) => None,
        };
        match user {
            Some(case) => Err(Refusal::SingleUse { step: step.name.clone(), case }),
            None => Ok(()),
        }
    }

    /// The amount that this step reserves, if the policy holds one here and there is headroom for it.
    fn check_hold(&self, attempt: &Attempt<'_>, body: &Attested) -> Result<Option<HoldTaken>, Refusal> {
        let layout = attempt.policy.layout();
        let Some(hold) = layout.holds.iter().find(|hold| hold.at == attempt.step.name) else {
            return Ok(None);
        };
        let params = param_values(layout, &attempt.case.params);
        let Some(ClaimValue::Money(asked)) = params.get(&hold.amount).cloned().flatten() else {
            return Err(Refusal::Withheld { what: format!("resource.{}", hold.amount) });
        };
        let taken = HoldTaken { amount: asked.amount, domain: hold.domain.clone() };
        if let Some(facts) = self.recorded {
            return match facts.refused {
                Some(crate::RefusalCode::HeadroomShort) => {
                    Err(Refusal::HeadroomShort { headroom: 0, asked: asked.amount.minor() })
                }
                Some(crate::RefusalCode::HeadroomUnknown) => {
                    Err(Refusal::HeadroomUnknown { what: "as recorded".to_owned() })
                }
                _ => Ok(Some(taken)),
            };
        }
        let reading = layout.reading(hold.reading.as_str());
        let reading = reading.ok_or_else(|| Refusal::HeadroomUnknown { what: "no reading".to_owned() })?;
        let asked_of =
            Asked { domains: &reading.domains, reading_age_ms_max: reading.max_age_ms, now: attempt.now };
        let account = self.account_with(&layout.programme, body);
        let headroom = account.headroom(&asked_of);
        let headroom = headroom.map_err(|unknown| Refusal::HeadroomUnknown { what: unknown.to_string() })?;
        let minor = asked.amount.minor();
        if headroom < minor {
            return Err(Refusal::HeadroomShort { headroom, asked: minor });
        }
        Ok(Some(taken))
    }

    /// The programme's account with what this very step states, as it will be once the step is on record.
    fn account_with(&self, programme: &Name, body: &Attested) -> Cow<'_, Account> {
        let account = self.programmes.get(programme).map(|p| &p.account);
        let mut account = account.map_or_else(|| Cow::Owned(Account::default()), Cow::Borrowed);
        if let Some(balance) = body.balance {
            account.to_mut().state_balance(LeafHash::default(), balance);
        }
        if let Some(credit) = body.credit {
            account.to_mut().state_credit(LeafHash::default(), credit);
        }
        account
    }
}

/// The outcomes that this step unlocks: those of the decision when it is the last step; those that return
/// deposits when it is refused, which ends the case.
fn unlocked(attempt: &Attempt<'_>, body: &Attested) -> Result<Vec<Formed>, Refusal> {
    let Attempt { attestation, signed, case, policy, step, now, .. } = attempt;
    let layout = policy.layout();
    if body.refused {
        return form_returning(&given((attestation.case, case), layout), *now);
    }
    let is_last = layout.is_decided(|name: &Name| *name == step.name || case.steps.contains_key(name));
    let returned = layout.outcome_returning(step.name.as_str());
    if !is_last && returned.is_none() {
        return Ok(Vec::new());
    }
    let mut given = given((attestation.case, case), layout);
    let own = claim_texts(&step.name, &step.claims, &signed.submission().openings)?;
    given.claims.insert(step.name.clone(), &own);
    if let Some(outcome) = returned {
        // What could not be returned must not count.
        outcome::form(&given, outcome, *now)?;
    }
    if !is_last {
        return Ok(Vec::new());
    }
    layout.outcomes_decided().map(|outcome| outcome::form(&given, outcome, *now)).collect()
}

/// Puts a refused attempt on record, once an attestation and at most so many a party.
fn write_attempt(attempt: &Attempt<'_>, refusal: &Refusal, desk: &mut Desk<'_>) {
    let Attempt { attestation, signed, case, .. } = attempt;
    let digest = signed.digest();
    let before = case.attempts.get(&attestation.party);
    let full = before.is_some_and(|b| u32::try_from(b.len()).unwrap_or(u32::MAX) >= REFUSALS_PER_PARTY_MAX);
    let known = before.is_some_and(|b| b.contains(&digest));
    let standing = case.steps.get(&attestation.step).is_some_and(|taken| taken.attestation == digest);
    // A verifier that lacks a claim has nothing to put on record.
    if full || known || standing || matches!(refusal, Refusal::Withheld { .. }) {
        return;
    }
    desk.write(&Body::Attempted(Attempted {
        attestation: digest,
        case: attestation.case,
        code: refusal.code(),
        envelope: signed.envelope_digest(),
        party: attestation.party,
        prev: case.touched.head,
        step: attestation.step.clone(),
    }));
}

/// A step as it is recorded after `prev`, before what it states.
pub(super) fn attested(
    (attestation, signed): (&Attestation, &Signed),
    standing: &Standing,
    prev: LeafHash,
) -> Attested {
    Attested {
        attestation: signed.digest(),
        balance: None,
        case: attestation.case,
        credentials: standing.credentials.clone(),
        credit: None,
        envelope: signed.envelope_digest(),
        hold: None,
        party: attestation.party,
        payout: None,
        prev,
        refused: attestation.verdict == StepVerdict::Refused,
        step: attestation.step.clone(),
        use_key: None,
    }
}

/// One document for each slot of the step.
pub(super) fn check_evidence(step: &Step, attestation: &Attestation) -> Result<(), Refusal> {
    let (expected, found) = (step.evidence.len(), attestation.evidence.len());
    if found != expected {
        return Err(Refusal::EvidenceCount { step: step.name.clone(), expected, found });
    }
    Ok(())
}

/// One institution must not act in two roles that the policy keeps apart, whichever of them declares it.
fn check_distinct(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let layout = attempt.policy.layout();
    let party = attempt.attestation.party;
    let apart = |other: &Role| {
        attempt.role.distinct_from.contains(&other.name) || other.distinct_from.contains(&attempt.role.name)
    };
    let acted_as = |role: &Role| {
        let took = |(name, taken): (&Name, &Taken)| {
            taken.party == party && layout.step(name.as_str()).is_some_and(|step| step.by == role.name)
        };
        let opened = layout.opened_by == role.name && attempt.case.opener == party;
        opened || attempt.case.steps.iter().any(took)
    };
    let clash = layout.roles.iter().find(|role| apart(role) && acted_as(role));
    match clash {
        Some(other) => {
            Err(Refusal::NotDistinct { party, role: attempt.role.name.clone(), other: other.name.clone() })
        }
        None => Ok(()),
    }
}

/// Every predecessor is done, and `prev` names exactly their records, in the policy's order; a step without
/// predecessors names the opening.
fn check_order(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let Attempt { step, case, attestation, .. } = attempt;
    let mut expected = Vec::with_capacity(step.after.len());
    for before in &step.after {
        match case.steps.get(before) {
            Some(taken) => expected.push(taken.leaf),
            None => return Err(Refusal::Order { step: step.name.clone(), missing: before.clone() }),
        }
    }
    if expected.is_empty() {
        expected.push(LeafHash(attestation.case.0));
    }
    if attestation.prev != expected {
        return Err(Refusal::Prev { step: step.name.clone() });
    }
    Ok(())
}

/// The claims of earlier steps that this step's guards read or whose age counts.
fn earlier_values(attempt: &Attempt<'_>) -> BTreeMap<Name, Values> {
    let Attempt { policy, step: this, .. } = attempt;
    let ancestors = policy.layout().ancestors(this.name.as_str());
    let values = |step: &Step| {
        if step.fresh.is_none() && !policy.reads(this.name.as_str(), step.name.as_str()) {
            return None;
        }
        let taken = attempt.case.steps.get(&step.name)?;
        Some((step.name.clone(), claim_values(&step.claims, &taken.claims)))
    };
    ancestors.into_iter().filter_map(values).collect()
}

/// This step's own date, and the dates of all it builds on: what was fresh when it was stated may be stale
/// now.
fn check_fresh(
    attempt: &Attempt<'_>,
    claims: &Values,
    earlier: &BTreeMap<Name, Values>,
) -> Result<(), Refusal> {
    let layout = attempt.policy.layout();
    let before = earlier.iter().filter_map(|(name, values)| Some((layout.step(name.as_str())?, values)));
    for (step, values) in before.chain([(attempt.step, claims)]) {
        let Some(fresh) = &step.fresh else { continue };
        let Some(ClaimValue::Time(as_of)) = values.get(&fresh.claim).cloned().flatten() else {
            return Err(Refusal::Withheld { what: format!("context.step.{}.{}", step.name, fresh.claim) });
        };
        let now = attempt.now;
        if as_of > now || now.ms_since(as_of) > fresh.max_age_ms {
            let (claim, max_age_ms) = (fresh.claim.clone(), fresh.max_age_ms);
            return Err(Refusal::Stale { step: step.name.clone(), claim, as_of, max_age_ms, now });
        }
    }
    Ok(())
}

/// Money counts from when it was booked; a date that is yet to come would count it beside the balance that
/// has it.
fn check_booked(attempt: &Attempt<'_>, claims: &Values) -> Result<(), Refusal> {
    let Some(claim) = &attempt.step.booked else { return Ok(()) };
    match claims.get(claim) {
        Some(Some(ClaimValue::Time(booked))) if *booked > attempt.now => {
            let what = format!("`{booked}` is later than ledger time {}", attempt.now);
            Err(Refusal::ClaimForm { claim: claim.clone(), what })
        }
        _ => Ok(()),
    }
}

/// SHA-256 over programme, act and claim texts: the same act has the same key in every policy of the
/// programme.
impl Kernel {
    /// The case that has used the act which these claims of a step name; nothing when none has, or when the
    /// step uses none.
    ///
    /// # Errors
    /// [`Refusal::Withheld`]: a claim that names the act is not there.
    pub fn case_of_act(
        &self,
        place: (&Layout, &Step),
        texts: &BTreeMap<Name, String>,
        view: &dyn View,
    ) -> Result<Option<CaseId>, Refusal> {
        let texts: Texts = texts.iter().map(|(name, text)| (name.clone(), Some(text.clone()))).collect();
        let key = use_key(place, &texts)?;
        Ok(key.and_then(|key| self.user_of(&key, view)))
    }
}

pub(super) fn use_key((layout, step): (&Layout, &Step), texts: &Texts) -> Result<Option<UseKey>, Refusal> {
    let Some(single_use) = &step.single_use else { return Ok(None) };
    let mut parts = vec![layout.programme.to_string(), single_use.use_as.to_string()];
    for claim in &single_use.claims {
        match texts.get(claim).cloned().flatten() {
            Some(text) => parts.push(text),
            None => return Err(Refusal::Withheld { what: format!("context.claim.{claim}") }),
        }
    }
    let json = canonical::to_vec(&parts).unwrap_or_default();
    Ok(Some(UseKey(sha256_parts(&[b"lockstep/use/1", &json]))))
}

fn stated_balance(attempt: &Attempt<'_>, claims: &Values) -> Result<Option<Balance>, Refusal> {
    let layout = attempt.policy.layout();
    let Some(hold) = layout.holds.iter().find(|hold| hold.reserve.step == attempt.step.name) else {
        return Ok(None);
    };
    let dated = attempt.step.fresh.as_ref().map(|fresh| &fresh.claim);
    money_and_time(claims, &hold.reserve.claim, dated).map(|(amount, as_of)| Some(Balance { amount, as_of }))
}

fn stated_credit(attempt: &Attempt<'_>, claims: &Values) -> Result<Option<Credit>, Refusal> {
    let layout = attempt.policy.layout();
    let mut credits = layout.holds.iter().flat_map(|hold| &hold.credits);
    let Some(credit) = credits.find(|credit| credit.step == attempt.step.name) else { return Ok(None) };
    money_and_time(claims, &credit.claim, attempt.step.booked.as_ref())
        .map(|(amount, booked)| Some(Credit { amount, booked }))
}

fn stated_payout(attempt: &Attempt<'_>, claims: &Values) -> Result<Option<Credit>, Refusal> {
    let Some(pays) = &attempt.step.pays else { return Ok(None) };
    money_and_time(claims, pays, attempt.step.booked.as_ref())
        .map(|(amount, booked)| Some(Credit { amount, booked }))
}

fn money_and_time(
    claims: &Values,
    money: &Name,
    time: Option<&Name>,
) -> Result<(lockstep_types::Amount, Time), Refusal> {
    let value = |name: &Name| claims.get(name).cloned().flatten();
    match (value(money), time.and_then(value)) {
        (Some(ClaimValue::Money(money)), Some(ClaimValue::Time(time))) => Ok((money.amount, time)),
        _ => Err(Refusal::Withheld { what: format!("context.claim.{money}") }),
    }
}
