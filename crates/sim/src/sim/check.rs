//! What must hold, whatever happened.

use super::shaky::Faults;
use super::town::{Message, Town, Wrong, wrong};
use lockstep_kernel::body::Body;
use lockstep_kernel::headroom::Asked;
use lockstep_ledger::{Certificate, Tag};
use lockstep_node::port::TilesInMemory;
use lockstep_node::replica::record;
use lockstep_node::{Accepted, Replica, feed};
use lockstep_store::{Memory, Store, StoredRecord};
use lockstep_types::{AttestationDigest, CaseId, Name, UseKey};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Rounds in which everybody is given the chance to catch up.
const ROUNDS: usize = 12;

/// A receipt that reached the party: it verifies, and is remembered.
pub(super) fn receipt(town: &mut Town, accepted: &Accepted) -> Result<(), Wrong> {
    let Some(receipt) = &accepted.receipt else { return Ok(()) };
    let appender = town.kernel().genesis().ok_or("no genesis")?.appender.clone();
    receipt.verify(&town.ledger, &appender).map_err(wrong)?;
    let first = accepted.records.first().ok_or("a receipt for no record")?;
    town.acknowledged.insert(receipt.item.attestation, (accepted.index, first.leaf_hash()));
    Ok(())
}

/// What may still be minted is never less than nothing.
pub(super) fn headroom(town: &Town) -> Result<(), Wrong> {
    let Some(programme) = town.kernel().programme("acme-usd") else { return Ok(()) };
    let domains: [Name; 1] = [crate::cast::name("home")];
    let asked = Asked { domains: &domains, reading_age_ms_max: 300_000, now: town.now };
    match programme.account.headroom(&asked) {
        Ok(left) if left < 0 => Err(format!("headroom is {left}")),
        _ => Ok(()),
    }
}

/// A certificate verifies, and there is one root for its size.
pub(super) fn certified(town: &mut Town, certificate: &Certificate) -> Result<(), Wrong> {
    let committee = town.kernel().committee().ok_or("no committee")?.clone();
    certificate.verify(&town.ledger, &committee).map_err(wrong)?;
    let before = *town.certified.entry(certificate.size).or_insert(certificate.root);
    if before == certificate.root {
        return Ok(());
    }
    Err(format!("two roots are certified for size {}", certificate.size))
}

/// Lets everybody catch up, and asks what must hold.
///
/// # Errors
/// [`Wrong`]: something does not.
pub(super) fn all(town: &mut Town) -> Result<(), Wrong> {
    heal(town)?;
    let records = records_of(&**town.place.store.inner())?;
    acknowledged(town, &records)?;
    once(&records)?;
    copies(town, &records)?;
    rerun(town, &records)
}

/// Without faults the ledger goes on: it is sealed, followed by every co-signer that was not deceived, and
/// certified.
fn heal(town: &mut Town) -> Result<(), Wrong> {
    town.clocks_are_set();
    *town.place.store.faults() = Faults::default();
    town.restart_appender()?;
    town.wire.clear();
    for at in 0..town.seats.len() {
        if let Some(seat) = town.seats.get_mut(at) {
            seat.offline_until = None;
            seat.memory.fail_next(None);
        }
        town.restart_cosigner(at)?;
    }
    town.now = town.now.saturating_add_ms(20_000).max(town.appender.replica().ledger().last_time());
    town.appender.seal(town.now).map_err(wrong)?;
    let sealed = town.appender.head().1;
    for at in 0..town.seats.len() {
        catch_up(town, at, sealed)?;
    }
    for at in 0..town.seats.len() {
        let deceived = town.seats.get(at).is_some_and(|seat| seat.deceived);
        for _ in 0..if deceived { 0 } else { ROUNDS } {
            town.signs(at)?;
            let under_way: Vec<Message> = town.wire.drain(..).map(|(_, message)| message).collect();
            under_way.into_iter().try_for_each(|message| town.arrives(message))?;
        }
    }
    if town.certified.contains_key(&sealed) { Ok(()) } else { Err(format!("size {sealed} is not certified")) }
}

fn catch_up(town: &mut Town, at: usize, size: u64) -> Result<(), Wrong> {
    let Some(seat) = town.seats.get_mut(at).filter(|seat| !seat.deceived) else { return Ok(()) };
    while seat.cosigner.next() < size {
        let next = seat.cosigner.next();
        let bytes = town.appender.feed(next, 500).map_err(wrong)?;
        if feed::decode(&bytes).map_err(wrong)?.is_empty() {
            return Err(format!("no records from {next} on"));
        }
        seat.cosigner.receive_at(next, &bytes).map_err(wrong)?;
    }
    Ok(())
}

pub(crate) fn records_of(store: &dyn Store) -> Result<Vec<StoredRecord>, Wrong> {
    let size = store.head().map_err(wrong)?.size;
    lockstep_store::stream(store, 0, size).collect::<Result<Vec<_>, _>>().map_err(wrong)
}

/// Nothing acknowledged is lost: the record is where the receipt says.
fn acknowledged(town: &Town, records: &[StoredRecord]) -> Result<(), Wrong> {
    for (attestation, (index, leaf)) in &town.acknowledged {
        let stored = usize::try_from(*index).ok().and_then(|at| records.get(at));
        let stored = stored.ok_or_else(|| format!("`{attestation}` was acknowledged and is lost"))?;
        let found = record(*index, stored).map_err(wrong)?.leaf_hash();
        if found != *leaf {
            return Err(format!("`{attestation}` was acknowledged as `{leaf}`, record {index} is `{found}`"));
        }
    }
    Ok(())
}

/// No attestation counts twice, and no single-use act backs two decisions.
pub(crate) fn once(records: &[StoredRecord]) -> Result<(), Wrong> {
    let mut counted: BTreeSet<AttestationDigest> = BTreeSet::new();
    let mut attempted = BTreeSet::new();
    let mut claimed: BTreeMap<(CaseId, Name), UseKey> = BTreeMap::new();
    let mut decided: BTreeMap<UseKey, CaseId> = BTreeMap::new();
    for (index, stored) in (0..).zip(records) {
        let record = record(index, stored).map_err(wrong)?;
        if record.tag() == Tag::Outcome {
            continue;
        }
        match Body::from_slice(record.body()).map_err(wrong)? {
            Body::Opened(body) if !counted.insert(body.attestation) => return Err(twice(&body.attestation)),
            Body::Attested(body) => {
                if !counted.insert(body.attestation) {
                    return Err(twice(&body.attestation));
                }
                claimed.extend(body.use_key.map(|key| ((body.case, body.step.clone()), key)));
            }
            Body::Attempted(body) if !attempted.insert((body.attestation, body.case)) => {
                return Err(twice(&body.attestation));
            }
            Body::Withdrawn(body) => {
                for step in body.fallen {
                    claimed.remove(&(body.case, step));
                }
            }
            Body::Decided(body) => {
                for key in claimed.iter().filter(|((case, _), _)| *case == body.case).map(|(_, key)| *key) {
                    if decided.insert(key, body.case).is_some_and(|other| other != body.case) {
                        return Err(format!("single-use act `{key}` backs two decisions"));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn twice(attestation: &AttestationDigest) -> Wrong {
    format!("`{attestation}` is on record twice")
}

/// Every co-signer that was not deceived holds the same bytes, log and map.
fn copies(town: &Town, records: &[StoredRecord]) -> Result<(), Wrong> {
    let ledger = town.appender.replica().ledger();
    for (at, seat) in town.seats.iter().enumerate().filter(|(_, seat)| !seat.deceived) {
        if records_of(&**seat.place.store.inner())? != records {
            return Err(format!("co-signer {at} holds other records"));
        }
        let own = seat.cosigner.replica().ledger();
        if own.root() != ledger.root() || own.map_root() != ledger.map_root() {
            return Err(format!("co-signer {at} finds other roots"));
        }
    }
    Ok(())
}

/// Running the whole log again gives the same log, map and kernel as living through it did.
fn rerun(town: &Town, records: &[StoredRecord]) -> Result<(), Wrong> {
    let mut again =
        Replica::open(Arc::new(Memory::new()), Arc::new(TilesInMemory::default())).map_err(wrong)?;
    again.run(records).map_err(wrong)?;
    let live = town.appender.replica();
    if again.ledger().root() != live.ledger().root() || again.ledger().map_root() != live.ledger().map_root()
    {
        return Err("running the log again gives other roots".to_owned());
    }
    let (again, live) =
        (again.kernel().to_snapshot().map_err(wrong)?, live.kernel().to_snapshot().map_err(wrong)?);
    if again == live { Ok(()) } else { Err("running the log again gives another state".to_owned()) }
}
