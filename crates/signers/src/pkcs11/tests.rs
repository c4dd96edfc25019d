//! What needs no token; the rest is in `tests/softhsm.rs`.

use super::*;
use cryptoki::context::Function;
use lockstep_crypto::SecretKey;

fn settings() -> TokenSettings {
    let (label, id) = (Some("officer".to_owned()), Some("0a".to_owned()));
    let module = PathBuf::from("module.so");
    TokenSettings { module, token: "vault".to_owned(), label, id, pin_file: None, public: None }
}

#[test]
fn what_a_token_answers_to_a_pin_is_told_apart() {
    let told = |code| refused(&settings(), Error::Pkcs11(code, Function::Login)).to_string();
    assert_eq!(told(RvError::PinIncorrect), "token `vault` refuses the PIN");
    assert!(told(RvError::PinLocked).starts_with("token `vault` is locked"));
    assert!(told(RvError::UserPinNotInitialized).starts_with("token `vault` has no user PIN yet"));
    assert_eq!(told(RvError::DeviceError), "token `vault` did not do it");
}

#[test]
fn a_point_counts_in_an_octet_string_and_bare() {
    let secret = SecretKey::from_bytes(Suite::Es256, &[7; 32]).unwrap();
    let bare = secret.public().bytes();
    let wrapped = [&[0x04, 65], bare].concat();
    assert_eq!(key::from_point(Suite::Es256, bare).as_ref(), Ok(secret.public()));
    assert_eq!(key::from_point(Suite::Es256, &wrapped).as_ref(), Ok(secret.public()));
    for suite in Suite::ALL {
        for wrong in [&[][..], &[0x04], &wrapped[..66], &[wrapped.as_slice(), &[0]].concat()] {
            assert!(key::from_point(suite, wrong).is_err(), "{suite}");
        }
    }
}

#[test]
fn settings_name_a_key() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("officer.toml");
    let with = |key: &str| {
        std::fs::write(&path, format!("module = \"m.so\"\ntoken = \"t\"\npin_file = \"pin\"\n{key}\n"))
            .unwrap();
        read(&path)
    };
    for wrong in ["", "label = \"\"", "id = \"xyz\"", "label = \"a\"\nid = \"\""] {
        assert!(matches!(with(wrong), Err(TokenError::NoKeyNamed)), "{wrong}");
    }
    let found = with("label = \"a\"\nid = \"01\"").unwrap();
    assert_eq!(found.pin_file, Some(dir.path().join("pin")));
    assert_eq!(key::named(&found), "label `a` and id `01`");
    assert!(matches!(with("pin = \"1234\""), Err(TokenError::Settings(_))));
}
