//! The 914 edge cases of Ed25519, whose flags decide the answer under ZIP 215: points of small order, mixed
//! order and second spellings are all accepted. `reencoded_k` marks signatures made for a hash over other
//! spellings of the points than the bytes given; they fail, unless the key has small order (`low_order_A`),
//! where 8·k·A is neutral whatever the hash k.

use crate::{bytes, json, shared, text};
use lockstep_crypto::{Check, Message, PublicKey, SignatureError, Suite, verify, verify_batch};

struct Case {
    key: PublicKey,
    message: String,
    signature: Vec<u8>,
    counts: bool,
}

impl Case {
    fn check(&self) -> Check<'_> {
        Check { key: &self.key, message: Message::Bytes(self.message.as_bytes()), signature: &self.signature }
    }

    fn answer(&self) -> Result<(), SignatureError> {
        if self.counts { Ok(()) } else { Err(SignatureError::Mismatch { suite: Suite::Ed25519 }) }
    }
}

fn cases() -> Option<Vec<Case>> {
    let file = json(&shared("vectors/ed25519-cctv.json")?);
    let cases = file.as_array().unwrap().iter().map(|case| {
        let flags = case["flags"].as_array().map_or(&[][..], Vec::as_slice);
        let has = |name: &str| flags.iter().any(|flag| flag == name);
        Case {
            key: PublicKey::new(Suite::Ed25519, &bytes(case, "key")).unwrap(),
            message: text(case, "msg").to_owned(),
            signature: bytes(case, "sig"),
            counts: !has("reencoded_k") || has("low_order_A"),
        }
    });
    Some(cases.collect())
}

fn check_in_batches(order: &[&Case], size: usize) {
    for batch in order.chunks(size) {
        let checks: Vec<_> = batch.iter().map(|case| case.check()).collect();
        let expected: Vec<_> = batch.iter().map(|case| case.answer()).collect();
        assert_eq!(verify_batch(&checks), expected, "batches of {size}");
    }
}

#[test]
fn each_answers_by_its_flags() {
    let Some(cases) = cases() else { return };
    assert_eq!(cases.len(), 914);
    assert_eq!(cases.iter().filter(|case| case.counts).count(), 826);
    for case in &cases {
        let check = case.check();
        assert_eq!(verify(check.key, check.message, check.signature), case.answer());
    }
}

#[test]
fn each_answers_the_same_in_batches_of_any_composition_and_order() {
    let Some(cases) = cases() else { return };
    let (good, bad): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(|case| case.counts);
    // Only such that verify: here a batch that disagreed with the single check would refuse a good one.
    for size in [1, 2, 3, 5, 17, 64, 65, good.len()] {
        check_in_batches(&good, size);
    }
    // As published, reversed, and by a stride that puts strangers together.
    let forward: Vec<&Case> = cases.iter().collect();
    let backward: Vec<&Case> = cases.iter().rev().collect();
    let strided: Vec<&Case> = (0..cases.len()).map(|i| &cases[i * 331 % cases.len()]).collect();
    for order in [&forward, &backward, &strided] {
        for size in [4, 7, 64, order.len()] {
            check_in_batches(order, size);
        }
    }
    // One that does not verify among such that do, at the beginning, in the middle, at the end.
    for (i, lone) in bad.iter().enumerate() {
        let mut batch: Vec<&Case> = good.iter().cycle().skip(i * 5).take(15).copied().collect();
        batch.insert(i % 16, lone);
        check_in_batches(&batch, batch.len());
    }
}
