use super::*;

const TWO_PROGRAMS: &str = "\
running 3 tests
test a ... ok
test b ... ok
test c ... ok

successes:

---- a stdout ----
skipped: ../shared/data is absent
skipped: ../shared/seeds is absent

---- b stdout ----
a line that says skipped: nothing


successes:
    a
    b
    c

test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

running 3 tests
test d ... FAILED
test e ... ok
test f ... ignored

failures:

---- d stdout ----
skipped: a failing test does not become a skipped one

failures:
    d

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

fn tally(text: &str) -> Tally {
    let mut tally = Tally::default();
    text.lines().for_each(|line| tally.read(line));
    tally
}

#[test]
fn counts_add_up_over_programs_and_a_skipped_test_has_not_passed() {
    let tally = tally(TWO_PROGRAMS);
    assert_eq!((tally.passed, tally.failed, tally.skipped), (3, 1, 2));
    assert_eq!(tally.skipped_lines, ["a: ../shared/data is absent", "a: ../shared/seeds is absent"]);
}

#[test]
fn a_failed_test_or_check_is_a_no_and_skips_are_one_when_asked() {
    let fine = tally("test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
    let skipping = tally("test result: ok. 0 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out");
    let none = Outcome::default();
    assert!(conclude(&none, &fine, true).fine);
    assert!(conclude(&none, &skipping, false).fine);
    assert!(!conclude(&none, &skipping, true).fine);
    assert!(!conclude(&none, &tally(TWO_PROGRAMS), false).fine);
    let check = Outcome { failed: vec!["tidy".to_owned()], skipped: Vec::new() };
    assert!(!conclude(&check, &fine, false).fine);
    let absent = Outcome { failed: Vec::new(), skipped: vec!["clippy".to_owned()] };
    assert!(conclude(&absent, &fine, false).fine);
    assert!(!conclude(&absent, &fine, true).fine);
}

#[test]
fn the_end_names_what_failed_and_what_was_skipped_and_closes_with_the_counts() {
    let check = Outcome { failed: vec!["tidy".to_owned()], skipped: vec!["no `cargo clippy`".to_owned()] };
    let conclusion = conclude(&check, &tally(TWO_PROGRAMS), true);
    assert_eq!(
        conclusion.notes,
        [
            "failed: tidy",
            "failed: d",
            "skipped: no `cargo clippy`",
            "skipped: a: ../shared/data is absent",
            "skipped: a: ../shared/seeds is absent",
            "error: `--no-skips` was asked for, and 3 were skipped",
        ]
    );
    assert_eq!(conclusion.closing, "3 passed, 1 failed, 3 skipped");
}

#[test]
fn what_forge_counts_is_added() {
    let tally = tally(
        "Ran 3 tests for test/Gate.t.sol:GateTest\n[PASS] test_a() (gas: 10)\n\
         [FAIL: assertion failed] test_b() (gas: 20)\n\
         Suite result: FAILED. 1 passed; 1 failed; 1 skipped; finished in 1.30ms (1.20ms CPU time)",
    );
    assert_eq!((tally.passed, tally.failed, tally.skipped), (1, 1, 1));
    assert_eq!(tally.failed_names, ["test_b() (gas: 20)"]);
}

#[test]
fn what_node_counts_is_added() {
    let tally = tally(
        "TAP version 13\n# Subtest: packs\n    # Subtest: decided\n    ok 1 - decided\n    not ok 2 - open\n    1..2\n\
         ok 1 - packs\n# tests 4\n# suites 0\n# pass 2\n# fail 1\n# cancelled 0\n# skipped 1\n# todo 0",
    );
    assert_eq!((tally.passed, tally.failed, tally.skipped), (2, 1, 1));
    assert_eq!(tally.failed_names, ["open"]);
}
