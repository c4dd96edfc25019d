//! Readings: what observers saw on a domain. Supply counts once a quorum has read the same; outcomes that the
//! block shows as executed, or that it shows as not executed after their time, are settled.

use super::Desk;
use crate::body::{Body, Read, Settled};
use crate::refusal::Refusal;
use crate::state::{Adopted, Case, Kernel, Programme};
use crate::trust::ISSUED_AHEAD_MS_MAX;
use crate::values::declared;
use lockstep_attest::statement::CONSUMED_MAX;
use lockstep_attest::{Consumed, Reading, Signed};
use lockstep_policy::{ClaimKind, Domain, Layout, Reading as Asking};
use lockstep_types::{Amount, CaseId, Currency, Digest, Lei, Name, Time, canonical, sha256};
use std::collections::BTreeSet;

/// Most outcomes that one reading settles; the next reading goes on.
const SETTLED_MAX: usize = 200;

impl Kernel {
    pub(super) fn decide_reading(
        &self,
        reading: &Reading,
        signed: &Signed,
        desk: &mut Desk<'_>,
    ) -> Result<(), Refusal> {
        let now = desk.scribe.now();
        let (programme_name, domain_name) = (reading.programme.clone(), reading.domain.clone());
        let unknown =
            || Refusal::ReadingUnknown { programme: programme_name.clone(), domain: domain_name.clone() };
        let programme = self.programmes.get(&reading.programme).ok_or_else(unknown)?;
        let asked = self.readings_of(programme, (&reading.programme, &reading.domain));
        let (layout, _) = *asked.first().ok_or_else(unknown)?;
        let quorum = asked.iter().map(|(_, found)| found.quorum).max().unwrap_or(1);
        for (layout, found) in &asked {
            let role = declared(layout.role(found.by.as_str()), &found.by)?;
            self.standing(role, signed, now)?.check_persons(role)?;
        }
        check_newer(programme, reading)?;
        check_times(reading, now)?;
        let content = content(reading);
        let mut parties = readers(programme, &content);
        parties.insert(reading.party);
        let quorum_reached = u32::try_from(parties.len()).unwrap_or(u32::MAX) >= quorum;
        desk.write(&Body::Read(Read {
            block_time: reading.block_time,
            content,
            domain: reading.domain.clone(),
            envelope: signed.envelope_digest(),
            issued: reading.issued,
            next_block_time: reading.next_block_time,
            party: reading.party,
            paused_until: reading.paused_until,
            programme: reading.programme.clone(),
            quorum_reached,
            supply: supply_round_up(layout, &reading.domain, &reading.supply)?,
        }));
        if quorum_reached {
            self.write_settlements(reading, desk);
        }
        Ok(())
    }

    /// Every reading of this domain that the programme's policies in force ask for. When none is in force any
    /// more, those that were still say who reads: what they have decided has to be settled.
    fn readings_of<'a>(
        &'a self,
        programme: &Programme,
        place: (&Name, &Name),
    ) -> Vec<(&'a Layout, &'a Asking)> {
        let current = programme.policies.values().filter_map(|(digest, _)| self.policies.get(digest));
        let found = asking(current, place);
        if found.is_empty() { asking(self.policies.values(), place) } else { found }
    }

    fn write_settlements(&self, reading: &Reading, desk: &mut Desk<'_>) {
        let settled = self.cases.iter().filter_map(|(id, case)| self.settlement(id, case, reading));
        for body in settled.take(SETTLED_MAX) {
            desk.write(&Body::Settled(body));
        }
    }

    /// What a reading says of one case: executed, lapsed, or nothing yet.
    fn settlement(&self, id: &CaseId, case: &Case, reading: &Reading) -> Option<Settled> {
        let of_programme = self.policies.get(&case.policy)?.policy.layout().programme == reading.programme;
        if !of_programme {
            return None;
        }
        let not_after = case.pending.get(&reading.domain)?;
        let ordinal = case.ordinal.checked_sub(1)?;
        let is_it = |c: &&Consumed| c.case == *id && c.ordinal == ordinal;
        let consumed = reading.consumed.iter().find(is_it).map(|c| c.time);
        // INVARIANT: only a block later than `not_after` can show that an outcome will never be executed;
        // ledger time alone never returns a hold.
        let lapsed =
            not_after.is_some_and(|last| reading.block_time > last) && is_named(reading, (*id, ordinal));
        if consumed.is_none() && !lapsed {
            return None;
        }
        Some(Settled {
            case: *id,
            consumed,
            domain: reading.domain.clone(),
            ordinal,
            prev: case.touched.head,
        })
    }
}

/// Whether the reading's list would name this outcome if it were executed. A full list may go on: what comes
/// after its end is not known.
fn is_named(reading: &Reading, outcome: (CaseId, u32)) -> bool {
    let full = reading.consumed.len() >= CONSUMED_MAX;
    let last = reading.consumed.last().filter(|_| full);
    last.is_none_or(|last| outcome <= (last.case, last.ordinal))
}

/// Readings of a domain of a programme that policies ask for, in the order of the policies.
fn asking<'a>(
    policies: impl Iterator<Item = &'a Adopted>,
    (programme, domain): (&Name, &Name),
) -> Vec<(&'a Layout, &'a Asking)> {
    let layouts =
        policies.map(|adopted| adopted.policy.layout()).filter(|layout| layout.programme == *programme);
    let readings = layouts.flat_map(|layout| layout.readings.iter().map(move |reading| (layout, reading)));
    readings.filter(|(_, reading)| reading.domains.contains(domain)).collect()
}

fn readers(programme: &Programme, content: &Digest) -> BTreeSet<Lei> {
    let same = programme.readings.iter().find(|pending| pending.content == *content);
    same.into_iter().flat_map(|pending| pending.parties.keys().copied()).collect()
}

/// An observer's words on a domain count in the order in which it signed them, so that nobody can make an old
/// reading look fresh by handing it in again.
fn check_newer(programme: &Programme, reading: &Reading) -> Result<(), Refusal> {
    let last = programme.observed.get(&reading.party).and_then(|domains| domains.get(&reading.domain));
    match last {
        Some(last) if reading.issued <= *last => {
            let what =
                format!("`{}` has read this domain at {last}, this is of {}", reading.party, reading.issued);
            Err(Refusal::ReadingForm { what })
        }
        _ => Ok(()),
    }
}

fn check_times(reading: &Reading, now: Time) -> Result<(), Refusal> {
    let refused = |what: String| Refusal::ReadingForm { what };
    if reading.next_block_time > now.saturating_add_ms(ISSUED_AHEAD_MS_MAX) {
        let next = reading.next_block_time;
        return Err(refused(format!("the next block is of {next}, later than ledger time {now}")));
    }
    match reading.consumed.iter().find(|c| c.time > reading.block_time) {
        Some(late) => Err(refused(format!("outcome of case `{}` is executed after the block", late.case))),
        None => Ok(()),
    }
}

/// SHA-256 of what was read, without who read it and when: observers that agree have one content.
fn content(reading: &Reading) -> Digest {
    let what = (
        (&reading.programme, &reading.domain, reading.block, reading.block_hash),
        (reading.block_time, reading.next_block_time, &reading.supply, &reading.consumed),
    );
    let json = match reading.paused_until {
        None => canonical::to_vec(&what),
        Some(until) => canonical::to_vec(&(what.0, what.1, until)),
    };
    Digest(json.map(|json| sha256(&json)).unwrap_or_default())
}

/// The currency that a programme counts in: the one of what its policies hold.
pub(crate) fn currency_of(layout: &Layout) -> Option<Currency> {
    let held = layout.holds.first().and_then(|hold| layout.param(hold.amount.as_str()));
    match held?.kind {
        ClaimKind::Money(currency) => Some(currency),
        _ => None,
    }
}

/// Token units to minor units of the programme's currency, rounded up: readings round against the issuer.
fn supply_round_up(layout: &Layout, domain: &Name, units: &str) -> Result<Amount, Refusal> {
    let refused = |what: String| Refusal::ReadingForm { what };
    let known: &Domain = declared(layout.domain(domain.as_str()), domain)?;
    let currency = currency_of(layout).ok_or_else(|| refused("the policy holds nothing".to_owned()))?;
    let units: u128 = units.parse().map_err(|_| refused(format!("`{units}` is no number of token units")))?;
    let decimals = u32::from(known.decimals);
    let scaled = 10u128.checked_pow(u32::from(currency.decimals())).and_then(|f| units.checked_mul(f));
    let minor = scaled.zip(10u128.checked_pow(decimals)).map(|(scaled, unit)| scaled.div_ceil(unit));
    let minor = minor.and_then(|minor| i64::try_from(minor).ok());
    let amount = minor.and_then(|minor| Amount::from_minor(minor).ok());
    amount.ok_or_else(|| refused("the supply leaves the range of amounts".to_owned()))
}
