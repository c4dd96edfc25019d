//! Who may ask: programs of this machine, and pages and extensions of its browser that its user has opened or
//! installed. A page of somebody else can make the browser send requests to loopback, by its own name or (DNS
//! rebinding) by a name that it has pointed there; both are seen by their headers.

use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::{Authority, Uri};
use axum::http::{HeaderMap, HeaderName};
use std::net::IpAddr;

/// Pages of extensions that the user of the browser has installed: wallets.
const EXTENSIONS: [&str; 3] = ["chrome-extension", "moz-extension", "safari-web-extension"];

/// Why a request is not listened to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stranger {
    /// The name by which this machine was asked is none of loopback.
    #[error("the host `{found}` is refused, expected `localhost` or an address of loopback")]
    Host {
        /// The name, or what stands for it.
        found: String,
    },
    /// The page that asks is of another machine.
    #[error("pages of `{found}` are refused, expected a page of this machine or an extension of the browser")]
    Origin {
        /// Where the page is from.
        found: String,
    },
}

/// Lets a request pass, or not; with the origin that may read the answer, when a page asks.
pub fn pass(headers: &HeaderMap) -> Result<Option<&str>, Stranger> {
    let host = single(headers, &HOST).unwrap_or_default();
    if !is_loopback(host) {
        return Err(Stranger::Host { found: shown(host) });
    }
    if !headers.contains_key(ORIGIN) {
        return Ok(None);
    }
    let origin = single(headers, &ORIGIN).unwrap_or_default();
    if is_near(origin) { Ok(Some(origin)) } else { Err(Stranger::Origin { found: shown(origin) }) }
}

/// A header that is there once, as text.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(first)
}

/// Whether `host`, with or without a port, is this machine.
fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    if host.contains('@') {
        return false;
    }
    let name = authority.host();
    if name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether a page of `origin` is of this machine, or of an extension.
fn is_near(origin: &str) -> bool {
    let Ok(uri) = origin.parse::<Uri>() else { return false };
    let host = uri.authority().map(Authority::as_str).unwrap_or_default();
    match uri.scheme_str() {
        Some("http" | "https") => is_loopback(host),
        Some(scheme) => EXTENSIONS.contains(&scheme) && !host.is_empty(),
        None => false,
    }
}

fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests;
