//! Keys behind the programs that are shipped, and signers that take their time.

#[path = "../../../signers/tests/http/service.rs"]
#[expect(dead_code, reason = "the tests of `signers` let a service misbehave in more ways than these do")]
mod service;

use crate::how_to;
use crate::signer::script;
use crate::town::{ACME, NORTHBANK, POLICY, Ran, Town, ago};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lockstep_crypto::SecretKey;
use lockstep_crypto::suite::{Message, Suite};
use serde_json::{Value, json};
use service::Service;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A program of the crate `signers`, built beside `lockstep` when the whole workspace is.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_BIN_EXE_lockstep")).with_file_name(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {name} is absent: run `cargo build -p lockstep-signers`");
    None
}

#[test]
fn a_ledger_lives_on_keys_in_an_hsm_as_the_page_says() {
    let Some(_) = program("lockstep-sign-pkcs11") else { return };
    if !Path::new("/usr/lib/softhsm/libsofthsm2.so").exists() {
        println!("skipped: SoftHSM is absent: install Debian's package softhsm2");
        return;
    }
    let (went, said) = how_to::run(&how_to::blocks("sign-with-an-hsm.md", None), how_to::ENDPOINTS);
    assert!(went, "{said}");
    for (line, times) in [("\"suite\":\"eip712\"", 1), ("\"suite\":\"es256\"", 1), ("certified", 1)] {
        let found = said.matches(line).count();
        assert!(found >= times, "`{line}` is said {found} times, expected {times}:\n{said}");
    }
}

/// Settings for a service, as a program.
fn settings(town: &Town, program: &Path, url: &str) -> String {
    let secret = SecretKey::from_bytes(Suite::Ed25519, &[9; 32]).unwrap();
    std::fs::write(town.path("kms.pub"), serde_json::to_string(secret.public()).unwrap()).unwrap();
    town.private("token", "a-token\n");
    let text = format!(
        "#!{} sign\nurl = \"{url}\"\nkey = \"admin\"\npublic = \"kms.pub\"\ntoken_file = \"token\"\n\
         poll_ms = 10\n",
        program.display()
    );
    std::fs::write(town.path("kms.toml"), text).unwrap();
    town.mode("kms.toml", 0o700);
    format!("exec:{}", town.path("kms.toml").display())
}

#[test]
fn a_service_that_approves_later_signs_for_an_administrator() {
    let Some(program) = program("lockstep-sign-http") else { return };
    // Each request is pending once, then signed.
    let mut last = String::new();
    let service = Service::start(move |asked, _| {
        let answer = match asked.method.as_str() {
            "POST" => {
                last.clone_from(&asked.body);
                json!({ "id": "r1", "state": "pending" })
            }
            _ => {
                let asked: Value = serde_json::from_str(&last).unwrap();
                let bytes = STANDARD.decode(asked["message"].as_str().unwrap()).unwrap();
                let secret = SecretKey::from_bytes(Suite::Ed25519, &[9; 32]).unwrap();
                let signature = secret.sign(Message::Bytes(&bytes)).unwrap();
                json!({ "id": "r1", "state": "signed", "signature": STANDARD.encode(signature) })
            }
        };
        Some((200, answer.to_string()))
    });
    let town = Town::new();
    town.key("eip712", "cosigner");
    let admin = settings(&town, &program, &service.url());
    let init = ["init", "acme", "--name", "acme", "--notice", "0s", "--admin"];
    let (admins, cosigner) = (format!("{ACME}={admin}"), format!("{NORTHBANK}:only=cosigner.pub"));
    town.ok(&[&init[..], &[&admins, "--cosigner", &cosigner]].concat());
    let adopted = town.ok(&["govern", "adopt", "acme", POLICY, "--as", &admin]);
    assert_eq!(adopted["enacted"], true);
    let asked: Vec<String> = service.seen().into_iter().map(|asked| asked.method).collect();
    assert_eq!(asked, ["POST", "GET"], "asked once, then looked at");
}

/// The custodian's word on a payment, by the key behind a program.
fn pay(town: &Town, case: &str, key: &str, more: &[&str]) -> Ran {
    let statement =
        concat!("bank-statement=", env!("CARGO_MANIFEST_DIR"), "/../sources/samples/statement.xml");
    let booked = format!("booked_at={}", std::fs::read_to_string(town.path("booked")).unwrap());
    let claims = [
        "amount=1000000.00",
        "servicer=NORTHNO1",
        "account=NO9386011117947",
        "servicer_ref=2026112000017",
        "entry_ref=1",
        "debtor=Jane Doe",
        "booked=true",
        &booked,
    ];
    let mut args = vec!["attest", "acme", case, "payment", "--as", key, "--evidence", statement];
    claims.iter().for_each(|claim| args.extend(["--claim", claim]));
    args.extend(more);
    town.run(&args)
}

#[test]
fn a_signer_that_was_interrupted_is_asked_for_the_same_bytes_and_the_ledger_goes_on_meanwhile() {
    let town = Town::with_ledger();
    let inner = script(&town, "inner", "ed25519");
    let inner = inner.strip_prefix("exec:").unwrap();
    let (issue, issuer) = (["credential", "issue", "acme", "--as", "registry"], format!("exec:{inner}"));
    let rest = ["--subject", NORTHBANK, "--kind", "qualified-custodian", "--key", &issuer];
    town.ok(&[&issue[..], &rest].concat());
    let case = town.open_case();
    assert_eq!(town.attest(&case, "request", "issuer", &[]).code, 0);
    std::fs::write(town.path("booked"), ago(7_200_000)).unwrap();

    // It notes what it is asked for, lets somebody else write to the ledger, and signs once it is approved.
    let text = format!(
        "#!/bin/sh\nset -e\nread line\ncase $line in *public*) echo \"$line\" | {inner}; exit;; esac\n\
         echo \"$line\" >> asked\n\
         {} --state state --passphrase-file pass cosign acme --key cosigner1 >&2\necho free >> free\n\
         test -e approved\necho \"$line\" | {inner}\n",
        env!("CARGO_BIN_EXE_lockstep")
    );
    std::fs::write(town.path("hsm"), text).unwrap();
    std::fs::set_permissions(town.path("hsm"), std::fs::Permissions::from_mode(0o700)).unwrap();
    let hsm = format!("exec:{}", town.path("hsm").display());
    let asked = || std::fs::read_to_string(town.path("asked")).unwrap();
    let mode = |name: &str| std::fs::metadata(town.path(name)).unwrap().permissions().mode() & 0o777;

    assert_eq!(pay(&town, &case, &hsm, &[]).code, 2);
    for _ in 0..2 {
        let denied = pay(&town, &case, &hsm, &["--pending", "payment.pending"]);
        assert_eq!(denied.code, 2, "{}", denied.out);
        assert!(denied.err.contains("nothing was signed"), "{}", denied.err);
        assert_eq!(mode("payment.pending"), 0o600);
    }
    std::fs::write(town.path("booked"), ago(7_100_000)).unwrap();
    let other = pay(&town, &case, &hsm, &["--pending", "payment.pending"]);
    assert_eq!((other.code, other.fault().as_str()), (2, "pending-other"));
    // The first statement again: what was booked then is in its claims.
    let lines: Vec<String> = asked().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 3, "another word is drafted anew only when the file is taken away");
    assert!(
        lines[0] != lines[1] && lines[1] == lines[2],
        "the pending statement keeps the bytes, nothing else does"
    );

    std::fs::remove_file(town.path("payment.pending")).unwrap();
    assert_eq!(pay(&town, &case, &hsm, &["--pending", "payment.pending"]).code, 2);
    std::fs::write(town.path("approved"), "").unwrap();
    let paid = pay(&town, &case, &hsm, &["--pending", "payment.pending"]);
    assert_eq!(paid.code, 0, "{}\n{}", paid.out, paid.err);
    assert_eq!(paid.json()["refused"], Value::Null, "{}", paid.out);
    assert!(!town.path("payment.pending").exists(), "what is on record is pending no more");
    let lines: Vec<String> = asked().lines().map(str::to_owned).collect();
    assert!(lines.len() == 5 && lines[3] == lines[4], "{}", lines.len());
    assert_eq!(std::fs::read_to_string(town.path("free")).unwrap().lines().count(), 5);

    town.private("wrong.pending", "{}");
    let wrong = pay(&town, &case, &hsm, &["--pending", "wrong.pending"]);
    assert_eq!(wrong.fault(), "pending-file");
}

#[test]
fn a_program_may_take_as_long_as_it_was_told_and_no_longer() {
    let town = Town::new();
    let hsm = script(&town, "hsm", "ed25519");
    let path = hsm.strip_prefix("exec:").unwrap();
    std::fs::write(town.path("slow"), format!("#!/bin/sh\nexec sleep 600 < /dev/null > {path}.out\n"))
        .unwrap();
    town.mode("slow", 0o700);
    let slow = format!("exec:{}", town.path("slow").display());
    town.key("eip712", "cosigner");
    let (admins, cosigner) = (format!("{ACME}={hsm}"), format!("{NORTHBANK}:only=cosigner.pub"));
    town.ok(&["init", "acme", "--name", "acme", "--admin", &admins, "--cosigner", &cosigner]);
    let late = town.run(&["govern", "adopt", "acme", POLICY, "--as", &slow, "--signer-patience", "300ms"]);
    assert_eq!(late.code, 2);
    assert!(late.err.contains("did not answer within"), "{}", late.err);
    for wrong in ["0s", "7d", "soon"] {
        let refused =
            town.run(&["govern", "adopt", "acme", POLICY, "--as", &hsm, "--signer-patience", wrong]);
        assert_eq!(refused.fault(), "duration", "{wrong}");
    }
}
