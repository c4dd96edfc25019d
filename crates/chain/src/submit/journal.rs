//! What an account has sent and is not final yet. Written before anything leaves, so that a crash neither
//! sends twice under two nonces nor leaves a gap.

use crate::domain::Block;
use crate::submit::plan::{Fees, Waiting};
use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_primitives::{Address, B256, Bytes, Signature};
use serde::{Deserialize, Serialize};

/// The format that this program reads and writes.
pub const FORMAT: &str = "lockstep-submissions/1";
/// Most transactions of an account that are not final.
pub const ENTRIES_MAX: usize = 64;
/// Most times that one transaction is offered for more.
pub const ATTEMPTS_MAX: usize = 32;
/// Longest journal that is read.
pub const BYTES_MAX: usize = 32 * 1_048_576;

/// Where a journal is kept, for one account on one chain. One process has it at a time.
pub trait Journal {
    /// What was kept last; nothing at first.
    ///
    /// # Errors
    /// It cannot be read.
    fn load(&self) -> Result<Option<Vec<u8>>, String>;

    /// Keeps this in place of what was there; it must be durable before this returns.
    ///
    /// # Errors
    /// It cannot be kept: nothing is sent then.
    fn keep(&mut self, bytes: &[u8]) -> Result<(), String>;
}

/// A journal that ends with the process, where nothing sent has to outlive it.
#[derive(Debug, Clone, Default)]
pub struct InMemory(pub Option<Vec<u8>>);

impl Journal for InMemory {
    fn load(&self) -> Result<Option<Vec<u8>>, String> {
        Ok(self.0.clone())
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.0 = Some(bytes.to_vec());
        Ok(())
    }
}

/// A transaction that is not final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What it is for; the same is not sent again. Empty: it is like no other.
    pub label: String,
    /// As it is offered now.
    pub transaction: TxEip1559,
    /// Over that.
    pub signature: Signature,
    /// Hashes of all attempts, the present one last: any of them may land.
    pub attempts: Vec<B256>,
    /// Newest block when it was offered so.
    pub since: u64,
}

impl Entry {
    /// The signed transaction and its hash.
    #[must_use]
    pub fn signed(&self) -> (B256, Bytes) {
        let signed = self.transaction.clone().into_signed(self.signature);
        let mut raw = Vec::with_capacity(signed.eip2718_encoded_length());
        signed.eip2718_encode(&mut raw);
        (*signed.hash(), raw.into())
    }

    /// What it offers and since when.
    #[must_use]
    pub const fn waiting(&self) -> Waiting {
        let TxEip1559 { nonce, max_fee_per_gas, max_priority_fee_per_gas, .. } = self.transaction;
        let fees = Fees { most: max_fee_per_gas, tip: max_priority_fee_per_gas };
        Waiting { nonce, fees, since: self.since }
    }
}

/// All that is not final, in the order of nonces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Book {
    /// [`FORMAT`].
    pub format: String,
    /// EIP-155.
    pub chain_id: u64,
    /// Whose transactions.
    pub account: Address,
    /// The last block that was final: it stays so.
    #[serde(with = "final_block")]
    pub settled: Option<Block>,
    /// The transactions.
    pub entries: Vec<Entry>,
}

impl Book {
    /// An empty one.
    #[must_use]
    pub fn new(chain_id: u64, account: Address) -> Self {
        Self { format: FORMAT.to_owned(), chain_id, account, settled: None, entries: Vec::new() }
    }

    /// Reads a journal of this account on this chain.
    ///
    /// # Errors
    /// What is wrong with it. It must not be thrown away: what it names may still land.
    pub fn read(journal: &dyn Journal, chain_id: u64, account: Address) -> Result<Self, String> {
        let Some(bytes) = journal.load()? else { return Ok(Self::new(chain_id, account)) };
        if bytes.len() > BYTES_MAX {
            return Err(format!("the journal is longer than {BYTES_MAX} bytes"));
        }
        let book: Self = serde_json::from_slice(&bytes).map_err(|error| format!("no journal: {error}"))?;
        if book.format != FORMAT {
            return Err(format!("the journal's format is not `{FORMAT}`"));
        }
        if (book.chain_id, book.account) != (chain_id, account) {
            let (found, whose) = (book.chain_id, book.account);
            return Err(format!(
                "the journal is of `{whose}` on chain {found}, expected `{account}` on chain {chain_id}"
            ));
        }
        let nonces = book.entries.iter().map(|entry| entry.transaction.nonce);
        let ordered = nonces.clone().zip(nonces.skip(1)).all(|(one, next)| one < next);
        let counted = book.entries.len() <= ENTRIES_MAX
            && book.entries.iter().all(|entry| (1..=ATTEMPTS_MAX).contains(&entry.attempts.len()));
        if !ordered || !counted {
            return Err("the journal's transactions are not one after the other".to_owned());
        }
        Ok(book)
    }

    /// Writes it.
    ///
    /// # Errors
    /// As [`Journal::keep`].
    pub fn write(&self, journal: &mut dyn Journal) -> Result<(), String> {
        let bytes = serde_json::to_vec(self).map_err(|error| error.to_string())?;
        journal.keep(&bytes)
    }

    /// The nonce after the last one that is in use here.
    #[must_use]
    pub fn nonce_next(&self) -> u64 {
        self.entries.last().map_or(0, |entry| entry.transaction.nonce.saturating_add(1))
    }
}

/// A block as three fields.
mod final_block {
    use super::{B256, Block};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Kept {
        hash: B256,
        number: u64,
        timestamp: u64,
    }

    #[expect(clippy::ref_option, reason = "what serde calls has this form")]
    pub(super) fn serialize<S: Serializer>(block: &Option<Block>, serializer: S) -> Result<S::Ok, S::Error> {
        let kept = block.map(|Block { number, hash, timestamp }| Kept { hash, number, timestamp });
        kept.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Block>, D::Error> {
        let kept = Option::<Kept>::deserialize(deserializer)?;
        Ok(kept.map(|Kept { hash, number, timestamp }| Block { number, hash, timestamp }))
    }
}

#[cfg(test)]
mod tests;
