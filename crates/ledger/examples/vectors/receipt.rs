//! Receipts of both kinds.

use crate::answer::{answer, pretty};
use crate::certificate::{committee, ledger, sign};
use lockstep_crypto::tree::{self, Subtrees};
use lockstep_crypto::{Message, PublicKey, SecretKey, Suite};
use lockstep_ledger::{
    AcceptedBatch, AcceptedReceipt, Certificate, CertifiedReceipt, Checkpoint, Committee, Item, ItemResult,
    Place, Receipt, RefusedItem,
};
use lockstep_types::{AttestationDigest, LeafHash, LedgerId, RootHash, Time, sha256};
use serde_json::{Value, json};
use std::fmt::Write;

fn appender() -> SecretKey {
    SecretKey::from_bytes(Suite::Ed25519, &sha256(b"appender")).unwrap()
}

fn place(n: u64) -> Place {
    Place { index: n, leaf: LeafHash(sha256(&n.to_be_bytes())) }
}

fn items() -> Vec<Item> {
    let refused = |record| ItemResult::Refused(RefusedItem { code: "order.waits".parse().unwrap(), record });
    let results = [ItemResult::Recorded(place(40)), refused(Some(place(41))), refused(None)];
    let item = |(n, result): (u8, ItemResult)| Item {
        attestation: AttestationDigest(sha256(&[n])),
        result,
        time: Time::from_ms(1_795_241_415_000 + u64::from(n)).unwrap(),
    };
    (0..).zip(results).map(item).collect()
}

fn batch() -> AcceptedBatch {
    AcceptedBatch::new(ledger(), items()).unwrap()
}

fn accepted() -> Vec<AcceptedReceipt> {
    let signature = appender().sign(Message::Bytes(&batch().message())).unwrap();
    batch().receipts(&signature).unwrap()
}

fn certified() -> (Committee, CertifiedReceipt) {
    let committee = committee(0, &[0], 1);
    let log: Subtrees = (0..100).map(|n| place(n).leaf).collect();
    let head = log.frontier().head();
    let checkpoint = Checkpoint { epoch: 0, ledger: ledger(), root: head.root, size: head.size };
    let certificate = Certificate::assemble(&checkpoint, &committee, &[sign(&checkpoint, 0, 0)]);
    let path = tree::inclusion_proof(&log, 40, head.size).unwrap();
    (committee, CertifiedReceipt { certificate, path, record: place(40), version: 1 })
}

pub fn example() -> String {
    let mut text = String::new();
    writeln!(text, "appender's key   {}", hex::encode(appender().public().bytes())).unwrap();
    for (n, item) in items().iter().enumerate() {
        writeln!(text, "item {n}").unwrap();
        for line in serde_json::to_string(item).unwrap().as_bytes().chunks(90) {
            writeln!(text, "  {}", std::str::from_utf8(line).unwrap()).unwrap();
        }
    }
    let message = batch().message();
    writeln!(text, "message signed, in hexadecimal digits").unwrap();
    for line in hex::encode(message).as_bytes().chunks(90) {
        writeln!(text, "  {}", std::str::from_utf8(line).unwrap()).unwrap();
    }
    let receipt = Receipt::Accepted(accepted().remove(1));
    writeln!(text, "receipt of item 1, in lines of 90").unwrap();
    for line in receipt.to_bytes().unwrap().chunks(90) {
        writeln!(text, "  {}", std::str::from_utf8(line).unwrap()).unwrap();
    }
    text
}

fn accepted_case(name: &str, receipt: &AcceptedReceipt, key: &PublicKey) -> Value {
    let answer = answer(&receipt.verify(&ledger(), key));
    json!({"answer": answer, "key": key, "ledger": ledger(), "name": name, "receipt": receipt})
}

fn accepted_cases() -> Vec<Value> {
    type Change = fn(&mut AcceptedReceipt);
    let changes: [(&str, usize, Change); 11] = [
        ("recorded", 0, |_| {}),
        ("refused on record", 1, |_| {}),
        ("refused", 2, |_| {}),
        ("another version", 0, |r| r.version = 2),
        ("another ledger", 0, |r| r.ledger = LedgerId([0; 32])),
        ("an index beyond the batch", 0, |r| r.index = 3),
        ("another index", 0, |r| r.index = 1),
        ("another time", 0, |r| r.item.time = Time::default()),
        ("another attestation", 0, |r| r.item.attestation = AttestationDigest([0; 32])),
        ("a path cut short", 0, |r| r.path.truncate(1)),
        ("another root", 0, |r| r.root = RootHash([0; 32])),
    ];
    let mut cases: Vec<Value> = changes
        .iter()
        .map(|(name, item, change)| {
            let mut receipt = accepted().remove(*item);
            change(&mut receipt);
            accepted_case(name, &receipt, appender().public())
        })
        .collect();
    for (name, suite) in
        [("another appender's key", Suite::Ed25519), ("a key of another suite", Suite::Es256)]
    {
        let key = SecretKey::from_bytes(suite, &sha256(b"other")).unwrap();
        let receipt = accepted().remove(0);
        cases.push(accepted_case(name, &receipt, key.public()));
    }
    cases
}

fn certified_cases() -> Vec<Value> {
    type Change = fn(&mut CertifiedReceipt);
    let (committee, good) = certified();
    let changes: [(&str, Change); 6] = [
        ("certified", |_| {}),
        ("another version", |r| r.version = 0),
        ("no signature", |r| r.certificate.signatures.clear()),
        ("another index", |r| r.record.index = 41),
        ("another record", |r| r.record = place(41)),
        ("a path in another order", |r| r.path.swap(0, 1)),
    ];
    changes
        .iter()
        .map(|(name, change)| {
            let mut receipt = good.clone();
            change(&mut receipt);
            let answer = answer(&receipt.verify(&ledger(), &committee));
            json!({
                "answer": answer, "committee": committee, "ledger": ledger(), "name": name,
                "receipt": receipt,
            })
        })
        .collect()
}

pub fn vectors() -> String {
    pretty(&json!({
        "accepted": accepted_cases(),
        "certified": certified_cases(),
        "format": "lockstep/vectors/receipt/1",
        "message": hex::encode(batch().message()),
    }))
}
