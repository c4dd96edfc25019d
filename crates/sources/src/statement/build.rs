//! From texts in their places to headers, statements, balances and entries.

use super::format::Node;
use super::{Account, Balance, BalanceKind, BankDate, Entry, Header, MessageError, Side, Statement, Status};
use crate::iso::Place;
use crate::iso::texts::{self, Texts};

/// What the transactions of an entry have in common.
#[derive(Debug, Default)]
pub(super) struct Transactions {
    count: u64,
    debtor: Option<String>,
}

/// The message header.
pub(super) fn header(mut texts: Texts<Node>, version: u8) -> Result<Header, MessageError> {
    let message_id = texts.need(Node::HeaderId)?.1;
    let page = texts.page(Node::HeaderPage, Node::HeaderLast)?;
    Ok(Header { message_id, page, version })
}

/// The head of a statement.
pub(super) fn statement(texts: &mut Texts<Node>) -> Result<Statement, MessageError> {
    Ok(Statement {
        id: texts.need(Node::StatementId)?.1,
        page: texts.page(Node::StatementPage, Node::StatementLast)?,
        sequence: texts.text(Node::Sequence),
        account: account(texts)?,
        currency: texts.text(Node::AccountCurrency),
        servicer: servicer(texts)?,
    })
}

/// A balance.
pub(super) fn balance(mut texts: Texts<Node>) -> Result<Balance, MessageError> {
    let kind = match texts.need(Node::BalanceCode)? {
        (Node::BalanceCode, text, _) => BalanceKind::Code(text),
        (_, text, _) => BalanceKind::Proprietary(text),
    };
    Ok(Balance {
        kind,
        credit_line: texts.flag(Node::CreditLineIncluded)?.unwrap_or(false),
        amount: texts.amount(Node::BalanceAmount, Node::BalanceCurrency)?,
        side: side(&mut texts, Node::BalanceSide)?,
        date: date(texts.need(Node::BalanceDay)?)?,
        place: texts.place,
    })
}

/// An entry, with what its transactions have in common.
pub(super) fn entry(mut texts: Texts<Node>, transactions: Transactions) -> Result<Entry, MessageError> {
    Ok(Entry {
        entry_ref: texts.text(Node::EntryRef),
        amount: texts.amount(Node::EntryAmount, Node::EntryCurrency)?,
        side: side(&mut texts, Node::EntrySide)?,
        reversal: texts.flag(Node::Reversal)?.unwrap_or(false),
        status: status(texts.need(Node::Status)?),
        booked_on: texts.take(Node::BookingDay).map(date).transpose()?,
        account_servicer_ref: texts.text(Node::AccountServicerRef),
        debtor: transactions.debtor,
        place: texts.place,
        transactions: transactions.count,
    })
}

impl Transactions {
    /// Adds a transaction: the debtor stays only while all name the same one.
    pub(super) fn add(&mut self, mut transaction: Texts<Node>) {
        let debtor = transaction.text(Node::DebtorName);
        if self.count == 0 {
            self.debtor = debtor;
        } else if self.debtor != debtor {
            self.debtor = None;
        }
        self.count = self.count.saturating_add(1);
    }
}

fn account(texts: &mut Texts<Node>) -> Result<Account, MessageError> {
    match texts.need(Node::Iban)? {
        (Node::Iban, text, place) => texts::iban(Node::Iban, &text, place),
        (_, text, _) => Ok(Account::Other(text)),
    }
}

fn servicer(texts: &mut Texts<Node>) -> Result<Option<String>, MessageError> {
    texts.take(Node::Bic).map(|(node, text, place)| texts::bic(node, &text, place)).transpose()
}

fn side(texts: &mut Texts<Node>, slot: Node) -> Result<Side, MessageError> {
    let (node, text, place) = texts.need(slot)?;
    texts::side(node, &text, place)
}

fn status((node, text, _): (Node, String, Place)) -> Status {
    match (node, text.as_str()) {
        (Node::StatusProprietary, _) => Status::Other(text),
        (_, "BOOK") => Status::Booked,
        (_, "PDNG") => Status::Pending,
        _ => Status::Other(text),
    }
}

fn date((node, text, place): (Node, String, Place)) -> Result<BankDate, MessageError> {
    match node {
        Node::BalanceTime | Node::BookingTime => texts::time(node, &text, place),
        _ => texts::day(node, &text, place),
    }
}
