//! Replay: deciding again what somebody else has decided, and comparing leaf by leaf.

use super::{Difference, Ledger, ReplayError};
use crate::encoding::Base64;
use crate::machine::Machine;
use crate::overlay::MapStore;
use crate::record::Record;
use crate::scribe::Seed;
use lockstep_types::Time;
use lockstep_types::canonical::{self, CanonicalError};
use lockstep_types::limits::COMMAND_BYTES_MAX;
use serde::{Deserialize, Serialize};

/// Longest [`Input`], in bytes of canonical JSON: a command in base64, and the rest.
pub const INPUT_BYTES_MAX: usize = COMMAND_BYTES_MAX / 3 * 4 + 256;

/// What records followed from; kept with them, so that anybody can decide again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "InputText", into = "InputText")]
pub struct Input {
    /// The machine's bytes of the command; none for a seal.
    pub command: Option<Vec<u8>>,
    /// The appender's clock.
    pub now: Time,
    /// What the salts were derived from.
    pub seed: Seed,
}

impl Input {
    /// Canonical JSON.
    ///
    /// # Errors
    /// Never for this type; the error is that of the JSON writer.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::to_vec(self)
    }

    /// Reads canonical JSON.
    ///
    /// # Errors
    /// [`CanonicalError`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CanonicalError> {
        canonical::from_slice(bytes, INPUT_BYTES_MAX)
    }
}

impl<M: Machine, S: MapStore> Ledger<M, S> {
    /// Decides `input` again, compares with `records`, and commits them when nothing differs.
    ///
    /// # Errors
    /// [`ReplayError`], in the order of the checks; nothing has been applied unless it is [`ReplayError::Apply`].
    pub fn replay(&mut self, input: &Input, records: &[Record]) -> Result<(), ReplayError<M::Refusal>> {
        match &input.command {
            Some(bytes) => {
                if bytes.len() > COMMAND_BYTES_MAX {
                    return Err(ReplayError::CommandTooLong { found: bytes.len() });
                }
                let command = self.machine.decode_command(bytes)?;
                self.replay_command(&command, input, records)
            }
            None => {
                let seal = self.seal(input.now, input.seed).map_err(ReplayError::Seal)?;
                compare(self.size(), &[seal], records)?;
                Ok(records.iter().try_for_each(|record| self.apply(record))?)
            }
        }
    }

    /// [`Ledger::replay`] for a command that has been decoded already; only time and seed are taken from `input`.
    ///
    /// # Errors
    /// As [`Ledger::replay`].
    pub fn replay_command(
        &mut self,
        command: &M::Command,
        input: &Input,
        records: &[Record],
    ) -> Result<(), ReplayError<M::Refusal>> {
        let decision = self.decide(command, input.now, input.seed).map_err(ReplayError::Decide)?;
        match decision.refused {
            Some(refusal) if decision.records.is_empty() && !records.is_empty() => {
                return Err(ReplayError::Refused(refusal));
            }
            _ => compare(self.size(), &decision.records, records)?,
        }
        Ok(self.commit(command, records)?)
    }
}

/// Names the first difference, if there is one; `size` is the index of the first record.
fn compare(size: u64, expected: &[Record], found: &[Record]) -> Result<(), Difference> {
    for (index, (expected, found)) in (size..).zip(expected.iter().zip(found)) {
        if expected.leaf() != found.leaf() {
            return Err(first_difference(index, expected, found));
        }
    }
    if expected.len() == found.len() {
        return Ok(());
    }
    let shorter = u64::try_from(expected.len().min(found.len())).unwrap_or(u64::MAX);
    Err(Difference {
        index: size.saturating_add(shorter),
        part: "count",
        expected: expected.len().to_string(),
        found: found.len().to_string(),
    })
}

fn first_difference(index: u64, expected: &Record, found: &Record) -> Difference {
    let differs = |part, expected, found| Difference { index, part, expected, found };
    if expected.tag() != found.tag() {
        return differs("tag", expected.tag().byte().to_string(), found.tag().byte().to_string());
    }
    if expected.time() != found.time() {
        return differs("time", expected.time().to_string(), found.time().to_string());
    }
    if expected.salt() != found.salt() {
        return differs("salt", expected.salt().to_string(), found.salt().to_string());
    }
    differs("body", shown(expected.body()), shown(found.body()))
}

/// The beginning of a body, for people to compare.
fn shown(body: &[u8]) -> String {
    match core::str::from_utf8(body) {
        Ok(text) => text.chars().take(200).collect(),
        Err(_) => hex::encode(body.iter().take(100).copied().collect::<Vec<u8>>()),
    }
}

/// The JSON form of an input.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InputText {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    command: Option<Base64>,
    now: Time,
    seed: Seed,
}

impl From<Input> for InputText {
    fn from(input: Input) -> Self {
        Self { command: input.command.map(Base64), now: input.now, seed: input.seed }
    }
}

impl From<InputText> for Input {
    fn from(text: InputText) -> Self {
        Self { command: text.command.map(|command| command.0), now: text.now, seed: text.seed }
    }
}
