//! A development chain over HTTP/1. Connections, heads, bodies and waiting are bounded; requests are worked
//! out one after the other, away from the threads that read and write.

use super::guard;
use anyhow::{Context, Result};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ALLOW, CONTENT_LENGTH, CONTENT_TYPE, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use lockstep_chain::Domain;
use lockstep_chain::dev::{Dev, REQUEST_BYTES_MAX, RpcError};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// Connections at once; more wait.
const CONNECTIONS_MAX: usize = 128;
/// How long a head may take to arrive, and a connection may be without a request.
const HEAD: Duration = Duration::from_secs(30);
/// How long a body may take to arrive.
const BODY: Duration = Duration::from_secs(10);
/// How long a connection may last, whatever is said on it.
const CONNECTION: Duration = Duration::from_secs(3_600);
/// How long to wait when the system gives no connection, because it has too many open.
const PAUSE: Duration = Duration::from_millis(100);
/// How long requests may go on once the end is asked for.
pub const END: Duration = Duration::from_secs(3);
/// Longest head.
const HEAD_BYTES_MAX: usize = 16_384;
const HEADERS_MAX: usize = 64;

/// Time, as the chain takes it.
pub struct Clock {
    /// Between two blocks in which nothing happens.
    pub block_time: Option<Duration>,
    /// Seconds since the epoch, where this machine knows them.
    pub now: fn() -> Option<u64>,
}

struct Served {
    dev: Mutex<Dev>,
    now: fn() -> Option<u64>,
}

impl Served {
    /// Lets the chain do something, unless something has broken it.
    fn with<T>(&self, act: impl FnOnce(&mut Dev, u64) -> T) -> Option<T> {
        let now = (self.now)()?;
        let mut dev = self.dev.lock().ok()?;
        Some(act(&mut dev, now))
    }
}

/// Serves `dev` until it is to end; the number of the last block. Requests that have begun then may go on for
/// [`END`].
pub async fn serve(
    listener: TcpListener,
    dev: Dev,
    clock: Clock,
    until: impl Future<Output = ()>,
) -> Result<u64> {
    let served = Arc::new(Served { dev: Mutex::new(dev), now: clock.now });
    let router = Router::new().fallback(answer).with_state(Arc::clone(&served));
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let blocks = clock.block_time.map(|every| tokio::spawn(mine(Arc::clone(&served), every)));
    let mut until = pin!(until);
    loop {
        let (stream, permit) = tokio::select! {
            next = accept(&listener, &room) => next,
            () = &mut until => break,
        };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(HEAD_BYTES_MAX)
            .max_headers(HEADERS_MAX)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // What a client does wrong ends its connection and nothing else.
            let _ = timeout(CONNECTION, connection).await;
            drop(permit);
        });
    }
    drop(listener);
    if let Some(blocks) = blocks {
        blocks.abort();
    }
    let _ = timeout(END, graceful.shutdown()).await;
    Ok(served.with(|dev, _| dev.chain().latest()).context("the chain is broken")??.number)
}

async fn accept(listener: &TcpListener, room: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    loop {
        let permit = Arc::clone(room).acquire_owned().await;
        match (listener.accept().await, permit) {
            (Ok((stream, _)), Ok(permit)) => return (stream, permit),
            _ => sleep(PAUSE).await,
        }
    }
}

async fn mine(served: Arc<Served>, every: Duration) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let served = Arc::clone(&served);
        let mined = tokio::task::spawn_blocking(move || served.with(Dev::mine)).await;
        if !matches!(mined, Ok(Some(Ok(())))) {
            return;
        }
    }
}

async fn answer(State(served): State<Arc<Served>>, request: Request) -> Response {
    let origin = match guard::pass(request.headers()) {
        Ok(origin) => origin.and_then(|origin| HeaderValue::from_str(origin).ok()),
        Err(stranger) => return (StatusCode::FORBIDDEN, format!("{stranger}\n")).into_response(),
    };
    let mut response = match *request.method() {
        Method::POST => ask(served, request).await,
        Method::OPTIONS => preflight(),
        _ => (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "POST, OPTIONS")], "expected POST\n").into_response(),
    };
    if let Some(origin) = origin {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        response.headers_mut().insert(VARY, HeaderValue::from_static("origin"));
    }
    response
}

/// What a browser asks before it sends JSON for a page.
fn preflight() -> Response {
    let allowed = [
        (ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, allowed).into_response()
}

async fn ask(served: Arc<Served>, request: Request) -> Response {
    if announced(request.headers()) > REQUEST_BYTES_MAX {
        return too_long();
    }
    let body = match timeout(BODY, to_bytes(request.into_body(), REQUEST_BYTES_MAX)).await {
        Ok(Ok(body)) => body,
        // The other reason, a client that went away, reads no answer.
        Ok(Err(_)) => return too_long(),
        Err(_) => {
            return (StatusCode::REQUEST_TIMEOUT, "the request did not arrive in time\n").into_response();
        }
    };
    let worked = tokio::task::spawn_blocking(move || served.with(|dev, now| dev.answer(&body, now))).await;
    match worked {
        Ok(Some(Some(answer))) => json(StatusCode::OK, answer),
        Ok(Some(None)) => StatusCode::NO_CONTENT.into_response(),
        // A chain that broke while it worked is not asked again.
        Ok(None) | Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "the chain is broken\n").into_response(),
    }
}

fn announced(headers: &HeaderMap) -> usize {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn too_long() -> Response {
    let error = RpcError::TooLong { most: REQUEST_BYTES_MAX };
    json(StatusCode::PAYLOAD_TOO_LARGE, error.to_answer())
}

fn json(status: StatusCode, text: Vec<u8>) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], Body::from(text)).into_response()
}

#[cfg(test)]
mod tests;
