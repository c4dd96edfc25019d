//! The first certificate after a rotation: signed by both sets (specs/certificate.md §5).

use crate::fault::{Kind, told};
use crate::folder::live::Live;
use crate::folder::{committees, handover_file, leaving_file};
use crate::key::Holder;
use crate::os;
use anyhow::{Context, Result};
use lockstep_crypto::tree;
use lockstep_ledger::signer::SigningRequest;
use lockstep_ledger::{Checkpoint, Committee, Handover};
use lockstep_node::cosigner::Cosigned;
use lockstep_node::{Cosigner, Quorum};
use lockstep_store::SignerState;
use lockstep_types::Address;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

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

/// Signs the last seal once more, in the epoch of the committee that leaves.
pub fn sign(
    live: &Live,
    cosigner: &mut Cosigner<Holder, SignerState>,
    committee: &Committee,
) -> Result<Cosigned> {
    let ledger = cosigner.replica().ledger();
    // Head and seal are the co-signer's own; only the path between them and what was signed before is the
    // appender's.
    let seal = ledger.last_seal().context("there is no seal to sign")?.clone();
    let id = ledger.id().context("the ledger is empty")?;
    let checkpoint =
        Checkpoint { epoch: committee.epoch(), ledger: id, root: seal.head.root, size: seal.head.size };
    let last = cosigner.signer_mut().last();
    let consistency = match last.filter(|last| last.size < checkpoint.size) {
        Some(last) => tree::consistency_proof(&live.replica().hashes(), last.size, checkpoint.size)?,
        None => Vec::new(),
    };
    let request = SigningRequest { checkpoint, consistency, inclusion: seal.inclusion, seal: seal.record };
    let signer = cosigner.signer_mut();
    let signature = signer.sign(&request, os::now()?)?;
    Ok(Cosigned { address: signer.address(), checkpoint, signature })
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
        let cosigned = sign(live, cosigner, &old)?;
        keep(live, &cosigned)?;
        let (quorum, signed) = gather(live, &cosigned.checkpoint, &old)?;
        let certificate = quorum.certificate();
        if let Some(certificate) = &certificate {
            let file = leaving_file(live.folder().dir(), (certificate.epoch, certificate.size));
            write(&file, &certificate.to_bytes()?)?;
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
    let file = handover_file(live.folder().dir(), handover.new.epoch);
    write(&file, &lockstep_types::canonical::to_vec(&handover)?)
}

fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(parent) = file.parent() {
        std::fs::create_dir_all(parent).with_context(|| format!("cannot make `{}`", parent.display()))?;
    }
    os::write_atomic(file, bytes)
}
