//! How commands send: from which account, under a journal, for how much, and what is waited for.

use crate::endpoints::EndpointArgs;
use crate::key::KeyRef;
use crate::key::sender::Sender;
use crate::shell::Shell;
use crate::submissions::JournalFile;
use crate::words;
use anyhow::Result;
use clap::{Args, ValueEnum};
use lockstep_chain::submit::journal::Book;
use lockstep_chain::submit::{Limits, SignHash, SubmitError, Until};
use lockstep_chain::{Account, Rpc, Submitter};
use std::time::Duration;

const WEI_IN_GWEI: u128 = 1_000_000_000;
/// Blocks without a transaction after which it is offered for more.
const STUCK_BLOCKS: u64 = 4;
/// Pause between two looks at the chain.
const PAUSE: Duration = Duration::from_secs(2);

/// For how much, and how long.
#[derive(Debug, Clone, Args)]
pub struct SendingArgs {
    /// Most that is offered for a unit of gas
    #[arg(long, value_name = "N", default_value_t = 100)]
    max_fee_gwei: u32,
    /// What is waited for
    #[arg(long, value_name = "WHAT", default_value = "final")]
    until: Wanted,
    /// How long; the same command later goes on with what is on its way
    #[arg(long, value_name = "DURATION", default_value = "30m")]
    patience: String,
}

/// From which account, or only printed.
#[derive(Debug, Clone, Args)]
pub struct FromArgs {
    #[command(flatten)]
    pub endpoints: EndpointArgs,
    /// The account that sends and pays: a key of suite `eip712`, in a file or behind `exec:PROGRAM`
    #[arg(long = "as", value_name = "KEY", required_unless_present = "print_tx")]
    pub key: Option<KeyRef>,
    #[command(flatten)]
    pub sending: SendingArgs,
    /// Print what is to be sent, unsigned, and send nothing
    #[arg(long, conflicts_with = "key")]
    pub print_tx: bool,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Wanted {
    /// The transactions are in blocks
    Mined,
    /// These blocks will not be replaced
    Final,
}

impl SendingArgs {
    /// When a transaction counts as done.
    pub fn until(&self) -> Until {
        if self.until == Wanted::Final { Until::Final } else { Until::Mined }
    }

    /// The same, as programs read it.
    pub fn until_shown(&self) -> &'static str {
        if self.until == Wanted::Final { "final" } else { "mined" }
    }

    fn limits(&self) -> Result<Limits> {
        Ok(Limits {
            fee_cap: u128::from(self.max_fee_gwei).saturating_mul(WEI_IN_GWEI),
            stuck_blocks: STUCK_BLOCKS,
            pause: PAUSE,
            patience: Duration::from_millis(words::duration_ms(&self.patience)?),
        })
    }
}

/// An account with its journal, and the chain that it sends to.
pub struct Desk {
    sender: Sender,
    journal: JournalFile,
    rpc: Rpc,
}

impl Desk {
    /// Opens key and journal, and connects; endpoints are held to what was final when this machine last
    /// looked.
    pub fn open(shell: &mut Shell, key: &KeyRef, at: (u64, &EndpointArgs)) -> Result<Self> {
        let (chain_id, endpoints) = at;
        let sender = Sender::new(shell.keyring.open(key)?)?;
        let account = sender.account();
        let journal = JournalFile::open(shell.state.as_deref(), chain_id, account)?;
        let kept = Book::read(&journal, chain_id, account);
        let kept = kept.map_err(|what| SubmitError::Journal { account, what })?;
        let rpc = endpoints.connect_after(chain_id, kept.settled)?;
        shell.out.note(format!("note: answers of the chain rest on {}", rpc.rests_on()));
        Ok(Self { sender, journal, rpc })
    }

    /// Who sends and pays.
    pub fn account(&self) -> Account {
        self.sender.account()
    }

    /// The chain.
    pub const fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    /// Where what was sent is kept.
    pub fn journal_path(&self) -> String {
        self.journal.path().display().to_string()
    }

    /// What sends, and the chain to read.
    pub fn parts(&mut self, args: &SendingArgs) -> Result<(Submitter<'_>, &Rpc)> {
        let submitter = Submitter::open((&self.rpc, &self.sender), &mut self.journal, args.limits()?)?;
        Ok((submitter, &self.rpc))
    }
}
