use super::*;
use crate::payment::{PaymentQuery, find_payment};

const STATEMENT: &str = include_str!("../../samples/statement.xml");
const REEXPORTED: &str = include_str!("../../samples/statement-reexported.xml");
const VERSION_2: &str = include_str!("../../samples/statement-v2.xml");

fn closing(file: &str, query: &BalanceQuery<'_>) -> Result<ClosingBalance, String> {
    closing_balance(file.as_bytes(), query, &Limits::default()).map_err(|e| e.to_string())
}

#[track_caller]
fn refused(file: &str, expected: &str) {
    let found = closing(file, &BalanceQuery::default()).unwrap_err();
    assert!(found.contains(expected), "expected `{expected}`, found `{found}`");
}

/// The sample with another closing balance in front of its entries.
fn with_second(balance: &str) -> String {
    STATEMENT.replacen("<TxsSummry>", &format!("{balance}<TxsSummry>"), 1)
}

fn balance(code: &str, amount: &str, date: &str) -> String {
    format!(
        "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"USD\">{amount}</Amt>\
         <CdtDbtInd>CRDT</CdtDbtInd><Dt><DtTm>{date}</DtTm></Dt></Bal>"
    )
}

#[test]
fn the_samples_close_in_credit() {
    let query = BalanceQuery::default();
    let found = closing(STATEMENT, &query).unwrap();
    assert_eq!(found.money.to_string(), "25411950.25 USD");
    assert_eq!(found.as_of.to_string(), "2026-11-21T04:59:59.000Z");
    assert_eq!(found.dated, "2026-11-20T23:59:59.000-05:00");
    assert_eq!((found.servicer.as_str(), found.account.as_str()), ("HARBUS30", "000123456789"));
    assert_eq!(closing(REEXPORTED, &query).unwrap(), found);
    assert_eq!(closing(VERSION_2, &query).unwrap(), found);
    assert!(lockstep_types::canonical::is_canonical(&found));
}

#[test]
fn only_the_closing_booked_balance_is_one() {
    for other in ["ITBD", "CLAV", "OPBD", "PRCD", "XPCD"] {
        let file = STATEMENT.replace("<Cd>CLBD</Cd>", &format!("<Cd>{other}</Cd>"));
        refused(&file, "the file gives no closing booked balance (`CLBD`) of `000123456789`");
    }
    refused(&STATEMENT.replace("<Cd>CLBD</Cd>", "<Prtry>CLBD</Prtry>"), "gives no closing booked balance");
    let line = "<CdtLine><Incl>true</Incl></CdtLine><Amt Ccy=\"USD\">25411950.25";
    refused(&STATEMENT.replace("<Amt Ccy=\"USD\">25411950.25", line), "counts a credit line in");
}

#[test]
fn a_balance_in_another_currency_is_refused() {
    let euro = STATEMENT.replace("<Amt Ccy=\"USD\">25411950.25", "<Amt Ccy=\"EUR\">25411950.25");
    refused(&euro, "the closing balance is in `EUR`, expected `USD`");
    let asked = BalanceQuery { currency: Some("EUR".parse().unwrap()), ..BalanceQuery::default() };
    assert_eq!(closing(STATEMENT, &asked).unwrap_err(), "the closing balance is in `USD`, expected `EUR`");
    refused(
        &STATEMENT.replace("25411950.25", "25411950.255"),
        "the amount of the closing balance is refused",
    );
    refused(&STATEMENT.replace("<BICFI>HARBUS30</BICFI>", ""), "gives no BIC");
}

#[test]
fn the_latest_closing_balance_counts_and_two_of_one_date_must_agree() {
    let query = BalanceQuery::default();
    let later = with_second(&balance("CLBD", "7.00", "2026-11-21T23:59:59.000-05:00"));
    assert_eq!(closing(&later, &query).unwrap().money.to_string(), "7.00 USD");
    let earlier = with_second(&balance("CLBD", "7.00", "2026-11-19T23:59:59.000-05:00"));
    assert_eq!(closing(&earlier, &query).unwrap().money.to_string(), "25411950.25 USD");
    let differs = with_second(&balance("CLBD", "7.00", "2026-11-20T23:59:59.000-05:00"));
    refused(
        &differs,
        "two closing balances of 2026-11-20T23:59:59.000-05:00 differ: 25411950.25 USD and 7.00 USD",
    );
    let agrees = with_second(&balance("CLBD", "25411950.25", "2026-11-20T23:59:59.000-05:00"));
    assert_eq!(closing(&agrees, &query).unwrap().money.to_string(), "25411950.25 USD");
}

#[test]
fn of_several_accounts_one_must_be_named() {
    let start = STATEMENT.find("<Stmt>").unwrap();
    let end = STATEMENT.find("</BkToCstmrStmt>").unwrap();
    let second = STATEMENT[start..end].replace("000123456789", "777").replace("25411950.25", "1.00");
    let both = format!("{}{second}{}", &STATEMENT[..end], &STATEMENT[end..]);
    refused(&both, "statements of `000123456789 at HARBUS30` and `777 at HARBUS30`: name the account");
    let asked = BalanceQuery { account: Some("777"), ..BalanceQuery::default() };
    assert_eq!(closing(&both, &asked).unwrap().money.to_string(), "1.00 USD");
    let asked = BalanceQuery { account: Some("888"), ..BalanceQuery::default() };
    assert_eq!(closing(&both, &asked).unwrap_err(), "the file holds no statement of the account `888`");
}

#[test]
fn an_incomplete_statement_gives_no_balance() {
    let first = STATEMENT.replace("<LastPgInd>true", "<LastPgInd>false");
    refused(&first, "the file is page 1 of a message of several pages");
    let statement = STATEMENT.replacen("<LastPgInd>true", "<LastPgInd>\u{a0}true", 1);
    refused(&statement, "expected `true` or `false`");
}

#[test]
fn a_balance_covers_a_payment_of_its_own_account_up_to_its_amount() {
    let query = PaymentQuery { reference: "HB2611200000017", ..PaymentQuery::default() };
    let payment = find_payment(STATEMENT.as_bytes(), &query, &Limits::default()).unwrap();
    let covers = |file: &str| {
        closing(file, &BalanceQuery::default()).unwrap().covers(&payment).map_err(|e| e.to_string())
    };
    assert_eq!(covers(STATEMENT), Ok(()));
    assert_eq!(covers(&STATEMENT.replace("25411950.25", "1000000.00")), Ok(()));
    assert_eq!(
        covers(&STATEMENT.replace("25411950.25", "999999.99")).unwrap_err(),
        "the payment of 1000000.00 USD is larger than the closing balance of 999999.99 USD"
    );
    let debit =
        STATEMENT.replace("25411950.25</Amt>\n        <CdtDbtInd>CRDT", "25411950.25</Amt><CdtDbtInd>DBIT");
    assert_eq!(
        covers(&debit).unwrap_err(),
        "the closing balance of 2026-11-20T23:59:59.000-05:00 is a debit: -25411950.25 USD"
    );
    assert_eq!(
        covers(&STATEMENT.replace("000123456789<", "5<")).unwrap_err(),
        "the balance is of `HARBUS30 5`, the payment went to `HARBUS30 000123456789`"
    );
    let euro = STATEMENT.replace("Ccy=\"USD\"", "Ccy=\"EUR\"").replace("<Ccy>USD", "<Ccy>EUR");
    assert_eq!(covers(&euro).unwrap_err(), "the balance is in EUR, the payment in USD");
}
