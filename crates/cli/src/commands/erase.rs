//! `lockstep erase`: carries out an erasure that governance has ordered, in one folder.

use crate::fault::{Kind, told};
use crate::folder::memory::check_holds;
use crate::folder::{Folder, FolderArgs, committees, latest_certificate, open_parts};
use crate::records;
use crate::shell::Shell;
use crate::words;
use anyhow::{Context, Result};
use clap::Args;
use lockstep_attest::Statement;
use lockstep_kernel::{Body, Entity, Request};
use lockstep_ledger::{Certificate, Input};
use lockstep_node::undecided::{is_erasable, ordered};
use lockstep_node::{Replica, index};
use lockstep_store::{Store, stream};
use lockstep_types::{CaseId, Digest};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Whose claims and evidence go.
#[derive(Debug, Clone, Args)]
pub struct Erase {
    #[command(flatten)]
    folder: FolderArgs,
    /// The case, or the letters that its id begins with
    case: String,
    /// Where DIR is a co-signer's own copy: the ledger's folder that keeps the certificates
    #[arg(long, value_name = "DIR")]
    certified_in: Option<PathBuf>,
}

/// Erases commands and documents of a case. Leaves and bodies stay: nothing of the log changes.
pub fn run(shell: &Shell, args: &Erase) -> Result<u8> {
    let replica = Folder::open(&args.folder.dir)?.replica()?;
    let case = words::case(&replica, &args.case)?;
    check(&replica, case, args.certified_in.as_deref())?;
    let (mut documents, mut commands) = (BTreeSet::new(), Vec::new());
    for (number, record) in records::of_case(&replica, case)? {
        if Body::from_slice(record.body()).is_ok_and(|body| is_erasable(&body)) {
            documents.extend(evidence(&**replica.store(), number)?);
            commands.push(number);
        }
    }
    let kept = spared(&**replica.store(), &commands, &mut documents)?;
    let documents: Vec<Digest> = documents.into_iter().collect();
    let erased = replica.store().erase(&documents, &commands)?;
    let answer =
        json!({ "case": case, "commands": erased.commands, "documents": erased.documents, "kept": kept });
    shell.out.answer(&answer, || {
        let (commands, documents) = (erased.commands, erased.documents);
        let text =
            format!("case {case}: {commands} signed commands and {documents} documents are erased here");
        match kept.len() {
            0 => text,
            count => {
                format!("{text}; {count} documents stay, another case names them: order it erased as well")
            }
        }
    })?;
    Ok(0)
}

/// Takes out of `documents`, and gives, those that a step of another case names too: an order is about one
/// case, and what proves another stays. Nobody has a document of a case erased by naming it in one of theirs.
fn spared(store: &dyn Store, own: &[u64], documents: &mut BTreeSet<Digest>) -> Result<Vec<Digest>> {
    let mut kept = Vec::new();
    if documents.is_empty() {
        return Ok(kept);
    }
    for (number, stored) in (0..).zip(stream(store, 0, store.head()?.size)) {
        let stored = stored?;
        let Some(command) = stored.command.filter(|_| !own.contains(&number)) else { continue };
        if matches!(Body::from_slice(&stored.body), Ok(Body::Attested(_))) {
            kept.extend(evidence_of(&command)?.into_iter().filter(|digest| documents.remove(digest)));
        }
    }
    Ok(kept)
}

/// Ordered and in effect, closed, and wholly under a certificate: who joins later applies what stands.
fn check(replica: &Replica, case: CaseId, certified_in: Option<&Path>) -> Result<()> {
    let refused = |code: &str, text: String| told(Kind::Refused, code, text);
    if !ordered(&**replica.store())?.contains(&case) {
        let text = format!("no order to erase case `{case}` is in effect");
        return Err(refused("erasure-not-ordered", text).into());
    }
    if replica.kernel().case(&case).is_some() {
        return Err(refused("case-open", format!("case `{case}` is not closed")).into());
    }
    let last = index::records_of(&**replica.store(), &Entity::Case(case))?.last().copied().unwrap_or(0);
    let size = certified(replica, certified_in)?;
    if size <= last {
        let text = format!("record {last} of the case is not certified: {size} records are");
        let hint = "a co-signer's own copy keeps no certificates: `--certified-in` the ledger's folder";
        return Err(refused("not-certified", text).hint(hint).into());
    }
    Ok(())
}

/// How many records the latest certificate covers. One from elsewhere must hold, and be of this very history.
fn certified(replica: &Replica, certified_in: Option<&Path>) -> Result<u64> {
    let Some(dir) = certified_in else {
        return Ok(latest_certificate(replica)?.map_or(0, |certificate| certificate.size));
    };
    let folder = Folder::open(dir)?;
    let (store, _) = open_parts(folder.dir())?;
    let Some((_, bytes)) = store.latest_certificate()? else { return Ok(0) };
    let certificate = Certificate::from_bytes(&bytes)?;
    let committees = committees(replica)?;
    let committee = committees.iter().find(|committee| committee.epoch() == certificate.epoch);
    let committee = committee.context("the certificate is of an epoch that this copy does not know")?;
    let ledger = replica.ledger().id().context("the ledger is empty")?;
    certificate.verify(&ledger, committee)?;
    check_holds(replica, (certificate.size, certificate.root), "the certificate")?;
    Ok(certificate.size)
}

/// Digests of the documents that the command of a record names.
fn evidence(store: &dyn Store, number: u64) -> Result<Vec<Digest>> {
    let stored = store.records(number, 1, usize::MAX)?;
    match stored.first().and_then(|stored| stored.command.as_deref()) {
        Some(command) => evidence_of(command),
        None => Ok(Vec::new()),
    }
}

fn evidence_of(command: &[u8]) -> Result<Vec<Digest>> {
    let Some(command) = Input::from_bytes(command)?.command else { return Ok(Vec::new()) };
    let request = Request::from_slice(&command)?;
    let Some(submission) = request.submission() else { return Ok(Vec::new()) };
    match Statement::from_slice(&submission.envelope.payload)? {
        Statement::Attestation(said) => Ok(said.evidence.iter().map(|digest| Digest(digest.0)).collect()),
        _ => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests;
