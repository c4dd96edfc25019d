//! Where the files stand, and the generated part of a page: the first fence marked `text`.

use std::path::PathBuf;

const OPEN: &str = "```text\n";
const CLOSE: &str = "```\n";

pub fn vectors_path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors")).join(name).with_extension("json")
}

pub fn page_path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../specs")).join(name).with_extension("md")
}

/// The page with `example` in its first `text` fence.
pub fn with_example(page: &str, example: &str) -> String {
    let (before, rest) = page.split_once(OPEN).expect("the page has a fence marked `text`");
    let (_, after) = rest.split_once(CLOSE).expect("the fence is closed");
    [before, OPEN, example, CLOSE, after].concat()
}
