//! Durations as a layout writes them: `30s`, `5m`, `36h`, `7d`.

use crate::claim::cut;

/// The longest duration: ten years of 365 days and a bit, in milliseconds.
const DURATION_MS_MAX: u64 = 3_660 * 86_400_000;

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DurationError {
    /// Not digits and a unit.
    #[error("`{found}` is not a duration: expected a whole number and `s`, `m`, `h` or `d`, such as `36h`")]
    Form { found: String },
    /// Nothing, or longer than any process lasts.
    #[error("`{found}` is not between 1s and 3660d")]
    Range { found: String },
}

/// Reads a duration into milliseconds.
pub(crate) fn parse(text: &str) -> Result<u64, DurationError> {
    let form = || DurationError::Form { found: cut(text, 40) };
    let (unit_ms, digits) = match text.char_indices().next_back().ok_or_else(form)? {
        (at, 's') => (1_000, text.get(..at)),
        (at, 'm') => (60_000, text.get(..at)),
        (at, 'h') => (3_600_000, text.get(..at)),
        (at, 'd') => (86_400_000, text.get(..at)),
        _ => return Err(form()),
    };
    let digits = digits.ok_or_else(form)?;
    if digits.is_empty()
        || !digits.bytes().all(|b| b.is_ascii_digit())
        || digits.starts_with('0') && digits != "0"
    {
        return Err(form());
    }
    let range = || DurationError::Range { found: cut(text, 40) };
    let ms = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(unit_ms)).ok_or_else(range)?;
    if ms == 0 || ms > DURATION_MS_MAX {
        return Err(range());
    }
    Ok(ms)
}

/// The duration in words: `36 hours`, in the largest unit that divides it.
pub(crate) fn words(ms: u64) -> String {
    let units = [(86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1_000, "second")];
    let unit = units.iter().find(|(unit_ms, _)| ms.checked_rem(*unit_ms) == Some(0));
    let (unit_ms, word) = unit.copied().unwrap_or((1, "millisecond"));
    match ms.checked_div(unit_ms).unwrap_or(ms) {
        1 => format!("1 {word}"),
        count => format!("{count} {word}s"),
    }
}

#[cfg(test)]
mod tests;
