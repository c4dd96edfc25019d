//! Which elements of each message are read, as tables of paths; an element that is in none, or of another
//! namespace, is passed over with all that it holds. One table holds every version: forms of old and of late
//! versions stand side by side, and a value is read from one of them.
//!
//! What changed between the versions, as far as it is read: `BICFI` for `BIC` (pacs.008 3, pacs.002 4,
//! camt.054 3); under `RltdPties` the choice `Pty`, `Agt` (camt 7, pacs.002 10); `OrgnlGrpInf` inside
//! `TxInfAndSts` (pacs.002 4); `UETR` (pacs.008 7, pacs.002 9); `LEI` beside `Id/OrgId` (pacs.008 7).

use super::field::Field;
use super::{Field::*, MessageKind};
use crate::iso::walk;

/// A part of a message: what its tables are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    /// `Document` and the message's own element.
    Outside,
    /// `GrpHdr`.
    Header,
    /// `Stmt`, `Ntfctn`: a head that its entries share.
    Group,
    /// `OrgnlGrpInfAndSts`: what is said of a whole message of before.
    Original,
    /// `Ntry`, `CdtTrfTxInf`, `TxInfAndSts`.
    Item,
    /// `TxDtls`: one of the transactions that an entry adds up.
    Part,
}

/// An element: a path in a part of a message, or nothing that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node {
    kind: MessageKind,
    pub(super) scope: Scope,
    /// Empty for the element of the part itself; `None` for what is passed over.
    path: Option<&'static str>,
}

/// (path, field): where in its part a value stands.
pub(super) type Row = (&'static str, Field);

/// A message.
pub(super) struct Format {
    pub(super) kind: MessageKind,
    /// The namespace up to the version.
    pub(super) namespace: &'static str,
    pub(super) version_max: u8,
    pub(super) version_min: u8,
    /// (part, path in it, the part that begins there).
    parts: &'static [(Scope, &'static str, Scope)],
}

pub(super) const FORMATS: [Format; 4] = [
    Format {
        kind: MessageKind::Camt053,
        namespace: "urn:iso:std:iso:20022:tech:xsd:camt.053.001.",
        version_min: 2,
        version_max: 13,
        parts: &[
            (Scope::Outside, "BkToCstmrStmt/GrpHdr", Scope::Header),
            (Scope::Outside, "BkToCstmrStmt/Stmt", Scope::Group),
            (Scope::Group, "Ntry", Scope::Item),
            (Scope::Item, "NtryDtls/TxDtls", Scope::Part),
        ],
    },
    Format {
        kind: MessageKind::Camt054,
        namespace: "urn:iso:std:iso:20022:tech:xsd:camt.054.001.",
        version_min: 2,
        version_max: 13,
        parts: &[
            (Scope::Outside, "BkToCstmrDbtCdtNtfctn/GrpHdr", Scope::Header),
            (Scope::Outside, "BkToCstmrDbtCdtNtfctn/Ntfctn", Scope::Group),
            (Scope::Group, "Ntry", Scope::Item),
            (Scope::Item, "NtryDtls/TxDtls", Scope::Part),
        ],
    },
    Format {
        kind: MessageKind::Pacs002,
        namespace: "urn:iso:std:iso:20022:tech:xsd:pacs.002.001.",
        version_min: 3,
        version_max: 15,
        parts: &[
            (Scope::Outside, "FIToFIPmtStsRpt/GrpHdr", Scope::Header),
            (Scope::Outside, "FIToFIPmtStsRpt/OrgnlGrpInfAndSts", Scope::Original),
            (Scope::Outside, "FIToFIPmtStsRpt/TxInfAndSts", Scope::Item),
        ],
    },
    Format {
        kind: MessageKind::Pacs008,
        namespace: "urn:iso:std:iso:20022:tech:xsd:pacs.008.001.",
        version_min: 2,
        version_max: 13,
        parts: &[
            (Scope::Outside, "FIToFICstmrCdtTrf/GrpHdr", Scope::Header),
            (Scope::Outside, "FIToFICstmrCdtTrf/CdtTrfTxInf", Scope::Item),
        ],
    },
];

const CAMT_HEADER: &[Row] = &[
    ("MsgId", MessageId),
    ("CreDtTm", CreatedAt),
    ("MsgPgntn/PgNb", MessagePage),
    ("MsgPgntn/LastPgInd", MessageLastPage),
];

const CAMT_GROUP: &[Row] = &[
    ("Id", ReportId),
    ("NtfctnPgntn/PgNb", ReportPage),
    ("NtfctnPgntn/LastPgInd", ReportLastPage),
    ("StmtPgntn/PgNb", ReportPage),
    ("StmtPgntn/LastPgInd", ReportLastPage),
    ("Acct/Id/IBAN", Account),
    ("Acct/Id/Othr/Id", Account),
    ("Acct/Ccy", AccountCurrency),
    ("Acct/Svcr/FinInstnId/BICFI", Servicer),
    ("Acct/Svcr/FinInstnId/BIC", Servicer),
];

const CAMT_ENTRY: &[Row] = &[
    ("NtryRef", EntryRef),
    ("Amt", Amount),
    ("Amt/@Ccy", AmountCurrency),
    ("CdtDbtInd", Side),
    ("RvslInd", Reversal),
    ("Sts", Status),
    ("Sts/Cd", Status),
    ("Sts/Prtry", StatusProprietary),
    ("BookgDt/Dt", BookedOn),
    ("BookgDt/DtTm", BookedOn),
    ("ValDt/Dt", ValueOn),
    ("ValDt/DtTm", ValueOn),
    ("AcctSvcrRef", AccountServicerRef),
];

const CAMT_PART: &[Row] = &[
    ("Refs/InstrId", InstructionId),
    ("Refs/EndToEndId", EndToEndId),
    ("Refs/TxId", TransactionId),
    ("Refs/UETR", Uetr),
    ("RltdPties/Dbtr/Nm", Debtor),
    ("RltdPties/Dbtr/Pty/Nm", Debtor),
    ("RltdPties/Dbtr/Agt/FinInstnId/Nm", Debtor),
    ("RltdPties/Dbtr/Id/OrgId/LEI", DebtorLei),
    ("RltdPties/Dbtr/Pty/Id/OrgId/LEI", DebtorLei),
    ("RltdPties/DbtrAcct/Id/IBAN", DebtorAccount),
    ("RltdPties/DbtrAcct/Id/Othr/Id", DebtorAccount),
    ("RltdAgts/DbtrAgt/FinInstnId/BICFI", DebtorAgent),
    ("RltdAgts/DbtrAgt/FinInstnId/BIC", DebtorAgent),
    ("RltdPties/Cdtr/Nm", Creditor),
    ("RltdPties/Cdtr/Pty/Nm", Creditor),
    ("RltdPties/Cdtr/Agt/FinInstnId/Nm", Creditor),
    ("RltdPties/Cdtr/Id/OrgId/LEI", CreditorLei),
    ("RltdPties/Cdtr/Pty/Id/OrgId/LEI", CreditorLei),
    ("RltdPties/CdtrAcct/Id/IBAN", CreditorAccount),
    ("RltdPties/CdtrAcct/Id/Othr/Id", CreditorAccount),
    ("RltdAgts/CdtrAgt/FinInstnId/BICFI", CreditorAgent),
    ("RltdAgts/CdtrAgt/FinInstnId/BIC", CreditorAgent),
    ("RmtInf/Ustrd", Remittance),
    ("RtrInf/Rsn/Cd", Reason),
    ("RtrInf/Rsn/Prtry", ReasonProprietary),
    ("RtrInf/AddtlInf", ReasonText),
];

const PACS_HEADER: &[Row] = &[
    ("MsgId", MessageId),
    ("CreDtTm", CreatedAt),
    ("IntrBkSttlmDt", SettlesOn),
    ("InstgAgt/FinInstnId/BICFI", InstructingAgent),
    ("InstgAgt/FinInstnId/BIC", InstructingAgent),
    ("InstdAgt/FinInstnId/BICFI", InstructedAgent),
    ("InstdAgt/FinInstnId/BIC", InstructedAgent),
];

const PACS_002_ORIGINAL: &[Row] = &[
    ("OrgnlMsgId", OriginalMessageId),
    ("OrgnlMsgNmId", OriginalMessageName),
    ("GrpSts", Status),
    ("StsRsnInf/Rsn/Cd", Reason),
    ("StsRsnInf/Rsn/Prtry", ReasonProprietary),
    ("StsRsnInf/AddtlInf", ReasonText),
];

const PACS_002_ITEM: &[Row] = &[
    ("StsId", StatusId),
    ("OrgnlGrpInf/OrgnlMsgId", OriginalMessageId),
    ("OrgnlGrpInf/OrgnlMsgNmId", OriginalMessageName),
    ("OrgnlInstrId", InstructionId),
    ("OrgnlEndToEndId", EndToEndId),
    ("OrgnlTxId", TransactionId),
    ("OrgnlUETR", Uetr),
    ("TxSts", Status),
    ("StsRsnInf/Rsn/Cd", Reason),
    ("StsRsnInf/Rsn/Prtry", ReasonProprietary),
    ("StsRsnInf/AddtlInf", ReasonText),
    ("AccptncDtTm", AcceptedAt),
    ("FctvIntrBkSttlmDt/Dt", SettlesOn),
    ("FctvIntrBkSttlmDt/DtTm", SettlesOn),
    ("AcctSvcrRef", AccountServicerRef),
    ("ClrSysRef", ClearingRef),
    ("InstgAgt/FinInstnId/BICFI", InstructingAgent),
    ("InstgAgt/FinInstnId/BIC", InstructingAgent),
    ("InstdAgt/FinInstnId/BICFI", InstructedAgent),
    ("InstdAgt/FinInstnId/BIC", InstructedAgent),
    ("OrgnlTxRef/IntrBkSttlmAmt", Amount),
    ("OrgnlTxRef/IntrBkSttlmAmt/@Ccy", AmountCurrency),
    ("OrgnlTxRef/Amt/InstdAmt", InstructedAmount),
    ("OrgnlTxRef/Amt/InstdAmt/@Ccy", InstructedCurrency),
    ("OrgnlTxRef/RmtInf/Ustrd", Remittance),
    ("OrgnlTxRef/Dbtr/Nm", Debtor),
    ("OrgnlTxRef/Dbtr/Pty/Nm", Debtor),
    ("OrgnlTxRef/Dbtr/Id/OrgId/LEI", DebtorLei),
    ("OrgnlTxRef/Dbtr/Pty/Id/OrgId/LEI", DebtorLei),
    ("OrgnlTxRef/DbtrAcct/Id/IBAN", DebtorAccount),
    ("OrgnlTxRef/DbtrAcct/Id/Othr/Id", DebtorAccount),
    ("OrgnlTxRef/DbtrAgt/FinInstnId/BICFI", DebtorAgent),
    ("OrgnlTxRef/DbtrAgt/FinInstnId/BIC", DebtorAgent),
    ("OrgnlTxRef/Cdtr/Nm", Creditor),
    ("OrgnlTxRef/Cdtr/Pty/Nm", Creditor),
    ("OrgnlTxRef/Cdtr/Id/OrgId/LEI", CreditorLei),
    ("OrgnlTxRef/Cdtr/Pty/Id/OrgId/LEI", CreditorLei),
    ("OrgnlTxRef/CdtrAcct/Id/IBAN", CreditorAccount),
    ("OrgnlTxRef/CdtrAcct/Id/Othr/Id", CreditorAccount),
    ("OrgnlTxRef/CdtrAgt/FinInstnId/BICFI", CreditorAgent),
    ("OrgnlTxRef/CdtrAgt/FinInstnId/BIC", CreditorAgent),
];

const PACS_008_ITEM: &[Row] = &[
    ("PmtId/InstrId", InstructionId),
    ("PmtId/EndToEndId", EndToEndId),
    ("PmtId/TxId", TransactionId),
    ("PmtId/UETR", Uetr),
    ("PmtId/ClrSysRef", ClearingRef),
    ("IntrBkSttlmAmt", Amount),
    ("IntrBkSttlmAmt/@Ccy", AmountCurrency),
    ("IntrBkSttlmDt", SettlesOn),
    ("AccptncDtTm", AcceptedAt),
    ("InstdAmt", InstructedAmount),
    ("InstdAmt/@Ccy", InstructedCurrency),
    ("InstgAgt/FinInstnId/BICFI", InstructingAgent),
    ("InstgAgt/FinInstnId/BIC", InstructingAgent),
    ("InstdAgt/FinInstnId/BICFI", InstructedAgent),
    ("InstdAgt/FinInstnId/BIC", InstructedAgent),
    ("Dbtr/Nm", Debtor),
    ("Dbtr/Id/OrgId/LEI", DebtorLei),
    ("DbtrAcct/Id/IBAN", DebtorAccount),
    ("DbtrAcct/Id/Othr/Id", DebtorAccount),
    ("DbtrAgt/FinInstnId/BICFI", DebtorAgent),
    ("DbtrAgt/FinInstnId/BIC", DebtorAgent),
    ("Cdtr/Nm", Creditor),
    ("Cdtr/Id/OrgId/LEI", CreditorLei),
    ("CdtrAcct/Id/IBAN", CreditorAccount),
    ("CdtrAcct/Id/Othr/Id", CreditorAccount),
    ("CdtrAgt/FinInstnId/BICFI", CreditorAgent),
    ("CdtrAgt/FinInstnId/BIC", CreditorAgent),
    ("RmtInf/Ustrd", Remittance),
];

impl MessageKind {
    pub(super) fn format(self) -> &'static Format {
        match self {
            Self::Camt053 => &FORMATS[0],
            Self::Camt054 => &FORMATS[1],
            Self::Pacs002 => &FORMATS[2],
            Self::Pacs008 => &FORMATS[3],
        }
    }

    pub(super) fn rows(self, scope: Scope) -> &'static [Row] {
        let camt = matches!(self, Self::Camt053 | Self::Camt054);
        match scope {
            Scope::Header if camt => CAMT_HEADER,
            Scope::Header => PACS_HEADER,
            Scope::Group => CAMT_GROUP,
            Scope::Original => PACS_002_ORIGINAL,
            Scope::Item if camt => CAMT_ENTRY,
            Scope::Item if self == Self::Pacs002 => PACS_002_ITEM,
            Scope::Item => PACS_008_ITEM,
            Scope::Part => CAMT_PART,
            Scope::Outside => &[],
        }
    }
}

/// The part of `path` that ends where the element `local` below `parent` does, if `path` leads there.
fn below(path: &'static str, parent: &str, local: &str) -> Option<&'static str> {
    let rest = if parent.is_empty() { path } else { path.strip_prefix(parent)?.strip_prefix('/')? };
    let after = rest.strip_prefix(local)?;
    let end = path.len().checked_sub(after.len())?;
    if after.is_empty() || after.starts_with('/') { path.get(..end) } else { None }
}

impl Node {
    /// `Document` of a message.
    pub(super) const fn document(kind: MessageKind) -> Self {
        Self { kind, scope: Scope::Outside, path: Some("") }
    }

    /// True for the element of a part of the message.
    pub(super) fn is_part(self) -> bool {
        self.path == Some("")
    }

    /// The first element in `scope` that gives `field`.
    pub(super) fn of(kind: MessageKind, scope: Scope, field: Field) -> Self {
        let row = kind.rows(scope).iter().find(|(_, gives)| *gives == field);
        Self { kind, scope, path: row.map(|(path, _)| *path) }
    }

    /// The first element in the same part that gives `field`.
    pub(super) fn beside(self, field: Field) -> Self {
        Self::of(self.kind, self.scope, field)
    }

    /// The element of `scope` itself.
    pub(super) const fn part(kind: MessageKind, scope: Scope) -> Self {
        Self { kind, scope, path: Some("") }
    }

    /// The field that the element gives.
    pub(super) fn field(self) -> Option<Field> {
        let path = self.path?;
        self.kind.rows(self.scope).iter().find(|(row, _)| *row == path).map(|(_, field)| *field)
    }

    /// True when the element gives a time rather than a day.
    pub(super) fn is_time(self) -> bool {
        self.path.is_some_and(|path| path.ends_with("DtTm"))
    }

    /// True when the element is an IBAN rather than another number of an account.
    pub(super) fn is_iban(self) -> bool {
        self.path.is_some_and(|path| path.ends_with("IBAN"))
    }
}

impl walk::Node for Node {
    const OTHER: Self = Self { kind: MessageKind::Camt053, scope: Scope::Outside, path: None };

    fn child(self, local: &str) -> Self {
        let Some(parent) = self.path else { return Self::OTHER };
        let parts = self.kind.format().parts.iter().filter(|(scope, _, _)| *scope == self.scope);
        for (_, path, begins) in parts {
            match below(path, parent, local) {
                Some(found) if found == *path => return Self { scope: *begins, path: Some(""), ..self },
                Some(found) => return Self { path: Some(found), ..self },
                None => {}
            }
        }
        let rows = self.kind.rows(self.scope).iter();
        match rows.filter_map(|(path, _)| below(path, parent, local)).next() {
            Some(found) => Self { path: Some(found), ..self },
            None => Self::OTHER,
        }
    }

    fn holds_text(self) -> bool {
        self.field().is_some()
    }

    fn is_choice(self) -> bool {
        self.scope == Scope::Item && self.path == Some("Sts")
    }

    fn slot(self) -> Self {
        self.field().map_or(self, |field| Self::of(self.kind, self.scope, field))
    }

    fn is_any(self) -> bool {
        false
    }

    fn path(self) -> String {
        let Some(path) = self.path else { return String::new() };
        let parts = self.kind.format().parts.iter();
        let above =
            parts.filter(|(_, _, begins)| *begins == self.scope).map(|(scope, at, _)| (*scope, *at)).next();
        let above = above.map_or(String::new(), |(scope, at)| Self { scope, path: Some(at), ..self }.path());
        // The message's own element is the same for all: people do not name it.
        let path =
            path.split_once('/').filter(|_| self.scope == Scope::Outside).map_or(path, |(_, rest)| rest);
        match (above.is_empty(), path.is_empty()) {
            (true, _) => path.to_owned(),
            (false, true) => above,
            (false, false) => format!("{above}/{path}"),
        }
    }
}
