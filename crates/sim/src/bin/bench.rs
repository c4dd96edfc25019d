//! Takes measures: `bench NAME|all [--json]`, one line each.

use anyhow::Result;
use clap::Parser;

/// As the `lockstep` binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Takes measures, each beside a yardstick of the same run.
#[derive(Parser)]
struct Arguments {
    /// Which: a name, or `all`.
    #[arg(default_value = "all")]
    name: String,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

fn main() -> Result<()> {
    let Arguments { name, json } = Arguments::parse();
    let mut failed = None;
    lockstep_sim::bench::run(&name, &mut |measure| match serde_json::to_string(&measure) {
        Ok(line) if json => println!("{line}"),
        Ok(_) => println!("{}", measure.row()),
        Err(error) => failed = Some(error),
    })?;
    failed.map_or(Ok(()), |error| Err(error.into()))
}
