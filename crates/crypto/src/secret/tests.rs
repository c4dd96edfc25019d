use super::*;

#[test]
fn ed25519_signs_as_rfc_8032_publishes() {
    // RFC 8032 §7.1, TEST 2.
    let seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
    let key = SecretKey::from_bytes(Suite::Ed25519, &hex::decode(seed).unwrap().try_into().unwrap()).unwrap();
    assert_eq!(
        hex::encode(key.public().bytes()),
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    );
    assert_eq!(
        hex::encode(key.sign(Message::Bytes(&[0x72])).unwrap()),
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    );
}

#[test]
fn es256_has_the_public_key_that_rfc_6979_publishes() {
    // RFC 6979 §A.2.5.
    let secret = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
    let key = SecretKey::from_bytes(Suite::Es256, &hex::decode(secret).unwrap().try_into().unwrap()).unwrap();
    assert_eq!(
        hex::encode(key.public().bytes()),
        "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6\
         7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
    );
}

#[test]
fn eip712_signs_as_the_standard_publishes() {
    // EIP-712, Example.js: the key is Keccak-256 of "cow", the hash is of Cow's mail to Bob.
    let key = SecretKey::from_bytes(Suite::Eip712, &crate::eip712::keccak256(b"cow")).unwrap();
    let address = key.public().address().unwrap();
    assert_eq!(address.to_string(), "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826");
    let hash = "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2";
    let hash: [u8; 32] = hex::decode(hash).unwrap().try_into().unwrap();
    assert_eq!(
        hex::encode(key.sign(Message::Hash(&hash)).unwrap()),
        "4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d\
         07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b91562\
         1c"
    );
}

#[test]
fn the_suites_that_can_sign_the_same_way_every_time() {
    let sign = |suite, message| SecretKey::from_bytes(suite, &[9; 32]).unwrap().sign(message).unwrap();
    assert_eq!(
        sign(Suite::Ed25519, Message::Bytes(b"twice")),
        sign(Suite::Ed25519, Message::Bytes(b"twice"))
    );
    assert_eq!(sign(Suite::Eip712, Message::Hash(&[3; 32])), sign(Suite::Eip712, Message::Hash(&[3; 32])));
}

#[test]
fn a_key_signs_more_than_once() {
    for suite in Suite::ALL {
        let key = SecretKey::from_bytes(suite, &[9; 32]).unwrap();
        for text in [[1; 32], [2; 32], [1; 32]] {
            let message = || match suite {
                Suite::Eip712 => Message::Hash(&text),
                _ => Message::Bytes(&text),
            };
            crate::suite::verify(key.public(), message(), &key.sign(message()).unwrap()).unwrap();
        }
    }
}

#[test]
fn a_secret_of_ecdsa_is_a_scalar() {
    for suite in [Suite::Es256, Suite::Eip712] {
        for bytes in [[0; 32], [0xff; 32]] {
            assert_eq!(
                SecretKey::from_bytes(suite, &bytes).map(|_| ()),
                Err(SecretError::OutOfRange { suite })
            );
        }
    }
    assert!(SecretKey::from_bytes(Suite::Ed25519, &[0; 32]).is_ok());
}

#[test]
fn a_key_does_not_sign_the_other_kind_of_message() {
    for suite in Suite::ALL {
        let key = SecretKey::from_bytes(suite, &[2; 32]).unwrap();
        let wrong = if suite == Suite::Eip712 { Message::Bytes(b"text") } else { Message::Hash(&[0; 32]) };
        let refused = SignatureError::MessageKind { suite, found: wrong.kind() };
        assert_eq!(key.sign(wrong), Err(SecretError::Message(refused)));
    }
}

#[test]
fn debug_shows_the_public_key_only() {
    let key = SecretKey::from_bytes(Suite::Ed25519, &[0xab; 32]).unwrap();
    let shown = format!("{key:?}");
    assert!(shown.contains(&hex::encode(key.public().bytes())));
    assert!(!shown.contains("abab"));
}
