use super::*;
use lockstep_crypto::{SecretKey, Suite};
use lockstep_ledger::Member;
use lockstep_types::{LedgerId, Lei, RootHash};

const LEDGER: LedgerId = LedgerId([5; 32]);

/// Four keys from a number, and the committee that they make in an epoch; three must sign.
fn committee(epoch: u64, first: u8) -> (Committee, Vec<SecretKey>) {
    let key = |number| SecretKey::from_bytes(Suite::Eip712, &[number; 32]).unwrap();
    let keys: Vec<SecretKey> = (first..first + 4).map(key).collect();
    let member = |(key, number): (&SecretKey, u8)| Member {
        address: key.public().address().unwrap(),
        lei: Lei::with_check_digits(&format!("5299000000000000{number:02}")).unwrap(),
        name: format!("c-{number}").parse().unwrap(),
    };
    let members = keys.iter().zip(10..).map(member).collect();
    (Committee::new(epoch, members, 3).unwrap(), keys)
}

fn head(epoch: u64, size: u64) -> Checkpoint {
    let root = RootHash([u8::try_from(size).unwrap(); 32]);
    Checkpoint { epoch, ledger: LEDGER, root, size }
}

fn cosigned(key: &SecretKey, checkpoint: Checkpoint) -> Cosigned {
    let signature = checkpoint.sign(key).unwrap();
    Cosigned { address: key.public().address().unwrap(), checkpoint, signature }
}

#[test]
fn a_handover_is_made_once_enough_of_both_committees_have_signed_one_seal() {
    let ((old, leaves), (new, comes)) = (committee(0, 1), committee(1, 11));
    let quorums = Quorums::default();
    quorums.expect(head(0, 10), &old);
    quorums.expect(head(1, 20), &new);
    // Nobody has said yet that a committee leaves.
    let early = quorums.add(&cosigned(&leaves[0], head(0, 20)));
    assert!(matches!(early, Err(QuorumError::OtherEpoch { expected: 1, found: 0 })), "{early:?}");
    quorums.leaves(old.clone(), 15);
    assert_eq!(quorums.leaving(), Some(old.clone()));
    quorums.expect(head(1, 30), &new);
    // Three of each, but over two seals.
    for at in 0..3 {
        let certificate = quorums.add(&cosigned(&leaves[at], head(0, 20))).unwrap();
        assert_eq!(certificate.is_some(), at == 2);
        assert_eq!(quorums.add(&cosigned(&comes[at], head(1, 30))).unwrap().is_some(), at == 2);
    }
    assert_eq!(quorums.handover(), None);
    // Keys of the one committee do not count for the other.
    let strange = quorums.add(&cosigned(&comes[3], head(0, 30)));
    assert!(matches!(strange, Err(QuorumError::NotAMember { epoch: 0, .. })), "{strange:?}");
    for key in leaves.iter().take(3) {
        quorums.add(&cosigned(key, head(0, 30))).unwrap();
    }
    let handover = quorums.handover().unwrap();
    assert_eq!(handover.verify(&LEDGER, &old, &new).unwrap().size, 30);
    quorums.left();
    assert_eq!((quorums.leaving(), quorums.handover()), (None, None));
}

#[test]
fn seals_from_before_the_rotation_are_not_handed_over() {
    let ((old, leaves), (new, _)) = (committee(0, 1), committee(1, 11));
    let quorums = Quorums::default();
    quorums.expect(head(1, 20), &new);
    quorums.leaves(old, 20);
    let signed = quorums.add(&cosigned(&leaves[0], head(0, 20)));
    assert!(matches!(signed, Err(QuorumError::OtherEpoch { .. })), "{signed:?}");
}

#[test]
fn of_both_committees_the_latest_seals_are_waited_for() {
    let ((old, leaves), (new, comes)) = (committee(0, 1), committee(1, 11));
    let quorums = Quorums::default();
    quorums.leaves(old, 1);
    for size in 2..=40 {
        quorums.expect(head(1, size), &new);
    }
    let last = 40 - u64::try_from(SEALS_MAX).unwrap();
    for (size, kept) in [(40, true), (last + 1, true), (last, false)] {
        assert_eq!(quorums.add(&cosigned(&leaves[0], head(0, size))).is_ok(), kept, "{size}");
        assert_eq!(quorums.add(&cosigned(&comes[0], head(1, size))).is_ok(), kept, "{size}");
    }
    assert_eq!(quorums.epoch(), Some(1));
}
