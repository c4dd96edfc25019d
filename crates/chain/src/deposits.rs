//! Deposits in an Escrow, as an observer attests them: each once, from final blocks only.

use crate::contracts::Escrow;
use crate::domain::{Block, Domain, DomainError};
use crate::observe::{event, logs_once};
use alloy_primitives::{Address, B256, U256};
use lockstep_types::CaseId;

/// Tokens that came into an Escrow for a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deposit {
    /// Whose they were.
    pub depositor: Address,
    /// The token.
    pub token: Address,
    /// How many, in its smallest unit.
    pub amount: U256,
    /// The transaction.
    pub transaction: B256,
    /// Place of the event in its block: with the chain and the transaction it names the deposit.
    pub index: u64,
    /// The block.
    pub block: Block,
}

/// The deposits of one case in the final blocks from `since` on, in order.
///
/// # Errors
/// [`DomainError`]: nobody answers, or not sensibly.
pub fn deposits(
    domain: &dyn Domain,
    (escrow, since): (Address, u64),
    case: CaseId,
) -> Result<Vec<Deposit>, DomainError> {
    let mut deposits = Vec::new();
    for log in logs_once(domain, escrow, (since, domain.finalized()?.number))? {
        let Some(Escrow::Deposited { caseId, depositor, token, amount }) = event::<Escrow::Deposited>(&log)?
        else {
            continue;
        };
        if caseId.0 == case.0 {
            let (block, transaction, index) = (domain.block(log.block)?, log.transaction, log.index);
            deposits.push(Deposit { depositor, token, amount, transaction, index, block });
        }
    }
    Ok(deposits)
}
