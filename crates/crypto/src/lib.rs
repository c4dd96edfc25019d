//! Signature suites, EIP-712 hashing, RFC 6962 trees and the state map.
//!
//! Nothing here knows what is signed, what a leaf says or where nodes are kept: messages, leaves and nodes
//! are bytes given by the caller. Bytes are stated in `specs/suites.md` and `specs/state-map.md`.
//!
//! No cryptographic primitive is ours: Ed25519 comes from `ed25519-zebra`, P-256 from `aws-lc-rs`, secp256k1
//! from libsecp256k1, SHA-256 from `sha2`, Keccak-256 from `alloy-primitives`.
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

pub mod eip712;
pub mod map;
pub mod secret;
pub mod suite;
pub mod tree;

pub use map::{MapEnd, MapError, MapNode, MapNodes, MapProof, MapProofError, NodeAt};
pub use secret::{SecretError, SecretKey};
pub use suite::{
    Check, KeyError, Message, MessageKind, PublicKey, SignatureError, Suite, normalise, recover, verify,
    verify_batch,
};
pub use tree::{Frontier, Hashes, Subtrees, TreeError, TreeHead};
