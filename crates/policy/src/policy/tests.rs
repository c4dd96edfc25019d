use super::*;

/// The policy that the repository ships.
pub(crate) const LAYOUT: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/stablecoin-issue/policy.toml"));
pub(crate) const GUARDS: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/stablecoin-issue/guards.cedar"));

pub(crate) fn stablecoin() -> Policy {
    Policy::from_files(LAYOUT.as_bytes(), GUARDS.as_bytes()).unwrap_or_else(|findings| {
        let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

#[test]
fn the_shipped_policy_has_no_findings() {
    assert_eq!(stablecoin().layout().steps.len(), 6);
}

#[test]
fn the_digest_is_taken_over_the_manifest_and_any_byte_changes_it() {
    let manifest = format!(
        r#"{{"files":[["guards.cedar","{}"],["policy.toml","{}"]],"format":"{}","guards":"{}"}}"#,
        Digest(sha256(GUARDS.as_bytes())),
        Digest(sha256(LAYOUT.as_bytes())),
        "lockstep-policy/1",
        "cedar-1",
    );
    let policy = stablecoin();
    assert_eq!(policy.digest(), PolicyDigest(sha256(manifest.as_bytes())));
    assert!(canonical::value_from_slice(manifest.as_bytes(), 1024).is_ok());
    let spaced = format!("{GUARDS} ");
    let other = Policy::from_files(LAYOUT.as_bytes(), spaced.as_bytes()).unwrap();
    assert_ne!(other.digest(), policy.digest());
}

#[test]
fn the_example_of_the_specification_is_a_policy_with_that_digest() {
    let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../specs/policy.md"));
    let block = |kind: &str| {
        let (_, rest) = page.split_once(&format!("```{kind}\n")).unwrap();
        rest.split_once("```").unwrap().0
    };
    let policy = Policy::from_files(block("toml").as_bytes(), block("cedar").as_bytes())
        .unwrap_or_else(|findings| panic!("{findings:#?}"));
    assert!(page.contains(&format!("Its digest is `{}`.", policy.digest())), "{}", policy.digest());
    let guards = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../specs/guards.md"));
    assert!(guards.contains(block("cedar")), "specs/guards.md shows other guards");
}
