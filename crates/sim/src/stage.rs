//! A founded ledger to append to: the appender, the cast, and numbers for what they sign.

use crate::cast::{Cast, CastKey, Pen, Programme, Said, appender_key};
use anyhow::{Context, Result, bail};
use lockstep_kernel::{Kernel, Request};
use lockstep_node::client::Texts;
use lockstep_node::{Answer, Appender, Seeds, TileFiles};
use lockstep_store::Store;
use lockstep_types::{CaseId, LedgerId, Name, Time, sha256};
use std::sync::Arc;

/// Ledger time at which every run begins.
pub const START: &str = "2026-11-21T10:00:00.000Z";

/// An appender that has founded a ledger.
pub struct Stage {
    /// The appender.
    pub appender: Appender<CastKey>,
    /// Who signs.
    pub cast: Cast,
    /// The ledger.
    pub ledger: LedgerId,
    /// Ledger time.
    pub now: Time,
    number: u64,
}

/// Where every run begins.
///
/// # Panics
/// Never: the constant is a time.
#[must_use]
pub fn start() -> Time {
    START.parse().expect("a time")
}

/// Seeds from a number, for runs that must be the same again.
#[must_use]
pub fn seeds(from: u64) -> Box<dyn Seeds> {
    let mut count = 0u64;
    Box::new(move || {
        count += 1;
        sha256(&[b"seed".as_slice(), &from.to_be_bytes(), &count.to_be_bytes()].concat())
    })
}

impl Stage {
    /// Founds a ledger in an empty store.
    ///
    /// # Errors
    /// The appender's, or a refusal of a founding request.
    pub fn found(store: Arc<dyn Store>, files: Arc<dyn TileFiles>, programme: Programme) -> Result<Self> {
        Self::found_or_resume((store, files), programme, (start(), 0))
    }

    /// Opens the ledger in a store, and founds it as far as that has not been done: a process may have ended
    /// in the middle. Seeds and numbers go on from `from`.
    ///
    /// # Errors
    /// As [`Stage::found`].
    pub fn found_or_resume(
        (store, files): (Arc<dyn Store>, Arc<dyn TileFiles>),
        programme: Programme,
        (now, from): (Time, u64),
    ) -> Result<Self> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let mut appender = Appender::open(store, files, appender_key(), seeds(from))?.with_threads(threads);
        let (cast, now) = (Cast::default(), now.max(appender.replica().ledger().last_time()));
        if appender.head().0.is_none() {
            let genesis = Request::Genesis(Box::new(cast.genesis()));
            accepted(appender.submit(vec![genesis], now)?)?;
        }
        let ledger = appender.head().0.context("no genesis")?;
        let mut stage = Self { appender, cast, ledger, now, number: from + 1_000 };
        if stage.kernel().programmes().all(|(_, programme)| programme.policies.is_empty()) {
            for request in stage.cast.founding(Pen { ledger, now, number: from + 1 }, programme) {
                stage.now = stage.now.saturating_add_ms(1);
                accepted(stage.appender.submit(vec![request], stage.now)?)?;
            }
        }
        Ok(stage)
    }

    /// The kernel.
    #[must_use]
    pub fn kernel(&self) -> &Kernel {
        self.appender.replica().kernel()
    }

    /// Room for so many statements with numbers of their own; the first of them.
    pub fn numbers(&mut self, count: usize) -> u64 {
        let first = self.number;
        self.number += u64::try_from(count).unwrap_or(u64::MAX);
        first
    }

    /// Signed openings of cases, made on all cores.
    ///
    /// # Errors
    /// A draft is refused.
    pub fn openings(&mut self, count: usize, params: &Texts) -> Result<Vec<Vec<u8>>> {
        let first = self.numbers(count);
        let (ledger, now) = (self.ledger, self.now);
        let numbers: Vec<u64> = (first..).take(count).collect();
        let (cast, kernel) = (&self.cast, self.kernel());
        on_all_cores(&numbers, |number| {
            let request = cast.opening(Pen { ledger, now, number: *number }, kernel, params)?;
            Ok(request.to_vec()?)
        })
    }

    /// The same step of many cases, signed on all cores.
    ///
    /// # Errors
    /// A draft is refused.
    pub fn steps(&mut self, cases: &[CaseId], step: &Name, said: &Said) -> Result<Vec<Vec<u8>>> {
        let first = self.numbers(cases.len());
        let (ledger, now) = (self.ledger, self.now);
        let numbered: Vec<(u64, CaseId)> = (first..).zip(cases.iter().copied()).collect();
        let (cast, kernel) = (&self.cast, self.kernel());
        on_all_cores(&numbered, |(number, case)| {
            let request =
                cast.step(Pen { ledger, now, number: *number }, (kernel, &()), (*case, step), said)?;
            Ok(request.to_vec()?)
        })
    }
}

/// Every answer is an acceptance.
///
/// # Errors
/// The first that is none, as the answer reads.
pub fn accepted(answers: Vec<Answer>) -> Result<Vec<lockstep_node::Accepted>> {
    let mut all = Vec::with_capacity(answers.len());
    for answer in answers {
        match answer {
            Answer::OnRecord(accepted) if accepted.refused.is_none() => all.push(*accepted),
            Answer::OnRecord(accepted) => bail!("refused on record: {:?}", accepted.refused),
            Answer::Refused(refusal) => bail!("refused: {refusal}"),
            Answer::Malformed(error) => bail!("malformed: {error}"),
        }
    }
    Ok(all)
}

/// Runs `make` over all items, spread over all cores, and keeps their order.
///
/// # Errors
/// The first that `make` gives.
pub fn on_all_cores<T: Sync, U: Send>(items: &[T], make: impl Fn(&T) -> Result<U> + Sync) -> Result<Vec<U>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let each = items.len().div_ceil(threads).max(1);
    let run = |part: &[T]| part.iter().map(&make).collect::<Result<Vec<U>>>();
    std::thread::scope(|scope| {
        let parts: Vec<_> = items.chunks(each).map(|part| scope.spawn(|| run(part))).collect();
        let mut all = Vec::with_capacity(items.len());
        for part in parts {
            all.extend(part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(all)
    })
}
