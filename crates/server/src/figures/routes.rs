//! Where figures are asked for.

use super::programmes;
use crate::people::administers;
use crate::reply::{Failed, Replied, bytes_of};
use crate::routes::{On, Peer, hosted, signer};
use crate::service::{Hosted, Service};
use crate::submissions::busy;
use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;

/// The type of figures (Prometheus's exposition format).
const FIGURES: &str = "text/plain; version=0.0.4";

/// `GET /metrics`.
pub(crate) async fn metrics(State(service): On, Extension(Peer(peer)): Extension<Peer>) -> Response {
    let mut text = super::text(&service);
    if service.told_headroom.contains(&peer.to_canonical()) {
        let mut all = Vec::new();
        for hosted in service.ledgers() {
            // A ledger that has stopped says so in its other figures.
            all.extend(rows(&service, hosted).await.ok().map(|rows| (&**hosted, rows)));
        }
        programmes::text(&mut text, &all);
    }
    bytes_of(StatusCode::OK, FIGURES, text.into_bytes())
}

async fn rows(service: &Service, hosted: &Hosted) -> Result<Vec<programmes::Row>, Failed> {
    let now = service.now();
    let looked = hosted.engine.look(move |replica| programmes::rows(replica.kernel(), now));
    looked.await.map_err(busy)
}

/// The figures of one ledger, for those who administer it.
pub(crate) async fn of_ledger(State(service): On, Path(ledger): Path<String>, request: Request) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let (parts, _) = request.into_parts();
    administers(hosted, signer(&service, hosted, &parts)?, "list of figures")?;
    let mut text = super::of_ledger(hosted, service.now());
    programmes::text(&mut text, &[(&**hosted, rows(&service, hosted).await?)]);
    Ok(bytes_of(StatusCode::OK, FIGURES, text.into_bytes()))
}
