//! Calls as bytes.

use crate::domain::DomainError;
use alloy_primitives::{B256, U256, Uint, keccak256};
use alloy_sol_types::SolCall;

/// Selector and arguments.
#[must_use]
pub fn encode<C: SolCall>(call: &C) -> Vec<u8> {
    call.abi_encode()
}

/// What a call returned.
///
/// # Errors
/// [`DomainError::Answer`] for other bytes.
pub fn decode<C: SolCall>(answer: &[u8]) -> Result<C::Return, DomainError> {
    C::abi_decode_returns(answer).map_err(|error| DomainError::Answer { what: error.to_string() })
}

/// An amount of token units.
#[must_use]
pub fn units(amount: u64) -> U256 {
    U256::from(amount)
}

/// A time as a Gate's pause takes it: 48 bits, so that later times are the last one.
#[must_use]
pub fn seconds(timestamp: u64) -> Uint<48, 1> {
    Uint::saturating_from(timestamp)
}

/// A role of OpenZeppelin's access control, by the name that its contract hashes.
#[must_use]
pub fn role(name: &str) -> B256 {
    keccak256(name)
}

/// The first four bytes of the hash of a call's signature, `mint(address,uint256)`.
#[must_use]
pub fn selector(signature: &str) -> [u8; 4] {
    let hash = keccak256(signature);
    [hash[0], hash[1], hash[2], hash[3]]
}
