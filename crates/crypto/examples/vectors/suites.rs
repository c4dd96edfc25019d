//! Keys, signatures and EIP-712 hashes, with the answer to each.

use lockstep_crypto::eip712::{
    DOMAIN_TYPE, domain_separator, keccak256, signing_hash, string_word, struct_hash, type_hash, uint_word,
};
use lockstep_crypto::{
    KeyError, Message, MessageKind, PublicKey, SecretKey, SignatureError, Suite, normalise, verify,
};
use lockstep_types::sha256;
use serde_json::{Value, json};
use std::fmt::Write;

const CLAIM_TYPE: &str = "Claim(string name,string value,bytes32 salt)";
const CHECKPOINT_TYPE: &str = "Checkpoint(bytes32 ledger,uint64 epoch,uint64 size,bytes32 root)";
const WORD: &[u8] = b"a word of a party";

/// RFC 6979 §A.2.5: key, and its signatures over SHA-256 of "sample" (high-s) and "test" (low-s).
const ES256_SECRET: &str = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
const ES256_SAMPLE: &str = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
                            f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
const ES256_TEST: &str = "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367\
                          019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083";

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn ledger() -> [u8; 32] {
    sha256(b"the genesis leaf of a ledger")
}

fn secrets() -> [(Suite, [u8; 32]); 3] {
    let es256 = bytes(ES256_SECRET).try_into().unwrap();
    [(Suite::Ed25519, sha256(b"a party's seed")), (Suite::Es256, es256), (Suite::Eip712, keccak256(b"cow"))]
}

fn key(suite: Suite) -> SecretKey {
    let (_, secret) = secrets().into_iter().find(|(of, _)| *of == suite).unwrap();
    SecretKey::from_bytes(suite, &secret).unwrap()
}

/// What an `eip712` key signs in these vectors: a claim, as if it were the message.
fn claim_hash() -> [u8; 32] {
    let words = [string_word("amount"), string_word("1000000.00"), [0x11; 32]];
    signing_hash(&domain_separator(&ledger()), &struct_hash(&type_hash(CLAIM_TYPE), &words))
}

fn message(suite: Suite) -> Message<'static> {
    static HASH: std::sync::LazyLock<[u8; 32]> = std::sync::LazyLock::new(claim_hash);
    match suite {
        Suite::Ed25519 => Message::Bytes(WORD),
        Suite::Es256 => Message::Bytes(b"sample"),
        Suite::Eip712 => Message::Hash(&HASH),
    }
}

/// A signature of the suite as a signer may hand it out. aws-lc signs with fresh nonces, so `es256` is the
/// published.
fn signed(suite: Suite) -> Vec<u8> {
    if suite == Suite::Es256 { bytes(ES256_SAMPLE) } else { key(suite).sign(message(suite)).unwrap() }
}

fn answer(answer: Result<(), SignatureError>) -> &'static str {
    match answer {
        Ok(()) => "counts",
        Err(SignatureError::MessageKind { .. }) => "message_kind",
        Err(SignatureError::Length { .. }) => "length",
        Err(SignatureError::RecoveryByte { .. }) => "recovery_byte",
        Err(SignatureError::ScalarRange { .. }) => "scalar_range",
        Err(SignatureError::HighS { .. }) => "high_s",
        Err(SignatureError::Unrecoverable) => "unrecoverable",
        Err(SignatureError::OtherSigner { .. }) => "other_signer",
        Err(SignatureError::Mismatch { .. }) => "mismatch",
    }
}

fn key_answer(error: &KeyError) -> &'static str {
    match error {
        KeyError::Length { .. } => "length",
        KeyError::Uncompressed { .. } => "uncompressed",
        KeyError::NotOnCurve { .. } => "not_on_curve",
        KeyError::ZeroAddress => "zero_address",
    }
}

fn message_json(message: Message<'_>) -> Value {
    match message {
        Message::Bytes(bytes) => json!({ "bytes": hex::encode(bytes) }),
        Message::Hash(hash) => json!({ "hash": hex::encode(hash) }),
    }
}

fn check(name: &str, key: &PublicKey, message: Message<'_>, signature: &[u8]) -> Value {
    let other = |normal: &Vec<u8>| normal != signature;
    let normalised = normalise(key.suite(), signature).ok().filter(other).map(|normal| {
        json!({ "answer": answer(verify(key, message, &normal)), "signature": hex::encode(&normal) })
    });
    json!({
        "answer": answer(verify(key, message, signature)),
        "key": key, "message": message_json(message), "name": name,
        "normalised": normalised, "signature": hex::encode(signature),
    })
}

fn changed(signature: &[u8], change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut changed = signature.to_vec();
    change(&mut changed);
    changed
}

/// The checks that every suite has.
fn common_checks(suite: Suite) -> Vec<Value> {
    let (key, message) = (key(suite), message(suite));
    let public = key.public();
    let good = normalise(suite, &signed(suite)).unwrap();
    let other_kind = match suite.message_kind() {
        MessageKind::Bytes => Message::Hash(&[0x5a; 32]),
        MessageKind::Hash => Message::Bytes(WORD),
    };
    let other_message = match suite.message_kind() {
        MessageKind::Bytes => Message::Bytes(b"a word of another"),
        MessageKind::Hash => Message::Hash(&[0x5a; 32]),
    };
    let turned = changed(&good, |it| it[40] ^= 1);
    vec![
        check("as signed", public, message, &signed(suite)),
        check("over another message", public, other_message, &good),
        check("one bit turned", public, message, &turned),
        check("one byte short", public, message, &good[..good.len() - 1]),
        check("one byte long", public, message, &changed(&good, |it| it.push(0))),
        check("for the other kind of message", public, other_kind, &good),
    ]
}

fn special_checks() -> Vec<Value> {
    let ed25519 = Message::Bytes(WORD);
    let small_order = PublicKey::new(Suite::Ed25519, &changed(&[0; 32], |it| it[0] = 1)).unwrap();
    let anybodys = changed(&[0; 64], |it| it[0] = 1);
    // L, the order of the base point, little-endian: s + L is the same scalar in another spelling.
    let order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let s_is_l = [vec![1], vec![0; 31], bytes(order)].concat();
    let es256 = key(Suite::Es256);
    let eip712 = key(Suite::Eip712);
    let (hash, good) = (message(Suite::Eip712), signed(Suite::Eip712));
    let zero_s = |signature: &[u8]| changed(signature, |it| it[32..64].fill(0));
    let big_r = |signature: &[u8]| changed(signature, |it| it[..32].fill(0xff));
    let with_v = |v: u8| changed(&good, |it| it[64] = v);
    let no_point = changed(&with_v(27), |it| it[..32].copy_from_slice(&uint_word(5)));
    let negated = changed(&with_v(55 - good[64]), |it| {
        // n − s of the signature above, so that the twin of a good signature stands here.
        it[32..64].copy_from_slice(&negate_secp256k1(good[32..64].try_into().unwrap()));
    });
    vec![
        check("ZIP 215: a key of small order, for which anybody signs", &small_order, ed25519, &anybodys),
        check("ed25519: s is not reduced", &small_order, ed25519, &s_is_l),
        check(
            "es256: low-s as RFC 6979 publishes it",
            es256.public(),
            Message::Bytes(b"test"),
            &bytes(ES256_TEST),
        ),
        check("es256: s is zero", es256.public(), Message::Bytes(b"test"), &zero_s(&bytes(ES256_TEST))),
        check("es256: r is too large", es256.public(), Message::Bytes(b"test"), &big_r(&bytes(ES256_TEST))),
        check("eip712: high-s", eip712.public(), hash, &negated),
        check("eip712: v counted from 0", eip712.public(), hash, &with_v(good[64] - 27)),
        check("eip712: the other v", eip712.public(), hash, &with_v(55 - good[64])),
        check("eip712: v of EIP-155", eip712.public(), hash, &with_v(37)),
        check("eip712: s is zero", eip712.public(), hash, &zero_s(&good)),
        check("eip712: r is too large", eip712.public(), hash, &big_r(&good)),
        check("eip712: no point has this r", eip712.public(), hash, &no_point),
    ]
}

/// n − s, by the library: the negation of a secret scalar.
fn negate_secp256k1(s: [u8; 32]) -> [u8; 32] {
    secp256k1::SecretKey::from_secret_bytes(s).unwrap().negate().to_secret_bytes()
}

fn key_json((suite, secret): (Suite, [u8; 32])) -> Value {
    let key = SecretKey::from_bytes(suite, &secret).unwrap();
    let key = key.public();
    json!({
        "address": key.address(), "id": key.id(), "key": key, "secret": hex::encode(secret),
    })
}

fn refused_keys() -> Vec<Value> {
    let point = key(Suite::Es256).public().bytes().to_vec();
    let compressed = [&[2 + (point[64] & 1)], &point[1..33]].concat();
    let mut refused = vec![
        (Suite::Ed25519, vec![1; 31]),
        (Suite::Ed25519, changed(&[0; 32], |it| it[0] = 2)),
        (Suite::Es256, compressed),
        (Suite::Es256, changed(&point, |it| it[0] = 6 + (it[64] & 1))),
        (Suite::Es256, changed(&point, |it| it[64] ^= 1)),
        (Suite::Es256, changed(&[0; 65], |it| it[0] = 4)),
        (Suite::Eip712, vec![1; 21]),
        (Suite::Eip712, vec![0; 20]),
    ];
    let json = refused.drain(..).map(|(suite, key)| {
        let reason = key_answer(&PublicKey::new(suite, &key).unwrap_err());
        json!({ "key": hex::encode(key), "reason": reason, "suite": suite })
    });
    json.collect()
}

fn hashed(type_text: &str, members: Value, words: &[[u8; 32]]) -> Value {
    let hash = struct_hash(&type_hash(type_text), words);
    json!({
        "members": members, "salt": hex::encode(ledger()),
        "signing_hash": hex::encode(signing_hash(&domain_separator(&ledger()), &hash)),
        "struct_hash": hex::encode(hash), "type": type_text, "type_hash": hex::encode(type_hash(type_text)),
        "words": words.iter().map(hex::encode).collect::<Vec<_>>(),
    })
}

fn structs() -> Vec<Value> {
    let claim = json!({ "name": "amount", "salt": hex::encode([0x11; 32]), "value": "1000000.00" });
    let words = [string_word("amount"), string_word("1000000.00"), [0x11; 32]];
    let (size, root) = (u64::from(u32::MAX) + 7, [0x22; 32]);
    let checkpoint = json!({
        "epoch": 3, "ledger": hex::encode(ledger()), "root": hex::encode(root), "size": size,
    });
    vec![
        hashed(CLAIM_TYPE, claim, &words),
        hashed(CHECKPOINT_TYPE, checkpoint, &[ledger(), uint_word(3), uint_word(size), root]),
    ]
}

/// `vectors/suites.json`.
pub fn vectors() -> String {
    let mut checks: Vec<Value> = Suite::ALL.into_iter().flat_map(common_checks).collect();
    checks.extend(special_checks());
    let vectors = json!({
        "domain": {
            "salt": hex::encode(ledger()), "separator": hex::encode(domain_separator(&ledger())),
            "type": DOMAIN_TYPE,
        },
        "format": "lockstep/vectors/suites/1",
        "keys": secrets().map(key_json),
        "keys_refused": refused_keys(),
        "signatures": checks,
        "structs": structs(),
    });
    serde_json::to_string_pretty(&vectors).unwrap() + "\n"
}

fn lines(out: &mut String, name: &str, hex_text: &str) {
    let mut name = name;
    for part in hex_text.as_bytes().chunks(64) {
        writeln!(out, "{name:<20}{}", std::str::from_utf8(part).unwrap()).unwrap();
        name = "";
    }
}

fn key_lines(out: &mut String, suite: Suite) {
    let (_, secret) = secrets().into_iter().find(|(of, _)| *of == suite).unwrap();
    let key = key(suite);
    writeln!(out, "{suite}").unwrap();
    lines(out, "  secret", &hex::encode(secret));
    lines(out, "  key", &hex::encode(key.public().bytes()));
    lines(out, "  key id", &key.public().id().to_string());
}

/// The example at the top of `specs/suites.md`.
pub fn example() -> String {
    let mut out = String::new();
    key_lines(&mut out, Suite::Ed25519);
    writeln!(out, "  message           \"{}\"", String::from_utf8_lossy(WORD)).unwrap();
    lines(&mut out, "  signature", &hex::encode(signed(Suite::Ed25519)));
    key_lines(&mut out, Suite::Es256);
    writeln!(out, "  message           \"sample\"").unwrap();
    lines(&mut out, "  from an HSM", &hex::encode(signed(Suite::Es256)));
    let low = normalise(Suite::Es256, &signed(Suite::Es256)).unwrap();
    lines(&mut out, "  signature (low-s)", &hex::encode(low));
    key_lines(&mut out, Suite::Eip712);
    lines(&mut out, "  ledger (the salt)", &hex::encode(ledger()));
    lines(&mut out, "  domain separator", &hex::encode(domain_separator(&ledger())));
    writeln!(out, "  claim             name \"amount\", value \"1000000.00\", salt 32 bytes 0x11").unwrap();
    let words = [string_word("amount"), string_word("1000000.00"), [0x11; 32]];
    lines(&mut out, "  hashStruct", &hex::encode(struct_hash(&type_hash(CLAIM_TYPE), &words)));
    lines(&mut out, "  signing hash", &hex::encode(claim_hash()));
    lines(&mut out, "  signature", &hex::encode(signed(Suite::Eip712)));
    out
}
