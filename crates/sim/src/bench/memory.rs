//! Resident memory of an appender with many closed cases beside few, and how long a start takes after
//! `kill -9`.
//!
//! A case is closed by two records: its opening, and the refusal of its first step. A process of its own
//! opens the ledger, signs, appends, seals and takes snapshots, always the same few cases at a time: so what
//! signing takes is in both figures, and what they differ by is what closed cases leave behind. It is killed
//! four fifths of the way to the next snapshot, when a start has nearly the most to run again.
//!
//! The child prints `closed CASES KIB` after every few cases, and `due SIZE SNAPSHOT` when it is to be
//! killed; the process that starts after it prints `open SIZE`, then `answered` once a receipt of its own is
//! durable.

use crate::bench::attest::BATCH;
use crate::bench::disk::{TilesInFolder, fdatasync_ms};
use crate::cast::{BENCH_STEPS, Programme, Said, bench_params, name};
use crate::measure::Measure;
use crate::stage::{Stage, accepted, start};
use anyhow::{Context, Result, bail, ensure};
use lockstep_kernel::Request;
use lockstep_store::{Embedded, Store};
use lockstep_types::{CaseId, LeafHash};
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

/// Closed cases that the others are held against.
const FEW: usize = 10_000;
/// Closed cases at the end.
const MANY: usize = 1_000_000;
/// Cases opened and closed together.
const AT_ONCE: usize = 250;
/// Ledger time between two batches, as under full load.
const BATCH_MS: u64 = 20;
/// Lines of progress on the way.
const PROGRESS_LINES: usize = 50;
/// Most MiB between many closed cases and few.
const GROWN_MIB_MAX: f64 = 50.0;
/// Most seconds from the start of a process to its first receipt.
const START_S_MAX: f64 = 5.0;
/// Names of the children's commands.
const CLOSE_CASES: &str = "close-cases";
const START_AGAIN: &str = "start-again";

/// What the first process left behind.
struct Life {
    few_kib: u64,
    many_kib: u64,
    /// Records in its log.
    size: u64,
    /// Records that its last snapshot covers.
    snapshot: u64,
}

/// Takes the measures.
///
/// # Errors
/// Whatever stopped them.
pub fn run(show: &mut dyn FnMut(Measure)) -> Result<()> {
    let program = std::env::current_exe().context("this program cannot find itself")?;
    compare(&program, (FEW, MANY), show)
}

/// Takes the measures with so `few` and so `many` closed cases; `program` is the one that measures.
///
/// # Errors
/// Whatever stopped them.
pub fn compare(program: &Path, (few, many): (usize, usize), show: &mut dyn FnMut(Measure)) -> Result<()> {
    let dir = tempfile::tempdir_in(".").context("cannot make a folder on the disk to measure")?;
    let life = one_life(program, dir.path(), (few, many))?;
    let log = std::fs::metadata(dir.path().join("ledger/ledger.log"))?.len() >> 20;
    let mib = |kib: u64| kib as f64 / 1_024.0;
    let value = mib(life.many_kib) - mib(life.few_kib);
    let (few_mib, many_mib) = (mib(life.few_kib), mib(life.many_kib));
    show(Measure {
        measure: "memory-closed-cases".into(),
        value,
        unit: "MiB".into(),
        yardstick: format!(
            "{few_mib:.1} MiB with {few} closed cases, {many_mib:.1} MiB with {many}; a log of {log} MiB"
        ),
        ratio: None,
        goal: format!("<= {GROWN_MIB_MAX:.0} MiB"),
        met: value <= GROWN_MIB_MAX,
    });
    let value = next_life(program, dir.path(), &life)?;
    let disk = fdatasync_ms(dir.path(), 60_000, 30)?;
    let again = life.size - life.snapshot;
    show(Measure {
        measure: "start-after-crash".into(),
        value,
        unit: "s".into(),
        yardstick: format!("{again} of {} records run again; fdatasync {disk:.1} ms", life.size),
        ratio: None,
        goal: format!("<= {START_S_MAX:.0} s"),
        met: value <= START_S_MAX,
    });
    Ok(())
}

/// A process that closes cases until a snapshot is due, and is killed.
fn one_life(program: &Path, dir: &Path, (few, many): (usize, usize)) -> Result<Life> {
    let (mut child, mut lines) = child(program, &[CLOSE_CASES, &many.to_string()], dir)?;
    let heard = listen(&mut lines, (few, many));
    let killed = child.kill().and_then(|()| child.wait()).context("cannot kill")?;
    let life = heard?;
    ensure!(killed.code().is_none(), "the child ended by itself: {killed}");
    Ok(life)
}

fn child(program: &Path, arguments: &[&str], dir: &Path) -> Result<(Child, Lines<BufReader<ChildStdout>>)> {
    let mut command = Command::new(program);
    command.args(arguments).arg(dir).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("`{}` does not start", program.display()))?;
    let lines = BufReader::new(child.stdout.take().context("no pipe")?).lines();
    Ok((child, lines))
}

fn listen(lines: &mut Lines<BufReader<ChildStdout>>, (few, many): (usize, usize)) -> Result<Life> {
    let mut life = Life { few_kib: 0, many_kib: 0, size: 0, snapshot: 0 };
    let (every, mut next) = (many.div_ceil(PROGRESS_LINES), 0);
    for line in lines {
        let line = line?;
        match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["closed", cases, kib] => {
                let (cases, kib): (usize, u64) = (cases.parse()?, kib.parse()?);
                if cases <= few {
                    life.few_kib = kib;
                }
                life.many_kib = kib;
                if cases >= next {
                    eprintln!("memory: {cases} of {many} cases closed, {} MiB resident", kib >> 10);
                    next = cases + every;
                }
            }
            ["due", size, snapshot] => {
                return Ok(Life { size: size.parse()?, snapshot: snapshot.parse()?, ..life });
            }
            _ => bail!("the child says `{line}`"),
        }
    }
    bail!("the child ended before a snapshot was due")
}

/// Seconds from the start of a process in the folder of the killed one to its first receipt.
fn next_life(program: &Path, dir: &Path, life: &Life) -> Result<f64> {
    let begun = Instant::now();
    let (mut child, mut lines) = child(program, &[START_AGAIN], dir)?;
    let opened = lines.next().context("the ledger does not open")??;
    eprintln!("memory: open again after {:.2} s", begun.elapsed().as_secs_f64());
    let answered = lines.next().context("no answer")??;
    let took = begun.elapsed().as_secs_f64();
    ensure!(opened == format!("open {}", life.size), "{} records were there, found `{opened}`", life.size);
    ensure!(answered == "answered", "the child says `{answered}`, expected `answered`");
    ensure!(child.wait()?.success(), "the child did not end well");
    Ok(took)
}

/// The child that is measured and killed: closes `many` cases, and then some more, until four fifths as many
/// records follow the last snapshot as lie between it and the one before.
///
/// # Errors
/// The ledger does not open, or refuses a request of its own.
pub fn close_cases(dir: &Path, many: usize) -> Result<()> {
    let mut stage = stage(dir, 0)?;
    let (mut closed, mut taken, mut between) = (0, 0, u64::MAX);
    loop {
        let replica = stage.appender.replica();
        if replica.snapshot_size() > taken {
            between = replica.snapshot_size() - taken;
            taken = replica.snapshot_size();
        }
        if closed >= many && replica.ledger().size() - taken >= between / 5 * 4 {
            break;
        }
        stage.appender.seal_if_due(stage.now)?;
        close(&mut stage, AT_ONCE)?;
        closed += AT_ONCE;
        if closed <= many {
            println!("closed {closed} {}", resident_kib()?);
        }
    }
    println!("due {} {}", stage.appender.head().1, stage.appender.replica().snapshot_size());
    // Waits for its end; when the parent is gone, this ends too.
    std::io::stdin().lines().next().transpose()?;
    Ok(())
}

/// The child whose start is timed: opens the ledger that the other left, and answers one request.
///
/// # Errors
/// The ledger does not open, or refuses the request.
pub fn start_again(dir: &Path) -> Result<()> {
    let mut stage = stage(dir, 1 << 40)?;
    println!("open {}", stage.appender.head().1);
    let opening = stage.openings(1, &bench_params())?;
    submit(&mut stage, &opening)?;
    println!("answered");
    Ok(())
}

/// The ledger in `dir`, as a process of its own keeps it; numbers of statements go on from `from`.
fn stage(dir: &Path, from: u64) -> Result<Stage> {
    let store: Arc<dyn Store> = Arc::new(Embedded::open(&dir.join("ledger"))?);
    let files = Arc::new(TilesInFolder::new(dir));
    Stage::found_or_resume((store, files), Programme::Bench, (start(), from))
}

/// Opens cases and has their first step refused, which closes them.
fn close(stage: &mut Stage, count: usize) -> Result<()> {
    let openings = stage.openings(count, &bench_params())?;
    let cases: Vec<CaseId> = submit(stage, &openings)?.into_iter().map(|leaf| CaseId(leaf.0)).collect();
    let [first, ..] = BENCH_STEPS.map(name);
    let refusals = stage.steps(&cases, &first, &Said::Refused("not as agreed".into()))?;
    submit(stage, &refusals)?;
    ensure!(stage.kernel().cases().all(|(_, case)| case.phase.is_closed()), "a case is still open");
    Ok(())
}

/// Hands in requests, a batch at a time; the first record of each.
fn submit(stage: &mut Stage, requests: &[Vec<u8>]) -> Result<Vec<LeafHash>> {
    let mut leaves = Vec::with_capacity(requests.len());
    for part in requests.chunks(BATCH) {
        stage.now = stage.now.saturating_add_ms(BATCH_MS);
        let part = part.iter().map(|bytes| Ok(Request::from_slice(bytes)?)).collect::<Result<Vec<_>>>()?;
        for accepted in accepted(stage.appender.submit(part, stage.now)?)? {
            leaves.push(accepted.records.first().context("no record")?.leaf_hash());
        }
    }
    Ok(leaves)
}

/// KiB of this process that are in memory.
fn resident_kib() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("cannot read this process's status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).context("the status has no `VmRSS`")?;
    Ok(kib.parse()?)
}
