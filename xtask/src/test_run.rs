//! All tests, counted.

mod tally;

use crate::check::{Outcome, run_static};
use crate::run::{lines, title};
use crate::workspace::cargo;
use anyhow::Result;
use std::path::Path;
use tally::Tally;

/// Runs what `check` looks at and every test of the workspace. Ends with one line on stdout,
/// `N passed, N failed, N skipped`, summed over all test programs. A test that prints a line beginning with
/// `skipped: ` counts as skipped, not as passed. True when nothing failed and, with `no_skips`, nothing was
/// skipped.
///
/// The fuzz targets run here as plain tests: `crates/*/tests/fuzz_*.rs` hand mutated seeds to the same
/// bodies.
pub fn run(root: &Path, no_skips: bool) -> Result<bool> {
    let checks = run_static(root)?;
    title("all tests");
    let mut tally = Tally::default();
    let exited_0 =
        lines(cargo(root).args(["test", "--workspace", "--no-fail-fast", "--", "--show-output"]), |line| {
            println!("{line}");
            tally.read(line);
        })?;
    if !exited_0 && tally.failed == 0 {
        eprintln!("error: a test program did not build or ended before it had counted");
        tally.failed = 1;
    }
    Ok(conclude(&checks, &tally, no_skips))
}

fn conclude(checks: &Outcome, tally: &Tally, no_skips: bool) -> bool {
    for name in &checks.failed {
        eprintln!("failed: {name}");
    }
    for skipped in checks.skipped.iter().chain(&tally.skipped_lines) {
        eprintln!("skipped: {skipped}");
    }
    let skipped = checks.skipped.len() + tally.skipped;
    let refused = no_skips && skipped > 0;
    if refused {
        eprintln!("error: `--no-skips` was asked for, and {skipped} were skipped");
    }
    println!("{} passed, {} failed, {skipped} skipped", tally.passed, tally.failed);
    checks.failed.is_empty() && tally.failed == 0 && !refused
}

#[cfg(test)]
mod tests;
