//! *Certified*: a record under a quorum certificate.

use super::{Place, RECEIPT_VERSION};
use crate::certificate::{Certificate, CertificateError, Checkpoint};
use crate::committee::Committee;
use lockstep_crypto::tree::{self, TreeError, TreeHead};
use lockstep_types::{Digest, LedgerId};
use serde::{Deserialize, Serialize};

/// Shows that k co-signers have re-run a ledger in which a record stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertifiedReceipt {
    /// The certificate.
    pub certificate: Certificate,
    /// Inclusion proof of the record in the certified log.
    pub path: Vec<Digest>,
    /// The record.
    pub record: Place,
    /// [`RECEIPT_VERSION`].
    pub version: u8,
}

/// Why a receipt does not count, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertifiedError {
    /// Another version than 1.
    #[error("receipt version `{found}`: expected {RECEIPT_VERSION}")]
    Version {
        /// The version found.
        found: u8,
    },
    /// The certificate does not count.
    #[error("the certificate does not count")]
    Certificate(#[source] CertificateError),
    /// The record is not in the certified log.
    #[error("the record is not in the certified log")]
    Path(#[source] TreeError),
}

impl CertifiedReceipt {
    /// Checks certificate and inclusion; gives the checkpoint under which the record stands.
    ///
    /// # Errors
    /// [`CertifiedError`], in the order of the checks.
    pub fn verify(&self, ledger: &LedgerId, committee: &Committee) -> Result<Checkpoint, CertifiedError> {
        if self.version != RECEIPT_VERSION {
            return Err(CertifiedError::Version { found: self.version });
        }
        let checkpoint = self.certificate.verify(ledger, committee).map_err(CertifiedError::Certificate)?;
        let head = TreeHead { size: checkpoint.size, root: checkpoint.root };
        tree::verify_inclusion(self.record.leaf, self.record.index, &self.path, head)
            .map_err(CertifiedError::Path)?;
        Ok(checkpoint)
    }
}
