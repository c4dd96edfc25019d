//! A co-signer in a folder of its own: key, memory, store. Bytes go in, bytes come out.

use super::cast::DemoKey;
use crate::folder::tiles::TilesOnDisk;
use crate::os;
use anyhow::{Context, Result};
use lockstep_attest::sign::Sign;
use lockstep_crypto::suite::Suite;
use lockstep_node::{CheckpointSigner, Cosigner, CosignerError, TileFiles};
use lockstep_store::{Embedded, SignerState, Store};
use lockstep_types::{Address, LedgerId, Time, canonical};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const KEY_FILE: &str = "demo.key";
const MEMORY_FILE: &str = "signer.state";

/// A co-signer's folder; what runs in it knows nothing but the folder, the ledger's id, and the bytes it is
/// sent.
pub struct CosignerFolder {
    dir: PathBuf,
    ledger: LedgerId,
    running: Option<Cosigner<DemoKey, SignerState>>,
}

/// Makes a folder with a fresh key that nobody else has, and an empty memory. The address is what the others
/// learn.
pub fn make(dir: &Path) -> Result<Address> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
    let (key, secret) = loop {
        let secret = os::random32()?;
        if let Ok(key) = DemoKey::from_secret(Suite::Eip712, &secret) {
            break (key, secret);
        }
    };
    os::write_private(&dir.join(KEY_FILE), hex::encode(secret).as_bytes())?;
    SignerState::create(&dir.join(MEMORY_FILE))?;
    key.public().address().context("the key has no address")
}

impl CosignerFolder {
    /// Starts in a folder made by [`make`], told which ledger to follow.
    pub fn start(dir: &Path, ledger: LedgerId) -> Result<Self> {
        let mut folder = Self { dir: dir.to_owned(), ledger, running: None };
        folder.restart()?;
        Ok(folder)
    }

    /// Forgets everything in memory and starts again from the folder.
    pub fn restart(&mut self) -> Result<()> {
        self.running = None;
        let store: Arc<dyn Store> = Arc::new(Embedded::open(&self.dir.join("store"))?);
        let tiles: Arc<dyn TileFiles> = Arc::new(TilesOnDisk::new(&self.dir));
        let memory = SignerState::open(&self.dir.join(MEMORY_FILE))?;
        let signer = CheckpointSigner::new(self.key()?, memory, self.ledger)?;
        self.running = Some(Cosigner::open(store, tiles, signer, self.ledger)?);
        Ok(())
    }

    /// The key in the folder. Only its own process would read it; the colluding ones of the demonstration do,
    /// too.
    pub fn key(&self) -> Result<DemoKey> {
        let text = os::read_private(&self.dir.join(KEY_FILE))?;
        let mut secret = [0; 32];
        hex::decode_to_slice(&text, &mut secret).context("the key file is damaged")?;
        DemoKey::from_secret(Suite::Eip712, &secret)
    }

    /// The co-signer that runs.
    pub fn running(&mut self) -> Result<&mut Cosigner<DemoKey, SignerState>> {
        self.running.as_mut().context("the co-signer is not running")
    }

    /// Number of the record that it wants next.
    pub fn next(&mut self) -> Result<u64> {
        Ok(self.running()?.next())
    }

    /// Takes the bytes of records and re-runs every decision in them.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Result<(), CosignerError>> {
        Ok(self.running()?.receive(bytes))
    }

    /// The bytes of its signature over the last sealed head, by its own clock.
    pub fn sign(&mut self, now: Time) -> Result<Result<Vec<u8>, CosignerError>> {
        Ok(match self.running()?.sign(now) {
            Ok(signed) => Ok(canonical::to_vec(&signed)?),
            Err(error) => Err(error),
        })
    }
}
