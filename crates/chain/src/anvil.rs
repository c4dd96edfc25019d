//! Anvil, Foundry's development chain, as far as whoever runs it has it in hand: its clock, its blocks, and
//! accounts that send without a signature. What it says is read as of any chain, under [`Rpc`]'s rules.

use crate::domain::{Block, Domain, DomainError, Log, Receipt, Sends, Transaction};
use crate::rpc::ask::{Ask, Http};
use crate::rpc::{Rpc, Rule};
use crate::steered::Steered;
use crate::submit::GAS_MAX;
use alloy_primitives::{Address, B256, Bytes, U256};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

/// Most blocks that are made by one call.
pub const MINE_MAX: u64 = 10_000;
/// Wei that an account has which sends without a signature: enough for every fee.
const RICH_WEI: u128 = 1_000_000_000_000_000_000_000_000;
/// Pause between two looks for a receipt.
const PAUSE: Duration = Duration::from_millis(2);
/// How long a transaction may take into a block.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running Anvil.
pub struct Anvil {
    rpc: Rpc,
    node: Http,
    /// Accounts that were given ether and may send without a signature.
    opened: BTreeSet<Address>,
}

impl Anvil {
    /// Connects to the node at this address, which is believed alone. From now on every transaction is a
    /// block of its own, and no block is later than the one before it unless the clock says so.
    ///
    /// # Errors
    /// As [`Rpc::connect`]; [`DomainError::Answer`]: it is no Anvil.
    pub fn connect(url: &str, rule: Rule) -> Result<Self, DomainError> {
        let node = Http::new(url).map_err(|what| DomainError::Endpoints { what })?;
        let rpc = Rpc::connect(&[url], Rule { quorum: Some(1), ..rule })?;
        let anvil = Self { rpc, node, opened: BTreeSet::new() };
        anvil.ask("anvil_nodeInfo", &json!([]))?;
        anvil.ask("evm_setAutomine", &json!([true]))?;
        anvil.ask("anvil_setBlockTimestampInterval", &json!([0]))?;
        Ok(anvil)
    }

    /// The chain as its endpoint tells of it.
    #[must_use]
    pub const fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    /// Replaces so many of the newest blocks by empty ones; none that is final. What stood in them is gone.
    ///
    /// # Errors
    /// As [`Steered::take_back`].
    pub fn replace(&mut self, count: u64) -> Result<(), DomainError> {
        self.may_go(count)?;
        self.ask("anvil_reorg", &json!([count, []])).map(drop)
    }

    /// Everything that the node knows, as `--load-state` reads it, and the newest block of it.
    ///
    /// # Errors
    /// [`DomainError`]: it does not answer.
    pub fn dump(&self) -> Result<(Block, Value), DomainError> {
        let newest = self.rpc.latest()?;
        Ok((newest, self.ask("anvil_dumpState", &json!([true]))?))
    }

    fn ask(&self, method: &str, params: &Value) -> Result<Value, DomainError> {
        let failed = |error| DomainError::Answer { what: format!("`{method}`: {error}") };
        self.node.ask(method, params).map_err(failed)
    }

    /// So many of the newest blocks may be taken back.
    fn may_go(&self, count: u64) -> Result<(), DomainError> {
        let number = self.rpc.latest()?.number.saturating_sub(count);
        let finalized = self.rpc.finalized()?.number;
        if number < finalized { Err(DomainError::NotFinal { number, finalized }) } else { Ok(()) }
    }

    /// The second of the block that would come next.
    fn pending_timestamp(&self) -> Result<u64, DomainError> {
        let pending = self.ask("eth_getBlockByNumber", &json!(["pending", false]))?;
        let text = pending.get("timestamp").and_then(Value::as_str).unwrap_or_default();
        let number = u64::from_str_radix(text.trim_start_matches("0x"), 16);
        number.map_err(|_| DomainError::Answer { what: "a pending block without its time".to_owned() })
    }

    fn open(&mut self, account: Address) -> Result<(), DomainError> {
        if !self.opened.contains(&account) {
            self.ask("anvil_impersonateAccount", &json!([account]))?;
            self.ask("anvil_setBalance", &json!([account, U256::from(RICH_WEI)]))?;
            self.opened.insert(account);
        }
        Ok(())
    }

    fn landed(&self, transaction: B256) -> Result<crate::rpc::Landed, DomainError> {
        let begun = Instant::now();
        loop {
            if let Some(landed) = self.rpc.landed(transaction)? {
                return Ok(landed);
            }
            if begun.elapsed() > PATIENCE {
                let what = format!("`{transaction}` is in no block after {} s", PATIENCE.as_secs());
                return Err(DomainError::NotSent { what });
            }
            thread::sleep(PAUSE);
        }
    }
}

impl Steered for Anvil {
    fn set_clock(&mut self, timestamp: u64) -> Result<(), DomainError> {
        let timestamp = timestamp.max(self.rpc.latest()?.timestamp);
        self.ask("evm_setNextBlockTimestamp", &json!([timestamp])).map(drop)
    }

    fn mine(&mut self, count: u64, seconds: u64) -> Result<(), DomainError> {
        if count > MINE_MAX {
            return Err(DomainError::Answer {
                what: format!("expected at most {MINE_MAX} blocks, found {count}"),
            });
        }
        // The clock that was set last counts for the first of them, if it is later.
        let mut at = self.pending_timestamp()?.max(self.rpc.latest()?.timestamp.saturating_add(seconds));
        for _ in 0..count {
            self.ask("evm_setNextBlockTimestamp", &json!([at]))?;
            self.ask("evm_mine", &json!([]))?;
            at = at.saturating_add(seconds);
        }
        Ok(())
    }

    fn take_back(&mut self, count: u64) -> Result<(), DomainError> {
        self.may_go(count)?;
        self.ask("anvil_rollback", &json!([count])).map(drop)
    }

    fn next_contract(&self, from: Address) -> Result<Address, DomainError> {
        Ok(from.create(self.rpc.nonce(&self.rpc.latest()?, from)?))
    }
}

impl Domain for Anvil {
    fn chain_id(&self) -> u64 {
        self.rpc.chain_id()
    }
    fn latest(&self) -> Result<Block, DomainError> {
        self.rpc.latest()
    }
    fn finalized(&self) -> Result<Block, DomainError> {
        self.rpc.finalized()
    }
    fn block(&self, number: u64) -> Result<Block, DomainError> {
        self.rpc.block(number)
    }
    fn call_at(&self, block: &Block, to: Address, data: &[u8]) -> Result<Bytes, DomainError> {
        self.rpc.call_at(block, to, data)
    }
    fn logs(&self, address: Address, from: u64, to: u64) -> Result<Vec<Log>, DomainError> {
        self.rpc.logs(address, from, to)
    }
}

impl Sends for Anvil {
    /// Takes the word of whoever asks for who sends it, as [`crate::Embedded`] does. One that reverts is a
    /// block too.
    fn send(&mut self, transaction: &Transaction) -> Result<Receipt, DomainError> {
        let Transaction { from, to, data } = transaction;
        self.open(*from)?;
        let gas = format!("{GAS_MAX:#x}");
        let mut call = json!({ "data": data, "from": from, "gas": gas });
        if let (Some(to), Some(fields)) = (to, call.as_object_mut()) {
            fields.insert("to".to_owned(), json!(to));
        }
        let sent = self.ask("eth_sendTransaction", &json!([call]))?;
        let sent: B256 = serde_json::from_value(sent)
            .map_err(|_| DomainError::Answer { what: "no hash of what was sent".to_owned() })?;
        let landed = self.landed(sent)?;
        if landed.succeeded {
            return self.rpc.receipt(landed);
        }
        let block = self.rpc.block(landed.block.0)?;
        Err(self.rpc.why(&block, transaction))
    }
}
