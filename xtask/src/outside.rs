//! Programs of others that look at files of ours, where they are installed.

use crate::check::Outcome;
use crate::run::{succeeds, title};
use crate::workspace::cargo;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Units of systemd that are shipped.
pub const UNITS: [&str; 3] =
    ["lockstep-appender.service", "lockstep-connect.service", "lockstep-cosigner.service"];

/// All of them; true when none found anything. What was not there is told.
pub fn run(root: &Path) -> Result<bool> {
    let mut outcome = Outcome::default();
    deploy(root, &mut outcome)?;
    dependencies(root, &mut outcome)?;
    outcome.skipped.iter().for_each(|skipped| eprintln!("skipped: {skipped}"));
    outcome.failed.iter().for_each(|failed| eprintln!("failed: {failed}"));
    Ok(outcome.failed.is_empty())
}

/// Alert rules are played by promtool, units are read by systemd.
pub fn deploy(root: &Path, outcome: &mut Outcome) -> Result<()> {
    let folder = root.join("deploy");
    let mut promtool = Command::new("promtool");
    promtool.current_dir(&folder).args(["test", "rules", "alerts.test.yml"]);
    look(outcome, promtool, "install Debian's package prometheus")?;
    let mut systemd = Command::new("systemd-analyze");
    systemd.args(["verify", "--man=no"]).args(units(root)?);
    look(outcome, systemd, "install Debian's package systemd")
}

/// Licences, sources and doubled or forbidden crates, as `deny.toml` says. Advisories need their database,
/// which has to be fetched: `cargo deny check advisories` is for whoever can reach it.
pub fn dependencies(root: &Path, outcome: &mut Outcome) -> Result<()> {
    let mut command = cargo(root);
    command.args(["deny", "--offline", "check", "bans", "licenses", "sources"]);
    title("cargo-deny");
    let mut probe = cargo(root);
    if !answers(probe.args(["deny", "--version"])) {
        outcome.skipped.push("cargo-deny is absent: cargo install cargo-deny".to_owned());
    } else if !succeeds(&mut command)? {
        outcome.failed.push("cargo-deny".to_owned());
    }
    Ok(())
}

/// Runs a program if it is there.
fn look(outcome: &mut Outcome, mut command: Command, hint: &str) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    title(&name);
    if !answers(Command::new(&name).arg("--version")) {
        outcome.skipped.push(format!("{name} is absent: {hint}"));
    } else if !succeeds(&mut command)? {
        outcome.failed.push(name);
    }
    Ok(())
}

fn answers(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The units as systemd can read them here: it asks that the program which they start is installed, so
/// another one stands in its place.
fn units(root: &Path) -> Result<Vec<PathBuf>> {
    let folder = root.join("target/units");
    fs::create_dir_all(&folder).with_context(|| format!("make folder `{}`", folder.display()))?;
    let copy = |name: &&str| -> Result<PathBuf> {
        let text = fs::read_to_string(root.join("deploy").join(name)).context("read a unit")?;
        let lines = text.lines().map(|line| match line.split_once('=') {
            Some(("ExecStart", _)) => "ExecStart=/bin/true",
            _ => line,
        });
        let path = folder.join(name);
        fs::write(&path, lines.collect::<Vec<_>>().join("\n") + "\n").context("write a unit")?;
        Ok(path)
    };
    UNITS.iter().map(copy).collect()
}

#[cfg(test)]
mod tests;
