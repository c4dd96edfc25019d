//! Records as the store keeps them: those of a case, and those that one command made.

use crate::index;
use crate::replica::{self, ReplicaError};
use lockstep_kernel::{Body, Entity};
use lockstep_ledger::scribe::RECORDS_PER_COMMAND_MAX;
use lockstep_ledger::{Record, Tag};
use lockstep_store::Store;
use lockstep_types::CaseId;

/// What kind of record it is, in one word.
#[must_use]
pub fn kind(record: &Record) -> String {
    if record.tag() == Tag::Outcome {
        return "outcome".to_owned();
    }
    let kind = Body::from_slice(record.body()).map_or("unreadable", |body| body.kind());
    kind.to_owned()
}

/// The record at a place of the log.
///
/// # Errors
/// [`ReplicaError`]: the store cannot be read, or what it holds is no record.
pub fn at(store: &dyn Store, index: u64) -> Result<Option<Record>, ReplicaError> {
    let stored = store.records(index, 1, usize::MAX)?;
    stored.first().map(|stored| replica::record(index, stored)).transpose()
}

/// Every record of a case, governance cases too, in order.
///
/// # Errors
/// As [`at`].
pub fn of_case(store: &dyn Store, case: CaseId) -> Result<Vec<(u64, Record)>, ReplicaError> {
    let mut found = Vec::new();
    for index in index::records_of(store, &Entity::Case(case))? {
        found.extend(at(store, index)?.map(|record| (index, record)));
    }
    Ok(found)
}

/// The records of the command whose first record is `index`.
///
/// # Errors
/// As [`at`].
pub fn of_command(store: &dyn Store, index: u64) -> Result<Vec<Record>, ReplicaError> {
    let stored = store.records(index, RECORDS_PER_COMMAND_MAX, usize::MAX)?;
    let own = |(at, stored): &(u64, lockstep_store::StoredRecord)| *at == index || stored.command.is_none();
    (index..).zip(stored).take_while(own).map(|(at, stored)| replica::record(at, &stored)).collect()
}

/// Number of the record by which a governance case took effect.
///
/// # Errors
/// As [`at`].
pub(crate) fn enacted(store: &dyn Store, case: CaseId) -> Result<Option<u64>, ReplicaError> {
    let is = |record: &Record| matches!(Body::from_slice(record.body()), Ok(Body::Enacted(_)));
    Ok(of_case(store, case)?.iter().find(|(_, record)| is(record)).map(|(index, _)| *index))
}
