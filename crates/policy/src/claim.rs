//! Typed values of claims and parameters. Each type has one canonical text (`specs/policy.md` §3).

use core::fmt;
use core::str::FromStr;
use lockstep_types::limits::{CLAIM_VALUE_BYTES_MAX, INTEGER_MAX};
use lockstep_types::{Address, Amount, Currency, Digest, Lei, Money, Name, Time};
use std::collections::BTreeSet;

/// The type of a claim or of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClaimKind {
    /// `true` or `false`.
    Bool,
    /// A decimal integer between −(2^53−1) and 2^53−1.
    Int,
    /// An amount of this currency, without the code: `1000000.00`.
    Money(Currency),
    /// UTC with milliseconds: `2026-11-21T06:10:15.000Z`.
    Time,
    /// 1 to 512 bytes of UTF-8 without control characters.
    Text,
    /// An ISO 9362 code of 8 or 11 letters and digits.
    Bic,
    /// An ISO 3166 code of two capitals.
    Country,
    /// 64 lower-case hexadecimal digits.
    Digest,
    /// An EVM address with EIP-55 letters.
    Account,
    /// An ISO 17442 code whose check digits hold.
    Lei,
    /// A [`Name`].
    Name,
}

/// One typed value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimValue {
    /// See [`ClaimKind::Bool`].
    Bool(bool),
    /// See [`ClaimKind::Int`].
    Int(i64),
    /// See [`ClaimKind::Money`].
    Money(Money),
    /// See [`ClaimKind::Time`].
    Time(Time),
    /// See [`ClaimKind::Text`].
    Text(String),
    /// See [`ClaimKind::Bic`].
    Bic(String),
    /// See [`ClaimKind::Country`].
    Country(String),
    /// See [`ClaimKind::Digest`].
    Digest(Digest),
    /// See [`ClaimKind::Account`].
    Account(Address),
    /// See [`ClaimKind::Lei`].
    Lei(Lei),
    /// See [`ClaimKind::Name`].
    Name(Name),
}

/// A list that governance has adopted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListValue {
    /// The digest of a document.
    Digest(Digest),
    /// A small set of strings.
    Set(BTreeSet<String>),
}

/// Why a text is not the canonical text of a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// Longer than any value may be.
    #[error("{found} bytes, at most {CLAIM_VALUE_BYTES_MAX} are accepted")]
    TooLong {
        /// Bytes found.
        found: usize,
    },
    /// Not the one text of a value of this type.
    #[error("`{found}` is not a value of type `{kind}`: expected {}", kind.form())]
    Form {
        /// The type expected.
        kind: ClaimKind,
        /// The text found, cut to 80 characters.
        found: String,
    },
    /// Of the right type, but outside the bounds that the parameter states.
    #[error(
        "`{found}` lies outside {} to {}",
        .min.as_deref().unwrap_or("any"),
        .max.as_deref().unwrap_or("any")
    )]
    Range {
        /// The value found.
        found: String,
        /// The least value allowed.
        min: Option<String>,
        /// The greatest value allowed.
        max: Option<String>,
    },
}

/// Why a text is not the name of a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` is not a type: expected `bool`, `int`, `money:USD`, `time`, `text`, `bic`, `country`, `digest`, \
     `account`, `lei` or `name`"
)]
pub struct ClaimKindError {
    /// The text found, cut to 40 characters.
    pub found: String,
}

impl ClaimKind {
    /// Reads a value from its one canonical text.
    ///
    /// # Errors
    /// [`ClaimError`], in the order of the checks: length, form.
    pub fn parse(&self, text: &str) -> Result<ClaimValue, ClaimError> {
        if text.len() > CLAIM_VALUE_BYTES_MAX {
            return Err(ClaimError::TooLong { found: text.len() });
        }
        self.value(text).ok_or_else(|| ClaimError::Form { kind: *self, found: cut(text, 80) })
    }

    fn value(self, text: &str) -> Option<ClaimValue> {
        match self {
            Self::Bool => boolean(text).map(ClaimValue::Bool),
            Self::Int => integer(text).map(ClaimValue::Int),
            Self::Money(currency) => Money::from_decimal(text, currency).ok().map(ClaimValue::Money),
            Self::Time => text.parse().ok().map(ClaimValue::Time),
            Self::Text => plain(text).then(|| ClaimValue::Text(text.to_owned())),
            Self::Bic => bic(text).then(|| ClaimValue::Bic(text.to_owned())),
            Self::Country => country(text).then(|| ClaimValue::Country(text.to_owned())),
            Self::Digest => text.parse().ok().map(ClaimValue::Digest),
            Self::Account => text.parse().ok().map(ClaimValue::Account),
            Self::Lei => text.parse().ok().map(ClaimValue::Lei),
            Self::Name => text.parse().ok().map(ClaimValue::Name),
        }
    }

    /// The canonical text of this type, in words.
    #[must_use]
    pub fn form(&self) -> String {
        match self {
            Self::Bool => "`true` or `false`".to_owned(),
            Self::Int => "decimal digits of magnitude 9007199254740991 at most".to_owned(),
            Self::Money(currency) => {
                let example = Money::new(Amount::ZERO, *currency).decimal();
                format!("an amount of {currency} such as `{example}`, without the code")
            }
            Self::Time => "the form `2026-11-21T06:10:15.000Z`".to_owned(),
            Self::Text => "1 to 512 bytes without control characters".to_owned(),
            Self::Bic => "8 or 11 capitals and digits".to_owned(),
            Self::Country => "two capitals".to_owned(),
            Self::Digest => "64 lower-case hexadecimal digits".to_owned(),
            Self::Account => "`0x` and 40 hexadecimal digits with EIP-55 letters".to_owned(),
            Self::Lei => "18 capitals or digits and two check digits".to_owned(),
            Self::Name => "a lower-case letter, then letters, digits, `.`, `_` or `-`".to_owned(),
        }
    }
}

impl fmt::Display for ClaimKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Money(currency) => write!(f, "money:{currency}"),
            Self::Time => f.write_str("time"),
            Self::Text => f.write_str("text"),
            Self::Bic => f.write_str("bic"),
            Self::Country => f.write_str("country"),
            Self::Digest => f.write_str("digest"),
            Self::Account => f.write_str("account"),
            Self::Lei => f.write_str("lei"),
            Self::Name => f.write_str("name"),
        }
    }
}

impl FromStr for ClaimKind {
    type Err = ClaimKindError;
    fn from_str(text: &str) -> Result<Self, ClaimKindError> {
        let refused = || ClaimKindError { found: cut(text, 40) };
        if let Some(code) = text.strip_prefix("money:") {
            return code.parse().map(Self::Money).map_err(|_| refused());
        }
        match text {
            "bool" => Ok(Self::Bool),
            "int" => Ok(Self::Int),
            "time" => Ok(Self::Time),
            "text" => Ok(Self::Text),
            "bic" => Ok(Self::Bic),
            "country" => Ok(Self::Country),
            "digest" => Ok(Self::Digest),
            "account" => Ok(Self::Account),
            "lei" => Ok(Self::Lei),
            "name" => Ok(Self::Name),
            _ => Err(refused()),
        }
    }
}

impl ClaimValue {
    /// The type of this value.
    #[must_use]
    pub fn kind(&self) -> ClaimKind {
        match self {
            Self::Bool(_) => ClaimKind::Bool,
            Self::Int(_) => ClaimKind::Int,
            Self::Money(money) => ClaimKind::Money(money.currency),
            Self::Time(_) => ClaimKind::Time,
            Self::Text(_) => ClaimKind::Text,
            Self::Bic(_) => ClaimKind::Bic,
            Self::Country(_) => ClaimKind::Country,
            Self::Digest(_) => ClaimKind::Digest,
            Self::Account(_) => ClaimKind::Account,
            Self::Lei(_) => ClaimKind::Lei,
            Self::Name(_) => ClaimKind::Name,
        }
    }

    /// The number by which guards compare: minor units, milliseconds, or the integer itself.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Money(money) => Some(money.amount.minor()),
            Self::Time(time) => i64::try_from(time.ms()).ok(),
            _ => None,
        }
    }
}

/// The canonical text.
impl fmt::Display for ClaimValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::Money(value) => f.write_str(&value.decimal()),
            Self::Time(value) => value.fmt(f),
            Self::Text(value) | Self::Bic(value) | Self::Country(value) => f.write_str(value),
            Self::Digest(value) => value.fmt(f),
            Self::Account(value) => value.fmt(f),
            Self::Lei(value) => value.fmt(f),
            Self::Name(value) => value.fmt(f),
        }
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn integer(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok()?;
    let fits = number.unsigned_abs() <= INTEGER_MAX.unsigned_abs();
    (fits && number.to_string() == text).then_some(number)
}

fn plain(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}

fn bic(text: &str) -> bool {
    matches!(text.len(), 8 | 11) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
}

pub(crate) fn cut(text: &str, letters_max: usize) -> String {
    text.chars().take(letters_max).collect()
}

#[cfg(test)]
mod tests;
