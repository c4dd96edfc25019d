//! The ledger: ordered records of one tenant, for whatever machine it carries.
//!
//! Records, their log, seals of the state map, checkpoints, quorum certificates, receipts and the rule by
//! which a signer signs are the same for every [`Machine`]. Nothing here knows what a case is.

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

pub mod certificate;
pub mod committee;
pub mod declaration;
mod encoding;
pub mod ledger;
pub mod log;
pub mod machine;
pub mod note;
pub mod overlay;
pub mod receipt;
pub mod record;
pub mod scribe;
pub mod seal;
pub mod signer;
#[cfg(test)]
mod toy;

pub use certificate::{
    Certificate, CertificateError, Checkpoint, CheckpointSignature, Handover, HandoverError, MemberSignature,
};
pub use committee::{Committee, CommitteeError, Member, Signers};
pub use declaration::{Declaration, DeclarationError, Declared};
pub use ledger::{
    ApplyError, DecideError, Decision, Difference, Input, InputError, LastSeal, Ledger, ReplayError,
    SealError,
};
pub use machine::{CorruptBody, CorruptCommand, Machine, View};
pub use overlay::{MapChanges, MapStore, Overlay};
pub use receipt::{
    AcceptedBatch, AcceptedReceipt, CertifiedReceipt, Item, ItemResult, Place, Receipt, RefusedItem,
};
pub use record::{Leaf, Record, RecordError, Tag};
pub use scribe::{Entry, Scribe, Seed};
pub use seal::{SealBody, seal_due};
pub use signer::{SignedHead, SigningRefusal, SigningRequest, SigningRule};
