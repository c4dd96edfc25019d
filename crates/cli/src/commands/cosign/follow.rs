//! A co-signer that follows a server: it takes records off the network, re-runs them in its own copy, signs
//! every seal that it agrees with, and sends its signature back, until somebody ends it or it disagrees.

use super::listen::Answers;
use super::{Cosign, places};
use crate::fault::{Fault, Kind, told};
use crate::folder::{Folder, open_parts};
use crate::key::{Holder, address_of};
use crate::os;
use crate::server::{ServerArgs, seconds};
use crate::shell::Shell;
use anyhow::{Context, Result};
use lockstep_api::Kind as ApiKind;
use lockstep_attest::sign::Sign;
use lockstep_client::{Client, ClientError, Signer};
use lockstep_node::cosigner::Cosigned;
use lockstep_node::{CheckpointSigner, Cosigner, CosignerError, ReplicaError, SignerError, TileFiles};
use lockstep_store::SignerState;
use lockstep_types::LedgerId;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Between two questions when there was nothing new.
const IDLE: Duration = Duration::from_millis(150);
/// Between two questions when the server did not answer; doubled each time, up to [`AWAY_MAX`].
const AWAY: Duration = Duration::from_millis(250);
const AWAY_MAX: Duration = Duration::from_secs(5);
/// How long a signature may be without a certificate before it is sent once more.
const UNSURE: Duration = Duration::from_secs(2);

/// Follows until somebody ends it; once through when asked to.
pub fn run(shell: &mut Shell, args: &Cosign, server: &ServerArgs) -> Result<u8> {
    let (own, memory) = places(args)?;
    let key = shell.keyring.open(&args.key)?;
    // The key signs questions too: another handle, since the signer of checkpoints keeps its own.
    let asks = shell.keyring.open(&args.key)?;
    let address = address_of(key.public())?;
    let memory = SignerState::open(&memory).context("the key's memory cannot be opened")?;
    let known = known(&own)?;
    let ended = os::ended_flag()?;
    // What has been signed can be asked for while the server is away.
    let mut answers = match known {
        Some(ledger) => Answers::begin(shell, &args.listen, (ledger, address, &own))?,
        None => None,
    };
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
    let mut cosigner = Cosigner::open(store, tiles, signer, client.id())?;
    if args.with_erased {
        cosigner.take_erased();
    }
    if known.is_none() {
        Folder::write(&own, client.id(), client.genesis().name.clone())?;
        answers = Answers::begin(shell, &args.listen, (client.id(), address, &own))?;
    }
    let follower = Follower {
        shell,
        client,
        cosigner,
        asks,
        signed: 0,
        certified: 0,
        answers,
        unsure: Some(Instant::now()),
        leaves: false,
        looked: None,
        keeper: None,
    };
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
    answers: Option<Answers>,
    /// When the last seal is signed once more, unless its certificate is seen before: signatures get lost on
    /// their way, or with the server that collected them.
    unsure: Option<Instant>,
    /// True once the key is of no committee any more, and everything was handed over.
    leaves: bool,
    /// The record that rests on nothing yet, and when it was looked for what it may rest on.
    looked: Option<(u64, Instant)>,
    /// Writes a snapshot while the following goes on; gives how many records it covers.
    keeper: Option<JoinHandle<Result<u64, ReplicaError>>>,
}

impl Follower<'_> {
    fn follow(mut self, once: bool, ended: &AtomicBool) -> Result<u8> {
        let mut away = AWAY;
        while !ended.load(Ordering::Relaxed) {
            match self.round(once) {
                Ok(true) => break,
                Ok(false) => away = AWAY,
                Err(error) => {
                    if once || !may_pass(&error) {
                        return self.stop(error, ended);
                    }
                    self.shell.out.note(format!("waiting: {error:#}"));
                    self.unsure = Some(Instant::now());
                    std::thread::sleep(away);
                    away = (away * 2).min(AWAY_MAX);
                }
            }
        }
        self.kept()?;
        self.cosigner.snapshot_if_due()?;
        let (size, signed, certified) = (self.cosigner.next(), self.signed, self.certified);
        let text = format!("{size} records followed, {signed} seals signed");
        match self.answers.take() {
            // The one answer was where it listens.
            Some(answers) => {
                answers.end();
                self.shell.out.note(text);
            }
            None => {
                let answer = json!({ "certified": certified, "signed": signed, "size": size });
                self.shell.out.answer(&answer, || text)?;
            }
        }
        Ok(0)
    }

    /// It disagrees, or cannot go on: it signs no more. Where it listens, it goes on to say what it had
    /// signed, until somebody ends it: that is the evidence.
    fn stop(self, error: anyhow::Error, ended: &AtomicBool) -> Result<u8> {
        let Some(answers) = self.answers else { return Err(error) };
        answers.told().refuses();
        self.shell.out.fault(&Fault::of(&error));
        self.shell.out.note("nothing is followed or signed any more; what was signed can still be asked for");
        while !ended.load(Ordering::Relaxed) {
            std::thread::sleep(IDLE);
        }
        answers.end();
        Ok(Fault::of(&error).exit_code())
    }

    /// Takes what is new, or sees to the last seal; true when a run that goes through once is done.
    fn round(&mut self, once: bool) -> Result<bool> {
        self.keep_beside()?;
        self.rest(false)?;
        if self.step()? {
            return Ok(self.leaves);
        }
        if self.leaves {
            return Ok(true);
        }
        self.rest(once)?;
        if self.unsure.is_some_and(|at| at <= Instant::now()) {
            self.sign_last()?;
        }
        if !once {
            std::thread::sleep(IDLE);
        }
        Ok(once)
    }

    /// Sees to it that a snapshot that is due gets written, also where news never end.
    fn keep_beside(&mut self) -> Result<()> {
        if self.keeper.as_ref().is_some_and(JoinHandle::is_finished) {
            self.kept()?;
        }
        if self.keeper.is_none()
            && let Some(draft) = self.cosigner.take_draft()
        {
            let store = Arc::clone(self.cosigner.replica().store());
            let write = move || draft.write(&*store);
            self.keeper = Some(std::thread::Builder::new().name("keeper".to_owned()).spawn(write)?);
        }
        Ok(())
    }

    /// Waits for the snapshot that is being written.
    fn kept(&mut self) -> Result<()> {
        if let Some(keeper) = self.keeper.take() {
            let size = keeper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            self.cosigner.snapshot_written(size);
        }
        Ok(())
    }

    /// Takes what is new; true when something was.
    fn step(&mut self) -> Result<bool> {
        let next = self.cosigner.next();
        let bytes = {
            let signer = Signer::new(&self.asks, seconds);
            self.client.records(next, &signer)?
        };
        if bytes.is_empty() {
            self.tell();
            return Ok(false);
        }
        let signed = self
            .cosigner
            .receive_and_sign(next, &bytes, os::now()?)
            .with_context(|| format!("records from {next} on are refused; nothing is signed any more"))?;
        self.tell();
        self.keep(&signed)?;
        for cosigned in signed {
            self.send(&cosigned)?;
        }
        if self.cosigner.next() == next {
            let text = format!("the server handed out nothing that begins with record {next}");
            return Err(told(Kind::Refused, "records-refused", text).into());
        }
        Ok(true)
    }

    /// What is signed can be asked for from here on, whether it arrives or not.
    fn keep(&self, signed: &[Cosigned]) -> Result<()> {
        self.answers.as_ref().map_or(Ok(()), |answers| answers.signs(signed))
    }

    fn tell(&self) {
        if let Some(answers) = &self.answers {
            let ledger = self.cosigner.replica().ledger();
            answers.told().follows(ledger.size(), ledger.last_time());
        }
    }

    /// Looks for what records rest on that came without their commands, since they were erased before this
    /// copy began: now and then, or `now`.
    fn rest(&mut self, now: bool) -> Result<()> {
        let Some(index) = self.cosigner.undecided() else { return Ok(()) };
        let told = self.looked.map(|(index, _)| index);
        if !now && self.looked.is_some_and(|(_, at)| at.elapsed() < UNSURE) {
            return Ok(());
        }
        self.looked = Some((index, Instant::now()));
        let certificate = match self.client.committee().and_then(|c| self.client.certificate(&c)) {
            // The committee may have changed between the two answers.
            Err(ClientError::Certificate(_)) => None,
            answer => answer?,
        };
        match certificate.map_or(Ok(()), |certificate| self.cosigner.rest_on(&certificate)) {
            // This copy may not know of the rotation yet.
            Ok(()) | Err(CosignerError::OtherEpoch { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        match self.cosigner.undecided() {
            None => self.unsure = Some(Instant::now()),
            Some(index) if told == Some(index) => {}
            Some(index) => self.shell.out.note(format!("waiting: {}", CosignerError::Undecided { index })),
        }
        Ok(())
    }

    /// Signs the last seal once more: the signature may have been lost on its way.
    fn sign_last(&mut self) -> Result<()> {
        self.unsure = None;
        match self.cosigner.sign_all(os::now()?) {
            Ok(signed) => {
                self.keep(&signed)?;
                signed.iter().try_for_each(|cosigned| self.send(cosigned))
            }
            Err(
                CosignerError::NothingToSign
                | CosignerError::Undecided { .. }
                | CosignerError::Signer(SignerError::Refused(_)),
            ) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn send(&mut self, cosigned: &Cosigned) -> Result<()> {
        self.signed += 1;
        match self.client.cosigned(cosigned) {
            Ok(answer) => {
                if answer.handed_over && self.cosigner.leaving() == Some(cosigned.checkpoint.epoch) {
                    self.shell.out.note(format!("epoch {} has handed over", cosigned.checkpoint.epoch));
                    self.cosigner.left();
                    self.leaves = !self.cosigner.is_member();
                }
                self.certified += u64::from(answer.certified.is_some());
                let done = answer.certified.is_some() || answer.handed_over;
                self.unsure = (!done).then(|| Instant::now() + UNSURE);
                Ok(())
            }
            // It came too late, and the server waits for signatures over later seals; or too early, and it
            // does not know yet that a committee leaves.
            Err(ClientError::Problem(problem)) if problem.code == "cosignature" => {
                self.unsure = self.cosigner.leaving().map(|_| Instant::now() + UNSURE);
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// True when the server may answer otherwise later: it is away or failing, one of the two clocks is off, or
/// the key is no co-signer's yet.
fn may_pass(error: &anyhow::Error) -> bool {
    let passing = |error: &ClientError| match error {
        ClientError::Problem(problem) => {
            // Whoever is to be a co-signer is given no feed before the rotation is in force.
            let passing = [ApiKind::Retry, ApiKind::Internal, ApiKind::Unauthorised, ApiKind::Missing];
            passing.contains(&problem.kind)
        }
        other => other.is_passing(),
    };
    error.downcast_ref::<ClientError>().is_some_and(passing)
}
