//! Names of chains and accounts: CAIP-2 for EVM chains (`eip155:1`), EIP-55 for addresses.

use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A 20-byte EVM address; its one canonical text has the EIP-55 check letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Address(pub [u8; 20]);

/// An EVM chain by CAIP-2: `eip155:` and the chain id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId(pub u64);

/// Why a text does not name an account or a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// Not `0x` and 40 hexadecimal digits.
    #[error("`{found}` is not an address: expected `0x` and 40 hexadecimal digits")]
    Address {
        /// The text found.
        found: String,
    },
    /// Mixed-case letters that do not follow EIP-55, or none where they are needed.
    #[error("the letters of address `{found}` fail the EIP-55 check: expected `{expected}`")]
    CheckLetters {
        /// The text found.
        found: String,
        /// The text with the right letters.
        expected: String,
    },
    /// Not `eip155:` and a decimal number.
    #[error("`{found}` is not an EVM chain: expected CAIP-2 such as `eip155:1`")]
    Chain {
        /// The text found.
        found: String,
    },
}

impl Address {
    /// Reads an address as people write it: EIP-55, or all lower or all upper case.
    ///
    /// # Errors
    /// [`AccountError`] when it is no address, or its mixed-case letters fail EIP-55.
    pub fn from_user_text(text: &str) -> Result<Self, AccountError> {
        let cut = || text.chars().take(60).collect::<String>();
        let digits = text.strip_prefix("0x").ok_or_else(|| AccountError::Address { found: cut() })?;
        let mut bytes = [0u8; 20];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| AccountError::Address { found: cut() })?;
        let lower = digits.bytes().any(|b| b.is_ascii_lowercase());
        let upper = digits.bytes().any(|b| b.is_ascii_uppercase());
        let address = Self(bytes);
        if lower && upper && address.to_string() != text {
            return Err(AccountError::CheckLetters { found: cut(), expected: address.to_string() });
        }
        Ok(address)
    }
}

impl FromStr for Address {
    type Err = AccountError;
    /// Reads the canonical text only (EIP-55 letters).
    fn from_str(text: &str) -> Result<Self, AccountError> {
        let address = Self::from_user_text(text)?;
        if address.to_string() != text {
            return Err(AccountError::CheckLetters {
                found: text.chars().take(60).collect(),
                expected: address.to_string(),
            });
        }
        Ok(address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&alloy_primitives::Address::from(self.0).to_checksum(None))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl FromStr for ChainId {
    type Err = AccountError;
    fn from_str(text: &str) -> Result<Self, AccountError> {
        let refused = || AccountError::Chain { found: text.chars().take(60).collect() };
        let digits = text.strip_prefix("eip155:").ok_or_else(refused)?;
        let id = Self(digits.parse().map_err(|_| refused())?);
        if id.to_string() != text {
            return Err(refused());
        }
        Ok(id)
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "eip155:{}", self.0)
    }
}

impl fmt::Debug for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChainId({self})")
    }
}

macro_rules! as_text {
    ($($name:ident),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
as_text!(Address, ChainId);

#[cfg(test)]
mod tests;
