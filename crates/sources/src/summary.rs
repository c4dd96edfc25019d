//! A whole file at a glance, for people: what `lockstep statement read` shows. Amounts stand as the bank
//! wrote them; nothing here has been checked against a currency, and nothing may be attested from it.

use crate::statement::{
    Account, Balance, BalanceKind, BankAmount, BankDate, Entry, Header, Limits, MessageError, Page, Side,
    Statement, Status, Visitor, visit,
};
use serde::Serialize;
use std::io::BufRead;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatementSummary {
    /// `GrpHdr/MsgId`.
    pub message: String,
    /// Page of the message, when it is spread over several files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<Page>,
    /// The statements, in the file's order.
    pub statements: Vec<StatementView>,
    /// The message version: 8 for camt.053.001.08.
    pub version: u8,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatementView {
    /// The account.
    pub account: Account,
    /// Its balances.
    pub balances: Vec<BalanceView>,
    /// How many booked credits that are no reversals.
    pub booked_credits: u64,
    /// `Acct/Ccy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Its first entries.
    pub entries: Vec<EntryView>,
    /// How many entries it has.
    pub entries_total: u64,
    /// `Stmt/Id`.
    pub id: String,
    /// Page of the statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<Page>,
    /// BIC of the account servicer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub servicer: Option<String>,
}

/// One balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BalanceView {
    /// The amount.
    pub amount: BankAmount,
    /// The date.
    pub date: BankDate,
    /// The type.
    pub kind: BalanceKind,
    /// The side.
    pub side: Side,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryView {
    /// `AcctSvcrRef`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_servicer_ref: Option<String>,
    /// The amount.
    pub amount: BankAmount,
    /// `BookgDt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub booked_on: Option<BankDate>,
    /// The debtor's name, when all transactions name the same one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debtor: Option<String>,
    /// `NtryRef`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_ref: Option<String>,
    /// True when the entry takes another one back.
    pub reversal: bool,
    /// The side.
    pub side: Side,
    /// The status.
    pub status: Status,
    /// How many transactions it adds up.
    pub transactions: u64,
}

/// Reads a whole file into a summary. Of each statement the first `limits.entries_listed_max` entries are
/// listed.
///
/// # Errors
/// [`MessageError`] when the file is refused.
pub fn read_statement(input: impl BufRead, limits: &Limits) -> Result<StatementSummary, MessageError> {
    let mut summary = Summary {
        listed_max: limits.entries_listed_max,
        shown: StatementSummary { message: String::new(), page: None, statements: Vec::new(), version: 0 },
    };
    visit(input, limits, &mut summary)?;
    Ok(summary.shown)
}

struct Summary {
    listed_max: usize,
    shown: StatementSummary,
}

impl Visitor for Summary {
    fn header(&mut self, header: &Header) {
        self.shown.message.clone_from(&header.message_id);
        self.shown.page = header.page;
        self.shown.version = header.version;
    }

    fn statement(&mut self, statement: &Statement) {
        self.shown.statements.push(StatementView {
            account: statement.account.clone(),
            balances: Vec::new(),
            booked_credits: 0,
            currency: statement.currency.clone(),
            entries: Vec::new(),
            entries_total: 0,
            id: statement.id.clone(),
            page: statement.page,
            servicer: statement.servicer.clone(),
        });
    }

    fn balance(&mut self, _: &Statement, balance: &Balance) {
        if let Some(view) = self.shown.statements.last_mut() {
            view.balances.push(BalanceView {
                amount: balance.amount.clone(),
                date: balance.date.clone(),
                kind: balance.kind.clone(),
                side: balance.side,
            });
        }
    }

    fn entry(&mut self, _: &Statement, entry: &Entry) {
        let Some(view) = self.shown.statements.last_mut() else { return };
        view.entries_total = view.entries_total.saturating_add(1);
        view.booked_credits = view.booked_credits.saturating_add(u64::from(entry.is_booked_credit()));
        if view.entries.len() < self.listed_max {
            view.entries.push(EntryView {
                account_servicer_ref: entry.account_servicer_ref.clone(),
                amount: entry.amount.clone(),
                booked_on: entry.booked_on.clone(),
                debtor: entry.debtor.clone(),
                entry_ref: entry.entry_ref.clone(),
                reversal: entry.reversal,
                side: entry.side,
                status: entry.status.clone(),
                transactions: entry.transactions,
            });
        }
    }
}
