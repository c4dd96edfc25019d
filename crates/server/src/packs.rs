//! Evidence packs: built beside the appender, of what the newest certificate covers, one at a time a ledger.
//! Who may see the case gets one, with what is withheld from them withheld.

use crate::pace::Place;
use crate::reply::{Failed, Replied, internal, too_often};
use crate::routes::{On, Peer, bounded, eye, hosted, note, query, seen, signer, value};
use crate::see::Eye;
use crate::service::Hosted;
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use futures_core::Stream;
use lockstep_api::limits::WITHHELD_MAX;
use lockstep_api::{Kind, Problem};
use lockstep_crypto::tree::TreeHead;
use lockstep_ledger::Handover;
use lockstep_node::{Archive, ArchiveError};
use lockstep_pack::{BuildError, Options};
use lockstep_policy::Audience;
use lockstep_types::{CaseId, RootHash};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

/// Bytes that leave at once; what is kept for slow readers is counted in such portions too.
const PORTION: usize = 65_536;
/// Portions of one ledger's packs that wait for their readers; four of the longest packs.
const PORTIONS_MAX: usize = 4 * lockstep_types::limits::PACK_BYTES_MAX / PORTION;
/// Packs on their way to one address.
const PER_ADDRESS_MAX: usize = 8;
/// How long whoever has too many on their way is asked to wait.
const WAIT: Duration = Duration::from_secs(5);
/// How long a pack may wait for those before it.
const PATIENCE: Duration = Duration::from_secs(10);
/// While the ledger moves on, or its co-signers are behind, a pack is begun anew so often, and after so long.
const ANEW: (usize, Duration) = (20, Duration::from_millis(100));

/// What is kept of a ledger's packs that are on their way.
pub(crate) struct Packs(Arc<Semaphore>);

impl Default for Packs {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(PORTIONS_MAX)))
    }
}

async fn built(hosted: &Hosted, case: CaseId, asked: (Vec<Handover>, Options)) -> Result<Vec<u8>, Failed> {
    let turn = timeout(PATIENCE, Arc::clone(hosted.engine.archive()).lock_owned()).await;
    let mut archive = turn.map_err(|_| Failed::from(busy("many packs are being built")))?;
    let asked = Arc::new(asked);
    for _ in 0..ANEW.0 {
        let asked = Arc::clone(&asked);
        let built = spawn_blocking(move || pack(archive, case, &asked)).await;
        let (kept, built) = built.map_err(|error| internal(&error))?;
        archive = kept;
        match built {
            Err(ArchiveError::Moved | ArchiveError::Behind { .. }) => sleep(ANEW.1).await,
            built => return built.map_err(refused),
        }
    }
    Err(busy("co-signers are far behind, or the ledger moves on too fast").into())
}

type Turn = OwnedMutexGuard<Archive>;

fn pack(
    mut archive: Turn,
    case: CaseId,
    asked: &(Vec<Handover>, Options),
) -> (Turn, Result<Vec<u8>, ArchiveError>) {
    let built = archive.pack(case, (&asked.0, &asked.1)).map(|(bytes, _)| bytes);
    (archive, built)
}

fn busy(what: &str) -> Problem {
    Problem::new(Kind::Retry, "busy", what).hint("try again in a moment")
}

fn refused(error: ArchiveError) -> Failed {
    let text = error.to_string();
    let problem = |kind, code| Problem::new(kind, code, text.clone());
    match error {
        ArchiveError::NothingCertified
        | ArchiveError::Build(BuildError::NothingCertified | BuildError::NotCertified { .. }) => {
            problem(Kind::Conflict, "not-certified")
                .hint("ask again once enough co-signers have signed")
                .into()
        }
        ArchiveError::Build(BuildError::Governance { .. }) => {
            problem(Kind::Refused, "governance-case").into()
        }
        ArchiveError::Build(BuildError::NotAnAudience { .. }) => problem(Kind::Refused, "audience").into(),
        ArchiveError::Build(BuildError::NothingToWithhold { .. }) => {
            problem(Kind::Invalid, "withhold").into()
        }
        ArchiveError::Build(BuildError::TooLong { .. }) => problem(Kind::Limit, "too-long").into(),
        other => internal(&other),
    }
}

/// What is asked for, within what `eye` may see: without an audience, all of that.
fn options(parts: &Parts, eye: Eye) -> Result<Options, Failed> {
    let names = ["audience", "withhold", "evidence", "size", "root"];
    let [audience, withhold, evidence, size, root] = query(parts, names)?;
    let audience: Option<Audience> = audience.map(|text| value(text, "audience")).transpose()?;
    let evidence = evidence.map_or(Ok(false), |text| value(text, "word: `true` or `false`"))?;
    let withhold: Vec<String> =
        withhold.into_iter().flat_map(|text| text.split(',')).map(str::to_owned).collect();
    if withhold.len() > WITHHELD_MAX {
        let text = format!("{} parts to withhold: at most {WITHHELD_MAX} are taken", withhold.len());
        return Err(Problem::new(Kind::Limit, "too-long", text).into());
    }
    let pinned = match (size, root) {
        (None, None) => None,
        (Some(size), Some(root)) => {
            let root: RootHash = value(root, "root of a log")?;
            Some(TreeHead { size: bounded(value(size, "size")?, ("query", "size"))?, root })
        }
        _ => return Err(Problem::new(Kind::Invalid, "query", "`size` and `root` go together").into()),
    };
    let (audience, own) = eye.of_pack(audience).ok_or_else(|| {
        let text = "as this audience a case is shown to others only";
        Failed::from(
            Problem::new(Kind::Refused, "audience", text).hint("ask as `public`, or as nobody named"),
        )
    })?;
    Ok(Options { audience, evidence, own, pinned, withhold })
}

/// The pack of a case.
pub(crate) async fn case_pack(
    State(service): On,
    Extension(Peer(peer)): Extension<Peer>,
    Path((ledger, case)): Path<(String, String)>,
    request: Request,
) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, _) = request.into_parts();
    let eye = eye(&service, hosted, signer(&service, hosted, &parts)?);
    let options = options(&parts, eye)?;
    let (id, _) = seen(hosted, &case, eye).await?;
    let place = service.packs.take(peer, PER_ADDRESS_MAX);
    let place = place.ok_or_else(|| too_often("as many packs as may be are on their way here", WAIT))?;
    let handovers = handovers(hosted).await?;
    let bytes = built(hosted, id, (handovers, options)).await?;
    note(hosted, eye, id, "pack")?;
    reply(hosted, bytes, place)
}

async fn handovers(hosted: &Arc<Hosted>) -> Result<Vec<Handover>, Failed> {
    let hosted = Arc::clone(hosted);
    let read =
        spawn_blocking(move || hosted.parts.handovers.all()).await.map_err(|error| internal(&error))?;
    read.map_err(|what| internal(&std::io::Error::other(what)))
}

fn reply(hosted: &Hosted, bytes: Vec<u8>, place: Place) -> Replied {
    let portions = u32::try_from(bytes.len().div_ceil(PORTION)).unwrap_or(u32::MAX);
    let kept = Arc::clone(&hosted.packs.0).try_acquire_many_owned(portions);
    let kept = kept.map_err(|_| Failed::from(busy("many packs wait for slow readers")))?;
    let length = HeaderValue::from(bytes.len());
    let leaving = Leaving { rest: Bytes::from(bytes), _kept: kept, _place: place };
    let mut response = Response::new(Body::from_stream(leaving));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_LENGTH, length);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// A pack on its way, portion by portion. What it holds is free again once it is gone.
struct Leaving {
    rest: Bytes,
    _kept: OwnedSemaphorePermit,
    _place: Place,
}

impl Stream for Leaving {
    type Item = Result<Bytes, Infallible>;
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let portion = self.rest.len().min(PORTION);
        Poll::Ready(Some(Ok(self.rest.split_to(portion))))
    }
}
