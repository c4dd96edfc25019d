//! The routes of `/v1`, and those for whoever runs the server.

use crate::events::Watch;
use crate::figures;
use crate::idempotency::{self, Claim};
use crate::lists::{cases, credentials, domains, trials};
use crate::packs::case_pack;
use crate::people;
use crate::reply::{Failed, Replied, bytes_of, internal, json, missing, unhurried};
use crate::rotation::handovers;
use crate::see::{self, Eye};
use crate::service::{Hosted, Service};
use crate::submissions::{self, busy, may_submit, receipt_of, submit, told, with_documents};
use crate::traces::Trace;
use crate::who::{Asks, Who, who};
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use lockstep_api::answer::{
    BatchAnswer, Case, Certified, CosignedAnswer, Entered, GenesisRecord, KeyRow, Ledger, Outcome,
    OutcomeRow, Page, Token,
};
use lockstep_api::limits::{
    BATCH_BYTES_MAX, BATCH_REQUESTS_MAX, BODY_BYTES_MAX, COSIGNED_BYTES_MAX, FEED_RECORDS, PAGE_ITEMS,
    PAGE_ITEMS_MAX, REQUEST_BYTES_MAX, TOKEN_MS,
};
use lockstep_api::path::route;
use lockstep_api::{Kind, Problem};
use lockstep_ledger::log::TilePath;
use lockstep_ledger::{Certificate, Checkpoint, Tag};
use lockstep_node::cosigner::Cosigned;
use lockstep_node::{Asked, feed, records as stored};
use lockstep_types::limits::INTEGER_MAX;
use lockstep_types::{AttestationDigest, CaseId, KeyId, LedgerId};
use serde_json::value::RawValue;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// The service, as routes are given it.
pub(crate) type On = State<Arc<Service>>;

/// What `from` is called.
const NUMBER: &str = "number of a record";

/// Where a connection comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Every route.
pub(crate) fn router(service: Arc<Service>) -> Router {
    let without_query = Router::new()
        .route(route::LEDGERS, get(ledgers))
        .route(route::LEDGER, get(ledger))
        .route(route::GENESIS, get(genesis))
        .route(route::SUBMISSIONS, post(submissions))
        .route(route::BATCHES, post(batches))
        .route(route::ATTESTATION, get(attestation))
        .route(route::CASE, get(case))
        .route(route::OUTCOMES, get(outcomes))
        .route(route::DOMAINS, get(domains))
        .route(route::TRIALS, post(trials))
        .route(route::PROPOSALS, get(proposals))
        .route(route::POLICIES, get(policies))
        .route(route::KEY, get(key))
        .route(route::COSIGNATURES, post(cosignatures))
        .route(route::HANDOVERS, get(handovers))
        .route(route::CERTIFICATE, get(certificate))
        .route(route::CERTIFICATE_AT, get(certificate_at))
        .route(route::TOKENS, post(tokens))
        .route(route::PEOPLE_CHALLENGES, post(people::challenges))
        .route(route::PEOPLE_TOKENS, post(people::tokens))
        .route(route::CHECKPOINT, get(checkpoint))
        .route(route::TILE, get(tile))
        .route(route::EVENTS, get(events))
        .route(route::CASE_EVENTS, get(case_events))
        .route(route::WAITING_EVENTS, get(waiting_events))
        .route(route::FIGURES, get(figures::routes::of_ledger))
        .route(route::CASES_EVENTS, get(cases_events))
        .route(route::OPENAPI, get(openapi))
        .route(route::HEALTHZ, get(|| async { "ok\n" }))
        .route(route::READYZ, get(readyz))
        .route(route::METRICS, get(figures::routes::metrics))
        .route_layer(from_fn(no_query));
    let routes = without_query
        .route(route::CASES, get(cases))
        .route(route::CREDENTIALS, get(credentials))
        .route(route::WAITING, get(waiting))
        .route(route::RECORDS, get(records))
        .route(route::READS, get(people::reads))
        .route(route::PACK, get(case_pack));
    let paced = from_fn_with_state(Arc::clone(&service), paced);
    closed(routes).layer(paced).layer(from_fn(unhurried)).with_state(service)
}

/// Says of everything else that it is not there.
pub(crate) fn closed<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    routes
        .method_not_allowed_fallback(|method: Method| async move {
            let mut problem =
                Problem::new(Kind::Invalid, "method", format!("`{method}` is not for this path"));
            problem.status = StatusCode::METHOD_NOT_ALLOWED.as_u16();
            Failed::from(problem)
        })
        .fallback(|| async { missing("path") })
}

/// Nothing is answered to an address that asks too often.
async fn paced(
    State(service): On,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    match service.paces.asked(peer) {
        Ok(()) => next.run(request).await,
        Err(failed) => failed.into_response(),
    }
}

/// Most routes know no query: a name that is not known is refused there too.
async fn no_query(request: Request, next: Next) -> Response {
    if request.uri().query().unwrap_or_default().is_empty() {
        return next.run(request).await;
    }
    Failed::from(Problem::new(Kind::Invalid, "query", "this path knows no query")).into_response()
}

pub(crate) fn hosted<'a>(service: &'a Service, ledger: &str) -> Result<&'a Arc<Hosted>, Failed> {
    let id: LedgerId = ledger.parse().map_err(|_| missing("ledger"))?;
    service.ledger(&id).ok_or_else(|| missing("ledger"))
}

fn part<T: std::str::FromStr>(text: &str, what: &'static str) -> Result<T, Failed> {
    let refused = |_| Problem::new(Kind::Invalid, "path", format!("this is no {what}")).into();
    text.parse().map_err(refused)
}

/// The body, within a limit and a time.
pub(crate) async fn body(service: &Service, body: Body, max: usize) -> Result<Vec<u8>, Failed> {
    let limit = || Problem::new(Kind::Limit, "too-long", format!("at most {max} bytes are read here"));
    match timeout(service.limits.body, to_bytes(body, max)).await {
        Ok(Ok(bytes)) => Ok(bytes.into()),
        Ok(Err(_)) => Err(limit().into()),
        Err(_) => {
            let mut problem = Problem::new(Kind::Retry, "slow", "the body took too long to arrive");
            problem.status = StatusCode::REQUEST_TIMEOUT.as_u16();
            Err(problem.into())
        }
    }
}

/// Whoever signed a question without a body.
pub(crate) fn signer(service: &Service, hosted: &Hosted, parts: &Parts) -> Result<Who, Failed> {
    who((service, hosted), parts, None)
}

pub(crate) fn eye(service: &Service, hosted: &Hosted, who: Who) -> Eye {
    let audience = hosted.parts.readers.get(&who.party).copied();
    // People see what their institution's own words are about, whatever its keys may see.
    let administrator = who.person().is_none() && hosted.administrators.contains(&who.party);
    Eye { who, administrator, audience, now: service.now() }
}

/// The values of a query; a name that is not known, or comes twice, is refused.
pub(crate) fn query<'a, const N: usize>(
    parts: &'a Parts,
    names: [&str; N],
) -> Result<[Option<&'a str>; N], Failed> {
    let mut found = [None; N];
    let refused = |text: String| Failed::from(Problem::new(Kind::Invalid, "query", text));
    for pair in parts.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let at = names.iter().position(|known| *known == name);
        let known = || format!("known here are {}", names.map(|name| format!("`{name}`")).join(", "));
        let slot = at.and_then(|at| found.get_mut(at)).ok_or_else(|| refused(known()))?;
        if slot.replace(value).is_some() {
            return Err(refused(format!("`{name}` comes twice")));
        }
    }
    Ok(found)
}

pub(crate) fn value<T: std::str::FromStr>(text: &str, what: &'static str) -> Result<T, Failed> {
    let refused = |_| Problem::new(Kind::Invalid, "query", format!("this is no {what}")).into();
    text.parse().map_err(refused)
}

/// A number that JSON can say, and so the description of this interface.
pub(crate) fn bounded<T: TryFrom<u64>>(number: u64, (code, what): (&str, &str)) -> Result<T, Failed> {
    let fits = u64::try_from(INTEGER_MAX).is_ok_and(|most| number <= most);
    let refused = || Problem::new(Kind::Invalid, code, format!("this is no {what}")).into();
    T::try_from(number).ok().filter(|_| fits).ok_or_else(refused)
}

fn paging(parts: &Parts) -> Result<(Option<CaseId>, usize), Failed> {
    let [cursor, limit] = query(parts, ["cursor", "limit"])?;
    let cursor = cursor.map(|cursor| value(cursor, "cursor")).transpose()?;
    let limit = limit.map_or(Ok(PAGE_ITEMS), |limit| bounded(value(limit, "limit")?, ("query", "limit")))?;
    Ok((cursor, limit.clamp(1, PAGE_ITEMS_MAX)))
}

/// A place in a file or log, and how many from there.
pub(crate) fn paging_from(parts: &Parts) -> Result<(u64, usize), Failed> {
    let [from, limit] = query(parts, ["from", "limit"])?;
    let limit: usize = limit.map_or(Ok(PAGE_ITEMS), |limit| value(limit, "limit"))?;
    Ok((value(from.unwrap_or("0"), "place")?, limit.clamp(1, PAGE_ITEMS_MAX)))
}

async fn ledgers(State(service): On) -> Response {
    json(&Page { items: service.rows(), next: None })
}

async fn ledger(State(service): On, Path(ledger): Path<String>) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let committee = hosted.engine.look(|replica| replica.kernel().committee().cloned());
    let committee = committee.await.map_err(busy)?.ok_or_else(|| missing("ledger"))?;
    let latest = hosted.engine.latest_certificate().map_err(|error| internal(&error))?;
    let certified = latest.as_ref().map(certified).transpose()?;
    let head = hosted.engine.head();
    Ok(json(&Ledger { certified, committee, head, ledger: hosted.ledger, name: hosted.name.clone() }))
}

/// A certificate as it is told of.
pub(crate) fn certified(certificate: &Certificate) -> Result<Certified, Failed> {
    let digest = certificate.digest().map_err(|error| internal(&error))?;
    Ok(Certified { certificate: digest, size: certificate.size })
}

async fn genesis(State(service): On, Path(ledger): Path<String>) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    Ok(json(&GenesisRecord { record: hosted.genesis.clone() }))
}

async fn submissions(State(service): On, Path(ledger): Path<String>, request: Request) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, content) = request.into_parts();
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let trace = service.traces.as_ref().and_then(|traces| traces.begin(&parts.headers));
    let key = idempotency::key(&parts.headers)?;
    let asked = if kind.starts_with("multipart/form-data") {
        let bytes = body(&service, content, BODY_BYTES_MAX).await?;
        let (request, documents) = multipart(kind, bytes).await?;
        with_documents(request, documents)?
    } else {
        with_documents(body(&service, content, REQUEST_BYTES_MAX).await?, Vec::new())?
    };
    let named = key
        .and_then(|key| submissions::claimed(hosted, &asked).map(|(party, digest)| ((party, key), digest)));
    let Some((key, digest)) = named else {
        return Ok(json(&submit_and_learn(&service, hosted, (asked, trace)).await?));
    };
    Ok(match hosted.answers.claim(key, digest, service.now())? {
        Claim::Answered(response) => response,
        Claim::Fresh(claimed) => {
            let told = submit_and_learn(&service, hosted, (asked, trace)).await;
            claimed.answer(told, service.now())
        }
    })
}

async fn submit_and_learn(
    service: &Service,
    hosted: &Arc<Hosted>,
    (asked, trace): (Asked, Option<Trace>),
) -> Result<Entered, Failed> {
    let entered = submit(service, hosted, asked, trace).await?;
    hosted.learn(&entered.records).await;
    Ok(entered)
}

/// The parts `request` and `document` of a form.
async fn multipart(kind: &str, bytes: Vec<u8>) -> Result<(Vec<u8>, Vec<Vec<u8>>), Failed> {
    let refused = |text: String| Failed::from(Problem::new(Kind::Invalid, "form", text));
    let boundary = multer::parse_boundary(kind).map_err(|error| refused(error.to_string()))?;
    let whole = axum::body::Bytes::from(bytes);
    let stream = Body::from(whole).into_data_stream();
    let mut form = multer::Multipart::new(stream, boundary);
    let (mut request, mut documents) = (None, Vec::new());
    while let Some(field) = form.next_field().await.map_err(|error| refused(error.to_string()))? {
        let name = field.name().map(str::to_owned);
        let content = field.bytes().await.map_err(|error| refused(error.to_string()))?.to_vec();
        match name.as_deref() {
            Some("request") if request.is_none() => request = Some(content),
            Some("document") => documents.push(content),
            _ => return Err(refused("a form has one `request`, and `document`s".to_owned())),
        }
    }
    Ok((request.ok_or_else(|| refused("the form has no `request`".to_owned()))?, documents))
}

async fn batches(State(service): On, Path(ledger): Path<String>, request: Request) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, content) = request.into_parts();
    if idempotency::key(&parts.headers)?.is_some() {
        let text = "a batch takes no idempotency key: each of its envelopes is one";
        return Err(Problem::new(Kind::Invalid, "idempotency-key", text).into());
    }
    let bytes = body(&service, content, BATCH_BYTES_MAX).await?;
    let refused = |text: String| Failed::from(Problem::new(Kind::Invalid, "batch", text));
    let all: Vec<&RawValue> = serde_json::from_slice(&bytes).map_err(|error| refused(error.to_string()))?;
    if all.is_empty() || all.len() > BATCH_REQUESTS_MAX {
        return Err(refused(format!("{} requests: 1 to {BATCH_REQUESTS_MAX} are taken", all.len())));
    }
    let (begun, traces) = (Instant::now(), service.traces.as_ref());
    let mut begun_all = Vec::with_capacity(all.len());
    for raw in all {
        let bytes = raw.get().as_bytes().to_vec();
        if bytes.len() > REQUEST_BYTES_MAX {
            return Err(refused(format!("a request of {} bytes", bytes.len())));
        }
        let begun = may_submit(&service, hosted, &bytes).and_then(|()| {
            hosted.engine.begin(Asked { bytes: bytes.clone(), documents: Vec::new() }).map_err(busy)
        });
        // Each has a trace of its own, unless the client has named one for all.
        let trace = traces.and_then(|traces| traces.begin(&parts.headers));
        begun_all.push((bytes, begun, traces.zip(trace)));
    }
    let mut answers = Vec::with_capacity(begun_all.len());
    for (bytes, begun, traced) in begun_all {
        let answer = match begun {
            Ok(answer) => answer.await.map_err(|_| busy(crate::engine::Busy::Stopped)),
            Err(failed) => Err(failed),
        };
        if let (Some((traces, trace)), Ok(timed)) = (&traced, &answer) {
            traces.answered(trace, timed);
        }
        let entered = answer.and_then(|timed| told(&service, hosted, &bytes, timed.answer));
        if let Some((traces, trace)) = traced {
            traces.end(trace, hosted, &bytes, &entered);
        }
        if let Ok(entered) = &entered {
            hosted.learn(&entered.records).await;
        }
        answers.push(entered.map_or_else(|failed| Outcome::Problem(*failed.0), Outcome::Entered));
    }
    service.figures.took(begun.elapsed());
    Ok(json(&BatchAnswer { answers }))
}

async fn attestation(State(service): On, Path((ledger, attestation)): Path<(String, String)>) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let attestation: AttestationDigest = part(&attestation, "digest of an attestation")?;
    let receipt = receipt_of(hosted, attestation)?.ok_or_else(|| missing("attestation"))?;
    Ok(json(&receipt))
}

async fn case(State(service): On, Path((ledger, case)): Path<(String, String)>, request: Request) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, _) = request.into_parts();
    let eye = eye(&service, hosted, signer(&service, hosted, &parts)?);
    let (id, seen) = seen(hosted, &case, eye).await?;
    note(hosted, eye, id, "case")?;
    Ok(json(&seen))
}

async fn outcomes(
    State(service): On,
    Path((ledger, case)): Path<(String, String)>,
    request: Request,
) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, _) = request.into_parts();
    let eye = eye(&service, hosted, signer(&service, hosted, &parts)?);
    let (id, _) = seen(hosted, &case, eye).await?;
    let store = Arc::clone(hosted.engine.store());
    let read = tokio::task::spawn_blocking(move || stored::of_case(&*store, id)).await;
    let all = read.map_err(|error| internal(&error))?.map_err(|error| internal(&error))?;
    let unlocked = all.into_iter().filter(|(_, record)| record.tag() == Tag::Outcome);
    let items = unlocked.map(|(index, record)| OutcomeRow { index, record }).collect();
    note(hosted, eye, id, "outcomes")?;
    Ok(json(&Page { items, next: None }))
}

/// A case, if whoever asks may see it.
pub(crate) async fn seen(hosted: &Hosted, case: &str, eye: Eye) -> Result<(CaseId, Case), Failed> {
    let id: CaseId = part(case, "id of a case")?;
    let looked = hosted.engine.look(move |replica| see::case(replica, id, eye));
    let seen = looked.await.map_err(busy)?.map_err(|error| internal(&error))?;
    Ok((id, seen.ok_or_else(|| missing("case"))?))
}

/// What is not noted is not shown.
pub(crate) fn note(hosted: &Hosted, eye: Eye, case: CaseId, what: &str) -> Result<(), Failed> {
    let noted = hosted.parts.reads.note(eye.who.reader(), case, what);
    noted.map_err(|what| internal(&std::io::Error::other(what)))
}

async fn events(
    State(service): On,
    Extension(Peer(peer)): Extension<Peer>,
    Path(ledger): Path<String>,
    request: Request,
) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    Ok(Watch::new((&service, hosted), peer, request.headers())?.of_ledger())
}

async fn case_events(
    State(service): On,
    Extension(Peer(peer)): Extension<Peer>,
    Path((ledger, case)): Path<(String, String)>,
    request: Request,
) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, _) = request.into_parts();
    let eye = eye(&service, hosted, signer(&service, hosted, &parts)?);
    let (id, _) = seen(hosted, &case, eye).await?;
    let watch = Watch::new((&service, hosted), peer, &parts.headers)?;
    note(hosted, eye, id, "events")?;
    Ok(watch.of_case(id, eye.who))
}

async fn cases_events(
    State(service): On,
    Extension(Peer(peer)): Extension<Peer>,
    Path(ledger): Path<String>,
    request: Request,
) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, _) = request.into_parts();
    let eye = eye(&service, hosted, signer(&service, hosted, &parts)?);
    Ok(Watch::new((&service, hosted), peer, &parts.headers)?.of_cases(eye))
}

async fn waiting(State(service): On, Path(ledger): Path<String>, request: Request) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, _) = request.into_parts();
    let eye = eye(&service, hosted, signer(&service, hosted, &parts)?);
    let (from, max) = paging(&parts)?;
    let looked = hosted.engine.look(move |replica| see::waiting(replica, eye, (from, max)));
    let items = looked.await.map_err(busy)?;
    let next = items.last().filter(|_| items.len() >= max).map(|row| row.case.to_string());
    Ok(json(&Page { items, next }))
}

async fn waiting_events(
    State(service): On,
    Extension(Peer(peer)): Extension<Peer>,
    Path(ledger): Path<String>,
    request: Request,
) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, _) = request.into_parts();
    let eye = eye(&service, hosted, signer(&service, hosted, &parts)?);
    Ok(Watch::new((&service, hosted), peer, &parts.headers)?.of_waiting(eye))
}

async fn proposals(State(service): On, Path(ledger): Path<String>, request: Request) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, _) = request.into_parts();
    signer(&service, hosted, &parts)?;
    let looked = hosted.engine.look(see::proposals).await.map_err(busy)?;
    let items = looked.map_err(|error| internal(&error))?;
    Ok(json(&Page { items, next: None }))
}

async fn policies(State(service): On, Path(ledger): Path<String>, request: Request) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, _) = request.into_parts();
    signer(&service, hosted, &parts)?;
    let items = hosted.engine.look(see::policies).await.map_err(busy)?;
    Ok(json(&Page { items, next: None }))
}

async fn key(State(service): On, Path((ledger, key)): Path<(String, String)>, request: Request) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, _) = request.into_parts();
    let asks = signer(&service, hosted, &parts)?;
    let key: KeyId = part(&key, "id of a key")?;
    let looked = hosted.engine.look(move |replica| replica.kernel().key(&key).map(|entry| entry.owner));
    let owner = looked.await.map_err(busy)?.filter(|owner| *owner == asks.party);
    Ok(json(&KeyRow { key, owner: owner.ok_or_else(|| missing("key"))? }))
}

async fn records(State(service): On, Path(ledger): Path<String>, request: Request) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, _) = request.into_parts();
    if !matches!(signer(&service, hosted, &parts)?.asks, Asks::Cosigner(_)) {
        return Err(missing("feed"));
    }
    let [from] = query(&parts, ["from"])?;
    let from: u64 = bounded(value(from.unwrap_or("0"), NUMBER)?, ("query", NUMBER))?;
    // What is read here is durable: the store knows nothing else.
    let store = Arc::clone(hosted.engine.store());
    let read = tokio::task::spawn_blocking(move || feed::whole_commands(&*store, from, FEED_RECORDS));
    let read = read.await.map_err(|error| internal(&error))?;
    let bytes = feed::encode(&read.map_err(|error| internal(&error))?);
    Ok(bytes_of(StatusCode::OK, "application/octet-stream", bytes))
}

async fn cosignatures(State(service): On, Path(ledger): Path<String>, request: Request) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let bytes = body(&service, request.into_body(), COSIGNED_BYTES_MAX).await?;
    let refused = |text: String| Failed::from(Problem::new(Kind::Refused, "cosignature", text));
    let cosigned: Cosigned = serde_json::from_slice(&bytes)
        .map_err(|error| Failed::from(Problem::new(Kind::Invalid, "cosignature-form", error.to_string())))?;
    let Checkpoint { epoch, size, .. } = cosigned.checkpoint;
    // A committee that has handed over need not sign any more, and is told so.
    if hosted.handed_over(epoch)? {
        return Ok(json(&CosignedAnswer { certified: None, handed_over: true }));
    }
    let before = *hosted.engine.certificates().borrow();
    let made = hosted.engine.cosigned(&cosigned).map_err(|error| match error {
        crate::engine::CosignError::Quorum(error) => refused(error.to_string()),
        other => internal(&other),
    })?;
    hosted.signed.note(cosigned.address, size);
    let sealed = hosted.engine.head().filter(|head| head.size == size && made.is_some() && before < size);
    if let Some(head) = sealed {
        service.figures.certified(Duration::from_millis(service.now().ms_since(head.time)));
    }
    let (certified, handed_over) = (made.as_ref().map(certified).transpose()?, hosted.handed_over(epoch)?);
    Ok(json(&CosignedAnswer { certified, handed_over }))
}

fn told_certificate(certificate: Option<Certificate>) -> Replied {
    Ok(json(&certificate.ok_or_else(|| missing("certificate"))?))
}

async fn certificate(State(service): On, Path(ledger): Path<String>) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    told_certificate(hosted.engine.latest_certificate().map_err(|error| internal(&error))?)
}

async fn certificate_at(State(service): On, Path((ledger, size)): Path<(String, String)>) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let size: u64 = bounded(part(&size, "size")?, ("path", "size"))?;
    told_certificate(hosted.engine.certificate(size).map_err(|error| internal(&error))?)
}

async fn tokens(State(service): On, Path(ledger): Path<String>, request: Request) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, content) = request.into_parts();
    let bytes = body(&service, content, COSIGNED_BYTES_MAX).await?;
    let known = signed_by((&service, hosted), &parts, &bytes)?;
    let now = service.now();
    let (token, expires) = hosted.tokens.give((known, now.saturating_add_ms(TOKEN_MS)), now)?;
    Ok(json(&Token { expires, token }))
}

/// Whoever signed a question with a body; a token does not do.
pub(crate) fn signed_by(
    (service, hosted): (&Service, &Hosted),
    parts: &Parts,
    bytes: &[u8],
) -> Result<Who, Failed> {
    if parts.headers.contains_key(axum::http::header::AUTHORIZATION) {
        return Err(Problem::new(
            Kind::Unauthorised,
            "not-signed",
            "a token does not do here: a signature does",
        )
        .into());
    }
    who((service, hosted), parts, Some(bytes))
}

async fn checkpoint(State(service): On, Path(ledger): Path<String>) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let bytes = (hosted.parts.checkpoint)().ok_or_else(|| missing("checkpoint"))?;
    Ok(bytes_of(StatusCode::OK, "text/plain; charset=utf-8", bytes))
}

async fn tile(State(service): On, Path((ledger, tile)): Path<(String, String)>) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let path: TilePath = format!("tile/{tile}").parse().map_err(|_| missing("tile"))?;
    let bytes = hosted.parts.files.read(&path).ok_or_else(|| missing("tile"))?;
    Ok(bytes_of(StatusCode::OK, "application/octet-stream", bytes))
}

async fn openapi() -> Response {
    json(&lockstep_api::openapi::document())
}

async fn readyz(State(service): On) -> Response {
    if service.is_ready() {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, "a ledger takes no more work\n").into_response()
}
