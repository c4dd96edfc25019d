//! What comes from the npm registry: exactly what a folder's `package-lock.json` names.

use crate::run::succeeds;
use anyhow::Result;
use std::path::Path;
use std::process::{Command, Stdio};

/// Fetches what a folder's `package-lock.json` names, and nothing else. True when it is there.
///
/// # Errors
/// When `npm` cannot be started.
pub fn install(folder: &Path) -> Result<bool> {
    succeeds(npm(folder).args(["ci", "--no-audit", "--no-fund"]).stdout(Stdio::null()))
}

/// Why nothing can come from npm here; nothing when it can.
pub fn absent(root: &Path) -> Option<String> {
    let version = npm(root).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let there = version.is_ok_and(|status| status.success());
    (!there).then(|| "contracts, wallets, sdk: `npm` is absent: install Node 20 or later".to_owned())
}

/// `npm` in a folder.
pub fn npm(folder: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder);
    command
}
