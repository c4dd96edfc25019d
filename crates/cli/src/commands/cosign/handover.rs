//! The first certificate after a rotation: signed by both sets (specs/certificate.md §5).

use crate::fault::{Kind, told};
use crate::folder::live::Live;
use crate::folder::{committees, handover_file, keep_handover, leaving_file};
use crate::key::Holder;
use crate::os;
use anyhow::{Context, Result};
use lockstep_ledger::{Checkpoint, Committee, Handover};
use lockstep_node::cosigner::Cosigned;
use lockstep_node::{Cosigner, Quorum};
use lockstep_store::SignerState;
use lockstep_types::Address;
use serde_json::{Value, json};
use std::path::PathBuf;

/// The committee that leaves, while nobody has handed over from it yet.
pub fn leaving(live: &Live) -> Result<Option<Committee>> {
    let handed_over = |epoch| handover_file(live.folder().dir(), epoch).exists();
    let current = live.kernel().committee().map(Committee::epoch);
    if current.is_some_and(handed_over) { Ok(None) } else { before(live) }
}

/// The committee of the epoch before the present one.
fn before(live: &Live) -> Result<Option<Committee>> {
    let current = live.kernel().committee().map(Committee::epoch);
    let Some(before) = current.and_then(|current| current.checked_sub(1)) else { return Ok(None) };
    Ok(committees(live.replica())?.into_iter().find(|committee| committee.epoch() == before))
}

/// What the committee that leaves has signed for Anchors that still go by it.
pub struct ForAnchors {
    cosigned: Cosigned,
    signed: usize,
    threshold: u8,
    certified: bool,
}

impl ForAnchors {
    /// Signs the last seal in the epoch before the present one, whether that has handed over or not; the
    /// certificate is kept once enough have signed.
    pub fn make(live: &Live, cosigner: &mut Cosigner<Holder, SignerState>) -> Result<Self> {
        let epoch = live.kernel().committee().context("the ledger is empty")?.epoch();
        let address = cosigner.signer_mut().address();
        let Some(old) = before(live)?.filter(|old| old.index_of(&address).is_some()) else {
            let text = format!("`{address}` is no co-signer of the epoch before {epoch}");
            return Err(told(Kind::Conflict, "epoch", text).hint("sign without `--leaving`").into());
        };
        let cosigned = cosigner.sign_in(old.epoch(), os::now()?)?;
        keep(live, &cosigned)?;
        let (quorum, signed) = gather(live, &cosigned.checkpoint, &old)?;
        let certificate = quorum.certificate();
        if let Some(certificate) = &certificate {
            let file = leaving_file(live.folder().dir(), (certificate.epoch, certificate.size));
            os::write_with_folder(&file, &certificate.to_bytes()?)?;
        }
        Ok(Self { cosigned, signed, threshold: old.threshold(), certified: certificate.is_some() })
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let Checkpoint { epoch, ledger, root, size } = self.cosigned.checkpoint;
        json!({
            "address": self.cosigned.address, "certificate": self.certified, "epoch": epoch, "ledger": ledger,
            "root": root, "signed": self.signed, "size": size, "threshold": self.threshold,
        })
    }

    /// For people.
    pub fn text(&self) -> String {
        let Checkpoint { epoch, size, .. } = self.cosigned.checkpoint;
        let end = if self.certified { "an Anchor of that epoch takes it" } else { "not yet enough" };
        let (address, signed, threshold) = (self.cosigned.address, self.signed, self.threshold);
        format!("{address} signed {size} records in epoch {epoch}: {signed} of {threshold} needed, {end}")
    }
}

/// Where the signature of a member of the committee that leaves waits for the others.
fn waiting(live: &Live, size: u64, address: &Address) -> PathBuf {
    live.folder().cosigned().join(format!("leaving-{size}-{address}.json"))
}

/// Keeps a signature of the committee that leaves.
pub fn keep(live: &Live, cosigned: &Cosigned) -> Result<()> {
    let dir = live.folder().cosigned();
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
    let path = waiting(live, cosigned.checkpoint.size, &cosigned.address);
    os::write_atomic(&path, &serde_json::to_vec(cosigned)?)
}

/// How many of the committee that leaves have signed; once enough of both sets have signed one size, the
/// handover is kept.
pub fn count(live: &Live, signed: &Checkpoint, committee: &Committee) -> Result<usize> {
    let (quorum, count) = gather(live, &Checkpoint { epoch: committee.epoch(), ..*signed }, committee)?;
    complete(live, &quorum)?;
    Ok(count)
}

/// The signatures of a committee that leaves, so far.
fn gather(live: &Live, checkpoint: &Checkpoint, committee: &Committee) -> Result<(Quorum, usize)> {
    let checkpoint = *checkpoint;
    let mut quorum = Quorum::new(checkpoint, committee.clone());
    let mut count = 0;
    for member in committee.members() {
        let path = waiting(live, checkpoint.size, &member.address);
        if path.exists() {
            let kept: Cosigned = serde_json::from_slice(&os::read(&path, os::SMALL_FILE_BYTES_MAX)?)?;
            quorum.add(&kept.address, &kept.checkpoint, kept.signature)?;
            count += 1;
        }
    }
    Ok((quorum, count))
}

fn complete(live: &Live, quorum: &Quorum) -> Result<()> {
    let Some(old) = quorum.certificate() else { return Ok(()) };
    let Some(bytes) = live.replica().store().certificate(old.size)? else { return Ok(()) };
    let handover = Handover { new: lockstep_ledger::Certificate::from_bytes(&bytes)?, old };
    keep_handover(live.folder().dir(), &handover)
}
