//! Group commit: whoever waits first commits, with one durable append, all that has been submitted by then.
//! No thread of its own: the waiting threads take turns, and a single one commits what it submitted itself.

use crate::batch::{Append, Batch, Head};
use crate::error::StoreError;
use crate::limits::{
    APPEND_BATCHES_MAX, APPEND_DOCUMENTS_MAX, APPEND_RECORDS_MAX, GROUP_BYTES_MAX, QUEUE_BATCHES_MAX,
};
use crate::store::Store;
use lockstep_types::Digest;
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A queue in front of a store.
pub struct GroupCommit {
    store: Arc<dyn Store>,
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Entry>,
    /// Whether some thread is committing; at most one does.
    committing: bool,
}

struct Entry {
    expected: Head,
    batch: Batch,
    slot: Slot,
}

/// Where a submitter finds its answer.
type Slot = Arc<Mutex<Option<Append>>>;

/// A submitted batch. Dropping it does not take the batch back.
#[must_use = "the batch is appended only when some ticket is waited for"]
pub struct Ticket<'a> {
    front: &'a GroupCommit,
    slot: Slot,
}

impl GroupCommit {
    /// A queue in front of `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, queue: Mutex::default(), changed: Condvar::new() }
    }

    /// Appends `batch` if the head is `expected` at its turn; returns when that is durable.
    pub fn append(&self, expected: Head, batch: Batch) -> Append {
        self.submit(expected, batch).wait()
    }

    /// Queues `batch`. A submitter need not wait before it submits the next one, expecting [`Head::after`] this
    /// one: if this one fails, the next one finds the head moved. Holds the caller back while the queue is full.
    pub fn submit(&self, expected: Head, batch: Batch) -> Ticket<'_> {
        let mut queue = self.lock();
        while queue.waiting.len() >= QUEUE_BATCHES_MAX {
            queue = self.commit_or_wait(queue);
        }
        let slot = Slot::default();
        queue.waiting.push_back(Entry { expected, batch, slot: Arc::clone(&slot) });
        Ticket { front: self, slot }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Commits one group, or waits until the thread that is committing one has done so.
    fn commit_or_wait<'a>(&'a self, mut queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
        if queue.committing {
            return self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.committing = true;
        let group = take_group(&mut queue.waiting);
        drop(queue);
        Leading { front: self, group: &group }.commit();
        self.lock()
    }
}

impl Ticket<'_> {
    /// Returns when the batch's fate is known.
    pub fn wait(self) -> Append {
        let mut queue = self.front.lock();
        loop {
            if let Some(answer) = self.slot.lock().unwrap_or_else(PoisonError::into_inner).take() {
                return answer;
            }
            queue = self.front.commit_or_wait(queue);
        }
    }
}

/// The batches at the front of the queue that fit into one append; one at least.
fn take_group(waiting: &mut VecDeque<Entry>) -> Vec<Entry> {
    let (mut bytes, mut records, mut documents) = (0, 0, 0);
    let mut taken = 0;
    for Entry { batch, .. } in waiting.iter().take(APPEND_BATCHES_MAX) {
        bytes += batch.bytes();
        records += batch.records.len();
        documents += batch.documents.len();
        let fits =
            bytes <= GROUP_BYTES_MAX && records <= APPEND_RECORDS_MAX && documents <= APPEND_DOCUMENTS_MAX;
        if !fits && taken > 0 {
            break;
        }
        taken += 1;
    }
    waiting.drain(..taken).collect()
}

/// The turn of the thread that commits. It ends when dropped, so that a panic leaves no one waiting.
struct Leading<'a> {
    front: &'a GroupCommit,
    group: &'a [Entry],
}

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        for entry in self.group {
            let mut slot = entry.slot.lock().unwrap_or_else(PoisonError::into_inner);
            slot.get_or_insert(Append::Unknown);
        }
        self.front.lock().committing = false;
        self.front.changed.notify_all();
    }
}

impl Leading<'_> {
    fn commit(self) {
        let Ok(head) = self.front.store.head() else { return };
        let mut ids = BTreeSet::new();
        let mut after = head;
        let mut chosen: Vec<(&Entry, Head)> = Vec::new();
        let mut moved = Vec::new();
        for entry in self.group {
            if entry.expected != after {
                moved.push(entry);
            } else if let Err(answer) = self.check(&entry.batch, &mut ids) {
                answer_with(entry, answer);
            } else {
                after = after.after(&entry.batch);
                chosen.push((entry, after));
            }
        }
        let batches: Vec<&Batch> = chosen.iter().map(|(entry, _)| &entry.batch).collect();
        let answer = if batches.is_empty() {
            Append::HeadMoved(head)
        } else {
            self.front.store.append_all(&head, &batches)
        };
        let now = match answer {
            Append::Appended(now) => {
                chosen.iter().for_each(|(entry, after)| answer_with(entry, Append::Appended(*after)));
                now
            }
            Append::HeadMoved(now) => now,
            Append::Unknown => return,
            Append::Refused(error) => {
                if let Some((first, _)) = chosen.first() {
                    answer_with(first, Append::Refused(error));
                }
                head
            }
        };
        // Whoever has no answer yet expected another head than the one that is there now.
        chosen.iter().map(|(entry, _)| *entry).chain(moved).for_each(|entry| {
            let mut slot = entry.slot.lock().unwrap_or_else(PoisonError::into_inner);
            slot.get_or_insert(Append::HeadMoved(now));
        });
    }

    /// Why a batch would make the whole append fail.
    fn check(&self, batch: &Batch, ids: &mut BTreeSet<Digest>) -> Result<(), Append> {
        batch.check().map_err(Append::Refused)?;
        let stored = self.front.store.batch(&batch.id).map_err(|_| Append::Unknown)?;
        if stored.is_some() || !ids.insert(batch.id) {
            return Err(Append::Refused(StoreError::BatchExists { id: batch.id }));
        }
        Ok(())
    }
}

fn answer_with(entry: &Entry, answer: Append) {
    *entry.slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
}
