//! The log as files that any C2SP client reads: tiles, entry bundles, and the text of a checkpoint.
//!
//! Paths and bytes are given; who writes or serves them is the shell's business.
//! <https://c2sp.org/tlog-tiles>, specs/log.md.

mod bundle;
mod check;
mod head;
mod path;
mod reader;
mod writer;

pub use bundle::{BundleError, bundle_decode, bundle_encode};
pub use check::{CheckedLog, CheckpointError, LogCheckError, LogFiles, SignedCheckpoint, check_log};
pub use head::{HeadError, LogHead, is_ledger_origin, origin};
pub use path::{PathError, TileKind, TilePath};
pub use reader::{TileHashes, log_root};
pub use writer::{TileError, TileWriter};

/// Hashes in a full tile, entries in a full bundle.
pub const TILE_WIDTH: u16 = 256;
/// Bytes of a hash.
const HASH_BYTES: usize = 32;

#[cfg(test)]
mod tests;
