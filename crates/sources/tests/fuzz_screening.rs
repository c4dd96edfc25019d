//! Runs the body of the fuzz target `screening` on its seeds and on mutations of them.

use std::path::Path;

#[path = "../../../fuzz/bodies/screening.rs"]
mod body;
#[expect(clippy::disallowed_methods, reason = "a test reads its seeds from files")]
#[path = "../../../fuzz/mutate.rs"]
mod mutate;

#[test]
fn mutated_lists_keep_the_properties_of_the_reader() {
    let seeds = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/screening"));
    mutate::run(seeds, 20_000, body::run);
}
