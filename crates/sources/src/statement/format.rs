//! Which elements of camt.053 are read. One table holds every version from 2 to 13; an element not in it, or
//! of another namespace, is passed over with all that it holds.
//!
//! What changed between the versions: 3 brought `BICFI` for `BIC` and `StmtPgntn`; 7 brought the choice under
//! `Sts` (`Cd`, `Prtry`) and under `Dbtr` (`Pty`, `Agt`). All forms are read in all versions.

/// An element that is read, or [`Node::Other`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Node {
    Document,
    Message,
    Header,
    HeaderId,
    HeaderPages,
    HeaderPage,
    HeaderLast,
    Statement,
    StatementId,
    StatementPages,
    StatementPage,
    StatementLast,
    Sequence,
    Account,
    AccountId,
    Iban,
    OtherId,
    OtherIdText,
    AccountCurrency,
    Servicer,
    ServicerId,
    Bic,
    Balance,
    BalanceType,
    BalanceChoice,
    BalanceCode,
    BalanceProprietary,
    CreditLine,
    CreditLineIncluded,
    BalanceAmount,
    BalanceCurrency,
    BalanceSide,
    BalanceDate,
    BalanceDay,
    BalanceTime,
    Entry,
    EntryRef,
    EntryAmount,
    EntryCurrency,
    EntrySide,
    Reversal,
    Status,
    StatusCode,
    StatusProprietary,
    Booking,
    BookingDay,
    BookingTime,
    AccountServicerRef,
    Details,
    Transaction,
    Parties,
    Debtor,
    DebtorParty,
    DebtorAgent,
    DebtorAgentId,
    DebtorName,
    Other,
}

use Node::*;

/// (parent, local name, child): the whole format as far as it is read.
const STEPS: &[(Node, &str, Node)] = &[
    (Document, "BkToCstmrStmt", Message),
    (Message, "GrpHdr", Header),
    (Header, "MsgId", HeaderId),
    (Header, "MsgPgntn", HeaderPages),
    (HeaderPages, "PgNb", HeaderPage),
    (HeaderPages, "LastPgInd", HeaderLast),
    (Message, "Stmt", Statement),
    (Statement, "Id", StatementId),
    (Statement, "StmtPgntn", StatementPages),
    (StatementPages, "PgNb", StatementPage),
    (StatementPages, "LastPgInd", StatementLast),
    (Statement, "ElctrncSeqNb", Sequence),
    (Statement, "Acct", Account),
    (Account, "Id", AccountId),
    (AccountId, "IBAN", Iban),
    (AccountId, "Othr", OtherId),
    (OtherId, "Id", OtherIdText),
    (Account, "Ccy", AccountCurrency),
    (Account, "Svcr", Servicer),
    (Servicer, "FinInstnId", ServicerId),
    (ServicerId, "BICFI", Bic),
    (ServicerId, "BIC", Bic),
    (Statement, "Bal", Balance),
    (Balance, "Tp", BalanceType),
    (BalanceType, "CdOrPrtry", BalanceChoice),
    (BalanceChoice, "Cd", BalanceCode),
    (BalanceChoice, "Prtry", BalanceProprietary),
    (Balance, "CdtLine", CreditLine),
    (CreditLine, "Incl", CreditLineIncluded),
    (Balance, "Amt", BalanceAmount),
    (BalanceAmount, "@Ccy", BalanceCurrency),
    (Balance, "CdtDbtInd", BalanceSide),
    (Balance, "Dt", BalanceDate),
    (BalanceDate, "Dt", BalanceDay),
    (BalanceDate, "DtTm", BalanceTime),
    (Statement, "Ntry", Entry),
    (Entry, "NtryRef", EntryRef),
    (Entry, "Amt", EntryAmount),
    (EntryAmount, "@Ccy", EntryCurrency),
    (Entry, "CdtDbtInd", EntrySide),
    (Entry, "RvslInd", Reversal),
    (Entry, "Sts", Status),
    (Status, "Cd", StatusCode),
    (Status, "Prtry", StatusProprietary),
    (Entry, "BookgDt", Booking),
    (Booking, "Dt", BookingDay),
    (Booking, "DtTm", BookingTime),
    (Entry, "AcctSvcrRef", AccountServicerRef),
    (Entry, "NtryDtls", Details),
    (Details, "TxDtls", Transaction),
    (Transaction, "RltdPties", Parties),
    (Parties, "Dbtr", Debtor),
    (Debtor, "Nm", DebtorName),
    (Debtor, "Pty", DebtorParty),
    (DebtorParty, "Nm", DebtorName),
    (Debtor, "Agt", DebtorAgent),
    (DebtorAgent, "FinInstnId", DebtorAgentId),
    (DebtorAgentId, "Nm", DebtorName),
];

impl crate::iso::walk::Node for Node {
    const OTHER: Self = Other;

    fn child(self, local: &str) -> Self {
        STEPS
            .iter()
            .find(|(parent, name, _)| *parent == self && *name == local)
            .map_or(Other, |(_, _, child)| *child)
    }

    fn holds_text(self) -> bool {
        matches!(
            self,
            HeaderId
                | HeaderPage
                | HeaderLast
                | StatementId
                | StatementPage
                | StatementLast
                | Sequence
                | Iban
                | OtherIdText
                | AccountCurrency
                | Bic
                | BalanceCode
                | BalanceProprietary
                | CreditLineIncluded
                | BalanceAmount
                | BalanceSide
                | BalanceDay
                | BalanceTime
                | EntryRef
                | EntryAmount
                | EntrySide
                | Reversal
                | Status
                | StatusCode
                | StatusProprietary
                | BookingDay
                | BookingTime
                | AccountServicerRef
                | DebtorName
        )
    }

    fn is_choice(self) -> bool {
        self == Status
    }

    /// A balance may count several credit lines in: it does as soon as one is.
    fn is_any(self) -> bool {
        self == CreditLineIncluded
    }

    fn slot(self) -> Self {
        match self {
            OtherIdText => Iban,
            BalanceProprietary => BalanceCode,
            BalanceTime => BalanceDay,
            StatusCode | StatusProprietary => Status,
            BookingTime => BookingDay,
            node => node,
        }
    }

    fn path(self) -> String {
        let Some((parent, name, _)) = STEPS.iter().find(|(_, _, child)| *child == self) else {
            return String::new();
        };
        match parent {
            Document | Message => (*name).to_owned(),
            _ => format!("{}/{name}", parent.path()),
        }
    }
}
