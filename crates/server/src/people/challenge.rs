//! Challenges of sign-ins. What is given out is not remembered: it carries its time and a code of this server
//! over it, so nobody fills a memory by asking. What was used is remembered until it would be too old anyhow.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lockstep_api::limits::SIGN_IN_MS;
use lockstep_types::Time;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Challenges that are remembered as used; each stands for a person that the provider has vouched for.
const SPENT_MAX: usize = 100_000;

/// When it was given, and a number that nobody guesses.
pub(super) type Given = (u64, [u8; 16]);

/// See the module.
pub(super) struct Challenges {
    key: hmac::Key,
    spent: Mutex<BTreeSet<Given>>,
}

impl Challenges {
    /// Challenges that are good until this process ends.
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA256, &secret), spent: Mutex::default() })
    }

    /// A challenge, and until when it is taken.
    pub(super) fn give(&self, now: Time) -> Result<(String, Time), getrandom::Error> {
        let mut number = [0; 16];
        getrandom::fill(&mut number)?;
        let mut bytes = now.ms().to_be_bytes().to_vec();
        bytes.extend(number);
        let code = hmac::sign(&self.key, &bytes);
        bytes.extend(code.as_ref());
        Ok((URL_SAFE_NO_PAD.encode(bytes), now.saturating_add_ms(SIGN_IN_MS)))
    }

    /// Whether this server gave a challenge, lately.
    pub(super) fn holds(&self, text: &str, now: Time) -> Result<Given, &'static str> {
        const OTHER: &str = "the challenge is not of this server, or of before it was restarted";
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| OTHER)?;
        let (said, code) = bytes.split_at_checked(24).ok_or(OTHER)?;
        // Compared in constant time.
        hmac::verify(&self.key, said, code).map_err(|_| OTHER)?;
        let (time, number) = said.split_at_checked(8).ok_or(OTHER)?;
        let (Ok(time), Ok(number)) = (time.try_into().map(u64::from_be_bytes), number.try_into()) else {
            return Err(OTHER);
        };
        if now.ms().saturating_sub(time) > SIGN_IN_MS {
            return Err("the sign-in took too long");
        }
        Ok((time, number))
    }

    /// Takes a challenge, once.
    pub(super) fn spend(&self, given: Given, now: Time) -> Result<(), &'static str> {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = now.ms().saturating_sub(SIGN_IN_MS);
        while spent.first().is_some_and(|(time, _)| *time < oldest) {
            spent.pop_first();
        }
        if spent.len() >= SPENT_MAX {
            return Err("too many people have signed in lately");
        }
        if spent.insert(given) { Ok(()) } else { Err("the challenge has been used") }
    }
}
