//! Programs behind `exec:` (docs/how-to/signers.md): they ask a device or a service for one signature, and
//! give it out only in the one form that counts, and only if it holds.
//!
//! What is signed is bytes here: no statement, no ledger, no policy.

pub mod fit;
pub mod http;
pub mod pkcs11;
pub mod serve;
pub mod settings;
pub mod spki;
