//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a name that a client gives a request, so
//! that the request again is answered as the first time. It is a structured string (RFC 9651 §3.3.3).

use sfv::{BareItem, Item, Parser};

/// The header.
pub const HEADER: &str = "idempotency-key";
/// Says of an answer that it was given before.
pub const REPLAYED_HEADER: &str = "idempotency-replayed";
/// Longest key.
pub const KEY_BYTES_MAX: usize = 128;

/// The key in a header's value; none when the value is of another form.
#[must_use]
pub fn read(value: &str) -> Option<String> {
    if value.len() > KEY_BYTES_MAX.saturating_mul(2) {
        return None;
    }
    let item: Item = Parser::new(value).parse().ok()?;
    match item.bare_item {
        BareItem::String(key) if item.params.is_empty() => {
            let key: String = key.into();
            (!key.is_empty() && key.len() <= KEY_BYTES_MAX).then_some(key)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
