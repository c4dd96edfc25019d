//! `[ledger.people]` of `lockstep.toml`: whose people may look, and whose word for who they are is taken.

use crate::fault::invalid;
use crate::os;
use anyhow::Result;
use lockstep_api::people::PersonRole;
use lockstep_client::{Options, fetched};
use lockstep_server::{Fetch, People, PeopleSettings};
use lockstep_types::Lei;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Longest answer of a provider that is read.
const PROVIDER_BYTES_MAX: u64 = 262_144;
/// How long a provider may take.
const PROVIDER_TIME: Duration = Duration::from_secs(10);

/// The table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeopleConfig {
    /// The provider, exactly as its ID tokens name it.
    issuer: String,
    /// The client as which this server is known there.
    client: String,
    /// As whose people they look.
    party: Lei,
    /// The claim that says what a person is.
    claim: String,
    /// What to ask for at a sign-in.
    #[serde(default = "openid")]
    scopes: Vec<String>,
    /// Certificates in PEM that vouch for the provider, in place of those of this machine.
    pub roots: Option<PathBuf>,
    /// Which values of the claim give which role.
    roles: RolesConfig,
}

/// Values by role.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RolesConfig {
    #[serde(default)]
    viewer: Vec<String>,
    #[serde(default)]
    approver: Vec<String>,
    #[serde(default)]
    administrator: Vec<String>,
}

fn openid() -> Vec<String> {
    vec!["openid".to_owned()]
}

impl PeopleConfig {
    /// The people of a ledger. The provider is not asked yet.
    pub fn people(&self) -> Result<People> {
        let settings = self.settings()?;
        let roots = self.roots.as_ref().map(|path| os::read(path, os::SMALL_FILE_BYTES_MAX)).transpose()?;
        let options = Options { roots, timeout: PROVIDER_TIME, ..Options::default() };
        let fetch: Fetch = Arc::new(move |url| {
            fetched(url, &options, PROVIDER_BYTES_MAX).map_err(|error| error.to_string())
        });
        Ok(People::new(settings, fetch)?)
    }

    fn settings(&self) -> Result<PeopleSettings> {
        let refused = |text: &str| Err(invalid("server-config", format!("`[ledger.people]` {text}")).into());
        let mut roles: BTreeMap<String, BTreeSet<PersonRole>> = BTreeMap::new();
        let all = [
            (PersonRole::Viewer, &self.roles.viewer),
            (PersonRole::Approver, &self.roles.approver),
            (PersonRole::Administrator, &self.roles.administrator),
        ];
        for (role, text) in all.into_iter().flat_map(|(role, texts)| texts.iter().map(move |t| (role, t))) {
            roles.entry(text.clone()).or_default().insert(role);
        }
        if roles.is_empty() || roles.contains_key("") {
            return refused("gives nobody a role, or gives one for an empty value");
        }
        if !lockstep_client::may_be_asked(&self.issuer) || self.issuer.contains(['?', '#']) {
            return refused("names an issuer that is no `https://` address");
        }
        if self.client.is_empty() || self.claim.is_empty() {
            return refused("leaves `client` or `claim` empty");
        }
        if !self.scopes.iter().any(|scope| scope == "openid") {
            return refused("asks without the scope `openid`: then no provider gives an ID token");
        }
        Ok(PeopleSettings {
            issuer: self.issuer.clone(),
            client: self.client.clone(),
            scopes: self.scopes.clone(),
            claim: self.claim.clone(),
            roles,
            party: self.party,
        })
    }
}

#[cfg(test)]
mod tests;
