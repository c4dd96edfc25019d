//! What an ID token must be (OpenID Connect Core §3.1.3.7), on which the server insists in this order. Only
//! signatures of public keys count: neither `none` nor a code under a secret, whatever the token says.

use jsonwebtoken::jwk::{Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use lockstep_types::Time;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Longest token that is read.
const TOKEN_BYTES_MAX: usize = 16_384;
/// Algorithms that count.
const ALGORITHMS: [Algorithm; 4] = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA];
/// How far the provider's clock may lie from this one.
const SKEW_S: u64 = 60;
/// How long ago a token may have been made: a sign-in is now.
const AGE_S_MAX: u64 = 600;
/// Longest name of a key, and of a person (OpenID Connect Core §2).
const NAME_BYTES_MAX: usize = 255;
/// Values of a claim that are looked at.
const TEXTS_MAX: usize = 1_000;

/// Why an ID token does not count, in the order in which it is looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum IdTokenError {
    #[error("the ID token is longer than {TOKEN_BYTES_MAX} bytes")]
    TooLong,
    #[error("the ID token is of another form, or its algorithm is not known here")]
    Form,
    #[error("the ID token's algorithm does not count here: RS256, PS256, ES256 and EdDSA do")]
    Algorithm,
    #[error("the ID token asks for extensions that are not known here")]
    Extensions,
    #[error("the ID token does not say which key has signed it")]
    KeyName,
    #[error("the provider has no such key, or the key is not for such signatures")]
    Key,
    #[error("the ID token's signature does not hold")]
    Signature,
    #[error("the ID token's claims are of another form")]
    Claims,
    #[error("the ID token is of another issuer")]
    Issuer,
    #[error("the ID token is for another client")]
    Client,
    #[error("the ID token counts no more")]
    Expired,
    #[error("the ID token does not count yet")]
    Early,
    #[error("the ID token is not of this sign-in: it is too old")]
    Old,
    #[error("the ID token names nobody")]
    Subject,
    #[error("the ID token is not of this sign-in: it has another nonce")]
    Nonce,
}

/// Who is said to have signed, before anything is believed.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) kid: String,
    algorithm: Algorithm,
}

/// What an ID token must say.
#[derive(Debug)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now_s: u64,
}

/// One, or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Several(Vec<String>),
}

/// What the provider says.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    aud: Texts,
    azp: Option<String>,
    exp: u64,
    nbf: Option<u64>,
    iat: u64,
    pub(super) sub: String,
    nonce: Option<String>,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

impl Claims {
    /// The texts of a claim.
    pub(super) fn texts(&self, claim: &str) -> Vec<&str> {
        match self.others.get(claim) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(all)) => all.iter().take(TEXTS_MAX).filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// When the provider's word ends.
    pub(super) fn expires(&self) -> Time {
        Time::from_ms(self.exp.saturating_mul(1_000)).unwrap_or_default()
    }
}

/// Reads who is said to have signed.
pub(super) fn head(token: &str) -> Result<Head, IdTokenError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(IdTokenError::TooLong);
    }
    let header = decode_header(token).map_err(|_| IdTokenError::Form)?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(IdTokenError::Algorithm);
    }
    // RFC 7515 §4.1.11: what is critical and not known is refused.
    if header.crit.is_some() {
        return Err(IdTokenError::Extensions);
    }
    let kid = header.kid.filter(|kid| !kid.is_empty() && kid.len() <= NAME_BYTES_MAX);
    Ok(Head { kid: kid.ok_or(IdTokenError::KeyName)?, algorithm: header.alg })
}

/// True when a key is for signatures, and for those of an algorithm.
fn is_for(key: &Jwk, algorithm: Algorithm) -> bool {
    let common = &key.common;
    let signs = common.public_key_use.as_ref().is_none_or(|told| *told == PublicKeyUse::Signature);
    let verifies = common.key_operations.as_ref().is_none_or(|told| told.contains(&KeyOperations::Verify));
    let same = |told: &jsonwebtoken::jwk::KeyAlgorithm| {
        told.to_string().parse::<Algorithm>().is_ok_and(|told| told == algorithm)
    };
    signs && verifies && common.key_algorithm.as_ref().is_none_or(same)
}

/// What the provider says, once everything holds.
pub(super) fn claims(
    (token, head): (&str, &Head),
    key: &Jwk,
    expected: &Expected<'_>,
) -> Result<Claims, IdTokenError> {
    use IdTokenError::{Client, Early, Expired, Issuer, Nonce, Old, Subject};
    let decoding = DecodingKey::from_jwk(key).ok().filter(|_| is_for(key, head.algorithm));
    let decoding = decoding.filter(|key| key.family() == head.algorithm.family());
    let decoding = decoding.ok_or(IdTokenError::Key)?;
    // Times and names are looked at below, by this server's clock.
    let mut validation = Validation::new(head.algorithm);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let signed = decode::<Value>(token, &decoding, &validation).map_err(|_| IdTokenError::Signature)?;
    let claims: Claims = serde_json::from_value(signed.claims).map_err(|_| IdTokenError::Claims)?;
    let only = match &claims.aud {
        Texts::One(client) => client == expected.client,
        Texts::Several(all) => matches!(all.as_slice(), [only] if only == expected.client),
    };
    let now = expected.now_s;
    let rules = [
        (claims.iss == expected.issuer, Issuer),
        (only && claims.azp.as_deref().is_none_or(|azp| azp == expected.client), Client),
        (claims.exp > now.saturating_sub(SKEW_S), Expired),
        (claims.nbf.unwrap_or_default() <= now.saturating_add(SKEW_S), Early),
        (claims.iat <= now.saturating_add(SKEW_S), Early),
        (claims.iat >= now.saturating_sub(AGE_S_MAX), Old),
        (!claims.sub.is_empty() && claims.sub.len() <= NAME_BYTES_MAX, Subject),
        (claims.nonce.as_deref() == Some(expected.nonce), Nonce),
    ];
    match rules.into_iter().find(|(holds, _)| !holds) {
        Some((_, broken)) => Err(broken),
        None => Ok(claims),
    }
}
