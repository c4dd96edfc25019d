//! Tests of the protocol with small shell scripts as signers.

use super::*;
use lockstep_crypto::SecretKey;
use lockstep_crypto::suite::Suite;
use std::os::unix::fs::PermissionsExt;

fn script(dir: &Path, text: &str) -> PathBuf {
    let path = dir.join("signer");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    path
}

fn signer(program: PathBuf, timeout: Duration) -> ExecSigner {
    let secret = SecretKey::from_bytes(Suite::Ed25519, &[7; 32]).unwrap();
    ExecSigner { program, public: secret.public().clone(), timeout }
}

#[test]
fn the_program_gets_one_json_line_and_answers_base64() {
    let dir = tempfile::tempdir().unwrap();
    let program = script(dir.path(), &format!("cat > {}/asked; echo AQID", dir.path().display()));
    let signed = signer(program, TIMEOUT).sign(Message::Bytes(b"hello")).unwrap();
    assert_eq!(signed, [1, 2, 3]);
    let asked = std::fs::read_to_string(dir.path().join("asked")).unwrap();
    let asked: serde_json::Value = serde_json::from_str(asked.trim_end()).unwrap();
    assert_eq!(asked["message"], "aGVsbG8=");
    assert_eq!(asked["kind"], "bytes");
    assert_eq!(asked["suite"], "ed25519");
}

#[test]
fn a_program_that_says_no_is_no_signature() {
    let dir = tempfile::tempdir().unwrap();
    let error =
        signer(script(dir.path(), "echo AQID; exit 3"), TIMEOUT).sign(Message::Bytes(b"")).unwrap_err();
    assert!(matches!(error, ExecError::Status { .. }), "{error}");
    let error = signer(script(dir.path(), "echo '!'"), TIMEOUT).sign(Message::Bytes(b"")).unwrap_err();
    assert!(matches!(error, ExecError::Answer { .. }), "{error}");
    let missing = signer(dir.path().join("missing"), TIMEOUT).sign(Message::Bytes(b"")).unwrap_err();
    assert!(matches!(missing, ExecError::Start { .. }), "{missing}");
}

#[test]
fn a_program_that_hangs_is_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let program = script(dir.path(), "exec sleep 600");
    let error = signer(program, Duration::from_millis(50)).sign(Message::Bytes(b"")).unwrap_err();
    assert!(matches!(error, ExecError::Timeout { .. }), "{error}");
}
