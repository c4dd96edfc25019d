//! Answers by the key that a client has given its request (`Idempotency-Key`), beside what an envelope is by
//! itself: the same key with the same request is answered as it was, with another request not at all. Keys
//! are kept by party, and only for requests whose signatures have held: nobody uses up the room of another.

use crate::reply::{Failed, bytes_of};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use lockstep_api::idempotency::{HEADER, KEY_BYTES_MAX, REPLAYED_HEADER, read};
use lockstep_api::limits::{IDEMPOTENCY_KEYS_MAX, IDEMPOTENCY_MS};
use lockstep_api::problem::PROBLEM_TYPE;
use lockstep_api::{Kind, Problem};
use lockstep_types::{Lei, Time};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// Longest answer that is kept.
const ANSWER_BYTES_MAX: usize = 65_536;
/// Bytes of answers that are kept of all parties together; beyond, the next ones are not.
const ALL_BYTES_MAX: usize = 64 * 1_048_576;
/// Codes of answers that say nothing of whose the request was.
const NOBODYS: [&str; 3] = ["key-unknown", "signature", "submission"];

/// An answer that was given.
#[derive(Clone)]
struct Given {
    at: Time,
    status: StatusCode,
    bytes: Vec<u8>,
}

/// What a key stands for: the digest of its request, and the answer once there is one.
struct Kept {
    request: [u8; 32],
    given: Option<Given>,
}

#[derive(Default)]
struct Known {
    keys: BTreeMap<(Lei, String), Kept>,
    /// Keys with an answer, oldest first.
    order: BTreeMap<Lei, VecDeque<String>>,
    bytes: usize,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Answers(Mutex<Known>);

/// A key whose request is being answered; dropped without an answer, it is free again.
pub(crate) struct Claimed<'a> {
    answers: &'a Answers,
    key: (Lei, String),
    answered: bool,
}

/// What a key says of a request.
pub(crate) enum Claim<'a> {
    /// Nothing yet.
    Fresh(Claimed<'a>),
    /// The request was answered.
    Answered(Response),
}

/// The key that a request names.
///
/// # Errors
/// It is of another form, or there are two.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<String>, Failed> {
    let mut values = headers.get_all(HEADER).iter();
    let key = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value.to_str().ok().and_then(read),
        _ => None,
    };
    let refused = || {
        let text = format!("`Idempotency-Key` is no text in quotes of 1 to {KEY_BYTES_MAX} characters");
        Problem::new(Kind::Invalid, "idempotency-key", text).hint("such as `\"8e03978e-40d5-43e8\"`, once")
    };
    Ok(Some(key.ok_or_else(refused)?))
}

impl Known {
    fn forget(&mut self, key: &(Lei, String)) {
        if let Some(Kept { given: Some(given), .. }) = self.keys.remove(key) {
            self.bytes = self.bytes.saturating_sub(given.bytes.len());
        }
    }

    /// Drops what is too old, or too much, of a party.
    fn prune(&mut self, party: Lei, now: Time) {
        let mut order = self.order.remove(&party).unwrap_or_default();
        let is_old = |kept: Option<&Kept>| {
            let at = kept.and_then(|kept| kept.given.as_ref()).map(|given| given.at);
            at.is_none_or(|at| now.ms_since(at) > IDEMPOTENCY_MS)
        };
        while let Some(oldest) = order.front().cloned() {
            let key = (party, oldest);
            if order.len() <= IDEMPOTENCY_KEYS_MAX && !is_old(self.keys.get(&key)) {
                break;
            }
            self.forget(&key);
            order.pop_front();
        }
        if !order.is_empty() {
            self.order.insert(party, order);
        }
    }
}

impl Answers {
    /// What a party's key says of a request.
    ///
    /// # Errors
    /// It stands for another request, or for one that is being answered.
    pub(crate) fn claim(
        &self,
        key: (Lei, String),
        request: [u8; 32],
        now: Time,
    ) -> Result<Claim<'_>, Failed> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.prune(key.0, now);
        match known.keys.get(&key) {
            None => {
                known.keys.insert(key.clone(), Kept { request, given: None });
                Ok(Claim::Fresh(Claimed { answers: self, key, answered: false }))
            }
            Some(kept) if kept.request != request => {
                let text = "the idempotency key was used for another request";
                let hint = "give each request a key of its own, and the same request the same one";
                Err(Problem::new(Kind::Refused, "idempotency-key-used", text).hint(hint).into())
            }
            Some(Kept { given: None, .. }) => {
                let text = "the request with this idempotency key is being answered";
                Err(Problem::new(Kind::Conflict, "idempotency-key-busy", text)
                    .hint("ask again in a moment")
                    .into())
            }
            Some(Kept { given: Some(given), .. }) => Ok(Claim::Answered(again(given))),
        }
    }
}

fn again(given: &Given) -> Response {
    let kind = if given.status == StatusCode::OK { "application/json" } else { PROBLEM_TYPE };
    let mut response = bytes_of(given.status, kind, given.bytes.clone());
    response.headers_mut().insert(REPLAYED_HEADER, HeaderValue::from_static("true"));
    response
}

/// True for an answer that the same request is to get again.
fn lasts(failed: &Failed) -> bool {
    let problem = &failed.0;
    let settled = matches!(problem.kind, Kind::Invalid | Kind::Refused | Kind::Conflict | Kind::Limit);
    settled && !NOBODYS.contains(&problem.code.as_str())
}

impl Claimed<'_> {
    /// Keeps an answer, if it lasts, and gives it.
    pub(crate) fn answer<T: Serialize>(mut self, told: Result<T, Failed>, now: Time) -> Response {
        let given = match &told {
            Ok(told) => serde_json::to_vec(told).ok().map(|bytes| (StatusCode::OK, bytes)),
            Err(failed) if lasts(failed) => {
                let status = StatusCode::from_u16(failed.0.status).ok();
                status.zip(serde_json::to_vec(&*failed.0).ok())
            }
            Err(_) => None,
        };
        if let Some((status, bytes)) = given {
            self.keep(Given { at: now, status, bytes });
        }
        match told {
            Ok(told) => crate::reply::json(&told),
            Err(failed) => failed.into_response(),
        }
    }

    fn keep(&mut self, given: Given) {
        let mut known = self.answers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.bytes.saturating_add(given.bytes.len()) > ALL_BYTES_MAX {
            let parties: Vec<Lei> = known.order.keys().copied().collect();
            parties.into_iter().for_each(|party| known.prune(party, given.at));
        }
        let bytes = known.bytes.saturating_add(given.bytes.len());
        if given.bytes.len() > ANSWER_BYTES_MAX || bytes > ALL_BYTES_MAX {
            return;
        }
        let Some(kept) = known.keys.get_mut(&self.key) else { return };
        kept.given = Some(given);
        known.bytes = bytes;
        let (party, key) = self.key.clone();
        known.order.entry(party).or_default().push_back(key);
        self.answered = true;
    }
}

impl Drop for Claimed<'_> {
    fn drop(&mut self) {
        if !self.answered {
            let mut known = self.answers.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.keys.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests;
