//! Runs the body of the fuzz target `signer` on its seeds and on mutations of them.

use std::path::Path;

#[path = "../../../fuzz/bodies/signer.rs"]
mod body;
#[expect(clippy::disallowed_methods, reason = "a test reads its seeds from files")]
#[path = "../../../fuzz/mutate.rs"]
mod mutate;

#[test]
fn mutated_lines_and_answers_keep_the_properties_of_their_readers() {
    let seeds = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/signer"));
    mutate::run(seeds, 20_000, body::run);
}
