//! A ledger in a folder, open to append.

use super::memory::Memory;
use super::tiles::TilesOnDisk;
use super::{Folder, open_parts, write_checkpoint};
use crate::desk::entered::Entered;
use crate::fault::{Kind, told};
use crate::key::file::{KeyFile, draw};
use crate::os;
use age::secrecy::SecretString;
use anyhow::{Context, Result};
use lockstep_crypto::SecretKey;
use lockstep_crypto::suite::{PublicKey, Suite};
use lockstep_kernel::{Command, Genesis, Kernel, Refusal, Request};
use lockstep_ledger::Seed;
use lockstep_node::replica::Documents;
use lockstep_node::{Accepted, Answer, Appender, Replica};
use lockstep_types::{LedgerId, Time};
use std::path::Path;
use std::sync::Arc;

/// Files in `keys/`.
const APPENDER_KEY: &str = "appender.key";
const LOG_KEY: &str = "log.key";
const PASSPHRASE: &str = "passphrase";

/// A ledger's parts, for whoever runs the appender in another way than command by command.
pub struct LiveParts {
    /// The folder.
    pub folder: Folder,
    /// The appender.
    pub appender: Appender<Arc<SecretKey>>,
    /// Its key of receipts.
    pub receipts: Arc<SecretKey>,
    /// The log's key.
    pub log: SecretKey,
    /// What this machine remembers.
    pub memory: Memory,
    /// The log's tiles.
    pub files: Arc<TilesOnDisk>,
}

impl LiveParts {
    /// Opens the ledger in a folder, unless the folder is an older copy.
    pub fn open(dir: &Path, state: Option<&Path>) -> Result<Self> {
        let folder = Folder::open(dir)?;
        let keys = FolderKeys::open(dir)?;
        let memory = Memory::open(state, &folder.ledger())?;
        let (store, files) = open_parts(dir)?;
        let tiles: Arc<TilesOnDisk> = Arc::clone(&files);
        let appender = Appender::open(store, tiles, Arc::clone(&keys.appender), Box::new(os::seed))?;
        memory.check(appender.replica())?;
        Ok(Self { folder, appender, receipts: keys.appender, log: keys.log, memory, files })
    }
}

/// The ledger with its appender's key, its log's key, and what this machine remembers of it.
pub struct Live {
    folder: Folder,
    appender: Appender<Arc<SecretKey>>,
    log: SecretKey,
    memory: Memory,
}

/// The two keys of a folder. They authorise receipts and the log's checkpoint line, nothing else.
pub struct FolderKeys {
    appender: Arc<SecretKey>,
    log: SecretKey,
}

impl FolderKeys {
    /// Makes both, and the random passphrase that protects the files when one of them strays without it.
    pub fn make(dir: &Path) -> Result<Self> {
        let keys = dir.join("keys");
        std::fs::create_dir_all(&keys).with_context(|| format!("cannot make `{}`", keys.display()))?;
        let passphrase = hex::encode(os::random32()?);
        os::write_private(&keys.join(PASSPHRASE), format!("{passphrase}\n").as_bytes())?;
        for name in [APPENDER_KEY, LOG_KEY] {
            let secret = draw(Suite::Ed25519)?;
            // 32 random bytes need no stretching, so the least cost is enough.
            let cost = crate::key::file::COST_MIN;
            KeyFile::lock(Suite::Ed25519, &secret, passphrase.clone().into(), cost)?
                .write(&keys.join(name))?;
        }
        Self::open(dir)
    }

    fn open(dir: &Path) -> Result<Self> {
        let keys = dir.join("keys");
        let bytes = os::read_private(&keys.join(PASSPHRASE))?;
        let text = String::from_utf8(bytes).context("the folder's passphrase is not UTF-8")?;
        let passphrase = SecretString::from(text.trim_end().to_owned());
        let open = |name: &str| KeyFile::read(&keys.join(name))?.unlock(passphrase.clone());
        Ok(Self { appender: Arc::new(open(APPENDER_KEY)?), log: open(LOG_KEY)? })
    }

    /// Public key of the appender's receipts.
    pub fn appender(&self) -> &PublicKey {
        self.appender.public()
    }

    /// Public key of the log's checkpoint line.
    pub fn log(&self) -> &PublicKey {
        self.log.public()
    }
}

impl Live {
    /// Begins a ledger in an empty folder.
    pub fn begin(dir: &Path, state: Option<&Path>, (genesis, keys): (Genesis, FolderKeys)) -> Result<Self> {
        let (store, tiles) = open_parts(dir)?;
        let name = genesis.name.clone();
        let mut appender = Appender::open(store, tiles, keys.appender, Box::new(os::seed))?;
        let now = os::now()?;
        refused_or(appender.append(vec![Ok(Command::Genesis(Box::new(genesis)))], Vec::new(), now)?)?;
        let ledger: LedgerId = appender.head().0.context("the ledger did not begin")?;
        let folder = Folder::write(dir, ledger, name)?;
        let memory = Memory::create(state, &ledger)?;
        let mut live = Self { folder, appender, log: keys.log, memory };
        live.finish(now)?;
        Ok(live)
    }

    /// Opens the ledger in a folder, unless the folder is an older copy.
    pub fn open(dir: &Path, state: Option<&Path>) -> Result<Self> {
        let LiveParts { folder, appender, log, memory, .. } = LiveParts::open(dir, state)?;
        Ok(Self { folder, appender, log, memory })
    }

    /// The folder.
    pub const fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The copy of the ledger.
    pub const fn replica(&self) -> &Replica {
        self.appender.replica()
    }

    /// The kernel.
    pub const fn kernel(&self) -> &Kernel {
        self.appender.replica().kernel()
    }

    /// The appender, to feed co-signers and to take their signatures.
    pub const fn appender(&mut self) -> &mut Appender<Arc<SecretKey>> {
        &mut self.appender
    }

    /// Hands one request in: decided, durable, sealed, remembered, and only then answered.
    pub fn submit(&mut self, request: Request, documents: Documents) -> Result<Entered> {
        let now = os::now()?;
        let command = self.appender.admit(vec![request]).pop().context("nothing was asked")??;
        let answers = self.appender.append(vec![Ok(command)], documents, now);
        let answers = answers?;
        self.finish(now)?;
        let accepted = refused_or(answers)?;
        Ok(Entered::here(self.folder.ledger(), accepted))
    }

    /// Decides a request without writing anything: why it would be refused, if it would.
    pub fn would_refuse(&self, request: Request) -> Result<Option<Refusal>> {
        let command = self.appender.admit(vec![request]).pop().context("nothing was asked")??;
        let ledger = self.replica().ledger();
        Ok(ledger.decide(&command, os::now()?, Seed::new(os::seed()))?.refused)
    }

    /// Lets time pass: expiries and notices that are due. True when something was recorded or sealed.
    pub fn tick(&mut self) -> Result<bool> {
        let (now, before) = (os::now()?, self.appender.head().1);
        self.appender.append(Vec::new(), Vec::new(), now)?;
        self.finish(now)?;
        Ok(self.appender.head().1 > before)
    }

    /// Makes a seal although nothing happened, so that co-signers, who sign only what is recent, can sign.
    pub fn seal_empty(&mut self) -> Result<()> {
        let now = os::now()?;
        self.appender.seal(now)?;
        self.finish(now)
    }

    /// Seals what is unsealed, publishes, and remembers the head before anybody is told.
    fn finish(&mut self, now: Time) -> Result<()> {
        if self.replica().ledger().first_unsealed().is_some() {
            self.appender.seal(now)?;
        }
        let (_, size, root) = self.appender.head();
        if size > 0 {
            self.memory.advance(size, root)?;
        }
        let replica = self.appender.replica();
        let (Some(genesis), Some(seal)) = (replica.kernel().genesis(), replica.ledger().last_seal()) else {
            return Ok(());
        };
        let head = (seal.head.size, seal.head.root, seal.record.time());
        write_checkpoint((self.folder.dir(), genesis), head, &self.log)
    }
}

/// The one answer to one request; a refusal that left no record is an error.
fn refused_or(answers: Vec<Answer>) -> Result<Accepted> {
    match answers.into_iter().next() {
        Some(Answer::OnRecord(accepted)) => Ok(*accepted),
        Some(Answer::Refused(refusal)) => Err((*refusal).into()),
        Some(Answer::Malformed(error)) => Err((*error).into()),
        None => Err(told(Kind::Internal, "no-answer", "the appender gave no answer").into()),
    }
}
