//! `lockstep verify`: a pack and a trust file in, a verdict out. No key, no network, no ledger: the decision
//! is `lockstep_pack::verify` and nothing else.

use crate::os;
use crate::out::{Out, write};
use anyhow::Result;
use clap::Args;
use lockstep_pack::trust::TRUST_BYTES_MAX;
use lockstep_pack::{Trust, Verdict, verify};
use lockstep_types::limits::PACK_BYTES_MAX;
use std::path::PathBuf;

/// A pack, and whom to believe.
#[derive(Debug, Clone, Args)]
pub struct Verify {
    /// The pack
    file: PathBuf,
    /// The trust file, from elsewhere than the pack. Without it the answer is *cannot tell*
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
}

/// Exit code 0: verified. 1: failed. 2: cannot tell.
pub fn run(out: Out, args: &Verify) -> Result<u8> {
    let bytes = os::read(&args.file, PACK_BYTES_MAX as u64)?;
    let trust = match &args.trust {
        Some(path) => Some(Trust::from_slice(&os::read(path, TRUST_BYTES_MAX as u64)?)?),
        None => None,
    };
    let report = verify(&bytes, trust.as_ref());
    let mut text = if out.json { report.to_json()? } else { report.to_lines().join("\n").into_bytes() };
    text.push(b'\n');
    write(&text)?;
    Ok(match report.verdict {
        Verdict::Verified => 0,
        Verdict::Failed(_) => 1,
        Verdict::CannotTell(_) => 2,
    })
}
