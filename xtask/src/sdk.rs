//! The reader in TypeScript: its tests, its weight, and whether it says what the one in Rust says.

use crate::npm::{install, npm};
use crate::run::{lines, succeeds, title};
use crate::workspace::cargo;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// The example that compares the two readers.
const AGREE: [&str; 6] = ["run", "--release", "--package", "lockstep-pack", "--example", "agree"];

fn folder(root: &Path) -> PathBuf {
    root.join("sdk/typescript")
}

/// Builds the package, and runs its tests; each line of stdout goes to `on_line` too. True when all is as it
/// should be.
///
/// # Errors
/// When a program cannot be started.
pub fn run(root: &Path, on_line: &mut dyn FnMut(&str)) -> Result<bool> {
    title("sdk");
    let folder = folder(root);
    if !install(&folder)? {
        return Ok(false);
    }
    // `npm test` builds before it tests.
    let tested =
        lines(npm(&folder).args(["test", "--silent"]).env("NODE_OPTIONS", "--test-reporter=tap"), |line| {
            println!("{line}");
            on_line(line);
        })?;
    Ok(tested && succeeds(npm(&folder).args(["run", "--silent", "size"]))?)
}

/// Compares the two readers over so many changed packs; true when they say the same of all.
///
/// # Errors
/// As [`run`].
pub fn agree(root: &Path, mutations: u64, seed: u64) -> Result<bool> {
    title("agree");
    let folder = folder(root);
    if !install(&folder)? || !succeeds(npm(&folder).args(["run", "--silent", "build"]))? {
        return Ok(false);
    }
    let (reader, keep) = (folder.join("dist/test/agree.js"), root.join("target/agree"));
    let mut command = cargo(root);
    command.args(AGREE).arg("--").arg(reader).arg(keep);
    succeeds(command.args([mutations.to_string(), seed.to_string()]))
}
