//! The simulator: one seed drives an appender and four co-signers, the very code of `node`, over ports that
//! fail.
//!
//! Stores fail before or after they write, processes end between two steps, messages come late, twice, in
//! another order or never, clocks jump, an appender lies, a co-signer is away for an hour, a store is an old
//! copy. After every run `check` asks what must hold whatever happened.

pub mod chance;
pub(crate) mod check;
mod lies;
mod parties;
pub mod shaky;
pub mod town;
pub mod weather;

use lockstep_node::{AppenderError, CosignerError, ReplicaError, SignerError};
use lockstep_types::{Digest, Time};
use shaky::{AppendFault, MemoryFault};
use town::{Message, Town, Wrong, chain};
use weather::Weather;

/// Events of one run.
pub const EVENTS: u32 = 400;

/// A run that ended as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    /// Hash of all that happened: the same seed gives the same.
    pub digest: Digest,
    /// Records in the log.
    pub records: u64,
    /// Attestations whose receipt reached the party.
    pub acknowledged: usize,
    /// Sizes certified.
    pub certificates: usize,
}

/// A run that did not.
#[derive(Debug, Clone, thiserror::Error)]
#[error("seed {seed}, event {event}: {what}\nreplay: {}", replay(*.seed))]
pub struct Broken {
    /// Its seed.
    pub seed: u64,
    /// After so many events.
    pub event: u32,
    /// What must never be.
    pub what: Wrong,
}

/// The command that runs a seed again.
#[must_use]
pub fn replay(seed: u64) -> String {
    format!("cargo run --release --package lockstep-sim --bin faults -- sim --runs 1 --seed {seed}")
}

/// Runs one seed.
///
/// # Errors
/// [`Broken`]: something that must never be.
pub fn run(seed: u64) -> Result<Trace, Broken> {
    run_in(seed, None)
}

/// Runs one seed in a given weather instead of its own.
///
/// # Errors
/// [`Broken`]: something that must never be.
pub fn run_in(seed: u64, weather: Option<Weather>) -> Result<Trace, Broken> {
    let broken = |event| move |what| Broken { seed, event, what };
    let mut town = Town::found(seed, weather).map_err(broken(0))?;
    for event in 1..=EVENTS {
        town.event().map_err(broken(event))?;
    }
    check::all(&mut town).map_err(broken(EVENTS))?;
    let (_, records, root) = town.appender.head();
    town.note(&root.to_string());
    Ok(Trace {
        digest: town.trace,
        records,
        acknowledged: town.acknowledged.len(),
        certificates: town.certified.len(),
    })
}

/// What became of something that a fault may have stopped.
enum Fate {
    Done,
    /// The process must start again.
    Crash,
}

impl Town {
    fn event(&mut self) -> Result<(), Wrong> {
        let kind = self.chance.below(100);
        match kind {
            0..30 => self.party_acts()?,
            30..38 => self.pass(),
            38..42 => self.appender_seals()?,
            42..62 => self.ask_for_records()?,
            62..85 => self.deliver()?,
            89..91 if self.weather.crashes => self.crash()?,
            91..95 if self.weather.ports_fail => self.break_something(),
            95 if self.weather.clocks_jump => self.clock_jumps(),
            96 => self.clocks_are_set(),
            97 if self.weather.lies => self.appender_lies()?,
            98 if self.weather.absences => self.go_away(),
            99 if self.weather.old_copies => self.old_copy()?,
            _ => self.co_signer_signs()?,
        }
        let (_, size, root) = self.appender.head();
        self.note(&format!("{kind} {} {size} {root} {}", self.now, self.wire.len()));
        Ok(())
    }

    fn pass(&mut self) {
        let away = self.seats.iter().any(|seat| seat.offline_until.is_some());
        let ms = match (away, self.chance.below(10)) {
            (true, 0..3) => 600_000,
            (_, 0..7) => self.chance.below(400),
            _ => self.chance.below(20_000),
        };
        self.now = self.now.saturating_add_ms(ms);
    }

    pub(crate) fn appender_seals(&mut self) -> Result<(), Wrong> {
        let now = self.appender_time();
        match self.appender.seal_if_due(now) {
            Ok(true) => self.note("sealed"),
            Ok(false) => {}
            Err(error) => self.appender_fails(&error)?,
        }
        Ok(())
    }

    /// A clock that is behind changes nothing; after any other error the process starts again.
    pub(crate) fn appender_fails(&mut self, error: &AppenderError) -> Result<(), Wrong> {
        self.note(&error.to_string());
        match error {
            AppenderError::ClockBehind { .. } => Ok(()),
            AppenderError::Replica(error) if is_fault(error) => self.restart_appender(),
            other => Err(format!("the appender stops: {}", chain(other))),
        }
    }

    /// A co-signer asks for what comes next; the answer may be lost, or be under way for long, or twice.
    fn ask_for_records(&mut self) -> Result<(), Wrong> {
        let at = self.chance.place(self.seats.len());
        let Some((seat, _)) = self.present(at) else { return Ok(()) };
        let next = seat.cosigner.next();
        if next >= self.appender.head().1 {
            return Ok(());
        }
        let max = self.chance.place(2_000);
        match self.appender.feed(next, max) {
            Ok(bytes) => self.send(Message::Feed(at, next, bytes)),
            Err(error) => self.appender_fails(&error)?,
        }
        Ok(())
    }

    pub(crate) fn send(&mut self, message: Message) {
        let (lost, twice) = (self.chance.one_in(8), self.chance.one_in(6));
        if lost && self.weather.wire_fails {
            return;
        }
        let copies = if twice && self.weather.wire_fails { 2 } else { 1 };
        for _ in 0..copies {
            let late = if self.chance.one_in(5) { self.chance.below(5_000) } else { self.chance.below(100) };
            self.wire.push((self.now.saturating_add_ms(late), message.clone()));
        }
    }

    /// Any message that may have arrived by now arrives: they overtake one another.
    fn deliver(&mut self) -> Result<(), Wrong> {
        let now = self.now;
        let due = |(_, (time, _)): &(usize, &(Time, Message))| *time <= now;
        let ready: Vec<usize> = self.wire.iter().enumerate().filter(due).map(|(at, _)| at).collect();
        let Some(at) = self.chance.pick(&ready).copied() else { return Ok(()) };
        let (_, message) = self.wire.swap_remove(at);
        self.arrives(message)
    }

    pub(crate) fn arrives(&mut self, message: Message) -> Result<(), Wrong> {
        match message {
            Message::Signed(cosigned) => {
                let answer = self.appender.cosigned(&cosigned);
                match answer {
                    Ok(Some(certificate)) => check::certified(self, &certificate)?,
                    Ok(None) => {}
                    // Over a seal that is no longer waited for, or over another history: it counts for
                    // nothing.
                    Err(AppenderError::Quorum(error)) => self.note(&error.to_string()),
                    Err(error) => self.appender_fails(&error)?,
                }
                Ok(())
            }
            Message::Feed(at, index, bytes) => {
                if self.chance.one_in(3) {
                    self.receives(at, index, &bytes)
                } else {
                    self.follows(at, index, &bytes)
                }
            }
        }
    }

    /// Takes records and signs nothing.
    fn receives(&mut self, at: usize, index: u64, bytes: &[u8]) -> Result<(), Wrong> {
        let Some((seat, _)) = self.present(at) else { return Ok(()) };
        let received = seat.cosigner.receive_at(index, bytes);
        match seat_fate(received, seat.deceived)? {
            Fate::Done => Ok(()),
            Fate::Crash => self.restart_cosigner(at),
        }
    }

    /// Takes records and signs the seals among them.
    fn follows(&mut self, at: usize, index: u64, bytes: &[u8]) -> Result<(), Wrong> {
        let Some((seat, time)) = self.present(at) else { return Ok(()) };
        let deceived = seat.deceived;
        let signed = match seat.cosigner.receive_and_sign(index, bytes, time) {
            Ok(signed) => signed,
            Err(CosignerError::Signer(SignerError::Memory(_))) => {
                self.note("the memory failed");
                return Ok(());
            }
            Err(error) => {
                return match seat_fate(Err(error), deceived)? {
                    Fate::Done => Ok(()),
                    Fate::Crash => self.restart_cosigner(at),
                };
            }
        };
        for cosigned in signed {
            self.has_signed(at, &cosigned.checkpoint)?;
            self.send(Message::Signed(cosigned));
        }
        Ok(())
    }

    fn co_signer_signs(&mut self) -> Result<(), Wrong> {
        let at = self.chance.place(self.seats.len());
        self.signs(at)
    }

    pub(crate) fn signs(&mut self, at: usize) -> Result<(), Wrong> {
        let Some((seat, time)) = self.present(at) else { return Ok(()) };
        match seat.cosigner.sign(time) {
            Ok(cosigned) => {
                let kept = seat.cosigner.snapshot_if_due();
                self.has_signed(at, &cosigned.checkpoint)?;
                self.send(Message::Signed(cosigned));
                match kept {
                    Ok(()) => {}
                    Err(CosignerError::Replica(error)) if is_fault(&error) => self.restart_cosigner(at)?,
                    Err(error) => return Err(format!("co-signer {at} keeps no snapshot: {}", chain(&error))),
                }
            }
            Err(CosignerError::Signer(SignerError::Refused(refusal))) => self.note(&refusal.to_string()),
            Err(CosignerError::Signer(SignerError::Memory(_))) => self.note("the memory failed"),
            Err(CosignerError::NothingToSign | CosignerError::OldCopy { .. }) => self.note("nothing to sign"),
            Err(CosignerError::Rejected { .. }) if seat.deceived => {}
            Err(CosignerError::Replica(error)) if is_fault(&error) => self.restart_cosigner(at)?,
            Err(error) => return Err(format!("co-signer {at} does not sign: {}", chain(&error))),
        }
        Ok(())
    }

    fn crash(&mut self) -> Result<(), Wrong> {
        match self.chance.place(self.seats.len() + 2) {
            at if at < self.seats.len() => self.restart_cosigner(at),
            _ => self.restart_appender(),
        }
    }

    /// Something will fail the next time it is used.
    fn break_something(&mut self) {
        let appends =
            [AppendFault::Before, AppendFault::After, AppendFault::AfterUnreadable, AppendFault::Torn];
        let append = self.chance.pick(&appends).copied();
        let (whose, what) = (self.chance.place(self.seats.len() + 2), self.chance.below(6));
        let after = if self.chance.one_in(2) { MemoryFault::After } else { MemoryFault::Before };
        let place = match self.seats.get(whose) {
            Some(seat) if what == 5 => return seat.memory.fail_next(Some(after)),
            Some(seat) => &seat.place,
            None => &self.place,
        };
        let mut faults = place.store.faults();
        match what {
            0..3 => faults.append = append,
            3 => faults.read = true,
            _ => faults.put = true,
        }
    }

    fn clock_jumps(&mut self) {
        let whose = self.chance.place(self.seats.len() + 1);
        let off = i64::try_from(self.chance.below(10_000)).unwrap_or_default() - 5_000;
        match self.seats.get_mut(whose) {
            Some(seat) => seat.place.off_ms = off * 20,
            None => self.place.off_ms = off,
        }
    }

    pub(crate) fn clocks_are_set(&mut self) {
        self.place.off_ms = 0;
        self.seats.iter_mut().for_each(|seat| seat.place.off_ms = 0);
    }

    fn go_away(&mut self) {
        let (at, until) = (self.chance.place(self.seats.len()), self.now.saturating_add_ms(3_600_000));
        if let Some(seat) = self.seats.get_mut(at) {
            seat.offline_until = Some(until);
        }
    }

    fn old_copy(&mut self) -> Result<(), Wrong> {
        let at = self.chance.place(self.seats.len());
        self.restore_old_copy(at)
    }
}

/// What an injected fault may look like from above; a disagreement never does.
pub(crate) fn is_fault(error: &ReplicaError) -> bool {
    matches!(error, ReplicaError::Store(_) | ReplicaError::Unknown)
}

fn seat_fate(received: Result<(), CosignerError>, deceived: bool) -> Result<Fate, Wrong> {
    match received {
        Ok(()) | Err(CosignerError::Gap { .. }) => Ok(Fate::Done),
        Err(CosignerError::Replica(error)) if is_fault(&error) => Ok(Fate::Crash),
        // It was told another history first, and the true one does not fit.
        Err(_) if deceived => Ok(Fate::Crash),
        Err(error) => Err(format!("an honest message is refused: {}", chain(&error))),
    }
}

#[cfg(test)]
mod tests;
