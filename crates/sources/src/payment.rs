//! One incoming payment in a statement: the act that a single use is bound to.
//!
//! A payment is named by a *reference*: the `AcctSvcrRef` or the `NtryRef` that stands on the entry itself.
//! An `EndToEndId` names nothing here: the payer chooses it, and it is often `NOTPROVIDED`; a reference
//! inside the details of a transaction names nothing either, since not every export carries details.
//!
//! The act is (servicer, account, `AcctSvcrRef`, `NtryRef`), see [`PaymentKey`]. It does not depend on white
//! space, attribute order, prefixes, the message's version or the file the entry stands in. It does rest on
//! the bank giving an entry the same references in every export: a bank that numbers `NtryRef` anew in each
//! file must not be used as a source.

use crate::statement::{
    AmountError, Balance, DateError, Entry, Gap, Header, Limits, MessageError, Pages, Side, Statement,
    Status, UtcOffset, Visitor, cut, visit,
};
use core::fmt;
use lockstep_types::{Currency, Money, Time};
use serde::Serialize;
use std::io::BufRead;

/// Which payment is looked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct PaymentQuery<'a> {
    /// `AcctSvcrRef` or `NtryRef` of the entry.
    pub reference: &'a str,
    /// `NtryRef`, when `reference` alone names several booked credits.
    pub entry_ref: Option<&'a str>,
    /// The account, when the file holds statements of several.
    pub account: Option<&'a str>,
    /// The currency expected.
    pub currency: Option<Currency>,
    /// The bank's offset from UTC, when it is known; see [`crate::statement::BankDate::booked_at`].
    pub utc_offset: Option<UtcOffset>,
}

/// A booked credit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Payment {
    /// The account credited: IBAN in capitals, or the other id.
    pub account: String,
    /// `AcctSvcrRef` of the entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_servicer_ref: Option<String>,
    /// A time not after the booking, nor after the closing balance of the same statement: a payment that
    /// stands in a statement is part of its balance.
    pub booked_at: Time,
    /// `BookgDt` as it stands in the file.
    pub booked_on: String,
    /// The debtor's name, when every transaction of the entry names the same one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debtor: Option<String>,
    /// `NtryRef` of the entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_ref: Option<String>,
    /// The amount, exactly as booked.
    pub money: Money,
    /// BIC of the account servicer.
    pub servicer: String,
    /// How many transactions the entry adds up: 0 when the bank gives no details.
    pub transactions: u64,
}

/// The act of an incoming payment: what must not be used twice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PaymentKey {
    /// The account credited.
    pub account: String,
    /// [`Payment::act`].
    pub act: String,
    /// BIC of the account servicer.
    pub servicer: String,
}

/// Why a statement does not show the payment. Variants stand in the order of the checks.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PaymentError {
    /// The file is refused.
    #[error(transparent)]
    Statement(#[from] MessageError),
    /// The file is not complete, so a second entry of the same name may stand elsewhere.
    #[error(transparent)]
    Pages(#[from] Gap),
    /// No statement of the account asked for.
    #[error("the file holds no statement of the account `{account}`")]
    NoAccount {
        /// The account asked for.
        account: String,
    },
    /// Entries carry the reference, but none is a booked credit.
    #[error("`{reference}` names {found}, expected a booked credit{entry_ref}")]
    NotCredit {
        /// The reference asked for.
        reference: String,
        /// What the first such entry is.
        found: NotCredit,
        /// The entry reference asked for.
        entry_ref: EntryRefAsked,
    },
    /// No entry carries the reference.
    #[error(
        "no entry carries `{reference}` as its `AcctSvcrRef` or `NtryRef`; \
         {credits} booked credits were looked at"
    )]
    NotFound {
        /// The reference asked for.
        reference: String,
        /// Booked credits in the statements looked at.
        credits: u64,
    },
    /// Several booked credits carry the reference, and the entry reference does not decide.
    #[error("`{reference}` names {count} booked credits{entry_ref}, expected one")]
    Ambiguous {
        /// The reference asked for.
        reference: String,
        /// How many.
        count: u64,
        /// The entry reference asked for.
        entry_ref: EntryRefAsked,
    },
    /// A booked reversal carries the reference: the bank has taken the credit back.
    #[error("the credit that `{reference}` names has been reversed")]
    Reversed {
        /// The reference asked for.
        reference: String,
    },
    /// The servicer has no BIC in the file, so the act has no name.
    #[error("the statement gives no BIC for the account servicer")]
    NoServicer,
    /// The amount is not exact money.
    #[error("the entry's amount is refused")]
    Amount(#[source] AmountError),
    /// The entry is not in the account's currency, or not in the one expected.
    #[error("the entry is in `{found}`, expected `{expected}`")]
    WrongCurrency {
        /// The entry's currency.
        found: String,
        /// The account's, or the one asked for.
        expected: String,
    },
    /// The entry gives no booking date.
    #[error("the entry gives no `BookgDt`")]
    NoBookingDate,
    /// A date outside the ledger's time line.
    #[error("the entry's booking date or the statement's closing date is refused")]
    Date(#[source] DateError),
}

/// What an entry is that is no booked credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotCredit {
    /// Money that went out.
    Debit,
    /// An entry that takes another one back.
    Reversal,
    /// An entry that is not booked yet.
    Pending,
    /// An entry of another status.
    Status(String),
    /// A booked credit whose entry reference is another one, or none.
    OtherEntryRef(String),
}

/// The entry reference of a query, as part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRefAsked(pub Option<String>);

impl fmt::Display for NotCredit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Debit => f.write_str("a debit"),
            Self::Reversal => f.write_str("a reversal"),
            Self::Pending => f.write_str("a pending entry"),
            Self::Status(status) => write!(f, "an entry of status `{status}`"),
            Self::OtherEntryRef(found) => write!(f, "a booked credit with the entry reference `{found}`"),
        }
    }
}

impl fmt::Display for EntryRefAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(entry_ref) => write!(f, " with the entry reference `{entry_ref}`"),
            None => Ok(()),
        }
    }
}

impl Payment {
    /// The bank's name for the entry: `AcctSvcrRef/NtryRef`, with `%` as `%25` and `/` as `%2F` inside each
    /// and nothing where the entry has none. Two entries of an account have one text only if both references
    /// agree.
    #[must_use]
    pub fn act(&self) -> String {
        let part =
            |text: &Option<String>| text.as_deref().unwrap_or("").replace('%', "%25").replace('/', "%2F");
        format!("{}/{}", part(&self.account_servicer_ref), part(&self.entry_ref))
    }

    /// The act that this payment is.
    #[must_use]
    pub fn key(&self) -> PaymentKey {
        PaymentKey { account: self.account.clone(), act: self.act(), servicer: self.servicer.clone() }
    }
}

/// Finds the one booked credit that `query` names. The whole file is read, since a second credit of the same
/// name may stand at its end.
///
/// # Errors
/// [`PaymentError`], in the order of its variants.
pub fn find_payment(
    input: impl BufRead,
    query: &PaymentQuery<'_>,
    limits: &Limits,
) -> Result<Payment, PaymentError> {
    let mut search = Search::new(*query);
    visit(input, limits, &mut search)?;
    search.end()
}

/// What the walk has found so far; one entry is kept, however many there are.
struct Search<'a> {
    query: PaymentQuery<'a>,
    pages: Pages,
    account_seen: bool,
    credits: u64,
    matches: u64,
    first: Option<Match>,
    not_credit: Option<NotCredit>,
    reversed: bool,
    /// Earliest closing date of the statement that is being read, pages before included.
    closing: Closing,
}

type Closing = Result<Option<Time>, DateError>;

struct Match {
    statement: Statement,
    entry: Entry,
    closing: Closing,
    /// True while the statement, over all its pages, has not ended.
    open: bool,
}

impl<'a> Search<'a> {
    fn new(query: PaymentQuery<'a>) -> Self {
        Self {
            query,
            pages: Pages::default(),
            account_seen: false,
            credits: 0,
            matches: 0,
            first: None,
            not_credit: None,
            reversed: false,
            closing: Ok(None),
        }
    }

    fn asks_for(&self, statement: &Statement) -> bool {
        self.query.account.is_none_or(|account| statement.account.is_named(account))
    }

    fn end(self) -> Result<Payment, PaymentError> {
        let query = self.query;
        let reference = || cut(query.reference);
        self.pages.end()?;
        if let Some(account) = query.account.filter(|_| !self.account_seen) {
            return Err(PaymentError::NoAccount { account: cut(account) });
        }
        let entry_ref = EntryRefAsked(query.entry_ref.map(cut));
        let Some(found) = self.first else {
            return Err(match self.not_credit {
                Some(found) => PaymentError::NotCredit { reference: reference(), found, entry_ref },
                None => PaymentError::NotFound { reference: reference(), credits: self.credits },
            });
        };
        if self.matches > 1 {
            return Err(PaymentError::Ambiguous { reference: reference(), count: self.matches, entry_ref });
        }
        if self.reversed {
            return Err(PaymentError::Reversed { reference: reference() });
        }
        found.payment(&query)
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
        self.account_seen = true;
        if !self.pages.statement(statement) {
            self.closing = Ok(None);
            if let Some(first) = &mut self.first {
                first.open = false;
            }
        }
    }

    fn balance(&mut self, statement: &Statement, balance: &Balance) {
        if self.asks_for(statement) && balance.kind.is_closing_booked() {
            let date = balance.date.as_of(self.query.utc_offset);
            self.closing = match (&self.closing, date) {
                (Ok(before), Ok(date)) => Ok(Some(before.map_or(date, |before| before.min(date)))),
                (Err(error), _) => Err(error.clone()),
                (_, Err(error)) => Err(error),
            };
            if let Some(first) = self.first.as_mut().filter(|first| first.open) {
                first.closing = self.closing.clone();
            }
        }
    }

    fn entry(&mut self, statement: &Statement, entry: &Entry) {
        if !self.asks_for(statement) {
            return;
        }
        let credit = entry.is_booked_credit();
        self.credits = self.credits.saturating_add(u64::from(credit));
        if !entry.carries(self.query.reference) {
            return;
        }
        if !credit {
            self.not_credit.get_or_insert(NotCredit::of(entry));
            // `CRDT` with `RvslInd` takes a debit back, which is no matter of a credit's.
            self.reversed |= entry.reversal && entry.side == Side::Debit;
            return;
        }
        if self.query.entry_ref.is_some_and(|wanted| entry.entry_ref.as_deref() != Some(wanted)) {
            let found = entry.entry_ref.as_deref().unwrap_or("");
            self.not_credit.get_or_insert_with(|| NotCredit::OtherEntryRef(cut(found)));
            return;
        }
        self.matches = self.matches.saturating_add(1);
        self.first.get_or_insert_with(|| Match {
            statement: statement.clone(),
            entry: entry.clone(),
            closing: self.closing.clone(),
            open: true,
        });
    }
}

impl NotCredit {
    fn of(entry: &Entry) -> Self {
        match (&entry.status, entry.side) {
            (Status::Pending, _) => Self::Pending,
            (Status::Other(status), _) => Self::Status(cut(status)),
            (Status::Booked, _) if entry.reversal => Self::Reversal,
            (Status::Booked, Side::Debit | Side::Credit) => Self::Debit,
        }
    }
}

impl Match {
    fn payment(self, query: &PaymentQuery<'_>) -> Result<Payment, PaymentError> {
        let (statement, entry) = (self.statement, self.entry);
        let servicer = statement.servicer.ok_or(PaymentError::NoServicer)?;
        let money = entry.amount.money().map_err(PaymentError::Amount)?;
        let found = money.currency.as_str();
        let expected = [statement.currency.as_deref(), query.currency.as_ref().map(Currency::as_str)];
        if let Some(expected) = expected.into_iter().flatten().find(|expected| *expected != found) {
            return Err(PaymentError::WrongCurrency { found: found.to_owned(), expected: cut(expected) });
        }
        let booked_on = entry.booked_on.ok_or(PaymentError::NoBookingDate)?;
        let day = booked_on.booked_at(query.utc_offset).map_err(PaymentError::Date)?;
        let closing = self.closing.map_err(PaymentError::Date)?;
        Ok(Payment {
            account: statement.account.as_str().to_owned(),
            account_servicer_ref: entry.account_servicer_ref,
            booked_at: closing.map_or(day, |closing| day.min(closing)),
            booked_on: booked_on.as_str().to_owned(),
            debtor: entry.debtor,
            entry_ref: entry.entry_ref,
            money,
            servicer,
            transactions: entry.transactions,
        })
    }
}

#[cfg(test)]
mod tests;
