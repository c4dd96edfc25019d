//! The store without a disk, for simulation and tests: the same answers, no durability.

use crate::batch::{Append, Batch, Erased, Head, Snapshot, StoredRecord, check_append};
use crate::error::{Result, StoreError, at_most};
use crate::limits::{CERTIFICATE_BYTES_MAX, ERASE_ITEMS_MAX};
use crate::store::{IndexRow, MapRow, NodeKey, Store, check_map_rows, check_snapshot};
use lockstep_types::{Digest, MapKey};
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A store in memory.
#[derive(Default)]
pub struct Memory {
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    head: Head,
    records: Vec<StoredRecord>,
    batches: BTreeMap<Digest, Head>,
    /// `None` once erased.
    documents: BTreeMap<Digest, Option<Vec<u8>>>,
    index: BTreeMap<Vec<u8>, Vec<u8>>,
    snapshot: Option<Snapshot>,
    map_nodes: BTreeMap<NodeKey, Vec<u8>>,
    map_values: BTreeMap<MapKey, Vec<u8>>,
    certificates: BTreeMap<u64, Vec<u8>>,
}

impl Memory {
    /// A store without records.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn append(&mut self, batch: &Batch) {
        self.head = self.head.after(batch);
        self.batches.insert(batch.id, self.head);
        self.records.extend(batch.records.iter().cloned());
        for (digest, document) in &batch.documents {
            self.documents.entry(*digest).or_insert_with(|| Some(document.clone()));
        }
        self.index.extend(batch.index.iter().cloned());
    }

    fn record_mut(&mut self, number: u64) -> Result<&mut StoredRecord> {
        let size = self.head.size;
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        self.records.get_mut(place).ok_or(StoreError::NoSuchRecord { number, size })
    }
}

impl Store for Memory {
    fn head(&self) -> Result<Head> {
        Ok(self.read().head)
    }

    fn append_all(&self, expected: &Head, batches: &[&Batch]) -> Append {
        if let Err(error) = check_append(batches) {
            return Append::Refused(error);
        }
        let mut state = self.write();
        if state.head != *expected {
            return Append::HeadMoved(state.head);
        }
        if let Some(batch) = batches.iter().find(|batch| state.batches.contains_key(&batch.id)) {
            return Append::Refused(StoreError::BatchExists { id: batch.id });
        }
        for batch in batches {
            state.append(batch);
        }
        Append::Appended(state.head)
    }

    fn batch(&self, id: &Digest) -> Result<Option<Head>> {
        Ok(self.read().batches.get(id).copied())
    }

    fn records(&self, from: u64, max: usize, bytes_max: usize) -> Result<Vec<StoredRecord>> {
        let state = self.read();
        let size = state.head.size;
        let start = usize::try_from(from).unwrap_or(usize::MAX);
        let rest = state.records.get(start..).ok_or(StoreError::NoSuchRecord { number: from, size })?;
        let mut taken = Vec::new();
        let mut bytes = 0;
        for record in rest.iter().take(max) {
            bytes += record.bytes();
            if bytes > bytes_max && !taken.is_empty() {
                break;
            }
            taken.push(record.clone());
        }
        Ok(taken)
    }

    fn document(&self, digest: &Digest) -> Result<Option<Vec<u8>>> {
        Ok(self.read().documents.get(digest).cloned().flatten())
    }

    fn erase(&self, documents: &[Digest], commands: &[u64]) -> Result<Erased> {
        at_most("an erasure's items", documents.len().saturating_add(commands.len()), ERASE_ITEMS_MAX)?;
        let mut state = self.write();
        let mut erased = Erased::default();
        for number in commands {
            state.record_mut(*number)?;
        }
        for number in commands {
            erased.commands += u64::from(state.record_mut(*number)?.command.take().is_some());
        }
        for digest in documents {
            let was_there = state.documents.insert(*digest, None).flatten().is_some();
            erased.documents += u64::from(was_there);
        }
        Ok(erased)
    }

    fn index_get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        Ok(self.read().index.get(key).cloned())
    }

    fn index_range(&self, prefix: &[u8], from: &[u8], max: usize) -> Result<Vec<IndexRow>> {
        let state = self.read();
        let rows = state.index.range(prefix.max(from).to_vec()..);
        let inside = rows.take_while(|(key, _)| key.starts_with(prefix));
        Ok(inside.take(max).map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn snapshot(&self) -> Result<Option<Snapshot>> {
        Ok(self.read().snapshot.clone())
    }

    fn put_snapshot(&self, snapshot: Snapshot, map: &mut dyn Iterator<Item = MapRow>) -> Result<()> {
        let mut state = self.write();
        check_snapshot(state.head.size, &snapshot)?;
        let rows = check_map_rows(map).collect::<Result<Vec<_>>>()?;
        state.snapshot = Some(snapshot);
        for row in rows {
            match row {
                MapRow::Node(key, Some(bytes)) => drop(state.map_nodes.insert(key, bytes)),
                MapRow::Node(key, None) => drop(state.map_nodes.remove(&key)),
                MapRow::Value(key, value) => drop(state.map_values.insert(key, value)),
            }
        }
        Ok(())
    }

    fn map_node(&self, depth: u16, prefix: &[u8; 32]) -> Result<Option<Vec<u8>>> {
        Ok(self.read().map_nodes.get(&(depth, *prefix)).cloned())
    }

    fn map_value(&self, key: &MapKey) -> Result<Option<Vec<u8>>> {
        Ok(self.read().map_values.get(key).cloned())
    }

    fn put_certificate(&self, size: u64, certificate: &[u8]) -> Result<()> {
        at_most("a certificate's bytes", certificate.len(), CERTIFICATE_BYTES_MAX)?;
        let mut state = self.write();
        if size > state.head.size {
            return Err(StoreError::Ahead { what: "a certificate", found: size, size: state.head.size });
        }
        state.certificates.insert(size, certificate.to_vec());
        Ok(())
    }

    fn certificate(&self, size: u64) -> Result<Option<Vec<u8>>> {
        Ok(self.read().certificates.get(&size).cloned())
    }

    fn latest_certificate(&self) -> Result<Option<(u64, Vec<u8>)>> {
        Ok(self.read().certificates.last_key_value().map(|(size, bytes)| (*size, bytes.clone())))
    }
}
