//! `lockstep statement`, `lockstep message` and `lockstep screen`: documents from outside, read before
//! anybody attests from them.

use crate::fault::invalid;
use crate::os;
use crate::shell::Shell;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use lockstep_sources::message::MessageList;
use lockstep_sources::{
    BalanceQuery, ItemQuery, Limits, PaymentQuery, ScreeningList, StatementSummary, closing_balance,
    find_item, find_payment, read_message, read_statement,
};
use lockstep_types::{Address, Currency};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// What to do with bank statements.
#[derive(Debug, Clone, Subcommand)]
pub enum Statement {
    /// Read a camt.053 file: what it holds, or one payment and the closing balance in the form of claims
    Read(Read),
}

/// Which file, and what is looked for in it.
#[derive(Debug, Clone, Args)]
pub struct Read {
    /// A camt.053 file, versions 2 to 13
    file: PathBuf,
    /// Find the booked credit with this `AcctSvcrRef` or `NtryRef`
    #[arg(long, value_name = "REF")]
    payment: Option<String>,
    /// Its `NtryRef`, where the reference alone names several
    #[arg(long, value_name = "REF", requires = "payment")]
    entry: Option<String>,
    /// Find the closing booked balance
    #[arg(long)]
    balance: bool,
    /// The account, where the file holds several
    #[arg(long, value_name = "IBAN")]
    account: Option<String>,
    /// The currency expected
    #[arg(long, value_name = "CODE")]
    currency: Option<Currency>,
}

/// What to do with bank messages.
#[derive(Debug, Clone, Subcommand)]
pub enum Message {
    /// Read a camt.053, camt.054, pacs.002 or pacs.008 file: which it is, and what it says of each item
    Read(ReadMessage),
}

/// Which file, and what is looked for in it.
#[derive(Debug, Clone, Args)]
pub struct ReadMessage {
    /// A message; its root says which kind and version
    file: PathBuf,
    /// Show the one item that is called so; exit code 2 when none is, or several are
    #[arg(long = "ref", value_name = "REF")]
    reference: Option<String>,
    /// The account, where the file holds entries of several
    #[arg(long, value_name = "IBAN")]
    account: Option<String>,
}

/// What to look up, and where.
#[derive(Debug, Clone, Args)]
pub struct Screen {
    /// Names, in the layout of OFAC's `sdn.csv`
    #[arg(long, value_name = "FILE")]
    sanctions: PathBuf,
    /// Aliases, in the layout of `alt.csv`
    #[arg(long, value_name = "FILE")]
    aliases: Option<PathBuf>,
    /// Addresses, one a line
    #[arg(long, value_name = "FILE")]
    address_list: Option<PathBuf>,
    /// The name to look up
    #[arg(long)]
    name: Option<String>,
    /// The address to look up
    #[arg(long)]
    address: Option<String>,
}

fn open(path: &Path) -> Result<BufReader<File>> {
    Ok(BufReader::new(File::open(path).with_context(|| format!("cannot open `{}`", path.display()))?))
}

/// Reads a statement.
pub fn statement(shell: &Shell, command: &Statement) -> Result<u8> {
    let Statement::Read(args) = command;
    let limits = Limits::default();
    if args.payment.is_none() && !args.balance {
        let bar = shell.out.progress(std::fs::metadata(&args.file).map_or(0, |file| file.len()), "reading");
        let input = BufReader::new(bar.wrap_read(open(&args.file)?));
        let summary = read_statement(input, &limits).with_context(|| refused(&args.file))?;
        bar.finish_and_clear();
        shell.out.answer(&summary, || shown(&summary))?;
        return Ok(0);
    }
    let mut answer = serde_json::Map::new();
    let mut lines = Vec::new();
    if let Some(reference) = &args.payment {
        let query = PaymentQuery {
            reference,
            entry_ref: args.entry.as_deref(),
            account: args.account.as_deref(),
            currency: args.currency,
            utc_offset: None,
        };
        let payment =
            find_payment(open(&args.file)?, &query, &limits).with_context(|| refused(&args.file))?;
        lines.push(format!(
            "payment  {}  booked at {}  act {}",
            payment.money,
            payment.booked_at,
            payment.act()
        ));
        answer.insert("payment".to_owned(), serde_json::to_value(&payment)?);
    }
    if args.balance {
        let query =
            BalanceQuery { account: args.account.as_deref(), currency: args.currency, utc_offset: None };
        let balance =
            closing_balance(open(&args.file)?, &query, &limits).with_context(|| refused(&args.file))?;
        lines.push(format!(
            "balance  {}  as of {}  account {}",
            balance.money, balance.as_of, balance.account
        ));
        answer.insert("balance".to_owned(), serde_json::to_value(&balance)?);
    }
    shell.out.answer(&answer, || lines.join("\n"))?;
    Ok(0)
}

fn refused(path: &Path) -> String {
    format!("`{}` does not answer", path.display())
}

fn shown(summary: &StatementSummary) -> String {
    let mut lines = vec![format!("camt.053 version {}, message {}", summary.version, summary.message)];
    for statement in &summary.statements {
        let account = statement.account.as_str();
        let (entries, credits) = (statement.entries_total, statement.booked_credits);
        lines.push(format!(
            "statement {}: account {account}, {entries} entries, {credits} booked credits",
            statement.id
        ));
    }
    lines.push(
        "hint: `--payment REF` and `--balance` give what can be attested; `--json` gives all".to_owned(),
    );
    lines.join("\n")
}

/// Reads a bank message.
pub fn message(shell: &Shell, command: &Message) -> Result<u8> {
    let Message::Read(args) = command;
    let limits = Limits::default();
    if args.reference.is_some() || args.account.is_some() {
        let query = ItemQuery { reference: args.reference.as_deref(), account: args.account.as_deref() };
        let item = find_item(open(&args.file)?, &query, &limits).with_context(|| refused(&args.file))?;
        let fields: BTreeMap<_, _> = item.values().map(|(field, value)| (field.as_str(), value)).collect();
        let answer = json!({
            "act": item.act(), "fields": fields, "kind": item.kind, "message": item.message,
            "transactions": item.transactions,
        });
        shell.out.answer(&answer, || {
            let lines = fields.iter().map(|(name, value)| format!("{name:<22} {}", value.text()));
            lines.collect::<Vec<_>>().join("\n")
        })?;
        return Ok(0);
    }
    let bar = shell.out.progress(std::fs::metadata(&args.file).map_or(0, |file| file.len()), "reading");
    let input = BufReader::new(bar.wrap_read(open(&args.file)?));
    let list = read_message(input, &limits).with_context(|| refused(&args.file))?;
    bar.finish_and_clear();
    shell.out.answer(&list, || listed(&list))?;
    Ok(0)
}

fn listed(list: &MessageList) -> String {
    let mut lines = vec![format!("{} version {}, {} item(s)", list.message, list.version, list.items_total)];
    for item in &list.items {
        let text = |name: &str| item.fields.get(name).map(|value| value.text()).unwrap_or_default();
        let parts = ["side", "amount", "status", "creditor"].map(text);
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        lines.push(format!("line {}: {}  {}", item.line, item.act, parts.join("  ")));
    }
    lines.push("hint: `--ref REF` shows all that one item says; `--json` gives everything".to_owned());
    lines.join("\n")
}

/// Looks up a name, an address, or both; exit code 1 when something was found.
pub fn screen(shell: &Shell, args: &Screen) -> Result<u8> {
    if args.name.is_none() && args.address.is_none() {
        return Err(invalid("screen", "nothing to look up")
            .hint("give `--name`, `--address`, or both")
            .into());
    }
    let read = |path: &PathBuf| os::read(path, os::FILE_BYTES_MAX);
    let sdn = read(&args.sanctions)?;
    let alt = args.aliases.as_ref().map(read).transpose()?;
    let addresses = args.address_list.as_ref().map(read).transpose()?;
    let list = ScreeningList::read(&sdn, alt.as_deref(), addresses.as_deref())?;
    let address = args.address.as_deref().map(Address::from_user_text).transpose()?;
    let screening = list.screen(args.name.as_deref(), address)?;
    let hits = screening.hits.len();
    shell.out.answer(&json!({ "counts": list.counts(), "screening": screening }), || {
        let mut lines = vec![format!("list {}", screening.list), format!("{hits} exact hit(s)")];
        for hit in &screening.hits {
            let who = hit.name.as_deref().unwrap_or("the address list");
            lines.push(format!("  `{}` in {who}", hit.matched));
        }
        lines.push("exact names, aliases and addresses only: this is no screening product".to_owned());
        lines.join("\n")
    })?;
    Ok(u8::from(hits > 0))
}
