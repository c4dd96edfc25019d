use super::*;
use crate::statement::Limits;

const STATEMENT: &str = include_str!("../../samples/statement.xml");
const REEXPORTED: &str = include_str!("../../samples/statement-reexported.xml");
const VERSION_2: &str = include_str!("../../samples/statement-v2.xml");
const MILLION: &str = "HB2611200000017";

fn query(reference: &str) -> PaymentQuery<'_> {
    PaymentQuery { reference, ..PaymentQuery::default() }
}

fn find(file: &str, query: &PaymentQuery<'_>) -> Result<Payment, String> {
    find_payment(file.as_bytes(), query, &Limits::default()).map_err(|e| e.to_string())
}

#[track_caller]
fn refused(file: &str, query: &PaymentQuery<'_>, expected: &str) {
    let found = find(file, query).unwrap_err();
    assert!(found.contains(expected), "expected `{expected}`, found `{found}`");
}

/// A message with one statement for each (page elements, content).
fn pages(statements: &[(&str, &str)]) -> String {
    let statements: String = statements
        .iter()
        .map(|(page, content)| {
            format!(
                "<Stmt><Id>S</Id>{page}<Acct><Id><Othr><Id>1</Id></Othr></Id><Svcr><FinInstnId>\
                 <BICFI>HARBUS30</BICFI></FinInstnId></Svcr></Acct>{content}</Stmt>"
            )
        })
        .collect();
    format!(
        "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.13'><BkToCstmrStmt><GrpHdr>\
         <MsgId>M</MsgId></GrpHdr>{statements}</BkToCstmrStmt></Document>"
    )
}

fn page(number: u32, last: bool) -> String {
    format!("<StmtPgntn><PgNb>{number}</PgNb><LastPgInd>{last}</LastPgInd></StmtPgntn>")
}

fn credit(reference: &str, day: &str) -> String {
    format!(
        "<Ntry><Amt Ccy='USD'>1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
         <BookgDt><Dt>{day}</Dt></BookgDt><AcctSvcrRef>{reference}</AcctSvcrRef></Ntry>"
    )
}

fn closing(day: &str) -> String {
    format!(
        "<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy='USD'>9.00</Amt>\
         <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )
}

#[test]
fn the_samples_show_a_payment_of_one_million_dollars() {
    let payment = find(STATEMENT, &query(MILLION)).unwrap();
    assert_eq!(payment.money.to_string(), "1000000.00 USD");
    assert_eq!(payment.servicer, "HARBUS30");
    assert_eq!(payment.account, "000123456789");
    assert_eq!(payment.account_servicer_ref.as_deref(), Some(MILLION));
    assert_eq!(payment.entry_ref.as_deref(), Some("20261120-00017"));
    assert_eq!(payment.debtor.as_deref(), Some("Example Treasury & Sons Ltd"));
    assert_eq!(payment.booked_on, "2026-11-20T10:14:52.000-05:00");
    assert_eq!(payment.booked_at.to_string(), "2026-11-19T10:00:00.000Z");
    assert_eq!(payment.transactions, 1);
    assert_eq!(payment.act(), "HB2611200000017/20261120-00017");
    let zone = PaymentQuery { utc_offset: Some("-05:00".parse().unwrap()), ..query(MILLION) };
    assert_eq!(find(STATEMENT, &zone).unwrap().booked_at.to_string(), "2026-11-20T05:00:00.000Z");
}

#[test]
fn every_export_of_a_payment_is_the_same_payment() {
    let payment = find(STATEMENT, &query(MILLION)).unwrap();
    for file in [REEXPORTED, VERSION_2] {
        assert_ne!(file, STATEMENT);
        assert_eq!(find(file, &query(MILLION)).unwrap(), payment);
        assert_eq!(find(file, &query("20261120-00017")).unwrap().key(), payment.key());
    }
}

#[test]
fn the_text_of_an_act_tells_every_two_pairs_of_references_apart() {
    let base = find(STATEMENT, &query(MILLION)).unwrap();
    let refs = [None, Some("A"), Some("A/"), Some("/A"), Some("A%2F"), Some("/"), Some("%"), Some("A/A")];
    let mut seen = std::collections::BTreeSet::new();
    for account_servicer_ref in refs {
        for entry_ref in refs {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            let payment = Payment {
                account_servicer_ref: owned(account_servicer_ref),
                entry_ref: owned(entry_ref),
                ..base.clone()
            };
            assert!(seen.insert(payment.act()), "{account_servicer_ref:?} {entry_ref:?}");
        }
    }
}

#[test]
fn debits_pending_entries_and_reversals_are_never_credits() {
    refused(
        STATEMENT,
        &query("HB2611200000019"),
        "`HB2611200000019` names a debit, expected a booked credit",
    );
    refused(STATEMENT, &query("HB2611200000020"), "names a pending entry, expected a booked credit");
    refused(STATEMENT, &query("20261120-00022"), "names a reversal, expected a booked credit");
    refused(
        STATEMENT,
        &query("HB2611200000021"),
        "the credit that `HB2611200000021` names has been reversed",
    );
    refused(STATEMENT, &query("MINT-ACME-2026-11-20-A"), "no entry carries `MINT-ACME-2026-11-20-A`");
    refused(STATEMENT, &query("hb2611200000017"), "3 booked credits were looked at");
    refused(STATEMENT, &query(""), "no entry carries ``");
    let taken_back = STATEMENT.replacen("<RvslInd>false</RvslInd>", "<RvslInd>1</RvslInd>", 1);
    refused(&taken_back, &query(MILLION), "names a reversal");
    // A rejected outgoing payment comes back under a reference of the bank's: that takes no credit back.
    let start = STATEMENT.find("<NtryRef>20261120-00022").unwrap();
    let returned = format!("{}{}", &STATEMENT[..start], STATEMENT[start..].replacen("DBIT", "CRDT", 1));
    assert!(find(&returned, &query("HB2611200000021")).is_ok());
    let informed = STATEMENT.replacen("<Cd>BOOK</Cd>", "<Cd>INFO</Cd>", 1);
    refused(&informed, &query(MILLION), "names an entry of status `INFO`");
}

#[test]
fn a_reference_of_two_booked_credits_is_refused_unless_the_entry_reference_decides() {
    let twice = STATEMENT.replace("HB2611200000018", MILLION);
    refused(&twice, &query(MILLION), "`HB2611200000017` names 2 booked credits, expected one");
    let decided = PaymentQuery { entry_ref: Some("20261120-00018"), ..query(MILLION) };
    assert_eq!(find(&twice, &decided).unwrap().money.to_string(), "250000.00 USD");
    let same = twice.replace("20261120-00018", "20261120-00017");
    let decided = PaymentQuery { entry_ref: Some("20261120-00017"), ..query(MILLION) };
    refused(&same, &decided, "names 2 booked credits with the entry reference `20261120-00017`");
    let other = PaymentQuery { entry_ref: Some("20261120-00018"), ..query(MILLION) };
    refused(
        STATEMENT,
        &other,
        "a booked credit with the entry reference `20261120-00017`, expected a booked credit with",
    );
    // One credit's entry reference is another one's servicer reference.
    let crossed = STATEMENT.replace("<NtryRef>20261120-00018<", &format!("<NtryRef>{MILLION}<"));
    refused(&crossed, &query(MILLION), "names 2 booked credits");
}

#[test]
fn a_statement_given_twice_in_one_file_names_two_credits() {
    let start = STATEMENT.find("<Stmt>").unwrap();
    let end = STATEMENT.find("</BkToCstmrStmt>").unwrap();
    let twice = format!("{}{}{}", &STATEMENT[..end], &STATEMENT[start..end], &STATEMENT[end..]);
    refused(&twice, &query(MILLION), "names 2 booked credits");
    let other = twice.replacen("<Id>000123456789</Id>", "<Id>999</Id>", 1);
    refused(&other, &query(MILLION), "names 2 booked credits");
    let asked = PaymentQuery { account: Some("999"), ..query(MILLION) };
    assert_eq!(find(&other, &asked).unwrap().account, "999");
    let asked = PaymentQuery { account: Some("000"), ..query(MILLION) };
    refused(&other, &asked, "the file holds no statement of the account `000`");
}

#[test]
fn the_currency_is_the_accounts_and_the_one_expected() {
    let euro = STATEMENT.replacen("<Amt Ccy=\"USD\">1000000.00", "<Amt Ccy=\"EUR\">1000000.00", 1);
    refused(&euro, &query(MILLION), "the entry is in `EUR`, expected `USD`");
    let asked = PaymentQuery { currency: Some("EUR".parse().unwrap()), ..query(MILLION) };
    refused(STATEMENT, &asked, "the entry is in `USD`, expected `EUR`");
    let asked = PaymentQuery { currency: Some("USD".parse().unwrap()), ..query(MILLION) };
    assert!(find(STATEMENT, &asked).is_ok());
    let finer = STATEMENT.replacen("1000000.00", "1000000.001", 1);
    refused(&finer, &query(MILLION), "the entry's amount is refused");
    let elsewhere = STATEMENT.replacen("250000.00", "250000.001", 1);
    assert!(find(&elsewhere, &query(MILLION)).is_ok(), "another entry's amount does not matter");
}

#[test]
fn an_act_without_a_name_is_refused() {
    let unnamed = STATEMENT.replace("<BICFI>HARBUS30</BICFI>", "");
    refused(&unnamed, &query(MILLION), "gives no BIC for the account servicer");
    let undated = STATEMENT.replacen("<BookgDt>", "<Other>", 1).replacen("</BookgDt>", "</Other>", 1);
    refused(&undated, &query(MILLION), "the entry gives no `BookgDt`");
    let early =
        STATEMENT.replacen("<DtTm>2026-11-20T10:14:52.000-05:00", "<DtTm>1969-11-20T10:14:52.000-05:00", 1);
    refused(&early, &query(MILLION), "booking date or the statement's closing date is refused");
}

#[test]
fn pages_must_be_complete() {
    let (a, b) = (credit("A", "2026-11-20"), credit("B", "2026-11-20"));
    let find_a = |statements: &[(&str, &str)]| find(&pages(statements), &query("A")).map(|p| p.act());
    let (p1, p2, p3) = (page(1, false), page(2, false), page(3, true));
    let good = [(p1.as_str(), a.as_str()), (&p2, &b), (&p3, "")];
    assert_eq!(find_a(&good).unwrap(), "A/");
    assert_eq!(find_a(&good[..2]).unwrap_err(), "page 3 of statement `S` is missing");
    assert_eq!(find_a(&good[..1]).unwrap_err(), "page 2 of statement `S` is missing");
    assert_eq!(find_a(&[good[0], good[2]]).unwrap_err(), "page 2 of statement `S` is missing");
    assert_eq!(find_a(&good[1..]).unwrap_err(), "page 1 of statement `S` is missing");
    assert_eq!(find_a(&[good[1], good[0], good[2]]).unwrap_err(), "page 1 of statement `S` is missing");
    let whole = page(1, true);
    assert!(find_a(&[(&whole, &a), (&whole, &b)]).is_ok(), "two statements of one page each");
    let twice = [good[0], good[1], (p3.as_str(), a.as_str())];
    assert_eq!(find_a(&twice).unwrap_err(), "`A` names 2 booked credits, expected one");
    let (numbered, p2_last) = (format!("{p1}<ElctrncSeqNb>7</ElctrncSeqNb>"), page(2, true));
    let strangers = |first: &str, second: &str, change: (&str, &str)| {
        let file = pages(&[(first, &a), (second, &b)]);
        let at = file.rfind("<Stmt>").unwrap();
        let file = format!("{}{}", &file[..at], file[at..].replacen(change.0, change.1, 1));
        find(&file, &query("A")).map(|p| p.act())
    };
    assert_eq!(strangers(&p1, &p2_last, ("", "")).unwrap(), "A/");
    for change in [("<Id>S<", "<Id>T<"), ("<Id>1<", "<Id>2<"), ("HARBUS30", "HARBUS31")] {
        let gap = strangers(&p1, &p2_last, change).unwrap_err();
        assert_eq!(gap, "page 2 of statement `S` is missing", "{change:?}");
    }
    let second = format!("{p2_last}<ElctrncSeqNb>7</ElctrncSeqNb>");
    assert_eq!(strangers(&numbered, &second, ("<Id>S<", "<Id>T<")).unwrap(), "A/");
    let message = STATEMENT.replacen("<PgNb>1</PgNb>", "<PgNb>2</PgNb>", 1);
    refused(&message, &query(MILLION), "the file is page 2 of a message of several pages");
    let message = STATEMENT.replacen("<LastPgInd>true", "<LastPgInd>false", 1);
    refused(&message, &query(MILLION), "the file is page 1 of a message of several pages");
}

#[test]
fn a_payment_is_never_dated_after_the_closing_balance_of_its_own_statement() {
    let (late, balance) = (credit("A", "2026-11-25"), closing("2026-11-20"));
    let day = |file: &str| find(file, &query("A")).unwrap().booked_at.to_string();
    assert_eq!(day(&pages(&[("", &late)])), "2026-11-24T10:00:00.000Z");
    assert_eq!(day(&pages(&[("", &format!("{balance}{late}"))])), "2026-11-19T10:00:00.000Z");
    let two = format!("{}{balance}{}{late}", closing("2026-11-22"), closing("2026-11-21"));
    assert_eq!(day(&pages(&[("", &two)])), "2026-11-19T10:00:00.000Z", "the earliest of several");
    // The balance stands on a later page of the same statement …
    let (p1, p2) = (page(1, false), page(2, true));
    assert_eq!(day(&pages(&[(&p1, &late), (&p2, &balance)])), "2026-11-19T10:00:00.000Z");
    // … or of an earlier one; but another statement's balance says nothing of it.
    assert_eq!(day(&pages(&[(&p1, &balance), (&p2, &late)])), "2026-11-19T10:00:00.000Z");
    assert_eq!(day(&pages(&[("", &late), ("", &balance)])), "2026-11-24T10:00:00.000Z");
    assert_eq!(day(&pages(&[("", &balance), ("", &late)])), "2026-11-24T10:00:00.000Z");
}

#[test]
fn the_json_of_a_payment_is_frozen() {
    let payment = find(STATEMENT, &query(MILLION)).unwrap();
    assert!(lockstep_types::canonical::is_canonical(&payment));
    assert!(lockstep_types::canonical::is_canonical(&payment.key()));
    let json = serde_json::to_string(&payment).unwrap();
    assert_eq!(
        json,
        "{\"account\":\"000123456789\",\"account_servicer_ref\":\"HB2611200000017\",\
         \"booked_at\":1795082400000,\"booked_on\":\"2026-11-20T10:14:52.000-05:00\",\"debtor\":\"Example Treasury & Sons Ltd\",\
         \"entry_ref\":\"20261120-00017\",\"money\":\"1000000.00 USD\",\"servicer\":\"HARBUS30\",\
         \"transactions\":1}"
    );
}
