//! The provider's keys: read where its own description says (OpenID Connect Discovery), kept for a while,
//! read again when a key is asked for that is not among them, and never more often than it can bear.

use super::Fetch;
use jsonwebtoken::jwk::Jwk;
use lockstep_types::Time;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use tokio::sync::Mutex;

/// After this time keys are read again.
const KEPT_MS: u64 = 600_000;
/// Keys that were read before this time count no more, even if the provider is away.
const KEPT_MS_MAX: u64 = 3_600_000;
/// Between two attempts to read keys.
const PAUSE_MS: u64 = 10_000;
/// Keys that are kept.
const KEYS_MAX: usize = 64;

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProviderError {
    /// Keys cannot be read.
    Down,
    /// It has none of this name.
    Unknown,
}

/// See the module.
pub(super) struct Provider {
    issuer: String,
    fetch: Fetch,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    keys: BTreeMap<String, Jwk>,
    read: Option<Time>,
    tried: Option<Time>,
}

#[derive(Deserialize)]
struct Description {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

impl Known {
    fn is_read_within(&self, ms: u64, now: Time) -> bool {
        self.read.is_some_and(|read| now.ms_since(read) <= ms)
    }
}

impl Provider {
    pub(super) fn new(issuer: String, fetch: Fetch) -> Self {
        Self { issuer, fetch, known: Mutex::default() }
    }

    /// A key of this name.
    pub(super) async fn key(&self, kid: &str, now: Time) -> Result<Jwk, ProviderError> {
        // Whoever comes while keys are read waits for them.
        let mut known = self.known.lock().await;
        let fresh = known.is_read_within(KEPT_MS, now);
        let rested = known.tried.is_none_or(|tried| now.ms_since(tried) >= PAUSE_MS);
        if rested && !(fresh && known.keys.contains_key(kid)) {
            known.tried = Some(now);
            match self.read().await {
                Ok(keys) => (known.keys, known.read) = (keys, Some(now)),
                Err(what) => tracing::warn!(%what, "the provider's keys could not be read"),
            }
        }
        if !known.is_read_within(KEPT_MS_MAX, now) {
            return Err(ProviderError::Down);
        }
        known.keys.get(kid).cloned().ok_or(ProviderError::Unknown)
    }

    async fn read(&self) -> Result<BTreeMap<String, Jwk>, String> {
        let (issuer, fetch) = (self.issuer.clone(), Fetch::clone(&self.fetch));
        let read = tokio::task::spawn_blocking(move || read(&issuer, &fetch));
        read.await.map_err(|error| error.to_string())?
    }
}

fn read(issuer: &str, fetch: &Fetch) -> Result<BTreeMap<String, Jwk>, String> {
    let at = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let description: Description =
        serde_json::from_slice(&fetch(&at)?).map_err(|error| format!("its description: {error}"))?;
    if description.issuer != issuer {
        return Err(format!("it calls itself `{}`, expected `{issuer}`", description.issuer));
    }
    let set: KeySet = serde_json::from_slice(&fetch(&description.jwks_uri)?)
        .map_err(|error| format!("its keys: {error}"))?;
    let mut keys = BTreeMap::new();
    // Keys of kinds that are not known here are of no use, and do no harm.
    let readable = set.keys.into_iter().take(KEYS_MAX).filter_map(|key| serde_json::from_value(key).ok());
    for key in readable {
        let key: Jwk = key;
        let Some(kid) = key.common.key_id.clone() else { continue };
        if keys.insert(kid.clone(), key).is_some() {
            return Err(format!("two of its keys are called `{kid}`"));
        }
    }
    Ok(keys)
}
