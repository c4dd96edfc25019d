//! A server as a process of the program, co-signers beside it, and parties that take whole cases through it.

use crate::cast::{COSIGNERS, Cast, Pen, Programme, Said, bench_claims, bench_params};
use crate::network::load::now;
use crate::network::town::{Cosigner, Server, Town, metrics};
use crate::stage::Stage;
use anyhow::{Context, Result};
use lockstep_client::Client;
use lockstep_kernel::Request;
use lockstep_node::client::{Found, Standing};
use lockstep_node::port::TilesInMemory;
use lockstep_policy::Policy;
use lockstep_store::Memory;
use lockstep_types::{CaseId, LedgerId, Name};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Everybody here comes from one address, so that an address may ask often.
pub(crate) const ONE_ADDRESS: &str = "[limits]\nconnections_per_address = 4096\n\
     requests = { per_second = 1000000, burst = 1000000 }\n";
/// Numbers of statements that belong to one case.
const EACH: u64 = 32;

/// The program beside this one.
///
/// # Errors
/// It has not been built.
pub(crate) fn program() -> Result<PathBuf> {
    let beside = std::env::current_exe()?.with_file_name("lockstep");
    anyhow::ensure!(
        beside.is_file(),
        "there is no `lockstep` beside this program: `cargo xtask bench` builds it"
    );
    Ok(beside)
}

/// A server, with as many of its co-signers as were asked for.
pub(crate) struct Served {
    town: Town,
    server: Server,
    cosigners: Vec<Cosigner>,
    ledger: LedgerId,
}

impl Served {
    /// Founds a ledger and serves it.
    ///
    /// # Errors
    /// A process does not start, or refuses something.
    pub(crate) fn begin(programme: Programme, cosigners: u8, settings: &'static str) -> Result<Self> {
        let cast = Cast::default();
        let town = Town::found(&program()?, &cast)?;
        let mut server = Server::of("acme", "state")?;
        server.settings = settings;
        let all = (0..COSIGNERS.min(cosigners)).map(|number| Cosigner::of(number, &server));
        let mut cosigners = all.collect::<Result<Vec<_>>>()?;
        server.start(&town, &cosigners.iter().map(Cosigner::name).collect::<Vec<_>>())?;
        let client = server.client(None)?;
        for request in cast.founding(Pen { ledger: client.id(), now: now()?, number: 1 }, programme) {
            client.submit(&request, &[]).context("the founding is refused")?;
        }
        cosigners.iter_mut().try_for_each(|cosigner| cosigner.start(&town))?;
        Ok(Self { town, server, cosigners, ledger: client.id() })
    }

    /// A client with a connection of its own.
    ///
    /// # Errors
    /// The server does not answer.
    pub(crate) fn client(&self) -> Result<Client> {
        self.server.client(Some(self.ledger))
    }

    /// The server.
    pub(crate) const fn server(&self) -> &Server {
        &self.server
    }

    /// What the server wrote last.
    pub(crate) fn log(&self) -> String {
        self.town.log("acme.log")
    }

    /// A figure that the server tells of itself.
    ///
    /// # Errors
    /// It does not answer, or tells no such figure.
    pub(crate) fn figure(&self, name: &str) -> Result<f64> {
        let text = metrics(&self.server.url())?;
        let line = text
            .lines()
            .find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{'])));
        let value =
            line.and_then(|line| line.rsplit_once(' ')).with_context(|| format!("no figure `{name}`"))?;
        Ok(value.1.parse()?)
    }

    /// Bytes that the processes have resident: the server, then its co-signers.
    ///
    /// # Errors
    /// The operating system tells nothing of one.
    pub(crate) fn resident(&self) -> Result<Vec<u64>> {
        let server = self.server.process_id();
        server
            .into_iter()
            .chain(self.cosigners.iter().filter_map(Cosigner::process_id))
            .map(resident)
            .collect()
    }
}

/// What a process has resident, in bytes.
fn resident(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1_024)
}

/// Everybody who signs in a case, and the policy by which they draft.
pub(crate) struct Parties {
    cast: Cast,
    policy: Arc<Policy>,
    next: AtomicU64,
}

impl Parties {
    /// Parties under the policy of a programme.
    ///
    /// # Errors
    /// It is refused.
    pub(crate) fn of(programme: Programme) -> Result<Self> {
        // Another ledger with the same policy.
        let stage = Stage::found(Arc::new(Memory::default()), Arc::new(TilesInMemory::default()), programme)?;
        let programmes = stage.kernel().programmes();
        let digest = programmes.flat_map(|(_, all)| all.policies.values()).next().context("no policy")?.0;
        let policy = Arc::clone(&stage.kernel().policy(&digest).context("no policy")?.policy);
        Ok(Self { cast: Cast::default(), policy, next: AtomicU64::new(1_000) })
    }

    /// The opening of one more case.
    ///
    /// # Errors
    /// A draft is refused.
    pub(crate) fn opening(&self, ledger: LedgerId) -> Result<(Request, Pen)> {
        let number = self.next.fetch_add(EACH, Ordering::Relaxed);
        let pen = Pen { ledger, now: now()?, number };
        Ok((self.cast.opening_of(pen, &self.policy, &bench_params())?, pen))
    }

    /// A word on a step of a case that stands so far.
    ///
    /// # Errors
    /// A draft is refused.
    pub(crate) fn step(
        &self,
        pen: Pen,
        (case, standing): (CaseId, &Standing),
        (step, word): (&Name, &Said),
    ) -> Result<Request> {
        let found = Found::told(case, &self.policy, standing.clone());
        Ok(self.cast.step_of(pen, found, step, word)?)
    }

    /// Takes one more case through all its steps, each signed once the one before is accepted; how long each
    /// word took from being handed in to its verified receipt, and the number of the last one's record. With
    /// the last word the case is decided, or refused.
    ///
    /// # Errors
    /// A word is refused.
    pub(crate) fn take_case(&self, client: &Client, last: &Said) -> Result<(Vec<Duration>, u64)> {
        let (opening, pen) = self.opening(client.id())?;
        let mut times = Vec::with_capacity(self.policy.layout().steps.len() + 1);
        let mut hand_in = |request: &Request| {
            let begun = Instant::now();
            let entered = client.submit(request, &[])?;
            times.push(begun.elapsed());
            entered.records.first().map(|record| (record.index, record.leaf)).context("no record")
        };
        let (mut index, opened) = hand_in(&opening)?;
        let (case, mut standing) = (CaseId(opened.0), Standing::new());
        let done = Said::Done(bench_claims());
        let mut steps = self.policy.layout().steps.iter().zip(1..).peekable();
        while let Some((step, at)) = steps.next() {
            let pen = Pen { number: pen.number + at, now: now()?, ..pen };
            let word = if steps.peek().is_some() { &done } else { last };
            let (number, leaf) = hand_in(&self.step(pen, (case, &standing), (&step.name, word))?)?;
            index = number;
            standing.insert(step.name.clone(), leaf);
        }
        Ok((times, index))
    }
}
