//! What all ISO 20022 messages share: the walk over the XML with its limits, and how amounts, days, accounts
//! and bank codes are written. Which elements a message has is said by its own module.

pub(crate) mod amount;
pub(crate) mod date;
pub(crate) mod error;
pub(crate) mod gauge;
pub(crate) mod place;
pub(crate) mod texts;
pub(crate) mod walk;

pub use amount::{AmountError, BankAmount};
pub use date::{BankDate, DateError, UtcOffset, UtcOffsetError};
pub use error::MessageError;
pub use place::Place;

pub(crate) use error::cut;

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
    /// Most statements or notifications in a file.
    pub statements_max: usize,
    /// Most balances in a statement.
    pub balances_max: usize,
    /// Most entries that a summary lists for one statement; the others are counted.
    pub entries_listed_max: usize,
    /// Most texts of an element that may stand several times in one entry or transaction: a reason, a line
    /// of remittance information.
    pub repeats_max: usize,
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
            repeats_max: 64,
        }
    }
}

/// Which page of how many: `MsgPgntn`, `StmtPgntn`, `NtfctnPgntn`.
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

/// An account as a message names it. Its text is the IBAN in capitals, or the other id as it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// `Id/IBAN`; the form is checked, the check digits are not.
    Iban(String),
    /// `Id/Othr/Id`.
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
            Self::Other(id) => id == &texts::collapse(text),
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
