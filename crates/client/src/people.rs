//! How a person signs in: the authorization code flow of OpenID Connect for programs on the person's own
//! machine (RFC 8252), with PKCE (RFC 7636). The provider's word goes to the server, which checks it; nothing
//! of it is kept here but the server's token.

use crate::http::{Agents, fetched, posted};
use crate::{ClientError, Http, HttpError, Options};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lockstep_api::people::{Challenge, nonce};
use lockstep_types::sha256;
use serde::Deserialize;

/// Longest answer of a provider that is read.
const PROVIDER_BYTES_MAX: u64 = 262_144;
const FORM: &str = "application/x-www-form-urlencoded";

/// Why a sign-in ended without a token.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The provider calls itself otherwise.
    #[error("the provider calls itself `{found}`, expected `{expected}`")]
    Issuer {
        /// As the server names it.
        expected: String,
        /// As it names itself.
        found: String,
    },
    /// What came back to this machine is not of this sign-in.
    #[error("what came back is not of this sign-in: {0}")]
    Other(&'static str),
    /// The provider says no.
    #[error("the provider says no: {what}")]
    Provider {
        /// Its code, cut.
        what: String,
    },
}

/// A sign-in that waits for the person.
pub struct SignIn {
    /// Where the person goes with a browser.
    pub url: String,
    pub(crate) challenge: String,
    issuer: String,
    client: String,
    redirect: String,
    state: String,
    verifier: String,
    token_endpoint: String,
    options: Options,
}

/// What a provider says of itself (OpenID Connect Discovery §3).
#[derive(Deserialize)]
struct Description {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// What is not unreserved (RFC 3986 §2.3) is written in hexadecimal.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                let (two, after) = rest.split_at_checked(2)?;
                rest = after;
                hex::decode(two).ok()?.first().copied()?
            }
            other => *other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn form(pairs: &[(&str, &str)]) -> String {
    pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&")
}

fn unguessable() -> Result<String, ClientError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| HttpError::Url {
        url: "a sign-in".to_owned(),
        what: "this machine gives no randomness",
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

impl SignIn {
    /// Prepares a sign-in for a challenge of a server. `redirect` is where on this machine the browser comes
    /// back to: a loopback address, by number.
    pub(crate) fn begin(
        (server, begun): (&Http, Challenge),
        redirect: &str,
        options: &Options,
    ) -> Result<Self, ClientError> {
        let at = format!("{}/.well-known/openid-configuration", begun.issuer.trim_end_matches('/'));
        let bytes = fetched(&at, options, PROVIDER_BYTES_MAX)?;
        let answer = |error: serde_json::Error| HttpError::Answer(error.to_string());
        let told: Description = serde_json::from_slice(&bytes).map_err(answer)?;
        if told.issuer != begun.issuer {
            return Err(SignInError::Issuer { expected: begun.issuer, found: told.issuer }.into());
        }
        // Neither may be asked without TLS beyond this machine.
        Agents::new(&told.authorization_endpoint, options)?;
        let (state, verifier) = (unguessable()?, unguessable()?);
        let query = form(&[
            ("response_type", "code"),
            ("client_id", &begun.client),
            ("redirect_uri", redirect),
            ("scope", &begun.scopes.join(" ")),
            ("state", &state),
            ("nonce", &nonce(&begun.challenge, server.authority())),
            ("code_challenge", &URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()))),
            ("code_challenge_method", "S256"),
        ]);
        let mark = if told.authorization_endpoint.contains('?') { '&' } else { '?' };
        Ok(Self {
            url: format!("{}{mark}{query}", told.authorization_endpoint),
            challenge: begun.challenge,
            issuer: begun.issuer,
            client: begun.client,
            redirect: redirect.to_owned(),
            state,
            verifier,
            token_endpoint: told.token_endpoint,
            options: options.clone(),
        })
    }

    /// The provider's word, for the query with which the browser came back.
    pub(crate) fn id_token(&self, query: &str) -> Result<String, ClientError> {
        let code = self.code(query)?;
        let body = form(&[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &self.redirect),
            ("client_id", &self.client),
            ("code_verifier", &self.verifier),
        ]);
        let (status, bytes) =
            posted(&self.token_endpoint, &self.options, (FORM, body.as_bytes()), PROVIDER_BYTES_MAX)?;
        if status != 200 {
            let told = serde_json::from_slice::<Refusal>(&bytes).map(|told| told.error);
            return Err(refused(told.unwrap_or_else(|_| format!("HTTP {status}"))).into());
        }
        let tokens: Tokens =
            serde_json::from_slice(&bytes).map_err(|error| HttpError::Answer(error.to_string()))?;
        Ok(tokens.id_token)
    }

    /// The code, if what came back belongs to this sign-in.
    fn code(&self, query: &str) -> Result<String, SignInError> {
        let value = |name: &str| -> Result<Option<String>, SignInError> {
            let mut found =
                query.split('&').filter_map(|pair| pair.split_once('=')).filter(|(n, _)| *n == name);
            match (found.next(), found.next()) {
                (None, _) => Ok(None),
                (Some((_, text)), None) => {
                    decoded(text).map(Some).ok_or(SignInError::Other("a value cannot be read"))
                }
                _ => Err(SignInError::Other("a value comes twice")),
            }
        };
        // Before anything else: whoever does not know it is not the provider that was asked.
        if value("state")?.as_deref() != Some(&self.state) {
            return Err(SignInError::Other("it has another state"));
        }
        // RFC 9207: of a provider that says who it is, no other is believed.
        if value("iss")?.is_some_and(|issuer| issuer != self.issuer) {
            return Err(SignInError::Other("it is of another provider"));
        }
        if let Some(error) = value("error")? {
            return Err(refused(error));
        }
        value("code")?.ok_or(SignInError::Other("it has no code"))
    }
}

fn refused(what: String) -> SignInError {
    SignInError::Provider { what: what.chars().filter(|c| c.is_ascii_graphic()).take(80).collect() }
}

#[cfg(test)]
mod tests;
