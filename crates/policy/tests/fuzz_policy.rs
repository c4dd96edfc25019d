//! Runs the body of the fuzz target `policy` on its seeds and on mutations of them.

use std::path::Path;

#[path = "../../../fuzz/bodies/policy.rs"]
mod body;
#[expect(clippy::disallowed_methods, reason = "a test reads its seeds from files")]
#[path = "../../../fuzz/mutate.rs"]
mod mutate;

/// Fewer than the usual 20,000: Cedar compiles the guards beside every layout that can be read, at 1 ms each.
const ROUNDS: usize = 5_000;

#[test]
fn mutated_files_end_in_findings_or_a_policy() {
    let seeds = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/policy"));
    mutate::run(seeds, ROUNDS, body::run);
}
