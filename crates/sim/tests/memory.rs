//! The measure of memory with few cases, in every test run; `bench memory` by hand.

use std::path::Path;

#[test]
fn memory_and_start_are_measured_over_two_lives_of_an_appender() {
    let program = Path::new(env!("CARGO_BIN_EXE_bench"));
    let mut measures = Vec::new();
    let taken = lockstep_sim::bench::memory::compare(program, (250, 2_000), &mut |measure| {
        measures.push(measure.measure);
    });
    taken.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(measures, ["memory-closed-cases", "start-after-crash"]);
}
