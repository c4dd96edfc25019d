//! What stands before a commit.

use crate::finding::{Finding, report};
use crate::run::{succeeds, title};
use crate::workspace::{cargo, members_metadata};
use crate::{commands, generate, layers, licences, outside, tidy};
use anyhow::Result;
use std::path::Path;
use std::process::{Command, Stdio};

/// A check of files alone.
type FileCheck = fn(&Path) -> Result<Vec<Finding>>;

const FILE_CHECKS: [(&str, FileCheck); 5] = [
    ("tidy", tidy::run),
    ("layers", layers::run),
    ("licences", licences::run),
    ("commands", commands::run),
    ("generated files", generate::compare),
];

/// What the parts that run no test have said.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Names of the checks that found something.
    pub failed: Vec<String>,
    /// What could not be looked at, and why.
    pub skipped: Vec<String>,
}

/// Everything but the slow tests; true when nothing was found.
pub fn run(root: &Path) -> Result<bool> {
    let mut outcome = run_static(root)?;
    outside::dependencies(root, &mut outcome)?;
    title("unit tests of the pure crates");
    if !succeeds(&mut pure_tests(root)?)? {
        outcome.failed.push("unit tests".to_owned());
    }
    for skipped in &outcome.skipped {
        eprintln!("skipped: {skipped}");
    }
    match outcome.failed.as_slice() {
        [] => eprintln!("check: fine"),
        failed => eprintln!("check: {} failed", failed.join(", ")),
    }
    Ok(outcome.failed.is_empty())
}

/// Files, form and lints. All of them run, so that one look shows everything.
pub fn run_static(root: &Path) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    for (name, check) in FILE_CHECKS {
        title(name);
        // One that cannot be run (a manifest that does not parse, say) has not said yes.
        let fine = match check(root) {
            Ok(found) => report(name, &found)?,
            Err(error) => {
                eprintln!("error: {error:#}");
                false
            }
        };
        if !fine {
            outcome.failed.push(name.to_owned());
        }
    }
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    for (component, arguments) in [("fmt", &["fmt", "--all", "--check"][..]), ("clippy", &clippy)] {
        title(component);
        if !is_installed(root, component) {
            outcome.skipped.push(format!("`cargo {component}` is absent: rustup component add {component}"));
        } else if !succeeds(cargo(root).args(arguments))? {
            outcome.failed.push(component.to_owned());
        }
    }
    outside::deploy(root, &mut outcome)?;
    Ok(outcome)
}

fn is_installed(root: &Path, component: &str) -> bool {
    let quiet = |command: &mut Command| command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet(cargo(root).args([component, "--version"])).is_ok_and(|status| status.success())
}

fn pure_tests(root: &Path) -> Result<Command> {
    let metadata = members_metadata(root)?;
    let mut command = cargo(root);
    command.args(["test", "--lib", "--no-fail-fast"]);
    for package in metadata.members().iter().filter(|package| package.is_pure()) {
        command.args(["--package", &package.name]);
    }
    Ok(command)
}
