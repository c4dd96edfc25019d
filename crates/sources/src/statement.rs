//! ISO 20022 bank-to-customer statements (camt.053), versions 2 to 13 of the message, read as a stream.
//!
//! [`visit`] walks a file once and shows a [`Visitor`] each statement, balance and entry; nothing is kept, so
//! a file of any length takes the same memory. Elements that are not needed are passed over, but the whole
//! file must be well-formed UTF-8 without a document type definition, and what is read must stand where the
//! message puts it, once, in the form the message gives it.

mod amount;
mod build;
mod date;
mod error;
mod format;
mod gauge;
mod pages;
mod place;
mod reader;

pub use amount::{AmountError, BankAmount};
pub use date::{BankDate, DateError, UtcOffset, UtcOffsetError};
pub use error::StatementError;
pub use pages::Gap;
pub use place::Place;
pub use reader::visit;

pub(crate) use error::cut;
pub(crate) use pages::Pages;

use serde::{Serialize, Serializer};

/// What a file may take. The defaults suit banks' files; a file beyond them is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest file, in bytes.
    pub bytes_max: u64,
    /// Longest tag, text or comment, in bytes: this bounds the memory.
    pub event_bytes_max: usize,
    /// Deepest nesting of elements.
    pub depth_max: usize,
    /// Longest text that is kept (a reference, a name), in bytes.
    pub text_bytes_max: usize,
    /// Most attributes on one element.
    pub attributes_max: usize,
    /// Most statements in a file.
    pub statements_max: usize,
    /// Most balances in a statement.
    pub balances_max: usize,
    /// Most entries that a summary lists for one statement; the others are counted.
    pub entries_listed_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes_max: 1 << 30,
            event_bytes_max: 65_536,
            depth_max: 64,
            text_bytes_max: 1_024,
            attributes_max: 32,
            statements_max: 10_000,
            balances_max: 64,
            entries_listed_max: 1_000,
        }
    }
}

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

/// Which page of how many: `MsgPgntn`, `StmtPgntn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Page {
    /// True on the last page.
    pub last: bool,
    /// The page's number, from 1.
    pub number: u32,
}

impl Page {
    /// True when this page is all there is.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.number == 1 && self.last
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

/// An account as a statement names it. Its text is the IBAN in capitals, or the other id as it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// `Acct/Id/IBAN`; the form is checked, the check digits are not.
    Iban(String),
    /// `Acct/Id/Othr/Id`.
    Other(String),
}

impl Account {
    /// The account as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Iban(text) | Self::Other(text) => text,
        }
    }

    /// True when `text`, as people write it, names this account: an IBAN also in groups or small letters.
    #[must_use]
    pub fn is_named(&self, text: &str) -> bool {
        match self {
            Self::Iban(iban) => {
                iban.chars().eq(text.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_uppercase()))
            }
            Self::Other(id) => id == &build::collapse(text),
        }
    }
}

impl core::fmt::Display for Account {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Account {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// `CdtDbtInd`: on whose side an amount stands, seen from the account's owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// `CRDT`: in favour of the owner.
    Credit,
    /// `DBIT`: against the owner.
    Debit,
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
