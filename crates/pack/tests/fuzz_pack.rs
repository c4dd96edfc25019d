//! Runs the body of the fuzz target `pack` on its seeds and on mutations of them.

use std::path::Path;

#[path = "../../../fuzz/bodies/pack.rs"]
mod body;
#[expect(clippy::disallowed_methods, reason = "a test reads its seeds from files")]
#[path = "../../../fuzz/mutate.rs"]
mod mutate;

/// Fewer than the usual 20,000: a pack whose form holds has its signatures checked and its machine re-run,
/// twice.
const ROUNDS: usize = 5_000;

#[test]
fn mutated_packs_are_never_verified() {
    let seeds = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/pack"));
    mutate::run(seeds, ROUNDS, body::run);
}

#[test]
fn every_seed_is_verified_so_that_a_change_has_something_to_break() {
    use lockstep_pack::{Trust, verify};
    let trust = Trust::from_slice(include_bytes!("../../../fuzz/seeds/pack/trust.json")).unwrap();
    for (name, seed) in [
        ("decided", &include_bytes!("../../../fuzz/seeds/pack/decided.json")[..]),
        ("open", include_bytes!("../../../fuzz/seeds/pack/open.json")),
        ("open-compared", include_bytes!("../../../fuzz/seeds/pack/open-compared.json")),
        ("suspect", include_bytes!("../../../fuzz/seeds/pack/suspect.json")),
    ] {
        assert_eq!(verify(seed, Some(&trust)).verdict.code(), "verified", "{name}");
    }
}
