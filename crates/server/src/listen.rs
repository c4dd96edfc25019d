//! The port: HTTP/1.1, over TLS wherever it can be reached from another machine. Connections, heads, bodies,
//! handshakes and waiting are bounded; what a client does wrong ends its connection and nothing else.

use crate::figures::Connections;
use crate::pace::Places;
use crate::routes::{Peer, closed, router};
use crate::service::{Limits, Service};
use crate::traces::Traces;
use axum::Router;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// Longest head.
const HEAD_BYTES_MAX: usize = 16_384;
const HEADERS_MAX: usize = 64;
/// Connections at once, where few are expected: each may hold a body.
const FEW: usize = 64;
/// How long to wait when the system gives no connection, because it has too many open.
const PAUSE: Duration = Duration::from_millis(100);

/// Why a server does not begin.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The port cannot be used.
    #[error("the port cannot be used")]
    Port(#[from] std::io::Error),
    /// Without TLS where others can listen.
    #[error("`{address}` can be reached from other machines: without TLS nothing is served there")]
    Plain {
        /// The address.
        address: SocketAddr,
    },
}

/// Where connections come from, and whether they are under TLS.
pub type Port = (TcpListener, Option<Arc<ServerConfig>>);

/// What connections of a port are held to, and counted by.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) limits: Limits,
    pub(crate) connections: Connections,
    pub(crate) places: Places,
}

/// Serves until it is to end. Then nothing new is taken, what has begun may end, and every ledger seals what
/// it holds.
///
/// # Errors
/// [`ListenError`]: nothing was served.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    service: Arc<Service>,
    until: impl Future<Output = ()>,
) -> Result<(), ListenError> {
    // Nobody is taken for a stranger because the ledger has not been looked at yet.
    for hosted in service.ledgers() {
        Service::learn(hosted).await;
    }
    let mut keepers: Vec<_> =
        service.ledgers().map(|hosted| tokio::spawn(Service::refresh(Arc::clone(hosted)))).collect();
    let follow = |hosted| tokio::spawn(Traces::follow(Arc::clone(&service), Arc::clone(hosted)));
    keepers.extend(service.ledgers().map(follow));
    let held = Held {
        limits: service.limits,
        connections: service.figures.connections.clone(),
        places: service.places.clone(),
    };
    let until = async {
        until.await;
        // Streams of events have no end of their own.
        service.ending.send_replace(true);
    };
    let carried = carry((listener, tls), router(Arc::clone(&service)), held, until).await;
    keepers.iter().for_each(tokio::task::JoinHandle::abort);
    carried?;
    service.ledgers().for_each(|hosted| hosted.engine.stop());
    Ok(())
}

/// Carries requests to the routes of a program that is no server of ledgers, on few connections at once.
///
/// # Errors
/// [`ListenError`]: nothing was carried.
pub async fn few(port: Port, router: Router, until: impl Future<Output = ()>) -> Result<(), ListenError> {
    let limits = Limits { connections: FEW, connections_per_address: FEW / 4, ..Limits::default() };
    carry(port, closed(router), Held { limits, ..Held::default() }, until).await
}

/// Carries requests to routes and answers back, until it is to end.
///
/// # Errors
/// [`ListenError`]: nothing was carried.
pub(crate) async fn carry(
    (listener, tls): Port,
    router: Router,
    Held { limits, connections, places }: Held,
    until: impl Future<Output = ()>,
) -> Result<(), ListenError> {
    let address = listener.local_addr()?;
    if tls.is_none() && !address.ip().is_loopback() {
        return Err(ListenError::Plain { address });
    }
    let acceptor = tls.map(TlsAcceptor::from);
    let (graceful, room) = (GracefulShutdown::new(), Arc::new(Semaphore::new(limits.connections)));
    let mut until = pin!(until);
    loop {
        let (stream, peer, permit) = tokio::select! {
            next = accept(&listener, &room) => next,
            () = &mut until => break,
        };
        let Some(place) = places.take(peer, limits.connections_per_address) else {
            continue;
        };
        let (acceptor, router) = (acceptor.clone(), (router.clone(), peer));
        let (opened, watcher) = (connections.opened(), graceful.watcher());
        tokio::spawn(async move {
            let _held = (opened, permit, place);
            let _ = stream.set_nodelay(true);
            match acceptor {
                None => talk(stream, router, &limits, watcher).await,
                Some(acceptor) => {
                    // A handshake is a head, too.
                    if let Ok(Ok(stream)) = timeout(limits.head, acceptor.accept(stream)).await {
                        talk(stream, router, &limits, watcher).await;
                    }
                }
            }
        });
    }
    drop(listener);
    let _ = timeout(limits.end, graceful.shutdown()).await;
    Ok(())
}

/// Carries requests of one connection to the routes. When it has served for long its answer says that it is
/// the last one, and has as long again to leave: a client that cannot know loses whatever it asks next.
async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    (router, peer): (Router, IpAddr),
    limits: &Limits,
    watcher: Watcher,
) {
    let (routes, since, served) = (TowerToHyperService::new(router), Instant::now(), limits.served);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        let answered = routes.call(request);
        async move {
            let mut answer = answered.await?;
            if since.elapsed() >= served {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let _ = timeout(limits.served * 2, watcher.watch(connection)).await;
}

async fn accept(listener: &TcpListener, room: &Arc<Semaphore>) -> (TcpStream, IpAddr, OwnedSemaphorePermit) {
    loop {
        let permit = Arc::clone(room).acquire_owned().await;
        match (listener.accept().await, permit) {
            (Ok((stream, peer)), Ok(permit)) => return (stream, peer.ip(), permit),
            _ => sleep(PAUSE).await,
        }
    }
}
