//! `docs/cli.md`: what the program itself says of its command line.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The reference, printed by the program.
pub fn files(root: &Path) -> Result<Vec<(PathBuf, String)>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root).args(["run", "--quiet", "--package", "lockstep-cli", "--", "docs"]);
    let output = command.output().context("run `lockstep docs`")?;
    if !output.status.success() {
        bail!("`lockstep docs` ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(vec![(PathBuf::from("docs/cli.md"), String::from_utf8(output.stdout)?)])
}
