//! Points in time: milliseconds since 1970-01-01T00:00:00Z, UTC, leap seconds not counted (RFC 3339 profile).

use core::fmt;
use core::str::FromStr;
use jiff::SignedDuration;
use jiff::civil::DateTime;
use serde::{Deserialize, Deserializer, Serialize};

/// The last time that any rule accepts: 9999-12-31T23:59:59.999Z.
pub const TIME_MAX_MS: u64 = 253_402_300_799_999;

/// 1970-01-01T00:00:00. Civil times reach the end of the year 9999; `jiff::Timestamp` ends a day before it.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Milliseconds since the Unix epoch, at most [`TIME_MAX_MS`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct Time(u64);

/// Why a number or a text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Later than the year 9999.
    #[error("`{found}` ms lies after the year 9999")]
    TooLate {
        /// The milliseconds found.
        found: u64,
    },
    /// Not the one canonical text.
    #[error("`{found}` is not a time: expected the form `2026-11-21T06:10:15.000Z`")]
    Text {
        /// The text found.
        found: String,
    },
}

impl Time {
    /// A time from milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// [`TimeError::TooLate`] after the year 9999.
    pub fn from_ms(ms: u64) -> Result<Self, TimeError> {
        if ms > TIME_MAX_MS {
            return Err(TimeError::TooLate { found: ms });
        }
        Ok(Self(ms))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn ms(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn seconds_round_down(self) -> u64 {
        self.0 / 1_000
    }

    /// `ms` later, held at the last accepted time.
    #[must_use]
    pub fn saturating_add_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms).min(TIME_MAX_MS))
    }

    /// `ms` earlier, held at the epoch.
    #[must_use]
    pub const fn saturating_sub_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_sub(ms))
    }

    /// Milliseconds from `earlier` to `self`; 0 when `earlier` is later.
    #[must_use]
    pub const fn ms_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = i64::try_from(self.0).map_err(|_| fmt::Error)?;
        let civil = EPOCH.checked_add(SignedDuration::from_millis(ms)).map_err(|_| fmt::Error)?;
        write!(f, "{civil:.3}Z")
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Time({self})")
    }
}

impl FromStr for Time {
    type Err = TimeError;

    /// Reads the canonical text only: UTC, three decimals, `Z`.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let refused = || TimeError::Text { found: text.chars().take(40).collect() };
        let civil: DateTime = text.strip_suffix('Z').ok_or_else(refused)?.parse().map_err(|_| refused())?;
        let ms = u64::try_from(civil.duration_since(EPOCH).as_millis()).map_err(|_| refused())?;
        let time = Self::from_ms(ms)?;
        if time.to_string() != text {
            return Err(refused());
        }
        Ok(time)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ms = u64::deserialize(deserializer)?;
        Self::from_ms(ms).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
