//! A ledger in a folder (docs/how-to/first-ledger.md):
//!
//! ```text
//! lockstep.json  what this folder is            store/      records, documents, certificates
//! checkpoint     signed note, C2SP              tile/       tiles of the log, C2SP
//! cosigned/      signatures not yet k           keys/       the appender's and the log's keys
//! handovers/     after rotations, by both sets
//! ```

pub mod live;
pub mod memory;
pub mod tiles;

use crate::fault::invalid;
use crate::os;
use anyhow::{Context, Result};
use clap::Args;
use lockstep_kernel::Genesis;
use lockstep_ledger::log::{LogHead, origin};
use lockstep_ledger::note::{Note, NoteKey, NoteKeyKind};
use lockstep_ledger::{Certificate, Committee, Handover};
use lockstep_node::Replica;
use lockstep_node::epochs::epochs;
use lockstep_server::service::Handovers;
use lockstep_store::{Embedded, Store};
use lockstep_types::{LedgerId, Name, RootHash, Time};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tiles::TilesOnDisk;

/// The format that this program reads and writes.
pub const FOLDER_FORMAT: &str = "lockstep-folder/1";

/// The log's signed head, for C2SP clients.
pub const CHECKPOINT_FILE: &str = "checkpoint";

/// What `lockstep.json` says. Everything else about the ledger stands in its records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// [`FOLDER_FORMAT`].
    pub format: String,
    /// The ledger: leaf hash of its genesis.
    pub ledger: LedgerId,
    /// What people call it.
    pub name: Name,
}

/// The folder of a ledger.
#[derive(Debug, Clone, Args)]
pub struct FolderArgs {
    /// The ledger's folder
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

/// A folder whose `lockstep.json` has been read.
#[derive(Debug, Clone)]
pub struct Folder {
    dir: PathBuf,
    config: Config,
}

impl Folder {
    /// Reads `lockstep.json`.
    pub fn open(dir: &Path) -> Result<Self> {
        let path = dir.join("lockstep.json");
        if !path.exists() {
            let text = format!("`{}` is no ledger's folder: it has no `lockstep.json`", dir.display());
            return Err(invalid("folder", text).hint("make a ledger with `lockstep init DIR`").into());
        }
        let bytes = os::read(&path, os::SMALL_FILE_BYTES_MAX)?;
        let config: Config =
            serde_json::from_slice(&bytes).with_context(|| format!("`{}` is refused", path.display()))?;
        if config.format != FOLDER_FORMAT {
            let text = format!(
                "`{}` names the format `{}`, expected `{FOLDER_FORMAT}`",
                path.display(),
                config.format
            );
            return Err(invalid("folder-format", text).into());
        }
        Ok(Self { dir: dir.to_owned(), config })
    }

    /// Writes `lockstep.json` into a folder whose ledger has begun.
    pub fn write(dir: &Path, ledger: LedgerId, name: Name) -> Result<Self> {
        let config = Config { format: FOLDER_FORMAT.to_owned(), ledger, name };
        let json = serde_json::to_string_pretty(&config)?;
        os::write_atomic(&dir.join("lockstep.json"), format!("{json}\n").as_bytes())?;
        Ok(Self { dir: dir.to_owned(), config })
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The ledger.
    pub const fn ledger(&self) -> LedgerId {
        self.config.ledger
    }

    /// What people call it.
    pub const fn name(&self) -> &Name {
        &self.config.name
    }

    /// Where signatures wait for others.
    pub fn cosigned(&self) -> PathBuf {
        self.dir.join("cosigned")
    }

    /// The ledger to read: held by this process until dropped.
    pub fn replica(&self) -> Result<Replica> {
        let (store, tiles) = open_parts(&self.dir)?;
        let replica = Replica::open(store, tiles)?;
        let found = replica.ledger().id();
        if found.is_some_and(|found| found != self.config.ledger) {
            let text = format!(
                "`{}` names another ledger than its store holds",
                self.dir.join("lockstep.json").display()
            );
            return Err(invalid("folder", text).into());
        }
        Ok(replica)
    }
}

/// Store and tiles of a folder, made if they are not there.
pub fn open_parts(dir: &Path) -> Result<(Arc<dyn Store>, Arc<TilesOnDisk>)> {
    let store = Embedded::open(&dir.join("store"))
        .with_context(|| format!("the ledger in `{}` cannot be opened", dir.display()))?;
    Ok((Arc::new(store), Arc::new(TilesOnDisk::new(dir))))
}

/// The latest certificate that the store keeps.
pub fn latest_certificate(replica: &Replica) -> Result<Option<Certificate>> {
    let latest = replica.store().latest_certificate()?;
    Ok(latest.map(|(_, bytes)| Certificate::from_bytes(&bytes)).transpose()?)
}

/// The committees of all epochs so far, in order.
pub fn committees(replica: &Replica) -> Result<Vec<Committee>> {
    Ok(epochs(&**replica.store())?.into_iter().map(|epoch| epoch.committee).collect())
}

/// Where the handover to an epoch is kept.
pub fn handover_file(dir: &Path, epoch: u64) -> PathBuf {
    dir.join("handovers").join(format!("{epoch}.json"))
}

/// Where a certificate is kept that the committee of an epoch has given after it handed over, for Anchors
/// that still go by it.
pub fn leaving_file(dir: &Path, (epoch, size): (u64, u64)) -> PathBuf {
    dir.join("handovers").join(format!("{epoch}-{size}.json"))
}

/// The latest certificate that the committee of an epoch has given after it handed over.
pub fn latest_leaving(dir: &Path, epoch: u64) -> Result<Option<Certificate>> {
    let of_epoch = format!("{epoch}-");
    let size_of = |name: &str| name.strip_prefix(&of_epoch)?.strip_suffix(".json")?.parse::<u64>().ok();
    let entries = std::fs::read_dir(dir.join("handovers")).into_iter().flatten().flatten();
    let sizes = entries.filter_map(|entry| size_of(entry.file_name().to_str()?));
    let Some(size) = sizes.max() else { return Ok(None) };
    let bytes = os::read(&leaving_file(dir, (epoch, size)), os::SMALL_FILE_BYTES_MAX)?;
    Ok(Some(Certificate::from_bytes(&bytes)?))
}

/// The handovers of a folder.
pub struct HandoversInFolder(pub PathBuf);

impl Handovers for HandoversInFolder {
    fn all(&self) -> Result<Vec<Handover>, String> {
        handovers(&self.0).map_err(|error| format!("{error:#}"))
    }

    fn keep(&self, handover: &Handover) -> Result<(), String> {
        keep_handover(&self.0, handover).map_err(|error| format!("{error:#}"))
    }
}

/// Keeps a handover.
pub fn keep_handover(dir: &Path, handover: &Handover) -> Result<()> {
    let file = handover_file(dir, handover.new.epoch);
    os::write_with_folder(&file, &lockstep_types::canonical::to_vec(handover)?)
}

/// Every handover, in the order of epochs.
pub fn handovers(dir: &Path) -> Result<Vec<Handover>> {
    let read = |path: PathBuf| -> Result<Handover> {
        let bytes = os::read(&path, os::SMALL_FILE_BYTES_MAX)?;
        Ok(lockstep_types::canonical::from_slice(&bytes, bytes.len())?)
    };
    // Epochs follow one another, and a rotation without a handover ends the row.
    (1..).map(|epoch| handover_file(dir, epoch)).take_while(|path| path.exists()).map(read).collect()
}

/// Writes the log's head as a signed note of three lines, for C2SP clients (specs/log.md §4). It authorises
/// nothing.
pub fn write_checkpoint(
    (dir, genesis): (&Path, &Genesis),
    (size, root, time): (u64, RootHash, Time),
    log: &lockstep_crypto::SecretKey,
) -> Result<()> {
    let origin = origin(&genesis.name, genesis.nonce.as_bytes());
    let head = LogHead::new(&origin, size, root)?;
    let mut note = Note::new(&head.to_string())?;
    let key = NoteKey::new(&origin, NoteKeyKind::Ed25519, genesis.log.clone())?;
    note.sign(&key, log, time)?;
    os::write_atomic(&dir.join(CHECKPOINT_FILE), note.to_string().as_bytes())
}
