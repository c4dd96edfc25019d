//! What a co-signer tells anybody who asks: what it has signed last, and how far it has followed. It tells
//! nothing of what the records say.

use crate::figures::{Connections, family, line};
use crate::listen::{Held, ListenError, Port, carry};
use crate::reply::{Replied, bytes_of, json, missing};
use crate::routes::closed;
use crate::service::Limits;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use lockstep_api::path::route;
use lockstep_node::cosigner::Cosigned;
use lockstep_types::{LedgerId, Time};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Connections at once: few ask a co-signer.
const CONNECTIONS: usize = 256;

/// How a co-signer stands; told by whoever follows, read by whoever asks.
pub struct Signed {
    ledger: LedgerId,
    clock: fn() -> Time,
    stands: Mutex<Stands>,
    connections: Connections,
}

#[derive(Default)]
struct Stands {
    last: Option<Cosigned>,
    followed: u64,
    newest: Option<Time>,
    heard: Option<Time>,
    signed: u64,
    refused: bool,
}

impl Signed {
    /// A co-signer of this ledger, and what it had signed before this start.
    #[must_use]
    pub fn new(ledger: LedgerId, last: Option<Cosigned>, clock: fn() -> Time) -> Self {
        let stands = Mutex::new(Stands { last, ..Stands::default() });
        Self { ledger, clock, stands, connections: Connections::default() }
    }

    /// It has signed.
    pub fn signs(&self, cosigned: &Cosigned) {
        let mut stands = self.stands();
        stands.signed = stands.signed.saturating_add(1);
        stands.last = Some(cosigned.clone());
    }

    /// The server has answered, and this much has been followed; `newest` is the time of the last record.
    pub fn follows(&self, size: u64, newest: Time) {
        let mut stands = self.stands();
        stands.followed = size;
        stands.newest = (size > 0).then_some(newest);
        stands.heard = Some((self.clock)());
    }

    /// It disagrees: it follows and signs no more, and goes on to say what it had signed.
    pub fn refuses(&self) {
        self.stands().refused = true;
    }

    fn stands(&self) -> MutexGuard<'_, Stands> {
        self.stands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn figures(&self) -> String {
        let (stands, now) = (self.stands(), (self.clock)());
        let label = format!("{{ledger=\"{}\"}}", self.ledger);
        let since = |time: Option<Time>| time.map(|time| now.ms_since(time) / 1_000);
        let last = stands.last.as_ref().map_or(0, |last| last.checkpoint.size);
        let mut text = String::new();
        let mut tell = |name: &str, kind: &str, help: &str, value: Option<u64>| {
            family(&mut text, name, kind, help);
            value.into_iter().for_each(|value| line(&mut text, name, &label, value));
        };
        let gauges = [
            ("followed_records", "Records re-run.", Some(stands.followed)),
            ("signed_records", "Records under the last signature.", Some(last)),
            ("lag_records", "Records re-run and not signed.", Some(stands.followed.saturating_sub(last))),
            ("newest_seconds", "Age of the last record re-run.", since(stands.newest)),
            ("heard_seconds", "Since the server last answered.", since(stands.heard)),
            ("refused", "1 once this co-signer disagrees with the server.", Some(stands.refused.into())),
            ("connections", "Connections now.", Some(self.connections.now())),
        ];
        for (name, help, value) in gauges {
            tell(&format!("lockstep_cosigner_{name}"), "gauge", help, value);
        }
        let help = "Seals signed since the start.";
        tell("lockstep_cosigner_signatures_total", "counter", help, Some(stands.signed));
        text
    }
}

/// Answers until it is to end.
///
/// # Errors
/// [`ListenError`]: nothing was answered.
pub async fn serve(
    port: Port,
    signed: Arc<Signed>,
    until: impl Future<Output = ()>,
) -> Result<(), ListenError> {
    let limits = Limits { connections: CONNECTIONS, ..Limits::default() };
    let held = Held { limits, connections: signed.connections.clone(), ..Held::default() };
    carry(port, router(signed), held, until).await
}

fn router(signed: Arc<Signed>) -> Router {
    let routes = Router::new()
        .route(route::SIGNED, get(last))
        .route(route::HEALTHZ, get(|| async { "ok\n" }))
        .route(route::READYZ, get(ready))
        .route(route::METRICS, get(metrics));
    closed(routes).with_state(signed)
}

async fn last(State(signed): State<Arc<Signed>>, Path(ledger): Path<String>) -> Replied {
    let known = ledger.parse::<LedgerId>().is_ok_and(|ledger| ledger == signed.ledger);
    let last = signed.stands().last.clone().filter(|_| known);
    Ok(json(&last.ok_or_else(|| missing("signature"))?))
}

async fn ready(State(signed): State<Arc<Signed>>) -> Response {
    if signed.stands().refused {
        return (StatusCode::SERVICE_UNAVAILABLE, "this co-signer disagrees with the server\n")
            .into_response();
    }
    "ready\n".into_response()
}

async fn metrics(State(signed): State<Arc<Signed>>) -> Response {
    bytes_of(StatusCode::OK, "text/plain; version=0.0.4", signed.figures().into_bytes())
}
