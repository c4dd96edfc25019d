//! Lists that go back to the first record: cases that are closed, and credentials.

use crate::reply::{Failed, Replied, internal, json};
use crate::routes::{On, eye, hosted, query, signer, value};
use crate::see::{self, Eye};
use crate::service::Hosted;
use crate::submissions::busy;
use axum::extract::{Path, Request, State};
use lockstep_api::answer::{CaseRow, Page};
use lockstep_api::limits::{PAGE_ITEMS, PAGE_ITEMS_MAX};
use lockstep_kernel::Body;
use lockstep_node::{ReplicaError, index, records};
use lockstep_store::Store;
use lockstep_types::{CaseId, CredentialDigest, Lei, PolicyDigest, Time};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Openings that are looked at for one page; those that are not for the reader count too.
const LOOKED_AT_MAX: usize = 512;

/// A case as its opening shows it.
struct Opening {
    case: CaseId,
    opened: Time,
    opener: Lei,
    policy: PolicyDigest,
}

fn limit(limit: Option<&str>) -> Result<usize, Failed> {
    let limit: usize = limit.map_or(Ok(PAGE_ITEMS), |limit| value(limit, "limit"))?;
    Ok(limit.clamp(1, PAGE_ITEMS_MAX))
}

/// Cases that the asking party takes part in, or may: open ones by their ids, with `all` every one in the
/// order of openings.
pub(crate) async fn cases(State(service): On, Path(ledger): Path<String>, request: Request) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, _) = request.into_parts();
    let eye = eye(&service, hosted, signer(&service, hosted, &parts)?);
    let [all, cursor, max] = query(&parts, ["all", "cursor", "limit"])?;
    let max = limit(max)?;
    if all.map_or(Ok(false), |all| value(all, "word: `true` or `false`"))? {
        let from: u64 = cursor.map_or(Ok(0), |cursor| value(cursor, "cursor"))?;
        return every_case(hosted, eye, (from, max)).await;
    }
    let from = cursor.map(|cursor| value(cursor, "cursor")).transpose()?;
    let looked = hosted.engine.look(move |replica| see::cases(replica, eye, (from, max)));
    let items = looked.await.map_err(busy)?;
    let next = items.last().filter(|_| items.len() == max).map(|row| row.case.to_string());
    Ok(json(&Page { items, next }))
}

async fn every_case(hosted: &Hosted, eye: Eye, page: (u64, usize)) -> Replied {
    let acts =
        hosted.engine.look(move |replica| see::policies_acted_under(replica, eye)).await.map_err(busy)?;
    // Records are read beside the appender; it is asked only how the cases found stand.
    let store = Arc::clone(hosted.engine.store());
    let read = spawn_blocking(move || openings(&*store, (eye, &acts), page));
    let read = read.await.map_err(|error| internal(&error))?.map_err(|error| internal(&error))?;
    let (found, next) = read;
    let rows = hosted.engine.look(move |replica| {
        let row = |opening: Opening| CaseRow {
            case: opening.case,
            deadline: replica.kernel().case(&opening.case).map(|case| case.deadline),
            opened: opening.opened,
            opener: opening.opener,
            phase: see::phase(replica, &opening.case),
            policy: opening.policy,
        };
        found.into_iter().map(row).collect::<Vec<_>>()
    });
    let items = rows.await.map_err(busy)?;
    Ok(json(&Page { items, next: next.map(|next| next.to_string()) }))
}

/// Openings from a record on of cases that `eye` may see, and where the next page begins.
fn openings(
    store: &dyn Store,
    (eye, acts): (Eye, &BTreeSet<PolicyDigest>),
    (from, max): (u64, usize),
) -> Result<(Vec<Opening>, Option<u64>), ReplicaError> {
    let numbers = index::openings(store, from, LOOKED_AT_MAX)?;
    let mut found = Vec::new();
    for number in &numbers {
        if found.len() >= max {
            return Ok((found, Some(*number)));
        }
        let Some(record) = records::at(store, *number)? else { break };
        let Ok(Body::Opened(body)) = Body::from_slice(record.body()) else { continue };
        let case = CaseId(record.leaf_hash().0);
        let at_once = eye.sees_all_cases() || body.party == eye.who.party || acts.contains(&body.policy);
        if at_once || see::takes_part(store, case, eye.who.party)? {
            let (opened, opener, policy) = (record.time(), body.party, body.policy);
            found.push(Opening { case, opened, opener, policy });
        }
    }
    let whole = numbers.len() == LOOKED_AT_MAX;
    Ok((found, numbers.last().filter(|_| whole).map(|last| last.saturating_add(1))))
}

/// Credentials that the asking party holds or gave; every one for administrators, and for whoever sees all
/// cases.
pub(crate) async fn credentials(State(service): On, Path(ledger): Path<String>, request: Request) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, _) = request.into_parts();
    let eye = eye(&service, hosted, signer(&service, hosted, &parts)?);
    let [cursor, max] = query(&parts, ["cursor", "limit"])?;
    let from: Option<CredentialDigest> = cursor.map(|cursor| value(cursor, "cursor")).transpose()?;
    let max = limit(max)?;
    let looked = hosted.engine.look(move |replica| see::credentials(replica, eye, (from, max)));
    let items = looked.await.map_err(busy)?;
    let next = items.last().filter(|_| items.len() == max).map(|row| row.credential.to_string());
    Ok(json(&Page { items, next }))
}
