//! The port: HTTP/1.1, over TLS wherever it can be reached from another machine. Connections, heads, bodies,
//! handshakes and waiting are bounded; what a client does wrong ends its connection and nothing else.

use crate::routes::{Peer, router};
use crate::service::Service;
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// Longest head.
const HEAD_BYTES_MAX: usize = 16_384;
const HEADERS_MAX: usize = 64;
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
    let address = listener.local_addr()?;
    if tls.is_none() && !address.ip().is_loopback() {
        return Err(ListenError::Plain { address });
    }
    let acceptor = tls.map(TlsAcceptor::from);
    let (router, graceful) = (router(Arc::clone(&service)), GracefulShutdown::new());
    let room = Arc::new(Semaphore::new(service.limits.connections));
    let mut keepers = Vec::new();
    for hosted in service.ledgers() {
        // Nobody is told that a key is unknown because it has not been looked up yet.
        Service::learn(hosted).await;
        keepers.push(tokio::spawn(Service::refresh(Arc::clone(hosted))));
    }
    let mut until = pin!(until);
    loop {
        let (stream, peer, permit) = tokio::select! {
            next = accept(&listener, &room) => next,
            () = &mut until => break,
        };
        let (acceptor, router) = (acceptor.clone(), router.clone().layer(Extension(Peer(peer))));
        let (service, watcher) = (Arc::clone(&service), graceful.watcher());
        let Some(place) = service.places.take(peer, service.limits.connections_per_address) else {
            continue;
        };
        tokio::spawn(async move {
            let _counted = service.figures.connected();
            let _held = (permit, place);
            let _ = stream.set_nodelay(true);
            match acceptor {
                None => talk(stream, router, &service, watcher).await,
                Some(acceptor) => {
                    // A handshake is a head, too.
                    if let Ok(Ok(stream)) = timeout(service.limits.head, acceptor.accept(stream)).await {
                        talk(stream, router, &service, watcher).await;
                    }
                }
            }
        });
    }
    drop(listener);
    service.ending.send_replace(true);
    keepers.iter().for_each(tokio::task::JoinHandle::abort);
    let _ = timeout(service.limits.end, graceful.shutdown()).await;
    service.ledgers().for_each(|hosted| hosted.engine.stop());
    Ok(())
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    service: &Service,
    watcher: hyper_util::server::graceful::Watcher,
) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(service.limits.head)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let _ = timeout(service.limits.answer, watcher.watch(connection)).await;
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
