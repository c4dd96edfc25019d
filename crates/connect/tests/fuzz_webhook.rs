//! Runs the body of the fuzz target `webhook` on its seeds and on mutations of them.

use std::path::Path;

#[path = "../../../fuzz/bodies/webhook.rs"]
mod body;
#[path = "../../../fuzz/mutate.rs"]
mod mutate;

#[test]
fn mutated_webhooks_keep_their_properties() {
    let seeds = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/webhook"));
    mutate::run(seeds, 20_000, body::run);
}

#[test]
fn the_seeds_are_a_webhook_that_counts_an_inbox_and_an_address() {
    use lockstep_connect::{AllowList, Headers, Inbox, Secret, check};
    let [id, timestamp, signature, body] = include_str!("../../../fuzz/seeds/webhook/signed.txt")
        .splitn(4, '\n')
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    let now = lockstep_types::Time::from_ms(1_764_000_000_000).unwrap();
    let secret = Secret::from_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    check(&[secret], &Headers { id, signature, timestamp }, body.as_bytes(), now).unwrap();
    Inbox::from_slice(include_bytes!("../../../fuzz/seeds/webhook/inbox.json")).unwrap();
    let list = AllowList::new(["hooks.example.com"]).unwrap();
    list.target(include_str!("../../../fuzz/seeds/webhook/address.txt")).unwrap();
}
