//! `lockstep chain`: chains that obey a ledger.

mod accounts;
mod collect;
mod deploy;
mod deposit;
mod dev;
mod guard;
mod hand_over;
mod predict;
mod rotate;
mod serve;
mod sign;
mod wanted;

use crate::shell::Shell;
use anyhow::Result;
use clap::Subcommand;

/// What to do with chains.
#[derive(Debug, Clone, Subcommand)]
pub enum ChainCommand {
    /// Serve a development chain on this machine, for wallets and tools: JSON-RPC over HTTP, in memory, until
    /// Ctrl-C
    Dev(dev::DevArgs),
    /// Tell where the next contracts of an account will stand: a policy names its Gate before it is there
    Predict(predict::Predict),
    /// Put a ledger's contracts on a chain, and read back what stands there
    #[command(subcommand)]
    Deploy(deploy::Deploy),
    /// Give a token's roles to its Gate, and see that nobody else keeps one. Exit code 1: somebody does
    HandOverToken(hand_over::HandOver),
    /// Put tokens into the Escrow for a case, from the account of their holder: a redemption begins with that
    Deposit(deposit::DepositArgs),
    /// Sign a declaration to a contract with a co-signer's key: one line of JSON, to be handed around
    #[command(subcommand)]
    Sign(sign::Sign),
    /// Bring signatures under one declaration together, and print the unsigned transaction
    Collect(collect::Collect),
    /// Print the unsigned transactions that show a rotation of co-signers to an Anchor
    Rotate(rotate::Rotate),
}

/// Runs the command.
pub fn run(shell: &mut Shell, command: &ChainCommand) -> Result<u8> {
    match command {
        ChainCommand::Dev(args) => dev::run(shell.out, args),
        ChainCommand::Predict(args) => predict::run(shell, args),
        ChainCommand::Deploy(command) => deploy::run(shell, command),
        ChainCommand::Deposit(args) => deposit::run(shell, args),
        ChainCommand::HandOverToken(args) => hand_over::run(shell, args),
        ChainCommand::Sign(command) => sign::run(shell, command),
        ChainCommand::Rotate(args) => rotate::run(shell, args),
        ChainCommand::Collect(args) => collect::run(shell, args),
    }
}
