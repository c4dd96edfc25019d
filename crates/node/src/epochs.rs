//! The committees of a ledger, epoch by epoch, as its records name them.

use crate::index;
use crate::records::{at, enacted};
use crate::replica::ReplicaError;
use lockstep_kernel::{Action, Body, Entity};
use lockstep_ledger::{Committee, CommitteeError};
use lockstep_store::{Store, StoreError};
use lockstep_types::CaseId;

/// An epoch of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    /// Whose certificates counted.
    pub committee: Committee,
    /// Number of the record by which it began: genesis, or `enacted`.
    pub began: u64,
    /// Number of the record that names its members: genesis, or `proposed`.
    pub named: u64,
}

/// Why nothing can be said of epochs.
#[derive(Debug, thiserror::Error)]
pub enum EpochsError {
    /// Records cannot be read.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    /// The index cannot be read.
    #[error("the store fails")]
    Store(#[from] StoreError),
    /// What a record names is no committee.
    #[error("record {index} names no committee")]
    Committee {
        /// Number of the record.
        index: u64,
        /// Why.
        source: CommitteeError,
    },
}

/// All epochs so far, in order: found by the index, without a walk through the log.
///
/// # Errors
/// [`EpochsError`].
pub fn epochs(store: &dyn Store) -> Result<Vec<Epoch>, EpochsError> {
    let mut found = Vec::new();
    for named in index::records_of(store, &Entity::Committee)? {
        let Some(record) = at(store, named)? else { continue };
        match Body::from_slice(record.body()) {
            Ok(Body::Genesis(genesis)) => {
                found.push((named, named, genesis.cosigners.clone(), genesis.cosigner_threshold));
            }
            Ok(Body::Proposed(body)) => {
                let Action::Rotate(rotation) = body.action else { continue };
                let began = enacted(store, CaseId(record.leaf_hash().0))?;
                found.extend(began.map(|began| (began, named, rotation.cosigners, rotation.threshold)));
            }
            _ => {}
        }
    }
    found.sort_by_key(|(began, ..)| *began);
    let epoch = |(epoch, (began, named, members, threshold))| {
        let committee = Committee::new(epoch, members, threshold)
            .map_err(|source| EpochsError::Committee { index: named, source })?;
        Ok(Epoch { committee, began, named })
    };
    (0..).zip(found).map(epoch).collect()
}
