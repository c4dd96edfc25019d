//! Measures. The program that takes them prints one JSON object a line; here it is checked and shown.

use crate::run::{lines, shown, title};
use crate::workspace::cargo;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::path::Path;

/// The program that measures; it takes the name of a measure, or `all`, and `--json`.
pub const BENCH: [&str; 7] = ["run", "--release", "--package", "lockstep-sim", "--bin", "bench", "--"];

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
pub fn run(root: &Path, name: &str, json: bool) -> Result<bool> {
    title(&format!("bench {name}"));
    let mut measures: Vec<Result<Measure>> = Vec::new();
    let mut command = cargo(root);
    command.args(BENCH).args([name, "--json"]);
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
