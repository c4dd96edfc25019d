//! Money: integer minor units and an ISO 4217 currency. No floats, no silent rounding.

use crate::limits::INTEGER_MAX;
use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An ISO 4217 currency code whose minor unit is defined.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// Minor units (cents for USD), between −(2^53−1) and 2^53−1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize)]
pub struct Amount(i64);

/// An amount in a currency; its one canonical text reads `1000000.00 USD`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// Minor units.
    pub amount: Amount,
    /// The currency that says how large a minor unit is.
    pub currency: Currency,
}

/// Why a text or number is not money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Unknown code, or one without a minor unit (gold, say).
    #[error("`{found}` is not an ISO 4217 currency with a minor unit")]
    Currency {
        /// The text found.
        found: String,
    },
    /// Not digits, a point, and exactly the decimals of the currency.
    #[error("`{found}` is not an amount of {currency}: expected digits with {decimals} decimals")]
    Amount {
        /// The text found.
        found: String,
        /// The currency asked for.
        currency: Currency,
        /// Its decimals.
        decimals: u16,
    },
    /// Not an amount, a space and a currency.
    #[error("`{found}` is not money: expected the form `1000000.00 USD`")]
    Form {
        /// The text found.
        found: String,
    },
    /// Beyond ±(2^53−1) minor units.
    #[error("the amount lies beyond 9007199254740991 minor units")]
    TooLarge,
}

impl Currency {
    /// Digits after the point of the major unit: 2 for USD, 0 for JPY, 3 for BHD.
    #[must_use]
    pub fn decimals(self) -> u16 {
        iso_currency::Currency::from_code(self.as_str()).and_then(|c| c.exponent()).unwrap_or(0)
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or("")
    }
}

impl FromStr for Currency {
    type Err = MoneyError;
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let refused = || MoneyError::Currency { found: text.chars().take(20).collect() };
        let known = iso_currency::Currency::from_code(text).ok_or_else(refused)?;
        known.exponent().ok_or_else(refused)?;
        Ok(Self(text.as_bytes().try_into().map_err(|_| refused())?))
    }
}

impl Amount {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// Minor units as an amount.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`] beyond ±(2^53−1).
    pub fn from_minor(minor: i64) -> Result<Self, MoneyError> {
        if minor.unsigned_abs() > INTEGER_MAX.unsigned_abs() {
            return Err(MoneyError::TooLarge);
        }
        Ok(Self(minor))
    }

    /// Minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.0
    }

    /// The sum, or nothing when it leaves the range.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(|minor| Self::from_minor(minor).ok())
    }

    /// The difference, or nothing when it leaves the range.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).and_then(|minor| Self::from_minor(minor).ok())
    }
}

/// The sign and all digits of `123.45`, which has exactly `decimals` digits after the point (no point when
/// 0), no superfluous zero in front, an optional leading `-`, and is not `-0`.
fn digits_from_text(text: &str, decimals: u16) -> Option<(bool, String)> {
    let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = match decimals {
        0 => (unsigned, ""),
        _ => unsigned.split_once('.')?,
    };
    let all_digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    let canonical_whole = whole == "0" || !whole.is_empty() && !whole.starts_with('0');
    if !canonical_whole || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    if fraction.len() != usize::from(decimals) {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    if negative && digits.bytes().all(|b| b == b'0') {
        return None;
    }
    Some((negative, digits))
}

impl Money {
    /// Money from minor units.
    #[must_use]
    pub const fn new(amount: Amount, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Reads the amount alone, `1000000.00`, with exactly the currency's decimals.
    ///
    /// # Errors
    /// [`MoneyError`] for another form or an amount out of range.
    pub fn from_decimal(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let decimals = currency.decimals();
        let found = || text.chars().take(40).collect();
        let refused = || MoneyError::Amount { found: found(), currency, decimals };
        let (negative, digits) = digits_from_text(text, decimals).ok_or_else(refused)?;
        let magnitude: i64 = digits.parse().map_err(|_| MoneyError::TooLarge)?;
        let minor = if negative { magnitude.saturating_neg() } else { magnitude };
        Ok(Self { amount: Amount::from_minor(minor)?, currency })
    }

    /// The amount alone with the currency's decimals: `1000000.00`.
    #[must_use]
    pub fn decimal(&self) -> String {
        let minor = self.amount.minor();
        let sign = if minor < 0 { "-" } else { "" };
        let decimals = usize::from(self.currency.decimals());
        let digits = format!("{:0>width$}", minor.unsigned_abs(), width = decimals.saturating_add(1));
        let split = digits.len().saturating_sub(decimals);
        match digits.split_at_checked(split) {
            Some((whole, fraction)) if !fraction.is_empty() => format!("{sign}{whole}.{fraction}"),
            _ => format!("{sign}{digits}"),
        }
    }
}

impl FromStr for Money {
    type Err = MoneyError;
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let refused = || MoneyError::Form { found: text.chars().take(40).collect() };
        let (amount, currency) = text.split_once(' ').ok_or_else(refused)?;
        Self::from_decimal(amount, currency.parse()?)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Money({self})")
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let minor = i64::deserialize(deserializer)?;
        Self::from_minor(minor).map_err(serde::de::Error::custom)
    }
}

macro_rules! as_text {
    ($($name:ident),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
as_text!(Money, Currency);

#[cfg(test)]
mod tests;
