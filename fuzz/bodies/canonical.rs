//! Canonical JSON: what is accepted is the canonical text of a value, and every value has one.

use lockstep_types::canonical::{to_vec, value_from_slice};
use lockstep_types::limits::BODY_BYTES_MAX;
use serde_json::Value;

/// Panics when `data` breaks a property of the decoder.
pub fn run(data: &[u8]) {
    let accepted = value_from_slice(data, BODY_BYTES_MAX).ok();
    if let Some(value) = &accepted {
        assert_eq!(to_vec(value).expect("a decoded value can be written"), data);
        assert!(value_from_slice(data, data.len().saturating_sub(1)).is_err(), "the length limit holds");
    }
    // The same value by way of a decoder that accepts every form of JSON.
    let Ok(mut value) = serde_json::from_slice::<Value>(data) else {
        assert!(accepted.is_none(), "accepted bytes are JSON");
        return;
    };
    value.sort_all_objects();
    let canonical = to_vec(&value).expect("a decoded value can be written");
    if let Ok(again) = value_from_slice(&canonical, BODY_BYTES_MAX) {
        assert_eq!(again, value);
        assert_eq!(accepted.is_some(), canonical == data, "one text is accepted, and no other");
    } else {
        assert!(accepted.is_none(), "the canonical form of accepted bytes is accepted");
    }
}
