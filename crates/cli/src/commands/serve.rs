//! `lockstep serve`: the appender as a service.

pub(super) mod config;
pub(super) mod tls;

use crate::fault::{Kind, invalid, told};
use crate::folder::live::LiveParts;
use crate::folder::{CHECKPOINT_FILE, Folder, HandoversInFolder, write_checkpoint};
use crate::os;
use crate::shell::Shell;
use anyhow::{Context, Result};
use clap::Args;
use config::{Config, LedgerConfig};
use lockstep_kernel::Genesis;
use lockstep_server::engine::EngineError;
use lockstep_server::service::{CheckpointFile, Parts};
use lockstep_server::{Hosted, OnSeal, ReadLog, Service, Worker, engine, listen};
use lockstep_types::{CaseId, Lei, Time};
use serde_json::json;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::mpsc;

/// Threads that read and write; deciding and checking signatures have threads of their own.
const THREADS: usize = 2;

/// A server.
#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// The ledger's folder, to serve it to this machine only
    #[arg(value_name = "DIR", required_unless_present = "config", conflicts_with = "config")]
    dir: Option<PathBuf>,
    /// What to listen on, and the ledgers to host (docs/how-to/run-a-server.md)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Listen here instead; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
}

/// What a run of the workers came to.
type Ran = Result<(), EngineError>;

/// Serves until somebody ends it.
pub fn run(shell: &Shell, args: &Serve) -> Result<u8> {
    let mut config = match (&args.config, &args.dir) {
        (Some(path), _) => Config::read(path)?,
        (None, dir) => Config::of_folder(dir.as_deref().unwrap_or_else(|| Path::new("."))),
    };
    config.listen = args.listen.unwrap_or(config.listen);
    log();
    let limits = config.limits.limits()?;
    let tls = config.tls.as_ref().map(tls::server).transpose()?;
    let (ended, mut ends) = mpsc::unbounded_channel();
    let (mut all, mut workers) = (Vec::new(), Vec::new());
    for ledger in &config.ledgers {
        let (hosted, worker) = host(shell, ledger)?;
        all.push(hosted);
        workers.push((ledger.dir.clone(), worker));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build();
    let runtime = runtime.context("cannot start the threads that serve")?;
    runtime.block_on(async {
        let until = crate::os::asked_to_end()?;
        let asked = config.listen;
        let listener = tokio::net::TcpListener::bind(asked).await.map_err(|error| taken(asked, error))?;
        let at = listener.local_addr().context("cannot tell the port")?;
        let own = names(&config, at);
        let service = Arc::new(Service::new(all, own, clock, limits));
        let threads = workers.into_iter().map(|(dir, worker)| begin(dir, worker, ended.clone())).collect();
        tell(shell, &config, at)?;
        let until = async {
            tokio::select! {
                () = until => {}
                _ = ends.recv() => {}
            }
        };
        let served = listen::serve(listener, tls, service, until).await;
        join(threads)?;
        served.map_err(refused)
    })?;
    runtime.shutdown_background();
    shell.out.note("ended: everything taken is sealed and answered");
    Ok(0)
}

/// Waits for the ledgers to seal what they hold.
fn join(threads: Vec<(PathBuf, JoinHandle<Ran>)>) -> Result<()> {
    for (dir, thread) in threads {
        let ran = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        ran.with_context(|| format!("the ledger in `{}` stopped", dir.display()))?;
    }
    Ok(())
}

fn begin(
    dir: PathBuf,
    worker: Worker<Arc<lockstep_crypto::SecretKey>>,
    ended: mpsc::UnboundedSender<()>,
) -> (PathBuf, JoinHandle<Ran>) {
    let thread = std::thread::spawn(move || {
        let ran = worker.run();
        // A ledger that has stopped ends the server: whoever supervises it opens it anew.
        let _ = ended.send(());
        ran
    });
    (dir, thread)
}

pub(super) fn refused(error: listen::ListenError) -> anyhow::Error {
    let text = error.to_string();
    match error {
        listen::ListenError::Plain { .. } => told(Kind::Refused, "tls-missing", text)
            .hint("name `certificate` and `key` under `[tls]`, or listen on `127.0.0.1`")
            .into(),
        listen::ListenError::Port(source) => invalid("port", text).source(source).into(),
    }
}

pub(super) fn taken(asked: SocketAddr, error: std::io::Error) -> anyhow::Error {
    invalid("port", format!("cannot listen on `{asked}`"))
        .hint("port 0 takes a free one")
        .source(error)
        .into()
}

/// This machine's time; the system's clock has been asked before anything was served.
pub(super) fn clock() -> Time {
    os::now().unwrap_or_default()
}

fn names(config: &Config, at: SocketAddr) -> BTreeSet<String> {
    let own = [at.to_string(), format!("localhost:{}", at.port())];
    own.into_iter().chain(config.names.iter().map(|name| name.to_ascii_lowercase())).collect()
}

/// Opens a ledger for the server.
fn host(shell: &Shell, config: &LedgerConfig) -> Result<(Hosted, Worker<Arc<lockstep_crypto::SecretKey>>)> {
    let live = LiveParts::open(&config.dir, shell.state.as_deref())?;
    let LiveParts { folder, appender, receipts, log, mut memory, files } = live;
    let genesis: Genesis = appender.replica().kernel().genesis().context("the ledger has not begun")?.clone();
    let dir = folder.dir().to_owned();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let on_seal: OnSeal = {
        let (dir, genesis) = (dir.clone(), genesis.clone());
        Box::new(move |seal| {
            let remembered = memory
                .advance(seal.size, seal.root)
                .and_then(|()| write_checkpoint((&dir, &genesis), (seal.size, seal.root, seal.time), &log));
            remembered.map_err(|error| format!("{error:#}"))
        })
    };
    let (engine, worker) = engine(appender.with_threads(threads), on_seal, clock)?;
    let checkpoint: CheckpointFile = {
        let path = dir.join(CHECKPOINT_FILE);
        Box::new(move || os::read(&path, os::SMALL_FILE_BYTES_MAX).ok())
    };
    let parts = Parts {
        receipts,
        files,
        checkpoint,
        handovers: Box::new(HandoversInFolder(dir)),
        readers: config.audiences()?,
        reads: Box::new(Reads::open(&folder)?),
    };
    Ok((Hosted::new(engine, &genesis, parts)?, worker))
}

/// `reads.jsonl` in the ledger's folder: who read what of a case, one JSON object a line.
struct Reads(Mutex<File>);

impl Reads {
    fn open(folder: &Folder) -> Result<Self> {
        let path = folder.dir().join("reads.jsonl");
        let file = os::append_private(&path)?;
        Ok(Self(Mutex::new(file)))
    }
}

impl ReadLog for Reads {
    fn note(&self, reader: Lei, case: CaseId, what: &str) -> Result<(), String> {
        let line = json!({ "case": case, "reader": reader, "time": clock(), "what": what });
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(file, "{line}").map_err(|error| error.to_string())
    }
}

fn tell(shell: &Shell, config: &Config, at: SocketAddr) -> Result<()> {
    let url = format!("{}://{at}", if config.tls.is_some() { "https" } else { "http" });
    let ledgers: Vec<&PathBuf> = config.ledgers.iter().map(|ledger| &ledger.dir).collect();
    shell.out.answer(&json!({ "ledgers": ledgers, "url": url }), || {
        let all: Vec<String> = ledgers.iter().map(|dir| format!("  {}", dir.display())).collect();
        format!("{url}\nserves\n{}", all.join("\n"))
    })?;
    shell.out.note("Ctrl-C ends it");
    Ok(())
}

/// What happens goes to stderr, one JSON object a line, without claims, names of persons or secrets.
pub(super) fn log() {
    let made = tracing_subscriber::fmt().json().with_writer(std::io::stderr);
    // A second server in one process writes to the log of the first.
    let _ = made.with_max_level(tracing::Level::INFO).try_init();
}
