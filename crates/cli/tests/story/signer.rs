//! Keys behind a program, with this very test as the program.

use crate::town::Town;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lockstep_crypto::SecretKey;
use lockstep_crypto::suite::{Message, Suite, verify};
use serde_json::{Value, json};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;

/// Set by the script that makes this test a signer; the value names the suite.
const AS_SIGNER: &str = "LOCKSTEP_TEST_SIGNER";

/// What an HSM would do: answers one line of the protocol (docs/how-to/signers.md).
fn answer(suite: Suite, line: &str) -> String {
    let secret = SecretKey::from_bytes(suite, &[9; 32]).unwrap();
    let asked: Value = serde_json::from_str(line).unwrap();
    if asked["kind"] == "public" {
        return serde_json::to_string(secret.public()).unwrap();
    }
    assert_eq!(asked["keyid"], json!(secret.public().id()));
    assert_eq!(asked["suite"], suite.as_str());
    let message = STANDARD.decode(asked["message"].as_str().unwrap()).unwrap();
    let signature = match asked["kind"].as_str().unwrap() {
        "hash" => secret.sign(Message::Hash(message.as_slice().try_into().unwrap())),
        _ => secret.sign(Message::Bytes(&message)),
    };
    STANDARD.encode(signature.unwrap())
}

#[test]
fn the_signer_answers_the_protocol() {
    if let Ok(suite) = std::env::var(AS_SIGNER) {
        let mut line = String::new();
        std::io::stdin().read_to_string(&mut line).unwrap();
        println!("answer {}", answer(suite.parse().unwrap(), &line));
        return;
    }
    let secret = SecretKey::from_bytes(Suite::Ed25519, &[9; 32]).unwrap();
    let keyid = secret.public().id();
    let asked =
        json!({ "keyid": keyid, "kind": "bytes", "message": "AQID", "suite": "ed25519", "version": 1 });
    let signature = STANDARD.decode(answer(Suite::Ed25519, &asked.to_string())).unwrap();
    verify(secret.public(), Message::Bytes(&[1, 2, 3]), &signature).unwrap();
}

pub fn script(town: &Town, name: &str, suite: &str) -> String {
    let own = std::env::current_exe().unwrap();
    let text = format!(
        "#!/bin/sh\n{AS_SIGNER}={suite} '{}' --exact signer::the_signer_answers_the_protocol --nocapture \
         | sed -n 's/.*answer //p'\n",
        own.display()
    );
    std::fs::write(town.path(name), text).unwrap();
    std::fs::set_permissions(town.path(name), std::fs::Permissions::from_mode(0o700)).unwrap();
    format!("exec:{}", town.path(name).display())
}

#[test]
fn an_hsm_behind_a_program_signs_wherever_a_key_is_named() {
    let town = Town::new();
    let (party, cosigner) = (script(&town, "hsm", "ed25519"), script(&town, "kms", "eip712"));
    let shown = town.ok(&["key", "show", &party]);
    assert_eq!(shown["public"]["suite"], "ed25519");
    town.ok(&["key", "memory", "kms.memory"]);
    let (lei, other) = (crate::town::ACME, crate::town::NORTHBANK);
    town.ok(&[
        "init",
        "acme",
        "--name",
        "acme",
        "--admin",
        &format!("{lei}={party}"),
        "--cosigner",
        &format!("{other}:only={cosigner}"),
        "--notice",
        "0s",
    ]);
    town.ok(&["govern", "adopt", "acme", crate::town::POLICY, "--as", &party]);
    let nowhere = town.run(&["cosign", "acme", "--key", &cosigner]);
    assert_eq!(nowhere.fault(), "cosigner-place");
    let signed = town.ok(&["cosign", "acme", "--key", &cosigner, "--own", "own", "--memory", "kms.memory"]);
    assert_eq!(signed["certificate"], true, "{signed}");

    // A signer that answers rubbish: nothing leaves.
    std::fs::write(town.path("hsm"), "#!/bin/sh\necho AAAA\n").unwrap();
    let public = town.path("hsm.pub");
    std::fs::write(&public, shown["public"].to_string()).unwrap();
    let rubbish = format!("{party},{}", public.display());
    let refused = town.run(&["govern", "retire", "acme", "acme-usd/stablecoin.issue", "--as", &rubbish]);
    assert_eq!(refused.code, 2, "{}", refused.out);
    assert!(refused.err.contains("nothing was signed"), "{}", refused.err);
}
