//! One reserve, two chains: what backs tokens on the one backs none on the other.

use super::coin::Place;
use super::enforce::{CarriedOut, carry_out, come_back};
use super::failing::{Other, Tried, made_up, refused, take_all};
use super::founding::shown_units;
use super::issue::{act, attempt, open, opening_texts, play};
use super::story::Story;
use super::world::World;
use anyhow::{Context, Result, ensure};
use lockstep_kernel::Phase;
use lockstep_types::{Amount, Money};
use serde::Serialize;

/// What the second chain has after it.
#[derive(Debug, Serialize)]
pub struct SecondChain {
    /// EIP-155 number of the second chain.
    pub chain: u64,
    /// How much was issued there, in the currency; nothing where the first issuance has taken all there was.
    pub issued: Option<String>,
    /// Token units in circulation there.
    pub supply: String,
}

impl SecondChain {
    /// Line by line, for a person.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        vec![("On a second chain", format!("{} tokens on chain {}", shown_units(&self.supply), self.chain))]
    }
}

/// Two cases, one for each chain, both complete but for the approval, ask for more than half of what is left.
pub fn play_both(world: &mut World, story: &mut Story) -> Result<SecondChain> {
    story.part("One reserve, two chains");
    let (left, asked) = (world.headroom()?, world.tenths(2)?);
    let least = Amount::from_minor(10i64.pow(u32::from(asked.currency.decimals())))?;
    let amount = Money::new(asked.amount.max(least), asked.currency);
    story
        .line(format!("   {left} of the reserve back nothing yet; on each chain somebody asks for {amount}"));
    let home = prepare(world, (Place::Home, amount))?;
    let away = prepare(world, (Place::Away, amount))?;
    world.certify()?;
    let issued = if left.amount >= amount.amount { Some(issue(world, story, &away)?) } else { None };
    let supply = world.observe(Place::Away, world.inputs.balance.as_of)?.supply.to_string();
    let approval = play(world, "approve", &home.payment)?;
    let answer = attempt(world, home.case, &approval)?;
    let tried = Tried {
        title: "one reserve behind a claim on each of two chains",
        tried: format!(
            "a case for {amount} on chain {} is approved; {} is left, whichever chain asks",
            Place::Home.chain(),
            world.headroom()?
        ),
        expected: "headroom_short",
    };
    refused(world, story, tried, answer)?;
    Ok(SecondChain {
        chain: Place::Away.chain(),
        issued: issued.is_some().then(|| amount.decimal()),
        supply: issued.unwrap_or(supply),
    })
}

/// A case of a chain's issuance, against a payment that is made up, up to the approval.
fn prepare(world: &mut World, (at, amount): (Place, Money)) -> Result<Other> {
    let policy = world.policy_named(at.issuance())?;
    let texts = opening_texts(amount, world.inputs.beneficiary);
    let (case, _) = open(world, ("issuer", &policy), &texts)?;
    let reference = format!("DEMO-CHAIN-{}", at.chain());
    let other = Other { case, payment: made_up(&world.inputs.payment, &reference, amount) };
    take_all(world, &other, &["request", "payment", "reserve", "audit", "screen"])?;
    Ok(other)
}

/// The second chain's case is approved and carried out; token units in circulation there afterwards.
fn issue(world: &mut World, story: &mut Story, away: &Other) -> Result<String> {
    let approval = play(world, "approve", &away.payment)?;
    act(world, story, away.case, &approval)?;
    let phase = world.kernel().case(&away.case).map(|case| case.phase);
    ensure!(phase == Some(Phase::Decided), "the case for the second chain is not decided");
    world.certify()?;
    let CarriedOut { executed, .. } = carry_out(world, (Place::Away, away.case))?;
    let block = executed.block.number;
    let (settled, seen) =
        come_back(world, (Place::Away, executed.block.time()?)).context("the second chain")?;
    let supply = seen.supply.to_string();
    story.line(format!(
        "   MINTED on chain {} in block {block}: {} gas; record {settled} says so, {} tokens are there",
        Place::Away.chain(),
        executed.gas,
        shown_units(&supply)
    ));
    Ok(supply)
}
