//! How a holder's tokens come into an Escrow: what has to be sent, and what stands on the chain before.

use crate::contracts::{Escrow, Token};
use crate::deploy::escrow_of;
use crate::domain::{Block, Domain, DomainError};
use crate::standing::read;
use crate::{Account, Bytes, encode};
use alloy_primitives::U256;
use lockstep_types::CaseId;

/// A deposit to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depositing {
    /// The case under whose name it is.
    pub case: CaseId,
    /// Which token.
    pub token: Account,
    /// Where it goes.
    pub escrow: Account,
    /// In units of the token.
    pub amount: u128,
}

/// What a chain shows of a holder, before a deposit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// Units that it holds.
    pub balance: U256,
    /// That is the amount, or more.
    pub suffices: bool,
    /// At least the amount lies in the Escrow for the case already.
    pub lies_there: bool,
    /// The Escrow may take the amount.
    pub allowed: bool,
}

impl Depositing {
    /// Lets the Escrow take the tokens: to the token.
    #[must_use]
    pub fn approval(&self) -> Bytes {
        encode(&Token::approveCall { spender: self.escrow, value: U256::from(self.amount) }).into()
    }

    /// Puts them there: to the Escrow.
    #[must_use]
    pub fn deposit(&self) -> Bytes {
        let (case, token, amount) = (self.case.0.into(), self.token, U256::from(self.amount));
        encode(&Escrow::depositCall { caseId: case, token, amount }).into()
    }

    /// How the holder stands.
    ///
    /// # Errors
    /// [`DomainError`]: nobody answers, or not as a token and an Escrow do.
    pub fn holding(
        &self,
        domain: &dyn Domain,
        block: &Block,
        holder: Account,
    ) -> Result<Holding, DomainError> {
        let amount = U256::from(self.amount);
        let token = self.token;
        let lies = Escrow::depositedCall { caseId: self.case.0.into(), depositor: holder, token };
        let allows = Token::allowanceCall { owner: holder, spender: self.escrow };
        let balance = read(domain, block, (token, &Token::balanceOfCall { account: holder }))?;
        Ok(Holding {
            balance,
            suffices: balance >= amount,
            lies_there: read(domain, block, (self.escrow, &lies))? >= amount,
            allowed: read(domain, block, (token, &allows))? >= amount,
        })
    }

    /// Whether what stands there says that it obeys this Gate, and stands where that Gate made it.
    ///
    /// # Errors
    /// [`DomainError`]: nobody answers, or not as an Escrow does.
    pub fn obeys(&self, domain: &dyn Domain, block: &Block, gate: Account) -> Result<bool, DomainError> {
        let obeyed = read(domain, block, (self.escrow, &Escrow::GATECall {}))?;
        Ok(obeyed == gate && escrow_of(gate) == self.escrow)
    }
}
