//! A connector the other way: each line of JSON on stdin (what `lockstep … --json` prints) goes to a planning
//! system as a webhook, in order, and waits on disk until it is taken. It holds the secret shared with that
//! system, and no key.
//!
//! `erp_out DIR KIND`, where DIR holds `secret` (`whsec_…`), `hosts` (one `HOST[:PORT]` a line, or
//! `loopback:PORT`), `url`, and gets `outbox/`. Exit code 0: all is taken. 1: somebody has to look. 2: call
//! it again later; without input it goes on with what waits.

use lockstep_connect::{AllowList, Outbox, Progress, Secret, Sender};
use lockstep_types::{Name, Time};
use std::error::Error;
use std::fs;
use std::io::{BufRead, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

/// Longest line that is read.
const LINE_BYTES_MAX: u64 = 1_048_576;

fn main() -> ExitCode {
    match run() {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("erp_out: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<u8, Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(dir), Some(kind)) = (args.next().map(PathBuf::from), args.next()) else {
        return Err("expected `erp_out DIR KIND`".into());
    };
    let kind: Name = kind.parse()?;
    let target = hosts(&dir)?.target(fs::read_to_string(dir.join("url"))?.trim())?;
    let sender = Sender::new(target, secret(&dir)?)?;
    let mut outbox = Outbox::open(&dir.join("outbox"))?;
    let mut input = std::io::stdin().lock();
    loop {
        let mut line = String::new();
        if input.by_ref().take(LINE_BYTES_MAX).read_line(&mut line)? == 0 {
            break;
        }
        let data: serde_json::Value = serde_json::from_str(&line)?;
        println!("message {} waits", outbox.put(&kind, &data, now()?)?);
    }
    loop {
        let at = now()?;
        match outbox.step(at, |message| sender.send(&message.id, message.body.as_bytes(), at))? {
            Progress::Taken { sequence } => println!("message {sequence} is taken"),
            Progress::Idle => return Ok(0),
            Progress::Waits { sequence, until } => {
                println!("message {sequence} is sent again at {until}");
                return Ok(2);
            }
            Progress::Stuck { sequence, why } => {
                println!("message {sequence} is stuck: {why}");
                return Ok(1);
            }
        }
    }
}

/// Where something may be sent: what the operator wrote down.
fn hosts(dir: &Path) -> Result<AllowList, Box<dyn Error>> {
    let text = fs::read_to_string(dir.join("hosts"))?;
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let local = |line: &&str| line.starts_with("loopback:");
    let mut list = AllowList::new(lines().filter(|line| !local(line)))?;
    for line in lines().filter(local) {
        list = list.with_loopback(line.trim_start_matches("loopback:").parse()?);
    }
    Ok(list)
}

/// The secret, unless others can read it.
fn secret(dir: &Path) -> Result<Secret, Box<dyn Error>> {
    let path = dir.join("secret");
    if fs::metadata(&path)?.permissions().mode() & 0o077 != 0 {
        return Err("others can read `secret`: its mode has to be 0600".into());
    }
    Ok(Secret::from_text(fs::read_to_string(path)?.trim())?)
}

fn now() -> Result<Time, Box<dyn Error>> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(Time::from_ms(u64::try_from(since.as_millis())?)?)
}
