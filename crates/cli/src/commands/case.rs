//! `lockstep case`: open, show, list.

use crate::desk::{DeskArgs, ReaderArgs};
use crate::os;
use crate::party::{SignerArgs, tell};
use crate::shell::Shell;
use crate::words;
use anyhow::Result;
use clap::{Args, Subcommand};
use lockstep_node::client;
use serde_json::{Value, json};

/// What to do with cases.
#[derive(Debug, Clone, Subcommand)]
pub enum CaseCommand {
    /// Open a case under a policy
    Open(Open),
    /// Show a case: how it stands, its records, what comes next
    Show(Show),
    /// List all cases of a ledger; of a server's, those that you take part in, or may: the open ones, or with
    /// `--all` closed ones too
    List(List),
}

/// A case to open.
#[derive(Debug, Clone, Args)]
pub struct Open {
    #[command(flatten)]
    desk: DeskArgs,
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
    desk: DeskArgs,
    #[command(flatten)]
    reader: ReaderArgs,
    /// The case, or the letters that its id begins with
    case: String,
}

/// A ledger whose cases are listed.
#[derive(Debug, Clone, Args)]
pub struct List {
    #[command(flatten)]
    desk: DeskArgs,
    #[command(flatten)]
    reader: ReaderArgs,
    /// With `--server`: closed ones too
    #[arg(long, requires = "server")]
    all: bool,
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
    let (mut desk, party) = args.desk.open(shell, &args.signer)?;
    let policy = desk.policy(&args.policy)?;
    let layout = policy.layout();
    let signing = desk.signing(&party)?;
    let kind_of =
        |name: &str| layout.params.iter().find(|param| param.name.as_str() == name).map(|param| param.kind);
    let texts = words::texts(&args.params, kind_of, &signing.ledger)?;
    let deadline = match &args.deadline {
        Some(text) => words::time_or_in(text, signing.issued)?,
        // Ledger time may stand a little behind this clock; what the policy allows counts from there.
        None => signing.issued.saturating_add_ms(layout.lasts_ms).saturating_sub_ms(2_000),
    };
    let draft = client::opening(&signing, &policy, (&texts, deadline), &mut os::seed)?;
    let entered = desk.hand_in(&party, draft)?;
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

fn list(shell: &mut Shell, args: &List) -> Result<u8> {
    let cases = args.desk.look(shell, &args.reader)?.cases(args.all)?;
    let rows: Vec<Value> = cases.iter().map(|case| case.json()).collect();
    shell.out.answer(&rows, || cases.iter().map(|case| case.line()).collect::<Vec<_>>().join("\n"))?;
    Ok(0)
}

fn show(shell: &mut Shell, args: &Show) -> Result<u8> {
    let window = args.desk.look(shell, &args.reader)?;
    let shown = window.case(window.case_id(&args.case)?)?;
    let (rows, lines): (Vec<Value>, Vec<String>) = shown.records.into_iter().unzip();
    let answer = json!({
        "case": shown.case, "certified": shown.certified, "deadline": shown.deadline, "next": shown.next,
        "params": shown.params, "phase": shown.phase, "policy": shown.policy, "records": rows,
        "rules": shown.rules,
    });
    shell.out.answer(&answer, || {
        let (case, phase, certified) = (shown.case, &shown.phase, shown.certified);
        let rules = shown.rules.map(|rules| format!(", under rules {rules}")).unwrap_or_default();
        let mut text = format!("case {case}\nphase {phase}{rules}, certified up to record {certified}\n");
        for (name, value) in shown.params.iter().flatten() {
            text.push_str(&format!("  {name} = {}\n", value.as_deref().unwrap_or("(erased or withheld)")));
        }
        text.push_str(&lines.join("\n"));
        for (step, role) in &shown.next {
            text.push_str(&format!("\nnext   `{step}` by {role}"));
        }
        text
    })?;
    Ok(0)
}
