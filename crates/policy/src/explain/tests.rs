use super::*;
use crate::policy::tests::stablecoin;

#[test]
fn the_shipped_policy_reads_as_english() {
    let text = explain(&stablecoin()).join("\n");
    let expected = include_str!("expected.txt");
    assert_eq!(text, expected.trim_end(), "\n{text}\n");
}
