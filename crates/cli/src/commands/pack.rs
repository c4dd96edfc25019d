//! `lockstep pack export` and `lockstep trust export`.

use crate::fault::{Kind, told};
use crate::folder::archive::{Archive, certified};
use crate::folder::{Folder, FolderArgs};
use crate::os;
use crate::shell::Shell;
use crate::words;
use anyhow::Result;
use clap::{Args, Subcommand};
use lockstep_pack::trust::TRUST_BYTES_MAX;
use lockstep_pack::{BuildError, Options, Trust, build};
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
    /// another way than the packs
    Export {
        #[command(flatten)]
        folder: FolderArgs,
        /// The file to write [default: stdout]
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// Which case, and what is shown of it.
#[derive(Debug, Clone, Args)]
pub struct Export {
    #[command(flatten)]
    folder: FolderArgs,
    /// The case, or the letters that its id begins with
    case: String,
    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// Withhold what the policy of the case does not grant this reader
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
pub fn export(shell: &Shell, command: &Pack) -> Result<u8> {
    let Pack::Export(args) = command;
    let folder = Folder::open(&args.folder.dir)?;
    let replica = folder.replica()?;
    let case = words::case(&replica, &args.case)?;
    let archive = Archive::open(folder.dir(), &replica)?;
    let pinned = match &args.trust {
        Some(path) => Some(trust_in(path)?.head()),
        None => None,
    };
    let options =
        Options { audience: args.audience, evidence: args.evidence, pinned, withhold: args.withhold.clone() };
    let bytes = build(&archive, case, &options).map_err(hinted)?;
    os::write_atomic(&args.out, &bytes)?;
    let (certificate, _) = certified(&archive)?;
    let (size, file) = (certificate.size, args.out.display());
    let audience = args.audience.map(Audience::as_str);
    let answer = json!({
        "audience": audience, "bytes": bytes.len(), "case": case, "file": args.out, "size": size,
    });
    shell.out.answer(&answer, || {
        let whom = audience.map(|audience| format!(", for the audience `{audience}`")).unwrap_or_default();
        format!("`{file}`: case {case}{whom}, certified at {size} records, {} bytes", bytes.len())
    })?;
    Ok(0)
}

/// A trust file.
pub fn trust_in(path: &Path) -> Result<Trust> {
    Ok(Trust::from_slice(&os::read(path, TRUST_BYTES_MAX as u64)?)?)
}

fn hinted(error: BuildError) -> anyhow::Error {
    let text = error.to_string();
    match error {
        BuildError::NothingCertified | BuildError::NotCertified { .. } => {
            told(Kind::Conflict, "not-certified", text)
                .hint("enough co-signers run `lockstep cosign DIR --key KEY`, then export again")
                .into()
        }
        BuildError::NotAnAudience { .. } => told(Kind::Refused, "audience", text)
            .hint("choose with `--withhold`; an `[audience]` adopted later is for cases opened later")
            .into(),
        BuildError::NothingToWithhold { .. } => told(Kind::Invalid, "withhold", text).into(),
        other => other.into(),
    }
}

/// Writes a trust file.
pub fn trust(shell: &Shell, command: &TrustCommand) -> Result<u8> {
    let TrustCommand::Export { folder, out } = command;
    let folder = Folder::open(&folder.dir)?;
    let archive = Archive::open(folder.dir(), &folder.replica()?)?;
    let (certificate, committee) = certified(&archive)?;
    let trust = Trust::from_certificate(folder.name().clone(), committee.clone(), certificate)?;
    let bytes = trust.to_vec()?;
    shell.out.note("note: hand it over by another way than the packs; who gives both could give any history");
    match out {
        None => crate::out::write(&bytes)?,
        Some(path) => {
            os::write_atomic(path, &bytes)?;
            shell.out.answer(&json!({ "file": path, "size": certificate.size }), || {
                format!(
                    "`{}`: the co-signers of epoch {}, {} records",
                    path.display(),
                    certificate.epoch,
                    certificate.size
                )
            })?;
        }
    }
    Ok(0)
}
