//! Runs the body of the fuzz target `signing_service` on its seeds and on mutations of them.

use std::path::Path;

#[path = "../../../fuzz/bodies/signing_service.rs"]
mod body;
#[path = "../../../fuzz/mutate.rs"]
mod mutate;

#[test]
fn mutated_answers_signatures_and_keys_keep_the_properties_of_their_readers() {
    let seeds = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/signing_service"));
    mutate::run(seeds, 20_000, body::run);
}
