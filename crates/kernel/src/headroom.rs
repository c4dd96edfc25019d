//! How much may still be minted in one programme (DESIGN §7).
//!
//! ```text
//! headroom(t) = balance(t)
//!             + credits attested as booked after t
//!             − redemptions whose tokens were burned by t and whose payout was not booked by t
//!             − Σ over domains [ supply at the last finalized block ≤ t
//!                              + every hold there that this block does not show executed, not returned ]
//! ```
//!
//! Burns after t add nothing until a newer balance. A domain without a fresh reading makes it unknown, which
//! refuses. One balance date `t` holds for the whole programme: the newest attested.
//!
//! Sums are kept as things happen, so that the question costs as much with a million holds as with one. What
//! `t` has overtaken is dropped: a credit booked by `t` is in the balance, a hold executed by `t` is in the
//! supply, and `t` never goes back.

use crate::body::{Balance, Credit};
use lockstep_types::limits::INTEGER_MAX;
use lockstep_types::{Amount, CaseId, LeafHash, Name, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Readings kept for one domain: the newest, so that a balance date of some time ago still finds its block.
const READINGS_MAX: usize = 16;

/// The money side of a programme.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Account {
    written: Written,
    /// Derived from `written`: credits, and holds that a chain has executed, by their time.
    credit_times: BTreeSet<(Time, LeafHash)>,
    executed_times: BTreeSet<(Time, HoldId)>,
    /// Derived from `written`: what the formula adds and subtracts.
    credits_sum: i128,
    held: BTreeMap<Name, HeldSum>,
}

/// What an account consists of; everything else follows from it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    balance: Option<Stated<Balance>>,
    /// The newest balance date there has ever been, whether its balance still stands or not.
    overtaken: Option<Time>,
    #[serde(with = "crate::state::pairs")]
    credits: BTreeMap<LeafHash, Credit>,
    domains: BTreeMap<Name, Vec<SupplyAt>>,
    #[serde(with = "crate::state::pairs")]
    holds: BTreeMap<HoldId, Hold>,
    #[serde(with = "crate::state::pairs")]
    redemptions: BTreeMap<LeafHash, Redemption>,
}

/// The holds of one domain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct HeldSum {
    count: u64,
    /// All of them: none is in the supply at the balance date.
    all: i128,
    /// Those that no chain has shown executed.
    waiting: i128,
}

/// A value and the record that stated it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Stated<T> {
    by: LeafHash,
    what: T,
}

/// A hold is named by its case, the decision in it, and its domain.
pub type HoldId = (CaseId, u32, Name);

/// An amount that may appear, or has appeared, as supply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Minor units.
    pub amount: Amount,
    /// When the chain executed the outcome, once a finalized block shows it.
    pub executed: Option<Time>,
}

/// A redemption: tokens burned for money paid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redemption {
    /// Minor units.
    pub amount: Amount,
    /// When the tokens were burned, on a chain.
    pub burned: Option<Time>,
    /// When the payout was booked, at the bank.
    pub booked: Option<Time>,
}

/// Supply at a finalized block, true for every time from the block up to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplyAt {
    /// Time of the block.
    pub block_time: Time,
    /// Time of the next finalized block.
    pub next_block_time: Time,
    /// The oldest word of the observers that agreed on it.
    pub read: Time,
    /// Minor units, rounded up.
    pub supply: Amount,
}

/// Why headroom is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// Nobody has attested a balance that still stands.
    #[error("no balance has been attested")]
    NoBalance,
    /// No reading covers the balance date on this domain, or the one that does is too old.
    #[error("domain `{domain}` has no fresh reading for {at}")]
    NoReading {
        /// Which domain.
        domain: Name,
        /// The balance date.
        at: Time,
    },
    /// The sum leaves the range of amounts.
    #[error("the sum leaves the range of amounts")]
    Range,
}

/// Which readings a hold asks for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The domains whose supply counts.
    pub domains: &'a [Name],
    /// How old a reading may be, by ledger time.
    pub reading_age_ms_max: u64,
    /// Ledger time.
    pub now: Time,
}

impl Account {
    /// What may still be minted, in minor units; negative when what exists is not covered.
    ///
    /// # Errors
    /// [`Unknown`]: what is missing.
    pub fn headroom(&self, asked: &Asked<'_>) -> Result<i64, Unknown> {
        let balance = self.written.balance.ok_or(Unknown::NoBalance)?.what;
        let t = balance.as_of;
        let unpaid = |r: &&Redemption| r.burned.is_some_and(|b| b <= t) && r.booked.is_none_or(|b| b > t);
        let owed = self.written.redemptions.values().filter(unpaid).map(|r| r.amount);
        let mut sum = i128::from(balance.amount.minor());
        sum = sum.saturating_add(self.credits_sum).saturating_sub(total(owed));
        for domain in self.counted_domains(asked.domains) {
            let reading = self.reading(domain, t, asked)?;
            let held = self.held.get(domain).map_or(0, |held| held.all);
            sum = sum.saturating_sub(i128::from(reading.supply.minor())).saturating_sub(held);
        }
        i64::try_from(sum).map_err(|_| Unknown::Range)
    }

    /// The domains asked for, and every other on which this programme has read or held anything: a policy
    /// that names fewer domains than another of its programme must not mint against what the other has
    /// minted.
    fn counted_domains<'a>(&'a self, asked: &'a [Name]) -> BTreeSet<&'a Name> {
        asked.iter().chain(self.written.domains.keys()).chain(self.held.keys()).collect()
    }

    fn reading(&self, domain: &Name, t: Time, asked: &Asked<'_>) -> Result<SupplyAt, Unknown> {
        let covers = |r: &&SupplyAt| r.block_time <= t && t < r.next_block_time;
        let fresh = |r: &&SupplyAt| asked.now.ms_since(r.read) <= asked.reading_age_ms_max;
        let readings = self.written.domains.get(domain).into_iter().flatten();
        let found = readings.rev().find(|r| covers(r) && fresh(r));
        found.copied().ok_or_else(|| Unknown::NoReading { domain: domain.clone(), at: t })
    }

    /// Records an attested balance; one that is older than any before changes nothing, even when that has
    /// fallen: what it had overtaken is no longer known.
    pub(crate) fn state_balance(&mut self, by: LeafHash, balance: Balance) {
        if self.written.overtaken.is_none_or(|overtaken| balance.as_of >= overtaken) {
            self.written.balance = Some(Stated { by, what: balance });
            self.written.overtaken = Some(balance.as_of);
            self.drop_overtaken();
        }
    }

    /// Records a credit.
    pub(crate) fn state_credit(&mut self, by: LeafHash, credit: Credit) {
        let counts = self.written.overtaken.is_none_or(|overtaken| credit.booked > overtaken);
        if counts && self.written.credits.insert(by, credit).is_none() {
            self.count_credit(by, credit);
        }
    }

    /// Forgets a credit whose record was taken back, or whose case ended without an outcome. True if there
    /// was one.
    pub(crate) fn forget_credit(&mut self, by: &LeafHash) -> bool {
        let Some(credit) = self.written.credits.remove(by) else { return false };
        self.credit_times.remove(&(credit.booked, *by));
        self.credits_sum = self.credits_sum.saturating_sub(minor(credit.amount));
        true
    }

    /// Forgets a balance that was taken back. Headroom is unknown until the next one: an older balance must
    /// not come back to life.
    pub(crate) fn forget_balance(&mut self, by: &LeafHash) -> bool {
        let stands = self.written.balance.is_some_and(|known| known.by == *by);
        if stands {
            self.written.balance = None;
        }
        stands
    }

    /// Reserves an amount.
    pub(crate) fn hold(&mut self, id: HoldId, amount: Amount) {
        let hold = Hold { amount, executed: None };
        if self.written.holds.insert(id.clone(), hold).is_none() {
            self.count_hold(&id, hold);
        }
    }

    /// Gives an amount back: no outcome was formed, or a finalized block after its time shows it unexecuted.
    /// True if there was one.
    pub(crate) fn return_hold(&mut self, id: &HoldId) -> bool {
        let Some(hold) = self.written.holds.remove(id) else { return false };
        match hold.executed {
            Some(at) => drop(self.executed_times.remove(&(at, id.clone()))),
            None => self.held_of(id).waiting = self.held_of(id).waiting.saturating_sub(minor(hold.amount)),
        }
        let sum = self.held_of(id);
        sum.all = sum.all.saturating_sub(minor(hold.amount));
        sum.count = sum.count.saturating_sub(1);
        if sum.count == 0 {
            self.held.remove(&id.2);
        }
        true
    }

    /// A finalized block shows the outcome executed at `at`: from that block on, supply holds the amount.
    pub(crate) fn execute_hold(&mut self, id: &HoldId, at: Time) {
        if let Some(hold) = self.written.holds.get_mut(id).filter(|hold| hold.executed.is_none()) {
            hold.executed = Some(at);
            let amount = minor(hold.amount);
            self.executed_times.insert((at, id.clone()));
            self.held_of(id).waiting = self.held_of(id).waiting.saturating_sub(amount);
        }
        self.drop_overtaken();
    }

    /// Records a redemption, under the record that states its payout. Until a balance date has overtaken the
    /// payout, the balance may still have the money that is owed.
    pub(crate) fn redeem(&mut self, by: LeafHash, redemption: Redemption) {
        self.written.redemptions.insert(by, redemption);
        self.drop_overtaken();
    }

    /// Records a reading that enough observers have made.
    pub(crate) fn read_supply(&mut self, domain: &Name, reading: SupplyAt) {
        let readings = self.written.domains.entry(domain.clone()).or_default();
        readings.push(reading);
        let excess = readings.len().saturating_sub(READINGS_MAX);
        readings.drain(..excess);
    }

    /// Forgets credits and payouts booked, and holds executed, at or before the newest balance date: the
    /// balance, and every reading for that date or a later one, has them.
    fn drop_overtaken(&mut self) {
        let Some(overtaken) = self.written.overtaken else { return };
        self.written.redemptions.retain(|_, r| r.booked.is_none_or(|booked| booked > overtaken));
        while let Some((booked, by)) = self.credit_times.first().copied().filter(|(at, _)| *at <= overtaken) {
            // The index and what it indexes agree; should they not, the entry must go all the same.
            if !self.forget_credit(&by) {
                self.credit_times.remove(&(booked, by));
            }
        }
        while let Some((at, id)) = self.executed_times.first().cloned().filter(|(at, _)| *at <= overtaken) {
            if !self.return_hold(&id) {
                self.executed_times.remove(&(at, id));
            }
        }
    }

    fn held_of(&mut self, id: &HoldId) -> &mut HeldSum {
        self.held.entry(id.2.clone()).or_default()
    }

    fn count_credit(&mut self, by: LeafHash, credit: Credit) {
        self.credit_times.insert((credit.booked, by));
        self.credits_sum = self.credits_sum.saturating_add(minor(credit.amount));
    }

    fn count_hold(&mut self, id: &HoldId, hold: Hold) {
        let sum = self.held_of(id);
        sum.count = sum.count.saturating_add(1);
        sum.all = sum.all.saturating_add(minor(hold.amount));
        match hold.executed {
            None => sum.waiting = sum.waiting.saturating_add(minor(hold.amount)),
            Some(at) => drop(self.executed_times.insert((at, id.clone()))),
        }
    }

    /// The hold of this name.
    #[must_use]
    pub fn hold_of(&self, id: &HoldId) -> Option<Hold> {
        self.written.holds.get(id).copied()
    }

    /// The date of the newest balance that still stands: the time for which headroom asks for the supply.
    #[must_use]
    pub fn balance_date(&self) -> Option<Time> {
        self.written.balance.map(|balance| balance.what.as_of)
    }

    /// Balance, sum of holds not yet seen executed, and newest supply over all domains, for the state map.
    #[must_use]
    pub fn totals(&self) -> (i64, i64, i64) {
        let clamp =
            |sum: i128| i64::try_from(sum).map_or(INTEGER_MAX, |sum| sum.clamp(-INTEGER_MAX, INTEGER_MAX));
        let held = self.held.values().fold(0i128, |sum, held| sum.saturating_add(held.waiting));
        let supply = self.written.domains.values().filter_map(|readings| readings.last()).map(|r| r.supply);
        (self.written.balance.map_or(0, |b| b.what.amount.minor()), clamp(held), clamp(total(supply)))
    }
}

impl From<Written> for Account {
    fn from(written: Written) -> Self {
        let mut account = Self::default();
        for (by, credit) in &written.credits {
            account.count_credit(*by, *credit);
        }
        for (id, hold) in &written.holds {
            account.count_hold(id, *hold);
        }
        account.written = written;
        account
    }
}

impl From<Account> for Written {
    fn from(account: Account) -> Self {
        account.written
    }
}

fn minor(amount: Amount) -> i128 {
    i128::from(amount.minor())
}

fn total(amounts: impl Iterator<Item = Amount>) -> i128 {
    amounts.fold(0i128, |sum, amount| sum.saturating_add(minor(amount)))
}

#[cfg(test)]
mod tests;
