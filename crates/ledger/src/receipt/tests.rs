use super::*;
use crate::certificate::{Certificate, CertificateError, Checkpoint, MemberSignature};
use crate::committee::{Committee, Member};
use lockstep_crypto::tree::{self, Subtrees};
use lockstep_crypto::{Message, SecretKey, Suite};
use lockstep_types::{LedgerId, Lei, RootHash, sha256};
use proptest::prelude::*;

const LEDGER: LedgerId = LedgerId([0x11; 32]);

fn appender() -> SecretKey {
    SecretKey::from_bytes(Suite::Ed25519, &[5; 32]).unwrap()
}

fn place(n: u64) -> Place {
    Place { index: n, leaf: LeafHash(sha256(&n.to_be_bytes())) }
}

fn item(n: u64) -> Item {
    let code = || "order.waits".parse().unwrap();
    let result = match n % 3 {
        0 => ItemResult::Recorded(place(n)),
        1 => ItemResult::Refused(RefusedItem { code: code(), record: None }),
        _ => ItemResult::Refused(RefusedItem { code: code(), record: Some(place(n)) }),
    };
    Item { attestation: AttestationDigest(sha256(&[1])), result, time: Time::from_ms(n).unwrap() }
}

fn accepted(count: u64) -> Vec<AcceptedReceipt> {
    let batch = AcceptedBatch::new(LEDGER, (0..count).map(item).collect()).unwrap();
    let signature = appender().sign(Message::Bytes(&batch.message())).unwrap();
    batch.receipts(&signature).unwrap()
}

fn certified() -> (Committee, CertifiedReceipt) {
    let key = SecretKey::from_bytes(Suite::Eip712, &[6; 32]).unwrap();
    let member = Member {
        address: key.public().address().unwrap(),
        lei: Lei::with_check_digits("529900000000000000").unwrap(),
        name: "cosigner".parse().unwrap(),
    };
    let committee = Committee::new(0, vec![member], 1).unwrap();
    let log: Subtrees = (0..20).map(|n| place(n).leaf).collect();
    let head = log.frontier().head();
    let checkpoint = Checkpoint { epoch: 0, ledger: LEDGER, root: head.root, size: head.size };
    let signature = MemberSignature { member: 0, signature: checkpoint.sign(&key).unwrap() };
    let certificate = Certificate::assemble(&checkpoint, &committee, &[signature]);
    let path = tree::inclusion_proof(&log, 7, head.size).unwrap();
    (committee, CertifiedReceipt { certificate, path, record: place(7), version: RECEIPT_VERSION })
}

#[test]
fn one_signature_covers_a_batch_of_any_size() {
    for count in [0, 1, 2, 3, 7, 64] {
        let receipts = accepted(count);
        assert_eq!(receipts.len(), usize::try_from(count).unwrap());
        for (n, receipt) in (0..).zip(receipts) {
            assert_eq!(receipt.item, item(n));
            receipt.verify(&LEDGER, appender().public()).unwrap();
            let receipt = Receipt::Accepted(receipt);
            assert!(canonical::is_canonical(&receipt));
            assert_eq!(Receipt::from_bytes(&receipt.to_bytes().unwrap()).unwrap(), receipt);
        }
    }
}

#[test]
fn the_message_of_a_batch_is_frozen() {
    let batch = AcceptedBatch::new(LEDGER, vec![item(0), item(1), item(2)]).unwrap();
    let message = batch.message();
    assert!(message.starts_with(b"lockstep/accepted/1\n"));
    assert_eq!(message.len(), 20 + 32 + 8 + 32);
    assert_eq!(
        hex::encode(sha256(&message)),
        "c52a38e592afa178aaa5d1335cb22597369e74705c24ec86696096b1baa39b21"
    );
}

#[test]
fn every_error_of_an_accepted_receipt_is_reached_in_the_order_of_the_checks() {
    use AcceptedError as E;
    let good = accepted(5).remove(2);
    let changed = |edit: fn(&mut AcceptedReceipt)| {
        let mut receipt = good.clone();
        edit(&mut receipt);
        receipt.verify(&LEDGER, appender().public()).unwrap_err()
    };
    assert!(matches!(changed(|r| r.version = 2), E::Version { found: 2 }));
    assert!(matches!(changed(|r| r.ledger = LedgerId([0; 32])), E::WrongLedger { .. }));
    let es256 = SecretKey::from_bytes(Suite::Es256, &[1; 32]).unwrap();
    assert!(matches!(good.verify(&LEDGER, es256.public()), Err(E::Suite { found: Suite::Es256 })));
    assert!(matches!(changed(|r| r.index = 5), E::Path(_)));
    assert!(matches!(changed(|r| r.index = 1), E::Path(_)));
    assert!(matches!(changed(|r| r.item.time = Time::from_ms(9).unwrap()), E::Path(_)));
    assert!(matches!(changed(|r| r.item.result = ItemResult::Recorded(place(2))), E::Path(_)));
    assert!(matches!(changed(|r| r.path.truncate(1)), E::Path(_)));
    assert!(matches!(changed(|r| r.root = RootHash([0; 32])), E::Path(_)));
    let other = SecretKey::from_bytes(Suite::Ed25519, &[4; 32]).unwrap();
    assert!(matches!(good.verify(&LEDGER, other.public()), Err(E::Signature(_))));
    // Another size under which the same path would lead to the same root is not the signed one.
    let alone = accepted(1).remove(0);
    let mut moved = alone.clone();
    moved.ledger = LedgerId([0; 32]);
    assert!(matches!(moved.verify(&LedgerId([0; 32]), appender().public()), Err(E::Signature(_))));
}

#[test]
fn a_certified_receipt_verifies_and_survives_its_json() {
    let (committee, receipt) = certified();
    let checkpoint = receipt.verify(&LEDGER, &committee).unwrap();
    assert_eq!(checkpoint.size, 20);
    let receipt = Receipt::Certified(receipt);
    assert!(canonical::is_canonical(&receipt));
    assert_eq!(Receipt::from_bytes(&receipt.to_bytes().unwrap()).unwrap(), receipt);
}

#[test]
fn every_error_of_a_certified_receipt_is_reached_in_the_order_of_the_checks() {
    use CertifiedError as E;
    let (committee, good) = certified();
    let changed = |edit: fn(&mut CertifiedReceipt)| {
        let mut receipt = good.clone();
        edit(&mut receipt);
        receipt.verify(&LEDGER, &committee).unwrap_err()
    };
    assert_eq!(changed(|r| r.version = 0), E::Version { found: 0 });
    let too_few = CertificateError::TooFew { found: 0, threshold: 1 };
    assert_eq!(changed(|r| r.certificate.signatures.clear()), E::Certificate(too_few));
    assert!(matches!(changed(|r| r.record.index = 8), E::Path(_)));
    assert!(matches!(changed(|r| r.record.leaf = place(8).leaf), E::Path(_)));
    assert!(matches!(changed(|r| r.path.swap(0, 1)), E::Path(_)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_flipped_bit_leaves_a_receipt_that_counts(
        kind in any::<bool>(),
        at in any::<prop::sample::Index>(),
        bit in 0..8,
    ) {
        let (committee, receipt) = certified();
        let receipt = match kind {
            true => Receipt::Certified(receipt),
            false => Receipt::Accepted(accepted(5).remove(2)),
        };
        let mut bytes = receipt.to_bytes().unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1u8 << bit;
        match Receipt::from_bytes(&bytes) {
            Ok(Receipt::Accepted(read)) => prop_assert!(read.verify(&LEDGER, appender().public()).is_err()),
            Ok(Receipt::Certified(read)) => prop_assert!(read.verify(&LEDGER, &committee).is_err()),
            Err(_) => {}
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Receipt::from_bytes(&bytes);
    }
}
