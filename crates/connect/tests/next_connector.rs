//! The examples of `docs/how-to/the-next-connector.md`: they are short, they run, and they never hold a key.

#[path = "served/receiver.rs"]
mod served;

use lockstep_connect::{Secret, check, sign};
use lockstep_sources::Limits;
use lockstep_sources::draft::Draft;
use lockstep_types::Time;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

const SOURCES: [&str; 2] = [include_str!("../examples/bank_push.rs"), include_str!("../examples/erp_out.rs")];
const STATUS: &str = include_str!("../../sources/samples/status.xml");
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const MAP: &str = "format = 'lockstep-mapping/1'\n[step.settled]\nmessage = 'pacs.002'\n\
    require = { status = 'ACSC' }\n[step.settled.claim]\nuetr = 'uetr'\n\
    amount = { field = 'amount', as = 'money:USD' }\n";

struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(TempDir::new().unwrap());
        let case = "07".repeat(32);
        desk.file("secret", SECRET);
        desk.mode(0o600);
        desk.file("map.toml", MAP);
        desk.file("waits", &format!("REDEEM-ACME-2026-11-21-A {case} settled\nANOTHER-ONE {case} settled\n"));
        desk
    }

    fn file(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    fn mode(&self, mode: u32) {
        let path = self.0.path().join("secret");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The drafts that wait.
    fn drafts(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.0.path().join("drafts")) else { return Vec::new() };
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect()
    }

    /// What a web server gets when it hands a request over: the status, and the line.
    fn push(&self, id: &str, body: &str, secret: &str) -> (u16, String) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = Time::from_ms(u64::try_from(now.as_millis()).unwrap()).unwrap();
        let headers = sign(&Secret::from_text(secret).unwrap(), id, body.as_bytes(), now).unwrap();
        let example = std::env::current_exe().unwrap().with_file_name("../examples/bank_push");
        let mut child = Command::new(example)
            .arg(self.0.path())
            .env("HTTP_WEBHOOK_ID", headers.id)
            .env("HTTP_WEBHOOK_SIGNATURE", headers.signature)
            .env("HTTP_WEBHOOK_TIMESTAMP", headers.timestamp)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(body.as_bytes()).unwrap();
        let out = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        let (head, line) = out.split_once("\r\n\r\n").unwrap();
        let status = head.strip_prefix("Status: ").unwrap().split("\r\n").next().unwrap();
        (status.parse().unwrap(), line.trim().to_owned())
    }
}

#[test]
fn the_examples_are_connectors_in_under_150_lines_that_know_no_key() {
    for source in SOURCES {
        assert!(source.lines().count() < 150, "{} lines", source.lines().count());
        for key in ["lockstep_crypto", "lockstep_attest", "SecretKey", "keyring"] {
            assert!(!source.contains(key), "{key}");
        }
    }
}

#[test]
fn what_is_decided_goes_to_the_planning_system_in_order_and_waits_when_it_is_away() {
    let away = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let taken = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let (port, server) = served::serve(Box::leak(Box::new([taken, away])));
    let dir = TempDir::new().unwrap();
    let file = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    file("secret", SECRET);
    std::fs::set_permissions(dir.path().join("secret"), std::fs::Permissions::from_mode(0o600)).unwrap();
    file("hosts", &format!("erp.example.com\nloopback:{port}\n"));
    file("url", &format!("http://localhost:{port}/in\n"));
    let run = |input: &str| {
        let example = std::env::current_exe().unwrap().with_file_name("../examples/erp_out");
        let mut command = Command::new(example);
        command.arg(dir.path()).arg("case.decided").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let out = child.wait_with_output().unwrap();
        (out.status.code().unwrap(), String::from_utf8(out.stdout).unwrap())
    };
    let (code, out) = run("{\"case\":\"a\"}\n{\"case\":\"b\"}\n");
    assert!(code == 2 && out.contains("message 1 is taken\nmessage 2 is sent again at "), "{out}");
    let (code, out) = run("");
    assert!(code == 2 && out.starts_with("message 2 is sent again at "), "it is not time yet: {out}");
    let came = server.join().unwrap();
    for (headers, body) in &came {
        let seconds: u64 = headers.timestamp.parse().unwrap();
        let at = Time::from_ms(seconds * 1_000).unwrap();
        check(&[Secret::from_text(SECRET).unwrap()], headers, body, at).unwrap();
    }
    assert!(came[1].1.starts_with(b"{\"data\":{\"case\":\"b\"},\"sequence\":2,"));
    file("url", "http://localhost:1/in");
    assert_eq!(run("").0, 2, "a place that nobody named");
}

#[test]
fn a_message_that_is_pushed_becomes_one_draft_that_follows_from_it() {
    let desk = Desk::new();
    assert_eq!(desk.push("m1", STATUS, SECRET), (200, "1 draft(s)".to_owned()));
    let drafts = desk.drafts();
    assert_eq!(drafts.len(), 1);
    let draft = Draft::from_slice(&std::fs::read(&drafts[0]).unwrap()).unwrap();
    let origin = std::fs::read(drafts[0].with_extension("json.origin")).unwrap();
    draft.check(&origin, &Limits::default()).unwrap();
    assert_eq!(draft.claims["amount"], "250000.00");

    assert_eq!(desk.push("m1", STATUS, SECRET), (200, "it was here before".to_owned()));
    assert_eq!(
        desk.push("m2", STATUS, SECRET).0,
        200,
        "the same message under another id makes the same draft"
    );
    assert_eq!(desk.drafts().len(), 1);
    let other = STATUS.replace("NORD-S-20261121-0008", "NORD-S-20261121-0009");
    assert_eq!(desk.push("m3", &other, SECRET).0, 409, "another file about the same act is for a person");
    assert_eq!(std::fs::read(drafts[0].with_extension("json.origin")).unwrap(), STATUS.as_bytes());
}

#[test]
fn what_is_not_the_banks_or_says_nothing_of_use_leaves_nothing() {
    let desk = Desk::new();
    let (status, line) = desk.push("m1", STATUS, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!((status, line.as_str()), (401, "no signature holds"));
    assert_eq!(desk.push("m1", STATUS, SECRET).0, 200, "a forged one does not use up the id");
    let desk = Desk::new();
    let (status, line) = desk.push("m1", &STATUS.replace("ACSC", "ACSP"), SECRET);
    assert_eq!(status, 422, "{line}");
    assert_eq!(desk.push("m2", "<x/>", SECRET).0, 422);
    assert!(desk.drafts().is_empty());
    desk.mode(0o644);
    assert_eq!(desk.push("m3", STATUS, SECRET).0, 500, "others can read the secret");
    desk.mode(0o600);
    desk.file("waits", "one word");
    assert_eq!(desk.push("m4", STATUS, SECRET), (500, "try again later".to_owned()), "ours stays with us");
}
