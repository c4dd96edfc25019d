//! `lockstep log`: the files of a log, one's own or anybody else's, as C2SP clients see them. The rules are
//! `lockstep_ledger::log::check_log`; here files are found, fetched and counted.

mod place;

use crate::fault::{Kind, Told, invalid, told};
use crate::folder::{Folder, FolderArgs};
use crate::os;
use crate::shell::Shell;
use crate::words::duration_ms;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use lockstep_ledger::log::{
    CheckedLog, CheckpointError, LogCheckError, LogHead, SignedCheckpoint, check_log, origin,
};
use lockstep_ledger::note::{NoteKey, NoteKeyKind, Signed};
use place::{Place, PlaceError};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

/// What to do with a log.
#[derive(Debug, Clone, Subcommand)]
pub enum LogCommand {
    /// Check every entry, tile and checkpoint of a log. Exit code 0: all holds. 1: something does not. 2: a
    /// file cannot be had
    Check(Check),
    /// Print the key by which the log of a ledger's folder is known, for `log check --vkey` and other clients
    Vkey(FolderArgs),
}

/// A log, and who must have signed it.
#[derive(Debug, Clone, Args)]
pub struct Check {
    /// The folder of the log, or its address: `http://…`, `https://…`
    place: String,
    /// A verifier key of the log, or of a witness: `name+id+key`. Lines by other keys are passed over
    #[arg(long = "vkey", value_name = "KEY", required = true)]
    keys: Vec<NoteKey>,
    /// A checkpoint from earlier: the log must have grown from it
    #[arg(long = "earlier", value_name = "FILE")]
    earlier: Vec<PathBuf>,
    /// A file with the last checkpoint that held: it counts as an earlier one, and is replaced when all holds
    #[arg(long, value_name = "FILE")]
    remember: Option<PathBuf>,
    /// How long the whole check may take
    #[arg(long, value_name = "DURATION", default_value = "1h")]
    within: String,
}

/// Runs a command; the exit code.
pub fn run(shell: &Shell, command: &LogCommand) -> Result<u8> {
    match command {
        LogCommand::Check(args) => check(shell, args),
        LogCommand::Vkey(args) => vkey(shell, args),
    }
}

fn vkey(shell: &Shell, args: &FolderArgs) -> Result<u8> {
    let replica = Folder::open(&args.dir)?.replica()?;
    let genesis = replica.kernel().genesis().context("the ledger is empty")?;
    let origin = origin(&genesis.name, genesis.nonce.as_bytes());
    let key = NoteKey::new(&origin, NoteKeyKind::Ed25519, genesis.log.clone())?;
    shell.out.answer(&json!({ "origin": origin, "vkey": key.to_string() }), || key.to_string())?;
    Ok(0)
}

/// What the files of a log say.
enum Answer {
    Holds(Held),
    Fails { code: &'static str, text: String },
}

struct Held {
    checkpoint: SignedCheckpoint,
    bytes: Vec<u8>,
    log: CheckedLog,
    checkpoints: usize,
}

fn check(shell: &Shell, args: &Check) -> Result<u8> {
    let within = Duration::from_millis(duration_ms(&args.within)?);
    let mut place = Place::open(&args.place, within)?;
    // Read before the log is looked at: what a person got wrong says nothing about the log.
    let mut earlier: Vec<(String, Vec<u8>)> = Vec::new();
    let remembered = args.remember.iter().filter(|path| path.exists());
    for path in args.earlier.iter().chain(remembered) {
        earlier.push((path.display().to_string(), os::read(path, os::SMALL_FILE_BYTES_MAX)?));
    }
    let answer = look(shell, &mut place, (args, earlier))?;
    if let (Answer::Holds(held), Some(path)) = (&answer, &args.remember) {
        os::write_atomic(path, &held.bytes)?;
    }
    shell.out.answer(&answer.json(), || answer.text())?;
    Ok(match answer {
        Answer::Holds(_) => 0,
        Answer::Fails { .. } => 1,
    })
}

fn look(
    shell: &Shell,
    place: &mut Place,
    (args, mut found): (&Check, Vec<(String, Vec<u8>)>),
) -> Result<Answer> {
    let Some(bytes) = place.checkpoint().map_err(unread)? else {
        return Ok(Answer::Fails { code: "missing", text: "there is no `checkpoint`".to_owned() });
    };
    let checkpoint = match SignedCheckpoint::read(&bytes, &args.keys) {
        Ok(checkpoint) => checkpoint,
        Err(error) => return Ok(Answer::unsigned("checkpoint", &error)),
    };
    found.extend(place.checkpoints().map_err(unread)?);
    let mut earlier: Vec<LogHead> = Vec::new();
    for (name, bytes) in &found {
        match SignedCheckpoint::read(bytes, &args.keys) {
            Ok(known) => earlier.push(known.head),
            Err(error) => return Ok(Answer::unsigned(name, &error)),
        }
    }
    place.bar = Some(shell.out.progress(checkpoint.head.size(), "entries"));
    let checked = check_log(place, &checkpoint.head, &earlier);
    if let Some(bar) = place.bar.take() {
        bar.finish_and_clear();
    }
    match checked {
        Ok(log) => Ok(Answer::Holds(Held { checkpoint, bytes, log, checkpoints: earlier.len() + 1 })),
        Err(LogCheckError::Read(error)) => Err(unread(error).into()),
        Err(error) => Ok(Answer::Fails { code: error.code(), text: error.to_string() }),
    }
}

/// That a file cannot be had says nothing about the log.
fn unread(error: PlaceError) -> Told {
    let hint = match &error {
        PlaceError::Late { .. } => "allow more time with `--within`",
        PlaceError::Moved { .. } => "name the address it has moved to, if you trust it",
        _ => "nothing is said about the log; try again, or read it from another place",
    };
    told(Kind::Retry, "log-unread", "the log cannot be read").hint(hint).source(error)
}

fn signer(signed: &Signed) -> String {
    signed.at.map_or_else(|| signed.name.clone(), |at| format!("{} at {at}", signed.name))
}

impl Answer {
    fn unsigned(name: &str, error: &CheckpointError) -> Self {
        Self::Fails { code: error.code(), text: format!("`{name}`: {error}") }
    }

    fn json(&self) -> Value {
        match self {
            Self::Fails { code, text } => json!({ "answer": code, "text": text }),
            Self::Holds(Held { checkpoint, log, checkpoints, .. }) => {
                let signed = |signed: &Signed| json!({ "at": signed.at, "name": signed.name });
                json!({
                    "answer": "holds",
                    "checkpoints": checkpoints,
                    "files": log.files,
                    "lastTime": log.last_time,
                    "origin": checkpoint.head.origin(),
                    "root": checkpoint.head.root(),
                    "signed": checkpoint.signed.iter().map(signed).collect::<Vec<_>>(),
                    "size": checkpoint.head.size(),
                })
            }
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Fails { code, text } => format!("FAILED {code}: {text}"),
            Self::Holds(Held { checkpoint: SignedCheckpoint { head, signed }, log, checkpoints, .. }) => {
                let last = log.last_time.map(|time| format!(", the last at {time}")).unwrap_or_default();
                let signers = signed.iter().map(signer).collect::<Vec<_>>().join(", ");
                let entries = format!("{} entries{last}, root {}", head.size(), head.root());
                let read = format!("{} files, {checkpoints} checkpoints", log.files);
                format!("HOLDS {}\n{entries}\n{read}\nsigned by {signers}", head.origin())
            }
        }
    }
}

/// A place that no log can be at.
fn no_place(text: String) -> anyhow::Error {
    invalid("log-place", text)
        .hint("name a folder with a `checkpoint`, or an address of `http` or `https`")
        .into()
}
