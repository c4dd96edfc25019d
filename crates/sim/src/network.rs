//! A server and four co-signers as processes of the program, over TCP: killed, cut off, late, lied to, and
//! started twice by mistake. One seed a run; what it plays follows from the seed, its moments do not.
//!
//! At the end of a run nothing acknowledged is lost, nothing stands twice, there is one root a size in all
//! certificates and co-signers' memories, certificates go on, and no human was needed.

mod check;
pub(crate) mod load;
mod proxy;
pub(crate) mod town;

use crate::cast::{COSIGNERS, Cast};
use crate::sim::chance::Chance;
use anyhow::{Context, Result, ensure};
use check::Lies;
use load::{Load, Writer};
use lockstep_client::Client;
use lockstep_ledger::Committee;
use lockstep_types::LedgerId;
use proxy::{FOUL, Weather};
use std::path::Path;
use std::time::{Duration, Instant};
use town::{Cosigner, Server, Town, until};

/// Acts of a run.
const ACTS: u64 = 8;
/// Longest act.
const ACT_MS_MAX: u64 = 450;
/// Writes go on so soon after the appender was started again.
pub const RESUMES: Duration = Duration::from_secs(2);
/// Certificates go on so soon after the last fault: co-signers that found nobody wait at most 5 s.
const CERTIFIES: Duration = Duration::from_secs(20);
/// A co-signer that is lied to says so.
const REFUSES: Duration = Duration::from_secs(20);

/// What came of runs.
#[derive(Debug, Default)]
pub struct Trace {
    /// Records of the ledgers.
    pub records: usize,
    /// Requests with a receipt that verifies.
    pub acknowledged: usize,
    /// Requests handed in again because no answer had come.
    pub again: u64,
    /// Certificates.
    pub certificates: usize,
    /// Kills of the appender, and of co-signers.
    pub kills: (usize, usize),
    /// Ways that were made foul.
    pub foul: usize,
    /// The longest from a start of the appender to the next receipt.
    pub resumed: Duration,
    /// The longest from the last fault to a certificate over everything.
    pub certified: Duration,
}

impl Trace {
    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.acknowledged += other.acknowledged;
        self.again += other.again;
        self.certificates += other.certificates;
        self.kills = (self.kills.0 + other.kills.0, self.kills.1 + other.kills.1);
        self.foul += other.foul;
        self.resumed = self.resumed.max(other.resumed);
        self.certified = self.certified.max(other.certified);
    }
}

/// Plays one seed with processes of `program`.
///
/// # Errors
/// A promise is broken, or something that is no fault of this run's failed.
pub fn run(program: &Path, seed: u64) -> Result<Trace> {
    let mut run = Run::begin(program, seed)?;
    let played = run.play();
    played.with_context(|| {
        let names = ["acme.log", "copy.log", "c0.log", "c1.log", "c2.log", "c3.log"];
        let logs = names.map(|name| format!("--- {name}\n{}", run.town.log(name)));
        format!("seed {seed}; what the processes said last:\n{}", logs.join("\n"))
    })
}

struct Run {
    town: Town,
    server: Server,
    cosigners: Vec<Cosigner>,
    names: Vec<String>,
    ledger: LedgerId,
    committee: Committee,
    chance: Chance,
    writer: Option<Writer>,
    trace: Trace,
}

impl Run {
    fn begin(program: &Path, seed: u64) -> Result<Self> {
        let (cast, writer) = (Cast::default(), Writer::new()?);
        let town = Town::found(program, &cast)?;
        let mut server = Server::of("acme", "state")?;
        let cosigners =
            (0..COSIGNERS).map(|number| Cosigner::of(number, &server)).collect::<Result<Vec<_>>>()?;
        let names: Vec<String> = cosigners.iter().map(Cosigner::name).collect();
        server.start(&town, &names)?;
        let client = server.client(None)?;
        let (ledger, committee) = (client.id(), client.ledger()?.committee);
        writer.found(&client)?;
        let (chance, trace) = (Chance::new(seed), Trace::default());
        let writer = Some(writer);
        Ok(Self { town, server, cosigners, names, ledger, committee, chance, writer, trace })
    }

    fn play(&mut self) -> Result<Trace> {
        // The last co-signer comes late: it is far behind, and catches up.
        for cosigner in self.cosigners.iter_mut().take(3) {
            cosigner.start(&self.town)?;
        }
        let load = Load::begin(&self.server, self.ledger, self.writer.take().context("no writer")?)?;
        for act in 0..ACTS {
            if act == ACTS / 2 {
                self.cosigners[3].start(&self.town)?;
            }
            self.act(&load).with_context(|| format!("in act {act}"))?;
            std::thread::sleep(Duration::from_millis(self.chance.below(ACT_MS_MAX)));
        }
        // What every run plays once: the appender is killed under load, and a second one is started.
        self.kill_appender(&load)?;
        self.second_appender()?;
        self.heal()?;
        self.certificates_go_on(&load)?;
        self.witness_agrees()?;
        let acknowledged = load.acknowledged.records();
        ensure!(!acknowledged.is_empty(), "nothing was acknowledged");
        let known = load.acknowledged.clone();
        let (writer, again) = load.end()?;
        self.writer = Some(writer);
        self.trace.again = again;
        let certified = self.lied_to()?;
        self.end(&known.records(), certified)
    }

    fn act(&mut self, load: &Load) -> Result<()> {
        let place = self.chance.place(self.cosigners.len());
        let hurt = self.cosigners.iter().filter(|cosigner| !cosigner.runs()).count();
        let cosigner = &mut self.cosigners[place];
        match self.chance.below(6) {
            0 => self.kill_appender(load),
            1 if cosigner.runs() && hurt < 2 => {
                self.trace.kills.1 += 1;
                cosigner.kill()
            }
            2 if !cosigner.runs() && place < 3 => cosigner.start(&self.town),
            3 => {
                cosigner.proxy.set(Weather::Fair);
                Ok(())
            }
            _ => {
                let weather = *self.chance.pick(&FOUL).context("no weather")?;
                self.trace.foul += 1;
                cosigner.proxy.set(weather);
                Ok(())
            }
        }
    }

    /// `kill -9`, a pause, a start; writes go on at once.
    fn kill_appender(&mut self, load: &Load) -> Result<()> {
        self.server.kill()?;
        self.trace.kills.0 += 1;
        std::thread::sleep(Duration::from_millis(self.chance.below(200)));
        let since = Instant::now();
        self.server.start(&self.town, &self.names)?;
        until("a write after the appender's start", CERTIFIES, || {
            Ok(load.acknowledged.first_after(since).is_some())
        })?;
        let resumed = load.acknowledged.first_after(since).context("no write")?;
        self.trace.resumed = self.trace.resumed.max(resumed);
        Ok(())
    }

    /// A second appender on the same folder is refused, and the first one does not mind.
    fn second_appender(&self) -> Result<()> {
        let (code, answer, errors) = self.town.code(&["serve", "acme", "--listen", "127.0.0.1:0"])?;
        ensure!(code == Some(2), "a second appender gives {code:?}: {answer} {errors}");
        ensure!(errors.contains("store-locked"), "a second appender is refused otherwise: {errors}");
        Ok(())
    }

    /// The faults stop: ways are fair again, and whoever supervises the processes has started them again.
    fn heal(&mut self) -> Result<()> {
        for cosigner in &mut self.cosigners {
            cosigner.proxy.set(Weather::Fair);
            if !cosigner.runs() {
                cosigner.start(&self.town)?;
            }
        }
        Ok(())
    }

    /// What has been acknowledged by now is certified soon.
    fn certificates_go_on(&mut self, load: &Load) -> Result<()> {
        let count = load.acknowledged.count();
        until("a write", CERTIFIES, || Ok(load.acknowledged.count() > count))?;
        let size = load.acknowledged.records().last().map_or(0, |(index, _)| index + 1);
        let client = self.server.client(Some(self.ledger))?;
        let committee = &self.committee;
        let took = until("a certificate after the last fault", CERTIFIES, || {
            Ok(client.certificate(committee)?.is_some_and(|certificate| certificate.size >= size))
        })?;
        self.trace.certified = self.trace.certified.max(took);
        Ok(())
    }

    /// A copy of the folder is served by mistake, and tells another history: co-signers sign one only, and
    /// the witness rings. Co-signers that are led to it refuse it. Gives the size certified before.
    fn lied_to(&mut self) -> Result<u64> {
        let mut writer = self.writer.take().context("no writer")?;
        self.server.kill()?;
        self.town.copy("acme", "copy")?;
        self.town.copy("state", "copy-state")?;
        self.server.start(&self.town, &self.names)?;
        let mut copy = Server::of("copy", "copy-state")?;
        copy.start(&self.town, &self.names)?;
        let (real, lie) = (self.server.client(Some(self.ledger))?, copy.client(Some(self.ledger))?);
        let before = lie.certificate(&self.committee)?.map_or(0, |certificate| certificate.size);
        writer.write(&real, 5)?;
        self.certified_again(&real)?;
        writer.write(&lie, 40)?;
        std::thread::sleep(Duration::from_millis(600));
        let (code, answer, errors) = copy.witness(&self.town, &self.cosigners)?;
        ensure!(code == Some(1), "the witness does not ring: {code:?} {answer} {errors}");
        ensure!(answer["answer"] == "two-histories", "the witness rings otherwise: {answer}");
        self.witness_agrees()?;
        // Whoever is led to the copy has seen more of the first history than both share: one that has not may
        // sign the copy's, as one of four.
        let size = real.ledger()?.head.map_or(0, |head| head.size);
        until("every co-signer has followed the first history", CERTIFIES, || {
            Ok(self.cosigners.iter().all(|cosigner| cosigner.has_followed(&self.ledger, size)))
        })?;
        self.cosigners.iter().for_each(|cosigner| cosigner.proxy.lead_to(copy.port));
        let (ledger, all) = (self.ledger, &self.cosigners);
        until("all co-signers refuse the other history", REFUSES, || {
            Ok(all.iter().all(|cosigner| cosigner.has_refused(&ledger)))
        })?;
        let after = lie.certificate(&self.committee)?.map_or(0, |certificate| certificate.size);
        ensure!(after == before, "the other history was certified at {after} records, {before} before");
        // They say what they had signed, and it is of the first history.
        self.witness_agrees()?;
        for cosigner in &mut self.cosigners {
            cosigner.kill()?;
            cosigner.proxy.lead_to(self.server.port);
            cosigner.start(&self.town)?;
        }
        writer.write(&real, 5)?;
        self.certified_again(&real)?;
        copy.kill()?;
        Ok(before)
    }

    /// Every co-signer has signed, and what each signed last is of the server's history. One that was away
    /// comes back within seconds; a witness that rings rings in vain.
    fn witness_agrees(&self) -> Result<()> {
        until("every co-signer is heard by the witness", CERTIFIES, || {
            let (code, answer, errors) = self.server.witness(&self.town, &self.cosigners)?;
            ensure!(code != Some(1), "the witness rings: {answer} {errors}");
            Ok(code == Some(0))
        })?;
        Ok(())
    }

    /// Everything that the server holds gets a certificate.
    fn certified_again(&self, client: &Client) -> Result<()> {
        until("a certificate", CERTIFIES, || {
            let stands = client.ledger()?;
            let certified = stands.certified.map_or(0, |certified| certified.size);
            Ok(stands.head.is_some_and(|head| head.size <= certified))
        })?;
        Ok(())
    }

    /// Kills everybody, and reads what they left.
    fn end(&mut self, acknowledged: &[(u64, lockstep_types::LeafHash)], before: u64) -> Result<Trace> {
        self.server.kill()?;
        for cosigner in &mut self.cosigners {
            cosigner.kill()?;
        }
        let by = (&self.ledger, &self.committee);
        let lies = Lies::read(&self.town, "acme", by)?;
        lies.hold(acknowledged)?;
        for cosigner in &self.cosigners {
            lies.agree(&self.town, cosigner)?;
        }
        let copy = Lies::read(&self.town, "copy", by)?;
        let last = copy.certified.last().copied().unwrap_or_default();
        ensure!(last <= before, "the other history is certified at {last} records");
        let mut trace = std::mem::take(&mut self.trace);
        trace.acknowledged = acknowledged.len();
        trace.records = lies.size();
        trace.certificates = lies.certified.len();
        ensure!(trace.resumed <= RESUMES, "writes went on {} ms after a start", trace.resumed.as_millis());
        Ok(trace)
    }
}
