//! How much may still be minted in one programme (DESIGN §7).
//!
//! ```text
//! headroom(t) = balance(t)
//!             + credits attested as booked after t
//!             − redemptions whose tokens were burned by t and whose payout was not booked by t
//!             − Σ over domains [ supply at the last finalized block ≤ t
//!                              + every hold there that this block does not show executed and that was not returned ]
//! ```
//!
//! Burns after t add nothing until a newer balance. A domain without a fresh reading makes it unknown, which refuses.
//! One balance date `t` holds for the whole programme: the newest attested.

use crate::body::{Balance, Credit};
use lockstep_types::{Amount, CaseId, Digest, LeafHash, Name, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Readings kept for one domain: the newest, so that a balance date of some time ago still finds its block.
const READINGS_MAX: usize = 16;

/// The money side of a programme.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    balance: Option<Stated<Balance>>,
    #[serde(with = "crate::state::pairs")]
    credits: BTreeMap<LeafHash, Credit>,
    domains: BTreeMap<Name, Vec<SupplyAt>>,
    #[serde(with = "crate::state::pairs")]
    holds: BTreeMap<HoldId, Hold>,
    #[serde(with = "crate::state::pairs")]
    redemptions: BTreeMap<Digest, Redemption>,
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
    /// Ledger time at which the reading counted.
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
        let balance = self.balance.ok_or(Unknown::NoBalance)?.what;
        let t = balance.as_of;
        let mut sum = i128::from(balance.amount.minor());
        sum = sum.saturating_add(total(self.credits.values().filter(|c| c.booked > t).map(|c| c.amount)));
        let unpaid = |r: &&Redemption| r.burned.is_some_and(|b| b <= t) && !r.booked.is_some_and(|b| b <= t);
        sum = sum.saturating_sub(total(self.redemptions.values().filter(unpaid).map(|r| r.amount)));
        for domain in self.counted_domains(asked.domains) {
            let reading = self.reading(domain, t, asked)?;
            let not_in_it = |hold: &Hold| hold.executed.is_none_or(|at| at > reading.block_time);
            let held = self.holds.iter().filter(|((_, _, d), hold)| d == domain && not_in_it(hold));
            sum = sum.saturating_sub(i128::from(reading.supply.minor()));
            sum = sum.saturating_sub(total(held.map(|(_, hold)| hold.amount)));
        }
        i64::try_from(sum).map_err(|_| Unknown::Range)
    }

    /// The domains asked for, and every other on which this programme has read or held anything: a policy that
    /// names fewer domains than another of its programme must not mint against what the other has minted.
    fn counted_domains<'a>(&'a self, asked: &'a [Name]) -> BTreeSet<&'a Name> {
        asked.iter().chain(self.domains.keys()).chain(self.holds.keys().map(|(_, _, domain)| domain)).collect()
    }

    fn reading(&self, domain: &Name, t: Time, asked: &Asked<'_>) -> Result<SupplyAt, Unknown> {
        let covers = |r: &&SupplyAt| r.block_time <= t && t < r.next_block_time;
        let fresh = |r: &&SupplyAt| asked.now.ms_since(r.read) <= asked.reading_age_ms_max;
        let readings = self.domains.get(domain).into_iter().flatten();
        let found = readings.rev().find(|r| covers(r) && fresh(r));
        found.copied().ok_or_else(|| Unknown::NoReading { domain: domain.clone(), at: t })
    }

    /// Records an attested balance; an older one than the newest changes nothing.
    pub(crate) fn state_balance(&mut self, by: LeafHash, balance: Balance) {
        let newer = self.balance.is_none_or(|known| balance.as_of >= known.what.as_of);
        if newer {
            self.balance = Some(Stated { by, what: balance });
            self.credits.retain(|_, credit| credit.booked > balance.as_of);
            self.drop_what_supply_holds();
        }
    }

    /// Records a credit.
    pub(crate) fn state_credit(&mut self, by: LeafHash, credit: Credit) {
        self.credits.insert(by, credit);
    }

    /// Forgets what a record stated: it was withdrawn, or its case ended without an outcome. A balance that falls
    /// leaves headroom unknown until the next one: an older balance must not come back to life.
    pub(crate) fn forget_credit(&mut self, by: &LeafHash) {
        self.credits.remove(by);
    }

    /// See [`Account::forget_credit`].
    pub(crate) fn forget_balance(&mut self, by: &LeafHash) {
        if self.balance.is_some_and(|known| known.by == *by) {
            self.balance = None;
        }
    }

    /// Reserves an amount.
    pub(crate) fn hold(&mut self, id: HoldId, amount: Amount) {
        self.holds.insert(id, Hold { amount, executed: None });
    }

    /// Gives an amount back: no outcome was formed, or a finalized block after its time shows it unexecuted.
    pub(crate) fn return_hold(&mut self, id: &HoldId) {
        self.holds.remove(id);
    }

    /// A finalized block shows the outcome executed at `at`: from that block on, supply holds the amount.
    pub(crate) fn execute_hold(&mut self, id: &HoldId, at: Time) {
        if let Some(hold) = self.holds.get_mut(id) {
            hold.executed = Some(at);
        }
        self.drop_what_supply_holds();
    }

    /// Records a reading that enough observers have made.
    pub(crate) fn read_supply(&mut self, domain: &Name, reading: SupplyAt) {
        let readings = self.domains.entry(domain.clone()).or_default();
        readings.push(reading);
        let excess = readings.len().saturating_sub(READINGS_MAX);
        readings.drain(..excess);
    }

    /// Forgets holds executed at or before the balance date: every reading for that date, and for every later one,
    /// has them in its supply, and the balance date never goes back.
    fn drop_what_supply_holds(&mut self) {
        if let Some(balance) = self.balance {
            self.holds.retain(|_, hold| hold.executed.is_none_or(|at| at > balance.what.as_of));
        }
    }

    /// The hold of this name.
    #[must_use]
    pub fn hold_of(&self, id: &HoldId) -> Option<Hold> {
        self.holds.get(id).copied()
    }

    /// Balance, sum of holds not yet seen executed, and newest supply over all domains, for the state map.
    #[must_use]
    pub fn totals(&self) -> (i64, i64, i64) {
        let clamp = |sum: i128| i64::try_from(sum).unwrap_or(i64::MAX);
        let held = self.holds.values().filter(|h| h.executed.is_none()).map(|h| h.amount);
        let supply = self.domains.values().filter_map(|readings| readings.last()).map(|r| r.supply);
        (self.balance.map_or(0, |b| b.what.amount.minor()), clamp(total(held)), clamp(total(supply)))
    }
}

fn total(amounts: impl Iterator<Item = Amount>) -> i128 {
    amounts.fold(0i128, |sum, amount| sum.saturating_add(i128::from(amount.minor())))
}

#[cfg(test)]
impl Account {
    /// Tests of the formula state redemptions directly; records for them come with burns and payouts.
    pub(crate) fn redeem(&mut self, id: Digest, redemption: Redemption) {
        self.redemptions.insert(id, redemption);
    }
}

#[cfg(test)]
mod tests;
