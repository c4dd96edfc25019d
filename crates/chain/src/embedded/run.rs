//! One run of the EVM on a state; nothing is kept.

use super::{SPEC, State};
use crate::domain::DomainError;
use alloy_eips::eip2930::AccessList;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use revm::context::result::ExecutionResult;
use revm::context::{BlockEnv, TxEnv};
use revm::database_interface::WrapDatabaseRef;
use revm::state::EvmState;
use revm::{Context, ExecuteEvm, MainBuilder, MainContext};

/// Gas that one transaction may use, and one block.
pub const GAS_MAX: u64 = 30_000_000;

/// A transaction as the EVM takes it. It has no price: nothing is charged.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// Who sends it.
    pub from: Address,
    /// What is called; a contract is created when nothing is.
    pub to: Option<Address>,
    /// Wei that go with it.
    pub value: U256,
    /// Selector and arguments, or creation code.
    pub data: Bytes,
    /// Gas that it may use.
    pub gas: u64,
    /// The sender's nonce.
    pub nonce: u64,
    /// What it says it will touch (EIP-2930).
    pub access_list: AccessList,
}

/// The block that it runs in.
#[derive(Debug, Clone, Copy)]
pub struct Around {
    /// EIP-155.
    pub chain_id: u64,
    /// Number of the block.
    pub number: u64,
    /// Its second.
    pub timestamp: u64,
    /// Hash of the block before it, which also serves as its randomness.
    pub parent: B256,
    /// Whether nothing but the answer is wanted: a contract may then be the sender.
    pub only_asked: bool,
}

/// A transaction as it ended.
pub struct Ran {
    /// How.
    pub result: ExecutionResult,
    /// What it changes.
    pub changes: EvmState,
}

/// Runs `ask` on top of `state`.
///
/// # Errors
/// [`DomainError::Halted`]: no block may hold such a transaction.
pub fn run(state: &State, around: Around, ask: &Ask) -> Result<Ran, DomainError> {
    let block = BlockEnv {
        number: U256::from(around.number),
        timestamp: U256::from(around.timestamp),
        gas_limit: GAS_MAX,
        basefee: 0,
        prevrandao: Some(around.parent),
        ..BlockEnv::default()
    };
    let tx = TxEnv {
        // EIP-2930: the EVM looks at an access list only if the type of the transaction has one.
        tx_type: u8::from(!ask.access_list.is_empty()),
        caller: ask.from,
        kind: ask.to.map_or(TxKind::Create, TxKind::Call),
        value: ask.value,
        data: ask.data.clone(),
        gas_limit: ask.gas,
        nonce: ask.nonce,
        chain_id: Some(around.chain_id),
        access_list: ask.access_list.clone(),
        ..TxEnv::default()
    };
    let mut evm = Context::mainnet()
        .with_db(WrapDatabaseRef(state))
        .modify_cfg_chained(|cfg| {
            cfg.set_spec_and_mainnet_gas_params(SPEC);
            cfg.chain_id = around.chain_id;
            cfg.disable_eip3607 = around.only_asked;
        })
        .with_block(block)
        .build_mainnet();
    let ran = evm.transact(tx).map_err(|error| DomainError::Halted { what: error.to_string() })?;
    Ok(Ran { result: ran.result, changes: ran.state })
}
