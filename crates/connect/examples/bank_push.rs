//! A connector: a bank pushes messages over HTTP, each becomes a draft that waits for a signer. It is a CGI
//! program, so any web server can run it; it holds the secret shared with the bank, and no key.
//!
//! `bank_push DIR`, where DIR holds `secret` (`whsec_…`), `map.toml`, `waits` (one `REFERENCE CASE STEP` a
//! line: what somebody waits for) and gets `inbox.json` and `drafts/`.

use lockstep_connect::{Arrival, Headers, Inbox, Secret, check, webhook};
use lockstep_sources::draft::{Draft, Mapping, propose};
use lockstep_sources::{ItemQuery, Limits};
use lockstep_types::{CaseId, Name, Time};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// An HTTP status and a line for the bank's log: nothing of ours stands in it.
type Answer = (u16, String);

fn main() {
    let (status, line) = answer().unwrap_or_else(|(status, line)| (status, line));
    println!("Status: {status}\r\nContent-Type: text/plain\r\n\r\n{line}");
}

fn answer() -> Result<Answer, Answer> {
    let dir = std::env::args().nth(1).map(PathBuf::from).ok_or_else(|| ours("no folder is named"))?;
    // One request at a time: the inbox is read and written as a whole.
    let lock = File::create(dir.join("lock")).map_err(ours)?;
    lock.lock().map_err(ours)?;

    let mut body = Vec::new();
    let most = u64::try_from(webhook::BODY_BYTES_MAX).map_err(ours)?;
    io::stdin().take(most + 1).read_to_end(&mut body).map_err(ours)?;
    let headers = Headers {
        id: header("HTTP_WEBHOOK_ID"),
        signature: header("HTTP_WEBHOOK_SIGNATURE"),
        timestamp: header("HTTP_WEBHOOK_TIMESTAMP"),
    };
    let secret = secret(&dir)?;
    let now = now()?;
    check(&[secret], &headers, &body, now).map_err(|error| (401, error.to_string()))?;

    let mut inbox = match fs::read(dir.join("inbox.json")) {
        Ok(bytes) => Inbox::from_slice(&bytes).map_err(ours)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Inbox::default(),
        Err(error) => return Err(ours(error)),
    };
    match inbox.arrive(&headers.id, &body, now).map_err(|error| (409, error.to_string()))? {
        Arrival::Again => return Ok((200, "it was here before".to_owned())),
        Arrival::Counts => {}
    }
    let drafts = drafts(&dir, &body)?;
    for draft in &drafts {
        keep(&dir.join("drafts"), draft, &body)?;
    }
    // Last: a crash before this line makes the same drafts again, and a draft is kept once.
    write(&dir.join("inbox.json"), &inbox.to_vec().map_err(ours)?)?;
    Ok((200, format!("{} draft(s)", drafts.len())))
}

/// What the message lets somebody say who waits for it.
fn drafts(dir: &Path, body: &[u8]) -> Result<Vec<Draft>, Answer> {
    let mapping = Mapping::from_toml(&text(dir, "map.toml")?).map_err(ours)?;
    let mut drafts = Vec::new();
    let mut refused = None;
    for line in text(dir, "waits")?.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [reference, case, step] = words[..] else { return Err(ours("`waits` is of another form")) };
        let of: (CaseId, Name) = (case.parse().map_err(ours)?, step.parse().map_err(ours)?);
        let query = ItemQuery { reference: Some(reference), account: None };
        match propose(body, (&mapping, &query), (of.0, &of.1), &Limits::default()) {
            Ok(draft) => drafts.push(draft),
            Err(error) => refused = Some(error),
        }
    }
    match refused {
        Some(error) if drafts.is_empty() => Err((422, error.to_string())),
        _ => Ok(drafts),
    }
}

/// Keeps a draft beside its message, once; a later message about the same act is left for a person.
fn keep(dir: &Path, draft: &Draft, origin: &[u8]) -> Result<(), Answer> {
    fs::create_dir_all(dir).map_err(ours)?;
    let path = dir.join(format!("{}.json", draft.id()));
    let bytes = draft.to_vec().map_err(ours)?;
    match fs::read(&path) {
        Ok(before) if before == bytes => Ok(()),
        Ok(_) => Err((409, "another message about the same act was here before".to_owned())),
        Err(_) => {
            write(&dir.join(format!("{}.json.origin", draft.id())), origin)?;
            write(&path, &bytes)
        }
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Answer> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside).map_err(ours)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(ours)?;
    fs::rename(&beside, path).map_err(ours)
}

/// The secret, unless others can read it.
fn secret(dir: &Path) -> Result<Secret, Answer> {
    let mode = fs::metadata(dir.join("secret")).map_err(ours)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(ours("others can read `secret`: its mode has to be 0600"));
    }
    Secret::from_text(text(dir, "secret")?.trim()).map_err(ours)
}

fn header(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

fn text(dir: &Path, name: &str) -> Result<String, Answer> {
    fs::read_to_string(dir.join(name)).map_err(ours)
}

fn now() -> Result<Time, Answer> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(ours)?;
    Time::from_ms(u64::try_from(since.as_millis()).map_err(ours)?).map_err(ours)
}

/// What is wrong on this side stands in our log; the bank hears that it may send again.
fn ours(error: impl std::fmt::Display) -> Answer {
    eprintln!("bank_push: {error}");
    (500, "try again later".to_owned())
}
