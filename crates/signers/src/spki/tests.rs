//! Keys that OpenSSL 3.0 made and wrote; the raw bytes are those that its `-text` prints.

use super::*;

fn pem(digits: &str) -> String {
    format!("{PEM_BEGIN}\n{digits}\n{PEM_END}\n")
}

#[test]
fn keys_that_openssl_wrote_are_read_in_every_form() {
    let keys = [
        (
            Suite::Es256,
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEX/qSGsh+AtWCUcQkY36ofik5Hjt1\n\
             eBhDEXGozv1EthVK6BzgvgAAIQH+l37nb+Yo68qbQVnCoNQlGhNOwrsr0A==",
            "045ffa921ac87e02d58251c424637ea87e29391e3b7578184311\
             71a8cefd44b6154ae81ce0be00002101fe977ee76fe628ebca9b4159c2a0d4251a134ec2bb2bd0",
        ),
        (
            Suite::Eip712,
            "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEMTcMM78qu5vv9uOkDJvN4R16smW8zznn\n\
             SkuRFS3zzicxCGvou7gPjfXvbt7TvvdQqJuOwz11AYkLu4lmQSKgww==",
            "0431370c33bf2abb9beff6e3a40c9bcde11d7ab265bccf39e74a4b91152df3ce27\
             31086be8bbb80f8df5ef6eded3bef750a89b8ec33d7501890bbb89664122a0c3",
        ),
        (
            Suite::Ed25519,
            "MCowBQYDK2VwAyEA/4P0RR3SLRL/TOhZaIyxyBuI+RG0NMEk0TqDsnAitsE=",
            "ff83f4451dd22d12ff4ce859688cb1c81b88f911b434c124d13a83b27022b6c1",
        ),
    ];
    for (suite, digits, bytes) in keys {
        let bytes = hex::decode(bytes).unwrap();
        let expected = match suite {
            Suite::Eip712 => PublicKey::of_secp256k1_point(bytes.as_slice().try_into().unwrap()),
            _ => PublicKey::new(suite, &bytes),
        };
        let expected = expected.unwrap();
        let der = STANDARD.decode(digits.replace('\n', "")).unwrap();
        let ours = serde_json::to_vec(&expected).unwrap();
        for form in [pem(digits).into_bytes(), der, ours] {
            assert_eq!(public_key(&form).unwrap(), expected, "{suite}");
        }
    }
}

#[test]
fn what_is_no_key_is_refused_by_name() {
    assert!(matches!(public_key(b"rubbish"), Err(SpkiError::Unknown)));
    assert!(matches!(public_key(PEM_BEGIN.as_bytes()), Err(SpkiError::Pem)));
    assert!(matches!(public_key(pem("!").as_bytes()), Err(SpkiError::Pem)));
    assert!(matches!(public_key(&[P256, &[4; 65]].concat()), Err(SpkiError::Key(_))));
    assert!(matches!(public_key(&[SECP256K1, &[4; 64]].concat()), Err(SpkiError::Unknown)));
    // RSA, with 2048 bits.
    assert!(matches!(public_key(b"\x30\x82\x01\x22\x30\x0d\x06\x09"), Err(SpkiError::Unknown)));
}
