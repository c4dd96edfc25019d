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
//! What a party signs: DSSE envelopes around in-toto statements, salted claims, named evidence.
//!
//! This crate knows which bytes a signature covers and whether it holds. Whether the step is allowed, and
//! whether the key held the role, is the kernel's to say.

pub mod claim;
pub mod envelope;
pub mod evidence;
pub mod sign;
pub mod signer;
pub mod statement;
pub mod submission;
mod typed;

pub use claim::Claim;
pub use envelope::{Envelope, EnvelopeError, Signature};
pub use statement::{
    Attestation, Consumed, Credential, CredentialKey, Opening, Reading, Revocation, Seen, Statement,
    StatementError, StepVerdict, Withdrawal,
};
pub use submission::{Signed, Submission, SubmissionError, check_signatures};

#[cfg(test)]
mod tests;
