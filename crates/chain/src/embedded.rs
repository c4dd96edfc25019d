//! A chain in this process: the EVM, blocks, finality by depth. It has no peers, no fees and no mempool: each
//! transaction is a block of its own.

mod block;
mod run;

pub use block::{Envelope, Included, Mined};
pub use run::{Ask, GAS_MAX};

use crate::domain::{Block, Domain, DomainError, Log, Receipt, Sends, Transaction};
use alloy_consensus::transaction::Recovered;
use alloy_consensus::{Signed, Transaction as _, TxLegacy};
use alloy_primitives::{Address, B256, Bytes, Signature, U256, keccak256};
use revm::DatabaseCommit;
use revm::context::result::ExecutionResult;
use revm::database::{CacheDB, EmptyDB};
use revm::primitives::hardfork::SpecId;
use revm::state::AccountInfo;
use run::{Around, Ran};
use std::collections::BTreeMap;

/// What accounts hold.
pub type State = CacheDB<EmptyDB>;

/// Upgrades in force: those that the contracts are compiled for (`contracts/foundry.toml`).
const SPEC: SpecId = SpecId::CANCUN;
/// Of so many blocks a contract can ask the hash (the instruction `BLOCKHASH`).
const HASHES_MAX: u64 = 256;
const WEI_IN_AN_ETHER: u64 = 1_000_000_000_000_000_000;

/// A chain in this process.
pub struct Embedded {
    chain_id: u64,
    depth: u64,
    mined: Vec<Mined>,
    /// Number of the last final block; what was final stays so, however short the chain becomes.
    finalized: u64,
    state: State,
    next_timestamp: u64,
    /// Numbers of blocks, by their hash and by the hash of their transaction.
    numbers: BTreeMap<B256, u64>,
}

impl Embedded {
    /// A chain whose block 0 is of `timestamp` (seconds). A block is final when `depth` others stand on it.
    #[must_use]
    pub fn new(chain_id: u64, depth: u64, timestamp: u64) -> Self {
        let first = Mined::first(chain_id, timestamp);
        let numbers = BTreeMap::from([(first.block.hash, 0)]);
        let (mined, state) = (vec![first], State::default());
        let mut chain =
            Self { chain_id, depth, mined, finalized: 0, state, next_timestamp: timestamp, numbers };
        chain.note_hash(chain.newest());
        chain
    }

    /// A chain of block 0 alone, in which an account has so many ether.
    #[must_use]
    pub fn funded(mut self, account: Address, ether: u64) -> Self {
        let balance = U256::from(ether).saturating_mul(U256::from(WEI_IN_AN_ETHER));
        self.state.insert_account_info(account, AccountInfo { balance, ..AccountInfo::default() });
        self
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
            self.push(before, (None, Bytes::new()));
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
            self.numbers.remove(&mined.block.hash);
            if let Some(included) = &mined.included {
                self.numbers.remove(&included.hash());
            }
            self.state = mined.before;
        }
        Ok(())
    }

    /// Where the next contract that `from` creates will stand.
    #[must_use]
    pub fn next_contract(&self, from: Address) -> Address {
        from.create(self.nonce(from))
    }

    /// How many transactions an account has sent, as of the newest block.
    pub(crate) fn nonce(&self, of: Address) -> u64 {
        self.state.cache.accounts.get(&of).map_or(0, |account| account.info.nonce)
    }

    /// The newest block.
    pub(crate) fn newest(&self) -> Block {
        self.mined.last().map_or(Block { number: 0, hash: B256::ZERO, timestamp: 0 }, |mined| mined.block)
    }

    /// Number of the newest block that will not be taken back.
    pub(crate) const fn finalized_number(&self) -> u64 {
        self.finalized
    }

    /// A block with what happened in it.
    pub(crate) fn mined(&self, number: u64) -> Result<&Mined, DomainError> {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        self.mined.get(at).ok_or(DomainError::UnknownBlock { number, last: self.newest().number })
    }

    /// The block with this hash, or the one whose transaction has it.
    pub(crate) fn find(&self, hash: &B256) -> Option<&Mined> {
        self.numbers.get(hash).and_then(|number| self.mined(*number).ok())
    }

    /// What accounts held after a block; it is forgotten of blocks before the last final one.
    pub(crate) fn state_at(&self, number: u64) -> Option<&State> {
        if number == self.newest().number {
            return Some(&self.state);
        }
        let next = self.mined(number.saturating_add(1)).ok();
        next.filter(|_| number >= self.finalized).map(|next| &next.before)
    }

    /// What would come of a transaction in the block after `number`; nothing is kept. None when the state
    /// there is forgotten.
    pub(crate) fn ask(&self, number: u64, ask: &Ask) -> Option<Result<ExecutionResult, DomainError>> {
        let (state, parent) = (self.state_at(number)?, self.mined(number).ok()?.block);
        let next = self.mined(number.saturating_add(1));
        let timestamp = next.map_or_else(|_| self.timestamp_of_next(), |next| next.block.timestamp);
        let around = Around { only_asked: true, ..self.around(parent, timestamp) };
        Some(run::run(state, around, ask).map(|ran| ran.result))
    }

    /// Puts a transaction into a block of its own, whether it takes effect or not.
    ///
    /// # Errors
    /// [`DomainError::Halted`]: no block may hold it; nothing has changed.
    pub(crate) fn include(
        &mut self,
        transaction: Recovered<Envelope>,
        mark: Bytes,
    ) -> Result<ExecutionResult, DomainError> {
        let ask = Ask {
            from: transaction.signer(),
            to: transaction.to(),
            value: transaction.value(),
            data: transaction.input().clone(),
            gas: transaction.gas_limit(),
            nonce: transaction.nonce(),
            access_list: transaction.access_list().cloned().unwrap_or_default(),
        };
        let Ran { result, changes } =
            run::run(&self.state, self.around(self.newest(), self.timestamp_of_next()), &ask)?;
        let before = self.state.clone();
        self.state.commit(changes);
        let ended = (result.is_success(), result.tx_gas_used());
        let logs = if result.is_success() { result.logs().to_vec() } else { Vec::new() };
        let included = Included::new(transaction, ended, logs, result.created_address());
        self.push(before, (Some(included), mark));
        Ok(result)
    }

    const fn around(&self, parent: Block, timestamp: u64) -> Around {
        let number = parent.number.saturating_add(1);
        Around { chain_id: self.chain_id, number, timestamp, parent: parent.hash, only_asked: false }
    }

    fn timestamp_of_next(&self) -> u64 {
        self.next_timestamp.max(self.newest().timestamp)
    }

    fn push(&mut self, before: State, content: (Option<Included>, Bytes)) {
        let timestamp = self.timestamp_of_next();
        let mined = Mined::after(&self.newest(), timestamp, content, before);
        let block = mined.block;
        self.numbers.insert(block.hash, block.number);
        if let Some(included) = &mined.included {
            self.numbers.insert(included.hash(), block.number);
        }
        self.mined.push(mined);
        self.note_hash(block);
        self.next_timestamp = timestamp;
        // What is final is never taken back.
        self.finalized = self.finalized.max(block.number.saturating_sub(self.depth));
        let settled = usize::try_from(self.finalized).unwrap_or(usize::MAX);
        if let Some(mined) = self.mined.get_mut(settled) {
            mined.before = State::default();
        }
    }

    /// Makes a block's hash known to contracts, and forgets the oldest.
    fn note_hash(&mut self, block: Block) {
        let hashes = &mut self.state.cache.block_hashes;
        hashes.insert(U256::from(block.number), block.hash);
        if let Some(old) = block.number.checked_sub(HASHES_MAX) {
            hashes.remove(&U256::from(old));
        }
    }
}

/// Created contract and answer of a transaction that took effect, or why it took none.
fn effect(result: ExecutionResult) -> Result<(Option<Address>, Bytes), DomainError> {
    let created = result.created_address();
    match result {
        ExecutionResult::Success { output, .. } => Ok((created, output.into_data())),
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

    fn call_at(&self, block: &Block, to: Address, data: &[u8]) -> Result<Bytes, DomainError> {
        let number = block.number;
        if self.mined(number)?.block != *block {
            return Err(DomainError::Moved { number });
        }
        let call = Ask { to: Some(to), data: Bytes::copy_from_slice(data), gas: GAS_MAX, ..Ask::default() };
        let answer = self.ask(number, &call).ok_or(DomainError::NotKept { number })??;
        effect(answer).map(|(_, output)| output)
    }

    fn logs(&self, address: Address, from: u64, to: u64) -> Result<Vec<Log>, DomainError> {
        self.mined(to)?;
        let blocks = (from..=to).filter_map(|number| self.mined(number).ok());
        Ok(blocks.flat_map(|mined| &mined.logs).filter(|log| log.address == address).cloned().collect())
    }
}

impl Sends for Embedded {
    /// Takes the word of whoever asks for who sends it. One that reverts is a block too, as on any chain: its
    /// sender's nonce moves on.
    fn send(&mut self, transaction: &Transaction) -> Result<Receipt, DomainError> {
        let (from, nonce) = (transaction.from, self.nonce(transaction.from));
        let to = transaction.to.unwrap_or_default();
        // Without a signature the bytes do not say who sends it: the id does.
        let id = keccak256([&from[..], &nonce.to_be_bytes(), &to[..], &transaction.data].concat());
        let unsigned = TxLegacy {
            chain_id: Some(self.chain_id),
            nonce,
            gas_price: 0,
            gas_limit: GAS_MAX,
            to: transaction.to.into(),
            value: U256::ZERO,
            input: transaction.data.clone(),
        };
        let no_signature = Signature::new(U256::ZERO, U256::ZERO, false);
        let envelope = Envelope::Legacy(Signed::new_unchecked(unsigned, no_signature, id));
        let mark = Bytes::copy_from_slice(id.as_slice());
        let result = self.include(Recovered::new_unchecked(envelope, from), mark)?;
        let gas = result.tx_gas_used();
        let (created, _) = effect(result)?;
        let block = self.newest();
        let logs = self.mined(block.number)?.logs.clone();
        Ok(Receipt { transaction: id, block, gas, created, logs })
    }
}

#[cfg(test)]
mod tests;
