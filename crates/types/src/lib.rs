//! Words and values that every other crate speaks in. Nothing here knows a party, a policy or a ledger.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::todo,
        clippy::as_conversions,
        clippy::float_arithmetic
    )
)]

pub mod account;
pub mod canonical;
pub mod digest;
pub mod lei;
pub mod limits;
pub mod money;
pub mod name;
pub mod time;

pub use account::{Address, ChainId};
pub use digest::{
    AttestationDigest, CaseId, CertificateDigest, ClaimDigest, CommitteeDigest, CredentialDigest, Digest,
    DocumentDigest, EnvelopeDigest, EvidenceDigest, KeyId, LeafHash, LedgerId, MapKey, PolicyDigest,
    RootHash, Salt, UseKey, sha256, sha256_parts,
};
pub use lei::Lei;
pub use money::{Amount, Currency, Money};
pub use name::Name;
pub use time::Time;
