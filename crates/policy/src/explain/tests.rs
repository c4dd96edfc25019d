use super::*;
use crate::policy::tests::stablecoin;

#[test]
fn the_shipped_policy_reads_as_english() {
    let text = explain(&stablecoin()).join("\n");
    let expected = include_str!("expected.txt");
    assert_eq!(text, expected.trim_end(), "\n{text}\n");
}

#[test]
fn the_redemption_reads_as_sentences() {
    let layout = include_bytes!("../../../../policies/stablecoin-redeem/policy.toml");
    let guards = include_bytes!("../../../../policies/stablecoin-redeem/guards.cedar");
    let policy = crate::Policy::from_files(layout, guards).unwrap();
    expect_test::expect_file!["redemption.txt"].assert_eq(&explain(&policy).join("\n"));
}
