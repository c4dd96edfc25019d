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
mod tests {
    use super::*;

    fn of(url: &str) -> Option<String> {
        literal(&url.parse().unwrap()).map(|address| address.to_string())
    }

    #[test]
    fn a_host_that_is_an_address_is_asked_of_nobody() {
        assert_eq!(of("https://127.0.0.1:8443/v1").unwrap(), "127.0.0.1:8443");
        assert_eq!(of("https://[::1]/v1").unwrap(), "[::1]:443");
        assert_eq!(of("http://127.0.0.1").unwrap(), "127.0.0.1:80");
        assert_eq!(of("https://acme.example:8443/"), None);
        assert_eq!(of("https://127.0.0.1.example/"), None);
    }

    #[test]
    fn addresses_of_a_name_are_of_that_name_and_port() {
        let uri: Uri = "http://localhost:8080/".parse().unwrap();
        let addresses = Place::default().empty();
        let known =
            Known { host: "localhost".to_owned(), port: Some(8080), addresses, since: Instant::now() };
        assert!(known.is_of(&uri));
        assert!(!known.is_of(&"http://localhost:8081/".parse().unwrap()));
        assert!(!known.is_of(&"http://localhost.example:8080/".parse().unwrap()));
        let long_ago = Instant::now().checked_sub(KEPT).unwrap();
        assert!(!Known { since: long_ago, ..known }.is_of(&uri));
    }
}
