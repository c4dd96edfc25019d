//! `lockstep-sign-http` against a service on loopback that behaves as the test says.

mod service;
mod tls;

use lockstep_attest::signer::{Request, public_in, signature_in};
use lockstep_crypto::SecretKey;
use lockstep_crypto::suite::{Message, Suite, verify};
use serde_json::{Value, json};
use service::{Seen, Service};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_lockstep-sign-http");
const TOKEN: &str = "a-token-that-nobody-may-read";
const HASH: [u8; 32] = [0x5a; 32];

fn secret(suite: Suite) -> SecretKey {
    SecretKey::from_bytes(suite, &[7; 32]).unwrap()
}

fn message(suite: Suite) -> Message<'static> {
    if suite == Suite::Eip712 { Message::Hash(&HASH) } else { Message::Bytes(b"a word of a party") }
}

/// A folder with settings for a key of `suite` at a service.
struct Desk {
    dir: TempDir,
    suite: Suite,
}

impl Desk {
    fn new(suite: Suite, url: &str) -> Self {
        let desk = Self { dir: TempDir::new().unwrap(), suite };
        desk.write("token", &format!("{TOKEN}\n"), 0o600);
        desk.write("key.pub", &serde_json::to_string(secret(suite).public()).unwrap(), 0o644);
        desk.settings(&format!("url = \"{url}\"\npatience_s = 60"));
        desk
    }

    fn settings(&self, more: &str) {
        let text = format!(
            "#!{PROGRAM} sign\nkey = \"officer-1\"\npublic = \"key.pub\"\ntoken_file = \"token\"\npoll_ms = 10\n\
             {more}\n"
        );
        self.write("officer.toml", &text, 0o700);
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        std::fs::write(self.path(name), text).unwrap();
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// What `exec:` starts.
    fn start(&self) -> Child {
        self.start_trusting("root.pem")
    }

    /// The same, on a machine that trusts these roots and no others.
    fn start_trusting(&self, roots: &str) -> Child {
        let mut command = Command::new(self.path("officer.toml"));
        command.env("SSL_CERT_FILE", format!("{}/{roots}", tls::FOLDER)).env_remove("SSL_CERT_DIR");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let key = secret(self.suite).public().clone();
        let line = Request::sign(&key, message(self.suite)).to_line().unwrap();
        drop(child.stdin.take().unwrap().write_all(format!("{line}\n").as_bytes()));
        child
    }

    fn end(&self, child: Child) -> Result<String, String> {
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let (out, err) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
        assert!(!err.contains(TOKEN) && !out.contains(TOKEN), "{err}");
        if !status.success() {
            assert_eq!(out, "", "who refuses says nothing on stdout");
            return Err(err);
        }
        let key = secret(self.suite).public().clone();
        verify(&key, message(self.suite), &signature_in(out.as_bytes()).unwrap()).unwrap();
        Ok(err)
    }

    fn sign(&self) -> Result<String, String> {
        self.end(self.start())
    }
}

fn pending() -> (u16, Value) {
    (202, json!({ "id": "r1", "state": "pending" }))
}

fn signed(suite: Suite) -> (u16, Value) {
    let signature = secret(suite).sign(message(suite)).unwrap();
    (200, json!({ "id": "r1", "state": "signed", "signature": service::base64(&signature) }))
}

#[test]
fn what_is_approved_at_once_is_signed_whatever_form_the_signature_has() {
    for suite in Suite::ALL {
        let signature = secret(suite).sign(message(suite)).unwrap();
        let mut forms = vec![json!({ "signature": service::base64(&signature) })];
        if suite != Suite::Ed25519 {
            let der = service::base64(&service::der(&signature));
            forms.push(json!({ "signature": der, "encoding": "der" }));
            forms.push(json!({ "signature": service::base64(&signature[..64]), "encoding": "raw" }));
        }
        for mut form in forms {
            form["id"] = json!("r1");
            form["state"] = json!("signed");
            let service = Service::start(move |_: &Seen, _| Some((200, form.to_string())));
            let desk = Desk::new(suite, &service.url());
            desk.sign().unwrap();
            let seen = service.seen();
            let [asked] = seen.as_slice() else { panic!("{seen:?}") };
            assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/v1/signatures"));
            assert_eq!(asked.header("authorization"), format!("Bearer {TOKEN}"));
            let body: Value = serde_json::from_str(&asked.body).unwrap();
            assert_eq!((&body["key"], &body["suite"]), (&json!("officer-1"), &json!(suite)));
            assert_eq!(body["keyid"], json!(secret(suite).public().id()));
        }
    }
}

#[test]
fn what_is_approved_late_is_asked_once_and_looked_at_until_it_is() {
    let suite = Suite::Es256;
    let service = Service::start(move |_, nth| {
        let (status, body) = if nth < 5 { pending() } else { signed(suite) };
        Some((status, body.to_string()))
    });
    let said = Desk::new(suite, &service.url()).sign().unwrap();
    assert_eq!(said.matches("request `r1` is pending").count(), 1, "{said}");
    let seen = service.seen();
    assert_eq!(seen.iter().filter(|asked| asked.method == "POST").count(), 1);
    assert!(seen[1..].iter().all(|asked| asked.path == "/v1/signatures/r1"), "{seen:?}");
}

#[test]
fn a_no_is_a_no_and_says_why() {
    for (state, expected) in [("denied", "is denied: over the limit"), ("expired", "has expired there")] {
        let service = Service::start(move |_, nth| {
            let said = json!({ "id": "r1", "state": state, "reason": "over the limit" });
            Some(if nth < 2 { (202, pending().1.to_string()) } else { (200, said.to_string()) })
        });
        let said = Desk::new(Suite::Ed25519, &service.url()).sign().unwrap_err();
        assert!(said.contains(expected), "{said}");
    }
    let service = Service::start(|_, _| Some((401, "no such\ntoken".to_owned())));
    let said = Desk::new(Suite::Ed25519, &service.url()).sign().unwrap_err();
    assert!(said.contains("answers HTTP 401: no such token"), "{said}");
    assert_eq!(service.seen().len(), 1, "a no is not asked for again");
}

#[test]
fn who_never_decides_is_left_after_the_time_that_was_given() {
    let service = Service::start(|_, _| Some((202, pending().1.to_string())));
    let desk = Desk::new(Suite::Ed25519, &service.url());
    desk.settings(&format!("url = \"{}\"\npatience_s = 1", service.url()));
    let said = desk.sign().unwrap_err();
    assert!(said.contains("within 1 s (request `r1` is pending)"), "{said}");
    assert!(said.contains("goes on with the same request"), "{said}");
}

#[test]
fn garbage_ends_it() {
    let long = format!("{{\"id\":\"r1\",\"state\":\"{}\"}}", "x".repeat(70_000));
    for (body, expected) in [
        ("<html>".to_owned(), "expected JSON with `id` and `state`"),
        (json!({ "id": "../keys", "state": "pending" }).to_string(), "expected an `id`"),
        (json!({ "id": "r1", "state": "perhaps" }).to_string(), "found `perhaps`"),
        (json!({ "id": "r1", "state": "signed" }).to_string(), "expected `signature` in base64"),
        (long, "more than 65536 bytes"),
    ] {
        let service = Service::start(move |_, _| Some((200, body.clone())));
        let said = Desk::new(Suite::Ed25519, &service.url()).sign().unwrap_err();
        assert!(said.contains("makes no sense") && said.contains(expected), "{said}");
    }
    let service = Service::start(|_, nth| {
        let id = if nth == 0 { "r1" } else { "r2" };
        Some((200, json!({ "id": id, "state": "pending" }).to_string()))
    });
    let said = Desk::new(Suite::Ed25519, &service.url()).sign().unwrap_err();
    assert!(said.contains("asked about request `r1`, the answer is about `r2`"), "{said}");
    let service = Service::start(|_, _| Some((302, String::new())));
    let said = Desk::new(Suite::Ed25519, &service.url()).sign().unwrap_err();
    assert!(said.contains("HTTP 302"), "{said}");
}

#[test]
fn a_signature_of_another_key_or_of_something_else_is_given_to_nobody() {
    for suite in Suite::ALL {
        let other = SecretKey::from_bytes(suite, &[8; 32]).unwrap().sign(message(suite)).unwrap();
        let elsewhere = match suite {
            Suite::Eip712 => secret(suite).sign(Message::Hash(&[1; 32])),
            _ => secret(suite).sign(Message::Bytes(b"another word")),
        };
        for signature in [other, elsewhere.unwrap()] {
            let said = json!({ "id": "r1", "state": "signed", "signature": service::base64(&signature) });
            let service = Service::start(move |_, _| Some((200, said.to_string())));
            let said = Desk::new(suite, &service.url()).sign().unwrap_err();
            assert!(said.contains("does not hold under key"), "{said}");
        }
    }
}

#[test]
fn a_service_that_stumbles_is_asked_again_with_the_same_key() {
    let service = Service::start(|_, nth| match nth {
        0 => Some((503, "restarting".to_owned())),
        1 | 4 => None,
        2 => Some((429, String::new())),
        3 => Some((202, pending().1.to_string())),
        5 => Some((500, String::new())),
        _ => Some((200, signed(Suite::Ed25519).1.to_string())),
    });
    let said = Desk::new(Suite::Ed25519, &service.url()).sign().unwrap();
    assert!(said.contains("HTTP 503"), "{said}");
    let seen = service.seen();
    let puts: Vec<&Seen> = seen.iter().filter(|asked| asked.method == "POST").collect();
    assert_eq!(puts.len(), 4, "{seen:?}");
    assert!(puts.iter().all(|put| put.header("idempotency-key") == puts[0].header("idempotency-key")));
    assert!(puts.iter().all(|put| put.body == puts[0].body));
}

#[test]
fn who_is_killed_goes_on_with_the_same_request() {
    // Approved only once somebody has come back for it.
    let service = Service::start(move |asked, _| {
        let again = asked.earlier_puts > 0 && asked.method == "POST";
        let (status, body) = if again { signed(Suite::Eip712) } else { pending() };
        Some((status, body.to_string()))
    });
    let desk = Desk::new(Suite::Eip712, &service.url());
    let mut first = desk.start();
    service.wait_for(3);
    first.kill().unwrap();
    assert!(desk.end(first).is_err());
    desk.sign().unwrap();
    let seen = service.seen();
    let keys: std::collections::BTreeSet<String> =
        seen.iter().filter(|asked| asked.method == "POST").map(|put| put.header("idempotency-key")).collect();
    assert_eq!(keys.len(), 1, "one request, whoever asked for it");
}

#[test]
fn settings_that_would_show_the_token_or_wait_for_ever_are_refused() {
    let desk = Desk::new(Suite::Es256, "http://kms.example/v1");
    assert!(desk.sign().unwrap_err().contains("`http://` is only for 127.0.0.1"));
    for (more, expected) in [
        ("url = \"https://kms.example/?a\"", "expected an address without `?`"),
        ("url = \"http://127.0.0.1:1\"\npatience_s = 0", "`patience_s` is 0, expected 1 to 604800"),
        ("url = \"http://127.0.0.1:1\"\ntoken = \"x\"", "unknown field `token`"),
    ] {
        desk.settings(more);
        let said = desk.sign().unwrap_err();
        assert!(said.contains(expected), "{said}");
    }
    desk.settings("url = \"http://127.0.0.1:1\"\npatience_s = 1");
    let said = desk.sign().unwrap_err();
    assert!(said.contains("no decision of `127.0.0.1:1` within 1 s"), "{said}");
    desk.write("token", TOKEN, 0o604);
    assert!(desk.sign().unwrap_err().contains("has mode 0604, expected 0600"));
}

#[test]
fn a_public_key_as_a_service_gives_it_is_printed_as_the_command_line_reads_it() {
    let desk = Desk::new(Suite::Es256, "http://127.0.0.1:1");
    desk.write(
        "key.pub",
        "-----BEGIN PUBLIC KEY-----\nMFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEMTcMM78qu5vv9uOkDJvN4R16smW8zznn\n\
         SkuRFS3zzicxCGvou7gPjfXvbt7TvvdQqJuOwz11AYkLu4lmQSKgww==\n-----END PUBLIC KEY-----\n",
        0o644,
    );
    let printed = Command::new(PROGRAM).arg("public").arg(desk.path("officer.toml")).output().unwrap();
    assert_eq!(public_in(&printed.stdout).unwrap().suite(), Suite::Eip712);
}

#[test]
fn a_service_is_known_by_the_roots_of_this_machine_or_is_told_nothing() {
    let suite = Suite::Ed25519;
    let service = Service::start(move |_, _| Some((200, signed(suite).1.to_string())));
    let front = tls::Front::start(service.port());
    let url = format!("https://127.0.0.1:{}/v1/signatures", front.port());
    let desk = Desk::new(suite, &url);
    desk.sign().unwrap();
    assert_eq!(service.seen().len(), 1);

    let said = desk.end(desk.start_trusting("other-root.pem")).unwrap_err();
    assert!(said.contains("is not known by the roots of this machine"), "{said}");
    assert_eq!(service.seen().len(), 1, "a service that is not known was told the token");

    // The certificate names 127.0.0.1 and no other address of this machine.
    let other = url.replace("127.0.0.1", "127.0.0.2");
    desk.settings(&format!("url = \"{other}\""));
    let said = desk.sign().unwrap_err();
    assert!(said.contains("whoever answers for `127.0.0.2"), "{said}");
    assert_eq!(service.seen().len(), 1);
}
