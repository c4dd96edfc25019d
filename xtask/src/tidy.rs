//! The limits of the written style that rustc and clippy do not check.
//!
//! What is found is an error unless `xtask/tidy-exceptions.toml` lists it with a reason; an exception that
//! excuses nothing is an error too, so that the list only shrinks.

mod exceptions;
mod glossary;
mod lines;
mod pure;
mod syntax;

use crate::files::{self, SourceFile};
use crate::finding::Finding;
use anyhow::Result;
use std::path::Path;

/// Longest function, from `fn` to its closing brace.
pub const FUNCTION_LINES_MAX: usize = 70;
/// Longest Rust file, tests not counted.
pub const FILE_LINES_MAX: usize = 600;
/// Widest line of code, in characters.
pub const COLUMNS_MAX: usize = 110;
/// Most parameters of a function, `self` not counted.
pub const PARAMETERS_MAX: usize = 4;
/// Most type parameters of a function or type.
pub const TYPE_PARAMETERS_MAX: usize = 2;

/// Everything that is found below `root` and not excused.
pub fn run(root: &Path) -> Result<Vec<Finding>> {
    let files = files::read(root)?;
    let mut found = findings(&files)?;
    let listed = files.iter().find(|file| file.path == exceptions::PATH);
    found = exceptions::excuse(found, listed.map_or("", |file| &file.text))?;
    found.sort();
    Ok(found)
}

fn findings(files: &[SourceFile]) -> Result<Vec<Finding>> {
    let refused = glossary::refused_names(files);
    let mut found = Vec::new();
    for file in files {
        found.extend(lines::check(file));
        if file.path.ends_with(".rs") {
            found.extend(syntax::check(file, &refused));
        }
    }
    found.extend(pure::check(files)?);
    Ok(found)
}

#[cfg(test)]
mod tests;
