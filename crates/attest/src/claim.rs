//! Claims: one named, salted value each, so that each can be withheld alone (specs/attestation.md §3).

use lockstep_crypto::eip712::{keccak256, string_word, struct_hash};
use lockstep_types::{ClaimDigest, Salt};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// The EIP-712 type of a claim; its digest is `hashStruct` in every suite.
pub const CLAIM_TYPE: &[u8] = b"Claim(string name,string value,bytes32 salt)";

/// `typeHash` of a claim; every claim of every attestation needs it.
static CLAIM_TYPE_HASH: LazyLock<[u8; 32]> = LazyLock::new(|| keccak256(CLAIM_TYPE));

/// A claim as its maker and its permitted readers see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The name that the policy declares.
    pub name: String,
    /// 32 random bytes: without them a short value could be guessed from the digest.
    pub salt: Salt,
    /// The one canonical text of the value's type.
    pub value: String,
}

impl Claim {
    /// `hashStruct` of the claim (EIP-712).
    #[must_use]
    pub fn digest(&self) -> ClaimDigest {
        let words = [string_word(&self.name), string_word(&self.value), self.salt.0];
        ClaimDigest(struct_hash(&CLAIM_TYPE_HASH, &words))
    }
}
