//! Drafts from JSON: what a planning system says, read by the pointers (RFC 6901) that a mapping names.
//!
//! A name that stands twice in one object is refused, since two readers may see two values, and so is a
//! number that is no integer: an amount is written as a text.

use super::mapping::Form;
use super::{Draft, FORMAT, Mapping, Origin};
use crate::iso::{AmountError, BankAmount, cut};
use jiff::Timestamp;
use lockstep_types::{CaseId, Currency, Digest, Name, Time, sha256};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// What the mapping and a draft's origin call such a message.
pub const MESSAGE: &str = "json";
/// Longest JSON that is read.
pub const JSON_BYTES_MAX: usize = 1_048_576;
/// Longest text that a pointer may lead to.
const TEXT_BYTES_MAX: usize = 4_096;

/// How one step is filled from JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonMapping {
    /// The slot that the message fills as a document.
    pub evidence: Option<Name>,
    /// Pointers to what tells one act from another.
    pub act: Vec<String>,
    /// What the message must say, by pointer.
    pub require: BTreeMap<String, String>,
    /// Where each claim comes from.
    pub claims: BTreeMap<Name, JsonSource>,
}

/// Where a claim comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonSource {
    /// It is the same in every draft; what is required makes it true.
    Fixed(String),
    /// From a value.
    Pointer {
        /// The value.
        pointer: String,
        /// Where its currency stands, for an amount.
        currency: Option<String>,
        /// The form in which a policy declares the claim.
        form: Form,
        /// What is claimed when the message has no such value.
        absent: Option<String>,
    },
}

/// Why JSON proposes nothing. Variants stand in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Longer than such a message may be.
    #[error("the message has {found} bytes, at most {JSON_BYTES_MAX} are accepted")]
    TooLong {
        /// Bytes found.
        found: usize,
    },
    /// Not JSON, or JSON that can be read in two ways.
    #[error("the message is no JSON that is read: {what}")]
    Form {
        /// What is wrong.
        what: String,
    },
    /// It does not say what it must.
    #[error("`{pointer}` is {found}, the mapping requires `{expected}`")]
    Require {
        /// The pointer.
        pointer: String,
        /// What it says.
        found: String,
        /// What it must say.
        expected: String,
    },
    /// A value that is needed is not there, or is no text, integer or flag.
    #[error("the message gives {found} at `{pointer}`, expected a text, an integer or a flag")]
    Absent {
        /// The pointer.
        pointer: String,
        /// What is there.
        found: &'static str,
    },
    /// The message is about something else.
    #[error("the message is about {act}, not about `{expected}`")]
    Reference {
        /// What it is about.
        act: String,
        /// The name asked for.
        expected: String,
    },
    /// An amount that is not exact money.
    #[error("claim `{claim}`")]
    Amount {
        /// The claim.
        claim: Name,
        /// Why.
        #[source]
        source: AmountError,
    },
    /// Another currency.
    #[error("claim `{claim}`: the amount is in `{found}`, expected `{expected}`")]
    Currency {
        /// The claim.
        claim: Name,
        /// The message's.
        found: Currency,
        /// The mapping's.
        expected: Currency,
    },
    /// Not an instant.
    #[error("claim `{claim}`: `{found}` is no time, expected the form `2026-11-21T14:30:12Z`")]
    Time {
        /// The claim.
        claim: Name,
        /// What is there, cut.
        found: String,
    },
}

/// A message of a planning system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonMessage(Node);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Text(String),
    Integer(i64),
    Flag(bool),
    Nothing,
    List(Vec<Node>),
    Object(BTreeMap<String, Node>),
}

impl JsonMessage {
    /// Reads a message.
    ///
    /// # Errors
    /// [`JsonError::TooLong`], [`JsonError::Form`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, JsonError> {
        if bytes.len() > JSON_BYTES_MAX {
            return Err(JsonError::TooLong { found: bytes.len() });
        }
        let node = serde_json::from_slice(bytes);
        node.map(Self).map_err(|error| JsonError::Form { what: cut(&error.to_string()) })
    }

    /// The text that a pointer leads to; integers and flags as JSON writes them.
    ///
    /// # Errors
    /// [`JsonError::Absent`].
    pub fn text(&self, pointer: &str) -> Result<String, JsonError> {
        let absent = |found| JsonError::Absent { pointer: cut(pointer), found };
        match self.find(pointer) {
            Some(Node::Text(text)) if text.len() > TEXT_BYTES_MAX => Err(absent("too long a text")),
            Some(Node::Text(text)) => Ok(text.clone()),
            Some(Node::Integer(integer)) => Ok(integer.to_string()),
            Some(Node::Flag(flag)) => Ok(flag.to_string()),
            Some(Node::List(_)) => Err(absent("a list")),
            Some(Node::Object(_)) => Err(absent("an object")),
            Some(Node::Nothing) | None => Err(absent("nothing")),
        }
    }

    fn find(&self, pointer: &str) -> Option<&Node> {
        let mut node = &self.0;
        for token in pointer.strip_prefix('/')?.split('/') {
            // RFC 6901 §4: first `~1`, then `~0`.
            let token = token.replace("~1", "/").replace("~0", "~");
            node = match node {
                Node::Object(object) => object.get(&token)?,
                Node::List(list) if token == "0" || !token.starts_with(['0', '+']) => {
                    list.get(token.parse::<usize>().ok()?)?
                }
                _ => return None,
            };
        }
        Some(node)
    }
}

/// What a message lets a party say in a step.
pub(super) fn propose(
    bytes: &[u8],
    (mapping, rules, reference): (&Mapping, &JsonMapping, Option<&str>),
    (case, step): (CaseId, &Name),
) -> Result<Draft, JsonError> {
    let message = JsonMessage::from_slice(bytes)?;
    for (pointer, expected) in &rules.require {
        let found = message.text(pointer);
        if found.as_ref() != Ok(expected) {
            let found =
                found.map_or_else(|_| "nothing of that kind".to_owned(), |t| format!("`{}`", cut(&t)));
            return Err(JsonError::Require { pointer: pointer.clone(), found, expected: expected.clone() });
        }
    }
    let acts: Vec<String> =
        rules.act.iter().map(|pointer| message.text(pointer)).collect::<Result<_, _>>()?;
    // As JSON, so that two acts are never one text.
    let act = serde_json::to_string(&acts).map_err(|error| JsonError::Form { what: error.to_string() })?;
    if let Some(expected) = reference.filter(|reference| !acts.iter().any(|act| act == reference)) {
        return Err(JsonError::Reference { act: cut(&act), expected: cut(expected) });
    }
    let mut claims = BTreeMap::new();
    for (name, source) in &rules.claims {
        claims.insert(name.to_string(), claim(&message, name, source)?);
    }
    Ok(Draft {
        case,
        claims,
        evidence: rules.evidence.clone(),
        format: FORMAT.to_owned(),
        mapping: mapping.text().to_owned(),
        origin: Origin {
            account: None,
            act: format!("{MESSAGE} {act}"),
            bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            message: MESSAGE.to_owned(),
            reference: reference.map(str::to_owned),
            sha256: Digest(sha256(bytes)),
        },
        step: step.clone(),
    })
}

fn claim(message: &JsonMessage, name: &Name, source: &JsonSource) -> Result<String, JsonError> {
    let (pointer, currency, form, absent) = match source {
        JsonSource::Fixed(text) => return Ok(text.clone()),
        JsonSource::Pointer { pointer, currency, form, absent } => (pointer, currency, form, absent),
    };
    let text = match (message.find(pointer), absent) {
        (None | Some(Node::Nothing), Some(absent)) => return Ok(absent.clone()),
        // A number without its minor unit could be read in two ways.
        (Some(Node::Integer(_)), _) if matches!(form, Form::Money(_)) => {
            return Err(JsonError::Absent { pointer: cut(pointer), found: "an amount that is no text" });
        }
        _ => message.text(pointer)?,
    };
    match form {
        Form::Text => Ok(text),
        Form::Money(expected) => {
            let found = currency.as_ref().map(|pointer| message.text(pointer)).transpose()?;
            let amount = BankAmount { currency: found.unwrap_or_default(), text };
            let money = amount.money().map_err(|source| JsonError::Amount { claim: name.clone(), source })?;
            if money.currency != *expected {
                let (found, expected) = (money.currency, *expected);
                return Err(JsonError::Currency { claim: name.clone(), found, expected });
            }
            Ok(money.decimal())
        }
        Form::Time => {
            let refused = || JsonError::Time { claim: name.clone(), found: cut(&text) };
            Ok(instant(&text).ok_or_else(refused)?.to_string())
        }
    }
}

/// An instant of RFC 3339, with its zone; what is finer than a millisecond is dropped.
fn instant(text: &str) -> Option<Time> {
    // A time with a name of its zone in brackets is none of RFC 3339.
    let stamp: Timestamp = text.parse().ok().filter(|_| !text.contains('['))?;
    Time::from_ms(u64::try_from(stamp.as_millisecond()).ok()?).ok()
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Nodes)
    }
}

struct Nodes;

impl<'de> Visitor<'de> for Nodes {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON with integers only")
    }
    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }
    fn visit_bool<E>(self, flag: bool) -> Result<Node, E> {
        Ok(Node::Flag(flag))
    }
    fn visit_i64<E>(self, integer: i64) -> Result<Node, E> {
        Ok(Node::Integer(integer))
    }
    fn visit_u64<E: serde::de::Error>(self, integer: u64) -> Result<Node, E> {
        let signed = i64::try_from(integer);
        signed.map(Node::Integer).map_err(|_| E::custom("an integer that is too large"))
    }
    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(node) = seq.next_element()? {
            list.push(node);
        }
        Ok(Node::List(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut object = BTreeMap::new();
        while let Some((name, node)) = map.next_entry::<String, Node>()? {
            if let Some(twice) = object.insert(name, node) {
                drop(twice);
                return Err(A::Error::custom("a name that stands twice in one object"));
            }
        }
        Ok(Node::Object(object))
    }
}

#[cfg(test)]
mod tests;
