use super::*;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

/// A package of the workspace: layer and dependencies as (name, kind).
fn package(name: &str, layer: Value, dependencies: &[(&str, Option<&str>)]) -> Value {
    let dependencies: Vec<Value> =
        dependencies.iter().map(|(name, kind)| json!({"name": name, "kind": kind})).collect();
    json!({
        "id": name, "name": name, "version": "0.1.0", "manifest_path": format!("/r/crates/{name}/Cargo.toml"),
        "description": null, "license": "MIT", "metadata": {"lockstep": {"layer": layer}},
        "dependencies": dependencies,
    })
}

fn check(packages: &[Value], expected: Expect) {
    let members: Vec<&Value> = packages.iter().map(|package| &package["id"]).collect();
    let metadata = json!({"packages": packages, "workspace_members": members});
    let metadata: Metadata = serde_json::from_value(metadata).unwrap();
    let found = findings(&metadata, Path::new("/r"));
    expected.assert_eq(&found.iter().map(|finding| format!("{finding}\n")).collect::<String>());
}

#[test]
fn arrows_that_point_down_are_fine() {
    check(
        &[
            package("types", json!(0), &[("serde", None)]),
            package("crypto", json!(1), &[("types", None)]),
            package("node", json!(6), &[("crypto", None), ("tokio", None)]),
            package("xtask", json!("tool"), &[("types", None), ("anyhow", None)]),
        ],
        expect![""],
    );
}

#[test]
fn arrows_that_point_up_or_sideways_are_reported() {
    check(
        &[
            package("attest", json!(2), &[("policy", None), ("kernel", None), ("xtask", None)]),
            package("kernel", json!(3), &[("policy", Some("build"))]),
            package("policy", json!(2), &[("kernel", Some("build"))]),
            package("xtask", json!("tool"), &[]),
        ],
        expect![[r#"
            crates/attest/Cargo.toml: layer: `policy`: layer 2 depends only on layers below it, found layer 2
            crates/attest/Cargo.toml: layer: `kernel`: layer 2 depends only on layers below it, found layer 3
            crates/attest/Cargo.toml: layer: `xtask`: no crate depends on a tool
            crates/policy/Cargo.toml: layer: `kernel`: layer 2 depends only on layers below it, found layer 3
        "#]],
    );
}

#[test]
fn tests_may_stay_on_their_layer_but_not_climb() {
    check(
        &[
            package(
                "attest",
                json!(2),
                &[("policy", Some("dev")), ("kernel", Some("dev")), ("tempfile", Some("dev"))],
            ),
            package("kernel", json!(3), &[]),
            package("policy", json!(2), &[]),
        ],
        expect![[r#"
            crates/attest/Cargo.toml: layer: `kernel`: tests of layer 2 use layers up to 2, found layer 3
        "#]],
    );
}

#[test]
fn a_pure_crate_brings_no_clock_no_randomness_and_no_disk() {
    check(
        &[
            package(
                "pack",
                json!(4),
                &[("tokio", None), ("rand", Some("build")), ("getrandom", Some("dev"))],
            ),
            package("store", json!(5), &[("redb", None)]),
        ],
        expect![[r#"
            crates/pack/Cargo.toml: layer: `tokio`: layers 0 to 4 are pure: this crate does not belong there
            crates/pack/Cargo.toml: layer: `rand`: layers 0 to 4 are pure: this crate does not belong there
        "#]],
    );
}

#[test]
fn a_manifest_without_a_layer_is_reported() {
    let stated = [json!(null), json!("base"), json!(300), json!(-1)];
    let packages: Vec<Value> =
        stated.into_iter().zip(["a", "b", "c", "d"]).map(|(layer, name)| package(name, layer, &[])).collect();
    check(
        &packages,
        expect![[r#"
            crates/a/Cargo.toml: layer: expected `[package.metadata.lockstep] layer = 0 to 8` or `"tool"`
            crates/b/Cargo.toml: layer: expected `[package.metadata.lockstep] layer = 0 to 8` or `"tool"`
            crates/c/Cargo.toml: layer: expected `[package.metadata.lockstep] layer = 0 to 8` or `"tool"`
            crates/d/Cargo.toml: layer: expected `[package.metadata.lockstep] layer = 0 to 8` or `"tool"`
        "#]],
    );
}
