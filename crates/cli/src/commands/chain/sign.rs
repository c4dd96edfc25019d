//! `lockstep chain sign`: one institution's signature under a declaration (specs/chain.md §4).

use crate::fault::{Kind, told};
use crate::folder::memory::check_holds;
use crate::folder::{Folder, FolderArgs, committees};
use crate::key::KeyRef;
use crate::shell::Shell;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use lockstep_ledger::declaration::{OnChange, OnRecovery, Recovery, Succession};
use lockstep_ledger::{Committee, Declaration, SignedHead, Signers};
use lockstep_node::declare;
use lockstep_store::SignerState;
use lockstep_types::{Address, Digest, LedgerId};
use std::path::PathBuf;

/// What to declare.
#[derive(Debug, Clone, Subcommand)]
pub enum Sign {
    /// Refuse a loosening that waits at a Gate
    Veto(ChangeArgs),
    /// Let a loosening that was refused take effect after a second notice
    Override(ChangeArgs),
    /// As the recovery set: name other co-signers, since too many keys are lost
    Recovery(RecoveryArgs),
    /// Refuse a recovery that has been started
    RecoveryVeto(AnchorArgs),
    /// Let another ledger go on at this ledger's Anchors, at the head that this key has signed last on it
    Succession(SuccessionArgs),
}

/// Whose word, about which ledger.
#[derive(Debug, Clone, Args)]
pub struct WordArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// The key: a key file, or `exec:PROGRAM[,PUBLIC-KEY-FILE]`
    #[arg(long, value_name = "KEY")]
    key: KeyRef,
    /// Epoch of the committee in force at the Anchor [default: that of the ledger]
    #[arg(long, value_name = "N")]
    epoch: Option<u64>,
}

/// A loosening at a Gate.
#[derive(Debug, Clone, Args)]
pub struct ChangeArgs {
    #[command(flatten)]
    word: WordArgs,
    /// The chain: its EIP-155 number
    #[arg(long, value_name = "NUMBER")]
    chain: u64,
    /// The Gate
    #[arg(long, value_name = "ADDRESS")]
    gate: Address,
    /// The change, as the Gate's event `ChangeProposed` names it
    #[arg(long, value_name = "ID", value_parser = change)]
    change: Digest,
}

/// An Anchor.
#[derive(Debug, Clone, Args)]
pub struct AnchorArgs {
    #[command(flatten)]
    word: WordArgs,
    /// The chain: its EIP-155 number
    #[arg(long, value_name = "NUMBER")]
    chain: u64,
    /// The Anchor
    #[arg(long, value_name = "ADDRESS")]
    anchor: Address,
    /// What the Anchor's `recoveryRound()` answers
    #[arg(long, value_name = "N", default_value_t = 0)]
    round: u64,
}

/// Who takes over.
#[derive(Debug, Clone, Args)]
pub struct RecoveryArgs {
    #[command(flatten)]
    anchor: AnchorArgs,
    /// Address of a co-signer who takes over, in order
    #[arg(long = "cosigner", required = true, value_name = "ADDRESS")]
    cosigners: Vec<Address>,
    /// How many of them must sign
    #[arg(long, value_name = "K")]
    threshold: u8,
}

/// Which ledger goes on.
#[derive(Debug, Clone, Args)]
pub struct SuccessionArgs {
    #[command(flatten)]
    word: WordArgs,
    /// The co-signer's own copy of the ledger that goes on
    #[arg(long, value_name = "DIR")]
    successor: PathBuf,
    /// What the key has signed last on it [default: `KEY.memory`]
    #[arg(long, value_name = "FILE")]
    memory: Option<PathBuf>,
}

/// 64 hexadecimal digits, with or without `0x`.
fn change(text: &str) -> Result<Digest, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text).to_ascii_lowercase();
    digits.parse().map_err(|error: lockstep_types::digest::DigestError| error.to_string())
}

/// Signs, and prints what is to be handed around.
pub fn run(shell: &mut Shell, command: &Sign) -> Result<u8> {
    let (word, declaration, successor) = match command {
        Sign::Veto(args) => on_change(args, Declaration::Veto)?,
        Sign::Override(args) => on_change(args, Declaration::Override)?,
        Sign::RecoveryVeto(args) => {
            let (ledger, committee) = at(&args.word)?;
            let (anchor, chain, epoch, round) = (args.anchor, args.chain, committee.epoch(), args.round);
            let on = OnRecovery { anchor, chain, epoch, ledger, round };
            (&args.word, Declaration::RecoveryVeto(on), None)
        }
        Sign::Recovery(args) => {
            let AnchorArgs { word, chain, anchor, round } = &args.anchor;
            let (ledger, committee) = at(word)?;
            let next = Signers::new(args.cosigners.clone(), args.threshold)?;
            let (anchor, chain, epoch, round) = (*anchor, *chain, committee.epoch(), *round);
            let on = Recovery { anchor, chain, epoch, ledger, next, round };
            (word, Declaration::Recovery(on), None)
        }
        Sign::Succession(args) => succession(args)?,
    };
    let key = shell.keyring.open(&word.key)?;
    if !matches!(declaration, Declaration::Recovery(_)) {
        check_member(&at(word)?.1, &crate::key::address_of(lockstep_attest::sign::Sign::public(&key))?)?;
    }
    let declared = declare(&key, declaration, successor)?;
    let text = String::from_utf8(declared.to_bytes()?)?;
    shell.out.answer(&declared, || text)?;
    Ok(0)
}

type Asked<'a> = (&'a WordArgs, Declaration, Option<SignedHead>);

fn on_change(args: &ChangeArgs, kind: impl FnOnce(OnChange) -> Declaration) -> Result<Asked<'_>> {
    let (ledger, committee) = at(&args.word)?;
    let (chain, change, epoch, gate) = (args.chain, args.change, committee.epoch(), args.gate);
    Ok((&args.word, kind(OnChange { chain, change, epoch, gate, ledger }), None))
}

/// What is named is what the memory says was signed, and the own copy says of which ledger that is.
fn succession(args: &SuccessionArgs) -> Result<Asked<'_>> {
    let (ledger, committee) = at(&args.word)?;
    let memory = super::super::cosign::memory_of(&args.word.key, args.memory.as_ref())?;
    let memory = SignerState::open(&memory).context("the key's memory cannot be opened")?;
    let (size, root) = memory.last().ok_or_else(|| {
        told(Kind::Refused, "signing-refused", "this key has signed nothing on the ledger that is to go on")
            .hint("`lockstep cosign` re-runs it and signs its head")
    })?;
    let folder = Folder::open(&args.successor)?;
    check_holds(&folder.replica()?, (size, root), "the key")?;
    let (epoch, successor) = (committee.epoch(), folder.ledger());
    let signed = SignedHead { ledger: successor, root, size };
    let on = Succession { epoch, ledger, root, size, successor };
    Ok((&args.word, Declaration::Succession(on), Some(signed)))
}

/// The ledger, and the committee that is in force at the Anchor.
fn at(word: &WordArgs) -> Result<(LedgerId, Committee)> {
    let folder = Folder::open(&word.folder.dir)?;
    Ok((folder.ledger(), committee(&folder, word.epoch)?))
}

/// The committee of an epoch; of the latest, if none is named.
pub fn committee(folder: &Folder, epoch: Option<u64>) -> Result<Committee> {
    let mut all = committees(&folder.replica()?)?;
    let last = all.pop().context("the ledger is empty")?;
    let wanted = epoch.unwrap_or_else(|| last.epoch());
    let latest = last.epoch();
    all.into_iter().chain([last]).find(|committee| committee.epoch() == wanted).ok_or_else(|| {
        told(Kind::Invalid, "epoch", format!("there is no epoch {wanted}, the latest is {latest}")).into()
    })
}

fn check_member(committee: &Committee, address: &Address) -> Result<()> {
    if committee.index_of(address).is_some() {
        return Ok(());
    }
    let text = format!("`{address}` is no co-signer of epoch {}", committee.epoch());
    Err(told(Kind::Refused, "cosignature", text)
        .hint("`--epoch` names that of the committee in force at the Anchor, if it is another")
        .into())
}
