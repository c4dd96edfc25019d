use crate::Policy;
use crate::check::tests::wrap;
use expect_test::{Expect, expect};

const LAYOUT: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/stablecoin-redeem/policy.toml"));
const GUARDS: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/stablecoin-redeem/guards.cedar"));

/// One change to the redemption's layout gives exactly these findings.
#[track_caller]
fn check(old: &str, new: &str, expected: Expect) {
    assert!(LAYOUT.contains(old), "`{old}` is not in the file");
    expected.assert_eq(&findings(&LAYOUT.replacen(old, new, 1)));
}

fn findings(layout: &str) -> String {
    let found = Policy::from_files(layout.as_bytes(), GUARDS.as_bytes());
    found.err().unwrap_or_default().iter().map(|finding| wrap(&finding.to_string())).collect()
}

#[test]
fn the_redemption_has_no_findings() {
    check("", "", expect![[""]]);
}

#[test]
fn what_returns_a_deposit_can_always_be_shown_and_made() {
    check(
        "returns = \"deposit\"",
        "",
        expect![[r#"
        policy.toml:91:10: no step guards outcome `refund` (unguarded-outcome)
        hint: name the steps that decide it in `after`
    "#]],
    );
    check(
        "returns = \"deposit\"",
        "returns = \"deposits\"",
        expect![[r#"
        policy.toml:92:11: `deposits` is not a step: expected `deposit`, `screen`, `approve`,
          `payout` (unknown-step)
        policy.toml:97:20: step `deposit` need not be done when outcome `refund` is unlocked
          (call-args)
        policy.toml:97:50: step `deposit` need not be done when outcome `refund` is unlocked
          (call-args)
    "#]],
    );
    check(
        "returns = \"deposit\"",
        "returns = \"deposit\"\nafter = [\"screen\"]",
        expect![[r#"
        policy.toml:92:11: outcome `refund` returns a deposit, and states `after` too
          (outcome-returns)
    "#]],
    );
    check(
        "returns = \"deposit\"",
        "returns = \"payout\"",
        expect![[r#"
        policy.toml:92:11: step `payout` shows a deposit: expected neither `after` nor `commits`
          nor `pays` (outcome-returns)
        policy.toml:97:20: step `deposit` need not be done when outcome `refund` is unlocked
          (call-args)
        policy.toml:97:50: step `deposit` need not be done when outcome `refund` is unlocked
          (call-args)
    "#]],
    );
    check(
        "returns = \"deposit\"",
        "returns = \"approve\"",
        expect![[r#"
        policy.toml:92:11: step `approve` shows a deposit: expected neither `after` nor `commits`
          nor `pays` (outcome-returns)
        policy.toml:97:20: step `deposit` need not be done when outcome `refund` is unlocked
          (call-args)
        policy.toml:97:50: step `deposit` need not be done when outcome `refund` is unlocked
          (call-args)
    "#]],
    );
    check(
        "single_use = [\"chain\", \"transaction\", \"log\"]",
        "",
        expect![[r#"
        policy.toml:92:11: step `deposit` does not say by `single_use` which deposit it is
          (outcome-returns)
    "#]],
    );
    let lapses = LAYOUT.replacen("to      = \"escrow\"", "", 1).replacen("\"never\"", "\"30m\"", 1);
    expect![[r#"
        policy.toml:92:11: outcome `burn` may lapse, and the deposit would stay: expected `never`
          (outcome-returns)
    "#]]
    .assert_eq(&findings(&lapses));
}

#[test]
fn an_escrow_is_asked_for_what_it_does_and_for_its_own_case() {
    check(
        "escrow   = ",
        "# escrow   = ",
        expect![[r#"
        policy.toml:86:11: domain `home` states no `escrow` (escrow-call)
        policy.toml:95:11: domain `home` states no `escrow` (escrow-call)
    "#]],
    );
    check(
        "to      = \"escrow\"",
        "to      = \"vault\"",
        expect![[r#"
        policy.toml:86:11: `vault` is not called by outcomes: expected `token` or `escrow` (call)
    "#]],
    );
    check("to      = \"escrow\"", "", expect![[""]]);
    check(
        "\"burn(bytes32,address,address,uint256)\"",
        "\"burn(bytes32,address,address,bytes32)\"",
        expect![[r#"
            policy.toml:87:11: `burn(bytes32,address,address,bytes32)` is no call of an Escrow:
              expected `burn(bytes32,address,address,uint256)`,
              `refund(bytes32,address,address,uint256)`,
              `release(bytes32,address,address,address,uint256)` (escrow-call)
            policy.toml:88:50: `amount` of type `money:USD` cannot be an argument of type `bytes32`
              (call-args)
        "#]],
    );
    check(
        "[\"case\", \"deposit.depositor\",",
        "[\"deposit.transaction\", \"deposit.depositor\",",
        expect![[r#"
            policy.toml:88:11: the first argument of an Escrow's call is `case` (escrow-call)
        "#]],
    );
    check(
        "expires = \"never\"",
        "expires = \"30m\"",
        expect![[r#"
        policy.toml:89:11: what moves a deposit must never expire: expected `never` (escrow-call)
        policy.toml:92:11: outcome `burn` may lapse, and the deposit would stay: expected `never`
          (outcome-returns)
    "#]],
    );
}

#[test]
fn arguments_are_there_when_the_outcome_is_unlocked_and_of_the_right_type() {
    // The first is the burn's.
    const ARGS: &str = "\"deposit.depositor\", \"token\", \"deposit.amount\"";
    check(
        ARGS,
        "\"case\", \"token\", \"deposit.amount\"",
        expect![[r#"
        policy.toml:88:20: `case` cannot be an argument of type `address` (call-args)
    "#]],
    );
    check(
        ARGS,
        "\"deposit.owner\", \"token\", \"deposit.amount\"",
        expect![[r#"
        policy.toml:88:20: `owner` is not a claim of step `deposit`: expected `depositor`,
          `amount`, `chain`, `transaction`, `log`, `block`, `block_hash` (unknown-claim)
    "#]],
    );
    check(
        ARGS,
        "\"param.holder\", \"token\", \"deposit.block_hash\"",
        expect![[r#"
        policy.toml:88:45: `block_hash` of type `digest` cannot be an argument of type `uint256`
          (call-args)
    "#]],
    );
    check(
        ARGS,
        "\"deposit\", \"token\", \"deposit.amount\"",
        expect![[r#"
        policy.toml:88:20: `deposit` is no argument: expected `param.NAME`, `STEP.CLAIM`, `case`
          or `token` (name)
    "#]],
    );
    check(
        ARGS,
        "\"deposit.depositor\", \"param.amount\", \"deposit.amount\"",
        expect![[r#"
        policy.toml:88:41: `amount` of type `money:USD` cannot be an argument of type `address`
          (call-args)
    "#]],
    );
    const REFUND: &str =
        "call    = \"refund(bytes32,address,address,uint256)\"\nargs    = [\"case\", \"deposit.depositor\"";
    check(
        REFUND,
        &REFUND.replace("deposit.depositor", "payout.creditor"),
        expect![[r#"
        policy.toml:97:20: step `payout` need not be done when outcome `refund` is unlocked
          (call-args)
    "#]],
    );
}

#[test]
fn a_payout_says_what_and_when() {
    check(
        "pays       = \"amount\"",
        "pays       = \"creditor\"",
        expect![[r#"
        policy.toml:69:14: `creditor` is of type `text`: expected money (claim-type)
    "#]],
    );
    check(
        "booked     = \"booked_at\"\n",
        "",
        expect![[r#"
        policy.toml:69:14: step `payout` does not say by `booked` when it was paid
          (payout-without-date)
    "#]],
    );
}
