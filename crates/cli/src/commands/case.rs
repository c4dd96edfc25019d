//! `lockstep case`: open, show, list.

use crate::folder::{Folder, FolderArgs, latest_certificate};
use crate::os;
use crate::party::{Party, SignerArgs, hand_in, tell};
use crate::records;
use crate::shell::Shell;
use crate::words;
use anyhow::Result;
use clap::{Args, Subcommand};
use lockstep_kernel::entry::CaseEntry;
use lockstep_kernel::{Case, Entity};
use lockstep_ledger::View;
use lockstep_node::{Replica, client};
use lockstep_types::{CaseId, Name, canonical};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What to do with cases.
#[derive(Debug, Clone, Subcommand)]
pub enum CaseCommand {
    /// Open a case under a policy
    Open(Open),
    /// Show a case: how it stands, its records, what comes next
    Show(Show),
    /// List all cases of a ledger
    List(FolderArgs),
}

/// A case to open.
#[derive(Debug, Clone, Args)]
pub struct Open {
    #[command(flatten)]
    folder: FolderArgs,
    /// The policy in force: its name, or `PROGRAMME/NAME`
    policy: String,
    #[command(flatten)]
    signer: SignerArgs,
    /// A parameter, for every one that the policy declares
    #[arg(long = "param", value_name = "NAME=VALUE")]
    params: Vec<String>,
    /// When it must have been decided: a time, or a duration from now [default: as long as the policy allows]
    #[arg(long, value_name = "TIME|DURATION")]
    deadline: Option<String>,
}

/// A case to show.
#[derive(Debug, Clone, Args)]
pub struct Show {
    #[command(flatten)]
    folder: FolderArgs,
    /// The case, or the letters that its id begins with
    case: String,
}

/// Runs the command.
pub fn run(shell: &mut Shell, command: &CaseCommand) -> Result<u8> {
    match command {
        CaseCommand::Open(args) => open(shell, args),
        CaseCommand::Show(args) => show(shell, args),
        CaseCommand::List(args) => list(shell, args),
    }
}

fn open(shell: &mut Shell, args: &Open) -> Result<u8> {
    let mut live = shell.live(&args.folder.dir)?;
    let policy = words::policy(live.replica(), &args.policy)?;
    let layout = policy.layout();
    let party = Party::open(shell, &args.signer, live.kernel())?;
    let signing = party.signing(live.replica())?;
    let kind_of =
        |name: &str| layout.params.iter().find(|param| param.name.as_str() == name).map(|param| param.kind);
    let texts = words::texts(&args.params, kind_of, &signing.ledger)?;
    let deadline = match &args.deadline {
        Some(text) => words::time_or_in(text, signing.issued)?,
        // Ledger time may stand a little behind this clock; what the policy allows counts from there.
        None => signing.issued.saturating_add_ms(layout.lasts_ms).saturating_sub_ms(2_000),
    };
    let draft = client::opening(&signing, &policy, (&texts, deadline), &mut os::seed)?;
    let entered = hand_in(&mut live, &party, draft)?;
    let case = entered.leaf();
    let mut answer = entered.json()?;
    if let Value::Object(object) = &mut answer {
        object.insert("case".to_owned(), json!(case));
    }
    if entered.refused().is_some() {
        return tell(shell, &entered, String::new);
    }
    shell.out.answer(&answer, || format!("case {case}\nto be decided by {deadline}"))?;
    Ok(0)
}

/// How a case stands, whether it is open or closed.
pub fn phase(replica: &Replica, case: &CaseId) -> String {
    entry(replica, case).map_or_else(|| "unknown".to_owned(), |entry| entry.phase)
}

/// What stands in the state map for a case, or will at the next seal.
fn entry(replica: &Replica, case: &CaseId) -> Option<CaseEntry> {
    let entity = Entity::Case(*case);
    let value =
        replica.kernel().entry(&entity).or_else(|| View::value(replica.ledger().overlay(), &entity.key()))?;
    canonical::from_slice(&value, value.len()).ok()
}

fn list(shell: &Shell, args: &FolderArgs) -> Result<u8> {
    let replica = Folder::open(&args.dir)?.replica()?;
    let mut rows = Vec::new();
    let mut lines = Vec::new();
    for opening in records::openings(&replica)?.into_iter().filter(|opening| !opening.governance) {
        let phase = phase(&replica, &opening.case);
        let short: String = opening.case.to_string().chars().take(12).collect();
        let time = records::at(&replica, opening.index)?.map(|record| record.time());
        lines.push(format!("{short}  {phase:<8}  opened by {}", opening.party));
        rows.push(json!({ "case": opening.case, "opened": time, "opener": opening.party, "phase": phase }));
    }
    shell.out.answer(&rows, || lines.join("\n"))?;
    Ok(0)
}

fn show(shell: &Shell, args: &Show) -> Result<u8> {
    let replica = Folder::open(&args.folder.dir)?.replica()?;
    let case = words::case(&replica, &args.case)?;
    let mut rows = Vec::new();
    let mut lines = Vec::new();
    for (index, record) in records::of_case(&replica, case)? {
        rows.push(records::json(index, &record));
        lines.push(records::line(index, &record));
    }
    let certified = latest_certificate(&replica)?.map_or(0, |certificate| certificate.size);
    let phase = phase(&replica, &case);
    let rules = entry(&replica, &case).map(|entry| entry.rules).unwrap_or_default().version();
    let open = replica.kernel().case(&case);
    let next = open.map(|open| next_steps(&replica, open)).unwrap_or_default();
    let params: Value = open.map_or(Value::Null, |open| json!(open.params));
    let answer = json!({
        "case": case, "certified": certified, "deadline": open.map(|open| open.deadline), "next": next,
        "params": params, "phase": phase, "policy": open.map(|open| open.policy), "records": rows,
        "rules": rules,
    });
    shell.out.answer(&answer, || {
        let standing = format!("phase {phase}, under rules {rules}, certified up to record {certified}");
        let mut text = format!("case {case}\n{standing}\n");
        if let Some(open) = open {
            for (name, value) in &open.params {
                text.push_str(&format!("  {name} = {}\n", value.as_deref().unwrap_or("(erased)")));
            }
        }
        text.push_str(&lines.join("\n"));
        for (step, role) in &next {
            text.push_str(&format!("\nnext   `{step}` by {role}"));
        }
        text
    })?;
    Ok(0)
}

/// Steps that can be taken now, and by which role.
fn next_steps(replica: &Replica, case: &Case) -> Vec<(Name, Name)> {
    let Some(adopted) = replica.kernel().policy(&case.policy) else { return Vec::new() };
    let done: BTreeSet<Name> = case.steps.keys().cloned().collect();
    let ready = adopted.policy.layout().steps_ready(&done);
    ready.into_iter().map(|step| (step.name.clone(), step.by.clone())).collect()
}
