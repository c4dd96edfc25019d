//! ISO 20022 bank-to-customer statements (camt.053), versions 2 to 13 of the message, read as a stream.
//!
//! [`visit`] walks a file once and shows a [`Visitor`] each statement, balance and entry; nothing is kept, so
//! a file of any length takes the same memory. Elements that are not needed are passed over, but the whole
//! file must be well-formed UTF-8 without a document type definition, and what is read must stand where the
//! message puts it, once, in the form the message gives it.

mod build;
mod format;
mod pages;
mod reader;

pub use crate::iso::{
    Account, AmountError, BankAmount, BankDate, DateError, Limits, MessageError, Page, Place, Side,
    UtcOffset, UtcOffsetError,
};
pub use pages::Gap;
pub use reader::visit;

pub(crate) use crate::iso::cut;
pub(crate) use pages::Pages;

use serde::Serialize;

/// Receives what a file holds, in the file's order. Each statement comes before its balances and entries.
///
/// What has been shown stands only when [`visit`] returns without an error: a file may break off at any
/// point.
pub trait Visitor {
    /// The message header; once, first.
    fn header(&mut self, header: &Header) {
        let _ = header;
    }
    /// The head of a statement.
    fn statement(&mut self, statement: &Statement) {
        let _ = statement;
    }
    /// A balance of `statement`.
    fn balance(&mut self, statement: &Statement, balance: &Balance) {
        let _ = (statement, balance);
    }
    /// An entry of `statement`.
    fn entry(&mut self, statement: &Statement, entry: &Entry) {
        let _ = (statement, entry);
    }
}

/// The header of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// `GrpHdr/MsgId`.
    pub message_id: String,
    /// `GrpHdr/MsgPgntn`: the page when a message is spread over several files.
    pub page: Option<Page>,
    /// The message version: 8 for camt.053.001.08.
    pub version: u8,
}

/// Head of a `Stmt`: everything before its balances and entries that is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The account.
    pub account: Account,
    /// `Acct/Ccy`, as in the file.
    pub currency: Option<String>,
    /// `Stmt/Id`.
    pub id: String,
    /// `StmtPgntn`: the page when a statement is spread over several `Stmt`.
    pub page: Option<Page>,
    /// `ElctrncSeqNb`.
    pub sequence: Option<String>,
    /// BIC of the account servicer (the bank), without a branch code `XXX`.
    pub servicer: Option<String>,
}

/// A `Bal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// `Amt`, without sign.
    pub amount: BankAmount,
    /// `CdtLine/Incl`: true when a credit line is counted in, so that the balance is not all the owner's
    /// money.
    pub credit_line: bool,
    /// `Dt`: the day or time the balance is of.
    pub date: BankDate,
    /// `Tp/CdOrPrtry/Cd` (`CLBD` is the closing booked balance), or the bank's own type.
    pub kind: BalanceKind,
    /// Where it stands in the file.
    pub place: Place,
    /// `CdtDbtInd`.
    pub side: Side,
}

/// Type of a balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BalanceKind {
    /// An ISO 20022 code: `CLBD`, `OPBD`, `ITBD`, `CLAV`, …
    Code(String),
    /// A type of the bank's own.
    Proprietary(String),
}

impl BalanceKind {
    /// True for the closing booked balance, `CLBD`, and nothing else.
    #[must_use]
    pub fn is_closing_booked(&self) -> bool {
        matches!(self, Self::Code(code) if code == "CLBD")
    }
}

/// `Sts` of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// `BOOK`.
    Booked,
    /// `PDNG`.
    Pending,
    /// Another code, or a status of the bank's own: never counted as booked.
    Other(String),
}

/// A `Ntry`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `AcctSvcrRef` on the entry itself: what the bank calls it.
    pub account_servicer_ref: Option<String>,
    /// `Amt`, without sign.
    pub amount: BankAmount,
    /// `BookgDt`.
    pub booked_on: Option<BankDate>,
    /// The debtor's name, when every transaction of the entry names the same one.
    pub debtor: Option<String>,
    /// `NtryRef`.
    pub entry_ref: Option<String>,
    /// Where it stands in the file.
    pub place: Place,
    /// `RvslInd`: true when the entry takes another one back.
    pub reversal: bool,
    /// `CdtDbtInd`.
    pub side: Side,
    /// `Sts`.
    pub status: Status,
    /// How many `TxDtls` the entry holds.
    pub transactions: u64,
}

impl Entry {
    /// True for money that came in: booked, on the credit side, and not the reversal of a debit.
    #[must_use]
    pub fn is_booked_credit(&self) -> bool {
        self.status == Status::Booked && self.side == Side::Credit && !self.reversal
    }

    /// True when the entry itself carries `reference` as its `AcctSvcrRef` or its `NtryRef`.
    #[must_use]
    pub fn carries(&self, reference: &str) -> bool {
        self.account_servicer_ref.as_deref() == Some(reference)
            || self.entry_ref.as_deref() == Some(reference)
    }
}

#[cfg(test)]
mod tests;
