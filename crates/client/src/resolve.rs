//! Where a host is. Left to itself, ureq starts a thread and asks for addresses before each question, also
//! where a connection stands and where the host is an address already.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// How long the addresses of a name are taken for true: a server that moves is found again after this.
const KEPT: Duration = Duration::from_secs(5);

/// Where the one host is that an agent asks.
#[derive(Debug, Default)]
pub(crate) struct Place {
    names: DefaultResolver,
    known: Mutex<Option<Known>>,
}

#[derive(Debug)]
struct Known {
    host: String,
    port: Option<u16>,
    addresses: ResolvedSocketAddrs,
    since: Instant,
}

impl Known {
    fn is_of(&self, uri: &Uri) -> bool {
        uri.host() == Some(&self.host) && uri.port_u16() == self.port && self.since.elapsed() < KEPT
    }
}

impl Resolver for Place {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        if let Some(address) = literal(uri) {
            let mut addresses = self.empty();
            addresses.push(address);
            return Ok(addresses);
        }
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_ref().filter(|known| known.is_of(uri)) {
            return Ok(known.addresses.clone());
        }
        // Nobody waits here for another's answer.
        drop(known);
        let addresses = self.names.resolve(uri, config, timeout)?;
        if let Some(host) = uri.host() {
            let (host, port) = (host.to_owned(), uri.port_u16());
            let known = Known { host, port, addresses: addresses.clone(), since: Instant::now() };
            *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
        }
        Ok(addresses)
    }
}

/// The address of a host that is written as one.
fn literal(uri: &Uri) -> Option<SocketAddr> {
    let host: IpAddr = uri.host()?.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
    let port = uri.port_u16().or_else(|| match uri.scheme_str() {
        Some("https") => Some(443),
        Some("http") => Some(80),
        _ => None,
    })?;
    Some(SocketAddr::new(host, port))
}

#[cfg(test)]
mod tests;
