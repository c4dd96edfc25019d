//! Files that are written by a program, committed, and compared.
//!
//! To add one: a function `fn(&Path) -> Result<Vec<(PathBuf, String)>>` and its line in [`GENERATORS`].

mod command_line;
mod crate_graph;

use crate::finding::Finding;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// From the root of the repository to paths below it, with their content.
type Generator = fn(&Path) -> Result<Vec<(PathBuf, String)>>;

const GENERATORS: [(&str, Generator); 2] =
    [("the graph of crates", crate_graph::files), ("the reference of the command line", command_line::files)];

/// Writes all generated files.
pub fn write(root: &Path) -> Result<bool> {
    for (what, generator) in GENERATORS {
        for (path, text) in generator(root).with_context(|| format!("generate {what}"))? {
            let target = root.join(&path);
            if let Some(folder) = target.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(&target, text).with_context(|| format!("write `{}`", path.display()))?;
            println!("{}", path.display());
        }
    }
    Ok(true)
}

/// Findings where a generated file differs from what would be written.
pub fn compare(root: &Path) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for (what, generator) in GENERATORS {
        for (path, text) in generator(root).with_context(|| format!("generate {what}"))? {
            let committed = fs::read_to_string(root.join(&path)).unwrap_or_default();
            found.extend(difference(&path, &committed, &text));
        }
    }
    Ok(found)
}

fn difference(path: &Path, committed: &str, generated: &str) -> Option<Finding> {
    if committed == generated {
        return None;
    }
    let same = committed.lines().zip(generated.lines()).take_while(|(a, b)| a == b).count();
    let text = "differs from what is generated: run `cargo xtask gen`".to_owned();
    let path = path.to_string_lossy().replace('\\', "/");
    Some(Finding { line: same + 1, ..Finding::of_file(&path, "generated", text) })
}

#[cfg(test)]
mod tests;
