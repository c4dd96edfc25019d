//! Blocks, transactions, receipts and logs in the form that wallets read.

use crate::domain;
use crate::domain::Block;
use crate::embedded::{Envelope, Included, Mined};
use alloy_consensus::Transaction as _;
use alloy_primitives::LogData;
use alloy_rpc_types_eth::{
    Block as WireBlock, BlockTransactions, Header, Log, Transaction, TransactionReceipt,
};

/// A block, with its transactions or with their hashes.
pub fn block(mined: &Mined, whole: bool) -> WireBlock<Transaction<Envelope>> {
    let header =
        Header { hash: mined.block.hash, inner: mined.header.clone(), total_difficulty: None, size: None };
    let transactions = if whole {
        BlockTransactions::Full(transaction(mined).into_iter().collect())
    } else {
        BlockTransactions::Hashes(mined.included.iter().map(Included::hash).collect())
    };
    WireBlock::new(header, transactions).with_withdrawals(Some(Vec::new().into()))
}

/// The transaction of a block.
pub fn transaction(mined: &Mined) -> Option<Transaction<Envelope>> {
    let included = mined.included.as_ref()?;
    Some(Transaction {
        inner: included.transaction.clone(),
        block_hash: Some(mined.block.hash),
        block_number: Some(mined.block.number),
        transaction_index: Some(0),
        // Nothing is charged, whatever was offered.
        effective_gas_price: Some(0),
        block_timestamp: Some(mined.block.timestamp),
    })
}

/// The receipt of a block's transaction.
pub fn receipt(mined: &Mined) -> Option<TransactionReceipt> {
    let included = mined.included.as_ref()?;
    let mut logs = mined.logs.iter().map(|noted| log(&mined.block, noted));
    let inner = included.receipt.clone().map_logs(|_| logs.next().unwrap_or_default());
    Some(TransactionReceipt {
        inner,
        transaction_hash: included.hash(),
        transaction_index: Some(0),
        block_hash: Some(mined.block.hash),
        block_number: Some(mined.block.number),
        gas_used: included.receipt.cumulative_gas_used(),
        effective_gas_price: 0,
        blob_gas_used: None,
        blob_gas_price: None,
        from: included.transaction.signer(),
        to: included.transaction.to(),
        contract_address: included.created,
    })
}

/// What a contract noted in a block.
pub fn log(block: &Block, noted: &domain::Log) -> Log {
    let data = LogData::new_unchecked(noted.topics.clone(), noted.data.clone());
    Log {
        inner: alloy_primitives::Log { address: noted.address, data },
        block_hash: Some(block.hash),
        block_number: Some(block.number),
        block_timestamp: Some(block.timestamp),
        transaction_hash: Some(noted.transaction),
        transaction_index: Some(0),
        log_index: Some(noted.index),
        removed: false,
    }
}
