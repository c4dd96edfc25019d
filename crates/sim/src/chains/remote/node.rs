//! Anvil as a process: started, killed, stopped for a while.

use anyhow::{Context, Result, ensure};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;

const PACKAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../contracts/node_modules/@foundry-rs");
/// Most lines that it prints before it listens.
const LINES_MAX: usize = 1_000;

/// The program itself, as npm installs it for this machine: the script around it would outlive a kill.
#[must_use]
pub fn program() -> Option<PathBuf> {
    let packages = std::fs::read_dir(PACKAGES).ok()?;
    let mut found = packages.filter_map(|entry| Some(entry.ok()?.path().join("bin/anvil")));
    found.find(|path| path.is_file())
}

/// A running Anvil.
pub struct Node {
    child: Child,
    /// Where it listens.
    pub url: String,
}

impl Node {
    /// Starts one on a free port, without blocks but the first, of `timestamp`. A block is final when two
    /// others stand on it.
    ///
    /// # Errors
    /// It is not installed, or does not start.
    pub fn start(chain_id: u64, timestamp: u64) -> Result<Self> {
        let program =
            program().context("`contracts/node_modules/.bin/anvil` is absent: run `npm ci` in contracts/")?;
        let mut command = Command::new(program);
        command.args(["--port", "0", "--slots-in-an-epoch", "1", "--no-request-size-limit"]);
        command.args(["--preserve-historical-states", "--chain-id", &chain_id.to_string()]);
        command.args(["--timestamp", &timestamp.to_string()]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("start anvil")?;
        let mut lines = BufReader::new(child.stdout.take().context("a piped stdout")?).lines();
        let listens = lines
            .by_ref()
            .take(LINES_MAX)
            .find_map(|line| Some(line.ok()?.strip_prefix("Listening on ")?.trim().to_owned()));
        // What it goes on to print has to go somewhere.
        thread::spawn(move || lines.for_each(drop));
        let mut node = Self { child, url: String::new() };
        node.url = format!("http://{}", listens.context("anvil does not listen")?);
        Ok(node)
    }

    /// It stands still, and answers nobody, until it goes on.
    ///
    /// # Errors
    /// It cannot be reached.
    pub fn pause(&self) -> Result<()> {
        self.signal("-STOP")
    }

    /// It goes on.
    ///
    /// # Errors
    /// It cannot be reached.
    pub fn go_on(&self) -> Result<()> {
        self.signal("-CONT")
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args([signal, &id]).status().context("start `kill`")?;
        ensure!(status.success(), "`kill {signal} {id}` failed");
        Ok(())
    }
}

impl Drop for Node {
    /// SIGKILL: it has no time to write anything.
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
