//! Changed packs: none says more than its original. `examples/mutate.rs` does many times as many.

#[path = "world/mutate.rs"]
mod mutate;
#[path = "world/world.rs"]
mod world;

use proptest::prelude::*;

/// Changes in a normal test run.
const CHANGES: usize = 300;

#[test]
fn a_changed_pack_says_no_more_than_its_original() {
    let tally = mutate::run(&world::specimens(), CHANGES, 1);
    assert!(tally.failed > CHANGES / 2, "{tally:?}");
    assert!(tally.weaker < CHANGES / 20, "{tally:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_bytes_end_in_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        prop_assert_eq!(lockstep_pack::verify(&bytes, None).verdict.code(), "failed");
    }
}
