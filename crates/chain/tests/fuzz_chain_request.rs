//! Runs the body of the fuzz target `chain_request` on its seeds and on mutations of them.

use std::path::Path;

#[path = "../../../fuzz/bodies/chain_request.rs"]
mod body;
#[path = "../../../fuzz/mutate.rs"]
mod mutate;

/// Each input is asked of two chains of its own, one of which may run a contract.
const ROUNDS: usize = 5_000;

#[test]
fn the_transactions_of_the_seeds_are_taken_so_that_a_change_has_something_to_break() {
    for seed in [
        &include_bytes!("../../../fuzz/seeds/chain_request/legacy.bin")[..],
        include_bytes!("../../../fuzz/seeds/chain_request/listed.bin"),
        include_bytes!("../../../fuzz/seeds/chain_request/market.bin"),
        include_bytes!("../../../fuzz/seeds/chain_request/creation.bin"),
    ] {
        assert!(body::is_taken(seed));
    }
}

#[test]
fn mutated_bytes_keep_the_properties_of_the_answers() {
    let seeds = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/chain_request"));
    mutate::run(seeds, ROUNDS, body::run);
}
