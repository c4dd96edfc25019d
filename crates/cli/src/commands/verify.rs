//! `lockstep verify`: a pack and a trust file in, a verdict out. No key, no ledger: the decision is
//! `lockstep_pack::verify` and nothing else. Only with `--rpc` is a chain asked, about what the pack says of
//! it.

mod on_chain;

use crate::endpoints::EndpointArgs;
use crate::os;
use crate::out::{Out, write};
use anyhow::Result;
use clap::Args;
use lockstep_pack::trust::TRUST_BYTES_MAX;
use lockstep_pack::{Report, Trust, Verdict, verify};
use lockstep_types::limits::PACK_BYTES_MAX;
use on_chain::{Answer, Asked};
use serde_json::Value;
use std::path::PathBuf;

/// A pack, and whom to believe.
#[derive(Debug, Clone, Args)]
pub struct Verify {
    /// The pack
    file: PathBuf,
    /// The trust file, from elsewhere than the pack. Without it the answer is *cannot tell*
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    #[command(flatten)]
    endpoints: EndpointArgs,
    /// The chain whose endpoints these are, where the pack names several: its EIP-155 number
    #[arg(long, value_name = "NUMBER", requires = "rpc")]
    chain: Option<u64>,
}

/// Exit code 0: verified. 1: failed, or contradicted by a chain that was asked. 2: cannot tell, or a chain
/// that was asked does not answer.
pub fn run(out: Out, args: &Verify) -> Result<u8> {
    let bytes = os::read(&args.file, PACK_BYTES_MAX as u64)?;
    let trust = match &args.trust {
        Some(path) => Some(Trust::from_slice(&os::read(path, TRUST_BYTES_MAX as u64)?)?),
        None => None,
    };
    let report = verify(&bytes, trust.as_ref());
    // What a broken pack says is not worth a question.
    let failed = matches!(report.verdict, Verdict::Failed(_));
    let asked = if args.endpoints.is_empty() || failed {
        None
    } else {
        Some(on_chain::ask(&args.endpoints, args.chain, &report)?)
    };
    let mut text = if out.json { json(&report, asked.as_ref())? } else { lines(&report, asked.as_ref()) };
    text.push(b'\n');
    write(&text)?;
    let code = report.verdict.exit_code();
    Ok(match asked.map(|asked| asked.answer()) {
        Some(Answer::Contradicts) => 1,
        Some(Answer::CannotTell) => 2,
        Some(Answer::Agrees) | None => code,
    })
}

fn json(report: &Report, asked: Option<&Asked>) -> Result<Vec<u8>> {
    let json = report.to_json()?;
    let Some(asked) = asked else { return Ok(json) };
    let mut value: Value = serde_json::from_slice(&json)?;
    if let Value::Object(fields) = &mut value {
        fields.insert("chain".to_owned(), asked.json());
    }
    Ok(serde_json::to_vec(&value)?)
}

/// What a chain denies stands on top: nobody is to stop reading at the verdict about the file.
fn lines(report: &Report, asked: Option<&Asked>) -> Vec<u8> {
    let report = report.to_lines();
    let lines = match asked {
        None => report,
        Some(asked) => [asked.headline(), report, asked.lines()].concat(),
    };
    lines.join("\n").into_bytes()
}
