//! Where something may be sent: to hosts that were named, by name, and to addresses of the public internet.
//!
//! A list of hosts alone does not keep a request out of one's own network: whoever owns a name chooses what
//! it resolves to, anew each time. So addresses are checked where the connection is made ([`crate::send`]),
//! and what was checked is what is connected to.

use crate::cut;
use core::str::FromStr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest address.
const URL_BYTES_MAX: usize = 2_048;

/// Which addresses a host may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Addresses of the public internet, over TLS.
    Public,
    /// This machine only, in the clear: for development and tests.
    Loopback,
}

/// Hosts that something may be sent to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowList {
    places: Vec<(String, u16, Reach)>,
}

/// An address that is on the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    url: String,
    reach: Reach,
}

/// Why nothing is sent to an address. Variants stand in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Not an address of ours: letters, scheme, user, port.
    #[error("`{found}` is no address that is sent to: expected {expected}")]
    Form {
        /// The address, cut.
        found: String,
        /// What is wrong.
        expected: &'static str,
    },
    /// A number in place of a name.
    #[error("`{found}` is an IP address, in whatever form: expected a host's name")]
    Number {
        /// The host.
        found: String,
    },
    /// A host that nobody named.
    #[error("`{host}:{port}` is not on the list of hosts that may be sent to")]
    NotAllowed {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
}

impl AllowList {
    /// A list of `host` or `host:port`, over TLS; the port is 443 unless it is named.
    ///
    /// # Errors
    /// [`TargetError`] for the first that is no host's name.
    pub fn new<'a>(hosts: impl IntoIterator<Item = &'a str>) -> Result<Self, TargetError> {
        let place = |text| {
            let (host, port) = host_and_port(text, 443)?;
            if is_number(&host) {
                return Err(TargetError::Number { found: cut(&host) });
            }
            Ok((host, port, Reach::Public))
        };
        Ok(Self { places: hosts.into_iter().map(place).collect::<Result<_, _>>()? })
    }

    /// The same, and a port of this machine, in the clear.
    #[must_use]
    pub fn with_loopback(mut self, port: u16) -> Self {
        self.places.push(("localhost".to_owned(), port, Reach::Loopback));
        self
    }

    /// The address, if it may be sent to.
    ///
    /// # Errors
    /// [`TargetError`], in the order of its variants.
    pub fn target(&self, url: &str) -> Result<Target, TargetError> {
        let form = |expected| TargetError::Form { found: cut(url), expected };
        if url.len() > URL_BYTES_MAX || !url.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') {
            return Err(form("up to 2048 visible ASCII letters without a backslash"));
        }
        let (reach, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(rest), _) => (Reach::Public, rest),
            (_, Some(rest)) => (Reach::Loopback, rest),
            _ => return Err(form("`https://`")),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if authority.contains('@') || path.contains('#') {
            return Err(form("no user and no fragment"));
        }
        if authority.starts_with('[') {
            return Err(TargetError::Number { found: cut(authority) });
        }
        let (host, port) = host_and_port(authority, if reach == Reach::Public { 443 } else { 80 })?;
        if is_number(&host) {
            return Err(TargetError::Number { found: cut(&host) });
        }
        if !self.places.iter().any(|place| (place.0.as_str(), place.1, place.2) == (&host, port, reach)) {
            return Err(TargetError::NotAllowed { host, port });
        }
        let scheme = if reach == Reach::Public { "https" } else { "http" };
        let slash = if path.starts_with('/') { "" } else { "/" };
        // Put together anew from what was checked, so that no other reader sees another host in it.
        Ok(Target { url: format!("{scheme}://{host}:{port}{slash}{path}"), reach })
    }
}

impl Target {
    /// The address, in the form that was checked.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Which addresses its host may have.
    #[must_use]
    pub const fn reach(&self) -> Reach {
        self.reach
    }
}

impl Reach {
    /// True when a host of this reach may have this address.
    #[must_use]
    pub fn admits(self, address: IpAddr) -> bool {
        match self {
            Self::Public => is_public(address),
            Self::Loopback => address.is_loopback(),
        }
    }
}

fn host_and_port(text: &str, port: u16) -> Result<(String, u16), TargetError> {
    let form = |expected| TargetError::Form { found: cut(text), expected };
    let (host, port) = match text.split_once(':') {
        None => (text, port),
        Some((host, digits)) => {
            let plain = digits.bytes().all(|b| b.is_ascii_digit());
            let port = u16::from_str(digits).ok().filter(|port| plain && *port > 0);
            (host, port.ok_or_else(|| form("a port from 1 to 65535"))?)
        }
    };
    let label = |label: &str| {
        let letters = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        !label.is_empty() && label.len() <= 63 && letters && !label.starts_with('-') && !label.ends_with('-')
    };
    if host.len() > 253 || !host.split('.').all(label) {
        return Err(form("a host's name of letters, digits, points and hyphens"));
    }
    Ok((host.to_ascii_lowercase(), port))
}

/// True for what some reader of addresses takes for a number: `127.0.0.1`, `127.1`, `2130706433`,
/// `0x7f.1`. A name's last label is never numeric.
fn is_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    last.bytes().next().is_some_and(|b| b.is_ascii_digit())
}

/// True for an address of the public internet: not of this machine, of a private or shared network, of a
/// link, for documentation or measurements, multicast, reserved, or one that holds another address inside
/// (IANA's special-purpose registries; RFC 6890).
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special: [(u32, u32); 15] = [
        (0x0000_0000, 8),  // this network
        (0x0a00_0000, 8),  // private
        (0x6440_0000, 10), // shared by carriers
        (0x7f00_0000, 8),  // loopback
        (0xa9fe_0000, 16), // link-local, and clouds' metadata
        (0xac10_0000, 12), // private
        (0xc000_0000, 24), // protocols
        (0xc000_0200, 24), // documentation
        (0xc058_6300, 24), // relays to IPv6
        (0xc0a8_0000, 16), // private
        (0xc612_0000, 15), // measurements
        (0xc633_6400, 24), // documentation
        (0xcb00_7100, 24), // documentation
        (0xe000_0000, 4),  // multicast
        (0xf000_0000, 4),  // reserved, broadcast
    ];
    let within = |(network, bits): &(u32, u32)| {
        let shift = 32u32.saturating_sub(*bits);
        address.to_bits().checked_shr(shift) == network.checked_shr(shift)
    };
    !special.iter().any(within)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let global = a & 0xe000 == 0x2000;
    let protocols = a == 0x2001 && b < 0x0200; // Teredo, ORCHID, benchmarks
    let documentation = (a == 0x2001 && b == 0x0db8) || (a == 0x3fff && b < 0x1000);
    let holds_v4 = a == 0x2002; // 6to4
    global && !protocols && !documentation && !holds_v4
}

#[cfg(test)]
mod tests;
