//! What the demonstration starts from: a bank's statement, a sanctions list, a customer. Everything is read
//! by the readers that institutions would use, and refused where they refuse.

use super::Stablecoin;
use super::clock::Clock;
use super::story::Story;
use crate::fault::{Kind, Told, invalid, told};
use crate::os;
use anyhow::{Context, Result};
use lockstep_sources::{
    BalanceQuery, ClosingBalance, Limits, Payment, PaymentQuery, ScreeningList, closing_balance, find_payment,
};
use lockstep_types::{Address, Currency, Money, Time};
use std::path::Path;

const STATEMENT: &[u8] = include_bytes!("../../../sources/samples/statement.xml");
const REEXPORTED: &[u8] = include_bytes!("../../../sources/samples/statement-reexported.xml");
const SDN: &[u8] = include_bytes!("../../../sources/samples/sdn.csv");
const ALT: &[u8] = include_bytes!("../../../sources/samples/alt.csv");
const ADDRESSES: &[u8] = include_bytes!("../../../sources/samples/addresses.txt");
/// The customer's wire, and another customer's, in the sample.
const PAYMENT: &str = "HB2611200000017";
const BENEFICIARY: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const CUSTOMER: &str = "Example Treasury & Sons Ltd";

const DAY_MS: u64 = 86_400_000;
/// How old a closing balance may be for the real clock: an hour less than the policy's 36.
const AGE_MS_MAX: u64 = 35 * 3_600_000;

/// A sanctions list with its files.
pub struct Lists {
    /// The list.
    pub list: ScreeningList,
    /// An address that stands on it, if it has an address list.
    pub address: Option<Address>,
    /// A name that stands on it.
    pub name: String,
}

/// Everything that was read.
pub struct Inputs {
    /// True when the statement is the user's own.
    pub own: bool,
    /// The statement's bytes: evidence.
    pub statement: Vec<u8>,
    /// The same statement, exported again with other white space.
    pub reexported: Vec<u8>,
    /// The customer's money.
    pub payment: Payment,
    /// The reserves.
    pub balance: ClosingBalance,
    /// What names the payment in the file.
    pub reference: (String, Option<String>),
    /// What to screen against.
    pub lists: Lists,
    /// Who gets the tokens.
    pub beneficiary: Address,
    /// The customer's name.
    pub customer: String,
    /// The clock to run by.
    pub clock: Clock,
    /// The Anvil to run on, in place of a chain in this process.
    pub anvil: Vec<String>,
}

/// Reads everything, and says what the demonstration made up.
pub fn read(args: &Stablecoin, story: &mut Story) -> Result<Inputs> {
    let currency = args.currency.as_deref().map(str::parse::<Currency>).transpose();
    let currency = currency.map_err(|error| refused("currency", "the currency is refused", error))?;
    let (statement, reexported) = match &args.statement {
        Some(path) => {
            let bytes = os::read(path, os::FILE_BYTES_MAX)?;
            let again = spread(&bytes);
            (bytes, again)
        }
        None => sample(story)?,
    };
    let own = args.statement.is_some();
    if own && args.payment.is_none() {
        let text = "`--statement` needs `--payment`: the `AcctSvcrRef` or `NtryRef` of the incoming payment";
        return Err(invalid("payment", text).hint("`lockstep statement read FILE` lists the entries").into());
    }
    let reference = (args.payment.clone().unwrap_or_else(|| PAYMENT.to_owned()), args.entry.clone());
    let payment = payment(&statement, (&reference.0, reference.1.as_deref()), currency)?;
    let balance = balance(&statement, &payment)?;
    check_amount(args, &payment)?;
    let lists = lists(args)?;
    let beneficiary = args.beneficiary.as_deref().unwrap_or(BENEFICIARY);
    let beneficiary = Address::from_user_text(beneficiary);
    let beneficiary =
        beneficiary.map_err(|error| refused("beneficiary", "the beneficiary is refused", error))?;
    let fallback = if own { payment.debtor.clone() } else { Some(CUSTOMER.to_owned()) };
    let customer = args.name.clone().or(fallback);
    let customer = customer.ok_or_else(|| {
        invalid("name", "the statement names no debtor: nobody can be screened").hint("give `--name \"…\"`")
    })?;
    let clock = clock_for(&balance, &payment, story)?;
    Ok(Inputs {
        own,
        statement,
        reexported,
        payment,
        balance,
        reference,
        lists,
        beneficiary,
        customer,
        clock,
        anvil: anvils(args)?,
    })
}

/// The nodes that were asked for: one for each chain at most.
fn anvils(args: &Stablecoin) -> Result<Vec<String>> {
    let count = args.anvil.len();
    anyhow::ensure!(count <= 2, "{count} nodes are named with `--anvil`: the coin is on two chains");
    Ok(args.anvil.clone())
}

/// The payment that a reference names in a statement.
pub fn payment(
    file: &[u8],
    (reference, entry): (&str, Option<&str>),
    currency: Option<Currency>,
) -> Result<Payment> {
    let query = PaymentQuery { reference, entry_ref: entry, currency, ..PaymentQuery::default() };
    let found = find_payment(file, &query, &Limits::default());
    found.map_err(|error| refused("payment", "the statement does not show the payment", error).into())
}

/// The closing balance of the account that was paid into; it covers the payment.
fn balance(file: &[u8], payment: &Payment) -> Result<ClosingBalance> {
    let currency = Some(payment.money.currency);
    let query = BalanceQuery { account: Some(&payment.account), currency, utc_offset: None };
    let balance = closing_balance(file, &query, &Limits::default());
    let balance =
        balance.map_err(|error| refused("balance", "the statement gives no balance to count on", error))?;
    balance
        .covers(payment)
        .map_err(|error| refused("balance", "the balance does not cover the payment", error))?;
    Ok(balance)
}

fn check_amount(args: &Stablecoin, payment: &Payment) -> Result<()> {
    let Some(text) = &args.amount else { return Ok(()) };
    let asked = Money::from_decimal(text, payment.money.currency);
    let asked = asked.map_err(|error| refused("amount", "the amount is refused", error))?;
    if asked != payment.money {
        let text = format!("the issuance asks for {asked}, the statement shows {}", payment.money);
        return Err(told(Kind::Refused, "amount", text)
            .hint("leave `--amount` out to take it from the file")
            .into());
    }
    Ok(())
}

fn lists(args: &Stablecoin) -> Result<Lists> {
    let read = |path: &Path| os::read(path, os::FILE_BYTES_MAX);
    let own = args.sanctions.is_some();
    if !own && (args.aliases.is_some() || args.address_list.is_some()) {
        return Err(invalid("sanctions", "`--aliases` and `--address-list` need `--sanctions`").into());
    }
    let sdn = args.sanctions.as_deref().map_or_else(|| Ok(SDN.to_vec()), read)?;
    let fallback = |sample: &[u8]| (!own).then(|| sample.to_vec());
    let alt = args.aliases.as_deref().map(read).transpose()?.or_else(|| fallback(ALT));
    let addresses = args.address_list.as_deref().map(read).transpose()?.or_else(|| fallback(ADDRESSES));
    let list = ScreeningList::read(&sdn, alt.as_deref(), addresses.as_deref());
    let list = list.map_err(|error| refused("sanctions", "the sanctions list is refused", error))?;
    let text = String::from_utf8_lossy(addresses.as_deref().unwrap_or_default()).into_owned();
    let address = text.lines().find_map(|line| Address::from_user_text(line.trim()).ok());
    let name = String::from_utf8_lossy(&sdn).split('"').nth(1).unwrap_or_default().to_owned();
    Ok(Lists { list, address, name })
}

/// The file's days may lie years back; then the whole demonstration runs by a clock set to those days.
fn clock_for(balance: &ClosingBalance, payment: &Payment, story: &mut Story) -> Result<Clock> {
    let now = os::now()?;
    let latest = balance.as_of.max(payment.booked_at);
    if latest <= now && now.ms_since(balance.as_of) <= AGE_MS_MAX {
        return Ok(Clock::default());
    }
    if latest > now {
        let text = format!("the statement is of {latest}, which is yet to come");
        return Err(told(Kind::Refused, "balance", text).into());
    }
    let start = latest.saturating_add_ms(3_600_000);
    story.remark(format!(
        "SIMULATED CLOCK: the closing balance is of {} and would be stale today. Appender, parties and \
            co-signers all \
         run by a clock set to {start}, an hour after the earliest moment that this date can mean; every \
         time below is \
         of that clock, not of this day",
        balance.dated
    ));
    Clock::starting_at(start)
}

/// The sample statement and its other export, with the dates of yesterday and today.
fn sample(story: &mut Story) -> Result<(Vec<u8>, Vec<u8>)> {
    let query = BalanceQuery::default();
    let closing =
        closing_balance(STATEMENT, &query, &Limits::default()).context("the sample statement is refused")?;
    let latest = os::now()?.saturating_sub_ms(300_000);
    let forward = latest.ms_since(closing.as_of) / DAY_MS;
    let back = closing.as_of.ms_since(latest).div_ceil(DAY_MS);
    if forward + back > 0 {
        story.remark(format!(
            "the bank, its statement and its customers are made up; the sample's dates were moved by {} \
                day(s), so that \
             its closing balance is of last night. The references in it were not",
            if forward > 0 { forward.to_string() } else { format!("-{back}") }
        ));
    } else {
        story.remark("the bank, its statement and its customers are made up");
    }
    let moved = |file: &[u8]| shift_dates(file, forward, back);
    Ok((moved(STATEMENT), moved(REEXPORTED)))
}

/// Moves every date of the form `2026-11-20`.
fn shift_dates(file: &[u8], forward_days: u64, back_days: u64) -> Vec<u8> {
    let text = String::from_utf8_lossy(file).into_owned();
    let mut moved = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let date = rest.get(..10).filter(|_| !moved.ends_with(|c: char| c.is_ascii_digit()));
        let day = date.and_then(|date| format!("{date}T00:00:00.000Z").parse::<Time>().ok());
        let length = match day {
            Some(day) => {
                let day = day.saturating_add_ms(forward_days * DAY_MS).saturating_sub_ms(back_days * DAY_MS);
                moved.push_str(day.to_string().get(..10).unwrap_or_default());
                10
            }
            None => {
                moved.push(first);
                first.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    moved.into_bytes()
}

/// The same file with other white space between its elements; texts stay as they are.
fn spread(file: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(file).into_owned();
    let mut spread = String::with_capacity(text.len() * 2);
    let mut rest = text.as_str();
    while let Some(at) = rest.find('>') {
        let (head, tail) = rest.split_at(at + 1);
        spread.push_str(head);
        let next = tail.trim_start();
        if next.starts_with('<') && !next.starts_with("</") {
            spread.push_str("\n\t ");
        }
        rest = tail;
    }
    spread.push_str(rest);
    spread.into_bytes()
}

fn refused<E>(code: &'static str, text: &str, source: E) -> Told
where
    E: std::error::Error + Send + Sync + 'static,
{
    told(Kind::Refused, code, text).source(source)
}
