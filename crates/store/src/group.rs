//! Group commit: whoever waits first commits, with one durable append, all that has been submitted by then.
//! No thread of its own: the waiting threads take turns, and a single one commits what it submitted itself.

use crate::batch::{Append, Batch, Head};
use crate::error::StoreError;
use crate::limits::{
    APPEND_BATCHES_MAX, APPEND_DOCUMENTS_MAX, APPEND_RECORDS_MAX, GROUP_BYTES_MAX, QUEUE_BATCHES_MAX,
};
use crate::store::Store;
use std::collections::VecDeque;
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

    /// Queues `batch`. A submitter need not wait before it submits the next one, expecting [`Head::after`]
    /// this one: if this one fails, the next one finds the head moved. Holds the caller back while the queue
    /// is full.
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
            entry.answer(Append::Unknown);
        }
        self.front.lock().committing = false;
        self.front.changed.notify_all();
    }
}

impl Leading<'_> {
    /// Appends what continues the ledger, and answers everybody. Who is left without an answer gets
    /// `Unknown`.
    fn commit(self) {
        let Ok(head) = self.front.store.head() else { return };
        loop {
            let chosen = self.choose(head);
            let batches: Vec<&Batch> = chosen.iter().map(|(entry, _)| &entry.batch).collect();
            let now = match self.append(&head, &batches) {
                Append::Appended(now) => {
                    chosen.iter().for_each(|(entry, after)| entry.answer(Append::Appended(*after)));
                    now
                }
                Append::HeadMoved(now) => now,
                Append::Unknown => return,
                Append::Refused(error) => {
                    let refused = match &error {
                        StoreError::BatchExists { id } => {
                            chosen.iter().rfind(|(entry, _)| entry.batch.id == *id)
                        }
                        _ => chosen.first(),
                    };
                    let Some((entry, _)) = refused else { return };
                    entry.answer(Append::Refused(error));
                    continue;
                }
            };
            // Whoever has no answer yet expected another head than the one that is there now.
            self.group.iter().for_each(|entry| entry.answer(Append::HeadMoved(now)));
            return;
        }
    }

    fn append(&self, head: &Head, batches: &[&Batch]) -> Append {
        if batches.is_empty() {
            return Append::HeadMoved(*head);
        }
        self.front.store.append_all(head, batches)
    }

    /// The entries that continue one another from `head`, each with the head after it. Answers those that no
    /// store would take.
    fn choose(&self, head: Head) -> Vec<(&Entry, Head)> {
        let mut after = head;
        let mut chosen = Vec::new();
        for entry in self.group.iter().filter(|entry| !entry.is_answered()) {
            if entry.expected != after {
                continue;
            }
            if let Err(error) = entry.batch.check() {
                entry.answer(Append::Refused(error));
                continue;
            }
            after = after.after(&entry.batch);
            chosen.push((entry, after));
        }
        chosen
    }
}

impl Entry {
    fn is_answered(&self) -> bool {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// The first answer stands.
    fn answer(&self, answer: Append) {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(answer);
    }
}
