//! *Accepted*: one signature of the appender a batch, and a path from each item to it.

use super::{Item, RECEIPT_VERSION};
use crate::encoding::Base64;
use lockstep_crypto::tree::{self, Subtrees, TreeError, TreeHead};
use lockstep_crypto::{Message, PublicKey, SignatureError, Suite, suite};
use lockstep_types::canonical::{self, CanonicalError};
use lockstep_types::{Digest, LeafHash, LedgerId, RootHash};
use serde::{Deserialize, Serialize};

/// Every signed message begins so; no other message of Lockstep does.
const MESSAGE_PREFIX: &[u8] = b"lockstep/accepted/1\n";

/// The items that one signature covers.
#[derive(Debug, Clone)]
pub struct AcceptedBatch {
    ledger: LedgerId,
    items: Vec<Item>,
    subtrees: Subtrees,
}

/// The appender's word that it has recorded or refused an attestation.
///
/// It may not yet be certified. An appender that later shows another log is convicted by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedReceipt {
    /// Number of the item in its batch.
    pub index: u64,
    /// What was done.
    pub item: Item,
    /// The ledger.
    pub ledger: LedgerId,
    /// Inclusion proof of the item in the batch.
    pub path: Vec<Digest>,
    /// Root of the batch.
    pub root: RootHash,
    /// Ed25519 signature of the appender.
    signature: Base64,
    /// Items in the batch.
    pub size: u64,
    /// [`RECEIPT_VERSION`].
    pub version: u8,
}

/// Why a receipt does not count, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum AcceptedError {
    /// Another version than 1.
    #[error("receipt version `{found}`: expected {RECEIPT_VERSION}")]
    Version {
        /// The version found.
        found: u8,
    },
    /// Of another ledger.
    #[error("a receipt of ledger `{found}`: expected `{expected}`")]
    WrongLedger {
        /// The ledger asked about.
        expected: LedgerId,
        /// The ledger found.
        found: LedgerId,
    },
    /// Appenders sign with `ed25519`.
    #[error("an appender's key of suite `{found}`: expected `ed25519`")]
    Suite {
        /// The suite of the key given.
        found: Suite,
    },
    /// The item could not be written.
    #[error("the item could not be written")]
    Item(#[source] CanonicalError),
    /// The item is not in the batch.
    #[error("the item is not in the batch")]
    Path(#[source] TreeError),
    /// The appender has not signed the batch.
    #[error("the appender's signature does not hold")]
    Signature(#[source] SignatureError),
}

impl AcceptedBatch {
    /// A batch of items, in order.
    ///
    /// # Errors
    /// Never for this type; the error is that of the JSON writer.
    pub fn new(ledger: LedgerId, items: Vec<Item>) -> Result<Self, CanonicalError> {
        let hashes: Result<Vec<LeafHash>, _> = items.iter().map(item_hash).collect();
        Ok(Self { ledger, items, subtrees: hashes?.into_iter().collect() })
    }

    /// What the appender signs.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        message(&self.ledger, self.subtrees.frontier().head())
    }

    /// One receipt an item, in order, with the appender's signature over [`AcceptedBatch::message`].
    ///
    /// # Errors
    /// Never, as the batch holds its own tree.
    pub fn receipts(self, signature: &[u8]) -> Result<Vec<AcceptedReceipt>, TreeError> {
        let head = self.subtrees.frontier().head();
        let (ledger, subtrees) = (self.ledger, &self.subtrees);
        (0..head.size)
            .zip(self.items)
            .map(|(index, item)| {
                Ok(AcceptedReceipt {
                    index,
                    item,
                    ledger,
                    path: tree::inclusion_proof(subtrees, index, head.size)?,
                    root: head.root,
                    signature: Base64(signature.to_vec()),
                    size: head.size,
                    version: RECEIPT_VERSION,
                })
            })
            .collect()
    }
}

impl AcceptedReceipt {
    /// Checks that the appender with this key has signed for the item.
    ///
    /// # Errors
    /// [`AcceptedError`], in the order of the checks.
    pub fn verify(&self, ledger: &LedgerId, appender: &PublicKey) -> Result<(), AcceptedError> {
        if self.version != RECEIPT_VERSION {
            return Err(AcceptedError::Version { found: self.version });
        }
        if self.ledger != *ledger {
            return Err(AcceptedError::WrongLedger { expected: *ledger, found: self.ledger });
        }
        if appender.suite() != Suite::Ed25519 {
            return Err(AcceptedError::Suite { found: appender.suite() });
        }
        let head = TreeHead { size: self.size, root: self.root };
        let leaf = item_hash(&self.item).map_err(AcceptedError::Item)?;
        tree::verify_inclusion(leaf, self.index, &self.path, head).map_err(AcceptedError::Path)?;
        let message = message(ledger, head);
        suite::verify(appender, Message::Bytes(&message), &self.signature.0).map_err(AcceptedError::Signature)
    }
}

fn item_hash(item: &Item) -> Result<LeafHash, CanonicalError> {
    canonical::to_vec(item).map(|bytes| tree::leaf_hash(&bytes))
}

/// Prefix, ledger, size (8 bytes, big-endian), root.
fn message(ledger: &LedgerId, head: TreeHead) -> Vec<u8> {
    let size = head.size.to_be_bytes();
    [MESSAGE_PREFIX, ledger.as_bytes(), size.as_slice(), head.root.as_bytes()].concat()
}
