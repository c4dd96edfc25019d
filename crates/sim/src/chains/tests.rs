use super::*;

#[test]
fn no_history_of_two_chains_breaks_a_promise() {
    let mut all = Trace::default();
    for seed in 0..20 {
        all.add(&run(seed).unwrap_or_else(|error| panic!("{error:?}")));
    }
    // Without these the histories would show nothing.
    assert!(all.executed >= 50 && all.lapsed >= 50 && all.refused >= 50 && all.taken_back >= 50, "{all:?}");
    assert!(all.burned >= 10 && all.returned >= 20, "{all:?}");
}
