//! Days and times as banks write them, and the earliest instants they can mean.
//!
//! A bare date names a day at the bank and carries no time zone. A closing balance of that day is taken to be
//! as of the *start* of the day, since that is the earliest the file allows; unless the caller knows the
//! bank's offset from UTC, the start is taken where the day starts first, at UTC+14.
//!
//! A booking is rounded down to the start of its day in the same way, also when the file gives its time. So a
//! credit booked on the balance's day, wherever the bank is, is never dated after the balance and never
//! counts on top of it. This rounding is safe for credits only: what leaves an account is rounded the other
//! way, to the last instant that the file allows.

use super::error::cut;
use core::str::FromStr;
use jiff::civil::{Date, DateTime, Time as Clock};
use jiff::tz::TimeZone;
use lockstep_types::Time;
use serde::{Serialize, Serializer};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// How far a bank's clock is ahead of UTC, between −12:00 and +14:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UtcOffset {
    minutes: i64,
}

/// Why a text is not an offset from UTC.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not an offset from UTC: expected `Z` or the form `+01:00`, from -12:00 to +14:00")]
pub struct UtcOffsetError {
    /// The text found.
    pub found: String,
}

/// Why a day or time has no place on the ledger's time line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` lies before 1970-01-02 or after the year 9999")]
pub struct DateError {
    /// The text found.
    pub found: String,
}

/// A day (`Dt`) or a time (`DtTm`) as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankDate {
    text: String,
    /// Milliseconds from 1970-01-01T00:00 to the wall clock that the text shows.
    wall_ms: i64,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A day; a zone after it is ignored, since it does not say where the bank's day starts.
    Day,
    /// A time without zone.
    WallTime,
    /// A time with its zone.
    Instant(UtcOffset),
}

impl UtcOffset {
    /// Where each day starts first.
    pub const FIRST: Self = Self { minutes: 14 * 60 };
    /// Where each day starts last.
    pub const LAST: Self = Self { minutes: -12 * 60 };

    const fn ms(self) -> i64 {
        self.minutes.saturating_mul(MINUTE_MS)
    }
}

impl FromStr for UtcOffset {
    type Err = UtcOffsetError;
    fn from_str(text: &str) -> Result<Self, UtcOffsetError> {
        let refused = || UtcOffsetError { found: cut(text) };
        if text == "Z" {
            return Ok(Self { minutes: 0 });
        }
        let (sign, rest) = match text.split_at_checked(1) {
            Some(("+", rest)) => (1i64, rest),
            Some(("-", rest)) => (-1i64, rest),
            _ => return Err(refused()),
        };
        let [hours, minutes] = numbers(rest, ':', [2, 2]).ok_or_else(refused)?;
        let total = sign.saturating_mul(hours.saturating_mul(60).saturating_add(minutes));
        if minutes > 59 || !(Self::LAST.minutes..=Self::FIRST.minutes).contains(&total) {
            return Err(refused());
        }
        Ok(Self { minutes: total })
    }
}

impl BankDate {
    /// Reads an ISO 20022 `ISODate`: `2026-11-20`, perhaps with a zone, which is ignored.
    pub(crate) fn from_day(text: &str) -> Option<Self> {
        let (day, zone) = text.split_at_checked(10)?;
        if !zone.is_empty() {
            zone.parse::<UtcOffset>().ok()?;
        }
        let wall = DateTime::from_parts(civil_day(day)?, Clock::midnight());
        Self::of(text, wall, Form::Day)
    }

    /// Reads an ISO 20022 `ISODateTime`: `2026-11-20T17:00:00.000`, perhaps with a zone.
    pub(crate) fn from_time(text: &str) -> Option<Self> {
        let (day, rest) = text.split_once('T')?;
        let (clock, zone) = match rest.find(['Z', '+', '-']) {
            Some(at) => rest.split_at_checked(at)?,
            None => (rest, ""),
        };
        let form = match zone {
            "" => Form::WallTime,
            zone => Form::Instant(zone.parse().ok()?),
        };
        Self::of(text, DateTime::from_parts(civil_day(day)?, civil_clock(clock)?), form)
    }

    fn of(text: &str, wall: DateTime, form: Form) -> Option<Self> {
        let wall_ms = wall.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond();
        Some(Self { text: text.to_owned(), wall_ms, form })
    }

    /// The text in the file.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The earliest instant that the file allows for a balance of this date: the time itself when it carries
    /// a zone; else the wall clock, or the start of the day, at `offset`, or at UTC+14 when the bank's offset
    /// is not known.
    ///
    /// # Errors
    /// [`DateError`] for a date outside the ledger's time line.
    pub fn as_of(&self, offset: Option<UtcOffset>) -> Result<Time, DateError> {
        let zone = match self.form {
            Form::Instant(zone) => zone,
            Form::Day | Form::WallTime => offset.unwrap_or(UtcOffset::FIRST),
        };
        self.time(self.wall_ms.saturating_sub(zone.ms()))
    }

    /// The earliest start of the booking day that the file allows; never after the booking, and never after
    /// [`BankDate::as_of`] of a balance whose day at the bank is the same or later.
    ///
    /// A time with a zone falls on the day it has at `offset`; when the bank's offset is not known, on the
    /// day it has where days start last, at UTC−12.
    ///
    /// # Errors
    /// [`DateError`] for a date outside the ledger's time line.
    pub fn booked_at(&self, offset: Option<UtcOffset>) -> Result<Time, DateError> {
        let wall_ms = match self.form {
            Form::Day | Form::WallTime => self.wall_ms,
            Form::Instant(zone) => {
                let utc_ms = self.wall_ms.saturating_sub(zone.ms());
                utc_ms.saturating_add(offset.unwrap_or(UtcOffset::LAST).ms())
            }
        };
        let midnight_ms = wall_ms.saturating_sub(wall_ms.rem_euclid(DAY_MS));
        self.time(midnight_ms.saturating_sub(offset.unwrap_or(UtcOffset::FIRST).ms()))
    }

    /// The latest instant that the file allows: the time itself when it carries a zone; else the wall clock,
    /// or the last millisecond of the day, at `offset`, or at UTC−12 when the bank's offset is not known.
    ///
    /// # Errors
    /// [`DateError`] for a date outside the ledger's time line.
    pub fn latest(&self, offset: Option<UtcOffset>) -> Result<Time, DateError> {
        let (zone, more_ms) = match self.form {
            Form::Instant(zone) => (zone, 0),
            Form::WallTime => (offset.unwrap_or(UtcOffset::LAST), 0),
            Form::Day => (offset.unwrap_or(UtcOffset::LAST), DAY_MS.saturating_sub(1)),
        };
        self.time(self.wall_ms.saturating_sub(zone.ms()).saturating_add(more_ms))
    }

    fn time(&self, ms: i64) -> Result<Time, DateError> {
        let refused = || DateError { found: cut(&self.text) };
        Time::from_ms(u64::try_from(ms).map_err(|_| refused())?).map_err(|_| refused())
    }
}

impl Serialize for BankDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// `N` numbers of exactly `widths` digits between separators.
fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut found = [0; N];
    for (slot, width) in found.iter_mut().zip(widths) {
        let part = parts.next().filter(|p| p.len() == width && p.bytes().all(|b| b.is_ascii_digit()))?;
        *slot = part.parse().ok()?;
    }
    parts.next().is_none().then_some(found)
}

fn civil_day(text: &str) -> Option<Date> {
    let [year, month, day] = numbers(text, '-', [4, 2, 2])?;
    Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()
}

/// Reads `17:00:00` with or without decimals; what is finer than a millisecond is dropped.
fn civil_clock(text: &str) -> Option<Clock> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let [hour, minute, second] = numbers(whole, ':', [2, 2, 2])?;
    let ms: i32 = fraction.chars().chain("000".chars()).take(3).collect::<String>().parse().ok()?;
    let nanos = ms.checked_mul(1_000_000)?;
    Clock::new(hour.try_into().ok()?, minute.try_into().ok()?, second.try_into().ok()?, nanos).ok()
}
