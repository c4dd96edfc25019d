//! `lockstep chain predict`: where contracts of an account will stand, before they are there.

use crate::endpoints::EndpointArgs;
use crate::key::{address_of, public_of};
use crate::shell::Shell;
use crate::submissions::JournalFile;
use anyhow::Result;
use clap::{Args, ValueEnum};
use lockstep_chain::deploy::escrow_of;
use lockstep_chain::submit::SubmitError;
use lockstep_chain::submit::journal::Book;
use lockstep_chain::{Account, Domain};
use lockstep_types::Address;
use serde_json::{Value, json};

/// Whose contracts, on which chain, in which order.
#[derive(Debug, Clone, Args)]
pub struct Predict {
    /// The contracts, in the order in which this account is going to create them, with no other transaction
    /// before or between [default: gate]
    #[arg(value_name = "CONTRACT")]
    contracts: Vec<Contract>,
    /// The account: an address, a public key file, a key file or `exec:PROGRAM`; nothing is signed
    #[arg(long = "as", value_name = "KEY")]
    key: String,
    /// The chain: its EIP-155 number
    #[arg(long, value_name = "NUMBER")]
    chain: u64,
    #[command(flatten)]
    endpoints: EndpointArgs,
}

/// A contract that an account creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Contract {
    /// Keeps certified roots
    Anchor,
    /// Executes outcomes; its Escrow comes with it
    Gate,
    /// The demonstration's token
    Token,
}

/// Where one will stand.
struct Place {
    contract: Contract,
    nonce: u64,
    at: Account,
}

/// Asks how far the account is, and tells.
pub fn run(shell: &Shell, args: &Predict) -> Result<u8> {
    let account = Account::from(address_of(&public_of(&args.key)?)?.0);
    let journal = JournalFile::open(shell.state.as_deref(), args.chain, account)?;
    let book = Book::read(&journal, args.chain, account);
    let book = book.map_err(|what| SubmitError::Journal { account, what })?;
    let rpc = args.endpoints.connect_after(args.chain, book.settled)?;
    let mined = rpc.nonce(&rpc.latest()?, account)?;
    let next = mined.max(rpc.nonce_pending(account)?).max(book.nonce_next());
    let contracts = if args.contracts.is_empty() { &[Contract::Gate][..] } else { &args.contracts };
    let place =
        |(nonce, contract): (u64, &Contract)| Place { contract: *contract, nonce, at: account.create(nonce) };
    let places: Vec<Place> = (next..).zip(contracts).map(place).collect();
    shell.out.note("note: it holds until the account sends anything else");
    let answer = json!({
        "account": Address(account.into_array()),
        "chain": args.chain.to_string(),
        "contracts": places.iter().map(Place::json).collect::<Vec<_>>(),
        "rests_on": rpc.rests_on(),
    });
    shell.out.answer(&answer, || places.iter().map(Place::line).collect::<Vec<_>>().join("\n"))?;
    Ok(0)
}

impl Place {
    fn escrow(&self) -> Option<Address> {
        (self.contract == Contract::Gate).then(|| Address(escrow_of(self.at).into_array()))
    }

    fn json(&self) -> Value {
        let (contract, address) = (self.contract.name(), Address(self.at.into_array()));
        json!({ "address": address, "contract": contract, "escrow": self.escrow(), "nonce": self.nonce })
    }

    fn line(&self) -> String {
        let escrow = self.escrow().map(|escrow| format!("\nescrow  {escrow}")).unwrap_or_default();
        format!("{:<7} {}{escrow}", self.contract.name(), Address(self.at.into_array()))
    }
}

impl Contract {
    const fn name(self) -> &'static str {
        match self {
            Self::Anchor => "anchor",
            Self::Gate => "gate",
            Self::Token => "token",
        }
    }
}
