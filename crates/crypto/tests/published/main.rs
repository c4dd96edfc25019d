//! Vectors that others published: Wycheproof, CCTV, and the proofs of transparency-dev's merkle tests.

mod cctv;
mod merkle;
mod wycheproof;

use serde_json::Value;
use std::path::PathBuf;

/// A file or folder of the shared data; `None`, said out loud, where it is not laid beside the repository.
fn shared(path: &str) -> Option<PathBuf> {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    if root.is_dir() {
        return Some(root.join(path));
    }
    #[expect(clippy::disallowed_macros, reason = "a test that checks nothing has to say so")]
    {
        eprintln!("skipped: ../shared/data is absent");
    }
    None
}

fn json(path: &PathBuf) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("`{field}` is missing"))
}

fn bytes(value: &Value, field: &str) -> Vec<u8> {
    hex::decode(text(value, field)).unwrap()
}
