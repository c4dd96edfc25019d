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
    assert!(conclude(&none, &fine, true));
    assert!(conclude(&none, &skipping, false));
    assert!(!conclude(&none, &skipping, true));
    assert!(!conclude(&none, &tally(TWO_PROGRAMS), false));
    let check = Outcome { failed: vec!["tidy".to_owned()], skipped: Vec::new() };
    assert!(!conclude(&check, &fine, false));
    let absent = Outcome { failed: Vec::new(), skipped: vec!["clippy".to_owned()] };
    assert!(conclude(&absent, &fine, false));
    assert!(!conclude(&absent, &fine, true));
}
