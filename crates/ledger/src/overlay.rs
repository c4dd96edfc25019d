//! The state map as a ledger sees it: what changed since it was last written, over what is on disk.

use crate::machine::View;
use lockstep_crypto::map::{self, MapError, MapNode, MapNodes, NodeAt};
use lockstep_types::{MapKey, RootHash, sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Reads the state map as it was last written. Infallible: a shell that cannot read stops.
pub trait MapStore {
    /// The node at this place.
    fn node(&self, depth: u16, prefix: &[u8; 32]) -> Option<MapNode>;
    /// The value under this key, canonical JSON.
    fn value(&self, key: &MapKey) -> Option<Vec<u8>>;
}

/// A store that holds nothing.
impl MapStore for () {
    fn node(&self, _depth: u16, _prefix: &[u8; 32]) -> Option<MapNode> {
        None
    }
    fn value(&self, _key: &MapKey) -> Option<Vec<u8>> {
        None
    }
}

impl<S: MapStore + ?Sized> MapStore for &S {
    fn node(&self, depth: u16, prefix: &[u8; 32]) -> Option<MapNode> {
        (**self).node(depth, prefix)
    }
    fn value(&self, key: &MapKey) -> Option<Vec<u8>> {
        (**self).value(key)
    }
}

/// What has to be written to bring a stored map up to date.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MapChanges {
    /// Nodes by place, each instead of what stood there.
    pub nodes: BTreeMap<NodeAt, MapNode>,
    /// Values by key.
    pub values: BTreeMap<MapKey, Vec<u8>>,
}

/// A [`MapStore`] with changes kept in memory until they have been written.
#[derive(Debug, Clone)]
pub struct Overlay<S> {
    changes: MapChanges,
    /// Changes before those, that somebody is writing.
    frozen: Option<Arc<MapChanges>>,
    /// Nodes that were written last: what changed lately is soon looked up again, and need not be read and
    /// checked for it. Empty while others are being written.
    recent: BTreeMap<NodeAt, MapNode>,
    store: S,
}

impl MapChanges {
    /// True when there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.values.is_empty()
    }

    fn extend(&mut self, later: Draft) {
        self.nodes.extend(later.nodes);
        self.values.extend(later.values);
    }
}

/// Changes that may still be dropped: a list, since nothing is looked up in it.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    nodes: Vec<(NodeAt, MapNode)>,
    values: BTreeMap<MapKey, Vec<u8>>,
}

impl<S: MapStore> Overlay<S> {
    /// An overlay without changes.
    pub fn new(store: S) -> Self {
        Self { changes: MapChanges::default(), frozen: None, recent: BTreeMap::new(), store }
    }

    /// What has changed since [`Overlay::freeze`] was last called.
    pub const fn changes(&self) -> &MapChanges {
        &self.changes
    }

    /// The store below.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// Sets the changes aside to be written; they are answered with until [`Overlay::written`]. Nothing when
    /// those of an earlier call are being written still.
    pub fn freeze(&mut self) -> Option<Arc<MapChanges>> {
        if self.frozen.is_some() {
            return None;
        }
        self.recent.clear();
        let frozen = Arc::new(core::mem::take(&mut self.changes));
        self.frozen = Some(Arc::clone(&frozen));
        Some(frozen)
    }

    /// Forgets the changes that were set aside, but for their nodes: the caller has written all of them, and
    /// the store below answers with them now.
    pub fn written(&mut self) {
        if let Some(frozen) = self.frozen.take() {
            self.recent = Arc::unwrap_or_clone(frozen).nodes;
        }
    }

    fn later(&self) -> impl Iterator<Item = &MapChanges> {
        core::iter::once(&self.changes).chain(self.frozen.as_deref())
    }

    /// The root after `values` have been set, and the changes that lead to it. Nothing is changed yet.
    pub(crate) fn draft(
        &self,
        root: RootHash,
        values: &BTreeMap<MapKey, Vec<u8>>,
    ) -> Result<(RootHash, Draft), MapError> {
        let hashes = values.iter().map(|(key, value)| (*key, sha256(value))).collect();
        let (root, nodes) = map::update(root, self, &hashes)?;
        Ok((root, Draft { nodes, values: values.clone() }))
    }

    /// Takes on the changes of a draft.
    pub(crate) fn adopt(&mut self, draft: Draft) {
        self.changes.extend(draft);
    }
}

impl<S: MapStore> MapNodes for Overlay<S> {
    fn node(&self, depth: u16, prefix: &[u8; 32]) -> Option<MapNode> {
        self.own(depth, prefix).or_else(|| self.store.node(depth, prefix))
    }
    fn own(&self, depth: u16, prefix: &[u8; 32]) -> Option<MapNode> {
        let at = (depth, *prefix);
        let later = self.later().find_map(|changes| changes.nodes.get(&at));
        later.or_else(|| self.recent.get(&at)).copied()
    }
}

impl<S: MapStore> View for Overlay<S> {
    fn value(&self, key: &MapKey) -> Option<Vec<u8>> {
        let kept = self.later().find_map(|changes| changes.values.get(key).cloned());
        kept.or_else(|| self.store.value(key))
    }
}

#[cfg(test)]
mod tests;
