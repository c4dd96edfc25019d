use super::*;
use crate::SecretKey;
use lockstep_types::canonical;
use proptest::prelude::*;

const TEXT: &[u8] = b"a word of a party";
const HASH: [u8; 32] = [0x5a; 32];

fn secret(suite: Suite, seed: u8) -> SecretKey {
    SecretKey::from_bytes(suite, &[seed; 32]).expect("a small number is a scalar of every curve")
}

fn message(suite: Suite) -> Message<'static> {
    match suite.message_kind() {
        MessageKind::Bytes => Message::Bytes(TEXT),
        MessageKind::Hash => Message::Hash(&HASH),
    }
}

/// The other of the two signatures that ECDSA accepts.
fn high_s(suite: Suite, signature: &[u8]) -> Vec<u8> {
    let curve = if suite == Suite::Es256 { Curve::P256 } else { Curve::Secp256k1 };
    let mut high = signature.to_vec();
    let s = low_s::negated(curve, high[32..64].try_into().unwrap());
    high[32..64].copy_from_slice(&s);
    if let Some(v) = high.get_mut(64) {
        *v = 27 + 28 - *v;
    }
    high
}

#[test]
fn what_a_key_signs_verifies_and_nothing_else_does() {
    for suite in Suite::ALL {
        let (key, other) = (secret(suite, 7), secret(suite, 8));
        let signature = key.sign(message(suite)).unwrap();
        assert_eq!(verify(key.public(), message(suite), &signature), Ok(()), "{suite}");
        assert!(verify(other.public(), message(suite), &signature).is_err(), "{suite}");
        let changed = match suite.message_kind() {
            MessageKind::Bytes => Message::Bytes(b"a word of another"),
            MessageKind::Hash => Message::Hash(&[0x5b; 32]),
        };
        assert!(verify(key.public(), changed, &signature).is_err(), "{suite}");
    }
}

#[test]
fn no_bit_of_a_signature_can_be_turned() {
    for suite in Suite::ALL {
        let key = secret(suite, 9);
        let signature = key.sign(message(suite)).unwrap();
        for bit in 0..signature.len() * 8 {
            let mut turned = signature.clone();
            turned[bit / 8] ^= 1 << (bit % 8);
            assert!(verify(key.public(), message(suite), &turned).is_err(), "{suite}, bit {bit}");
        }
    }
}

#[test]
fn a_suite_refuses_the_other_kind_of_message_before_it_looks_at_the_signature() {
    for suite in Suite::ALL {
        let wrong = match suite.message_kind() {
            MessageKind::Bytes => Message::Hash(&HASH),
            MessageKind::Hash => Message::Bytes(TEXT),
        };
        let refused = Err(SignatureError::MessageKind { suite, found: wrong.kind() });
        assert_eq!(verify(secret(suite, 3).public(), wrong, &[]), refused);
    }
    // The same 32 bytes as `Bytes` are no hash.
    let key = secret(Suite::Eip712, 3);
    let signature = key.sign(Message::Hash(&HASH)).unwrap();
    assert!(matches!(
        verify(key.public(), Message::Bytes(&HASH), &signature),
        Err(SignatureError::MessageKind { .. })
    ));
}

#[test]
fn a_signature_has_one_length() {
    for suite in Suite::ALL {
        let key = secret(suite, 4);
        let mut signature = key.sign(message(suite)).unwrap();
        assert_eq!(signature.len(), suite.signature_len());
        signature.push(0);
        for length in (0..suite.signature_len()).chain([suite.signature_len() + 1]) {
            let refused = Err(SignatureError::Length { suite, found: length });
            assert_eq!(verify(key.public(), message(suite), &signature[..length]), refused);
            assert_eq!(normalise(suite, &signature[..length]).map(|_| ()), refused);
        }
    }
}

#[test]
fn high_s_is_refused_and_accepted_once_normalised() {
    for suite in [Suite::Es256, Suite::Eip712] {
        for seed in 1..20 {
            let key = secret(suite, seed);
            let low = key.sign(message(suite)).unwrap();
            let high = high_s(suite, &low);
            assert_eq!(
                verify(key.public(), message(suite), &high),
                Err(SignatureError::HighS { suite }),
                "{suite}"
            );
            assert_eq!(normalise(suite, &high).unwrap(), low, "{suite}");
            assert_eq!(verify(key.public(), message(suite), &low), Ok(()), "{suite}");
            assert_eq!(normalise(suite, &low).unwrap(), low, "{suite}");
        }
    }
}

#[test]
fn half_of_the_order_is_the_highest_low_s() {
    // (n - 1) / 2 of each curve, and the next number.
    for (suite, half) in [
        (Suite::Es256, "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8"),
        (Suite::Eip712, "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0"),
    ] {
        let s = hex::decode(half).unwrap();
        let mut signature = [[1; 32].to_vec(), s].concat();
        if suite == Suite::Eip712 {
            signature.push(27);
        }
        let key = secret(suite, 1);
        let answer = verify(key.public(), message(suite), &signature);
        assert!(!matches!(answer, Err(SignatureError::HighS { .. })), "{suite}: {answer:?}");
        signature[63] += 1;
        assert_eq!(verify(key.public(), message(suite), &signature), Err(SignatureError::HighS { suite }));
        let mut lowered = signature.clone();
        lowered[63] -= 1;
        if let Some(v) = lowered.get_mut(64) {
            *v = 28;
        }
        assert_eq!(normalise(suite, &signature).unwrap(), lowered);
    }
}

#[test]
fn scalars_outside_the_group_are_refused_by_name() {
    let order_p256 = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order_k256 = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    for (suite, order) in [(Suite::Es256, order_p256), (Suite::Eip712, order_k256)] {
        let (zero, order) = ("00".repeat(32), order.to_owned());
        let (one, max) = (format!("{:064x}", 1), "ff".repeat(32));
        for (r, s) in
            [(&zero, &one), (&one, &zero), (&order, &one), (&one, &order), (&max, &one), (&one, &max)]
        {
            let mut signature = hex::decode(format!("{r}{s}")).unwrap();
            if suite == Suite::Eip712 {
                signature.push(28);
            }
            let refused = Err(SignatureError::ScalarRange { suite });
            assert_eq!(verify(secret(suite, 1).public(), message(suite), &signature), refused);
            assert_eq!(normalise(suite, &signature).map(|_| ()), refused);
        }
    }
}

#[test]
fn the_recovery_byte_is_27_or_28_and_a_client_may_bring_0_or_1() {
    let key = secret(Suite::Eip712, 5);
    let signature = key.sign(Message::Hash(&HASH)).unwrap();
    let with_v = |v: u8| [&signature[..64], &[v]].concat();
    for v in (0..=255).filter(|v| ![27, 28].contains(v)) {
        let refused = Err(SignatureError::RecoveryByte { found: v });
        assert_eq!(verify(key.public(), Message::Hash(&HASH), &with_v(v)), refused);
        if v > 1 {
            assert_eq!(normalise(Suite::Eip712, &with_v(v)).map(|_| ()), refused);
        }
    }
    assert_eq!(normalise(Suite::Eip712, &with_v(signature[64] - 27)).unwrap(), signature);
    let wrong_parity = verify(key.public(), Message::Hash(&HASH), &with_v(27 + 28 - signature[64]));
    assert!(matches!(wrong_parity, Err(SignatureError::OtherSigner { .. })));
}

#[test]
fn recovery_names_the_signer() {
    let key = secret(Suite::Eip712, 6);
    let signature = key.sign(Message::Hash(&HASH)).unwrap();
    assert_eq!(recover(&HASH, &signature).ok(), key.public().address());
    // No point of secp256k1 has x = 5, so no key made this one.
    let mut r = [0; 32];
    r[31] = 5;
    let nobodys = [r.as_slice(), &[1; 32], &[27]].concat();
    assert_eq!(recover(&HASH, &nobodys), Err(SignatureError::Unrecoverable));
}

#[test]
fn checks_come_in_their_order() {
    let key = secret(Suite::Eip712, 6);
    let hash = Message::Hash(&HASH);
    let all_wrong = [0xff; 65];
    let answers = [
        verify(key.public(), Message::Bytes(TEXT), &all_wrong[..9]),
        verify(key.public(), hash, &all_wrong[..9]),
        verify(key.public(), hash, &all_wrong),
        verify(key.public(), hash, &[&all_wrong[..64], &[27]].concat()),
        verify(key.public(), hash, &[&[1; 32][..], &[0x80; 32], &[27]].concat()),
    ];
    let suite = Suite::Eip712;
    assert_eq!(
        answers,
        [
            Err(SignatureError::MessageKind { suite, found: MessageKind::Bytes }),
            Err(SignatureError::Length { suite, found: 9 }),
            Err(SignatureError::RecoveryByte { found: 0xff }),
            Err(SignatureError::ScalarRange { suite }),
            Err(SignatureError::HighS { suite }),
        ]
    );
}

#[test]
fn error_texts_say_what_was_expected_and_found() {
    let suite = Suite::Eip712;
    let texts = [
        (
            SignatureError::MessageKind { suite, found: MessageKind::Bytes }.to_string(),
            "`eip712` signs an EIP-712 hash, found bytes",
        ),
        (
            SignatureError::Length { suite, found: 3 }.to_string(),
            "a signature of `eip712` has 65 bytes, found 3",
        ),
        (
            KeyError::Uncompressed { found: 2 }.to_string(),
            "expected an uncompressed point that starts with byte 0x04, found 0x02",
        ),
        (
            "rsa".parse::<Suite>().unwrap_err().to_string(),
            "`rsa` is not a signature suite: expected `ed25519`, `es256` or `eip712`",
        ),
    ];
    for (found, expected) in texts {
        assert_eq!(found, expected);
    }
}

#[test]
fn a_key_is_a_point_of_its_curve_in_its_one_form() {
    let refused = |suite, bytes: &[u8]| PublicKey::new(suite, bytes).unwrap_err();
    for suite in Suite::ALL {
        for length in (0..100).filter(|length| *length != suite.key_len()) {
            assert_eq!(refused(suite, &vec![1; length]), KeyError::Length { suite, found: length });
        }
    }
    // y = 2 is on no point of edwards25519.
    let mut no_point = [0; 32];
    no_point[0] = 2;
    assert_eq!(refused(Suite::Ed25519, &no_point), KeyError::NotOnCurve { suite: Suite::Ed25519 });

    let point = secret(Suite::Es256, 2).public().bytes().to_vec();
    for form in (0..=255).filter(|form| *form != 4) {
        let mut other = point.clone();
        other[0] = form;
        assert_eq!(refused(Suite::Es256, &other), KeyError::Uncompressed { found: form });
    }
    let mut beside = point.clone();
    beside[64] ^= 1;
    assert_eq!(refused(Suite::Es256, &beside), KeyError::NotOnCurve { suite: Suite::Es256 });
    let infinity = [&[4][..], &[0; 64]].concat();
    assert_eq!(refused(Suite::Es256, &infinity), KeyError::NotOnCurve { suite: Suite::Es256 });
    assert_eq!(refused(Suite::Eip712, &[0; 20]), KeyError::ZeroAddress);
}

#[test]
fn keys_of_small_order_are_told_apart() {
    let small = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        // Second spellings of y = 1 and y = 0.
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    for text in small {
        assert!(
            PublicKey::new(Suite::Ed25519, &hex::decode(text).unwrap()).unwrap().has_small_order(),
            "{text}"
        );
    }
    for suite in Suite::ALL {
        assert!(!secret(suite, 1).public().has_small_order());
    }
}

#[test]
fn a_key_has_one_text_and_one_id() {
    for suite in Suite::ALL {
        let key = secret(suite, 11).public().clone();
        assert!(canonical::is_canonical(&key));
        let text = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<PublicKey>(&text).unwrap(), key);
        let expected = lockstep_types::sha256(&[&[suite.byte()], key.bytes()].concat());
        assert_eq!(key.id().0, expected);
        let shouted = text.replace(&hex::encode(key.bytes()), &hex::encode_upper(key.bytes()));
        for refused in [shouted, text.replace('}', ",\"x\":1}"), text.replace(suite.as_str(), "rsa")] {
            assert!(serde_json::from_str::<PublicKey>(&refused).is_err(), "{refused}");
        }
        assert_eq!(suite.as_str().parse(), Ok(suite));
    }
    // The same 32 bytes under another suite would be another key: the suite's byte is in the id.
    let bytes: Vec<_> = Suite::ALL.iter().map(|suite| suite.byte()).collect();
    assert_eq!(bytes, [1, 2, 3]);
}

/// One check that owns its parts, some of them broken.
#[derive(Debug, Clone)]
struct Case {
    key: PublicKey,
    bytes: Vec<u8>,
    hash: [u8; 32],
    wrong_kind: bool,
    signature: Vec<u8>,
}

impl Case {
    fn new(suite: Suite, seed: u8, harm: u8) -> Self {
        let key = secret(suite, seed);
        let (bytes, hash) = (vec![seed; usize::from(seed)], [seed; 32]);
        let mut case =
            Self { key: key.public().clone(), bytes, hash, wrong_kind: harm == 5, signature: Vec::new() };
        let message = if suite == Suite::Eip712 { Message::Hash(&hash) } else { Message::Bytes(&case.bytes) };
        let mut signature = key.sign(message).unwrap();
        match harm {
            1 => signature[usize::from(seed) % 64] ^= 0x10,
            2 => signature.truncate(60),
            3 if suite != Suite::Ed25519 => signature = high_s(suite, &signature),
            4 => case.key = secret(suite, seed.wrapping_add(1).max(1)).public().clone(),
            _ => {}
        }
        case.signature = signature;
        case
    }

    fn check(&self) -> Check<'_> {
        let hashed = (self.key.suite() == Suite::Eip712) != self.wrong_kind;
        let message = if hashed { Message::Hash(&self.hash) } else { Message::Bytes(&self.bytes) };
        Check { key: &self.key, message, signature: &self.signature }
    }
}

fn cases() -> impl Strategy<Value = Vec<Case>> {
    // Two of three are good, so that whole batches verify too.
    let harm = prop_oneof![12 => Just(0u8), 1 => 1u8..6];
    let suite = prop_oneof![3 => Just(Suite::Ed25519), 1 => Just(Suite::Es256), 1 => Just(Suite::Eip712)];
    prop::collection::vec((suite, 1u8..12, harm).prop_map(|(s, seed, h)| Case::new(s, seed, h)), 0..90)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_signature_answers_the_same_alone_in_batches_and_in_any_order(
        (cases, shuffled) in cases().prop_flat_map(|cases| (Just(cases.clone()), Just(cases).prop_shuffle()))
    ) {
        for order in [&cases, &shuffled] {
            let checks: Vec<_> = order.iter().map(Case::check).collect();
            let alone = |one: &Check<'_>| verify(one.key, one.message, one.signature);
            let alone: Vec<_> = checks.iter().map(alone).collect();
            prop_assert_eq!(verify_batch(&checks), alone);
        }
    }

    #[test]
    fn normalising_twice_is_once(suite in prop::sample::select(Suite::ALL.to_vec()), bytes: [u8; 32]) {
        let mut signature = [bytes, bytes].concat();
        if suite == Suite::Eip712 {
            signature.push(bytes[0] & 1);
        }
        if let Ok(once) = normalise(suite, &signature) {
            prop_assert_eq!(normalise(suite, &once).unwrap(), once);
        }
    }

    #[test]
    fn garbage_is_refused_and_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..140)) {
        for suite in Suite::ALL {
            let key = secret(suite, 1);
            prop_assert!(verify(key.public(), message(suite), &bytes).is_err());
            let _ = normalise(suite, &bytes);
            let _ = PublicKey::new(suite, &bytes);
        }
        let _ = recover(&HASH, &bytes);
    }
}

#[test]
fn one_bad_signature_among_many_is_found_wherever_it_stands() {
    let good: Vec<_> = (0..=2 * BATCH_MAX).map(|i| Case::new(Suite::Ed25519, 1 + (i % 9) as u8, 0)).collect();
    for place in 0..good.len() {
        let mut mixed = good.clone();
        mixed[place] = Case::new(Suite::Ed25519, 5, 1);
        let checks: Vec<_> = mixed.iter().map(Case::check).collect();
        let bad: Vec<_> =
            verify_batch(&checks).iter().enumerate().filter(|(_, a)| a.is_err()).map(|(i, _)| i).collect();
        assert_eq!(bad, [place]);
    }
}

/// Without blinding, errors that cancel out would pass together: s + 1 in one signature, s - 1 in another.
#[test]
fn forgeries_that_cancel_each_other_out_are_found() {
    for seed in 1..40 {
        let mut pair = [Case::new(Suite::Ed25519, seed, 0), Case::new(Suite::Ed25519, seed + 1, 0)];
        let (plus, minus) = (pair[0].signature[32].checked_add(1), pair[1].signature[32].checked_sub(1));
        let (Some(plus), Some(minus)) = (plus, minus) else { continue };
        pair[0].signature[32] = plus;
        pair[1].signature[32] = minus;
        let good = [Case::new(Suite::Ed25519, 7, 0), Case::new(Suite::Ed25519, 8, 0)];
        let checks: Vec<_> = pair.iter().chain(&good).map(Case::check).collect();
        let refused = Err(SignatureError::Mismatch { suite: Suite::Ed25519 });
        assert_eq!(verify_batch(&checks), [refused, refused, Ok(()), Ok(())]);
    }
}

#[test]
fn a_point_as_an_hsm_gives_it_is_the_key_of_its_address() {
    // The generator (SEC 2 §2.4.1), the point of the secret 1.
    let mut point = [0; 65];
    point[0] = 4;
    hex::decode_to_slice(
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\
         483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
        &mut point[1..],
    )
    .unwrap();
    let mut one = [0; 32];
    one[31] = 1;
    let expected = SecretKey::from_bytes(Suite::Eip712, &one).unwrap();
    assert_eq!(PublicKey::of_secp256k1_point(&point).as_ref(), Ok(expected.public()));
    point[64] ^= 1;
    assert_eq!(PublicKey::of_secp256k1_point(&point), Err(KeyError::NotOnCurve { suite: Suite::Eip712 }));
    point[0] = 6;
    assert_eq!(PublicKey::of_secp256k1_point(&point), Err(KeyError::Uncompressed { found: 6 }));
}
