//! `lockstep chain deploy anchor`.

use super::super::wanted::Known;
use super::{Creation, block_read, key, tell};
use crate::fault::invalid;
use crate::folder::{Folder, FolderArgs};
use crate::sending::{Desk, FromArgs};
use crate::shell::Shell;
use crate::words;
use anyhow::Result;
use clap::Args;
use lockstep_chain::{deploy, standing};
use lockstep_ledger::Signers;
use lockstep_types::Address;
use serde_json::json;

/// Longest notice that an Anchor takes: 90 days.
const NOTICE_S_MAX: u64 = 7_776_000;

/// Of which ledger, and who helps when its keys are lost.
#[derive(Debug, Clone, Args)]
pub struct DeployAnchor {
    #[command(flatten)]
    folder: FolderArgs,
    /// The chain: its EIP-155 number
    #[arg(long, value_name = "NUMBER")]
    chain: u64,
    /// Time between a rotation of co-signers or a loosening and its effect on the chain [default: the
    /// ledger's]
    #[arg(long, value_name = "DURATION")]
    notice: Option<String>,
    /// An account of the recovery set, which names other co-signers when keys are lost. Once for each; nobody
    /// can be named later
    #[arg(long, value_name = "ADDRESS", requires = "recovery_threshold")]
    recovery: Vec<Address>,
    /// How many of the recovery set must sign
    #[arg(long, value_name = "K", requires = "recovery")]
    recovery_threshold: Option<u8>,
    #[command(flatten)]
    from: FromArgs,
}

/// Creates the Anchor and holds what it shows against the ledger.
pub fn run(shell: &mut Shell, args: &DeployAnchor) -> Result<u8> {
    let folder = Folder::open(&args.folder.dir)?;
    let known = Known::of(&folder, &folder.replica()?)?;
    let recovery = recovery(shell, args, &known)?;
    let following = known.following(notice_s(args, known.notice_ms)?);
    let data = deploy::anchor_data(following, recovery.as_ref())?;
    let owner = known.ledger.to_string();
    let creation = Creation { what: "anchor", owner, chain: args.chain, data, at: None, signs_as: None };
    if args.from.print_tx {
        return creation.print(shell);
    }
    let mut desk = Desk::open(shell, key(&args.from)?, (args.chain, &args.from.endpoints))?;
    let placed = creation.place(shell, &mut desk, &args.from.sending)?;
    let rpc = desk.rpc();
    let block = block_read(rpc, args.from.sending.until())?;
    let differences = standing::anchor_differs(rpc, &block, placed.address, (following, recovery.as_ref()))?;
    let compared = json!({
        "committee": following.committee.digest(),
        "epoch": following.committee.epoch(),
        "ledger": following.ledger,
        "notice_s": following.notice_s,
        "recovery_set": recovery.as_ref().map(Signers::digest),
        "threshold": following.committee.threshold(),
    });
    tell(shell, (&creation, &placed, &args.from.sending), (rpc, &block), (compared, differences))
}

fn recovery(shell: &Shell, args: &DeployAnchor, known: &Known) -> Result<Option<Signers>> {
    let Some(threshold) = args.recovery_threshold else {
        shell.out.note(
            "note: without a recovery set this Anchor stands still for ever once too many keys are lost",
        );
        return Ok(None);
    };
    let cosigner = args.recovery.iter().find(|address| known.committee.index_of(address).is_some());
    if let Some(address) = cosigner {
        shell.out.note(format!("note: `{address}` is a co-signer too: its key may be lost with theirs"));
    }
    let signers = Signers::new(args.recovery.clone(), threshold).map_err(|error| {
        invalid("recovery-set", "the recovery set is refused")
            .source(error)
            .hint("more than two thirds of its accounts must sign: 2 of 2, 3 of 3, 3 of 4, 4 of 5, …")
    })?;
    Ok(Some(signers))
}

fn notice_s(args: &DeployAnchor, ledger_ms: u64) -> Result<u64> {
    let ms = args.notice.as_deref().map_or(Ok(ledger_ms), words::duration_ms)?;
    let seconds = ms.div_ceil(1_000);
    if seconds > NOTICE_S_MAX {
        let text = format!("a notice of {seconds} s: an Anchor takes at most {NOTICE_S_MAX}, 90 days");
        return Err(invalid("notice", text).hint("name a shorter one with `--notice`").into());
    }
    Ok(seconds)
}
