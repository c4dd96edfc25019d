//! `lockstep connect`: the connector of an institution. What partners push, or what is fetched from them,
//! becomes drafts that wait for a signer; what happens on a ledger goes out as webhooks. It holds secrets
//! that it shares with partners, and no key that signs for a party.

mod config;
mod figures;
mod inlet;
mod kept;
mod pull;
mod send;

use crate::commands::serve::{clock, log, refused, taken, tls};
use crate::os;
use crate::shell::Shell;
use anyhow::{Context, Result};
use clap::Args;
use config::Config;
use figures::Figures;
use inlet::Inlet;
use kept::Kept;
use lockstep_server::listen;
use pull::Pull;
use send::Send;
use serde_json::json;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::mpsc;

/// Threads that read and answer; what is read is kept by others.
const THREADS: usize = 2;
/// How often the list of what somebody waits for is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// A connector.
#[derive(Debug, Clone, Args)]
pub struct Connect {
    /// Who brings what, what waits for it, and where webhooks go (docs/how-to/run-a-connector.md)
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Listen here instead; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Send webhooks again that were given up, after somebody has looked
    #[arg(long)]
    retry: bool,
}

/// What ends all threads together: somebody asked for it, or one of them cannot go on.
pub(super) struct Ending {
    flag: AtomicBool,
    failed: Mutex<Option<anyhow::Error>>,
    told: mpsc::UnboundedSender<()>,
}

impl Ending {
    /// True once nothing more is begun.
    pub(super) fn is_asked(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
    }

    /// Waits, but no longer than until the end is asked for; true when it is.
    pub(super) fn wait(&self, how_long: Duration) -> bool {
        let step = Duration::from_millis(50);
        let mut left = how_long;
        while !self.is_asked() && !left.is_zero() {
            std::thread::sleep(left.min(step));
            left = left.saturating_sub(step);
        }
        self.is_asked()
    }

    fn begin(
        self: &Arc<Self>,
        run: impl FnOnce(&Self) -> Result<()> + std::marker::Send + 'static,
    ) -> JoinHandle<()> {
        let ending = Arc::clone(self);
        std::thread::spawn(move || {
            if let Err(error) = run(&ending) {
                let mut failed = ending.failed.lock().unwrap_or_else(PoisonError::into_inner);
                failed.get_or_insert(error);
                // Whoever supervises it starts it anew, and everything goes on from what is on disk.
                let _ = ending.told.send(());
            }
        })
    }
}

/// Runs until somebody ends it.
pub fn run(shell: &mut Shell, args: &Connect) -> Result<u8> {
    let config = Config::read(&args.config)?;
    log();
    let tls = config.tls.as_ref().map(tls::server).transpose()?;
    let figures = Arc::new(Figures::default());
    let kept = Arc::new(Kept::open(&config, Arc::clone(&figures))?);
    let inlet = Arc::new(Inlet::open(&config, Arc::clone(&kept), Arc::clone(&figures))?);
    let (told, mut ends) = mpsc::unbounded_channel();
    let ending = Arc::new(Ending { flag: AtomicBool::new(false), failed: Mutex::new(None), told });
    let mut ready: Vec<Send> = Vec::new();
    for send in &config.sends {
        ready.push(Send::open(shell, (&config, send), args.retry, &figures)?);
    }
    let pulls = config.pulls.iter().map(|pull| Pull::open(&config, pull, (&kept, &figures)));
    let pulls: Vec<Pull> = pulls.collect::<Result<_>>()?;
    // What a crash left between a message and its drafts is made up for before anything else comes.
    kept.draft_all()?;

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build();
    let runtime = runtime.context("cannot start the threads that answer")?;
    runtime.block_on(async {
        let until = os::asked_to_end()?;
        let asked = args.listen.unwrap_or(config.listen);
        let listener = tokio::net::TcpListener::bind(asked).await.map_err(|error| taken(asked, error))?;
        let at = listener.local_addr().context("cannot tell the port")?;
        if tls.is_none() && !at.ip().is_loopback() {
            return Err(refused(listen::ListenError::Plain { address: at }));
        }
        let mut threads: Vec<JoinHandle<()>> =
            ready.into_iter().map(|send| ending.begin(move |ending| send.run(ending))).collect();
        threads.extend(pulls.into_iter().map(|pull| ending.begin(move |ending| pull.run(ending))));
        threads.push({
            let kept = Arc::clone(&kept);
            ending.begin(move |ending| redraft(&kept, ending))
        });
        tell(shell, &config, &format!("{}://{at}", if tls.is_some() { "https" } else { "http" }))?;
        let until = async {
            tokio::select! {
                () = until => {}
                _ = ends.recv() => {}
            }
        };
        let served = listen::few((listener, tls), inlet::router(inlet), until).await;
        ending.flag.store(true, Ordering::Relaxed);
        threads.into_iter().for_each(|thread| drop(thread.join()));
        served.map_err(refused)
    })?;
    runtime.shutdown_background();
    match ending.failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) => Err(error),
        None => {
            shell.out.note("ended: what came is kept, what was not taken waits");
            Ok(0)
        }
    }
}

/// Makes drafts from what came before somebody said that it is waited for.
fn redraft(kept: &Kept, ending: &Ending) -> Result<()> {
    let mut seen = kept.waits_stamp();
    while !ending.wait(LOOK) {
        let stamp = kept.waits_stamp();
        if stamp != seen {
            seen = stamp;
            kept.draft_all()?;
        }
    }
    Ok(())
}

fn tell(shell: &Shell, config: &Config, url: &str) -> Result<()> {
    let dir = &config.dir;
    shell.out.answer(&json!({ "dir": dir, "url": url }), || {
        format!("{url}\ndrafts wait in {}", dir.join(kept::DRAFTS).display())
    })?;
    shell.out.note("Ctrl-C ends it");
    Ok(())
}

/// This machine's time; it has been asked before anything was begun.
pub(super) fn now() -> lockstep_types::Time {
    clock()
}
