//! `lockstep chain collect`: signatures under one declaration, as the call that a contract takes.

use super::super::outcome::Transaction;
use super::sign::committee;
use crate::fault::{Kind, invalid, told};
use crate::folder::{Folder, FolderArgs};
use crate::os;
use crate::shell::Shell;
use anyhow::{Context, Result};
use clap::Args;
use lockstep_chain::enforce;
use lockstep_ledger::{Declaration, Declared, MemberSignature, Signers};
use lockstep_types::Address;
use lockstep_types::limits::COSIGNERS_MAX;
use serde_json::json;
use std::path::PathBuf;

/// What to bring together.
#[derive(Debug, Clone, Args)]
pub struct Collect {
    #[command(flatten)]
    folder: FolderArgs,
    /// What `lockstep chain sign` printed, one file a signature
    #[arg(required = true, value_name = "FILE")]
    signed: Vec<PathBuf>,
    /// Under a succession: the Anchor
    #[arg(long, value_name = "ADDRESS")]
    anchor: Option<Address>,
    /// Under an override: the co-signer who refused
    #[arg(long, value_name = "ADDRESS")]
    vetoer: Option<Address>,
    /// Under a recovery: an address of the recovery set, in the order in which the Anchor was given them
    #[arg(long = "recovery-set", value_name = "ADDRESS", requires = "recovery_threshold")]
    recovery_set: Vec<Address>,
    /// Under a recovery: how many of the recovery set must sign
    #[arg(long, value_name = "K")]
    recovery_threshold: Option<u8>,
}

/// Checks every signature as the contract will, and prints the call.
pub fn run(shell: &Shell, args: &Collect) -> Result<u8> {
    let all = read(&args.signed)?;
    let declaration = &all.first().context("no signature")?.declaration;
    let folder = Folder::open(&args.folder.dir)?;
    if declaration.ledger() != folder.ledger() {
        let text = format!("signed for ledger `{}`, this is `{}`", declaration.ledger(), folder.ledger());
        return Err(told(Kind::Refused, "other-ledger", text).into());
    }
    let signers = signers(args, &folder, declaration)?;
    let signatures = places(&all, &signers)?;
    declaration.verify(&signatures, &signers, args.vetoer)?;
    let to = declaration.contract().or(args.anchor).ok_or_else(|| {
        invalid("anchor", "a succession is brought to every Anchor of the ledger: say which")
            .hint("name one with `--anchor ADDRESS`")
    })?;
    let transaction = Transaction {
        does: format!(
            "brings a {}, signed by {} in epoch {}",
            declaration.kind(),
            signatures.len(),
            declaration.epoch()
        ),
        to,
        data: enforce::declare(declaration, &signatures, &signers).to_string(),
    };
    shell.out.note("note: nothing was sent; send it from any account");
    let answer = json!({
        "declaration": declaration, "signed": signatures.len(), "transactions": [transaction.json()],
    });
    shell.out.answer(&answer, || transaction.line())?;
    Ok(0)
}

/// The files, each over the same declaration and signed by the key that it names.
fn read(files: &[PathBuf]) -> Result<Vec<Declared>> {
    if files.len() > COSIGNERS_MAX {
        let text = format!("{} signatures: at most {COSIGNERS_MAX} count", files.len());
        return Err(invalid("pair", text).into());
    }
    let mut all: Vec<Declared> = Vec::new();
    for path in files {
        let refused = || format!("`{}` is refused", path.display());
        let bytes = os::read(path, os::SMALL_FILE_BYTES_MAX)?;
        let declared = Declared::from_bytes(bytes.trim_ascii_end()).with_context(refused)?;
        declared.verify().with_context(refused)?;
        if all.first().is_some_and(|first| first.declaration != declared.declaration) {
            let text = format!("`{}` is signed under another declaration", path.display());
            return Err(told(Kind::Refused, "cosignature", text).into());
        }
        all.push(declared);
    }
    Ok(all)
}

fn signers(args: &Collect, folder: &Folder, declaration: &Declaration) -> Result<Signers> {
    if !matches!(declaration, Declaration::Recovery(_)) {
        return Ok(committee(folder, Some(declaration.epoch()))?.signers());
    }
    let threshold = args.recovery_threshold.ok_or_else(|| {
        invalid("recovery-set", "a recovery is signed by the recovery set, which no ledger knows")
            .hint("name it with `--recovery-set ADDRESS…` and `--recovery-threshold K`")
    })?;
    Ok(Signers::new(args.recovery_set.clone(), threshold)?)
}

/// Each signature under the place of its key; one that is given twice counts once.
fn places(all: &[Declared], signers: &Signers) -> Result<Vec<MemberSignature>> {
    let mut found = Vec::with_capacity(all.len());
    for declared in all {
        let member = signers.index_of(&declared.address).ok_or_else(|| {
            let text = format!("`{}` is none of those whose signatures count", declared.address);
            told(Kind::Refused, "cosignature", text)
        })?;
        found.push(MemberSignature { member, signature: declared.signature });
    }
    found.sort_by_key(|signature| signature.member);
    found.dedup_by_key(|signature| signature.member);
    Ok(found)
}
