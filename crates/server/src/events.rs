//! What happens, as it happens: server-sent events. A stream holds one place of its address, is told that it
//! still stands every few seconds, and ends with the server.

mod cases;

use crate::engine::Engine;
use crate::pace::Place;
use crate::reply::{Failed, internal, too_often};
use crate::routes::certified;
use crate::service::{Hosted, Service};
use crate::submissions::row;
use crate::who::Who;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_core::Stream;
use lockstep_api::{Kind, Problem};
use lockstep_node::records;
use lockstep_types::CaseId;
use serde::Serialize;
use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Events that wait for a client; then whoever tells them waits.
const AHEAD: usize = 16;
/// How often a client is told that the stream still stands.
const ALIVE: Duration = Duration::from_secs(15);
/// How long whoever has too many streams is asked to wait.
const WAIT: Duration = Duration::from_secs(30);

/// Events on their way to one client.
struct Told(mpsc::Receiver<Event>);

impl Stream for Told {
    type Item = Result<Event, Infallible>;
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|event| event.map(Ok))
    }
}

/// One client's stream.
pub(crate) struct Watch {
    hosted: Arc<Hosted>,
    service: Arc<Service>,
    /// What the client has seen already: the size under the last event that it got.
    seen: u64,
    _place: Place,
}

/// The client is gone.
struct Gone;

impl Watch {
    /// A place for a stream.
    pub(crate) fn new(
        (service, hosted): (&Arc<Service>, &Arc<Hosted>),
        peer: IpAddr,
        headers: &HeaderMap,
    ) -> Result<Self, Failed> {
        let seen = match headers.get("last-event-id").map(|id| id.to_str().map(str::parse)) {
            None => 0,
            Some(Ok(Ok(seen))) => seen,
            Some(_) => {
                return Err(Problem::new(Kind::Invalid, "event-id", "this is no id of an event").into());
            }
        };
        let place = service.streams.take(peer, service.limits.streams_per_address);
        let place = place.ok_or_else(|| too_often("this address has as many streams as it may", WAIT))?;
        Ok(Self { hosted: Arc::clone(hosted), service: Arc::clone(service), seen, _place: place })
    }

    fn engine(&self) -> &Engine {
        &self.hosted.engine
    }

    /// Seals and certificates. The newest of each comes first.
    pub(crate) fn of_ledger(self) -> Response {
        let (to, told) = mpsc::channel(AHEAD);
        tokio::spawn(async move {
            // A stream that ends is begun anew by the client.
            let _ = self.tell_of_ledger(&to).await;
        });
        reply(told)
    }

    async fn tell_of_ledger(self, to: &mpsc::Sender<Event>) -> Result<(), Gone> {
        let (mut heads, mut certificates) = (self.engine().heads(), self.engine().certificates());
        let (mut ending, mut head_seen, mut seen) = (self.service.ending.subscribe(), 0, self.seen);
        loop {
            let head = *heads.borrow_and_update();
            if let Some(head) = head.filter(|head| head.size > head_seen) {
                head_seen = head.size;
                send(to, ("head", None), &head).await?;
            }
            let size = *certificates.borrow_and_update();
            if size > seen {
                seen = size;
                let certificate = self.engine().certificate(size).map_err(|error| drop_with(&error))?;
                let found = certificate.as_ref().map(certified).transpose().map_err(|_| Gone)?;
                if let Some(found) = found {
                    send(to, ("certificate", Some(size)), &found).await?;
                }
            }
            tokio::select! {
                changed = heads.changed() => changed.map_err(|_| Gone)?,
                changed = certificates.changed() => changed.map_err(|_| Gone)?,
                () = ended(&mut ending) => return Ok(()),
                () = to.closed() => return Ok(()),
            }
        }
    }

    /// Records of a case once they are sealed, to somebody who may see the case.
    pub(crate) fn of_case(self, case: CaseId, who: Who) -> Response {
        let (to, told) = mpsc::channel(AHEAD);
        tokio::spawn(async move {
            let _ = self.tell_of_case(case, who, &to).await;
        });
        reply(told)
    }

    async fn tell_of_case(self, case: CaseId, who: Who, to: &mpsc::Sender<Event>) -> Result<(), Gone> {
        let (mut heads, mut ending) = (self.engine().heads(), self.service.ending.subscribe());
        let mut seen = self.seen;
        loop {
            let sealed = heads.borrow_and_update().map_or(0, |head| head.size);
            // Whoever's key was revoked meanwhile is told nothing more.
            if !self.hosted.keys.is_good(&who.key) {
                return Err(Gone);
            }
            let store = Arc::clone(self.engine().store());
            let read = tokio::task::spawn_blocking(move || records::of_case(&*store, case)).await;
            let all = read.map_err(|_| Gone)?.map_err(|error| drop_with(&error))?;
            for (index, record) in all.iter().filter(|(index, _)| (seen..sealed).contains(index)) {
                send(to, ("record", Some(index.saturating_add(1))), &row(*index, record)).await?;
            }
            seen = seen.max(sealed);
            tokio::select! {
                changed = heads.changed() => changed.map_err(|_| Gone)?,
                () = ended(&mut ending) => return Ok(()),
                () = to.closed() => return Ok(()),
            }
        }
    }
}

/// Waits until the server is to end.
async fn ended(ending: &mut watch::Receiver<bool>) {
    let _ = ending.wait_for(|ending| *ending).await.map(drop);
}

fn drop_with(error: &dyn std::error::Error) -> Gone {
    let _ = internal(error);
    Gone
}

async fn send(
    to: &mpsc::Sender<Event>,
    (name, id): (&str, Option<u64>),
    value: &impl Serialize,
) -> Result<(), Gone> {
    let text = serde_json::to_string(value).map_err(|_| Gone)?;
    let event = Event::default().event(name).data(text);
    let event = id.map_or_else(|| event.clone(), |id| event.clone().id(id.to_string()));
    to.send(event).await.map_err(|_| Gone)
}

fn reply(told: mpsc::Receiver<Event>) -> Response {
    Sse::new(Told(told)).keep_alive(KeepAlive::new().interval(ALIVE)).into_response()
}
