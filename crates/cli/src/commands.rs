//! The commands, one module each.

pub mod attest;
pub mod case;
pub mod chain;
pub mod connect;
pub mod cosign;
pub mod credential;
pub mod docs;
pub mod draft;
pub mod erase;
pub mod feed;
pub mod fsck;
pub mod govern;
pub mod init;
pub mod key;
mod log;
pub mod observe;
pub mod outcome;
mod pack;
pub mod policy;
pub mod reading;
pub mod serve;
pub mod sources;
pub mod verify;
mod waiting;
mod witness;

use crate::demo::{self, Demo};
use crate::folder::FolderArgs;
use crate::shell::Shell;
use anyhow::Result;
use clap::Subcommand;

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Play a whole business with made-up institutions
    #[command(subcommand)]
    Demo(Demo),
    /// Begin a ledger in a folder
    Init(init::Init),
    /// Make and look at keys
    #[command(subcommand)]
    Key(key::Key),
    /// Check, explain and test a policy's files
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Administer a ledger: every change is a case that several must agree to
    #[command(subcommand)]
    Govern(govern::Govern),
    /// Issue, revoke and list credentials
    #[command(subcommand)]
    Credential(credential::CredentialCommand),
    /// Open, show and list cases
    #[command(subcommand)]
    Case(case::CaseCommand),
    /// Take a step of a case, or refuse it
    Attest(attest::Attest),
    /// Take a step back, before the decision
    Withdraw(attest::Withdraw),
    /// Show what waits for you on a server: steps, and changes of the ledger
    Waiting(waiting::Waiting),
    /// Attest what a chain shows: token supply and executed outcomes
    Reading(reading::ReadingArgs),
    /// Read what a chain shows, and attest it: supply, executed outcomes, deposits
    Observe(observe::Observe),
    /// Let time pass: expire, enact and seal what is due
    Tick(FolderArgs),
    /// Take requests over HTTP: the appender as a service
    Serve(serve::Serve),
    /// Keep what partners push or leave on SFTP servers as drafts that wait for a signer, and tell partners
    /// by webhook what happens on a ledger
    Connect(connect::Connect),
    /// Follow a ledger from genesis, re-run every decision, and sign its head
    Cosign(cosign::Cosign),
    /// Compare what a log, its co-signers and its newest certificate have signed. Exit code 0: one history.
    /// 1: it rings, with both signed heads as evidence. 2: cannot tell, since somebody does not answer
    WitnessCheck(witness::WitnessCheck),
    /// Erase claims and evidence of a case in this folder, as governance has ordered
    Erase(erase::Erase),
    /// What decided cases unlock on chains
    #[command(subcommand)]
    Outcome(outcome::OutcomeCommand),
    /// Chains that obey a ledger
    #[command(subcommand)]
    Chain(chain::ChainCommand),
    /// Evidence packs
    #[command(subcommand)]
    Pack(pack::Pack),
    /// Trust files
    #[command(subcommand)]
    Trust(pack::TrustCommand),
    /// Re-check a pack. Exit code 0: verified. 1: failed. 2: cannot tell
    Verify(verify::Verify),
    /// Check a ledger's folder: bytes, records, tiles, map, certificates, signers' memories
    Fsck(fsck::Fsck),
    /// The files of a log, one's own or anybody else's
    #[command(subcommand)]
    Log(log::LogCommand),
    /// Read bank statements
    #[command(subcommand)]
    Statement(sources::Statement),
    /// Read bank messages
    #[command(subcommand)]
    Message(sources::Message),
    /// Claims that a bank message proposes, waiting for a signer
    #[command(subcommand)]
    Draft(draft::DraftCommand),
    /// Read prices that others put on a chain
    #[command(subcommand)]
    Feed(feed::Feed),
    /// Look a name or an address up on a sanctions list: exact matches only, this is no screening product
    Screen(sources::Screen),
    /// Print the reference of this command line
    #[command(hide = true)]
    Docs,
}

/// Runs a command; the exit code.
pub fn run(shell: &mut Shell, command: Command) -> Result<u8> {
    match command {
        Command::Demo(Demo::Stablecoin(mut args)) => {
            args.json = shell.out.json;
            demo::run(Demo::Stablecoin(args))
        }
        Command::Init(args) => init::run(shell, &args),
        Command::Key(command) => key::run(shell, &command),
        Command::Policy(command) => policy::run(shell, &command),
        Command::Govern(command) => govern::run(shell, &command),
        Command::Credential(command) => credential::run(shell, &command),
        Command::Case(command) => case::run(shell, &command),
        Command::Attest(args) => attest::run(shell, &args),
        Command::Withdraw(args) => attest::withdraw(shell, &args),
        Command::Waiting(args) => waiting::run(shell, &args),
        Command::Reading(args) => reading::run(shell, &args),
        Command::Observe(args) => observe::run(shell, &args),
        Command::Tick(args) => tick(shell, &args),
        Command::Serve(args) => serve::run(shell, &args),
        Command::Connect(args) => connect::run(shell, &args),
        Command::Cosign(args) => cosign::run(shell, &args),
        Command::WitnessCheck(args) => witness::run(shell, &args),
        Command::Erase(args) => erase::run(shell, &args),
        Command::Outcome(command) => outcome::run(shell, &command),
        Command::Chain(command) => chain::run(shell, &command),
        Command::Pack(command) => pack::export(shell, &command),
        Command::Trust(command) => pack::trust(shell, &command),
        Command::Verify(args) => verify::run(shell.out, &args),
        Command::Fsck(args) => fsck::run(shell, &args),
        Command::Log(command) => log::run(shell, &command),
        Command::Statement(command) => sources::statement(shell, &command),
        Command::Message(command) => sources::message(shell, &command),
        Command::Draft(command) => draft::run(shell, &command),
        Command::Feed(command) => feed::run(shell, &command),
        Command::Screen(args) => sources::screen(shell, &args),
        Command::Docs => docs::run(),
    }
}

fn tick(shell: &Shell, args: &FolderArgs) -> Result<u8> {
    let mut live = shell.live(&args.dir)?;
    let recorded = live.tick()?;
    let size = live.replica().ledger().size();
    shell.out.answer(&serde_json::json!({ "recorded": recorded, "size": size }), || {
        let what = if recorded { "what was due is on record" } else { "nothing was due" };
        format!("{what}; the ledger holds {size} records")
    })?;
    Ok(0)
}
