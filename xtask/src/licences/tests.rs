use super::*;
use serde_json::json;

#[test]
fn expressions_that_leave_us_a_choice_are_accepted() {
    for expression in [
        "MIT",
        "MIT OR Apache-2.0",
        "MIT/Apache-2.0",
        "Apache-2.0 WITH LLVM-exception",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
        "Unlicense OR MIT",
        "MIT OR GPL-2.0-only",
        "LGPL-2.1-or-later OR (Apache-2.0 AND ISC)",
        "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
    ] {
        assert!(spdx::is_accepted(expression), "{expression}");
    }
}

#[test]
fn copyleft_source_available_and_unreadable_licences_are_refused() {
    for expression in [
        "GPL-3.0-only",
        "AGPL-3.0",
        "LGPL-2.1-or-later",
        "BUSL-1.1",
        "SSPL-1.0",
        "MIT AND GPL-3.0-only",
        "(MIT AND GPL-2.0-only) OR BUSL-1.1",
        "",
        "none stated",
        "MIT OR",
        "MIT Apache-2.0",
        "(MIT",
        "MIT)",
        "OR MIT",
    ] {
        assert!(!spdx::is_accepted(expression), "{expression}");
    }
}

fn metadata() -> Metadata {
    let package = |name: &str, licence: Option<&str>, uses: &[&str]| {
        let uses: Vec<_> = uses.iter().map(|name| json!({"name": name, "kind": null})).collect();
        json!({
            "id": name, "name": name, "version": "1.0.0", "manifest_path": "/r/Cargo.toml",
            "description": null, "license": licence, "metadata": null, "dependencies": uses,
        })
    };
    let packages = [
        package("ours", Some("MIT OR Apache-2.0"), &["good", "bad"]),
        package("good", Some("ISC"), &["hidden"]),
        package("bad", Some("BUSL-1.1"), &[]),
        package("hidden", None, &[]),
    ];
    serde_json::from_value(json!({"packages": packages, "workspace_members": ["ours"]})).unwrap()
}

fn shown(found: &[Finding]) -> Vec<String> {
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn a_refused_licence_is_found_however_deep() {
    assert_eq!(
        shown(&refused(&metadata())),
        [
            "Cargo.lock: licence: `bad 1.0.0` is under `BUSL-1.1`",
            "Cargo.lock: licence: `hidden 1.0.0` is under `none stated`",
        ]
    );
}

#[test]
fn every_direct_dependency_has_its_row_and_every_row_its_dependency() {
    let page =
        "| crate | licence |\n| --- | --- |\n| `good` | ISC |\n| `gone` | MIT |\n| `offered` | MIT |\n";
    let offered = BTreeSet::from(["offered".to_owned()]);
    assert_eq!(
        shown(&undocumented(&metadata(), page, &offered)),
        [
            "docs/dependencies.md: dependency: `bad` has no row `| … |`: say who keeps it and why it",
            "docs/dependencies.md: dependency: `gone` is no dependency: take its row out",
        ]
    );
}
