//! A co-signer that follows a server: it takes records off the network, re-runs them in its own copy, signs
//! every seal that it agrees with, and sends its signature back, until somebody ends it or it disagrees.

use super::{Cosign, places};
use crate::fault::{Kind, told};
use crate::folder::{Folder, open_parts};
use crate::key::Holder;
use crate::os;
use crate::server::{ServerArgs, seconds};
use crate::shell::Shell;
use anyhow::{Context, Result};
use lockstep_client::{Client, ClientError, Signer};
use lockstep_node::cosigner::Cosigned;
use lockstep_node::{CheckpointSigner, Cosigner, CosignerError, SignerError, TileFiles};
use lockstep_store::SignerState;
use lockstep_types::LedgerId;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Between two questions when there was nothing new.
const IDLE: Duration = Duration::from_millis(150);
/// Between two questions when the server did not answer; doubled each time, up to [`AWAY_MAX`].
const AWAY: Duration = Duration::from_millis(250);
const AWAY_MAX: Duration = Duration::from_secs(5);

/// Follows until somebody ends it; once through when asked to.
pub fn run(shell: &mut Shell, args: &Cosign, server: &ServerArgs) -> Result<u8> {
    let (own, memory) = places(args)?;
    let key = shell.keyring.open(&args.key)?;
    // The key signs questions too: another handle, since the signer of checkpoints keeps its own.
    let asks = shell.keyring.open(&args.key)?;
    let memory = SignerState::open(&memory).context("the key's memory cannot be opened")?;
    let known = known(&own)?;
    let ended = os::ended_flag()?;
    let client = reach(shell, server, known.or(args.ledger), &ended)?;
    let Some(client) = client else { return Ok(0) };
    if known.is_none() && args.ledger.is_none() {
        shell.out.note(format!(
            "note: following ledger {} from now on; compare this id with the other institutions",
            client.id()
        ));
    }
    let (store, tiles) = open_parts(&own)?;
    let tiles: Arc<dyn TileFiles> = tiles;
    let signer = CheckpointSigner::new(key, memory, client.id())?;
    let cosigner = Cosigner::open(store, tiles, signer, client.id())?;
    if known.is_none() {
        Folder::write(&own, client.id(), client.genesis().name.clone())?;
    }
    let follower = Follower { shell, client, cosigner, asks, signed: 0, certified: 0 };
    follower.follow(args.once, &ended)
}

/// The ledger of an own copy that has begun.
fn known(own: &Path) -> Result<Option<LedgerId>> {
    Ok(if own.join("lockstep.json").exists() { Some(Folder::open(own)?.ledger()) } else { None })
}

/// Waits for the server; none when somebody ended it meanwhile.
fn reach(
    shell: &Shell,
    server: &ServerArgs,
    ledger: Option<LedgerId>,
    ended: &AtomicBool,
) -> Result<Option<Client>> {
    let mut away = AWAY;
    while !ended.load(Ordering::Relaxed) {
        match server.connect(ledger) {
            Ok(client) => return Ok(Some(client)),
            Err(error) if error.downcast_ref::<ClientError>().is_some_and(ClientError::is_passing) => {
                shell.out.note(format!("waiting: {error:#}"));
                std::thread::sleep(away);
                away = (away * 2).min(AWAY_MAX);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

struct Follower<'a> {
    shell: &'a Shell,
    client: Client,
    cosigner: Cosigner<Holder, SignerState>,
    asks: Holder,
    /// Seals signed, and certificates seen, in this run.
    signed: u64,
    certified: u64,
}

impl Follower<'_> {
    fn follow(mut self, once: bool, ended: &AtomicBool) -> Result<u8> {
        let (mut away, mut caught_up) = (AWAY, false);
        while !ended.load(Ordering::Relaxed) {
            match self.step() {
                Ok(true) => away = AWAY,
                Ok(false) => {
                    away = AWAY;
                    if !caught_up {
                        caught_up = true;
                        self.sign_last()?;
                    }
                    if once {
                        break;
                    }
                    self.cosigner.snapshot_if_due()?;
                    std::thread::sleep(IDLE);
                }
                Err(error) => {
                    let passing = error.downcast_ref::<ClientError>().is_some_and(ClientError::is_passing);
                    if !passing || once {
                        return Err(error);
                    }
                    self.shell.out.note(format!("waiting: {error:#}"));
                    caught_up = false;
                    std::thread::sleep(away);
                    away = (away * 2).min(AWAY_MAX);
                }
            }
        }
        self.cosigner.snapshot_if_due()?;
        let (size, signed, certified) = (self.cosigner.next(), self.signed, self.certified);
        let answer = json!({ "certified": certified, "signed": signed, "size": size });
        self.shell.out.answer(&answer, || format!("{size} records followed, {signed} seals signed"))?;
        Ok(0)
    }

    /// Takes what is new; true when something was.
    fn step(&mut self) -> Result<bool> {
        let next = self.cosigner.next();
        let bytes = {
            let signer = Signer::new(&self.asks, seconds);
            self.client.records(next, &signer)?
        };
        if bytes.is_empty() {
            return Ok(false);
        }
        let signed = self
            .cosigner
            .receive_and_sign(next, &bytes, os::now()?)
            .with_context(|| format!("records from {next} on are refused; nothing is signed any more"))?;
        for cosigned in signed {
            self.send(&cosigned)?;
        }
        if self.cosigner.next() == next {
            let text = format!("the server handed out nothing that begins with record {next}");
            return Err(told(Kind::Refused, "records-refused", text).into());
        }
        Ok(true)
    }

    /// Signs the last seal once more: the signature may have been lost on its way.
    fn sign_last(&mut self) -> Result<()> {
        match self.cosigner.sign(os::now()?) {
            Ok(cosigned) => self.send(&cosigned),
            Err(CosignerError::NothingToSign | CosignerError::Signer(SignerError::Refused(_))) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn send(&mut self, cosigned: &Cosigned) -> Result<()> {
        self.signed += 1;
        match self.client.cosigned(cosigned) {
            Ok(answer) => {
                self.certified += u64::from(answer.certified.is_some());
                Ok(())
            }
            // It came too late: the server waits for signatures over later seals.
            Err(ClientError::Problem(problem)) if problem.code == "cosignature" => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
