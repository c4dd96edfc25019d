//! Records, salts and seals.

use crate::answer::{answer, pretty};
use lockstep_ledger::{Entry, Input, Leaf, Record, Scribe, SealBody, Seed, Tag};
use lockstep_types::{LeafHash, RootHash, Salt, Time, sha256};
use serde_json::{Value, json};
use std::fmt::Write;

fn seed() -> Seed {
    Seed::new(sha256(b"seed"))
}

fn time(ms: u64) -> Time {
    Time::from_ms(ms).unwrap()
}

const NOW_MS: u64 = 1_795_241_415_000;

/// An outcome, the record that names it, and a seal, as one command would not make them but a page can show
/// them.
fn records() -> Vec<Record> {
    let mut scribe = Scribe::new(time(NOW_MS), seed());
    let outcome = scribe.push(Entry::outcome(vec![0xab; 4]));
    scribe.push(Entry::record(format!(r#"{{"decided":{{"outcomes":["{outcome}"]}}}}"#).into_bytes()));
    scribe.push(SealBody { map: RootHash(sha256(b"map")), prev_seal: None }.entry().unwrap());
    let prev_seal = Some(LeafHash(sha256(b"seal")));
    scribe.push(SealBody { map: RootHash(sha256(b"map")), prev_seal }.entry().unwrap());
    scribe.finish()
}

fn shown(body: &[u8]) -> String {
    match std::str::from_utf8(body) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("0x{}", hex::encode(body)),
    }
}

pub fn example() -> String {
    let mut text = String::new();
    writeln!(text, "seed            {}", hex::encode(seed().as_bytes())).unwrap();
    for (record, name) in records().iter().take(3).zip(["an outcome", "a record", "a seal"]) {
        let leaf = record.leaf().encode();
        writeln!(text, "{name}").unwrap();
        writeln!(text, "  body          {}", shown(record.body())).unwrap();
        writeln!(text, "  salt          {}", record.salt()).unwrap();
        writeln!(text, "  tag           {}", hex::encode(&leaf[..1])).unwrap();
        writeln!(text, "  time          {} = {}", hex::encode(&leaf[1..9]), record.time()).unwrap();
        writeln!(text, "  digest        {}", hex::encode(&leaf[9..])).unwrap();
        writeln!(text, "  leaf hash     {}", record.leaf_hash()).unwrap();
    }
    text
}

fn of(record: &Record) -> Value {
    json!({
        "body": hex::encode(record.body()), "bytes": hex::encode(record.to_bytes()), "json": record,
        "leaf": hex::encode(record.leaf().encode()), "leaf_hash": record.leaf_hash(), "salt": record.salt(),
        "seal": SealBody::of(record).unwrap(), "tag": record.tag().byte(), "time": record.time(),
    })
}

fn bad_leaves() -> Vec<Value> {
    let good = records()[1].leaf().encode();
    let with = |at: usize, byte: u8| {
        let mut bytes = good.to_vec();
        bytes[at] = byte;
        bytes
    };
    let cases = [
        ("a record", good.to_vec()),
        ("one byte short", good[..40].to_vec()),
        ("one byte long", [&good[..], &[0]].concat()),
        ("tag 0", with(0, 0)),
        ("tag 3", with(0, 3)),
        ("after the year 9999", with(1, 1)),
    ];
    cases
        .map(|(name, bytes)| {
            let answer = answer(&Leaf::decode(&bytes));
            json!({"answer": answer, "leaf": hex::encode(&bytes), "name": name})
        })
        .into()
}

fn bad_records() -> Vec<Value> {
    let record = &records()[1];
    let bytes = record.to_bytes();
    let mut other_salt = bytes.clone();
    other_salt[41] ^= 1;
    let mut other_digest = bytes.clone();
    other_digest[40] ^= 1;
    let cases = [
        ("a record", bytes.clone()),
        ("an empty body", Record::new(Tag::Record, time(0), Salt([0; 32]), vec![]).to_bytes()),
        ("no whole salt", bytes[..72].to_vec()),
        ("another salt", other_salt),
        ("another digest", other_digest),
        ("a body cut short", bytes[..bytes.len() - 1].to_vec()),
    ];
    cases
        .map(|(name, bytes)| {
            let answer = answer(&Record::from_bytes(&bytes));
            json!({"answer": answer, "bytes": hex::encode(&bytes), "name": name})
        })
        .into()
}

/// Bodies of seals, good and bad.
fn seals() -> Vec<Value> {
    let good = String::from_utf8(records()[2].body().to_vec()).unwrap();
    let cases = [
        ("a seal", Tag::Record, good.clone()),
        ("an outcome with the body of a seal", Tag::Outcome, good.clone()),
        ("another body", Tag::Record, r#"{"opened":{}}"#.to_owned()),
        ("without a root", Tag::Record, r#"{"seal":{}}"#.to_owned()),
        ("with a space", Tag::Record, good.replace(":{", ": {")),
        ("with a field more", Tag::Record, good.replace("}}", r#","more":1}}"#)),
        ("with an explicit null", Tag::Record, good.replace("}}", r#","prev_seal":null}}"#)),
    ];
    let judged = |(name, tag, body): (&str, Tag, String)| {
        let record = Record::new(tag, time(0), Salt([0; 32]), body.clone().into_bytes());
        let answer = match SealBody::of(&record) {
            Ok(Some(_)) => "seal",
            Ok(None) => "no_seal",
            Err(_) => "malformed_seal",
        };
        json!({"answer": answer, "body": body, "name": name, "tag": tag.byte()})
    };
    cases.map(judged).into()
}

pub fn vectors() -> String {
    let salts: Vec<Value> =
        [0, 1, 7, 255].map(|number| json!({"number": number, "salt": seed().salt(number)})).into();
    let command = br#"{"open":{}}"#;
    let with = |command: Option<Vec<u8>>| Input { command, now: time(NOW_MS), seed: seed() };
    let by_command = hex::encode(with(Some(command.to_vec())).to_bytes());
    let inputs = json!({
        "command": {"bytes": by_command, "command": hex::encode(command)},
        "now": NOW_MS, "seal": {"bytes": hex::encode(with(None).to_bytes())},
    });
    pretty(&json!({
        "format": "lockstep/vectors/record/1",
        "inputs": inputs,
        "leaves": bad_leaves(),
        "made": records().iter().map(of).collect::<Vec<Value>>(),
        "records": bad_records(),
        "salts": salts,
        "seals": seals(),
        "seed": hex::encode(seed().as_bytes()),
    }))
}
