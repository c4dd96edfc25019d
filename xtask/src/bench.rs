//! Measures. The program that takes them prints one JSON object a line; here it is checked and shown.

use crate::faults::PLAYED;
use crate::npm::install;
use crate::run::{lines, shown, succeeds, title};
use crate::workspace::cargo;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::path::Path;

/// The program that measures; it takes the name of a measure, or `all`, and `--json`.
pub const BENCH: [&str; 7] = ["run", "--release", "--package", "lockstep-sim", "--bin", "bench", "--"];

/// Measures that run a server and co-signers as processes of the program.
const WITH_PROCESSES: [&str; 4] = ["all", "peers", "soak", "storm"];

/// The workflow that cases are measured beside, and the name under which the measure is told its folder.
const PEER: (&str, &str) = ("peers/restate", "LOCKSTEP_PEERS");

/// One line of the answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Measure {
    measure: String,
    value: f64,
    unit: String,
    /// What it is compared with, measured in the same run.
    yardstick: String,
    ratio: Option<f64>,
    goal: String,
    met: bool,
}

/// Runs the measures; true when every goal is met. Without an answer it cannot tell.
pub fn run(root: &Path, (name, minutes): (&str, u32), json: bool) -> Result<bool> {
    title(&format!("bench {name}"));
    if !prepared(root, name)? {
        return Ok(false);
    }
    let mut measures: Vec<Result<Measure>> = Vec::new();
    let mut command = cargo(root);
    command.args(BENCH).args([name, "--json", "--minutes", &minutes.to_string()]);
    command.env(PEER.1, root.join(PEER.0));
    let exited_0 = lines(&mut command, |line| {
        let measure = parse(line);
        match &measure {
            Ok(measure) if !json => println!("{}", row(measure)),
            _ => println!("{line}"),
        }
        measures.push(measure);
    })?;
    if !exited_0 {
        bail!("`{}` did not end well", shown(&command));
    }
    if measures.is_empty() {
        bail!("`{}` measured nothing", shown(&command));
    }
    let measures = measures.into_iter().collect::<Result<Vec<_>>>()?;
    let missed: Vec<&str> = measures.iter().filter(|m| !m.met).map(|m| m.measure.as_str()).collect();
    match missed.as_slice() {
        [] => eprintln!("bench: all {} goals met", measures.len()),
        missed => eprintln!("bench: not met: {}", missed.join(", ")),
    }
    Ok(missed.is_empty())
}

/// Builds and fetches what a measure runs beside itself; false when that fails.
fn prepared(root: &Path, name: &str) -> Result<bool> {
    if WITH_PROCESSES.contains(&name) && !succeeds(cargo(root).args(PLAYED))? {
        return Ok(false);
    }
    if name != "peers" {
        return Ok(true);
    }
    let folder = root.join(PEER.0);
    let target = folder.join("target");
    let mut workflow = cargo(&folder);
    workflow.args(["build", "--release", "--locked", "--target-dir"]).arg(target);
    Ok(install(&folder)? && succeeds(&mut workflow)?)
}

fn parse(line: &str) -> Result<Measure> {
    serde_json::from_str(line).with_context(|| format!("`{line}` is not a measure"))
}

fn row(measure: &Measure) -> String {
    let Measure { measure, value, unit, yardstick, ratio, goal, met } = measure;
    let ratio = ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.3}"));
    let verdict = if *met { "met" } else { "NOT MET" };
    format!(
        "{measure:<32} {value:>14.3} {unit:<14} ratio {ratio:>8} to {yardstick:<40} goal {goal:<20} {verdict}"
    )
}

#[cfg(test)]
mod tests;
