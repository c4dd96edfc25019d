use super::*;
use lockstep_crypto::tree::{Subtrees, leaf_hash, root_of};
use lockstep_types::LeafHash;

fn leaves(of: &str, count: u64) -> Vec<LeafHash> {
    (0..count).map(|at| leaf_hash(format!("{of} {at}").as_bytes())).collect()
}

fn head(by: &str, leaves: &[LeafHash]) -> Head {
    let size = leaves.len() as u64;
    Head { by: by.to_owned(), size, root: root_of(leaves), signed: Value::Null }
}

fn subtrees(leaves: &[LeafHash]) -> Subtrees {
    let mut subtrees = Subtrees::default();
    leaves.iter().for_each(|leaf| subtrees.push(*leaf));
    subtrees
}

#[test]
fn heads_of_one_history_agree_at_every_size() {
    let all = leaves("true", 70);
    let log = head("log", &all);
    let heads: Vec<Head> = (1..=70).map(|size| head("one", &all[..size])).collect();
    assert_eq!(compare(&log, &heads, &subtrees(&all)), Compared::Agree);
}

#[test]
fn a_head_of_another_history_is_found_at_every_size_and_shown_with_a_proof() {
    let all = leaves("true", 70);
    let log = head("log", &all);
    for size in 2..=70usize {
        let mut forged = all[..size].to_vec();
        forged[size / 2] = leaf_hash(b"forged");
        let other = head("liar", &forged);
        let found = compare(&log, &[head("one", &all[..9]), other.clone()], &subtrees(&all));
        assert_eq!(found.code(), "two-histories", "size {size}");
        if let Compared::OtherHistory { heads, root, proof } = found {
            // Whoever has the evidence checks it again, without tiles.
            let old = TreeHead { size: heads[1].size, root };
            let new = TreeHead { size: heads[0].size, root: heads[0].root };
            assert_eq!((verify_consistency(old, new, &proof), heads[1].clone()), (Ok(()), other));
            assert_ne!(root, heads[1].root);
        }
    }
}

#[test]
fn two_co_signers_of_one_size_are_told_apart_though_the_log_shows_less() {
    let (all, mut forged) = (leaves("true", 40), leaves("true", 40));
    forged[39] = leaf_hash(b"forged");
    let heads = [head("one", &all), head("two", &forged)];
    let found = compare(&head("log", &all[..20]), &heads, &subtrees(&all[..20]));
    assert_eq!(found, Compared::TwoRoots(Box::new(heads)));
}

#[test]
fn a_log_that_shows_less_than_was_signed_and_tiles_of_another_log_are_named() {
    let all = leaves("true", 40);
    let log = head("log", &all[..20]);
    let less = compare(&log, &[head("one", &all)], &subtrees(&all[..20]));
    assert_eq!(less.code(), "rolled-back");
    let other = compare(&log, &[head("one", &all[..5])], &subtrees(&leaves("other", 20)));
    assert_eq!(other, Compared::Tiles(Box::new(log.clone())));
    let missing = compare(&log, &[], &subtrees(&all[..10]));
    assert_eq!(missing, Compared::NoTile);
}
