//! Drafts: what a message, a bank's or a planning system's, lets a party say of a step, waiting for the
//! party's signature.
//!
//! [`propose`] is a function of the message, a [`Mapping`] and nothing else: whoever has the draft and the
//! file can run it again, and [`Draft::check`] does so before anything is signed. A draft holds no key, no
//! salt and no time of its own, so two drafts of one message are the same bytes.

mod error;
pub mod json;
mod mapping;

pub use error::{DraftError, MappingError};
pub use json::{JsonError, JsonMapping, JsonMessage};
pub use mapping::{ClaimSource, Form, Mapping, Rules, StepMapping};

use crate::iso::{BankDate, Limits, Side, UtcOffset, cut};
use crate::message::{Field, Item, ItemKind, ItemQuery, MessageKind, Value, find_item};
use crate::payment::{PaymentQuery, find_payment};
use lockstep_types::{CaseId, Digest, Name, Time, canonical, sha256, sha256_parts};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a draft calls itself.
pub const FORMAT: &str = "lockstep-draft/1";
/// Longest draft, in bytes.
pub const DRAFT_BYTES_MAX: usize = 262_144;

/// Claims that a message proposes for a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// The case.
    pub case: CaseId,
    /// What is to be claimed, by name.
    pub claims: BTreeMap<String, String>,
    /// The policy's slot that the message fills as a document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Name>,
    /// [`FORMAT`].
    pub format: String,
    /// The mapping, so that anybody can see why the claims are these.
    pub mapping: String,
    /// The message.
    pub origin: Origin,
    /// The step.
    pub step: Name,
}

/// Where a draft comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The account that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What the item is about: [`Item::act`].
    pub act: String,
    /// Length of the file.
    pub bytes: u64,
    /// Which message: `camt.054`, `json`.
    pub message: String,
    /// The name that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// SHA-256 of the file.
    pub sha256: Digest,
}

impl Draft {
    /// One draft for one act in one step of one case: two messages about the same act have one id.
    #[must_use]
    pub fn id(&self) -> Digest {
        let (case, step) = (self.case.to_string(), self.step.as_str());
        let parts: [&[u8]; 7] = [
            FORMAT.as_bytes(),
            b"\n",
            case.as_bytes(),
            b"\n",
            step.as_bytes(),
            b"\n",
            self.origin.act.as_bytes(),
        ];
        Digest(sha256_parts(&parts))
    }

    /// Reads a draft.
    ///
    /// # Errors
    /// [`DraftError::Form`], [`DraftError::Format`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, DraftError> {
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let draft: Self = canonical::from_slice(bytes, DRAFT_BYTES_MAX)?;
        if draft.format != FORMAT {
            return Err(DraftError::Format { found: cut(&draft.format) });
        }
        Ok(draft)
    }

    /// The draft as bytes, with a line feed at its end.
    ///
    /// # Errors
    /// [`DraftError::Form`].
    pub fn to_vec(&self) -> Result<Vec<u8>, DraftError> {
        let mut bytes = canonical::to_vec(self)?;
        if bytes.len() > DRAFT_BYTES_MAX {
            return Err(DraftError::TooLong { found: bytes.len() });
        }
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Holds the draft against its message: the file is the one it was made from, and gives these claims.
    ///
    /// # Errors
    /// [`DraftError::Changed`], [`DraftError::Differs`], or why the message proposes nothing.
    pub fn check(&self, origin: &[u8], limits: &Limits) -> Result<(), DraftError> {
        let found = Digest(sha256(origin));
        if found != self.origin.sha256 {
            return Err(DraftError::Changed { found, expected: self.origin.sha256 });
        }
        let mapping = Mapping::from_toml(&self.mapping)?;
        let query = ItemQuery {
            reference: self.origin.reference.as_deref(),
            account: self.origin.account.as_deref(),
        };
        let again = propose(origin, (&mapping, &query), (self.case, &self.step), limits)?;
        let differs = |name: &&String| self.claims.get(*name) != again.claims.get(*name);
        if let Some(claim) = self.claims.keys().chain(again.claims.keys()).find(differs) {
            return Err(DraftError::Differs { what: format!("claim `{}`", cut(claim)) });
        }
        if again != *self {
            return Err(DraftError::Differs { what: "what it says of its origin".to_owned() });
        }
        Ok(())
    }
}

/// What the item of `origin` that `query` names lets a party say in `step` of `case`.
///
/// # Errors
/// [`DraftError`], in the order of its variants.
pub fn propose(
    origin: &[u8],
    (mapping, query): (&Mapping, &ItemQuery<'_>),
    (case, step): (CaseId, &Name),
    limits: &Limits,
) -> Result<Draft, DraftError> {
    let rules = match mapping.step(step)? {
        Rules::Message(rules) => rules,
        Rules::Json(rules) => {
            return Ok(json::propose(origin, (mapping, rules, query.reference), (case, step))?);
        }
    };
    let item = find_item(origin, query, limits)?;
    if item.message != rules.message {
        return Err(DraftError::Message { found: item.message, expected: rules.message });
    }
    require(&item, rules)?;
    let booked = shown(origin, &item, (rules, limits))?;
    let mut claims = BTreeMap::new();
    for (name, source) in &rules.claims {
        claims.insert(name.to_string(), claim((&item, booked), (name, source), rules.utc_offset)?);
    }
    Ok(Draft {
        case,
        claims,
        evidence: rules.evidence.clone(),
        format: FORMAT.to_owned(),
        mapping: mapping.text().to_owned(),
        origin: Origin {
            account: query.account.map(str::to_owned),
            act: item.act(),
            bytes: u64::try_from(origin.len()).unwrap_or(u64::MAX),
            message: item.message.to_string(),
            reference: query.reference.map(str::to_owned),
            sha256: Digest(sha256(origin)),
        },
        step: step.clone(),
    })
}

/// The item must say what the mapping requires. An entry that takes another one back is drafted only by a
/// mapping that asks for one.
fn require(item: &Item, rules: &StepMapping) -> Result<(), DraftError> {
    let says = |field: Field| match item.value(field) {
        None if field == Field::Reversal && item.kind == ItemKind::Entry => Some("false".to_owned()),
        value => value.map(Value::text),
    };
    let reversal = (Field::Reversal, "false".to_owned());
    let asked = rules.require.iter().map(|(field, text)| (*field, text.clone()));
    let silent = item.kind == ItemKind::Entry && !rules.require.contains_key(&Field::Reversal);
    for (field, expected) in asked.chain(silent.then_some(reversal)) {
        let found = says(field);
        if found.as_deref() != Some(expected.as_str()) {
            let found = found.map_or_else(|| "nothing".to_owned(), |text| format!("`{}`", cut(&text)));
            return Err(DraftError::Require { field: field.as_str(), found, expected });
        }
    }
    Ok(())
}

/// A credit in a statement must be one that the statement shows, reversals and pages counted; then the time
/// of its booking is the one of [`find_payment`].
fn shown(
    origin: &[u8],
    item: &Item,
    (rules, limits): (&StepMapping, &Limits),
) -> Result<Option<Time>, DraftError> {
    let booked = item.text(Field::Status) == Some("BOOK");
    if item.message != MessageKind::Camt053 || item.side() != Some(Side::Credit) || !booked {
        return Ok(None);
    }
    let entry_ref = item.text(Field::EntryRef);
    let query = PaymentQuery {
        reference: item.text(Field::AccountServicerRef).or(entry_ref).unwrap_or(""),
        entry_ref,
        account: item.text(Field::Account),
        currency: None,
        utc_offset: rules.utc_offset,
    };
    Ok(Some(find_payment(origin, &query, limits)?.booked_at))
}

fn claim(
    (item, booked): (&Item, Option<Time>),
    (name, source): (&Name, &ClaimSource),
    offset: Option<UtcOffset>,
) -> Result<String, DraftError> {
    let (field, form, absent) = match source {
        ClaimSource::Fixed(text) => return Ok(text.clone()),
        ClaimSource::Field { field, form, absent } => (*field, form, absent),
    };
    let Some(value) = item.value(field) else {
        let missing = || DraftError::Absent { claim: name.clone(), field: field.as_str() };
        return absent.clone().ok_or_else(missing);
    };
    match (form, value) {
        (Form::Money(currency), Value::Amount(amount)) => {
            let money =
                amount.money().map_err(|source| DraftError::Amount { claim: name.clone(), source })?;
            if money.currency != *currency {
                let (found, expected) = (money.currency, *currency);
                return Err(DraftError::Currency { claim: name.clone(), found, expected });
            }
            Ok(money.decimal())
        }
        (Form::Time, Value::Date(date)) => {
            let time = time(item, (field, date, booked), offset);
            Ok(time.map_err(|source| DraftError::Date { claim: name.clone(), source })?.to_string())
        }
        (_, value) => Ok(value.text()),
    }
}

/// The instant that a day or a time stands for. What comes in counts from the start of its day, what goes out
/// to its end: both are on the safe side of a balance of that day. A time with its zone is exact for all but
/// credits.
fn time(
    item: &Item,
    (field, date, booked): (Field, &BankDate, Option<Time>),
    offset: Option<UtcOffset>,
) -> Result<Time, crate::iso::DateError> {
    match (field, item.side()) {
        (Field::BookedOn, Some(Side::Credit)) => booked.map_or_else(|| date.booked_at(offset), Ok),
        _ => date.latest(offset),
    }
}

#[cfg(test)]
mod tests;
