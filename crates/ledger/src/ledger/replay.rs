//! Replay: deciding again what somebody else has decided, and comparing leaf by leaf.

use super::{Difference, Ledger, ReplayError};
use crate::machine::Machine;
use crate::overlay::MapStore;
use crate::record::Record;
use crate::scribe::Seed;
use lockstep_types::Time;
use lockstep_types::limits::COMMAND_BYTES_MAX;

/// Bytes before the command: time and seed.
const HEAD_BYTES: usize = 40;

/// What records followed from; kept with them, so that anybody can decide again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The machine's bytes of the command; none for a seal.
    pub command: Option<Vec<u8>>,
    /// The appender's clock.
    pub now: Time,
    /// What the salts were derived from.
    pub seed: Seed,
}

/// Why bytes are no input, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// Shorter than time and seed.
    #[error("an input of {found} bytes: expected at least {HEAD_BYTES}")]
    TooShort {
        /// Bytes found.
        found: usize,
    },
    /// A longer command than any.
    #[error("a command of {found} bytes: at most {COMMAND_BYTES_MAX} are allowed")]
    CommandTooLong {
        /// Bytes of the command.
        found: usize,
    },
    /// After the year 9999.
    #[error("the time of an input lies after the year 9999: `{found}` ms")]
    Time {
        /// Milliseconds found.
        found: u64,
    },
}

impl Input {
    /// Milliseconds (8 bytes, big-endian), seed (32), then the machine's bytes of the command; no such bytes
    /// for a seal (specs/record.md §4).
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let command = self.command.as_deref().unwrap_or_default();
        [&self.now.ms().to_be_bytes(), self.seed.as_bytes().as_slice(), command].concat()
    }

    /// Reads what [`Input::to_bytes`] gives.
    ///
    /// # Errors
    /// [`InputError`], in the order of the checks.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InputError> {
        let too_short = || InputError::TooShort { found: bytes.len() };
        let (ms, rest) = bytes.split_first_chunk::<8>().ok_or_else(too_short)?;
        let (seed, command) = rest.split_first_chunk::<32>().ok_or_else(too_short)?;
        if command.len() > COMMAND_BYTES_MAX {
            return Err(InputError::CommandTooLong { found: command.len() });
        }
        let ms = u64::from_be_bytes(*ms);
        let now = Time::from_ms(ms).map_err(|_| InputError::Time { found: ms })?;
        let command = if command.is_empty() { None } else { Some(command.to_vec()) };
        Ok(Self { command, now, seed: Seed::new(*seed) })
    }
}

impl<M: Machine, S: MapStore> Ledger<M, S> {
    /// Decides `input` again, compares with `records`, and commits them when nothing differs.
    ///
    /// # Errors
    /// [`ReplayError`], in the order of the checks; nothing has been applied unless it is
    /// [`ReplayError::Apply`].
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

    /// [`Ledger::replay`] for a command that has been decoded already; only time and seed are taken from
    /// `input`.
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
        if let Some(place) = decision.left_out.first() {
            let index = self.size().saturating_add(u64::try_from(*place).unwrap_or(u64::MAX));
            let found = records.get(*place).map_or_else(String::new, |record| shown(record.body()));
            let expected = "what claims say that are gone".to_owned();
            return Err(Difference { index, part: "body", expected, found }.into());
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
