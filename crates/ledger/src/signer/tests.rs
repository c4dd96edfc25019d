use super::*;
use crate::record::Tag;
use crate::scribe::{Scribe, Seed};
use lockstep_crypto::tree::Subtrees;
use lockstep_types::{LeafHash, Salt, sha256};
use proptest::prelude::*;

const LEDGER: LedgerId = LedgerId([0x11; 32]);
const NOW: u64 = 1_000_000;

fn time(ms: u64) -> Time {
    Time::from_ms(ms).unwrap()
}

fn seal_at(ms: u64) -> Record {
    let mut scribe = Scribe::new(time(ms), Seed::new([1; 32]));
    scribe.push(SealBody { map: RootHash([2; 32]), prev_seal: None }.entry().unwrap());
    scribe.finish().remove(0)
}

/// A log of `size` in which `last` is the last record; logs of one `branch` extend one another up to it.
fn log(size: u64, branch: u8, last: &Record) -> Subtrees {
    let leaf = |n: u64| LeafHash(sha256(&[&[branch], &n.to_be_bytes()[..]].concat()));
    (0..size - 1).map(leaf).chain([last.leaf_hash()]).collect()
}

/// A log that first ended in `first` at `old`, and ends in `last` at `size`.
fn grown(old: u64, first: &Record, size: u64, last: &Record) -> Subtrees {
    let mut log = log(old, 0, first);
    for n in old..size - 1 {
        log.push(LeafHash(sha256(&n.to_be_bytes())));
    }
    log.push(last.leaf_hash());
    log
}

fn request(log: &Subtrees, old: u64, seal: Record) -> SigningRequest {
    let TreeHead { size, root } = log.frontier().head();
    SigningRequest {
        checkpoint: Checkpoint { epoch: 3, ledger: LEDGER, root, size },
        consistency: if old == 0 { vec![] } else { tree::consistency_proof(log, old, size).unwrap() },
        inclusion: tree::inclusion_proof(log, size - 1, size).unwrap(),
        seal,
    }
}

/// A signer that has signed a log of five, and a good request for one of nine.
fn five_to_nine() -> (SigningRule, SigningRequest) {
    let (first, last) = (seal_at(NOW - 500), seal_at(NOW));
    let mut rule = SigningRule::new(LEDGER);
    let head = rule.check(&request(&log(5, 0, &first), 0, first.clone()), time(NOW)).unwrap();
    rule.kept(head);
    let request = request(&grown(5, &first, 9, &last), 5, last);
    (rule, request)
}

#[test]
fn a_signer_signs_what_extends_its_last_log_and_ends_in_a_fresh_seal() {
    let (mut rule, request) = five_to_nine();
    let head = rule.check(&request, time(NOW)).unwrap();
    assert_eq!(head, SignedHead { ledger: LEDGER, root: request.checkpoint.root, size: 9 });
    // Nothing is remembered until it is kept: a crash between leaves the old state.
    assert_eq!(rule.last().unwrap().size, 5);
    rule.kept(head);
    assert_eq!(rule.last(), Some(head));
    assert_eq!(SigningRule::resume(head), rule);
}

#[test]
fn the_same_size_and_root_may_be_signed_again() {
    let (mut rule, mut request) = five_to_nine();
    rule.kept(rule.check(&request, time(NOW)).unwrap());
    request.consistency.clear();
    assert!(rule.check(&request, time(NOW)).is_ok());
    // The committee that comes signs the same log under its own epoch.
    request.checkpoint.epoch = 4;
    assert!(rule.check(&request, time(NOW)).is_ok());
}

#[test]
fn two_roots_for_one_size_are_refused() {
    let (mut rule, request) = five_to_nine();
    rule.kept(rule.check(&request, time(NOW)).unwrap());
    let seal = seal_at(NOW);
    let other = self::request(&log(9, 1, &seal), 0, seal);
    let refused = rule.check(&other, time(NOW)).unwrap_err();
    let signed = request.checkpoint.root;
    let found = other.checkpoint.root;
    assert_eq!(refused, SigningRefusal::TwoRootsForOneSize { size: 9, signed, found });
}

#[test]
fn every_refusal_is_reached_in_the_order_of_the_checks() {
    use SigningRefusal as E;
    let (rule, good) = five_to_nine();
    let refused = |edit: &dyn Fn(&mut SigningRequest)| {
        let mut request = good.clone();
        edit(&mut request);
        rule.check(&request, time(NOW)).unwrap_err()
    };
    let found = LedgerId([0; 32]);
    assert_eq!(refused(&|r| r.checkpoint.ledger = found), E::WrongLedger { expected: LEDGER, found });
    assert_eq!(refused(&|r| r.checkpoint.size = 4), E::SizeMustNotShrink { last: 5, found: 4 });
    assert!(matches!(refused(&|r| r.checkpoint.size = 5), E::TwoRootsForOneSize { size: 5, .. }));
    assert!(matches!(refused(&|r| r.consistency.clear()), E::Inconsistent { last: 5, .. }));
    assert!(matches!(refused(&|r| r.checkpoint.root = RootHash([0; 32])), E::Inconsistent { last: 5, .. }));
    // A log that does not begin with what was signed.
    let seal = seal_at(NOW);
    let other = log(9, 1, &seal);
    assert!(matches!(refused(&|r| *r = request(&other, 5, seal.clone())), E::Inconsistent { last: 5, .. }));
    let plain = Record::new(Tag::Record, time(NOW), Salt([0; 32]), br#"{"added":{}}"#.to_vec());
    let malformed = Record::new(Tag::Record, time(NOW), Salt([0; 32]), br#"{"seal":{}}"#.to_vec());
    assert_eq!(refused(&|r| r.seal = plain.clone()), E::NotASeal);
    assert_eq!(refused(&|r| r.seal = malformed.clone()), E::NotASeal);
    // A true seal that stands somewhere else, or nowhere.
    assert!(matches!(refused(&|r| r.seal = seal_at(NOW - 1)), E::SealIsNotLast(_)));
    assert!(matches!(refused(&|r| r.inclusion.clear()), E::SealIsNotLast(_)));
}

#[test]
fn a_log_that_ends_in_another_record_than_its_seal_is_refused() {
    // The seal is in the log, but a record follows it.
    let seal = seal_at(NOW);
    let mut log = log(5, 0, &seal);
    log.push(LeafHash([7; 32]));
    let head = log.frontier().head();
    let mut request = request(&log, 0, seal);
    request.inclusion = tree::inclusion_proof(&log, 4, head.size).unwrap();
    let refused = SigningRule::new(LEDGER).check(&request, time(NOW)).unwrap_err();
    assert!(matches!(refused, SigningRefusal::SealIsNotLast(_)));
}

#[test]
fn a_first_request_carries_no_consistency_proof_and_is_not_empty() {
    let rule = SigningRule::new(LEDGER);
    let seal = seal_at(NOW);
    let good = request(&log(5, 0, &seal), 0, seal);
    assert!(rule.check(&good, time(NOW)).is_ok());
    let padded = SigningRequest { consistency: vec![Digest::default()], ..good.clone() };
    assert!(matches!(rule.check(&padded, time(NOW)), Err(SigningRefusal::Inconsistent { last: 0, .. })));
    let mut empty = good;
    empty.checkpoint.size = 0;
    assert!(matches!(rule.check(&empty, time(NOW)), Err(SigningRefusal::SealIsNotLast(_))));
}

#[test]
fn the_last_record_lies_near_the_signers_clock() {
    let check = |last: u64, now: u64| {
        let seal = seal_at(last);
        SigningRule::new(LEDGER).check(&request(&log(5, 0, &seal), 0, seal), time(now)).map(drop)
    };
    let found = time(NOW);
    assert_eq!(check(NOW, NOW), Ok(()));
    assert_eq!(check(NOW, NOW - 2_000), Ok(()));
    assert_eq!(check(NOW, NOW - 2_001), Err(SigningRefusal::TooFarAhead { found, ahead_ms: 2_001 }));
    assert_eq!(check(NOW, NOW + 60_000), Ok(()));
    assert_eq!(check(NOW, NOW + 60_001), Err(SigningRefusal::TooFarBehind { found, behind_ms: 60_001 }));
}

#[test]
fn a_succession_is_signed_only_at_the_head_that_was_certified_on_the_successor() {
    let (rule, _) = five_to_nine();
    let last = rule.last().unwrap();
    let ended = LedgerId([0x22; 32]);
    let named = Succession { epoch: 3, ledger: ended, root: last.root, size: last.size, successor: LEDGER };
    let check = |named: &Succession, last| check_declaration(&Declaration::Succession(named.clone()), last);
    assert_eq!(check(&named, Some(last)), Ok(()));
    let not = |named: &Succession| {
        let Succession { successor, size, root, .. } = *named;
        Err(SigningRefusal::NotCertified { successor, size, root })
    };
    assert_eq!(check(&named, None), not(&named), "nothing was signed there");
    let changes: [fn(&mut Succession); 4] =
        [|s| s.size = 4, |s| s.size = 9, |s| s.root = RootHash([9; 32]), |s| s.successor.0 = [0x33; 32]];
    for change in changes {
        let mut other = named.clone();
        change(&mut other);
        assert_eq!(check(&other, Some(last)), not(&other));
    }
    let itself = Succession { ledger: LEDGER, ..named };
    assert_eq!(check(&itself, Some(last)), Err(SigningRefusal::SucceedsItself { ledger: LEDGER }));
}

#[test]
fn what_is_kept_and_asked_survives_its_json() {
    let (rule, request) = five_to_nine();
    assert!(canonical::is_canonical(&request));
    assert_eq!(SigningRequest::from_bytes(&request.to_bytes().unwrap()).unwrap(), request);
    let head = rule.last().unwrap();
    assert!(canonical::is_canonical(&head));
    assert_eq!(SignedHead::from_bytes(&head.to_bytes().unwrap()).unwrap(), head);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is asked, in whatever order, from two logs that part: what a signer has signed is one
    /// history.
    #[test]
    fn a_signer_never_leaves_its_history(asked in prop::collection::vec((0..2u8, 2..12u64), 1..30)) {
        let seal = seal_at(NOW);
        // Each size of each branch ends in the same seal, so logs of different sizes do not extend one
        // another, except a branch with itself at one size.
        let mut rule = SigningRule::new(LEDGER);
        let mut signed: std::collections::BTreeMap<u64, RootHash> = std::collections::BTreeMap::new();
        for (branch, size) in asked {
            let log = log(size, branch, &seal);
            let old = rule.last().map_or(0, |last| last.size);
            let old = if old > size { 0 } else { old };
            let request = request(&log, old, seal.clone());
            if let Ok(head) = rule.check(&request, time(NOW)) {
                prop_assert!(signed.insert(head.size, head.root).is_none_or(|before| before == head.root));
                prop_assert!(signed.keys().all(|before| *before <= head.size));
                rule.kept(head);
            }
        }
        prop_assert!(signed.len() <= 1, "these logs do not extend one another");
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = SigningRequest::from_bytes(&bytes);
        let _ = SignedHead::from_bytes(&bytes);
    }
}
