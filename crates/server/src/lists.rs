//! Lists that go back to the first record: cases that are closed, and credentials.

use crate::reply::{Failed, Replied, internal, json};
use crate::routes::{On, body, bounded, eye, hosted, query, signed_by, signer, value};
use crate::see::{self, Eye};
use crate::service::Hosted;
use crate::submissions::{busy, may_submit};
use axum::extract::{Path, Request, State};
use lockstep_api::answer::{CaseRow, Page, Trial, TrialRefused};
use lockstep_api::limits::{PAGE_ITEMS, PAGE_ITEMS_MAX, REQUEST_BYTES_MAX};
use lockstep_api::{Kind, Problem};
use lockstep_kernel::{Body, Case, Refusal};
use lockstep_ledger::Seed;
use lockstep_node::{Replica, ReplicaError, index, records};
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
    let limit: usize =
        limit.map_or(Ok(PAGE_ITEMS), |limit| bounded(value(limit, "limit")?, ("query", "limit")))?;
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
            deadline: open(replica, &opening.case).map(|case| case.deadline),
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

/// A case that is not over yet.
fn open<'a>(replica: &'a Replica, case: &CaseId) -> Option<&'a Case> {
    replica.kernel().case(case).filter(|case| !case.phase.is_closed())
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

/// Domains of programmes; what waits there of cases that the asking party may see, and its own readings.
pub(crate) async fn domains(State(service): On, Path(ledger): Path<String>, request: Request) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, _) = request.into_parts();
    let eye = eye(&service, hosted, signer(&service, hosted, &parts)?);
    let items = hosted.engine.look(move |replica| see::domains(replica, eye)).await.map_err(busy)?;
    Ok(json(&Page { items, next: None }))
}

/// What would become of a request: decided as it is now, and nothing of it is kept.
pub(crate) async fn trials(State(service): On, Path(ledger): Path<String>, request: Request) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, content) = request.into_parts();
    let bytes = body(&service, content, REQUEST_BYTES_MAX).await?;
    signed_by((&service, hosted), &parts, &bytes)?;
    may_submit(&service, hosted, &bytes)?;
    let now = service.now();
    let tried = hosted.engine.look(move |replica| tried(replica, &bytes, now)).await.map_err(busy)?;
    Ok(json(&tried?))
}

fn tried(replica: &Replica, bytes: &[u8], now: Time) -> Result<Trial, Failed> {
    let invalid = |text: String| Failed::from(Problem::new(Kind::Invalid, "submission", text));
    let asked = lockstep_kernel::Request::from_slice(bytes).map_err(|error| invalid(error.to_string()))?;
    let admitted = replica.kernel().admit(vec![asked]).pop();
    let command = admitted.ok_or_else(|| invalid("nothing was asked".to_owned()))?;
    let command = command.map_err(|error| Failed::from(Problem::malformed(&error)))?;
    // What it would draw is drawn anew once it is handed in.
    let now = now.max(replica.ledger().last_time());
    let decided = replica.ledger().decide(&command, now, Seed::new([0; 32]));
    let refused = decided.map_err(|error| internal(&error))?.refused;
    let told =
        |refusal: Refusal| TrialRefused { code: refusal.code().as_text(), detail: refusal.to_string() };
    Ok(Trial { refused: refused.map(told) })
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
