//! `lockstep outcome`: what a decided case unlocks, and the transactions that make a chain carry it out:
//! printed for whoever sends them in a way of its own, or sent from an account whose key is named. Anybody
//! may.

mod submit;

use crate::fault::{Kind, told};
use crate::folder::{Folder, FolderArgs, latest_certificate, latest_leaving};
use crate::records;
use crate::shell::Shell;
use crate::words;
use anyhow::Result;
use clap::{Args, Subcommand};
use lockstep_chain::enforce::{self, Placed};
use lockstep_crypto::tree;
use lockstep_kernel::gate::loosenings;
use lockstep_kernel::outcome::{self, OutcomeBody};
use lockstep_ledger::{Certificate, Record, Tag};
use lockstep_node::Replica;
use lockstep_types::{Address, CaseId, Digest, Time};
use serde_json::{Value, json};

/// What to do with outcomes.
#[derive(Debug, Clone, Subcommand)]
pub enum OutcomeCommand {
    /// Show the outcomes of a case: on which chain, which call, until when
    Show(Show),
    /// Print the unsigned transactions that anchor the latest certificate and execute the outcomes under it
    PrintTx(PrintTx),
    /// Send the transactions that anchor the latest certificate, if needed, and execute the outcomes
    Submit(submit::Submit),
}

/// Whose outcomes.
#[derive(Debug, Clone, Args)]
pub struct Show {
    #[command(flatten)]
    folder: FolderArgs,
    /// The case, or the letters that its id begins with
    case: String,
}

/// For which Anchor.
#[derive(Debug, Clone, Args)]
pub struct PrintTx {
    #[command(flatten)]
    show: Show,
    /// The Anchor that the Gate looks at
    #[arg(long, value_name = "ADDRESS")]
    anchor: Address,
    /// The chain, where outcomes of several are unlocked: its EIP-155 number
    #[arg(long, value_name = "NUMBER")]
    chain: Option<u64>,
    /// The size that the Anchor holds already: what its `head()` answers [default: none]
    #[arg(long, value_name = "SIZE", default_value_t = 0)]
    anchored: u64,
    /// Under a certificate of the committee before the present one: the notice of a rotation runs there
    #[arg(long)]
    leaving: bool,
}

/// An outcome in the log.
struct Found {
    index: u64,
    record: Record,
    body: OutcomeBody,
}

/// Runs the command.
pub fn run(shell: &mut Shell, command: &OutcomeCommand) -> Result<u8> {
    match command {
        OutcomeCommand::Show(args) => show(shell, args),
        OutcomeCommand::PrintTx(args) => print_tx(shell, args),
        OutcomeCommand::Submit(args) => submit::run(shell, args),
    }
}

fn show(shell: &Shell, args: &Show) -> Result<u8> {
    let replica = Folder::open(&args.folder.dir)?.replica()?;
    let case = words::case(&replica, &args.case)?;
    let found = outcomes(&replica, case)?;
    let certified = latest_certificate(&replica)?.map_or(0, |certificate| certificate.size);
    let shown: Vec<Value> = found.iter().map(|found| found.json(certified)).collect();
    shell.out.answer(&json!({ "case": case, "outcomes": shown }), || {
        if found.is_empty() {
            return format!("case {case} unlocks nothing so far");
        }
        let lines = found.iter().map(|found| found.line(certified));
        lines.collect::<Vec<_>>().join("\n")
    })?;
    Ok(0)
}

fn print_tx(shell: &Shell, args: &PrintTx) -> Result<u8> {
    let folder = Folder::open(&args.show.folder.dir)?;
    let replica = folder.replica()?;
    let case = words::case(&replica, &args.show.case)?;
    let found = of_chain(&replica, case, args.chain)?;
    let before = replica.kernel().committee().and_then(|committee| committee.epoch().checked_sub(1));
    let certificate = match before.filter(|_| args.leaving) {
        Some(epoch) => covering_in(&folder, epoch, &found)?,
        None => covering(&replica, &found)?,
    };
    let size = certificate.size;
    let chain = found.first().map(|found| found.body.chainId.to_string()).unwrap_or_default();
    let mut transactions: Vec<Transaction> =
        anchoring(&replica, &certificate, (args.anchor, args.anchored))?.into_iter().collect();
    for found in &found {
        let path: Vec<Digest> = tree::inclusion_proof(&replica.hashes(), found.index, size)?;
        let placed = Placed { record: &found.record, index: found.index, path: &path };
        transactions.push(Transaction {
            does: format!("executes the outcome of record {}, {}", found.index, found.until()),
            to: Address(found.body.gate.into_array()),
            data: enforce::execute(placed, size).to_string(),
        });
    }
    transactions.extend(found.iter().flat_map(Found::enactments));
    shell.out.note("note: nothing was sent; send them in this order, on this chain, from any account");
    if certificate.epoch > 0 && !args.leaving {
        shell.out.note("note: the Anchor must have been shown the rotations up to that epoch");
    }
    let about = json!({ "case": case, "chain": chain, "epoch": certificate.epoch, "size": size });
    print(shell, about, &transactions)
}

/// The transaction that brings an Anchor from one size to that of a certificate; none if it is there.
pub(super) fn anchoring(
    replica: &Replica,
    certificate: &Certificate,
    (anchor, anchored): (Address, u64),
) -> Result<Option<Transaction>> {
    let size = certificate.size;
    if anchored > size {
        let text = format!("the Anchor holds {anchored} records, the certificate to be anchored {size}");
        return Err(told(Kind::Conflict, "anchored", text)
            .hint("fetch a newer certificate, or compare this ledger with the one that was anchored")
            .into());
    }
    let proof = match anchored {
        0 => Vec::new(),
        anchored if anchored == size => return Ok(None),
        anchored => tree::consistency_proof(&replica.hashes(), anchored, size)?,
    };
    Ok(Some(Transaction {
        does: format!("anchors the head of {size} records, signed in epoch {}", certificate.epoch),
        to: anchor,
        data: enforce::submit(certificate, &proof).to_string(),
    }))
}

/// Prints transactions, and for programs what they are about.
pub(super) fn print(shell: &Shell, mut about: Value, transactions: &[Transaction]) -> Result<u8> {
    let shown: Vec<Value> = transactions.iter().map(Transaction::json).collect();
    let chain = about["chain"].as_str().map(|chain| format!("# on chain {chain}"));
    if let Value::Object(object) = &mut about {
        object.insert("transactions".to_owned(), json!(shown));
    }
    shell.out.answer(&about, || {
        let lines = transactions.iter().map(Transaction::line);
        chain.into_iter().chain(lines).collect::<Vec<_>>().join("\n")
    })?;
    Ok(0)
}

/// The outcomes of a case on one chain: on the only one, unless it is named.
fn of_chain(replica: &Replica, case: CaseId, chain: Option<u64>) -> Result<Vec<Found>> {
    let mut found = outcomes(replica, case)?;
    if found.is_empty() {
        let text = format!("case {case} unlocks nothing so far");
        return Err(told(Kind::Conflict, "no-outcome", text)
            .hint("`lockstep case show` tells what it waits for")
            .into());
    }
    let mut chains: Vec<String> = found.iter().map(|found| found.body.chainId.to_string()).collect();
    chains.dedup();
    let wanted = match (chain, chains.as_slice()) {
        (Some(chain), _) => chain.to_string(),
        (None, [only]) => only.clone(),
        (None, several) => {
            let text = format!("case {case} unlocks outcomes on chains {}", several.join(", "));
            return Err(told(Kind::Invalid, "chain", text).hint("name one with `--chain`").into());
        }
    };
    found.retain(|found| found.body.chainId.to_string() == wanted);
    if found.is_empty() {
        let text = format!("case {case} unlocks nothing on chain {wanted}: only on {}", chains.join(", "));
        return Err(told(Kind::Invalid, "chain", text).into());
    }
    Ok(found)
}

/// A call to be sent by anybody.
pub(super) struct Transaction {
    pub(super) does: String,
    pub(super) to: Address,
    pub(super) data: String,
}

impl Transaction {
    pub(super) fn json(&self) -> Value {
        json!({ "data": self.data, "does": self.does, "to": self.to })
    }

    pub(super) fn line(&self) -> String {
        format!("# {}\nto    {}\ndata  {}", self.does, self.to, self.data)
    }
}

/// The latest certificate, if it covers these outcomes.
fn covering(replica: &Replica, found: &[Found]) -> Result<Certificate> {
    let last = found.last().map_or(0, |found| found.index);
    match latest_certificate(replica)? {
        Some(certificate) if certificate.size > last => Ok(certificate),
        _ => Err(told(Kind::Conflict, "not-certified", format!("no certificate covers record {last} yet"))
            .hint("enough co-signers run `lockstep cosign DIR --key KEY`, then print again")
            .into()),
    }
}

/// The latest certificate of the committee of an epoch, which an Anchor still goes by; it must cover the
/// outcomes.
fn covering_in(folder: &Folder, epoch: u64, found: &[Found]) -> Result<Certificate> {
    let last = found.last().map_or(0, |found| found.index);
    match latest_leaving(folder.dir(), epoch)? {
        Some(certificate) if certificate.size > last => Ok(certificate),
        _ => {
            let text = format!(
                "no certificate of epoch {epoch} covers record {last}, and the Anchor takes no other"
            );
            let hint = "co-signers of that epoch run `lockstep cosign DIR --key KEY --leaving`; `lockstep chain \
                        rotate` shows the rotation, which is in force after the Anchor's notice";
            Err(told(Kind::Conflict, "not-certified", text).hint(hint).into())
        }
    }
}

fn outcomes(replica: &Replica, case: CaseId) -> Result<Vec<Found>> {
    let records = records::of_case(replica, case)?.into_iter();
    let of_outcomes = records.filter(|(_, record)| record.tag() == Tag::Outcome);
    let found = of_outcomes.map(|(index, record)| {
        let body = outcome::decode(record.body()).map_err(anyhow::Error::msg)?;
        Ok(Found { index, record, body })
    });
    found.collect()
}

impl Found {
    /// The last second in which a Gate executes it, as people read it.
    fn until(&self) -> String {
        match (self.body.notAfter, self.not_after()) {
            (0, _) => "never expires".to_owned(),
            (_, Some(time)) => format!("until {time}"),
            (seconds, None) => format!("until second {seconds}"),
        }
    }

    /// What a Gate does to itself only after its notice.
    fn enactments(&self) -> Vec<Transaction> {
        let call = |(place, change): (usize, Digest)| {
            let data = enforce::enact(&change, &self.body.calls.get(place)?.data).to_string();
            let does = format!("lets change 0x{change} take effect, once its notice is over");
            Some(Transaction { does, to: Address(self.body.gate.into_array()), data })
        };
        loosenings(&self.body).into_iter().filter_map(call).collect()
    }

    fn not_after(&self) -> Option<Time> {
        let ms = self.body.notAfter.checked_mul(1_000).filter(|ms| *ms > 0)?;
        Time::from_ms(ms).ok()
    }

    fn json(&self, certified: u64) -> Value {
        let call = |call: &outcome::Call| {
            let target = Address(call.target.into_array());
            json!({ "data": call.data.to_string(), "target": target })
        };
        json!({
            "calls": self.body.calls.iter().map(call).collect::<Vec<_>>(),
            "certified": certified > self.index,
            "changes": self.changes(),
            "chain": self.body.chainId.to_string(),
            "gate": Address(self.body.gate.into_array()),
            "kind": self.body.kind,
            "leaf": self.record.leaf_hash(),
            "not_after": self.not_after(),
            "not_after_s": self.body.notAfter,
            "ordinal": self.body.ordinal,
            "record": self.index,
        })
    }

    /// The ids of the calls that wait for a notice at the Gate.
    fn changes(&self) -> Vec<Value> {
        let change = |(place, id): (usize, Digest)| json!({ "call": place, "change": format!("0x{id}") });
        loosenings(&self.body).into_iter().map(change).collect()
    }

    fn line(&self, certified: u64) -> String {
        let certified = if certified > self.index { "certified" } else { "not certified yet" };
        let waits = loosenings(&self.body);
        let calls = self.body.calls.iter().enumerate().map(|(place, call)| {
            let change = waits.iter().find(|(found, _)| *found == place);
            let change =
                change.map(|(_, id)| format!("\n      waits for the Gate's notice as change 0x{id}"));
            let target = Address(call.target.into_array());
            format!("\n   {target} {}{}", call.data, change.unwrap_or_default())
        });
        format!(
            "record {}, chain {}, through Gate {}, {}, {certified}{}",
            self.index,
            self.body.chainId,
            Address(self.body.gate.into_array()),
            self.until(),
            calls.collect::<String>()
        )
    }
}
