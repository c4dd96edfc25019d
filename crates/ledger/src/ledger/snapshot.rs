//! Snapshots: the ledger's own part. The machine gives its bytes itself, the map is written beside.

use super::{LastSeal, Ledger, RestoreError, SnapshotError};
use crate::machine::Machine;
use crate::overlay::{MapStore, Overlay};
use crate::record::Record;
use lockstep_crypto::tree::{self, Frontier};
use lockstep_types::canonical;
use lockstep_types::{Digest, LedgerId, RootHash, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest snapshot of a ledger's part, in bytes of canonical JSON.
pub const SNAPSHOT_BYTES_MAX: usize = 131_072;

/// A ledger right after a seal; before the first record there is no seal.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Snapshot {
    frontier: Frontier,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    id: Option<LedgerId>,
    map: RootHash,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    seal: Option<SealText>,
    time: Time,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SealText {
    inclusion: Vec<Digest>,
    record: Record,
}

impl<M: Machine, S: MapStore> Ledger<M, S> {
    /// The ledger's part of a snapshot. It stands for the state only together with the machine's bytes and
    /// [`Overlay::changes`], written at the same moment.
    ///
    /// # Errors
    /// [`SnapshotError::Unsealed`] anywhere but right after a seal.
    pub fn snapshot(&self) -> Result<Vec<u8>, SnapshotError> {
        if let Some(since) = self.first_unsealed {
            return Err(SnapshotError::Unsealed { since });
        }
        let seal = self
            .last_seal
            .as_ref()
            .map(|last| SealText { inclusion: last.inclusion.clone(), record: last.record.clone() });
        let snapshot = Snapshot {
            frontier: self.frontier.clone(),
            id: self.id,
            map: self.map_root,
            seal,
            time: self.last_time,
        };
        Ok(canonical::to_vec(&snapshot)?)
    }

    /// The ledger that [`Ledger::snapshot`] was taken of, with its machine and a store that holds its map.
    ///
    /// # Errors
    /// [`RestoreError`] when the bytes are no snapshot, or do not end in the seal that they name.
    pub fn restore(machine: M, store: S, bytes: &[u8]) -> Result<Self, RestoreError> {
        let Snapshot { frontier, id, map, seal, time } = canonical::from_slice(bytes, SNAPSHOT_BYTES_MAX)?;
        let head = frontier.head();
        let last_seal = match seal {
            None if head.size == 0 && id.is_none() => None,
            None => return Err(RestoreError::Contradiction { what: "records, and no seal" }),
            Some(SealText { inclusion, record }) => {
                let last = LastSeal { record, head, inclusion };
                check_seal(&last, id, map, time)?;
                Some(last)
            }
        };
        Ok(Self {
            machine,
            overlay: Overlay::new(store),
            frontier,
            map_root: map,
            id,
            last_time: time,
            last_seal,
            first_unsealed: None,
            unsealed: BTreeMap::new(),
            drafted: None,
        })
    }
}

fn check_seal(last: &LastSeal, id: Option<LedgerId>, map: RootHash, time: Time) -> Result<(), RestoreError> {
    let contradiction = |what| RestoreError::Contradiction { what };
    let seal = crate::seal::SealBody::of(&last.record)?.ok_or(contradiction("last record and seal"))?;
    let index = last.head.size.checked_sub(1).ok_or(contradiction("a seal, and no records"))?;
    tree::verify_inclusion(last.record.leaf_hash(), index, &last.inclusion, last.head)
        .map_err(|_| contradiction("seal and log"))?;
    if seal.map != map {
        return Err(contradiction("seal and map root"));
    }
    if last.record.time() != time {
        return Err(contradiction("seal and time"));
    }
    if id.is_none() {
        return Err(contradiction("records, and no genesis"));
    }
    Ok(())
}
