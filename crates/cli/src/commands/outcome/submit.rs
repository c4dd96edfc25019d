//! `lockstep outcome submit`: the certificate to the Anchor, the outcome to its Gate, from an account of
//! one's own.

mod loosen;

use super::books::Books;
use super::{Found, OfCase, of_chain};
use crate::endpoints::EndpointArgs;
use crate::fault::{Kind, told};
use crate::key::KeyRef;
use crate::sending::{Desk, SendingArgs};
use crate::shell::Shell;
use anyhow::{Context, Result};
use clap::Args;
use lockstep_chain::contracts::error_name;
use lockstep_chain::enforce::{self, Anchored, Placed};
use lockstep_chain::submit::{SubmitError, Until};
use lockstep_chain::{Account, Domain, DomainError, Receipt, Rpc, Submitter, Transaction};
use lockstep_crypto::tree::TreeHead;
use lockstep_types::CaseId;
use loosen::Loosened;
use serde_json::{Value, json};

/// Where, from which account, and for how much.
#[derive(Debug, Clone, Args)]
pub struct Submit {
    #[command(flatten)]
    of: OfCase,
    #[command(flatten)]
    endpoints: EndpointArgs,
    /// The key by which the server knows who looks, where that is not the account's
    #[arg(long, value_name = "KEY", requires = "server")]
    reader: Option<KeyRef>,
    /// The account that sends and pays: a key of suite `eip712`, in a file or behind `exec:PROGRAM`
    #[arg(long = "as", alias = "signer", value_name = "KEY")]
    key: KeyRef,
    /// The chain, where outcomes of several are unlocked: its EIP-155 number
    #[arg(long, value_name = "NUMBER")]
    chain: Option<u64>,
    #[command(flatten)]
    sending: SendingArgs,
}

/// An outcome, and what became of it and of the loosenings in it.
struct Done<'a> {
    found: &'a Found,
    brought: Brought,
    loosened: Vec<Loosened>,
}

/// What became of an outcome.
enum Brought {
    /// Executed by this transaction.
    Now(Receipt),
    /// The Gate shows it as executed already.
    Before,
}

/// Runs the command.
pub fn run(shell: &mut Shell, args: &Submit) -> Result<u8> {
    let reader = args.reader.as_ref().unwrap_or(&args.key);
    let books = Books::open_as(shell, &args.of.desk, Some(reader))?;
    let case = books.case_id(&args.of.case)?;
    let found = of_chain(&books, case, args.chain)?;
    let chain_id = found.first().and_then(|found| u64::try_from(found.body.chainId).ok());
    let chain_id = chain_id.context("the outcome is of no EIP-155 chain")?;
    let mut desk = Desk::open(shell, &args.key, (chain_id, &args.endpoints))?;
    let (path, from, until) = (desk.journal_path(), desk.account(), args.sending.until());
    let (submitter, rpc) = desk.parts(&args.sending)?;
    let books = &books;
    let mut work = Work { shell, books, rpc, submitter, case, from, until };
    let brought = work.all(&found).with_context(|| format!("what was sent is kept in `{path}`"))?;
    let answer = json!({
        "account": from.to_string(),
        "case": case,
        "chain": chain_id.to_string(),
        "finality": rpc.finality().to_string(),
        "outcomes": brought.iter().map(Done::json).collect::<Vec<_>>(),
        "quorum": rpc.quorum(),
        "rests_on": rpc.rests_on(),
        "until": args.sending.until_shown(),
    });
    shell.out.answer(&answer, || brought.iter().map(Done::line).collect::<Vec<_>>().join("\n"))?;
    Ok(0)
}

/// What is needed to bring outcomes.
struct Work<'a> {
    shell: &'a Shell,
    books: &'a Books,
    rpc: &'a Rpc,
    submitter: Submitter<'a>,
    case: CaseId,
    from: Account,
    until: Until,
}

impl Work<'_> {
    fn all<'f>(&mut self, found: &'f [Found]) -> Result<Vec<Done<'f>>> {
        let done = |found| Ok(Done { found, brought: self.bring(found)?, loosened: self.loosen(found)? });
        found.iter().map(done).collect()
    }

    /// An outcome that was executed is not brought again, whoever executed it.
    fn bring(&mut self, found: &Found) -> Result<Brought> {
        let gate = Account::from(found.body.gate.into_array());
        let label = format!("execute {gate} {} {}", self.case, found.body.ordinal);
        let block = self.rpc.latest()?;
        let named = (gate, self.case, found.body.ordinal);
        if !self.submitter.has(&label) && enforce::executed(self.rpc, &block, named)? {
            return Ok(Brought::Before);
        }
        let head = self.anchor(found, enforce::anchored(self.rpc, &block, gate)?)?;
        let path = self.books.inclusion(found, head)?;
        let placed = Placed { record: &found.record, index: found.index, path: &path };
        let data = enforce::execute(placed, head.size);
        let transaction = Transaction { from: self.from, to: Some(gate), data };
        match self.submitter.submit(&label, &transaction, self.until) {
            Ok(receipt) => Ok(Brought::Now(receipt)),
            // Somebody was faster.
            Err(SubmitError::Domain(DomainError::Reverted { answer }))
                if error_name(&answer) == "AlreadyExecuted" =>
            {
                Ok(Brought::Before)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// An anchored head that covers the outcome; the latest certificate is brought if there is none.
    fn anchor(&mut self, found: &Found, anchored: Anchored) -> Result<TreeHead> {
        let Anchored { anchor, ledger, epoch, head } = anchored;
        let own = self.books.ledger()?;
        if ledger != own {
            let text = format!("the Anchor `{anchor}` follows ledger `{ledger}`, expected `{own}`");
            return Err(told(Kind::Conflict, "other-anchor", text).into());
        }
        if let Some((size, root)) = head {
            // Two histories under one id are a matter for people, never for a transaction.
            self.books.check_holds((size, root))?;
            if size > found.index {
                return Ok(TreeHead { size, root });
            }
        }
        // While the notice of a rotation runs, the Anchor goes by those who were there before.
        let present = self.books.epoch()?;
        let all = core::slice::from_ref(found);
        let certificate = if Some(epoch) == present {
            self.books.covering(all)?
        } else {
            self.books.covering_in(epoch, all)?
        };
        let proof = match head {
            None => Vec::new(),
            Some((last, root)) => self.books.consistency((last, Some(root)), &certificate)?,
        };
        let data = enforce::submit(&certificate, &proof);
        let transaction = Transaction { from: self.from, to: Some(anchor), data };
        let label = format!("anchor {anchor} {}", certificate.size);
        let receipt = self.submitter.submit(&label, &transaction, Until::Mined)?;
        let (size, block) = (certificate.size, receipt.block.number);
        self.shell.out.note(format!("note: the head of {size} records is anchored, in block {block}"));
        Ok(TreeHead { size, root: certificate.root })
    }
}

impl Done<'_> {
    fn json(&self) -> Value {
        let (status, receipt) = match &self.brought {
            Brought::Now(receipt) => ("executed", Some(receipt)),
            Brought::Before => ("already-executed", None),
        };
        json!({
            "block": receipt.map(|receipt| receipt.block.number),
            "changes": self.loosened.iter().map(Loosened::json).collect::<Vec<_>>(),
            "gate": lockstep_types::Address(self.found.body.gate.into_array()),
            "ordinal": self.found.body.ordinal,
            "record": self.found.index,
            "status": status,
            "transaction": receipt.map(|receipt| receipt.transaction.to_string()),
        })
    }

    fn line(&self) -> String {
        let record = self.found.index;
        let brought = match &self.brought {
            Brought::Now(Receipt { transaction, block, gas, .. }) => format!(
                "record {record}: executed in block {}, {gas} gas\ntransaction {transaction}",
                block.number
            ),
            Brought::Before => format!("record {record}: was executed before, nothing was sent"),
        };
        let loosened = self.loosened.iter().map(|loosened| format!("\n{}", loosened.line()));
        [brought].into_iter().chain(loosened).collect()
    }
}
