//! What is asked of one endpoint, and how that can end.

use crate::rpc::wire::refusal;
use alloy_json_rpc::ErrorPayload;
use rustls::crypto::aws_lc_rs;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Error};

/// Longest answer that is read.
pub const ANSWER_BYTES_MAX: u64 = 16 * 1_048_576;
/// How long one question may take, connecting included.
pub const TIMEOUT: Duration = Duration::from_secs(20);
/// Letters of an endpoint's own words that are passed on.
const WORDS_MAX: usize = 120;

/// One endpoint.
pub trait Ask: Send + Sync {
    /// What it is called in errors: never more than its host and port, since the rest of an address is often
    /// a key.
    fn name(&self) -> &str;

    /// The `result` of a JSON-RPC request.
    ///
    /// # Errors
    /// [`AskError`].
    fn ask(&self, method: &str, params: &Value) -> Result<Value, AskError>;
}

/// Why an endpoint gave no result.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AskError {
    /// It cannot be reached, or does not answer in time, or not in this protocol.
    #[error("does not answer: {0}")]
    Down(String),
    /// It answers nobody so often.
    #[error("asks to be asked less: {0}")]
    Busy(String),
    /// The answer is longer than it may be, by its rules or by ours.
    #[error("has too much to say: {0}")]
    TooMuch(String),
    /// It understood, and says no.
    #[error("refuses: {}", words(&.0.message))]
    Refused(ErrorPayload),
    /// What it says makes no sense.
    #[error("makes no sense: {0}")]
    Nonsense(String),
}

impl AskError {
    /// Whether the endpoint is better left alone for a while.
    pub(super) const fn is_ill(&self) -> bool {
        matches!(self, Self::Down(_) | Self::Busy(_))
    }
}

/// Words of an outsider, short and in one line.
pub(super) fn words(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(WORDS_MAX).collect()
}

/// An endpoint over HTTP.
pub struct Http {
    agent: Agent,
    url: String,
    name: String,
    timeout: Duration,
}

impl Http {
    /// The endpoint at this address; nothing is asked yet.
    ///
    /// # Errors
    /// What is wrong with the address.
    pub fn new(url: &str) -> Result<Self, String> {
        Self::within(url, TIMEOUT)
    }

    /// The same; one question may take so long.
    ///
    /// # Errors
    /// As [`Http::new`].
    pub fn within(url: &str, timeout: Duration) -> Result<Self, String> {
        let name = host(url)?.to_owned();
        Ok(Self { agent: http_agent(url, timeout)?, url: url.to_owned(), name, timeout })
    }

    fn post(&self, request: &Value) -> Result<Vec<u8>, AskError> {
        let posted = self.agent.post(&self.url).content_type("application/json").send(request.to_string());
        let down = |error: &Error| down(error, self.timeout);
        let mut answer = posted.map_err(|error| down(&error))?;
        let status = answer.status().as_u16();
        if status == 429 {
            return Err(AskError::Busy("HTTP 429".to_owned()));
        }
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        let body = body.map_err(|error| match error {
            Error::BodyExceedsLimit(_) => {
                AskError::TooMuch(format!("an answer of more than {ANSWER_BYTES_MAX} bytes"))
            }
            error => down(&error),
        })?;
        // Some endpoints send JSON-RPC errors under an HTTP status of their own.
        if status != 200 && serde_json::from_slice::<Value>(&body).is_err() {
            return Err(AskError::Down(format!("HTTP {status}")));
        }
        Ok(body)
    }
}

impl Ask for Http {
    fn name(&self) -> &str {
        &self.name
    }

    fn ask(&self, method: &str, params: &Value) -> Result<Value, AskError> {
        let request = json!({ "id": 1, "jsonrpc": "2.0", "method": method, "params": params });
        let body = self.post(&request)?;
        result(&body)
    }
}

/// What asks one address over HTTP and follows nobody elsewhere; a status that is no 200 is an answer too.
///
/// # Errors
/// What is wrong with the address, or with this machine.
pub fn http_agent(url: &str, timeout: Duration) -> Result<Agent, String> {
    host(url)?;
    let mut tls =
        TlsConfig::builder().unversioned_rustls_crypto_provider(Arc::new(aws_lc_rs::default_provider()));
    if url.starts_with("https://") {
        tls = tls.root_certs(roots()?);
    }
    // An endpoint that sends us elsewhere is none of those that were named; a proxy of the environment
    // would be one that nobody named.
    let config = Agent::config_builder()
        .tls_config(tls.build())
        .timeout_global(Some(timeout))
        .max_redirects(0)
        .proxy(None)
        .http_status_as_error(false)
        .build();
    Ok(config.new_agent())
}

/// The result in a response.
fn result(body: &[u8]) -> Result<Value, AskError> {
    #[derive(serde::Deserialize)]
    struct Response {
        id: Option<Value>,
        #[serde(default, deserialize_with = "present")]
        result: Option<Value>,
        error: Option<ErrorPayload>,
    }
    let response: Response =
        serde_json::from_slice(body).map_err(|error| AskError::Down(format!("no JSON-RPC: {error}")))?;
    match (response.error, response.result) {
        (Some(error), _) => Err(refusal(error)),
        (None, Some(result)) if response.id == Some(json!(1)) => Ok(result),
        _ => Err(AskError::Down("no JSON-RPC response to what was asked".to_owned())),
    }
}

/// `null` is a result; a missing field is none.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    serde::Deserialize::deserialize(deserializer).map(Some)
}

/// Whom this machine trusts to name hosts.
fn roots() -> Result<RootCerts, String> {
    let found = rustls_native_certs::load_native_certs().certs;
    if found.is_empty() {
        return Err("this machine has no certificates by which a host could be known".to_owned());
    }
    Ok(RootCerts::from(found.iter().map(|root| Certificate::from_der(root.as_ref()).to_owned())))
}

/// What went wrong, without the address: it may hold a key.
fn down(error: &Error, timeout: Duration) -> AskError {
    AskError::Down(match error {
        Error::Timeout(_) => format!("nothing within {} ms", timeout.as_millis()),
        Error::HostNotFound => "there is no such host".to_owned(),
        Error::Io(error) => error.kind().to_string(),
        Error::Tls(what) => format!("TLS: {what}"),
        Error::Rustls(error) => format!("TLS: {error}"),
        Error::ConnectionFailed => "no connection".to_owned(),
        _ => "the connection broke".to_owned(),
    })
}

/// `example.org:8545` of `https://user:secret@example.org:8545/v3/key`.
fn host(url: &str) -> Result<&str, String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let rest = rest.ok_or("an address begins with `https://` or `http://`")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let fits = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".:-_[]".contains(c));
    if fits { Ok(host) } else { Err("an address names a host".to_owned()) }
}

#[cfg(test)]
mod tests;
