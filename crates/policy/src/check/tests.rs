use crate::Policy;
use crate::policy::tests::{GUARDS, LAYOUT};
use expect_test::{Expect, expect};

/// The findings about the shipped policy after some texts of it were replaced, one a line.
#[track_caller]
fn findings(layout: &[(&str, &str)], guards: &[(&str, &str)]) -> String {
    let (mut layout_text, mut guards_text) = (LAYOUT.to_owned(), GUARDS.to_owned());
    for (text, changes) in [(&mut layout_text, layout), (&mut guards_text, guards)] {
        for (old, new) in changes {
            assert!(text.contains(old), "`{old}` is not in the file");
            *text = text.replacen(old, new, 1);
        }
    }
    let findings = Policy::from_files(layout_text.as_bytes(), guards_text.as_bytes());
    findings.err().unwrap_or_default().iter().map(|finding| wrap(&finding.to_string())).collect()
}

/// Lines of at most 90 letters, so that what is expected can stand in this file.
pub(crate) fn wrap(text: &str) -> String {
    let (mut wrapped, mut width) = (String::new(), 0);
    for word in text.split_inclusive([' ', '\n']) {
        if width + word.chars().count() > 90 {
            wrapped.truncate(wrapped.trim_end().len());
            wrapped.push_str("\n  ");
            width = 2;
        }
        wrapped.push_str(word);
        width = if word.ends_with('\n') { 0 } else { width + word.chars().count() };
    }
    wrapped + "\n"
}

/// One change to `policy.toml` gives exactly these findings.
#[track_caller]
fn check(old: &str, new: &str, expected: Expect) {
    expected.assert_eq(&findings(&[(old, new)], &[]));
}

/// One change to `guards.cedar` gives exactly these findings.
#[track_caller]
fn check_guards(old: &str, new: &str, expected: Expect) {
    expected.assert_eq(&findings(&[], &[(old, new)]));
}

const APPROVE: &str = "after = [\"payment\", \"audit\", \"screen\"]";

#[test]
fn unknown_names_are_found_with_what_would_have_been_right() {
    check(
        "opened_by = \"issuer\"",
        "opened_by = \"isuer\"",
        expect![[r#"
            policy.toml:9:13: `isuer` is not a role: expected `issuer`, `custodian`, `auditor`,
              `screening`, `observer`, `compliance` (unknown-role)
        "#]],
    );
    check(
        "by    = \"auditor\"",
        "by    = \"audtor\"",
        expect![[r#"
            guards.cedar:14:1: guard `auditor-confirms-same-balance` is for role `auditor`, which
              takes none of its steps (idle-guard)
            guards.cedar:37:1: no permit can allow role `audtor` to take step `audit`
              (never-permitted)
            hint: permit (principal in Role::"audtor", action == Action::"audit", resource);
            policy.toml:30:1: role `auditor` opens nothing, takes no step and reads nothing
              (unused-role)
            policy.toml:67:9: `audtor` is not a role: expected `issuer`, `custodian`, `auditor`,
              `screening`, `observer`, `compliance` (unknown-role)
        "#]],
    );
    check(
        APPROVE,
        "after = [\"payment\", \"audit\", \"screening\"]",
        expect![[r#"
            policy.toml:72:7: no outcome waits for step `screen`: it would decide nothing (dead-end)
            policy.toml:81:30: `screening` is not a step: expected `request`, `payment`, `reserve`,
              `audit`, `screen`, `approve` (unknown-step)
        "#]],
    );
    check(
        "distinct_from = [\"issuer\", \"custodian\"]",
        "distinct_from = [\"issuer\", \"bank\"]",
        expect![[r#"
            policy.toml:30:78: `bank` is not a role: expected `issuer`, `custodian`, `auditor`,
              `screening`, `observer`, `compliance` (unknown-role)
        "#]],
    );
    check(
        "claim = \"as_of\"",
        "claim = \"as_if\"",
        expect![[r#"
            policy.toml:63:22: `as_if` is not a claim of step `reserve`: expected `balance`, `as_of`,
              `segregated`, `earmarked_for` (unknown-claim)
        "#]],
    );
}

#[test]
fn unknown_claims_domains_and_parameters_are_found() {
    check(
        "booked     = \"booked_at\"",
        "booked     = \"booked\"",
        expect![[r#"
        policy.toml:47:14: `booked` is of type `bool`: expected `time` (claim-type)
    "#]],
    );
    check(
        "\"servicer_ref\", \"entry_ref\"]",
        "\"servicer_ref\", \"entry\"]",
        expect![[r#"
            policy.toml:45:54: `entry` is not a claim of step `payment`: expected `amount`,
              `servicer`, `account`, `servicer_ref`, `entry_ref`, `debtor`, `booked`, `booked_at`
              (unknown-claim)
        "#]],
    );
    check(
        "domain = \"home\" }",
        "domain = \"away\" }",
        expect![[r#"
        policy.toml:14:45: `away` is not a domain: expected `home` (unknown-domain)
        policy.toml:100:12: account `beneficiary` does not belong to domain `home` (call-args)
    "#]],
    );
    check(
        "by      = \"observer\"",
        "by      = \"watcher\"",
        expect![[r#"
            policy.toml:32:1: role `observer` opens nothing, takes no step and reads nothing
              (unused-role)
            policy.toml:85:11: `watcher` is not a role: expected `issuer`, `custodian`, `auditor`,
              `screening`, `observer`, `compliance` (unknown-role)
        "#]],
    );
    check(
        "args    = [\"param.beneficiary\", \"param.amount\"]",
        "args    = [\"param.beneficiary\", \"param.sum\"]",
        expect![[r#"
            policy.toml:89:7: no outcome on `home` after step `approve` moves `amount`
              (hold-without-outcome)
            policy.toml:100:33: `sum` is not a parameter: expected `amount`, `beneficiary`,
              `jurisdiction` (unknown-param)
        "#]],
    );
    check(
        "at      = \"approve\"",
        "at      = \"approval\"",
        expect![[r#"
            policy.toml:89:7: no outcome on `home` after step `approval` moves `amount`
              (hold-without-outcome)
            policy.toml:90:11: `approval` is not a step: expected `request`, `payment`, `reserve`,
              `audit`, `screen`, `approve` (unknown-step)
        "#]],
    );
}

#[test]
fn steps_that_wait_for_one_another_are_a_cycle_and_what_waits_for_them_is_unreachable() {
    check(
        "title    = \"states the closing balance of the segregated account\"",
        "title    = \"states the closing balance\"\nafter = [\"audit\"]",
        expect![[r#"
            policy.toml:59:7: step `reserve` waits for itself (cycle)
            policy.toml:67:7: step `audit` waits for itself (cycle)
            policy.toml:79:7: step `approve` can never be taken: what it waits for never happens
              (unreachable-step)
        "#]],
    );
}

#[test]
fn a_step_that_decides_nothing_is_found() {
    check(
        APPROVE,
        "after = [\"payment\", \"audit\"]",
        expect![[r#"
        policy.toml:72:7: no outcome waits for step `screen`: it would decide nothing (dead-end)
    "#]],
    );
}

#[test]
fn roles_that_nobody_can_hold_or_needs_are_found() {
    check(
        "distinct_from = [\"issuer\", \"custodian\"]",
        "distinct_from = [\"auditor\"]",
        expect![[r#"
            policy.toml:30:68: role `auditor` is distinct from itself: nobody can hold it
              (contradictory-role)
        "#]],
    );
    check(
        "[role]",
        "[role]\nnobody = { credential = \"none\" }",
        expect![[r#"
            policy.toml:28:1: role `nobody` opens nothing, takes no step and reads nothing
              (unused-role)
        "#]],
    );
    check(
        "keys = 2",
        "keys = 0",
        expect![[r#"
        policy.toml:33:58: 0 lies outside 1 to 16 (number)
    "#]],
    );
}

#[test]
fn an_outcome_needs_steps_and_arguments_that_fit() {
    check(
        "after   = [\"approve\"]",
        "after   = []",
        expect![[r#"
            policy.toml:35:7: no outcome waits for step `request`: it would decide nothing (dead-end)
            policy.toml:39:7: no outcome waits for step `payment`: it would decide nothing (dead-end)
            policy.toml:59:7: no outcome waits for step `reserve`: it would decide nothing (dead-end)
            policy.toml:66:7: no outcome waits for step `audit`: it would decide nothing (dead-end)
            policy.toml:72:7: no outcome waits for step `screen`: it would decide nothing (dead-end)
            policy.toml:78:7: no outcome waits for step `approve`: it would decide nothing (dead-end)
            policy.toml:89:7: no outcome on `home` after step `approve` moves `amount`
              (hold-without-outcome)
            policy.toml:95:10: no step guards outcome `mint` (unguarded-outcome)
            hint: name the steps that decide it in `after`
        "#]],
    );
    check(
        "mint(address,uint256)",
        "mint(address)",
        expect![[r#"
        policy.toml:100:11: 2 arguments for `mint(address)`: expected 1 (call-args)
    "#]],
    );
    check(
        "mint(address,uint256)",
        "mint(uint256,address)",
        expect![[r#"
            policy.toml:100:12: `beneficiary` of type `account` cannot be an argument of type
              `uint256` (call-args)
            policy.toml:100:33: `amount` of type `money:USD` cannot be an argument of type `address`
              (call-args)
        "#]],
    );
    check(
        "mint(address,uint256)",
        "mint(address, uint256)",
        expect![[r#"
            policy.toml:99:11: `mint(address, uint256)` is not a call: expected the form
              `mint(address,uint256)` of `address`, `uint256`, `bytes32` and `bool` (call)
        "#]],
    );
    check(
        "decimals = 6",
        "decimals = 1",
        expect![[r#"
            policy.toml:100:33: the token has fewer decimals than USD: `amount` may not convert
              (call-args)
        "#]],
    );
    check(
        "decimals = 6",
        "decimals = 19",
        expect![[r#"
        policy.toml:25:12: 19 lies outside 0 to 18 (number)
    "#]],
    );
}

#[test]
fn a_hold_needs_a_reading_a_dated_balance_and_an_outcome() {
    let against = "reserve.balance + payment.amount - supply";
    check(
        against,
        "reserve.balance + payment.amount - stock",
        expect![[r#"
            policy.toml:83:10: no hold rests on reading `supply` (unused-reading)
            policy.toml:93:11: hold `headroom` rests on `stock`, which is not a reading: expected
              `supply` (hold-without-reading)
        "#]],
    );
    check(
        against,
        "reserve.balance + payment.amount",
        expect![[r#"
            policy.toml:93:11: `reserve.balance + payment.amount` is not a headroom: expected
              `step.claim`, then any `+ step.claim`, then `- reading` (against)
        "#]],
    );
    check(
        against,
        "audit.balance + payment.amount - supply",
        expect![[r#"
            policy.toml:93:11: step `audit` does not state `fresh`, which a term in this place needs
              (hold-term)
        "#]],
    );
    check(
        against,
        "reserve.balance + reserve.balance - supply",
        expect![[r#"
            policy.toml:93:11: `reserve.balance` is counted twice (duplicate)
            policy.toml:93:11: step `reserve` does not state `booked`, which a term in this place
              needs (hold-term)
        "#]],
    );
    check(
        against,
        "reserve.balance + payment.servicer - supply",
        expect![[r#"
        policy.toml:93:11: `payment.servicer` is of type `bic`: expected `money:USD` (claim-type)
    "#]],
    );
}

#[test]
fn a_hold_is_of_an_amount_above_zero_that_an_outcome_moves_and_one_a_step() {
    check(
        "min = \"1.00\"",
        "min = \"0.00\"",
        expect![[r#"
        policy.toml:91:11: `amount` is not money with a `min` above zero (hold-amount)
    "#]],
    );
    check(
        "at      = \"approve\"",
        "at      = \"audit\"",
        expect![[r#"
        policy.toml:93:11: step `payment` need not be done when `audit` is (hold-term)
    "#]],
    );
    check(
        "args    = [\"param.beneficiary\", \"param.amount\"]\n",
        "args    = [\"param.beneficiary\", \"param.other\"]\n",
        expect![[r#"
            policy.toml:89:7: no outcome on `home` after step `approve` moves `amount`
              (hold-without-outcome)
            policy.toml:100:33: `other` is not a parameter: expected `amount`, `beneficiary`,
              `jurisdiction` (unknown-param)
        "#]],
    );
    check(
        "[outcome.mint]",
        "[hold.second]\nat = \"approve\"\namount = \"param.amount\"\ndomain = \"home\"\n\
         against = \"reserve.balance - supply\"\n\n[outcome.mint]",
        expect![[r#"
            policy.toml:96:6: step `approve` takes another hold already (duplicate)
            policy.toml:99:11: holds `headroom` and `second` differ in `against` (hold-account)
        "#]],
    );
}

#[test]
fn duplicates_and_limits_are_found() {
    check(
        "haircut_bps = \"int\" }",
        "haircut_bps = \"int\", agrees = \"bool\" }",
        expect![[r#"
        policy.toml:70:72: duplicate key (not-toml)
    "#]],
    );
    check(
        APPROVE,
        "after = [\"payment\", \"audit\", \"screen\", \"audit\"]",
        expect![[r#"
        policy.toml:81:40: `audit` is named twice (duplicate)
    "#]],
    );
    let claims: Vec<String> = (0..33).map(|i| format!("c{i} = \"int\"")).collect();
    check(
        "claim = { provider = \"text\", hits = \"int\", list = \"digest\" }",
        &format!("claim = {{ hits = \"int\", list = \"digest\", {} }}", claims.join(", ")),
        expect![[r#"
            policy.toml:76:1: 35 entries, at most 32 are read (too-many)
            policy.toml:115:21: `provider` is no claim or document of step `screen`: expected `hits`,
              `list`, `c0`, `c1`, `c2`, `c3`, `c4`, `c5`, `c6`, `c7`, `c8`, `c9`, `c10`, `c11`,
              `c12`, `c13`, `c14`, `c15`, `c16`, `c17`, `c18`, `c19`, `c20`, `c21`, `c22`, `c23`,
              `c24`, `c25`, `c26`, `c27`, `c28`, `c29`, `c30`, `c31`, `c32` (unknown-claim)
        "#]],
    );
    check(
        "within     = \"1d\"",
        "within     = \"8d\"",
        expect![[r#"
        policy.toml:43:14: the step may come after the case is over (deadline)
    "#]],
    );
    check(
        "provider = \"text\"",
        "in = \"text\"",
        expect![[r#"
            policy.toml:76:16: `in` cannot stand in a guard: expected a word of letters, digits and
              `_` (not-a-word)
            policy.toml:115:21: `provider` is no claim or document of step `screen`: expected `in`,
              `hits`, `list` (unknown-claim)
        "#]],
    );
    check(
        "provider = \"text\"",
        "pro-vider = \"text\"",
        expect![[r#"
            policy.toml:76:23: `pro-vider` cannot stand in a guard: expected a word of letters,
              digits and `_` (not-a-word)
            policy.toml:115:21: `provider` is no claim or document of step `screen`: expected
              `pro-vider`, `hits`, `list` (unknown-claim)
        "#]],
    );
}

#[test]
fn a_layout_that_is_not_of_the_form_says_where() {
    check(
        "lasts     = \"7d\"",
        "lasts     = \"a week\"",
        expect![[r#"
            policy.toml:10:13: `a week` is not a duration: expected a whole number and `s`, `m`, `h`
              or `d`, such as `36h` (duration)
        "#]],
    );
    check(
        "lasts     = \"7d\"",
        "last      = \"7d\"",
        expect![[r#"
            policy.toml:10:1: unknown field `last`, expected one of `format`, `name`, `title`,
              `programme`, `guards`, `opened_by`, `lasts`, `param`, `list`, `domain`, `role`, `step`,
              `reading`, `hold`, `outcome`, `audience` (form)
        "#]],
    );
    check(
        "quorum  = 1",
        "quorum  = \"one\"",
        expect![[r#"
        policy.toml:86:11: invalid type: string "one", expected i64 (form)
    "#]],
    );
    check(
        "quorum  = 1",
        "quorum  = 0",
        expect![[r#"
        policy.toml:86:11: 0 lies outside 1 to 32 (number)
    "#]],
    );
    check(
        "currency = \"USD\"",
        "currency = \"XAU\"",
        expect![[r#"
        policy.toml:13:45: `XAU` is not an ISO 4217 currency with a minor unit (type)
    "#]],
    );
}

#[test]
fn a_value_that_is_not_of_its_type_says_where() {
    check(
        "eip155:31337",
        "solana:31337",
        expect![[r#"
            policy.toml:22:12: `solana:31337` is not an EVM chain: expected CAIP-2 such as `eip155:1`
              (chain)
        "#]],
    );
    check(
        "0x5FbDB2315678afecb367f032d93F642f64180aa3",
        "0x5fbdb2315678afecb367f032d93F642f64180aa3",
        expect![[r#"
            policy.toml:23:12: the letters of address `0x5fbdb2315678afecb367f032d93F642f64180aa3`
              fail the EIP-55 check: expected `0x5FbDB2315678afecb367f032d93F642f64180aa3` (address)
        "#]],
    );
    check(
        "max = \"50000000.00\"",
        "max = \"50000000\"",
        expect![[r#"
            policy.toml:13:72: `50000000` is not a value of type `money:USD`: expected an amount of
              USD such as `0.00`, without the code (param-bounds)
        "#]],
    );
    check(
        "max = \"50000000.00\"",
        "max = \"0.50\"",
        expect![[r#"
        policy.toml:13:1: `min` lies above `max` (param-bounds)
    "#]],
    );
    check(
        "title = \"asks for the issuance\"",
        "title = \"\"",
        expect![[r#"
            policy.toml:37:9: `` is not a value of type `text`: expected 1 to 512 bytes without
              control characters (title)
        "#]],
    );
    check(
        "[domain.home]",
        "[domain.Home]",
        expect![[r#"
            policy.toml:21:9: `Home` is not a name: expected a lower-case letter, then letters,
              digits, `.`, `_` or `-`, 64 at most (name)
        "#]],
    );
    check(
        "[step.request]",
        "[step.request",
        expect![[r#"
        policy.toml:35:14: unclosed table, expected `]` (not-toml)
    "#]],
    );
}

#[test]
fn unknown_versions_have_codes_of_their_own() {
    check(
        "guards    = \"cedar-1\"",
        "guards    = \"cedar-2\"",
        expect![[r#"
            policy.toml:8:13: `cedar-2` is not a known version of guards: expected `cedar-1`
              (unknown-guards)
        "#]],
    );
    check(
        "format    = \"lockstep-policy/1\"",
        "format    = \"lockstep-policy/2\"",
        expect![[r#"
            policy.toml:4:13: `lockstep-policy/2` is not a known format: expected `lockstep-policy/1`
              (unknown-format)
        "#]],
    );
}

#[test]
fn toml_beyond_1_0_is_refused() {
    check(
        "keys = 2 }",
        "keys = 2, }",
        expect![[r#"
            policy.toml:33:14: a comma after the last entry of an inline table is not TOML 1.0
              (newer-toml)
        "#]],
    );
    check(
        "keys = 2 }",
        "\n keys = 2 }",
        expect![[r#"
        policy.toml:33:14: an inline table over several lines is not TOML 1.0 (newer-toml)
    "#]],
    );
    check(
        "title = \"asks for the issuance\"",
        "title = \"asks \\x41\"",
        expect![[r#"
        policy.toml:37:9: the escapes `\e` and `\x` are not TOML 1.0 (newer-toml)
    "#]],
    );
    assert_eq!(
        findings(&[("title = \"asks for the issuance\"", "title = \"asks \\\\x41 \\u0041\"")], &[]),
        ""
    );
}

#[test]
fn guards_are_typed_against_the_layout() {
    check_guards(
        "context.claim.booked &&",
        "context.claim.bookd &&",
        expect![[r#"
            guards.cedar:8:8: guard `payment-booked-in-full`, attribute `claim.bookd` in context for
              Action::"payment" not found (guard-type)
        "#]],
    );
    check_guards(
        "context.claim.hits == 0",
        "context.claim.hits == \"0\"",
        expect![[r#"
        guards.cedar:20:8: the types Long and String are not compatible (guard-type)
    "#]],
    );
    check_guards(
        "context.step.reserve.balance };",
        "context.step.payment.amount };",
        expect![[r#"
            guards.cedar:16:57: guard `auditor-confirms-same-balance`, attribute `step.payment` in
              context for Action::"audit" not found (guard-type)
        "#]],
    );
    check_guards(
        "resource.jurisdiction",
        "resource.country",
        expect![[r#"
            guards.cedar:36:48: guard `country-is-blocked`, attribute `country` on entity type `Case`
              not found (guard-type)
        "#]],
    );
    check_guards(
        "context.list.sanctions",
        "context.list.embargo",
        expect![[r#"
            guards.cedar:20:57: guard `screened-clear-against-our-list`, attribute `list.embargo` in
              context for Action::"screen" not found (guard-type)
        "#]],
    );
    check_guards(
        "context.claim.hits == 0",
        "context.claim.provider < 5",
        expect![[r#"
            guards.cedar:20:8: guard `screened-clear-against-our-list`, unexpected type: expected
              Long but saw String (guard-type)
        "#]],
    );
    check_guards("context.claim.haircut_bps < 0 ||", "context.claim.agrees ||", expect![[""]]);
}

#[test]
fn guards_name_steps_and_roles_that_exist() {
    check_guards(
        "action == Action::\"screen\"",
        "action == Action::\"scream\"",
        expect![[r#"
            guards.cedar:18:1: guard `screened-clear-against-our-list`: `scream` is not a step
              (unknown-step)
        "#]],
    );
    check_guards(
        "Role::\"auditor\"",
        "Role::\"audtor\"",
        expect![[r#"
            guards.cedar:14:1: guard `auditor-confirms-same-balance`: `audtor` is not a role
              (unknown-role)
        "#]],
    );
    check_guards(
        "context.claim.agrees &&",
        "principal in Role::\"bank\" &&",
        expect![[r#"
            guards.cedar:14:1: guard `auditor-confirms-same-balance`: `bank` is not a role
              (unknown-role)
        "#]],
    );
    check_guards(
        "Role::\"compliance\"",
        "Role::\"issuer\"",
        expect![[r#"
            guards.cedar:22:1: guard `compliance-may-approve` is for role `issuer`, which takes none
              of its steps (idle-guard)
            guards.cedar:37:1: no permit can allow role `compliance` to take step `approve`
              (never-permitted)
            hint: permit (principal in Role::"compliance", action == Action::"approve", resource);
        "#]],
    );
    check_guards(
        "@id(\"issuer-may-ask\")",
        "@id(\"country-is-blocked\")",
        expect![[r#"
        guards.cedar:34:1: the id `country-is-blocked` is used by another guard (duplicate-guard)
    "#]],
    );
}

#[test]
fn a_step_that_no_permit_can_allow_is_found() {
    check_guards(
        "permit (principal in Role::\"issuer\"",
        "forbid (principal in Role::\"issuer\"",
        expect![[r#"
            guards.cedar:3:1: guard `issuer-may-ask` forbids step `request` always (never-permitted)
        "#]],
    );
    check_guards(
        "context.claim.hits == 0 &&",
        "context.claim.hits == 0 && false &&",
        expect![[r#"
            guards.cedar:18:1: guard `screened-clear-against-our-list`, it can never hold: its
              expression evaluates to false for all valid requests (guard-warning)
        "#]],
    );
}

#[test]
fn what_cedar_1_does_not_have_is_refused() {
    let old = "context.claim.hits == 0";
    check_guards(
        old,
        "(if context.claim.hits == 0 then true else false)",
        expect![[r#"
            guards.cedar:18:1: guard `screened-clear-against-our-list` uses `if-then-else`, which
              `cedar-1` does not have (cedar-1)
        "#]],
    );
    check_guards(
        old,
        "principal is Party",
        expect![[r#"
            guards.cedar:18:1: guard `screened-clear-against-our-list` uses `is`, which `cedar-1`
              does not have (cedar-1)
        "#]],
    );
    check_guards(
        old,
        "[1].isEmpty()",
        expect![[r#"
            guards.cedar:18:1: guard `screened-clear-against-our-list` uses `isEmpty`, which
              `cedar-1` does not have (cedar-1)
        "#]],
    );
    check_guards(
        old,
        "ip(\"1.1.1.1\").isLoopback()",
        expect![[r#"
            guards.cedar:18:1: guard `screened-clear-against-our-list` uses `isLoopback`, which
              `cedar-1` does not have (cedar-1)
        "#]],
    );
    check_guards(
        old,
        "decimal(\"1.1\") == decimal(\"1.1\")",
        expect![[r#"
            guards.cedar:18:1: guard `screened-clear-against-our-list` uses `decimal`, which
              `cedar-1` does not have (cedar-1)
        "#]],
    );
    check_guards(
        old,
        "principal.hasTag(\"x\")",
        expect![[r#"
            guards.cedar:18:1: guard `screened-clear-against-our-list` uses `hasTag`, which `cedar-1`
              does not have (cedar-1)
        "#]],
    );
    check_guards(
        old,
        "resource == Case::\"x\"",
        expect![[r#"
            guards.cedar:18:1: guard `screened-clear-against-our-list` names an entity of type `Case`
              (cedar-1)
        "#]],
    );
}

#[test]
fn a_scope_that_cedar_1_does_not_have_is_refused() {
    check_guards(
        "(principal in Role::\"screening\"",
        "(principal == ?principal",
        expect![[r#"
            guards.cedar:19:22: expected a static policy, got a template containing the slot
              ?principal (not-cedar)
        "#]],
    );
    check_guards(
        "(principal in Role::\"screening\"",
        "(principal == Party::\"x\"",
        expect![[r#"
            guards.cedar:18:1: guard `screened-clear-against-our-list` scopes its principal: expected
              `principal` or `principal in Role::"…"` (cedar-1)
        "#]],
    );
    check_guards(
        "action == Action::\"screen\", resource)",
        "action == Action::\"screen\", resource == Case::\"x\")",
        expect![[r#"
            guards.cedar:18:1: guard `screened-clear-against-our-list` scopes its resource: expected
              `resource` alone, for every case (cedar-1)
        "#]],
    );
    check_guards(
        "@id(\"issuer-may-ask\")",
        "@reason(\"issuer-may-ask\")",
        expect![[r#"
            guards.cedar:3:1: guard `guards.cedar:3` has the annotation `@reason`: expected `@id` or
              none (cedar-1)
        "#]],
    );
    check_guards(
        "@id(\"issuer-may-ask\")",
        "@id(\"Issuer may ask\")",
        expect![[r#"
        guards.cedar:3:1: `@id` is not a name such as `payment-booked` (guard-id)
    "#]],
    );
    check_guards(
        "action == Action::\"screen\"",
        "action == Step::\"screen\"",
        expect![[r#"
            guards.cedar:19:51: expected an entity uid with type `Action` but got `Step::"screen"`
              (not-cedar)
        "#]],
    );
}

#[test]
fn guards_that_are_too_large_are_refused_before_they_are_parsed() {
    let long = format!("context.claim.hits == 0{}", " && true".repeat(300));
    check_guards(
        "context.claim.hits == 0",
        &long,
        expect![[r#"
            guards.cedar:18:1: 950 words and signs in one guard, at most 512 are read
              (guard-too-large)
        "#]],
    );
    let deep = format!("{}true{}", "(".repeat(30), ")".repeat(30));
    check_guards(
        "context.claim.hits == 0",
        &deep,
        expect![[r#"
        guards.cedar:18:1: brackets nested 31 deep, at most 24 are read (guard-too-large)
    "#]],
    );
    check_guards(
        "action == Action::\"approve\", resource);",
        "action == Action::\"approve\", resource)",
        expect![[r#"
            guards.cedar:26:1: unexpected token `@` (not-cedar)
        "#]],
    );
}
