//! Fuzzing with coverage feedback on the stable compiler: `-C passes=sancov-module` needs no nightly, and the
//! pure crates have no unsafe code for an address sanitizer to look into.

use crate::run::{succeeds, title};
use crate::workspace::cargo;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What libFuzzer needs to see: edges, a table of them, and the operands of comparisons.
const COVERAGE: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];

/// Longest input that libFuzzer makes, in bytes.
const INPUT_BYTES_MAX: usize = 65_536;

/// Fuzzes one target, or all of them one after the other; true when nothing broke.
pub fn run(root: &Path, name: &str, seconds: u64) -> Result<bool> {
    let targets = targets(root)?;
    let chosen: Vec<&String> = targets.iter().filter(|target| name == "all" || *target == name).collect();
    if chosen.is_empty() {
        bail!("no fuzz target `{name}`\nhint: there are {}", targets.join(", "));
    }
    let host = host()?;
    let mut broken = Vec::new();
    for target in chosen {
        title(&format!("fuzz {target} for {seconds} s"));
        if !succeeds(&mut build(root, target, &host))? {
            bail!("the fuzz target `{target}` does not build\nhint: libFuzzer needs a C++ compiler");
        }
        if !succeeds(&mut fuzzer(root, target, &host, seconds)?)? {
            broken.push(target.as_str());
        }
    }
    if !broken.is_empty() {
        eprintln!("fuzz: broken: {}; the input is in fuzz/artifacts", broken.join(", "));
    }
    Ok(broken.is_empty())
}

fn targets(root: &Path) -> Result<Vec<String>> {
    let folder = root.join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("read folder `{}`", folder.display()))? {
        let path = entry?.path();
        names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

/// The triple of this machine. Named explicitly, it keeps the instrumentation out of build scripts and
/// macros.
fn host() -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().context("run `rustc -vV`")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("`rustc -vV` names no host")
}

fn target_folder(root: &Path) -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root.join(folder).join("fuzz"),
        None => root.join("fuzz/target"),
    }
}

fn build(root: &Path, target: &str, host: &str) -> Command {
    let mut command = cargo(&root.join("fuzz"));
    command.args(["build", "--release", "--target", host, "--bin", target]);
    command.env("CARGO_ENCODED_RUSTFLAGS", COVERAGE.join("\u{1f}"));
    command.env("CARGO_TARGET_DIR", target_folder(root));
    command
}

fn fuzzer(root: &Path, target: &str, host: &str, seconds: u64) -> Result<Command> {
    let fuzz = root.join("fuzz");
    let (corpus, seeds) = (fuzz.join("corpus").join(target), fuzz.join("seeds").join(target));
    let artifacts = fuzz.join("artifacts").join(target);
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&artifacts)?;
    let mut command = Command::new(target_folder(root).join(host).join("release").join(target));
    command.current_dir(&fuzz).arg(corpus);
    if seeds.is_dir() {
        command.arg(seeds);
    }
    command.arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-max_len={INPUT_BYTES_MAX}"));
    command.arg(format!("-artifact_prefix={}/", artifacts.display()));
    command.arg("-print_final_stats=1");
    Ok(command)
}
