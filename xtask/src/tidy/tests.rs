use super::*;
use expect_test::{Expect, expect};

/// What tidy says about a tree of files, one line a finding.
fn check(files: &[(&str, &str)], expected: Expect) {
    let files: Vec<SourceFile> = files
        .iter()
        .map(|(path, text)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() })
        .collect();
    let mut found = findings(&files).unwrap();
    found.sort();
    expected.assert_eq(&found.iter().map(|finding| format!("{finding}\n")).collect::<String>());
}

fn function_of(lines: usize) -> String {
    format!("fn long() {{\n{}}}\n", "    step();\n".repeat(lines - 2))
}

#[test]
fn a_function_of_71_lines_is_reported_and_one_of_70_is_not() {
    check(&[("a.rs", &function_of(70))], expect![""]);
    check(
        &[("a.rs", &format!("/// Doc.\n#[must_use]\n{}", function_of(71)))],
        expect![[r#"
            a.rs:3: function-lines: `long` has at most 70 lines, found 71
        "#]],
    );
}

#[test]
fn methods_and_functions_within_functions_are_measured_too() {
    let long = function_of(71);
    check(
        &[
            ("a.rs", &format!("impl A {{\n{long}}}")),
            ("b.rs", &format!("trait B {{\n{long}}}")),
            ("c.rs", &format!("mod c {{\n{long}}}")),
            ("d/tests.rs", &format!("#[test]\n{long}")),
        ],
        expect![[r#"
            a.rs:2: function-lines: `long` has at most 70 lines, found 71
            b.rs:2: function-lines: `long` has at most 70 lines, found 71
            c.rs:2: function-lines: `long` has at most 70 lines, found 71
            d/tests.rs:2: function-lines: `long` has at most 70 lines, found 71
        "#]],
    );
}

#[test]
fn a_file_of_601_lines_is_reported_unless_it_holds_tests() {
    let long = "// why\n".repeat(601);
    check(
        &[("a.rs", &long), ("b/tests.rs", &long), ("tests/c.rs", &long), ("d.md", &long)],
        expect![[r#"
            a.rs: file-lines: a file has at most 600 lines, found 601
        "#]],
    );
    check(&[("a.rs", &"// why\n".repeat(600))], expect![""]);
}

#[test]
fn columns_are_characters_and_count_in_code_only() {
    let wide = |n: usize| format!("// {}\n", "é".repeat(n - 3));
    check(
        &[
            ("a.rs", &wide(111)),
            ("b.rs", &wide(110)),
            ("c.md", &wide(300)),
            ("d.rs", &format!("const TABLE: &str = \"\n{}\";\n", wide(300))),
        ],
        expect![[r#"
            a.rs:1: columns: a line has at most 110 columns, found 111
        "#]],
    );
}

#[test]
fn the_fifth_parameter_and_the_third_type_parameter_are_reported() {
    check(
        &[
            ("a.rs", "fn five(a: u8, b: u8, c: u8, d: u8, e: u8) {}"),
            ("b.rs", "impl B { fn four(&self, a: u8, b: u8, c: u8, d: u8) {} }"),
            ("c.rs", "trait C { fn five(a: u8, b: u8, c: u8, d: u8, e: u8); }"),
            ("d.rs", "struct D<'a, A, B, const N: usize>(&'a A, B); struct E<A, B, C>(A, B, C);"),
        ],
        expect![[r#"
            a.rs:1: parameters: `five` takes at most 4 parameters, found 5
            c.rs:1: parameters: `five` takes at most 4 parameters, found 5
            d.rs:1: type-parameters: `E` has at most 2 type parameters, found 3
        "#]],
    );
}

#[test]
fn names_that_say_nothing_are_refused_for_types_modules_and_files() {
    check(
        &[
            ("key_manager.rs", ""),
            ("util.rs", ""),
            ("a.rs", "struct KeyInfo; enum SHARED_STATE {} trait Helper {} type Common = u8;"),
            (
                "b.rs",
                "mod info { } fn handle() {} fn process_batch() {} struct Informed; fn shared_data() {}",
            ),
        ],
        expect![[r#"
            a.rs:1: name: the name `Common` has the refused word `common`: say what it does
            a.rs:1: name: the name `Helper` has the refused word `helper`: say what it does
            a.rs:1: name: the name `KeyInfo` has the refused word `info`: say what it does
            a.rs:1: name: the name `SHARED_STATE` has the refused word `shared`: say what it does
            b.rs:1: name: `handle` does not say what it does
            b.rs:1: name: the name `info` has the refused word `info`: say what it does
            key_manager.rs: name: the name `key_manager` has the refused word `manager`: say what it does
            util.rs: name: the name `util` has the refused word `util`: say what it does
        "#]],
    );
}

#[test]
fn the_glossary_refuses_words_in_its_own_table() {
    let glossary = "\
        # Glossary\n\n| word | meaning | not used |\n| --- | --- | --- |\n| policy | steps | template |\n\n\
        ## Refused in names\n\n| refused | instead |\n| --- | --- |\n| workflow | policy |\n\n## Other\n| case | x |";
    check(
        &[("docs/glossary.md", glossary), ("a.rs", "struct WorkflowStep; struct Template; struct Case;")],
        expect![[r#"
            a.rs:1: name: the name `WorkflowStep` has the refused word `workflow`: say policy
        "#]],
    );
}

#[test]
fn words_of_a_name_are_found_in_every_form() {
    assert_eq!(glossary::words_of("CaseId"), ["case", "id"]);
    assert_eq!(glossary::words_of("case_id"), ["case", "id"]);
    assert_eq!(glossary::words_of("CASE_ID"), ["case", "id"]);
    assert_eq!(glossary::words_of("Es256Key"), ["es256", "key"]);
}

#[test]
fn ignored_tests_and_missing_code_are_found_inside_macros_too() {
    check(
        &[
            ("a.rs", "#[test]\n#[ignore]\nfn a() {}\n#[ignore = \"slow\"]\nfn b() { todo!() }"),
            ("b.rs", "proptest! {\n#[test]\n#[ignore]\nfn a(x: u8) {\nunimplemented!();\n}\n}"),
            ("c.rs", "// todo!() and #[ignore] in a comment\nconst C: &str = \"todo!()\"; fn ignore() {}"),
        ],
        expect![[r#"
            a.rs:2: ignored-test: a test runs, or is taken out
            a.rs:4: ignored-test: a test runs, or is taken out
            a.rs:5: unfinished: `todo!` stands for code that is missing
            b.rs:3: ignored-test: a test runs, or is taken out
            b.rs:5: unfinished: `unimplemented!` stands for code that is missing
        "#]],
    );
}

#[test]
fn tests_stand_in_their_own_file_and_modules_have_no_mod_rs() {
    check(
        &[("a.rs", "#[cfg(test)]\nmod tests { }"), ("b.rs", "#[cfg(test)]\nmod tests;"), ("c/mod.rs", "")],
        expect![[r#"
            a.rs:2: inline-tests: tests stand in `foo/tests.rs`, not beside the code
            c/mod.rs: mod-rs: a module is `foo.rs` beside its folder, not `foo/mod.rs`
        "#]],
    );
}

#[test]
fn a_file_that_does_not_parse_is_reported() {
    check(
        &[("a.rs", "\nstruct 1;")],
        expect![[r#"
            a.rs:2: syntax: does not parse: expected identifier
        "#]],
    );
}

#[test]
fn paths_of_one_machine_and_hosts_of_registries_are_found_anywhere() {
    let path = |folder: &str| format!("see /{folder}/me/x and https://example.org/{folder}/x\n");
    let host = [["registry", "npmjs"].join("."), ["static", "crates"].join(".")].join(" ");
    check(
        &[
            ("a.md", &path("home")),
            ("b.toml", &path("work")),
            ("c.rs", &format!("// {host}.org")),
            ("Cargo.lock", &host),
            ("d.md", "../shared/data, docs/home/x, target/Users/x"),
        ],
        expect![[r#"
            a.md:1: machine-path: a path that exists on one machine only
            b.toml:1: machine-path: a path that exists on one machine only
            c.rs:1: registry-host: the host of a package registry
            c.rs:1: registry-host: the host of a package registry
        "#]],
    );
}

const DENY: &str = "#![cfg_attr(\n    not(test),\n    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing,\n         \
                    clippy::panic, clippy::todo, clippy::as_conversions, clippy::float_arithmetic)\n)]\n";
const PATTERN: &str = "disallowed-methods = [{ path = \"std::env::var\", reason = \"x\" }, { path = \"jiff::now\" }]\n\
                       disallowed-types = [\"std::sync::Mutex\"]";

fn manifest(layer: u8) -> String {
    format!("[package]\nname = \"x\"\n[package.metadata.lockstep]\nlayer = {layer}\n")
}

#[test]
fn a_pure_crate_without_its_deny_line_or_its_clippy_toml_is_reported() {
    check(
        &[
            ("crates/types/Cargo.toml", &manifest(0)),
            ("crates/types/clippy.toml", PATTERN),
            ("crates/types/src/lib.rs", DENY),
            ("crates/policy/Cargo.toml", &manifest(2)),
            ("crates/policy/clippy.toml", "disallowed-types = [{ path = \"std::sync::Mutex\" }]"),
            ("crates/policy/src/lib.rs", &DENY.replace("clippy::panic, ", "")),
            ("crates/pack/Cargo.toml", &manifest(4)),
            ("crates/pack/src/lib.rs", "//! deny(clippy::unwrap_used)\n"),
            ("crates/store/Cargo.toml", &manifest(5)),
            ("crates/store/src/lib.rs", ""),
        ],
        expect![[r#"
            crates/pack/clippy.toml: pure-clippy: a pure crate forbids `std::env::var`: copy the entry from crates/types/clippy.toml
            crates/pack/clippy.toml: pure-clippy: a pure crate forbids `std::sync::Mutex`: copy the entry from crates/types/clippy.toml
            crates/pack/src/lib.rs: pure-deny: a pure crate begins with `#![cfg_attr(not(test), deny(…))]`: clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::todo, clippy::as_conversions, clippy::float_arithmetic
            crates/policy/clippy.toml: pure-clippy: a pure crate forbids `std::env::var`: copy the entry from crates/types/clippy.toml
            crates/policy/src/lib.rs: pure-deny: a pure crate begins with `#![cfg_attr(not(test), deny(…))]`: clippy::panic
        "#]],
    );
}

fn excused(list: &str) -> Vec<String> {
    let finding =
        Finding { item: "long".to_owned(), ..Finding::of_file("a.rs", "function-lines", "x".to_owned()) };
    exceptions::excuse(vec![finding], list).unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn an_exception_excuses_its_finding_and_needs_a_reason() {
    let entry = "[[exception]]\nrule = \"function-lines\"\npath = \"a.rs\"\n";
    assert_eq!(excused(""), ["a.rs: function-lines: x"]);
    assert!(excused(&format!("{entry}item = \"long\"\nreason = \"a table\"")).is_empty());
    assert!(excused(&format!("{entry}reason = \"a table\"")).is_empty());
    assert_eq!(
        excused(&format!("{entry}reason = \" \"")),
        ["xtask/tidy-exceptions.toml: exception: `function-lines` in `a.rs` has no reason"]
    );
}

#[test]
fn an_exception_that_excuses_nothing_is_an_error() {
    let entry = "[[exception]]\nrule = \"function-lines\"\npath = \"a.rs\"\nitem = \"short\"\nreason = \"x\"";
    let unused =
        "xtask/tidy-exceptions.toml: exception: `function-lines` in `a.rs` excuses nothing: take it out";
    assert_eq!(excused(entry), [unused, "a.rs: function-lines: x"]);
}

#[test]
fn an_exception_with_an_unknown_key_is_not_read() {
    assert!(exceptions::excuse(Vec::new(), "[[exception]]\nrules = \"x\"").is_err());
}
