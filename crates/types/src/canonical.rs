//! Canonical JSON: RFC 8785 narrowed to integers of magnitude 2^53 − 1 and ASCII object keys.
//!
//! Bytes are accepted only if they are equal to the canonical form of what they decode to; that refuses
//! duplicate keys, other orders, white space, escapes and number forms in one comparison.

use crate::limits::{INTEGER_MAX, JSON_DEPTH_MAX};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

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
    /// Decodes, but another byte string is the canonical form of the same value.
    #[error("not canonical JSON (RFC 8785): first difference at byte {at}")]
    NotCanonical {
        /// Offset of the first byte that differs from the canonical form.
        at: usize,
    },
    /// A number that is no integer, or beyond 2^53 − 1.
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

/// Decodes `bytes` and accepts them only if they are the canonical form of the decoded value.
///
/// # Errors
/// [`CanonicalError`], in the order of the checks: length, depth, form, canonical form.
pub fn from_slice<T: Serialize + DeserializeOwned>(
    bytes: &[u8],
    bytes_max: usize,
) -> Result<T, CanonicalError> {
    check_length(bytes, bytes_max)?;
    check_depth(bytes)?;
    let value: T = serde_json::from_slice(bytes).map_err(CanonicalError::Form)?;
    same(bytes, &to_vec(&value)?)?;
    Ok(value)
}

/// Decodes any canonical JSON, without a type.
///
/// # Errors
/// [`CanonicalError`], in the order of the checks: length, depth, form, numbers and keys, canonical form.
pub fn value_from_slice(bytes: &[u8], bytes_max: usize) -> Result<Value, CanonicalError> {
    check_length(bytes, bytes_max)?;
    check_depth(bytes)?;
    let value: Value = serde_json::from_slice(bytes).map_err(CanonicalError::Form)?;
    check_value(&value)?;
    same(bytes, &to_vec(&value)?)?;
    Ok(value)
}

/// True when the bytes that [`to_vec`] gives for this value are in canonical order. For tests of types.
#[must_use]
pub fn is_canonical<T: Serialize>(value: &T) -> bool {
    to_vec(value).is_ok_and(|bytes| value_from_slice(&bytes, bytes.len()).is_ok())
}

fn check_length(bytes: &[u8], max: usize) -> Result<(), CanonicalError> {
    if bytes.len() > max {
        return Err(CanonicalError::TooLong { found: bytes.len(), max });
    }
    Ok(())
}

/// Counts open brackets outside strings, so that no decoder recurses deeper than the limit.
fn check_depth(bytes: &[u8]) -> Result<(), CanonicalError> {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for byte in bytes {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'{' | b'[') => depth = depth.saturating_add(1),
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > JSON_DEPTH_MAX {
            return Err(CanonicalError::TooDeep);
        }
    }
    Ok(())
}

fn same(found: &[u8], canonical: &[u8]) -> Result<(), CanonicalError> {
    if found == canonical {
        return Ok(());
    }
    let at = found.iter().zip(canonical).take_while(|(a, b)| a == b).count();
    Err(CanonicalError::NotCanonical { at })
}

fn check_value(value: &Value) -> Result<(), CanonicalError> {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
        Value::Number(number) => {
            let fits = number.as_i64().is_some_and(|i| i.unsigned_abs() <= INTEGER_MAX.unsigned_abs());
            if fits { Ok(()) } else { Err(CanonicalError::Number { found: number.to_string() }) }
        }
        Value::Array(items) => items.iter().try_for_each(check_value),
        Value::Object(fields) => fields.iter().try_for_each(|(key, field)| {
            if !key.is_ascii() {
                return Err(CanonicalError::Key { found: key.chars().take(40).collect() });
            }
            check_value(field)
        }),
    }
}
