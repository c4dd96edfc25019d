//! Index rows written with the records: which records touched an entity, and which record an attestation
//! made.

use lockstep_kernel::{Action, Body, Entity};
use lockstep_ledger::{Record, Tag};
use lockstep_store::{IndexRow, Result, Store};
use lockstep_types::{AttestationDigest, CaseId};

const BY_ENTITY: u8 = b'e';
const BY_ATTESTATION: u8 = b'a';
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
    entities(&body, record).iter().map(by_entity).chain(by_attestation).collect()
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
    let prefix = [&[BY_ENTITY], entity.key().0.as_slice()].concat();
    let mut numbers = Vec::new();
    let mut from = prefix.clone();
    loop {
        let rows = store.index_range(&prefix, &from, ROWS_AT_ONCE)?;
        let full = rows.len() == ROWS_AT_ONCE;
        for (key, _) in rows {
            from = [key.as_slice(), &[0]].concat();
            numbers.extend(key.last_chunk::<8>().map(|number| u64::from_be_bytes(*number)));
        }
        if !full {
            return Ok(numbers);
        }
    }
}

/// Number of the record that an attestation made, accepted or refused on record.
///
/// # Errors
/// When the store cannot be read.
pub fn record_of(store: &dyn Store, attestation: &AttestationDigest) -> Result<Option<u64>> {
    let row = store.index_get(&[&[BY_ATTESTATION], attestation.0.as_slice()].concat())?;
    Ok(row.and_then(|value| value.try_into().ok()).map(u64::from_be_bytes))
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
