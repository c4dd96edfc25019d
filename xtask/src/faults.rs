//! Long runs with faults.

use crate::run::{succeeds, title};
use crate::workspace::cargo;
use anyhow::Result;
use std::path::Path;

/// The program that injects faults; it prints the seed of a failure and the command that replays it.
pub const FAULTS: [&str; 7] = ["run", "--release", "--package", "lockstep-sim", "--bin", "faults", "--"];

/// Hands `arguments` to the program; true when it found nothing wrong.
pub fn run(root: &Path, arguments: &[String]) -> Result<bool> {
    title("faults");
    succeeds(cargo(root).args(FAULTS).args(arguments))
}
