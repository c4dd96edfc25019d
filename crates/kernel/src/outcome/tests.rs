use super::*;

#[test]
fn units_of_a_token_and_of_money_convert_exactly_or_not_at_all() {
    for (minor, currency, token, units) in [
        (1_00, 2, 6, 1_000_000),
        (1, 2, 6, 10_000),
        (100, 2, 0, 1),
        (5, 0, 18, 5 * 10u128.pow(18)),
        (7, 3, 3, 7),
    ] {
        assert_eq!(token_units(minor, currency, token), Some(units));
        assert_eq!(minor_units(units, currency, token), Some(minor));
    }
    assert_eq!(token_units(150, 2, 0), None, "half a token");
    assert_eq!(minor_units(9_999, 2, 6), None, "less than a cent");
    assert_eq!(token_units(-1, 2, 6), None);
    assert_eq!(minor_units(u128::MAX, 2, 6), None);
}
