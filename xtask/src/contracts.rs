//! What comes from npm: the tools of the contracts, whose tests run in forge, and wallets for tests.

use crate::run::{lines, succeeds, title};
use anyhow::Result;
use std::path::Path;
use std::process::{Command, Stdio};

/// Tests, artifacts, figures and form of the contracts; each line of stdout goes to `on_line` too. True when
/// all is as it should be.
///
/// # Errors
/// When a program cannot be started.
pub fn run(root: &Path, on_line: &mut dyn FnMut(&str)) -> Result<bool> {
    title("contracts");
    let folder = root.join("contracts");
    if !install(&folder)? {
        return Ok(false);
    }
    lines(npm(&folder).args(["run", "--silent", "check"]), |line| {
        println!("{line}");
        on_line(line);
    })
}

/// Puts the wallets into place that the tests of `lockstep chain dev` use. True when they are there.
///
/// # Errors
/// As [`run`].
pub fn wallets(root: &Path) -> Result<bool> {
    title("wallets");
    install(&root.join("crates/cli/tests/wallets"))
}

/// Fetches what a folder's `package-lock.json` names, and nothing else.
fn install(folder: &Path) -> Result<bool> {
    succeeds(npm(folder).args(["ci", "--no-audit", "--no-fund"]).stdout(Stdio::null()))
}

/// Why nothing can come from npm here; nothing when it can.
pub fn absent(root: &Path) -> Option<String> {
    let version = npm(root).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let there = version.is_ok_and(|status| status.success());
    (!there).then(|| "contracts, wallets: `npm` is absent: install Node 20 or later".to_owned())
}

fn npm(folder: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder);
    command
}
