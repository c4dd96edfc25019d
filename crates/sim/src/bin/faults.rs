//! Long runs with faults: `faults sim --runs N --seed S`, `faults chains …`,
//! `faults anvils …`, `faults kill …`, `faults network …`.

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use lockstep_sim::chains::Trace;
use std::path::PathBuf;

/// As the `lockstep` binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Looks for faults that the ledger does not survive.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Appender and co-signers over ports that fail, one seed a run.
    Sim {
        /// How many seeds.
        #[arg(long, default_value_t = 1_000)]
        runs: u64,
        /// The first of them.
        #[arg(long, default_value_t = 0)]
        seed: u64,
    },
    /// One ledger over two chains that are late, go back and stand still, one seed a run.
    Chains {
        /// How many seeds.
        #[arg(long, default_value_t = 300)]
        runs: u64,
        /// The first of them.
        #[arg(long, default_value_t = 0)]
        seed: u64,
    },
    /// The same over two real Anvils, killed and stopped, behind endpoints that die, lag and lie.
    Anvils {
        /// How many seeds.
        #[arg(long, default_value_t = 300)]
        runs: u64,
        /// The first of them.
        #[arg(long, default_value_t = 0)]
        seed: u64,
    },
    /// An appending process that is killed again and again.
    Kill {
        /// How many kills.
        #[arg(long, default_value_t = 200)]
        runs: u32,
        /// What the moments follow from.
        #[arg(long, default_value_t = 0)]
        seed: u64,
    },
    /// A server and its co-signers as processes, killed, cut off and lied to, one seed a run.
    Network {
        /// How many seeds.
        #[arg(long, default_value_t = 20)]
        runs: u64,
        /// The first of them.
        #[arg(long, default_value_t = 0)]
        seed: u64,
        /// The `lockstep` binary [default: the one beside this program]
        #[arg(long)]
        program: Option<PathBuf>,
    },
    /// The process that is killed.
    #[command(hide = true)]
    Child {
        /// Its folder.
        dir: PathBuf,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().what {
        What::Sim { runs, seed } => sim(runs, seed),
        What::Chains { runs, seed } => chains("chains", (runs, seed), lockstep_sim::chains::run),
        What::Anvils { runs, seed } => chains("anvils", (runs, seed), lockstep_sim::chains::run_remote),
        What::Kill { runs, seed } => {
            let program = std::env::current_exe().context("this program cannot find itself")?;
            lockstep_sim::kill::run(&program, runs, seed, &mut |line| eprintln!("{line}"))?;
            println!("kill: {runs} kills survived");
            Ok(())
        }
        What::Network { runs, seed, program } => network((runs, seed), program),
        What::Child { dir } => lockstep_sim::kill::child(&dir),
    }
}

fn chains(name: &str, (runs, seed): (u64, u64), run: impl Fn(u64) -> Result<Trace>) -> Result<()> {
    let mut all = Trace::default();
    for at in seed..seed.saturating_add(runs) {
        all.add(&run(at)?);
        if (at - seed) % 50 == 49 {
            eprintln!("{} of {runs} runs", at - seed + 1);
        }
    }
    let befell = match all.faults {
        0 => String::new(),
        faults => format!("; {faults} faults, {} acts in vain", all.in_vain),
    };
    println!(
        "{name}: {runs} runs from seed {seed}: {} issuances decided, {} refused, {} executed, {} lapsed; \
         {} deposits burned, {} returned; {} blocks taken back{befell}",
        all.decided, all.refused, all.executed, all.lapsed, all.burned, all.returned, all.taken_back
    );
    Ok(())
}

fn network((runs, seed): (u64, u64), program: Option<PathBuf>) -> Result<()> {
    let beside = || Ok(std::env::current_exe()?.with_file_name("lockstep"));
    let program = program.map_or_else(beside, std::path::absolute).context("where is `lockstep`?")?;
    let mut all = lockstep_sim::network::Trace::default();
    for at in seed..seed.saturating_add(runs) {
        all.add(&lockstep_sim::network::run(&program, at)?);
        eprintln!("{} of {runs} runs", at - seed + 1);
    }
    println!(
        "network: {runs} runs from seed {seed}: {} records, {} acknowledged ({} handed in again), {} \
         certificates; the appender killed {} times, co-signers {} times, {} ways made foul; writes went on \
         within {} ms, certificates over everything within {} ms",
        all.records,
        all.acknowledged,
        all.again,
        all.certificates,
        all.kills.0,
        all.kills.1,
        all.foul,
        all.resumed.as_millis(),
        all.certified.as_millis()
    );
    Ok(())
}

fn sim(runs: u64, seed: u64) -> Result<()> {
    let (mut records, mut acknowledged, mut certificates) = (0, 0, 0);
    for at in seed..seed.saturating_add(runs) {
        let trace = lockstep_sim::sim::run(at)?;
        records += trace.records;
        acknowledged += trace.acknowledged;
        certificates += trace.certificates;
        if runs == 1 {
            println!("trace {}", trace.digest);
        } else if (at - seed) % 100 == 99 {
            eprintln!("{} of {runs} runs", at - seed + 1);
        }
    }
    println!(
        "sim: {runs} runs from seed {seed}: {records} records, {acknowledged} acknowledged, \
         {certificates} certificates"
    );
    Ok(())
}
