//! Work for a server: signed requests, handed in until each is answered with a receipt that verifies.

use super::town::Server;
use crate::cast::{Cast, Pen, Programme, bench_params};
use crate::stage::Stage;
use anyhow::{Context, Result, ensure};
use lockstep_client::Client;
use lockstep_kernel::Request;
use lockstep_node::port::TilesInMemory;
use lockstep_store::Memory;
use lockstep_types::{LeafHash, LedgerId, Time};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Between two tries when a server does not answer.
const AGAIN: Duration = Duration::from_millis(15);
/// One request in so many is handed in once more after its answer.
const TWICE: u64 = 7;
/// Numbers of the statements that found a ledger lie below.
const FIRST: u64 = 10_000;

/// Who opens cases: a cast, and the policy under which.
pub struct Writer {
    cast: Cast,
    /// Another ledger with the same policy: what is drafted does not depend on which.
    drafts: Stage,
    next: u64,
}

/// What was acknowledged: number and leaf of the record, and when.
#[derive(Default)]
pub struct Acknowledged(Mutex<Vec<(u64, LeafHash, Instant)>>);

/// A thread that hands requests in.
pub struct Load {
    ends: Arc<AtomicBool>,
    /// What it has been told.
    pub acknowledged: Arc<Acknowledged>,
    again: Arc<AtomicU64>,
    thread: JoinHandle<Result<Writer>>,
}

/// This machine's time.
///
/// # Errors
/// It stands before 1970.
pub fn now() -> Result<Time> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).context("a clock before 1970")?;
    Ok(Time::from_ms(u64::try_from(since.as_millis())?)?)
}

impl Writer {
    /// A writer.
    ///
    /// # Errors
    /// Its policy is refused.
    pub fn new() -> Result<Self> {
        let drafts =
            Stage::found(Arc::new(Memory::default()), Arc::new(TilesInMemory::default()), Programme::Bench)?;
        Ok(Self { cast: Cast::default(), drafts, next: FIRST })
    }

    /// Founds the server's ledger.
    ///
    /// # Errors
    /// A request is refused.
    pub fn found(&self, client: &Client) -> Result<()> {
        let pen = Pen { ledger: client.id(), now: now()?, number: 1 };
        for request in self.cast.founding(pen, Programme::Bench) {
            client.submit(&request, &[]).context("the founding is refused")?;
        }
        Ok(())
    }

    fn opening(&mut self, ledger: LedgerId) -> Result<Request> {
        self.next += 1;
        let pen = Pen { ledger, now: now()?, number: self.next };
        Ok(self.cast.opening(pen, self.drafts.kernel(), &bench_params())?)
    }

    /// Hands so many in, without a pause.
    ///
    /// # Errors
    /// One is refused.
    pub fn write(&mut self, client: &Client, count: usize) -> Result<()> {
        for _ in 0..count {
            let request = self.opening(client.id())?;
            client.submit(&request, &[]).context("a request is refused")?;
        }
        Ok(())
    }
}

impl Acknowledged {
    fn all(&self) -> std::sync::MutexGuard<'_, Vec<(u64, LeafHash, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that were acknowledged.
    pub fn records(&self) -> Vec<(u64, LeafHash)> {
        self.all().iter().map(|(index, leaf, _)| (*index, *leaf)).collect()
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.all().len()
    }

    /// The first one after a moment: how long it took.
    pub fn first_after(&self, moment: Instant) -> Option<Duration> {
        let all = self.all();
        let later = all.iter().rev().map(|(.., at)| *at).take_while(|at| *at > moment).last()?;
        Some(later - moment)
    }
}

impl Load {
    /// Begins.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn begin(server: &Server, ledger: LedgerId, writer: Writer) -> Result<Self> {
        let client = server.client(Some(ledger))?;
        let (ends, acknowledged) = (Arc::<AtomicBool>::default(), Arc::<Acknowledged>::default());
        let again = Arc::<AtomicU64>::default();
        let thread = {
            let (ends, acknowledged, again) =
                (Arc::clone(&ends), Arc::clone(&acknowledged), Arc::clone(&again));
            std::thread::spawn(move || work(&client, writer, (&ends, &acknowledged, &again)))
        };
        Ok(Self { ends, acknowledged, again, thread })
    }

    /// Ends it; how often a request was handed in again because its answer had not come.
    ///
    /// # Errors
    /// A request was refused, or answered in two ways.
    pub fn end(self) -> Result<(Writer, u64)> {
        self.ends.store(true, Ordering::SeqCst);
        let writer = self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok((writer, self.again.load(Ordering::SeqCst)))
    }
}

fn work(
    client: &Client,
    mut writer: Writer,
    (ends, acknowledged, again): (&AtomicBool, &Acknowledged, &AtomicU64),
) -> Result<Writer> {
    while !ends.load(Ordering::SeqCst) {
        let request = writer.opening(client.id())?;
        // Even when told to end: whether it counts must be known.
        let first = loop {
            match record_of(client, &request) {
                Ok(Some(record)) => break record,
                Ok(None) => {
                    again.fetch_add(1, Ordering::SeqCst);
                    std::thread::sleep(AGAIN);
                }
                Err(error) => return Err(error),
            }
        };
        acknowledged.all().push((first.0, first.1, Instant::now()));
        if writer.next.is_multiple_of(TWICE)
            && let Some(second) = record_of(client, &request)?
        {
            ensure!(second == first, "one request was answered as record {} and as {}", first.0, second.0);
        }
    }
    Ok(writer)
}

/// The record of a request by its verified receipt; none when there was no answer.
fn record_of(client: &Client, request: &Request) -> Result<Option<(u64, LeafHash)>> {
    match client.submit(request, &[]) {
        Ok(entered) => {
            let record = entered.records.first().context("an answer without a record")?;
            Ok(Some((record.index, record.leaf)))
        }
        Err(error) if error.is_passing() => Ok(None),
        Err(error) => Err(error).context("a request of the load is refused"),
    }
}
