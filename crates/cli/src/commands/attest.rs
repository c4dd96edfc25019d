//! `lockstep attest` and `lockstep withdraw`: a party's word on a step.

mod pending;

use crate::commands::draft;
use crate::desk::{Desk, DeskArgs, Stands};
use crate::fault::invalid;
use crate::os;
use crate::party::{SignerArgs, tell};
use crate::shell::Shell;
use crate::words;
use anyhow::{Context, Result};
use clap::Args;
use lockstep_attest::evidence::evidence_digest;
use lockstep_kernel::Request;
use lockstep_node::client::{self, Texts, Word};
use lockstep_node::replica::Documents;
use lockstep_policy::Step;
use lockstep_types::{Digest, EvidenceDigest, LedgerId, Name, Salt};
use pending::Pending;
use serde_json::json;
use std::path::{Path, PathBuf};

/// A step and what the party says of it.
#[derive(Debug, Clone, Args)]
pub struct Attest {
    #[command(flatten)]
    desk: DeskArgs,
    /// The case, or the letters that its id begins with
    #[arg(required_unless_present = "draft")]
    case: Option<String>,
    /// The step
    #[arg(required_unless_present = "draft")]
    step: Option<Name>,
    #[command(flatten)]
    signer: SignerArgs,
    /// Sign what this draft shows, with its message as the document; case and step stand in it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["case", "step", "claims", "evidence", "refuse"])]
    draft: Option<PathBuf>,
    /// What a claim says, for every claim that the policy declares
    #[arg(long = "claim", value_name = "NAME=VALUE")]
    claims: Vec<String>,
    /// A document for every slot that the policy declares; its salted digest is signed, it is kept beside the
    /// ledger
    #[arg(long = "evidence", value_name = "NAME=FILE")]
    evidence: Vec<String>,
    /// Refuse the step; the case ends
    #[arg(long, value_name = "REASON", conflicts_with_all = ["claims", "evidence"])]
    refuse: Option<String>,
    /// Also keep what was signed, with all salts, in FILE (mode 0600)
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
    /// Keep what is to be signed in FILE (mode 0600) until it is on record: whoever was interrupted gives the
    /// same command again, and a signer that takes hours is asked for the same signature
    #[arg(long, value_name = "FILE")]
    pending: Option<PathBuf>,
}

/// A step that the party takes back.
#[derive(Debug, Clone, Args)]
pub struct Withdraw {
    #[command(flatten)]
    desk: DeskArgs,
    /// The case, or the letters that its id begins with
    case: String,
    /// The step
    step: Name,
    #[command(flatten)]
    signer: SignerArgs,
    /// Why
    #[arg(long)]
    reason: String,
}

/// What is said of which step.
struct Said {
    stands: Stands,
    step: Name,
    texts: Texts,
    documents: Vec<Kept>,
}

/// Takes or refuses a step.
pub fn run(shell: &mut Shell, args: &Attest) -> Result<u8> {
    let mut pending = Pending::open(args.pending.as_deref())?;
    let (mut desk, party) = args.desk.open(shell, &args.signer)?;
    let Said { stands, step, texts, documents } = match &args.draft {
        Some(path) => drafted(&desk, path, &mut pending)?,
        None => said((&desk, desk.signing(&party)?.ledger), args, &mut pending)?,
    };
    let signing = pending.signing(desk.signing(&party)?)?;
    let word = match &args.refuse {
        Some(reason) => Word::Refused { reason: reason.clone() },
        None => Word::Done { texts: &texts, evidence: documents.iter().map(|kept| kept.digest).collect() },
    };
    let draft = client::step(&signing, (stands.found(), &step), word, &mut || pending.salt())?;
    pending.settle(&draft)?;
    let submission = if party.is_waited_for() {
        let (signed, back) = args.desk.leave_for(shell, desk, || party.sign(draft))?;
        desk = back;
        signed
    } else {
        party.sign(draft)?
    };
    if let Some(path) = &args.keep {
        let salts: Vec<_> =
            documents.iter().map(|kept| json!({ "digest": kept.digest, "salt": kept.salt })).collect();
        let kept = json!({ "evidence": salts, "submission": submission });
        os::write_private(path, format!("{kept}\n").as_bytes())?;
    }
    let stored: Documents = documents.into_iter().map(Kept::stored).collect();
    let entered = desk.submit(Request::Submit(Box::new(submission)), stored)?;
    pending.done()?;
    let decided = entered.has("decided");
    tell(shell, &entered, || {
        let done = if args.refuse.is_some() { "refused the step" } else { "took the step" };
        let end = if decided { "; the case is decided" } else { "" };
        format!("{} {done} `{step}`, on record as {}{end}", party.lei, entered.index())
    })
}

/// What the arguments say.
fn said((desk, ledger): (&Desk, LedgerId), args: &Attest, pending: &mut Pending) -> Result<Said> {
    let (case, step) = args.case.as_deref().zip(args.step.clone()).context("no case and no step")?;
    let stands = desk.case(desk.case_id(case)?)?;
    let asked = stands.step(&step)?;
    if args.refuse.is_some() {
        return Ok(Said { stands, step, texts: Texts::new(), documents: Vec::new() });
    }
    let texts = words::texts(&args.claims, |name| asked.claim(name), &ledger)?;
    let documents = read_evidence(&asked, &args.evidence, pending)?;
    Ok(Said { stands, step, texts, documents })
}

/// What a draft shows, once it has been held against its message and its step.
fn drafted(desk: &Desk, path: &Path, pending: &mut Pending) -> Result<Said> {
    let (draft, origin) = draft::open(path)?;
    let stands = desk.case(draft.case)?;
    draft::fits(&draft, &stands.step(&draft.step)?)?;
    let document = draft.evidence.is_some().then(|| Kept::of(origin, pending));
    Ok(Said { stands, step: draft.step, texts: draft.claims, documents: document.into_iter().collect() })
}

/// Takes a step back.
pub fn withdraw(shell: &mut Shell, args: &Withdraw) -> Result<u8> {
    let (mut desk, party) = args.desk.open(shell, &args.signer)?;
    let case = desk.case_id(&args.case)?;
    let leaf = desk.case(case)?.found().stands(&args.step)?;
    let draft = client::withdrawal(&desk.signing(&party)?, (case, leaf), &args.reason);
    let entered = desk.hand_in(&party, draft)?;
    tell(shell, &entered, || format!("`{}` is withdrawn, on record as {}", args.step, entered.index()))
}

/// A document with its salt.
struct Kept {
    digest: EvidenceDigest,
    salt: Salt,
    document: Vec<u8>,
}

impl Kept {
    fn of(document: Vec<u8>, pending: &mut Pending) -> Self {
        let salt = Salt(pending.salt());
        Self { digest: evidence_digest(&salt, &document), salt, document }
    }

    /// As it is stored: the salt, then the document, so that its SHA-256 is the digest that was signed.
    fn stored(self) -> (Digest, Vec<u8>) {
        (Digest(self.digest.0), [self.salt.as_bytes().as_slice(), &self.document].concat())
    }
}

/// Documents in the order of the policy's slots.
fn read_evidence(step: &Step, pairs: &[String], pending: &mut Pending) -> Result<Vec<Kept>> {
    let given = words::files(pairs)?;
    let slots = || step.evidence.iter().map(|slot| format!("`{slot}`")).collect::<Vec<_>>().join(", ");
    let known = |name: &str| step.evidence.iter().any(|slot| slot.as_str() == name);
    if let Some((name, _)) = given.iter().find(|(name, _)| !known(name)) {
        let text = format!("step `{}` asks for no document `{name}`; it asks for {}", step.name, slots());
        return Err(invalid("evidence", text).into());
    }
    let mut read = |slot: &Name| -> Result<Kept> {
        let mut named = given.iter().filter(|(name, _)| name == slot.as_str());
        let (Some((_, path)), None) = (named.next(), named.next()) else {
            let text = format!("step `{}` asks for one document for each of {}", step.name, slots());
            return Err(invalid("evidence", text).hint(format!("give `--evidence {slot}=FILE` once")).into());
        };
        Ok(Kept::of(os::read(path, os::FILE_BYTES_MAX)?, pending))
    };
    step.evidence.iter().map(&mut read).collect()
}
