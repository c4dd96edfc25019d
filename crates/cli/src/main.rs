//! `lockstep`: ledgers in folders, keys in files, packs that anybody can re-check.

mod arguments;
mod commands;
mod demo;
mod deployments;
mod desk;
mod endpoints;
mod fault;
mod folder;
mod key;
mod os;
mod out;
mod party;
mod records;
mod report;
mod sending;
mod server;
mod shell;
mod signed_in;
mod submissions;
mod words;

use clap::{FromArgMatches, Parser};
use commands::Command;
use fault::Fault;
use key::passphrase::{Keyring, PassphraseArgs};
use out::Out;
use shell::Shell;
use std::path::PathBuf;
use std::process::ExitCode;

/// What is made on one thread is freed on another (docs/decisions/2026-11-26-allocator.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Coordination between institutions that do not trust one another: every step signed, checked against a
/// policy, and provable from one file.
///
/// Data goes to stdout, everything else to stderr. Exit code 0: yes. 1: no (refused, failed). 2: could not
/// tell.
#[derive(Parser)]
#[command(name = "lockstep", version, propagate_version = true)]
pub struct Cli {
    /// One JSON object on stdout in place of text
    #[arg(long, global = true)]
    json: bool,
    /// Where this machine remembers the heads of its ledgers [default: `$XDG_STATE_HOME/lockstep`]
    #[arg(long, global = true, value_name = "DIR")]
    state: Option<PathBuf>,
    #[command(flatten)]
    passphrases: PassphraseArgs,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    os::without_huge_pages();
    let matches = arguments::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let out = Out { json: cli.json };
    let run = || -> anyhow::Result<u8> {
        let mut shell = Shell { out, keyring: Keyring::new(&cli.passphrases)?, state: cli.state };
        commands::run(&mut shell, cli.command)
    };
    match run() {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let fault = Fault::of(&error);
            out.fault(&fault);
            ExitCode::from(fault.exit_code())
        }
    }
}
