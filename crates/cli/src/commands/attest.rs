//! `lockstep attest` and `lockstep withdraw`: a party's word on a step.

use crate::desk::DeskArgs;
use crate::fault::invalid;
use crate::os;
use crate::party::{SignerArgs, tell};
use crate::shell::Shell;
use crate::words;
use anyhow::Result;
use clap::Args;
use lockstep_attest::evidence::evidence_digest;
use lockstep_kernel::Request;
use lockstep_node::client::{self, Texts, Word};
use lockstep_node::replica::Documents;
use lockstep_policy::Step;
use lockstep_types::{Digest, EvidenceDigest, Name, Salt};
use serde_json::json;
use std::path::PathBuf;

/// A step and what the party says of it.
#[derive(Debug, Clone, Args)]
pub struct Attest {
    #[command(flatten)]
    desk: DeskArgs,
    /// The case, or the letters that its id begins with
    case: String,
    /// The step
    step: Name,
    #[command(flatten)]
    signer: SignerArgs,
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

/// Takes or refuses a step.
pub fn run(shell: &mut Shell, args: &Attest) -> Result<u8> {
    let (mut desk, party) = args.desk.open(shell, &args.signer)?;
    let stands = desk.case(desk.case_id(&args.case)?)?;
    let step = stands.step(&args.step)?;
    let signing = desk.signing(&party)?;
    let (texts, documents): (Texts, Vec<Kept>) = match &args.refuse {
        Some(_) => (Texts::new(), Vec::new()),
        None => (
            words::texts(&args.claims, |name| step.claim(name), &signing.ledger)?,
            read_evidence(&step, &args.evidence)?,
        ),
    };
    let word = match &args.refuse {
        Some(reason) => Word::Refused { reason: reason.clone() },
        None => Word::Done { texts: &texts, evidence: documents.iter().map(|kept| kept.digest).collect() },
    };
    let draft = client::step(&signing, (stands.found(), &args.step), word, &mut os::seed)?;
    let submission = party.sign(draft)?;
    if let Some(path) = &args.keep {
        let salts: Vec<_> =
            documents.iter().map(|kept| json!({ "digest": kept.digest, "salt": kept.salt })).collect();
        let kept = json!({ "evidence": salts, "submission": submission });
        os::write_private(path, format!("{kept}\n").as_bytes())?;
    }
    let stored: Documents = documents.into_iter().map(Kept::stored).collect();
    let entered = desk.submit(Request::Submit(Box::new(submission)), stored)?;
    let decided = entered.has("decided");
    tell(shell, &entered, || {
        let done = if args.refuse.is_some() { "refused the step" } else { "took the step" };
        let end = if decided { "; the case is decided" } else { "" };
        format!("{} {done} `{}`, on record as {}{end}", party.lei, args.step, entered.index())
    })
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
    /// As it is stored: the salt, then the document, so that its SHA-256 is the digest that was signed.
    fn stored(self) -> (Digest, Vec<u8>) {
        (Digest(self.digest.0), [self.salt.as_bytes().as_slice(), &self.document].concat())
    }
}

/// Documents in the order of the policy's slots.
fn read_evidence(step: &Step, pairs: &[String]) -> Result<Vec<Kept>> {
    let given = words::files(pairs)?;
    let slots = || step.evidence.iter().map(|slot| format!("`{slot}`")).collect::<Vec<_>>().join(", ");
    let known = |name: &str| step.evidence.iter().any(|slot| slot.as_str() == name);
    if let Some((name, _)) = given.iter().find(|(name, _)| !known(name)) {
        let text = format!("step `{}` asks for no document `{name}`; it asks for {}", step.name, slots());
        return Err(invalid("evidence", text).into());
    }
    let read = |slot: &Name| -> Result<Kept> {
        let mut named = given.iter().filter(|(name, _)| name == slot.as_str());
        let (Some((_, path)), None) = (named.next(), named.next()) else {
            let text = format!("step `{}` asks for one document for each of {}", step.name, slots());
            return Err(invalid("evidence", text).hint(format!("give `--evidence {slot}=FILE` once")).into());
        };
        let document = os::read(path, os::FILE_BYTES_MAX)?;
        let salt = Salt(os::random32()?);
        Ok(Kept { digest: evidence_digest(&salt, &document), salt, document })
    };
    step.evidence.iter().map(read).collect()
}
