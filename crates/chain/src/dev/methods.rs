//! The methods, one arm each.

use super::error::RpcError;
use super::params::Params;
use super::raw::{self, TransactionError};
use super::{AHEAD_S_MAX, Answer, Dev, wire};
use crate::domain::{Domain, DomainError};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_rpc_types_eth::{Filter, FilterBlockOption, TransactionRequest};
use serde::Serialize;
use serde_json::{Number, Value, json};

/// What is served.
pub const METHODS: [&str; 21] = [
    "eth_blockNumber",
    "eth_call",
    "eth_chainId",
    "eth_estimateGas",
    "eth_feeHistory",
    "eth_gasPrice",
    "eth_getBalance",
    "eth_getBlockByHash",
    "eth_getBlockByNumber",
    "eth_getCode",
    "eth_getLogs",
    "eth_getStorageAt",
    "eth_getTransactionByHash",
    "eth_getTransactionCount",
    "eth_getTransactionReceipt",
    "eth_maxPriorityFeePerGas",
    "eth_sendRawTransaction",
    "evm_increaseTime",
    "evm_mine",
    "net_version",
    "web3_clientVersion",
];

/// Logs in one answer.
const LOGS_MAX: usize = 10_000;
/// Bytes of data that they may have together.
const LOG_BYTES_MAX: usize = 4 * 1_048_576;
/// Blocks that one history of fees covers.
const FEE_BLOCKS_MAX: u64 = 1_024;
/// Percentiles of one history of fees.
const PERCENTILES_MAX: usize = 100;

impl Dev {
    pub(super) fn dispatch(&mut self, method: &str, params: Value) -> Answer {
        let mut params = Params::new(method, params)?;
        match method {
            "evm_mine" | "evm_increaseTime" | "eth_sendRawTransaction" => self.change(method, params),
            "eth_chainId"
            | "net_version"
            | "web3_clientVersion"
            | "eth_blockNumber"
            | "eth_gasPrice"
            | "eth_maxPriorityFeePerGas" => {
                params.end()?;
                self.constant(method)
            }
            "eth_getBlockByNumber" | "eth_getBlockByHash" => self.block(method, params),
            "eth_getTransactionByHash" | "eth_getTransactionReceipt" => {
                let hash = params.required::<B256>("transaction hash")?;
                params.end()?;
                // A block's hash names no transaction.
                let mined = self.chain.find(&hash).filter(|mined| mined.block.hash != hash);
                if method == "eth_getTransactionByHash" {
                    return written(mined.and_then(wire::transaction));
                }
                written(mined.and_then(wire::receipt))
            }
            "eth_getBalance" | "eth_getCode" | "eth_getTransactionCount" | "eth_getStorageAt" => {
                self.account(method, params)
            }
            "eth_call" | "eth_estimateGas" => self.execution(method, params),
            "eth_feeHistory" => self.fee_history(params),
            "eth_getLogs" => {
                let filter = params.required::<Filter>("filter")?;
                params.end()?;
                self.logs(&filter)
            }
            _ => Err(RpcError::Method { method: method.to_owned() }),
        }
    }

    fn constant(&self, method: &str) -> Answer {
        match method {
            "eth_chainId" => written(U64::from(self.chain.chain_id())),
            "net_version" => written(self.chain.chain_id().to_string()),
            "web3_clientVersion" => written(concat!("lockstep/", env!("CARGO_PKG_VERSION"), "/chain-dev")),
            "eth_blockNumber" => written(U64::from(self.chain.newest().number)),
            // Nothing is charged.
            _ => written(U64::ZERO),
        }
    }

    /// What changes the chain.
    fn change(&mut self, method: &str, mut params: Params<'_>) -> Answer {
        match method {
            "evm_mine" => {
                params.end()?;
                self.has_room()?;
                self.chain.mine(1, 0);
                written(U64::ZERO)
            }
            "evm_increaseTime" => {
                let seconds = params.required::<U64>("seconds")?;
                params.end()?;
                let ahead =
                    seconds.to::<u64>().checked_add(self.ahead_s).filter(|ahead| *ahead <= AHEAD_S_MAX);
                let too_far = || format!("the clock may be set ahead by {AHEAD_S_MAX} seconds in all");
                self.ahead_s = ahead.ok_or_else(|| RpcError::Params { what: too_far() })?;
                written(U64::from(self.ahead_s))
            }
            _ => {
                let bytes = params.required::<Bytes>("transaction")?;
                params.end()?;
                self.send(&bytes)
            }
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Answer {
        let transaction = raw::decode(bytes, self.chain.chain_id())?;
        let has = self.account_at(self.chain.newest().number, transaction.signer())?.balance;
        raw::check(&self.chain, &transaction, has)?;
        self.has_room()?;
        let hash = *transaction.tx_hash();
        // One that reverts is in a block too: its receipt says so.
        match self.chain.include(transaction, Bytes::new()) {
            Ok(_) => written(hash),
            Err(DomainError::Halted { what }) => Err(TransactionError::Refused { what }.into()),
            Err(error) => Err(RpcError::Internal { what: error.to_string() }),
        }
    }

    fn block(&self, method: &str, mut params: Params<'_>) -> Answer {
        let mined = if method == "eth_getBlockByNumber" {
            let tag = params.required::<BlockNumberOrTag>("block")?;
            self.chain.mined(self.number(tag)).ok()
        } else {
            let hash = params.required::<B256>("block hash")?;
            self.chain.find(&hash).filter(|mined| mined.block.hash == hash)
        };
        let whole = params.optional::<bool>("whole transactions")?.unwrap_or_default();
        params.end()?;
        written(mined.map(|mined| wire::block(mined, whole)))
    }

    fn account(&self, method: &str, mut params: Params<'_>) -> Answer {
        let address = params.required::<Address>("address")?;
        let slot = match method {
            "eth_getStorageAt" => params.required::<U256>("slot")?,
            _ => U256::ZERO,
        };
        let number = self.known(params.optional::<BlockId>("block")?)?;
        params.end()?;
        match method {
            "eth_getBalance" => written(self.account_at(number, address)?.balance),
            "eth_getTransactionCount" => written(U64::from(self.account_at(number, address)?.nonce)),
            "eth_getCode" => written(self.code_at(number, address)?),
            _ => written(B256::from(self.storage_at(number, address, slot)?)),
        }
    }

    fn execution(&self, method: &str, mut params: Params<'_>) -> Answer {
        let request = params.required::<TransactionRequest>("call")?;
        let number = self.known(params.optional::<BlockId>("block")?)?;
        params.end()?;
        if method == "eth_call" {
            return written(self.call(number, request)?);
        }
        written(U64::from(self.estimate(number, request)?))
    }

    /// There are no fees, so that only how full blocks were has something to tell.
    fn fee_history(&self, mut params: Params<'_>) -> Answer {
        let count = params.required::<U64>("block count")?.to::<u64>();
        let newest = self.known(Some(params.required::<BlockNumberOrTag>("newest block")?.into()))?;
        let percentiles = params.optional::<Vec<Number>>("percentiles")?.map(|list| list.len());
        params.end()?;
        let refused = |what: String| Err(RpcError::Params { what });
        if !(1..=FEE_BLOCKS_MAX).contains(&count) {
            return refused(format!("{count} blocks, expected 1 to {FEE_BLOCKS_MAX}"));
        }
        if percentiles.is_some_and(|found| found > PERCENTILES_MAX) {
            return refused(format!("at most {PERCENTILES_MAX} percentiles are answered"));
        }
        let oldest = newest.saturating_add(1).saturating_sub(count);
        let mined = (oldest..=newest).filter_map(|number| self.chain.mined(number).ok());
        let ratios: Vec<Number> = mined.filter_map(|mined| ratio(mined.header.gas_used)).collect();
        let none = vec![U64::ZERO; ratios.len().saturating_add(1)];
        let rewards = percentiles.map(|width| vec![vec![U64::ZERO; width]; ratios.len()]);
        Ok(json!({
            "oldestBlock": U64::from(oldest),
            "baseFeePerGas": none,
            "baseFeePerBlobGas": none,
            "gasUsedRatio": ratios,
            "blobGasUsedRatio": vec![0; ratios.len()],
            "reward": rewards,
        }))
    }

    fn logs(&self, filter: &Filter) -> Answer {
        let (from, to) = match &filter.block_option {
            FilterBlockOption::AtBlockHash(hash) => {
                let number = self.known(Some(BlockId::from(*hash)))?;
                (number, number)
            }
            FilterBlockOption::Range { from_block, to_block } => {
                let known = |tag: &Option<BlockNumberOrTag>| self.known(tag.map(BlockId::from));
                (known(from_block)?, known(to_block)?)
            }
        };
        if from > to {
            return Err(RpcError::Params { what: format!("blocks {from} to {to} are none") });
        }
        let (mut found, mut bytes) = (Vec::new(), 0_usize);
        for mined in (from..=to).filter_map(|number| self.chain.mined(number).ok()) {
            for noted in &mined.logs {
                let log = wire::log(&mined.block, noted);
                if !filter.matches(&log.inner) {
                    continue;
                }
                bytes = bytes.saturating_add(noted.data.len());
                found.push(log);
                if found.len() > LOGS_MAX {
                    return Err(RpcError::TooMany { most: LOGS_MAX, what: "logs" });
                }
                if bytes > LOG_BYTES_MAX {
                    return Err(RpcError::TooMany { most: LOG_BYTES_MAX, what: "bytes of logs" });
                }
            }
        }
        written(found)
    }
}

fn written(result: impl Serialize) -> Answer {
    serde_json::to_value(result).map_err(|error| RpcError::Internal { what: error.to_string() })
}

/// Gas used as a part of what a block has, rounded down to millionths.
fn ratio(gas_used: u64) -> Option<Number> {
    let millionths = gas_used.saturating_mul(1_000_000).checked_div(crate::embedded::GAS_MAX)?;
    format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000).parse().ok()
}
