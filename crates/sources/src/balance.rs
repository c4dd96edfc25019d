//! The closing booked balance (`CLBD`) of an account: what a custodian states as reserves.
//!
//! Only `CLBD` counts: an interim (`ITBD`), available or expected balance is no closing balance, and neither
//! is one that counts a credit line in. Of several statements of the account the latest closing balance is
//! taken.

use crate::payment::Payment;
use crate::statement::{
    AmountError, Balance, DateError, Gap, Header, Limits, MessageError, Pages, Side, Statement, UtcOffset,
    Visitor, cut, visit,
};
use lockstep_types::{Amount, Currency, Money, Time};
use serde::Serialize;
use std::io::BufRead;

/// Which balance is looked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct BalanceQuery<'a> {
    /// The account, when the file holds statements of several.
    pub account: Option<&'a str>,
    /// The currency expected.
    pub currency: Option<Currency>,
    /// The bank's offset from UTC, when it is known; see [`crate::statement::BankDate::as_of`].
    pub utc_offset: Option<UtcOffset>,
}

/// A closing booked balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClosingBalance {
    /// The account: IBAN in capitals, or the other id.
    pub account: String,
    /// The earliest instant the file allows.
    pub as_of: Time,
    /// The balance's date as it stands in the file.
    pub dated: String,
    /// The balance, below zero when it is a debit.
    pub money: Money,
    /// BIC of the account servicer.
    pub servicer: String,
}

/// Why a file does not give a closing booked balance. Variants stand in the order of the checks.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BalanceError {
    /// The file is refused.
    #[error(transparent)]
    Statement(#[from] MessageError),
    /// The file is not complete.
    #[error(transparent)]
    Pages(#[from] Gap),
    /// No statement of the account asked for.
    #[error("the file holds no statement of the account `{account}`")]
    NoAccount {
        /// The account asked for.
        account: String,
    },
    /// Statements of several accounts, and none was asked for.
    #[error("the file holds statements of `{one}` and `{other}`: name the account")]
    SeveralAccounts {
        /// The first account.
        one: String,
        /// The first other one.
        other: String,
    },
    /// No closing booked balance.
    #[error("the file gives no closing booked balance (`CLBD`) of `{account}`")]
    NoClosing {
        /// The account.
        account: String,
    },
    /// The servicer has no BIC in the file.
    #[error("the statement gives no BIC for the account servicer")]
    NoServicer,
    /// A credit line is counted in.
    #[error("the closing balance of {dated} counts a credit line in")]
    CreditLine {
        /// The balance's date.
        dated: String,
    },
    /// The amount is not exact money.
    #[error("the amount of the closing balance is refused")]
    Amount(#[source] AmountError),
    /// The balance is not in the account's currency, or not in the one expected.
    #[error("the closing balance is in `{found}`, expected `{expected}`")]
    WrongCurrency {
        /// The balance's currency.
        found: String,
        /// The account's, or the one asked for.
        expected: String,
    },
    /// A date outside the ledger's time line.
    #[error("the date of the closing balance is refused")]
    Date(#[source] DateError),
    /// Two closing balances of one date that differ.
    #[error("two closing balances of {dated} differ: {one} and {other}")]
    Differ {
        /// Their date.
        dated: String,
        /// The first.
        one: Money,
        /// The second.
        other: Money,
    },
}

/// Why a closing balance does not cover a payment. Variants stand in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CoverError {
    /// The balance is of another account.
    #[error("the balance is of `{balance}`, the payment went to `{payment}`")]
    OtherAccount {
        /// Servicer and account of the balance.
        balance: String,
        /// Servicer and account of the payment.
        payment: String,
    },
    /// The balance is in another currency.
    #[error("the balance is in {balance}, the payment in {payment}")]
    OtherCurrency {
        /// Currency of the balance.
        balance: Currency,
        /// Currency of the payment.
        payment: Currency,
    },
    /// The account is overdrawn.
    #[error("the closing balance of {dated} is a debit: {money}")]
    Debit {
        /// The balance's date.
        dated: String,
        /// The balance.
        money: Money,
    },
    /// The payment is larger than the balance.
    #[error("the payment of {payment} is larger than the closing balance of {balance}")]
    TooSmall {
        /// The balance.
        balance: Money,
        /// The payment.
        payment: Money,
    },
}

impl ClosingBalance {
    /// Checks that the payment's money can be in the account: same account and currency, a balance in credit,
    /// and not below the payment.
    ///
    /// # Errors
    /// [`CoverError`], in the order of its variants.
    pub fn covers(&self, payment: &Payment) -> Result<(), CoverError> {
        if (&self.servicer, &self.account) != (&payment.servicer, &payment.account) {
            return Err(CoverError::OtherAccount {
                balance: format!("{} {}", self.servicer, self.account),
                payment: format!("{} {}", payment.servicer, payment.account),
            });
        }
        if self.money.currency != payment.money.currency {
            return Err(CoverError::OtherCurrency {
                balance: self.money.currency,
                payment: payment.money.currency,
            });
        }
        if self.money.amount < Amount::ZERO {
            return Err(CoverError::Debit { dated: self.dated.clone(), money: self.money });
        }
        if self.money.amount < payment.money.amount {
            return Err(CoverError::TooSmall { balance: self.money, payment: payment.money });
        }
        Ok(())
    }
}

/// Reads the latest closing booked balance of an account. It may be a debit: [`ClosingBalance::covers`]
/// refuses to count on one.
///
/// # Errors
/// [`BalanceError`]: first what stands against the file, then against each closing balance in the file's
/// order.
pub fn closing_balance(
    input: impl BufRead,
    query: &BalanceQuery<'_>,
    limits: &Limits,
) -> Result<ClosingBalance, BalanceError> {
    let mut search =
        Search { query: *query, pages: Pages::default(), accounts: None, other: None, latest: Ok(None) };
    visit(input, limits, &mut search)?;
    search.end()
}

struct Search<'a> {
    query: BalanceQuery<'a>,
    pages: Pages,
    /// The account of the first statement looked at.
    accounts: Option<Statement>,
    /// The first statement of another account.
    other: Option<Statement>,
    latest: Result<Option<ClosingBalance>, BalanceError>,
}

impl Search<'_> {
    fn asks_for(&self, statement: &Statement) -> bool {
        self.query.account.is_none_or(|account| statement.account.is_named(account))
    }

    fn end(self) -> Result<ClosingBalance, BalanceError> {
        self.pages.end()?;
        let Some(one) = self.accounts else {
            return Err(BalanceError::NoAccount { account: cut(self.query.account.unwrap_or("")) });
        };
        let account = one.account.to_string();
        if let Some(other) = self.other {
            return Err(BalanceError::SeveralAccounts { one: at_servicer(&one), other: at_servicer(&other) });
        }
        self.latest?.ok_or(BalanceError::NoClosing { account })
    }

    /// The later of the latest balance so far and `balance`.
    fn later(
        &self,
        before: Option<ClosingBalance>,
        new: ClosingBalance,
    ) -> Result<ClosingBalance, BalanceError> {
        match before {
            Some(before) if before.as_of > new.as_of => Ok(before),
            Some(before) if before.as_of == new.as_of && before.money != new.money => {
                Err(BalanceError::Differ { dated: new.dated, one: before.money, other: new.money })
            }
            _ => Ok(new),
        }
    }

    fn read(&self, statement: &Statement, balance: &Balance) -> Result<ClosingBalance, BalanceError> {
        let servicer = statement.servicer.clone().ok_or(BalanceError::NoServicer)?;
        let dated = balance.date.as_str().to_owned();
        if balance.credit_line {
            return Err(BalanceError::CreditLine { dated });
        }
        let money = balance.amount.money().map_err(BalanceError::Amount)?;
        let found = money.currency.as_str();
        let expected = [statement.currency.as_deref(), self.query.currency.as_ref().map(Currency::as_str)];
        if let Some(expected) = expected.into_iter().flatten().find(|expected| *expected != found) {
            return Err(BalanceError::WrongCurrency { found: found.to_owned(), expected: cut(expected) });
        }
        let signed = match balance.side {
            Side::Credit => money.amount,
            Side::Debit => Amount::ZERO.checked_sub(money.amount).unwrap_or(money.amount),
        };
        Ok(ClosingBalance {
            account: statement.account.as_str().to_owned(),
            as_of: balance.date.as_of(self.query.utc_offset).map_err(BalanceError::Date)?,
            dated,
            money: Money::new(signed, money.currency),
            servicer,
        })
    }
}

/// The account with its servicer, as people name it.
fn at_servicer(statement: &Statement) -> String {
    match &statement.servicer {
        Some(servicer) => format!("{} at {servicer}", statement.account),
        None => statement.account.to_string(),
    }
}

impl Visitor for Search<'_> {
    fn header(&mut self, header: &Header) {
        self.pages.header(header);
    }

    fn statement(&mut self, statement: &Statement) {
        if !self.asks_for(statement) {
            return;
        }
        self.pages.statement(statement);
        let first = self.accounts.get_or_insert_with(|| statement.clone());
        if (&first.account, &first.servicer) != (&statement.account, &statement.servicer) {
            self.other.get_or_insert_with(|| statement.clone());
        }
    }

    fn balance(&mut self, statement: &Statement, balance: &Balance) {
        if !self.asks_for(statement) || !balance.kind.is_closing_booked() {
            return;
        }
        if let Ok(before) = &mut self.latest {
            let before = before.take();
            self.latest = self.read(statement, balance).and_then(|new| self.later(before, new)).map(Some);
        }
    }
}

#[cfg(test)]
mod tests;
