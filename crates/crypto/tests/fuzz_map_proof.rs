//! Runs the body of the fuzz target `map_proof` on its seeds and on mutations of them.

use std::path::Path;

#[path = "../../../fuzz/bodies/map_proof.rs"]
mod body;
#[expect(clippy::disallowed_methods, reason = "a test reads its seeds from files")]
#[path = "../../../fuzz/mutate.rs"]
mod mutate;

/// Fewer than the usual 20,000: every input is a signature and a message under three keys, alone and in a
/// batch.
const ROUNDS: usize = 5_000;

#[test]
fn mutated_bytes_prove_nothing_and_count_as_nobodys_signature() {
    let seeds = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/map_proof"));
    mutate::run(seeds, ROUNDS, body::run);
}
