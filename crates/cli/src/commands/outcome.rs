//! `lockstep outcome`: what a decided case unlocks, and the transactions that make a chain carry it out:
//! printed for whoever sends them in a way of its own, or sent from an account whose key is named. Anybody
//! may.

mod books;
mod submit;

use crate::desk::{DeskArgs, ReaderArgs};
use crate::fault::{Kind, told};
use crate::shell::Shell;
use anyhow::Result;
use books::Books;
use clap::{Args, Subcommand};
use lockstep_chain::enforce::{self, Placed};
use lockstep_crypto::tree::TreeHead;
use lockstep_kernel::gate::loosenings;
use lockstep_kernel::outcome::{self, OutcomeBody};
use lockstep_ledger::{Certificate, Record};
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
pub struct OfCase {
    #[command(flatten)]
    desk: DeskArgs,
    /// The case, or the letters that its id begins with
    case: String,
}

/// What is shown.
#[derive(Debug, Clone, Args)]
pub struct Show {
    #[command(flatten)]
    of: OfCase,
    #[command(flatten)]
    reader: ReaderArgs,
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

fn show(shell: &mut Shell, args: &Show) -> Result<u8> {
    let books = Books::open(shell, &args.of.desk, &args.reader)?;
    let case = books.case_id(&args.of.case)?;
    let found = books.outcomes(case)?;
    let certified = books.certificate()?.map_or(0, |certificate| certificate.size);
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

fn print_tx(shell: &mut Shell, args: &PrintTx) -> Result<u8> {
    let books = Books::open(shell, &args.show.of.desk, &args.show.reader)?;
    let case = books.case_id(&args.show.of.case)?;
    let found = of_chain(&books, case, args.chain)?;
    let before = if args.leaving { books.epoch()?.and_then(|epoch| epoch.checked_sub(1)) } else { None };
    let certificate = match before {
        Some(epoch) => books.covering_in(epoch, &found)?,
        None => books.covering(&found)?,
    };
    let head = TreeHead { size: certificate.size, root: certificate.root };
    let chain = found.first().map(|found| found.body.chainId.to_string()).unwrap_or_default();
    let proven = |anchored| books.consistency((anchored, None), &certificate);
    let mut transactions: Vec<Transaction> =
        anchoring(&certificate, (args.anchor, args.anchored), proven)?.into_iter().collect();
    for found in &found {
        let path = books.inclusion(found, head)?;
        let placed = Placed { record: &found.record, index: found.index, path: &path };
        transactions.push(Transaction {
            does: format!("executes the outcome of record {}, {}", found.index, found.until()),
            to: Address(found.body.gate.into_array()),
            data: enforce::execute(placed, head.size).to_string(),
        });
    }
    transactions.extend(found.iter().flat_map(Found::enactments));
    shell.out.note("note: nothing was sent; send them in this order, on this chain, from any account");
    if certificate.epoch > 0 && !args.leaving {
        shell.out.note("note: the Anchor must have been shown the rotations up to that epoch");
    }
    let about = json!({ "case": case, "chain": chain, "epoch": certificate.epoch, "size": head.size });
    print(shell, about, &transactions)
}

/// That nothing is certified far enough yet.
fn not_certified(text: String) -> anyhow::Error {
    told(Kind::Conflict, "not-certified", text)
        .hint("enough co-signers run `lockstep cosign DIR --key KEY`, then do the same again")
        .into()
}

/// The transaction that brings an Anchor from one size to that of a certificate; none if it is there.
pub(super) fn anchoring(
    certificate: &Certificate,
    (anchor, anchored): (Address, u64),
    proven: impl Fn(u64) -> Result<Vec<Digest>>,
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
        anchored => proven(anchored)?,
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
fn of_chain(books: &Books, case: CaseId, chain: Option<u64>) -> Result<Vec<Found>> {
    let mut found = books.outcomes(case)?;
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
