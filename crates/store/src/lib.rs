//! Compare-and-append: where a ledger's bytes live. Knows no kernel, no policy and no key.
//!
//! [`Store`] is the port. [`Embedded`] keeps a ledger in a folder, [`Memory`] serves simulations, and both
//! give the same answers. [`GroupCommit`] makes the batches of many threads durable together; [`stream`]
//! re-reads a long ledger with bounded memory. [`SignerState`] is a signer's own memory, kept apart from any
//! store.

mod batch;
mod embedded;
mod error;
mod group;
pub mod limits;
mod lock;
mod memory;
mod signer;
mod store;

pub use batch::{Append, Batch, Erased, Head, LEAF_BYTES, Snapshot, StoredRecord};
pub use embedded::{Checked, Embedded};
pub use error::{Result, StoreError};
pub use group::{GroupCommit, Ticket};
pub use memory::Memory;
pub use signer::{SignerError, SignerState};
pub use store::{IndexRow, MapRow, NodeKey, Records, Store, stream};
