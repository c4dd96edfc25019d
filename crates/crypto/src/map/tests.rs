use super::*;
use lockstep_types::{Digest, canonical};
use proptest::prelude::*;

type Entries = BTreeMap<MapKey, [u8; 32]>;

/// `specs/state-map.md`, word for word, over the whole map.
fn reference_root(entries: &[(MapKey, [u8; 32])], depth: u16) -> [u8; 32] {
    match entries {
        [] => [0; 32],
        [(key, value_hash)] => sha256(&[&[0], &key.0[..], value_hash].concat()),
        _ => {
            let is_one = |key: &MapKey| key.0[usize::from(depth / 8)] >> (7 - depth % 8) & 1 == 1;
            let (ones, zeros): (Vec<_>, Vec<_>) = entries.iter().copied().partition(|(key, _)| is_one(key));
            let (left, right) = (reference_root(&zeros, depth + 1), reference_root(&ones, depth + 1));
            sha256(&[&[1], &left[..], &right].concat())
        }
    }
}

fn root_of(entries: &Entries) -> RootHash {
    let entries: Vec<_> = entries.iter().map(|(key, value)| (*key, *value)).collect();
    RootHash(reference_root(&entries, 0))
}

/// A map as a store would keep it.
#[derive(Default)]
struct Kept {
    root: RootHash,
    nodes: BTreeMap<NodeAt, MapNode>,
}

impl Kept {
    fn enter(&mut self, changes: &Entries) -> usize {
        let (root, nodes) = update(self.root, &self.nodes, changes).unwrap();
        let written = nodes.len();
        self.root = root;
        self.nodes.extend(nodes);
        written
    }
}

/// Every node under the root, from the entries alone: what a store should hold in the end, no more and no
/// less.
fn expected_nodes(entries: &[(MapKey, [u8; 32])], at: NodeAt, nodes: &mut BTreeMap<NodeAt, MapNode>) {
    let (depth, prefix) = at;
    match entries {
        [] => {}
        [(key, value_hash)] => {
            nodes.insert(at, MapNode::Leaf { key: *key, value_hash: *value_hash });
        }
        _ => {
            let (ones, zeros): (Vec<_>, Vec<_>) =
                entries.iter().copied().partition(|(key, _)| bit(&key.0, depth));
            let right = with_bit(prefix, depth);
            let hashes = (reference_root(&zeros, depth + 1), reference_root(&ones, depth + 1));
            nodes.insert(at, MapNode::Inner { left: hashes.0, right: hashes.1 });
            expected_nodes(&zeros, (depth + 1, prefix), nodes);
            expected_nodes(&ones, (depth + 1, right), nodes);
        }
    }
}

/// Keys of which many share long beginnings: a few stems, cut anywhere, and another end.
fn key() -> impl Strategy<Value = MapKey> {
    let stem = prop_oneof![Just([0u8; 32]), Just([0xff; 32]), Just([0x5a; 32]), any::<[u8; 32]>()];
    (stem, 0u16..=256, any::<[u8; 32]>()).prop_map(|(stem, shared, end)| {
        let mut key = prefix_of(&MapKey(stem), shared);
        for depth in shared..256 {
            if bit(&end, depth) {
                key = with_bit(key, depth);
            }
        }
        MapKey(key)
    })
}

fn entries(count: usize) -> impl Strategy<Value = Entries> {
    prop::collection::btree_map(key(), any::<[u8; 32]>(), 0..count)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn batches_in_any_cut_give_the_map_of_one_rebuild(batches in prop::collection::vec(entries(24), 0..8)) {
        let (mut kept, mut all) = (Kept::default(), Entries::new());
        for batch in &batches {
            kept.enter(batch);
            all.extend(batch);
            prop_assert_eq!(kept.root, root_of(&all));
        }
        let mut rebuilt = Kept::default();
        rebuilt.enter(&all);
        prop_assert_eq!(rebuilt.root, kept.root);
        prop_assert_eq!(&rebuilt.nodes, &kept.nodes);
        let mut expected = BTreeMap::new();
        let entries: Vec<_> = all.iter().map(|(key, value)| (*key, *value)).collect();
        expected_nodes(&entries, (0, EMPTY), &mut expected);
        prop_assert_eq!(kept.nodes, expected);
        // Entering the same again writes nothing.
        prop_assert_eq!(rebuilt.enter(&all), 0);
    }

    #[test]
    fn presence_and_absence_are_proved_and_mutated_proofs_refused(
        all in entries(24), absent in prop::collection::vec(key(), 4), turn in 0usize..256, other: [u8; 32]
    ) {
        let mut kept = Kept::default();
        kept.enter(&all);
        for key in all.keys().chain(&absent) {
            let value = all.get(key).copied();
            let proof = prove(kept.root, &kept.nodes, key).unwrap();
            prop_assert!(canonical::is_canonical(&proof));
            prop_assert_eq!(proof.verify(kept.root, key, value), Ok(()));
            // Another value, presence for absence, absence for presence.
            prop_assert!(proof.verify(kept.root, key, Some(other)).is_err() || value == Some(other));
            prop_assert!(proof.verify(kept.root, key, None).is_err() || value.is_none());
            let mut other_root = kept.root;
            other_root.0[turn / 8] ^= 1 << (turn % 8);
            prop_assert!(proof.verify(other_root, key, value).is_err());
            for mutated in mutations(&proof, turn) {
                prop_assert!(mutated.verify(kept.root, key, value).is_err(), "{:?} of {:?}", mutated, proof);
            }
        }
    }
}

/// All ways in which one proof may be harmed a little, except those that leave it as it was.
fn mutations(proof: &MapProof, bit: usize) -> Vec<MapProof> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut MapProof)| {
        let mut mutated = proof.clone();
        change(&mut mutated);
        if mutated != *proof {
            all.push(mutated);
        }
    };
    let turn = |hash: &mut [u8; 32]| hash[bit / 8] ^= 1 << (bit % 8);
    // A few places of a long path are enough: each is harmed in some run.
    let places = proof.siblings.len();
    for at in (0..places).skip(bit % (places / 8).max(1)).step_by((places / 8).max(1)) {
        with(&|it| turn(&mut it.siblings[at].0));
        with(&|it| {
            it.siblings.remove(at);
        });
        with(&|it| it.siblings.insert(at, it.siblings[at]));
        with(&|it| it.siblings.swap(at, at.saturating_sub(1)));
    }
    with(&|it| it.siblings.push(Digest([0; 32])));
    with(&|it| it.siblings.resize(257, Digest([0; 32])));
    with(&|it| it.end = MapEnd::Nothing);
    with(&|it| match &mut it.end {
        MapEnd::Leaf { key, .. } => turn(&mut key.0),
        MapEnd::Nothing => it.end = MapEnd::Leaf { key: MapKey([0; 32]), value_hash: Digest([0; 32]) },
    });
    with(&|it| {
        if let MapEnd::Leaf { value_hash, .. } = &mut it.end {
            turn(&mut value_hash.0);
        }
    });
    all
}

fn key_of(first: u8) -> MapKey {
    let mut key = [0; 32];
    key[0] = first;
    MapKey(key)
}

fn three() -> Kept {
    let mut kept = Kept::default();
    kept.enter(&[(0x20, 1), (0x80, 2), (0xc0, 3)].map(|(key, value)| (key_of(key), [value; 32])).into());
    kept
}

#[test]
fn the_empty_map_and_the_map_of_one() {
    let mut kept = Kept::default();
    assert_eq!(kept.root, RootHash(EMPTY));
    let proof = prove(kept.root, &kept.nodes, &key_of(7)).unwrap();
    assert_eq!(proof, MapProof { end: MapEnd::Nothing, siblings: vec![] });
    assert_eq!(proof.verify(kept.root, &key_of(7), None), Ok(()));
    assert_eq!(kept.enter(&Entries::new()), 0);

    kept.enter(&[(key_of(7), [1; 32])].into());
    let leaf = MapNode::Leaf { key: key_of(7), value_hash: [1; 32] };
    assert_eq!(kept.root.0, leaf.hash());
    assert_eq!(kept.nodes, [((0, EMPTY), leaf)].into());
}

#[test]
fn a_leaf_stands_where_its_key_parts_from_all_others() {
    let depths = |kept: &Kept| -> Vec<_> {
        kept.nodes
            .iter()
            .filter_map(|((depth, _), node)| match node {
                MapNode::Leaf { key, .. } => Some((key.0[0], *depth)),
                MapNode::Inner { .. } => None,
            })
            .collect()
    };
    let mut kept = three();
    assert_eq!(depths(&kept), [(0x20, 1), (0x80, 2), (0xc0, 2)]);
    // A newcomer pushes the leaf on its path down to where they part, whatever the distance.
    let mut near = key_of(0x20);
    near.0[31] = 1;
    kept.enter(&[(near, [4; 32])].into());
    assert_eq!(depths(&kept), [(0x80, 2), (0xc0, 2), (0x20, 256), (0x20, 256)]);
    let proof = prove(kept.root, &kept.nodes, &near).unwrap();
    assert_eq!(proof.siblings.len(), 256);
    assert_eq!(proof.verify(kept.root, &near, Some([4; 32])), Ok(()));
}

#[test]
fn nodes_that_are_not_those_of_the_root_are_refused_before_they_are_used() {
    let changes: Entries = [(key_of(0x90), [9; 32])].into();
    let on_the_way = |(depth, prefix): &NodeAt| prefix_of(&key_of(0x90), *depth) == *prefix;
    let places: Vec<_> = three().nodes.into_keys().filter(on_the_way).collect();
    assert_eq!(places.len(), 3);
    for at in places {
        let mut missing = three();
        missing.nodes.remove(&at);
        let expected = MapError::MissingNode { depth: at.0, prefix: at.1 };
        assert_eq!(update(missing.root, &missing.nodes, &changes), Err(expected.clone()));
        assert_eq!(prove(missing.root, &missing.nodes, &key_of(0x90)), Err(expected));

        let mut other = three();
        let node = MapNode::Leaf { key: key_of(0x90), value_hash: [9; 32] };
        other.nodes.insert(at, node);
        let refused = update(other.root, &other.nodes, &changes);
        let Err(MapError::OtherNode { depth, found, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!((depth, found.0), (at.0, node.hash()));
        assert!(prove(other.root, &other.nodes, &key_of(0x90)).is_err());
    }
}

#[test]
fn proof_errors_come_in_their_order() {
    let kept = three();
    let key = key_of(0x80);
    let good = prove(kept.root, &kept.nodes, &key).unwrap();
    let mut deep = good.clone();
    deep.siblings.resize(257, Digest([0; 32]));
    assert_eq!(deep.verify(kept.root, &key, None), Err(MapProofError::TooDeep { found: 257 }));
    assert_eq!(
        good.verify(kept.root, &key_of(0x20), None),
        Err(MapProofError::OffPath { key: key_of(0x20), found: key, depth: 2 })
    );
    let two = Digest([2; 32]);
    assert_eq!(
        good.verify(RootHash(EMPTY), &key, None),
        Err(MapProofError::Value { key, expected: None, found: Some(two) })
    );
    let refused = good.verify(RootHash(EMPTY), &key, Some([2; 32])).unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!("the path leads to root `{}`, expected `{}`", kept.root, RootHash(EMPTY))
    );
    let absent = good.verify(kept.root, &key_of(0x90), Some([2; 32])).unwrap_err();
    assert_eq!(
        absent.to_string(),
        format!("the proof shows no entry for key `{}`, expected value hash `{}`", key_of(0x90), two)
    );
}

/// Whatever is done to the bytes of a proof, they are refused as they are read or as they are checked.
#[test]
fn no_byte_of_a_written_proof_can_be_changed() {
    let kept = three();
    for (key, value) in [(key_of(0x80), Some([2; 32])), (key_of(0x90), None)] {
        let bytes = canonical::to_vec(&prove(kept.root, &kept.nodes, &key).unwrap()).unwrap();
        for at in 0..bytes.len() {
            for byte in *b"0f1\"{}[],: \\\0\xff" {
                let mut changed = bytes.clone();
                changed[at] = byte;
                if changed == bytes {
                    continue;
                }
                if let Ok(proof) = canonical::from_slice::<MapProof>(&changed, changed.len()) {
                    assert!(
                        proof.verify(kept.root, &key, value).is_err(),
                        "{}",
                        String::from_utf8_lossy(&changed)
                    );
                }
            }
        }
    }
}

#[test]
fn a_node_has_one_spelling() {
    for node in three().nodes.values() {
        let bytes = node.to_bytes();
        assert_eq!(MapNode::from_bytes(&bytes), Some(*node));
        assert_eq!(node.hash(), sha256(&bytes));
        assert_eq!(MapNode::from_bytes(&bytes[..64]), None);
        assert_eq!(MapNode::from_bytes(&[&bytes[..], &[0]].concat()), None);
        let mut other_tag = bytes;
        other_tag[0] = 2;
        assert_eq!(MapNode::from_bytes(&other_tag), None);
    }
    assert_eq!(MapNode::from_bytes(&[]), None);
}

#[test]
fn bits_are_counted_from_the_most_significant() {
    let key = MapKey([0b1010_0000; 32]);
    let bits: Vec<_> = (0..10).map(|depth| u8::from(bit(&key.0, depth))).collect();
    assert_eq!(bits, [1, 0, 1, 0, 0, 0, 0, 0, 1, 0]);
    assert_eq!(prefix_of(&key, 0), [0; 32]);
    assert_eq!(prefix_of(&key, 256), key.0);
    for depth in 0..=256u16 {
        let naive = (0..depth).filter(|at| bit(&key.0, *at)).fold([0; 32], with_bit);
        assert_eq!(prefix_of(&key, depth), naive, "depth {depth}");
    }
}

/// A batch hashes what it shares once: entering 256 neighbours costs far less than 256 paths.
#[test]
fn a_batch_shares_the_work_on_common_paths() {
    let spread = |i: u64| MapKey(sha256(&i.to_be_bytes()));
    let mut kept = Kept::default();
    kept.enter(&(0..4096).map(|i| (spread(i), [1; 32])).collect());
    let changes: Entries = (0..256).map(|i| (spread(i), [2; 32])).collect();
    let together = update(kept.root, &kept.nodes, &changes).unwrap().1.len();
    let alone: usize = changes
        .iter()
        .map(|(key, value)| update(kept.root, &kept.nodes, &[(*key, *value)].into()).unwrap().1.len())
        .sum();
    assert!(together * 2 < alone, "{together} nodes together, {alone} alone");
}
