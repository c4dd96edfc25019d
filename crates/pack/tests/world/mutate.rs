//! Random changes to packs, bytewise and in their structure, and what a verifier may say of them.

use lockstep_pack::{Report, Trust, Verdict, verify};
use serde_json::Value;

/// A generator that gives the same numbers everywhere (splitmix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// What became of many changed packs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub unchanged: usize,
    pub failed: usize,
    pub cannot_tell: usize,
    /// Verified all the same, and saying no more: a part that may be left out was left out.
    pub weaker: usize,
}

/// Changes each pack in turn `count` times; panics with the seed when one says more than its original.
pub fn run(packs: &[(Vec<u8>, Option<Trust>)], count: usize, seed: u64) -> Tally {
    let originals: Vec<Report> = packs.iter().map(|(bytes, trust)| verify(bytes, trust.as_ref())).collect();
    let values: Vec<Value> = packs.iter().map(|(bytes, _)| serde_json::from_slice(bytes).unwrap()).collect();
    let mut tally = Tally::default();
    for number in 0..count {
        let mut random = Random(seed.wrapping_add(number as u64));
        let which = number % packs.len();
        let (bytes, trust) = &packs[which];
        let changed = if random.below(2) == 0 {
            change_bytes(bytes, &mut random)
        } else {
            change_structure(&values[which], &mut random)
        };
        if changed == *bytes {
            tally.unchanged += 1;
            continue;
        }
        let report = verify(&changed, trust.as_ref());
        match (&report.verdict, &originals[which].verdict) {
            (Verdict::Failed(_), _) => tally.failed += 1,
            (Verdict::CannotTell(_), _) => tally.cannot_tell += 1,
            (Verdict::Verified, Verdict::Verified) if says_no_more(&report, &originals[which]) => {
                tally.weaker += 1
            }
            _ => panic!(
                "seed {} of pack {which}: {}",
                seed.wrapping_add(number as u64),
                report.to_lines().join("\n")
            ),
        }
    }
    tally
}

/// True when a report tells the same story, with intervals of time no narrower.
fn says_no_more(report: &Report, original: &Report) -> bool {
    let (Some(found), Some(before)) = (&report.facts, &original.facts) else { return false };
    let same_case = (found.ledger, found.case, found.head, &found.outcome, &found.certified)
        == (before.ledger, before.case, before.head, &before.outcome, &before.certified);
    let steps = found.steps.len() == before.steps.len()
        && found.steps.iter().zip(&before.steps).all(|(found, before)| {
            let lower = match (&found.earliest, &before.earliest) {
                (None, _) => true,
                (Some(found), Some(before)) => found.time <= before.time,
                (Some(_), None) => false,
            };
            lower
                && found.latest.time >= before.latest.time
                && (found.index, found.leaf, found.party, &found.claims, found.shown)
                    == (before.index, before.leaf, before.party, &before.claims, before.shown)
        });
    same_case && steps && report.flags == original.flags
}

pub fn change_bytes(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    let at = random.below(changed.len());
    match random.below(6) {
        0 => changed[at] ^= 1 << random.below(8),
        1 => changed[at] = random.next() as u8,
        2 => drop(changed.remove(at)),
        3 => changed.insert(at, b"0123456789abcdef\"{}[],:"[random.below(23)]),
        4 => changed.truncate(at),
        _ => {
            let length = random.below(64).min(changed.len() - at);
            let to = random.below(changed.len() - length);
            let piece = changed[at..at + length].to_vec();
            changed[to..to + length].copy_from_slice(&piece);
        }
    }
    changed
}

pub fn change_structure(value: &Value, random: &mut Random) -> Vec<u8> {
    let mut changed = value.clone();
    let donor = pick(value, random, usize::MAX).clone();
    let depth = 1 + random.below(12);
    change(pick_mut(&mut changed, random, depth), &donor, random);
    changed.sort_all_objects();
    serde_json::to_vec(&changed).unwrap()
}

fn children(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len(),
        Value::Object(fields) => fields.len(),
        _ => 0,
    }
}

fn pick<'a>(value: &'a Value, random: &mut Random, depth: usize) -> &'a Value {
    let count = children(value);
    if count == 0 || depth == 0 || random.below(5) == 0 {
        return value;
    }
    let at = random.below(count);
    let child = match value {
        Value::Array(items) => &items[at],
        Value::Object(fields) => fields.values().nth(at).unwrap(),
        _ => return value,
    };
    pick(child, random, depth - 1)
}

fn pick_mut<'a>(value: &'a mut Value, random: &mut Random, depth: usize) -> &'a mut Value {
    let count = children(value);
    if count == 0 || depth == 0 {
        return value;
    }
    let at = random.below(count);
    let child = match value {
        Value::Array(items) => &mut items[at],
        Value::Object(fields) => fields.values_mut().nth(at).unwrap(),
        _ => unreachable!("a value without children has returned"),
    };
    pick_mut(child, random, depth - 1)
}

fn change(place: &mut Value, donor: &Value, random: &mut Random) {
    match place {
        Value::Array(items) if !items.is_empty() => {
            let (at, other) = (random.below(items.len()), random.below(items.len()));
            match random.below(4) {
                0 => drop(items.remove(at)),
                1 => items.swap(at, other),
                2 => items.insert(other, items[at].clone()),
                _ => items.truncate(at),
            }
        }
        Value::Object(fields) if !fields.is_empty() => {
            let key = fields.keys().nth(random.below(fields.len())).unwrap().clone();
            match random.below(4) {
                0 => drop(fields.remove(&key)),
                1 => drop(fields.insert(key, donor.clone())),
                2 => drop(fields.insert(key, Value::Null)),
                _ => {
                    let words = ["withheld", "erased", "recorded", "tick", "genesis"];
                    let word = Value::String(words[random.below(words.len())].to_owned());
                    let target = if fields.contains_key("command") { "command".to_owned() } else { key };
                    fields.insert(target, word);
                }
            }
        }
        Value::Number(number) => {
            let found = number.as_i64().unwrap_or(0);
            let steps = [1, -1, 1_000, -found];
            *place = Value::from(found.saturating_add(steps[random.below(steps.len())]));
        }
        Value::String(text) => {
            let mut bytes = core::mem::take(text).into_bytes();
            if bytes.is_empty() {
                bytes.push(b'0');
            }
            let at = random.below(bytes.len());
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
        other => *other = donor.clone(),
    }
}
