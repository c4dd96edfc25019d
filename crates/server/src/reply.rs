//! Answers on their way out: JSON, problems, and the headers that every answer has.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use lockstep_api::problem::PROBLEM_TYPE;
use lockstep_api::{Kind, Problem};
use serde::Serialize;
use std::time::Duration;
use tokio::time::sleep;

/// A problem as a response, and after how many seconds the same may succeed where it may.
#[derive(Debug)]
pub(crate) struct Failed(pub(crate) Box<Problem>, u64);

/// What a route answers.
pub(crate) type Replied = Result<Response, Failed>;

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem), 1)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = self.0.kind;
        let mut response = body(status, PROBLEM_TYPE, &*self.0);
        let headers = response.headers_mut();
        if kind == Kind::Retry && status != StatusCode::CONFLICT {
            headers.insert(RETRY_AFTER, HeaderValue::from(self.1));
        }
        if kind == Kind::Unauthorised {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Signature, Bearer"));
        }
        response
    }
}

/// Whoever asks has asked too often.
pub(crate) fn too_often(what: &str, wait: Duration) -> Failed {
    let mut problem = Problem::new(Kind::Retry, "too-many", what).hint("wait as `Retry-After` says");
    problem.status = StatusCode::TOO_MANY_REQUESTS.as_u16();
    Failed(Box::new(problem), wait.as_secs().saturating_add(1))
}

fn body(status: StatusCode, kind: &'static str, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => bytes_of(status, kind, bytes),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// An answer in JSON that nobody between keeps.
pub(crate) fn json(value: &impl Serialize) -> Response {
    body(StatusCode::OK, "application/json", value)
}

/// An answer of any type.
pub(crate) fn bytes_of(status: StatusCode, kind: &'static str, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A part of this server fails; what exactly stands in its log only.
pub(crate) fn internal(error: &dyn std::error::Error) -> Failed {
    tracing::error!(error = %chain(error), "a request could not be answered");
    Problem::new(Kind::Internal, "internal", "the server failed").into()
}

/// An error with what caused it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

/// There is no such thing, or not for whoever asks: the two look the same.
pub(crate) fn missing(what: &str) -> Failed {
    Problem::new(Kind::Missing, "not-found", format!("there is no {what} here, or not for you")).into()
}

/// How late who asks too often is told so.
const TOO_OFTEN: Duration = Duration::from_millis(500);

/// Who asks too often is told so late: whoever asks again at each answer would have the machine do little
/// else.
pub(crate) async fn unhurried(request: Request, next: Next) -> Response {
    let answer = next.run(request).await;
    if answer.status() == StatusCode::TOO_MANY_REQUESTS {
        sleep(TOO_OFTEN).await;
    }
    answer
}
