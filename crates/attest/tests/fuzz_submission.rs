//! Runs the body of the fuzz target `submission` on its seeds and on mutations of them.

use std::path::Path;

#[path = "../../../fuzz/bodies/submission.rs"]
mod body;
#[expect(clippy::disallowed_methods, reason = "a test reads its seeds from files")]
#[path = "../../../fuzz/mutate.rs"]
mod mutate;

#[test]
fn mutated_bytes_keep_the_properties_of_the_decoders() {
    let seeds = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/submission"));
    mutate::run(seeds, 20_000, body::run);
}

#[test]
fn the_signatures_of_the_seeds_count_so_that_a_change_has_something_to_break() {
    use lockstep_attest::{Submission, check_signatures};
    use lockstep_crypto::suite::PublicKey;
    use lockstep_types::canonical;
    for (key, seed) in [
        (
            &include_bytes!("../../../fuzz/seeds/submission/key-eip712.json")[..],
            &include_bytes!("../../../fuzz/seeds/submission/opening.json")[..],
        ),
        (
            include_bytes!("../../../fuzz/seeds/submission/key-ed25519.json"),
            include_bytes!("../../../fuzz/seeds/submission/attestation.json"),
        ),
    ] {
        let key: PublicKey = canonical::from_slice(key, key.len()).unwrap();
        let decoded = Submission::from_slice(seed).unwrap().decode().unwrap();
        let signed = check_signatures(vec![decoded], &|id| (key.id() == *id).then(|| key.clone()));
        assert_eq!(signed[0].as_ref().unwrap().signers(), [key.id()]);
    }
}
