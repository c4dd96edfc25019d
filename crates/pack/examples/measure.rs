//! Verifying a pack of one hundred attestations, beside its signatures checked one by one by the same
//! libraries.
//!
//! `cargo run -p lockstep-pack --release --example measure` prints one line of JSON for `xtask bench`.
#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "an example is a shell: it reads arguments and clocks, and prints"
)]

#[path = "../tests/world/hundred.rs"]
mod hundred;
#[path = "../tests/world/world.rs"]
mod world;

use lockstep_attest::{Statement, Submission};
use lockstep_crypto::{Message, PublicKey, Suite, verify as verify_one};
use lockstep_kernel::Body;
use lockstep_pack::{Pack, verify};
use lockstep_types::KeyId;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Runs of each; the median counts.
const RUNS: usize = 41;
const GOAL_MS: f64 = 15.0;

fn median(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let begun = Instant::now();
            run();
            begun.elapsed()
        })
        .collect();
    times.sort();
    times[RUNS / 2]
}

fn keys(pack: &Pack) -> BTreeMap<KeyId, PublicKey> {
    let bodies = pack.records().filter_map(|record| record.record_body());
    let credentials = bodies.filter_map(|body| match body {
        Body::Credentialed(body) => Some(body.keys.iter().map(|key| (key.key.id(), key.key.clone()))),
        _ => None,
    });
    credentials.flatten().collect()
}

/// One signature with all that its check needs.
struct Prepared {
    key: PublicKey,
    pae: Vec<u8>,
    typed: [u8; 32],
    signature: Vec<u8>,
}

/// Checks the signatures of the case's submissions one by one; gives how many there were.
fn one_by_one(prepared: &[Prepared]) -> usize {
    for Prepared { key, pae, typed, signature } in prepared {
        let message = match key.suite() {
            Suite::Eip712 => Message::Hash(typed),
            _ => Message::Bytes(pae),
        };
        verify_one(key, message, signature).expect("the signature holds");
    }
    prepared.len()
}

fn main() {
    let (bytes, trust) = hundred::pack();
    let pack = Pack::from_slice(&bytes).expect("the pack is one");
    let report = verify(&bytes, Some(&trust));
    assert_eq!(report.verdict.code(), "verified", "{}", report.to_lines().join("\n"));
    let steps =
        report.facts.as_ref().map_or(0, |facts| facts.steps.iter().filter(|s| s.kind == "attested").count());
    assert_eq!(steps, 100);
    let keys = keys(&pack);
    let submissions = pack.excerpt.iter().filter_map(|group| group.command.submission());
    let prepared: Vec<_> = submissions
        .flat_map(|submission: &Submission| {
            let pae = submission.envelope.pae();
            let digest = submission.envelope.attestation_digest();
            let statement = Statement::from_slice(&submission.envelope.payload).expect("a statement");
            let keys = &keys;
            let typed = statement.typed_hash(&digest);
            submission.envelope.signatures.iter().filter_map(move |s| {
                let key = keys.get(&s.keyid)?.clone();
                Some(Prepared { key, pae: pae.clone(), typed, signature: s.sig.clone() })
            })
        })
        .collect();
    let whole = median(|| assert_eq!(verify(&bytes, Some(&trust)).verdict.code(), "verified"));
    let signatures = median(|| assert!(one_by_one(&prepared) >= 100));
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    let (value, yardstick) = (ms(whole), ms(signatures));
    eprintln!("{} bytes, {} signatures of the case", bytes.len(), prepared.len());
    println!(
        "{{\"measure\":\"verifying a pack of 100 attestations\",\"value\":{value:.3},\"unit\":\"ms\",\
         \"yardstick\":\"its {} signatures one by one: {yardstick:.3} ms\",\"ratio\":{:.3},\
         \"goal\":\"<= {GOAL_MS} ms\",\"met\":{}}}",
        prepared.len(),
        value / yardstick,
        value <= GOAL_MS
    );
}
