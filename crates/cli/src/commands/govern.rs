//! `lockstep govern`: changes of a ledger, each a case that several must agree to.

mod gate;
mod replacement;

use super::credential::credential_keys;
use super::init::members;
use crate::desk::{Desk, DeskArgs, ReaderArgs};
use crate::fault::invalid;
use crate::os;
use crate::party::{SignerArgs, tell};
use crate::shell::Shell;
use crate::words;
use anyhow::Result;
use clap::{Args, Subcommand};
use lockstep_kernel::governance::{
    APPROVE, CONSENT, Erasure, Files, Issuer, LaterRules, NewList, Removed, Retired, Rotation,
};
use lockstep_kernel::state::StoredList;
use lockstep_kernel::{Action, Proposing, Request};
use lockstep_ledger::committee::threshold_min;
use lockstep_node::client;
use lockstep_types::{Digest, DocumentDigest, Lei, Name, sha256};
use serde_json::{Value, json};
use std::path::PathBuf;

/// How long others may take to agree: 30 days, less what clocks may differ.
const AGREE_MS: u64 = 30 * 24 * 3_600_000 - 60_000;

/// What to change.
#[derive(Debug, Clone, Subcommand)]
pub enum Govern {
    /// Put a policy in force
    Adopt {
        #[command(flatten)]
        proposal: ProposalArgs,
        /// Folder with `policy.toml` and `guards.cedar`
        policy: PathBuf,
    },
    /// Take a policy out of force: no case is opened under it any more
    Retire {
        #[command(flatten)]
        proposal: ProposalArgs,
        /// `PROGRAMME/NAME`
        policy: String,
    },
    /// Let a party attest credentials of some kinds
    NameIssuer(NameIssuer),
    /// Let a party attest credentials no more
    RemoveIssuer {
        #[command(flatten)]
        proposal: ProposalArgs,
        /// Who
        lei: Lei,
    },
    /// Put a version of a list in force: the digest of a document, or a set of strings
    List(ListArgs),
    /// Put other co-signers in force
    Rotate {
        #[command(flatten)]
        proposal: ProposalArgs,
        /// A co-signer of the next epoch, what people call it, and its key or address
        #[arg(long = "cosigner", required = true, value_name = "LEI:NAME=KEY")]
        cosigners: Vec<String>,
        /// How many must sign [default: the least allowed]
        #[arg(long, value_name = "K")]
        threshold: Option<u8>,
    },
    /// Order that claims and evidence of a closed case be erased
    Erase {
        #[command(flatten)]
        proposal: ProposalArgs,
        /// The case, or the letters that its id begins with
        case: String,
        /// The order: its SHA-256 goes on record
        #[arg(long, value_name = "FILE")]
        order: PathBuf,
    },
    /// Change what a Gate lets outcomes do: it leaves an outcome, to be sent like any other
    Gate {
        #[command(flatten)]
        proposal: ProposalArgs,
        /// `PROGRAMME/DOMAIN`: the Gate that the programme's policies name there
        gate: String,
        /// A call of the Gate to itself, such as `tighten mint 1000 1d` or `accept POLICY LINE`. Several in
        /// order, all or none
        #[arg(long = "call", required = true, value_name = "CALL")]
        calls: Vec<String>,
    },
    /// Let another Gate take the place of one: it leaves an outcome by which the roles over the token move
    ReplaceGate(replacement::ReplaceGate),
    /// Put the cases that are opened from then on under later rules; every other case keeps its own
    Rules {
        #[command(flatten)]
        proposal: ProposalArgs,
        /// Their version
        rules: u32,
    },
    /// Approve a change as an administrator
    Approve(Agree),
    /// Consent to a change as a co-signer's institution, with the key that signs checkpoints
    Consent(Agree),
    /// Show the changes that wait, or one of them with its records
    Show {
        #[command(flatten)]
        desk: DeskArgs,
        #[command(flatten)]
        reader: ReaderArgs,
        /// The governance case, or the letters that its id begins with
        case: Option<String>,
    },
}

/// What every proposal needs.
#[derive(Debug, Clone, Args)]
pub struct ProposalArgs {
    #[command(flatten)]
    desk: DeskArgs,
    #[command(flatten)]
    signer: SignerArgs,
}

/// A credential issuer.
#[derive(Debug, Clone, Args)]
pub struct NameIssuer {
    #[command(flatten)]
    proposal: ProposalArgs,
    /// Who
    lei: Lei,
    /// A kind of credential that it may attest
    #[arg(long = "kind", required = true)]
    kinds: Vec<Name>,
    /// A key of it: a public key file, a key file, an address or `exec:PROGRAM`
    #[arg(long = "key", required = true, value_name = "KEY")]
    keys: Vec<String>,
}

/// A version of a list.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    #[command(flatten)]
    proposal: ProposalArgs,
    /// `PROGRAMME/NAME`
    list: String,
    /// The digest of the list, as `lockstep screen` prints it
    #[arg(long, value_name = "DIGEST", conflicts_with_all = ["document", "entries", "empty"])]
    digest: Option<Digest>,
    /// The document whose SHA-256 is the digest
    #[arg(long, value_name = "FILE", conflicts_with_all = ["entries", "empty"])]
    document: Option<PathBuf>,
    /// An entry of the set
    #[arg(long = "entry", value_name = "TEXT")]
    entries: Vec<String>,
    /// A set without entries
    #[arg(long, conflicts_with = "entries")]
    empty: bool,
}

/// A governance case to agree to.
#[derive(Debug, Clone, Args)]
pub struct Agree {
    #[command(flatten)]
    desk: DeskArgs,
    /// The governance case, or the letters that its id begins with
    case: String,
    #[command(flatten)]
    signer: SignerArgs,
}

/// Runs the command.
pub fn run(shell: &mut Shell, command: &Govern) -> Result<u8> {
    match command {
        Govern::Adopt { proposal, policy } => {
            let files = words::policy_files(policy)?;
            let text = |bytes: Vec<u8>| {
                String::from_utf8(bytes).map_err(|e| invalid("policy", "a policy is UTF-8").source(e))
            };
            let action = Action::Adopt(Files { guards: text(files.guards)?, layout: text(files.layout)? });
            propose(shell, proposal, action)
        }
        Govern::Retire { proposal, policy } => {
            let (programme, policy) = words::two_names(policy)?;
            propose(shell, proposal, Action::Retire(Retired { policy, programme }))
        }
        Govern::NameIssuer(args) => {
            let keys = credential_keys(&args.keys, &[])?;
            let kinds = args.kinds.iter().cloned().collect();
            propose(shell, &args.proposal, Action::NameIssuer(Issuer { keys, kinds, lei: args.lei }))
        }
        Govern::RemoveIssuer { proposal, lei } => {
            propose(shell, proposal, Action::RemoveIssuer(Removed { lei: *lei }))
        }
        Govern::List(args) => {
            let (programme, list) = words::two_names(&args.list)?;
            propose(
                shell,
                &args.proposal,
                Action::SetList(NewList { list, programme, value: list_value(args)? }),
            )
        }
        Govern::Rotate { proposal, cosigners, threshold } => {
            let cosigners = members(cosigners)?;
            let least = threshold_min(u8::try_from(cosigners.len()).unwrap_or(u8::MAX));
            let threshold = threshold.unwrap_or(least);
            propose(shell, proposal, Action::Rotate(Rotation { cosigners, threshold }))
        }
        Govern::Erase { proposal, case, order } => {
            let order = DocumentDigest(sha256(&os::read(order, os::FILE_BYTES_MAX)?));
            propose_by(shell, proposal, |desk| {
                Ok(Action::Erase(Erasure { case: desk.case_id(case)?, order }))
            })
        }
        Govern::Gate { proposal, gate, calls } => {
            propose_by(shell, proposal, |desk| Ok(Action::Gate(gate::change(desk, gate, calls)?)))
        }
        Govern::Rules { proposal, rules } => {
            propose(shell, proposal, Action::SetRules(LaterRules { rules: *rules }))
        }
        Govern::ReplaceGate(args) => propose_by(shell, &args.proposal, |desk| {
            Ok(Action::ReplaceGate(replacement::change(&desk.domains()?, args)?))
        }),
        Govern::Approve(args) => agree(shell, args, APPROVE),
        Govern::Consent(args) => agree(shell, args, CONSENT),
        Govern::Show { desk, reader, case } => match case {
            None => waiting(shell, (desk, reader)),
            Some(case) => show(shell, (desk, reader), case),
        },
    }
}

fn list_value(args: &ListArgs) -> Result<StoredList> {
    match (&args.digest, &args.document) {
        (Some(digest), _) => Ok(StoredList::Digest(*digest)),
        (None, Some(path)) => Ok(StoredList::Digest(Digest(sha256(&os::read(path, os::FILE_BYTES_MAX)?)))),
        (None, None) if args.empty || !args.entries.is_empty() => {
            Ok(StoredList::Set(args.entries.iter().cloned().collect()))
        }
        (None, None) => Err(invalid("list", "the list has no value")
            .hint("give `--digest`, `--document`, `--entry` or `--empty`")
            .into()),
    }
}

fn propose(shell: &mut Shell, args: &ProposalArgs, action: Action) -> Result<u8> {
    propose_by(shell, args, |_| Ok(action))
}

/// Proposes what is made out by looking at the ledger.
fn propose_by(
    shell: &mut Shell,
    args: &ProposalArgs,
    action: impl FnOnce(&Desk) -> Result<Action>,
) -> Result<u8> {
    let (mut desk, party) = args.desk.open(shell, &args.signer)?;
    let action = action(&desk)?;
    let signing = desk.signing(&party)?;
    let deadline = signing.issued.saturating_add_ms(AGREE_MS);
    let draft = client::proposal(&signing, &action, deadline, &mut os::seed);
    let submission = party.sign(draft)?;
    let kind = action.kind();
    let waiting = match &action {
        Action::ReplaceGate(change) => Some(replacement::waiting(&desk.domains()?, change)),
        _ => None,
    };
    let entered = desk.submit(Request::Propose(Box::new(Proposing { action, submission })), Vec::new())?;
    if entered.refused().is_some() {
        return tell(shell, &entered, String::new);
    }
    let (case, kinds) = (entered.leaf(), entered.kinds());
    let mut answer = entered.json()?;
    if let Value::Object(object) = &mut answer {
        object.insert("case".to_owned(), json!(case));
        object.insert("enacted".to_owned(), json!(kinds.iter().any(|kind| kind == "enacted")));
        object.extend(waiting.iter().map(|waiting| ("waiting".to_owned(), json!(waiting))));
    }
    shell.out.answer(&answer, || {
        let waiting = waiting.iter().flatten().map(|waiting| format!("\n{waiting}")).collect::<String>();
        format!("{kind} proposed: case {case}\n{}{waiting}", standing(&kinds))
    })?;
    Ok(0)
}

fn standing(kinds: &[String]) -> &'static str {
    let has = |kind: &str| kinds.iter().any(|found| found == kind);
    match (has("enacted"), has("resolved")) {
        (true, _) => "it is in effect",
        (false, true) => "enough have agreed; it takes effect after the notice",
        (false, false) => "it waits for others: `lockstep govern show`",
    }
}

fn agree(shell: &mut Shell, args: &Agree, step: &str) -> Result<u8> {
    let (mut desk, party) = args.desk.open(shell, &args.signer)?;
    let case = desk.case_id(&args.case)?;
    let draft = client::agreement(&desk.signing(&party)?, case, step.parse()?);
    let entered = desk.hand_in(&party, draft)?;
    let kinds = entered.kinds();
    tell(shell, &entered, || format!("{} agrees to case {case}\n{}", party.lei, standing(&kinds)))
}

fn waiting(shell: &mut Shell, (desk, reader): (&DeskArgs, &ReaderArgs)) -> Result<u8> {
    let proposals = desk.look(shell, reader)?.proposals()?;
    let rows: Vec<Value> = proposals.iter().map(|proposal| proposal.json()).collect();
    shell.out.answer(&rows, || match proposals.as_slice() {
        [] => "nothing waits".to_owned(),
        all => all.iter().map(|proposal| proposal.line()).collect::<Vec<_>>().join("\n"),
    })?;
    Ok(0)
}

fn show(shell: &mut Shell, (desk, reader): (&DeskArgs, &ReaderArgs), case: &str) -> Result<u8> {
    let window = desk.look(shell, reader)?;
    let shown = window.case(window.case_id(case)?)?;
    let (rows, lines): (Vec<Value>, Vec<String>) = shown.records.into_iter().unzip();
    let case = shown.case;
    shell
        .out
        .answer(&json!({ "case": case, "records": rows }), || format!("case {case}\n{}", lines.join("\n")))?;
    Ok(0)
}
