//! The good path: a customer's dollars become tokens, and one file proves how.

use super::cast::{Institution, name};
use super::inputs::Inputs;
use super::story::{Deed, Story};
use super::world::{World, accepted};
use crate::os;
use anyhow::{Context, Result};
use lockstep_kernel::{Body, Phase};
use lockstep_ledger::Tag;
use lockstep_node::client::{self, Draft, Found, Texts, Word};
use lockstep_node::{Accepted, Answer};
use lockstep_pack::{Options, Report, Trust, Verdict, build, verify};
use lockstep_policy::Policy;
use lockstep_sources::{ClosingBalance, Payment, Screening};
use lockstep_types::{Address, CaseId, EvidenceDigest, LedgerId, Money, Time};
use std::path::Path;

/// How long the case of the demonstration may last.
const CASE_MS: u64 = 24 * 3_600_000;
/// Longest text of a claim.
const TEXT_BYTES_MAX: usize = 500;

/// What the good path leaves behind.
pub struct Issued {
    /// The case.
    pub case: CaseId,
    /// The bytes of the pack, as they were written.
    pub pack: Vec<u8>,
    /// The bytes of the trust file, as they were written.
    pub trust: Vec<u8>,
    /// What the verifier said of them.
    pub report: Report,
}

/// Plays it, certifying after every step, so that every step has its own interval of time.
pub fn issue(world: &mut World, story: &mut Story) -> Result<Issued> {
    let (payment, customer) = (world.inputs.payment.clone(), world.inputs.customer.clone());
    story.part(&format!("{customer} wires {}; tokens are to be issued", payment.money));
    told_statement(&world.inputs, story);
    let (beneficiary, amount) = (world.inputs.beneficiary, payment.money);
    let (case, opened) = open_case(world, amount, beneficiary)?;
    deed(world, story, ("issuer", "opens the case"), (&opened, &opening_texts(amount, beneficiary)));
    world.certify()?;
    for step in ["request", "payment", "reserve", "audit", "screen", "approve"] {
        let play = play(world, step, &payment)?;
        let accepted = act(world, story, case, &play)?;
        if step != "approve" {
            world.certify()?;
            continue;
        }
        tell_decision(world, story, case, &accepted)?;
    }
    let certificate = world.certify()?;
    story.line(format!(
        "   certified by {} of 4 co-signers, who each ran every decision again: {} records, root {}",
        certificate.signatures.len(),
        certificate.size,
        certificate.root
    ));
    export(world, story, case)
}

fn told_statement(inputs: &Inputs, story: &Story) {
    let (payment, balance) = (&inputs.payment, &inputs.balance);
    story.line(format!(
        "   the statement of {} at {} shows {} booked {} as {}, and a closing balance of {} of {}",
        payment.account,
        payment.servicer,
        payment.money,
        payment.booked_on,
        payment.act(),
        balance.money,
        balance.dated
    ));
}

/// One step, ready to be taken.
pub struct Play {
    /// Who takes it, by its part in the cast.
    pub role: &'static str,
    /// The step.
    pub step: &'static str,
    /// What the policy calls it.
    pub title: String,
    /// Its claims.
    pub texts: Texts,
    /// Its documents.
    pub evidence: Vec<EvidenceDigest>,
}

/// What each party says of a step, from its own sources.
pub fn play(world: &mut World, step: &'static str, payment: &Payment) -> Result<Play> {
    let title = title(&*world.policy()?, step);
    let balance = world.inputs.balance.clone();
    let (role, texts) = match step {
        "request" => ("issuer", Texts::new()),
        "payment" => ("custodian", payment_texts(payment)),
        "reserve" => ("custodian", reserve_texts(&balance, world.ledger()?)),
        "audit" => ("auditor", audit_texts(&balance.money, 0)),
        "screen" => {
            let (customer, beneficiary) = (world.inputs.customer.clone(), world.inputs.beneficiary);
            let screening = world.inputs.lists.list.screen(Some(&customer), Some(beneficiary))?;
            ("screening", screening_texts(world.cast.of("screening"), &screening))
        }
        _ => ("compliance", Texts::new()),
    };
    let statement = world.inputs.statement.clone();
    let documents = world.policy()?.layout().step(step).map_or(0, |step| step.evidence.len());
    let evidence = (0..documents).map(|_| world.evidence(&statement)).collect::<Result<_>>()?;
    Ok(Play { role, step, title, texts, evidence })
}

/// The parameters of a case.
pub fn opening_texts(amount: Money, beneficiary: Address) -> Texts {
    texts(&[
        ("amount", amount.decimal()),
        ("beneficiary", beneficiary.to_string()),
        ("jurisdiction", "NO".to_owned()),
    ])
}

/// The custodian's claims about an incoming payment. The act stands in `servicer_ref`, both references of it.
pub fn payment_texts(payment: &Payment) -> Texts {
    let or = |text: &Option<String>, other: &str| text.clone().unwrap_or_else(|| other.to_owned());
    texts(&[
        ("amount", payment.money.decimal()),
        ("servicer", payment.servicer.clone()),
        ("account", payment.account.clone()),
        ("servicer_ref", payment.act()),
        ("entry_ref", or(&payment.entry_ref, "-")),
        ("debtor", or(&payment.debtor, "not named in the statement")),
        ("booked", "true".to_owned()),
        ("booked_at", payment.booked_at.to_string()),
    ])
}

/// The custodian's claims about the reserves.
pub fn reserve_texts(balance: &ClosingBalance, ledger: LedgerId) -> Texts {
    texts(&[
        ("balance", balance.money.decimal()),
        ("as_of", balance.as_of.to_string()),
        ("segregated", "true".to_owned()),
        ("earmarked_for", ledger.to_string()),
    ])
}

/// The auditor's claims.
pub fn audit_texts(balance: &Money, haircut_bps: i64) -> Texts {
    texts(&[
        ("agrees", "true".to_owned()),
        ("balance", balance.decimal()),
        ("haircut_bps", haircut_bps.to_string()),
    ])
}

/// What a screening found, as claims.
pub fn screening_texts(provider: &Institution, screening: &Screening) -> Texts {
    texts(&[
        ("provider", provider.name.to_owned()),
        ("hits", screening.hits.len().to_string()),
        ("list", screening.list.to_string()),
    ])
}

/// Claims or parameters, cut where they are longer than a claim may be.
pub fn texts(pairs: &[(&str, String)]) -> Texts {
    let cut = |text: &String| {
        let end = text
            .char_indices()
            .map(|(at, c)| at + c.len_utf8())
            .take_while(|end| *end <= TEXT_BYTES_MAX)
            .last();
        text.get(..end.unwrap_or(0)).unwrap_or_default().to_owned()
    };
    pairs.iter().map(|(name, text)| ((*name).to_owned(), cut(text))).collect()
}

/// Opens a case in the issuer's name.
pub fn open_case(world: &mut World, amount: Money, beneficiary: Address) -> Result<(CaseId, Accepted)> {
    let policy = world.policy()?;
    open(world, ("issuer", &policy), &opening_texts(amount, beneficiary))
}

/// Opens a case of a policy in the name of whoever plays `role`.
pub fn open(world: &mut World, (role, policy): (&str, &Policy), texts: &Texts) -> Result<(CaseId, Accepted)> {
    let opener = world.cast.of(role).clone();
    let signing = world.signing(&opener)?;
    let deadline = signing.issued.saturating_add_ms(CASE_MS);
    let draft = client::opening(&signing, policy, (texts, deadline), &mut os::seed)?;
    let opened = accepted(world.hand_in(&draft, &opener.signers())?)?;
    Ok((CaseId(opened.records.first().context("no record")?.leaf_hash().0), opened))
}

/// Drafts a step for the institution that plays a role.
pub fn draft(world: &World, case: CaseId, (who, play): (&Institution, &Play)) -> Result<Draft> {
    let word = Word::Done { texts: &play.texts, evidence: play.evidence.clone() };
    let step = name(play.step);
    let found = Found::new(world.kernel(), world.view(), case)?;
    Ok(client::step(&world.signing(who)?, (found, &step), word, &mut os::seed)?)
}

/// Tries a step.
pub fn attempt(world: &mut World, case: CaseId, play: &Play) -> Result<Answer> {
    let who = world.cast.of(play.role).clone();
    let draft = draft(world, case, (&who, play))?;
    world.hand_in(&draft, &who.signers())
}

/// Takes a step that must count.
pub fn take(world: &mut World, case: CaseId, play: &Play) -> Result<Accepted> {
    let answer = attempt(world, case, play)?;
    accepted(answer).with_context(|| format!("`{}` does not count", play.step))
}

/// Takes a step that must count, and tells of it.
pub fn act(world: &mut World, story: &mut Story, case: CaseId, play: &Play) -> Result<Accepted> {
    let taken = take(world, case, play)?;
    deed(world, story, (play.role, &format!("{}: {}", play.step, play.title)), (&taken, &play.texts));
    Ok(taken)
}

/// What a policy calls a step.
pub fn title(policy: &Policy, step: &str) -> String {
    policy.layout().step(step).map(|step| step.title.clone()).unwrap_or_default()
}

/// Refuses a step.
pub fn refuse(world: &mut World, case: CaseId, (role, step, reason): (&str, &str, &str)) -> Result<Accepted> {
    let who = world.cast.of(role).clone();
    let found = Found::new(world.kernel(), world.view(), case)?;
    let word = Word::Refused { reason: reason.to_owned() };
    let draft = client::step(&world.signing(&who)?, (found, &name(step)), word, &mut os::seed)?;
    accepted(world.hand_in(&draft, &who.signers())?)
}

/// Tells of something that counts.
pub fn deed(
    world: &World,
    story: &mut Story,
    (role, step): (&str, &str),
    (accepted, texts): (&Accepted, &Texts),
) {
    let who = world.cast.of(role);
    let Some(record) = accepted.records.first() else { return };
    story.deed(Deed {
        at: record.time(),
        index: accepted.index,
        leaf: record.leaf_hash(),
        said: texts.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        step: step.to_owned(),
        suites: who.suites(),
        who: who.name.to_owned(),
    });
}

fn tell_decision(world: &World, story: &mut Story, case: CaseId, accepted: &Accepted) -> Result<()> {
    let phase = world.kernel().case(&case).map(|case| case.phase);
    anyhow::ensure!(phase == Some(Phase::Decided), "the case is not decided");
    for (index, record) in (accepted.index..).zip(&accepted.records).skip(1) {
        let leaf = record.leaf_hash();
        if record.tag() == Tag::Outcome {
            let outcome = lockstep_kernel::outcome::decode(record.body()).map_err(anyhow::Error::msg)?;
            let until = Time::from_ms(outcome.notAfter.saturating_mul(1_000))?;
            story.line(format!("   OUTCOME  record {index}, leaf {leaf}"));
            story.line(format!(
                "            mint on chain {} through Gate {}, until {until}",
                outcome.chainId, outcome.gate
            ));
        } else if let Body::Decided(_) = Body::from_slice(record.body())? {
            story.line(format!("   DECIDED  record {index}, leaf {leaf}"));
        }
    }
    Ok(())
}

/// Writes the pack of a case, reads the bytes back, and verifies them: they must hold.
pub fn prove(world: &World, case: CaseId, (path, trust): (&Path, &[u8])) -> Result<(Vec<u8>, Report)> {
    let pack = build(&world.archive()?, case, &Options { evidence: true, ..Options::default() })?;
    os::write_atomic(path, &pack)?;
    let pack = os::read(path, os::FILE_BYTES_MAX)?;
    let report = verify(&pack, Some(&Trust::from_slice(trust)?));
    anyhow::ensure!(matches!(report.verdict, Verdict::Verified), "`{}` does not verify", path.display());
    Ok((pack, report))
}

/// Writes pack and trust file, reads the bytes back, and verifies them.
fn export(world: &World, story: &mut Story, case: CaseId) -> Result<Issued> {
    story.part("One file proves it");
    let (pack_path, trust_path) = (world.out.join("case.evidence.json"), world.out.join("trust.json"));
    let committee = world.kernel().committee().context("no committee")?.clone();
    let ledger_name = world.kernel().genesis().context("no genesis")?.name.clone();
    let trust = Trust::from_certificate(ledger_name, committee, world.certificate()?)?.to_vec()?;
    os::write_atomic(&trust_path, &trust)?;
    let trust = os::read(&trust_path, os::FILE_BYTES_MAX)?;
    let (pack, report) = prove(world, case, (&pack_path, &trust))?;
    story.line(format!("   {} ({} bytes)", pack_path.display(), pack.len()));
    story.line(format!("   {}", trust_path.display()));
    story.remark(
        "a real trust file comes from elsewhere than the pack: whoever hands out both could hand out any \
            history. This \
         one lies beside it for the demonstration only",
    );
    for line in report.to_lines() {
        story.line(format!("   | {line}"));
    }
    Ok(Issued { case, pack, trust, report })
}
