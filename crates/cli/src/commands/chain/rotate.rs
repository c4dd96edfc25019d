//! `lockstep chain rotate`: a rotation of co-signers, as an Anchor takes it (specs/chain.md §2).

use super::super::outcome::{Transaction, anchoring, print};
use crate::fault::{Kind, told};
use crate::folder::{Folder, FolderArgs, handover_file};
use crate::os;
use crate::records;
use crate::shell::Shell;
use anyhow::{Context, Result};
use clap::Args;
use lockstep_chain::enforce::{self, Placed, Rotated};
use lockstep_crypto::tree;
use lockstep_kernel::Body;
use lockstep_ledger::{Certificate, Handover};
use lockstep_node::Replica;
use lockstep_node::epochs::{Epoch, epochs};
use lockstep_types::Address;
use serde_json::json;

/// Which rotation, for which Anchor.
#[derive(Debug, Clone, Args)]
pub struct Rotate {
    #[command(flatten)]
    folder: FolderArgs,
    /// The Anchor
    #[arg(long, value_name = "ADDRESS")]
    anchor: Address,
    /// The epoch that begins [default: the latest]
    #[arg(long, value_name = "N")]
    epoch: Option<u64>,
    /// The size that the Anchor holds already: what its `head()` answers [default: none]
    #[arg(long, value_name = "SIZE", default_value_t = 0)]
    anchored: u64,
}

/// Anchors the size of the handover under the committee that leaves, and shows the one that comes.
pub fn run(shell: &Shell, args: &Rotate) -> Result<u8> {
    let folder = Folder::open(&args.folder.dir)?;
    let replica = folder.replica()?;
    let (before, next) = two_epochs(&replica, args.epoch)?;
    let epoch = next.committee.epoch();
    let Handover { old, new } = handover(&folder, epoch)?;
    old.verify(&folder.ledger(), &before.committee)?;
    new.verify(&folder.ledger(), &next.committee)?;
    let proven = |anchored| Ok(tree::consistency_proof(&replica.hashes(), anchored, old.size)?);
    let mut transactions: Vec<Transaction> =
        anchoring(&old, (args.anchor, args.anchored), proven)?.into_iter().collect();
    transactions.push(Transaction {
        does: format!("shows the co-signers of epoch {epoch}, who are in force after the Anchor's notice"),
        to: args.anchor,
        data: shown(&replica, &next, &new)?,
    });
    shell.out.note("note: nothing was sent; send them in this order, from any account");
    print(shell, json!({ "epoch": epoch, "size": new.size }), &transactions)
}

fn two_epochs(replica: &Replica, named: Option<u64>) -> Result<(Epoch, Epoch)> {
    let mut all = epochs(&**replica.store())?;
    let latest = all.last().map_or(0, |epoch| epoch.committee.epoch());
    let wanted = named.unwrap_or(latest);
    let at = usize::try_from(wanted).unwrap_or(usize::MAX);
    if wanted == 0 || at >= all.len() {
        let text = format!("there is no rotation to epoch {wanted}, the latest epoch is {latest}");
        return Err(told(Kind::Invalid, "epoch", text).into());
    }
    all.truncate(at.saturating_add(1));
    let next = all.pop().context("no epoch")?;
    Ok((all.pop().context("no epoch")?, next))
}

/// Both committees' certificates over one size.
fn handover(folder: &Folder, epoch: u64) -> Result<Handover> {
    let path = handover_file(folder.dir(), epoch);
    if !path.exists() {
        let text = format!("nobody has handed over to epoch {epoch} yet");
        return Err(told(Kind::Conflict, "not-certified", text)
            .hint("enough members of both committees run `lockstep cosign DIR --key KEY`")
            .into());
    }
    let bytes = os::read(&path, os::SMALL_FILE_BYTES_MAX)?;
    Ok(lockstep_types::canonical::from_slice(&bytes, bytes.len())?)
}

fn shown(replica: &Replica, next: &Epoch, certificate: &Certificate) -> Result<String> {
    let record = records::at(replica, next.began)?.context("the record of the rotation is missing")?;
    let Body::Enacted(enacted) = Body::from_slice(record.body())? else {
        anyhow::bail!("record {} is no `enacted`", next.began)
    };
    let path = tree::inclusion_proof(&replica.hashes(), next.began, certificate.size)?;
    let placed = Placed { record: &record, index: next.began, path: &path };
    let (case, prev, committee) = (enacted.case, enacted.prev, &next.committee);
    Ok(enforce::rotate(Rotated { enacted: placed, case, prev, committee }, certificate).to_string())
}
