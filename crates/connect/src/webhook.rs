//! Signing and checking one webhook, in the shape of *Standard Webhooks* (standardwebhooks.com): the headers
//! `webhook-id`, `webhook-timestamp` (whole seconds) and `webhook-signature`, which holds one or more
//! `v1,BASE64` of HMAC-SHA-256 over `id.timestamp.body`.
//!
//! An id has no point in it, else one text could be cut into id, time and body in two ways.

use crate::cut;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lockstep_types::Time;

/// How far a webhook's time may lie from this clock, either way: 5 minutes.
pub const WINDOW_MS: u64 = 300_000;
/// Longest body.
pub const BODY_BYTES_MAX: usize = 1_048_576;
/// Longest id.
pub const ID_BYTES_MAX: usize = 128;
/// Longest `webhook-signature`.
const SIGNATURES_BYTES_MAX: usize = 2_048;
/// Most signatures in it.
const SIGNATURES_MAX: usize = 8;

/// A secret that two systems share: 24 to 64 bytes, written `whsec_` and base64.
pub struct Secret(hmac::Key);

/// Why a text is no secret. The text itself is never repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Not `whsec_` and base64.
    #[error("a secret is written `whsec_` and base64")]
    Form,
    /// Too short to be safe, or longer than secrets are.
    #[error("a secret has 24 to 64 bytes, found {found}")]
    Length {
        /// Bytes found.
        found: usize,
    },
}

/// The three headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers {
    /// `webhook-id`: the same each time one message is sent.
    pub id: String,
    /// `webhook-signature`.
    pub signature: String,
    /// `webhook-timestamp`: whole seconds since 1970.
    pub timestamp: String,
}

/// Why a webhook does not count. Variants stand in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// A body that is too long to be looked at.
    #[error("the body has {found} bytes, at most {BODY_BYTES_MAX} are accepted")]
    TooLong {
        /// Bytes found.
        found: usize,
    },
    /// Not an id.
    #[error("`webhook-id` is `{found}`, expected up to 128 letters, digits, `_` and `-`")]
    Id {
        /// The text found, cut.
        found: String,
    },
    /// Not whole seconds.
    #[error("`webhook-timestamp` is `{found}`, expected whole seconds since 1970")]
    Timestamp {
        /// The text found, cut.
        found: String,
    },
    /// Too many signatures, or too long.
    #[error("`webhook-signature` is longer than 2048 bytes or holds more than 8 signatures")]
    Signatures,
    /// None of the signatures is of one of the secrets.
    #[error("no signature holds")]
    Signature,
    /// It was signed too long ago, or in the future.
    #[error("the webhook is of {signed}, this clock shows {now}: more than 5 minutes between them")]
    Window {
        /// When it was signed.
        signed: Time,
        /// This clock.
        now: Time,
    },
}

impl Secret {
    /// Reads a secret.
    ///
    /// # Errors
    /// [`SecretError`].
    pub fn from_text(text: &str) -> Result<Self, SecretError> {
        let coded = text.strip_prefix("whsec_").ok_or(SecretError::Form)?;
        let bytes = STANDARD.decode(coded).map_err(|_| SecretError::Form)?;
        if !(24..=64).contains(&bytes.len()) {
            return Err(SecretError::Length { found: bytes.len() });
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }
}

impl core::fmt::Debug for Secret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Secret(…)")
    }
}

fn signed_bytes(id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat()
}

fn check_form(id: &str, body: &[u8]) -> Result<(), WebhookError> {
    if body.len() > BODY_BYTES_MAX {
        return Err(WebhookError::TooLong { found: body.len() });
    }
    let letters = id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if id.is_empty() || id.len() > ID_BYTES_MAX || !letters {
        return Err(WebhookError::Id { found: cut(id) });
    }
    Ok(())
}

/// Signs a body that is sent at `now`.
///
/// # Errors
/// [`WebhookError::TooLong`], [`WebhookError::Id`].
pub fn sign(secret: &Secret, id: &str, body: &[u8], now: Time) -> Result<Headers, WebhookError> {
    check_form(id, body)?;
    let timestamp = now.seconds_round_down().to_string();
    let tag = hmac::sign(&secret.0, &signed_bytes(id, &timestamp, body));
    let signature = format!("v1,{}", STANDARD.encode(tag));
    Ok(Headers { id: id.to_owned(), signature, timestamp })
}

/// Checks what has come: one signature by one of `secrets` must hold (two of them while a secret is being
/// replaced), and its time must be near `now`. Comparison takes the same time wherever tags differ.
///
/// That it counts once is for [`crate::Inbox`] to say.
///
/// # Errors
/// [`WebhookError`], in the order of its variants.
pub fn check(secrets: &[Secret], headers: &Headers, body: &[u8], now: Time) -> Result<(), WebhookError> {
    check_form(&headers.id, body)?;
    let digits = headers.timestamp.bytes().all(|b| b.is_ascii_digit()) && headers.timestamp.len() <= 12;
    let plain = digits && (headers.timestamp == "0" || !headers.timestamp.starts_with('0'));
    let seconds = headers.timestamp.parse::<u64>().ok().filter(|_| plain);
    let signed = seconds.and_then(|seconds| Time::from_ms(seconds.checked_mul(1_000)?).ok());
    let signed = signed.ok_or_else(|| WebhookError::Timestamp { found: cut(&headers.timestamp) })?;
    let count = headers.signature.split(' ').count();
    if headers.signature.len() > SIGNATURES_BYTES_MAX || count > SIGNATURES_MAX {
        return Err(WebhookError::Signatures);
    }
    let bytes = signed_bytes(&headers.id, &headers.timestamp, body);
    let tags = headers.signature.split(' ').filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
    let holds = |tag: Vec<u8>| secrets.iter().any(|secret| hmac::verify(&secret.0, &bytes, &tag).is_ok());
    if !tags.map(holds).fold(false, |before, now| before | now) {
        return Err(WebhookError::Signature);
    }
    if signed.ms().abs_diff(now.ms()) > WINDOW_MS {
        return Err(WebhookError::Window { signed, now });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
