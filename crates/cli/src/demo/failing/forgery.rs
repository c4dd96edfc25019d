//! The operator itself: a mint that no case decided, with and without the help of co-signers; a second
//! history.

use super::super::archive::Archive;
use super::super::cast::THRESHOLD;
use super::super::issue::Issued;
use super::super::story::Story;
use super::super::world::World;
use super::{Other, Tried, chain, found, keep};
use anyhow::{Context, Result};
use lockstep_kernel::body::{Decided, OutcomeDue};
use lockstep_kernel::{Body, Request, outcome};
use lockstep_ledger::certificate::MemberSignature;
use lockstep_ledger::signer::SigningRequest;
use lockstep_ledger::{Certificate, Checkpoint, Entry, Input, Record, Scribe, Seed, Tag};
use lockstep_node::CosignerError;
use lockstep_node::SignerError;
use lockstep_node::feed;
use lockstep_node::replica::CaseLedger;
use lockstep_pack::pack::{Pack, PackedCommand};
use lockstep_pack::{Options, Report, Trust, Verdict, build, verify};
use lockstep_store::StoredRecord;
use lockstep_types::{CaseId, LeafHash, Salt, Time};

/// Places of an outcome's fields in its encoding, in words (specs/outcome.md).
const CASE_WORD: usize = 1;
const PREV_WORD: usize = 2;

/// Plays them.
pub fn play_all(world: &mut World, story: &mut Story, (issued, other): (&Issued, &Other)) -> Result<()> {
    play_lying_appender(world, story, (issued, other))?;
    play_collusion(world, story, (issued, other))?;
    play_two_roots(world, story)
}

/// A decision and an outcome for a case that nobody approved, copied from an honest decision.
fn forged(world: &World, (honest, victim): (CaseId, CaseId), now: Time) -> Result<Vec<Record>> {
    let archive = world.archive()?;
    let of_honest = |record: &&Record| {
        record.tag() == Tag::Outcome
            && outcome::decode(record.body()).is_ok_and(|outcome| outcome.caseId.0 == honest.0)
    };
    let model = archive.records().find(of_honest).context("no honest outcome")?;
    let mint = outcome::decode(model.body()).map_err(anyhow::Error::msg)?;
    let case = world.kernel().case(&victim).context("no case")?;
    let not_after = Time::from_ms(mint.notAfter.saturating_mul(1_000))?;
    let domain = world.policy()?.layout().outcomes.first().context("no outcome")?.domain.clone();
    let due = OutcomeDue { domain, not_after: Some(not_after) };
    let decided =
        Decided { case: victim, ordinal: case.ordinal, outcomes: vec![due], prev: case.touched.head };
    let mut scribe = Scribe::new(now, seed());
    let prev: LeafHash = scribe.push(Entry::record(Body::Decided(decided).to_vec()?));
    let mut body = model.body().to_vec();
    put_word(&mut body, CASE_WORD, &victim.0)?;
    put_word(&mut body, PREV_WORD, &prev.0)?;
    outcome::decode(&body).map_err(anyhow::Error::msg).context("the forged mint is not well formed")?;
    scribe.push(Entry::outcome(body));
    Ok(scribe.finish())
}

/// Replaces one 32-byte word of an ABI encoding.
fn put_word(body: &mut [u8], word: usize, bytes: &[u8; 32]) -> Result<()> {
    let place = body.get_mut(word * 32..(word + 1) * 32).context("the outcome is too short")?;
    place.copy_from_slice(bytes);
    Ok(())
}

fn seed() -> Seed {
    Seed::new(crate::os::seed())
}

/// What the appender would send: the forged records, under a command that does not lead to them, or under
/// none.
fn feed_of(records: &[Record], (now, hidden): (Time, bool)) -> Result<Vec<u8>> {
    let command = Some(Request::Tick.to_vec()?);
    let mut command = (!hidden).then(|| Input { command, now, seed: seed() }.to_bytes());
    let stored = |record: &Record| StoredRecord {
        leaf: record.leaf().encode(),
        salt: *record.salt(),
        body: record.body().to_vec(),
        command: command.take(),
    };
    Ok(feed::encode(&records.iter().map(stored).collect::<Vec<_>>()))
}

/// Sends the forgery to every co-signer, which must refuse it and sign nothing.
fn play_lying_appender(
    world: &mut World,
    story: &mut Story,
    (issued, other): (&Issued, &Other),
) -> Result<()> {
    for (hidden, how) in [(false, "under a command that decides nothing"), (true, "and hides the command")] {
        let now = world.now()?;
        let records = forged(world, (issued.case, other.case), now)?;
        let bytes = feed_of(&records, (now, hidden))?;
        let (mut refusing, mut reason) = (0, String::new());
        for (_, cosigner) in &mut world.cosigners {
            let received = cosigner.receive(&bytes)?;
            let signed = cosigner.sign(now)?;
            if let (Err(error), Err(CosignerError::Rejected { .. })) = (&received, &signed) {
                refusing += 1;
                reason = chain(error);
            }
            // What it was sent is gone with its memory; the folder holds only what it has re-run.
            cosigner.restart()?;
        }
        let count = world.cosigners.len();
        let code = if refusing == count {
            "no_certificate".to_owned()
        } else {
            format!("{}_followed", count - refusing)
        };
        let tried = Tried {
            title: "the appender writes a mint that no case decided",
            tried: format!("it appends a decision and an outcome for case {}, {how}", short(&other.case)),
            expected: "no_certificate",
        };
        found(
            story,
            tried,
            (code, format!("{refusing} of {count} co-signers refuse and sign nothing: {reason}")),
        );
    }
    Ok(())
}

/// A history with the forgery in it, certified by as many co-signers as it takes.
struct Forged {
    archive: Archive,
    certificate: Certificate,
    first: u64,
}

fn collude(world: &mut World, (issued, other): (&Issued, &Other)) -> Result<Forged> {
    let now = world.now()?;
    let records = forged(world, (issued.case, other.case), now)?;
    let mut ledger: CaseLedger = world.appender.replica().ledger().clone();
    let mut archive = world.archive()?;
    let first = ledger.size();
    for record in records {
        ledger.apply(&record)?;
        archive.push_without_command(record);
    }
    let seal = ledger.seal(now, seed())?;
    ledger.apply(&seal)?;
    archive.push_without_command(seal);
    let committee = world.kernel().committee().context("no committee")?.clone();
    let (epoch, id) = (committee.epoch(), world.ledger()?);
    let checkpoint = Checkpoint { epoch, ledger: id, root: ledger.root(), size: ledger.size() };
    let mut signatures = Vec::new();
    for (member, (_, cosigner)) in (0..THRESHOLD).zip(&world.cosigners) {
        signatures.push(MemberSignature { member, signature: checkpoint.sign(cosigner.key()?.secret())? });
    }
    let certificate = Certificate::assemble(&checkpoint, &committee, &signatures);
    certificate.verify(&id, &committee).context("the colluders' certificate does not verify")?;
    Ok(Forged { archive: archive.certified_as(ledger, certificate.clone()), certificate, first })
}

/// Three co-signers sign it all the same: the certificate holds, the pack does not.
fn play_collusion(world: &mut World, story: &mut Story, (issued, other): (&Issued, &Other)) -> Result<()> {
    let trust = Trust::from_slice(&issued.trust)?;
    let forged = collude(world, (issued, other))?;
    story.line(format!(
        "   {THRESHOLD} co-signers collude and sign {} records with the forged mint: the certificate \
            verifies",
        forged.certificate.size
    ));
    let options = Options { evidence: false, pinned: Some(trust.head()), ..Options::default() };
    let pack = build(&forged.archive, other.case, &options)?;
    keep(world, "colluding.evidence.json", &pack)?;
    let report = verify(&pack, Some(&trust));
    let at_record =
        matches!(&report.verdict, Verdict::Failed(failure) if failure.record == Some(forged.first));
    let (code, reason) = verdict(&report);
    let code = if at_record { code } else { format!("{code} at another record than {}", forged.first) };
    let tried = Tried {
        title: "three co-signers collude: the certificate verifies, the pack fails",
        tried: "the pack of the forged mint, with everything shown".to_owned(),
        expected: "no_decision",
    };
    found(story, tried, (code, reason));
    play_withheld(world, story, (&pack, &trust))
}

/// The liars withhold what would show it: then nothing is proven, and the reader is told on whom it rests.
fn play_withheld(world: &World, story: &mut Story, (pack, trust): (&[u8], &Trust)) -> Result<()> {
    let mut pack = Pack::from_slice(pack)?;
    for group in pack.excerpt.iter_mut().filter(|group| group.command == PackedCommand::Recorded) {
        group.command = PackedCommand::Withheld;
    }
    let bytes = pack.to_vec()?;
    keep(world, "colluding-withheld.evidence.json", &bytes)?;
    let report = verify(&bytes, Some(trust));
    let rests = report.rests_on.iter().find(|reliance| reliance.code() == "on_certificate");
    let (code, reason) = verdict(&report);
    let (code, reason) = match rests {
        Some(rests) => (code, format!("{reason}; rests on: {rests}")),
        None => (format!("{code} without saying on whom it rests"), reason),
    };
    let tried = Tried {
        title: "the same pack with that part withheld: it only rests on the certificate",
        tried: "what led to the decision and the mint is not shown".to_owned(),
        expected: "cannot_tell",
    };
    found(story, tried, (code, reason));
    Ok(())
}

/// A co-signer is asked to sign another log of the size that it has signed.
fn play_two_roots(world: &mut World, story: &mut Story) -> Result<()> {
    let now = world.now()?;
    let archive = world.archive()?;
    let mut records: Vec<Record> = archive.records().cloned().collect();
    let seal = records.pop().context("no records")?;
    let other = Record::new(seal.tag(), seal.time(), Salt(crate::os::random32()?), seal.body().to_vec());
    records.push(other.clone());
    let hashes: lockstep_crypto::Subtrees = records.iter().map(Record::leaf_hash).collect();
    let head = hashes.frontier().head();
    let epoch = world.kernel().committee().context("no committee")?.epoch();
    let checkpoint = Checkpoint { epoch, ledger: world.ledger()?, root: head.root, size: head.size };
    let inclusion = lockstep_crypto::tree::inclusion_proof(&hashes, head.size - 1, head.size)?;
    let request = SigningRequest { checkpoint, consistency: Vec::new(), inclusion, seal: other };
    let (_, cosigner) = world.cosigners.first_mut().context("no co-signer")?;
    let (code, reason) = match cosigner.running()?.signer_mut().sign(&request, now) {
        Ok(_) => ("signed".to_owned(), "it signed twice".to_owned()),
        Err(error) => {
            use lockstep_ledger::SigningRefusal::TwoRootsForOneSize;
            let two = matches!(error, SignerError::Refused(TwoRootsForOneSize { .. }));
            (if two { "two_roots" } else { "other" }.to_owned(), chain(&error))
        }
    };
    let tried = Tried {
        title: "two roots for one size asked of a signer",
        tried: format!(
            "the log of {} records, its last one replaced, is put before a signer that signed the true one",
            head.size
        ),
        expected: "two_roots",
    };
    found(story, tried, (code, reason));
    Ok(())
}

/// Code and text of a verdict.
pub fn verdict(report: &Report) -> (String, String) {
    match &report.verdict {
        Verdict::Verified => ("verified".to_owned(), "the pack verifies".to_owned()),
        Verdict::Failed(failure) => (failure.rule.code().to_owned(), failure.to_string()),
        Verdict::CannotTell(missing) => {
            let texts: Vec<String> = missing.iter().map(ToString::to_string).collect();
            ("cannot_tell".to_owned(), texts.join("; "))
        }
    }
}

fn short(case: &CaseId) -> String {
    case.to_string().chars().take(16).chain(['…']).collect()
}
