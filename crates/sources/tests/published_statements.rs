//! Statements as banks publish them; they stay outside the repository.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "the test is the shell: it reads the files and says when it skips"
)]

use lockstep_sources::{
    BalanceQuery, Limits, Payment, PaymentQuery, closing_balance, find_payment, read_message, read_statement,
};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/iso20022/camt.053.001.02-");

fn file(name: &str) -> Option<Vec<u8>> {
    let path = format!("{DATA}{name}.xml");
    if !std::path::Path::new(DATA).parent().is_some_and(std::path::Path::exists) {
        println!("skipped: ../shared/data is absent");
        return None;
    }
    Some(std::fs::read(path).expect("the published statement can be read"))
}

fn find(file: &[u8], reference: &str, entry_ref: Option<&str>) -> Result<Payment, String> {
    let query = PaymentQuery { reference, entry_ref, ..PaymentQuery::default() };
    find_payment(file, &query, &Limits::default()).map_err(|e| e.to_string())
}

/// The payment, when the file's closing balance covers it.
fn covered(file: &[u8], reference: &str, entry_ref: Option<&str>) -> Result<Payment, String> {
    let payment = find(file, reference, entry_ref)?;
    let balance =
        closing_balance(file, &BalanceQuery::default(), &Limits::default()).map_err(|e| e.to_string())?;
    assert!(
        payment.booked_at <= balance.as_of,
        "a credit of the statement never counts on top of its balance"
    );
    balance.covers(&payment).map_err(|e| e.to_string())?;
    Ok(payment)
}

#[test]
fn goldman_sachs_us_is_refused_since_its_closing_balance_is_a_debit() {
    let Some(file) = file("goldman-sachs-us") else { return };
    let payment = find(&file, "107770750", None).unwrap();
    assert_eq!(payment.money.to_string(), "10.00 USD");
    assert_eq!((payment.servicer.as_str(), payment.account.as_str()), ("GSCRUS30", "DD01100056869"));
    assert_eq!(payment.debtor.as_deref(), Some("TEST CLIENT"));
    assert_eq!(
        covered(&file, "107770750", None).unwrap_err(),
        "the closing balance of 2023-09-30T20:00:00.000 is a debit: -846665.15 USD"
    );
    assert!(find(&file, "52198201", None).unwrap_err().contains("names a reversal"));
    assert!(find(&file, "52198251", None).unwrap_err().contains("names a debit"));
    let inside = find(&file, "GI2325100009148", None).unwrap_err();
    assert!(inside.contains("no entry carries `GI2325100009148`"), "{inside}");
}

#[test]
fn abn_amro_shows_unambiguous_credits_and_refuses_an_ambiguous_one() {
    let Some(file) = file("abn-amro") else { return };
    for (reference, amount, transactions) in [
        ("2102830989503100038", "1.00 EUR", 0),
        ("3095D4322561459S0PS", "1.00 EUR", 1),
        ("3922000TRP7K6HAZ0BI", "1.00 EUR", 1),
    ] {
        let payment = covered(&file, reference, None).unwrap();
        assert_eq!(payment.money.to_string(), amount);
        assert_eq!((payment.servicer.as_str(), payment.account.as_str()), ("ABNANL2A", "NL77ABNA0574908765"));
        assert_eq!((payment.act(), payment.transactions), (format!("{reference}/"), transactions));
        assert_eq!(payment.booked_on, "2013-04-02");
    }
    let twice = "names 2 booked credits, expected one";
    assert!(find(&file, "3095D4322561460S0PS", None).unwrap_err().contains(twice));
    // Neither entry carries a `NtryRef`, so nothing can decide between them.
    let decided = find(&file, "3095D4322561460S0PS", Some("3095D4322561460S0PS")).unwrap_err();
    assert!(decided.contains("a booked credit with the entry reference ``"), "{decided}");
    assert!(find(&file, "1402P5518750498B0AO", None).unwrap_err().contains(twice));
    assert!(find(&file, "GB030000738195160AO", None).unwrap_err().contains("names a reversal"));
    assert!(find(&file, "3088J0537755115S0EC", None).unwrap_err().contains("names a debit"));
}

#[test]
fn ing_shows_credits_and_lets_the_entry_reference_decide() {
    let Some(file) = file("ing") else { return };
    for (reference, amount) in [
        ("59999208N9", "350.00 EUR"),
        ("15180015077602405", "120.00 EUR"),
        ("3102766686999", "270.00 EUR"),
        ("011111333306999888000000008", "350.00 EUR"),
    ] {
        let payment = covered(&file, reference, None).unwrap();
        assert_eq!(payment.money.to_string(), amount);
        assert_eq!((payment.servicer.as_str(), payment.account.as_str()), ("INGBNL2A", "NL08INGB0000001234"));
    }
    assert_eq!(
        find(&file, "98888208N8", None).unwrap_err(),
        "`98888208N8` names 2 booked credits, expected one"
    );
    let first = covered(&file, "98888208N8", Some("011111333306999888111100008")).unwrap();
    let second = covered(&file, "98888208N8", Some("022221333306999888222200008")).unwrap();
    assert_eq!(
        (first.money, first.account_servicer_ref.clone()),
        (second.money, second.account_servicer_ref.clone())
    );
    assert_ne!(first.key(), second.key(), "two credits are two acts");
    assert!(find(&file, "77774288N1", None).unwrap_err().contains("names a debit"));
    assert!(find(&file, "3101963431841", None).unwrap_err().contains("names a debit"));
}

#[test]
fn summaries_count_what_the_files_hold() {
    for (name, entries, credits, balances) in
        [("goldman-sachs-us", 15, 7, 4), ("abn-amro", 13, 7, 8), ("ing", 9, 5, 4)]
    {
        let Some(file) = file(name) else { return };
        let summary = read_statement(&file[..], &Limits::default()).unwrap();
        let statement = &summary.statements[0];
        assert_eq!((summary.version, summary.statements.len()), (2, 1), "{name}");
        assert_eq!((statement.entries_total, statement.booked_credits), (entries, credits), "{name}");
        assert_eq!(statement.balances.len(), balances, "{name}");
        assert!(lockstep_types::canonical::is_canonical(&summary));
        let message = read_message(&file[..], &Limits::default()).unwrap();
        assert_eq!((message.version, message.items_total), (2, entries), "{name}");
    }
}
