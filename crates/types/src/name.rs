//! Short names: steps, roles, claims, programmes, lists, domains.

use crate::limits::NAME_BYTES_MAX;
use core::borrow::Borrow;
use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Deserializer, Serialize};

/// A lower-case ASCII name: `[a-z][a-z0-9._-]*`, at most [`NAME_BYTES_MAX`] bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Name(String);

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` is not a name: expected a lower-case letter, then letters, digits, `.`, `_` or `-`, 64 at most"
)]
pub struct NameError {
    /// The text found, cut to 80 characters.
    pub found: String,
}

impl Name {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
        let starts = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        if !starts || text.len() > NAME_BYTES_MAX || !text.bytes().all(letters) {
            return Err(NameError { found: text.chars().take(80).collect() });
        }
        Ok(Self(text.to_owned()))
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
