//! `lockstep chain`: chains that obey a ledger.

mod accounts;
mod collect;
mod dev;
mod guard;
mod serve;
mod sign;

use crate::shell::Shell;
use anyhow::Result;
use clap::Subcommand;

/// What to do with chains.
#[derive(Debug, Clone, Subcommand)]
pub enum ChainCommand {
    /// Serve a development chain on this machine, for wallets and tools: JSON-RPC over HTTP, in memory, until
    /// Ctrl-C
    Dev(dev::DevArgs),
    /// Sign a declaration to a contract with a co-signer's key: one line of JSON, to be handed around
    #[command(subcommand)]
    Sign(sign::Sign),
    /// Bring signatures under one declaration together, and print the unsigned transaction
    Collect(collect::Collect),
}

/// Runs the command.
pub fn run(shell: &mut Shell, command: &ChainCommand) -> Result<u8> {
    match command {
        ChainCommand::Dev(args) => dev::run(shell.out, args),
        ChainCommand::Sign(command) => sign::run(shell, command),
        ChainCommand::Collect(args) => collect::run(shell, args),
    }
}
