use super::format::{FORMATS, Node, Scope};
use super::*;
use crate::iso::walk::Node as _;
use crate::iso::{Limits, MessageError};
use std::error::Error as _;

const NOTIFICATION: &str = include_str!("../../samples/notification.xml");
const STATEMENT: &str = include_str!("../../samples/statement.xml");
const STATUS: &str = include_str!("../../samples/status.xml");
const TRANSFER: &str = include_str!("../../samples/transfer.xml");
const ALL: [&str; 4] = [STATEMENT, NOTIFICATION, STATUS, TRANSFER];

#[derive(Default)]
struct Kept {
    header: Option<MessageHeader>,
    items: Vec<Item>,
}

impl MessageVisitor for Kept {
    fn header(&mut self, header: &MessageHeader) {
        self.header = Some(header.clone());
    }
    fn item(&mut self, item: &Item) {
        self.items.push(item.clone());
    }
}

fn read(file: &str) -> Result<Kept, MessageError> {
    let mut kept = Kept::default();
    visit_message(file.as_bytes(), &Limits::default(), &mut kept).map(|()| kept)
}

fn find(file: &str, reference: &str) -> Result<Item, String> {
    let query = ItemQuery { reference: Some(reference), account: None };
    find_item(file.as_bytes(), &query, &Limits::default()).map_err(|error| error.to_string())
}

#[track_caller]
fn refused(file: impl AsRef<str>, expected: &str) {
    let error = read(file.as_ref()).err().expect("the file is refused");
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    assert!(text.contains(expected), "expected `{expected}`, found `{text}`");
}

#[track_caller]
fn changed(file: &str, from: &str, to: &str) -> String {
    assert!(file.contains(from), "the sample holds `{from}`");
    file.replacen(from, to, 1)
}

#[test]
fn a_notification_says_what_was_booked_and_to_whom() {
    let item = find(NOTIFICATION, "HB2611210000004").unwrap();
    assert_eq!((item.kind, item.message, item.transactions), (ItemKind::Entry, MessageKind::Camt054, 1));
    assert_eq!(item.money(Field::Amount).unwrap().unwrap().to_string(), "250000.00 USD");
    assert_eq!(item.side(), Some(Side::Debit));
    assert_eq!(item.value(Field::Reversal), Some(&Value::Flag(false)));
    for (field, text) in [
        (Field::Account, "000123456789"),
        (Field::AccountCurrency, "USD"),
        (Field::Servicer, "HARBUS30"),
        (Field::EntryRef, "20261121-00004"),
        (Field::Status, "BOOK"),
        (Field::EndToEndId, "REDEEM-ACME-2026-11-21-A"),
        (Field::Uetr, "5f1a2d60-9b5e-4c8a-8a7e-0d1f4b2c3e90"),
        (Field::Debtor, "Acme Custody Trust Company"),
        (Field::Creditor, "Northwind Example Fund LP"),
        (Field::CreditorAccount, "DE00100000000000000017"),
        (Field::CreditorAgent, "NORDDE2L"),
        (Field::MessageId, "HARB-N-20261121-0007"),
        (Field::ReportId, "000123456789-N-2026-0412"),
    ] {
        assert_eq!(item.text(field), Some(text), "{}", field.as_str());
    }
    assert_eq!(item.date(Field::BookedOn).unwrap().as_str(), "2026-11-21T09:30:12.000-05:00");
    assert_eq!(item.list(Field::Remittance), ["Redemption Acme USD", "case of 21 November"]);
    assert_eq!(item.act(), "HARBUS30/000123456789/HB2611210000004/20261121-00004");
}

#[test]
fn a_batch_says_only_what_all_its_transactions_say() {
    let item = find(NOTIFICATION, "20261121-00005").unwrap();
    assert_eq!((item.transactions, item.text(Field::Status)), (2, Some("PDNG")));
    assert_eq!(item.text(Field::Debtor), Some("Acme Custody Trust Company"));
    assert_eq!(item.text(Field::Creditor), None);
    assert_eq!(item.text(Field::EndToEndId), Some("NOTPROVIDED"));
}

#[test]
fn a_transfer_says_who_pays_whom_how_much() {
    let item = find(TRANSFER, "HARB-T-0000917").unwrap();
    assert_eq!((item.kind, item.message), (ItemKind::Transfer, MessageKind::Pacs008));
    assert_eq!(item.money(Field::InstructedAmount).unwrap().unwrap().decimal(), "250000.00");
    for (field, text) in [
        (Field::DebtorLei, "5299000J2N45DDNE4Y28"),
        (Field::DebtorAccount, "000123456789"),
        (Field::DebtorAgent, "HARBUS30"),
        (Field::Creditor, "Northwind Example Fund LP"),
        (Field::InstructedAgent, "NORDDE2L"),
        (Field::InstructionId, "ACT-2026-11-21-9"),
    ] {
        assert_eq!(item.text(field), Some(text), "{}", field.as_str());
    }
    assert_eq!(item.date(Field::SettlesOn).unwrap().as_str(), "2026-11-21", "the header's day counts");
    let again = changed(TRANSFER, "HARB-P-20261121-0031", "HARB-P-20261121-0031-PDE");
    assert_eq!(find(&again, "HARB-T-0000917").unwrap().act(), item.act(), "sent again, it is the same act");
}

#[test]
fn a_status_says_what_became_of_which_transfer_and_why() {
    let list = read_message(STATUS.as_bytes(), &Limits::default()).unwrap();
    assert_eq!((list.message, list.version, list.items_total), (MessageKind::Pacs002, 10, 3));
    let done = find(STATUS, "5f1a2d60-9b5e-4c8a-8a7e-0d1f4b2c3e90").unwrap();
    assert_eq!((done.kind, done.text(Field::Status)), (ItemKind::Status, Some("ACSC")));
    assert_eq!(done.text(Field::OriginalMessageId), Some("HARB-P-20261121-0031"));
    assert_eq!(done.money(Field::Amount).unwrap().unwrap().to_string(), "250000.00 USD");
    assert_eq!(done.date(Field::AcceptedAt).unwrap().as_str(), "2026-11-21T15:30:40.000+01:00");
    let rejected = find(STATUS, "HARB-T-0000918").unwrap();
    assert_eq!(rejected.text(Field::Status), Some("RJCT"));
    assert_eq!(
        (rejected.list(Field::Reason), rejected.list(Field::ReasonProprietary)),
        (&["AC04".to_owned()][..], &["N-17".to_owned()][..])
    );
    assert_eq!(rejected.list(Field::ReasonText), ["account closed", "on 3 November"]);
    let group = find(STATUS, "HARB-P-20261121-0031").unwrap();
    assert_eq!((group.kind, group.text(Field::Status)), (ItemKind::Original, Some("PART")));
    assert_ne!(done.act(), rejected.act());

    let later = changed(STATUS, "ACSC", "ACCC");
    let later = find(&later, "5f1a2d60-9b5e-4c8a-8a7e-0d1f4b2c3e90").unwrap();
    assert_ne!(later.act(), done.act(), "a later status of the same transfer is another act");
}

#[test]
fn a_group_without_a_status_only_names_the_message_and_two_groups_name_none() {
    let bare = changed(STATUS, "<GrpSts>PART</GrpSts>", "");
    let kept = read(&bare).unwrap();
    assert_eq!(kept.items.len(), 2);
    assert!(
        kept.items.iter().all(|item| item.text(Field::OriginalMessageId) == Some("HARB-P-20261121-0031"))
    );
    let group = "<OrgnlGrpInfAndSts><OrgnlMsgId>OTHER</OrgnlMsgId></OrgnlGrpInfAndSts>";
    let two = bare.replacen("<TxInfAndSts>", &format!("{group}<TxInfAndSts>"), 1);
    let kept = read(&two).unwrap();
    assert!(kept.items.iter().all(|item| item.text(Field::OriginalMessageId).is_none()));
    let three = two.replacen("<TxInfAndSts>", &format!("{group}<TxInfAndSts>"), 1);
    assert!(read(&three).unwrap().items.iter().all(|item| item.text(Field::OriginalMessageId).is_none()));
    let own = two.replacen(
        "<StsId>NORD-S-2</StsId>",
        "<StsId>NORD-S-2</StsId><OrgnlGrpInf><OrgnlMsgId>OTHER</OrgnlMsgId></OrgnlGrpInf>",
        1,
    );
    assert_eq!(find(&own, "HARB-T-0000918").unwrap().text(Field::OriginalMessageId), Some("OTHER"));
    let late = changed(STATUS, "  </FIToFIPmtStsRpt>", &format!("{group}</FIToFIPmtStsRpt>"));
    refused(late, "`OrgnlGrpInfAndSts` comes after what depends on it");
}

#[test]
fn a_statement_read_as_a_message_says_what_the_statement_reader_says() {
    use crate::statement::{Entry, Statement, Visitor, visit};
    #[derive(Default)]
    struct Entries(Vec<(Statement, Entry)>);
    impl Visitor for Entries {
        fn entry(&mut self, statement: &Statement, entry: &Entry) {
            self.0.push((statement.clone(), entry.clone()));
        }
    }
    for file in [STATEMENT, include_str!("../../samples/statement-v2.xml")] {
        let mut entries = Entries::default();
        visit(file.as_bytes(), &Limits::default(), &mut entries).unwrap();
        let items = read(file).unwrap().items;
        assert_eq!(items.len(), entries.0.len());
        for (item, (statement, entry)) in items.iter().zip(&entries.0) {
            assert_eq!(item.amount(Field::Amount), Some(&entry.amount));
            assert_eq!(item.side(), Some(entry.side));
            assert_eq!(item.date(Field::BookedOn), entry.booked_on.as_ref());
            assert_eq!(item.text(Field::AccountServicerRef), entry.account_servicer_ref.as_deref());
            assert_eq!(item.text(Field::EntryRef), entry.entry_ref.as_deref());
            assert_eq!(item.text(Field::Debtor), entry.debtor.as_deref());
            assert_eq!(item.text(Field::Account), Some(statement.account.as_str()));
            assert_eq!(item.text(Field::Servicer), statement.servicer.as_deref());
            assert_eq!((item.transactions, item.place), (entry.transactions, entry.place));
        }
    }
}

#[test]
fn every_version_that_is_named_is_read_and_no_other() {
    for (file, format) in ALL.iter().zip(&FORMATS) {
        let at = file.find(format.namespace).unwrap() + format.namespace.len();
        for version in 0..=99u8 {
            let mut file = (*file).to_owned();
            file.replace_range(at..at + 2, &format!("{version:02}"));
            let known = (format.version_min..=format.version_max).contains(&version);
            match read(&file) {
                Ok(kept) => assert_eq!((known, kept.header.unwrap().version), (true, version)),
                Err(error) => assert!(!known && matches!(error, MessageError::Root { .. }), "{error}"),
            }
        }
    }
    refused(changed(TRANSFER, "pacs.008.001.08", "pacs.009.001.08"), "pacs.009.001.08}Document`, expected");
    refused(changed(TRANSFER, "pacs.008.001.08", "pacs.008.001.8"), "the root is");
    refused("", "the root is `nothing`");
}

#[test]
fn old_and_late_forms_say_the_same() {
    let old = NOTIFICATION.replace("BICFI", "BIC").replace("<Pty>", "").replace("</Pty>", "");
    let old = changed(&old, "<Cd>BOOK</Cd>", "BOOK");
    let fields = |file: &str| find(file, "HB2611210000004").unwrap().values;
    assert_eq!(fields(&old), fields(NOTIFICATION));
    let old = TRANSFER.replace("BICFI", "BIC");
    assert_eq!(read(&old).unwrap().items[0].values, read(TRANSFER).unwrap().items[0].values);
    let own = changed(NOTIFICATION, "<Cd>BOOK</Cd>", "<Prtry>BOOK</Prtry>");
    let own = find(&own, "HB2611210000004").unwrap();
    assert_eq!(own.text(Field::Status), None, "a bank's own status is never `BOOK`");
    assert_eq!(own.text(Field::StatusProprietary), Some("BOOK"));
}

#[test]
fn entities_and_document_types_are_refused_in_every_message() {
    for file in ALL {
        let bomb = "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;\">]>";
        refused(changed(file, "?>", &format!("?>{bomb}")), "a document type definition is refused");
        refused(changed(file, "<MsgId>", "<MsgId>&lol;"), "the entity `&lol;` is refused");
        refused(changed(file, "UTF-8", "ISO-8859-1"), "the file is in `ISO-8859-1`");
        let deep = "<a>".repeat(80);
        refused(changed(file, "<GrpHdr>", &format!("<GrpHdr>{deep}")), "nested deeper than 64");
        let long = "x".repeat(70_000);
        refused(changed(file, "<GrpHdr>", &format!("<GrpHdr><!--{long}-->")), "longer than 65536 bytes");
        let long = "x".repeat(1_025);
        refused(changed(file, "<MsgId>", &format!("<MsgId>{long}")), "expected a shorter text");
    }
}

#[test]
fn a_message_cut_off_anywhere_is_refused() {
    for file in ALL {
        let end = file.trim_end().len();
        for at in (0..end).step_by(7).chain([end - 1]) {
            let Some(part) = file.get(..at) else { continue };
            assert!(read(part).is_err(), "cut at byte {at}");
        }
        assert!(read(file).is_ok());
    }
}

#[test]
fn what_is_read_stands_in_its_place_once_and_in_its_form() {
    let n = |from, to| changed(NOTIFICATION, from, to);
    refused(n("<MsgId>HARB-N-20261121-0007</MsgId>", ""), "`GrpHdr/MsgId` is missing");
    refused(n("<Id>000123456789-N-2026-0412</Id>", ""), "`Ntfctn/Id` is missing");
    refused(n("<Amt Ccy=\"USD\">", "<Amt>"), "`Ntfctn/Ntry/Amt/@Ccy` is missing");
    refused(n("<Amt Ccy=\"USD\">250000.00</Amt>", ""), "`Ntfctn/Ntry/Amt` is missing");
    refused(n("<CdtDbtInd>DBIT</CdtDbtInd>", ""), "`Ntfctn/Ntry/CdtDbtInd` is missing");
    refused(n("DBIT", "DEBIT"), "`Ntfctn/Ntry/CdtDbtInd` is `DEBIT`, expected `CRDT` or `DBIT`");
    refused(n("<Cd>BOOK</Cd>", ""), "`Ntfctn/Ntry/Sts` is missing");
    refused(n("<Cd>BOOK</Cd>", "<Cd>BOOK</Cd><Cd>PDNG</Cd>"), "`Ntfctn/Ntry/Sts/Cd` stands twice");
    refused(n("<NtryRef>", "<NtryRef>x</NtryRef><NtryRef>"), "`Ntfctn/Ntry/NtryRef` stands twice");
    refused(n("<RvslInd>false", "<RvslInd>no"), "expected `true` or `false`");
    refused(n("2026-11-21T09:30:12.000-05:00", "21.11.2026"), "`Ntfctn/Ntry/BookgDt/DtTm` is `21.11.2026`");
    refused(n("<Dt>2026-11-21</Dt>", "<Dt>2026-02-30</Dt>"), "`Ntfctn/Ntry/ValDt/Dt` is `2026-02-30`");
    refused(n("HARBUS30", "harbus30"), "expected a BIC");
    refused(n("DE00100000000000000017", "D1"), "expected an IBAN");
    refused(
        n("<Nm>Northwind", "<Nm>A</Nm><Nm>Northwind"),
        "`Ntfctn/Ntry/NtryDtls/TxDtls/RltdPties/Cdtr/Pty/Nm`",
    );
    refused(n("</Ntfctn>", "<Id>late</Id></Ntfctn>"), "`Ntfctn/Id` comes after what depends on it");
    refused(n("<GrpHdr>", "<Ntfctn/><GrpHdr>"), "`GrpHdr` is missing");
    let page = "<MsgPgntn><PgNb>1</PgNb></MsgPgntn></GrpHdr>";
    refused(n("</GrpHdr>", page), "`GrpHdr/MsgPgntn/LastPgInd` is missing");
    let t = |from, to| changed(TRANSFER, from, to);
    refused(
        t("<EndToEndId>REDEEM-ACME-2026-11-21-A</EndToEndId>", ""),
        "`CdtTrfTxInf/PmtId/EndToEndId` is missing",
    );
    refused(t(" Ccy=\"USD\"", ""), "`CdtTrfTxInf/IntrBkSttlmAmt/@Ccy` is missing");
    refused(t("<InstdAmt Ccy=\"USD\">", "<InstdAmt>"), "`CdtTrfTxInf/InstdAmt/@Ccy` is missing");
    refused(t("250000.00<", "250<b/>000.00<"), "`CdtTrfTxInf/IntrBkSttlmAmt` is `250`, expected text alone");
    refused(
        changed(STATUS, "<OrgnlMsgId>HARB-P-20261121-0031</OrgnlMsgId>", ""),
        "`OrgnlGrpInfAndSts/OrgnlMsgId`",
    );
    let reasons = "<StsRsnInf><AddtlInf>x</AddtlInf></StsRsnInf>".repeat(65);
    let many = changed(STATUS, "<TxSts>ACSC</TxSts>", &format!("<TxSts>ACSC</TxSts>{reasons}"));
    refused(many, "more than 64 of `TxInfAndSts/StsRsnInf/AddtlInf`");
    let empty = "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08\"><FIToFICstmrCdtTrf><GrpHdr>\
                 <MsgId>M</MsgId></GrpHdr></FIToFICstmrCdtTrf></Document>";
    refused(empty, "`CdtTrfTxInf` is missing");
    refused(
        changed(TRANSFER, "<PmtId>", "<PmtId xmlns=\"urn:other\">"),
        "`CdtTrfTxInf/PmtId/EndToEndId` is missing",
    );
}

#[test]
fn an_amount_that_is_no_money_is_shown_but_is_no_money() {
    let item = find(&changed(TRANSFER, ">250000.00<", ">250000.001<"), "HARB-T-0000917").unwrap();
    assert_eq!(
        item.money(Field::Amount).unwrap().unwrap_err().to_string(),
        "`250000.001` has 3 decimals, USD has 2"
    );
    assert_eq!(item.value(Field::Amount).unwrap().text(), "250000.001 USD");
}

#[test]
fn an_item_is_found_only_when_one_bears_the_name() {
    let refuse = |file: &str, reference, expected: &str| {
        let found = find(file, reference).unwrap_err();
        assert!(found.contains(expected), "expected `{expected}`, found `{found}`");
    };
    refuse(
        NOTIFICATION,
        "REDEEM-ACME-2026-11-21-A",
        "no item is called `REDEEM-ACME-2026-11-21-A`; 2 were looked at",
    );
    refuse(&NOTIFICATION.replace("HB2611210000005", "HB2611210000004"), "HB2611210000004", "names 2 items");
    let paged = "<MsgPgntn><PgNb>2</PgNb><LastPgInd>true</LastPgInd></MsgPgntn></GrpHdr>";
    refuse(
        &changed(NOTIFICATION, "</GrpHdr>", paged),
        "HB2611210000004",
        "page 2 of several of `HARB-N-20261121-0007`",
    );
    let paged = "<NtfctnPgntn><PgNb>1</PgNb><LastPgInd>false</LastPgInd></NtfctnPgntn><Acct>";
    refuse(
        &changed(NOTIFICATION, "<Acct>", paged),
        "HB2611210000004",
        "page 1 of several of `000123456789-N-2026-0412`",
    );
    let whole = "<MsgPgntn><PgNb>1</PgNb><LastPgInd>true</LastPgInd></MsgPgntn></GrpHdr>";
    assert!(find(&changed(NOTIFICATION, "</GrpHdr>", whole), "HB2611210000004").is_ok());

    let ask = |file: &str, account| {
        let query = ItemQuery { reference: None, account };
        find_item(file.as_bytes(), &query, &Limits::default()).map_err(|error| error.to_string())
    };
    assert_eq!(ask(TRANSFER, None).unwrap().number, 1);
    assert_eq!(
        ask(NOTIFICATION, None).unwrap_err(),
        "the message holds 2 items: say which one by its reference"
    );
    assert_eq!(ask(NOTIFICATION, Some("9")).unwrap_err(), "the message holds no item of the account `9`");
    let nameless = TRANSFER.replace("REDEEM-ACME-2026-11-21-A", "NOTPROVIDED");
    let nameless = nameless.replace("TxId>", "Tx>").replace("InstrId>", "Instr>").replace("UETR>", "UE>");
    assert!(ask(&nameless, None).unwrap_err().contains("so nothing tells it from another one"));
}

#[test]
fn every_field_has_a_name_and_every_path_leads_to_its_field() {
    let mut names = std::collections::BTreeSet::new();
    for format in &FORMATS {
        for scope in [Scope::Header, Scope::Group, Scope::Original, Scope::Item, Scope::Part] {
            for (path, field) in format.kind.rows(scope) {
                let walked =
                    path.split('/').fold(Node::part(format.kind, scope), |node, local| node.child(local));
                assert_eq!(walked.field(), Some(*field), "{path}");
                assert!(walked.holds_text() && walked.path().ends_with(path));
                assert!(!field.as_str().is_empty());
                names.insert(field.as_str());
            }
        }
    }
    let public = names.iter().filter(|name| Field::from_name(name).is_some()).count();
    assert_eq!((names.len(), public), (46, 42), "four fields are only parts of others");
    assert_eq!(Field::from_name("amount_currency"), None);
    assert_eq!(Field::from_name(""), None);
}
