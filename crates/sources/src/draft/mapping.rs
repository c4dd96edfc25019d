//! Mappings: which claim of a step is filled from which field of a message.

use super::error::{DraftError, MappingError};
use super::json::{self, JsonMapping, JsonSource};
use crate::iso::{UtcOffset, cut};
use crate::message::{Field, MessageKind};
use lockstep_types::{Currency, Name};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Longest mapping, in bytes.
const MAPPING_BYTES_MAX: usize = 65_536;
/// Longest pointer into JSON.
const POINTER_BYTES_MAX: usize = 256;
const FORMS: &str = "expected `as` to be `text`, `time` or `money:USD`";

/// Which claims of which steps a partner's messages fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    text: String,
    steps: BTreeMap<Name, Rules>,
}

/// From what one step is filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rules {
    /// From a bank's message.
    Message(StepMapping),
    /// From JSON.
    Json(JsonMapping),
}

/// How one step is filled from a bank's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepMapping {
    /// The message it is filled from.
    pub message: MessageKind,
    /// The slot that the message fills as a document.
    pub evidence: Option<Name>,
    /// The bank's offset from UTC, for days and for times without a zone.
    pub utc_offset: Option<UtcOffset>,
    /// What the item must say.
    pub require: BTreeMap<Field, String>,
    /// Where each claim comes from.
    pub claims: BTreeMap<Name, ClaimSource>,
}

/// Where a claim comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimSource {
    /// It is the same in every draft; what is required makes it true.
    Fixed(String),
    /// From a field.
    Field {
        /// The field.
        field: Field,
        /// The form in which a policy declares the claim.
        form: Form,
        /// What is claimed when the message does not carry the field.
        absent: Option<String>,
    },
}

/// The form of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As the message writes it.
    Text,
    /// An amount of this currency, exactly.
    Money(Currency),
    /// An instant in UTC.
    Time,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMapping {
    format: String,
    step: BTreeMap<Name, RawStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    message: String,
    #[serde(default)]
    act: Vec<String>,
    evidence: Option<Name>,
    utc_offset: Option<String>,
    #[serde(default)]
    require: BTreeMap<String, String>,
    claim: BTreeMap<Name, RawClaim>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a claim is a field's name, or a table of `field` or `value`, `as`, `absent`")]
enum RawClaim {
    Short(String),
    Long(RawSource),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSource {
    field: Option<String>,
    value: Option<String>,
    currency: Option<String>,
    #[serde(rename = "as")]
    form: Option<String>,
    absent: Option<String>,
}

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Errors
    /// [`MappingError`], in the order of its variants.
    pub fn from_toml(text: &str) -> Result<Self, MappingError> {
        if text.len() > MAPPING_BYTES_MAX {
            return Err(MappingError::TooLong { found: text.len(), max: MAPPING_BYTES_MAX });
        }
        let raw: RawMapping = toml::from_str(text).map_err(|error| MappingError::Toml(Box::new(error)))?;
        if raw.format != "lockstep-mapping/1" {
            return Err(MappingError::Format { found: cut(&raw.format) });
        }
        let steps = raw.step.into_iter().map(|(name, raw)| {
            let step = step(&name, raw)?;
            Ok((name, step))
        });
        Ok(Self { text: text.to_owned(), steps: steps.collect::<Result<_, MappingError>>()? })
    }

    /// The text it was read from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The steps that are filled.
    pub fn steps(&self) -> impl Iterator<Item = &Name> {
        self.steps.keys()
    }

    /// How a step is filled.
    ///
    /// # Errors
    /// [`DraftError::Step`] names those there are.
    pub fn step(&self, step: &Name) -> Result<&Rules, DraftError> {
        self.steps.get(step).ok_or_else(|| {
            let known: Vec<_> = self.steps.keys().map(|name| format!("`{name}`")).collect();
            DraftError::Step { step: step.clone(), known: known.join(", ") }
        })
    }
}

fn step(name: &Name, raw: RawStep) -> Result<Rules, MappingError> {
    if raw.message == json::MESSAGE {
        return json_step(name, raw).map(Rules::Json);
    }
    if !raw.act.is_empty() {
        return Err(MappingError::Json { step: name.clone(), expected: "expected `act` for JSON only" });
    }
    let message = MessageKind::ALL.into_iter().find(|kind| kind.as_str() == raw.message);
    let unknown = || MappingError::Message { step: name.clone(), found: cut(&raw.message) };
    let message = message.ok_or_else(unknown)?;
    let mut require = BTreeMap::new();
    for (field, text) in raw.require {
        require.insert(known(name, &field)?, text);
    }
    let must: &[Field] = match message {
        MessageKind::Camt053 | MessageKind::Camt054 => &[Field::Side, Field::Status],
        MessageKind::Pacs002 => &[Field::Status],
        MessageKind::Pacs008 => &[],
    };
    if let Some(field) = must.iter().find(|field| !require.contains_key(field)) {
        return Err(MappingError::Open { step: name.clone(), field: field.as_str(), message });
    }
    let mut claims = BTreeMap::new();
    for (claim, raw) in raw.claim {
        let source = source((name, &claim), raw)?;
        claims.insert(claim, source);
    }
    let utc_offset = raw.utc_offset.map(|text| text.parse()).transpose()?;
    Ok(Rules::Message(StepMapping { message, evidence: raw.evidence, utc_offset, require, claims }))
}

fn json_step(name: &Name, raw: RawStep) -> Result<JsonMapping, MappingError> {
    let refused = |expected| MappingError::Json { step: name.clone(), expected };
    let pointers = raw.act.iter().chain(raw.require.keys());
    if !pointers.clone().all(|pointer| is_pointer(pointer)) {
        return Err(refused("expected pointers of the form `/data/amount` (RFC 6901)"));
    }
    // Without a kind, another message of the same partner would be taken for this one.
    if raw.act.is_empty() || raw.require.is_empty() || raw.utc_offset.is_some() {
        return Err(refused("expected `act`, pointers to what tells one act from another, and a `require`"));
    }
    let mut claims = BTreeMap::new();
    for (claim, raw) in raw.claim {
        let source = json_source((name, &claim), raw)?;
        claims.insert(claim, source);
    }
    Ok(JsonMapping { evidence: raw.evidence, act: raw.act, require: raw.require, claims })
}

fn json_source((step, claim): (&Name, &Name), raw: RawClaim) -> Result<JsonSource, MappingError> {
    let refused = |expected| MappingError::Claim { step: step.clone(), claim: claim.clone(), expected };
    let raw = long(raw);
    let pointer = match (raw.field, raw.value) {
        (None, Some(value)) if raw.form.is_none() && raw.absent.is_none() && raw.currency.is_none() => {
            return Ok(JsonSource::Fixed(value));
        }
        (Some(pointer), None) => pointer,
        _ => return Err(refused("expected `field`, perhaps with `as` and `absent`, or `value` alone")),
    };
    if ![Some(&pointer), raw.currency.as_ref()].into_iter().flatten().all(|pointer| is_pointer(pointer)) {
        return Err(refused("expected a pointer of the form `/data/amount` (RFC 6901)"));
    }
    let form = form(raw.form.as_deref()).ok_or_else(|| refused(FORMS))?;
    if matches!(form, Form::Money(_)) != raw.currency.is_some() {
        return Err(refused("expected `as = \"money:USD\"` and `currency`, a pointer, both or neither"));
    }
    Ok(JsonSource::Pointer { pointer, currency: raw.currency, form, absent: raw.absent })
}

fn is_pointer(text: &str) -> bool {
    let escapes = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    text.starts_with('/') && text.len() <= POINTER_BYTES_MAX && escapes
}

fn known(step: &Name, field: &str) -> Result<Field, MappingError> {
    Field::from_name(field).ok_or_else(|| MappingError::Field { step: step.clone(), found: cut(field) })
}

fn long(raw: RawClaim) -> RawSource {
    match raw {
        RawClaim::Short(field) => {
            RawSource { field: Some(field), value: None, currency: None, form: None, absent: None }
        }
        RawClaim::Long(raw) => raw,
    }
}

fn form(text: Option<&str>) -> Option<Form> {
    match text {
        None | Some("text") => Some(Form::Text),
        Some("time") => Some(Form::Time),
        Some(text) => text.strip_prefix("money:")?.parse().ok().map(Form::Money),
    }
}

fn source((step, claim): (&Name, &Name), raw: RawClaim) -> Result<ClaimSource, MappingError> {
    let refused = |expected| MappingError::Claim { step: step.clone(), claim: claim.clone(), expected };
    let raw = long(raw);
    if raw.currency.is_some() {
        return Err(refused("expected `currency` for JSON only"));
    }
    let field = match (raw.field, raw.value) {
        (None, Some(value)) if raw.form.is_none() && raw.absent.is_none() => {
            return Ok(ClaimSource::Fixed(value));
        }
        (Some(field), None) => known(step, &field)?,
        _ => return Err(refused("expected `field`, perhaps with `as` and `absent`, or `value` alone")),
    };
    let form = form(raw.form.as_deref()).ok_or_else(|| refused(FORMS))?;
    match (field.is_amount(), field.is_date(), form) {
        (true, _, Form::Text | Form::Time) => Err(refused("expected `as = \"money:USD\"` for an amount")),
        (_, true, Form::Text | Form::Money(_)) => {
            Err(refused("expected `as = \"time\"` for a day or a time"))
        }
        (false, _, Form::Money(_)) => Err(refused("expected an amount for `as = \"money:…\"`")),
        (_, false, Form::Time) => Err(refused("expected a day or a time for `as = \"time\"`")),
        _ => Ok(ClaimSource::Field { field, form, absent: raw.absent }),
    }
}
