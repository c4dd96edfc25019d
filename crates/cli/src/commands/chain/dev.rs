//! `lockstep chain dev`: the chain in this process, for wallets and tools on this machine.

use super::accounts::{ETHER, Funded, funded};
use super::serve::{Clock, END, serve};
use crate::fault::{Kind, invalid, told};
use crate::os;
use crate::out::Out;
use anyhow::{Context, Result};
use clap::Args;
use clap::builder::RangedU64ValueParser;
use lockstep_chain::dev::Dev;
use lockstep_chain::{Account, Embedded};
use lockstep_types::Address;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Longest time between two blocks.
const BLOCK_TIME_S_MAX: u64 = 86_400;
/// Blocks that may lie between the newest one and the last final one: each keeps the accounts as they were.
const DEPTH_MAX: u64 = 1_024;
/// Largest chain id that wallets in browsers can hold.
const CHAIN_ID_MAX: u64 = 4_503_599_627_370_476;
/// Threads that read and write requests; they are worked out one after the other.
const THREADS: usize = 2;

/// What kind of chain.
#[derive(Debug, Clone, Args)]
pub struct DevArgs {
    /// The address to listen on: one of loopback
    #[arg(long, value_name = "IP", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    address: IpAddr,
    /// The port to listen on; 0 takes a free one, which is printed
    #[arg(long, value_name = "PORT", default_value_t = 8545)]
    port: u16,
    /// The chain's EIP-155 number
    #[arg(long, value_name = "N", default_value_t = 31_337, value_parser = chain_id())]
    chain_id: u64,
    /// A block every S seconds too, so that blocks become final; `instant`: only one for each transaction
    #[arg(long, value_name = "S|instant", default_value = "instant", value_parser = block_time)]
    block_time: BlockTime,
    /// A block is final when so many others stand on it
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = depth())]
    depth: u64,
    /// An account that begins with 10,000 ether. Once for each [default: ten whose keys everybody has]
    #[arg(long = "fund", value_name = "ADDRESS")]
    funds: Vec<Address>,
}

/// When there is a block without a transaction: every so often, or never.
#[derive(Debug, Clone, Copy)]
struct BlockTime(Option<Duration>);

fn chain_id() -> RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=CHAIN_ID_MAX)
}

fn depth() -> RangedU64ValueParser {
    clap::value_parser!(u64).range(0..=DEPTH_MAX)
}

fn block_time(text: &str) -> Result<BlockTime, String> {
    if text == "instant" {
        return Ok(BlockTime(None));
    }
    let seconds = text.parse().ok().filter(|seconds| (1..=BLOCK_TIME_S_MAX).contains(seconds));
    let wrong = || format!("expected `instant` or seconds from 1 to {BLOCK_TIME_S_MAX}");
    seconds.map(|seconds| BlockTime(Some(Duration::from_secs(seconds)))).ok_or_else(wrong)
}

/// Serves until somebody ends it.
pub fn run(out: Out, args: &DevArgs) -> Result<u8> {
    if !args.address.is_loopback() {
        let text = format!("`{}` is no address of loopback: others could reach this chain", args.address);
        let hint = "leave `--address` away, or use `127.0.0.1` or `::1`";
        return Err(told(Kind::Refused, "not-loopback", text).hint(hint).into());
    }
    let accounts = funded(&args.funds)?;
    let now = os::now()?.seconds_round_down();
    let chain = accounts.iter().fold(Embedded::new(args.chain_id, args.depth, now), |chain, account| {
        chain.funded(Account::from(account.address.0), account.ether)
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .context("cannot start the threads that serve")?;
    let ended = runtime.block_on(async {
        let until = os::asked_to_end()?;
        let asked = SocketAddr::new(args.address, args.port);
        let listener = tokio::net::TcpListener::bind(asked).await.map_err(|error| taken(asked, error))?;
        let at = listener.local_addr().context("cannot tell the port")?;
        tell(out, args, at, &accounts)?;
        let clock =
            Clock { block_time: args.block_time.0, now: || Some(os::now().ok()?.seconds_round_down()) };
        serve(listener, Dev::new(chain), clock, until).await
    });
    runtime.shutdown_timeout(END);
    out.note(format!("ended after block {}: nothing of this chain is left", ended?));
    Ok(0)
}

fn taken(asked: SocketAddr, error: std::io::Error) -> anyhow::Error {
    let text = format!("cannot listen on `{asked}`");
    invalid("port", text).hint("`--port 0` takes a free port").source(error).into()
}

fn tell(out: Out, args: &DevArgs, at: SocketAddr, accounts: &[Funded]) -> Result<()> {
    let url = format!("http://{at}");
    let public = accounts.iter().any(|account| account.public_secret_key.is_some());
    let block_time = args.block_time.0.map(|every| every.as_secs());
    let object = serde_json::json!({
        "url": url,
        "chain_id": args.chain_id,
        "block_time_s": block_time,
        "depth": args.depth,
        "accounts": accounts,
    });
    out.note("a development chain: it proves nothing, charges nothing, and is gone when this program ends");
    if public {
        out.note("WARNING: the secret keys of these accounts are PUBLIC. Everybody has them:");
        out.note("WARNING: what is sent to these addresses on any other chain is lost");
    }
    out.answer(&object, || {
        let mut text = format!("{url}\n\nchain id  {}\nblocks    one for each transaction", args.chain_id);
        if let Some(every) = block_time {
            let _ = write!(text, ", and one every {every} s");
        }
        let _ = writeln!(text, "; final when {} others stand on it", args.depth);
        let _ = writeln!(
            text,
            "accounts  {ETHER} ether each{}",
            if public { ", with their PUBLIC keys" } else { "" }
        );
        for account in accounts {
            let key = account.public_secret_key.unwrap_or_default();
            let _ = writeln!(text, "  {}  {key}", account.address);
        }
        text
    })?;
    out.note("Ctrl-C ends it");
    Ok(())
}
