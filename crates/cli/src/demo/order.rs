//! A court's order: an address is frozen, and later the freeze is lifted. The order is evidence on the
//! ledger, and its digest stands beside the freeze on the chain.

use super::cast::COUNSEL;
use super::coin::{self, HOLDERS, Place, SUBMITTER};
use super::enforce::{CarriedOut, carry_out, come_back};
use super::failing::{Tried, found};
use super::founding::{FREEZE, THAW};
use super::issue::{Play, act, deed, open, texts, title};
use super::story::Story;
use super::world::World;
use anyhow::{Context, Result};
use lockstep_chain::contracts::Token;
use lockstep_node::client::Texts;
use lockstep_types::{Address, Digest, sha256};

/// Orders as they are served: made up, as the story says.
const ORDER: &[u8] =
    b"Example District Court, 26-114410: the tokens at the address are frozen until further order.\n";
const LIFT: &[u8] = b"Example District Court, 26-114410: the order of freezing is lifted.\n";
const COURT: &str = "Example District Court";
const DOCKET: &str = "26-114410";

/// Plays it.
pub fn play(world: &mut World, story: &mut Story) -> Result<()> {
    story.part("A court orders an address frozen, and later lifts the order");
    story.remark("court and orders are made up");
    transfer(world)?.context("the holder cannot send before the order")?;
    carry_order(world, story, (FREEZE, ORDER))?;
    let answer = transfer(world)?;
    let tried = Tried {
        title: "a frozen address sends tokens",
        tried: format!("{HOLDERS} sends one unit, right after the block that froze it"),
        expected: "AccountFrozen",
    };
    found(story, tried, coin::told(answer));
    carry_order(world, story, (THAW, LIFT))?;
    transfer(world)?.context("the holder cannot send after the lift")?;
    story.line("   the address sends again");
    Ok(())
}

/// One order, from counsel's desk to the chain and back.
fn carry_order(world: &mut World, story: &mut Story, (policy, document): (&str, &[u8])) -> Result<()> {
    let order = Digest(sha256(document));
    let parameters =
        texts(&[("account", Address(HOLDERS.into_array()).to_string()), ("order", order.to_string())]);
    let adopted = world.policy_named(policy)?;
    let (case, opened) = open(world, (COUNSEL, &adopted), &parameters)?;
    deed(world, story, (COUNSEL, &format!("opens a case of {policy}")), (&opened, &parameters));
    let claims = texts(&[
        ("court", COURT.to_owned()),
        ("docket", DOCKET.to_owned()),
        ("order", order.to_string()),
        ("binding", "true".to_owned()),
    ]);
    let evidence = vec![world.evidence(document)?];
    for (role, step, claims, evidence) in
        [(COUNSEL, "order", claims, evidence), ("compliance", "confirm", Texts::new(), Vec::new())]
    {
        let play = Play { role, step, title: title(&adopted, step), texts: claims, evidence };
        act(world, story, case, &play)?;
    }
    world.certify()?;
    let CarriedOut { executed, .. } = carry_out(world, (Place::Home, case))?;
    let (settled, _) = come_back(world, (Place::Home, executed.block.time()?))?;
    story.line(format!(
        "   EXECUTED in block {}, under order {order}: {} gas; record {settled} says so",
        executed.block.number, executed.gas
    ));
    Ok(())
}

/// The holder sends one unit.
fn transfer(world: &mut World) -> Result<Result<lockstep_chain::Receipt, lockstep_chain::DomainError>> {
    let call = Token::transferCall { to: SUBMITTER, value: lockstep_chain::units(1) };
    let (now, token) = (world.now()?, world.coin()?.watch.token);
    Ok(world.coin()?.send(now, (HOLDERS, token), lockstep_chain::encode(&call)))
}
