//! The reader and the client in TypeScript: their tests, their weight, and whether the reader says what the
//! one in Rust says.

use crate::npm::{install, npm};
use crate::run::{lines, succeeds, title};
use crate::workspace::cargo;
use anyhow::Result;
use std::env;
use std::path::{Path, PathBuf};

/// The example that compares the two readers.
const AGREE: [&str; 6] = ["run", "--release", "--package", "lockstep-pack", "--example", "agree"];

fn folder(root: &Path) -> PathBuf {
    root.join("sdk/typescript")
}

/// The program whose server the client's tests ask, as Cargo builds it.
fn program(root: &Path) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
    target.join("debug").join(format!("lockstep{}", env::consts::EXE_SUFFIX))
}

/// Builds the package and the program that its client talks to, and runs its tests; each line of stdout goes
/// to `on_line` too. True when all is as it should be.
///
/// # Errors
/// When a program cannot be started.
pub fn run(root: &Path, on_line: &mut dyn FnMut(&str)) -> Result<bool> {
    title("sdk");
    let folder = folder(root);
    if !install(&folder)? || !succeeds(cargo(root).args(["build", "--package", "lockstep-cli"]))? {
        return Ok(false);
    }
    // `npm test` builds before it tests.
    let mut tests = npm(&folder);
    tests.args(["test", "--silent"]).env("NODE_OPTIONS", "--test-reporter=tap");
    let tested = lines(tests.env("LOCKSTEP_BIN", program(root)), |line| {
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
