//! RFC 6962 proofs, good and bad.

use crate::{json, shared, text};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use lockstep_crypto::TreeHead;
use lockstep_crypto::tree::{verify_consistency, verify_inclusion};
use lockstep_types::{Digest, LeafHash, RootHash, sha256};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// A hash. Some vectors give a word instead ("WrongRoot"): its SHA-256 stands for it, so that the check
/// itself is reached. An empty one is refused, as our types do: they hold 32 bytes.
fn hash(text: &str) -> Option<[u8; 32]> {
    let bytes = BASE64_STANDARD.decode(text).unwrap();
    (!bytes.is_empty()).then(|| bytes.as_slice().try_into().unwrap_or_else(|_| sha256(&bytes)))
}

fn proof(case: &Value) -> Option<Vec<Digest>> {
    let hashes = case["proof"].as_array().map_or(&[][..], Vec::as_slice);
    hashes.iter().map(|one| hash(one.as_str().unwrap()).map(Digest)).collect()
}

fn head(case: &Value, size: &str, root: &str) -> Option<TreeHead> {
    Some(TreeHead { size: case[size].as_u64().unwrap(), root: RootHash(hash(text(case, root))?) })
}

/// True when the proof is read and holds.
fn inclusion_holds(case: &Value) -> Option<bool> {
    let leaf = LeafHash(hash(text(case, "leafHash"))?);
    let index = case["leafIdx"].as_u64().unwrap();
    Some(verify_inclusion(leaf, index, &proof(case)?, head(case, "treeSize", "root")?).is_ok())
}

fn consistency_holds(case: &Value) -> Option<bool> {
    let (old, new) = (head(case, "size1", "root1")?, head(case, "size2", "root2")?);
    Some(verify_consistency(old, new, &proof(case)?).is_ok())
}

fn check(folder: &str, holds: fn(&Value) -> Option<bool>) -> Option<(usize, usize)> {
    let mut found = Vec::new();
    files(&shared(folder)?, &mut found);
    let mut good = 0;
    for path in &found {
        let case = json(path);
        let expected = !case["wantErr"].as_bool().unwrap();
        assert_eq!(holds(&case).unwrap_or(false), expected, "{}", path.display());
        good += usize::from(expected);
    }
    Some((good, found.len() - good))
}

#[test]
fn inclusion_proofs() {
    let Some(counts) = check("vectors/merkle/inclusion", inclusion_holds) else { return };
    assert_eq!(counts, (6, 92), "good and bad vectors");
}

#[test]
fn consistency_proofs() {
    let Some(counts) = check("vectors/merkle/consistency", consistency_holds) else { return };
    assert_eq!(counts, (6, 92), "good and bad vectors");
}
