//! What messages say, by name: the fields from which a step's claims may be filled.

use crate::iso::{BankAmount, BankDate, Side};
use serde::{Serialize, Serializer};

/// A named value of a message, an entry or a transaction. Which elements it is read from stands in
/// `format.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// When the message was made.
    CreatedAt,
    /// The message's own id.
    MessageId,
    /// Page of the message.
    MessagePage,
    /// True on its last page.
    MessageLastPage,
    /// The bank that sends an instruction or a status on.
    InstructingAgent,
    /// The bank it is sent to.
    InstructedAgent,
    /// Id of a statement or notification.
    ReportId,
    /// Page of a statement or notification.
    ReportPage,
    /// True on its last page.
    ReportLastPage,
    /// The account that a statement or notification is of.
    Account,
    /// Its currency.
    AccountCurrency,
    /// The bank that keeps it.
    Servicer,
    /// The message that a status is about.
    OriginalMessageId,
    /// What kind of message that was.
    OriginalMessageName,
    /// What the account's owner finds an entry by.
    EntryRef,
    /// What the bank calls an entry or a payment.
    AccountServicerRef,
    /// The id of a status.
    StatusId,
    /// The id that one bank gave an instruction to the next.
    InstructionId,
    /// The id that the payer gave; the same from end to end.
    EndToEndId,
    /// The id that the first bank gave; the same between banks.
    TransactionId,
    /// The unique end-to-end reference of a transaction, a UUID.
    Uetr,
    /// The id that a clearing system gave.
    ClearingRef,
    /// The amount booked or settled.
    Amount,
    /// Its currency; part of [`Field::Amount`].
    AmountCurrency,
    /// The amount that the payer asked for.
    InstructedAmount,
    /// Its currency; part of [`Field::InstructedAmount`].
    InstructedCurrency,
    /// Credit or debit, seen from the account's owner.
    Side,
    /// True when an entry takes another one back.
    Reversal,
    /// A status code.
    Status,
    /// A status of the bank's own.
    StatusProprietary,
    /// Codes of the reasons for a status or a return.
    Reason,
    /// Reasons in the bank's own codes.
    ReasonProprietary,
    /// Reasons in words.
    ReasonText,
    /// Day or time of booking.
    BookedOn,
    /// Day or time from which interest counts.
    ValueOn,
    /// The day on which banks settle.
    SettlesOn,
    /// When a bank took an instruction on.
    AcceptedAt,
    /// Who pays.
    Debtor,
    /// Its LEI.
    DebtorLei,
    /// Its account.
    DebtorAccount,
    /// Its bank.
    DebtorAgent,
    /// Who is paid.
    Creditor,
    /// Its LEI.
    CreditorLei,
    /// Its account.
    CreditorAccount,
    /// Its bank.
    CreditorAgent,
    /// What the payer wrote, line by line.
    Remittance,
}

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A text as it stands.
    Text,
    /// Texts as they stand, in order.
    List,
    /// A BIC.
    Bic,
    /// An IBAN, or another number.
    Account,
    /// A number with its currency, which is the field named.
    Amount(Field),
    /// The currency of an amount; no field of its own.
    Currency,
    /// `CRDT`, `DBIT`.
    Side,
    /// `true`, `false`.
    Flag,
    /// A day or a time.
    Date,
    /// A page number; with the flag that is the field named.
    Page(Field),
    /// True on the last page; no field of its own.
    LastPage,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// Texts.
    List(Vec<String>),
    /// An amount as the bank wrote it; [`BankAmount::money`] reads it exactly.
    Amount(BankAmount),
    /// A side.
    Side(Side),
    /// A flag.
    Flag(bool),
    /// A day or a time.
    Date(BankDate),
}

const FIELDS: &[(Field, &str, Form)] = &[
    (Field::CreatedAt, "created_at", Form::Date),
    (Field::MessageId, "message_id", Form::Text),
    (Field::MessagePage, "message_page", Form::Page(Field::MessageLastPage)),
    (Field::MessageLastPage, "message_last_page", Form::LastPage),
    (Field::InstructingAgent, "instructing_agent", Form::Bic),
    (Field::InstructedAgent, "instructed_agent", Form::Bic),
    (Field::ReportId, "report_id", Form::Text),
    (Field::ReportPage, "report_page", Form::Page(Field::ReportLastPage)),
    (Field::ReportLastPage, "report_last_page", Form::LastPage),
    (Field::Account, "account", Form::Account),
    (Field::AccountCurrency, "account_currency", Form::Text),
    (Field::Servicer, "servicer", Form::Bic),
    (Field::OriginalMessageId, "original_message_id", Form::Text),
    (Field::OriginalMessageName, "original_message_name", Form::Text),
    (Field::EntryRef, "entry_ref", Form::Text),
    (Field::AccountServicerRef, "account_servicer_ref", Form::Text),
    (Field::StatusId, "status_id", Form::Text),
    (Field::InstructionId, "instruction_id", Form::Text),
    (Field::EndToEndId, "end_to_end_id", Form::Text),
    (Field::TransactionId, "transaction_id", Form::Text),
    (Field::Uetr, "uetr", Form::Text),
    (Field::ClearingRef, "clearing_ref", Form::Text),
    (Field::Amount, "amount", Form::Amount(Field::AmountCurrency)),
    (Field::AmountCurrency, "amount_currency", Form::Currency),
    (Field::InstructedAmount, "instructed_amount", Form::Amount(Field::InstructedCurrency)),
    (Field::InstructedCurrency, "instructed_currency", Form::Currency),
    (Field::Side, "side", Form::Side),
    (Field::Reversal, "reversal", Form::Flag),
    (Field::Status, "status", Form::Text),
    (Field::StatusProprietary, "status_proprietary", Form::Text),
    (Field::Reason, "reason", Form::List),
    (Field::ReasonProprietary, "reason_proprietary", Form::List),
    (Field::ReasonText, "reason_text", Form::List),
    (Field::BookedOn, "booked_on", Form::Date),
    (Field::ValueOn, "value_on", Form::Date),
    (Field::SettlesOn, "settles_on", Form::Date),
    (Field::AcceptedAt, "accepted_at", Form::Date),
    (Field::Debtor, "debtor", Form::Text),
    (Field::DebtorLei, "debtor_lei", Form::Text),
    (Field::DebtorAccount, "debtor_account", Form::Account),
    (Field::DebtorAgent, "debtor_agent", Form::Bic),
    (Field::Creditor, "creditor", Form::Text),
    (Field::CreditorLei, "creditor_lei", Form::Text),
    (Field::CreditorAccount, "creditor_account", Form::Account),
    (Field::CreditorAgent, "creditor_agent", Form::Bic),
    (Field::Remittance, "remittance", Form::List),
];

impl Field {
    /// The field's name, as mappings and `--json` write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        FIELDS.iter().find(|(field, _, _)| *field == self).map_or("", |(_, name, _)| name)
    }

    /// The field of that name, unless it is only a part of another one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let found = FIELDS.iter().find(|(_, known, _)| *known == name);
        found
            .filter(|(_, _, form)| !matches!(form, Form::Currency | Form::LastPage))
            .map(|(field, _, _)| *field)
    }

    /// True for an amount of money.
    #[must_use]
    pub fn is_amount(self) -> bool {
        matches!(self.form(), Form::Amount(_))
    }

    /// True for a day or a time.
    #[must_use]
    pub fn is_date(self) -> bool {
        self.form() == Form::Date
    }

    pub(super) fn form(self) -> Form {
        FIELDS.iter().find(|(field, _, _)| *field == self).map_or(Form::Text, |(_, _, form)| *form)
    }
}

impl Value {
    /// The value as one line of text, as the bank wrote it: an amount with its currency, lists joined by a
    /// space.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::List(texts) => texts.join(" "),
            Self::Amount(amount) => format!("{} {}", amount.text, amount.currency),
            Self::Side(Side::Credit) => "credit".to_owned(),
            Self::Side(Side::Debit) => "debit".to_owned(),
            Self::Flag(flag) => flag.to_string(),
            Self::Date(date) => date.as_str().to_owned(),
        }
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(texts) => texts.serialize(serializer),
            Self::Amount(amount) => amount.serialize(serializer),
            Self::Side(side) => side.serialize(serializer),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Date(date) => date.serialize(serializer),
        }
    }
}
