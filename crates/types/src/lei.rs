//! Legal Entity Identifiers (ISO 17442): 18 letters or digits and two check digits (ISO/IEC 7064, MOD 97-10).

use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A party: 20 upper-case letters and digits whose check digits hold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lei([u8; 20]);

/// Why a text is not an LEI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeiError {
    /// Wrong length or letters.
    #[error("`{found}` is not an LEI: expected 18 upper-case letters or digits and two digits")]
    Form {
        /// The text found.
        found: String,
    },
    /// The check digits do not match, or are 00, 01 or 99, which MOD 97-10 never gives.
    #[error("the check digits of LEI `{found}` do not hold (ISO 17442)")]
    CheckDigits {
        /// The text found.
        found: String,
    },
}

/// Remainder modulo 97 of the number that results from replacing A by 10 … Z by 35.
fn remainder_97(text: &[u8]) -> Option<u32> {
    let mut remainder = 0u32;
    for byte in text {
        let value = char::from(*byte).to_digit(36)?;
        let shift = if value < 10 { 10 } else { 100 };
        remainder = remainder.checked_mul(shift)?.checked_add(value)?.checked_rem(97)?;
    }
    Some(remainder)
}

impl Lei {
    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or("")
    }

    /// An LEI from its first 18 characters: the check digits are computed.
    ///
    /// # Errors
    /// [`LeiError::Form`] when `stem` is not 18 upper-case letters or digits.
    pub fn with_check_digits(stem: &str) -> Result<Self, LeiError> {
        let refused = || LeiError::Form { found: stem.chars().take(40).collect() };
        let zeroed = format!("{stem}00");
        let remainder = remainder_97(zeroed.as_bytes()).ok_or_else(refused)?;
        format!("{stem}{:02}", 98u32.saturating_sub(remainder)).parse()
    }
}

impl FromStr for Lei {
    type Err = LeiError;
    fn from_str(text: &str) -> Result<Self, LeiError> {
        let found = || text.chars().take(40).collect::<String>();
        let bytes: [u8; 20] = text.as_bytes().try_into().map_err(|_| LeiError::Form { found: found() })?;
        let upper = bytes.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let digits = bytes.iter().skip(18).all(u8::is_ascii_digit);
        if !upper || !digits {
            return Err(LeiError::Form { found: found() });
        }
        let never_given = matches!(bytes.last_chunk::<2>(), Some(b"00" | b"01" | b"99"));
        if never_given || remainder_97(&bytes) != Some(1) {
            return Err(LeiError::CheckDigits { found: found() });
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Lei {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Lei {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lei({self})")
    }
}

impl Serialize for Lei {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Lei {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
