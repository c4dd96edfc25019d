//! One endpoint among several: questions put to it, and how it has done so far.

use crate::rpc::ask::{Ask, AskError};
use crate::rpc::health::Health;
use crate::rpc::wire::{self, Called, Head, Landed, Noted};
use alloy_primitives::{Address, B256, Bytes};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Most blocks whose logs are asked for at once.
pub const LOG_BLOCKS_MAX: u64 = 10_000;

/// An endpoint.
pub struct Peer {
    ask: Box<dyn Ask>,
    health: Mutex<Health>,
    /// It has answered for the right chain.
    verified: AtomicBool,
    /// Blocks whose logs it gives at once, as far as it has told.
    log_blocks: AtomicU64,
}

impl Peer {
    pub(super) fn new(ask: Box<dyn Ask>) -> Self {
        let (health, verified) = (Mutex::default(), AtomicBool::new(false));
        Self { ask, health, verified, log_blocks: AtomicU64::new(LOG_BLOCKS_MAX) }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        self.ask.name()
    }

    /// Asks, unless it is left aside. Nothing that it says counts before it has answered for this chain.
    pub(super) fn put<T>(
        &self,
        (chain_id, now_ms): (u64, u64),
        question: impl Fn(&Self) -> Result<T, AskError>,
    ) -> Result<T, String> {
        if let Some(why) = self.health().aside(now_ms) {
            return Err(why);
        }
        let answer = self.verify(chain_id).and_then(|()| question(self));
        match &answer {
            Err(error) if error.is_ill() => self.health().failed(now_ms, &error.to_string()),
            _ => self.health().answered(),
        }
        answer.map_err(|error| error.to_string())
    }

    fn health(&self) -> std::sync::MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn verify(&self, chain_id: u64) -> Result<(), AskError> {
        if self.verified.load(Ordering::Relaxed) {
            return Ok(());
        }
        match self.chain_id()? {
            found if found == chain_id => {
                self.verified.store(true, Ordering::Relaxed);
                Ok(())
            }
            found => Err(AskError::Nonsense(format!("it is of chain {found}, expected {chain_id}"))),
        }
    }

    pub(super) fn chain_id(&self) -> Result<u64, AskError> {
        wire::number(self.ask.ask("eth_chainId", &json!([]))?)
    }

    /// The block that a tag stands for.
    pub(super) fn tagged(&self, tag: &str) -> Result<Head, AskError> {
        let head = wire::head(self.ask.ask("eth_getBlockByNumber", &json!([tag, false]))?, None)?;
        head.ok_or_else(|| AskError::Nonsense(format!("it has no {tag} block")))
    }

    pub(super) fn block(&self, number: u64) -> Result<Option<Head>, AskError> {
        let params = json!([quantity(number), false]);
        wire::head(self.ask.ask("eth_getBlockByNumber", &params)?, Some(number))
    }

    /// A call on top of the block with this hash (EIP-1898).
    pub(super) fn call(&self, call: &Value, on: B256) -> Result<Called, AskError> {
        wire::called(self.ask.ask("eth_call", &json!([call, pinned(on)])))
    }

    /// Logs of a contract, asked for in parts where the endpoint says that they are too many at once.
    pub(super) fn logs(&self, of: Address, (from, to): (u64, u64)) -> Result<Vec<Noted>, AskError> {
        let (mut found, mut next) = (Vec::new(), from);
        while next <= to {
            let blocks = self.log_blocks.load(Ordering::Relaxed).max(1);
            let end = next.saturating_add(blocks.saturating_sub(1)).min(to);
            let filter = json!({ "address": of, "fromBlock": quantity(next), "toBlock": quantity(end) });
            match self.ask.ask("eth_getLogs", &json!([filter])).and_then(wire::logs) {
                // Halved until one block is left: that is 14 times at most.
                Err(AskError::TooMuch(_)) if end > next => {
                    let asked = end.saturating_sub(next).saturating_add(1);
                    self.log_blocks.store(asked / 2, Ordering::Relaxed);
                }
                answer => {
                    found.append(&mut answer?);
                    next = end.saturating_add(1);
                }
            }
        }
        Ok(found)
    }

    /// Transactions of an account that are in blocks up to the one with this hash.
    pub(super) fn nonce(&self, of: Address, on: B256) -> Result<u64, AskError> {
        wire::number(self.ask.ask("eth_getTransactionCount", &json!([of, pinned(on)]))?)
    }

    /// Code at an address after the block with this hash.
    pub(super) fn code(&self, of: Address, on: B256) -> Result<Bytes, AskError> {
        wire::bytes(self.ask.ask("eth_getCode", &json!([of, pinned(on)]))?)
    }

    /// Transactions of an account, with those that wait.
    pub(super) fn nonce_pending(&self, of: Address) -> Result<u64, AskError> {
        wire::number(self.ask.ask("eth_getTransactionCount", &json!([of, "pending"]))?)
    }

    /// Gas that a call needs in the next block; how it ends there, where that is without effect.
    pub(super) fn gas(&self, call: &Value) -> Result<Result<u64, Called>, AskError> {
        match self.ask.ask("eth_estimateGas", &json!([call])) {
            Ok(units) => wire::number(units).map(Ok),
            refused => wire::called(refused).map(Err),
        }
    }

    /// What is paid above the base fee, as the node sees it.
    pub(super) fn tip(&self) -> Result<u128, AskError> {
        wire::wei(self.ask.ask("eth_maxPriorityFeePerGas", &json!([]))?)
    }

    pub(super) fn receipt(&self, transaction: B256) -> Result<Option<Landed>, AskError> {
        wire::receipt(self.ask.ask("eth_getTransactionReceipt", &json!([transaction]))?, transaction)
    }

    /// Hands a signed transaction over.
    pub(super) fn broadcast(&self, raw: &Bytes) -> Result<B256, AskError> {
        wire::hash(self.ask.ask("eth_sendRawTransaction", &json!([raw]))?)
    }
}

fn quantity(number: u64) -> String {
    format!("{number:#x}")
}

fn pinned(hash: B256) -> Value {
    json!({ "blockHash": hash, "requireCanonical": true })
}
