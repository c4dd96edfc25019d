//! What stands in a block, with the header that its hash is of.

use super::State;
use crate::domain::{Block, Log};
use alloy_consensus::constants::EMPTY_WITHDRAWALS;
use alloy_consensus::proofs::{calculate_receipt_root, calculate_transaction_root};
use alloy_consensus::transaction::Recovered;
use alloy_consensus::{
    Eip658Value, EthereumTxEnvelope, Header, Receipt, ReceiptEnvelope, TxEip4844, TxReceipt,
};
use alloy_primitives::{Address, B256, Bytes};

/// A transaction in its envelope, signature included.
pub type Envelope = EthereumTxEnvelope<TxEip4844>;

/// A transaction in a block.
pub struct Included {
    /// The transaction and who sent it.
    pub transaction: Recovered<Envelope>,
    /// Whether it took effect, its gas, its logs.
    pub receipt: ReceiptEnvelope,
    /// The contract that it created.
    pub created: Option<Address>,
}

impl Included {
    /// Its hash.
    pub fn hash(&self) -> B256 {
        *self.transaction.tx_hash()
    }

    /// What `transaction`, alone in its block, left behind.
    pub fn new(
        transaction: Recovered<Envelope>,
        (succeeded, gas): (bool, u64),
        logs: Vec<alloy_primitives::Log>,
        created: Option<Address>,
    ) -> Self {
        let status = Eip658Value::Eip658(succeeded);
        let receipt = Receipt { status, cumulative_gas_used: gas, logs };
        let receipt = ReceiptEnvelope::from_typed(transaction.tx_type(), receipt);
        Self { transaction, receipt, created }
    }
}

/// A block with what happened in it.
pub struct Mined {
    /// As the port tells of it.
    pub block: Block,
    /// What its hash is of.
    pub header: Header,
    /// Its transaction, if it has one.
    pub included: Option<Included>,
    /// What contracts noted.
    pub logs: Vec<Log>,
    /// The chain before it, while it may still be replaced.
    pub before: State,
}

impl Mined {
    /// The block after `parent`; `mark` tells apart what a header alone would not.
    pub fn after(
        parent: &Block,
        timestamp: u64,
        (included, mark): (Option<Included>, Bytes),
        before: State,
    ) -> Self {
        let number = parent.number.saturating_add(1);
        let header = Header {
            parent_hash: parent.hash,
            number,
            timestamp,
            mix_hash: parent.hash,
            extra_data: mark,
            ..with_content(included.as_ref())
        };
        Self::new(header, included, before)
    }

    /// Block 0. Two chains differ from it on, by their ids.
    pub fn first(chain_id: u64, timestamp: u64) -> Self {
        let mark = Bytes::copy_from_slice(&chain_id.to_be_bytes());
        Self::new(Header { timestamp, extra_data: mark, ..with_content(None) }, None, State::default())
    }

    fn new(header: Header, included: Option<Included>, before: State) -> Self {
        let (number, timestamp) = (header.number, header.timestamp);
        let block = Block { number, hash: header.hash_slow(), timestamp };
        let logs = included.as_ref().map_or_else(Vec::new, |included| logs(number, included));
        Self { block, header, included, logs, before }
    }
}

fn logs(block: u64, included: &Included) -> Vec<Log> {
    let log = |(index, event): (u64, &alloy_primitives::Log)| Log {
        address: event.address,
        topics: event.topics().to_vec(),
        data: event.data.data.clone(),
        block,
        transaction: included.hash(),
        index,
    };
    (0..).zip(included.receipt.logs()).map(log).collect()
}

/// The fields of a Cancun header that follow from the content. The root of the state is not computed: nobody
/// proves anything against this chain.
fn with_content(included: Option<&Included>) -> Header {
    let mut header = Header {
        gas_limit: super::GAS_MAX,
        base_fee_per_gas: Some(0),
        withdrawals_root: Some(EMPTY_WITHDRAWALS),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        state_root: B256::ZERO,
        ..Header::default()
    };
    if let Some(included) = included {
        header.gas_used = included.receipt.cumulative_gas_used();
        header.logs_bloom = included.receipt.bloom();
        header.transactions_root = calculate_transaction_root(&[included.transaction.inner()]);
        header.receipts_root = calculate_receipt_root(core::slice::from_ref(&included.receipt));
    }
    header
}
