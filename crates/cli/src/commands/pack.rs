//! `lockstep pack export` and `lockstep trust export`.

use crate::desk::remote;
use crate::desk::{DeskArgs, ReaderArgs, Window};
use crate::fault::{Kind, told};
use crate::folder::{Folder, handovers};
use crate::os;
use crate::shell::Shell;
use anyhow::Result;
use clap::{Args, Subcommand};
use lockstep_node::{Archive, ArchiveError};
use lockstep_pack::trust::TRUST_BYTES_MAX;
use lockstep_pack::{BuildError, Options, Trust};
use lockstep_policy::Audience;
use serde_json::json;
use std::path::{Path, PathBuf};

/// What to do with packs.
#[derive(Debug, Clone, Subcommand)]
pub enum Pack {
    /// Write the evidence pack of a case: one file from which anybody can re-check it
    Export(Export),
}

/// What to do with trust files.
#[derive(Debug, Clone, Subcommand)]
pub enum TrustCommand {
    /// Write what a verifier has to believe: the co-signers, and the latest certified head. Hand it over by
    /// another way than the packs. From a server only under an id that you have from elsewhere: from the
    /// first record on, committees hand over to one another, and its own word counts for nothing
    Export {
        #[command(flatten)]
        desk: DeskArgs,
        /// The file to write [default: stdout]
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// Which case, and what is shown of it.
#[derive(Debug, Clone, Args)]
pub struct Export {
    #[command(flatten)]
    desk: DeskArgs,
    #[command(flatten)]
    reader: ReaderArgs,
    /// The case, or the letters that its id begins with
    case: String,
    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// Withhold what the policy of the case does not grant this reader. A server withholds what it does not
    /// grant you, whoever is named here
    #[arg(long, value_name = "public|counterparty|auditor|supervisor")]
    audience: Option<Audience>,
    /// Withhold a claim, or a whole step
    #[arg(long, value_name = "STEP[.CLAIM]")]
    withhold: Vec<String>,
    /// Also give the documents that the steps name, those that the audience may see
    #[arg(long)]
    evidence: bool,
    /// Also prove that it is of the log that this trust file pins
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
}

/// Writes a pack.
pub fn export(shell: &mut Shell, command: &Pack) -> Result<u8> {
    let Pack::Export(args) = command;
    let window = args.desk.look(shell, &args.reader)?;
    let case = window.case_id(&args.case)?;
    let trust = args.trust.as_deref().map(trust_in).transpose()?;
    let options = Options {
        audience: args.audience,
        evidence: args.evidence,
        own: None,
        pinned: trust.as_ref().map(Trust::head),
        withhold: args.withhold.clone(),
    };
    let (bytes, size, verdict) = match &window {
        Window::Folder(replica) => {
            let mut archive = Archive::of(replica).or_whole();
            let handovers = handovers(args.desk.dir()?)?;
            let (bytes, size) = archive.pack(case, (&handovers, &options)).map_err(hinted)?;
            (bytes, size, None)
        }
        Window::Server(remote) => {
            let pack = remote.pack(case, options, trust)?;
            (pack.bytes, pack.size, Some(pack.verdict))
        }
    };
    os::write_atomic(&args.out, &bytes)?;
    let file = args.out.display();
    let audience = args.audience.map(Audience::as_str);
    let mut answer = json!({
        "audience": audience, "bytes": bytes.len(), "case": case, "file": args.out, "size": size,
    });
    if let (Some(verdict), Some(answer)) = (&verdict, answer.as_object_mut()) {
        answer.insert("verdict".to_owned(), json!(verdict));
    }
    shell.out.answer(&answer, || {
        let whom = audience.map(|audience| format!(", for the audience `{audience}`")).unwrap_or_default();
        let checked = verdict.map(|verdict| format!("; checked: {verdict}")).unwrap_or_default();
        format!("`{file}`: case {case}{whom}, certified at {size} records, {} bytes{checked}", bytes.len())
    })?;
    Ok(0)
}

/// A trust file.
pub fn trust_in(path: &Path) -> Result<Trust> {
    Ok(Trust::from_slice(&os::read(path, TRUST_BYTES_MAX as u64)?)?)
}

fn hinted(error: ArchiveError) -> anyhow::Error {
    let text = error.to_string();
    match error {
        ArchiveError::NothingCertified
        | ArchiveError::Build(BuildError::NothingCertified | BuildError::NotCertified { .. }) => {
            told(Kind::Conflict, "not-certified", text)
                .hint("enough co-signers run `lockstep cosign DIR --key KEY`, then export again")
                .into()
        }
        ArchiveError::Build(BuildError::NotAnAudience { .. }) => told(Kind::Refused, "audience", text)
            .hint("choose with `--withhold`; an `[audience]` adopted later is for cases opened later")
            .into(),
        ArchiveError::Build(BuildError::NothingToWithhold { .. }) => {
            told(Kind::Invalid, "withhold", text).into()
        }
        ArchiveError::Unlisted => told(Kind::Refused, "not-listed", text).into(),
        other => other.into(),
    }
}

/// Writes a trust file.
pub fn trust(shell: &mut Shell, command: &TrustCommand) -> Result<u8> {
    let TrustCommand::Export { desk, out } = command;
    let trust = match desk.pinned_server(shell)? {
        Some(client) => remote::trust(&client)?,
        None => trust_of(desk)?,
    };
    let bytes = trust.to_vec()?;
    shell.out.note("note: hand it over by another way than the packs; who gives both could give any history");
    match out {
        None => crate::out::write(&bytes)?,
        Some(path) => {
            os::write_atomic(path, &bytes)?;
            let (epoch, size) = (trust.committee().epoch(), trust.head().size);
            shell.out.answer(&json!({ "file": path, "size": size }), || {
                format!("`{}`: the co-signers of epoch {epoch}, {size} records", path.display())
            })?;
        }
    }
    Ok(0)
}

/// What a ledger in a folder shows of itself.
fn trust_of(desk: &DeskArgs) -> Result<Trust> {
    let folder = Folder::open(desk.dir()?)?;
    let certified = Archive::of(&folder.replica()?).or_whole().certified();
    let (certificate, committee) = certified.map_err(|error| match error {
        ArchiveError::NothingCertified => told(Kind::Conflict, "nothing-certified", error.to_string())
            .hint("enough co-signers run `lockstep cosign DIR --key KEY`")
            .into(),
        other => hinted(other),
    })?;
    Ok(Trust::from_certificate(folder.name().clone(), committee, &certificate)?)
}
