//! Bytes from outside: whatever they are, reading them ends in a policy or in findings.

use crate::policy::tests::{GUARDS, LAYOUT, stablecoin};
use crate::{Finding, Policy, Scenarios};
use proptest::prelude::*;
use proptest::sample::Index;

const TESTS: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/stablecoin-issue/tests.toml"));

fn findings(layout: &[u8], guards: &[u8]) -> Vec<Finding> {
    Policy::from_files(layout, guards).err().unwrap_or_default()
}

#[track_caller]
fn check(layout: &[u8], guards: &[u8], code: &str) {
    let found = findings(layout, guards);
    assert!(found.iter().any(|finding| finding.code == code), "{code} is not in {found:#?}");
}

#[test]
fn files_that_are_no_text_or_too_long_are_refused() {
    check(b"", b"", "form");
    check(b"\xff", b"", "not-utf8");
    check(LAYOUT.as_bytes(), b"// \xff", "not-utf8");
    check(&vec![b' '; 262_145], b"", "too-long");
    check(LAYOUT.as_bytes(), &vec![b' '; 262_145], "too-long");
    check("title = \"a\u{202e}b\"".as_bytes(), b"", "hidden-text");
    check(LAYOUT.as_bytes(), "// \u{2066}".as_bytes(), "hidden-text");
    check(LAYOUT.as_bytes(), b"", "never-permitted");
}

#[test]
fn deep_and_long_inputs_neither_overflow_the_stack_nor_hang() {
    for open in ["[", "{a=", "a.", "[a.", "\"\"\"", "'''"] {
        let text = format!("x = {}", open.repeat(262_000 / open.len() - 4));
        assert!(!findings(text.as_bytes(), b"").is_empty(), "{open}");
        let text = open.repeat(262_000 / open.len());
        assert!(!findings(text.as_bytes(), b"").is_empty(), "{open}");
    }
    for part in ["(", "!", "-", "[", "{", "\"", "a.", "a(", "a::", "1+", "@id(\"a\")", "/", "a && ", "a == "]
    {
        let text =
            format!("permit(principal,action,resource) when {{ {} }};", part.repeat(100_000 / part.len()));
        assert!(!findings(LAYOUT.as_bytes(), text.as_bytes()).is_empty(), "{part}");
    }
}

#[test]
fn the_longest_chains_that_are_read_do_not_overflow_the_stack() {
    let chains = [
        ("true", " && true", 160),
        ("true", " || true", 160),
        ("1", " + 1", 240),
        ("1", " * 1", 240),
        ("context", ".claim", 240),
        ("context", "[\"claim\"]", 160),
        ("[true]", ".contains(true)", 95),
        ("true", " && !(true)", 75),
        ("1", " - (-1)", 90),
    ];
    for (first, more, times) in chains {
        let guard = format!("forbid(principal,action,resource) when {{ {first}{} }};", more.repeat(times));
        let text = format!("{GUARDS}\n{guard}");
        let found = findings(LAYOUT.as_bytes(), text.as_bytes());
        assert!(found.iter().all(|finding| finding.code != "guard-too-large"), "{first}{more}: {found:?}");
    }
}

/// A file with some of its bytes replaced, cut out or doubled, as an editor's slip or an attacker would.
fn mutated(text: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        "\"",
        "[",
        "]",
        "{",
        "}",
        "=",
        "\n",
        ".",
        ",",
        "#",
        "//",
        "when",
        "in",
        "0",
        "-",
        "\\",
        "param.",
        "\u{e9}",
        "::",
        "9223372036854775807",
        "@id(\"x\")",
        "principal",
        "[step.x]",
    ]);
    let change = (any::<Index>(), 0usize..40, prop_oneof![pieces.prop_map(str::to_owned), "\\PC{0,6}"]);
    prop::collection::vec(change, 1..6).prop_map(move |changes| {
        let mut bytes = text.as_bytes().to_vec();
        for (at, cut, piece) in changes {
            let at = at.index(bytes.len());
            let end = (at + cut).min(bytes.len());
            bytes.splice(at..end, piece.into_bytes());
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_layout_never_panics(layout in mutated(LAYOUT)) {
        if let Err(findings) = Policy::from_files(&layout, GUARDS.as_bytes()) {
            prop_assert!(!findings.is_empty());
        }
    }

    #[test]
    fn mutated_guards_never_panic(guards in mutated(GUARDS)) {
        if let Err(findings) = Policy::from_files(LAYOUT.as_bytes(), &guards) {
            prop_assert!(!findings.is_empty());
        }
    }

    #[test]
    fn mutated_scenarios_never_panic(tests in mutated(TESTS)) {
        if let Err(findings) = Scenarios::from_file(&stablecoin(), &tests) {
            prop_assert!(!findings.is_empty());
        }
    }

    #[test]
    fn any_bytes_never_panic(layout in prop::collection::vec(any::<u8>(), 0..200), guards in ".{0,200}") {
        prop_assert!(!findings(&layout, guards.as_bytes()).is_empty());
        let found = findings(LAYOUT.as_bytes(), guards.as_bytes());
        prop_assert!(!found.is_empty());
    }
}
