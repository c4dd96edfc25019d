//! From one committee to the next, by what both have signed.

use lockstep_api::answer::HandoverRow;
use lockstep_crypto::tree::{TreeError, TreeHead, verify_inclusion};
use lockstep_kernel::{Action, Body};
use lockstep_ledger::{Committee, CommitteeError, HandoverError};
use lockstep_types::{CaseId, LedgerId};

/// Why a handover is not followed.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// What is named is no committee.
    #[error("the members named are no committee")]
    Committee(#[from] CommitteeError),
    /// The records are not those of a rotation.
    #[error("the records shown are not those of a rotation")]
    Records,
    /// The second record is not in the log that was signed.
    #[error("the rotation is not in the log that both committees have signed")]
    Inclusion(#[from] TreeError),
    /// The certificates do not hold.
    #[error("the handover does not hold")]
    Handover(#[from] HandoverError),
}

/// The committee after `before`. That `before` has signed a log with the record says that the rotation took
/// effect by the rules; the record names its case, and the case's first record, by its hash, the members.
pub(crate) fn next(
    ledger: &LedgerId,
    before: &Committee,
    row: &HandoverRow,
) -> Result<Committee, RotationError> {
    let HandoverRow { enacted, handover, inclusion, index, proposed } = row;
    let rotation = match (Body::from_slice(proposed.body()), Body::from_slice(enacted.body())) {
        (Ok(Body::Proposed(named)), Ok(Body::Enacted(effect)))
            if effect.case == CaseId(proposed.leaf_hash().0) =>
        {
            match named.action {
                Action::Rotate(rotation) => rotation,
                _ => return Err(RotationError::Records),
            }
        }
        _ => return Err(RotationError::Records),
    };
    let after = Committee::new(before.epoch().saturating_add(1), rotation.cosigners, rotation.threshold)?;
    let head = handover.verify(ledger, before, &after)?;
    let head = TreeHead { root: head.root, size: head.size };
    verify_inclusion(enacted.leaf_hash(), *index, inclusion, head)?;
    Ok(after)
}
