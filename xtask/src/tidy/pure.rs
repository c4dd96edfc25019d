//! Pure crates say so to the compiler: the deny line in `lib.rs`, and a `clippy.toml` that forbids the rest.

use crate::files::SourceFile;
use crate::finding::Finding;
use crate::workspace::PURE_LAYER_MAX;
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use toml::{Table, Value};

/// The crate whose `clippy.toml` is the pattern of the others.
const PATTERN: &str = "crates/types";

/// Lints that every pure crate denies outside its tests.
const DENIED: [&str; 7] = [
    "clippy::unwrap_used",
    "clippy::expect_used",
    "clippy::indexing_slicing",
    "clippy::panic",
    "clippy::todo",
    "clippy::as_conversions",
    "clippy::float_arithmetic",
];

/// Findings in all pure crates.
pub fn check(files: &[SourceFile]) -> Result<Vec<Finding>> {
    let text = |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.as_str());
    let pattern = forbidden(text(&format!("{PATTERN}/clippy.toml")).unwrap_or(""), PATTERN)?;
    let mut found = Vec::new();
    for folder in pure_folders(files)? {
        let lib = format!("{folder}/src/lib.rs");
        found.extend(check_lib(&lib, text(&lib).unwrap_or("")));
        let clippy = format!("{folder}/clippy.toml");
        let ours = forbidden(text(&clippy).unwrap_or(""), &folder)?;
        found.extend(pattern.difference(&ours).map(|path| {
            let wanted = format!("a pure crate forbids `{path}`: copy the entry from {PATTERN}/clippy.toml");
            Finding { item: path.clone(), ..Finding::of_file(&clippy, "pure-clippy", wanted) }
        }));
    }
    Ok(found)
}

fn pure_folders(files: &[SourceFile]) -> Result<Vec<String>> {
    let mut folders = Vec::new();
    for file in files {
        let Some(folder) = file.path.strip_suffix("/Cargo.toml").filter(|f| f.starts_with("crates/")) else {
            continue;
        };
        let manifest: Table = toml::from_str(&file.text).with_context(|| format!("read `{}`", file.path))?;
        let layer = ["package", "metadata", "lockstep", "layer"]
            .iter()
            .try_fold(&Value::Table(manifest), |value, key| value.get(key))
            .and_then(Value::as_integer);
        if layer.is_some_and(|layer| layer <= i64::from(PURE_LAYER_MAX)) {
            folders.push(folder.to_owned());
        }
    }
    Ok(folders)
}

fn check_lib(path: &str, text: &str) -> Option<Finding> {
    let dense: String = text.split_whitespace().collect();
    let line = dense.split("#![").find(|attribute| attribute.starts_with("cfg_attr(not(test),deny("));
    let missing: Vec<&str> = DENIED.into_iter().filter(|lint| !line.unwrap_or("").contains(lint)).collect();
    if missing.is_empty() {
        return None;
    }
    let text = format!("a pure crate begins with `#![cfg_attr(not(test), deny(…))]`: {}", missing.join(", "));
    Some(Finding::of_file(path, "pure-deny", text))
}

/// All `path`s of the three lists. Those from outside `std` bind only the crates that can name them.
fn forbidden(text: &str, folder: &str) -> Result<BTreeSet<String>> {
    let table: Table = toml::from_str(text).with_context(|| format!("read `{folder}/clippy.toml`"))?;
    let lists = ["disallowed-methods", "disallowed-types", "disallowed-macros"];
    let entries = lists.iter().filter_map(|list| table.get(*list)?.as_array()).flatten();
    let path = |entry: &Value| entry.get("path").or(Some(entry))?.as_str().map(str::to_owned);
    Ok(entries.filter_map(path).filter(|path| path.starts_with("std::")).collect())
}
