//! Runs the body of the fuzz target `request` on its seeds and on mutations of them.

use std::path::Path;

#[path = "../../../fuzz/bodies/request.rs"]
mod body;
#[expect(clippy::disallowed_methods, reason = "a test reads its seeds from files")]
#[path = "../../../fuzz/mutate.rs"]
mod mutate;

#[test]
fn mutated_bytes_keep_the_properties_of_the_decoders() {
    let seeds = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/request"));
    mutate::run(seeds, 20_000, body::run);
}
