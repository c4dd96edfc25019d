//! Long runs with faults.

use crate::run::{succeeds, title};
use crate::workspace::cargo;
use anyhow::Result;
use std::path::Path;

/// The program that injects faults; it prints the seed of a failure and the command that replays it.
pub const FAULTS: [&str; 7] = ["run", "--release", "--package", "lockstep-sim", "--bin", "faults", "--"];

/// The program whose processes faults and measures play with; it lies beside the one that plays.
pub const PLAYED: [&str; 6] = ["build", "--release", "--package", "lockstep-cli", "--bin", "lockstep"];

/// Hands `arguments` to the program; true when it found nothing wrong.
pub fn run(root: &Path, arguments: &[String]) -> Result<bool> {
    title("faults");
    if arguments.first().is_some_and(|what| what == "network") && !succeeds(cargo(root).args(PLAYED))? {
        return Ok(false);
    }
    succeeds(cargo(root).args(FAULTS).args(arguments))
}
