//! The ledger itself: a machine, the frontier of its log, and the root of its state map.
//!
//! The appender decides, writes, applies; a co-signer replays what it is sent; both run this code and nothing
//! else.

mod error;
mod replay;
mod snapshot;

pub use error::{ApplyError, DecideError, Difference, ReplayError, RestoreError, SealError, SnapshotError};
pub use replay::{Input, InputError};

use crate::machine::Machine;
use crate::overlay::{Draft, MapStore, Overlay};
use crate::record::Record;
use crate::scribe::{RECORDS_PER_COMMAND_MAX, Scribe, Seed};
use crate::seal::{EMPTY_SEAL_MS_MIN, SealBody, seal_due};
use lockstep_crypto::MapError;
use lockstep_crypto::tree::{Frontier, TreeHead};
use lockstep_types::limits::{BODY_BYTES_MAX, LEDGER_SIZE_MAX};
use lockstep_types::{Digest, LeafHash, LedgerId, MapKey, RootHash, Time};
use std::collections::BTreeMap;

/// The last seal, and what a signer wants to see of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastSeal {
    /// The seal.
    pub record: Record,
    /// Size and root of the log that ends in it.
    pub head: TreeHead,
    /// Inclusion proof of the seal in that log.
    pub inclusion: Vec<Digest>,
}

/// What follows from a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<R> {
    /// What is to be appended; a refusal may leave records too.
    pub records: Vec<Record>,
    /// Places within the command of records that the machine left out: it lacks what they rest on. Ascending;
    /// empty wherever nothing is erased or withheld.
    pub left_out: Vec<usize>,
    /// The rule that was broken; none when the command was accepted.
    pub refused: Option<R>,
}

impl<R> Decision<R> {
    /// How many records the command makes, those that were left out too.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.records.len().saturating_add(self.left_out.len())
    }
}

/// A machine with its log and its state map.
#[derive(Debug, Clone)]
pub struct Ledger<M, S> {
    machine: M,
    overlay: Overlay<S>,
    frontier: Frontier,
    map_root: RootHash,
    id: Option<LedgerId>,
    last_time: Time,
    last_seal: Option<LastSeal>,
    first_unsealed: Option<Time>,
    /// Entries of the state map that changed since the last seal, as far as they were taken from the machine.
    unsealed: BTreeMap<MapKey, Vec<u8>>,
    /// The map that a seal drawn up now would carry; dropped as soon as something else is applied.
    drafted: Option<(RootHash, Draft)>,
}

impl<M: Machine, S: MapStore> Ledger<M, S> {
    /// An empty ledger over a store that holds no map yet.
    pub fn new(machine: M, store: S) -> Self {
        Self {
            machine,
            overlay: Overlay::new(store),
            frontier: Frontier::default(),
            map_root: RootHash::default(),
            id: None,
            last_time: Time::default(),
            last_seal: None,
            first_unsealed: None,
            unsealed: BTreeMap::new(),
            drafted: None,
        }
    }

    /// Decides `command` at `now`. Nothing changes until the records are committed.
    ///
    /// # Errors
    /// [`DecideError`], in the order of the checks. A refusal is no error: it may stand on record itself.
    pub fn decide(
        &self,
        command: &M::Command,
        now: Time,
        seed: Seed,
    ) -> Result<Decision<M::Refusal>, DecideError> {
        if now < self.last_time {
            return Err(DecideError::TimeDecreases { last: self.last_time, now });
        }
        let mut scribe = Scribe::new(now, seed);
        let refused = self.machine.decide(&self.overlay, command, &mut scribe).err();
        let left_out = scribe.left_out().to_vec();
        let records = scribe.finish();
        self.check_made(&records)?;
        Ok(Decision { records, left_out, refused })
    }

    /// Applies the records of a command, and lets the machine learn what the command says beyond them.
    ///
    /// # Errors
    /// [`ApplyError`], as [`Ledger::apply`].
    pub fn commit(&mut self, command: &M::Command, records: &[Record]) -> Result<(), ApplyError> {
        records.iter().try_for_each(|record| self.apply(record))?;
        self.drafted = None;
        self.machine.learn(command, records);
        Ok(())
    }

    /// Draws up a seal of everything applied so far. Nothing changes until it is applied.
    ///
    /// # Errors
    /// [`SealError`], in the order of the checks.
    pub fn seal(&mut self, now: Time, seed: Seed) -> Result<Record, SealError> {
        if now < self.last_time {
            return Err(SealError::TimeDecreases { last: self.last_time, now });
        }
        let quiet = self.id.is_some() && now.ms_since(self.last_time) >= EMPTY_SEAL_MS_MIN;
        if self.first_unsealed.is_none() && !quiet {
            return Err(SealError::NothingUnsealed);
        }
        let drafted = self.draft()?;
        let map = drafted.0;
        self.drafted = Some(drafted);
        let prev_seal = self.last_seal.as_ref().map(|last| last.record.leaf_hash());
        let mut scribe = Scribe::new(now, seed);
        scribe.push(SealBody { map, prev_seal }.entry()?);
        scribe.finish().pop().ok_or(SealError::NothingUnsealed)
    }

    /// Applies what is in the log. A seal is applied only if it carries the root that this ledger finds too.
    ///
    /// # Errors
    /// [`ApplyError`], in the order of the checks. The ledger is of no use then: nothing may follow.
    pub fn apply(&mut self, record: &Record) -> Result<(), ApplyError> {
        if record.time() < self.last_time {
            return Err(ApplyError::TimeDecreases { last: self.last_time, found: record.time() });
        }
        if self.frontier.size() >= LEDGER_SIZE_MAX {
            return Err(ApplyError::LedgerFull);
        }
        let seal = SealBody::of(record).map_err(ApplyError::MalformedSeal)?;
        match &seal {
            Some(seal) => self.apply_seal(seal)?,
            None => self.drafted = None,
        }
        self.machine.apply(&self.overlay, record)?;
        // The last leaf's path: the peaks beside it, smallest first (RFC 6962 §2.1.1).
        let inclusion = seal.map(|_| self.frontier.peaks().iter().rev().copied().collect());
        self.frontier.push(record.leaf_hash());
        self.last_time = record.time();
        self.id = self.id.or(Some(LedgerId(record.leaf_hash().0)));
        match inclusion {
            None => self.first_unsealed = self.first_unsealed.or(Some(record.time())),
            Some(inclusion) => {
                self.first_unsealed = None;
                self.last_seal =
                    Some(LastSeal { record: record.clone(), head: self.frontier.head(), inclusion });
            }
        }
        Ok(())
    }

    /// The machine.
    pub const fn machine(&self) -> &M {
        &self.machine
    }

    /// The state map with the changes not yet written.
    pub const fn overlay(&self) -> &Overlay<S> {
        &self.overlay
    }

    /// The state map, to say that its changes have been written.
    pub const fn overlay_mut(&mut self) -> &mut Overlay<S> {
        &mut self.overlay
    }

    /// Leaf hash of genesis; none while the ledger is empty.
    pub const fn id(&self) -> Option<LedgerId> {
        self.id
    }

    /// Records in the log.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Root of the log.
    pub fn root(&self) -> RootHash {
        self.frontier.root()
    }

    /// The right edge of the log.
    pub const fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Root of the state map at the last seal.
    pub const fn map_root(&self) -> RootHash {
        self.map_root
    }

    /// Time of the last record; no later record is earlier.
    pub const fn last_time(&self) -> Time {
        self.last_time
    }

    /// The last seal: the only sizes that are certified end in one.
    pub const fn last_seal(&self) -> Option<&LastSeal> {
        self.last_seal.as_ref()
    }

    /// Time of the first record that no seal covers yet.
    pub const fn first_unsealed(&self) -> Option<Time> {
        self.first_unsealed
    }

    /// True when a seal should be made at `now`.
    pub fn seal_due(&self, now: Time) -> bool {
        seal_due(self.first_unsealed, now)
    }

    fn check_made(&self, records: &[Record]) -> Result<(), DecideError> {
        if records.len() > RECORDS_PER_COMMAND_MAX {
            return Err(DecideError::TooManyRecords { found: records.len() });
        }
        let made = u64::try_from(records.len()).unwrap_or(u64::MAX);
        if self.frontier.size().saturating_add(made) > LEDGER_SIZE_MAX {
            return Err(DecideError::LedgerFull);
        }
        for record in records {
            if record.body().len() > BODY_BYTES_MAX {
                return Err(DecideError::BodyTooLong { found: record.body().len() });
            }
        }
        Ok(())
    }

    fn apply_seal(&mut self, seal: &SealBody) -> Result<(), ApplyError> {
        let prev_seal = self.last_seal.as_ref().map(|last| last.record.leaf_hash());
        if seal.prev_seal != prev_seal {
            return Err(ApplyError::SealPrev { expected: name(prev_seal), found: name(seal.prev_seal) });
        }
        let (map, draft) = self.draft()?;
        if seal.map != map {
            return Err(ApplyError::SealMap { expected: map, found: seal.map });
        }
        self.overlay.adopt(draft);
        self.map_root = map;
        self.unsealed.clear();
        Ok(())
    }

    /// The map after everything applied so far: as drafted before, or from what the machine says has changed.
    fn draft(&mut self) -> Result<(RootHash, Draft), MapError> {
        if let Some(drafted) = self.drafted.take() {
            return Ok(drafted);
        }
        self.unsealed.extend(self.machine.touched());
        self.overlay.draft(self.map_root, &self.unsealed)
    }
}

fn name(seal: Option<LeafHash>) -> String {
    seal.map_or_else(|| "none".to_owned(), |seal| seal.to_string())
}

#[cfg(test)]
mod tests;
