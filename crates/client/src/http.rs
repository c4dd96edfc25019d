//! HTTP to one server: bounded in time and length, no redirects, no proxy that nobody named.

use crate::events::{self, Event};
use crate::resolve::Place;
use crate::signer::By;
use crate::{ClientError, Signer};
use lockstep_api::Problem;
use lockstep_api::problem::PROBLEM_TYPE;
use lockstep_api::signing::Parts;
use lockstep_types::LedgerId;
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde::de::DeserializeOwned;
use std::io::BufReader;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use ureq::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use ureq::http::request::Builder;
use ureq::http::{Request, Response, Uri};
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body};

/// Longest answer that is read.
const ANSWER_BYTES_MAX: u64 = 64 * 1_048_576;
/// How long one stream of events is followed: a connection that died unnoticed is found out so.
const FOLLOWED: Duration = Duration::from_secs(60);
/// What a time-out may come early by.
const SLACK: Duration = Duration::from_secs(1);
/// How long the beginning of a stream may take.
const CONNECT: Duration = Duration::from_secs(30);
/// How long a stream may be silent: servers say every 15 s that it still stands.
const SILENCE: Duration = Duration::from_secs(45);

/// How a server is reached.
#[derive(Debug, Clone)]
pub struct Options {
    /// Certificates in PEM that vouch for the server, in place of those of the operating system.
    pub roots: Option<Vec<u8>>,
    /// This client's certificates and key in PEM, where the server asks for them.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
    /// A token to send in place of signatures.
    pub token: Option<String>,
    /// How long one question may take.
    pub timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { roots: None, identity: None, token: None, timeout: Duration::from_secs(30) }
    }
}

/// Why a server did not answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address is of no server.
    #[error("`{url}` is refused: {what}")]
    Url {
        /// The address, as it was given.
        url: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Certificates or keys cannot be used.
    #[error("the files for TLS are refused: {0}")]
    Tls(String),
    /// It cannot be reached, or took too long.
    #[error("the server does not answer: {0}")]
    Down(String),
    /// What it says is not of this interface.
    #[error("the server's answer makes no sense: {0}")]
    Answer(String),
}

impl HttpError {
    /// True when the same again may succeed.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Down(_))
    }
}

/// One server.
pub(crate) struct Http {
    agent: Agent,
    base: String,
    authority: String,
    bearer: Option<HeaderValue>,
}

/// Whoever asks one address: over TLS, or this machine.
pub(crate) struct Agents {
    agent: Agent,
    uri: Uri,
}

impl Agents {
    pub(crate) fn new(url: &str, options: &Options) -> Result<Self, HttpError> {
        let refused = |what| HttpError::Url { url: url.to_owned(), what };
        let uri: Uri = url.parse().map_err(|_| refused("it is no URL"))?;
        let authority = uri.authority().ok_or_else(|| refused("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(refused("it names a person"));
        }
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if is_loopback(authority.host()) => false,
            Some("http") => return Err(refused("without TLS only this machine is asked")),
            _ => return Err(refused("expected `https://`")),
        };
        let mut tls =
            TlsConfig::builder().unversioned_rustls_crypto_provider(Arc::new(aws_lc_rs::default_provider()));
        if secure {
            tls = tls.root_certs(roots(options)?).client_cert(identity(options)?);
        }
        let config = Agent::config_builder()
            .tls_config(tls.build())
            .timeout_global(Some(options.timeout))
            .max_redirects(0)
            .proxy(None)
            .http_status_as_error(false)
            .build();
        Ok(Self { agent: Agent::with_parts(config, DefaultConnector::default(), Place::default()), uri })
    }

    /// Hands something in: the status, and what came back.
    pub(crate) fn post(&self, (kind, body): (&str, &[u8]), max: u64) -> Result<(u16, Vec<u8>), HttpError> {
        let request = Request::post(&self.uri).header(CONTENT_TYPE, kind);
        let request = request.header(ACCEPT, "application/json").body(body);
        let request = request.map_err(|error| HttpError::Answer(error.to_string()))?;
        let answer = self.agent.run(request).map_err(|error| HttpError::Down(error.to_string()))?;
        within(answer, max)
    }
}

fn within(mut answer: Response<Body>, max: u64) -> Result<(u16, Vec<u8>), HttpError> {
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(max).read_to_vec();
    Ok((status, body.map_err(|error| HttpError::Down(error.to_string()))?))
}

/// True for an address that may be asked at all: `https://`, or this machine.
#[must_use]
pub fn may_be_asked(url: &str) -> bool {
    // Whether certificates can be had is another matter: no TLS is needed to tell.
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let host = uri.authority().filter(|named| !named.as_str().contains('@')).map(|named| named.host());
    match uri.scheme_str() {
        Some("https") => host.is_some(),
        Some("http") => host.is_some_and(is_loopback),
        _ => false,
    }
}

/// Hands something of a type in at an address: the status, and at most `max` bytes of what came back.
///
/// # Errors
/// [`HttpError`].
pub fn posted(
    url: &str,
    options: &Options,
    content: (&str, &[u8]),
    max: u64,
) -> Result<(u16, Vec<u8>), HttpError> {
    Agents::new(url, options)?.post(content, max)
}

/// Reads what stands at an address, of at most `max` bytes: over TLS, or on this machine; without redirects.
///
/// # Errors
/// [`HttpError`].
pub fn fetched(url: &str, options: &Options, max: u64) -> Result<Vec<u8>, HttpError> {
    let Agents { agent, uri } = Agents::new(url, options)?;
    let request = Request::get(uri).body(()).map_err(|error| HttpError::Answer(error.to_string()))?;
    let answer = agent.run(request).map_err(|error| HttpError::Down(error.to_string()))?;
    match within(answer, max)? {
        (200, body) => Ok(body),
        (status, _) => Err(HttpError::Down(format!("`{url}` answers HTTP {status}"))),
    }
}

impl Http {
    pub(crate) fn new(url: &str, options: &Options) -> Result<Self, HttpError> {
        let refused = |what| HttpError::Url { url: url.to_owned(), what };
        let Agents { agent, uri } = Agents::new(url, options)?;
        if uri.path() != "/" || uri.query().is_some() {
            return Err(refused("expected scheme, host and port only"));
        }
        let bearer = options.token.as_ref().map(|token| HeaderValue::from_str(&format!("Bearer {token}")));
        let bearer = bearer.transpose().map_err(|_| refused("the token is of another form"))?;
        let mut bearer = bearer;
        bearer.iter_mut().for_each(|bearer| bearer.set_sensitive(true));
        let authority = uri.authority().map(|named| named.as_str().to_ascii_lowercase()).unwrap_or_default();
        let scheme = uri.scheme_str().unwrap_or("https");
        Ok(Self { agent, base: format!("{scheme}://{authority}"), authority, bearer })
    }

    /// Host and port, as questions are signed for them.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Asks; signed for a ledger where somebody signs.
    pub(crate) fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &str,
        signer: Option<(&LedgerId, &Signer<'_>)>,
    ) -> Result<T, ClientError> {
        let bytes = self.get_bytes(path, query, signer)?;
        Ok(serde_json::from_slice(&bytes).map_err(|error| HttpError::Answer(error.to_string()))?)
    }

    /// As [`Http::get`], for what is no JSON.
    pub(crate) fn get_bytes(
        &self,
        path: &str,
        query: &str,
        signer: Option<(&LedgerId, &Signer<'_>)>,
    ) -> Result<Vec<u8>, ClientError> {
        let parts = Parts { method: "GET", authority: &self.authority, path, query, body: None };
        self.ask(&parts, None, signer)
    }

    /// Hands something in.
    pub(crate) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        kind: &str,
        body: &[u8],
        signer: Option<(&LedgerId, &Signer<'_>)>,
    ) -> Result<T, ClientError> {
        let parts = Parts { method: "POST", authority: &self.authority, path, query: "", body: Some(body) };
        let bytes = self.ask(&parts, Some(kind), signer)?;
        Ok(serde_json::from_slice(&bytes).map_err(|error| HttpError::Answer(error.to_string()))?)
    }

    /// Follows a stream of events until it ends, for a minute at most, or until `told` has enough.
    pub(crate) fn follow(
        &self,
        path: &str,
        signer: (&LedgerId, &Signer<'_>),
        last: Option<&str>,
        told: &mut dyn FnMut(Event) -> Result<bool, ClientError>,
    ) -> Result<(), ClientError> {
        let parts = Parts { method: "GET", authority: &self.authority, path, query: "", body: None };
        let mut request = self.request(&parts, None, Some(signer))?;
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let request = request.body(()).map_err(|error| HttpError::Answer(error.to_string()))?;
        let request = self.agent.configure_request(request).timeout_global(Some(FOLLOWED)).build();
        let answer = self.agent.run(request).map_err(|error| HttpError::Down(error.to_string()))?;
        if answer.status() != 200 {
            return read(answer).map(drop);
        }
        let begun = Instant::now();
        let mut stream = BufReader::new(answer.into_body().into_reader());
        loop {
            match events::next(&mut stream) {
                Ok(Some(event)) => {
                    if !told(event)? {
                        return Ok(());
                    }
                }
                Ok(None) => return Ok(()),
                // The minute is over: nothing was lost, since the next stream goes on from the last event.
                Err(HttpError::Down(_)) if begun.elapsed() + SLACK >= FOLLOWED => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Asks for a stream of events, taken up after one.
    pub(crate) fn stream(
        &self,
        path: &str,
        after: u64,
        signer: Option<(&LedgerId, &Signer<'_>)>,
    ) -> Result<Body, ClientError> {
        let parts = Parts { method: "GET", authority: &self.authority, path, query: "", body: None };
        let request = self.request(&parts, None, signer)?.header("last-event-id", after.to_string());
        let wrong = |error: ureq::http::Error| HttpError::Answer(error.to_string());
        let request = request.body(()).map_err(wrong)?;
        // A stream has no end; one that is silent for longer than the server ever is has broken.
        let request = self.agent.configure_request(request).timeout_global(None);
        let request = request.timeout_connect(Some(CONNECT)).timeout_recv_response(Some(CONNECT));
        let answer = self.agent.run(request.timeout_per_read(Some(SILENCE)).build());
        let answer = answer.map_err(|error| HttpError::Down(error.to_string()))?;
        let streams = answer.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        if answer.status() == 200 && streams { Ok(answer.into_body()) } else { Err(other(answer)) }
    }

    fn request(
        &self,
        parts: &Parts<'_>,
        kind: Option<&str>,
        signer: Option<(&LedgerId, &Signer<'_>)>,
    ) -> Result<Builder, ClientError> {
        let mark = if parts.query.is_empty() { "" } else { "?" };
        let uri = format!("{}{}{mark}{}", self.base, parts.path, parts.query);
        let mut request = Request::builder().method(parts.method).uri(uri);
        if let Some(kind) = kind {
            request = request.header(CONTENT_TYPE, kind);
        }
        match (&self.bearer, signer) {
            (Some(bearer), Some(_)) if parts.method == "GET" => {
                request = request.header(AUTHORIZATION, bearer.clone());
            }
            (_, Some((_, Signer(By::Person(token))))) => {
                let mut bearer = HeaderValue::from_str(&format!("Bearer {token}"))
                    .map_err(|_| HttpError::Answer("the token is of another form".to_owned()))?;
                bearer.set_sensitive(true);
                request = request.header(AUTHORIZATION, bearer);
            }
            (_, Some((ledger, Signer(By::Key(signer))))) => {
                let headers = signer.sign(parts, ledger)?;
                request = request
                    .header("signature-input", headers.signature_input)
                    .header("signature", headers.signature);
                if let Some(digest) = headers.content_digest {
                    request = request.header("content-digest", digest);
                }
            }
            _ => {}
        }
        Ok(request)
    }

    fn ask(
        &self,
        parts: &Parts<'_>,
        kind: Option<&str>,
        signer: Option<(&LedgerId, &Signer<'_>)>,
    ) -> Result<Vec<u8>, ClientError> {
        let request = self.request(parts, kind, signer)?;
        let wrong = |error: ureq::http::Error| HttpError::Answer(error.to_string());
        let down = |error: ureq::Error| HttpError::Down(error.to_string());
        let answer = match parts.body {
            None => self.agent.run(request.body(()).map_err(wrong)?),
            Some(body) => self.agent.run(request.body(body).map_err(wrong)?),
        };
        read(answer.map_err(down)?)
    }
}

fn read(mut answer: Response<Body>) -> Result<Vec<u8>, ClientError> {
    let status = answer.status().as_u16();
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).map(str::to_owned);
    let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
    let body = body.map_err(|error| HttpError::Down(error.to_string()))?;
    if status == 200 {
        return Ok(body);
    }
    if kind.as_deref() == Some(PROBLEM_TYPE)
        && let Ok(problem) = serde_json::from_slice::<Problem>(&body)
    {
        return Err(problem.into());
    }
    let error = format!("HTTP {status}");
    Err(if status >= 500 { HttpError::Down(error) } else { HttpError::Answer(error) }.into())
}

/// Why an answer is no stream.
fn other(answer: Response<Body>) -> ClientError {
    match read(answer) {
        Ok(_) => HttpError::Answer("expected a stream of events".to_owned()).into(),
        Err(error) => error,
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate<'static>>, HttpError> {
    let read = |der: Result<CertificateDer<'_>, _>| der.map(|der| Certificate::from_der(&der).to_owned());
    let all: Result<Vec<_>, rustls_pki_types::pem::Error> =
        CertificateDer::pem_slice_iter(pem).map(read).collect();
    let all = all.map_err(|error| HttpError::Tls(error.to_string()))?;
    if all.is_empty() { Err(HttpError::Tls("no certificate in PEM".to_owned())) } else { Ok(all) }
}

fn roots(options: &Options) -> Result<RootCerts, HttpError> {
    if let Some(pem) = &options.roots {
        return Ok(RootCerts::Specific(Arc::new(certificates(pem)?)));
    }
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        return Err(HttpError::Tls("this machine has no root certificates".to_owned()));
    }
    let certificates = found.certs.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    Ok(RootCerts::Specific(Arc::new(certificates)))
}

fn identity(options: &Options) -> Result<Option<ClientCert>, HttpError> {
    let Some((chain, key)) = &options.identity else { return Ok(None) };
    let key = PrivateKey::from_pem(key).map_err(|error| HttpError::Tls(error.to_string()))?;
    Ok(Some(ClientCert::new_with_certs(&certificates(chain)?, key)))
}
