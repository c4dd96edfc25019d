//! Snapshots: a ledger as it was at a seal, so that the next start runs only what came after it.

use crate::replica::ReplicaError;
use lockstep_kernel::Kernel;
use lockstep_ledger::overlay::MapChanges;
use lockstep_store::{MapRow, Snapshot, Store};
use std::sync::Arc;

/// A ledger as it was at a seal, to be written as a snapshot. It shares what the ledger goes on with.
pub(crate) struct SnapshotDraft {
    pub(crate) size: u64,
    pub(crate) ledger: Vec<u8>,
    pub(crate) kernel: Kernel,
    pub(crate) map: Arc<MapChanges>,
}

impl SnapshotDraft {
    pub(crate) fn write(&self, store: &dyn Store) -> Result<(), ReplicaError> {
        let state = join(&self.ledger, &self.kernel.to_snapshot()?);
        let nodes = self.map.nodes.iter().map(|(at, node)| MapRow::Node(*at, Some(node.to_bytes().to_vec())));
        let values = self.map.values.iter().map(|(key, value)| MapRow::Value(*key, value.clone()));
        store.put_snapshot(&Snapshot { size: self.size, state }, &mut nodes.chain(values))?;
        Ok(())
    }
}

/// Two parts with the length of the first before them.
fn join(first: &[u8], second: &[u8]) -> Vec<u8> {
    let length = u64::try_from(first.len()).unwrap_or(u64::MAX).to_be_bytes();
    [&length, first, second].concat()
}

pub(crate) fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    rest.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)
}
