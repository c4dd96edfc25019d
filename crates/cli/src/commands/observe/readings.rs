//! Readings: supply as of the date of the balance that the ledger goes by, and what has become of outcomes.

use super::place::Place;
use crate::desk::Desk;
use crate::desk::entered::Entered;
use crate::party::Party;
use anyhow::Result;
use lockstep_api::answer::{DomainRow, PendingRow};
use lockstep_attest::{Consumed, Reading, Statement};
use lockstep_chain::{Domain, DomainError, Observation, Rpc, Watch};
use lockstep_node::client::Draft;
use lockstep_types::{Digest, Time};
use serde_json::{Value, json};

/// Where several observers must have read the same, they look at whole minutes: it is the same block then.
const TOGETHER_MS: u64 = 60_000;
/// Part of the time for which a reading counts after which one of the same content is handed in again.
const AGAIN_AFTER: u64 = 2;

/// Which dates the ledger needs a reading for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The date of the newest balance: headroom counts the supply of then.
    balance: Option<Time>,
    /// Now: outcomes are waited for, or nothing has been stated yet.
    newest: bool,
    /// The last pause of the Gate that is on record.
    paused_until: Option<Time>,
}

/// Why a reading is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Headroom,
    Settlement,
    Pause,
}

/// What was seen for a date; nothing when the block after it is not final yet.
pub struct Seen {
    purpose: Purpose,
    as_of: Time,
    observation: Option<Observation>,
}

/// A reading that this process has handed in.
pub struct Noted {
    purpose: Purpose,
    observation: Observation,
    issued: Time,
}

/// What became of a reading.
pub struct Told {
    seen: Seen,
    end: End,
}

enum End {
    OnRecord(Entered),
    /// The same was handed in a short while ago.
    Fresh,
    NotFinal,
}

/// What the ledger needs of this place.
pub fn wanted(row: &DomainRow) -> Wanted {
    if row.asked.is_none() {
        return Wanted { balance: None, newest: false, paused_until: None };
    }
    let newest = !row.pending.is_empty() || row.balance.is_none();
    Wanted { balance: row.balance, newest, paused_until: row.paused_until }
}

/// Looks at the chain for every date that is needed.
pub fn read(rpc: &Rpc, (place, since): (&Place, u64), wanted: &Wanted) -> Result<Vec<Seen>> {
    let mut seen = Vec::new();
    if let Some(as_of) = wanted.balance {
        seen.push(look(rpc, (place, since), (Purpose::Headroom, as_of))?);
    }
    let finalized = rpc.finalized()?;
    // The block after the one that is read must be final too.
    let before = finalized.time()?.saturating_sub_ms(1_000);
    let together = place.asked.is_some_and(|asked| asked.quorum > 1);
    let past = if together { before.ms() % TOGETHER_MS } else { 0 };
    let newest = before.saturating_sub_ms(past);
    if wanted.newest {
        seen.push(look(rpc, (place, since), (Purpose::Settlement, newest))?);
    } else if let (Some(gate), true) = (place.gates.first(), place.asked.is_some()) {
        // A pause is put on record even where nothing is waited for.
        let watch = Watch { token: place.token, gate: *gate, since };
        if watch.paused_until(rpc, finalized.number.saturating_sub(1))? > wanted.paused_until {
            seen.push(look(rpc, (place, since), (Purpose::Pause, newest))?);
        }
    }
    // One block answers for both dates.
    let same = match seen.as_slice() {
        [one, other] => one.observation.is_some() && one.observation == other.observation,
        _ => false,
    };
    if same {
        seen.truncate(1);
    }
    Ok(seen)
}

fn look(rpc: &Rpc, (place, since): (&Place, u64), (purpose, as_of): (Purpose, Time)) -> Result<Seen> {
    let mut watches = place.gates.iter().map(|gate| Watch { token: place.token, gate: *gate, since });
    // INVARIANT: a domain has a Gate in force.
    let Some(in_force) = watches.next() else { return Ok(Seen { purpose, as_of, observation: None }) };
    let mut observation = match in_force.as_of(rpc, as_of) {
        Ok(observation) => observation,
        Err(DomainError::NotFinal { .. }) => return Ok(Seen { purpose, as_of, observation: None }),
        Err(error) => return Err(error.into()),
    };
    for replaced in watches {
        observation.consumed.extend(replaced.consumed(rpc, observation.block.number)?);
    }
    observation.consumed.sort_unstable();
    Ok(Seen { purpose, as_of, observation: Some(observation) })
}

/// Signs and hands in what was seen, in order.
pub fn hand_in_all(
    (desk, party): (&mut Desk, &Party),
    (place, seen): (&Place, Vec<Seen>),
    noted: &mut Vec<Noted>,
) -> Result<Vec<Told>> {
    let mut told = Vec::with_capacity(seen.len());
    for seen in seen {
        let Some(observation) = seen.observation.clone() else {
            told.push(Told { seen, end: End::NotFinal });
            continue;
        };
        // As it stands now: what was waited for before the chain was asked may be settled.
        let all = desk.domains()?;
        let row = place.row(&all)?;
        let waits = |consumed: &Consumed| {
            let names =
                |pending: &PendingRow| (pending.case, pending.ordinal) == (consumed.case, consumed.ordinal);
            row.pending.iter().any(names)
        };
        let observation = observation.waited_for(waits);
        let reading = reading((desk, party), row, &observation)?;
        let issued = reading.issued;
        let again_ms = place.asked.map_or(0, |asked| asked.max_age_ms) / AGAIN_AFTER;
        let fresh = |noted: &Noted| {
            noted.observation == observation && issued < noted.issued.saturating_add_ms(again_ms)
        };
        if noted.iter().any(|noted| noted.purpose == seen.purpose && fresh(noted)) {
            told.push(Told { seen, end: End::Fresh });
            continue;
        }
        let statement = Statement::Reading(reading);
        let entered = desk.hand_in(party, Draft { statement, openings: Vec::new() })?;
        noted.retain(|noted| noted.purpose != seen.purpose);
        noted.push(Noted { purpose: seen.purpose, observation: observation.clone(), issued });
        let seen = Seen { observation: Some(observation), ..seen };
        told.push(Told { seen, end: End::OnRecord(entered) });
    }
    Ok(told)
}

fn reading((desk, party): (&Desk, &Party), row: &DomainRow, seen: &Observation) -> Result<Reading> {
    let signing = desk.signing(party)?;
    // An observer's words on a domain count in the order in which they are signed: two of one moment do not.
    let last = row.read.get(&party.lei);
    let issued = last.map_or(signing.issued, |last| signing.issued.max(last.saturating_add_ms(1)));
    Ok(Reading {
        block: seen.block.number,
        block_hash: Digest(seen.block.hash.0),
        block_time: seen.block.time()?,
        consumed: seen.consumed.clone(),
        domain: row.domain.clone(),
        expires: signing.expires,
        issued,
        ledger: signing.ledger,
        next_block_time: seen.next.time()?,
        party: signing.party,
        paused_until: seen.paused_until,
        programme: row.programme.clone(),
        seen: signing.seen,
        supply: seen.supply.to_string(),
    })
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Headroom => "headroom",
            Self::Settlement => "settlement",
            Self::Pause => "pause",
        }
    }
}

impl Told {
    /// Whether the ledger said no.
    pub fn is_refused(&self) -> bool {
        matches!(&self.end, End::OnRecord(entered) if entered.refused().is_some())
    }

    fn status(&self) -> &'static str {
        match &self.end {
            End::OnRecord(_) if self.is_refused() => "refused",
            End::OnRecord(_) => "on-record",
            End::Fresh => "unchanged",
            End::NotFinal => "not-final",
        }
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let (records, refused) = match &self.end {
            End::OnRecord(entered) => {
                (entered.kinds(), entered.refused().map(|refusal| refusal.code.clone()))
            }
            _ => (Vec::new(), None),
        };
        json!({
            "as_of": self.seen.as_of,
            "block": self.seen.observation.as_ref().map(|seen| seen.block.number),
            "consumed": self.seen.observation.as_ref().map_or(0, |seen| seen.consumed.len()),
            "for": self.seen.purpose.as_str(),
            "paused_until": self.seen.observation.as_ref().and_then(|seen| seen.paused_until),
            "records": records,
            "refused": refused,
            "status": self.status(),
            "supply": self.seen.observation.as_ref().map(|seen| seen.supply.to_string()),
        })
    }

    /// For people.
    pub fn line(&self) -> String {
        let (purpose, as_of) = (self.seen.purpose.as_str(), self.seen.as_of);
        let Some(seen) = &self.seen.observation else {
            return format!("  {purpose}, as of {as_of}: the block after it is not final yet");
        };
        let (block, supply, executed) = (seen.block.number, seen.supply, seen.consumed.len());
        let paused = seen.paused_until.map(|until| format!(", the Gate's last pause until {until}"));
        let what = format!(
            "  {purpose}, as of {as_of}: block {block}, {supply} units, executed: {executed}{}",
            paused.unwrap_or_default()
        );
        match &self.end {
            End::OnRecord(entered) => match entered.refused() {
                Some(refusal) => {
                    format!("{what}; refused, on record as {}: {}", entered.index(), refusal.text)
                }
                None => format!("{what}; on record as {}", entered.index()),
            },
            End::Fresh | End::NotFinal => format!("{what}; handed in before"),
        }
    }
}
