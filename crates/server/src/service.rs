//! What a server hosts: ledgers, each with an engine, its files and its readers. They share the port and
//! nothing else.

use crate::engine::Engine;
use crate::figures::{Figures, Signed};
use crate::idempotency::Answers;
use crate::pace::{Paces, Places, Rate};
use crate::packs::Packs;
use crate::people::People;
use crate::rotation;
use crate::traces::{Awaiting, SpanSink, Traces};
use crate::who::{Keys, Nonces, Tokens};
use lockstep_api::answer::{LedgerRow, RecordRow};
use lockstep_api::people::ReadRow;
use lockstep_attest::sign::Sign;
use lockstep_crypto::SecretError;
use lockstep_kernel::Genesis;
use lockstep_ledger::{Handover, Record};
use lockstep_node::{ReplicaError, TileFiles};
use lockstep_policy::Audience;
use lockstep_types::{CaseId, Digest, LedgerId, Lei, Name, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::watch;

/// The key that signs *accepted* receipts.
pub type Receipts = Arc<dyn Sign<Error = SecretError> + Send + Sync>;

/// Kinds of records by which a key may come to count, or count no more.
const REGISTERING: [&str; 3] = ["credentialed", "enacted", "revoked"];

/// What connections and requests are held to.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at once; more wait.
    pub connections: usize,
    /// Connections at once from one address; more are closed.
    pub connections_per_address: usize,
    /// Streams of events at once to one address.
    pub streams_per_address: usize,
    /// Requests from one address.
    pub requests: Rate,
    /// Signed questions of one party.
    pub reads: Rate,
    /// Attempts of one party that are refused, before it has to wait with whatever it hands in.
    pub refused: Rate,
    /// How long a head may take to arrive, and a connection may be without a request.
    pub head: Duration,
    /// How long a body may take to arrive.
    pub body: Duration,
    /// How long a connection is used; its last answer may take as long again to leave. Streams of events are
    /// begun anew after it.
    pub served: Duration,
    /// How long requests may go on once the end is asked for.
    pub end: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            connections_per_address: 512,
            streams_per_address: 32,
            requests: Rate { per_second: 500, burst: 1_000 },
            reads: Rate { per_second: 50, burst: 200 },
            refused: Rate { per_second: 2, burst: 60 },
            head: Duration::from_secs(20),
            body: Duration::from_secs(30),
            served: Duration::from_secs(600),
            end: Duration::from_secs(10),
        }
    }
}

/// Takes note of who read what of a case, for the ledger's administrators.
pub trait ReadLog: Send + Sync {
    /// Before the answer leaves.
    ///
    /// # Errors
    /// Why it could not be noted: then nothing is shown.
    fn note(&self, reader: Reader, case: CaseId, what: &str) -> Result<(), String>;

    /// What was noted, from a place on, at most so many; and the place after it, unless it was the last.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn rows(&self, from: u64, max: usize) -> Result<(Vec<ReadRow>, Option<u64>), String>;
}

/// Who read something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader {
    /// The party.
    pub party: Lei,
    /// Its person, where no key has asked.
    pub person: Option<Digest>,
}

/// The log's signed head, as it is now.
pub type CheckpointFile = Box<dyn Fn() -> Option<Vec<u8>> + Send + Sync>;

/// The handovers between committees so far.
pub trait Handovers: Send + Sync {
    /// In the order of epochs: the first leads to epoch 1.
    ///
    /// # Errors
    /// Why they cannot be read.
    fn all(&self) -> Result<Vec<Handover>, String>;
    /// Keeps the next one.
    ///
    /// # Errors
    /// Why it could not be kept.
    fn keep(&self, handover: &Handover) -> Result<(), String>;
}

/// What belongs to one ledger outside its engine.
pub struct Parts {
    /// The key of receipts.
    pub receipts: Receipts,
    /// The log's tiles.
    pub files: Arc<dyn TileFiles>,
    /// The log's signed head.
    pub checkpoint: CheckpointFile,
    /// Handovers: who trusts the first committee learns from them whom to trust next.
    pub handovers: Box<dyn Handovers>,
    /// Parties that see more of cases than those they take part in, and as whom.
    pub readers: BTreeMap<Lei, Audience>,
    /// Takes note of what is read.
    pub reads: Box<dyn ReadLog>,
    /// People who may look, where there are any.
    pub people: Option<People>,
}

/// A ledger on this server.
pub struct Hosted {
    pub(crate) ledger: LedgerId,
    pub(crate) name: Name,
    pub(crate) administrators: BTreeSet<Lei>,
    pub(crate) engine: Engine,
    pub(crate) genesis: Record,
    pub(crate) keys: Keys,
    pub(crate) tokens: Tokens,
    pub(crate) answers: Answers,
    pub(crate) awaiting: Awaiting,
    pub(crate) signed: Signed,
    pub(crate) packs: Packs,
    /// The last epoch that is known to have been handed over to.
    pub(crate) handed_over_to: AtomicU64,
    pub(crate) parts: Parts,
}

/// Why a ledger cannot be hosted.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// It has not begun.
    #[error("the ledger has not begun")]
    Empty,
    /// Its store cannot be read.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
}

impl Hosted {
    /// A ledger with its engine. Its keys are known once the engine runs; see [`Service::refresh`].
    ///
    /// # Errors
    /// [`HostError`].
    pub fn new(engine: Engine, genesis: &Genesis, parts: Parts) -> Result<Self, HostError> {
        let record = lockstep_node::records::at(&**engine.store(), 0)?.ok_or(HostError::Empty)?;
        Ok(Self {
            ledger: LedgerId(record.leaf_hash().0),
            name: genesis.name.clone(),
            administrators: genesis.administrators.iter().map(|administrator| administrator.lei).collect(),
            engine,
            genesis: record,
            keys: Keys::default(),
            tokens: Tokens::default(),
            answers: Answers::default(),
            awaiting: Awaiting::default(),
            signed: Signed::default(),
            packs: Packs::default(),
            handed_over_to: AtomicU64::new(0),
            parts,
        })
    }

    /// Takes the keys up that these records registered, before whoever handed in is answered: the next
    /// question may be theirs.
    pub(crate) async fn learn(self: &Arc<Self>, records: &[RecordRow]) {
        if records.iter().any(|record| REGISTERING.contains(&record.kind.as_str())) {
            // A ledger that has stopped answers no questions either.
            Service::learn(self).await;
        }
    }

    /// Its engine.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }
}

/// Everything behind one port.
pub struct Service {
    hosted: BTreeMap<LedgerId, Arc<Hosted>>,
    own: BTreeSet<String>,
    clock: fn() -> Time,
    pub(crate) nonces: Nonces,
    pub(crate) figures: Figures,
    pub(crate) limits: Limits,
    /// Addresses to which `/metrics` tells the money of programmes, too.
    pub(crate) told_headroom: BTreeSet<IpAddr>,
    pub(crate) traces: Option<Traces>,
    pub(crate) paces: Paces,
    pub(crate) places: Places,
    pub(crate) streams: Places,
    pub(crate) packs: Places,
    /// True once the server is to end: streams end with it.
    pub(crate) ending: watch::Sender<bool>,
}

impl Service {
    /// A service over ledgers. `own` are the names, with ports, under which clients reach this server.
    #[must_use]
    pub fn new(hosted: Vec<Hosted>, own: BTreeSet<String>, clock: fn() -> Time, limits: Limits) -> Self {
        let hosted = hosted.into_iter().map(|hosted| (hosted.ledger, Arc::new(hosted))).collect();
        let (nonces, figures) = (Nonces::default(), Figures::default());
        let (paces, places) = (Paces::new(&limits), Places::default());
        let (streams, packs) = (Places::default(), Places::default());
        let ending = watch::Sender::new(false);
        let told_headroom = BTreeSet::new();
        let traces = None;
        Self {
            hosted,
            own,
            clock,
            nonces,
            figures,
            limits,
            told_headroom,
            traces,
            paces,
            places,
            streams,
            packs,
            ending,
        }
    }

    /// Has requests traced: those that say so, and of the others one in so many.
    #[must_use]
    pub fn traced_by(mut self, sink: SpanSink, one_in: u32) -> Self {
        self.traces = Some(Traces::new(sink, one_in));
        self
    }

    /// Has `/metrics` tell the money of programmes to these addresses, too.
    #[must_use]
    pub fn telling_headroom_to(mut self, addresses: BTreeSet<IpAddr>) -> Self {
        self.told_headroom = addresses;
        self
    }

    /// The ledger of this id.
    pub(crate) fn ledger(&self, id: &LedgerId) -> Option<&Arc<Hosted>> {
        self.hosted.get(id)
    }

    /// Every ledger.
    pub fn ledgers(&self) -> impl Iterator<Item = &Arc<Hosted>> {
        self.hosted.values()
    }

    pub(crate) fn rows(&self) -> Vec<LedgerRow> {
        let row = |hosted: &Arc<Hosted>| LedgerRow { ledger: hosted.ledger, name: hosted.name.clone() };
        self.hosted.values().map(row).collect()
    }

    pub(crate) fn now(&self) -> Time {
        (self.clock)()
    }

    /// True for the names of this server: a request that was signed for another is not taken from whoever
    /// passes it on.
    pub(crate) fn is_own(&self, authority: &str) -> bool {
        self.own.contains(authority)
    }

    /// True while every ledger takes work.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.hosted.values().all(|hosted| hosted.engine.is_running())
    }

    /// Takes the keys of a ledger as they are now, and who has still to hand over; false when its engine has
    /// stopped.
    pub(crate) async fn learn(hosted: &Arc<Hosted>) -> bool {
        let keeper = Arc::clone(hosted);
        let looked = hosted.engine.look(move |replica| {
            rotation::note(&keeper, replica);
            keeper.keys.update(replica.kernel(), keeper.engine.quorums().leaving().as_ref());
        });
        looked.await.is_ok()
    }

    /// Keeps the keys of a ledger up to date, seal by seal, until its engine stops.
    pub async fn refresh(hosted: Arc<Hosted>) {
        let mut heads = hosted.engine.heads();
        while heads.changed().await.is_ok() && Self::learn(&hosted).await {}
    }
}
