use super::*;
use lockstep_types::{Digest, canonical};
use proptest::prelude::*;

fn leaves(count: u64) -> Vec<LeafHash> {
    (0..count).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

/// RFC 6962 §2.1, word for word.
fn reference_root(leaves: &[LeafHash]) -> [u8; 32] {
    match leaves {
        [] => empty_root().0,
        [leaf] => leaf.0,
        _ => {
            let k = (1..).map(|e| 1usize << e).find(|k| *k >= leaves.len()).unwrap() / 2;
            node_hash(&reference_root(&leaves[..k]), &reference_root(&leaves[k..]))
        }
    }
}

fn head(leaves: &[LeafHash]) -> TreeHead {
    TreeHead { size: leaves.len() as u64, root: RootHash(reference_root(leaves)) }
}

#[test]
fn roots_as_published() {
    // The seven leaves and roots of the certificate-transparency test tree.
    let inputs =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let leaves: Vec<_> = inputs.iter().map(|leaf| leaf_hash(&hex::decode(leaf).unwrap())).collect();
    for (size, root) in [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
        (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
    ] {
        assert_eq!(root_of(&leaves[..size]).to_string(), root);
    }
}

#[test]
fn the_frontier_gives_the_root_of_every_size() {
    let leaves = leaves(200);
    let mut frontier = Frontier::new();
    for size in 0..leaves.len() {
        assert_eq!(frontier.head(), head(&leaves[..size]));
        assert_eq!(root_of(&leaves[..size]), frontier.root());
        frontier.push(leaves[size]);
    }
}

#[test]
fn a_frontier_survives_being_written_and_a_contradictory_one_is_refused() {
    let mut frontier = Frontier::new();
    for leaf in leaves(11) {
        assert!(canonical::is_canonical(&frontier));
        let text = serde_json::to_string(&frontier).unwrap();
        assert_eq!(serde_json::from_str::<Frontier>(&text).unwrap(), frontier);
        frontier.push(leaf);
    }
    let zero = "0".repeat(64);
    let refused = |text: &str| serde_json::from_str::<Frontier>(text).unwrap_err().to_string();
    assert!(refused(&format!("{{\"peaks\":[\"{zero}\"],\"size\":3}}")).contains("has 2 peaks, found 1"));
    assert!(refused("{\"peaks\":[],\"size\":1}").contains("has 1 peaks, found 0"));
    let beyond = lockstep_types::limits::LEDGER_SIZE_MAX + (1 << 41);
    assert!(refused(&format!("{{\"peaks\":[\"{zero}\",\"{zero}\"],\"size\":{beyond}}}")).contains("at most"));
    assert!(refused("{\"peaks\":[],\"size\":0,\"x\":0}").contains("unknown field"));
}

#[test]
fn a_leaf_tells_the_subtrees_that_it_completes() {
    let mut noted = Vec::new();
    let mut frontier = Frontier::new();
    for leaf in leaves(8) {
        frontier.push_noting(leaf, |level, index, _| noted.push((level, index)));
    }
    assert_eq!(
        noted,
        [
            (0, 0),
            (0, 1),
            (1, 0),
            (0, 2),
            (0, 3),
            (1, 1),
            (2, 0),
            (0, 4),
            (0, 5),
            (1, 2),
            (0, 6),
            (0, 7),
            (1, 3),
            (2, 1),
            (3, 0)
        ]
    );
}

#[test]
fn every_proof_of_every_small_tree_verifies_and_only_for_its_own_place() {
    let leaves = leaves(34);
    let subtrees: Subtrees = leaves.iter().copied().collect();
    for size in 1..=34u64 {
        let head = head(&leaves[..size as usize]);
        for index in 0..size {
            let proof = inclusion_proof(&subtrees, index, size).unwrap();
            for claimed in 0..size + 2 {
                let answer = verify_inclusion(leaves[index as usize], claimed, &proof, head);
                assert_eq!(answer.is_ok(), claimed == index, "leaf {index} of {size} claimed as {claimed}");
            }
        }
        for old in 1..=size {
            let old_head = self::head(&leaves[..old as usize]);
            let proof = consistency_proof(&subtrees, old, size).unwrap();
            assert_eq!(verify_consistency(old_head, head, &proof), Ok(()), "{old} to {size}");
        }
    }
}

/// A root does not commit to its size: 3 and 4 leaves give proofs of one shape from size 1. So size and root
/// come from one signed checkpoint, and neither is taken from a proof's bringer.
#[test]
fn a_proof_alone_does_not_bind_the_size() {
    let leaves = leaves(3);
    let subtrees: Subtrees = leaves.iter().copied().collect();
    let (old, new) = (head(&leaves[..1]), head(&leaves));
    let proof = consistency_proof(&subtrees, 1, 3).unwrap();
    assert_eq!(verify_consistency(old, new, &proof), Ok(()));
    assert_eq!(verify_consistency(old, TreeHead { size: 4, ..new }, &proof), Ok(()));
    assert!(verify_consistency(old, TreeHead { size: 5, ..new }, &proof).is_err());
}

#[test]
fn what_cannot_be_proved_is_refused_by_name() {
    let subtrees: Subtrees = leaves(6).into_iter().collect();
    assert_eq!(inclusion_proof(&subtrees, 6, 6), Err(TreeError::IndexBeyondSize { index: 6, size: 6 }));
    assert_eq!(inclusion_proof(&subtrees, 0, 0), Err(TreeError::IndexBeyondSize { index: 0, size: 0 }));
    assert_eq!(inclusion_proof(&subtrees, 0, 8), Err(TreeError::MissingSubtree { level: 2, index: 1 }));
    assert_eq!(consistency_proof(&subtrees, 0, 6), Err(TreeError::OldSizeIsZero));
    assert_eq!(consistency_proof(&subtrees, 6, 5), Err(TreeError::SizeMustNotShrink { old: 6, new: 5 }));
    assert_eq!(consistency_proof(&subtrees, 5, 7), Err(TreeError::MissingSubtree { level: 0, index: 6 }));
    let root = subtrees.frontier().root();
    let head = |size| TreeHead { size, root };
    assert_eq!(verify_consistency(head(0), head(0), &[]), Err(TreeError::OldSizeIsZero));
    assert_eq!(
        verify_consistency(head(6), head(5), &[]),
        Err(TreeError::SizeMustNotShrink { old: 6, new: 5 })
    );
    assert_eq!(
        verify_consistency(head(6), head(6), &[Digest(root.0)]),
        Err(TreeError::ProofLength { expected: 0, found: 1 })
    );
}

#[test]
fn sizes_at_the_end_of_their_range_do_not_panic() {
    let root = empty_root();
    let sizes = [1, 2, 3, (1 << 40) - 1, 1 << 40, u64::MAX - 1, u64::MAX];
    for old in sizes {
        for new in sizes {
            for length in [0, 1, 39, 40, 63, 64, 65, 200] {
                let proof = vec![Digest([7; 32]); length];
                let (old, new) = (TreeHead { size: old, root }, TreeHead { size: new, root });
                assert_eq!(verify_consistency(old, new, &proof).is_ok(), old == new && length == 0);
                assert!(verify_inclusion(LeafHash([1; 32]), old.size, &proof, new).is_err());
                assert!(verify_inclusion(LeafHash([1; 32]), old.size - 1, &proof, new).is_err());
            }
            let _ = inclusion_proof(&Subtrees::default(), old, new);
            let _ = consistency_proof(&Subtrees::default(), old, new);
        }
    }
}

/// All ways in which one proof may be harmed a little.
fn mutations(proof: &[Digest], bit: usize) -> Vec<Vec<Digest>> {
    let mut all = Vec::new();
    for at in 0..proof.len() {
        let mut flipped = proof.to_vec();
        flipped[at].0[bit / 8] ^= 1 << (bit % 8);
        all.push(flipped);
        let mut short = proof.to_vec();
        short.remove(at);
        all.push(short);
        let mut doubled = proof.to_vec();
        doubled.insert(at, proof[at]);
        all.push(doubled);
        if at > 0 && proof[at] != proof[at - 1] {
            let mut swapped = proof.to_vec();
            swapped.swap(at, at - 1);
            all.push(swapped);
        }
    }
    let mut long = proof.to_vec();
    long.push(Digest([0; 32]));
    all.push(long);
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn proofs_made_verify_and_mutated_ones_do_not(
        (old, size, index) in (1u64..400).prop_flat_map(|size| (1..=size, Just(size), 0..size)),
        bit in 0usize..256
    ) {
        let leaves = leaves(size);
        let subtrees: Subtrees = leaves.iter().copied().collect();
        let (leaf, head) = (leaves[index as usize], head(&leaves));
        prop_assert_eq!(subtrees.frontier().head(), head);

        let proof = inclusion_proof(&subtrees, index, size).unwrap();
        prop_assert_eq!(verify_inclusion(leaf, index, &proof, head), Ok(()));
        for mutated in mutations(&proof, bit) {
            prop_assert!(verify_inclusion(leaf, index, &mutated, head).is_err());
        }
        let mut other = leaf;
        other.0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_inclusion(other, index, &proof, head).is_err());

        let old_head = self::head(&leaves[..old as usize]);
        let proof = consistency_proof(&subtrees, old, size).unwrap();
        prop_assert_eq!(verify_consistency(old_head, head, &proof), Ok(()));
        for mutated in mutations(&proof, bit) {
            prop_assert!(verify_consistency(old_head, head, &mutated).is_err());
        }
        for turn_old in [true, false] {
            let (mut old_head, mut new_head) = (old_head, head);
            let turned = if turn_old { &mut old_head } else { &mut new_head };
            turned.root.0[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(verify_consistency(old_head, new_head, &proof).is_err());
        }
    }
}
