//! What accounts hold and what calls would do, at a block.

use super::error::RpcError;
use super::raw::TransactionError;
use super::{ASKED_GAS_MAX, Dev};
use crate::domain::DomainError;
use crate::embedded::{Ask, GAS_MAX, State};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_rpc_types_eth::TransactionRequest;
use revm::context::result::ExecutionResult;
use revm::database_interface::DatabaseRef;
use revm::state::AccountInfo;

/// An estimate lies above what is needed by one part in so many at most.
const ESTIMATE_PARTS: u64 = 64;

impl Dev {
    /// The number that a tag stands for. Nothing is ever pending: the pending block is the newest one.
    pub(super) fn number(&self, tag: BlockNumberOrTag) -> u64 {
        match tag {
            BlockNumberOrTag::Latest | BlockNumberOrTag::Pending => self.chain.newest().number,
            BlockNumberOrTag::Finalized | BlockNumberOrTag::Safe => self.chain.finalized_number(),
            BlockNumberOrTag::Earliest => 0,
            BlockNumberOrTag::Number(number) => number,
        }
    }

    /// The number of a block that there is; the newest when none is named.
    pub(super) fn known(&self, id: Option<BlockId>) -> Result<u64, RpcError> {
        match id.unwrap_or_default() {
            BlockId::Number(tag) => {
                let (number, last) = (self.number(tag), self.chain.newest().number);
                if number > last { Err(RpcError::UnknownBlock { number, last }) } else { Ok(number) }
            }
            BlockId::Hash(named) => {
                let hash = named.block_hash;
                let mined = self.chain.find(&hash).filter(|mined| mined.block.hash == hash);
                mined.map(|mined| mined.block.number).ok_or(RpcError::UnknownHash { hash })
            }
        }
    }

    fn state(&self, number: u64) -> Result<&State, RpcError> {
        self.chain.state_at(number).ok_or_else(|| self.forgotten(number))
    }

    const fn forgotten(&self, number: u64) -> RpcError {
        RpcError::Forgotten { number, first: self.chain.finalized_number() }
    }

    /// An account, empty if nothing is known of it.
    pub(super) fn account_at(&self, number: u64, address: Address) -> Result<AccountInfo, RpcError> {
        let found = self.state(number)?.basic_ref(address);
        Ok(found.unwrap_or_default().unwrap_or_default())
    }

    /// A contract's code.
    pub(super) fn code_at(&self, number: u64, address: Address) -> Result<Bytes, RpcError> {
        let account = self.account_at(number, address)?;
        let code = self.state(number)?.code_by_hash_ref(account.code_hash);
        Ok(code.map(|code| code.original_bytes()).unwrap_or_default())
    }

    /// A word of a contract's storage.
    pub(super) fn storage_at(&self, number: u64, address: Address, slot: U256) -> Result<U256, RpcError> {
        Ok(self.state(number)?.storage_ref(address, slot).unwrap_or_default())
    }

    /// What a call answers in the block after `number`.
    pub(super) fn call(&self, number: u64, request: TransactionRequest) -> Result<Bytes, RpcError> {
        let ask = self.read_ask(number, request)?;
        match self.ask(number, &ask)? {
            ExecutionResult::Success { output, .. } => Ok(output.into_data()),
            failed => Err(failure(failed)),
        }
    }

    /// Gas that a call needs. What it uses can be less: some is only lent, some comes back.
    pub(super) fn estimate(&self, number: u64, request: TransactionRequest) -> Result<u64, RpcError> {
        let mut ask = self.read_ask(number, request)?;
        let ran = self.ask(number, &ask)?;
        if !ran.is_success() {
            return Err(failure(ran));
        }
        // INVARIANT: `enough` is enough. Each round halves what lies between, so that there are 25 at most.
        let (mut too_little, mut enough) = (ran.tx_gas_used().saturating_sub(1), ask.gas);
        while enough.saturating_sub(too_little) > enough / ESTIMATE_PARTS {
            let middle = too_little.midpoint(enough);
            ask.gas = middle;
            match self.ask(number, &ask) {
                Ok(ran) if ran.is_success() => enough = middle,
                // Less than a transaction costs before it begins is too little as well.
                Ok(_) | Err(RpcError::Transaction(_)) => too_little = middle,
                Err(error) => return Err(error),
            }
        }
        Ok(enough)
    }

    fn ask(&self, number: u64, ask: &Ask) -> Result<ExecutionResult, RpcError> {
        if self.asked_gas.get() >= ASKED_GAS_MAX {
            return Err(RpcError::AskedGas { most: ASKED_GAS_MAX });
        }
        match self.chain.ask(number, ask) {
            Some(Ok(ran)) => {
                self.asked_gas.set(self.asked_gas.get().saturating_add(ran.tx_gas_used()));
                Ok(ran)
            }
            Some(Err(DomainError::Halted { what })) => Err(TransactionError::Refused { what }.into()),
            Some(Err(error)) => Err(RpcError::Internal { what: error.to_string() }),
            None => Err(self.forgotten(number)),
        }
    }

    /// A call as a wallet describes it. What it offers to pay plays no part.
    fn read_ask(&self, number: u64, request: TransactionRequest) -> Result<Ask, RpcError> {
        let refused = |what: &str| RpcError::Params { what: what.to_owned() };
        if request.blob_versioned_hashes.is_some() || request.sidecar.is_some() {
            return Err(refused("no blobs are taken"));
        }
        if request.authorization_list.is_some() {
            return Err(refused("no account is given code"));
        }
        let data = request.input.try_into_unique_input();
        let data = data.map_err(|_| refused("`input` and `data` differ"))?.unwrap_or_default();
        let from = request.from.unwrap_or_default();
        let account = self.account_at(number, from)?;
        let value = request.value.unwrap_or_default();
        if value > account.balance {
            let (expected, found) = (value, account.balance);
            return Err(TransactionError::Funds { from, expected, found }.into());
        }
        let to = request.to.and_then(|kind| match kind {
            TxKind::Call(to) => Some(to),
            TxKind::Create => None,
        });
        let gas = request.gas.unwrap_or(GAS_MAX).min(GAS_MAX);
        let access_list = request.access_list.unwrap_or_default();
        Ok(Ask { from, to, value, data, gas, nonce: account.nonce, access_list })
    }
}

/// Why an execution gave no answer.
fn failure(ran: ExecutionResult) -> RpcError {
    match ran {
        ExecutionResult::Revert { output, .. } => RpcError::Reverted { answer: output },
        ExecutionResult::Halt { reason, .. } => RpcError::Halted { what: format!("{reason:?}") },
        ExecutionResult::Success { .. } => RpcError::Internal { what: "no failure".to_owned() },
    }
}
