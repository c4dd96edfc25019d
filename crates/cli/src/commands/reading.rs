//! `lockstep reading`: what an observer saw on a chain.

use crate::desk::{Desk, DeskArgs};
use crate::fault::invalid;
use crate::party::{SignerArgs, tell};
use crate::shell::Shell;
use crate::words;
use anyhow::Result;
use clap::Args;
use lockstep_attest::{Consumed, Reading, Statement};
use lockstep_node::client::Draft;
use lockstep_types::{Digest, Name};

/// One domain at one finalized block.
#[derive(Debug, Clone, Args)]
pub struct ReadingArgs {
    #[command(flatten)]
    desk: DeskArgs,
    /// The programme
    programme: Name,
    /// The domain, by the name the policy gives it
    domain: Name,
    #[command(flatten)]
    signer: SignerArgs,
    /// Token units in circulation, in the token's smallest unit
    #[arg(long, value_name = "UNITS")]
    supply: String,
    /// Number of the last finalized block at or before the time asked for
    #[arg(long, value_name = "N")]
    block: u64,
    /// Its hash, with or without `0x`
    #[arg(long, value_name = "HASH")]
    block_hash: String,
    /// Its time
    #[arg(long, value_name = "TIME")]
    block_time: String,
    /// Time of the next finalized block: the reading speaks for every moment before it
    #[arg(long, value_name = "TIME")]
    next_block_time: String,
    /// Until when the last pause of the Gate lasts, or lasted, if its guardian has called one by that block
    #[arg(long, value_name = "TIME")]
    paused_until: Option<String>,
    /// An outcome that the chain shows as executed
    #[arg(long = "consumed", value_name = "CASE:ORDINAL:TIME")]
    consumed: Vec<String>,
}

/// Attests a reading.
pub fn run(shell: &mut Shell, args: &ReadingArgs) -> Result<u8> {
    let (mut desk, party) = args.desk.open(shell, &args.signer)?;
    let signing = desk.signing(&party)?;
    let mut consumed = Vec::new();
    for text in &args.consumed {
        consumed.push(executed(&desk, text)?);
    }
    consumed.sort_by_key(|c| (c.case, c.ordinal));
    let hash = args.block_hash.strip_prefix("0x").unwrap_or(&args.block_hash);
    let statement = Statement::Reading(Reading {
        block: args.block,
        block_hash: hash.to_ascii_lowercase().parse::<Digest>()?,
        block_time: words::time(&args.block_time)?,
        consumed,
        domain: args.domain.clone(),
        expires: signing.expires,
        issued: signing.issued,
        ledger: signing.ledger,
        next_block_time: words::time(&args.next_block_time)?,
        party: signing.party,
        paused_until: args.paused_until.as_deref().map(words::time).transpose()?,
        programme: args.programme.clone(),
        seen: signing.seen,
        supply: args.supply.clone(),
    });
    let entered = desk.hand_in(&party, Draft { statement, openings: Vec::new() })?;
    tell(shell, &entered, || {
        format!("{} read `{}`, on record as {}", party.lei, args.domain, entered.index())
    })
}

fn executed(desk: &Desk, text: &str) -> Result<Consumed> {
    let wrong = || invalid("consumed", format!("`{text}` is not of the form `CASE:ORDINAL:TIME`"));
    let (case, rest) = text.split_once(':').ok_or_else(wrong)?;
    let (ordinal, time) = rest.split_once(':').ok_or_else(wrong)?;
    let ordinal = ordinal.parse().map_err(|_| wrong())?;
    Ok(Consumed { case: desk.case_id(case)?, ordinal, time: words::time(time)? })
}
