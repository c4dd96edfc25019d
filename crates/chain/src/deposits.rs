//! Deposits in an Escrow, as an observer attests them: each once, from final blocks only.

use crate::contracts::Escrow;
use crate::domain::{Block, Domain, DomainError};
use crate::observe::{event, logs_once};
use alloy_primitives::{Address, B256, U256};
use lockstep_types::CaseId;

/// Tokens that came into an Escrow for a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deposit {
    /// The case for which they came in, as the depositor names it.
    pub case: CaseId,
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
/// As [`all_deposits`].
pub fn deposits(
    domain: &dyn Domain,
    place: (Address, u64),
    case: CaseId,
) -> Result<Vec<Deposit>, DomainError> {
    let mut deposits = all_deposits(domain, place)?;
    deposits.retain(|deposit| deposit.case == case);
    Ok(deposits)
}

/// Every deposit in the final blocks from `since` on, in order, whatever case it names.
///
/// # Errors
/// [`DomainError`]: nobody answers, or not sensibly.
pub fn all_deposits(
    domain: &dyn Domain,
    (escrow, since): (Address, u64),
) -> Result<Vec<Deposit>, DomainError> {
    let mut deposits = Vec::new();
    for log in logs_once(domain, escrow, (since, domain.finalized()?.number))? {
        let Some(Escrow::Deposited { caseId, depositor, token, amount }) = event::<Escrow::Deposited>(&log)?
        else {
            continue;
        };
        let (block, transaction, index) = (domain.block(log.block)?, log.transaction, log.index);
        deposits.push(Deposit {
            case: CaseId(caseId.0),
            depositor,
            token,
            amount,
            transaction,
            index,
            block,
        });
    }
    Ok(deposits)
}
