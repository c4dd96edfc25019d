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
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/stablecoin-redeem/");
    let read = |file: &str| std::fs::read(format!("{folder}{file}")).unwrap();
    let policy = crate::Policy::from_files(&read("policy.toml"), &read("guards.cedar")).unwrap();
    expect_test::expect_file!["redemption.txt"].assert_eq(&explain(&policy).join("\n"));
}
