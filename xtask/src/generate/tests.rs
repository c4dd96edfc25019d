use super::*;
use crate::workspace::Metadata;
use expect_test::expect;
use serde_json::json;

#[test]
fn a_difference_names_its_first_line() {
    let path = Path::new("docs/x.md");
    assert_eq!(difference(path, "a\nb\n", "a\nb\n"), None);
    let shown = |committed: &str| difference(path, committed, "a\nb\n").unwrap().to_string();
    assert_eq!(
        shown("a\nc\n"),
        "docs/x.md:2: generated: differs from what is generated: run `cargo xtask gen`"
    );
    assert_eq!(shown(""), "docs/x.md:1: generated: differs from what is generated: run `cargo xtask gen`");
    assert_eq!(
        shown("a\nb"),
        "docs/x.md:3: generated: differs from what is generated: run `cargo xtask gen`"
    );
}

#[test]
fn the_graph_leaves_out_arrows_that_others_imply_and_the_table_does_not() {
    let package = |name: &str, layer: u8, uses: &[(&str, Option<&str>)]| {
        let uses: Vec<_> = uses.iter().map(|(n, kind)| json!({"name": n, "kind": kind})).collect();
        json!({
            "id": name, "name": name, "version": "0.1.0", "manifest_path": "/r/Cargo.toml",
            "description": format!("what {name} holds"), "license": null,
            "metadata": {"lockstep": {"layer": layer}}, "dependencies": uses,
        })
    };
    let packages = [
        package(
            "lockstep-kernel",
            3,
            &[("lockstep-crypto", None), ("lockstep-types", None), ("serde", None)],
        ),
        package("lockstep-crypto", 1, &[("lockstep-types", None), ("sha2", None), ("proptest", Some("dev"))]),
        package("lockstep-types", 0, &[("lockstep-kernel", Some("dev"))]),
    ];
    let members: Vec<_> = packages.iter().map(|package| package["id"].clone()).collect();
    let metadata = json!({"packages": packages, "workspace_members": members});
    let metadata: Metadata = serde_json::from_value(metadata).unwrap();
    let page = crate_graph::page(&metadata).unwrap();
    expect![[r#"
        graph TD
            types["types · 0"]
            crypto["crypto · 1"]
            kernel["kernel · 3"]
            crypto --> types
            kernel --> crypto
        ```

        | layer | crate | what it holds | uses | from outside |
        | --- | --- | --- | --- | --- |
        | 0 | `types` | what lockstep-types holds | – | – |
        | 1 | `crypto` | what lockstep-crypto holds | types | sha2 |
        | 3 | `kernel` | what lockstep-kernel holds | crypto, types | serde |
    "#]]
    .assert_eq(page.split_once("```mermaid\n").unwrap().1);
}
