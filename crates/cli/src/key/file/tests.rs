//! Tests of key files.

use super::*;

fn passphrase(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

#[test]
fn every_suite_is_locked_and_unlocked_again() {
    for suite in Suite::ALL {
        let secret = draw(suite).unwrap();
        let file = KeyFile::lock(suite, &secret, passphrase("correct horse"), COST_MIN).unwrap();
        let bytes = canonical::to_vec(&file).unwrap();
        let read = KeyFile::from_slice(&bytes).unwrap();
        assert_eq!(read.unlock(passphrase("correct horse")).unwrap().public(), &file.public);
        assert!(!bytes.windows(32).any(|part| part == secret.as_slice()));
    }
}

#[test]
fn another_passphrase_opens_nothing_and_says_so() {
    let secret = draw(Suite::Ed25519).unwrap();
    let file = KeyFile::lock(Suite::Ed25519, &secret, passphrase("one"), COST_MIN).unwrap();
    let error = file.unlock(passphrase("two")).unwrap_err();
    assert_eq!(error.to_string(), "the passphrase does not open the key file");
}

#[test]
fn a_secret_under_another_public_key_is_refused() {
    let lock = |text: &str| {
        KeyFile::lock(Suite::Ed25519, &draw(Suite::Ed25519).unwrap(), passphrase(text), COST_MIN).unwrap()
    };
    let (mut file, other) = (lock("one"), lock("one"));
    file.public = other.public;
    let error = file.unlock(passphrase("one")).unwrap_err();
    assert_eq!(error.to_string(), "the key file's secret is not that of its public key");
}

#[test]
fn another_version_of_the_format_is_named() {
    let secret = draw(Suite::Es256).unwrap();
    let mut file = KeyFile::lock(Suite::Es256, &secret, passphrase("one"), COST_MIN).unwrap();
    file.format = "lockstep-key/9".to_owned();
    let error = KeyFile::from_slice(&canonical::to_vec(&file).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "the key file's format is `lockstep-key/9`, expected `lockstep-key/1`");
}

#[path = "../../../../../fuzz/mutate.rs"]
mod mutate;

/// What is read is what would be written, and stays locked: opening a mutation would only measure scrypt.
fn reads_back(data: &[u8]) {
    let Ok(file) = KeyFile::from_slice(data) else { return };
    assert_eq!(file.format, KEY_FORMAT);
    let bytes = canonical::to_vec(&file).unwrap();
    let again = KeyFile::from_slice(&bytes).unwrap();
    assert_eq!((again.cost, &again.public, &again.secret), (file.cost, &file.public, &file.secret));
}

#[test]
fn mutated_key_files_are_refused_or_are_what_they_say() {
    let folder = tempfile::tempdir().unwrap();
    for (suite, seed) in Suite::ALL.into_iter().zip(7u8..) {
        let file = KeyFile::lock(suite, &[seed; 32], passphrase("correct horse"), COST_MIN).unwrap();
        let path = folder.path().join(suite.as_str());
        std::fs::write(path, canonical::to_vec(&file).unwrap()).unwrap();
    }
    mutate::run(folder.path(), 20_000, reads_back);
}
