//! Canonical JSON: RFC 8785 narrowed to integers of magnitude 2^53 − 1 and ASCII object keys.
//!
//! Bytes are accepted only if they are equal to the canonical form of what they decode to; that refuses
//! duplicate keys, other orders, white space, escapes and number forms in one comparison. Numbers and keys
//! are checked in the bytes, because the decoded type may hold more than the format allows (a `u64`, say).

use crate::limits::{INTEGER_MAX, JSON_DEPTH_MAX};
use memchr::memchr2;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::io::{self, Write};

/// Why bytes are not canonical JSON of the asked type.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    /// Longer than the caller allows.
    #[error("{found} bytes of JSON, at most {max} are read")]
    TooLong {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// Nested deeper than [`JSON_DEPTH_MAX`].
    #[error("JSON nested deeper than {JSON_DEPTH_MAX} levels")]
    TooDeep,
    /// Not JSON, or not of the asked form: a missing, unknown or wrong field.
    #[error("not of the expected form")]
    Form(#[source] serde_json::Error),
    /// A number that is no integer, is `-0`, or lies beyond 2^53 − 1.
    #[error("the number `{found}` is not an integer of magnitude 2^53 - 1 at most")]
    Number {
        /// The number found.
        found: String,
    },
    /// An object key outside ASCII.
    #[error("the object key `{found}` is not ASCII")]
    Key {
        /// The key found.
        found: String,
    },
    /// Decodes, but another byte string is the canonical form of the same value.
    #[error("not canonical JSON (RFC 8785): first difference at byte {at}")]
    NotCanonical {
        /// Offset of the first byte that differs from the canonical form.
        at: usize,
    },
}

/// The canonical bytes of a value whose type declares its fields in ascending ASCII order.
///
/// Types used with this function are held to that order by [`is_canonical`] in their tests.
///
/// # Errors
/// [`CanonicalError::Form`] when the value cannot be written as JSON (a map with keys that are no strings).
pub fn to_vec<T: Serialize>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    serde_json::to_vec(value).map_err(CanonicalError::Form)
}

/// Decodes `bytes` and accepts them only if they are the canonical form of the decoded value. `T` holds no
/// `serde_json::Value`, whose keys may stay in the order they came in; [`value_from_slice`] is for that.
///
/// # Errors
/// [`CanonicalError`], in the order of the checks: length, depth, form, numbers and keys, canonical form.
pub fn from_slice<T: Serialize + DeserializeOwned>(
    bytes: &[u8],
    bytes_max: usize,
) -> Result<T, CanonicalError> {
    let value: T = decode(bytes, bytes_max)?;
    same(bytes, &value)?;
    Ok(value)
}

/// Decodes any canonical JSON, without a type.
///
/// # Errors
/// [`CanonicalError`], in the order of the checks: length, depth, form, numbers and keys, canonical form.
pub fn value_from_slice(bytes: &[u8], bytes_max: usize) -> Result<Value, CanonicalError> {
    let mut value: Value = decode(bytes, bytes_max)?;
    // `serde_json/preserve_order`, if any crate of the build asks for it, keeps keys as they came.
    value.sort_all_objects();
    same(bytes, &value)?;
    Ok(value)
}

/// True when the bytes that [`to_vec`] gives for this value are in canonical order. For tests of types.
#[must_use]
pub fn is_canonical<T: Serialize>(value: &T) -> bool {
    to_vec(value).is_ok_and(|bytes| value_from_slice(&bytes, bytes.len()).is_ok())
}

fn decode<T: DeserializeOwned>(bytes: &[u8], bytes_max: usize) -> Result<T, CanonicalError> {
    if bytes.len() > bytes_max {
        return Err(CanonicalError::TooLong { found: bytes.len(), max: bytes_max });
    }
    let unfit = scan(bytes)?;
    let value = serde_json::from_slice(bytes).map_err(CanonicalError::Form)?;
    unfit.map_or(Ok(value), Err)
}

/// Reads the bytes once, before they are known to be JSON. Counts open brackets outside strings, so that no
/// decoder recurses deeper than the limit; and gives the first number or key that the format does not allow,
/// which counts if the bytes are JSON. A string with a colon right behind it is a key.
fn scan(bytes: &[u8]) -> Result<Option<CanonicalError>, CanonicalError> {
    let (mut rest, mut depth, mut unfit) = (bytes, 0usize, None);
    while let Some((first, tail)) = rest.split_first() {
        rest = match first {
            b'"' => {
                let (string, after) = tail.split_at(string_length(tail));
                if unfit.is_none() && after.starts_with(b"\":") && !string.is_ascii() {
                    unfit = Some(CanonicalError::Key { found: cut(string) });
                }
                after.strip_prefix(b"\"").unwrap_or(after)
            }
            b'{' | b'[' if depth == JSON_DEPTH_MAX => return Err(CanonicalError::TooDeep),
            b'{' | b'[' => {
                depth = depth.saturating_add(1);
                tail
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                tail
            }
            b'-' | b'0'..=b'9' => {
                let length = rest.iter().take_while(|b| is_of_number(**b)).count();
                let (number, after) = rest.split_at(length);
                unfit = unfit.or_else(|| check_number(number).err());
                after
            }
            _ => tail,
        };
    }
    Ok(unfit)
}

/// Bytes before the quotation mark that ends the string.
fn string_length(tail: &[u8]) -> usize {
    let mut at = 0usize;
    while let Some(rest) = tail.get(at..) {
        match memchr2(b'"', b'\\', rest) {
            Some(found) if rest.get(found) == Some(&b'"') => return at.saturating_add(found),
            // What stands behind a backslash ends nothing.
            Some(found) => at = at.saturating_add(found).saturating_add(2),
            None => break,
        }
    }
    tail.len()
}

fn is_of_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')
}

fn check_number(number: &[u8]) -> Result<(), CanonicalError> {
    let integer = core::str::from_utf8(number).ok().and_then(|text| text.parse::<i64>().ok());
    let fits = integer.is_some_and(|i| i.unsigned_abs() <= INTEGER_MAX.unsigned_abs());
    if fits && number != b"-0" { Ok(()) } else { Err(CanonicalError::Number { found: cut(number) }) }
}

fn cut(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(40).collect()
}

/// Whether `found` is what `value` is written as; the text is compared while it is written, and never kept.
fn same<T: Serialize>(found: &[u8], value: &T) -> Result<(), CanonicalError> {
    let mut expected = Expected { rest: found, differs: false };
    match serde_json::to_writer(&mut expected, value) {
        Ok(()) if expected.rest.is_empty() && !expected.differs => Ok(()),
        Err(error) if !error.is_io() => Err(CanonicalError::Form(error)),
        Ok(()) | Err(_) => {
            Err(CanonicalError::NotCanonical { at: found.len().saturating_sub(expected.rest.len()) })
        }
    }
}

/// Takes the bytes that it expects, and fails behind the last of them that came.
struct Expected<'a> {
    rest: &'a [u8],
    /// Others came, whether whoever wrote them minded or not.
    differs: bool,
}

impl Write for Expected<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(rest) = self.rest.strip_prefix(bytes) {
            self.rest = rest;
            return Ok(bytes.len());
        }
        self.differs = true;
        let alike = self.rest.iter().zip(bytes).take_while(|(a, b)| a == b).count();
        self.rest = self.rest.get(alike..).unwrap_or_default();
        Err(io::ErrorKind::InvalidData.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
