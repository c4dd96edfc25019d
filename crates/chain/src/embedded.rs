//! A chain in this process: the EVM, blocks, finality by depth. It has no peers, no fees and no mempool: each
//! transaction is a block of its own.

use crate::domain::{Block, Domain, DomainError, Log, Receipt, Transaction};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use revm::context::result::ExecutionResult;
use revm::context::{BlockEnv, TxEnv};
use revm::database::{CacheDB, EmptyDB};
use revm::database_interface::WrapDatabaseRef;
use revm::primitives::hardfork::SpecId;
use revm::{Context, DatabaseCommit, ExecuteEvm, MainBuilder, MainContext};

type State = CacheDB<EmptyDB>;

/// Gas that one transaction may use.
const GAS_MAX: u64 = 30_000_000;
/// Upgrades in force: those that the contracts are compiled for (`contracts/foundry.toml`).
const SPEC: SpecId = SpecId::CANCUN;

/// A block with what happened in it.
struct Mined {
    block: Block,
    logs: Vec<Log>,
    /// The chain before it, while it may still be replaced.
    before: State,
}

/// A chain in this process.
pub struct Embedded {
    chain_id: u64,
    depth: u64,
    mined: Vec<Mined>,
    /// Number of the last final block; what was final stays so, however short the chain becomes.
    finalized: u64,
    state: State,
    next_timestamp: u64,
}

impl Embedded {
    /// A chain whose block 0 is of `timestamp` (seconds). A block is final when `depth` others stand on it.
    #[must_use]
    pub fn new(chain_id: u64, depth: u64, timestamp: u64) -> Self {
        let hash = keccak256([chain_id.to_be_bytes(), timestamp.to_be_bytes()].concat());
        let block = Block { number: 0, hash, timestamp };
        let mined = vec![Mined { block, logs: Vec::new(), before: State::default() }];
        Self { chain_id, depth, mined, finalized: 0, state: State::default(), next_timestamp: timestamp }
    }

    /// The next blocks are of this second, or of the last block's if that is later: as on a rollup, several
    /// blocks may be of one second.
    pub const fn set_clock(&mut self, timestamp: u64) {
        self.next_timestamp = timestamp;
    }

    /// Makes so many blocks in which nothing happens, each `seconds` after the one before it, the first not
    /// before the clock.
    pub fn mine(&mut self, count: u64, seconds: u64) {
        for _ in 0..count {
            self.next_timestamp = self.next_timestamp.max(self.newest().timestamp.saturating_add(seconds));
            let before = self.state.clone();
            self.push(B256::ZERO, before, Vec::new());
        }
    }

    /// Takes the newest blocks back, as a re-organisation does; none that is final.
    ///
    /// # Errors
    /// [`DomainError::NotFinal`] names the last block that cannot be taken back.
    pub fn take_back(&mut self, count: u64) -> Result<(), DomainError> {
        let newest = self.newest().number;
        let (number, finalized) = (newest.saturating_sub(count), self.finalized);
        if number < finalized {
            return Err(DomainError::NotFinal { number, finalized });
        }
        while self.newest().number > number {
            let Some(mined) = self.mined.pop() else { break };
            self.state = mined.before;
        }
        Ok(())
    }

    /// Where the next contract that `from` creates will stand.
    #[must_use]
    pub fn next_contract(&self, from: Address) -> Address {
        from.create(self.nonce(from))
    }

    fn nonce(&self, of: Address) -> u64 {
        self.state.cache.accounts.get(&of).map_or(0, |account| account.info.nonce)
    }

    fn newest(&self) -> Block {
        self.mined.last().map_or(Block { number: 0, hash: B256::ZERO, timestamp: 0 }, |mined| mined.block)
    }

    fn timestamp_of_next(&self) -> u64 {
        self.next_timestamp.max(self.newest().timestamp)
    }

    /// Runs a transaction on top of `state`; nothing is kept.
    fn run(&self, transaction: &Transaction, nonce: u64) -> Result<Ran, DomainError> {
        let block = BlockEnv {
            number: U256::from(self.newest().number.saturating_add(1)),
            timestamp: U256::from(self.timestamp_of_next()),
            gas_limit: GAS_MAX,
            basefee: 0,
            prevrandao: Some(self.newest().hash),
            ..BlockEnv::default()
        };
        let tx = TxEnv {
            caller: transaction.from,
            kind: transaction.to.map_or(TxKind::Create, TxKind::Call),
            data: transaction.data.clone(),
            gas_limit: GAS_MAX,
            nonce,
            chain_id: Some(self.chain_id),
            ..TxEnv::default()
        };
        let mut evm = Context::mainnet()
            .with_db(WrapDatabaseRef(&self.state))
            .modify_cfg_chained(|cfg| {
                cfg.set_spec_and_mainnet_gas_params(SPEC);
                cfg.chain_id = self.chain_id;
            })
            .with_block(block)
            .build_mainnet();
        let ran = evm.transact(tx).map_err(|error| DomainError::Halted { what: error.to_string() })?;
        Ok(Ran { result: ran.result, changes: ran.state })
    }

    fn push(&mut self, transaction: B256, before: State, events: Vec<revm::primitives::Log>) -> Block {
        let parent = self.newest();
        let (number, timestamp) = (parent.number.saturating_add(1), self.timestamp_of_next());
        let header =
            [&parent.hash[..], &number.to_be_bytes(), &timestamp.to_be_bytes(), &transaction[..]].concat();
        let block = Block { number, hash: keccak256(header), timestamp };
        let logs = (0..).zip(events).map(|(index, event)| Log {
            address: event.address,
            topics: event.topics().to_vec(),
            data: event.data.data.clone(),
            block: number,
            transaction,
            index,
        });
        self.mined.push(Mined { block, logs: logs.collect(), before });
        self.next_timestamp = timestamp;
        // What is final is never taken back.
        self.finalized = self.finalized.max(number.saturating_sub(self.depth));
        let settled = usize::try_from(self.finalized).unwrap_or(usize::MAX);
        if let Some(mined) = self.mined.get_mut(settled) {
            mined.before = State::default();
        }
        block
    }

    fn mined(&self, number: u64) -> Result<&Mined, DomainError> {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        self.mined.get(at).ok_or(DomainError::UnknownBlock { number, last: self.newest().number })
    }
}

/// A transaction as it ended, before anything is kept.
struct Ran {
    result: ExecutionResult,
    changes: revm::state::EvmState,
}

/// Created contract and events of a transaction that took effect, or why it took none.
type Effect = (Option<Address>, Bytes, Vec<revm::primitives::Log>);

fn effect(result: ExecutionResult) -> Result<Effect, DomainError> {
    let created = result.created_address();
    match result {
        ExecutionResult::Success { output, logs, .. } => Ok((created, output.into_data(), logs)),
        ExecutionResult::Revert { output, .. } => Err(DomainError::Reverted { answer: output }),
        ExecutionResult::Halt { reason, .. } => Err(DomainError::Halted { what: format!("{reason:?}") }),
    }
}

impl Domain for Embedded {
    fn chain_id(&self) -> u64 {
        self.chain_id
    }

    fn latest(&self) -> Result<Block, DomainError> {
        Ok(self.newest())
    }

    fn finalized(&self) -> Result<Block, DomainError> {
        self.block(self.finalized)
    }

    fn block(&self, number: u64) -> Result<Block, DomainError> {
        self.mined(number).map(|mined| mined.block)
    }

    fn call(&self, to: Address, data: &[u8]) -> Result<Bytes, DomainError> {
        let call = Transaction { from: Address::ZERO, to: Some(to), data: Bytes::copy_from_slice(data) };
        let ran = self.run(&call, self.nonce(Address::ZERO))?;
        effect(ran.result).map(|(_, output, _)| output)
    }

    fn logs(&self, address: Address, from: u64, to: u64) -> Result<Vec<Log>, DomainError> {
        self.mined(to)?;
        let blocks = (from..=to).filter_map(|number| self.mined(number).ok());
        Ok(blocks.flat_map(|mined| &mined.logs).filter(|log| log.address == address).cloned().collect())
    }

    /// One that reverts is a block too, as on any chain: its sender's nonce moves on.
    fn send(&mut self, transaction: &Transaction) -> Result<Receipt, DomainError> {
        let nonce = self.nonce(transaction.from);
        let ran = self.run(transaction, nonce)?;
        let gas = ran.result.tx_gas_used();
        let before = self.state.clone();
        self.state.commit(ran.changes);
        let to = transaction.to.unwrap_or_default();
        let id =
            keccak256([&transaction.from[..], &nonce.to_be_bytes(), &to[..], &transaction.data].concat());
        let effect = effect(ran.result);
        let events = effect.as_ref().map_or_else(|_| Vec::new(), |(_, _, events)| events.clone());
        let block = self.push(id, before, events);
        let (created, _, _) = effect?;
        let logs = self.mined(block.number)?.logs.clone();
        Ok(Receipt { transaction: id, block, gas, created, logs })
    }
}

#[cfg(test)]
mod tests;
