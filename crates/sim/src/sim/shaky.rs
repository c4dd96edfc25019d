//! Ports that fail: a store, and the memory of a signer. What they hold is durable; what they answer may be
//! wrong.

use lockstep_node::SignerMemory;
use lockstep_store::{
    Append, Batch, Erased, Head, IndexRow, MapRow, Memory, Result, SignerError, Snapshot, Store, StoreError,
    StoredRecord,
};
use lockstep_types::{Digest, MapKey, RootHash};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How the next append fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppendFault {
    /// Nothing is written, and nobody is told.
    Before,
    /// Everything is written, and nobody is told.
    After,
    /// Everything is written, nobody is told, and nothing can be read back.
    AfterUnreadable,
    /// A part is written: gone when the store is opened again. Nothing can be read back.
    Torn,
}

/// What will fail next.
#[derive(Debug, Default)]
pub struct Faults {
    /// The next append.
    pub append: Option<AppendFault>,
    /// The next reading of a record or of the map.
    pub read: bool,
    /// The next snapshot or certificate.
    pub put: bool,
    /// Reading back a batch, until the store is opened again.
    unreadable: bool,
}

/// A store with faults.
#[derive(Clone)]
pub struct Shaky {
    inner: Arc<Memory>,
    faults: Arc<Mutex<Faults>>,
}

fn broken(action: &'static str) -> StoreError {
    StoreError::Io { action, path: "sim".into(), source: std::io::Error::other("a fault that was asked for") }
}

impl Shaky {
    /// Faults in front of a store.
    #[must_use]
    pub fn new(inner: Arc<Memory>) -> Self {
        Self { inner, faults: Arc::default() }
    }

    /// The store behind the faults.
    #[must_use]
    pub fn inner(&self) -> &Arc<Memory> {
        &self.inner
    }

    /// What will fail next.
    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reads(&self) -> Result<()> {
        if std::mem::take(&mut self.faults().read) { Err(broken("read")) } else { Ok(()) }
    }

    fn puts(&self) -> Result<()> {
        if std::mem::take(&mut self.faults().put) { Err(broken("write")) } else { Ok(()) }
    }
}

impl Store for Shaky {
    fn head(&self) -> Result<Head> {
        self.inner.head()
    }
    fn append_all(&self, expected: &Head, batches: &[&Batch]) -> Append {
        let fault = self.faults().append.take();
        if matches!(fault, Some(AppendFault::AfterUnreadable | AppendFault::Torn)) {
            self.faults().unreadable = true;
        }
        match fault {
            None => self.inner.append_all(expected, batches),
            Some(AppendFault::Before | AppendFault::Torn) => Append::Unknown,
            Some(AppendFault::After | AppendFault::AfterUnreadable) => {
                match self.inner.append_all(expected, batches) {
                    Append::Appended(_) => Append::Unknown,
                    other => other,
                }
            }
        }
    }
    fn batch(&self, id: &Digest) -> Result<Option<Head>> {
        if self.faults().unreadable { Err(broken("read back")) } else { self.inner.batch(id) }
    }
    fn records(&self, from: u64, max: usize, bytes_max: usize) -> Result<Vec<StoredRecord>> {
        self.reads()?;
        self.inner.records(from, max, bytes_max)
    }
    fn document(&self, digest: &Digest) -> Result<Option<Vec<u8>>> {
        self.inner.document(digest)
    }
    fn erase(&self, documents: &[Digest], commands: &[u64]) -> Result<Erased> {
        self.inner.erase(documents, commands)
    }
    fn index_get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.inner.index_get(key)
    }
    fn index_range(&self, prefix: &[u8], from: &[u8], max: usize) -> Result<Vec<IndexRow>> {
        self.inner.index_range(prefix, from, max)
    }
    fn snapshot(&self) -> Result<Option<Snapshot>> {
        self.inner.snapshot()
    }
    fn put_snapshot(&self, snapshot: Snapshot, map: &mut dyn Iterator<Item = MapRow>) -> Result<()> {
        self.puts()?;
        self.inner.put_snapshot(snapshot, map)
    }
    fn map_node(&self, depth: u16, prefix: &[u8; 32]) -> Result<Option<Vec<u8>>> {
        self.reads()?;
        self.inner.map_node(depth, prefix)
    }
    fn map_value(&self, key: &MapKey) -> Result<Option<Vec<u8>>> {
        self.reads()?;
        self.inner.map_value(key)
    }
    fn put_certificate(&self, size: u64, certificate: &[u8]) -> Result<()> {
        self.puts()?;
        self.inner.put_certificate(size, certificate)
    }
    fn certificate(&self, size: u64) -> Result<Option<Vec<u8>>> {
        self.inner.certificate(size)
    }
    fn latest_certificate(&self) -> Result<Option<(u64, Vec<u8>)>> {
        self.inner.latest_certificate()
    }
}

/// How a signer's memory fails next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryFault {
    /// Nothing is kept.
    Before,
    /// It is kept, and nobody is told.
    After,
}

#[derive(Debug, Default)]
struct Kept {
    last: Option<(u64, RootHash)>,
    fault: Option<MemoryFault>,
}

/// The memory of a signer: it outlives every crash and every restored store.
#[derive(Clone, Default)]
pub struct ShakyMemory(Arc<Mutex<Kept>>);

impl ShakyMemory {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the next advance fail.
    pub fn fail_next(&self, fault: Option<MemoryFault>) {
        self.kept().fault = fault;
    }
}

impl SignerMemory for ShakyMemory {
    fn last(&self) -> Option<(u64, RootHash)> {
        self.kept().last
    }
    fn advance(&mut self, size: u64, root: RootHash) -> core::result::Result<(), SignerError> {
        let mut kept = self.kept();
        let fault = kept.fault.take();
        if fault != Some(MemoryFault::Before) {
            kept.last = Some((size, root));
        }
        match fault {
            None => Ok(()),
            Some(_) => Err(SignerError::Io {
                action: "write",
                path: "sim".into(),
                source: std::io::Error::other("a fault that was asked for"),
            }),
        }
    }
}
