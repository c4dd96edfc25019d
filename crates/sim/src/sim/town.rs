//! One appender and four co-signers, each with a store, a clock and files of its own, and the wire between
//! them.

use super::chance::Chance;
use super::shaky::{Shaky, ShakyMemory};
use super::weather::Weather;
use crate::cast::{COSIGNERS, Cast, CastKey, Pen, Programme, appender_key, cosigner_key};
use crate::stage::{seeds, start};
use lockstep_kernel::{Kernel, Request};
use lockstep_ledger::Checkpoint;
use lockstep_node::cosigner::Cosigned;
use lockstep_node::index::rows;
use lockstep_node::port::TilesInMemory;
use lockstep_node::replica::record;
use lockstep_node::{Answer, Appender, AppenderError, CheckpointSigner, Cosigner, CosignerError, TileFiles};
use lockstep_store::{Append, Batch, Head, Memory, Store};
use lockstep_types::{AttestationDigest, Digest, LeafHash, LedgerId, RootHash, Time, sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Something that must never be.
pub type Wrong = String;

/// What survives a crash, and where a node looks at the time.
pub struct Place {
    /// Its store.
    pub store: Shaky,
    files: Arc<TilesInMemory>,
    /// How far its clock is off, in ms.
    pub off_ms: i64,
}

impl Place {
    fn new() -> Self {
        Self { store: Shaky::new(Arc::new(Memory::new())), files: Arc::default(), off_ms: 0 }
    }

    /// Faults end with the process they befell; tiles may be lost.
    fn reopen(&mut self, chance: &mut Chance) {
        self.store = Shaky::new(Arc::clone(self.store.inner()));
        if chance.one_in(4) {
            self.files = Arc::default();
        }
    }

    fn time(&self, now: Time) -> Time {
        let off = self.off_ms.unsigned_abs();
        let ms = if self.off_ms < 0 { now.ms().saturating_sub(off) } else { now.ms().saturating_add(off) };
        Time::from_ms(ms).unwrap_or(now)
    }
}

/// A co-signer's seat.
pub struct Seat {
    /// What survives.
    pub place: Place,
    /// Outside the store.
    pub memory: ShakyMemory,
    /// The co-signer, unless it crashed and is not up again.
    pub cosigner: Cosigner<CastKey, ShakyMemory>,
    /// Hears and says nothing until then.
    pub offline_until: Option<Time>,
    /// Was told another history of its own, and believes it.
    pub deceived: bool,
}

/// What is under way.
#[derive(Clone)]
pub enum Message {
    /// Records for a co-signer, from a place on.
    Feed(usize, u64, Vec<u8>),
    /// A signature for the appender.
    Signed(Cosigned),
}

/// Everything that one run holds.
pub struct Town {
    /// What is left to chance.
    pub chance: Chance,
    /// Which faults there are.
    pub weather: Weather,
    /// True time.
    pub now: Time,
    /// Who signs.
    pub cast: Cast,
    /// The ledger.
    pub ledger: LedgerId,
    /// The appender.
    pub appender: Appender<CastKey>,
    /// What survives of it.
    pub place: Place,
    /// The co-signers.
    pub seats: Vec<Seat>,
    /// Messages under way, each with the time from which it may arrive.
    pub wire: Vec<(Time, Message)>,
    /// Attestations with a receipt that reached the party: place and leaf.
    pub acknowledged: BTreeMap<AttestationDigest, (u64, LeafHash)>,
    /// Root by certified size.
    pub certified: BTreeMap<u64, RootHash>,
    /// Root by signer and size.
    pub signed: BTreeMap<(usize, u64), RootHash>,
    /// Requests handed in so far.
    pub sent: Vec<Request>,
    /// Numbers the statements.
    pub number: u64,
    /// What has happened so far, hashed.
    pub trace: Digest,
}

impl Town {
    /// Founds a ledger and seats four co-signers, in a given weather or in the seed's own.
    ///
    /// # Errors
    /// [`Wrong`]: the founding itself fails.
    pub fn found(seed: u64, weather: Option<Weather>) -> Result<Self, Wrong> {
        let mut chance = Chance::new(seed);
        let drawn = Weather::draw(&mut chance);
        let (place, cast, now) = (Place::new(), Cast::repeatable(), start());
        let mut appender = open_appender(&place, chance.any())?;
        let genesis = Request::Genesis(Box::new(cast.genesis()));
        all_accepted(appender.submit(vec![genesis], now).map_err(wrong)?)?;
        let ledger = appender.head().0.ok_or("no genesis")?;
        let mut seats = Vec::new();
        for number in 0..COSIGNERS {
            let (place, memory) = (Place::new(), ShakyMemory::default());
            let cosigner = open_cosigner((&place, &memory), number, ledger)?;
            seats.push(Seat { place, memory, cosigner, offline_until: None, deceived: false });
        }
        let mut town = Self {
            chance,
            weather: weather.unwrap_or(drawn),
            now,
            cast,
            ledger,
            appender,
            place,
            seats,
            wire: Vec::new(),
            acknowledged: BTreeMap::new(),
            certified: BTreeMap::new(),
            signed: BTreeMap::new(),
            sent: Vec::new(),
            number: 1_000,
            trace: Digest::default(),
        };
        for request in town.cast.founding(Pen { ledger, now, number: 1 }, Programme::Stablecoin) {
            town.now = town.now.saturating_add_ms(1);
            all_accepted(town.appender.submit(vec![request], town.now).map_err(wrong)?)?;
        }
        Ok(town)
    }

    /// The kernel of the appender.
    pub fn kernel(&self) -> &Kernel {
        self.appender.replica().kernel()
    }

    /// What the next statement needs.
    pub fn pen(&mut self) -> Pen {
        self.number += 1;
        Pen { ledger: self.ledger, now: self.now, number: self.number }
    }

    /// Adds to the trace.
    pub fn note(&mut self, what: &str) {
        self.trace = Digest(sha256(&[self.trace.0.as_slice(), what.as_bytes()].concat()));
    }

    /// The appender's clock.
    pub fn appender_time(&self) -> Time {
        self.place.time(self.now)
    }

    /// The appender's process ends and starts again from its store.
    ///
    /// # Errors
    /// [`Wrong`]: it does not open.
    pub fn restart_appender(&mut self) -> Result<(), Wrong> {
        self.place.reopen(&mut self.chance);
        self.appender = open_appender(&self.place, self.chance.any())?;
        Ok(())
    }

    /// A co-signer's process ends and starts again from its store.
    ///
    /// # Errors
    /// [`Wrong`]: it does not open.
    pub fn restart_cosigner(&mut self, at: usize) -> Result<(), Wrong> {
        let (ledger, number) = (self.ledger, u8::try_from(at).unwrap_or_default());
        let Some(seat) = self.seats.get_mut(at) else { return Ok(()) };
        seat.place.reopen(&mut self.chance);
        seat.cosigner = open_cosigner((&seat.place, &seat.memory), number, ledger)?;
        Ok(())
    }

    /// Puts an older copy in the place of a co-signer's store. The signer's memory stays what it is.
    ///
    /// # Errors
    /// [`Wrong`]: the copy does not open.
    pub fn restore_old_copy(&mut self, at: usize) -> Result<(), Wrong> {
        let Some(seat) = self.seats.get_mut(at) else { return Ok(()) };
        let size = self.chance.below(seat.cosigner.next().saturating_add(1));
        seat.place.store = Shaky::new(copy_of(seat.place.store.inner(), size)?);
        seat.place.files = Arc::default();
        self.restart_cosigner(at)
    }

    /// Seat and time of a co-signer that is there.
    pub fn present(&mut self, at: usize) -> Option<(&mut Seat, Time)> {
        let now = self.now;
        let seat = self.seats.get_mut(at)?;
        if seat.offline_until.is_some_and(|until| now < until) {
            return None;
        }
        seat.offline_until = None;
        let time = seat.place.time(now);
        Some((seat, time))
    }

    /// Takes what a co-signer signed into account, whether or not it arrives.
    ///
    /// # Errors
    /// [`Wrong`]: it has signed another root for that size.
    pub fn has_signed(&mut self, at: usize, checkpoint: &Checkpoint) -> Result<(), Wrong> {
        let before = *self.signed.entry((at, checkpoint.size)).or_insert(checkpoint.root);
        if before == checkpoint.root {
            return Ok(());
        }
        Err(format!(
            "co-signer {at} has signed `{before}` and `{}` for size {}",
            checkpoint.root, checkpoint.size
        ))
    }
}

/// The first `size` records of a store, or a few less: a copy ends where a command's records end.
///
/// # Errors
/// [`Wrong`]: the store cannot be read.
pub fn copy_of(store: &Memory, size: u64) -> Result<Arc<Memory>, Wrong> {
    let head = store.head().map_err(wrong)?;
    let all = lockstep_store::stream(store, 0, head.size).collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    let wanted = usize::try_from(size).unwrap_or(usize::MAX).min(all.len());
    let end = (1..=wanted).rev().find(|at| all.get(*at).is_none_or(|next| next.command.is_some()));
    let copy = Arc::new(Memory::new());
    let Some(records) = end.and_then(|end| all.get(..end)) else { return Ok(copy) };
    let mut index = Vec::new();
    for (number, stored) in (0..).zip(records) {
        index.extend(rows(&record(number, stored).map_err(wrong)?, number));
    }
    let id = Digest(sha256(b"an old copy"));
    let batch = Batch { id, records: records.to_vec(), documents: Vec::new(), index };
    match copy.append(&Head::EMPTY, &batch) {
        Append::Appended(_) => Ok(copy),
        other => Err(format!("a copy cannot be made: {other:?}")),
    }
}

/// Opens an appender over a store.
///
/// # Errors
/// [`Wrong`]: it does not open.
pub fn open_appender(place: &Place, from: u64) -> Result<Appender<CastKey>, Wrong> {
    let store: Arc<dyn Store> = Arc::new(place.store.clone());
    let files: Arc<dyn TileFiles> = place.files.clone();
    Appender::open(store, files, appender_key(), seeds(from))
        .map_err(|error: AppenderError| format!("the appender does not open: {}", chain(&error)))
}

/// A place with a store of its own, for who tells another history.
#[must_use]
pub fn place_over(store: Arc<Memory>) -> Place {
    Place { store: Shaky::new(store), ..Place::new() }
}

fn open_cosigner(
    (place, memory): (&Place, &ShakyMemory),
    number: u8,
    ledger: LedgerId,
) -> Result<Cosigner<CastKey, ShakyMemory>, Wrong> {
    let signer = CheckpointSigner::new(cosigner_key(number), memory.clone(), ledger).map_err(wrong)?;
    let store: Arc<dyn Store> = Arc::new(place.store.clone());
    let files: Arc<dyn TileFiles> = place.files.clone();
    Cosigner::open(store, files, signer, ledger)
        .map_err(|error: CosignerError| format!("co-signer {number} does not open: {}", chain(&error)))
}

fn all_accepted(answers: Vec<Answer>) -> Result<(), Wrong> {
    crate::stage::accepted(answers).map(drop).map_err(|error| format!("{error:#}"))
}

/// An error and what is behind it.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// An error that no fault explains.
pub fn wrong(error: impl std::error::Error) -> Wrong {
    chain(&error)
}
