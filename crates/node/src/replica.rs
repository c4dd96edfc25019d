//! One participant's copy of the ledger: machine, log and map in step with a store of its own.

use crate::index;
use crate::port::{StoredMap, TileFiles};
use crate::snapshot::{self, SnapshotDraft, split};
use crate::tiles::Tiles;
use crate::undecided;
use lockstep_kernel::entry::CaseEntry;
use lockstep_kernel::snapshot::SnapshotError as KernelSnapshotError;
use lockstep_kernel::{Command, Entity, Kernel, Refusal, Request};
use lockstep_ledger::ledger::{RestoreError, SnapshotError};
use lockstep_ledger::log::{TileError, TileHashes, TilePath};
use lockstep_ledger::{
    ApplyError, Input, InputError, Leaf, Ledger, Record, RecordError, ReplayError, SealBody, View,
};
use lockstep_store::{Append, Batch, Head, IndexRow, Store, StoreError, StoredRecord, stream};
use lockstep_types::{CaseId, Digest, canonical, sha256_parts};
use std::sync::Arc;

/// Leaves gathered before tiles are written while a ledger is opened; a multiple of a tile's.
const TILE_LEAVES: usize = 8_192;
/// Commands whose signatures are checked together when records are run again.
const BATCH_COMMANDS: usize = 256;

/// The ledger over a stored map.
pub type CaseLedger = Ledger<Kernel, StoredMap>;

/// A ledger in step with its store.
pub struct Replica {
    ledger: CaseLedger,
    store: Arc<dyn Store>,
    head: Head,
    pub(crate) tiles: Arc<Tiles>,
    /// Leaves appended since tiles were last written.
    unwritten: Vec<Leaf>,
    snapshot_size: u64,
    /// Records between two snapshots.
    snapshot_every: u64,
}

/// Records with the command that made them; the command of an erased or withheld one is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Time, seed and command.
    pub input: Option<Input>,
    /// What followed.
    pub records: Vec<Record>,
}

/// What becomes of records whose command is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Erased {
    /// Applied as they stand: they are of this participant's own store, or under a certificate.
    Applied,
    /// Refused: nobody could say what they follow from.
    Refused,
}

/// Why a replica stops. It is opened anew from its store; nothing is retried blindly.
#[derive(Debug, thiserror::Error)]
pub enum ReplicaError {
    /// The store cannot be read or written.
    #[error("the store fails")]
    Store(#[from] StoreError),
    /// Somebody else appended.
    #[error("the store's head moved to {found} records, expected {expected}: another writer is at work")]
    HeadMoved {
        /// Records expected.
        expected: u64,
        /// Records found.
        found: u64,
    },
    /// It is not known whether an append took place.
    #[error("it is not known whether the last append took place; open the ledger again to find out")]
    Unknown,
    /// Stored bytes are no record.
    #[error("record {index} is damaged")]
    Record {
        /// Number of the record.
        index: u64,
        /// What is wrong with it.
        source: RecordError,
    },
    /// Stored bytes are no input.
    #[error("the command of record {index} is damaged")]
    Input {
        /// Number of the record.
        index: u64,
        /// What is wrong with it.
        source: InputError,
    },
    /// A record cannot be applied.
    #[error("record {index} cannot be applied")]
    Apply {
        /// Number of the record.
        index: u64,
        /// Why.
        source: Box<ApplyError>,
    },
    /// Running a command again gives something else.
    #[error("running record {index} again gives something else")]
    Replay {
        /// Number of the first record of the command.
        index: u64,
        /// What.
        source: Box<ReplayError<Refusal>>,
    },
    /// Signatures or form of a command do not hold.
    #[error("the command of record {index} is refused: {what}")]
    Command {
        /// Number of the first record of the command.
        index: u64,
        /// Why.
        what: String,
    },
    /// The command of a record is not sent with it, or a claim is not that it rests on.
    #[error("record {index} cannot be decided again: what it follows from was erased, or is withheld")]
    Erased {
        /// Number of the record.
        index: u64,
    },
    /// The snapshot's ledger part is of no use.
    #[error("the snapshot cannot be read")]
    Restore(#[from] RestoreError),
    /// The snapshot's kernel part is of no use.
    #[error("the snapshot cannot be read")]
    Kernel(#[from] KernelSnapshotError),
    /// No snapshot can be taken here.
    #[error("no snapshot can be taken")]
    Snapshot(#[from] SnapshotError),
    /// A snapshot that is not made of two parts.
    #[error("the snapshot cannot be read: its length is wrong")]
    SnapshotForm,
    /// Tiles cannot be read back.
    #[error("the tiles of the log cannot be read")]
    Tiles(#[from] TileError),
    /// Tiles cannot be written.
    #[error("the tiles of the log cannot be written")]
    TileFile(#[source] std::io::Error),
}

impl Replica {
    /// Opens the ledger in `store`: the last snapshot, and every record after it run again.
    ///
    /// # Errors
    /// [`ReplicaError`]: the store cannot be read, or holds what these rules do not give.
    pub fn open(store: Arc<dyn Store>, files: Arc<dyn TileFiles>) -> Result<Self, ReplicaError> {
        let map = StoredMap::new(Arc::clone(&store));
        let (ledger, snapshot_size) = match store.snapshot()? {
            None => (Ledger::new(Kernel::default(), map), 0),
            Some(snapshot) => {
                let (ledger_part, kernel_part) = split(&snapshot.state).ok_or(ReplicaError::SnapshotForm)?;
                (Ledger::restore(Kernel::from_snapshot(kernel_part)?, map, ledger_part)?, snapshot.size)
            }
        };
        let head = store.head()?;
        let mut replica = Self {
            ledger,
            store,
            head,
            tiles: Arc::new(Tiles::new(files)),
            unwritten: Vec::new(),
            snapshot_size,
            snapshot_every: snapshot::EVERY,
        };
        replica.resume_tiles()?;
        replica.run_stored(snapshot_size, head.size)?;
        replica.write_tiles()?;
        Ok(replica)
    }

    /// The ledger.
    #[must_use]
    pub const fn ledger(&self) -> &CaseLedger {
        &self.ledger
    }

    pub(crate) const fn ledger_mut(&mut self) -> &mut CaseLedger {
        &mut self.ledger
    }

    /// The kernel.
    #[must_use]
    pub const fn kernel(&self) -> &Kernel {
        self.ledger.machine()
    }

    /// The state map: what the kernel no longer keeps is looked up here.
    #[must_use]
    pub const fn view(&self) -> &dyn View {
        self.ledger.overlay()
    }

    /// What stands in the state map for a case, or will at the next seal: open or closed.
    #[must_use]
    pub fn case_entry(&self, case: &CaseId) -> Option<CaseEntry> {
        let entity = Entity::Case(*case);
        let value = self.kernel().entry(&entity).or_else(|| self.view().value(&entity.key()))?;
        canonical::from_slice(&value, value.len()).ok()
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Records that the last snapshot covers: a start runs those after it again.
    #[must_use]
    pub const fn snapshot_size(&self) -> u64 {
        self.snapshot_size
    }

    /// Reads the tiles of the log, as far as they have been written.
    pub fn hashes(&self) -> TileHashes<impl Fn(&TilePath) -> Option<Vec<u8>> + '_> {
        TileHashes::new(self.tiles.size(), |path: &TilePath| self.tiles.read(path))
    }

    /// Runs the stored records `from` to `to` again.
    fn run_stored(&mut self, from: u64, to: u64) -> Result<(), ReplicaError> {
        let store = Arc::clone(&self.store);
        let mut chunk = Vec::new();
        let mut commands = 0usize;
        for record in stream(&*store, from, to) {
            let record = record?;
            commands += usize::from(record.command.is_some());
            if commands > BATCH_COMMANDS {
                self.run(&std::mem::take(&mut chunk))?;
                commands = 1;
                if self.unwritten.len() >= TILE_LEAVES {
                    self.write_tiles()?;
                }
            }
            chunk.push(record);
        }
        self.run(&chunk)
    }

    /// Runs records again: signatures in one batch, then every decision in order, compared leaf by leaf.
    /// Records whose command was erased are applied as they stand.
    ///
    /// # Errors
    /// [`ReplicaError`]; the replica is of no use then.
    pub fn run(&mut self, stored: &[StoredRecord]) -> Result<(), ReplicaError> {
        self.run_groups(groups(self.ledger.size(), stored)?, Erased::Applied).map(drop)
    }

    /// Gives the numbers of the records that were applied as they stand, undecided.
    fn run_groups(&mut self, groups: Vec<Group>, erased: Erased) -> Result<Vec<u64>, ReplicaError> {
        let first = self.ledger.size();
        let mut commands = self.admit_groups(first, &groups)?.into_iter();
        let mut undecided = Vec::new();
        for group in groups {
            let (index, records) = (self.ledger.size(), &group.records);
            let replay = |source| ReplicaError::Replay { index, source: Box::new(source) };
            let (made, left_out) = match &group.input {
                None => (0, Vec::new()),
                Some(input) if input.command.is_none() => {
                    self.ledger.replay(input, records).map_err(replay)?;
                    (records.len(), Vec::new())
                }
                Some(input) => {
                    let command = match commands.next().flatten() {
                        Some(command) => command,
                        // A key that this very chunk registered: now it is known.
                        None => self.admit_one(index, input)?,
                    };
                    self.replay_command(&command, input, records).map_err(replay)?
                }
            };
            let number = |place: usize| index.saturating_add(u64::try_from(place).unwrap_or(u64::MAX));
            undecided.extend(left_out.into_iter().chain(made..records.len()).map(number));
            if erased == Erased::Refused
                && let Some(&index) = undecided.first()
            {
                return Err(ReplicaError::Erased { index });
            }
            self.apply_all(records.get(made..).unwrap_or_default())?;
            self.unwritten.extend(records.iter().map(Record::leaf).copied());
        }
        self.check_map()?;
        Ok(undecided)
    }

    /// Replays a command, and gives how many records it made, with the places of those among them that could
    /// not be decided again; those beyond came from commands that were erased, and are not applied yet.
    fn replay_command(
        &mut self,
        command: &Command,
        input: &Input,
        records: &[Record],
    ) -> Result<(usize, Vec<usize>), ReplayError<Refusal>> {
        match self.ledger.replay_command(command, input, records) {
            Ok(()) => Ok((records.len(), Vec::new())),
            Err(ReplayError::Differs(difference)) => {
                let decision =
                    self.ledger.decide(command, input.now, input.seed).map_err(ReplayError::Decide)?;
                // A command is kept with the first record that it made: one that makes none is nobody's.
                let own = records.get(..decision.count()).filter(|own| !own.is_empty());
                let own = own.filter(|own| undecided::is_again(&decision, own));
                self.ledger.commit(command, own.ok_or(ReplayError::Differs(difference))?)?;
                Ok((decision.count(), decision.left_out))
            }
            Err(error) => Err(error),
        }
    }

    fn apply_all(&mut self, records: &[Record]) -> Result<(), ReplicaError> {
        for record in records {
            let index = self.ledger.size();
            let failed = |source| ReplicaError::Apply { index, source: Box::new(source) };
            self.ledger.apply(record).map_err(failed)?;
        }
        Ok(())
    }

    /// Checks the signatures of all commands together; a command that fails is looked at again at its turn.
    fn admit_groups(&self, first: u64, groups: &[Group]) -> Result<Vec<Option<Command>>, ReplicaError> {
        let mut requests = Vec::new();
        let mut index = first;
        for group in groups {
            if let Some(bytes) = group.input.as_ref().and_then(|input| input.command.as_ref()) {
                requests.push(request(index, bytes)?);
            }
            index += u64::try_from(group.records.len()).unwrap_or(u64::MAX);
        }
        Ok(self.kernel().admit(requests).into_iter().map(Result::ok).collect())
    }

    fn admit_one(&self, index: u64, input: &Input) -> Result<Command, ReplicaError> {
        let bytes = input.command.as_deref().unwrap_or_default();
        let admitted = self.kernel().admit(vec![request(index, bytes)?]).pop();
        let refused = |what: String| ReplicaError::Command { index, what };
        admitted
            .ok_or_else(|| refused("nothing was asked".to_owned()))?
            .map_err(|error| refused(error.to_string()))
    }

    /// Stops when the stored map could not be read: what was decided since then counts for nothing.
    pub(crate) fn check_map(&self) -> Result<(), ReplicaError> {
        match self.ledger.overlay().store().take_error() {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    /// Names the batch that makes applied records durable. Whoever takes it must write it, in order, or stop:
    /// memory is ahead of the store until then.
    pub(crate) fn stage(&mut self, pending: Pending, documents: Documents) -> Staged {
        self.unwritten.extend(pending.leaves);
        let expected = self.head;
        let batch = batch(&expected, pending.stored, documents, pending.rows);
        self.head = expected.after(&batch);
        Staged { expected, batch }
    }

    /// Runs records that somebody else appended, and keeps them in this store. Gives the numbers of those
    /// that were applied as they stand, since their command was erased (`undecided.rs`).
    ///
    /// # Errors
    /// [`ReplicaError`]; the replica is of no use then, and nothing was written.
    pub fn follow(&mut self, records: Vec<StoredRecord>) -> Result<Vec<u64>, ReplicaError> {
        self.follow_with(records, Erased::Applied)
    }

    /// As [`Replica::follow`], for those who answer for what they follow: every record must come from the
    /// command that is sent with it. Whoever sends records without commands, or more of them than a command
    /// makes, is refused.
    ///
    /// # Errors
    /// As [`Replica::follow`], and [`ReplicaError::Erased`].
    pub fn follow_in_full(&mut self, records: Vec<StoredRecord>) -> Result<(), ReplicaError> {
        self.follow_with(records, Erased::Refused).map(drop)
    }

    fn follow_with(&mut self, records: Vec<StoredRecord>, erased: Erased) -> Result<Vec<u64>, ReplicaError> {
        let first = self.ledger.size();
        let groups = groups(first, &records)?;
        let mut rows = Vec::with_capacity(records.len().saturating_mul(2));
        for (index, record) in (first..).zip(groups.iter().flat_map(|group| &group.records)) {
            rows.extend(index::rows(record, index));
        }
        let applied = self.run_groups(groups, erased)?;
        for (index, stored) in
            (first..).zip(&records).filter(|(index, _)| applied.binary_search(index).is_ok())
        {
            let case = undecided::case_of(&record(index, stored)?).ok_or(ReplicaError::Erased { index })?;
            rows.push(index::undecided_row(index, case));
        }
        let expected = self.head;
        let batch = batch(&expected, records, Vec::new(), rows);
        self.head = expected.after(&batch);
        write(&*self.store, &[&Staged { expected, batch }])?;
        Ok(applied)
    }

    /// Writes the tiles of everything appended.
    ///
    /// # Errors
    /// [`ReplicaError::TileFile`].
    pub fn publish(&mut self) -> Result<(), ReplicaError> {
        self.write_tiles()
    }

    fn write_tiles(&mut self) -> Result<(), ReplicaError> {
        let leaves = std::mem::take(&mut self.unwritten);
        self.tiles.append(&leaves)
    }

    /// The leaves that no tile holds yet, for whoever writes them once they are durable; and where to.
    pub(crate) fn hand_over_tiles(&mut self) -> (Vec<Leaf>, Arc<Tiles>) {
        (std::mem::take(&mut self.unwritten), Arc::clone(&self.tiles))
    }

    /// Writes a snapshot, if enough was appended or changed since the last one and the last record is a seal.
    /// It takes a moment: for when nobody waits.
    ///
    /// # Errors
    /// As [`Replica::snapshot`].
    pub fn snapshot_if_due(&mut self) -> Result<(), ReplicaError> {
        if self.snapshot_due() { self.snapshot() } else { Ok(()) }
    }

    #[cfg(test)]
    pub(crate) const fn snapshot_every(&mut self, records: u64) {
        self.snapshot_every = records;
    }

    pub(crate) fn snapshot_due(&self) -> bool {
        let records = self.ledger.size().saturating_sub(self.snapshot_size);
        snapshot::due((records, self.snapshot_every), self.ledger.overlay().changes().nodes.len())
    }

    /// Writes the tiles of everything appended and then, if the last record is a seal, a snapshot: the next
    /// start runs only what comes after it.
    ///
    /// # Errors
    /// The store's.
    pub fn snapshot(&mut self) -> Result<(), ReplicaError> {
        self.write_tiles()?;
        let Some(draft) = self.draft_snapshot()? else { return Ok(()) };
        let size = draft.write(&*self.store)?;
        self.snapshot_written(size);
        Ok(())
    }

    /// What a snapshot would hold, to be written after its records and tiles while the ledger goes on;
    /// nothing when the last record is no seal, or while an earlier one is being written.
    pub(crate) fn draft_snapshot(&mut self) -> Result<Option<SnapshotDraft>, ReplicaError> {
        let size = self.ledger.size();
        if self.ledger.first_unsealed().is_some() || size == self.snapshot_size {
            return Ok(None);
        }
        let ledger = self.ledger.snapshot()?;
        let Some(map) = self.ledger.overlay_mut().freeze() else { return Ok(None) };
        Ok(Some(SnapshotDraft { size, ledger, kernel: self.kernel().clone(), map }))
    }

    /// Says that the snapshot at `size` has been written: from now on the store answers for the map at it.
    pub(crate) fn snapshot_written(&mut self, size: u64) {
        self.ledger.overlay_mut().written();
        self.snapshot_size = size;
    }

    /// Goes on writing tiles where the ledger stands, right after its snapshot was read: a snapshot comes
    /// after its tiles, so they are there. Makes them all anew when they are not those of this log.
    fn resume_tiles(&mut self) -> Result<(), ReplicaError> {
        let size = self.ledger.size();
        if self.tiles.resume(size, self.ledger.root()) {
            return Ok(());
        }
        let store = Arc::clone(&self.store);
        for (index, stored) in (0..).zip(stream(&*store, 0, size)) {
            let leaf =
                Leaf::decode(&stored?.leaf).map_err(|source| ReplicaError::Record { index, source })?;
            self.unwritten.push(leaf);
            if self.unwritten.len() >= TILE_LEAVES {
                self.write_tiles()?;
            }
        }
        self.write_tiles()
    }
}

/// Records that the ledger has applied and that no store holds yet.
#[derive(Default)]
pub(crate) struct Pending {
    leaves: Vec<Leaf>,
    rows: Vec<IndexRow>,
    stored: Vec<StoredRecord>,
}

impl Pending {
    /// Takes the records of one command, the first of which has number `index`.
    pub(crate) fn push(&mut self, index: u64, records: &[Record], input: &Input) {
        let mut command = Some(input.to_bytes());
        for (index, record) in (index..).zip(records) {
            self.leaves.push(*record.leaf());
            self.rows.extend(index::rows(record, index));
            self.stored.push(StoredRecord {
                leaf: record.leaf().encode(),
                salt: *record.salt(),
                body: record.body().to_vec(),
                command: command.take(),
            });
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.stored.is_empty()
    }
}

/// A batch on its way into the store, and the head that it continues.
pub(crate) struct Staged {
    expected: Head,
    batch: Batch,
}

/// Makes staged batches durable, all with one append; they continue one another.
///
/// # Errors
/// [`ReplicaError`]; whoever applied them is of no use then.
pub(crate) fn write(store: &dyn Store, staged: &[&Staged]) -> Result<(), ReplicaError> {
    let (Some(first), Some(last)) = (staged.first(), staged.last()) else { return Ok(()) };
    let batches: Vec<&Batch> = staged.iter().map(|staged| &staged.batch).collect();
    match store.append_all(&first.expected, &batches) {
        Append::Appended(_) => Ok(()),
        Append::HeadMoved(head) => {
            Err(ReplicaError::HeadMoved { expected: first.expected.size, found: head.size })
        }
        // Read back by id: if the last is there, all are durable, and ours.
        _ => match store.batch(&last.batch.id) {
            Ok(Some(_)) => Ok(()),
            _ => Err(ReplicaError::Unknown),
        },
    }
}

/// A batch named by where it begins and what it ends with: the same records at the same place have one name.
fn batch(
    head: &Head,
    records: Vec<StoredRecord>,
    documents: Documents,
    index: Vec<(Vec<u8>, Vec<u8>)>,
) -> Batch {
    let end = records.last().map_or([0; 41], |record| record.leaf);
    let id = Digest(sha256_parts(&[b"lockstep/batch/1", &head.tip.0, &end]));
    Batch { id, records, documents, index }
}

/// Content stored beside records, by digest.
pub type Documents = Vec<(Digest, Vec<u8>)>;

/// A stored record, checked against its leaf.
///
/// # Errors
/// [`ReplicaError::Record`].
pub fn record(index: u64, stored: &StoredRecord) -> Result<Record, ReplicaError> {
    let damaged = |source| ReplicaError::Record { index, source };
    let leaf = Leaf::decode(&stored.leaf).map_err(damaged)?;
    Record::open(leaf, stored.salt, stored.body.clone()).map_err(damaged)
}

/// Stored records by the command that made them. What follows a command's records without a command of its
/// own, and is more than the command made, comes from commands that were erased; the ledger finds out when it
/// decides again.
fn groups(first: u64, stored: &[StoredRecord]) -> Result<Vec<Group>, ReplicaError> {
    let mut groups: Vec<Group> = Vec::new();
    // Nothing follows from a seal: what stands after one without a command of its own was erased.
    let mut sealed = false;
    for (index, stored) in (first..).zip(stored) {
        let record = record(index, stored)?;
        let seal = SealBody::of(&record).ok().flatten().is_some();
        match (&stored.command, groups.last_mut()) {
            (Some(bytes), _) => {
                let input =
                    Input::from_bytes(bytes).map_err(|source| ReplicaError::Input { index, source })?;
                groups.push(Group { input: Some(input), records: vec![record] });
            }
            (None, Some(group)) if !seal && !sealed => group.records.push(record),
            (None, _) => groups.push(Group { input: None, records: vec![record] }),
        }
        sealed = seal;
    }
    Ok(groups)
}

fn request(index: u64, bytes: &[u8]) -> Result<Request, ReplicaError> {
    Request::from_slice(bytes).map_err(|error| ReplicaError::Command { index, what: error.to_string() })
}
