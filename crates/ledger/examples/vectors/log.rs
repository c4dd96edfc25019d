//! Tiles, bundles, heads and signed notes.

use crate::answer::{answer, pretty};
use lockstep_crypto::{SecretKey, Suite, tree};
use lockstep_ledger::log::{self, LogHead, TileKind, TilePath, TileWriter, bundle_decode, bundle_encode};
use lockstep_ledger::note::{Note, NoteKey, NoteKeyKind};
use lockstep_ledger::{Leaf, Tag};
use lockstep_types::{RootHash, Time, sha256};
use serde_json::{Value, json};
use std::fmt::Write;

fn leaves(count: u64) -> Vec<Leaf> {
    (0..count)
        .map(|n| Leaf { tag: Tag::Record, time: Time::from_ms(n).unwrap(), digest: sha256(&n.to_be_bytes()) })
        .collect()
}

fn root(size: u64) -> RootHash {
    tree::root_of(&leaves(size).iter().map(Leaf::hash).collect::<Vec<_>>())
}

fn secret(name: &str) -> SecretKey {
    SecretKey::from_bytes(Suite::Ed25519, &sha256(name.as_bytes())).unwrap()
}

fn origin() -> String {
    log::origin(&"acme".parse().unwrap(), &sha256(b"nonce"))
}

fn log_key() -> NoteKey {
    NoteKey::new(&origin(), NoteKeyKind::Ed25519, secret("log").public().clone()).unwrap()
}

fn witness_key() -> NoteKey {
    let public = secret("witness").public().clone();
    NoteKey::new("witness.example.com/w1", NoteKeyKind::CosignatureV1, public).unwrap()
}

fn note() -> Note {
    let head = LogHead::new(&origin(), 300, root(300)).unwrap();
    let mut note = Note::new(&head.to_string()).unwrap();
    note.sign(&log_key(), &secret("log"), Time::default()).unwrap();
    note.sign(&witness_key(), &secret("witness"), Time::from_ms(1_795_241_415_000).unwrap()).unwrap();
    note
}

pub fn example() -> String {
    let mut text = String::new();
    writeln!(text, "a log of 300 records").unwrap();
    for (path, bytes) in TileWriter::new().append(&leaves(300)) {
        writeln!(text, "  {:<24} {:>5} bytes", path.to_string(), bytes.len()).unwrap();
    }
    writeln!(text, "the first entry of tile/entries/000\n  {}", hex::encode(bundle_encode(&leaves(1))))
        .unwrap();
    writeln!(text, "verifier key of the log\n  {}", log_key()).unwrap();
    writeln!(text, "verifier key of the witness\n  {}", witness_key()).unwrap();
    write!(text, "checkpoint\n{}", note()).unwrap();
    text
}

fn sizes() -> Vec<Value> {
    [0, 1, 2, 255, 256, 257, 300, 65_536, 70_000]
        .map(|size| {
            let files: Vec<Value> = TileWriter::new()
                .append(&leaves(size))
                .iter()
                // The rest follows the same rule, and would fill the file.
                .filter(|(path, _)| path.index() < 2 || path.width() < 256)
                .map(|(path, bytes)| {
                    let hash = hex::encode(sha256(bytes));
                    json!({"bytes": bytes.len(), "path": path.to_string(), "sha256": hash})
                })
                .collect();
            json!({"files": files, "root": root(size), "size": size})
        })
        .into()
}

fn paths() -> Vec<Value> {
    let good = [
        (TileKind::Hashes(0), 1_234_067, 256),
        (TileKind::Hashes(0), 999, 256),
        (TileKind::Hashes(1), 1_000, 17),
        (TileKind::Hashes(63), 0, 1),
        (TileKind::Entries, 273, 112),
        (TileKind::Entries, u64::MAX, 255),
    ];
    let good = good.map(|(kind, index, width)| TilePath::new(kind, index, width).unwrap().to_string());
    let bad = [
        "",
        "tile/0",
        "tile/0/1",
        "tile/00/001",
        "tile/64/000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "/tile/0/000",
        "tile/0/../000",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
    ];
    let all = good.into_iter().chain(bad.map(str::to_owned));
    all.map(|path| json!({"answer": answer(&path.parse::<TilePath>()), "path": path})).collect()
}

fn bundles() -> Vec<Value> {
    let three = bundle_encode(&leaves(3));
    let cases = [
        ("three leaves", three.clone()),
        ("none", vec![]),
        ("cut within an entry", three[..44].to_vec()),
        ("cut within a length", three[..130.min(three.len())].iter().chain(&[0]).copied().collect()),
        ("an entry of no bytes", vec![0, 0]),
        ("an entry with an unknown tag", [&[0, 41, 9], &[0; 40][..]].concat()),
    ];
    cases
        .map(|(name, bytes)| {
            let answer = answer(&bundle_decode(&bytes));
            json!({"answer": answer, "bundle": hex::encode(&bytes), "name": name})
        })
        .into()
}

fn heads() -> Vec<Value> {
    let good = note().text().to_owned();
    let cases = [
        ("a head", good.clone()),
        ("a line more", format!("{good}more\n")),
        ("no last newline", good.trim_end().to_owned()),
        ("no origin", good.replacen(&origin(), "", 1)),
        ("a size with a leading zero", good.replace("\n300\n", "\n0300\n")),
        ("a size beyond 2^40", good.replace("\n300\n", "\n1099511627777\n")),
        ("a root without padding", good.replace("=\n", "\n")),
    ];
    cases
        .map(|(name, text)| json!({"answer": answer(&text.parse::<LogHead>()), "name": name, "text": text}))
        .into()
}

fn notes() -> Vec<Value> {
    let good = note().to_string();
    let cut = good.trim_end().to_owned();
    let known = [log_key(), witness_key()];
    let cases: [(&str, String, &[NoteKey]); 10] = [
        ("both keys known", good.clone(), &known),
        ("the log's key known", good.clone(), &known[..1]),
        ("the witness known", good.clone(), &known[1..]),
        ("no key known", good.clone(), &[]),
        ("another size", good.replace("\n300\n", "\n301\n"), &known),
        ("no last newline", cut, &known),
        ("no empty line", good.replace("\n\n", "\n"), &known),
        ("a tab", good.replacen("acme", "ac\tme", 1), &known),
        ("a hyphen for the dash", good.replace('\u{2014}', "-"), &known),
        ("a line that is none", format!("{good}more\n"), &known),
    ];
    cases
        .map(|(name, text, keys)| {
            let signed = Note::parse(text.as_bytes()).and_then(|note| note.verify(keys));
            let by: Vec<Value> =
                signed.iter().flatten().map(|by| json!({"at": by.at, "name": by.name})).collect();
            let keys: Vec<String> = keys.iter().map(NoteKey::to_string).collect();
            json!({"answer": answer(&signed), "keys": keys, "name": name, "note": text, "signed": by})
        })
        .into()
}

fn keys() -> Vec<Value> {
    let good = log_key().to_string();
    let (name, rest) = good.split_once('+').unwrap();
    let (_, key) = rest.split_once('+').unwrap();
    let cases = [
        good.clone(),
        witness_key().to_string(),
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".to_owned(),
        "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6".to_owned(),
        format!("{name}+00000000+{key}"),
        format!("a b+00000000+{key}"),
        format!("{name}+{key}"),
        format!("{name}+00000000+AQ=="),
        format!("{name}+00000000+Bg=="),
    ];
    cases.map(|key| json!({"answer": answer(&key.parse::<NoteKey>()), "key": key})).into()
}

pub fn vectors() -> String {
    pretty(&json!({
        "bundles": bundles(),
        "format": "lockstep/vectors/log/1",
        "heads": heads(),
        "keys": keys(),
        "notes": notes(),
        "paths": paths(),
        "sizes": sizes(),
    }))
}
