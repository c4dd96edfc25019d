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

#[test]
fn no_history_of_two_real_nodes_breaks_a_promise() {
    if program().is_none() {
        println!("skipped: contracts/node_modules/.bin/anvil is absent");
        return;
    }
    let mut all = Trace::default();
    for seed in 0..20 {
        all.add(&run_remote(seed).unwrap_or_else(|error| panic!("{error:?}")));
    }
    // Without these the histories would show nothing.
    assert!(all.executed >= 10 && all.lapsed >= 1 && all.burned + all.returned >= 5, "{all:?}");
    assert!(all.faults >= 200 && all.in_vain >= 20, "{all:?}");
}
