//! Runs the body of the fuzz target `statement` on its seeds and on mutations of them.

use std::path::Path;

#[path = "../../../fuzz/bodies/statement.rs"]
mod body;
#[expect(clippy::disallowed_methods, reason = "a test reads its seeds from files")]
#[path = "../../../fuzz/mutate.rs"]
mod mutate;

#[test]
fn mutated_statements_keep_the_properties_of_the_reader() {
    let seeds = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/statement"));
    mutate::run(seeds, 20_000, body::run);
}

#[test]
fn every_seed_shows_the_payment_that_the_properties_are_about() {
    use lockstep_sources::{Limits, PaymentQuery, find_payment};
    for seed in [
        &include_bytes!("../../../fuzz/seeds/statement/version2.xml")[..],
        include_bytes!("../../../fuzz/seeds/statement/version13.xml"),
    ] {
        let query = PaymentQuery { reference: "R1", ..PaymentQuery::default() };
        let payment = find_payment(seed, &query, &Limits::default()).unwrap();
        assert_eq!(payment.servicer, "HARBXX30");
    }
}
