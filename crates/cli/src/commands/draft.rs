//! `lockstep draft`: what a bank message lets a party say of a step, made without a key; `lockstep attest
//! --draft` signs it.

use crate::desk::{DeskArgs, ReaderArgs};
use crate::fault::{Kind, invalid, told};
use crate::os;
use crate::shell::Shell;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use lockstep_policy::Step;
use lockstep_sources::draft::{DRAFT_BYTES_MAX, Draft, Mapping, propose};
use lockstep_sources::{ItemQuery, Limits};
use lockstep_types::Name;
use serde_json::json;
use std::path::{Path, PathBuf};

/// What to do with drafts.
#[derive(Debug, Clone, Subcommand)]
pub enum DraftCommand {
    /// Propose the claims of a step from a bank message; no key is involved, and a message gives one draft
    Make(Box<Make>),
    /// Show a draft, after it has been held against its message
    Show(Show),
}

/// Which message, for which step.
#[derive(Debug, Clone, Args)]
pub struct Make {
    #[command(flatten)]
    desk: DeskArgs,
    #[command(flatten)]
    reader: ReaderArgs,
    /// The case, or the letters that its id begins with
    case: String,
    /// The step
    step: Name,
    /// The bank message; a copy is kept beside the draft
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Which claim is filled from which field (`docs/how-to/drafts.md`)
    #[arg(long, value_name = "TOML")]
    map: PathBuf,
    /// What the entry, transfer or status is called, where the message holds several
    #[arg(long = "ref", value_name = "REF")]
    reference: Option<String>,
    /// The account, where the message holds entries of several
    #[arg(long, value_name = "IBAN")]
    account: Option<String>,
    /// Where the draft is kept; in a folder it gets the name of its id
    #[arg(short = 'o', long, value_name = "FILE|DIR")]
    out: PathBuf,
}

/// Which draft.
#[derive(Debug, Clone, Args)]
pub struct Show {
    /// A draft, with its message beside it
    file: PathBuf,
}

/// Makes or shows a draft.
pub fn run(shell: &mut Shell, command: &DraftCommand) -> Result<u8> {
    match command {
        DraftCommand::Make(args) => make(shell, args),
        DraftCommand::Show(args) => {
            let (draft, _) = open(&args.file)?;
            answer(shell, &draft, json!({ "file": args.file }))
        }
    }
}

fn make(shell: &mut Shell, args: &Make) -> Result<u8> {
    let text = String::from_utf8(os::read(&args.map, os::SMALL_FILE_BYTES_MAX)?);
    let text = text.map_err(|_| invalid("mapping", "the mapping is not UTF-8"))?;
    let mapping = Mapping::from_toml(&text).map_err(|e| invalid("mapping", e.to_string()).source(e))?;
    let origin = os::read(&args.from, os::FILE_BYTES_MAX)?;
    let window = args.desk.look(shell, &args.reader)?;
    let case = window.case_id(&args.case)?;
    let step = window.stands(case)?.step(&args.step)?;
    let query = ItemQuery { reference: args.reference.as_deref(), account: args.account.as_deref() };
    let draft = propose(&origin, (&mapping, &query), (case, &args.step), &Limits::default())
        .with_context(|| format!("`{}` proposes nothing", args.from.display()))?;
    fits(&draft, &step)?;
    let id = draft.id();
    let path = if args.out.is_dir() { args.out.join(format!("{id}.json")) } else { args.out.clone() };
    let made = keep(&path, &draft, &origin)?;
    answer(shell, &draft, json!({ "file": path, "made": made }))
}

/// A draft fills all that its step asks for and nothing else.
pub fn fits(draft: &Draft, step: &Step) -> Result<()> {
    let list = |names: Vec<&str>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let mismatch = |text: String| invalid("draft-fit", text);
    let missing: Vec<&str> = step.claims.iter().map(|claim| claim.name.as_str()).collect();
    let missing: Vec<&str> = missing.into_iter().filter(|name| !draft.claims.contains_key(*name)).collect();
    if !missing.is_empty() {
        let text = format!("the draft does not fill {} of step `{}`", list(missing), step.name);
        return Err(mismatch(text).hint("a mapping may give fixed values: `{ value = \"…\" }`").into());
    }
    for (name, text) in &draft.claims {
        let kind = step.claim(name);
        let kind = kind.ok_or_else(|| mismatch(format!("step `{}` has no claim `{name}`", step.name)))?;
        kind.parse(text).with_context(|| format!("claim `{name}` is refused"))?;
    }
    let slots: Vec<&Name> = step.evidence.iter().collect();
    if slots != draft.evidence.iter().collect::<Vec<_>>() {
        let asks = if slots.is_empty() {
            "no document".to_owned()
        } else {
            list(slots.into_iter().map(Name::as_str).collect())
        };
        return Err(
            mismatch(format!("step `{}` asks for {asks}, which the draft does not fill", step.name)).into()
        );
    }
    Ok(())
}

/// Keeps a draft once, its message first; false when it is there already.
fn keep(path: &Path, draft: &Draft, origin: &[u8]) -> Result<bool> {
    let bytes = draft.to_vec()?;
    if path.exists() {
        let before = os::read(path, DRAFT_BYTES_MAX as u64)?;
        if before == bytes {
            // Whoever moved the draft alone gets its message back.
            if !beside(path).exists() {
                os::write_atomic(&beside(path), origin)?;
            }
            return Ok(false);
        }
        let text = match Draft::from_slice(&before) {
            Ok(before) if before.id() == draft.id() => {
                "another message, or another mapping, has made a draft about the same act already"
            }
            _ => "the file is there and is another draft",
        };
        return Err(told(Kind::Conflict, "draft-exists", format!("`{}`: {text}", path.display()))
            .hint("look at it with `lockstep draft show`; sign it or delete it")
            .into());
    }
    os::write_atomic(&beside(path), origin)?;
    os::write_atomic(path, &bytes)?;
    Ok(true)
}

/// Where the message of a draft is kept.
fn beside(path: &Path) -> PathBuf {
    os::with_suffix(path, ".origin")
}

/// A draft and its message, which gives the same claims again.
pub fn open(path: &Path) -> Result<(Draft, Vec<u8>)> {
    let draft = Draft::from_slice(&os::read(path, DRAFT_BYTES_MAX as u64)?)
        .map_err(|error| invalid("draft", format!("`{}`: {error}", path.display())).source(error))?;
    let origin = os::read(&beside(path), os::FILE_BYTES_MAX)?;
    draft.check(&origin, &Limits::default()).map_err(|error| {
        told(Kind::Refused, "draft-origin", error.to_string())
            .source(error)
            .hint("nothing is signed; make the draft anew from the bank's file")
    })?;
    Ok((draft, origin))
}

fn answer(shell: &Shell, draft: &Draft, mut more: serde_json::Value) -> Result<u8> {
    more["id"] = serde_json::to_value(draft.id())?;
    more["draft"] = serde_json::to_value(draft)?;
    shell.out.answer(&more, || {
        let made = match more["made"].as_bool() {
            Some(true) => "made  ",
            Some(false) => "was there  ",
            None => "",
        };
        let mut lines = vec![format!("{made}draft {}", draft.id())];
        lines.push(format!("  case     {}", draft.case));
        lines.push(format!("  step     {}", draft.step));
        lines.push(format!("  origin   {}, sha-256 {}", draft.origin.message, draft.origin.sha256));
        lines.push(format!("  act      {}", draft.origin.act));
        if let Some(slot) = &draft.evidence {
            lines.push(format!("  document {slot}: the message itself"));
        }
        lines.extend(draft.claims.iter().map(|(name, text)| format!("  claim    {name} = {text}")));
        lines
            .push("hint: `lockstep attest DIR --draft FILE --as KEY` signs this and nothing else".to_owned());
        lines.join("\n")
    })?;
    Ok(0)
}
