//! `policy.toml` as serde reads it: the right keys with the right TOML types, in the order of the file.

use core::fmt;
use core::marker::PhantomData;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

/// A table whose entries keep the order of the file. The parser sorts keys, so the order is taken from
/// their spans.
#[derive(Debug)]
pub(crate) struct Ordered<T>(pub(crate) Vec<(String, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

struct InOrder<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for InOrder<T> {
    type Value = Ordered<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered<T>, A::Error> {
        let mut entries: Vec<(usize, String, T)> = Vec::new();
        while let Some((key, value)) = map.next_entry::<Spanned<String>, T>()? {
            entries.push((key.span().start, key.into_inner(), value));
        }
        entries.sort_by_key(|(at, _, _)| *at);
        Ok(Ordered(entries.into_iter().map(|(_, key, value)| (key, value)).collect()))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLayout {
    pub(crate) format: String,
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) programme: String,
    pub(crate) guards: String,
    pub(crate) opened_by: String,
    pub(crate) lasts: String,
    #[serde(default)]
    pub(crate) param: Ordered<RawParam>,
    #[serde(default)]
    pub(crate) list: Ordered<String>,
    #[serde(default)]
    pub(crate) domain: Ordered<RawDomain>,
    #[serde(default)]
    pub(crate) role: Ordered<RawRole>,
    #[serde(default)]
    pub(crate) step: Ordered<RawStep>,
    #[serde(default)]
    pub(crate) reading: Ordered<RawReading>,
    #[serde(default)]
    pub(crate) hold: Ordered<RawHold>,
    #[serde(default)]
    pub(crate) outcome: Ordered<RawOutcome>,
    #[serde(default)]
    pub(crate) audience: Ordered<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawParam {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) currency: Option<String>,
    pub(crate) min: Option<String>,
    pub(crate) max: Option<String>,
    pub(crate) domain: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDomain {
    pub(crate) chain: String,
    pub(crate) gate: String,
    pub(crate) token: String,
    pub(crate) escrow: Option<String>,
    pub(crate) decimals: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRole {
    pub(crate) credential: String,
    pub(crate) keys: Option<i64>,
    #[serde(default)]
    pub(crate) distinct_from: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawStep {
    pub(crate) by: String,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) after: Vec<String>,
    pub(crate) within: Option<String>,
    pub(crate) due: Option<String>,
    #[serde(default)]
    pub(crate) commits: bool,
    #[serde(default)]
    pub(crate) evidence: Vec<String>,
    #[serde(default)]
    pub(crate) single_use: Vec<String>,
    pub(crate) use_as: Option<String>,
    pub(crate) fresh: Option<RawFresh>,
    pub(crate) booked: Option<String>,
    pub(crate) pays: Option<String>,
    #[serde(default)]
    pub(crate) claim: Ordered<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawFresh {
    pub(crate) claim: String,
    pub(crate) max_age: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawReading {
    pub(crate) kind: String,
    pub(crate) by: String,
    pub(crate) quorum: i64,
    pub(crate) max_age: String,
    pub(crate) domains: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawHold {
    pub(crate) at: String,
    pub(crate) amount: String,
    pub(crate) domain: String,
    pub(crate) against: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawOutcome {
    #[serde(default)]
    pub(crate) after: Vec<String>,
    pub(crate) returns: Option<String>,
    pub(crate) domain: String,
    pub(crate) line: String,
    pub(crate) to: Option<String>,
    pub(crate) call: String,
    pub(crate) args: Vec<String>,
    pub(crate) expires: String,
}
