//! `lockstep chain deposit`: a holder's tokens go into the Escrow that a policy names, under the name of a
//! case. The holder needs no key on the ledger: its observer sees the deposit on the chain.

use super::super::outcome::{self, Transaction as Printed};
use super::wanted::{self, account};
use crate::fault::{Kind, invalid, told};
use crate::sending::{Desk, FromArgs};
use crate::shell::Shell;
use anyhow::{Context, Result};
use clap::Args;
use lockstep_chain::submit::Until;
use lockstep_chain::{Account, Block, Bytes, Depositing, Domain, Receipt, Rpc, Transaction};
use lockstep_policy::Domain as Placed;
use lockstep_types::{Address, CaseId};
use serde_json::json;

/// How much, for which case, from whom.
#[derive(Debug, Clone, Args)]
pub struct DepositArgs {
    /// The case that takes the deposit: its whole id, as its opener tells it
    case: CaseId,
    /// The folder with the files of the policy under which the case was opened: it names chain, token and
    /// Escrow
    #[arg(long, value_name = "DIR")]
    policy: String,
    /// The domain, by the name the policy gives it, where it has several Escrows
    #[arg(long, value_name = "NAME")]
    domain: Option<String>,
    /// How many whole tokens, with decimals where there are any
    #[arg(long, value_name = "TOKENS")]
    amount: String,
    #[command(flatten)]
    from: FromArgs,
}

/// What the holder sends: what it does, where to, and what with.
type Call = (String, Account, Bytes);

/// Runs the command. What lies in the Escrow for the case already is not deposited again.
pub fn run(shell: &mut Shell, args: &DepositArgs) -> Result<u8> {
    let policy = wanted::in_folder(&args.policy)?;
    let (domain, escrow) = place(&policy.layout().domains, args.domain.as_deref())?;
    let wanted = Depositing {
        case: args.case,
        token: account(domain.token),
        escrow: account(escrow),
        amount: amount(&args.amount, domain.decimals)?,
    };
    match &args.from.key {
        None => print(shell, domain, &wanted),
        Some(key) => {
            let mut desk = Desk::open(shell, key, (domain.chain.0, &args.from.endpoints))?;
            send(shell, &mut desk, (args, domain, &wanted))
        }
    }
}

fn print(shell: &Shell, domain: &Placed, wanted: &Depositing) -> Result<u8> {
    let printed =
        |(does, to, data): Call| Printed { does, to: Address(to.into_array()), data: data.to_string() };
    shell.out.note("note: nothing was sent and nothing was looked at; the holder sends them in this order");
    let chain = json!({ "chain": domain.chain.0.to_string() });
    outcome::print(shell, chain, &calls(wanted).map(printed))
}

fn send(
    shell: &Shell,
    desk: &mut Desk,
    (args, domain, wanted): (&DepositArgs, &Placed, &Depositing),
) -> Result<u8> {
    let (holder, path) = (desk.account(), desk.journal_path());
    let (mut submitter, rpc) = desk.parts(&args.from.sending)?;
    let block = rpc.latest()?;
    check_escrow(rpc, &block, (wanted, account(domain.gate)))?;
    let holding = wanted.holding(rpc, &block, holder)?;
    let label = |does: &str| format!("{does} for {}", wanted.case);
    let [approval, deposit] = calls(wanted);
    let begun = submitter.has(&label(&deposit.0));
    if !begun && !holding.lies_there && !holding.suffices {
        let (held, wanted) = (holding.balance, wanted.amount);
        let text = format!("`{holder}` holds {held} units of the token, expected {wanted} or more");
        return Err(told(Kind::Refused, "balance", text).hint("nothing was sent").into());
    }
    let mut sent = Vec::new();
    if begun || !holding.lies_there {
        if !holding.allowed && !begun {
            sent.push((approval, Until::Mined));
        }
        sent.push((deposit, args.from.sending.until()));
    }
    let mut last = None;
    for ((does, to, data), until) in sent {
        let transaction = Transaction { from: holder, to: Some(to), data };
        let receipt = submitter.submit(&label(&does), &transaction, until);
        let receipt = receipt.with_context(|| format!("what was sent is kept in `{path}`"))?;
        shell.out.note(format!("{does}: block {}", receipt.block.number));
        last = Some(receipt);
    }
    tell(shell, (args, domain, wanted), (holder, last, rpc))
}

fn tell(
    shell: &Shell,
    (args, domain, wanted): (&DepositArgs, &Placed, &Depositing),
    (holder, last, rpc): (Account, Option<Receipt>, &Rpc),
) -> Result<u8> {
    let escrow = Address(wanted.escrow.into_array());
    let answer = json!({
        "account": Address(holder.into_array()),
        "amount": wanted.amount.to_string(),
        "block": last.as_ref().map(|receipt| receipt.block.number),
        "case": wanted.case,
        "chain": domain.chain.0.to_string(),
        "escrow": escrow,
        "rests_on": rpc.rests_on(),
        "status": if last.is_some() { "deposited" } else { "already-deposited" },
        "token": domain.token,
        "transaction": last.as_ref().map(|receipt| receipt.transaction.to_string()),
        "until": args.from.sending.until_shown(),
    });
    let (amount, case) = (&args.amount, wanted.case);
    shell.out.answer(&answer, || match &last {
        Some(Receipt { block, transaction, .. }) => format!(
            "{amount} tokens lie in Escrow {escrow} for case {case}: block {}\ntransaction {transaction}",
            block.number
        ),
        None => format!("{amount} tokens lie in Escrow {escrow} for case {case} already, nothing was sent"),
    })?;
    Ok(0)
}

/// First the token is told, then the Escrow.
fn calls(wanted: &Depositing) -> [Call; 2] {
    let lets = format!("lets Escrow {} take {} units", wanted.escrow, wanted.amount);
    let puts = format!("puts {} units into Escrow {}", wanted.amount, wanted.escrow);
    [(lets, wanted.token, wanted.approval()), (puts, wanted.escrow, wanted.deposit())]
}

/// What stands there obeys the Gate that the policy names: else tokens would be gone.
fn check_escrow(rpc: &Rpc, block: &Block, (wanted, gate): (&Depositing, Account)) -> Result<()> {
    let escrow = wanted.escrow;
    let refused = |text: String| {
        told(Kind::Refused, "escrow-unfit", text)
            .hint("nothing was sent; get the policy's files from whoever opened the case")
    };
    if rpc.code(block, escrow)?.is_empty() {
        return Err(refused(format!("no contract stands at `{escrow}`, where the Escrow should")).into());
    }
    let obeys = wanted.obeys(rpc, block, gate).map_err(|error| {
        refused(format!("the contract at `{escrow}` does not answer as an Escrow")).source(error)
    })?;
    if !obeys {
        let text = format!("the contract at `{escrow}` is not the Escrow of the policy's Gate `{gate}`");
        return Err(refused(text).into());
    }
    Ok(())
}

/// The domain with the Escrow, and that.
fn place<'a>(domains: &'a [Placed], named: Option<&str>) -> Result<(&'a Placed, Address)> {
    let wanted = |domain: &&Placed| named.is_none_or(|name| domain.name.as_str() == name);
    let found: Vec<(&Placed, Address)> = domains
        .iter()
        .filter(wanted)
        .filter_map(|domain| domain.escrow.map(|escrow| (domain, escrow)))
        .collect();
    match found[..] {
        [only] => Ok(only),
        [] => Err(invalid("no-escrow", "the policy names no Escrow there: it takes no deposits")
            .hint("is it the policy under which the case was opened?")
            .into()),
        _ => {
            let names: Vec<String> = found.iter().map(|(domain, _)| format!("`{}`", domain.name)).collect();
            let text = format!("the policy has several Escrows: on {}", names.join(", "));
            Err(invalid("domain", text).hint("name one with `--domain`").into())
        }
    }
}

/// Whole tokens as units of the token: exactly, or not at all.
fn amount(text: &str, decimals: u8) -> Result<u128> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let decimals = usize::from(decimals);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let formed = digits(whole) && digits(part) && !whole.is_empty() && !text.ends_with('.');
    let padded = format!("{whole}{part:0<decimals$}");
    let units = padded.parse::<u128>().ok().filter(|units| *units > 0);
    match units.filter(|_| formed && part.len() <= decimals) {
        Some(units) => Ok(units),
        None => {
            let text = format!("`{text}` is no amount of tokens");
            let hint = format!("write it as `1000` or `1000.50`, with at most {decimals} decimals");
            Err(invalid("amount", text).hint(hint).into())
        }
    }
}

#[cfg(test)]
mod tests;
