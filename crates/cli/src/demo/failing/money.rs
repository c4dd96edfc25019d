//! The same money twice: one payment for two issuances, one headroom for two cases.

use super::super::inputs;
use super::super::issue::{Play, attempt, open_case, payment_texts, play};
use super::super::story::Story;
use super::super::world::World;
use super::{Other, Tried, made_up, refused, take_all};
use anyhow::{Context, Result};
use lockstep_types::{Amount, Money};

/// Plays them.
pub fn play_all(world: &mut World, story: &mut Story, other: &Other) -> Result<()> {
    play_payment(world, story, false)?;
    play_payment(world, story, true)?;
    take_all(world, other, &["payment"])?;
    play_headroom(world, story)
}

/// A second case for the customer's payment; once more from another export of the statement.
fn play_payment(world: &mut World, story: &mut Story, reexported: bool) -> Result<()> {
    let (title, how) = if reexported {
        (
            "the same payment, the file exported again with other white space",
            "reads it in another export of the file",
        )
    } else {
        ("the same incoming payment carrying a second mint", "attests it for another case")
    };
    let file = if reexported { world.inputs.reexported.clone() } else { world.inputs.statement.clone() };
    anyhow::ensure!(!reexported || file != world.inputs.statement, "the second export is the same file");
    let (reference, entry) = world.inputs.reference.clone();
    let payment = inputs::payment(&file, (&reference, entry.as_deref()), None)?;
    let (amount, beneficiary) = (payment.money, world.inputs.beneficiary);
    let (case, _) = open_case(world, amount, beneficiary)?;
    take_all(world, &Other { case, payment: payment.clone() }, &["request"])?;
    let evidence = vec![world.evidence(&file)?];
    let texts = payment_texts(&payment);
    let attested = Play { role: "custodian", step: "payment", title: String::new(), texts, evidence };
    let answer = attempt(world, case, &attested)?;
    let tried = format!("{} {how}: {}", world.cast.of("custodian").name, payment.act());
    refused(world, story, Tried { title, tried, expected: "single_use" }, answer)
}

/// Two cases, both complete but for the approval, ask for all the headroom that is left.
fn play_headroom(world: &mut World, story: &mut Story) -> Result<()> {
    let left = world.headroom()?.amount;
    let currency = world.inputs.payment.money.currency;
    let least = Amount::from_minor(10i64.pow(u32::from(currency.decimals())))?;
    let amount = Money::new(left.max(least), currency);
    let mut cases = Vec::new();
    for reference in ["DEMO-THIRD", "DEMO-FOURTH"] {
        let payment = made_up(&world.inputs.payment, reference, amount);
        let beneficiary = world.inputs.beneficiary;
        let (case, _) = open_case(world, amount, beneficiary)?;
        let other = Other { case, payment };
        take_all(world, &other, &["request", "payment", "reserve", "audit", "screen"])?;
        cases.push(other);
    }
    let last = cases.pop().context("no case")?;
    let first = cases.pop().context("no case")?;
    let fits = left >= amount.amount;
    if fits {
        take_all(world, &first, &["approve"])?;
    }
    let approval = play(world, "approve", &last.payment)?;
    let answer = attempt(world, last.case, &approval)?;
    let first = if fits { "the first is approved and takes it" } else { "the issuance above has taken it" };
    let tried = format!(
        "two cases ask for {amount} each, {left_text} is left; {first}, then the second is approved",
        left_text = Money::new(left, currency)
    );
    refused(
        world,
        story,
        Tried { title: "two cases in flight claiming the same headroom", tried, expected: "headroom_short" },
        answer,
    )
}
