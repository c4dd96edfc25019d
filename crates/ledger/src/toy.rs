//! A machine small enough to see through: named tallies. For tests.

use crate::machine::{CorruptBody, CorruptCommand, Machine, View};
use crate::record::{Record, Tag};
use crate::scribe::{Entry, Scribe};
use crate::seal::SealBody;
use lockstep_types::limits::{BODY_BYTES_MAX, COMMAND_BYTES_MAX};
use lockstep_types::{LeafHash, MapKey, canonical, sha256};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Adds to a tally, in one record that holds the sum.
    Add(Add),
    /// Makes a record with a body of so many bytes.
    Blow(u32),
    /// Makes so many records.
    Flood(u32),
    /// A decided case: a record that names an outcome beside it.
    Pay(Pay),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Add {
    pub amount: u32,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pay {
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("nothing may be added to `closed`")]
    Closed,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Body {
    Added(Added),
    Paid(Paid),
    Seal(SealBody),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Added {
    name: String,
    sum: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Paid {
    name: String,
    outcome: LeafHash,
}

/// Keeps in memory only what is not sealed yet: the rest is read from the map.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Toy {
    sums: BTreeMap<String, u32>,
    changed: BTreeSet<String>,
    /// The commands told, and how many records each made.
    pub learnt: Vec<(Vec<u8>, usize)>,
}

pub fn add(name: &str, amount: u32) -> Command {
    Command::Add(Add { amount, name: name.to_owned() })
}

pub fn pay(name: &str) -> Command {
    Command::Pay(Pay { name: name.to_owned() })
}

pub fn key(name: &str) -> MapKey {
    MapKey(sha256(name.as_bytes()))
}

impl Toy {
    pub fn sum(&self, view: &dyn View, name: &str) -> u32 {
        let sealed = || view.value(&key(name)).map(|bytes| canonical::from_slice(&bytes, 10).unwrap());
        self.sums.get(name).copied().or_else(sealed).unwrap_or(0)
    }

    fn set(&mut self, name: String, sum: u32) {
        self.changed.insert(name.clone());
        self.sums.insert(name, sum);
    }
}

fn entry(body: &Body) -> Entry {
    Entry::record(canonical::to_vec(body).unwrap())
}

impl Machine for Toy {
    type Command = Command;
    type Refusal = Refusal;

    fn decide(&self, view: &dyn View, command: &Command, scribe: &mut Scribe) -> Result<(), Refusal> {
        match command {
            Command::Add(Add { name, .. }) if name == "closed" => return Err(Refusal::Closed),
            Command::Add(Add { name, .. }) if name == "noted" => {
                scribe.push(Entry::outcome(b"refused".to_vec()));
                return Err(Refusal::Closed);
            }
            Command::Add(Add { amount, name }) => {
                let sum = self.sum(view, name).saturating_add(*amount);
                scribe.push(entry(&Body::Added(Added { name: name.clone(), sum })));
            }
            Command::Blow(bytes) => {
                scribe.push(Entry::outcome(vec![b'x'; usize::try_from(*bytes).unwrap()]));
            }
            Command::Flood(count) => {
                for number in 0..*count {
                    scribe.push(Entry::outcome(number.to_be_bytes().to_vec()));
                }
            }
            Command::Pay(Pay { name }) => {
                let outcome = scribe.push(Entry::outcome(name.as_bytes().to_vec()));
                scribe.push(entry(&Body::Paid(Paid { name: name.clone(), outcome })));
            }
        }
        Ok(())
    }

    fn apply(&mut self, _view: &dyn View, record: &Record) -> Result<(), CorruptBody> {
        if record.tag() == Tag::Outcome {
            return Ok(());
        }
        let body = canonical::from_slice(record.body(), BODY_BYTES_MAX);
        match body.map_err(|e| CorruptBody { what: e.to_string() })? {
            Body::Added(Added { name, sum }) => self.set(name, sum),
            Body::Paid(Paid { name, .. }) => self.set(name, 0),
            Body::Seal(_) => {}
        }
        Ok(())
    }

    fn learn(&mut self, command: &Command, records: &[Record]) {
        self.learnt.push((Self::encode_command(command), records.len()));
    }

    fn touched(&mut self) -> BTreeMap<MapKey, Vec<u8>> {
        let changed = std::mem::take(&mut self.changed);
        changed.into_iter().map(|name| (key(&name), canonical::to_vec(&self.sums[&name]).unwrap())).collect()
    }

    fn encode_command(command: &Command) -> Vec<u8> {
        canonical::to_vec(command).unwrap()
    }

    fn decode_command(&self, bytes: &[u8]) -> Result<Command, CorruptCommand> {
        canonical::from_slice(bytes, COMMAND_BYTES_MAX).map_err(|e| CorruptCommand { what: e.to_string() })
    }
}
