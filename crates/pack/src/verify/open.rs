//! Form, limits and order: what can be said of a pack before any hash is compared.

use super::{fail, fail_at};
use crate::pack::{
    DOCUMENTS_MAX, HANDOVERS_MAX, MAP_ENTRIES_MAX, PACK_FORMAT, PATH_MAX, Pack, PackedBody, PackedCommand,
    RECORDS_MAX, SEEN_MAX,
};
use crate::report::{Failure, Rule};
use lockstep_crypto::tree::{TreeHead, verify_inclusion};
use lockstep_kernel::{Body, Genesis};
use lockstep_ledger::Record;
use lockstep_ledger::scribe::RECORDS_PER_COMMAND_MAX;
use lockstep_types::limits::LEDGER_SIZE_MAX;
use lockstep_types::{Digest, LedgerId, Time};

/// A pack whose records have their leaves.
pub(super) struct Opened {
    pub ledger: LedgerId,
    pub genesis: Genesis,
    pub head: TreeHead,
    pub seal: Record,
    /// The records of each group, in order.
    pub groups: Vec<Vec<Record>>,
}

/// Canonical JSON of this format, within its limits.
pub(super) fn read(bytes: &[u8]) -> Result<Pack, Failure> {
    let pack = Pack::from_slice(bytes).map_err(|error| {
        let source =
            std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        Failure { rule: Rule::Form, record: None, text: format!("{error}{source}") }
    })?;
    if pack.format != PACK_FORMAT {
        let found: String = pack.format.chars().take(40).collect();
        return fail(Rule::Form, format!("the format is `{found}`, expected `{PACK_FORMAT}`"));
    }
    check_limits(&pack)?;
    Ok(pack)
}

fn check_limits(pack: &Pack) -> Result<(), Failure> {
    let groups = pack.excerpt.iter().map(|group| group.records.len()).max().unwrap_or(0);
    let lengths = [
        ("excerpt", pack.records().count(), RECORDS_MAX),
        ("records of one command", groups, RECORDS_PER_COMMAND_MAX),
        ("map", pack.map.len(), MAP_ENTRIES_MAX),
        ("seen", pack.seen.len(), SEEN_MAX),
        ("handovers", pack.handovers.len(), HANDOVERS_MAX),
        ("evidence", pack.evidence.len(), DOCUMENTS_MAX),
        ("path", paths(pack).map(Vec::len).max().unwrap_or(0), PATH_MAX),
    ];
    match lengths.iter().find(|(_, found, max)| found > max) {
        Some((what, found, max)) => {
            fail(Rule::Form, format!("{what}: {found} entries, at most {max} are read"))
        }
        None => Ok(()),
    }
}

/// Every path of the log in a pack; those of the state map have their own limit.
fn paths(pack: &Pack) -> impl Iterator<Item = &Vec<Digest>> {
    let seen = pack.seen.iter().flat_map(|seen| [&seen.consistency, &seen.path]);
    let handovers = pack.handovers.iter().map(|handover| &handover.consistency);
    let heads = pack.consistency.iter().map(|consistency| &consistency.path);
    let records = pack.records().map(|record| &record.path);
    records.chain(seen).chain(handovers).chain(heads).chain([&pack.seal.path])
}

/// Computes every leaf, and checks that the records stand in the order of the log, between genesis and seal.
pub(super) fn open(pack: &Pack) -> Result<Opened, Failure> {
    let genesis = genesis(pack)?;
    let size = pack.certificate.size;
    if size == 0 || size > LEDGER_SIZE_MAX {
        return fail(
            Rule::Order,
            format!("a certified log of {size} records: expected 1 to {LEDGER_SIZE_MAX}"),
        );
    }
    let (mut before, mut time): (Option<u64>, Time) = (None, Time::default());
    let mut groups = Vec::with_capacity(pack.excerpt.len());
    for group in &pack.excerpt {
        let index = group.records.first().map(|record| record.index);
        let Some(index) = index else {
            return fail(Rule::Order, "a command without records".to_owned());
        };
        if group.time < time || group.time > pack.seal.time {
            let (last, seal) = (time, pack.seal.time);
            return fail_at(Rule::Order, index, format!("time {} lies outside {last} to {seal}", group.time));
        }
        time = group.time;
        let mut records = Vec::with_capacity(group.records.len());
        for record in &group.records {
            let follows = before.is_none_or(|before| before < record.index);
            if !follows || record.index >= size.saturating_sub(1) {
                let text = format!("records do not ascend from 0 to the seal at {}", size.saturating_sub(1));
                return fail_at(Rule::Order, record.index, text);
            }
            if matches!(record.record_body(), Some(Body::Seal(_))) {
                return fail_at(Rule::Order, record.index, "a seal stands in the excerpt".to_owned());
            }
            before = Some(record.index);
            let opened = record.open(group.time);
            records.push(opened.map_err(|error| unwritable(record.index, &error))?);
        }
        groups.push(records);
    }
    let first = groups.first().and_then(|records| records.first());
    let Some(first) = first else { return fail(Rule::Order, "no records".to_owned()) };
    let ledger = LedgerId(first.leaf_hash().0);
    let seal = pack.seal.open().map_err(|error| unwritable(size.saturating_sub(1), &error))?;
    let head = TreeHead { size, root: pack.certificate.root };
    Ok(Opened { ledger, genesis, head, seal, groups })
}

fn unwritable(record: u64, error: &lockstep_types::canonical::CanonicalError) -> Failure {
    Failure { rule: Rule::Form, record: Some(record), text: error.to_string() }
}

/// Record 0 is alone in the first group.
fn genesis(pack: &Pack) -> Result<Genesis, Failure> {
    let first = pack.excerpt.first().filter(|group| group.command == PackedCommand::Genesis);
    let only = first.and_then(|group| match group.records.as_slice() {
        [only] if only.index == 0 => Some(&only.body),
        _ => None,
    });
    match only {
        Some(PackedBody::Record(body)) => match &**body {
            Body::Genesis(genesis) => Ok((**genesis).clone()),
            _ => fail_at(Rule::Order, 0, "record 0 is no genesis".to_owned()),
        },
        _ => fail(Rule::Order, "the excerpt does not begin with genesis at record 0".to_owned()),
    }
}

impl Opened {
    /// Every record and the seal are in the certified log.
    pub(super) fn check_inclusion(&self, pack: &Pack) -> Result<(), Failure> {
        let opened = self.groups.iter().flatten();
        for (packed, record) in pack.records().zip(opened) {
            let included = verify_inclusion(record.leaf_hash(), packed.index, &packed.path, self.head);
            included.or_else(|error| fail_at(Rule::Inclusion, packed.index, error.to_string()))?;
        }
        let last = self.head.size.saturating_sub(1);
        let included = verify_inclusion(self.seal.leaf_hash(), last, &pack.seal.path, self.head);
        included.or_else(|error| fail_at(Rule::Inclusion, last, error.to_string()))
    }
}
