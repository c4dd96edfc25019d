//! Processes of the program: a server, its co-signers behind proxies, and whatever is run beside them.

use super::proxy::{Proxy, Weather};
use crate::cast::{COSIGNERS, Cast, lei};
use anyhow::{Context, Result, bail, ensure};
use lockstep_client::{Client, Options};
use lockstep_types::LedgerId;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a process may take to say where it listens.
const STARTS: Duration = Duration::from_secs(30);
/// How long one question may take.
const ASKS: Duration = Duration::from_secs(5);

/// A process that ends with this run.
pub struct Running(Child);

impl Running {
    /// The number of the process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// It had ended by itself.
    pub fn kill(mut self) -> Result<()> {
        if let Some(status) = self.0.try_wait()? {
            bail!("a process ended by itself: {status}");
        }
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server, or none while it is down.
pub struct Server {
    /// Its port, the same after every start.
    pub port: u16,
    /// The ledger's folder, within the town.
    pub folder: &'static str,
    state: &'static str,
    /// What its file says besides: tables of `lockstep.toml`.
    pub settings: &'static str,
    running: Option<Running>,
}

/// A co-signer.
pub struct Cosigner {
    /// Its way to the server.
    pub proxy: Proxy,
    /// Where it says what it has signed.
    pub url: Option<String>,
    number: u8,
    running: Option<Running>,
}

/// A folder with keys and a ledger.
pub struct Town {
    program: PathBuf,
    dir: TempDir,
}

impl Town {
    /// Keys of four co-signers, and a ledger that the cast's administrator founds.
    ///
    /// # Errors
    /// The program refuses something.
    pub fn found(program: &Path, cast: &Cast) -> Result<Self> {
        let dir = tempfile::tempdir().context("cannot make a folder")?;
        let town = Self { program: program.to_owned(), dir };
        write_private(&town.path("pass"), b"correct horse battery\n")?;
        let genesis = cast.genesis();
        let admin = &genesis.administrators.first().context("no administrator")?;
        let key = &admin.keys.first().context("no key")?.key;
        std::fs::write(town.path("admin.pub"), serde_json::to_vec(key)?)?;
        let admin = format!("{}=admin.pub", admin.lei);
        let mut init = vec!["init", "acme", "--name", "acme", "--admin", &admin, "--threshold", "3"];
        let mut members = Vec::new();
        for number in 0..COSIGNERS {
            let file = format!("c{number}");
            town.run(&["key", "new", "--suite", "eip712", "--out", &file, "--cost", "10"])?;
            members.push(format!("{}:cosigner-{number}=c{number}.pub", lei(20 + number)));
        }
        members.iter().for_each(|member| init.extend(["--cosigner", member]));
        town.run(&init)?;
        Ok(town)
    }

    /// A path within the town.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, state: &str, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(self.dir.path()).arg("--json").args(args);
        command.args(["--state", state, "--passphrase-file", "pass"]);
        command
    }

    fn run(&self, args: &[&str]) -> Result<Value> {
        let (code, answer, errors) = self.code(args)?;
        ensure!(code == Some(0), "`lockstep {}` gives {code:?}: {errors}", args.join(" "));
        Ok(answer)
    }

    /// Exit code, answer and errors.
    ///
    /// # Errors
    /// It cannot be run.
    pub fn code(&self, args: &[&str]) -> Result<(Option<i32>, Value, String)> {
        let ran = self.command("state", args).output().context("the program cannot be run")?;
        let answer = serde_json::from_slice(&ran.stdout).unwrap_or(Value::Null);
        Ok((ran.status.code(), answer, String::from_utf8_lossy(&ran.stderr).into_owned()))
    }

    /// Copies a folder.
    ///
    /// # Errors
    /// The operating system's.
    pub fn copy(&self, from: &str, to: &str) -> Result<()> {
        let copied = Command::new("cp").arg("-a").arg(self.path(from)).arg(self.path(to)).status()?;
        ensure!(copied.success(), "cannot copy `{from}`");
        Ok(())
    }

    fn start(&self, state: &str, args: &[&str], log: &str) -> Result<(Running, Value)> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.path(log))?;
        let mut child = self.command(state, args).stdout(Stdio::piped()).stderr(log).spawn()?;
        let out = child.stdout.take().context("no pipe")?;
        let running = Running(child);
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(out).read_line(&mut line);
            let _ = tell.send(read.map(|_| line));
        });
        let line =
            told.recv_timeout(STARTS).with_context(|| format!("`{}` says nothing", args.join(" ")))??;
        let said = serde_json::from_str(&line);
        Ok((running, said.with_context(|| format!("`lockstep {}` says `{line}`", args.join(" ")))?))
    }

    /// What a process has written to its log.
    pub fn log(&self, name: &str) -> String {
        let text = std::fs::read_to_string(self.path(name)).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(12).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Server {
    /// A server that is down, for a folder of the town; it is known under its proxies' addresses.
    ///
    /// # Errors
    /// There is no free port.
    pub fn of(folder: &'static str, state: &'static str) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        Ok(Self { port, folder, state, settings: "", running: None })
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Starts it.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(&mut self, town: &Town, names: &[String]) -> Result<()> {
        let config = format!("{}.toml", self.folder);
        let text = format!(
            "listen = \"127.0.0.1:{}\"\nnames = {names:?}\n{}[[ledger]]\ndir = \"{}\"\n",
            self.port, self.settings, self.folder
        );
        std::fs::write(town.path(&config), text)?;
        let log = format!("{}.log", self.folder);
        let (running, _) = town.start(self.state, &["serve", "--config", &config], &log)?;
        self.running = Some(running);
        Ok(())
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// It had ended by itself, or was not there.
    pub fn kill(&mut self) -> Result<()> {
        self.running
            .take()
            .context("the server is down")?
            .kill()
            .with_context(|| format!("server `{}`", self.folder))
    }

    /// The number of its process, while it runs.
    pub fn process_id(&self) -> Option<u32> {
        self.running.as_ref().map(Running::id)
    }

    /// A client of it.
    ///
    /// # Errors
    /// It does not answer.
    pub fn client(&self, ledger: Option<LedgerId>) -> Result<Client> {
        Ok(Client::connect(&self.url(), ledger, &Options { timeout: ASKS, ..Options::default() })?)
    }

    /// What `witness-check` makes of it.
    ///
    /// # Errors
    /// It cannot be run.
    pub fn witness(&self, town: &Town, cosigners: &[Cosigner]) -> Result<(Option<i32>, Value, String)> {
        let url = self.url();
        let mut args = vec!["witness-check", &url];
        for cosigner in cosigners {
            args.extend(["--cosigner", cosigner.url.as_deref().context("a co-signer is down")?]);
        }
        town.code(&args)
    }
}

impl Cosigner {
    /// A co-signer that is down.
    ///
    /// # Errors
    /// There is no free port.
    pub fn of(number: u8, server: &Server) -> Result<Self> {
        Ok(Self { proxy: Proxy::to(server.port)?, url: None, number, running: None })
    }

    /// Its name under which it reaches the server.
    pub fn name(&self) -> String {
        self.proxy.at.to_string()
    }

    /// Its own copy and its memory, within the town.
    pub fn places(&self) -> (String, String) {
        (format!("c{}.ledger", self.number), format!("c{}.memory", self.number))
    }

    /// Starts it over a fair way: the first time the server must answer.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(&mut self, town: &Town) -> Result<()> {
        self.proxy.set(Weather::Fair);
        let (url, key) = (format!("http://{}", self.proxy.at), format!("c{}", self.number));
        let args = ["cosign", "--follow", &url, "--key", &key, "--listen", "127.0.0.1:0"];
        let (running, said) = town.start("state", &args, &format!("c{}.log", self.number))?;
        self.url = said["url"].as_str().map(str::to_owned);
        self.running = Some(running);
        Ok(())
    }

    /// The number of its process, while it runs.
    pub fn process_id(&self) -> Option<u32> {
        self.running.as_ref().map(Running::id)
    }

    /// True while it is meant to run.
    pub const fn runs(&self) -> bool {
        self.running.is_some()
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// It had ended by itself, or was not there.
    pub fn kill(&mut self) -> Result<()> {
        self.url = None;
        let running = self.running.take().context("the co-signer is down")?;
        running.kill().with_context(|| format!("co-signer {}", self.number))
    }

    /// True once it has followed so many records.
    pub fn has_followed(&self, ledger: &LedgerId, size: u64) -> bool {
        let name = format!("lockstep_cosigner_followed_records{{ledger=\"{ledger}\"}} ");
        let text = self.url.as_deref().and_then(|url| metrics(url).ok()).unwrap_or_default();
        let followed = text.lines().find_map(|line| line.strip_prefix(&name)?.parse::<u64>().ok());
        followed.is_some_and(|followed| followed >= size)
    }

    /// True once it says that it disagrees.
    pub fn has_refused(&self, ledger: &LedgerId) -> bool {
        let Some(url) = &self.url else { return false };
        metrics(url)
            .is_ok_and(|text| text.contains(&format!("lockstep_cosigner_refused{{ledger=\"{ledger}\"}} 1")))
    }
}

/// The figures that a process tells.
///
/// # Errors
/// It does not answer.
pub fn metrics(url: &str) -> Result<String> {
    use std::io::{Read, Write};
    let at = url.strip_prefix("http://").context("no plain address")?;
    let mut stream = std::net::TcpStream::connect(at)?;
    stream.set_read_timeout(Some(ASKS))?;
    write!(stream, "GET /metrics HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, bytes)?;
    Ok(std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?)
}

/// Waits until something holds.
///
/// # Errors
/// It does not in time.
pub fn until(what: &str, within: Duration, mut holds: impl FnMut() -> Result<bool>) -> Result<Duration> {
    let since = Instant::now();
    while since.elapsed() < within {
        if holds()? {
            return Ok(since.elapsed());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    bail!("not within {} ms: {what}", within.as_millis())
}
