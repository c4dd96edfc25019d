//! Compare-and-append: where a ledger's bytes live. Knows no kernel, no policy and no key.
//!
//! [`Store`] is the port; [`Memory`] serves simulations. [`stream`] re-reads a long ledger with
//! bounded memory.

mod batch;
mod error;
pub mod limits;
mod memory;
mod store;

pub use batch::{Append, Batch, Erased, Head, LEAF_BYTES, Snapshot, StoredRecord};
pub use error::{Result, StoreError};
pub use memory::Memory;
pub use store::{IndexRow, NodeKey, Records, Store, stream};
