//! What a ledger carries: a state machine that decides commands and applies facts.

use crate::record::Record;
use crate::scribe::Scribe;
use lockstep_types::MapKey;
use std::collections::BTreeMap;

/// What the state map says of entries that are not in memory.
pub trait View {
    /// The sealed value under `key`, canonical JSON.
    ///
    /// Infallible, so that no missing answer reads like a missing entry: a shell that cannot read stops.
    fn value(&self, key: &MapKey) -> Option<Vec<u8>>;
}

/// A view of nothing: for the first records of a ledger, and for tests.
impl View for () {
    fn value(&self, _key: &MapKey) -> Option<Vec<u8>> {
        None
    }
}

impl View for BTreeMap<MapKey, Vec<u8>> {
    fn value(&self, key: &MapKey) -> Option<Vec<u8>> {
        self.get(key).cloned()
    }
}

/// A body that is in the log but cannot be decoded by this version of the machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the body of a record cannot be applied: {what}")]
pub struct CorruptBody {
    /// What is wrong with it.
    pub what: String,
}

/// Bytes that are no command of this machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are no command: {what}")]
pub struct CorruptCommand {
    /// What is wrong with them.
    pub what: String,
}

/// A deterministic state machine: commands may be refused, facts may not.
///
/// The body of a record (tag 1) is canonical JSON of an externally tagged enum. Its variant `seal` holds a
/// [`SealBody`](crate::SealBody); it belongs to the ledger, and applying it changes nothing.
pub trait Machine: Sized {
    /// What may be asked for.
    type Command;
    /// Why a command was not accepted.
    type Refusal;

    /// Decides `command` at `scribe.now()`, writing what follows from it.
    ///
    /// # Errors
    /// The rule that was broken. What had been written stands all the same: a machine may put the refusal
    /// itself on record.
    fn decide(
        &self,
        view: &dyn View,
        command: &Self::Command,
        scribe: &mut Scribe,
    ) -> Result<(), Self::Refusal>;

    /// Records what has happened. Seals are applied too, after their map.
    ///
    /// # Errors
    /// [`CorruptBody`] when the body cannot be decoded; nothing else is refused.
    fn apply(&mut self, view: &dyn View, record: &Record) -> Result<(), CorruptBody>;

    /// Keeps what a command says beyond its records, once they have been applied: what may be withheld or
    /// erased later stands in commands, never in bodies. A machine that is not told decides less, never
    /// otherwise.
    fn learn(&mut self, command: &Self::Command, records: &[Record]);

    /// Takes the entries of the state map that changed since they were last taken: canonical JSON by key.
    fn touched(&mut self) -> BTreeMap<MapKey, Vec<u8>>;

    /// The bytes of a command; equal commands have equal bytes.
    fn encode_command(command: &Self::Command) -> Vec<u8>;

    /// Reads the bytes of a command and checks the signatures in it against the keys that the machine knows.
    ///
    /// # Errors
    /// [`CorruptCommand`] when they are none.
    fn decode_command(&self, bytes: &[u8]) -> Result<Self::Command, CorruptCommand>;
}
