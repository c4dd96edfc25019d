//! The contracts: their tools come from npm, their tests run in forge.

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
    if !succeeds(npm(root).args(["ci", "--no-audit", "--no-fund"]).stdout(Stdio::null()))? {
        return Ok(false);
    }
    lines(npm(root).args(["run", "--silent", "check"]), |line| {
        println!("{line}");
        on_line(line);
    })
}

/// Why the contracts cannot be looked at here; nothing when they can.
pub fn absent(root: &Path) -> Option<String> {
    let version = npm(root).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let there = version.is_ok_and(|status| status.success());
    (!there).then(|| "contracts: `npm` is absent: install Node 20 or later".to_owned())
}

fn npm(root: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(root.join("contracts"));
    command
}
