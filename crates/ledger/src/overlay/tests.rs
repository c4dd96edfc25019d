use super::*;
use proptest::prelude::*;

/// A store in memory that takes on written changes.
#[derive(Debug, Clone, Default)]
struct Memory(MapChanges);

impl MapStore for Memory {
    fn node(&self, depth: u16, prefix: &[u8; 32]) -> Option<MapNode> {
        self.0.nodes.get(&(depth, *prefix)).copied()
    }
    fn value(&self, key: &MapKey) -> Option<Vec<u8>> {
        self.0.values.get(key).cloned()
    }
}

fn entries(pairs: &[(u8, u8)]) -> BTreeMap<MapKey, Vec<u8>> {
    pairs.iter().map(|(key, value)| (MapKey(sha256(&[*key])), vec![*value])).collect()
}

#[test]
fn a_draft_changes_nothing_until_it_is_adopted() {
    let mut overlay = Overlay::new(());
    let values = entries(&[(1, 1), (2, 2)]);
    let (root, changes) = overlay.draft(RootHash::default(), &values).unwrap();
    assert_ne!(root, RootHash::default());
    assert!(overlay.changes().is_empty());
    assert_eq!(overlay.value(&MapKey(sha256(&[1]))), None);
    overlay.adopt(changes);
    assert_eq!(overlay.value(&MapKey(sha256(&[1]))), Some(vec![1]));
}

#[test]
fn a_store_without_the_nodes_of_the_root_is_an_error_and_no_empty_map() {
    let overlay = Overlay::new(());
    assert!(overlay.draft(RootHash([1; 32]), &entries(&[(1, 1)])).is_err());
}

#[test]
fn nodes_that_were_written_are_not_read_until_the_next_are_set_aside() {
    let mut overlay = Overlay::new(Memory::default());
    let (root, changes) = overlay.draft(RootHash::default(), &entries(&[(1, 1), (2, 2)])).unwrap();
    overlay.adopt(changes);
    let first = overlay.freeze().unwrap();
    overlay.written();
    // Nothing has come into this store: whoever reads from it finds no map.
    assert!(first.nodes.keys().all(|(depth, prefix)| overlay.own(*depth, prefix).is_some()));
    assert!(overlay.draft(root, &entries(&[(1, 3)])).is_ok());
    assert_eq!(overlay.value(&MapKey(sha256(&[1]))), None, "values are the store's");

    overlay.freeze().unwrap();
    assert!(overlay.draft(root, &entries(&[(1, 3)])).is_err());
    overlay.store.0.nodes.extend(first.nodes.clone());
    assert!(overlay.draft(root, &entries(&[(1, 3)])).is_ok());
}

/// Entries, and whether they are written afterwards.
fn batch() -> impl Strategy<Value = (Vec<(u8, u8)>, bool)> {
    (prop::collection::vec(any::<(u8, u8)>(), 1..6), any::<bool>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whenever changes are set aside, and later written down and forgotten, root, values and proofs are
    /// those of one map in memory.
    #[test]
    fn when_changes_are_written_makes_no_difference(
        batches in prop::collection::vec(batch(), 1..9),
    ) {
        let mut overlay = Overlay::new(Memory::default());
        let (mut root, mut all, mut aside) = (RootHash::default(), BTreeMap::new(), None);
        for (pairs, write) in batches {
            let values = entries(&pairs);
            all.extend(values.clone());
            let (next, changes) = overlay.draft(root, &values).unwrap();
            overlay.adopt(changes);
            root = next;
            match (write, aside.take()) {
                (false, before) => aside = before,
                (true, None) => aside = overlay.freeze(),
                (true, Some(before)) => {
                    prop_assert!(overlay.freeze().is_none(), "changes are set aside while others are");
                    overlay.store.0.nodes.extend(before.nodes.clone());
                    overlay.store.0.values.extend(before.values.clone());
                    overlay.written();
                }
            }
        }
        let (at_once, _) = Overlay::new(()).draft(RootHash::default(), &all).unwrap();
        prop_assert_eq!(root, at_once);
        for (key, value) in &all {
            prop_assert_eq!(overlay.value(key), Some(value.clone()));
            let proof = map::prove(root, &overlay, key).unwrap();
            prop_assert!(proof.verify(root, key, Some(sha256(value))).is_ok());
        }
    }
}
