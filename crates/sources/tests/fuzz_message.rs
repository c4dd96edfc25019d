//! Runs the body of the fuzz target `message` on its seeds and on mutations of them.

use std::path::Path;

#[path = "../../../fuzz/bodies/message.rs"]
mod body;
#[expect(clippy::disallowed_methods, reason = "a test reads its seeds from files")]
#[path = "../../../fuzz/mutate.rs"]
mod mutate;

#[test]
fn mutated_messages_keep_the_properties_of_the_reader() {
    let seeds = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/message"));
    mutate::run(seeds, 20_000, body::run);
}

#[test]
fn every_seed_holds_the_item_that_the_properties_are_about() {
    use lockstep_sources::{ItemQuery, Limits, find_item};
    for seed in [
        &include_bytes!("../../../fuzz/seeds/message/camt054.xml")[..],
        include_bytes!("../../../fuzz/seeds/message/pacs002.xml"),
        include_bytes!("../../../fuzz/seeds/message/pacs008.xml"),
    ] {
        let query = ItemQuery { reference: Some("R1"), account: None };
        assert!(find_item(seed, &query, &Limits::default()).unwrap().is_named());
    }
}
