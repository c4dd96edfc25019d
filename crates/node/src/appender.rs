//! The appender: checks signatures, decides in order, makes a batch durable with one append, answers with
//! receipts.

use crate::port::{Seeds, TileFiles};
use crate::quorum::{QuorumError, Quorums};
use crate::replica::{Documents, Pending, Replica, ReplicaError, Staged};
use lockstep_attest::SubmissionError;
use lockstep_attest::sign::Sign;
use lockstep_crypto::suite::{Message, Suite};
use lockstep_crypto::tree::{self, TreeError};
use lockstep_kernel::{Command, Kernel, Refusal, Request};
use lockstep_ledger::ledger::DecideError;
use lockstep_ledger::receipt::{AcceptedBatch, AcceptedReceipt, Item, ItemResult, Place, RefusedItem};
use lockstep_ledger::{Certificate, Checkpoint, Decision, Input, Machine, Record, SealError, Seed};
use lockstep_store::Store;
use lockstep_types::canonical::CanonicalError;
use lockstep_types::{AttestationDigest, Digest, LedgerId, Name, RootHash, Time};
use std::sync::Arc;

/// How far the appender's clock may lie behind the last record before it stops appending.
pub const BEHIND_MS_MAX: u64 = 2_000;

/// What became of a request that the ledger took note of.
#[derive(Debug)]
pub struct Accepted {
    /// Its records, in order, with the number of the first.
    pub records: Vec<Record>,
    /// Number of the first record.
    pub index: u64,
    /// Why it was refused, when the records say so.
    pub refused: Option<Refusal>,
    /// The appender's receipt; none for requests that carry no attestation.
    pub receipt: Option<AcceptedReceipt>,
}

/// What became of one request.
#[derive(Debug)]
pub enum Answer {
    /// It made records: it counts, or its refusal is on record.
    OnRecord(Box<Accepted>),
    /// It made none.
    Refused(Box<Refusal>),
    /// Form, openings or signatures do not hold; the rules were not asked.
    Malformed(Box<SubmissionError>),
}

/// Why the appender stops.
#[derive(Debug, thiserror::Error)]
pub enum AppenderError {
    /// The replica stops.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    /// The clock lies behind the ledger.
    #[error(
        "this clock reads {now}, the last record is of {last}: more than {BEHIND_MS_MAX} ms behind, so nothing is \
             appended"
    )]
    ClockBehind {
        /// The clock.
        now: Time,
        /// The last record.
        last: Time,
    },
    /// The ledger cannot decide.
    #[error("the ledger cannot decide")]
    Decide(#[from] DecideError),
    /// No seal can be made.
    #[error("no seal can be made")]
    Seal(#[from] SealError),
    /// The receipt key failed.
    #[error("receipts cannot be signed: {what}")]
    Receipts {
        /// Why.
        what: String,
    },
    /// Something that always has a JSON form has none.
    #[error("the answer cannot be written")]
    Write(#[from] CanonicalError),
    /// A tree that the batch holds itself gives no path.
    #[error("the receipts' tree is broken")]
    Tree(#[from] TreeError),
    /// The ledger has no records yet.
    #[error("the ledger has no genesis yet")]
    Empty,
    /// A signature does not count.
    #[error(transparent)]
    Quorum(#[from] QuorumError),
}

/// Orders and appends.
pub struct Appender<K> {
    replica: Replica,
    receipts: Arc<K>,
    seeds: Box<dyn Seeds>,
    /// Threads that check signatures.
    threads: usize,
    quorums: Arc<Quorums>,
}

/// A command whose signatures hold, the bytes that it came in, and its documents: both are kept with its
/// records.
#[derive(Debug, Clone)]
pub struct Admitted {
    pub(crate) command: Command,
    pub(crate) bytes: Vec<u8>,
    pub(crate) documents: Documents,
}

impl From<Command> for Admitted {
    fn from(command: Command) -> Self {
        let bytes = Kernel::encode_command(&command);
        Self { command, bytes, documents: Documents::new() }
    }
}

/// Answers to requests that were decided together, before they are durable.
#[derive(Default)]
pub(crate) struct Decided {
    ledger: Option<LedgerId>,
    items: Vec<(Option<AttestationDigest>, Time, Answer)>,
}

impl Decided {
    /// Takes answers that come after these, to be signed together.
    pub(crate) fn extend(&mut self, later: Self) {
        self.ledger = later.ledger;
        self.items.extend(later.items);
    }

    /// True when nobody waits for an answer.
    pub(crate) const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// One signature for all, and for each attestation the path to it.
    pub(crate) fn answers<K: Sign>(self, receipts: &K) -> Result<Vec<Answer>, AppenderError>
    where
        K::Error: core::fmt::Display,
    {
        let ledger = self.ledger.ok_or(AppenderError::Empty)?;
        let items: Vec<Item> = self.items.iter().filter_map(item).collect();
        let mut receipts = if items.is_empty() {
            Vec::new()
        } else {
            let batch = AcceptedBatch::new(ledger, items)?;
            let signature = receipts.sign(Message::Bytes(&batch.message()));
            let failed = |error: K::Error| AppenderError::Receipts { what: error.to_string() };
            batch.receipts(&signature.map_err(failed)?)?
        }
        .into_iter();
        let answer = |(attestation, _, answer): (Option<AttestationDigest>, Time, Answer)| match answer {
            Answer::OnRecord(mut accepted) => {
                accepted.receipt = attestation.and_then(|_| receipts.next());
                Answer::OnRecord(accepted)
            }
            other => other,
        };
        Ok(self.items.into_iter().map(answer).collect())
    }
}

impl<K: Sign> Appender<K>
where
    K::Error: core::fmt::Display,
{
    /// Opens the ledger in `store`. `receipts` holds the key that genesis names as the appender's.
    ///
    /// # Errors
    /// [`AppenderError::Replica`].
    pub fn open(
        store: Arc<dyn Store>,
        files: Arc<dyn TileFiles>,
        receipts: K,
        seeds: Box<dyn Seeds>,
    ) -> Result<Self, AppenderError> {
        let replica = Replica::open(store, files)?;
        Ok(Self { replica, receipts: Arc::new(receipts), seeds, threads: 1, quorums: Arc::default() })
    }

    /// Checks signatures on this many threads.
    #[must_use]
    pub const fn with_threads(mut self, threads: usize) -> Self {
        self.threads = if threads == 0 { 1 } else { threads };
        self
    }

    pub(crate) const fn threads(&self) -> usize {
        self.threads
    }

    pub(crate) const fn receipts(&self) -> &Arc<K> {
        &self.receipts
    }

    /// The copy of the ledger.
    pub const fn replica(&self) -> &Replica {
        &self.replica
    }

    /// The copy of the ledger, to publish and to take snapshots.
    pub const fn replica_mut(&mut self) -> &mut Replica {
        &mut self.replica
    }

    /// Checks form, openings and signatures, in parallel. Nothing changes.
    pub fn admit(&self, requests: Vec<Request>) -> Vec<Result<Command, SubmissionError>> {
        let kernel = self.replica.kernel();
        let each = requests.len().div_ceil(self.threads).max(1);
        if self.threads == 1 || requests.len() < 8 {
            return kernel.admit(requests);
        }
        let mut parts: Vec<Vec<Request>> = Vec::with_capacity(self.threads);
        let mut rest = requests;
        while rest.len() > each {
            let tail = rest.split_off(each);
            parts.push(std::mem::replace(&mut rest, tail));
        }
        parts.push(rest);
        std::thread::scope(|scope| {
            let running: Vec<_> =
                parts.into_iter().map(|part| scope.spawn(move || kernel.admit(part))).collect();
            running
                .into_iter()
                .flat_map(|thread| thread.join().unwrap_or_else(|p| std::panic::resume_unwind(p)))
                .collect()
        })
    }

    /// Takes requests as they came: admits, decides, makes durable, answers in their order.
    ///
    /// # Errors
    /// [`AppenderError`]: the appender stops. What is durable and what is not says the store, when it is
    /// opened anew.
    pub fn submit(&mut self, requests: Vec<Request>, now: Time) -> Result<Vec<Answer>, AppenderError> {
        let commands = self.admit(requests);
        self.append(commands, Vec::new(), now)
    }

    /// Decides admitted commands in order and makes what follows durable, with documents beside it.
    ///
    /// # Errors
    /// As [`Appender::submit`].
    pub fn append(
        &mut self,
        commands: Vec<Result<Command, SubmissionError>>,
        documents: Documents,
        now: Time,
    ) -> Result<Vec<Answer>, AppenderError> {
        let admitted = commands.into_iter().map(|command| command.map(Admitted::from)).collect();
        let (decided, staged) = self.decide_all(admitted, documents, now)?;
        if let Some(staged) = &staged {
            crate::replica::write(&**self.replica.store(), &[staged])?;
        }
        decided.answers(&*self.receipts)
    }

    /// Decides admitted commands in order. Memory is ahead of the store until what is staged has been
    /// written.
    pub(crate) fn decide_all(
        &mut self,
        admitted: Vec<Result<Admitted, SubmissionError>>,
        mut documents: Documents,
        now: Time,
    ) -> Result<(Decided, Option<Staged>), AppenderError> {
        let now = self.ledger_time(now)?;
        let mut pending = Pending::default();
        let mut items = Vec::with_capacity(admitted.len());
        if self.replica.kernel().tick_due(now) {
            self.decide(&Command::Tick.into(), now, &mut pending)?;
        }
        for admitted in admitted {
            let (attestation, answer) = match admitted {
                Ok(admitted) => {
                    let (attestation, answer) = self.decide(&admitted, now, &mut pending)?;
                    // What does not count leaves nothing behind but its refusal.
                    if matches!(&answer, Answer::OnRecord(accepted) if accepted.refused.is_none()) {
                        documents.extend(admitted.documents);
                    }
                    (attestation, answer)
                }
                Err(error) => (None, Answer::Malformed(Box::new(error))),
            };
            items.push((attestation, now, answer));
        }
        self.replica.check_map()?;
        let staged = if pending.is_empty() { None } else { Some(self.replica.stage(pending, documents)) };
        Ok((Decided { ledger: self.replica.ledger().id(), items }, staged))
    }

    /// Time for a record: the clock, or the last record's time when the clock lies a little behind it.
    fn ledger_time(&self, now: Time) -> Result<Time, AppenderError> {
        let last = self.replica.ledger().last_time();
        if last.ms_since(now) > BEHIND_MS_MAX {
            return Err(AppenderError::ClockBehind { now, last });
        }
        Ok(now.max(last))
    }

    fn decide(
        &mut self,
        admitted: &Admitted,
        now: Time,
        pending: &mut Pending,
    ) -> Result<(Option<AttestationDigest>, Answer), AppenderError> {
        let Admitted { command, bytes, .. } = admitted;
        let seed = self.seeds.next_seed();
        let attestation = command.signed().map(|signed| signed.digest());
        let ledger = self.replica.ledger_mut();
        let Decision { records, left_out, refused } = ledger.decide(command, now, seed)?;
        // Whoever lacks claims may not decide in part.
        if let (true, Some(refusal)) = (records.is_empty() || !left_out.is_empty(), &refused) {
            return Ok((attestation, Answer::Refused(Box::new(refusal.clone()))));
        }
        let index = ledger.size();
        let failed = |source| ReplicaError::Apply { index, source: Box::new(source) };
        ledger.commit(command, &records).map_err(failed)?;
        pending.push(index, &records, &Input { command: Some(bytes.clone()), now, seed });
        let accepted = Accepted { records, index, refused, receipt: None };
        Ok((attestation, Answer::OnRecord(Box::new(accepted))))
    }

    /// Seals what has been appended, if it is time to, and publishes tiles; true when a seal was made.
    ///
    /// # Errors
    /// [`AppenderError`].
    pub fn seal_if_due(&mut self, now: Time) -> Result<bool, AppenderError> {
        if !self.replica.ledger().seal_due(now) {
            return Ok(false);
        }
        self.seal(now)?;
        Ok(true)
    }

    /// Seals what has been appended, whether or not it is time to. After a while without records an empty
    /// seal can be made: co-signers sign only what is recent by their clocks.
    ///
    /// # Errors
    /// [`AppenderError::Seal`] when there is nothing to seal.
    pub fn seal(&mut self, now: Time) -> Result<(), AppenderError> {
        let staged = self.stage_seal(now)?;
        crate::replica::write(&**self.replica.store(), &[&staged])?;
        self.replica.publish()?;
        Ok(self.replica.snapshot_if_due()?)
    }

    /// Draws up a seal, applies it, and expects signatures over it from now on: nobody sees it before it is
    /// written.
    pub(crate) fn stage_seal(&mut self, now: Time) -> Result<Staged, AppenderError> {
        let now = self.ledger_time(now)?;
        let seed: Seed = self.seeds.next_seed();
        let ledger = self.replica.ledger_mut();
        let record = ledger.seal(now, seed)?;
        let index = ledger.size();
        let failed = |source| ReplicaError::Apply { index, source: Box::new(source) };
        ledger.apply(&record).map_err(failed)?;
        self.replica.check_map()?;
        let mut pending = Pending::default();
        pending.push(index, &[record], &Input { command: None, now, seed });
        self.expect_signatures();
        Ok(self.replica.stage(pending, Vec::new()))
    }

    /// Collects signatures over the last seal from now on, besides those over a few seals before it.
    fn expect_signatures(&self) {
        let (checkpoint, committee) = (self.checkpoint(), self.replica.kernel().committee());
        if let (Some(checkpoint), Some(committee)) = (checkpoint, committee) {
            self.quorums.expect(checkpoint, committee);
        }
    }

    /// Where co-signers' signatures over the latest seals are collected, also while the pipeline runs.
    pub fn quorums(&self) -> Arc<Quorums> {
        self.expect_signatures();
        Arc::clone(&self.quorums)
    }

    /// The checkpoint that co-signers are to sign: the log as it ends in the last seal.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        checkpoint(&self.replica)
    }

    /// Records for co-signers, from `index` on: about `max`, and never a part of what one command made.
    ///
    /// # Errors
    /// The store's.
    pub fn feed(&self, index: u64, max: usize) -> Result<Vec<u8>, AppenderError> {
        Ok(crate::feed::encode(&crate::feed::whole_commands(&**self.replica.store(), index, max)?))
    }

    /// Takes a co-signer's signature over a recent seal; keeps the certificate once k have signed.
    ///
    /// # Errors
    /// [`AppenderError::Quorum`] when the signature does not count.
    pub fn cosigned(
        &mut self,
        cosigned: &crate::cosigner::Cosigned,
    ) -> Result<Option<Certificate>, AppenderError> {
        self.expect_signatures();
        let added = self.quorums.add(cosigned)?;
        if let Some(certificate) = &added {
            let store = self.replica.store();
            store.put_certificate(certificate.size, &certificate.to_bytes()?).map_err(ReplicaError::Store)?;
        }
        Ok(added)
    }

    /// A record with the path that shows it in the log at `size`, for receipts *certified*.
    ///
    /// # Errors
    /// [`AppenderError::Tree`] when the log is smaller.
    pub fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Digest>, AppenderError> {
        Ok(tree::inclusion_proof(&self.replica.hashes(), index, size)?)
    }

    /// Ledger id, size and root.
    pub fn head(&self) -> (Option<LedgerId>, u64, RootHash) {
        let ledger = self.replica.ledger();
        (ledger.id(), ledger.size(), ledger.root())
    }

    /// Suite of the receipt key; it must be `ed25519`.
    pub fn receipt_suite(&self) -> Suite {
        self.receipts.public().suite()
    }
}

/// The checkpoint of a replica's last seal.
#[must_use]
pub fn checkpoint(replica: &Replica) -> Option<Checkpoint> {
    let ledger = replica.ledger();
    let head = ledger.last_seal()?.head;
    let epoch = replica.kernel().committee()?.epoch();
    Some(Checkpoint { epoch, ledger: ledger.id()?, root: head.root, size: head.size })
}

fn item((attestation, time, answer): &(Option<AttestationDigest>, Time, Answer)) -> Option<Item> {
    let (attestation, time) = ((*attestation)?, *time);
    let Answer::OnRecord(accepted) = answer else { return None };
    let leaf = accepted.records.first()?.leaf_hash();
    let place = Place { index: accepted.index, leaf };
    let result = match &accepted.refused {
        None => ItemResult::Recorded(place),
        Some(refusal) => {
            let code: Name = refusal.code().as_text().parse().ok()?;
            ItemResult::Refused(RefusedItem { code, record: Some(place) })
        }
    };
    Some(Item { attestation, result, time })
}
