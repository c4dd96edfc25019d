//! Bank messages of ISO 20022, read as a stream: camt.053 (statement), camt.054 (notification of debits and
//! credits), pacs.002 (status of payments), pacs.008 (credit transfer between banks).
//!
//! A message is a header and *items*: entries of an account, transfers, statuses. Each item says what the
//! message says of it, by [`Field`]; nothing is added and nothing is guessed. The rules are those of
//! [`crate::statement`], with the same walk: bounded memory, well-formed UTF-8 without a document type
//! definition, and what is read stands in its place, once, in its form.
//!
//! What a statement *shows* (a booked credit, a closing balance) is more than what one entry says: for that
//! there are [`crate::find_payment`] and [`crate::closing_balance`].

mod field;
mod find;
mod format;
mod list;
mod reader;

pub use field::{Field, Value};
pub use find::{ItemError, ItemQuery, find_item};
pub use list::{MessageList, read_message};
pub use reader::visit_message;

use crate::iso::{AmountError, BankAmount, BankDate, Place, Side};
use lockstep_types::Money;
use reader::Values;
use serde::Serialize;

/// Which message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum MessageKind {
    /// Bank-to-customer statement.
    #[serde(rename = "camt.053")]
    Camt053,
    /// Bank-to-customer debit and credit notification.
    #[serde(rename = "camt.054")]
    Camt054,
    /// Status of payments between financial institutions.
    #[serde(rename = "pacs.002")]
    Pacs002,
    /// Customer credit transfer between financial institutions.
    #[serde(rename = "pacs.008")]
    Pacs008,
}

impl MessageKind {
    /// All that are read.
    pub const ALL: [Self; 4] = [Self::Camt053, Self::Camt054, Self::Pacs002, Self::Pacs008];

    /// The name of the message.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Camt053 => "camt.053",
            Self::Camt054 => "camt.054",
            Self::Pacs002 => "pacs.002",
            Self::Pacs008 => "pacs.008",
        }
    }
}

impl core::fmt::Display for MessageKind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// An entry of an account: camt.053, camt.054.
    Entry,
    /// A credit transfer: pacs.008.
    Transfer,
    /// The status of one transaction: pacs.002.
    Status,
    /// The status of a whole message of before: pacs.002.
    Original,
}

/// The header of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageHeader {
    /// Which message.
    pub kind: MessageKind,
    /// Its version: 8 for pacs.008.001.08.
    pub version: u8,
    values: Values,
}

/// An entry, a transfer or a status, with what it has from the head of its statement and from the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The message it stands in.
    pub message: MessageKind,
    /// What it is.
    pub kind: ItemKind,
    /// Its place among the items of the file, from 1.
    pub number: u64,
    /// Where it stands in the file.
    pub place: Place,
    /// How many transactions an entry adds up: 0 when the bank gives no details. A field of a transaction is
    /// the entry's when all of them say the same.
    pub transactions: u64,
    values: Values,
}

/// Receives what a message holds, in the file's order.
///
/// What has been shown stands only when [`visit_message`] returns without an error.
pub trait MessageVisitor {
    /// The header; once, first.
    fn header(&mut self, header: &MessageHeader) {
        let _ = header;
    }
    /// An item.
    fn item(&mut self, item: &Item) {
        let _ = item;
    }
}

impl MessageHeader {
    /// A field of the header.
    #[must_use]
    pub fn value(&self, field: Field) -> Option<&Value> {
        self.values.get(&field)
    }
}

impl Item {
    /// What the item says by that name.
    #[must_use]
    pub fn value(&self, field: Field) -> Option<&Value> {
        self.values.get(&field)
    }

    /// All that it says.
    pub fn values(&self) -> impl Iterator<Item = (Field, &Value)> {
        self.values.iter().map(|(field, value)| (*field, value))
    }

    /// A field that is one text.
    #[must_use]
    pub fn text(&self, field: Field) -> Option<&str> {
        match self.value(field)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A field that is a day or a time.
    #[must_use]
    pub fn date(&self, field: Field) -> Option<&BankDate> {
        match self.value(field)? {
            Value::Date(date) => Some(date),
            _ => None,
        }
    }

    /// A field that is an amount, as the bank wrote it.
    #[must_use]
    pub fn amount(&self, field: Field) -> Option<&BankAmount> {
        match self.value(field)? {
            Value::Amount(amount) => Some(amount),
            _ => None,
        }
    }

    /// A field that is an amount, exactly.
    ///
    /// # Errors
    /// [`AmountError`] when what the bank wrote is not money.
    pub fn money(&self, field: Field) -> Option<Result<Money, AmountError>> {
        self.amount(field).map(BankAmount::money)
    }

    /// The side of an entry.
    #[must_use]
    pub fn side(&self) -> Option<Side> {
        match self.value(Field::Side)? {
            Value::Side(side) => Some(*side),
            _ => None,
        }
    }

    /// Texts of a field that may stand several times.
    #[must_use]
    pub fn list(&self, field: Field) -> &[String] {
        match self.value(field) {
            Some(Value::List(texts)) => texts,
            _ => &[],
        }
    }

    /// The fields by which the item is called, the surest first. An entry has no name inside its details,
    /// since not every export carries them; a payer's `EndToEndId` is often `NOTPROVIDED`.
    #[must_use]
    pub const fn names(&self) -> &'static [Field] {
        match self.kind {
            ItemKind::Entry => &[Field::AccountServicerRef, Field::EntryRef],
            ItemKind::Transfer | ItemKind::Status => &[
                Field::Uetr,
                Field::TransactionId,
                Field::InstructionId,
                Field::ClearingRef,
                Field::EndToEndId,
            ],
            ItemKind::Original => &[Field::OriginalMessageId],
        }
    }

    /// True when the item is called `reference`.
    #[must_use]
    pub fn carries(&self, reference: &str) -> bool {
        self.names().iter().any(|field| self.text(*field) == Some(reference))
    }

    /// What the item is about, as one text: it is the same in another export or a message that is sent
    /// again, and another one for another entry, transfer or status. Parts are separated by `/`, with `%` as
    /// `%25` and `/` as `%2F` inside each and nothing where the item has none.
    #[must_use]
    pub fn act(&self) -> String {
        use Field::*;
        let parts: &[Field] = match self.kind {
            ItemKind::Entry => &[Servicer, Account, AccountServicerRef, EntryRef],
            ItemKind::Transfer => &[DebtorAgent, InstructionId, EndToEndId, TransactionId, Uetr],
            ItemKind::Status => &[
                OriginalMessageId,
                InstructionId,
                EndToEndId,
                TransactionId,
                Uetr,
                Status,
                StatusProprietary,
            ],
            ItemKind::Original => &[OriginalMessageId, Status],
        };
        let part = |field: &Field| self.text(*field).unwrap_or("").replace('%', "%25").replace('/', "%2F");
        parts.iter().map(part).collect::<Vec<_>>().join("/")
    }

    /// True when at least one of the item's names stands in the message.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.names().iter().any(|field| self.text(*field).is_some_and(|text| text != "NOTPROVIDED"))
    }
}

#[cfg(test)]
mod tests;
