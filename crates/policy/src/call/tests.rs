use super::*;
use crate::policy::tests::stablecoin;

fn params(amount: &str) -> Values {
    let layout = stablecoin().layout().clone();
    let texts = [("amount", amount), ("beneficiary", "0x5FbDB2315678afecb367f032d93F642f64180aa3")];
    let value =
        |(name, text): (&str, &str)| (name.parse().unwrap(), layout.param(name).unwrap().parse(text).ok());
    texts.into_iter().map(value).collect()
}

fn check_units(money: &str, decimals: u8, expected: Option<u128>) {
    assert_eq!(token_units(&money.parse().unwrap(), decimals), expected, "{money} at {decimals} decimals");
}

#[test]
fn money_converts_exactly_or_not_at_all() {
    check_units("1000000.00 USD", 6, Some(1_000_000_000_000));
    check_units("0.01 USD", 2, Some(1));
    check_units("90071992547409.91 USD", 18, Some(90_071_992_547_409_910_000_000_000_000_000));
    check_units("7 JPY", 0, Some(7));
    check_units("1.500 BHD", 1, Some(15));
    check_units("1.550 BHD", 1, None);
    check_units("0.01 USD", 0, None);
    check_units("-0.01 USD", 6, None);
}

#[test]
fn the_arguments_of_the_mint_are_address_and_units() {
    let policy = stablecoin();
    let outcome = policy.layout().outcome("mint").unwrap();
    let words = policy.layout().arguments(outcome, &params("1000000.00")).unwrap();
    assert_eq!(words[0][..12], [0; 12]);
    assert_eq!(words[0][12..14], [0x5f, 0xbd]);
    assert_eq!(words[1], uint(1_000_000_000_000));
    let unknown = policy.layout().arguments(outcome, &params("not money"));
    assert_eq!(unknown, Err(CallError::Unknown { name: "amount".parse().unwrap() }));
}

#[test]
fn one_act_has_one_key_whatever_else_the_step_claims() {
    let policy = stablecoin();
    let step = policy.layout().step("payment").unwrap();
    let claims = |entry: &str, debtor: &str| -> Values {
        let texts = [
            ("servicer", "INGBNL2A"),
            ("account", "NL91ABNA0417164300"),
            ("servicer_ref", "98888208N8"),
            ("entry_ref", entry),
            ("debtor", debtor),
        ];
        let value =
            |(name, text): (&str, &str)| (name.parse().unwrap(), step.claim(name).unwrap().parse(text).ok());
        texts.into_iter().map(value).collect()
    };
    let key = |entry, debtor| policy.layout().use_key(step, &claims(entry, debtor)).unwrap().unwrap();
    let json = r#"["lockstep-use/1","acme-usd","incoming-payment","INGBNL2A","NL91ABNA0417164300","98888208N8","1"]"#;
    assert_eq!(key("1", "Jane"), UseKey(sha256(json.as_bytes())));
    assert_eq!(key("1", "Jane"), key("1", "Joan"));
    assert_ne!(key("1", "Jane"), key("2", "Jane"));
    assert_eq!(policy.layout().use_key(policy.layout().step("audit").unwrap(), &Values::new()), Ok(None));
    let missing = policy.layout().use_key(step, &Values::new());
    assert_eq!(missing, Err(CallError::Unknown { name: "servicer".parse().unwrap() }));
}
