//! Runs the body of the fuzz target `draft` on its seeds and on mutations of them.

use std::path::Path;

#[path = "../../../fuzz/bodies/draft.rs"]
mod body;
#[expect(clippy::disallowed_methods, reason = "a test reads its seeds from files")]
#[path = "../../../fuzz/mutate.rs"]
mod mutate;

#[test]
fn mutated_drafts_and_mappings_keep_their_properties() {
    let seeds = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/draft"));
    mutate::run(seeds, 20_000, body::run);
}

#[test]
fn the_seeds_are_a_mapping_that_proposes_and_the_draft_that_it_gives() {
    use lockstep_sources::{
        Limits,
        draft::{Draft, Mapping, propose},
    };
    let mapping = Mapping::from_toml(include_str!("../../../fuzz/seeds/draft/mapping.toml")).unwrap();
    let message = include_bytes!("../../../fuzz/seeds/message/camt054.xml");
    let query = lockstep_sources::ItemQuery { reference: Some("R1"), account: None };
    let step = "payout".parse().unwrap();
    let of = (lockstep_types::CaseId([1; 32]), &step);
    let draft = propose(message, (&mapping, &query), of, &Limits::default()).unwrap();
    let seed = include_bytes!("../../../fuzz/seeds/draft/draft.json");
    assert_eq!(String::from_utf8_lossy(&draft.to_vec().unwrap()), String::from_utf8_lossy(seed));
    Draft::from_slice(seed).unwrap().check(message, &Limits::default()).unwrap();
}
