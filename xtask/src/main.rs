//! `cargo xtask`: the one menu for whoever works on this repository.
//!
//! Data goes to stdout, progress to stderr. Exit 0 yes, 1 no, 2 could not tell.

mod bench;
mod check;
mod commands;
mod contracts;
mod dist;
mod faults;
mod files;
mod finding;
mod fuzz;
mod generate;
mod interop;
mod layers;
mod licences;
mod npm;
mod outside;
mod run;
mod sdk;
mod test_run;
mod tidy;
mod workspace;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The one menu for whoever works on this repository")]
struct Menu {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// What stands before a commit: form, lints, unit tests of the pure crates, tidy, layers, licences,
    /// commands in documents, generated files
    Check,
    /// Everything: what `check` looks at, and all tests of the workspace
    Test {
        /// Fail when a test was skipped because a program or `../shared` is absent
        #[arg(long)]
        no_skips: bool,
    },
    /// The limits of the written style: lengths, names, words, machine paths, clippy.toml of pure crates
    Tidy,
    /// Dependencies point strictly down, pure crates stay pure
    Layers,
    /// The licence of everything that is linked, and its line in docs/dependencies.md
    Licences,
    /// Every `lockstep …` in documents, units and compose files is a command that exists
    Commands,
    /// Make a release: archive, image, bill of materials, checksums
    Dist(dist::Dist),
    /// Alert rules, units and dependencies, as far as promtool, systemd and cargo-deny are installed
    Outside,
    /// Write the generated files
    Gen {
        /// Compare instead of writing
        #[arg(long)]
        check: bool,
    },
    /// Measure, against a yardstick of the same run
    Bench {
        /// A measure, or `all` (which leaves out `soak` and `peers`)
        name: String,
        /// One JSON object a line: measure, value, unit, yardstick, ratio, goal, met
        #[arg(long)]
        json: bool,
        /// How long `soak` lasts
        #[arg(long, default_value_t = 60)]
        minutes: u32,
    },
    /// Tests, artifacts, gas and form of the contracts; needs Node
    Contracts,
    /// Build and test the reader in TypeScript; needs Node
    Sdk,
    /// Hand changed packs of every kind to both readers, and compare what they say; needs Node
    Agree {
        /// How many packs
        #[arg(long, default_value_t = 10_000)]
        mutations: u64,
        /// Where the generator begins
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Put readers of others into place, for tests of logs and envelopes; needs Python and a network
    Interop,
    /// Long runs with faults: the simulator over many seeds, and processes killed under load
    Faults {
        /// Handed to the program that injects the faults
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Fuzz one decoder with coverage feedback; needs a C++ compiler
    Fuzz {
        /// A target of fuzz/fuzz_targets, or `all`
        name: String,
        /// How long, for each target
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
}

fn main() -> ExitCode {
    match answer(Menu::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn answer(command: Command) -> Result<bool> {
    let root = workspace::root()?;
    match command {
        Command::Check => check::run(&root),
        Command::Test { no_skips } => test_run::run(&root, no_skips),
        Command::Tidy => finding::report("tidy", &tidy::run(&root)?),
        Command::Layers => finding::report("layers", &layers::run(&root)?),
        Command::Licences => finding::report("licences", &licences::run(&root)?),
        Command::Commands => finding::report("commands", &commands::run(&root)?),
        Command::Outside => outside::run(&root),
        Command::Dist(args) => dist::run(&root, &args),
        Command::Gen { check: true } => finding::report("generated files", &generate::compare(&root)?),
        Command::Gen { check: false } => generate::write(&root),
        Command::Bench { name, json, minutes } => bench::run(&root, (&name, minutes), json),
        Command::Contracts => contracts::run(&root, &mut |_| {}),
        Command::Sdk => sdk::run(&root, &mut |_| {}),
        Command::Agree { mutations, seed } => sdk::agree(&root, mutations, seed),
        Command::Interop => interop::run(&root),
        Command::Faults { arguments } => faults::run(&root, &arguments),
        Command::Fuzz { name, seconds } => fuzz::run(&root, &name, seconds),
    }
}
