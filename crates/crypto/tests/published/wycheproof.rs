//! Wycheproof's verdicts, and where ours differ: named one by one, each for one stated reason.

use crate::{bytes, json, shared, text};
use lockstep_crypto::eip712::keccak256;
use lockstep_crypto::{Message, PublicKey, SignatureError, Suite, normalise, verify};
use lockstep_types::sha256;
use serde_json::Value;

/// `valid` vectors of P-256 with `s` above n / 2: refused, since only low-s counts on the ledger.
const P256_HIGH_S: [u64; 70] = [
    64, 66, 67, 68, 71, 77, 78, 80, 81, 85, 86, 87, 94, 95, 96, 100, 102, 104, 105, 107, 110, 111, 114, 115,
    117, 118, 138, 139, 140, 141, 142, 171, 172, 175, 176, 177, 180, 183, 189, 190, 191, 192, 195, 196, 197,
    199, 200, 204, 210, 211, 216, 217, 226, 227, 229, 233, 234, 237, 240, 242, 243, 244, 246, 248, 249, 250,
    252, 253, 257, 262,
];

/// `valid` vectors of secp256k1 with `s` above n / 2: refused for the same reason.
const SECP256K1_HIGH_S: [u64; 72] = [
    1, 62, 63, 64, 66, 67, 68, 70, 72, 74, 75, 76, 78, 81, 83, 85, 87, 88, 89, 90, 95, 96, 97, 100, 102, 112,
    113, 115, 117, 134, 135, 136, 167, 168, 171, 172, 173, 174, 176, 177, 181, 187, 188, 192, 196, 198, 200,
    202, 206, 207, 212, 213, 221, 222, 226, 227, 228, 229, 231, 232, 233, 234, 235, 237, 238, 239, 240, 241,
    242, 243, 247, 252,
];

/// Two of them stay refused when normalised: the nonce's x was reduced modulo n, which `v` 27 and 28 cannot
/// say (Ethereum's own rule). A signer meets this at odds of 2^-127.
const SECP256K1_REDUCED_X: [u64; 2] = [115, 247];

/// `invalid` by RFC 8032 §5.1.3, accepted by ZIP 215: R is the neutral point in its second spelling (x = 0,
/// sign 1).
const ED25519_ZIP_215: [u64; 1] = [151];

struct Case {
    id: u64,
    key: PublicKey,
    message: Vec<u8>,
    signature: Vec<u8>,
    valid: bool,
}

fn cases(file: &str, key_of: fn(&Value) -> PublicKey) -> Option<Vec<Case>> {
    let file = json(&shared("vectors/wycheproof")?.join(file));
    let mut cases = Vec::new();
    for group in file["testGroups"].as_array().unwrap() {
        let key = key_of(&group["publicKey"]);
        cases.extend(group["tests"].as_array().unwrap().iter().map(|test| Case {
            id: test["tcId"].as_u64().unwrap(),
            key: key.clone(),
            message: bytes(test, "msg"),
            signature: bytes(test, "sig"),
            valid: text(test, "result") == "valid",
        }));
    }
    assert_eq!(cases.len() as u64, file["numberOfTests"].as_u64().unwrap());
    Some(cases)
}

#[test]
fn ed25519() {
    let of = |key: &Value| PublicKey::new(Suite::Ed25519, &bytes(key, "pk")).unwrap();
    let Some(cases) = cases("ed25519_test.json", of) else { return };
    for case in cases {
        let answer = verify(&case.key, Message::Bytes(&case.message), &case.signature);
        let expected = case.valid || ED25519_ZIP_215.contains(&case.id);
        assert_eq!(answer.is_ok(), expected, "vector {}: {answer:?}", case.id);
    }
}

#[test]
fn es256() {
    let of = |key: &Value| PublicKey::new(Suite::Es256, &bytes(key, "uncompressed")).unwrap();
    let Some(cases) = cases("ecdsa_secp256r1_sha256_p1363_test.json", of) else { return };
    for case in cases {
        let answer = |signature: &[u8]| verify(&case.key, Message::Bytes(&case.message), signature);
        if P256_HIGH_S.contains(&case.id) {
            let refused = Err(SignatureError::HighS { suite: Suite::Es256 });
            assert_eq!(answer(&case.signature), refused, "vector {}", case.id);
            let low = normalise(Suite::Es256, &case.signature).unwrap();
            assert_eq!(answer(&low), Ok(()), "vector {}, normalised", case.id);
        } else {
            assert_eq!(answer(&case.signature).is_ok(), case.valid, "vector {}", case.id);
        }
    }
}

/// These vectors hash with SHA-256 and give the whole key: the hash is signed as if it were an EIP-712 hash,
/// the key is its address, and one of the two values of `v` has to fit.
#[test]
fn eip712() {
    let of = |key: &Value| {
        let address = keccak256(&bytes(key, "uncompressed")[1..])[12..].to_vec();
        PublicKey::new(Suite::Eip712, &address).unwrap()
    };
    let Some(cases) = cases("ecdsa_secp256k1_sha256_p1363_test.json", of) else { return };
    for case in cases {
        let hash = sha256(&case.message);
        let with_v = |v: u8| [&case.signature[..], &[v]].concat();
        let answer = |signature: &[u8]| verify(&case.key, Message::Hash(&hash), signature);
        let fits = |answers: [bool; 2]| answers.iter().filter(|fits| **fits).count();
        if SECP256K1_HIGH_S.contains(&case.id) {
            let refused = Err(SignatureError::HighS { suite: Suite::Eip712 });
            assert_eq!([27, 28].map(|v| answer(&with_v(v))), [refused; 2], "vector {}", case.id);
            let low = |v| normalise(Suite::Eip712, &with_v(v)).unwrap();
            let fit = usize::from(!SECP256K1_REDUCED_X.contains(&case.id));
            assert_eq!(
                fits([27, 28].map(|v| answer(&low(v)).is_ok())),
                fit,
                "vector {}, normalised",
                case.id
            );
        } else {
            let fit = fits([27, 28].map(|v| answer(&with_v(v)).is_ok()));
            assert_eq!(fit, usize::from(case.valid), "vector {}", case.id);
        }
    }
}
