use super::amount;

#[test]
fn amounts_are_whole_tokens_with_as_many_decimals_as_the_token_has() {
    for (text, units) in [("1000", 1_000_000_000), ("0.5", 500_000), ("1.000001", 1_000_001)] {
        assert_eq!(amount(text, 6).unwrap(), units, "{text}");
    }
    for wrong in ["", "0", "0.00", "1.", ".5", "1.0000001", "-1", "1e3", "1 000", "1.2.3"] {
        assert!(amount(wrong, 6).is_err(), "{wrong}");
    }
    assert!(amount(&"9".repeat(40), 6).is_err());
}
