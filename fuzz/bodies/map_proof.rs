//! Proofs of the state map and of the log, public keys and signatures of all suites: what is read has exactly
//! these bytes, only the seed's bytes hold against the seed's root or key, and a batch answers as each alone.

use lockstep_crypto::suite::{
    BATCH_MAX, Check, Message, PublicKey, Suite, normalise, recover, verify, verify_batch,
};
use lockstep_crypto::tree::{Frontier, TreeHead, leaf_hash, root_of, verify_consistency, verify_inclusion};
use lockstep_crypto::{MapNode, MapProof};
use lockstep_types::{Digest, LeafHash, MapKey, RootHash, canonical};
use std::sync::LazyLock;

/// The map with these entries and the three proofs about it stand in `vectors/state-map.json`.
const ROOT: &str = "67cf35165098b0b0a3dce38b9169c03610eebdf21992e07e36b8184c9e8fd904";
const VALUE_HASH: &str = "363379742f80b51bdb9206579af7754911543079b9399cb3fc315fb199f476e8";

/// Key, whether the map holds it, and the one proof that says so.
const PROOFS: [(&str, bool, &[u8]); 3] = [
    (
        "dd6b36995453bf44c98dd691392a3b1d95e672e025d802d39064f8e3180406d9",
        true,
        include_bytes!("../seeds/map_proof/presence.json"),
    ),
    (
        "33fc6e8ad066231eb5527d1a39214c1eb390985d9977500312c5f10748f14d2d",
        false,
        include_bytes!("../seeds/map_proof/absence-by-another.json"),
    ),
    (
        "7f774bb46e7e342a2d9d0514b27cee622012f7415645345054f8cd31e1dda661",
        false,
        include_bytes!("../seeds/map_proof/absence-by-nothing.json"),
    ),
];

/// The log has one leaf of one byte a number; the proofs are about leaf 6 and the first 6 leaves of 13.
const LEAVES: u8 = 13;
const PLACE: u8 = 6;
const INCLUSION: &[u8] = include_bytes!("../seeds/map_proof/inclusion.bin");
const CONSISTENCY: &[u8] = include_bytes!("../seeds/map_proof/consistency.bin");

/// A key with what it signed.
struct Signed {
    key: PublicKey,
    message: &'static [u8],
    signature: &'static [u8],
}

static SIGNED: LazyLock<[Signed; 3]> = LazyLock::new(|| {
    [
        (
            Suite::Ed25519,
            &include_bytes!("../seeds/map_proof/ed25519-key.bin")[..],
            &include_bytes!("../seeds/map_proof/ed25519-message.bin")[..],
            &include_bytes!("../seeds/map_proof/ed25519-signature.bin")[..],
        ),
        (
            Suite::Es256,
            include_bytes!("../seeds/map_proof/es256-key.bin"),
            include_bytes!("../seeds/map_proof/es256-message.bin"),
            include_bytes!("../seeds/map_proof/es256-signature.bin"),
        ),
        (
            Suite::Eip712,
            include_bytes!("../seeds/map_proof/eip712-key.bin"),
            include_bytes!("../seeds/map_proof/eip712-message.bin"),
            include_bytes!("../seeds/map_proof/eip712-signature.bin"),
        ),
    ]
    .map(|(suite, key, message, signature)| {
        let key = PublicKey::new(suite, key).expect("the seed is a key");
        Signed { key, message, signature }
    })
});

/// Panics when `data` breaks a property.
pub fn run(data: &[u8]) {
    check_map(data);
    check_log(data);
    check_keys(data);
    check_signatures(data);
}

fn check_map(data: &[u8]) {
    if let Some(node) = MapNode::from_bytes(data) {
        assert_eq!(node.to_bytes(), data);
    }
    let Ok(proof) = canonical::from_slice::<MapProof>(data, data.len()) else { return };
    assert_eq!(canonical::to_vec(&proof).expect("a proof can be written"), data);
    let root: RootHash = ROOT.parse().expect("a root");
    let value_hash: Digest = VALUE_HASH.parse().expect("a digest");
    for (key, held, only) in PROOFS {
        let key: MapKey = key.parse().expect("a key");
        for answer in [None, Some(value_hash.0)] {
            let holds = proof.verify(root, &key, answer).is_ok();
            assert_eq!(
                holds,
                data == only && answer.is_some() == held,
                "`{key}` has one proof and one answer"
            );
        }
    }
}

fn check_log(data: &[u8]) {
    if let Ok(frontier) = canonical::from_slice::<Frontier>(data, data.len()) {
        assert_eq!(canonical::to_vec(&frontier).expect("a frontier can be written"), data);
        assert_eq!(frontier.head().root, frontier.root());
    }
    let (hashes, []) = data.as_chunks::<32>() else { return };
    let proof: Vec<Digest> = hashes.iter().map(|hash| Digest(*hash)).collect();
    let leaves: Vec<LeafHash> = (0..LEAVES).map(|number| leaf_hash(&[number])).collect();
    let head = TreeHead { size: u64::from(LEAVES), root: root_of(&leaves) };
    let (before, _) = leaves.split_at(usize::from(PLACE));
    let old = TreeHead { size: u64::from(PLACE), root: root_of(before) };
    for (index, leaf) in (0..=head.size).zip(leaves.iter().chain(&leaves)) {
        let holds = verify_inclusion(*leaf, index, &proof, head).is_ok();
        assert_eq!(holds, data == INCLUSION && index == old.size, "a leaf has one place and one proof");
    }
    assert_eq!(verify_consistency(old, head, &proof).is_ok(), data == CONSISTENCY);
    assert!(verify_consistency(head, old, &proof).is_err(), "a log does not shrink");
}

fn check_keys(data: &[u8]) {
    if let Ok(key) = canonical::from_slice::<PublicKey>(data, data.len()) {
        assert_eq!(canonical::to_vec(&key).expect("a key can be written"), data);
        assert_eq!(PublicKey::new(key.suite(), key.bytes()), Ok(key));
    }
    for suite in Suite::ALL {
        let Ok(key) = PublicKey::new(suite, data) else { continue };
        assert_eq!((key.suite(), key.bytes()), (suite, data));
        // Whoever registers a key refuses the points of small order, under which everything verifies.
        let registered = !key.has_small_order();
        for signed in SIGNED.iter().filter(|_| registered) {
            let counts = verify(&key, message_for(&key, signed.message), signed.signature).is_ok();
            assert_eq!(counts, key == signed.key, "a signature is of one key");
        }
    }
}

/// `data` as a signature and as a message, for every key; then all of it at once.
fn check_signatures(data: &[u8]) {
    let mut checks: Vec<Check<'_>> = Vec::new();
    for signed in SIGNED.iter() {
        let (key, message) = (&signed.key, message_for(&signed.key, signed.message));
        checks.push(Check { key, message, signature: signed.signature });
        checks.push(Check { key, message, signature: data });
        checks.push(Check { key, message: message_for(key, data), signature: signed.signature });
        if let Ok(normal) = normalise(key.suite(), data) {
            assert_eq!(
                normalise(key.suite(), &normal).as_ref(),
                Ok(&normal),
                "normalising again changes nothing"
            );
        }
    }
    let alone: Vec<_> =
        checks.iter().map(|check| verify(check.key, check.message, check.signature)).collect();
    for (check, answer) in checks.iter().zip(&alone) {
        let signed = SIGNED.iter().find(|signed| signed.key == *check.key).expect("a key of the seeds");
        let unchanged =
            check.signature == signed.signature && check.message == message_for(check.key, signed.message);
        assert_eq!(answer.is_ok(), unchanged, "another signature or message counts");
    }
    // Ed25519 shares one equation from four signatures on, so the good one stands there often enough.
    checks.extend([checks[0]; 4]);
    let answers = alone.iter().chain(&[Ok(()), Ok(()), Ok(()), Ok(())]);
    assert!(
        checks.len() < BATCH_MAX && verify_batch(&checks).iter().eq(answers),
        "a batch answers as each alone"
    );
    if let Some(hash) = SIGNED.iter().find_map(|signed| <&[u8; 32]>::try_from(signed.message).ok()) {
        let eip712 = SIGNED.iter().filter_map(|signed| signed.key.address());
        let ours = recover(hash, data).is_ok_and(|found| eip712.clone().any(|address| address == found));
        assert_eq!(ours, SIGNED.iter().any(|s| s.key.suite() == Suite::Eip712 && s.signature == data));
    }
}

/// `bytes` in the kind of message that the key's suite signs; a hash of other than 32 bytes is all zeros.
fn message_for<'a>(key: &PublicKey, bytes: &'a [u8]) -> Message<'a> {
    match key.suite() {
        Suite::Eip712 => Message::Hash(bytes.try_into().unwrap_or(&[0; 32])),
        Suite::Ed25519 | Suite::Es256 => Message::Bytes(bytes),
    }
}
