//! Takes measures: `bench NAME|all [--json]`, one line each.

use anyhow::Result;
use clap::{Parser, Subcommand};
use lockstep_sim::bench::{self, http, memory};
use std::path::PathBuf;

/// As the `lockstep` binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Takes measures, each beside a yardstick of the same run.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    child: Option<Child>,
    /// Which: a name, or `all`.
    #[arg(default_value = "all")]
    name: String,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
    /// How long `soak` lasts.
    #[arg(long, default_value_t = bench::SOAK_MINUTES)]
    minutes: u32,
}

/// Processes that a measure starts and looks at from outside.
#[derive(Subcommand)]
enum Child {
    /// The process whose memory is measured.
    #[command(hide = true)]
    CloseCases {
        /// How many.
        many: usize,
        /// Its folder.
        dir: PathBuf,
    },
    /// A client of the service.
    #[command(hide = true)]
    HttpClient {
        /// The server.
        url: String,
        /// Certificates that vouch for it.
        roots: PathBuf,
        /// Requests, one a line.
        file: PathBuf,
        /// How many are handed in together.
        batch: usize,
    },
    /// The process whose start is timed.
    #[command(hide = true)]
    StartAgain {
        /// Its folder.
        dir: PathBuf,
    },
}

fn main() -> Result<()> {
    // As the `lockstep` binary does.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    let Arguments { child, name, json, minutes } = Arguments::parse();
    match child {
        None => measure((&name, minutes), json),
        Some(Child::CloseCases { many, dir }) => memory::close_cases(&dir, many),
        Some(Child::HttpClient { url, roots, file, batch }) => http::client(&url, &roots, &file, batch),
        Some(Child::StartAgain { dir }) => memory::start_again(&dir),
    }
}

fn measure(what: (&str, u32), json: bool) -> Result<()> {
    let mut failed = None;
    bench::run(what, &mut |measure| match serde_json::to_string(&measure) {
        Ok(line) if json => println!("{line}"),
        Ok(_) => println!("{}", measure.row()),
        Err(error) => failed = Some(error),
    })?;
    failed.map_or(Ok(()), |error| Err(error.into()))
}
