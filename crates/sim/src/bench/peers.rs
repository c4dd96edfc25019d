//! A case of five steps beside a durable workflow of five steps on Restate, on the same machine with the same
//! concurrency. The workflow has no signatures, no guards and no proof; a case has all of them, and its
//! parties sign within the time that is taken. Neither side speaks TLS.
//!
//! `peers/restate` is the workflow; `cargo xtask bench peers` builds it, fetches the server from npm, and
//! says where both are.

use crate::bench::p99;
use crate::bench::served::{ONE_ADDRESS, Parties, Served};
use crate::cast::{COSIGNERS, Programme, Said, bench_claims};
use crate::measure::Measure;
use anyhow::{Context, Result, bail, ensure};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use ureq::Agent;

/// Cases at once.
const CONCURRENCIES: [usize; 2] = [16, 256];
/// Cases that each takes its time for, after a tenth as many to begin with.
const CASES: usize = 4_000;
/// How much of the workflows' rate cases reach without co-signers on the machine, and with four.
const RATIOS: [(u8, f64); 2] = [(0, 1.0), (COSIGNERS, 0.5)];
/// How long a program may take to answer.
const STARTS: Duration = Duration::from_secs(60);
/// The folder with both programs.
const FOLDER: &str = "LOCKSTEP_PEERS";

/// What a run gave.
struct Ran {
    per_second: f64,
    /// Milliseconds of each case or workflow, from its beginning to its last answer.
    whole: Vec<f64>,
}

/// Takes the measures.
///
/// # Errors
/// Whatever stopped them.
pub fn run(show: &mut dyn FnMut(Measure)) -> Result<()> {
    for at_once in CONCURRENCIES {
        let mut theirs = restate(at_once)?;
        for (cosigners, goal) in RATIOS {
            let mut ours = cases(cosigners, at_once)?;
            let (ratio, p99s) =
                (ours.per_second / theirs.per_second, (p99(&mut ours.whole), p99(&mut theirs.whole)));
            // Latency is asked for where the ledger has the machine to itself.
            let quick = cosigners > 0 || p99s.0 < p99s.1;
            let lower = if cosigners > 0 { "" } else { ", p99 below" };
            show(Measure {
                measure: format!("case-{at_once}-at-once-{cosigners}-cosigners"),
                value: ours.per_second,
                unit: "cases/s".into(),
                yardstick: format!(
                    "{:.0} workflows/s on Restate; p99 of a whole case {:.0} ms, of a workflow {:.0} ms",
                    theirs.per_second, p99s.0, p99s.1
                ),
                ratio: Some(ratio),
                goal: format!("ratio >= {goal}{lower}"),
                met: ratio >= goal && quick,
            });
        }
    }
    Ok(())
}

/// Cases of five steps through a server.
fn cases(cosigners: u8, at_once: usize) -> Result<Ran> {
    let served = Served::begin(Programme::Five, cosigners, ONE_ADDRESS)?;
    let parties = Parties::of(Programme::Five)?;
    side_by_side(at_once, || {
        let client = served.client()?;
        let (parties, last) = (&parties, Said::Done(bench_claims()));
        Ok(move |_| parties.take_case(&client, &last).map(drop))
    })
}

/// Workflows of five steps on a server of its own.
fn restate(at_once: usize) -> Result<Ran> {
    let peer = Restate::begin()?;
    let url = format!("http://{}/FiveSteps", peer.ingress);
    side_by_side(at_once, || {
        let (agent, url) = (agent(), url.clone());
        Ok(move |number: usize| {
            let mut answer = agent
                .post(format!("{url}/{number}/run"))
                .header("content-type", "application/json")
                .send(r#""1000.00""#)?;
            let said = answer.body_mut().read_to_string()?;
            ensure!(
                answer.status().is_success() && said == r#""1000.00 after 5 steps""#,
                "Restate says `{said}`"
            );
            Ok(())
        })
    })
}

/// Runs so many things at once, each on a thread of its own, first to warm up, then for the time.
fn side_by_side<F: FnMut(usize) -> Result<()>>(
    at_once: usize,
    hand: impl Fn() -> Result<F> + Sync,
) -> Result<Ran> {
    let next = AtomicUsize::new(0);
    let until = |end: usize| -> Result<(Duration, Vec<f64>)> {
        let begun = Instant::now();
        let times = std::thread::scope(|scope| {
            let one = || -> Result<Vec<f64>> {
                let (mut act, mut times) = (hand()?, Vec::new());
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= end {
                        return Ok(times);
                    }
                    let since = Instant::now();
                    act(number)?;
                    times.push(since.elapsed().as_secs_f64() * 1_000.0);
                }
            };
            let threads: Vec<_> = (0..at_once).map(|_| scope.spawn(one)).collect();
            let mut all = Vec::new();
            for thread in threads {
                all.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
            }
            anyhow::Ok(all)
        })?;
        Ok((begun.elapsed(), times))
    };
    until(CASES / 10)?;
    next.store(CASES, Ordering::SeqCst);
    let (took, whole) = until(2 * CASES)?;
    Ok(Ran { per_second: whole.len() as f64 / took.as_secs_f64(), whole })
}

fn agent() -> Agent {
    Agent::config_builder().http_status_as_error(false).timeout_global(Some(STARTS)).build().into()
}

/// A Restate server with the workflow registered; both end with it.
struct Restate {
    ingress: SocketAddr,
    running: Vec<Child>,
    _dir: TempDir,
}

impl Drop for Restate {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Restate {
    fn begin() -> Result<Self> {
        let folder = std::env::var_os(FOLDER).map(PathBuf::from);
        let folder = folder.context("`cargo xtask bench peers` says where Restate is; nobody did")?;
        let dir = tempfile::tempdir_in(".").context("cannot make a folder on the disk to measure")?;
        let (ingress, admin, node, service) = (free()?, free()?, free()?, free()?);
        let workflow = Command::new(folder.join("target/release/lockstep-peer-restate"))
            .arg(service.to_string())
            .spawn();
        let mut peer =
            Self { ingress, running: vec![workflow.context("the workflow does not start")?], _dir: dir };
        let server = Command::new(server(&folder)?)
            .args(["--no-logo", "--log-filter", "error", "--base-dir"])
            .arg(peer._dir.path())
            .env("RESTATE_BIND_ADDRESS", node.to_string())
            .env("RESTATE_ADVERTISED_ADDRESS", format!("http://{node}"))
            .env("RESTATE_INGRESS__BIND_ADDRESS", ingress.to_string())
            .env("RESTATE_ADMIN__BIND_ADDRESS", admin.to_string())
            .env("RESTATE_DISABLE_TELEMETRY", "true")
            .env("DO_NOT_TRACK", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        peer.running.push(server.context("Restate does not start")?);
        peer.register((admin, service))?;
        Ok(peer)
    }

    /// Tells the server of the workflow, once it listens.
    fn register(&self, (admin, service): (SocketAddr, SocketAddr)) -> Result<()> {
        let (agent, since) = (agent(), Instant::now());
        let asked = format!(r#"{{"uri":"http://{service}"}}"#);
        loop {
            let answered = agent
                .post(format!("http://{admin}/deployments"))
                .header("content-type", "application/json")
                .send(&asked);
            match answered {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                _ if since.elapsed() < STARTS => std::thread::sleep(Duration::from_millis(200)),
                Ok(mut answer) => {
                    bail!("Restate refuses the workflow: {}", answer.body_mut().read_to_string()?)
                }
                Err(error) => return Err(error).context("Restate does not answer"),
            }
        }
    }
}

/// The server's program, as npm lays it for this machine.
fn server(folder: &Path) -> Result<PathBuf> {
    let scope = folder.join("node_modules/@restatedev");
    let lies = |entry: std::io::Result<std::fs::DirEntry>| {
        let program = entry.ok()?.path().join("bin/restate-server");
        program.is_file().then_some(program)
    };
    std::fs::read_dir(&scope)?.find_map(lies).context("npm has no Restate server for this machine")
}

fn free() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
