//! `lockstep feed`: a price that others put on a chain, with what it is worth, and as an observer's word in a
//! case.

use crate::desk::{Desk, DeskArgs};
use crate::endpoints::EndpointArgs;
use crate::fault::{Kind, invalid, told};
use crate::os;
use crate::party::{SignerArgs, tell};
use crate::shell::Shell;
use crate::words;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use lockstep_chain::Account;
use lockstep_chain::feed::{FeedError, FeedReading, FeedRules, Round, Worth, read_feeds};
use lockstep_node::client::{self, Texts, Word};
use lockstep_policy::{ClaimKind, Step};
use lockstep_types::{Address, ChainId, Name};

/// What feeds show, by the names that claims of a step must have.
const CLAIMS: &str = "price, decimals, worth, chain, feed, second, round, updated, block";

/// What to do with feeds.
#[derive(Debug, Clone, Subcommand)]
pub enum Feed {
    /// Read a price at the newest final block. Exit code 0: fresh. 1: stale, or divergent from the second
    /// feed. 2: cannot tell
    Read(Read),
    /// Read a price and take a step of a case with it: the step's claims say what they are filled with. A
    /// price that is not fresh is handed in only where the step has a claim `worth`, so that its guard sees
    /// it
    Attest(Box<Attest>),
}

/// Which step is taken with which price.
#[derive(Debug, Clone, Args)]
pub struct Attest {
    #[command(flatten)]
    desk: DeskArgs,
    /// The case, or the letters that its id begins with
    case: String,
    /// The step
    step: Name,
    #[command(flatten)]
    read: Read,
    #[command(flatten)]
    signer: SignerArgs,
}

/// Which feeds, and when a price is fresh.
#[derive(Debug, Clone, Args)]
pub struct Read {
    /// The feed: a contract with Chainlink's `AggregatorV3Interface`
    feed: Account,
    /// A second feed of the same price, of somebody else
    #[arg(long, value_name = "ADDRESS")]
    second: Option<Account>,
    /// The chain: its EIP-155 number
    #[arg(long, value_name = "NUMBER")]
    chain: u64,
    /// Oldest price that is fresh
    #[arg(long, value_name = "DURATION", default_value = "1h")]
    max_age: String,
    /// Greatest difference of the two, in hundredths of a percent of the lower one
    #[arg(long, value_name = "N", default_value_t = 50)]
    max_divergence_bps: u64,
    #[command(flatten)]
    endpoints: EndpointArgs,
}

/// Reads a price, or takes a step with it.
pub fn run(shell: &mut Shell, command: &Feed) -> Result<u8> {
    match command {
        Feed::Read(args) => {
            let reading = read(args)?;
            shell.out.answer(&reading, || lines(&reading))?;
            Ok(u8::from(reading.worth != Worth::Fresh))
        }
        Feed::Attest(args) => attest(shell, args),
    }
}

fn attest(shell: &mut Shell, args: &Attest) -> Result<u8> {
    let (mut desk, party): (Desk, _) = args.desk.open(shell, &args.signer)?;
    let stands = desk.case(desk.case_id(&args.case)?)?;
    let step = stands.step(&args.step)?;
    check_step(&step)?;
    // Last before it is signed: what is read is as young as it can be.
    let reading = read(&args.read)?;
    let texts = claims(&step, &reading)?;
    let word = Word::Done { texts: &texts, evidence: Vec::new() };
    let draft = client::step(&desk.signing(&party)?, (stands.found(), &args.step), word, &mut os::seed)?;
    let entered = desk.hand_in(&party, draft)?;
    tell(shell, &entered, || {
        let (price, step) = (reading.first.price, &args.step);
        format!(
            "{} took the step `{step}` with the price {price}, on record as {}",
            party.lei,
            entered.index()
        )
    })
}

/// What no feed shows is named before anything is read or signed.
fn check_step(step: &Step) -> Result<()> {
    let known = |(name, kind): (&str, ClaimKind)| {
        matches!(
            (name, kind),
            ("price" | "decimals" | "block", ClaimKind::Int)
                | ("worth", ClaimKind::Name)
                | ("chain" | "round", ClaimKind::Text)
                | ("feed" | "second", ClaimKind::Account)
                | ("updated", ClaimKind::Time)
        )
    };
    let odd = step.claims.iter().find(|claim| !known((claim.name.as_str(), claim.kind)));
    let what = match (odd, step.evidence.first()) {
        (Some(claim), _) => format!("asks for claim `{}`, which no feed shows", claim.name),
        (None, Some(slot)) => format!("asks for document `{slot}`, which no feed has"),
        (None, None) if step.claim("price").is_none() => "asks for no `price`".to_owned(),
        (None, None) => return Ok(()),
    };
    let text = format!("step `{}` {what}: expected claims among {CLAIMS}", step.name);
    Err(invalid("feed-claims", text).hint("docs/reading-feeds.md lists them with their types").into())
}

/// The claims that the step asks for. A price that is not fresh goes nowhere unless a guard can see it.
fn claims(step: &Step, reading: &FeedReading) -> Result<Texts> {
    let (worth, code) = match reading.worth {
        Worth::Fresh => ("fresh", None),
        Worth::Stale { .. } => ("stale", Some("price-stale")),
        Worth::Divergent { .. } => ("divergent", Some("price-divergent")),
    };
    if let (Some(code), None) = (code, step.claim("worth")) {
        let text =
            format!("the price is {worth}, and step `{}` has no claim `worth`: nothing is signed", step.name);
        return Err(told(Kind::Refused, code, text).hint("ask the feed again later").into());
    }
    let account = |round: &Round| Address(round.feed.into_array()).to_string();
    let mut texts = Texts::new();
    for claim in &step.claims {
        let text = match claim.name.as_str() {
            "price" => reading.first.price.units().to_string(),
            "decimals" => reading.first.price.decimals().to_string(),
            "worth" => worth.to_owned(),
            "chain" => ChainId(reading.chain_id).to_string(),
            "feed" => account(&reading.first),
            "second" => reading.second.as_ref().map(account).ok_or_else(|| {
                invalid("feed-claims", format!("step `{}` asks for a second feed", step.name))
                    .hint("name it with `--second ADDRESS`")
            })?,
            "round" => reading.first.round.to_string(),
            "updated" => reading.first.updated.to_string(),
            _ => reading.block.to_string(),
        };
        claim.kind.parse(&text).with_context(|| format!("claim `{}` is refused", claim.name))?;
        texts.insert(claim.name.to_string(), text);
    }
    Ok(texts)
}

fn read(args: &Read) -> Result<FeedReading> {
    let rules = FeedRules {
        age_ms_max: words::duration_ms(&args.max_age)?,
        divergence_bps_max: args.max_divergence_bps,
    };
    let chain = args.endpoints.connect(args.chain)?;
    Ok(read_feeds(&chain, (args.feed, args.second), rules, os::now()?).map_err(|error| {
        let kind = match &error {
            FeedError::Domain { source, .. } if source.passes() => Kind::Retry,
            FeedError::NotEnded { .. } => Kind::Retry,
            _ => Kind::Invalid,
        };
        told(kind, "feed", error.to_string()).source(error)
    })?)
}

fn lines(reading: &FeedReading) -> String {
    let head = match (&reading.worth, &reading.second) {
        (Worth::Fresh, Some(_)) => "fresh; both feeds agree".to_owned(),
        (Worth::Fresh, None) => "fresh; one feed, compared with none".to_owned(),
        (Worth::Stale { feed, age_ms }, _) => format!("stale: {feed} is {} s old", age_ms / 1_000),
        (Worth::Divergent { bps }, _) => format!("divergent: {bps} hundredths of a percent apart"),
    };
    let line = |round: &Round| format!("{}  {}  updated {}", round.feed, round.price, round.updated);
    let mut lines = vec![head, line(&reading.first)];
    lines.extend(reading.second.iter().map(line));
    lines
        .push(format!("chain {}, final block {} of {}", reading.chain_id, reading.block, reading.block_time));
    lines.join("\n")
}
