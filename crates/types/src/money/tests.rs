use super::*;
use proptest::prelude::*;

fn refused(text: &str) -> String {
    text.parse::<Money>().unwrap_err().to_string()
}

#[test]
fn decimals_follow_the_currency() {
    for (text, minor) in [
        ("1000000.00 USD", 100_000_000),
        ("0.00 EUR", 0),
        ("-0.01 EUR", -1),
        ("0 JPY", 0),
        ("1500 JPY", 1_500),
        ("-7 JPY", -7),
        ("1.005 BHD", 1_005),
        ("0.0001 CLF", 1),
        ("90071992547409.91 USD", INTEGER_MAX),
        ("-9007199254740991 JPY", -INTEGER_MAX),
    ] {
        let money: Money = text.parse().unwrap();
        assert_eq!((money.amount.minor(), money.to_string().as_str()), (minor, text));
    }
}

#[test]
fn an_amount_has_one_text() {
    for amount in [
        "", "1", "1.", "1.0", "1.000", ".50", "01.00", "00.00", "+1.00", "-0.00", "--1.00", "1,00",
        "1_000.00", "1 000.00", "1e3", "1.0a", "0x1.00", "١.00", "-.50", "-", ".",
    ] {
        let usd = "USD".parse().unwrap();
        let found = Money::from_decimal(amount, usd).unwrap_err();
        assert_eq!(
            found.to_string(),
            format!("`{amount}` is not an amount of USD: expected digits with 2 decimals")
        );
    }
    for amount in ["1.0", "-0", "00", "1.", "+1", ""] {
        assert!(Money::from_decimal(amount, "JPY".parse().unwrap()).is_err(), "{amount}");
    }
}

#[test]
fn money_is_an_amount_a_space_and_a_currency() {
    assert_eq!(refused("1.00"), "`1.00` is not money: expected the form `1000000.00 USD`");
    assert_eq!(refused("1.00USD"), "`1.00USD` is not money: expected the form `1000000.00 USD`");
    assert_eq!(refused("1.00  USD"), "` USD` is not an ISO 4217 currency with a minor unit");
    assert_eq!(refused("1.00 usd"), "`usd` is not an ISO 4217 currency with a minor unit");
    assert_eq!(refused("1.00 USD "), "`USD ` is not an ISO 4217 currency with a minor unit");
    assert_eq!(refused("1.00 QQQ"), "`QQQ` is not an ISO 4217 currency with a minor unit");
}

/// A newer table of currencies would make two versions of this program read one policy differently.
#[test]
fn currencies_are_those_that_the_page_lists() {
    let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../specs/policy.md"));
    let (_, table) = page.split_once("| decimals | currencies |\n| --- | --- |\n").unwrap();
    let mut listed: Vec<(String, u16)> = Vec::new();
    for row in table.lines().map_while(|line| line.strip_prefix("| ")) {
        let (decimals, codes) = row.trim_end_matches(" |").split_once(" | ").unwrap();
        listed.extend(codes.split(' ').map(|code| (code.to_owned(), decimals.parse().unwrap())));
    }
    let letters = || 'A'..='Z';
    let codes = letters().flat_map(|a| letters().map(move |b| (a, b)));
    let codes = codes.flat_map(|(a, b)| letters().map(move |c| format!("{a}{b}{c}")));
    let found = codes.filter_map(|code| code.parse::<Currency>().ok());
    let found: Vec<(String, u16)> = found.map(|known| (known.to_string(), known.decimals())).collect();
    listed.sort();
    assert_eq!(listed, found);
}

#[test]
fn codes_without_a_minor_unit_are_no_currency() {
    for code in ["XAU", "XDR", "XTS", "XXX"] {
        assert_eq!(code.parse::<Currency>(), Err(MoneyError::Currency { found: code.to_owned() }));
    }
}

#[test]
fn beyond_2_to_53_is_too_large_however_many_digits() {
    let too_large = "the amount lies beyond 9007199254740991 minor units";
    assert_eq!(refused("90071992547409.92 USD"), too_large);
    assert_eq!(refused("-90071992547409.92 USD"), too_large);
    assert_eq!(refused("92233720368547758.08 USD"), too_large);
    assert_eq!(refused(&format!("{}.00 USD", "9".repeat(400))), too_large);
    assert_eq!(Amount::from_minor(i64::MIN), Err(MoneyError::TooLarge));
    assert_eq!(Amount::from_minor(INTEGER_MAX).unwrap().checked_add(Amount(1)), None);
    assert_eq!(Amount::from_minor(-INTEGER_MAX).unwrap().checked_sub(Amount(1)), None);
    assert!(serde_json::from_str::<Amount>("9007199254740992").is_err());
    assert_eq!(serde_json::from_str::<Amount>("-9007199254740991").unwrap(), Amount(-INTEGER_MAX));
}

proptest! {
    #[test]
    fn every_amount_survives_its_text(
        minor in -INTEGER_MAX..=INTEGER_MAX,
        code in prop::sample::select(vec!["USD", "EUR", "JPY", "BHD", "CLF", "KWD", "CHF", "KRW"]),
    ) {
        let money = Money::new(Amount::from_minor(minor).unwrap(), code.parse().unwrap());
        prop_assert_eq!(money.to_string().parse::<Money>().unwrap(), money);
        prop_assert_eq!(Money::from_decimal(&money.decimal(), money.currency).unwrap(), money);
        let json = serde_json::to_vec(&money).unwrap();
        prop_assert_eq!(serde_json::from_slice::<Money>(&json).unwrap(), money);
    }

    #[test]
    fn any_text_read_as_money_is_its_canonical_text(text in "-?[0-9]{0,4}[.]?[0-9]{0,4} (USD|JPY|BHD)") {
        if let Ok(money) = text.parse::<Money>() {
            prop_assert_eq!(money.to_string(), text);
        }
    }

    #[test]
    fn sums_are_exact_or_refused(a in -INTEGER_MAX..=INTEGER_MAX, b in -INTEGER_MAX..=INTEGER_MAX) {
        let sum = Amount(a).checked_add(Amount(b)).map(Amount::minor);
        prop_assert_eq!(sum, Some(a + b).filter(|s| s.abs() <= INTEGER_MAX));
        let difference = Amount(a).checked_sub(Amount(b)).map(Amount::minor);
        prop_assert_eq!(difference, Some(a - b).filter(|d| d.abs() <= INTEGER_MAX));
    }
}
