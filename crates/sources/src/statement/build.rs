//! From texts in their places to headers, statements, balances and entries.

use super::error::{StatementError, cut};
use super::format::Node;
use super::place::Place;
use super::{
    Account, Balance, BalanceKind, BankAmount, BankDate, Entry, Header, Page, Side, Statement, Status,
};
use std::collections::BTreeMap;

/// Texts read inside one `GrpHdr`, `Stmt`, `Bal`, `Ntry` or `TxDtls`.
#[derive(Debug)]
pub(super) struct Texts {
    found: BTreeMap<Node, (Node, String, Place)>,
    /// Where the element that holds them starts.
    pub(super) place: Place,
}

/// What the transactions of an entry have in common.
#[derive(Debug, Default)]
pub(super) struct Transactions {
    count: u64,
    debtor: Option<String>,
}

impl Texts {
    /// No texts, in an element that starts at `place`.
    pub(super) const fn new(place: Place) -> Self {
        Self { found: BTreeMap::new(), place }
    }

    /// Keeps the text of `node`. An empty element counts as absent.
    pub(super) fn put(&mut self, node: Node, text: &str, place: Place) -> Result<(), StatementError> {
        let text = collapse(text);
        if text.is_empty() {
            return Ok(());
        }
        if text.chars().any(char::is_control) {
            return Err(value(node, &text, "text without control characters", place));
        }
        let slot = node.slot();
        if let Some((_, before, _)) = self.found.get(&slot) {
            // A balance may count several credit lines in: it does as soon as one is.
            if slot == Node::CreditLineIncluded {
                if before == "false" || before == "0" {
                    self.found.insert(slot, (node, text, place));
                }
                return Ok(());
            }
            return Err(StatementError::Twice { element: node.path(), place });
        }
        self.found.insert(slot, (node, text, place));
        Ok(())
    }

    fn take(&mut self, slot: Node) -> Option<(Node, String, Place)> {
        self.found.remove(&slot)
    }

    fn text(&mut self, slot: Node) -> Option<String> {
        self.take(slot).map(|(_, text, _)| text)
    }

    fn need(&mut self, slot: Node) -> Result<(Node, String, Place), StatementError> {
        self.take(slot).ok_or_else(|| StatementError::Missing { element: slot.path(), place: self.place })
    }

    fn flag(&mut self, slot: Node) -> Result<Option<bool>, StatementError> {
        let Some((node, text, place)) = self.take(slot) else { return Ok(None) };
        match text.as_str() {
            "true" | "1" => Ok(Some(true)),
            "false" | "0" => Ok(Some(false)),
            _ => Err(value(node, &text, "`true` or `false`", place)),
        }
    }

    fn page(&mut self, number: Node, last: Node) -> Result<Option<Page>, StatementError> {
        let Some((node, text, place)) = self.take(number) else { return Ok(None) };
        let digits = text.len() <= 5 && text.bytes().all(|b| b.is_ascii_digit());
        let number = text.parse().ok().filter(|n| digits && *n > 0);
        let number = number.ok_or_else(|| value(node, &text, "a page number from 1 to 99999", place))?;
        let missing = || StatementError::Missing { element: last.path(), place };
        Ok(Some(Page { last: self.flag(last)?.ok_or_else(missing)?, number }))
    }

    fn amount(&mut self, amount: Node, currency: Node) -> Result<BankAmount, StatementError> {
        Ok(BankAmount { currency: self.need(currency)?.1, text: self.need(amount)?.1 })
    }

    fn side(&mut self, slot: Node) -> Result<Side, StatementError> {
        let (node, text, place) = self.need(slot)?;
        match text.as_str() {
            "CRDT" => Ok(Side::Credit),
            "DBIT" => Ok(Side::Debit),
            _ => Err(value(node, &text, "`CRDT` or `DBIT`", place)),
        }
    }

    fn account(&mut self) -> Result<Account, StatementError> {
        match self.need(Node::Iban)? {
            (Node::Iban, text, place) => iban(&text, place),
            (_, text, _) => Ok(Account::Other(text)),
        }
    }

    fn servicer(&mut self) -> Result<Option<String>, StatementError> {
        let Some((node, text, place)) = self.take(Node::Bic) else { return Ok(None) };
        let letters = text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !letters || !matches!(text.len(), 8 | 11) {
            return Err(value(node, &text, "a BIC of 8 or 11 capitals and digits", place));
        }
        // ISO 9362: the branch code `XXX` names the head office, as no branch code does.
        let head_office = text.strip_suffix("XXX").filter(|bic| bic.len() == 8);
        Ok(Some(head_office.map_or_else(|| text.clone(), str::to_owned)))
    }

    /// The message header.
    pub(super) fn header(mut self, version: u8) -> Result<Header, StatementError> {
        let message_id = self.need(Node::HeaderId)?.1;
        let page = self.page(Node::HeaderPage, Node::HeaderLast)?;
        Ok(Header { message_id, page, version })
    }

    /// The head of a statement.
    pub(super) fn statement(&mut self) -> Result<Statement, StatementError> {
        Ok(Statement {
            id: self.need(Node::StatementId)?.1,
            page: self.page(Node::StatementPage, Node::StatementLast)?,
            sequence: self.text(Node::Sequence),
            account: self.account()?,
            currency: self.text(Node::AccountCurrency),
            servicer: self.servicer()?,
        })
    }

    /// A balance.
    pub(super) fn balance(mut self) -> Result<Balance, StatementError> {
        let kind = match self.need(Node::BalanceCode)? {
            (Node::BalanceCode, text, _) => BalanceKind::Code(text),
            (_, text, _) => BalanceKind::Proprietary(text),
        };
        Ok(Balance {
            kind,
            credit_line: self.flag(Node::CreditLineIncluded)?.unwrap_or(false),
            amount: self.amount(Node::BalanceAmount, Node::BalanceCurrency)?,
            side: self.side(Node::BalanceSide)?,
            date: date(self.need(Node::BalanceDay)?)?,
            place: self.place,
        })
    }

    /// An entry, with what its transactions have in common.
    pub(super) fn entry(mut self, transactions: Transactions) -> Result<Entry, StatementError> {
        Ok(Entry {
            entry_ref: self.text(Node::EntryRef),
            amount: self.amount(Node::EntryAmount, Node::EntryCurrency)?,
            side: self.side(Node::EntrySide)?,
            reversal: self.flag(Node::Reversal)?.unwrap_or(false),
            status: status(self.need(Node::Status)?),
            booked_on: self.take(Node::BookingDay).map(date).transpose()?,
            account_servicer_ref: self.text(Node::AccountServicerRef),
            debtor: transactions.debtor,
            place: self.place,
            transactions: transactions.count,
        })
    }
}

impl Transactions {
    /// Adds a transaction: the debtor stays only while all name the same one.
    pub(super) fn add(&mut self, mut transaction: Texts) {
        let debtor = transaction.text(Node::DebtorName);
        if self.count == 0 {
            self.debtor = debtor;
        } else if self.debtor != debtor {
            self.debtor = None;
        }
        self.count = self.count.saturating_add(1);
    }
}

fn status((node, text, _): (Node, String, Place)) -> Status {
    match (node, text.as_str()) {
        (Node::StatusProprietary, _) => Status::Other(text),
        (_, "BOOK") => Status::Booked,
        (_, "PDNG") => Status::Pending,
        _ => Status::Other(text),
    }
}

fn date((node, text, place): (Node, String, Place)) -> Result<BankDate, StatementError> {
    let (read, expected) = match node {
        Node::BalanceTime | Node::BookingTime => {
            (BankDate::from_time(&text), "a time of the form `2026-11-20T17:00:00`, perhaps with a zone")
        }
        _ => (BankDate::from_day(&text), "a day of the form `2026-11-20`"),
    };
    read.ok_or_else(|| value(node, &text, expected, place))
}

fn iban(text: &str, place: Place) -> Result<Account, StatementError> {
    let capitals = text.to_ascii_uppercase();
    let bytes = capitals.as_bytes();
    let country = bytes.get(..2).is_some_and(|b| b.iter().all(u8::is_ascii_uppercase));
    let check = bytes.get(2..4).is_some_and(|b| b.iter().all(u8::is_ascii_digit));
    let rest = bytes.get(4..).is_some_and(|b| !b.is_empty() && b.iter().all(u8::is_ascii_alphanumeric));
    if !country || !check || !rest || bytes.len() > 34 {
        return Err(value(
            Node::Iban,
            text,
            "an IBAN: two letters, two digits, up to 30 letters and digits",
            place,
        ));
    }
    Ok(Account::Iban(capitals))
}

fn value(node: Node, found: &str, expected: &'static str, place: Place) -> StatementError {
    StatementError::Value { element: node.path(), found: cut(found), expected, place }
}

/// The text without white space around it, and with one space for each run of white space inside: another
/// export of the same entry gives the same text.
pub(super) fn collapse(text: &str) -> String {
    text.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
