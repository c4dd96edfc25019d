//! `lockstep waiting`: what waits for the party of a key, or of whoever is signed in.

use crate::desk::shown::short;
use crate::desk::{Followed, ReaderArgs, ServerPlace};
use crate::shell::Shell;
use anyhow::Result;
use clap::Args;
use lockstep_api::answer::{WaitingRow, Waits};
use lockstep_client::WaitingEvent;
use lockstep_types::Name;
use serde_json::{Value, json};
use std::time::Duration;

/// Between two attempts to reach a server that is away; doubled each time, up to [`AWAY_MAX`].
const AWAY: Duration = Duration::from_millis(250);
const AWAY_MAX: Duration = Duration::from_secs(10);

/// Whose work is asked for, and where.
#[derive(Debug, Clone, Args)]
pub struct Waiting {
    #[command(flatten)]
    place: ServerPlace,
    #[command(flatten)]
    reader: ReaderArgs,
    /// Go on telling what comes and what goes, a line each, until somebody ends it
    #[arg(long)]
    follow: bool,
    /// Wait until this step of some case waits for the party, tell the case, and end
    #[arg(long = "for", value_name = "STEP", conflicts_with = "follow")]
    step: Option<Name>,
}

/// Tells the steps that the party can take now, and the changes that wait for agreement.
pub fn run(shell: &mut Shell, args: &Waiting) -> Result<u8> {
    if let Some(step) = &args.step {
        return until(shell, args, step);
    }
    if args.follow {
        let told = |shell: &Shell, event: WaitingEvent| tell(shell, &event).map(|()| true);
        return follow(shell, args, told);
    }
    let remote = args.place.look(shell, args.reader.key())?;
    let (steps, proposals) = (remote.waiting()?, remote.proposals()?);
    let changes: Vec<Value> = proposals.iter().map(|proposal| proposal.json()).collect();
    shell.out.answer(&json!({ "changes": changes, "steps": steps }), || {
        let lines: Vec<String> =
            steps.iter().map(step).chain(proposals.iter().map(|proposal| proposal.line())).collect();
        if lines.is_empty() { "nothing waits".to_owned() } else { lines.join("\n") }
    })?;
    Ok(0)
}

fn step(row: &WaitingRow) -> String {
    format!("{}  `{}` as {}, until {}", short(&row.case), row.step, row.role, row.deadline)
}

fn line(item: &Waits) -> String {
    match item {
        Waits::Step(row) => step(row),
        Waits::Change(row) => format!("{}  a change, until {}", short(&row.case), row.deadline),
    }
}

/// One line an event; with `--json` an object of one field, named like the event.
fn tell(shell: &Shell, event: &WaitingEvent) -> Result<()> {
    let (object, text) = match event {
        WaitingEvent::All(items) => {
            let lines: Vec<String> = items.iter().map(line).collect();
            let text = if lines.is_empty() { "nothing waits".to_owned() } else { lines.join("\n") };
            (json!({ "all": items }), text)
        }
        WaitingEvent::Waits(item) => (json!({ "waits": item }), line(item)),
        WaitingEvent::Gone(item) => (json!({ "gone": item }), format!("{}  (gone)", line(item))),
    };
    shell.out.answer(&object, || text)
}

/// The case is all that is told, so that a shell can name it to the next command.
fn until(shell: &mut Shell, args: &Waiting, step: &Name) -> Result<u8> {
    follow(shell, args, |shell, event| {
        let items = match event {
            WaitingEvent::All(items) => items,
            WaitingEvent::Waits(item) => vec![item],
            WaitingEvent::Gone(_) => Vec::new(),
        };
        let found = items.into_iter().find_map(|item| match item {
            Waits::Step(row) if row.step == *step => Some(row),
            _ => None,
        });
        match found {
            None => Ok(true),
            Some(row) => shell.out.answer(&row, || row.case.to_string()).map(|()| false),
        }
    })
}

/// Hands on what comes and what goes, as long as more is wanted.
fn follow(
    shell: &mut Shell,
    args: &Waiting,
    mut told: impl FnMut(&Shell, WaitingEvent) -> Result<bool>,
) -> Result<u8> {
    let remote = args.place.look(shell, args.reader.key())?;
    let (mut seen, mut away) = (None, AWAY);
    // Whoever ends it loses nothing: what was told was told.
    loop {
        let (mut more, mut any) = (Ok(true), false);
        let followed = remote.follow_waiting(&mut seen, &mut |event| {
            any = true;
            more = told(shell, event);
            matches!(more, Ok(true))
        });
        if !more? {
            return Ok(0);
        }
        away = if any { AWAY } else { away };
        let wait = match followed? {
            Followed::Away(what) => {
                shell.out.note(format!("waiting: {what}"));
                away = AWAY_MAX.min(away * 2);
                away
            }
            Followed::Ended => AWAY,
        };
        std::thread::sleep(wait);
    }
}
