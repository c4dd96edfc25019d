//! What can be lost at most, computed from the policy and the committee in force.

use super::cast::ROLES;
use super::world::World;
use anyhow::{Context, Result};
use lockstep_policy::{Layout, Role};
use lockstep_types::{Money, Name};
use serde::Serialize;
use std::collections::BTreeSet;

/// One line of the table.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// How much, or what else.
    pub at_most: String,
    /// Whose keys.
    pub who: String,
    /// Which rule bounds it.
    pub why: String,
}

/// The table.
#[derive(Debug, Clone, Serialize)]
pub struct Losses {
    /// Its lines.
    pub rows: Vec<Row>,
}

/// Roles whose word an outcome needs: every step that it waits for, and the readings of its holds.
fn needed(layout: &Layout) -> BTreeSet<Name> {
    let last = layout.outcomes.iter().flat_map(|outcome| &outcome.after);
    let steps: BTreeSet<Name> = last
        .flat_map(|step| {
            layout.ancestors(step.as_str()).into_iter().map(|s| s.name.clone()).chain([step.clone()])
        })
        .collect();
    let of_steps = layout.steps.iter().filter(|step| steps.contains(&step.name)).map(|step| step.by.clone());
    let held = layout.holds.iter().filter(|hold| steps.contains(&hold.at));
    let readers =
        held.filter_map(|hold| layout.reading(hold.reading.as_str())).map(|reading| reading.by.clone());
    of_steps.chain(readers).collect()
}

/// The table for this ledger.
pub fn table(world: &World) -> Result<Losses> {
    let policy = world.policy()?;
    let layout = policy.layout();
    let needed = needed(layout);
    let amount = layout.holds.first().and_then(|hold| layout.param(hold.amount.as_str()));
    let cap = amount.and_then(|param| param.max).map(lockstep_types::Amount::from_minor).transpose()?;
    let currency = world.inputs.payment.money.currency;
    let cap = cap.map_or_else(|| "no cap".to_owned(), |cap| Money::new(cap, currency).to_string());
    let mut rows = Vec::new();
    for role in ROLES {
        let role = layout.role(role).context("the cast plays a role that the policy does not have")?;
        rows.push(party(world, layout, (role, &needed)));
    }
    rows.push(all_parties(layout, (&needed, &cap)));
    rows.extend(cosigners(world, &cap)?);
    Ok(Losses { rows })
}

fn party(world: &World, layout: &Layout, (role, needed): (&Role, &BTreeSet<Name>)) -> Row {
    let others = needed.iter().filter(|name| **name != role.name).count();
    let keys = if role.keys > 1 { format!("all {} keys of ", role.keys) } else { "the key of ".to_owned() };
    let name = world.cast.of(role.name.as_str()).name;
    let steps = layout.steps.iter().filter(|step| step.by == role.name).map(|step| step.name.as_str());
    let readings = layout.readings.iter().filter(|r| r.by == role.name).map(|r| r.name.as_str());
    let can: Vec<&str> = steps.chain(readings).collect();
    let fewer = if role.keys > 1 { "; with fewer of them, nothing" } else { "" };
    let single = layout.steps.iter().any(|step| step.by == role.name && step.single_use.is_some());
    let harm = match (role.name.as_str() == layout.opened_by.as_str(), single) {
        (true, _) => "; it can open cases that lead nowhere",
        (false, true) => "; it can block a payment by claiming it for another case, once each",
        _ => "; it can refuse, or say what is not true of its own step",
    };
    Row {
        at_most: "no token".to_owned(),
        who: format!("{keys}{name} ({})", role.name),
        why: format!(
            "an outcome needs {others} other roles too; alone it speaks for {}{harm}{fewer}",
            can.join(", ")
        ),
    }
}

fn all_parties(layout: &Layout, (needed, cap): (&BTreeSet<Name>, &str)) -> Row {
    let holds = layout.holds.first();
    let formula = holds.map_or_else(String::new, |hold| {
        format!("; all cases together the headroom that {} states", hold.reserve.step)
    });
    let once = layout.steps.iter().filter(|step| step.single_use.is_some()).count();
    Row {
        at_most: format!("{cap} a case"),
        who: format!("all {} roles together", needed.len()),
        why: format!(
            "the policy's largest amount{formula}; {once} step claims its act once, so a payment cannot be \
                used again"
        ),
    }
}

fn cosigners(world: &World, cap: &str) -> Result<Vec<Row>> {
    let committee = world.kernel().committee().context("no committee")?;
    let (n, k) = (committee.members().len(), usize::from(committee.threshold()));
    let stop = n - k + 1;
    let twice = (2 * k).saturating_sub(n);
    Ok(vec![
        Row {
            at_most: "no token".to_owned(),
            who: "one co-signer".to_owned(),
            why: format!("{k} of {n} must sign; the other {} still can, without it", n - 1),
        },
        Row {
            at_most: "no token; certificates stop".to_owned(),
            who: format!("{stop} co-signers"),
            why: format!("fewer than {k} remain, so nothing new is certified; nothing false is either"),
        },
        Row {
            at_most: "no token here; two histories".to_owned(),
            who: format!("{twice} co-signers and the appender"),
            why: format!(
                "2·{k} − {n} = {twice} that sign two roots for one size let different readers see different \
                    heads; their \
                 signatures convict them"
            ),
        },
        Row {
            at_most: format!("{cap} a day on each chain, and all deposits"),
            who: format!("{k} co-signers and the appender"),
            why: "they can certify what no case decided: the ledger does not bound them, the Gate of each chain \
                  does by its caps, which deposits in its Escrow do not know; and no pack of them verifies; one \
                  that withholds them says that it only rests on them"
                .to_owned(),
        },
    ])
}
