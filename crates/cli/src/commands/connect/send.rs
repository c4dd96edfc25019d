//! What happens on a ledger, told to a partner: records of the cases that this connector's key may see go
//! out as signed webhooks, in the log's order, each once. What is to be put into the outbox is written down
//! before it is put there, with the number that the first of it gets: after a crash the outbox itself says
//! how far that had come.

use super::config::{Config, SendConfig, secret};
use super::figures::Figures;
use super::{Ending, now};
use crate::fault::{Kind, invalid, told};
use crate::key::{Holder, KeyRef};
use crate::os;
use crate::server::seconds;
use crate::shell::Shell;
use anyhow::{Context, Result};
use lockstep_api::answer::CaseRecord;
use lockstep_client::{Client, Options, Signer};
use lockstep_connect::outbox::WAITING_MAX;
use lockstep_connect::{AllowList, Outbox, OutboxError, Progress, Sender};
use lockstep_types::Name;
use lockstep_types::limits::INTEGER_MAX;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

const FORMAT: &str = "lockstep-told/1";
/// Records that are put together.
const TOGETHER: usize = 64;
/// How long to wait when there is nothing to do.
const IDLE: Duration = Duration::from_millis(200);
/// Between two attempts to reach the server; doubled each time.
const AWAY: Duration = Duration::from_millis(250);
const AWAY_MAX: Duration = Duration::from_secs(5);
const PLAN_BYTES_MAX: u64 = 1_048_576;

/// How far a partner has been told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    format: String,
    /// The number of the first record that has not been planned.
    next: u64,
    /// What is put into the outbox, in this order, from `sequence` on.
    planned: Vec<CaseRecord>,
    sequence: u64,
}

/// One partner.
pub struct Send {
    config: SendConfig,
    key: Option<Holder>,
    options: Options,
    outbox: Outbox,
    sender: Sender,
    path: PathBuf,
    plan: Plan,
    figures: Arc<Figures>,
}

impl Send {
    pub fn open(
        shell: &mut Shell,
        (whole, config): (&Config, &SendConfig),
        retry: bool,
        figures: &Arc<Figures>,
    ) -> Result<Self> {
        let target = target(config)?;
        let sender = Sender::new(target, secret(&config.secret)?);
        let sender = sender.map_err(|why| invalid("tls", why))?;
        let small = |path: &PathBuf| os::read(path, os::SMALL_FILE_BYTES_MAX);
        let identity = match (&config.client_certificate, &config.client_key) {
            (Some(chain), Some(key)) => Some((small(chain)?, os::read_private(key)?)),
            _ => None,
        };
        let roots = config.roots.as_ref().map(small).transpose()?;
        let options = Options { roots, identity, ..Options::default() };
        let key = shell.keyring.open(&config.key.parse::<KeyRef>()?)?;
        let told_in = whole.dir.join("told");
        os::private_folder(&told_in)?;
        let mut outbox = Outbox::open(&whole.dir.join("outbox").join(config.name.as_str())).map_err(own)?;
        if retry {
            outbox.retry(now()).map_err(own)?;
        }
        let path = told_in.join(format!("{}.json", config.name));
        let plan = if path.exists() {
            let read: Option<Plan> = serde_json::from_slice(&os::read(&path, PLAN_BYTES_MAX)?).ok();
            let read = read.filter(|plan| plan.format == FORMAT);
            read.with_context(|| format!("`{}` is not as it was written", path.display()))?
        } else {
            let (next, sequence) = (config.from, outbox.next());
            Plan { format: FORMAT.to_owned(), next, planned: Vec::new(), sequence }
        };
        let figures = Arc::clone(figures);
        let key = Some(key);
        let mut send = Self { config: config.clone(), key, options, outbox, sender, path, plan, figures };
        send.put().context("what was planned cannot be put into the outbox")?;
        Ok(send)
    }

    /// Follows and sends until the end is asked for.
    pub fn run(mut self, ending: &Ending) -> Result<()> {
        let (to, told) = sync_channel(TOGETHER);
        let gone = Arc::new(AtomicBool::new(false));
        let follower = Follower {
            config: self.config.clone(),
            options: self.options.clone(),
            next: self.plan.next,
            figures: Arc::clone(&self.figures),
            gone: Arc::clone(&gone),
        };
        let key = self.key.take().context("the key is gone")?;
        // It waits in a read while nothing happens, and ends with the process.
        std::thread::spawn(move || follower.run(&key, &to));
        let ended = self.carry(&told, ending);
        gone.store(true, Ordering::Relaxed);
        ended
    }

    fn carry(&mut self, told: &Receiver<CaseRecord>, ending: &Ending) -> Result<()> {
        let (mut idle, mut stuck) = (Duration::ZERO, false);
        while !ending.is_asked() {
            // While a partner takes nothing, what happens waits on the server.
            if self.outbox.waiting().len() < WAITING_MAX - TOGETHER {
                let planned = next_of(told, idle);
                if !planned.is_empty() {
                    self.plan_for(planned)?;
                }
            } else {
                ending.wait(idle);
            }
            let at = now();
            let (sender, name) = (&self.sender, &self.config.name);
            let progress =
                self.outbox.step(at, |message| sender.send(&message.id, message.body.as_bytes(), at));
            idle = match progress.map_err(own)? {
                Progress::Taken { .. } => {
                    self.figures.add("lockstep_connect_sent_total", name);
                    Duration::ZERO
                }
                Progress::Stuck { sequence, why } => {
                    if !stuck {
                        tracing::error!(partner = %name, sequence, why, "stuck, and those behind it");
                    }
                    stuck = true;
                    IDLE
                }
                Progress::Idle | Progress::Waits { .. } => IDLE,
            };
            self.figures.set("lockstep_connect_waiting", name, self.outbox.waiting().len() as u64);
            self.figures.set("lockstep_connect_stuck", name, u64::from(stuck));
        }
        Ok(())
    }

    /// Writes down what is to be told, then puts it into the outbox.
    fn plan_for(&mut self, planned: Vec<CaseRecord>) -> Result<()> {
        let next = planned.last().map_or(self.plan.next, |last| last.index.saturating_add(1));
        self.plan = Plan { format: FORMAT.to_owned(), next, planned, sequence: self.outbox.next() };
        os::replace_private(&self.path, &serde_json::to_vec(&self.plan)?)?;
        self.put()
    }

    /// Puts what is planned and has not been put.
    fn put(&mut self) -> Result<()> {
        let done = self.outbox.next().saturating_sub(self.plan.sequence);
        let planned = std::mem::take(&mut self.plan.planned);
        for record in planned.into_iter().skip(usize::try_from(done).unwrap_or(usize::MAX)) {
            let kind = kind_of(&record)?;
            let mut data = serde_json::to_value(&record)?;
            if let Value::Object(data) = &mut data {
                data.insert("ledger".to_owned(), json!(self.config.ledger));
            }
            self.outbox.put(&kind, &data, now()).map_err(own)?;
        }
        Ok(())
    }
}

/// What a webhook about a record calls itself.
fn kind_of(record: &CaseRecord) -> Result<Name> {
    Ok(format!("case.{}", record.kind).parse()?)
}

fn own(error: OutboxError) -> anyhow::Error {
    match error {
        OutboxError::InUse { .. } => told(Kind::Conflict, "connect-in-use", error.to_string()).into(),
        other => other.into(),
    }
}

fn target(config: &SendConfig) -> Result<lockstep_connect::Target> {
    let refused = |error: lockstep_connect::TargetError| {
        invalid("webhook-target", format!("webhooks of `{}`: {error}", config.name))
            .hint("name the host under `hosts`, as it stands in `url`")
            .source(error)
    };
    let mut list = AllowList::new(config.hosts.iter().map(String::as_str)).map_err(refused)?;
    if let Some(port) = config.loopback {
        list = list.with_loopback(port);
    }
    Ok(list.target(&config.url).map_err(refused)?)
}

/// What has been told, waiting for the first of it.
fn next_of(told: &Receiver<CaseRecord>, wait: Duration) -> Vec<CaseRecord> {
    let first = match told.recv_timeout(wait) {
        Ok(first) => first,
        Err(RecvTimeoutError::Timeout) => return Vec::new(),
        Err(RecvTimeoutError::Disconnected) => {
            std::thread::sleep(wait);
            return Vec::new();
        }
    };
    std::iter::once(first).chain(told.try_iter().take(TOGETHER - 1)).collect()
}

/// Reads what a server tells, from where it was.
struct Follower {
    config: SendConfig,
    options: Options,
    next: u64,
    figures: Arc<Figures>,
    gone: Arc<AtomicBool>,
}

impl Follower {
    fn run(mut self, key: &Holder, to: &SyncSender<CaseRecord>) {
        let mut away = AWAY;
        while !self.gone.load(Ordering::Relaxed) {
            let before = self.next;
            if let Err(error) = self.follow(key, to) {
                self.figures.add("lockstep_connect_failed_total", &self.config.name);
                let error = format!("{error:#}");
                tracing::warn!(partner = %self.config.name, error, "the server is asked again");
            }
            away = if self.next > before { AWAY } else { (away * 2).min(AWAY_MAX) };
            std::thread::sleep(away);
        }
    }

    fn follow(&mut self, key: &Holder, to: &SyncSender<CaseRecord>) -> Result<()> {
        let client = Client::connect(&self.config.server, Some(self.config.ledger), &self.options)?;
        let signer = Signer::new(key, seconds);
        let (gone, next) = (Arc::clone(&self.gone), &mut self.next);
        let mut odd = None;
        client.case_records(*next, &signer, |record| {
            // What comes twice or out of order is not told again.
            if record.index < *next {
                return true;
            }
            if record.index >= INTEGER_MAX.unsigned_abs() || kind_of(&record).is_err() {
                odd = Some(record.index);
                return false;
            }
            *next = record.index.saturating_add(1);
            to.send(record).is_ok() && !gone.load(Ordering::Relaxed)
        })?;
        match odd {
            None => Ok(()),
            Some(index) => {
                let text = format!("what the server tells of record {index} is of no record");
                Err(told(Kind::Refused, "server-differs", text).into())
            }
        }
    }
}
