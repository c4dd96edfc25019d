//! What an observer reads of a programme on a chain: tokens in circulation and outcomes executed, as of a
//! final block. Rebuilt from the contracts' events, so that no node has to keep old states.

use crate::contracts::{Gate, Token};
use crate::domain::{Block, Domain, DomainError, Log};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolEvent;
use lockstep_attest::Consumed;
use lockstep_attest::statement::CONSUMED_MAX;
use lockstep_types::{CaseId, Time};
use std::collections::BTreeSet;

/// The contracts of a programme on a chain, and the first block that has anything of them.
#[derive(Debug, Clone, Copy)]
pub struct Watch {
    /// The token.
    pub token: Address,
    /// The Gate.
    pub gate: Address,
    /// A block at or before that in which the token was created.
    pub since: u64,
}

/// What a final block shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The block.
    pub block: Block,
    /// The one after it, final too: until then the observation holds.
    pub next: Block,
    /// Token units in circulation.
    pub supply: U256,
    /// Outcomes executed at or before the block, ascending.
    pub consumed: Vec<Consumed>,
    /// Until when the last pause lasts, or lasted, that the guardian has called at or before the block.
    pub paused_until: Option<Time>,
}

impl Observation {
    /// Names only what a ledger waits for, as many as a reading can name: what it has settled already would
    /// fill the list. An outcome after the last of a full list is left to a later reading.
    #[must_use]
    pub fn waited_for(mut self, is_pending: impl Fn(&Consumed) -> bool) -> Self {
        self.consumed.retain(is_pending);
        self.consumed.truncate(CONSUMED_MAX);
        self
    }
}

impl Watch {
    /// Looks at the last final block at or before `time`.
    ///
    /// # Errors
    /// [`DomainError::NotFinal`] when the block after it is not final yet: wait.
    pub fn as_of(&self, domain: &dyn Domain, time: Time) -> Result<Observation, DomainError> {
        let finalized = domain.finalized()?;
        let number = last_at(domain, time.seconds_round_down(), finalized.number)?;
        let after = number.saturating_add(1);
        if after > finalized.number {
            return Err(DomainError::NotFinal { number: after, finalized: finalized.number });
        }
        let supply = self.supply(domain, number)?;
        let logs = self.of_gate(domain, number)?;
        let (consumed, paused_until) = (consumed_in(domain, &logs)?, paused_in(&logs)?);
        let (block, next) = (domain.block(number)?, domain.block(after)?);
        Ok(Observation { block, next, supply, consumed, paused_until })
    }

    /// The outcomes that are executed by the newest block, final or not, in order.
    ///
    /// # Errors
    /// [`DomainError`]: nobody answers, or not sensibly.
    pub fn executed(&self, domain: &dyn Domain) -> Result<Vec<Consumed>, DomainError> {
        self.consumed(domain, domain.latest()?.number)
    }

    /// Everything that came from nowhere, less everything that went there.
    fn supply(&self, domain: &dyn Domain, to: u64) -> Result<U256, DomainError> {
        let wrong = |what: &str| DomainError::Answer { what: what.to_owned() };
        let mut supply = U256::ZERO;
        for log in logs_once(domain, self.token, (self.since, to))? {
            let Some(Token::Transfer { from, to, value }) = event::<Token::Transfer>(&log)? else { continue };
            if from == Address::ZERO {
                supply = supply.checked_add(value).ok_or_else(|| wrong("more tokens than any token has"))?;
            }
            if to == Address::ZERO {
                supply = supply.checked_sub(value).ok_or_else(|| wrong("more was burned than minted"))?;
            }
        }
        Ok(supply)
    }

    /// The outcomes that the Gate has executed by this block, in order.
    ///
    /// # Errors
    /// [`DomainError`]: nobody answers, or not sensibly.
    pub fn consumed(&self, domain: &dyn Domain, to: u64) -> Result<Vec<Consumed>, DomainError> {
        consumed_in(domain, &self.of_gate(domain, to)?)
    }

    /// Until when the last pause lasts, or lasted, that the Gate's guardian has called by this block.
    ///
    /// # Errors
    /// [`DomainError`]: nobody answers, or not sensibly.
    pub fn paused_until(&self, domain: &dyn Domain, to: u64) -> Result<Option<Time>, DomainError> {
        paused_in(&self.of_gate(domain, to)?)
    }

    fn of_gate(&self, domain: &dyn Domain, to: u64) -> Result<Vec<Log>, DomainError> {
        logs_once(domain, self.gate, (self.since, to))
    }
}

/// The outcomes executed among what a Gate has noted, in order.
fn consumed_in(domain: &dyn Domain, logs: &[Log]) -> Result<Vec<Consumed>, DomainError> {
    let mut consumed = Vec::new();
    for log in logs {
        let Some(Gate::Executed { caseId, ordinal }) = event::<Gate::Executed>(log)? else { continue };
        let time = domain.block(log.block)?.time()?;
        consumed.push(Consumed { case: CaseId(caseId.0), ordinal, time });
    }
    consumed.sort_unstable();
    Ok(consumed)
}

/// Until when the last pause lasts among what a Gate has noted.
fn paused_in(logs: &[Log]) -> Result<Option<Time>, DomainError> {
    let mut last = None;
    for log in logs {
        let Some(Gate::Paused { until }) = event::<Gate::Paused>(log)? else { continue };
        let seconds: u64 = until.to();
        let time = Time::from_ms(seconds.saturating_mul(1_000));
        last = Some(time.map_err(|error| DomainError::Answer { what: error.to_string() })?);
    }
    Ok(last)
}

/// Number of the last block that is not later than `timestamp`, among those up to `newest`.
pub(crate) fn last_at(domain: &dyn Domain, timestamp: u64, newest: u64) -> Result<u64, DomainError> {
    let (mut low, mut high) = (0, newest);
    if domain.block(low)?.timestamp > timestamp {
        return Err(DomainError::Answer { what: format!("no block is as old as second {timestamp}") });
    }
    // The block `low` is not later; every block above `high` is.
    while low < high {
        let middle = low.saturating_add(high.saturating_sub(low).div_ceil(2));
        if domain.block(middle)?.timestamp <= timestamp {
            low = middle;
        } else {
            high = middle.saturating_sub(1);
        }
    }
    Ok(low)
}

/// What a contract noted in these blocks, each once.
pub(crate) fn logs_once(
    domain: &dyn Domain,
    address: Address,
    (from, to): (u64, u64),
) -> Result<Vec<Log>, DomainError> {
    once(domain.logs(address, from, to)?, (address, from, to))
}

/// Every log once, of the contract and the blocks asked for, in the chain's order: endpoints may repeat
/// themselves, and may answer more than they were asked.
fn once(logs: Vec<Log>, (address, from, to): (Address, u64, u64)) -> Result<Vec<Log>, DomainError> {
    let mut seen: BTreeSet<(B256, u64)> = BTreeSet::new();
    let mut last = from;
    let mut kept = Vec::with_capacity(logs.len());
    for log in logs {
        if log.address != address || log.block < last || log.block > to {
            let (found, block) = (log.address, log.block);
            let what = format!(
                "a log of `{found}` in block {block}, where one of `{address}` in {last} to {to} stands"
            );
            return Err(DomainError::Answer { what });
        }
        last = log.block;
        if seen.insert((log.transaction, log.index)) {
            kept.push(log);
        }
    }
    Ok(kept)
}

/// The event, if the log is one of its kind.
pub(crate) fn event<E: SolEvent>(log: &Log) -> Result<Option<E>, DomainError> {
    if log.topics.first() != Some(&E::SIGNATURE_HASH) {
        return Ok(None);
    }
    let decoded = E::decode_raw_log(log.topics.iter().copied(), &log.data);
    decoded.map(Some).map_err(|error| DomainError::Answer { what: error.to_string() })
}

#[cfg(test)]
mod tests;
