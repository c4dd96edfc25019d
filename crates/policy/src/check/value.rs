//! Steps, readings, holds and outcomes: is everything they name there, and of the right type?

use super::{Check, list};
use crate::claim::ClaimKind;
use crate::model::{Arg, ClaimRef, Hold, Outcome, Param, Step};
use lockstep_types::Name;

impl Check<'_> {
    pub(super) fn steps(&mut self) {
        let layout = self.layout;
        for param in &layout.params {
            if let Some(domain) = &param.domain {
                self.known_domain(&format!("/param/{}/domain", param.name), domain);
            }
        }
        for step in &layout.steps {
            let path = format!("/step/{}", step.name);
            self.known_role(&format!("{path}/by"), &step.by);
            for before in &step.after {
                self.known_step(&format!("{path}/after/{before}"), before);
            }
            if step.within_ms.is_some_and(|within| within > layout.lasts_ms) {
                self.fault(&format!("{path}/within"), "deadline", "the step may come after the case is over");
            }
            for claim in step.single_use.iter().flat_map(|single| &single.claims) {
                self.claim_of(&format!("{path}/single_use/{claim}"), step, claim);
            }
            if let Some(fresh) = &step.fresh {
                self.time_claim(&format!("{path}/fresh/claim"), step, &fresh.claim);
            }
            if let Some(booked) = &step.booked {
                self.time_claim(&format!("{path}/booked"), step, booked);
            }
            if let Some(pays) = &step.pays {
                self.payout(&format!("{path}/pays"), step, pays);
            }
        }
    }

    pub(super) fn claim_of(&mut self, path: &str, step: &Step, claim: &Name) -> Option<ClaimKind> {
        let kind = step.claim(claim.as_str());
        if kind.is_none() {
            let text = format!("`{claim}` is not a claim of step `{}`: {}", step.name, list(&step.claims));
            self.fault(path, "unknown-claim", text);
        }
        kind
    }

    fn time_claim(&mut self, path: &str, step: &Step, claim: &Name) {
        if let Some(kind) = self.claim_of(path, step, claim)
            && kind != ClaimKind::Time
        {
            self.fault(path, "claim-type", format!("`{claim}` is of type `{kind}`: expected `time`"));
        }
    }

    fn payout(&mut self, path: &str, step: &Step, claim: &Name) {
        if let Some(kind) = self.claim_of(path, step, claim)
            && !matches!(kind, ClaimKind::Money(_))
        {
            self.fault(path, "claim-type", format!("`{claim}` is of type `{kind}`: expected money"));
        }
        if step.booked.is_none() {
            let text = format!("step `{}` does not say by `booked` when it was paid", step.name);
            self.fault(path, "payout-without-date", text);
        }
    }

    pub(super) fn readings(&mut self) {
        let layout = self.layout;
        for reading in &layout.readings {
            let path = format!("/reading/{}", reading.name);
            self.known_role(&format!("{path}/by"), &reading.by);
            for domain in &reading.domains {
                self.known_domain(&format!("{path}/domains/{domain}"), domain);
            }
            if reading.domains.is_empty() {
                self.fault(&path, "reading-domains", "a reading of no domain says nothing");
            }
            if !layout.holds.iter().any(|hold| hold.reading == reading.name) {
                let text = format!("no hold rests on reading `{}`", reading.name);
                self.fault(&path, "unused-reading", text);
            }
        }
    }

    pub(super) fn holds(&mut self) {
        let layout = self.layout;
        self.one_account();
        for hold in &layout.holds {
            let path = format!("/hold/{}", hold.name);
            self.known_domain(&format!("{path}/domain"), &hold.domain);
            self.hold_reading(&path, hold);
            self.known_param(&format!("{path}/amount"), &hold.amount);
            let amount = layout.param(hold.amount.as_str());
            if let Some(param) = amount {
                self.hold_amount(&path, hold, param);
            }
            if !self.known_step(&format!("{path}/at"), &hold.at) {
                continue;
            }
            let place = format!("{path}/against");
            let kind = amount.map(|param| param.kind);
            self.term(&place, hold, &hold.reserve, kind);
            self.marked(&place, &hold.reserve, "fresh", |step| step.fresh.is_some());
            for (index, credit) in hold.credits.iter().enumerate() {
                self.term(&place, hold, credit, kind);
                self.marked(&place, credit, "booked", |step| step.booked.is_some());
                if hold.credits.iter().take(index).any(|earlier| earlier == credit) || *credit == hold.reserve
                {
                    let text = format!("`{}.{}` is counted twice", credit.step, credit.claim);
                    self.fault(&place, "duplicate", text);
                }
            }
        }
    }

    /// A programme has one account: what its holds rest on must be the same, and a step takes one hold.
    fn one_account(&mut self) {
        let layout = self.layout;
        let Some(first) = layout.holds.first() else { return };
        for (index, hold) in layout.holds.iter().enumerate().skip(1) {
            let path = format!("/hold/{}", hold.name);
            if layout.holds.iter().take(index).any(|other| other.at == hold.at) {
                let text = format!("step `{}` takes another hold already", hold.at);
                self.fault(&format!("{path}/at"), "duplicate", text);
            }
            if (&hold.reserve, &hold.credits, &hold.reading)
                != (&first.reserve, &first.credits, &first.reading)
            {
                let text = format!("holds `{}` and `{}` differ in `against`", first.name, hold.name);
                self.fault(&format!("{path}/against"), "hold-account", text);
            }
        }
    }

    fn hold_reading(&mut self, path: &str, hold: &Hold) {
        let Some(reading) = self.layout.reading(hold.reading.as_str()) else {
            let text = format!(
                "hold `{}` rests on `{}`, which is not a reading: {}",
                hold.name,
                hold.reading,
                list(&self.layout.readings)
            );
            self.fault(&format!("{path}/against"), "hold-without-reading", text);
            return;
        };
        if !reading.domains.contains(&hold.domain) {
            let text = format!("reading `{}` leaves out domain `{}`", reading.name, hold.domain);
            self.fault(&format!("{path}/domain"), "hold-without-reading", text);
        }
    }

    /// A hold is taken for an outcome: some outcome of its domain must move its amount, and wait for its
    /// step.
    fn hold_amount(&mut self, path: &str, hold: &Hold, param: &Param) {
        if !matches!(param.kind, ClaimKind::Money(_)) || param.min.is_none_or(|min| min < 1) {
            let text = format!("`{}` is not money with a `min` above zero", param.name);
            self.fault(&format!("{path}/amount"), "hold-amount", text);
        }
        let layout = self.layout;
        let waits = |step: &Name| {
            *step == hold.at || layout.ancestors(step.as_str()).iter().any(|before| before.name == hold.at)
        };
        let moves = |outcome: &&Outcome| {
            outcome.domain == hold.domain
                && outcome.call.args.contains(&Arg::Param(hold.amount.clone()))
                && outcome.after.iter().any(waits)
        };
        if !layout.outcomes.iter().any(|outcome| moves(&outcome)) {
            let text =
                format!("no outcome on `{}` after step `{}` moves `{}`", hold.domain, hold.at, hold.amount);
            self.fault(path, "hold-without-outcome", text);
        }
    }

    /// One positive term of a headroom: a money claim of a step that is done when the hold is taken.
    fn term(&mut self, path: &str, hold: &Hold, term: &ClaimRef, kind: Option<ClaimKind>) {
        let layout = self.layout;
        self.known_step(path, &term.step);
        let Some(step) = layout.step(term.step.as_str()) else { return };
        if let Some(found) = self.claim_of(path, step, &term.claim)
            && let Some(expected) = kind.filter(|kind| *kind != found)
        {
            let text = format!("`{}.{}` is of type `{found}`: expected `{expected}`", term.step, term.claim);
            self.fault(path, "claim-type", text);
        }
        let before = layout.ancestors(hold.at.as_str()).iter().any(|step| step.name == term.step);
        if !before && term.step != hold.at {
            let text = format!("step `{}` need not be done when `{}` is", term.step, hold.at);
            self.fault(path, "hold-term", text);
        }
    }

    /// The step of a term must say when its money was there.
    fn marked(&mut self, path: &str, term: &ClaimRef, mark: &str, has: fn(&Step) -> bool) {
        if self.layout.step(term.step.as_str()).is_some_and(|step| !has(step)) {
            let text =
                format!("step `{}` does not state `{mark}`, which a term in this place needs", term.step);
            self.fault(path, "hold-term", text);
        }
    }

    pub(super) fn known_param(&mut self, path: &str, name: &Name) {
        if self.layout.param(name.as_str()).is_none() {
            let text = format!("`{name}` is not a parameter: {}", list(&self.layout.params));
            self.fault(path, "unknown-param", text);
        }
    }
}
