//! All tests, counted.

mod tally;

use crate::check::{Outcome, run_static};
use crate::contracts;
use crate::interop;
use crate::npm;
use crate::run::{lines, title};
use crate::sdk;
use crate::workspace::cargo;
use anyhow::Result;
use std::path::Path;
use tally::Tally;

/// Runs what `check` looks at, the tests of the contracts and of the reader in TypeScript, and every test of
/// the workspace. Ends with one line on stdout,
/// `N passed, N failed, N skipped`, summed over all test programs. A test that prints a line beginning with
/// `skipped: ` counts as skipped, not as passed. True when nothing failed and, with `no_skips`, nothing was
/// skipped.
///
/// The fuzz targets run here as plain tests: `crates/*/tests/fuzz_*.rs` hand mutated seeds to the same
/// bodies.
pub fn run(root: &Path, no_skips: bool) -> Result<bool> {
    let mut checks = run_static(root)?;
    let mut tally = Tally::default();
    match npm::absent(root) {
        Some(why) => checks.skipped.push(why),
        None => {
            if !contracts::run(root, &mut |line| tally.read(line))? {
                checks.failed.push("contracts".to_owned());
            }
            if !contracts::wallets(root)? {
                checks.failed.push("wallets".to_owned());
            }
            if !contracts::provider(root)? {
                checks.failed.push("provider".to_owned());
            }
            if !sdk::run(root, &mut |line| tally.read(line))? {
                checks.failed.push("sdk".to_owned());
            }
        }
    }
    // What is absent then skips its test, which is counted there.
    if !interop::run(root)? {
        checks.failed.push("interop".to_owned());
    }
    title("all tests");
    let exited_0 =
        lines(cargo(root).args(["test", "--workspace", "--no-fail-fast", "--", "--show-output"]), |line| {
            println!("{line}");
            tally.read(line);
        })?;
    if !exited_0 && tally.failed == 0 {
        eprintln!("error: a test program did not build or ended before it had counted");
        tally.failed = 1;
    }
    let conclusion = conclude(&checks, &tally, no_skips);
    conclusion.notes.iter().for_each(|note| eprintln!("{note}"));
    println!("{}", conclusion.closing);
    Ok(conclusion.fine)
}

/// What is said at the end.
struct Conclusion {
    notes: Vec<String>,
    closing: String,
    fine: bool,
}

fn conclude(checks: &Outcome, tally: &Tally, no_skips: bool) -> Conclusion {
    let mut notes: Vec<String> =
        checks.failed.iter().chain(&tally.failed_names).map(|name| format!("failed: {name}")).collect();
    let skips = checks.skipped.iter().chain(&tally.skipped_lines);
    notes.extend(skips.map(|skip| format!("skipped: {skip}")));
    let skipped = checks.skipped.len() + tally.skipped;
    let refused = no_skips && skipped > 0;
    if refused {
        notes.push(format!("error: `--no-skips` was asked for, and {skipped} were skipped"));
    }
    let closing = format!("{} passed, {} failed, {skipped} skipped", tally.passed, tally.failed);
    Conclusion { notes, closing, fine: checks.failed.is_empty() && tally.failed == 0 && !refused }
}

#[cfg(test)]
mod tests;
