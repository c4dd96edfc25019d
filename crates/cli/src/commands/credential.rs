//! `lockstep credential`: who may act in which role, by whose word.

use crate::desk::{DeskArgs, ReaderArgs};
use crate::fault::invalid;
use crate::key::public_of;
use crate::os;
use crate::party::{SignerArgs, tell};
use crate::shell::Shell;
use crate::words;
use anyhow::Result;
use clap::{Args, Subcommand};
use lockstep_api::answer::CredentialRow;
use lockstep_attest::{Credential, CredentialKey, Revocation, Statement};
use lockstep_node::client::Draft;
use lockstep_types::{Digest, Lei, Name};

/// What to do with credentials.
#[derive(Debug, Clone, Subcommand)]
pub enum CredentialCommand {
    /// Attest that keys of a party hold a credential
    Issue(Issue),
    /// Take a credential back
    Revoke(Revoke),
    /// List the credentials of a ledger; of a server's, those that you hold or gave, or all to administrators
    List(List),
}

/// A credential to issue.
#[derive(Debug, Clone, Args)]
pub struct Issue {
    #[command(flatten)]
    desk: DeskArgs,
    #[command(flatten)]
    signer: SignerArgs,
    /// Who gets it
    #[arg(long, value_name = "LEI")]
    subject: Lei,
    /// Its kind: what a role of a policy asks for
    #[arg(long, value_name = "KIND")]
    kind: Name,
    /// A key of the subject: a public key file, a key file, an address or `exec:PROGRAM`
    #[arg(long = "key", value_name = "KEY")]
    keys: Vec<String>,
    /// A key and the person who holds it, as `KEY` or `KEY=DIGEST`; a random digest is drawn. You keep who it
    /// is
    #[arg(long = "person", value_name = "KEY[=DIGEST]")]
    persons: Vec<String>,
    /// Valid from this time [default: now]
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Valid until this time, or for this long
    #[arg(long, value_name = "TIME|DURATION", default_value = "365d")]
    until: String,
}

/// A credential to take back.
#[derive(Debug, Clone, Args)]
pub struct Revoke {
    #[command(flatten)]
    desk: DeskArgs,
    /// The credential, or the letters that its id begins with
    credential: String,
    #[command(flatten)]
    signer: SignerArgs,
    /// Why
    #[arg(long)]
    reason: String,
    /// Steps taken since then are suspect: open cases with one are suspended
    #[arg(long, value_name = "TIME")]
    suspect_since: Option<String>,
}

/// A ledger whose credentials are listed.
#[derive(Debug, Clone, Args)]
pub struct List {
    #[command(flatten)]
    desk: DeskArgs,
    #[command(flatten)]
    reader: ReaderArgs,
}

/// Runs the command.
pub fn run(shell: &mut Shell, command: &CredentialCommand) -> Result<u8> {
    match command {
        CredentialCommand::Issue(args) => issue(shell, args),
        CredentialCommand::Revoke(args) => revoke(shell, args),
        CredentialCommand::List(args) => list(shell, args),
    }
}

fn issue(shell: &mut Shell, args: &Issue) -> Result<u8> {
    let keys = credential_keys(&args.keys, &args.persons)?;
    let (mut desk, party) = args.desk.open(shell, &args.signer)?;
    let signing = desk.signing(&party)?;
    let valid_from = args.from.as_deref().map(words::time).transpose()?.unwrap_or(signing.issued);
    let statement = Statement::Credential(Credential {
        expires: signing.expires,
        issued: signing.issued,
        keys,
        kind: args.kind.clone(),
        ledger: signing.ledger,
        party: signing.party,
        seen: signing.seen,
        subject: args.subject,
        valid_from,
        valid_until: words::time_or_in(&args.until, valid_from)?,
    });
    let entered = desk.hand_in(&party, Draft { statement, openings: Vec::new() })?;
    tell(shell, &entered, || {
        format!("{} holds `{}`, on record as {}", args.subject, args.kind, entered.index())
    })
}

/// Keys with and without persons, in the order that statements ask for.
pub fn credential_keys(plain: &[String], persons: &[String]) -> Result<Vec<CredentialKey>> {
    let mut keys: Vec<CredentialKey> = Vec::new();
    for text in plain {
        keys.push(CredentialKey { key: public_of(text)?, person: None });
    }
    for text in persons {
        let (key, person) = match text.rsplit_once('=') {
            Some((key, digest)) => (key, digest.parse::<Digest>()?),
            None => (text.as_str(), Digest(os::random32()?)),
        };
        keys.push(CredentialKey { key: public_of(key)?, person: Some(person) });
    }
    if keys.is_empty() {
        return Err(invalid("keys", "no key is named").hint("name one with `--key` or `--person`").into());
    }
    keys.sort_by_key(|key| key.key.id());
    Ok(keys)
}

fn revoke(shell: &mut Shell, args: &Revoke) -> Result<u8> {
    let (mut desk, party) = args.desk.open(shell, &args.signer)?;
    let credential = desk.credential(&args.credential)?;
    let signing = desk.signing(&party)?;
    let statement = Statement::Revocation(Revocation {
        credential,
        expires: signing.expires,
        issued: signing.issued,
        ledger: signing.ledger,
        party: signing.party,
        reason: args.reason.clone(),
        seen: signing.seen,
        suspect_since: args.suspect_since.as_deref().map(words::time).transpose()?,
    });
    let entered = desk.hand_in(&party, Draft { statement, openings: Vec::new() })?;
    tell(shell, &entered, || format!("credential {credential} is revoked, on record as {}", entered.index()))
}

fn list(shell: &mut Shell, args: &List) -> Result<u8> {
    let held = args.desk.look(shell, &args.reader)?.credentials()?;
    shell.out.answer(&held, || held.iter().map(line).collect::<Vec<_>>().join("\n"))?;
    Ok(0)
}

/// For people.
fn line(held: &CredentialRow) -> String {
    let short: String = held.credential.to_string().chars().take(12).collect();
    let until = || format!("until {}", held.valid_until);
    let state = held.revoked.map_or_else(until, |at| format!("revoked {at}"));
    format!("{short}  {}  {:<24} {state}", held.subject, held.kind.as_str())
}
