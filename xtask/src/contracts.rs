//! What comes from npm: the tools of the contracts, whose tests run in forge; wallets, and a provider of
//! people, for tests.

use crate::npm::{install, npm};
use crate::run::{lines, title};
use anyhow::Result;
use std::path::Path;

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

/// Puts the provider of people into place that the tests of `lockstep login` use. True when it is there.
///
/// # Errors
/// As [`run`].
pub fn provider(root: &Path) -> Result<bool> {
    title("provider of people");
    install(&root.join("crates/cli/tests/provider"))
}

/// Puts the wallets into place that the tests of `lockstep chain dev` use. True when they are there.
///
/// # Errors
/// As [`run`].
pub fn wallets(root: &Path) -> Result<bool> {
    title("wallets");
    install(&root.join("crates/cli/tests/wallets"))
}
