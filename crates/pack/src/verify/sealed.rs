//! Against the sealed state: every entry is under the seal, and the re-run ends where the seal says.

use super::rerun::Rerun;
use super::{fail, fail_at};
use crate::entries::needed;
use crate::pack::{Pack, PackedEntry};
use crate::report::{Failure, Rule};
use lockstep_kernel::Entity;
use lockstep_types::{CaseId, LeafHash, canonical, sha256};
use serde::{Deserialize, Serialize};

/// What every value holds: how many records touched its key, and the last of them.
#[derive(Deserialize)]
struct Touched {
    count: u64,
}

/// The value of a single-use act.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UseEntry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    pub count: u64,
    pub head: LeafHash,
}

impl UseEntry {
    pub(super) fn read(json: &[u8]) -> Option<Self> {
        canonical::from_slice(json, json.len()).ok()
    }
}

/// Every entry is in the sealed map, and no entity stands twice.
pub(super) fn check_proofs(pack: &Pack) -> Result<(), Failure> {
    let mut before: Option<&Entity> = None;
    for entry in &pack.map {
        let name = entity_name(&entry.entity);
        if before.is_some_and(|before| *before >= entry.entity) {
            return fail(Rule::MapProof, format!("the entry of {name} stands out of order"));
        }
        before = Some(&entry.entity);
        let value_hash = entry.value.as_ref().map(|value| sha256(value.as_bytes()));
        let proven = entry.proof.verify(pack.seal.body.map, &entry.entity.key(), value_hash);
        proven.or_else(|error| fail(Rule::MapProof, format!("the entry of {name}: {error}")))?;
    }
    Ok(())
}

/// The re-run knows of each entity exactly what was sealed: then no record that touched it was left out.
pub(super) fn check_complete(pack: &Pack, rerun: &Rerun<'_>) -> Result<(), Failure> {
    let needed = needed(&pack.case, &pack.excerpt, rerun.layout());
    let mut shown = pack.map.iter();
    for entity in needed {
        let name = entity_name(&entity);
        match shown.next() {
            Some(entry) if entry.entity == entity => check_entry(entry, rerun)?,
            Some(entry) if entry.entity < entity => {
                let name = entity_name(&entry.entity);
                return fail(
                    Rule::Incomplete,
                    format!("the entry of {name} is shown, and nothing rests on it"),
                );
            }
            _ => return fail(Rule::Incomplete, format!("no sealed entry of {name} is shown")),
        }
    }
    match shown.next() {
        Some(entry) => {
            let name = entity_name(&entry.entity);
            fail(Rule::Incomplete, format!("the entry of {name} is shown, and nothing rests on it"))
        }
        None => Ok(()),
    }
}

fn check_entry(entry: &PackedEntry, rerun: &Rerun<'_>) -> Result<(), Failure> {
    let sealed = entry.value.as_deref().map(str::as_bytes);
    let found = rerun.kernel().entry(&entry.entity);
    match entry.entity {
        // Other cases of the programme move it: what stands there is under the certificate.
        Entity::Account(_) => Ok(()),
        Entity::Use(_) => check_use(entry, sealed, found.as_deref()),
        _ if sealed == found.as_deref() => Ok(()),
        _ => {
            let name = entity_name(&entry.entity);
            let count = |value: Option<&[u8]>| {
                value.and_then(canonical_count).map_or_else(|| "no".to_owned(), |count| count.to_string())
            };
            let (sealed_count, found_count) = (count(sealed), count(found.as_deref()));
            let text = if sealed_count == found_count {
                format!("{name} was sealed in another state than the records lead to")
            } else {
                format!("{sealed_count} records of {name} were sealed, {found_count} are in the pack")
            };
            match entry.entity {
                Entity::Case(_) => match rerun.last_of_case() {
                    Some(last) => fail_at(Rule::Incomplete, last, text),
                    None => fail(Rule::Incomplete, text),
                },
                _ => fail(Rule::Incomplete, text),
            }
        }
    }
}

/// An act that this case holds was sealed as this case's. One that came back may have gone to another case
/// since.
fn check_use(entry: &PackedEntry, sealed: Option<&[u8]>, found: Option<&[u8]>) -> Result<(), Failure> {
    let holder = |json: Option<&[u8]>| json.and_then(UseEntry::read).and_then(|used| used.case);
    let (sealed_for, held) = (holder(sealed), holder(found));
    match held {
        Some(case) if sealed_for != Some(case) => {
            let name = entity_name(&entry.entity);
            let other = sealed_for.map_or_else(|| "no case".to_owned(), |case| format!("case `{case}`"));
            fail(Rule::Incomplete, format!("{name} was sealed for {other}, the records give it to `{case}`"))
        }
        _ => Ok(()),
    }
}

fn canonical_count(json: &[u8]) -> Option<u64> {
    serde_json::from_slice::<Touched>(json).ok().map(|touched| touched.count)
}

fn entity_name(entity: &Entity) -> String {
    match entity {
        Entity::Case(id) => format!("case `{id}`"),
        Entity::Credential(id) => format!("credential `{id}`"),
        Entity::Account(programme) => format!("the account of `{programme}`"),
        Entity::Use(key) => format!("single-use act `{key}`"),
        Entity::List(programme, list) => format!("list `{list}` of `{programme}`"),
        Entity::Policy(programme, policy) => format!("policy `{policy}` of `{programme}`"),
        Entity::Committee => "the committee".to_owned(),
        Entity::Issuer(lei) => format!("credential issuer `{lei}`"),
    }
}
