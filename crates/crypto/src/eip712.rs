//! EIP-712 hashing for the one domain form that Lockstep signs under.

use alloy_primitives::Keccak256;
use std::sync::LazyLock;

/// The type text of the domain: name, version and salt; no chain and no contract, since a ledger is neither.
pub const DOMAIN_TYPE: &str = "EIP712Domain(string name,string version,bytes32 salt)";
/// The `name` of the domain.
pub const DOMAIN_NAME: &str = "Lockstep";
/// The `version` of the domain.
pub const DOMAIN_VERSION: &str = "1";

/// The type hash of the domain, and the words of its name and version; every signature needs them.
static DOMAIN: LazyLock<([u8; 32], [[u8; 32]; 2])> =
    LazyLock::new(|| (type_hash(DOMAIN_TYPE), [string_word(DOMAIN_NAME), string_word(DOMAIN_VERSION)]));

/// Keccak-256 (as Ethereum uses it, not SHA3-256).
#[must_use]
pub fn keccak256(bytes: &[u8]) -> [u8; 32] {
    alloy_primitives::keccak256(bytes).0
}

/// `typeHash`: Keccak-256 of the encoded type, e.g. `Claim(string name,string value,bytes32 salt)`.
#[must_use]
pub fn type_hash(encoded_type: &str) -> [u8; 32] {
    keccak256(encoded_type.as_bytes())
}

/// `hashStruct`: Keccak-256 of the type hash and the members' words, in the order of the type.
#[must_use]
pub fn struct_hash(type_hash: &[u8; 32], words: &[[u8; 32]]) -> [u8; 32] {
    let mut hasher = Keccak256::new();
    hasher.update(type_hash);
    words.iter().for_each(|word| hasher.update(word));
    hasher.finalize().0
}

/// The domain separator of `("Lockstep", "1", salt)`; the salt is the ledger's id.
#[must_use]
pub fn domain_separator(salt: &[u8; 32]) -> [u8; 32] {
    let (domain, [name, version]) = &*DOMAIN;
    struct_hash(domain, &[*name, *version, *salt])
}

/// What is signed: Keccak-256 of `0x19 0x01 ‖ domain separator ‖ hashStruct`.
#[must_use]
pub fn signing_hash(domain_separator: &[u8; 32], struct_hash: &[u8; 32]) -> [u8; 32] {
    let mut hasher = Keccak256::new();
    hasher.update([0x19, 0x01]);
    hasher.update(domain_separator);
    hasher.update(struct_hash);
    hasher.finalize().0
}

/// The word of a `string` member: Keccak-256 of its UTF-8 bytes.
#[must_use]
pub fn string_word(text: &str) -> [u8; 32] {
    keccak256(text.as_bytes())
}

/// The word of an unsigned integer member of at most 64 bits: big-endian, left-padded with zeros.
#[must_use]
pub fn uint_word(number: u64) -> [u8; 32] {
    let mut word = [0u8; 32];
    if let Some(tail) = word.last_chunk_mut::<8>() {
        *tail = number.to_be_bytes();
    }
    word
}

/// The word of an `address` member: left-padded with zeros.
#[must_use]
pub fn address_word(address: &[u8; 20]) -> [u8; 32] {
    let mut word = [0u8; 32];
    if let Some(tail) = word.last_chunk_mut::<20>() {
        *tail = *address;
    }
    word
}

/// The word of an array member: Keccak-256 of its elements' words, one after another.
#[must_use]
pub fn array_word(words: &[[u8; 32]]) -> [u8; 32] {
    keccak256(words.as_flattened())
}

#[cfg(test)]
mod tests;
