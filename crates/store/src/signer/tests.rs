use super::{SignerError, SignerState, decode, encode};
use lockstep_types::RootHash;
use proptest::prelude::*;

fn root(byte: u8) -> RootHash {
    RootHash([byte; 32])
}

#[test]
fn what_was_signed_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("signer");
    let mut state = SignerState::create(&path).unwrap();
    assert_eq!(state.last(), None);
    state.advance(3, root(1)).unwrap();
    state.advance(7, root(2)).unwrap();
    drop(state);
    assert_eq!(SignerState::open(&path).unwrap().last(), Some((7, root(2))));
}

#[test]
fn a_signer_never_goes_back_and_never_signs_two_roots_for_one_size() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = SignerState::create(&dir.path().join("signer")).unwrap();
    state.advance(7, root(2)).unwrap();
    state.advance(7, root(2)).unwrap();
    let shrunk = state.advance(6, root(2));
    assert!(matches!(shrunk, Err(SignerError::SizeMustNotShrink { last: 7, found: 6 })));
    let changed = state.advance(7, root(3)).unwrap_err();
    assert!(matches!(changed, SignerError::RootMustNotChange { size: 7, .. }));
    assert_eq!(
        changed.to_string(),
        format!("size `7` is signed with root `{}`, asked for `{}`", root(2), root(3))
    );
    assert_eq!(state.last(), Some((7, root(2))));
    state.advance(8, root(3)).unwrap();
}

#[test]
fn one_key_lives_in_one_signer() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("signer");
    let state = SignerState::create(&path).unwrap();
    assert!(matches!(SignerState::open(&path), Err(SignerError::Locked { .. })));
    drop(state);
    SignerState::open(&path).unwrap();
}

#[test]
fn a_missing_memory_is_not_an_empty_one_and_is_never_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("signer");
    assert!(matches!(SignerState::open(&path), Err(SignerError::Missing { .. })));
    drop(SignerState::create(&path).unwrap());
    assert!(matches!(SignerState::create(&path), Err(SignerError::Exists { .. })));
}

#[test]
fn a_half_written_successor_is_ignored() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("signer");
    SignerState::create(&path).unwrap().advance(7, root(2)).unwrap();
    std::fs::write(dir.path().join("signer.new"), "lockstep-signer/1\n8").unwrap();
    let mut state = SignerState::open(&path).unwrap();
    assert_eq!(state.last(), Some((7, root(2))));
    state.advance(8, root(3)).unwrap();
}

#[test]
fn every_flipped_bit_and_every_cut_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("signer");
    SignerState::create(&path).unwrap().advance(1_234, root(0xa5)).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for bit in 0..whole.len() * 8 {
        let mut broken = whole.clone();
        broken[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, &broken).unwrap();
        assert!(matches!(SignerState::open(&path), Err(SignerError::Damaged { .. })), "bit {bit}");
    }
    for len in 0..whole.len() {
        std::fs::write(&path, &whole[..len]).unwrap();
        assert!(matches!(SignerState::open(&path), Err(SignerError::Damaged { .. })), "cut at {len}");
    }
}

proptest! {
    #[test]
    fn decoding_takes_only_what_encoding_makes(
        bytes in any::<Vec<u8>>(),
        size in any::<u64>(),
        byte in any::<u8>(),
    ) {
        if let Some(last) = decode(&bytes) {
            prop_assert_eq!(encode(last).into_bytes(), bytes);
        }
        let last = Some((size, root(byte)));
        prop_assert_eq!(decode(encode(last).as_bytes()), Some(last));
    }
}
