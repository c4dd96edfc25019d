//! Verifying an evidence pack of a hundred attestations, on one core.

use crate::bench::attest::signature_of;
use crate::bench::median;
use crate::cast::{
    COSIGNERS, LONG_STEPS, Pen, Programme, Said, bench_claims, cosigner_key, name, numbered_step,
};
use crate::measure::Measure;
use crate::stage::{Stage, accepted};
use anyhow::{Context, Result, ensure};
use lockstep_attest::Seen;
use lockstep_crypto::map::prove;
use lockstep_crypto::tree::{self, Subtrees};
use lockstep_kernel::Request;
use lockstep_ledger::{Certificate, Handover, Input, Record, View};
use lockstep_node::port::TilesInMemory;
use lockstep_node::replica::record;
use lockstep_node::{CheckpointSigner, Cosigner};
use lockstep_pack::build::{MapAnswer, Unreadable};
use lockstep_pack::pack::Document;
use lockstep_pack::{LedgerReader, Made, Options, Topic, Trust, Verdict, build, topics_of, verify};
use lockstep_store::{Memory, Store};
use lockstep_types::{CaseId, Digest, EvidenceDigest, MapKey, RootHash};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

/// How often the pack is verified.
const ROUNDS: usize = 40;

/// Takes the measure.
///
/// # Errors
/// Whatever stopped it.
pub fn run(show: &mut dyn FnMut(Measure)) -> Result<()> {
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let mut stage = Stage::found(store, Arc::new(TilesInMemory::default()), Programme::Long)?;
    let case = one_case(&mut stage)?;
    let certificate = certify(&mut stage)?;
    let archive = Archive::new(&stage, certificate)?;
    let bytes = build(&archive, case, &Options::default())?;
    let committee = stage.kernel().committee().context("no committee")?.clone();
    let trust = Trust::new(
        stage.ledger,
        name("sim"),
        committee,
        stage.appender.replica().ledger().frontier().head(),
    )?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let report = verify(&bytes, Some(&trust));
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
        ensure!(report.verdict == Verdict::Verified, "the pack is not verified: {report:?}");
    }
    let alone = archive.signatures_alone_ms(&stage)?;
    let value = median(&mut times);
    show(Measure {
        measure: "pack-verify".into(),
        value,
        unit: "ms".into(),
        yardstick: format!("{alone:.1} ms for its signatures alone; {} kB", bytes.len() / 1_000),
        ratio: Some(value / alone),
        goal: "<= 15 ms".into(),
        met: value <= 15.0,
    });
    match second_reader(&bytes, &trust.to_vec()?)? {
        Some(Read { alone, signatures, verdict, whole }) => {
            ensure!(verdict == "verified", "the second reader says `{verdict}`");
            show(Measure {
                measure: "pack-verify-ts".into(),
                value: whole,
                unit: "ms".into(),
                yardstick: format!(
                    "{alone:.1} ms for its {signatures} signatures one by one, by the same library"
                ),
                ratio: Some(whole / alone),
                goal: "<= 350 ms".into(),
                met: whole <= 350.0,
            });
        }
        None => eprintln!("note: pack-verify-ts is left out: `cargo xtask sdk` builds the second reader"),
    }
    Ok(())
}

/// Where `cargo xtask sdk` puts the program that measures the second reader.
const SECOND_READER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sdk/typescript/dist/test/measure.js");

/// What the second reader took, in milliseconds.
#[derive(serde::Deserialize)]
struct Read {
    /// For the signatures alone, one by one.
    alone: f64,
    /// How many they are.
    signatures: usize,
    verdict: String,
    /// For the pack.
    whole: f64,
}

/// Has the reader in TypeScript verify the same pack; nothing where it is not built.
fn second_reader(pack: &[u8], trust: &[u8]) -> Result<Option<Read>> {
    if !Path::new(SECOND_READER).is_file() {
        return Ok(None);
    }
    let dir = tempfile::tempdir()?;
    let (at_pack, at_trust) = (dir.path().join("pack.json"), dir.path().join("trust.json"));
    std::fs::write(&at_pack, pack)?;
    std::fs::write(&at_trust, trust)?;
    let output = Command::new("node").arg(SECOND_READER).arg(at_pack).arg(at_trust).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(Some(serde_json::from_slice(&output.stdout)?))
}

/// A hundred signed words: the opening; four times every step but the last, taken back from the first on;
/// then every step.
fn one_case(stage: &mut Stage) -> Result<CaseId> {
    let opening = stage.openings(1, &crate::cast::bench_params())?;
    let case = CaseId(hand_in(stage, &opening)?.leaf_hash().0);
    for _ in 0..4 {
        take(stage, case, LONG_STEPS - 1)?;
        let number = stage.numbers(1);
        let pen = Pen { ledger: stage.ledger, now: stage.now, number };
        let request =
            stage.cast.withdrawal(pen, stage.kernel(), (case, &name(&numbered_step(0))))?.to_vec()?;
        hand_in(stage, &[request])?;
    }
    take(stage, case, LONG_STEPS)?;
    Ok(case)
}

fn take(stage: &mut Stage, case: CaseId, steps: usize) -> Result<()> {
    for at in 0..steps {
        let requests = stage.steps(&[case], &name(&numbered_step(at)), &Said::Done(bench_claims()))?;
        hand_in(stage, &requests)?;
    }
    Ok(())
}

fn hand_in(stage: &mut Stage, requests: &[Vec<u8>]) -> Result<Record> {
    stage.now = stage.now.saturating_add_ms(5);
    let requests =
        requests.iter().map(|bytes| Ok(Request::from_slice(bytes)?)).collect::<Result<Vec<_>>>()?;
    let answers = accepted(stage.appender.submit(requests, stage.now)?)?;
    stage.appender.seal_if_due(stage.now)?;
    answers.into_iter().flat_map(|accepted| accepted.records).next().context("no record")
}

/// Seals, and lets the co-signers follow and sign.
fn certify(stage: &mut Stage) -> Result<Certificate> {
    stage.now = stage.now.saturating_add_ms(500);
    stage.appender.seal(stage.now)?;
    let mut certificate = None;
    for number in 0..COSIGNERS {
        let signer = CheckpointSigner::new(cosigner_key(number), Forgetful, stage.ledger)?;
        let (store, files) = (Arc::new(Memory::new()), Arc::new(TilesInMemory::default()));
        let mut cosigner = Cosigner::open(store, files, signer, stage.ledger)?;
        while cosigner.next() < stage.appender.head().1 {
            cosigner.receive(&stage.appender.feed(cosigner.next(), 1_000)?)?;
        }
        certificate = stage.appender.cosigned(&cosigner.sign(stage.now)?)?.or(certificate);
    }
    certificate.context("no certificate")
}

/// The memory of a signer that signs once.
struct Forgetful;

impl lockstep_node::SignerMemory for Forgetful {
    fn last(&self) -> Option<(u64, RootHash)> {
        None
    }
    fn advance(&mut self, _size: u64, _root: RootHash) -> Result<(), lockstep_store::SignerError> {
        Ok(())
    }
}

/// The whole log in memory, as the builder of packs reads it.
struct Archive<'a> {
    stage: &'a Stage,
    certificate: Certificate,
    records: Vec<(Record, Option<Vec<u8>>)>,
    subtrees: Subtrees,
}

impl<'a> Archive<'a> {
    fn new(stage: &'a Stage, certificate: Certificate) -> Result<Self> {
        let store = Arc::clone(stage.appender.replica().store());
        let mut records = Vec::new();
        for (index, stored) in (0..).zip(lockstep_store::stream(&*store, 0, certificate.size)) {
            let stored = stored?;
            records.push((record(index, &stored)?, stored.command));
        }
        let subtrees = records.iter().map(|(record, _)| record.leaf_hash()).collect();
        Ok(Self { stage, certificate, records, subtrees })
    }

    /// Milliseconds to check every signature of the case one by one.
    fn signatures_alone_ms(&self, stage: &Stage) -> Result<f64> {
        let mut checks = Vec::new();
        for (_, command) in &self.records {
            let input = command.as_deref().map(Input::from_bytes).transpose()?;
            if let Some(request) = input.and_then(|input| input.command) {
                let words = matches!(Request::from_slice(&request)?, Request::Submit(_));
                checks.extend(words.then(|| signature_of(stage.kernel(), &request)).transpose()?);
            }
        }
        let begun = Instant::now();
        checks.iter().try_for_each(crate::bench::attest::Alone::check)?;
        Ok(begun.elapsed().as_secs_f64() * 1_000.0)
    }

    fn at(&self, index: u64) -> Option<&(Record, Option<Vec<u8>>)> {
        usize::try_from(index).ok().and_then(|at| self.records.get(at))
    }
}

fn unreadable(error: impl std::fmt::Display) -> Unreadable {
    Unreadable { what: error.to_string() }
}

impl LedgerReader for Archive<'_> {
    fn certificate(&self) -> Result<Option<Certificate>, Unreadable> {
        Ok(Some(self.certificate.clone()))
    }
    fn record(&self, index: u64) -> Result<Option<Record>, Unreadable> {
        Ok(self.at(index).map(|(record, _)| record.clone()))
    }
    fn made(&self, index: u64) -> Result<Made, Unreadable> {
        let own = |at: &u64| self.at(*at).is_some_and(|(_, command)| command.is_some());
        let first = (0..=index).rev().find(own).ok_or_else(|| unreadable("no command"))?;
        let input = self.at(first).and_then(|(_, command)| command.as_deref()).map(Input::from_bytes);
        Ok(Made { first, request: input.transpose().map_err(unreadable)?.and_then(|input| input.command) })
    }
    fn records_of(&self, topic: &Topic) -> Result<Vec<u64>, Unreadable> {
        let of = |(index, (record, _)): (u64, &(Record, Option<Vec<u8>>))| {
            topics_of(record).contains(topic).then_some(index)
        };
        Ok((0..).zip(&self.records).filter_map(of).collect())
    }
    fn map_entry(&self, root: &RootHash, key: &MapKey) -> Result<MapAnswer, Unreadable> {
        let overlay = self.stage.appender.replica().ledger().overlay();
        Ok(MapAnswer {
            proof: prove(*root, overlay, key).map_err(unreadable)?,
            value: View::value(overlay, key),
        })
    }
    fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Digest>, Unreadable> {
        tree::inclusion_proof(&self.subtrees, index, size).map_err(unreadable)
    }
    fn consistency(&self, old: u64, new: u64) -> Result<Vec<Digest>, Unreadable> {
        tree::consistency_proof(&self.subtrees, old, new).map_err(unreadable)
    }
    fn seen(&self, _seen: &Seen) -> Result<Option<Certificate>, Unreadable> {
        Ok(None)
    }
    fn handovers(&self) -> Result<Vec<Handover>, Unreadable> {
        Ok(Vec::new())
    }
    fn evidence(&self, _digest: &EvidenceDigest) -> Result<Option<Document>, Unreadable> {
        Ok(None)
    }
}
