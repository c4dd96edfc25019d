//! One ledger at work: a thread runs the appender's pipeline, and everybody else hands work to it over one
//! bounded queue. Whoever cannot be taken in is told so at once, and nothing waits without a bound.

use lockstep_api::answer::Head;
use lockstep_attest::sign::Sign;
use lockstep_ledger::Certificate;
use lockstep_node::cosigner::Cosigned;
use lockstep_node::quorum::QuorumError;
use lockstep_node::{
    Answer, Appender, AppenderError, Archive, Asked, Look, Ports, Quorums, Replica, SealedHead, Work,
};
use lockstep_store::{Store, StoreError};
use lockstep_types::Time;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::{oneshot, watch};

/// Questions that wait; more are turned away.
const QUEUE: usize = 4_096;
/// Requests decided together.
const BATCH: usize = 256;
/// How long the ledger is left alone when nobody asks: deadlines and seals that are due are then made.
const IDLE: Duration = Duration::from_millis(50);
/// Rounds without work before an engine that was told to stop ends: time enough for the last seal.
const QUIET_ROUNDS: usize = 14;
/// A seal that lacks its certificate is followed by an empty one after this time: co-signers sign only what
/// is at most 60 s old by their clocks.
const SEAL_AGE_MS_MAX: u64 = 40_000;

/// What the engine is told to do.
enum Job {
    Ask(Asked, SystemTime, oneshot::Sender<Timed>),
    Look(Look),
}

/// An answer, and when it came how far.
pub struct Timed {
    /// The answer.
    pub answer: Answer,
    /// It was asked.
    pub asked: SystemTime,
    /// It was taken into a batch.
    pub taken: SystemTime,
    /// It was decided, and durable.
    pub durable: SystemTime,
}

/// Whoever waits for an answer: asked when, taken when.
type Waiter = (SystemTime, SystemTime, oneshot::Sender<Timed>);

/// Why a question was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Busy {
    /// Too many questions wait.
    #[error("too many requests wait for the ledger")]
    Full,
    /// The ledger takes no more work.
    #[error("the ledger takes no more work: the server is stopping")]
    Stopped,
}

/// Learns of every seal, on the engine's thread: remembers it, and writes the log's signed head.
pub type OnSeal = Box<dyn FnMut(SealedHead) -> Result<(), String> + Send>;

/// Why a signature over a seal was not kept.
#[derive(Debug, thiserror::Error)]
pub enum CosignError {
    /// It does not count.
    #[error(transparent)]
    Quorum(#[from] QuorumError),
    /// The store fails.
    #[error("the store fails")]
    Store(#[from] StoreError),
    /// A certificate cannot be read or written.
    #[error("the certificate cannot be read or written: {what}")]
    Certificate {
        /// Why.
        what: String,
    },
}

/// The way to one ledger's appender.
pub struct Engine {
    jobs: SyncSender<Job>,
    waiting: Arc<AtomicUsize>,
    stopped: Arc<AtomicBool>,
    quorums: Arc<Quorums>,
    store: Arc<dyn Store>,
    head: watch::Receiver<Option<Head>>,
    certified: watch::Sender<u64>,
    archive: Arc<tokio::sync::Mutex<Archive>>,
}

/// What runs the pipeline; see [`Worker::run`].
pub struct Worker<K> {
    appender: Appender<K>,
    jobs: Receiver<Job>,
    waiting: Arc<AtomicUsize>,
    stopped: Arc<AtomicBool>,
    head: watch::Sender<Option<Head>>,
    certified: watch::Receiver<u64>,
    on_seal: OnSeal,
    clock: fn() -> Time,
}

/// Why an engine ended.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The appender stopped: it is opened anew from its store.
    #[error("the appender stopped")]
    Appender(#[from] AppenderError),
    /// What has to be remembered of a seal could not be.
    #[error("a seal could not be remembered: {what}")]
    Seal {
        /// Why.
        what: String,
    },
}

/// An engine for an open appender, and the worker to be run on a thread of its own.
///
/// # Errors
/// [`StoreError`]: the store cannot be read.
pub fn engine<K: Sign + Sync>(
    appender: Appender<K>,
    on_seal: OnSeal,
    clock: fn() -> Time,
) -> Result<(Engine, Worker<K>), StoreError>
where
    K::Error: core::fmt::Display,
{
    let (to, jobs) = sync_channel(QUEUE);
    let (waiting, stopped) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
    let store = Arc::clone(appender.replica().store());
    let (head, heads) = watch::channel(last_head(appender.replica()));
    let latest = store.latest_certificate()?.map_or(0, |(size, _)| size);
    let (certified, certificates) = watch::channel(latest);
    let quorums = appender.quorums();
    let engine = Engine {
        jobs: to,
        waiting: Arc::clone(&waiting),
        stopped: Arc::clone(&stopped),
        quorums,
        store,
        head: heads,
        certified,
        archive: Arc::new(tokio::sync::Mutex::new(Archive::of(appender.replica()))),
    };
    let worker = Worker { appender, jobs, waiting, stopped, head, certified: certificates, on_seal, clock };
    Ok((engine, worker))
}

fn last_head(replica: &Replica) -> Option<Head> {
    let seal = replica.ledger().last_seal()?;
    Some(Head { root: seal.head.root, size: seal.head.size, time: seal.record.time() })
}

impl Engine {
    /// Hands a request in; its answer, once it is durable.
    ///
    /// # Errors
    /// [`Busy`]. When the ledger stopped meanwhile it may be on record: the same request again finds out.
    pub async fn ask(&self, asked: Asked) -> Result<Timed, Busy> {
        self.begin(asked)?.await.map_err(|_| Busy::Stopped)
    }

    /// Hands a request in, and does not wait for the answer.
    ///
    /// # Errors
    /// [`Busy`]: nothing was done.
    pub fn begin(&self, asked: Asked) -> Result<oneshot::Receiver<Timed>, Busy> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Ask(asked, SystemTime::now(), reply))?;
        Ok(answer)
    }

    /// Looks at the ledger between two batches. What is seen is durable when the answer comes.
    ///
    /// # Errors
    /// [`Busy`].
    pub async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Replica) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Look(Box::new(move |replica| {
            let seen = look(replica);
            // Whoever asked may have gone.
            Box::new(move || drop(reply.send(seen)))
        })))?;
        answer.await.map_err(|_| Busy::Stopped)
    }

    fn send(&self, job: Job) -> Result<(), Busy> {
        if self.stopped.load(Ordering::Acquire) {
            return Err(Busy::Stopped);
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.jobs.try_send(job).map_err(|error| {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            match error {
                TrySendError::Full(_) => Busy::Full,
                TrySendError::Disconnected(_) => Busy::Stopped,
            }
        })
    }

    /// Takes a co-signer's signature; the certificate, once enough have signed. One that was handed out is
    /// never replaced: parties name it by its digest.
    ///
    /// # Errors
    /// [`CosignError`].
    pub fn cosigned(&self, cosigned: &Cosigned) -> Result<Option<Certificate>, CosignError> {
        let made = self.quorums.add(cosigned)?;
        // What a committee that leaves signs goes into the handover, and certifies nothing by itself.
        if self.quorums.leaving().is_some_and(|leaving| leaving.epoch() == cosigned.checkpoint.epoch) {
            return Ok(None);
        }
        if let Some(known) = self.certificate(cosigned.checkpoint.size)? {
            return Ok(Some(known));
        }
        if let Some(certificate) = &made {
            let bytes = certificate.to_bytes();
            let bytes = bytes.map_err(|error| CosignError::Certificate { what: error.to_string() })?;
            self.store.put_certificate(certificate.size, &bytes)?;
            self.certified.send_if_modified(|size| {
                let newer = certificate.size > *size;
                *size = certificate.size.max(*size);
                newer
            });
        }
        Ok(made)
    }

    /// The certificate over a size.
    ///
    /// # Errors
    /// [`CosignError`].
    pub fn certificate(&self, size: u64) -> Result<Option<Certificate>, CosignError> {
        let read = |bytes: Vec<u8>| {
            Certificate::from_bytes(&bytes)
                .map_err(|error| CosignError::Certificate { what: error.to_string() })
        };
        self.store.certificate(size)?.map(read).transpose()
    }

    /// The certificate over the most records.
    ///
    /// # Errors
    /// [`CosignError`].
    pub fn latest_certificate(&self) -> Result<Option<Certificate>, CosignError> {
        let size = *self.certified.borrow();
        if size == 0 { Ok(None) } else { self.certificate(size) }
    }

    /// Where co-signers' signatures are collected.
    #[must_use]
    pub fn quorums(&self) -> &Quorums {
        &self.quorums
    }

    /// The newest seal.
    #[must_use]
    pub fn head(&self) -> Option<Head> {
        *self.head.borrow()
    }

    /// Learns of every seal.
    #[must_use]
    pub fn heads(&self) -> watch::Receiver<Option<Head>> {
        self.head.clone()
    }

    /// Learns of every certificate, by its size.
    #[must_use]
    pub fn certificates(&self) -> watch::Receiver<u64> {
        self.certified.subscribe()
    }

    /// The store: records, documents and certificates that are durable.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The ledger to build packs from, beside the appender: for one at a time.
    pub(crate) const fn archive(&self) -> &Arc<tokio::sync::Mutex<Archive>> {
        &self.archive
    }

    /// Questions that wait now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// True while the ledger takes work.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !self.stopped.load(Ordering::Acquire)
    }

    /// Takes no more work; what was taken is still done, sealed and answered.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }
}

impl<K: Sign + Sync> Worker<K>
where
    K::Error: core::fmt::Display,
{
    /// Works until the engine is told to stop, and everything taken has been answered.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn run(self) -> Result<(), EngineError> {
        let Self { mut appender, jobs, waiting, stopped, head, certified, mut on_seal, clock } = self;
        let replies: Mutex<VecDeque<Waiter>> = Mutex::default();
        let (failed, quiet) = (Mutex::new(None), AtomicUsize::new(0));
        let (replies, quiet) = (&replies, &quiet);
        let (waiting, stopped, head) = (&*waiting, &*stopped, &head);
        let mut source = move || {
            let mut work = gather(&jobs, replies, waiting)?;
            let idle = work.requests.is_empty() && work.looks.is_empty();
            let rounds = match idle {
                true => quiet.fetch_add(1, Ordering::Relaxed),
                false => quiet.swap(0, Ordering::Relaxed),
            };
            if idle && rounds >= QUIET_ROUNDS && stopped.load(Ordering::Acquire) {
                return None;
            }
            work.seal = idle && unsigned_for_long(*head.borrow(), *certified.borrow(), clock());
            Some(work)
        };
        let mut sink = |answers: Vec<Answer>| {
            let mut replies = replies.lock().unwrap_or_else(PoisonError::into_inner);
            let durable = SystemTime::now();
            for answer in answers {
                // Whoever asked may have gone; what is on record stays.
                if let Some((asked, taken, reply)) = replies.pop_front() {
                    let _ = reply.send(Timed { answer, asked, taken, durable });
                }
            }
        };
        let mut sealed = |seal: SealedHead| {
            if let Err(what) = on_seal(seal) {
                failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(what);
                stopped.store(true, Ordering::Release);
            }
            head.send_replace(Some(Head { root: seal.root, size: seal.size, time: seal.time }));
        };
        let ports = Ports { source: &mut source, clock: &clock, sink: &mut sink, sealed: &mut sealed };
        let ran = appender.run(ports);
        stopped.store(true, Ordering::Release);
        ran?;
        let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
        failed.map_or(Ok(()), |what| Err(EngineError::Seal { what }))
    }
}

/// The next work: none when nobody can ask any more, empty when nobody has.
fn gather(jobs: &Receiver<Job>, replies: &Mutex<VecDeque<Waiter>>, waiting: &AtomicUsize) -> Option<Work> {
    let mut work = Work::default();
    let mut take = |job| {
        waiting.fetch_sub(1, Ordering::Relaxed);
        match job {
            Job::Ask(asked, at, reply) => {
                work.requests.push(asked);
                let waiter = (at, SystemTime::now(), reply);
                replies.lock().unwrap_or_else(PoisonError::into_inner).push_back(waiter);
            }
            Job::Look(look) => work.looks.push(look),
        }
    };
    match jobs.recv_timeout(IDLE) {
        Ok(job) => take(job),
        Err(RecvTimeoutError::Timeout) => return Some(work),
        Err(RecvTimeoutError::Disconnected) => return None,
    }
    // What came meanwhile goes along; nobody is waited for.
    jobs.try_iter().take(BATCH - 1).for_each(take);
    Some(work)
}

fn unsigned_for_long(head: Option<Head>, certified: u64, now: Time) -> bool {
    head.is_some_and(|head| head.size > certified && now.ms_since(head.time) > SEAL_AGE_MS_MAX)
}
