//! Committees, checkpoints, certificates, handovers, and what a signer signs.

use crate::answer::{answer, pretty};
use lockstep_crypto::tree::{self, Subtrees};
use lockstep_crypto::{SecretKey, Suite, eip712};
use lockstep_ledger::certificate::CHECKPOINT_TYPE;
use lockstep_ledger::{
    Certificate, Checkpoint, CheckpointSignature, Committee, Handover, Member, MemberSignature, Record,
    Scribe, SealBody, Seed, SigningRequest, SigningRule, Tag,
};
use lockstep_types::{CommitteeDigest, Digest, LeafHash, LedgerId, Lei, RootHash, Salt, Time, sha256};
use serde_json::{Value, json};
use std::fmt::Write;

pub fn ledger() -> LedgerId {
    LedgerId(sha256(b"ledger"))
}

pub fn key(n: u8) -> SecretKey {
    SecretKey::from_bytes(Suite::Eip712, &sha256(&[b'k', n])).unwrap()
}

/// The committee whose members hold these keys.
pub fn committee(epoch: u64, keys: &[u8], threshold: u8) -> Committee {
    let member = |n: &u8| Member {
        address: key(*n).public().address().unwrap(),
        lei: Lei::with_check_digits(&format!("5299000000000000{n:02}")).unwrap(),
        name: format!("cosigner-{n}").parse().unwrap(),
    };
    Committee::new(epoch, keys.iter().map(member).collect(), threshold).unwrap()
}

pub fn sign(checkpoint: &Checkpoint, member: u8, n: u8) -> MemberSignature {
    MemberSignature { member, signature: checkpoint.sign(&key(n)).unwrap() }
}

fn checkpoint(epoch: u64) -> Checkpoint {
    Checkpoint { epoch, ledger: ledger(), root: RootHash(sha256(b"root")), size: 70_000 }
}

fn three_of_four() -> (Committee, Certificate) {
    let committee = committee(5, &[0, 1, 2, 3], 3);
    let signatures = [0, 2, 3].map(|n| sign(&checkpoint(5), n, n));
    let certificate = Certificate::assemble(&checkpoint(5), &committee, &signatures);
    (committee, certificate)
}

pub fn example() -> String {
    let (committee, certificate) = three_of_four();
    let mut text = String::new();
    for (n, member) in committee.members().iter().enumerate() {
        writeln!(text, "co-signer {n}          {}  {}  {}", member.address, member.lei, member.name).unwrap();
    }
    let checkpoint = certificate.checkpoint();
    let words = [
        checkpoint.ledger.0,
        eip712::uint_word(checkpoint.epoch),
        eip712::uint_word(checkpoint.size),
        checkpoint.root.0,
    ];
    let struct_hash = eip712::struct_hash(&eip712::type_hash(CHECKPOINT_TYPE), &words);
    let lines = [
        ("committee digest", committee.digest().to_string()),
        ("domain separator", hex::encode(eip712::domain_separator(&ledger().0))),
        ("hashStruct", hex::encode(struct_hash)),
        ("hash signed", hex::encode(checkpoint.signing_hash())),
    ];
    for (name, value) in lines {
        writeln!(text, "{name:<20} {value}").unwrap();
    }
    let json = String::from_utf8(certificate.to_bytes().unwrap()).unwrap();
    writeln!(text, "certificate, canonical JSON, in lines of 96").unwrap();
    for line in json.as_bytes().chunks(96) {
        writeln!(text, "  {}", std::str::from_utf8(line).unwrap()).unwrap();
    }
    writeln!(text, "certificate digest   {}", certificate.digest().unwrap()).unwrap();
    text
}

fn committees() -> Vec<Value> {
    let sets: [(u64, Vec<u8>, u8); 4] =
        [(0, vec![0], 1), (5, vec![0, 1, 2, 3], 3), (6, vec![2, 3, 4, 5], 3), (7, (0..32).collect(), 22)];
    sets.iter()
        .map(|(epoch, keys, threshold)| {
            let committee = committee(*epoch, keys, *threshold);
            json!({"committee": committee, "digest": committee.digest()})
        })
        .collect()
}

/// Every threshold for every number of members up to 12.
fn thresholds() -> Vec<Value> {
    let allowed = |members: u8| {
        let all: Vec<u8> = (0..members).collect();
        let member = |n: &u8| committee(0, &[*n], 1).members()[0].clone();
        let found = |k: &u8| Committee::new(0, all.iter().map(member).collect(), *k).is_ok();
        json!({"allowed": (0..=members + 1).filter(found).collect::<Vec<u8>>(), "members": members})
    };
    (1..=12).map(allowed).collect()
}

/// s ↦ n − s and the other v.
pub fn raised(signature: &CheckpointSignature) -> CheckpointSignature {
    let order = hex::decode("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141").unwrap();
    let mut bytes = *signature.as_bytes();
    let mut borrow = 0i16;
    for at in (0..32).rev() {
        let left = i16::from(order[at]) - i16::from(bytes[32 + at]) - borrow;
        borrow = i16::from(left < 0);
        bytes[32 + at] = u8::try_from(left.rem_euclid(256)).unwrap();
    }
    bytes[64] = 27 + 28 - bytes[64];
    CheckpointSignature::new(bytes)
}

type Change = fn(&mut Certificate);

fn certificates() -> Vec<Value> {
    let (committee, good) = three_of_four();
    let changes: [(&str, Change); 18] = [
        ("three of four", |_| {}),
        ("another scheme", |c| c.scheme = 2),
        ("another ledger", |c| c.ledger = LedgerId([0; 32])),
        ("another epoch", |c| c.epoch = 6),
        ("another committee", |c| c.committee = CommitteeDigest([0; 32])),
        ("a lower threshold", |c| c.threshold = 2),
        ("an empty log", |c| c.size = 0),
        ("a log beyond 2^40", |c| c.size = (1 << 40) + 1),
        ("a member twice", |c| c.signatures[1] = c.signatures[0]),
        ("members out of order", |c| c.signatures.swap(0, 1)),
        ("a member that there is not", |c| c.signatures[2].member = 4),
        ("a high s", |c| c.signatures[0].signature = raised(&c.signatures[0].signature)),
        ("signed by another member", |c| c.signatures[0].member = 1),
        ("a signature of zeros", |c| c.signatures[0].signature = CheckpointSignature::new([0; 65])),
        ("another root", |c| c.root = RootHash([0; 32])),
        ("another size", |c| c.size = 70_001),
        ("two of four", |c| c.signatures.truncate(2)),
        ("no signature", |c| c.signatures.clear()),
    ];
    changes
        .iter()
        .map(|(name, change)| {
            let mut certificate = good.clone();
            change(&mut certificate);
            json!({
                "answer": answer(&certificate.verify(&ledger(), &committee)), "certificate": certificate,
                "committee": committee, "ledger": ledger(), "name": name,
            })
        })
        .collect()
}

fn handovers() -> Vec<Value> {
    let (old, old_certificate) = three_of_four();
    let new = committee(6, &[2, 3, 4, 5], 3);
    let signatures = [(0, 2), (1, 3), (3, 5)].map(|(member, n)| sign(&checkpoint(6), member, n));
    let new_certificate = Certificate::assemble(&checkpoint(6), &new, &signatures);
    let good = Handover { new: new_certificate, old: old_certificate };
    let skipped = committee(7, &[2, 3, 4, 5], 3);
    let mut other_size = good.clone();
    other_size.new.size = 70_001;
    let mut other_root = good.clone();
    other_root.new.root = RootHash([0; 32]);
    let mut old_short = good.clone();
    old_short.old.signatures.truncate(2);
    let mut new_short = good.clone();
    new_short.new.signatures.truncate(2);
    let cases = [
        ("by both sets", &good, &new),
        ("an epoch left out", &good, &skipped),
        ("over two sizes", &other_size, &new),
        ("over two roots", &other_root, &new),
        ("the old set too few", &old_short, &new),
        ("the new set too few", &new_short, &new),
    ];
    cases
        .map(|(name, handover, new)| {
            json!({
                "answer": answer(&handover.verify(&ledger(), &old, new)), "handover": handover,
                "ledger": ledger(), "name": name, "new": new, "old": old,
            })
        })
        .into()
}

fn seal(ms: u64) -> Record {
    let mut scribe = Scribe::new(Time::from_ms(ms).unwrap(), Seed::new(sha256(b"seed")));
    scribe.push(SealBody { map: RootHash(sha256(b"map")), prev_seal: None }.entry().unwrap());
    scribe.finish().remove(0)
}

fn leaf(n: u64) -> LeafHash {
    LeafHash(sha256(&n.to_be_bytes()))
}

fn request(log: &Subtrees, old: u64, seal: &Record) -> SigningRequest {
    let head = log.frontier().head();
    SigningRequest {
        checkpoint: Checkpoint { epoch: 5, ledger: ledger(), root: head.root, size: head.size },
        consistency: if old == 0 { vec![] } else { tree::consistency_proof(log, old, head.size).unwrap() },
        inclusion: tree::inclusion_proof(log, head.size - 1, head.size).unwrap(),
        seal: seal.clone(),
    }
}

/// A signer that has signed a log of five, asked for one of nine at 1,000,000 ms.
fn requests() -> Vec<Value> {
    const NOW_MS: u64 = 1_000_000;
    let (first, last) = (seal(NOW_MS - 500), seal(NOW_MS));
    let five: Subtrees = (0..4).map(leaf).chain([first.leaf_hash()]).collect();
    let mut nine = five.clone();
    [leaf(5), leaf(6), leaf(7), last.leaf_hash()].into_iter().for_each(|leaf| nine.push(leaf));
    let other: Subtrees = (10..18).map(leaf).chain([last.leaf_hash()]).collect();
    let now = Time::from_ms(NOW_MS).unwrap();
    let mut rule = SigningRule::new(ledger());
    let nothing = rule.clone();
    rule.kept(rule.check(&request(&five, 0, &first), now).unwrap());
    let mut signed = rule.clone();
    let good = request(&nine, 5, &last);
    signed.kept(rule.check(&good, now).unwrap());
    let plain = Record::new(Tag::Record, now, Salt([0; 32]), br#"{"opened":{}}"#.to_vec());
    let changed = |change: &dyn Fn(&mut SigningRequest)| {
        let mut request = good.clone();
        change(&mut request);
        request
    };
    let cases = [
        ("the first", &nothing, request(&five, 0, &first), NOW_MS),
        ("a first with a consistency proof", &nothing, good.clone(), NOW_MS),
        ("one that extends", &rule, good.clone(), NOW_MS),
        ("the same again", &signed, changed(&|r| r.consistency.clear()), NOW_MS),
        ("another ledger", &rule, changed(&|r| r.checkpoint.ledger = LedgerId([0; 32])), NOW_MS),
        ("a smaller log", &signed, request(&five, 0, &first), NOW_MS),
        ("another root for one size", &signed, request(&other, 0, &last), NOW_MS),
        ("a log that parts", &rule, request(&other, 5, &last), NOW_MS),
        ("no consistency proof", &rule, changed(&|r| r.consistency.clear()), NOW_MS),
        ("no seal", &rule, changed(&|r| r.seal = plain.clone()), NOW_MS),
        ("a seal that is not last", &rule, changed(&|r| r.seal = first.clone()), NOW_MS),
        ("an inclusion proof changed", &rule, changed(&|r| r.inclusion[0] = Digest([0; 32])), NOW_MS),
        ("2 s ahead", &rule, good.clone(), NOW_MS - 2_000),
        ("2.001 s ahead", &rule, good.clone(), NOW_MS - 2_001),
        ("60 s behind", &rule, good.clone(), NOW_MS + 60_000),
        ("60.001 s behind", &rule, good.clone(), NOW_MS + 60_001),
    ];
    cases
        .iter()
        .map(|(name, rule, request, now)| {
            let checked = rule.check(request, Time::from_ms(*now).unwrap());
            json!({
                "answer": answer(&checked), "last": rule.last(), "ledger": ledger(), "name": name, "now": now,
                "request": request,
            })
        })
        .collect()
}

pub fn vectors() -> String {
    let checkpoints: Vec<Value> = [0, 5]
        .map(|epoch| {
            let checkpoint = checkpoint(epoch);
            let separator = eip712::domain_separator(&ledger().0);
            json!({
                "checkpoint": checkpoint, "domain_separator": hex::encode(separator),
                "signing_hash": hex::encode(checkpoint.signing_hash()), "type": CHECKPOINT_TYPE,
            })
        })
        .into();
    pretty(&json!({
        "certificates": certificates(),
        "checkpoints": checkpoints,
        "committees": committees(),
        "format": "lockstep/vectors/certificate/1",
        "handovers": handovers(),
        "requests": requests(),
        "thresholds": thresholds(),
    }))
}
