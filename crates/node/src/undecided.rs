//! Records that a copy took over without deciding them: the commands that made them, or the claims that they
//! rest on, had been erased before it began. They rest on what others did, and only on both of these: an
//! order of governance to erase their case, and a certificate over them.
//!
//! INVARIANT: the order is one that this copy has decided itself. Records of governance are never taken
//! over without their commands, so neither `proposed` nor `enacted` of an order, nor a committee, can be
//! undecided.

use crate::index;
use crate::records::{self, enacted, of_case};
use crate::replica::ReplicaError;
use lockstep_kernel::{Action, Body, Refusal};
use lockstep_ledger::{Decision, Record, Tag};
use lockstep_pack::Topic;
use lockstep_store::Store;
use lockstep_types::CaseId;
use std::collections::BTreeSet;

/// True for what a party's signed words about a case made: the commands of such records can be erased.
#[must_use]
pub const fn is_erasable(body: &Body) -> bool {
    matches!(body, Body::Opened(_) | Body::Attested(_) | Body::Attempted(_) | Body::Withdrawn(_))
}

/// The case of a record whose command may have been erased, or that follows from such a command; none for
/// every other record.
pub(crate) fn case_of(record: &Record) -> Option<CaseId> {
    if record.tag() == Tag::Outcome {
        return index::case_of_outcome(record);
    }
    match Body::peek(record)? {
        Body::Opened(_) => Some(CaseId(record.leaf_hash().0)),
        body if is_erasable(&body) || matches!(body, Body::Decided(_)) => body.link().map(|(case, _)| case),
        _ => None,
    }
}

/// Whether `found`, as many records as the decision counts, are what a command made. What the decision leaves
/// out must be there too: the deposit that an erased case returned at its end, which only its claims tell.
pub(crate) fn is_again(decision: &Decision<Refusal>, found: &[Record]) -> bool {
    let (mut told, mut ended) = (decision.records.iter(), None);
    found.iter().enumerate().all(|(place, record)| {
        if decision.left_out.binary_search(&place).is_ok() {
            let returns =
                record.tag() == Tag::Outcome || matches!(Body::peek(record), Some(Body::Decided(_)));
            return returns && ended.is_some() && case_of(record) == ended;
        }
        if let Some(Body::Expired(body)) = Body::peek(record) {
            ended = Some(body.case);
        }
        told.next().is_some_and(|expected| expected.leaf() == record.leaf())
    })
}

/// The first record that rests on nothing; none when each does, or nothing was taken over undecided. The
/// certificates in `store` have been verified.
///
/// # Errors
/// [`ReplicaError`]: the store cannot be read.
pub(crate) fn first(store: &dyn Store) -> Result<Option<u64>, ReplicaError> {
    let undecided = index::undecided(store)?;
    if undecided.is_empty() {
        return Ok(None);
    }
    let certified = store.latest_certificate()?.map_or(0, |(size, _)| size);
    let mut ordered = BTreeSet::new();
    for case in self::ordered(store)? {
        // Attempts and outcomes are of governance cases, too: what those change is never taken over.
        let first = of_case(store, case)?.into_iter().next();
        if first.is_some_and(|(_, record)| matches!(Body::peek(&record), Some(Body::Opened(_)))) {
            ordered.insert(case);
        }
    }
    let rests = |(number, case): &(u64, CaseId)| *number < certified && ordered.contains(case);
    Ok(undecided.into_iter().find(|record| !rests(record)).map(|(number, _)| number))
}

/// Cases whose erasure governance has ordered, in effect.
///
/// # Errors
/// [`ReplicaError`]: the store cannot be read.
pub fn ordered(store: &dyn Store) -> Result<BTreeSet<CaseId>, ReplicaError> {
    let mut ordered = BTreeSet::new();
    for number in index::records_about(store, &Topic::Governance)? {
        let Some(record) = records::at(store, number)? else { continue };
        let Ok(Body::Proposed(body)) = Body::from_slice(record.body()) else { continue };
        let Action::Erase(erasure) = body.action else { continue };
        if enacted(store, CaseId(record.leaf_hash().0))?.is_some() {
            ordered.insert(erasure.case);
        }
    }
    Ok(ordered)
}
