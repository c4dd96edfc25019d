//! `lockstep fsck`: everything in a ledger's folder, against everything else.

use crate::folder::memory::Memory;
use crate::folder::{Folder, FolderArgs};
use crate::os;
use crate::shell::Shell;
use anyhow::{Context, Result};
use clap::Args;
use lockstep_crypto::Subtrees;
use lockstep_ledger::log::{LogHead, TilePath, log_root, origin};
use lockstep_ledger::note::{Note, NoteKey, NoteKeyKind};
use lockstep_ledger::{Certificate, Committee, Leaf};
use lockstep_node::{Replica, TileFiles};
use lockstep_store::{Embedded, Memory as StoreInMemory, SignerState, Store, StoredRecord, stream};
use lockstep_types::RootHash;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Records run again at once.
const RECORDS_AT_ONCE: usize = 256;

/// What to check against.
#[derive(Debug, Clone, Args)]
pub struct Fsck {
    #[command(flatten)]
    folder: FolderArgs,
    /// A co-signer's key file: its memory must be part of this ledger
    #[arg(long = "key", value_name = "FILE")]
    keys: Vec<PathBuf>,
    /// A signer's memory
    #[arg(long = "memory", value_name = "FILE")]
    memories: Vec<PathBuf>,
    /// When nothing is wrong, let this machine remember the ledger from now on
    #[arg(long)]
    remember: bool,
}

/// What was found out.
#[derive(Default)]
struct Found {
    done: Vec<String>,
    wrong: Vec<String>,
}

impl Found {
    fn check(&mut self, what: &str, answer: Result<String>) {
        match answer {
            Ok(text) => self.done.push(format!("{what}: {text}")),
            Err(error) => self.wrong.push(format!("{what}: {error:#}")),
        }
    }
}

/// Checks a folder; exit code 1 when something is wrong.
pub fn run(shell: &Shell, args: &Fsck) -> Result<u8> {
    let folder = Folder::open(&args.folder.dir)?;
    let embedded = Embedded::open(&folder.dir().join("store"))?;
    let mut found = Found::default();
    found.check("store", stored(&embedded));
    match Rerun::run(shell, &folder, &embedded) {
        Err(error) => found.wrong.push(format!("records: {error:#}")),
        Ok(rerun) => {
            let head = rerun.replica.ledger();
            found.done.push(format!("records: {} run again, root {}", head.size(), head.root()));
            found.check("tiles", rerun.tiles());
            found.check("checkpoint", rerun.checkpoint(folder.dir()));
            found.check("certificates", rerun.certificates(&embedded));
            for path in memories(args) {
                let name = format!("signer's memory `{}`", path.display());
                found.check(&name, rerun.signer(&path));
            }
            if folder.dir().join("keys").exists() {
                found.check("this machine's memory", remembered(shell, args, &rerun, found.wrong.is_empty()));
            }
        }
    }
    shell.out.answer(&json!({ "checked": found.done, "wrong": found.wrong }), || {
        let done = found.done.iter().map(|line| format!("ok     {line}"));
        let wrong = found.wrong.iter().map(|line| format!("WRONG  {line}"));
        done.chain(wrong).collect::<Vec<_>>().join("\n")
    })?;
    Ok(u8::from(!found.wrong.is_empty()))
}

fn memories(args: &Fsck) -> Vec<PathBuf> {
    let beside = args.keys.iter().map(|key| os::with_suffix(key, ".memory"));
    beside.chain(args.memories.iter().cloned()).collect()
}

fn stored(embedded: &Embedded) -> Result<String> {
    let checked = embedded.check()?;
    Ok(format!(
        "{} records in {} batches, {} documents, {} erased; every checksum holds",
        checked.head.size, checked.batches, checked.documents, checked.erased
    ))
}

fn remembered(shell: &Shell, args: &Fsck, rerun: &Rerun, whole: bool) -> Result<String> {
    let ledger = rerun.replica.ledger();
    let (id, head) = (ledger.id().context("the ledger is empty")?, (ledger.size(), ledger.root()));
    match Memory::open(shell.state.as_deref(), &id) {
        Ok(memory) => {
            if let Some(last) = memory.last() {
                rerun.holds(last)?;
            }
            Ok("part of this ledger".to_owned())
        }
        Err(_) if args.remember && whole => {
            Memory::create(shell.state.as_deref(), &id)?.advance(head.0, head.1)?;
            Ok(format!("begins with {} records", head.0))
        }
        Err(error) => Err(error),
    }
}

/// The ledger, run again from its bytes alone.
struct Rerun {
    replica: Replica,
    tiles: Arc<Compared>,
    subtrees: Subtrees,
    committees: Vec<Committee>,
    seals: Vec<u64>,
}

impl Rerun {
    fn run(shell: &Shell, folder: &Folder, embedded: &Embedded) -> Result<Self> {
        let tiles = Arc::new(Compared { dir: folder.dir().to_owned(), ..Compared::default() });
        let files: Arc<dyn TileFiles> = Arc::<Compared>::clone(&tiles);
        let replica = Replica::open(Arc::new(StoreInMemory::new()), files)?;
        let (subtrees, committees) = (Subtrees::default(), Vec::new());
        let mut rerun = Self { replica, tiles, subtrees, committees, seals: Vec::new() };
        let size = embedded.head()?.size;
        let bar = shell.out.progress(size, "re-running");
        let mut chunk: Vec<StoredRecord> = Vec::new();
        for stored in stream(embedded, 0, size) {
            let stored = stored?;
            // A chunk begins with a command, so that no command's records are torn apart.
            if chunk.len() >= RECORDS_AT_ONCE && stored.command.is_some() {
                rerun.take(std::mem::take(&mut chunk))?;
                bar.set_position(rerun.replica.ledger().size());
            }
            chunk.push(stored);
        }
        rerun.take(chunk)?;
        bar.finish_and_clear();
        let found = rerun.replica.ledger().id();
        anyhow::ensure!(
            found == Some(folder.ledger()),
            "the store holds another ledger than `lockstep.json` names"
        );
        rerun.committees = crate::folder::committees(&rerun.replica)?;
        rerun.replica.publish()?;
        Ok(rerun)
    }

    fn take(&mut self, chunk: Vec<StoredRecord>) -> Result<()> {
        let first = self.replica.ledger().size();
        for (index, stored) in (first..).zip(&chunk) {
            let leaf = Leaf::decode(&stored.leaf)?;
            self.subtrees.push(leaf.hash());
            if crate::records::kind(&lockstep_node::replica::record(index, stored)?) == "seal" {
                self.seals.push(index + 1);
            }
        }
        if !chunk.is_empty() {
            self.replica.follow(chunk)?;
        }
        Ok(())
    }

    fn holds(&self, (size, root): (u64, RootHash)) -> Result<()> {
        let here = self.replica.ledger().size();
        anyhow::ensure!(
            here >= size,
            "it remembers {size} records, this copy holds {here}: an older copy was put back"
        );
        let found = log_root(&self.subtrees, size);
        anyhow::ensure!(found == Some(root), "it remembers another history: the first {size} records differ");
        Ok(())
    }

    fn tiles(&self) -> Result<String> {
        let seen = self.tiles.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let wrong: Vec<&String> = seen.iter().filter_map(|(path, same)| (!same).then_some(path)).collect();
        match wrong.first() {
            None => Ok(format!("{} files as the records give them", seen.len())),
            Some(first) => anyhow::bail!(
                "{} of {} files are missing or differ, first `{first}`",
                wrong.len(),
                seen.len()
            ),
        }
    }

    fn checkpoint(&self, dir: &Path) -> Result<String> {
        let path = dir.join("checkpoint");
        if !path.exists() {
            return Ok("none".to_owned());
        }
        let note = Note::parse(&os::read(&path, os::SMALL_FILE_BYTES_MAX)?)?;
        let genesis = self.replica.kernel().genesis().context("the ledger is empty")?;
        let origin = origin(&genesis.name, genesis.nonce.as_bytes());
        note.verify(&[NoteKey::new(&origin, NoteKeyKind::Ed25519, genesis.log.clone())?])?;
        let head: LogHead = note.text().parse()?;
        anyhow::ensure!(head.origin() == origin, "its origin is `{}`, expected `{origin}`", head.origin());
        self.holds((head.size(), head.root()))?;
        Ok(format!("signed by the log's key, {} records", head.size()))
    }

    fn certificates(&self, store: &dyn Store) -> Result<String> {
        let ledger = self.replica.ledger().id().context("the ledger is empty")?;
        let mut count = 0u64;
        for size in &self.seals {
            let Some(bytes) = store.certificate(*size)? else { continue };
            let certificate = Certificate::from_bytes(&bytes)?;
            let named = || format!("the certificate over {size} records");
            let committee = self.committees.iter().find(|committee| committee.epoch() == certificate.epoch);
            let committee = committee.with_context(named)?;
            certificate.verify(&ledger, committee).with_context(named)?;
            self.holds((certificate.size, certificate.root)).with_context(named)?;
            count += 1;
        }
        Ok(format!("{count} hold"))
    }

    fn signer(&self, path: &Path) -> Result<String> {
        match SignerState::open(path)?.last() {
            None => Ok("has signed nothing".to_owned()),
            Some(last) => {
                self.holds(last)?;
                Ok(format!("signed {} records of this ledger", last.0))
            }
        }
    }
}

/// Tile files that are compared with those in the folder in place of being written.
#[derive(Default)]
struct Compared {
    dir: PathBuf,
    seen: Mutex<BTreeMap<String, bool>>,
}

impl TileFiles for Compared {
    fn read(&self, _: &TilePath) -> Option<Vec<u8>> {
        None
    }
    fn write(&self, path: &TilePath, bytes: &[u8]) -> std::io::Result<()> {
        let same = std::fs::read(self.dir.join(path.to_string())).is_ok_and(|found| found == bytes);
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_string(), same);
        Ok(())
    }
}
