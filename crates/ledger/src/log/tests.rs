use super::*;
use crate::record::{Leaf, Tag};
use lockstep_crypto::tree::{self, Frontier, Hashes as _, Subtrees, TreeHead};
use lockstep_types::{LeafHash, RootHash, Time, sha256};
use proptest::prelude::*;
use std::collections::BTreeMap;

type Files = BTreeMap<String, Vec<u8>>;

fn leaves(count: u64) -> Vec<Leaf> {
    (0..count)
        .map(|n| Leaf { tag: Tag::Record, time: Time::from_ms(n).unwrap(), digest: sha256(&n.to_be_bytes()) })
        .collect()
}

fn write(files: &mut Files, written: Vec<(TilePath, Vec<u8>)>) {
    for (path, bytes) in written {
        files.insert(path.to_string(), bytes);
    }
}

fn root(leaves: &[Leaf]) -> RootHash {
    tree::root_of(&leaves.iter().map(Leaf::hash).collect::<Vec<LeafHash>>())
}

fn reader(files: &Files, size: u64) -> TileHashes<impl Fn(&TilePath) -> Option<Vec<u8>>> {
    TileHashes::new(size, |path| files.get(&path.to_string()).cloned())
}

#[test]
fn paths_are_those_of_c2sp() {
    let hashes = |level, index, width| TilePath::new(TileKind::Hashes(level), index, width).unwrap();
    let entries = |index, width| TilePath::new(TileKind::Entries, index, width).unwrap();
    let cases = [
        (hashes(0, 1_234_067, 256), "tile/0/x001/x234/067"),
        (hashes(0, 0, 256), "tile/0/000"),
        (hashes(0, 999, 256), "tile/0/999"),
        (hashes(0, 1_000, 256), "tile/0/x001/000"),
        (hashes(1, 1, 17), "tile/1/001.p/17"),
        (hashes(63, 0, 1), "tile/63/000.p/1"),
        (entries(273, 112), "tile/entries/273.p/112"),
        (entries(u64::MAX, 255), "tile/entries/x018/x446/x744/x073/x709/x551/615.p/255"),
    ];
    for (path, text) in cases {
        assert_eq!(path.to_string(), text);
        assert_eq!(text.parse(), Ok(path));
    }
    let (level, width) = (TileKind::Hashes(64), TileKind::Entries);
    assert_eq!(TilePath::new(level, 0, 1), Err(PathError::Level { found: 64 }));
    assert_eq!(TilePath::new(width, 0, 0), Err(PathError::Width { found: 0 }));
    assert_eq!(TilePath::new(width, 0, 257), Err(PathError::Width { found: 257 }));
}

#[test]
fn other_texts_of_a_path_are_refused() {
    let texts = [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/1",
        "tile/0/01",
        "tile/0/0001",
        "tile/00/001",
        "tile/+0/001",
        "tile/64/000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p/1.p/1",
        "tile/entries/000/",
        "/tile/0/000",
        "tile/0/../000",
        "tile/0/000 ",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
    ];
    for text in texts {
        assert!(matches!(text.parse::<TilePath>(), Err(PathError::Text { .. })), "{text}");
    }
}

/// The example of c2sp.org/tlog-tiles.
#[test]
fn a_log_of_70000_has_the_tiles_that_the_specification_counts() {
    let all = leaves(70_000);
    let mut files = Files::new();
    write(&mut files, TileWriter::new().append(&all));
    let count = |prefix: &str, full: bool| {
        files.keys().filter(|path| path.starts_with(prefix) && path.contains(".p/") != full).count()
    };
    assert_eq!((count("tile/0/", true), count("tile/0/", false)), (273, 1));
    assert_eq!((count("tile/1/", true), count("tile/1/", false)), (1, 1));
    assert_eq!((count("tile/2/", true), count("tile/2/", false)), (0, 1));
    assert_eq!((count("tile/entries/", true), count("tile/entries/", false)), (273, 1));
    assert_eq!(files.len(), 273 + 1 + 2 + 1 + 274);
    for path in ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1", "tile/entries/273.p/112"] {
        assert!(files.contains_key(path), "{path}");
    }
    assert!(files.iter().filter(|(path, _)| !path.contains("entries")).all(|(path, bytes)| {
        let width = path.rsplit_once(".p/").map_or(256, |(_, width)| width.parse().unwrap());
        bytes.len() == 32 * width
    }));
    assert_eq!(log_root(&reader(&files, 70_000), 70_000), Some(root(&all)));
    // An older size, whose partial tiles were never written, is read from the full ones.
    assert_eq!(log_root(&reader(&files, 65_537), 65_537), Some(root(&all[..65_537])));
}

#[test]
fn a_log_of_256_has_one_full_tile_and_one_of_width_one() {
    let paths: Vec<String> =
        TileWriter::new().append(&leaves(256)).iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(paths, ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]);
}

#[test]
fn an_empty_batch_writes_nothing() {
    let mut writer = TileWriter::new();
    assert!(writer.append(&[]).is_empty());
    writer.append(&leaves(300));
    assert!(writer.append(&[]).is_empty());
}

#[test]
fn the_root_of_an_empty_log_is_that_of_rfc_6962() {
    assert_eq!(log_root(&reader(&Files::new(), 0), 0), Some(Frontier::new().root()));
}

#[test]
fn a_missing_or_short_tile_is_named() {
    let mut files = Files::new();
    write(&mut files, TileWriter::new().append(&leaves(300)));
    let resume = |files: &Files| {
        TileWriter::resume(300, |path| files.get(&path.to_string()).cloned())
            .map(drop)
            .map_err(|e| e.to_string())
    };
    assert_eq!(resume(&files), Ok(()));
    for path in ["tile/entries/001.p/44", "tile/0/001.p/44", "tile/1/000.p/1"] {
        let mut cut = files.clone();
        cut.remove(path);
        assert_eq!(resume(&cut), Err(format!("the tile `{path}` is missing")));
        assert_eq!(log_root(&reader(&cut, 300), 300).is_none(), path != "tile/entries/001.p/44");
        let mut short = files.clone();
        short.get_mut(path).unwrap().truncate(31);
        assert!(resume(&short).is_err(), "{path}");
    }
    let mut short = files.clone();
    short.get_mut("tile/entries/001.p/44").unwrap().truncate(43 * 43);
    assert_eq!(
        resume(&short),
        Err("the tile `tile/entries/001.p/44` has 1849 bytes: expected 1892 at least".into())
    );
}

#[test]
fn a_changed_hash_in_a_tile_fails_the_proof_made_of_it() {
    let all = leaves(600);
    let mut files = Files::new();
    write(&mut files, TileWriter::new().append(&all));
    let head = TreeHead { size: 600, root: root(&all) };
    let proof = tree::inclusion_proof(&reader(&files, 600), 5, 600).unwrap();
    assert!(tree::verify_inclusion(all[5].hash(), 5, &proof, head).is_ok());
    files.get_mut("tile/0/000").unwrap()[32 * 4] ^= 1;
    let forged = tree::inclusion_proof(&reader(&files, 600), 5, 600).unwrap();
    assert!(tree::verify_inclusion(all[5].hash(), 5, &forged, head).is_err());
}

#[test]
fn bundles_hold_what_they_were_made_of_and_nothing_else() {
    let three = leaves(3);
    let bytes = bundle_encode(&three);
    assert_eq!(bytes.len(), 3 * 43);
    assert_eq!(bytes[..2], [0, 41]);
    assert_eq!(bundle_decode(&bytes), Ok(three));
    assert_eq!(bundle_decode(&[]), Ok(vec![]));
    assert_eq!(bundle_decode(&bytes[..44]), Err(BundleError::CutOff { entry: 1 }));
    assert_eq!(bundle_decode(&bytes[..85]), Err(BundleError::CutOff { entry: 1 }));
    assert!(matches!(bundle_decode(&[0, 0]), Err(BundleError::Leaf { entry: 0, .. })));
    assert_eq!(bundle_decode(&bundle_encode(&leaves(256))).unwrap().len(), 256);
    assert_eq!(bundle_decode(&bundle_encode(&leaves(257))), Err(BundleError::TooMany));
}

#[test]
fn a_head_is_three_lines() {
    let origin = origin(&"acme".parse().unwrap(), &[0xab; 32]);
    assert_eq!(origin, format!("acme/{}", "ab".repeat(32)));
    let head = LogHead::new(&origin, 20, RootHash([1; 32])).unwrap();
    let text = format!("{origin}\n20\nAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n");
    assert_eq!(head.to_string(), text);
    assert_eq!(text.parse(), Ok(head));
    let example = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let read: LogHead = example.parse().unwrap();
    assert_eq!((read.size(), read.to_string().as_str()), (20_852_163, example));
}

#[test]
fn texts_that_are_no_head_are_refused_in_the_order_of_the_checks() {
    let root = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    let refused = |text: &str| text.parse::<LogHead>().unwrap_err();
    for text in ["", "\n", "a\n1\n", &format!("a\n1\n{root}"), &format!("a\n1\n{root}\nmore\n")] {
        assert_eq!(refused(text), HeadError::Lines, "{text:?}");
    }
    assert!(matches!(refused(&format!("\n1\n{root}\n")), HeadError::Origin { .. }));
    assert!(matches!(refused(&format!("a\tb\n1\n{root}\n")), HeadError::Origin { .. }));
    for size in ["", "01", "-1", "+1", "1.0", "18446744073709551616", "1099511627777", " 1"] {
        assert!(matches!(refused(&format!("a\n{size}\n{root}\n")), HeadError::Size { .. }), "{size}");
    }
    // Unpadded, one byte short, and with bits after the last byte.
    for root in [root.trim_end_matches('='), "AQEB", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQF="] {
        assert!(matches!(refused(&format!("a\n1\n{root}\n")), HeadError::Root { .. }), "{root}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// In whatever batches a log grows, and wherever its writer starts afresh: the tiles give the frontier's
    /// root, and every proof made of them holds.
    #[test]
    fn tiles_read_back_give_the_root(
        batches in prop::collection::vec((0..400usize, any::<bool>()), 1..6),
        pick in any::<prop::sample::Index>(),
    ) {
        let all = leaves(2_400);
        let (mut files, mut writer) = (Files::new(), TileWriter::new());
        let (mut frontier, mut subtrees) = (Frontier::new(), Subtrees::default());
        let mut before: Option<TreeHead> = None;
        for (count, restart) in batches {
            let from = usize::try_from(writer.size()).unwrap();
            let batch = &all[from..from + count];
            write(&mut files, writer.append(batch));
            batch.iter().for_each(|leaf| { frontier.push(leaf.hash()); subtrees.push(leaf.hash()); });
            let size = writer.size();
            if restart {
                let resumed = TileWriter::resume(size, |path| files.get(&path.to_string()).cloned()).unwrap();
                prop_assert_eq!(&resumed, &writer);
                writer = resumed;
            }
            let tiles = reader(&files, size);
            prop_assert_eq!(log_root(&tiles, size), Some(frontier.root()));
            if size == 0 { continue; }
            let index = u64::try_from(pick.index(from + count)).unwrap();
            let proof = tree::inclusion_proof(&tiles, index, size).unwrap();
            prop_assert_eq!(&proof, &tree::inclusion_proof(&subtrees, index, size).unwrap());
            let leaf = all[pick.index(from + count)].hash();
            prop_assert!(tree::verify_inclusion(leaf, index, &proof, frontier.head()).is_ok());
            if let Some(old) = before.filter(|old| old.size > 0) {
                let proof = tree::consistency_proof(&tiles, old.size, size).unwrap();
                prop_assert!(tree::verify_consistency(old, frontier.head(), &proof).is_ok());
            }
            before = Some(frontier.head());
        }
        let entries: Vec<Leaf> = (0..).map_while(|index| {
            let full = TilePath::new(TileKind::Entries, index, 256).unwrap().to_string();
            let width = u16::try_from(writer.size() % 256).unwrap();
            let partial = TilePath::new(TileKind::Entries, index, width.max(1)).unwrap().to_string();
            let last = index == writer.size() / 256;
            files.get(if last { &partial } else { &full }).map(|bytes| bundle_decode(bytes).unwrap())
        }).take(usize::try_from(writer.size().div_ceil(256)).unwrap()).flatten().collect();
        prop_assert_eq!(&entries[..], &all[..entries.len()]);
        prop_assert_eq!(u64::try_from(entries.len()).unwrap(), writer.size());
    }

    #[test]
    fn subtrees_beyond_the_size_are_not_known(size in 0..700u64, level in 0..70u8, index in any::<u64>()) {
        let mut files = Files::new();
        write(&mut files, TileWriter::new().append(&leaves(size)));
        let complete = u128::from(index).checked_add(1).and_then(|end| end.checked_shl(u32::from(level)));
        let known = level < 64 && complete.is_some_and(|end| end <= u128::from(size));
        prop_assert_eq!(reader(&files, size).node(level, index).is_some(), known);
        let near = index % 4;
        let known = level < 10 && (near + 1) << level <= size;
        prop_assert_eq!(reader(&files, size).node(level, near).is_some(), known);
    }

    #[test]
    fn arbitrary_bytes_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        text in "[a-z0-9/.x+]{0,40}",
    ) {
        if let Ok(leaves) = bundle_decode(&bytes) {
            prop_assert_eq!(bundle_encode(&leaves), bytes.clone());
        }
        if let Ok(path) = format!("tile/{text}").parse::<TilePath>() {
            prop_assert_eq!(path.to_string(), format!("tile/{text}"));
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Ok(head) = text.parse::<LogHead>() {
            prop_assert_eq!(head.to_string(), text);
        }
    }
}
