//! `lockstep chain`: chains that obey a ledger.

mod accounts;
mod dev;
mod guard;
mod serve;

use crate::shell::Shell;
use anyhow::Result;
use clap::Subcommand;

/// What to do with chains.
#[derive(Debug, Clone, Subcommand)]
pub enum ChainCommand {
    /// Serve a development chain on this machine, for wallets and tools: JSON-RPC over HTTP, in memory, until
    /// Ctrl-C
    Dev(dev::DevArgs),
}

/// Runs the command.
pub fn run(shell: &Shell, command: &ChainCommand) -> Result<u8> {
    match command {
        ChainCommand::Dev(args) => dev::run(shell.out, args),
    }
}
