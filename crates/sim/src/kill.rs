//! `kill -9`: a process that appends under load and acknowledges over its standard output ends at a random
//! moment, and what it had acknowledged must be there.
//!
//! The child prints one line each: `acked INDEX LEAF` once a receipt could have left, and `sealed SIZE ROOT`
//! once a seal is durable.

use crate::cast::{Programme, Said, bench_claims, bench_params, name};
use crate::sim::chance::Chance;
use crate::sim::check;
use crate::stage::Stage;
use anyhow::{Context, Result, bail, ensure};
use lockstep_crypto::tree::{Frontier, root_of};
use lockstep_kernel::Request;
use lockstep_node::port::TilesInMemory;
use lockstep_node::replica::record;
use lockstep_node::{Answer, Replica};
use lockstep_store::{Embedded, Store};
use lockstep_types::{CaseId, LeafHash, RootHash, Time};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Kills that one folder lives through.
const KILLS_A_FOLDER: u32 = 10;
/// Longest time from the first line of a child to its end.
const ALIVE_MS_MAX: u64 = 400;
/// Cases opened together.
const OPENED: usize = 6;

/// What a child said.
#[derive(Default)]
struct Heard {
    acked: Vec<(u64, LeafHash)>,
    sealed: Vec<(u64, RootHash)>,
}

/// Kills children of `program` so many times.
///
/// # Errors
/// Something acknowledged is lost or doubled, a size has two roots, or the ledger does not open.
pub fn run(program: &Path, runs: u32, seed: u64, show: &mut dyn FnMut(&str)) -> Result<()> {
    let mut chance = Chance::new(seed);
    let (mut done, mut acked) = (0, 0);
    while done < runs {
        let dir = tempfile::tempdir().context("cannot make a folder")?;
        let mut said = Heard::default();
        for _ in 0..KILLS_A_FOLDER.min(runs - done) {
            one_life(program, dir.path(), (chance.below(ALIVE_MS_MAX), &mut said))?;
            examine(dir.path(), &said).with_context(|| format!("after kill {done} of seed {seed}"))?;
            done += 1;
        }
        acked += said.acked.len();
        show(&format!("{done} kills, {acked} acknowledged attestations all there"));
    }
    ensure!(acked > 0, "no child lived long enough to acknowledge anything");
    Ok(())
}

/// Starts a child, lets it live for a while after its first word, and kills it.
fn one_life(program: &Path, dir: &Path, (alive_ms, said): (u64, &mut Heard)) -> Result<()> {
    let mut child = Command::new(program).arg("child").arg(dir).stdout(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("no pipe")?);
    let mut line = String::new();
    lines.read_line(&mut line)?;
    ensure!(line == "ready\n", "the child says `{}`, expected `ready`", line.trim_end());
    let killed = std::thread::scope(|scope| {
        let killer = scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(alive_ms));
            child.kill().and_then(|()| child.wait())
        });
        loop {
            line.clear();
            // A line that the kill cut short acknowledges nothing.
            if lines.read_line(&mut line)? == 0 || !line.ends_with('\n') {
                break;
            }
            hear(&line, said)?;
        }
        killer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).context("cannot kill")
    })?;
    ensure!(killed.code().is_none(), "the child ended by itself: {killed}");
    Ok(())
}

fn hear(line: &str, said: &mut Heard) -> Result<()> {
    match line.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["acked", index, leaf] => said.acked.push((index.parse()?, leaf.parse()?)),
        ["sealed", size, root] => said.sealed.push((size.parse()?, root.parse()?)),
        _ => bail!("the child says `{}`", line.trim_end()),
    }
    Ok(())
}

/// Opens the folder as after any crash, and holds it against what was said.
fn examine(dir: &Path, said: &Heard) -> Result<()> {
    let store = Arc::new(Embedded::open(&dir.join("ledger")).context("the store does not open")?);
    store.check().context("the store is damaged")?;
    let records = check::records_of(&*store).map_err(anyhow::Error::msg)?;
    let mut leaves = Vec::with_capacity(records.len());
    for (index, stored) in (0..).zip(&records) {
        leaves.push(record(index, stored)?.leaf_hash());
    }
    for (index, leaf) in &said.acked {
        let found = usize::try_from(*index).ok().and_then(|at| leaves.get(at));
        ensure!(found == Some(leaf), "record {index} was acknowledged as `{leaf}`, found {found:?}");
    }
    for (size, root) in &said.sealed {
        let sealed = usize::try_from(*size).ok().and_then(|size| leaves.get(..size));
        let sealed =
            sealed.with_context(|| format!("{size} records were sealed, {} are left", leaves.len()))?;
        ensure!(root_of(sealed) == *root, "size {size} was sealed with another root");
    }
    check::once(&records).map_err(anyhow::Error::msg)?;
    let replica =
        Replica::open(store, Arc::new(TilesInMemory::default())).context("the ledger does not open")?;
    let mut frontier = Frontier::default();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    ensure!(replica.ledger().root() == frontier.root(), "the opened ledger has another root");
    Ok(())
}

fn wall_clock() -> Result<(Time, u64)> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).context("a clock before 1970")?;
    Ok((Time::from_ms(u64::try_from(since.as_millis())?)?, u64::try_from(since.as_nanos())?))
}

/// The child: appends for ever.
///
/// # Errors
/// The ledger does not open, or refuses a request of its own.
pub fn child(dir: &Path) -> Result<()> {
    let store: Arc<dyn Store> = Arc::new(Embedded::open(&dir.join("ledger"))?);
    let mut out = std::io::stdout().lock();
    let files = Arc::new(TilesInMemory::default());
    let (now, nanos) = wall_clock()?;
    writeln!(out, "ready")?;
    out.flush()?;
    let mut stage = Stage::found_or_resume((store, files), Programme::Bench, (now, nanos))?;
    let first = name("first");
    loop {
        stage.now = stage.now.max(wall_clock()?.0);
        let openings = stage.openings(OPENED, &bench_params())?;
        let cases: Vec<CaseId> =
            submit(&mut stage, openings, &mut out)?.into_iter().map(|leaf| CaseId(leaf.0)).collect();
        let steps = stage.steps(&cases, &first, &Said::Done(bench_claims()))?;
        submit(&mut stage, steps, &mut out)?;
        if stage.appender.seal_if_due(stage.now)? {
            let (_, size, root) = stage.appender.head();
            writeln!(out, "sealed {size} {root}")?;
        }
        // What fills the snapshot's place is written often here, so that a kill falls into it.
        stage.appender.replica_mut().snapshot()?;
        out.flush()?;
    }
}

fn submit(stage: &mut Stage, requests: Vec<Vec<u8>>, out: &mut impl Write) -> Result<Vec<LeafHash>> {
    let requests =
        requests.iter().map(|bytes| Ok(Request::from_slice(bytes)?)).collect::<Result<Vec<_>>>()?;
    let mut leaves = Vec::new();
    for answer in stage.appender.submit(requests, stage.now)? {
        let Answer::OnRecord(accepted) = answer else { bail!("a request is refused: {answer:?}") };
        let leaf = accepted.records.first().context("no record")?.leaf_hash();
        writeln!(out, "acked {} {leaf}", accepted.index)?;
        leaves.push(leaf);
    }
    out.flush()?;
    Ok(leaves)
}
