//! Who asks: by a key, or by a token.

use crate::ClientError;
use lockstep_api::signing::{self, Headers, Parts, SigningError};
use lockstep_attest::sign::Sign;
use lockstep_types::LedgerId;

/// Whoever signs questions, behind any kind of key; or a person's token in place of signatures.
pub struct Signer<'a>(pub(crate) By<'a>);

pub(crate) enum By<'a> {
    Key(Box<dyn SignsRequests + 'a>),
    Person(&'a str),
}

impl<'a> Signer<'a> {
    /// A key, and this machine's clock in seconds since 1970.
    pub fn new<S: Sign>(key: &'a S, clock: fn() -> u64) -> Self
    where
        S::Error: core::fmt::Display,
    {
        Self(By::Key(Box::new((key, clock))))
    }

    /// The token of a person; see [`Client::end_sign_in`](crate::Client::end_sign_in).
    #[must_use]
    pub const fn person(token: &'a str) -> Self {
        Self(By::Person(token))
    }
}

/// See [`Signer`].
pub(crate) trait SignsRequests {
    fn sign(&self, parts: &Parts<'_>, ledger: &LedgerId) -> Result<Headers, ClientError>;
}

impl<S: Sign> SignsRequests for (&S, fn() -> u64)
where
    S::Error: core::fmt::Display,
{
    fn sign(&self, parts: &Parts<'_>, ledger: &LedgerId) -> Result<Headers, ClientError> {
        let mut nonce = [0u8; 24];
        getrandom::fill(&mut nonce)
            .map_err(|_| SigningError::Key { what: "this machine gives no randomness".to_owned() })?;
        let nonce = hex::encode(nonce);
        Ok(signing::sign((parts, ledger), self.0, ((self.1)(), &nonce))?)
    }
}
