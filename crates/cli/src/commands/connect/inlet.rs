//! What partners push: signed, in the shape of Standard Webhooks, once, in order where they number it, and
//! kept before it is answered. Nothing of ours stands in an answer.

use super::config::{Config, secret};
use super::figures::Figures;
use super::kept::{Drafted, Kept};
use super::now;
use crate::os;
use anyhow::{Context, Result};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use lockstep_connect::{Arrival, Headers, Inbox, InboxError, Secret, WebhookError, check, webhook};
use lockstep_sources::draft::JsonMessage;
use lockstep_types::Name;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::timeout;

/// How long a body may take to arrive.
const BODY: Duration = Duration::from_secs(30);
/// Longest inbox.
const INBOX_BYTES_MAX: u64 = 16 * 1_048_576;

/// A status and a line for the partner's log.
type Answer = (StatusCode, String);

/// A partner that pushes.
struct Push {
    secrets: Vec<Secret>,
    ordered: bool,
    inbox: Mutex<Inbox>,
    path: PathBuf,
}

/// All of them.
pub struct Inlet {
    pushes: BTreeMap<Name, Push>,
    kept: Arc<Kept>,
    figures: Arc<Figures>,
}

/// The addresses: one a partner, and two for whoever runs this.
pub fn router(inlet: Arc<Inlet>) -> Router {
    Router::new()
        .route("/v1/push/{partner}", post(push))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/metrics", get(|State(inlet): State<Arc<Inlet>>| async move { inlet.figures.text(now()) }))
        .with_state(inlet)
}

async fn push(State(inlet): State<Arc<Inlet>>, Path(partner): Path<String>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let Some(headers) = headers(&parts.headers) else {
        return (StatusCode::UNAUTHORIZED, "expected the three headers of a webhook, each once".to_owned());
    };
    let body = match timeout(BODY, to_bytes(body, webhook::BODY_BYTES_MAX)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            let text = format!("at most {} bytes are read", webhook::BODY_BYTES_MAX);
            return (StatusCode::PAYLOAD_TOO_LARGE, text);
        }
        Err(_) => return (StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive".to_owned()),
    };
    let taken = tokio::task::spawn_blocking(move || inlet.answer(&partner, &headers, &body));
    taken.await.unwrap_or_else(|_| later())
}

/// Each header once: whoever is between us may have read another one.
fn headers(all: &HeaderMap) -> Option<Headers> {
    let one = |name: &str| {
        let mut values = all.get_all(name).iter();
        let value = values.next()?.to_str().ok()?.to_owned();
        values.next().is_none().then_some(value)
    };
    let (id, signature) = (one("webhook-id")?, one("webhook-signature")?);
    Some(Headers { id, signature, timestamp: one("webhook-timestamp")? })
}

fn later() -> Answer {
    (StatusCode::SERVICE_UNAVAILABLE, "try again later".to_owned())
}

impl Inlet {
    pub fn open(config: &Config, kept: Arc<Kept>, figures: Arc<Figures>) -> Result<Self> {
        let folder = kept.folder("inbox")?;
        let mut pushes = BTreeMap::new();
        for push in &config.pushes {
            let path = folder.join(format!("{}.json", push.name));
            let inbox = if path.exists() {
                let read = Inbox::from_slice(&os::read(&path, INBOX_BYTES_MAX)?);
                read.with_context(|| format!("`{}` is not as it was written", path.display()))?
            } else {
                Inbox::default()
            };
            let files = std::iter::once(&push.secret).chain(&push.next_secret);
            let secrets = files.map(|file| secret(file)).collect::<Result<_>>()?;
            let push_in = Push { secrets, ordered: push.ordered, inbox: Mutex::new(inbox), path };
            pushes.insert(push.name.clone(), push_in);
        }
        Ok(Self { pushes, kept, figures })
    }

    fn answer(&self, partner: &str, headers: &Headers, body: &[u8]) -> Answer {
        // A partner that does not exist is answered as one whose signature does not hold.
        let found = self.pushes.iter().find(|(name, _)| name.as_str() == partner);
        let Some((name, push)) = found else {
            return (StatusCode::UNAUTHORIZED, WebhookError::Signature.to_string());
        };
        let answer = match self.take((name, push), headers, body) {
            Ok(answer) => answer,
            Err(error) => {
                tracing::error!(source = %name, error = format!("{error:#}"), "not taken");
                later()
            }
        };
        if !answer.0.is_success() {
            self.figures.add("lockstep_connect_refused_total", name);
            tracing::warn!(source = %name, status = answer.0.as_u16(), "refused");
        }
        answer
    }

    fn take(&self, (name, push): (&Name, &Push), headers: &Headers, body: &[u8]) -> Result<Answer> {
        let at = now();
        if let Err(error) = check(&push.secrets, headers, body, at) {
            return Ok((StatusCode::UNAUTHORIZED, error.to_string()));
        }
        // One at a time: the inbox is kept in the same step as what the message brought.
        let mut inbox = push.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        let mut after = inbox.clone();
        let arrived = if push.ordered {
            match JsonMessage::from_slice(body).and_then(|message| message.text("/sequence")) {
                Ok(text) => after.arrive_in_order(text.parse().unwrap_or(0), body),
                Err(error) => return Ok((StatusCode::UNPROCESSABLE_ENTITY, error.to_string())),
            }
        } else {
            after.arrive(&headers.id, body, at)
        };
        match arrived {
            Ok(Arrival::Again) => return Ok((StatusCode::OK, "it was here before".to_owned())),
            Ok(Arrival::Counts) => {}
            Err(InboxError::Full) => return Ok(later()),
            Err(error) => return Ok((StatusCode::CONFLICT, error.to_string())),
        }
        if let Some(why) = Kept::unreadable(body) {
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, why));
        }
        let how = json!({
            "id": headers.id, "signature": headers.signature, "timestamp": headers.timestamp, "way": "push",
        });
        let Drafted { made, before, contradicted } = self.kept.keep(name, how, body)?;
        // Last: a crash before this line makes the same drafts again, and each is made once.
        os::replace_private(&push.path, &after.to_vec()?)?;
        *inbox = after;
        let contradicts = if contradicted > 0 { ", and it says something else than one before" } else { "" };
        Ok((StatusCode::OK, format!("kept; {} draft(s) wait{contradicts}", made + before)))
    }
}
