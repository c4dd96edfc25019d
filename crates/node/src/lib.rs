//! Appender, co-signer and signer. They read no clock, open no file and draw no random number: time, seeds,
//! store and tile files are handed in, so that `sim` can drive the very same code from one seed.

pub mod appender;
pub mod archive;
pub mod client;
pub mod cosigner;
pub mod epochs;
pub mod feed;
pub mod index;
pub mod pipeline;
pub mod port;
pub mod quorum;
pub mod records;
pub mod replica;
pub mod signer;
mod snapshot;
mod tiles;
pub mod undecided;

pub use appender::{Accepted, Admitted, Answer, Appender, AppenderError};
pub use archive::{Archive, ArchiveError};
pub use cosigner::{Cosigner, CosignerError};
pub use pipeline::{Asked, Look, Ports, SealedHead, Tell, Work};
pub use port::{Seeds, SignerMemory, TileFiles};
pub use quorum::{Quorum, Quorums};
pub use replica::{Replica, ReplicaError};
pub use signer::{CheckpointSigner, SignerError, declare};
pub use snapshot::SnapshotDraft;

#[cfg(test)]
mod tests;
