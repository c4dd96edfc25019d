//! Sending one webhook. A name is resolved for each connection, every address it resolves to is checked, and
//! the connection is made to one of those that were checked; nobody's redirect and no proxy is followed.

use crate::allow::{Reach, Target};
use crate::cut;
use crate::webhook::{Headers, Secret, WebhookError, sign};
use core::fmt;
use lockstep_types::Time;
use rustls::crypto::aws_lc_rs;
use std::sync::Arc;
use std::time::Duration;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};

/// How long one attempt may take, the name's resolution included.
pub const TIMEOUT: Duration = Duration::from_secs(15);
/// Longest wait that a receiver may ask for: 1 day.
const RETRY_AFTER_S_MAX: u64 = 86_400;

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It was answered with 2xx.
    Taken,
    /// It was not taken, and may be later.
    Later {
        /// How long the receiver asks to be left alone.
        after_s: Option<u64>,
        /// Why, in one line.
        why: String,
    },
    /// The receiver wants no more (410), or the message cannot be sent at all.
    Never {
        /// Why, in one line.
        why: String,
    },
}

/// Sends to one target with one secret.
pub struct Sender {
    agent: Agent,
    target: Target,
    secret: Secret,
}

impl Sender {
    /// Sends to `target`; names are resolved by the system.
    ///
    /// # Errors
    /// When this machine trusts nobody to name hosts.
    pub fn new(target: Target, secret: Secret) -> Result<Self, String> {
        Self::with_resolver(target, secret, DefaultResolver::default())
    }

    /// The same; names are resolved by `resolver`, whose answers are checked like anybody's.
    ///
    /// # Errors
    /// As [`Sender::new`].
    pub fn with_resolver(target: Target, secret: Secret, resolver: impl Resolver) -> Result<Self, String> {
        let mut tls =
            TlsConfig::builder().unversioned_rustls_crypto_provider(Arc::new(aws_lc_rs::default_provider()));
        if target.reach() == Reach::Public {
            tls = tls.root_certs(roots()?);
        }
        let config = Agent::config_builder()
            .tls_config(tls.build())
            .timeout_global(Some(TIMEOUT))
            .max_redirects(0)
            .max_idle_connections(0)
            .proxy(None)
            .http_status_as_error(false)
            .build();
        let checked = Checked { inner: resolver, reach: target.reach() };
        let agent = Agent::with_parts(config, DefaultConnector::default(), checked);
        Ok(Self { agent, target, secret })
    }

    /// Signs and sends a message, once.
    #[must_use]
    pub fn send(&self, id: &str, body: &[u8], now: Time) -> Delivery {
        match sign(&self.secret, id, body, now) {
            Ok(headers) => self.post(&headers, body),
            Err(error @ (WebhookError::TooLong { .. } | WebhookError::Id { .. })) => {
                Delivery::Never { why: error.to_string() }
            }
            Err(error) => Delivery::Later { after_s: None, why: error.to_string() },
        }
    }

    fn post(&self, headers: &Headers, body: &[u8]) -> Delivery {
        let request = self.agent.post(self.target.url()).content_type("application/json");
        let request = request
            .header("webhook-id", &headers.id)
            .header("webhook-signature", &headers.signature)
            .header("webhook-timestamp", &headers.timestamp);
        let answer = match request.send(body) {
            Ok(answer) => answer,
            Err(error) => return Delivery::Later { after_s: None, why: down(&error) },
        };
        let status = answer.status().as_u16();
        let asked = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        match status {
            200..=299 => Delivery::Taken,
            410 => Delivery::Never { why: "HTTP 410: the receiver wants no more".to_owned() },
            _ => Delivery::Later {
                after_s: asked.map(|s: u64| s.min(RETRY_AFTER_S_MAX)),
                why: format!("HTTP {status}"),
            },
        }
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("target", &self.target).finish_non_exhaustive()
    }
}

/// A resolver whose answers count only if all of them are addresses that may be connected to: a name that
/// also resolves into this network is no name of the public internet.
#[derive(Debug)]
struct Checked<R> {
    inner: R,
    reach: Reach,
}

/// An address that nothing is sent to.
#[derive(Debug, thiserror::Error)]
#[error("the host has an address that is not sent to")]
struct Forbidden;

impl<R: Resolver> Resolver for Checked<R> {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        if !found.is_empty() && found.iter().all(|address| self.reach.admits(address.ip())) {
            Ok(found)
        } else {
            Err(Error::Other(Box::new(Forbidden)))
        }
    }
}

/// Whom this machine trusts to name hosts.
fn roots() -> Result<RootCerts, String> {
    let found = rustls_native_certs::load_native_certs().certs;
    if found.is_empty() {
        return Err("this machine has no certificates by which a host could be known".to_owned());
    }
    Ok(RootCerts::from(found.iter().map(|root| Certificate::from_der(root.as_ref()).to_owned())))
}

/// What went wrong, without the address: its path may hold a secret.
fn down(error: &Error) -> String {
    match error {
        Error::Timeout(_) => format!("no answer within {} s", TIMEOUT.as_secs()),
        Error::HostNotFound => "there is no such host".to_owned(),
        Error::Io(error) => cut(&error.kind().to_string()),
        Error::Tls(what) => format!("TLS: {what}"),
        Error::Rustls(error) => cut(&format!("TLS: {error}")),
        Error::Other(error) => cut(&error.to_string()),
        Error::ConnectionFailed => "no connection".to_owned(),
        _ => "the connection broke".to_owned(),
    }
}
