//! What the loops need from outside: tile files, a signer's memory, random seeds, the stored state map.

use lockstep_crypto::map::MapNode;
use lockstep_ledger::Seed;
use lockstep_ledger::log::TilePath;
use lockstep_ledger::overlay::MapStore;
use lockstep_store::{Store, StoreError};
use lockstep_types::{MapKey, RootHash};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Where tiles and bundles of the log are kept for C2SP clients. Derived data: a lost file is made again.
pub trait TileFiles: Send + Sync {
    /// The bytes at this path; none when the file is missing or cannot be read.
    fn read(&self, path: &TilePath) -> Option<Vec<u8>>;
    /// Writes a file.
    ///
    /// # Errors
    /// The operating system's.
    fn write(&self, path: &TilePath, bytes: &[u8]) -> std::io::Result<()>;
}

/// Tiles in memory, for tests and the simulator.
#[derive(Debug, Default)]
pub struct TilesInMemory(Mutex<BTreeMap<TilePath, Vec<u8>>>);

impl TileFiles for TilesInMemory {
    fn read(&self, path: &TilePath) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }
    fn write(&self, path: &TilePath, bytes: &[u8]) -> std::io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(*path, bytes.to_vec());
        Ok(())
    }
}

/// The last size and root that a signer has signed, durable, outside the store.
pub trait SignerMemory: Send {
    /// The size and root signed last.
    fn last(&self) -> Option<(u64, RootHash)>;
    /// Remembers, durably, before the signature leaves.
    ///
    /// # Errors
    /// The rule broken, or the operating system's error. Nothing may be signed then.
    fn advance(&mut self, size: u64, root: RootHash) -> Result<(), lockstep_store::SignerError>;
}

impl SignerMemory for lockstep_store::SignerState {
    fn last(&self) -> Option<(u64, RootHash)> {
        Self::last(self)
    }
    fn advance(&mut self, size: u64, root: RootHash) -> Result<(), lockstep_store::SignerError> {
        Self::advance(self, size, root)
    }
}

/// Where the 32 random bytes of each command come from.
pub trait Seeds: Send {
    /// The next seed; no two are equal, and nobody can guess one.
    fn next_seed(&mut self) -> Seed;
}

impl<F: FnMut() -> [u8; 32] + Send> Seeds for F {
    fn next_seed(&mut self) -> Seed {
        Seed::new(self())
    }
}

/// The state map as the store keeps it. The first error is kept, and whoever uses the map asks for it before
/// anything is decided for good: a missing answer must not read like a missing entry.
#[derive(Clone)]
pub struct StoredMap {
    store: Arc<dyn Store>,
    broken: Arc<Mutex<Option<StoreError>>>,
}

impl StoredMap {
    /// The map in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, broken: Arc::default() }
    }

    /// Takes the first error since this was last asked.
    #[must_use]
    pub fn take_error(&self) -> Option<StoreError> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn keep<T>(&self, answer: Result<Option<T>, StoreError>) -> Option<T> {
        answer.unwrap_or_else(|error| {
            self.broken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            None
        })
    }
}

impl MapStore for StoredMap {
    fn node(&self, depth: u16, prefix: &[u8; 32]) -> Option<MapNode> {
        self.keep(self.store.map_node(depth, prefix)).and_then(|bytes| MapNode::from_bytes(&bytes))
    }
    fn value(&self, key: &MapKey) -> Option<Vec<u8>> {
        self.keep(self.store.map_value(key))
    }
}
