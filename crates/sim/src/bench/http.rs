//! Attestations a second over HTTP with TLS, from four client processes on the same machine that check every
//! receipt, beside the pipeline in one process.
//!
//! A client process reads signed requests from a file, connects, prints `ready`, waits for a line, hands all
//! of them in, one a request over several connections or in batches over one, and prints `done`.

use crate::bench::attest::{open, submit_all};
use crate::cast::{BENCH_STEPS, Programme, Said, appender_key, bench_claims, name};
use crate::measure::Measure;
use crate::stage::Stage;
use anyhow::{Context, Result, ensure};
use lockstep_client::{Client, Options};
use lockstep_kernel::{Genesis, Request};
use lockstep_ledger::Handover;
use lockstep_node::port::TilesInMemory;
use lockstep_server::service::{Handovers, Parts};
use lockstep_server::{Hosted, Limits, Rate, ReadLog, Service, engine, listen};
use lockstep_store::{Embedded, Store};
use lockstep_types::{CaseId, Lei, Name, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;

/// Cases, each with one request a measure.
const CASES: usize = 8_000;
/// Client processes.
const CLIENTS: usize = 4;
/// Connections of a process that hands in one attestation a request: over one, what is measured is how long
/// the disk takes.
const CONNECTIONS: usize = 8;
/// Requests in one batch.
const BATCH: usize = 32;
/// Name of the child's command.
const CLIENT: &str = "http-client";
const RATIO_ONE: f64 = 0.2;
const RATIO_BATCH: f64 = 0.4;

/// Takes the measures.
///
/// # Errors
/// Whatever stopped them.
pub fn run(show: &mut dyn FnMut(Measure)) -> Result<()> {
    let dir = tempfile::tempdir_in(".").context("cannot make a folder on the disk to measure")?;
    let store: Arc<dyn Store> = Arc::new(Embedded::open(&dir.path().join("ledger"))?);
    let ground = Ground { dir: dir.path(), store, tiles: Arc::default(), secrets: secrets(dir.path())? };
    let mut stage = ground.stage()?;
    let cases = open(&mut stage, CASES)?;
    let [first, second, third, one, batch, ..] = BENCH_STEPS.map(name);
    let (inside, mut took) = ([first, second, third], Duration::ZERO);
    for step in &inside {
        let requests = stage.steps(&cases, step, &Said::Done(bench_claims()))?;
        took += submit_all(&mut stage, &requests)?;
    }
    let alone = (CASES * inside.len()) as f64 / took.as_secs_f64();
    drop(stage);
    let single = ground.hand_in((&cases, &one), 1)?;
    show(measure("http-one", single, (alone, RATIO_ONE)));
    let batched = ground.hand_in((&cases, &batch), BATCH)?;
    show(measure("http-batch", batched, (alone, RATIO_BATCH)));
    Ok(())
}

fn measure(named: &str, value: f64, (alone, goal): (f64, f64)) -> Measure {
    let ratio = value / alone;
    Measure {
        measure: named.into(),
        value,
        unit: "attestations/s".into(),
        yardstick: format!("{alone:.0} attestations/s through the pipeline in one process"),
        ratio: Some(ratio),
        goal: format!("ratio >= {goal}"),
        met: ratio >= goal,
    }
}

/// Files of TLS.
struct Secrets {
    config: Arc<rustls::ServerConfig>,
    roots: std::path::PathBuf,
}

/// A certificate of its own for `localhost`.
fn secrets(dir: &Path) -> Result<Secrets> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let roots = dir.join("roots.pem");
    std::fs::write(&roots, made.cert.pem())?;
    let key = rustls_pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())?;
    Ok(Secrets { config: Arc::new(config), roots })
}

/// A ledger between two measures.
struct Ground<'a> {
    dir: &'a Path,
    store: Arc<dyn Store>,
    tiles: Arc<TilesInMemory>,
    secrets: Secrets,
}

impl Ground<'_> {
    fn stage(&self) -> Result<Stage> {
        let parts = (Arc::clone(&self.store), Arc::clone(&self.tiles) as _);
        let mut stage = Stage::found_or_resume(parts, Programme::Bench, (clock(), 0))?;
        stage.now = clock();
        Ok(stage)
    }

    /// Serves the ledger, and has clients hand in a step of every case; attestations a second.
    fn hand_in(&self, (cases, step): (&[CaseId], &Name), batch: usize) -> Result<f64> {
        let mut stage = self.stage()?;
        let requests = stage.steps(cases, step, &Said::Done(bench_claims()))?;
        let genesis: Genesis = stage.kernel().genesis().context("no genesis")?.clone();
        let (engine, worker) = engine(stage.appender, Box::new(|_| Ok(())), clock)?;
        let parts = Parts {
            receipts: Arc::new(appender_key()),
            files: Arc::clone(&self.tiles) as _,
            checkpoint: Box::new(|| None),
            handovers: Box::new(Unread),
            readers: BTreeMap::new(),
            reads: Box::new(Unread),
        };
        let hosted = Hosted::new(engine, &genesis, parts)?;
        let working = std::thread::spawn(move || worker.run());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
        let port = listener.local_addr()?.port();
        let own = BTreeSet::from([format!("localhost:{port}")]);
        // All clients are of one address here.
        let limits =
            Limits { requests: Rate { per_second: 1_000_000, burst: 1_000_000 }, ..Limits::default() };
        let service = Arc::new(Service::new(vec![hosted], own, clock, limits));
        let (end, ended) = oneshot::channel::<()>();
        let tls = Some(Arc::clone(&self.secrets.config));
        let until = async { ended.await.unwrap_or_default() };
        let serving = runtime.spawn(listen::serve(listener, tls, service, until));
        let rate = self.clients(&requests, port, batch);
        drop(end);
        runtime.block_on(serving)??;
        working.join().map_err(|_| anyhow::anyhow!("the ledger stopped"))??;
        rate
    }

    fn clients(&self, requests: &[Vec<u8>], port: u16, batch: usize) -> Result<f64> {
        let mut clients = Vec::new();
        for (number, part) in requests.chunks(requests.len().div_ceil(CLIENTS)).enumerate() {
            let file = self.dir.join(format!("requests-{number}"));
            std::fs::write(&file, part.join(&b'\n'))?;
            let mut child = Command::new(std::env::current_exe()?)
                .args([CLIENT, &format!("https://localhost:{port}")])
                .arg(&self.secrets.roots)
                .arg(&file)
                .arg(batch.to_string())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()?;
            let lines = BufReader::new(child.stdout.take().context("a client has no output")?);
            clients.push((child, lines));
        }
        clients.iter_mut().try_for_each(|client| told(client, "ready"))?;
        let begun = Instant::now();
        for (child, _) in &mut clients {
            child.stdin.as_mut().context("a client has no input")?.write_all(b"go\n")?;
        }
        clients.iter_mut().try_for_each(|client| told(client, "done"))?;
        let took = begun.elapsed();
        for (mut child, _) in clients {
            ensure!(child.wait()?.success(), "a client failed");
        }
        Ok(requests.len() as f64 / took.as_secs_f64())
    }
}

fn told((_, lines): &mut (Child, BufReader<ChildStdout>), word: &str) -> Result<()> {
    let mut line = String::new();
    lines.read_line(&mut line)?;
    ensure!(line.trim() == word, "a client said `{}`, expected `{word}`", line.trim());
    Ok(())
}

/// One client process.
///
/// # Errors
/// The server's, or a receipt that does not hold.
pub fn client(url: &str, roots: &Path, file: &Path, batch: usize) -> Result<()> {
    let options = Options { roots: Some(std::fs::read(roots)?), ..Options::default() };
    let bytes = std::fs::read(file)?;
    // Canonical JSON holds no line feed.
    let requests = bytes.split(|byte| *byte == b'\n').map(Request::from_slice);
    let requests: Vec<Request> = requests.collect::<Result<_, _>>()?;
    let connections = if batch == 1 { CONNECTIONS } else { 1 };
    let clients = (0..connections).map(|_| Client::connect(url, None, &options));
    let clients: Vec<Client> = clients.collect::<Result<_, _>>()?;
    println!("ready");
    std::io::stdin().read_line(&mut String::new())?;
    std::thread::scope(|scope| {
        let parts = requests.chunks(requests.len().div_ceil(connections).max(1));
        let threads: Vec<_> = clients
            .iter()
            .zip(parts)
            .map(|(client, part)| scope.spawn(|| hand_in(client, part, batch)))
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    println!("done");
    Ok(())
}

fn hand_in(client: &Client, requests: &[Request], batch: usize) -> Result<()> {
    if batch == 1 {
        return requests.iter().try_for_each(|request| Ok(client.submit(request, &[]).map(drop)?));
    }
    for part in requests.chunks(batch) {
        client.submit_all(part)?.into_iter().try_for_each(|answer| answer.map(drop))?;
    }
    Ok(())
}

/// Nobody reads anything in these measures, and no committee leaves.
struct Unread;

impl ReadLog for Unread {
    fn note(&self, _: Lei, _: CaseId, _: &str) -> Result<(), String> {
        Ok(())
    }
}

impl Handovers for Unread {
    fn all(&self) -> Result<Vec<Handover>, String> {
        Ok(Vec::new())
    }

    fn keep(&self, _: &Handover) -> Result<(), String> {
        Err("no committee leaves in these measures".to_owned())
    }
}

/// This machine's clock.
fn clock() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_ms(u64::try_from(since.as_millis()).unwrap_or(u64::MAX)).unwrap_or_default()
}
