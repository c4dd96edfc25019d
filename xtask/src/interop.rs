//! Programs of others that read what we write, for tests of the command line: a client made of Cloudflare's
//! crates, and Python packages from PyPI. Versions and hashes are pinned beside the tests.

use crate::run::{succeeds, title};
use crate::workspace::cargo;
use anyhow::Result;
use std::path::Path;
use std::process::{Command, Stdio};

const TESTS: &str = "crates/cli/tests/interop";
/// Where packages of Python go, each list of them for itself.
const PYTHON: [(&str, &str); 2] =
    [("target/interop-python", "requirements.txt"), ("target/schemathesis", "schemathesis.txt")];

/// Puts everything into place; true when it is there.
///
/// # Errors
/// When a program cannot be started.
pub fn run(root: &Path) -> Result<bool> {
    title("interop");
    let azul = azul(root)?;
    let python = match absent(root) {
        Some(why) => {
            eprintln!("skipped: {why}");
            true
        }
        None => python(root)?,
    };
    Ok(azul && python)
}

/// Why nothing can come from PyPI here; nothing when it can.
pub fn absent(root: &Path) -> Option<String> {
    let mut command = Command::new("python3");
    command.current_dir(root).args(["-c", "import ensurepip, venv"]);
    let there = command.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    (!there).then(|| "interop: `python3` with `venv` is absent: install Python 3.10 or later".to_owned())
}

/// A crate of its own, built apart so that nothing of it is ever linked into ours.
fn azul(root: &Path) -> Result<bool> {
    let mut command = cargo(root);
    command.args(["build", "--quiet", "--locked", "--manifest-path"]).arg(format!("{TESTS}/azul/Cargo.toml"));
    succeeds(command.args(["--target-dir", "target/azul"]))
}

fn python(root: &Path) -> Result<bool> {
    for (place, list) in PYTHON {
        let mut made = Command::new("python3");
        if !succeeds(made.current_dir(root).args(["-m", "venv", place]))? {
            return Ok(false);
        }
        let mut pip = Command::new(root.join(place).join("bin/python"));
        pip.current_dir(root).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        if !succeeds(pip.args(["--require-hashes", "--requirement"]).arg(format!("{TESTS}/python/{list}")))? {
            return Ok(false);
        }
    }
    Ok(true)
}
