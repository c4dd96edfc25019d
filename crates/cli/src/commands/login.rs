//! `lockstep login`: a person signs in at its institution's provider, and looks at a server for some minutes.
//! The browser comes back to a port of this machine (RFC 8252 §7.3).

use crate::desk::{ReaderArgs, ServerPlace};
use crate::fault::{Kind, invalid, told};
use crate::os;
use crate::server::ReachArgs;
use crate::shell::Shell;
use crate::signed_in::SignedIn;
use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long the person may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long whoever connects may take to ask; others wait meanwhile.
const ASKING: Duration = Duration::from_secs(2);
/// Longest question of a browser that is read.
const QUESTION_BYTES_MAX: usize = 16_384;
/// Where the browser comes back to.
const BACK: &str = "/signed-in";

/// Where to sign in.
#[derive(Debug, Clone, Args)]
pub struct Login {
    #[command(flatten)]
    place: ServerPlace,
    /// Certificates in PEM that vouch for the provider, in place of those of this machine
    #[arg(long, value_name = "FILE")]
    provider_roots: Option<PathBuf>,
    /// A program that opens addresses, such as `xdg-open`; without it the address is only shown
    #[arg(long, value_name = "PROGRAM")]
    browser: Option<PathBuf>,
}

/// Signs in, and keeps the server's token in a file that only this user reads.
pub fn run(shell: &Shell, args: &Login) -> Result<u8> {
    let (url, client) = args.place.reach(shell)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("this machine has no free port")?;
    let port = listener.local_addr().context("cannot tell the port")?.port();
    let provider = ReachArgs::of_roots(args.provider_roots.clone()).options()?;
    let begun = client.begin_sign_in(&format!("http://127.0.0.1:{port}{BACK}"), &provider)?;
    shell.out.note(format!("sign in with a browser on this machine:\n{}", begun.url));
    if let Some(browser) = &args.browser {
        let mut opens = Command::new(browser);
        let opened =
            opens.arg(&begun.url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        opened.with_context(|| format!("`{}` does not start", browser.display()))?;
    }
    let token = client.end_sign_in(&begun, &wait(&listener)?)?;
    let kept = SignedIn { ledger: client.id(), server: url, token };
    kept.keep(shell.state.as_deref())?;
    let token = &kept.token;
    let answer = json!({ "expires": token.expires, "party": token.party, "roles": token.roles });
    shell.out.answer(&answer, || {
        let roles: Vec<String> = token.roles.iter().map(|role| role.to_string()).collect();
        format!("signed in as {} of {}, until {}", roles.join(" and "), token.party, token.expires)
    })?;
    Ok(0)
}

/// Waits for the browser: the query with which it comes back.
fn wait(listener: &TcpListener) -> Result<String> {
    listener.set_nonblocking(true).context("cannot wait for the browser")?;
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        match listener.accept() {
            Ok((stream, _)) => {
                // Whatever else on this machine connects is sent away.
                if let Some(query) = asked(stream) {
                    return Ok(query);
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(error) => return Err(error).context("cannot wait for the browser"),
        }
    }
    let text = format!("nobody signed in within {} seconds", PATIENCE.as_secs());
    Err(told(Kind::Retry, "sign-in", text).hint("run `lockstep login` again").into())
}

fn asked(mut stream: TcpStream) -> Option<String> {
    stream.set_nonblocking(false).ok()?;
    stream.set_read_timeout(Some(ASKING)).ok()?;
    stream.set_write_timeout(Some(ASKING)).ok()?;
    let (mut head, begun) = (Vec::new(), Instant::now());
    let mut bytes = [0; 1_024];
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        let count = stream.read(&mut bytes).ok()?;
        head.extend(bytes.get(..count)?);
        if count == 0 || head.len() > QUESTION_BYTES_MAX || begun.elapsed() > ASKING {
            return None;
        }
    }
    let line = String::from_utf8(head).ok()?.lines().next()?.to_owned();
    let target = line.strip_prefix("GET ").and_then(|rest| rest.strip_suffix(" HTTP/1.1"));
    let query = target.and_then(|target| target.strip_prefix(BACK)?.strip_prefix('?')).map(str::to_owned);
    let (status, text) = match query {
        Some(_) => ("200 OK", "Lockstep has what it needs. You may close this page.\n"),
        None => ("404 Not Found", "Nothing is here.\n"),
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n{text}",
        text.len()
    );
    // A browser that has gone has still brought what it brought.
    let _ = stream.write_all(answer.as_bytes());
    query
}

/// Where the reading of cases is looked at.
#[derive(Debug, Clone, Args)]
pub struct Reads {
    #[command(flatten)]
    place: ServerPlace,
    #[command(flatten)]
    reader: ReaderArgs,
    /// Where to go on, as `next` of the answer before said
    #[arg(long, value_name = "PLACE")]
    from: Option<u64>,
}

/// Tells who read what of cases.
pub fn reads(shell: &mut Shell, args: &Reads) -> Result<u8> {
    let remote = args.place.look(shell, args.reader.key())?;
    let page = remote.reads(args.from.map(|from| from.to_string()).as_deref())?;
    shell.out.answer(&page, || {
        let line = |row: &lockstep_api::people::ReadRow| {
            let person = row.person.map(|id| format!(" (person {id})")).unwrap_or_default();
            format!("{}  {}{person}  {} of {}", row.time, row.reader, row.what, row.case)
        };
        let lines: Vec<String> = page.items.iter().map(line).collect();
        let next = page.next.as_ref().map(|next| format!("\nmore: `--from {next}`")).unwrap_or_default();
        if lines.is_empty() { "nobody has read anything".to_owned() } else { lines.join("\n") + &next }
    })?;
    Ok(0)
}

/// Where figures are asked for.
#[derive(Debug, Clone, Args)]
pub struct Figures {
    #[command(flatten)]
    place: ServerPlace,
    #[command(flatten)]
    reader: ReaderArgs,
}

/// Tells the figures, as Prometheus reads them.
pub fn figures(shell: &mut Shell, args: &Figures) -> Result<u8> {
    let text = args.place.look(shell, args.reader.key())?.figures()?;
    shell.out.answer(&json!({ "figures": text }), || text.clone())?;
    Ok(0)
}

/// The reader, where nobody names a key: whoever is signed in.
pub fn signed_in(shell: &Shell, server: &str, ledger: lockstep_types::LedgerId) -> Result<SignedIn> {
    let now = os::now()?;
    let kept = SignedIn::find(shell.state.as_deref(), ledger)?;
    kept.filter(|kept| kept.server == server && kept.token.expires > now).ok_or_else(|| {
        invalid("server-key", "a server shows a ledger to those who have a key on it, or are signed in")
            .hint("name your key with `--as KEY`, or sign in with `lockstep login`")
            .into()
    })
}
