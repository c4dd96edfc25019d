//! A few kills in every test run; `faults kill --runs 200` by hand.

use std::path::Path;

#[test]
fn what_was_acknowledged_before_a_kill_is_there_after_it() {
    let program = Path::new(env!("CARGO_BIN_EXE_faults"));
    lockstep_sim::kill::run(program, 5, 1, &mut |_| {}).unwrap_or_else(|error| panic!("{error:?}"));
}
