use super::*;
use crate::committee::Member;
use lockstep_types::{Address, Lei, sha256};
use proptest::prelude::*;

const LEDGER: LedgerId = LedgerId([0x11; 32]);

fn key(n: u8) -> SecretKey {
    SecretKey::from_bytes(Suite::Eip712, &sha256(&[n])).unwrap()
}

fn committee(epoch: u64, keys: core::ops::Range<u8>, threshold: u8) -> Committee {
    let members = keys.map(|n| Member {
        address: key(n).public().address().unwrap(),
        lei: Lei::with_check_digits(&format!("5299000000000000{n:02}")).unwrap(),
        name: format!("cosigner-{n}").parse().unwrap(),
    });
    Committee::new(epoch, members.collect(), threshold).unwrap()
}

fn checkpoint(epoch: u64) -> Checkpoint {
    Checkpoint { epoch, ledger: LEDGER, root: RootHash([0x22; 32]), size: 42 }
}

/// Signatures of the members with these keys; members are numbered from 0, keys from `first`.
fn certificate(of: &Checkpoint, committee: &Committee, first: u8, members: &[u8]) -> Certificate {
    let signatures: Vec<_> = members
        .iter()
        .map(|member| MemberSignature { member: *member, signature: of.sign(&key(first + member)).unwrap() })
        .collect();
    Certificate::assemble(of, committee, &signatures)
}

fn good() -> (Committee, Certificate) {
    let committee = committee(5, 0..4, 3);
    let certificate = certificate(&checkpoint(5), &committee, 0, &[0, 2, 3]);
    (committee, certificate)
}

/// s ↦ n − s and the other v: the second signature of the same message.
fn raised(signature: &CheckpointSignature) -> CheckpointSignature {
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

#[test]
fn what_co_signers_sign_is_frozen() {
    assert_eq!(
        hex::encode(checkpoint(5).signing_hash()),
        "969c7b2e00173900ed6cc955c15daebf4f845fc9b41649ce757d49b57480f9bd"
    );
    assert_eq!(
        good().1.digest().unwrap().to_string(),
        "1e7d0b7e849c86dce42363e3726dee495b26c251af232d6b0f93bf3d71f9f254"
    );
}

#[test]
fn a_second_library_finds_the_same_hash_to_sign() {
    use alloy_sol_types::{Eip712Domain, SolStruct as _};
    mod sol {
        alloy_sol_types::sol! {
            struct Checkpoint { bytes32 ledger; uint64 epoch; uint64 size; bytes32 root; }
        }
    }
    let Checkpoint { epoch, ledger, root, size } = checkpoint(5);
    let salt = Some(ledger.0.into());
    let domain = Eip712Domain::new(Some("Lockstep".into()), Some("1".into()), None, None, salt);
    let typed = sol::Checkpoint { ledger: ledger.0.into(), epoch, size, root: root.0.into() };
    assert_eq!(typed.eip712_signing_hash(&domain).0, checkpoint(5).signing_hash());
    assert_eq!(sol::Checkpoint::eip712_root_type(), CHECKPOINT_TYPE);
}

#[test]
fn every_field_of_a_checkpoint_is_signed() {
    let checkpoint = checkpoint(5);
    let others = [
        Checkpoint { epoch: 6, ..checkpoint },
        Checkpoint { ledger: LedgerId([0x12; 32]), ..checkpoint },
        Checkpoint { root: RootHash([0x23; 32]), ..checkpoint },
        Checkpoint { size: 43, ..checkpoint },
    ];
    for other in others {
        assert_ne!(other.signing_hash(), checkpoint.signing_hash());
    }
}

#[test]
fn a_quorum_verifies_and_survives_its_json() {
    let (committee, certificate) = good();
    assert_eq!(certificate.verify(&LEDGER, &committee), Ok(checkpoint(5)));
    assert!(canonical::is_canonical(&certificate));
    let bytes = certificate.to_bytes().unwrap();
    assert_eq!(Certificate::from_bytes(&bytes).unwrap(), certificate);
}

#[test]
fn one_co_signer_is_a_committee_too() {
    let committee = committee(0, 0..1, 1);
    let certificate = certificate(&checkpoint(0), &committee, 0, &[0]);
    assert_eq!(certificate.verify(&LEDGER, &committee), Ok(checkpoint(0)));
}

#[test]
fn a_certificate_of_32_co_signers_is_read() {
    let committee = committee(0, 0..32, 32);
    let certificate = certificate(&checkpoint(0), &committee, 0, &(0..32).collect::<Vec<u8>>());
    let read = Certificate::from_bytes(&certificate.to_bytes().unwrap()).unwrap();
    assert!(read.verify(&LEDGER, &committee).is_ok());
}

/// Every way in which a certificate fails to count, each with one change to a good one.
#[test]
fn every_error_is_reached_in_the_order_of_the_checks() {
    use CertificateError as E;
    let (committee, good) = good();
    let other = CommitteeDigest([0; 32]);
    let change = |edit: fn(&mut Certificate)| {
        let mut changed = good.clone();
        edit(&mut changed);
        changed.verify(&LEDGER, &committee).unwrap_err()
    };
    assert_eq!(change(|c| c.scheme = 2), E::Scheme { found: 2 });
    let found = LedgerId([9; 32]);
    assert_eq!(change(|c| c.ledger = LedgerId([9; 32])), E::WrongLedger { expected: LEDGER, found });
    assert_eq!(change(|c| c.epoch = 4), E::WrongEpoch { expected: 5, found: 4 });
    let expected = committee.digest();
    assert_eq!(
        change(|c| c.committee = CommitteeDigest([0; 32])),
        E::WrongCommittee { expected, found: other }
    );
    assert_eq!(change(|c| c.threshold = 1), E::WrongThreshold { expected: 3, found: 1 });
    assert_eq!(change(|c| c.size = 0), E::Size { found: 0 });
    assert_eq!(change(|c| c.size = LEDGER_SIZE_MAX + 1), E::Size { found: LEDGER_SIZE_MAX + 1 });
    assert_eq!(change(|c| c.signatures[1] = c.signatures[0]), E::Doubled { member: 0 });
    assert_eq!(change(|c| c.signatures.swap(0, 1)), E::Unsorted { member: 0 });
    assert_eq!(change(|c| c.signatures[2].member = 4), E::MemberOutOfRange { member: 4, members: 4 });
    assert_eq!(
        change(|c| c.signatures[0].signature = raised(&c.signatures[0].signature)),
        E::HighS { member: 0 }
    );
    // Signed by member 0, said to be by member 1.
    assert_eq!(change(|c| c.signatures[0].member = 1), E::BadSignature { member: 1 });
    assert_eq!(
        change(|c| c.signatures[0].signature = CheckpointSignature::new([0; 65])),
        E::BadSignature { member: 0 }
    );
    // Everything that is signed: another root or size is another message.
    assert_eq!(change(|c| c.root = RootHash([0; 32])), E::BadSignature { member: 0 });
    assert_eq!(change(|c| c.size = 43), E::BadSignature { member: 0 });
    assert_eq!(change(|c| c.signatures.truncate(2)), E::TooFew { found: 2, threshold: 3 });
    assert_eq!(change(|c| c.signatures.clear()), E::TooFew { found: 0, threshold: 3 });
}

#[test]
fn a_raised_signature_is_a_true_one_of_the_same_message() {
    // Else the test of `HighS` would show only that garbage is refused.
    let (_, good) = good();
    let raised = raised(&good.signatures[0].signature);
    let lowered = lockstep_crypto::normalise(Suite::Eip712, raised.as_bytes()).unwrap();
    assert_eq!(lowered, good.signatures[0].signature.as_bytes());
}

#[test]
fn a_bad_signature_beyond_the_quorum_refuses_the_whole() {
    let (committee, mut certificate) = good();
    let extra = MemberSignature { member: 1, signature: certificate.signatures[0].signature };
    certificate.signatures.insert(1, extra);
    assert_eq!(certificate.verify(&LEDGER, &committee), Err(CertificateError::BadSignature { member: 1 }));
}

#[test]
fn only_a_key_of_the_suite_eip712_signs_checkpoints() {
    let wrong = SecretKey::from_bytes(Suite::Ed25519, &[1; 32]).unwrap();
    assert!(checkpoint(5).sign(&wrong).is_err());
}

#[test]
fn a_handover_is_signed_by_both_sets() {
    use HandoverError as E;
    let (old, new) = (committee(5, 0..4, 3), committee(6, 2..6, 3));
    let by_old = certificate(&checkpoint(5), &old, 0, &[0, 1, 2]);
    let by_new = certificate(&checkpoint(6), &new, 2, &[1, 2, 3]);
    let good = Handover { new: by_new, old: by_old };
    assert_eq!(good.verify(&LEDGER, &old, &new), Ok(checkpoint(6)));
    assert!(canonical::is_canonical(&good));

    let skipped = committee(7, 2..6, 3);
    assert_eq!(good.verify(&LEDGER, &old, &skipped), Err(E::Epoch { expected: 6, found: 7 }));
    assert_eq!(good.verify(&LEDGER, &old, &old), Err(E::Epoch { expected: 6, found: 5 }));
    let change = |edit: fn(&mut Handover)| {
        let mut changed = good.clone();
        edit(&mut changed);
        changed.verify(&LEDGER, &old, &new).unwrap_err()
    };
    assert_eq!(change(|h| h.new.size = 43), E::Size { expected: 42, found: 43 });
    let root = RootHash([0x22; 32]);
    assert_eq!(
        change(|h| h.new.root = RootHash([0; 32])),
        E::Root { expected: root, found: RootHash([0; 32]) }
    );
    let too_few = CertificateError::TooFew { found: 2, threshold: 3 };
    assert_eq!(change(|h| h.old.signatures.truncate(2)), E::Old(too_few.clone()));
    assert_eq!(change(|h| h.new.signatures.truncate(2)), E::New(too_few));
    // The old set's certificate twice is no handover.
    let twice = Handover { new: good.old.clone(), old: good.old.clone() };
    assert!(matches!(twice.verify(&LEDGER, &old, &new), Err(E::New(CertificateError::WrongEpoch { .. }))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_subset_counts_exactly_from_the_threshold_on(
        chosen in proptest::sample::subsequence((0..7u8).collect::<Vec<_>>(), 0..=7),
    ) {
        let committee = committee(1, 0..7, 5);
        let certificate = certificate(&checkpoint(1), &committee, 0, &chosen);
        prop_assert_eq!(certificate.verify(&LEDGER, &committee).is_ok(), chosen.len() >= 5);
    }

    #[test]
    fn no_flipped_bit_in_the_json_leaves_a_certificate_that_counts(
        at in any::<prop::sample::Index>(),
        bit in 0..8,
    ) {
        let (committee, certificate) = good();
        let mut bytes = certificate.to_bytes().unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1u8 << bit;
        if let Ok(read) = Certificate::from_bytes(&bytes) {
            prop_assert!(read.verify(&LEDGER, &committee).is_err());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Certificate::from_bytes(&bytes);
    }
}

#[test]
fn addresses_of_members_are_those_of_their_keys() {
    let (committee, certificate) = good();
    let signature = certificate.signatures[1];
    let signer = recover(&checkpoint(5).signing_hash(), signature.signature.as_bytes()).unwrap();
    assert_eq!(Some(signer), committee.member(2).map(|member| member.address));
    assert_ne!(signer, Address([0; 20]));
}
