//! Outcomes: does something decide each, and can its call always be made?

use super::Check;
use crate::claim::ClaimKind;
use crate::model::{AbiType, Arg, Expiry, Outcome, Param, Step, Target};
use lockstep_types::Name;

/// What an Escrow is asked for by outcomes (`contracts/src/IEscrow.sol`).
const ESCROW_CALLS: [&str; 3] = [
    "burn(bytes32,address,address,uint256)",
    "refund(bytes32,address,address,uint256)",
    "release(bytes32,address,address,address,uint256)",
];

impl Check<'_> {
    pub(super) fn outcomes(&mut self) {
        let layout = self.layout;
        for outcome in &layout.outcomes {
            let path = format!("/outcome/{}", outcome.name);
            self.known_domain(&format!("{path}/domain"), &outcome.domain);
            match &outcome.returns {
                Some(step) => self.returned(&path, outcome, step),
                None => self.decided(&path, outcome),
            }
            if outcome.call.target == Target::Escrow {
                self.escrow_call(&path, outcome);
            }
            self.arguments(&path, outcome);
        }
    }

    fn decided(&mut self, path: &str, outcome: &Outcome) {
        if outcome.after.is_empty() {
            let text = format!("no step guards outcome `{}`", outcome.name);
            self.fault(path, "unguarded-outcome", text);
            self.hint("name the steps that decide it in `after`");
        }
        for step in &outcome.after {
            self.known_step(&format!("{path}/after/{step}"), step);
        }
    }

    /// A deposit is shown at any time, even after the case has ended: what shows it can wait for nothing.
    fn returned(&mut self, path: &str, outcome: &Outcome, step: &Name) {
        let place = format!("{path}/returns");
        let layout = self.layout;
        if !self.known_step(&place, step) {
            return;
        }
        let Some(shows) = layout.step(step.as_str()) else { return };
        let counts = |hold: &crate::model::Hold| {
            hold.at == *step || hold.reserve.step == *step || hold.credits.iter().any(|c| c.step == *step)
        };
        let lapsing = layout.outcomes_decided().find(|decided| decided.expires != Expiry::Never);
        let text = if !outcome.after.is_empty() {
            format!("outcome `{}` returns a deposit, and states `after` too", outcome.name)
        } else if outcome.call.target != Target::Escrow {
            format!("outcome `{}` returns a deposit: expected `to = \"escrow\"`", outcome.name)
        } else if !shows.after.is_empty() || shows.commits || shows.pays.is_some() {
            format!("step `{step}` shows a deposit: expected neither `after` nor `commits` nor `pays`")
        } else if shows.single_use.is_none() {
            format!("step `{step}` does not say by `single_use` which deposit it is")
        } else if let Some(decided) = lapsing {
            format!("outcome `{}` may lapse, and the deposit would stay: expected `never`", decided.name)
        } else if layout.holds.iter().any(counts) {
            format!("a hold rests on step `{step}`, which may be shown after the end")
        } else {
            return;
        };
        self.fault(&place, "outcome-returns", text);
    }

    /// The Gate takes such an outcome only if it never expires, and moves deposits of its own case only.
    fn escrow_call(&mut self, path: &str, outcome: &Outcome) {
        let domain = self.layout.domain(outcome.domain.as_str());
        if domain.is_some_and(|domain| domain.escrow.is_none()) {
            let text = format!("domain `{}` states no `escrow`", outcome.domain);
            self.fault(&format!("{path}/to"), "escrow-call", text);
        }
        if !ESCROW_CALLS.contains(&outcome.call.signature.as_str()) {
            let calls = ESCROW_CALLS.map(|call| format!("`{call}`")).join(", ");
            let text = format!("`{}` is no call of an Escrow: expected {calls}", outcome.call.signature);
            self.fault(&format!("{path}/call"), "escrow-call", text);
        }
        if outcome.call.args.first().is_some_and(|arg| *arg != Arg::Case) {
            let text = "the first argument of an Escrow's call is `case`";
            self.fault(&format!("{path}/args"), "escrow-call", text);
        }
        if outcome.expires != Expiry::Never {
            let text = "what moves a deposit must never expire: expected `never`";
            self.fault(&format!("{path}/expires"), "escrow-call", text);
        }
    }

    fn arguments(&mut self, path: &str, outcome: &Outcome) {
        let (found, expected) = (outcome.call.args.len(), outcome.call.types.len());
        if found != expected {
            let text = format!("{found} arguments for `{}`: expected {expected}", outcome.call.signature);
            self.fault(&format!("{path}/args"), "call-args", text);
        }
        for (arg, kind) in outcome.call.args.iter().zip(&outcome.call.types) {
            let place = format!("{path}/args/{}", arg.text());
            let fault = match arg {
                Arg::Param(name) => {
                    self.known_param(&place, name);
                    let param = self.layout.param(name.as_str());
                    param.and_then(|param| self.param_fault(outcome, param, *kind))
                }
                Arg::Claim(claim) => {
                    self.known_step(&place, &claim.step);
                    let step = self.layout.step(claim.step.as_str());
                    step.and_then(|step| self.claim_fault(&place, (outcome, step), &claim.claim, *kind))
                }
                Arg::Case if *kind == AbiType::Bytes32 => None,
                Arg::Token if *kind == AbiType::Address => None,
                Arg::Case | Arg::Token => {
                    Some(format!("`{}` cannot be an argument of type `{}`", arg.text(), kind.as_str()))
                }
            };
            if let Some(text) = fault {
                self.fault(&place, "call-args", text);
            }
        }
    }

    /// What keeps a parameter from being an argument of this type, for every value that it may have.
    fn param_fault(&self, outcome: &Outcome, param: &Param, kind: AbiType) -> Option<String> {
        let name = &param.name;
        match (kind, param.kind) {
            (AbiType::Address, ClaimKind::Account) if param.domain.as_ref() != Some(&outcome.domain) => {
                Some(format!("account `{name}` does not belong to domain `{}`", outcome.domain))
            }
            (AbiType::Uint256, ClaimKind::Int) if param.min.is_none_or(|min| min < 0) => {
                Some(format!("`{name}` may be negative: expected a `min` of 0 or more"))
            }
            (AbiType::Uint256, ClaimKind::Int) => None,
            (kind, found) => self.kind_fault(outcome, name, (kind, found)),
        }
    }

    /// The same for a claim. One that has a number's type may be out of range: the kernel then refuses the
    /// step that states it.
    fn claim_fault(
        &mut self,
        place: &str,
        (outcome, step): (&Outcome, &Step),
        name: &Name,
        kind: AbiType,
    ) -> Option<String> {
        if outcome.returns.as_ref().is_some_and(|returned| *returned != step.name) {
            let text =
                format!("step `{}` need not be done when outcome `{}` is unlocked", step.name, outcome.name);
            return Some(text);
        }
        let found = self.claim_of(place, step, name)?;
        match (kind, found) {
            (AbiType::Uint256, ClaimKind::Int) => None,
            pair => self.kind_fault(outcome, name, pair),
        }
    }

    fn kind_fault(
        &self,
        outcome: &Outcome,
        name: &Name,
        (kind, found): (AbiType, ClaimKind),
    ) -> Option<String> {
        match (kind, found) {
            (AbiType::Uint256, ClaimKind::Money(currency)) => {
                let decimals = self.layout.domain(outcome.domain.as_str()).map(|domain| domain.decimals);
                let coarse = decimals.is_some_and(|decimals| u16::from(decimals) < currency.decimals());
                coarse.then(|| {
                    format!("the token has fewer decimals than {currency}: `{name}` may not convert")
                })
            }
            (AbiType::Address, ClaimKind::Account)
            | (AbiType::Uint256, ClaimKind::Time)
            | (AbiType::Bytes32, ClaimKind::Digest)
            | (AbiType::Bool, ClaimKind::Bool) => None,
            (kind, found) => {
                Some(format!("`{name}` of type `{found}` cannot be an argument of type `{}`", kind.as_str()))
            }
        }
    }
}

#[cfg(test)]
mod tests;
