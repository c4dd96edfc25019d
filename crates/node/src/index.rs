//! Index rows written with the records: which records touched an entity, which record an attestation made,
//! where packs find governance and keys, and which records opened cases.

use lockstep_kernel::{Action, Body, Entity};
use lockstep_ledger::{Record, Tag};
use lockstep_pack::Topic;
use lockstep_store::{IndexRow, Result, Store};
use lockstep_types::{AttestationDigest, CaseId};

const BY_ENTITY: u8 = b'e';
const BY_ATTESTATION: u8 = b'a';
const BY_TOPIC: u8 = b't';
const OPENING: u8 = b'o';
const UNDECIDED: u8 = b'u';
/// Rows read at a time.
const ROWS_AT_ONCE: usize = 1_024;

/// The rows of the record numbered `index`.
#[must_use]
pub fn rows(record: &Record, index: u64) -> Vec<IndexRow> {
    let number = index.to_be_bytes();
    let by_entity =
        |entity: &Entity| ([&[BY_ENTITY], entity.key().0.as_slice(), &number].concat(), Vec::new());
    if record.tag() == Tag::Outcome {
        return case_of_outcome(record).map(|case| by_entity(&Entity::Case(case))).into_iter().collect();
    }
    let Some(body) = Body::peek(record) else { return Vec::new() };
    let by_attestation = attestation(&body)
        .map(|attestation| ([&[BY_ATTESTATION], attestation.0.as_slice()].concat(), number.to_vec()));
    let by_topic = |topic: Topic| (topic_row(&topic, index), Vec::new());
    let by_topic = topics(&body).into_iter().map(by_topic);
    let opening =
        matches!(body, Body::Opened(_)).then(|| ([&[OPENING], number.as_slice()].concat(), Vec::new()));
    let of_body = by_attestation.into_iter().chain(by_topic).chain(opening);
    entities(&body, record).iter().map(by_entity).chain(of_body).collect()
}

/// Numbers of the records from `from` on that opened a case, ascending: at most `max`.
///
/// # Errors
/// When the store cannot be read.
pub fn openings(store: &dyn Store, from: u64, max: usize) -> Result<Vec<u64>> {
    let rows = store.index_range(&[OPENING], &[&[OPENING], from.to_be_bytes().as_slice()].concat(), max)?;
    let number =
        |(key, _): (Vec<u8>, Vec<u8>)| key.last_chunk::<8>().map(|number| u64::from_be_bytes(*number));
    within_head(store, rows.into_iter().filter_map(number).collect())
}

/// The row that says of the record numbered `index`, of this case, that it was not decided here.
pub(crate) fn undecided_row(index: u64, case: CaseId) -> IndexRow {
    ([&[UNDECIDED], index.to_be_bytes().as_slice()].concat(), case.0.to_vec())
}

/// Numbers of the records that were applied here without being decided, ascending, each with its case.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn undecided(store: &dyn Store) -> Result<Vec<(u64, CaseId)>> {
    let mut found = Vec::new();
    each(store, &[UNDECIDED], |number, value| {
        found.extend(value.try_into().ok().map(|case| (number, CaseId(case))));
    })?;
    Ok(found)
}

/// Those of ascending numbers whose records the head counts: the index may know of some a moment before.
fn within_head(store: &dyn Store, mut numbers: Vec<u64>) -> Result<Vec<u64>> {
    if !numbers.is_empty() {
        let size = store.head()?.size;
        numbers.truncate(numbers.partition_point(|number| *number < size));
    }
    Ok(numbers)
}

fn topic_row(topic: &Topic, index: u64) -> Vec<u8> {
    [&[BY_TOPIC], topic.key().0.as_slice(), &index.to_be_bytes()].concat()
}

/// Topics of a record that are no entities. Genesis stands among the governance: by it is known that such
/// rows were written from the first record on.
fn topics(body: &Body) -> Vec<Topic> {
    match body {
        Body::Genesis(_) | Body::Proposed(_) => vec![Topic::Governance],
        Body::Credentialed(body) => body.keys.iter().map(|key| Topic::Key(key.key.id())).collect(),
        _ => Vec::new(),
    }
}

/// True when the records have been listed by topic from the first one on.
///
/// # Errors
/// When the store cannot be read.
pub fn is_listed(store: &dyn Store) -> Result<bool> {
    Ok(store.index_get(&topic_row(&Topic::Governance, 0))?.is_some())
}

/// The case whose outcome a leaf is.
#[must_use]
pub fn case_of_outcome(record: &Record) -> Option<CaseId> {
    lockstep_kernel::outcome::decode(record.body()).ok().map(|outcome| CaseId(outcome.caseId.0))
}

/// Numbers of the records that touched an entity, ascending.
///
/// # Errors
/// When the store cannot be read.
pub fn records_of(store: &dyn Store, entity: &Entity) -> Result<Vec<u64>> {
    numbers(store, &[&[BY_ENTITY], entity.key().0.as_slice()].concat())
}

/// Numbers of the records of a topic that is no entity, ascending: governance, with genesis, and keys.
///
/// # Errors
/// When the store cannot be read.
pub fn records_about(store: &dyn Store, topic: &Topic) -> Result<Vec<u64>> {
    numbers(store, &[&[BY_TOPIC], topic.key().0.as_slice()].concat())
}

fn numbers(store: &dyn Store, prefix: &[u8]) -> Result<Vec<u64>> {
    let mut numbers = Vec::new();
    each(store, prefix, |number, _| numbers.push(number))?;
    within_head(store, numbers)
}

/// Number and value of every row below `prefix`, ascending; their keys end in a number.
fn each(store: &dyn Store, prefix: &[u8], mut see: impl FnMut(u64, Vec<u8>)) -> Result<()> {
    let mut from = prefix.to_vec();
    loop {
        let rows = store.index_range(prefix, &from, ROWS_AT_ONCE)?;
        let full = rows.len() == ROWS_AT_ONCE;
        for (key, value) in rows {
            from = [key.as_slice(), &[0]].concat();
            if let Some(number) = key.last_chunk::<8>() {
                see(u64::from_be_bytes(*number), value);
            }
        }
        if !full {
            return Ok(());
        }
    }
}

/// Number of the record that an attestation made, accepted or refused on record.
///
/// # Errors
/// When the store cannot be read.
pub fn record_of(store: &dyn Store, attestation: &AttestationDigest) -> Result<Option<u64>> {
    let row = store.index_get(&[&[BY_ATTESTATION], attestation.0.as_slice()].concat())?;
    let number = row.and_then(|value| value.try_into().ok()).map(u64::from_be_bytes);
    Ok(within_head(store, number.into_iter().collect())?.first().copied())
}

const fn attestation(body: &Body) -> Option<AttestationDigest> {
    match body {
        Body::Attested(body) => Some(body.attestation),
        Body::Attempted(body) => Some(body.attestation),
        Body::Opened(body) => Some(body.attestation),
        Body::Proposed(body) => Some(body.attestation),
        _ => None,
    }
}

/// The entities whose history a record belongs to. A governance case belongs to the history of what it
/// changes.
fn entities(body: &Body, record: &Record) -> Vec<Entity> {
    let own = CaseId(record.leaf_hash().0);
    match body {
        Body::Genesis(_) => vec![Entity::Committee],
        Body::Opened(_) => vec![Entity::Case(own)],
        Body::Proposed(body) => changed(&body.action).into_iter().chain([Entity::Case(own)]).collect(),
        Body::Credentialed(body) => vec![Entity::Credential(body.credential)],
        Body::Revoked(body) => vec![Entity::Credential(body.credential)],
        Body::Read(body) => vec![Entity::Account(body.programme.clone())],
        body => body.link().map(|(case, _)| Entity::Case(case)).into_iter().collect(),
    }
}

/// What an action changes.
#[must_use]
pub fn changed(action: &Action) -> Option<Entity> {
    match action {
        Action::Adopt(files) => {
            let layout = lockstep_policy::Layout::from_file(files.layout.as_bytes()).ok()?;
            Some(Entity::Policy(layout.programme, layout.name))
        }
        Action::Retire(retired) => Some(Entity::Policy(retired.programme.clone(), retired.policy.clone())),
        Action::NameIssuer(issuer) => Some(Entity::Issuer(issuer.lei)),
        Action::RemoveIssuer(removed) => Some(Entity::Issuer(removed.lei)),
        Action::SetList(new) => Some(Entity::List(new.programme.clone(), new.list.clone())),
        Action::Rotate(_) => Some(Entity::Committee),
        // Gates are on a chain, the order in the log, rules in the entry of every case: none has its own.
        Action::Erase(_) | Action::Gate(_) | Action::ReplaceGate(_) | Action::SetRules(_) => None,
    }
}
