//! The routes of `/v1`, and those for whoever runs the server.

use crate::figures;
use crate::reply::{Failed, Replied, bytes_of, internal, json, missing};
use crate::see::{self, Eye};
use crate::service::{Hosted, Service};
use crate::submissions::{busy, receipt_of, submit, told, with_documents};
use crate::who::{Who, who};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use lockstep_api::answer::{
    BatchAnswer, Certified, CosignedAnswer, GenesisRecord, KeyRow, Ledger, Outcome, Page,
};
use lockstep_api::limits::{
    BATCH_BYTES_MAX, BATCH_REQUESTS_MAX, BODY_BYTES_MAX, COSIGNED_BYTES_MAX, FEED_RECORDS, PAGE_ITEMS,
    PAGE_ITEMS_MAX, REQUEST_BYTES_MAX,
};
use lockstep_api::path::route;
use lockstep_api::{Kind, Problem};
use lockstep_ledger::Certificate;
use lockstep_ledger::log::TilePath;
use lockstep_node::cosigner::Cosigned;
use lockstep_node::{Asked, feed, replica};
use lockstep_types::{AttestationDigest, CaseId, KeyId, LedgerId};
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::Instant;
use tokio::time::timeout;

/// The service, as routes are given it.
type On = State<Arc<Service>>;

/// Every route.
pub(crate) fn router(service: Arc<Service>) -> Router {
    let routes = Router::new()
        .route(route::LEDGERS, get(ledgers))
        .route(route::LEDGER, get(ledger))
        .route(route::GENESIS, get(genesis))
        .route(route::SUBMISSIONS, post(submissions))
        .route(route::BATCHES, post(batches))
        .route(route::ATTESTATION, get(attestation))
        .route(route::CASES, get(cases))
        .route(route::CASE, get(case))
        .route(route::WAITING, get(waiting))
        .route(route::POLICIES, get(policies))
        .route(route::KEY, get(key))
        .route(route::RECORDS, get(records))
        .route(route::COSIGNATURES, post(cosignatures))
        .route(route::CERTIFICATE, get(certificate))
        .route(route::CERTIFICATE_AT, get(certificate_at))
        .route(route::TOKENS, post(tokens))
        .route(route::CHECKPOINT, get(checkpoint))
        .route(route::TILE, get(tile))
        .route(route::HEALTHZ, get(|| async { "ok\n" }))
        .route(route::READYZ, get(readyz))
        .route(route::METRICS, get(metrics));
    closed(routes).with_state(service)
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

fn hosted<'a>(service: &'a Service, ledger: &str) -> Result<&'a Arc<Hosted>, Failed> {
    let id: LedgerId = ledger.parse().map_err(|_| missing("ledger"))?;
    service.ledger(&id).ok_or_else(|| missing("ledger"))
}

fn part<T: std::str::FromStr>(text: &str, what: &'static str) -> Result<T, Failed> {
    let refused = |_| Problem::new(Kind::Invalid, "path", format!("this is no {what}")).into();
    text.parse().map_err(refused)
}

/// The body, within a limit and a time.
async fn body(service: &Service, body: Body, max: usize) -> Result<Vec<u8>, Failed> {
    let limit = || Problem::new(Kind::Limit, "too-long", format!("at most {max} bytes are read here"));
    match timeout(service.limits.body, to_bytes(body, max)).await {
        Ok(Ok(bytes)) => Ok(bytes.into()),
        Ok(Err(_)) => Err(limit().into()),
        Err(_) => Err(Problem::new(Kind::Retry, "slow", "the body took too long to arrive").into()),
    }
}

/// Whoever signed a question without a body.
fn signer(service: &Service, hosted: &Hosted, parts: &Parts) -> Result<Who, Failed> {
    who((service, hosted), parts, None)
}

fn eye(service: &Service, hosted: &Hosted, who: Who) -> Eye {
    let audience = hosted.parts.readers.get(&who.party).copied();
    Eye { who, audience, now: service.now() }
}

/// The values of a query; a name that is not known, or comes twice, is refused.
fn query<'a, const N: usize>(parts: &'a Parts, names: [&str; N]) -> Result<[Option<&'a str>; N], Failed> {
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

fn paging(parts: &Parts) -> Result<(Option<CaseId>, usize), Failed> {
    let [cursor, limit] = query(parts, ["cursor", "limit"])?;
    let cursor = cursor.map(|cursor| part(cursor, "cursor")).transpose()?;
    let limit: usize = limit.map_or(Ok(PAGE_ITEMS), |limit| part(limit, "limit"))?;
    Ok((cursor, limit.clamp(1, PAGE_ITEMS_MAX)))
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

fn certified(certificate: &Certificate) -> Result<Certified, Failed> {
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
    let asked = if kind.starts_with("multipart/form-data") {
        let bytes = body(&service, content, BODY_BYTES_MAX).await?;
        let (request, documents) = multipart(kind, bytes).await?;
        with_documents(request, documents)?
    } else {
        with_documents(body(&service, content, REQUEST_BYTES_MAX).await?, Vec::new())?
    };
    Ok(json(&submit(&service, hosted, asked).await?))
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
    let bytes = body(&service, request.into_body(), BATCH_BYTES_MAX).await?;
    let refused = |text: String| Failed::from(Problem::new(Kind::Invalid, "batch", text));
    let all: Vec<&RawValue> = serde_json::from_slice(&bytes).map_err(|error| refused(error.to_string()))?;
    if all.is_empty() || all.len() > BATCH_REQUESTS_MAX {
        return Err(refused(format!("{} requests: 1 to {BATCH_REQUESTS_MAX} are taken", all.len())));
    }
    let begun = Instant::now();
    let mut begun_all = Vec::with_capacity(all.len());
    for raw in all {
        let bytes = raw.get().as_bytes().to_vec();
        if bytes.len() > REQUEST_BYTES_MAX {
            return Err(refused(format!("a request of {} bytes", bytes.len())));
        }
        begun_all.push((bytes.clone(), hosted.engine.begin(Asked { bytes, documents: Vec::new() })));
    }
    let mut answers = Vec::with_capacity(begun_all.len());
    for (bytes, begun) in begun_all {
        let answer = match begun {
            Ok(answer) => answer.await.map_err(|_| crate::engine::Busy::Stopped),
            Err(stopped) => Err(stopped),
        };
        let entered = match answer {
            Ok(answer) => told(&service, hosted, &bytes, answer),
            Err(stopped) => Err(busy(stopped)),
        };
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

async fn cases(State(service): On, Path(ledger): Path<String>, request: Request) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, _) = request.into_parts();
    let eye = eye(&service, hosted, signer(&service, hosted, &parts)?);
    let (from, max) = paging(&parts)?;
    let looked = hosted.engine.look(move |replica| see::cases(replica, eye, (from, max)));
    let items = looked.await.map_err(busy)?;
    let next = items.last().filter(|_| items.len() == max).map(|row| row.case.to_string());
    Ok(json(&Page { items, next }))
}

async fn case(State(service): On, Path((ledger, case)): Path<(String, String)>, request: Request) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, _) = request.into_parts();
    let eye = eye(&service, hosted, signer(&service, hosted, &parts)?);
    let id: CaseId = part(&case, "id of a case")?;
    let looked = hosted.engine.look(move |replica| see::case(replica, id, eye));
    let seen = looked.await.map_err(busy)?.map_err(|error| internal(&error))?;
    let seen = seen.ok_or_else(|| missing("case"))?;
    let noted = hosted.parts.reads.note(eye.who.party, id, "case");
    noted.map_err(|what| internal(&std::io::Error::other(what)))?;
    Ok(json(&seen))
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
    if !signer(&service, hosted, &parts)?.cosigner {
        return Err(missing("feed"));
    }
    let [from] = query(&parts, ["from"])?;
    let from: u64 = part(from.unwrap_or("0"), "number of a record")?;
    // What is read here is durable: the store knows nothing else.
    let store = Arc::clone(hosted.engine.store());
    let read = tokio::task::spawn_blocking(move || replica::whole_commands(&*store, from, FEED_RECORDS));
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
    let made = hosted.engine.cosigned(&cosigned).map_err(|error| match error {
        crate::engine::CosignError::Quorum(error) => refused(error.to_string()),
        other => internal(&other),
    })?;
    Ok(json(&CosignedAnswer { certified: made.as_ref().map(certified).transpose()? }))
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
    let size: u64 = part(&size, "size")?;
    told_certificate(hosted.engine.certificate(size).map_err(|error| internal(&error))?)
}

async fn tokens(State(service): On, Path(ledger): Path<String>, request: Request) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, content) = request.into_parts();
    let bytes = body(&service, content, COSIGNED_BYTES_MAX).await?;
    if parts.headers.contains_key(axum::http::header::AUTHORIZATION) {
        return Err(
            Problem::new(Kind::Unauthorised, "not-signed", "a token is given for a signature only").into()
        );
    }
    let known = who((&service, hosted), &parts, Some(&bytes))?;
    Ok(json(&hosted.tokens.give(known, service.now())?))
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

async fn readyz(State(service): On) -> Response {
    if service.is_ready() {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, "a ledger takes no more work\n").into_response()
}

async fn metrics(State(service): On) -> Response {
    bytes_of(StatusCode::OK, "text/plain; version=0.0.4", figures::text(&service).into_bytes())
}
