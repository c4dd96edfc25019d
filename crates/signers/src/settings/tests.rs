use super::*;
use std::fs::{Permissions, set_permissions, write};

#[derive(Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Plain {
    key: String,
}

#[test]
fn settings_may_name_their_program_in_their_first_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("officer.toml");
    write(&path, "#!/usr/bin/lockstep-sign-pkcs11 sign\nkey = \"officer\"\n").unwrap();
    assert_eq!(read::<Plain>(&path).unwrap(), Plain { key: "officer".to_owned() });
    assert_eq!(beside(&path, Path::new("pin")), dir.path().join("pin"));
    assert_eq!(beside(&path, Path::new("/run/pin")), Path::new("/run/pin"));
    write(&path, "pin = \"1234\"\n").unwrap();
    assert!(matches!(read::<Plain>(&path), Err(SettingsError::Form { .. })));
    write(&path, "#".repeat(70_000)).unwrap();
    assert!(matches!(read::<Plain>(&path), Err(SettingsError::TooLong { .. })));
    assert!(matches!(read::<Plain>(&dir.path().join("none")), Err(SettingsError::Read { .. })));
}

#[test]
fn a_secret_is_one_line_that_nobody_else_can_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pin");
    write(&path, "1234\nnotes\n").unwrap();
    set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(secret(&path), Err(SettingsError::Mode { mode: 0o640, .. })));
    set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    assert_eq!(secret(&path).unwrap().as_str(), "1234");
    for wrong in ["", "\n1234\n", "12\t34\n", "12\u{e9}\n"] {
        write(&path, wrong).unwrap();
        assert!(matches!(secret(&path), Err(SettingsError::Secret { .. })), "{wrong:?}");
    }
}
