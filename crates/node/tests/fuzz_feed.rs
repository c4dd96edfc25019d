//! Runs the body of the fuzz target `feed` on its seeds and on mutations of them.

use std::path::Path;

#[path = "../../../fuzz/bodies/feed.rs"]
mod body;
#[path = "../../../fuzz/mutate.rs"]
mod mutate;

#[test]
fn mutated_bytes_keep_the_properties_of_the_decoder() {
    let seeds = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/feed"));
    mutate::run(seeds, 20_000, body::run);
}
