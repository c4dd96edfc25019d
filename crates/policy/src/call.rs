//! What a decided case hands over: the arguments of its calls and the keys of its single-use acts.

use crate::claim::{ClaimKind, ClaimValue};
use crate::model::{AbiType, Layout, Outcome, Step};
use lockstep_types::{Money, Name, UseKey, canonical, sha256};
use std::collections::BTreeMap;

/// First element of what a single-use key is the digest of.
const USE_KEY_FORM: &str = "lockstep-use/1";

/// Values of claims or parameters by name; `None` stands for a value that is withheld or erased.
pub type Values = BTreeMap<Name, Option<ClaimValue>>;

/// Why there are no arguments or no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// A value is missing or withheld.
    #[error("the value of `{name}` is not known")]
    Unknown {
        /// The parameter or claim.
        name: Name,
    },
    /// The domain of the outcome is not in the layout.
    #[error("`{domain}` is not a domain of the policy")]
    Domain {
        /// The domain named.
        domain: Name,
    },
    /// A value has no word of the type asked for.
    #[error("`{name}` of type `{found}` has no exact value of type `{expected}`")]
    Argument {
        /// The parameter.
        name: Name,
        /// Its type.
        found: ClaimKind,
        /// The type of the argument.
        expected: &'static str,
    },
}

impl Layout {
    /// The ABI words of an outcome's arguments, in order. Money is converted exactly to units of the domain's token.
    ///
    /// # Errors
    /// [`CallError`], at the first argument that has no word.
    pub fn arguments(&self, outcome: &Outcome, params: &Values) -> Result<Vec<[u8; 32]>, CallError> {
        let domain = self
            .domain(outcome.domain.as_str())
            .ok_or_else(|| CallError::Domain { domain: outcome.domain.clone() })?;
        let args = outcome.call.args.iter().zip(&outcome.call.types);
        args.map(|(name, expected)| {
            let value = known(params, name)?;
            let refused = || CallError::Argument {
                name: name.clone(),
                found: value.kind(),
                expected: expected.as_str(),
            };
            word(value, *expected, domain.decimals).ok_or_else(refused)
        })
        .collect()
    }

    /// The key of the act that a step uses, or nothing when it uses none: SHA-256 of the canonical JSON
    /// `["lockstep-use/1", programme, use_as, value, …]` with the canonical texts of the claims in declared order.
    ///
    /// # Errors
    /// [`CallError::Unknown`] when a claim that names the act is missing or withheld.
    pub fn use_key(&self, step: &Step, claims: &Values) -> Result<Option<UseKey>, CallError> {
        let Some(single) = &step.single_use else { return Ok(None) };
        let mut parts = vec![USE_KEY_FORM.to_owned(), self.programme.to_string(), single.use_as.to_string()];
        for name in &single.claims {
            parts.push(known(claims, name)?.to_string());
        }
        let unknown = || CallError::Unknown { name: single.use_as.clone() };
        Ok(Some(UseKey(sha256(&canonical::to_vec(&parts).map_err(|_| unknown())?))))
    }
}

/// Money in units of a token with so many decimals; nothing when it is negative or does not convert exactly.
#[must_use]
pub fn token_units(money: &Money, decimals: u8) -> Option<u128> {
    let minor = u128::try_from(money.amount.minor()).ok()?;
    let (token, currency) = (u32::from(decimals), u32::from(money.currency.decimals()));
    if let Some(finer) = token.checked_sub(currency) {
        return minor.checked_mul(10u128.checked_pow(finer)?);
    }
    let coarser = 10u128.checked_pow(currency.checked_sub(token)?)?;
    (minor.checked_rem(coarser)? == 0).then(|| minor.checked_div(coarser)).flatten()
}

fn known<'a>(values: &'a Values, name: &Name) -> Result<&'a ClaimValue, CallError> {
    let value = values.get(name).and_then(Option::as_ref);
    value.ok_or_else(|| CallError::Unknown { name: name.clone() })
}

fn word(value: &ClaimValue, expected: AbiType, decimals: u8) -> Option<[u8; 32]> {
    match (expected, value) {
        (AbiType::Address, ClaimValue::Account(address)) => {
            let mut word = [0; 32];
            word.get_mut(12..)?.copy_from_slice(&address.0);
            Some(word)
        }
        (AbiType::Uint256, ClaimValue::Money(money)) => token_units(money, decimals).map(uint),
        (AbiType::Uint256, ClaimValue::Int(number)) => u128::try_from(*number).ok().map(uint),
        (AbiType::Uint256, ClaimValue::Time(time)) => Some(uint(u128::from(time.ms()))),
        (AbiType::Bytes32, ClaimValue::Digest(digest)) => Some(digest.0),
        (AbiType::Bool, ClaimValue::Bool(value)) => Some(uint(u128::from(*value))),
        _ => None,
    }
}

fn uint(number: u128) -> [u8; 32] {
    let mut word = [0; 32];
    let (_, low) = word.split_at_mut(16);
    low.copy_from_slice(&number.to_be_bytes());
    word
}

#[cfg(test)]
mod tests;
