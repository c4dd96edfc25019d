//! `lockstep cosign`: one co-signer, with a copy of the ledger of its own.

mod follow;
mod handover;
mod listen;

use crate::fault::invalid;
use crate::folder::live::Live;
use crate::folder::memory::check_holds;
use crate::folder::{Folder, latest_certificate, open_parts};
use crate::key::{Holder, KeyRef};
use crate::os;
use crate::server::ReachArgs;
use crate::shell::Shell;
use anyhow::{Context, Result};
use clap::Args;
use lockstep_ledger::{Certificate, Checkpoint};
use lockstep_node::cosigner::Cosigned;
use lockstep_node::{CheckpointSigner, Cosigner, TileFiles};
use lockstep_store::SignerState;
use lockstep_types::{Address, LedgerId};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A seal older than this is followed by an empty one: co-signers sign only what is at most 60 s behind their
/// clock.
const SEAL_AGE_MS_MAX: u64 = 40_000;
/// Records in one message to the co-signer.
const FEED_RECORDS: usize = 1_024;

/// A co-signer's key and folder.
#[derive(Debug, Clone, Args)]
pub struct Cosign {
    /// The ledger's folder, where appender and co-signer share a machine
    #[arg(value_name = "DIR", required_unless_present = "follow", conflicts_with = "follow")]
    dir: Option<PathBuf>,
    /// Follow the ledger on this server until somebody ends it
    #[arg(long, value_name = "URL")]
    follow: Option<String>,
    #[command(flatten)]
    reach: ReachArgs,
    /// With `--follow`: end once everything there is has been followed
    #[arg(long, requires = "follow")]
    once: bool,
    #[command(flatten)]
    listen: listen::ListenArgs,
    /// The co-signer's key: a key file, or `exec:PROGRAM[,PUBLIC-KEY-FILE]`
    #[arg(long, alias = "signer", value_name = "KEY")]
    key: KeyRef,
    /// The co-signer's own copy of the ledger [default: `KEY.ledger`]
    #[arg(long, value_name = "DIR")]
    own: Option<PathBuf>,
    /// What the key has signed last [default: `KEY.memory`]
    #[arg(long, value_name = "FILE")]
    memory: Option<PathBuf>,
    /// The ledger to follow, when the own copy begins; compare it with what the others follow
    #[arg(long, value_name = "ID")]
    ledger: Option<LedgerId>,
    /// Take over records whose commands were erased before the own copy began; nothing is signed until an
    /// order to erase their case and a certificate over them are there
    #[arg(long)]
    with_erased: bool,
    /// Sign as a member of the committee before the present one, for Anchors on which the notice of a
    /// rotation still runs
    #[arg(long, conflicts_with = "follow")]
    leaving: bool,
}

/// Follows, re-runs, signs; the certificate is kept once enough have signed.
pub fn run(shell: &mut Shell, args: &Cosign) -> Result<u8> {
    let dir = match (&args.follow, &args.dir) {
        (Some(url), _) => return follow::run(shell, args, &args.reach.at(url)),
        (None, dir) => dir.as_deref().context("no folder is named")?,
    };
    let (own, memory) = places(args)?;
    let key = shell.keyring.open(&args.key)?;
    let memory = SignerState::open(&memory).context("the key's memory cannot be opened")?;
    let mut live = shell.live(dir)?;
    live.tick()?;
    seal_if_old(&mut live)?;
    let ledger = to_follow(shell, args, (&own, &live))?;
    let (store, tiles) = open_parts(&own)?;
    let tiles: Arc<dyn TileFiles> = tiles;
    let mut cosigner = Cosigner::open(store, tiles, CheckpointSigner::new(key, memory, ledger)?, ledger)?;
    if args.with_erased {
        cosigner.take_erased();
    }
    catch_up(shell, &mut live, &mut cosigner)?;
    if cosigner.undecided().is_some()
        && let Some(certificate) = latest_certificate(live.replica())?
    {
        cosigner.rest_on(&certificate)?;
    }
    if !own.join("lockstep.json").exists() {
        Folder::write(&own, ledger, live.folder().name().clone())?;
    }
    if args.leaving {
        let signed = handover::ForAnchors::make(&live, &mut cosigner)?;
        cosigner.snapshot_if_due()?;
        shell.out.answer(&signed.json(), || signed.text())?;
        return Ok(0);
    }
    let signed = Signatures::make(&mut live, &mut cosigner)?;
    cosigner.snapshot_if_due()?;
    shell.out.answer(&signed.json(), || signed.text())?;
    Ok(0)
}

/// What one run has signed.
struct Signatures {
    address: Address,
    checkpoint: Checkpoint,
    signed: usize,
    threshold: u8,
    certified: bool,
    /// Signatures of the committee that leaves, and how many are needed.
    leaving: Option<(usize, u8)>,
}

impl Signatures {
    /// Signs as a member of the committee in force, and as one of the committee that leaves.
    fn make(live: &mut Live, cosigner: &mut Cosigner<Holder, SignerState>) -> Result<Self> {
        let address = cosigner.signer_mut().address();
        let committee = live.kernel().committee().context("the ledger is empty")?.clone();
        let member = committee.index_of(&address).is_some();
        let old = handover::leaving(live)?;
        let leaves = old.as_ref().is_some_and(|old| old.index_of(&address).is_some());
        let (mut signed, mut certified, mut checkpoint) = (0, false, None);
        if member || !leaves {
            let cosigned = cosigner.sign(os::now()?)?;
            let (count, certificate) = collect(live, &cosigned)?;
            (signed, certified, checkpoint) = (count, certificate.is_some(), Some(cosigned.checkpoint));
        }
        if let Some(old) = old.as_ref().filter(|_| leaves) {
            let cosigned = cosigner.sign_in(old.epoch(), os::now()?)?;
            handover::keep(live, &cosigned)?;
            checkpoint = checkpoint.or(Some(cosigned.checkpoint));
        }
        let checkpoint = checkpoint.context("nothing was signed")?;
        let leaving = match &old {
            Some(old) => Some((handover::count(live, &checkpoint, old)?, old.threshold())),
            None => None,
        };
        Ok(Self { address, checkpoint, signed, threshold: committee.threshold(), certified, leaving })
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "address": self.address, "certificate": self.certified, "leaving": self.leaving,
            "ledger": self.checkpoint.ledger, "root": self.checkpoint.root, "signed": self.signed,
            "size": self.checkpoint.size, "threshold": self.threshold,
        })
    }

    fn text(&self) -> String {
        let end = if self.certified { "certified" } else { "not yet certified" };
        let (size, signed, threshold) = (self.checkpoint.size, self.signed, self.threshold);
        let mut text =
            format!("{} signed {size} records: {signed} signatures, {threshold} needed, {end}", self.address);
        if let Some((signed, threshold)) = self.leaving {
            text.push_str(&format!(
                "\nhandover by the committee that leaves: {signed} signatures, {threshold} needed"
            ));
        }
        text
    }
}

/// Where the own copy and the memory are: beside the key file, unless said otherwise.
fn places(args: &Cosign) -> Result<(PathBuf, PathBuf)> {
    let own = beside(&args.key, args.own.as_ref(), (".ledger", "--own"))?;
    Ok((own, memory_of(&args.key, args.memory.as_ref())?))
}

/// The memory of a key: beside the key file, unless said otherwise.
pub(super) fn memory_of(key: &KeyRef, named: Option<&PathBuf>) -> Result<PathBuf> {
    beside(key, named, (".memory", "--memory"))
}

/// A file that belongs to a key.
fn beside(key: &KeyRef, named: Option<&PathBuf>, (suffix, option): (&str, &str)) -> Result<PathBuf> {
    let default = || match key {
        KeyRef::File(path) => Some(os::with_suffix(path, suffix)),
        KeyRef::Exec(..) => None,
    };
    named.cloned().or_else(default).ok_or_else(|| {
        let text = format!("a key behind a program lies nowhere: say where with `{option}`");
        invalid("cosigner-place", text).hint("`lockstep key memory FILE` makes a memory").into()
    })
}

fn seal_if_old(live: &mut Live) -> Result<()> {
    let now = os::now()?;
    let sealed = live.replica().ledger().last_seal().map(|seal| seal.record.time());
    if sealed.is_none_or(|sealed| now.ms_since(sealed) > SEAL_AGE_MS_MAX) {
        live.seal_empty()?;
    }
    Ok(())
}

/// The ledger that the own copy follows; the first time, the one that is named, or the one that is there.
fn to_follow(shell: &Shell, args: &Cosign, (own, live): (&Path, &Live)) -> Result<LedgerId> {
    if own.join("lockstep.json").exists() {
        return Ok(Folder::open(own)?.ledger());
    }
    let found = live.folder().ledger();
    if args.ledger.is_none() {
        shell.out.note(format!(
            "note: following ledger {found} from now on; compare this id with the other institutions"
        ));
    }
    Ok(args.ledger.unwrap_or(found))
}

fn catch_up(shell: &Shell, live: &mut Live, cosigner: &mut Cosigner<Holder, SignerState>) -> Result<()> {
    let own = cosigner.replica().ledger();
    if own.size() > 0 {
        check_holds(live.replica(), (own.size(), own.root()), "the co-signer")?;
    }
    let size = live.replica().ledger().size();
    let bar = shell.out.progress(size, "re-running");
    while cosigner.next() < size {
        let next = cosigner.next();
        bar.set_position(next);
        let bytes = live.appender().feed(next, FEED_RECORDS)?;
        cosigner
            .receive(&bytes)
            .with_context(|| format!("records from {next} on are refused; nothing is signed"))?;
        anyhow::ensure!(cosigner.next() > next, "the ledger handed out nothing from record {next} on");
    }
    bar.finish_and_clear();
    Ok(())
}

/// Keeps the signature in the ledger's folder, and the certificate once enough are there. A certificate that
/// was handed out is never replaced: parties name it by its digest.
fn collect(live: &mut Live, cosigned: &Cosigned) -> Result<(usize, Option<Certificate>)> {
    let dir = live.folder().cosigned();
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
    let size = cosigned.checkpoint.size;
    let file = dir.join(format!("{size}-{}.json", cosigned.address));
    os::write_atomic(&file, &serde_json::to_vec(cosigned)?)?;
    let all = kept(&dir, size)?;
    let store = Arc::clone(live.replica().store());
    if let Some(bytes) = store.certificate(size)? {
        return Ok((all.len(), Some(Certificate::from_bytes(&bytes)?)));
    }
    let mut certificate = None;
    for one in &all {
        match live.appender().cosigned(one) {
            Ok(Some(made)) => {
                certificate = Some(made);
                break;
            }
            Ok(None) => {}
            // A file that somebody else put there: it counts for nothing, and hides nothing.
            Err(_) if one != cosigned => {}
            Err(error) => return Err(error.into()),
        }
    }
    if certificate.is_some() {
        remove_older(&dir, size)?;
    }
    Ok((all.len(), certificate))
}

/// The signatures over a size, by file name.
fn kept(dir: &Path, size: u64) -> Result<Vec<Cosigned>> {
    let mut found = Vec::new();
    for path in files(dir)? {
        if size_of(&path) == Some(size) {
            let bytes = os::read(&path, os::SMALL_FILE_BYTES_MAX)?;
            found.extend(serde_json::from_slice::<Cosigned>(&bytes).ok());
        }
    }
    found.dedup_by_key(|cosigned| cosigned.address);
    Ok(found)
}

fn remove_older(dir: &Path, size: u64) -> Result<()> {
    for path in files(dir)? {
        if size_of(&path).is_some_and(|found| found < size) {
            std::fs::remove_file(&path).with_context(|| format!("cannot remove `{}`", path.display()))?;
        }
    }
    Ok(())
}

fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(dir).with_context(|| format!("cannot read `{}`", dir.display()))?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    paths.sort();
    Ok(paths)
}

fn size_of(path: &Path) -> Option<u64> {
    path.file_stem()?.to_str()?.split_once('-')?.0.parse().ok()
}
