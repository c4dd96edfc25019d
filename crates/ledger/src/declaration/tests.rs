use super::*;
use lockstep_crypto::{Message, SecretKey, Suite};
use lockstep_types::sha256;

const LEDGER: LedgerId = LedgerId([0x11; 32]);

fn key(n: u8) -> SecretKey {
    SecretKey::from_bytes(Suite::Eip712, &sha256(&[n])).unwrap()
}

fn signers(keys: core::ops::Range<u8>, threshold: u8) -> Signers {
    Signers::new(keys.map(|n| key(n).public().address().unwrap()).collect(), threshold).unwrap()
}

fn by(declaration: &Declaration, members: &[u8]) -> Vec<MemberSignature> {
    let sign = |n: &u8| {
        let bytes = key(*n).sign(Message::Hash(&declaration.signing_hash())).unwrap();
        MemberSignature { member: *n, signature: CheckpointSignature::new(bytes.try_into().unwrap()) }
    };
    members.iter().map(sign).collect()
}

fn on_change() -> OnChange {
    OnChange {
        chain: 31_337,
        change: Digest([0x55; 32]),
        epoch: 5,
        gate: Address([0x66; 20]),
        ledger: LEDGER,
    }
}

/// One of each kind.
fn all() -> [Declaration; 5] {
    let (anchor, chain, epoch, ledger, round) = (Address([0x44; 20]), 31_337, 5, LEDGER, 2);
    let (root, successor) = (RootHash([0x22; 32]), LedgerId([0x33; 32]));
    [
        Declaration::Succession(Succession { epoch, ledger, root, size: 42, successor }),
        Declaration::Recovery(Recovery { anchor, chain, epoch, ledger, next: signers(4..8, 3), round }),
        Declaration::RecoveryVeto(OnRecovery { anchor, chain, epoch, ledger, round }),
        Declaration::Veto(on_change()),
        Declaration::Override(on_change()),
    ]
}

#[test]
fn as_many_as_a_contract_asks_for_must_have_signed() {
    let committee = signers(0..4, 3);
    for (declaration, needed) in all().iter().zip([3u8, 3, 3, 1, 2]) {
        assert_eq!(declaration.needed(3), needed, "{}", declaration.kind());
        for count in 0..=4u8 {
            let signed = by(declaration, &(0..count).collect::<Vec<_>>());
            let found = declaration.verify(&signed, &committee, None);
            let enough = if needed == 1 { count == 1 } else { count >= needed };
            assert_eq!(found.is_ok(), enough, "{} by {count}: {found:?}", declaration.kind());
        }
    }
    assert_eq!(all()[4].needed(1), 1, "where k is 1 there is nobody to override");
}

#[test]
fn every_refusal_is_reached_in_the_order_of_the_checks() {
    use DeclarationError as E;
    let committee = signers(0..4, 3);
    let [succession, recovery, _, veto, overriding] = all();
    let both = by(&veto, &[0, 1]);
    assert_eq!(veto.verify(&both, &committee, None), Err(E::OneSignature { found: 2 }));
    let Declaration::Succession(mut empty) = succession.clone() else { panic!("the first is a succession") };
    empty.size = 0;
    let empty = Declaration::Succession(empty).verify(&[], &committee, None);
    assert_eq!(empty, Err(CertificateError::Size { found: 0 }.into()));
    let twice = [by(&succession, &[0]), by(&succession, &[0])].concat();
    assert_eq!(
        succession.verify(&twice, &committee, None),
        Err(CertificateError::Doubled { member: 0 }.into())
    );
    // What was signed for the committee says nothing of the recovery set.
    let signed = by(&recovery, &[0, 1, 2]);
    let foreign = CertificateError::BadSignature { member: 0 };
    assert_eq!(recovery.verify(&signed, &signers(20..23, 3), None), Err(foreign.into()));
    let vetoer = key(1).public().address();
    let signed = by(&overriding, &[0, 1, 2]);
    let address = vetoer.unwrap();
    assert_eq!(overriding.verify(&signed, &committee, vetoer), Err(E::VetoerSigned { address }));
    assert_eq!(overriding.verify(&by(&overriding, &[0, 2]), &committee, vetoer), Ok(()));
    // Who vetoed is of no account to a veto.
    assert_eq!(veto.verify(&by(&veto, &[1]), &committee, vetoer), Ok(()));
}

#[test]
fn what_is_signed_for_one_thing_is_void_for_every_other() {
    let changes: [fn(&mut OnChange); 5] = [
        |on| on.chain = 1,
        |on| on.change = Digest([0; 32]),
        |on| on.epoch = 6,
        |on| on.gate = Address([0; 20]),
        |on| on.ledger = LedgerId([0; 32]),
    ];
    let mut hashes: Vec<[u8; 32]> = all().iter().map(Declaration::signing_hash).collect();
    for change in changes {
        let mut on = on_change();
        change(&mut on);
        hashes.push(Declaration::Veto(on).signing_hash());
    }
    let count = hashes.len();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), count);
}

#[test]
fn what_is_handed_around_has_one_form_and_names_its_key() {
    for declaration in all() {
        let signed = by(&declaration, &[3]);
        let address = key(3).public().address().unwrap();
        let declared = Declared { address, declaration, signature: signed[0].signature };
        assert!(canonical::is_canonical(&declared));
        let bytes = declared.to_bytes().unwrap();
        assert_eq!(Declared::from_bytes(&bytes).unwrap(), declared);
        assert_eq!(declared.verify(), Ok(()));
        let other = Declared { address: Address([1; 20]), ..declared };
        assert_eq!(other.verify(), Err(DeclarationError::WrongAddress { address: Address([1; 20]) }));
    }
    // A set that is none cannot be written down as one.
    let Declaration::Recovery(recovery) = &all()[1] else { panic!("the second is a recovery") };
    let json = String::from_utf8(canonical::to_vec(recovery).unwrap()).unwrap();
    let low = json.replace(r#""threshold":3"#, r#""threshold":2"#);
    assert!(canonical::from_slice::<Recovery>(low.as_bytes(), low.len()).is_err());
}

#[test]
fn the_largest_declaration_is_read() {
    let Declaration::Recovery(mut recovery) = all()[1].clone() else { panic!("the second is a recovery") };
    recovery.next = signers(0..32, 32);
    recovery.round = lockstep_types::limits::INTEGER_MAX.unsigned_abs();
    let declaration = Declaration::Recovery(recovery);
    let signature = by(&declaration, &[0])[0].signature;
    let declared = Declared { address: key(0).public().address().unwrap(), declaration, signature };
    let bytes = declared.to_bytes().unwrap();
    assert!(bytes.len() < DECLARED_BYTES_MAX, "{}", bytes.len());
    assert_eq!(Declared::from_bytes(&bytes).unwrap(), declared);
}
