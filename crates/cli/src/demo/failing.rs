//! What must fail. Each attempt is really made, and its answer compared with the code that it must have.

mod chain;
mod forgery;
mod keys;
mod money;
mod pack;
mod steps;

use super::enforce::Enforced;
use super::founding::give_credential;
use super::inputs;
use super::issue::{Issued, Play, open_case, play, take};
use super::story::{Failing, Story};
use super::world::World;
use crate::os;
use anyhow::{Context, Result};
use lockstep_ledger::AcceptedReceipt;
use lockstep_node::Answer;
use lockstep_sources::Payment;
use lockstep_types::{CaseId, Money};

/// Another case, in which most of it is tried.
pub struct Other {
    /// The case.
    pub case: CaseId,
    /// Its payment.
    pub payment: Payment,
}

/// The expected code of an attempt, and what is told of it.
pub struct Tried<'a> {
    /// What was tried.
    pub title: &'a str,
    /// By whom, and how.
    pub tried: String,
    /// The code that must be found.
    pub expected: &'a str,
}

/// Carries everything out.
pub fn play_all(
    world: &mut World,
    (issued, enforced): (&Issued, &Enforced),
    story: &mut Story,
) -> Result<()> {
    story.part("What must fail: steps");
    let payment = second_payment(world, story)?;
    let (amount, beneficiary) = (payment.money, world.inputs.beneficiary);
    let (case, _) = open_case(world, amount, beneficiary)?;
    story.line(format!("   another case asks for {amount}, case {case}"));
    let other = Other { case, payment };
    steps::play_all(world, story, &other)?;
    story.part("What must fail: money");
    money::play_all(world, story, &other)?;
    story.part("What must fail: keys and credentials");
    keys::play_all(world, story, &other)?;
    world.certify()?;
    story.part("What must fail: on the chain");
    chain::play_all(world, story, enforced)?;
    story.part("What must fail: the operator itself");
    forgery::play_all(world, story, (issued, &other))?;
    story.part("What must fail: a pack that is not whole");
    pack::play_all(world, story, issued)
}

/// Another customer's wire: from the sample, or made up beside a file of the user's.
fn second_payment(world: &World, story: &mut Story) -> Result<Payment> {
    if !world.inputs.own {
        return inputs::payment(&world.inputs.statement, ("HB2611200000018", None), None);
    }
    story.remark("the second payment below is made up: your statement was asked for one payment only");
    Ok(made_up(&world.inputs.payment, "DEMO-SECOND", world.inputs.payment.money))
}

/// A payment that stands in no statement.
pub fn made_up(like: &Payment, reference: &str, money: Money) -> Payment {
    let mut payment = like.clone();
    payment.account_servicer_ref = Some(reference.to_owned());
    payment.entry_ref = None;
    payment.debtor = Some("made up by the demonstration".to_owned());
    payment.money = money;
    payment
}

/// Takes steps that must count.
pub fn take_all(world: &mut World, other: &Other, steps: &[&'static str]) -> Result<()> {
    for step in steps {
        let play = play(world, step, &other.payment)?;
        take(world, other.case, &play)?;
    }
    Ok(())
}

/// Tells of an answer that must be a refusal.
pub fn refused(world: &World, story: &mut Story, tried: Tried<'_>, answer: Answer) -> Result<()> {
    let (found, reason, receipt) = match answer {
        Answer::OnRecord(accepted) => match &accepted.refused {
            Some(refusal) => {
                let receipt = accepted.receipt.as_ref().context("an attempt on record without receipt")?;
                (refusal.code().as_text(), refusal.to_string(), check_receipt(world, receipt)?)
            }
            None => ("accepted".to_owned(), "it counts".to_owned(), "none".to_owned()),
        },
        Answer::Refused(refusal) => (
            refusal.code().as_text(),
            refusal.to_string(),
            "none: whoever sent it was not entitled to the step".to_owned(),
        ),
        Answer::Malformed(error) => {
            ("signature".to_owned(), chain(&*error), "none: nobody is known to have signed it".to_owned())
        }
    };
    story.failing(Failing {
        as_expected: found == tried.expected,
        expected: tried.expected.to_owned(),
        found,
        reason,
        receipt: Some(receipt),
        title: tried.title.to_owned(),
        tried: tried.tried,
    });
    Ok(())
}

/// Tells of something that is no answer of the ledger: code and text as found.
pub fn found(story: &mut Story, tried: Tried<'_>, (code, reason): (String, String)) {
    story.failing(Failing {
        as_expected: code == tried.expected,
        expected: tried.expected.to_owned(),
        found: code,
        reason,
        receipt: None,
        title: tried.title.to_owned(),
        tried: tried.tried,
    });
}

/// A receipt that the party can show to anybody: checked against the key that genesis names.
fn check_receipt(world: &World, receipt: &AcceptedReceipt) -> Result<String> {
    receipt.verify(&world.ledger()?, world.appender_key())?;
    let place = match &receipt.item.result {
        lockstep_ledger::ItemResult::Refused(item) => item.record.as_ref().map(|place| place.index),
        lockstep_ledger::ItemResult::Recorded(place) => Some(place.index),
    };
    let place = place.map_or_else(|| "no record".to_owned(), |index| format!("record {index}"));
    Ok(format!("{place}, signed by the appender at {}, verified", receipt.item.time))
}

/// An error with what caused it.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// Writes what was tampered with, so that a person can try `lockstep verify` on it.
pub fn keep(world: &World, file: &str, bytes: &[u8]) -> Result<()> {
    let dir = world.out.join("failing");
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
    os::write_atomic(&dir.join(file), bytes)
}

/// A fresh credential for whoever lost one.
pub fn credential_again(world: &mut World, role: &str) -> Result<()> {
    let institution = world.cast.of(role).clone();
    give_credential(world, &institution, institution.kind.context("no kind")?)?;
    Ok(())
}

/// A step with other claims than the truth.
pub fn but(mut play: Play, claims: &[(&str, String)]) -> Play {
    for (name, value) in claims {
        play.texts.insert((*name).to_owned(), value.clone());
    }
    play
}
