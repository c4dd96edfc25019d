//! `lockstep feed`: a price that others put on a chain, with what it is worth.

use crate::endpoints::EndpointArgs;
use crate::fault::{Kind, told};
use crate::os;
use crate::shell::Shell;
use crate::words;
use anyhow::Result;
use clap::{Args, Subcommand};
use lockstep_chain::Account;
use lockstep_chain::feed::{FeedError, FeedReading, FeedRules, Round, Worth, read_feeds};

/// What to do with feeds.
#[derive(Debug, Clone, Subcommand)]
pub enum Feed {
    /// Read a price at the newest final block. Exit code 0: fresh. 1: stale, or divergent from the second
    /// feed. 2: cannot tell
    Read(Read),
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

/// Reads a price.
pub fn run(shell: &Shell, command: &Feed) -> Result<u8> {
    let Feed::Read(args) = command;
    let rules = FeedRules {
        age_ms_max: words::duration_ms(&args.max_age)?,
        divergence_bps_max: args.max_divergence_bps,
    };
    let chain = args.endpoints.connect(args.chain)?;
    let reading = read_feeds(&chain, (args.feed, args.second), rules, os::now()?).map_err(|error| {
        let kind = match &error {
            FeedError::Domain { source, .. } if source.passes() => Kind::Retry,
            FeedError::NotEnded { .. } => Kind::Retry,
            _ => Kind::Invalid,
        };
        told(kind, "feed", error.to_string()).source(error)
    })?;
    shell.out.answer(&reading, || lines(&reading))?;
    Ok(u8::from(reading.worth != Worth::Fresh))
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
