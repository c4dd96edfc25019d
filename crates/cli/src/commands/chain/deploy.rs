//! `lockstep chain deploy`: a ledger's contracts, put on a chain from an account of one's own, once, and read
//! back.

mod anchor;
mod gate;
mod token;

use crate::deployments::Deployments;
use crate::fault::{Kind, invalid, told};
use crate::key::KeyRef;
use crate::sending::{Desk, FromArgs, SendingArgs};
use crate::shell::Shell;
use anyhow::{Context, Result};
use clap::Subcommand;
use lockstep_chain::standing::{self, Difference};
use lockstep_chain::submit::{SubmitError, Until};
use lockstep_chain::{Account, Block, Bytes, Domain, DomainError, Receipt, Rpc, Transaction};
use lockstep_types::{Address, sha256};
use serde_json::{Value, json};

/// Which contract.
#[derive(Debug, Clone, Subcommand)]
pub enum Deploy {
    /// Put an Anchor on a chain: it keeps the roots that the ledger's co-signers certify
    Anchor(anchor::DeployAnchor),
    /// Put a Gate and its Escrow on a chain, where policies name it: lines and calls as these say, caps as a
    /// file does
    Gate(gate::DeployGate),
    /// Put the demonstration's token on a chain, to try things out with
    Token(token::DeployToken),
}

/// A contract to be put on a chain.
struct Creation {
    /// Which, in a word.
    what: &'static str,
    /// Whose: those of one owner are told of each other.
    owner: String,
    /// The chain.
    chain: u64,
    /// Creation code and arguments.
    data: Bytes,
    /// Where it must stand.
    at: Option<Account>,
    /// The name under which it signs by EIP-712.
    signs_as: Option<String>,
}

/// Where it stands.
struct Placed {
    address: Account,
    /// Its transaction, if this command waited for it.
    receipt: Option<Receipt>,
}

/// Runs the command.
pub fn run(shell: &mut Shell, command: &Deploy) -> Result<u8> {
    match command {
        Deploy::Anchor(args) => anchor::run(shell, args),
        Deploy::Gate(args) => gate::run(shell, args),
        Deploy::Token(args) => token::run(shell, args),
    }
}

impl Creation {
    /// The same bytes have the same label, so that they are sent once.
    fn label(&self) -> String {
        let digest: String = hex::encode(sha256(&self.data)).chars().take(32).collect();
        format!("{}{digest}", self.prefix())
    }

    fn prefix(&self) -> String {
        format!("deploy {} of {} ", self.what, self.owner)
    }

    /// Prints what creates it.
    fn print(&self, shell: &Shell) -> Result<u8> {
        let does = match self.at {
            Some(at) => {
                format!("creates the {}, which must stand at {}", self.what, Address(at.into_array()))
            }
            None => format!("creates the {}", self.what),
        };
        shell.out.note("note: nothing was sent; a creation goes to no address, only its data counts");
        let transaction = json!({ "data": self.data.to_string(), "does": does, "to": null });
        let answer = json!({ "chain": self.chain.to_string(), "transactions": [transaction] });
        shell.out.answer(&answer, || {
            format!("# on chain {}\n# {does}\nto    nobody: a creation\ndata  {}", self.chain, self.data)
        })?;
        Ok(0)
    }

    /// Puts it on the chain, unless it stands there: then it is only found.
    fn place(&self, shell: &Shell, desk: &mut Desk, sending: &SendingArgs) -> Result<Placed> {
        let (from, path, label) = (desk.account(), desk.journal_path(), self.label());
        let mut noted = Deployments::open(shell.state.as_deref(), self.chain, from)?;
        let (mut submitter, rpc) = desk.parts(sending)?;
        let block = rpc.latest()?;
        let begun = submitter.entries().iter().find(|entry| entry.label == label);
        let address = match begun.map(|entry| entry.transaction.nonce) {
            Some(nonce) => from.create(nonce),
            None => {
                if let Some(address) = self.stands(rpc, &block, noted.find(&label))? {
                    return Ok(Placed { address, receipt: None });
                }
                let nonce = submitter.nonce_next(&block)?;
                self.check_place(rpc, &block, (from, nonce))?;
                for other in noted.others(&self.prefix(), &label) {
                    let text =
                        "note: this account has put another one there before, with other arguments, at";
                    shell.out.note(format!("{text} {}", Address(other.into_array())));
                }
                from.create(nonce)
            }
        };
        noted.note(&label, address)?;
        let transaction = Transaction { from, to: None, data: self.data.clone() };
        let receipt = submitter.submit(&label, &transaction, sending.until());
        let receipt = receipt.map_err(|error| self.refused(error, &path))?;
        let created = receipt.created.context("a creation without a contract")?;
        if created != address {
            noted.note(&label, created)?;
        }
        Ok(Placed { address: created, receipt: Some(receipt) })
    }

    /// Where it stands already: where this machine has noted, or where it must.
    fn stands(&self, rpc: &Rpc, block: &Block, noted: Option<Account>) -> Result<Option<Account>> {
        for address in noted.into_iter().chain(self.at) {
            if self.is_at(rpc, block, address)? {
                return Ok(Some(address));
            }
        }
        Ok(None)
    }

    /// What stands there is what these bytes create.
    fn is_at(&self, rpc: &Rpc, block: &Block, address: Account) -> Result<bool> {
        let made = standing::is_made_by(rpc, block, (address, &self.data), self.signs_as.as_deref());
        made.map_err(|error| self.refused(error.into(), ""))
    }

    /// The account's next contract stands where it must.
    fn check_place(&self, rpc: &Rpc, block: &Block, (from, nonce): (Account, u64)) -> Result<()> {
        let Some(at) = self.at else { return Ok(()) };
        if !rpc.code(block, at)?.is_empty() {
            let text = format!("another contract stands at `{at}`, where the {} must", self.what);
            return Err(told(Kind::Conflict, "place-taken", text)
                .hint(
                    "`lockstep chain predict` tells where the next one can stand; write that into the policy",
                )
                .into());
        }
        let next = from.create(nonce);
        if next == at {
            return Ok(());
        }
        let text = format!(
            "the policy has the {} at `{at}`; the next contract of `{from}` stands at `{next}`",
            self.what
        );
        let before = (0..nonce).rev().take(1_024).any(|nonce| from.create(nonce) == at);
        let after = (nonce..nonce.saturating_add(1_024)).position(|nonce| from.create(nonce) == at);
        let hint = match (before, after) {
            (true, _) => {
                "the account's transaction for that place was used for something else: change the policy"
                    .to_owned()
            }
            (_, Some(more)) => format!("{more} transactions of the account have to come before it"),
            (_, None) => "send from the account that `lockstep chain predict` was asked about".to_owned(),
        };
        Err(told(Kind::Conflict, "place", text).hint(hint).into())
    }

    fn refused(&self, error: SubmitError, path: &str) -> anyhow::Error {
        match error {
            SubmitError::Domain(error @ (DomainError::Reverted { .. } | DomainError::Halted { .. })) => told(
                Kind::Refused,
                "creation",
                format!("the chain does not create the {}", self.what),
            )
            .source(error)
            .hint("contracts need an EVM of Cancun or later, and about five million units of gas in a block")
            .into(),
            error => anyhow::Error::from(error).context(format!("what was sent is kept in `{path}`")),
        }
    }
}

/// The block that the answer is about.
fn block_read(rpc: &Rpc, until: Until) -> Result<Block> {
    Ok(if until == Until::Final { rpc.finalized()? } else { rpc.latest()? })
}

/// Tells where a contract stands, and what was meant to stand there; exit code 1 when the chain shows
/// otherwise.
fn tell(
    shell: &Shell,
    (creation, placed, sending): (&Creation, &Placed, &SendingArgs),
    (rpc, block): (&Rpc, &Block),
    (compared, differences): (Value, Vec<Difference>),
) -> Result<u8> {
    let address = Address(placed.address.into_array());
    let status = if placed.receipt.is_some() { "deployed" } else { "already-deployed" };
    let shown: Vec<String> = differences.iter().map(ToString::to_string).collect();
    let answer = json!({
        "address": address,
        "block": placed.receipt.as_ref().map(|receipt| receipt.block.number),
        "chain": creation.chain.to_string(),
        "contract": creation.what,
        "differences": shown,
        "finality": rpc.finality().to_string(),
        "gas": placed.receipt.as_ref().map(|receipt| receipt.gas),
        "quorum": rpc.quorum(),
        "compared": compared,
        "compared_in": block.number,
        "rests_on": rpc.rests_on(),
        "status": status,
        "transaction": placed.receipt.as_ref().map(|receipt| receipt.transaction.to_string()),
        "until": sending.until_shown(),
    });
    shell.out.answer(&answer, || {
        let mut lines = vec![match &placed.receipt {
            Some(r) => format!(
                "{} {address}: created in block {}, {} gas\ntransaction {}",
                creation.what, r.block.number, r.gas, r.transaction
            ),
            None => format!("{} {address}: stands there already, nothing was sent", creation.what),
        }];
        let meant: Vec<String> = compared
            .as_object()
            .into_iter()
            .flatten()
            .map(|(what, value)| {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                format!("   {what}: {text}")
            })
            .collect();
        lines.push(format!("held against block {}:\n{}", block.number, meant.join("\n")));
        lines.extend(shown.iter().map(|difference| format!("DIFFERS  {difference}")));
        if shown.is_empty() {
            lines.push("the chain shows all of it".to_owned());
        }
        lines.join("\n")
    })?;
    Ok(u8::from(!differences.is_empty()))
}

/// The key that was named: there is one unless something is only printed.
fn key(args: &FromArgs) -> Result<&KeyRef> {
    args.key
        .as_ref()
        .ok_or_else(|| invalid("keys", "no key is named").hint("name one with `--as KEY`").into())
}
