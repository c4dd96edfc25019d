use crate::check::tests::wrap;
use crate::policy::tests::{GUARDS, LAYOUT};
use crate::{Audience, Policy, explain};
use expect_test::{Expect, expect};

/// What every pack of the shipped policy shows.
const ANYWAY: &str = "\"param.amount\", \"param.beneficiary\", \"payment.amount\", \"payment.booked_at\", \
                      \"reserve.as_of\", \"reserve.balance\"";

/// The shipped policy with other audiences.
fn layout(audiences: &str) -> String {
    let shipped = LAYOUT.split("\n[audience]").next().unwrap();
    format!("{}\n[audience]\n{audiences}\n", shipped.trim_end())
}

#[track_caller]
fn check(audiences: &str, expected: Expect) {
    let findings =
        Policy::from_files(layout(audiences).as_bytes(), GUARDS.as_bytes()).err().unwrap_or_default();
    let table = layout("").lines().position(|line| line == "[audience]").unwrap() + 1;
    let place =
        |found: &crate::Finding| format!("{} below the table, column {}", found.line - table, found.column);
    let text: String = findings
        .iter()
        .map(|found| wrap(&format!("{}: {} ({})", place(found), found.text, found.code)))
        .collect();
    expected.assert_eq(&text);
}

#[test]
fn audiences_that_fit_have_no_findings() {
    check(&format!("public = [{ANYWAY}]\nsupervisor = [\"*\"]"), expect![""]);
    check("public = [\"*\"]", expect![""]);
    check(
        &format!(
            "public = [{ANYWAY}]\nauditor = [\"reserve.*\", \"payment.bank-statement\", \"param.*\"]\n\
             counterparty = []"
        ),
        expect![""],
    );
}

#[test]
fn unknown_names_are_found() {
    check(
        &format!(
            "public = [{ANYWAY}, \"reserve.ballance\", \"pay.amount\", \"param.sum\", \
             \"reserve.bank-letter\", \"pays.*\"]"
        ),
        expect![[r#"
            1 below the table, column 123: `ballance` is no claim or document of step `reserve`:
              expected `balance`, `as_of`, `segregated`, `earmarked_for`, `bank-statement`
              (unknown-claim)
            1 below the table, column 143: `pay` is not a step: expected `request`, `payment`,
              `reserve`, `audit`, `screen`, `approve` (unknown-step)
            1 below the table, column 157: `sum` is not a parameter: expected `amount`,
              `beneficiary`, `jurisdiction` (unknown-param)
            1 below the table, column 170: `bank-letter` is no claim or document of step `reserve`:
              expected `balance`, `as_of`, `segregated`, `earmarked_for`, `bank-statement`
              (unknown-claim)
            1 below the table, column 193: `pays` is not a step: expected `request`, `payment`,
              `reserve`, `audit`, `screen`, `approve` (unknown-step)
        "#]],
    );
    check(
        "public = [\"*\"]\nauditors = [\"*\"]\nauditor = [\"balance\"]",
        expect![[r#"
        2 below the table, column 12: `auditors` is not an audience: expected `public`,
          `counterparty`, `auditor`, `supervisor` (unknown-audience)
        3 below the table, column 12: `balance` names nothing that can be seen: expected
          `param.NAME`, `STEP.CLAIM`, `STEP.SLOT`, `STEP.*`, `param.*` or `*` (name)
    "#]],
    );
}

#[test]
fn what_is_named_twice_is_found() {
    check(
        &format!(
            "public = [{ANYWAY}, \"param.amount\"]\nauditor = [\"reserve.*\", \"reserve.segregated\", \"param.amount\"]\n\
             supervisor = [\"*\", \"screen.*\"]"
        ),
        expect![[r#"
            1 below the table, column 123: `param.amount` is named twice (duplicate)
            2 below the table, column 25: `reserve.segregated` is in another entry of the list
              already (duplicate)
            2 below the table, column 47: `param.amount` is in `public`: what the public sees every
              audience sees (duplicate)
            3 below the table, column 20: `screen.*` is in another entry of the list already
              (duplicate)
        "#]],
    );
}

#[test]
fn what_every_pack_shows_cannot_be_left_out() {
    check(
        "public = [\"reserve.balance\"]\nsupervisor = [\"*\"]",
        expect![[r#"
        1 below the table, column 10: every pack shows `param.amount`: outcome `mint` carries it
          in a record (shown-anyway)
        1 below the table, column 10: every pack shows `param.beneficiary`: outcome `mint`
          carries it in a record (shown-anyway)
        1 below the table, column 10: every pack shows `payment.amount`: hold `headroom` carries
          it in a record (shown-anyway)
        1 below the table, column 10: every pack shows `payment.booked_at`: hold `headroom`
          carries it in a record (shown-anyway)
        1 below the table, column 10: every pack shows `reserve.as_of`: hold `headroom` carries
          it in a record (shown-anyway)
    "#]],
    );
    check(
        "supervisor = [\"*\"]",
        expect![[r#"
        0 below the table, column 2: every pack shows `param.amount`: outcome `mint` carries it
          in a record (shown-anyway)
        0 below the table, column 2: every pack shows `param.beneficiary`: outcome `mint` carries
          it in a record (shown-anyway)
        0 below the table, column 2: every pack shows `payment.amount`: hold `headroom` carries
          it in a record (shown-anyway)
        0 below the table, column 2: every pack shows `payment.booked_at`: hold `headroom`
          carries it in a record (shown-anyway)
        0 below the table, column 2: every pack shows `reserve.as_of`: hold `headroom` carries it
          in a record (shown-anyway)
        0 below the table, column 2: every pack shows `reserve.balance`: hold `headroom` carries
          it in a record (shown-anyway)
    "#]],
    );
}

#[test]
fn a_claim_and_a_document_of_one_name_are_not_told_apart() {
    let text =
        layout("public = [\"*\"]").replace("evidence   = [\"bank-statement\"]", "evidence   = [\"debtor\"]");
    assert!(Policy::from_files(text.as_bytes(), GUARDS.as_bytes()).is_ok());
    let text =
        text.replace("public = [\"*\"]", &format!("public = [{ANYWAY}]\nauditor = [\"payment.debtor\"]"));
    let findings = Policy::from_files(text.as_bytes(), GUARDS.as_bytes()).unwrap_err();
    assert_eq!(findings.iter().map(|found| found.code).collect::<Vec<_>>(), ["ambiguous"]);
}

#[test]
fn a_policy_without_the_table_has_no_audiences_and_the_digest_it_had() {
    let without = LAYOUT.split("\n[audience]").next().unwrap();
    let policy = Policy::from_files(without.as_bytes(), GUARDS.as_bytes()).unwrap();
    assert!(Audience::ALL.iter().all(|audience| policy.layout().view(*audience).is_none()));
    assert!(!explain(&policy).iter().any(|sentence| sentence.contains("public")));
    let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../specs/policy.md"));
    // The policy of the page has no audiences, and was issued with this digest.
    assert!(
        page.contains("Its digest is `26106add463b6cddbb44085acb66c1f5e44ecf9cf8f8551d59900b6960f2deac`.")
    );
}

#[test]
fn audiences_read_as_sentences() {
    let text = layout(&format!(
        "public = [{ANYWAY}]\ncounterparty = [\"param.jurisdiction\"]\nauditor = [\"reserve.*\", \"payment.bank-statement\", \
         \"audit.haircut_bps\"]\nsupervisor = [\"*\"]"
    ));
    let policy = Policy::from_files(text.as_bytes(), GUARDS.as_bytes()).unwrap();
    let sentences = explain(&policy);
    let told: String = sentences[sentences.len() - 5..].iter().map(|sentence| wrap(sentence)).collect();
    expect![[r#"
        24. Whoever is given the pack of a case sees who took or refused which step, when and
          with which keys, and salted digests of all that was said. What was said itself is shown
          as follows, and nothing of it that is not named.
        25. The public sees the amount and beneficiary of the case; amount and booked at of
          “payment”; as of and balance of “reserve”.
        26. A counterparty sees what the public sees, and the jurisdiction of the case.
        27. An auditor sees what the public sees, and bank statement of “payment”; all that
          “reserve” says, with its documents and reasons; haircut bps of “audit”.
        28. A supervisor sees everything: every claim, every document, and the reasons of
          refusals and withdrawals.
    "#]]
    .assert_eq(&told);
    let one =
        Policy::from_files(layout("public = [\"*\"]\nauditor = []").as_bytes(), GUARDS.as_bytes()).unwrap();
    let told: String = explain(&one).iter().rev().take(2).map(|sentence| wrap(sentence)).collect();
    expect![[r#"
        26. An auditor sees what the public sees.
        25. The public sees everything: every claim, every document, and the reasons of refusals
          and withdrawals.
    "#]]
    .assert_eq(&told);
}
