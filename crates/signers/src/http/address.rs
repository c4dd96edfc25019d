//! Where a service is, and how it is asked.

use super::wire::ANSWER_BYTES_MAX;
use rustls::crypto::aws_lc_rs;
use std::sync::Arc;
use std::time::Duration;
use ureq::http::Response;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body, Error};

/// Hosts that are this machine. A name is none: somebody may have said where it leads.
const LOOPBACK: [&str; 2] = ["127.0.0.1", "[::1]"];

/// A service's address.
pub(super) struct Address {
    agent: Agent,
    url: String,
    host: String,
}

/// Status and body.
type Answered = (u16, Vec<u8>);

/// Why there is no answer. Neither says the address: it may hold a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Down {
    /// The same question later may have one.
    Now(String),
    /// Whoever is there does not prove to be the host.
    Stranger(String),
}

impl Address {
    /// What asks this address and follows nobody elsewhere.
    pub(super) fn new(url: &str, timeout: Duration) -> Result<Self, String> {
        let (host, is_plain) = host(url)?;
        let mut tls =
            TlsConfig::builder().unversioned_rustls_crypto_provider(Arc::new(aws_lc_rs::default_provider()));
        if !is_plain {
            tls = tls.root_certs(roots()?);
        }
        // A proxy of the environment would read the token, and nobody named it.
        let config = Agent::config_builder()
            .tls_config(tls.build())
            .timeout_global(Some(timeout))
            .max_redirects(0)
            .proxy(None)
            .http_status_as_error(false)
            .build();
        let url = url.trim_end_matches('/').to_owned();
        Ok(Self { agent: config.new_agent(), url, host: host.to_owned() })
    }

    /// Host and port, for errors.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Puts a request.
    pub(super) fn put(&self, token: &str, key: &str, body: &str) -> Result<Answered, Down> {
        let asked = self.agent.post(&self.url).header("Authorization", bearer(token));
        answered(asked.header("Idempotency-Key", key).content_type("application/json").send(body))
    }

    /// Looks at a request.
    pub(super) fn look(&self, token: &str, id: &str) -> Result<Answered, Down> {
        let asked = self.agent.get(format!("{}/{id}", self.url)).header("Authorization", bearer(token));
        answered(asked.call())
    }
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn answered(answer: Result<Response<Body>, Error>) -> Result<Answered, Down> {
    let mut answer = answer.map_err(|error| down(&error))?;
    let status = answer.status().as_u16();
    // One byte more is read, so that too long is told from long enough.
    let limit = ANSWER_BYTES_MAX as u64 + 1;
    let body = answer.body_mut().with_config().limit(limit).read_to_vec();
    match body {
        Ok(body) => Ok((status, body)),
        Err(Error::BodyExceedsLimit(_)) => Ok((status, vec![b' '; ANSWER_BYTES_MAX + 1])),
        Err(error) => Err(down(&error)),
    }
}

fn down(error: &Error) -> Down {
    let of_tls = |error: &std::io::Error| error.get_ref()?.downcast_ref::<rustls::Error>().cloned();
    let tls = match error {
        Error::Rustls(error) => Some(error.clone()),
        Error::Io(error) => of_tls(error),
        _ => None,
    };
    match tls {
        Some(error @ rustls::Error::InvalidCertificate(_)) => return Down::Stranger(error.to_string()),
        Some(error) => return Down::Now(format!("TLS: {error}")),
        None => {}
    }
    Down::Now(match error {
        Error::Timeout(_) => "it does not answer in time".to_owned(),
        Error::HostNotFound => "there is no such host".to_owned(),
        Error::Io(error) => error.kind().to_string(),
        Error::Tls(what) => format!("TLS: {what}"),
        Error::ConnectionFailed => "no connection".to_owned(),
        _ => "the connection broke".to_owned(),
    })
}

/// Whom this machine trusts to name hosts.
fn roots() -> Result<RootCerts, String> {
    let found = rustls_native_certs::load_native_certs().certs;
    if found.is_empty() {
        return Err("this machine has no certificates by which a host could be known".to_owned());
    }
    Ok(RootCerts::from(found.iter().map(|root| Certificate::from_der(root.as_ref()).to_owned())))
}

/// Host and port, and whether they are spoken to in the clear, which only this machine is.
fn host(url: &str) -> Result<(&str, bool), String> {
    let (rest, is_plain) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (rest, false),
        (None, Some(rest)) => (rest, true),
        (None, None) => return Err("expected an address that begins with `https://`".to_owned()),
    };
    if rest.contains(['?', '#']) {
        return Err(
            "expected an address without `?` and `#`: the id of a request is put behind it".to_owned()
        );
    }
    let host = rest.split('/').next().unwrap_or_default();
    let fits = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".:-_[]".contains(c));
    if !fits {
        return Err("expected a host, and no name or password before it".to_owned());
    }
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    if is_plain && !LOOPBACK.contains(&name) {
        let text = format!("`http://` is only for 127.0.0.1 and [::1], found `{host}`: expected `https://`");
        return Err(text);
    }
    Ok((host, is_plain))
}

#[cfg(test)]
mod tests;
