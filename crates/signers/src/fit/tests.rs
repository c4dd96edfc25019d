use super::*;
use lockstep_crypto::SecretKey;

const HASH: [u8; 32] = [0x5a; 32];

fn message(suite: Suite) -> Message<'static> {
    if suite == Suite::Eip712 { Message::Hash(&HASH) } else { Message::Bytes(b"a word") }
}

fn signed(suite: Suite, seed: u8) -> (PublicKey, Vec<u8>) {
    let secret = SecretKey::from_bytes(suite, &[seed; 32]).unwrap();
    (secret.public().clone(), secret.sign(message(suite)).unwrap())
}

fn number(bytes: &[u8]) -> Vec<u8> {
    let bytes: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    let sign: &[u8] = if bytes[0] >= 0x80 { &[0] } else { &[] };
    let length = u8::try_from(sign.len() + bytes.len()).unwrap();
    [&[0x02, length], sign, &bytes].concat()
}

/// As clouds and HSMs write what we write as `r ‖ s`.
fn der(rs: &[u8]) -> Vec<u8> {
    let body = [number(&rs[..32]), number(&rs[32..64])].concat();
    [&[0x30, u8::try_from(body.len()).unwrap()], body.as_slice()].concat()
}

#[test]
fn every_form_of_one_signature_becomes_the_one_that_counts() {
    for suite in Suite::ALL {
        // Many keys, so that numbers with and without a leading zero, and both recovery bytes, come by.
        for seed in 1..=60 {
            let (key, counts) = signed(suite, seed);
            let fitted = |encoding, given: &[u8]| fit(&key, message(suite), (encoding, given));
            assert_eq!(fitted(Encoding::Raw, &counts).as_ref(), Ok(&counts), "{suite} {seed}");
            if suite == Suite::Ed25519 {
                assert_eq!(fitted(Encoding::Der, &counts), Err(FitError::NoDer));
                continue;
            }
            assert_eq!(fitted(Encoding::Der, &der(&counts)).as_ref(), Ok(&counts), "{suite} {seed}");
            assert_eq!(fitted(Encoding::Raw, &counts[..64]).as_ref(), Ok(&counts), "{suite} {seed}");
        }
    }
}

#[test]
fn a_signature_of_another_key_is_given_to_nobody() {
    for suite in Suite::ALL {
        let (key, _) = signed(suite, 1);
        let (_, others) = signed(suite, 2);
        assert!(fit(&key, message(suite), (Encoding::Raw, &others)).is_err(), "{suite}");
        if suite == Suite::Eip712 {
            let cut = fit(&key, message(suite), (Encoding::Raw, &others[..64]));
            assert_eq!(cut, Err(FitError::NotOfKey { expected: key.address().unwrap() }));
        }
    }
}

#[test]
fn der_has_one_spelling() {
    let (key, counts) = signed(Suite::Es256, 3);
    let good = der(&counts);
    let refused = |bytes: &[u8]| {
        let fitted = fit(&key, message(Suite::Es256), (Encoding::Der, bytes));
        assert_eq!(fitted, Err(FitError::Der), "{}", hex::encode(bytes));
    };
    for cut in 0..good.len() {
        refused(&good[..cut]);
    }
    refused(&[good.as_slice(), &[0]].concat());
    refused(&[&[0x30, 0x81], &good[1..]].concat());
    refused(&[0x30, 6, 2, 1, 0, 2, 1, 1]);
    refused(&[0x30, 6, 2, 1, 0x80, 2, 1, 1]);
    refused(&[0x30, 7, 2, 2, 0, 1, 2, 1, 1]);
    let long = [&[0x30, 40, 2, 33, 1], [1; 32].as_slice(), &[2, 1, 1]].concat();
    refused(&long);
}
