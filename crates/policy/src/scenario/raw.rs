//! `tests.toml` as serde reads it.

use crate::layout::raw::Ordered;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// The canonical text of a value.
pub(super) type Text = String;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTests {
    pub(super) format: String,
    pub(super) start: String,
    #[serde(default)]
    pub(super) party: Ordered<RawParty>,
    #[serde(default)]
    pub(super) list: Ordered<List>,
    #[serde(default)]
    pub(super) param: BTreeMap<String, Text>,
    #[serde(default)]
    pub(super) claim: BTreeMap<String, BTreeMap<String, Text>>,
    #[serde(default)]
    pub(super) scenario: Ordered<RawScenario>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum List {
    Digest(String),
    Set(Vec<String>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawParty {
    pub(super) lei: String,
    pub(super) roles: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScenario {
    pub(super) title: String,
    pub(super) opened_by: String,
    #[serde(default)]
    pub(super) param: BTreeMap<String, Text>,
    pub(super) acts: Vec<Spanned<RawAct>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAct {
    pub(super) at: String,
    pub(super) by: String,
    pub(super) step: Option<String>,
    #[serde(default)]
    pub(super) claim: BTreeMap<String, Text>,
    pub(super) keys: Option<i64>,
    #[serde(default)]
    pub(super) refuse: bool,
    pub(super) reading: Option<String>,
    #[serde(default)]
    pub(super) units: BTreeMap<String, Text>,
    pub(super) expect: Option<String>,
}
