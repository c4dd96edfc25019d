//! Both readers give the same answer. `cargo xtask agree` does many times as many packs.
#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "the other reader is a program, which a shell runs"
)]

#[path = "world/agreement.rs"]
mod agreement;
#[path = "world/answers.rs"]
mod answers;
#[path = "world/crossing.rs"]
#[expect(dead_code, reason = "the vectors of `vectors/rules` are made of it as well")]
mod crossing;
#[path = "world/mutate.rs"]
#[expect(dead_code, reason = "another test counts what becomes of changes, this compares it")]
mod mutate;
#[path = "world/redeeming.rs"]
mod redeeming;
#[path = "world/reforge.rs"]
mod reforge;
#[path = "world/small.rs"]
#[expect(dead_code, reason = "the vectors of `vectors/pack` are made of it as well")]
mod small;
#[path = "world/specimens.rs"]
mod specimens;
#[path = "world/world.rs"]
mod world;

use agreement::{Plan, compare};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Packs in a normal test run.
const PACKS: u64 = 500;
/// Where the reader's package puts it.
const READER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sdk/typescript/dist/test/agree.js");

#[test]
fn two_readers_say_the_same_of_five_hundred_packs() {
    let reader = PathBuf::from(READER);
    if !reader.is_file() {
        println!("skipped: sdk/typescript is not built: `npm ci && npm run build` there");
        return;
    }
    let keep = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("agree");
    let seen = compare(&Plan { reader, keep, count: PACKS, seed: 1 }).unwrap();
    assert!(seen.apart.is_empty(), "{}", seen.apart.join("\n"));
    let rules: BTreeSet<&str> = seen
        .answers
        .keys()
        .filter_map(|answer| answer.split_once(": failed "))
        .map(|(_, rule)| rule)
        .collect();
    assert!(rules.len() > 10, "too few rules are broken: {rules:?}");
    assert!(seen.answers.keys().any(|answer| answer.starts_with("forged: verified")), "{:?}", seen.answers);
}
