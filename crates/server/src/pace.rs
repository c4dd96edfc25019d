//! How often anybody may ask: by address for everything, by party for what is read and what is refused. Only
//! what a party has signed itself counts against it, so that nobody can lock another one out.

use crate::reply::{Failed, too_often};
use crate::service::Limits;
use crate::who::Who;
use lockstep_types::{AttestationDigest, Digest, Lei};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Addresses, parties and attestations that are remembered at once.
const REMEMBERED_MAX: usize = 65_536;

/// So many a second in the long run, and so many at once after a rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// In the long run; at least one.
    pub per_second: u32,
    /// At once; at least one.
    pub burst: u32,
}

impl Rate {
    fn each(self) -> Duration {
        Duration::from_secs(1) / self.per_second.max(1)
    }

    fn room(self) -> Duration {
        self.each() * self.burst.max(1)
    }
}

/// One bucket a key, each written as the time at which it is empty again.
struct Buckets<K> {
    rate: Rate,
    empty_at: Mutex<BTreeMap<Option<K>, Instant>>,
}

impl<K: Ord + Copy> Buckets<K> {
    const fn new(rate: Rate) -> Self {
        Self { rate, empty_at: Mutex::new(BTreeMap::new()) }
    }

    /// Puts one in, or tells how long there is no room for one.
    fn put(&self, key: K, now: Instant) -> Result<(), Duration> {
        let mut all = self.empty_at.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED_MAX {
            all.retain(|_, at| *at > now);
        }
        // Whoever comes when nobody can be remembered any more shares one bucket.
        let remembered = all.len() < REMEMBERED_MAX || all.contains_key(&Some(key));
        let key = Some(key).filter(|_| remembered);
        let filled = all.get(&key).copied().unwrap_or(now).max(now) + self.rate.each();
        let over = filled.saturating_duration_since(now).saturating_sub(self.rate.room());
        if over.is_zero() {
            all.insert(key, filled);
            return Ok(());
        }
        Err(over)
    }

    /// True when somebody's bucket is full.
    fn is_any_full(&self, now: Instant) -> bool {
        let all = self.empty_at.lock().unwrap_or_else(PoisonError::into_inner);
        all.values().any(|at| !self.over(*at, now).is_zero())
    }

    /// How long there is no room in a bucket.
    fn is_full(&self, key: K, now: Instant) -> Result<(), Duration> {
        let all = self.empty_at.lock().unwrap_or_else(PoisonError::into_inner);
        let over = all.get(&Some(key)).map_or(Duration::ZERO, |at| self.over(*at, now));
        if over.is_zero() { Ok(()) } else { Err(over) }
    }

    fn over(&self, empty_at: Instant, now: Instant) -> Duration {
        (empty_at.saturating_duration_since(now) + self.rate.each()).saturating_sub(self.rate.room())
    }
}

/// How often everybody has asked lately.
pub(crate) struct Paces {
    addresses: Buckets<IpAddr>,
    reads: Buckets<Lei>,
    people: Buckets<Digest>,
    refused: Buckets<Lei>,
    /// Attempts that have been counted: whoever sends one again that is not its own adds nothing.
    counted: Mutex<BTreeSet<AttestationDigest>>,
}

impl Paces {
    pub(crate) const fn new(limits: &Limits) -> Self {
        Self {
            addresses: Buckets::new(limits.requests),
            reads: Buckets::new(limits.reads),
            people: Buckets::new(limits.reads),
            refused: Buckets::new(limits.refused),
            counted: Mutex::new(BTreeSet::new()),
        }
    }

    /// A request from an address.
    pub(crate) fn asked(&self, from: IpAddr) -> Result<(), Failed> {
        let put = self.addresses.put(network(from), Instant::now());
        put.map_err(|wait| too_often("too many requests come from this address", wait))
    }

    /// A question that a party has signed.
    fn reads(&self, party: Lei) -> Result<(), Failed> {
        let put = self.reads.put(party, Instant::now());
        put.map_err(|wait| too_often("this party asks too often", wait))
    }

    /// A question of whoever it is. A person that asks too often does not hold up its institution's systems.
    pub(crate) fn of(&self, who: Who) -> Result<(), Failed> {
        let Some(person) = who.person() else { return self.reads(who.party) };
        let put = self.people.put(person, Instant::now());
        put.map_err(|wait| too_often("this person asks too often", wait))
    }

    /// True when some party may hand nothing in for a while.
    pub(crate) fn is_any_waiting(&self) -> bool {
        self.refused.is_any_full(Instant::now())
    }

    /// Whether a party may hand something in.
    pub(crate) fn may_submit(&self, party: Lei) -> Result<(), Failed> {
        let full = self.refused.is_full(party, Instant::now());
        full.map_err(|wait| too_often("too many attempts of this party were refused", wait))
    }

    /// An attempt whose signatures hold was refused.
    pub(crate) fn refused(&self, party: Lei, attempt: AttestationDigest) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.len() >= REMEMBERED_MAX {
            counted.pop_first();
        }
        if counted.insert(attempt) {
            // A full bucket stays as full as it is.
            let _ = self.refused.put(party, Instant::now());
        }
    }
}

/// Whoever has one address of version 6 has 2^64 of them.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address => address,
    }
}

/// Connections, or streams, by address.
#[derive(Clone, Default)]
pub(crate) struct Places(Arc<Mutex<BTreeMap<IpAddr, usize>>>);

impl Places {
    /// A place for one more from an address, while there is one.
    pub(crate) fn take(&self, from: IpAddr, max: usize) -> Option<Place> {
        let address = network(from);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(address).or_default();
        if *count >= max {
            return None;
        }
        *count = count.saturating_add(1);
        Some(Place { places: Arc::clone(&self.0), address })
    }
}

/// A place that is free again once it is dropped.
pub(crate) struct Place {
    places: Arc<Mutex<BTreeMap<IpAddr, usize>>>,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                all.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests;
