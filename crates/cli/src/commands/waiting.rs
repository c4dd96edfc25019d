//! `lockstep waiting`: what waits for the party of a key.

use crate::desk::shown::short;
use crate::desk::{ReaderArgs, ServerPlace};
use crate::shell::Shell;
use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

/// Whose work is asked for, and where.
#[derive(Debug, Clone, Args)]
pub struct Waiting {
    #[command(flatten)]
    place: ServerPlace,
    #[command(flatten)]
    reader: ReaderArgs,
}

/// Tells the steps that the party can take now, and the changes that wait for agreement.
pub fn run(shell: &mut Shell, args: &Waiting) -> Result<u8> {
    let remote = args.place.look(shell, args.reader.key())?;
    let (steps, proposals) = (remote.waiting()?, remote.proposals()?);
    let changes: Vec<Value> = proposals.iter().map(|proposal| proposal.json()).collect();
    shell.out.answer(&json!({ "changes": changes, "steps": steps }), || {
        let step = |row: &lockstep_api::answer::WaitingRow| {
            format!("{}  `{}` as {}, until {}", short(&row.case), row.step, row.role, row.deadline)
        };
        let lines: Vec<String> =
            steps.iter().map(step).chain(proposals.iter().map(|proposal| proposal.line())).collect();
        if lines.is_empty() { "nothing waits".to_owned() } else { lines.join("\n") }
    })?;
    Ok(0)
}
