use super::*;
use proptest::prelude::*;

#[test]
fn sha_256_answers_the_examples_of_fips_180() {
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(Digest(sha256(b"abc")).to_string(), abc);
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(Digest(sha256(b"")).to_string(), empty);
    assert_eq!(sha256_parts(&[b"a", b"", b"bc"]), sha256(b"abc"));
}

#[test]
fn other_texts_are_refused() {
    let good = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let bad = [good.to_uppercase(), good[1..].to_owned(), format!("{good}0"), format!("0x{}", &good[2..])];
    for text in bad {
        let refused = text.parse::<CaseId>().unwrap_err().to_string();
        assert_eq!(refused, format!("`{text}` is not a digest: expected 64 lower-case hexadecimal digits"));
    }
    assert_eq!("x".repeat(500).parse::<Salt>().unwrap_err().found.len(), 80);
}

#[test]
fn json_numbers_and_arrays_are_no_digests() {
    for json in ["1", "null", "[0,0]", "{}"] {
        let refused = serde_json::from_str::<Digest>(json).unwrap_err().to_string();
        assert!(refused.contains("expected 64 lower-case hexadecimal digits"), "{refused}");
    }
}

#[test]
fn binary_forms_hold_32_bytes() {
    let digest = LeafHash([7; 32]);
    let bytes = postcard::to_allocvec(&digest).unwrap();
    assert_eq!(bytes, [&[32][..], &[7; 32]].concat());
    assert_eq!(postcard::from_bytes::<LeafHash>(&bytes).unwrap(), digest);
    for length in [0u8, 31, 33] {
        let bytes = [vec![length], vec![7; usize::from(length)]].concat();
        assert!(postcard::from_bytes::<LeafHash>(&bytes).is_err(), "{length}");
    }
}

proptest! {
    #[test]
    fn every_digest_survives_its_text(bytes: [u8; 32]) {
        let digest = LeafHash(bytes);
        prop_assert_eq!(digest.to_string().parse::<LeafHash>().unwrap(), digest);
        let json = serde_json::to_vec(&digest).unwrap();
        prop_assert_eq!(serde_json::from_slice::<LeafHash>(&json).unwrap(), digest);
    }
}
