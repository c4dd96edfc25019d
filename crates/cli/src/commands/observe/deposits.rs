//! Deposits: what lies in an Escrow in a final block under the name of a case is shown to the ledger, once.

use super::place::Place;
use crate::desk::Desk;
use crate::desk::entered::Entered;
use crate::fault::invalid;
use crate::os;
use crate::party::Party;
use anyhow::Result;
use lockstep_chain::{Account, Deposit, Rpc, all_deposits};
use lockstep_kernel::outcome::minor_units;
use lockstep_kernel::{RefusalCode, Request};
use lockstep_node::client::{self, Texts, Word};
use lockstep_policy::{ClaimKind, Layout, Step};
use lockstep_types::{Address, Amount, ChainId, Digest, Money, Name};
use serde_json::{Value, json};
use std::sync::Arc;

/// What a chain shows of a deposit, by the names that claims of a step must have.
const CLAIMS: &str = "depositor, amount, chain, transaction, log, block, block_hash";

/// A deposit, and what became of it.
pub struct Shown {
    deposit: Deposit,
    end: End,
}

enum End {
    /// Its step is on record.
    OnRecord(Entered),
    /// The ledger had it already.
    Before,
    /// It cannot be shown, or not now, and why.
    Waits(String),
}

/// Every final deposit of the place, with the Escrow in which it lies.
pub fn read(rpc: &Rpc, (place, since): (&Place, u64)) -> Result<Vec<(Account, Deposit)>> {
    let mut found = Vec::new();
    for escrow in &place.escrows {
        let here = all_deposits(rpc, (*escrow, since))?;
        found.extend(here.into_iter().map(|deposit| (*escrow, deposit)));
    }
    Ok(found)
}

/// Shows every deposit that the ledger does not have. What the rules would refuse is not handed in: it would
/// be refused again at every look, and each time stay on record.
pub fn show_all(
    (desk, party): (&mut Desk, &Party),
    (place, found): (&Place, Vec<(Account, Deposit)>),
) -> Result<Vec<Shown>> {
    if !found.is_empty() {
        check_policies(desk, place)?;
    }
    let mut shown = Vec::with_capacity(found.len());
    for (escrow, deposit) in found {
        let end = show((&mut *desk, party), place, (escrow, &deposit))?;
        shown.push(Shown { deposit, end });
    }
    Ok(shown)
}

/// Policies in force whose deposits this program cannot show are named before anything is signed.
fn check_policies(desk: &Desk, place: &Place) -> Result<()> {
    for (programme, _, policy) in desk.policies_in_force()? {
        let layout = policy.layout();
        if let Some(step) = deposit_step(layout, &place.domain).filter(|_| programme == place.programme) {
            check_step(layout, step)?;
        }
    }
    Ok(())
}

fn deposit_step<'a>(layout: &'a Layout, domain: &Name) -> Option<&'a Step> {
    layout.outcomes_returning().find(|(outcome, _)| outcome.domain == *domain).map(|(_, step)| step)
}

fn check_step(layout: &Layout, step: &Step) -> Result<()> {
    let known = |(name, kind): (&str, ClaimKind)| {
        matches!(
            (name, kind),
            ("depositor", ClaimKind::Account)
                | ("amount", ClaimKind::Money(_))
                | ("chain", ClaimKind::Text)
                | ("transaction" | "block_hash", ClaimKind::Digest)
                | ("log" | "block", ClaimKind::Int)
        )
    };
    let odd = step.claims.iter().find(|claim| !known((claim.name.as_str(), claim.kind)));
    let what = match (odd, step.evidence.first()) {
        (Some(claim), _) => format!("asks for claim `{}`, which no chain shows", claim.name),
        (None, Some(slot)) => format!("asks for document `{slot}`, which no chain has"),
        (None, None) => return Ok(()),
    };
    let text = format!("step `{}` of `{}` {what}: expected claims among {CLAIMS}", step.name, layout.name);
    Err(invalid("deposit-claims", text).hint("show such deposits with `lockstep attest`").into())
}

fn show(
    (desk, party): (&mut Desk, &Party),
    place: &Place,
    (escrow, deposit): (Account, &Deposit),
) -> Result<End> {
    let waits = |why: &str| Ok(End::Waits(why.to_owned()));
    if deposit.token != place.token {
        return waits("another token than the domain's");
    }
    let Some(stands) = desk.case_if_any(deposit.case)? else {
        return waits("the ledger has no such case that takes deposits");
    };
    let policy = Arc::clone(stands.policy());
    let layout = policy.layout();
    let Some(step) = deposit_step(layout, &place.domain).filter(|_| layout.programme == place.programme)
    else {
        return waits("the policy of its case takes no deposits here");
    };
    let its_own = layout.domain(place.domain.as_str()).and_then(|domain| domain.escrow);
    if its_own.map(|own| Account::from(own.0)) != Some(escrow) {
        return waits("it lies in another Escrow than the policy of its case names");
    }
    check_step(layout, step)?;
    let Some(texts) = texts((layout, step), place, deposit) else {
        return waits("its amount is no exact amount of money");
    };
    if desk.has_act((layout, step), (deposit.case, &texts))? {
        return Ok(End::Before);
    }
    let word = Word::Done { texts: &texts, evidence: Vec::new() };
    let draft = client::step(&desk.signing(party)?, (stands.found(), &step.name), word, &mut os::seed)?;
    let submission = party.sign(draft)?;
    let request = || Request::Submit(Box::new(submission.clone()));
    match desk.would_refuse(request())? {
        // The act that it names is on record already.
        Some((code, _)) if code == RefusalCode::SingleUse.as_text() => Ok(End::Before),
        Some((_, text)) => Ok(End::Waits(text)),
        None => Ok(End::OnRecord(desk.submit(request(), Vec::new())?)),
    }
}

/// The claims that the step asks for.
fn texts((layout, step): (&Layout, &Step), place: &Place, deposit: &Deposit) -> Option<Texts> {
    let decimals = layout.domain(place.domain.as_str())?.decimals;
    let text = |(name, kind): (&str, ClaimKind)| {
        Some(match (name, kind) {
            ("amount", ClaimKind::Money(currency)) => {
                let units = u128::try_from(deposit.amount).ok()?;
                let minor = minor_units(units, currency.decimals(), decimals)?;
                Money::new(Amount::from_minor(minor).ok()?, currency).decimal()
            }
            ("depositor", _) => Address(deposit.depositor.into_array()).to_string(),
            ("chain", _) => ChainId(place.chain.0).to_string(),
            ("transaction", _) => Digest(deposit.transaction.0).to_string(),
            ("log", _) => deposit.index.to_string(),
            ("block", _) => deposit.block.number.to_string(),
            ("block_hash", _) => Digest(deposit.block.hash.0).to_string(),
            _ => return None,
        })
    };
    let claims = step.claims.iter();
    claims.map(|claim| Some((claim.name.to_string(), text((claim.name.as_str(), claim.kind))?))).collect()
}

impl Shown {
    /// For programs.
    pub fn json(&self) -> Value {
        let (status, why) = match &self.end {
            End::OnRecord(_) => ("on-record", None),
            End::Before => ("known", None),
            End::Waits(why) => ("waits", Some(why.clone())),
        };
        let records = match &self.end {
            End::OnRecord(entered) => entered.kinds(),
            _ => Vec::new(),
        };
        json!({
            "amount": self.deposit.amount.to_string(),
            "block": self.deposit.block.number,
            "case": self.deposit.case,
            "depositor": Address(self.deposit.depositor.into_array()),
            "log": self.deposit.index,
            "records": records,
            "status": status,
            "transaction": self.deposit.transaction.to_string(),
            "why": why,
        })
    }

    /// For people.
    pub fn line(&self) -> String {
        let Deposit { case, amount, depositor, block, .. } = &self.deposit;
        let depositor: &Account = depositor;
        let what =
            format!("  deposit of {amount} units by {depositor} in block {}, case {case}", block.number);
        match &self.end {
            End::OnRecord(entered) => format!("{what}: on record as {}", entered.index()),
            End::Before => format!("{what}: on record before"),
            End::Waits(why) => format!("{what}: not shown, {why}"),
        }
    }
}
