//! Snapshots: a ledger as it was at a seal, so that the next start runs only what came after it.

use crate::replica::ReplicaError;
use lockstep_kernel::Kernel;
use lockstep_ledger::overlay::MapChanges;
use lockstep_store::{MapRow, Snapshot, Store};
use std::sync::Arc;

/// Records between two snapshots: a start applies at most about as many.
pub(crate) const EVERY: u64 = 24_576;
/// Changed nodes of the state map at which a snapshot is due earlier. They stay in memory until the one after
/// it, and the larger a map, the more of them a record changes.
const NODES: usize = 49_152;
/// The part of the usual records that has to come before many nodes count: every snapshot writes what is
/// open.
const LEAST: u64 = 8;

/// Whether a snapshot is due after so many records, where it usually is after `every`, that changed so many
/// nodes of the map.
pub(crate) const fn due((records, every): (u64, u64), nodes: usize) -> bool {
    records >= every || (records >= every / LEAST && nodes >= NODES)
}

/// A ledger as it was at a seal, to be written as a snapshot. It shares what the ledger goes on with.
pub struct SnapshotDraft {
    pub(crate) size: u64,
    pub(crate) ledger: Vec<u8>,
    pub(crate) kernel: Kernel,
    pub(crate) map: Arc<MapChanges>,
}

impl SnapshotDraft {
    /// Writes it, and gives the number of records that it covers; they and their tiles are there already.
    ///
    /// # Errors
    /// The store's.
    pub fn write(self, store: &dyn Store) -> Result<u64, ReplicaError> {
        let mut state = u64::try_from(self.ledger.len()).unwrap_or(u64::MAX).to_be_bytes().to_vec();
        state.extend(&self.ledger);
        self.kernel.write_snapshot(&mut state)?;
        let nodes = self.map.nodes.iter().map(|(at, node)| MapRow::Node(*at, Some(node.to_bytes().to_vec())));
        let values = self.map.values.iter().map(|(key, value)| MapRow::Value(*key, value.clone()));
        store.put_snapshot(Snapshot { size: self.size, state }, &mut nodes.chain(values))?;
        Ok(self.size)
    }
}

/// The ledger's part and the kernel's: the length of the first, 8 bytes, stands before both.
pub(crate) fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    rest.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)
}

#[cfg(test)]
mod tests;
