use super::*;
use proptest::prelude::*;

/// The addresses of EIP-55: all upper, all lower, mixed.
const EIP55: [&str; 8] = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
];

fn refused(text: &str) -> String {
    text.parse::<Address>().unwrap_err().to_string()
}

#[test]
fn the_vectors_of_eip_55_are_their_own_canonical_text() {
    for text in EIP55 {
        let address: Address = text.parse().unwrap();
        assert_eq!(address.to_string(), text);
        assert_eq!(serde_json::to_string(&address).unwrap(), format!("\"{text}\""));
    }
}

#[test]
fn people_may_write_one_case_but_the_canonical_text_is_checked() {
    let checked = EIP55[4];
    let lower = checked.to_lowercase();
    let upper = format!("0x{}", checked[2..].to_uppercase());
    for text in [checked, &lower, &upper] {
        assert_eq!(Address::from_user_text(text).unwrap().to_string(), checked);
    }
    assert_eq!(
        refused(&lower),
        format!("the letters of address `{lower}` fail the EIP-55 check: expected `{checked}`")
    );
    let one_letter_off = checked.replace("Aed", "aed");
    assert!(matches!(
        Address::from_user_text(&one_letter_off),
        Err(AccountError::CheckLetters { expected, .. }) if expected == checked
    ));
}

#[test]
fn what_is_no_address_is_refused_with_its_text() {
    for text in ["", "0x", "52908400098527886E0F7030069857D2E4169EE7", "0x5290", "0xzz", " 0x", "0X00"] {
        assert_eq!(
            refused(text),
            format!("`{text}` is not an address: expected `0x` and 40 hexadecimal digits")
        );
    }
    let too_long = format!("{}00", EIP55[0]);
    assert!(matches!(too_long.parse::<Address>(), Err(AccountError::Address { .. })));
    assert!(matches!("0x\u{e9}".repeat(20).parse::<Address>(), Err(AccountError::Address { .. })));
}

#[test]
fn a_chain_has_one_text() {
    assert_eq!("eip155:1".parse::<ChainId>().unwrap(), ChainId(1));
    assert_eq!("eip155:18446744073709551615".parse::<ChainId>().unwrap(), ChainId(u64::MAX));
    let bad =
        ["", "1", "eip155:", "eip155:01", "eip155:+1", "eip155:-1", "EIP155:1", "eip155: 1", "bip122:1"];
    for text in bad {
        assert!(matches!(text.parse::<ChainId>(), Err(AccountError::Chain { .. })), "{text}");
    }
    assert!("eip155:18446744073709551616".parse::<ChainId>().is_err());
}

proptest! {
    #[test]
    fn every_address_survives_its_text(bytes: [u8; 20]) {
        let address = Address(bytes);
        prop_assert_eq!(address.to_string().parse::<Address>().unwrap(), address);
        let json = serde_json::to_string(&address).unwrap();
        prop_assert_eq!(serde_json::from_str::<Address>(&json).unwrap(), address);
    }

    #[test]
    fn any_text_read_as_an_address_is_its_canonical_text(text in "(0x)?[0-9a-fA-F]{38,42}") {
        if let Ok(address) = text.parse::<Address>() {
            prop_assert_eq!(address.to_string(), text);
        }
    }
}
