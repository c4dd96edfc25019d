//! Steps that come too early, from the wrong party, from too few persons, or with words that must not count.

use super::super::cast::{HeldKey, Institution, credential_keys};
use super::super::founding::{give_credential, give_keys};
use super::super::issue::{Play, attempt, draft, open_case, play, screening_texts};
use super::super::story::Story;
use super::super::world::{World, held};
use super::{Other, Tried, but, refused, take_all};
use anyhow::{Context, Result};
use lockstep_crypto::suite::Suite;
use lockstep_types::Digest;

/// 37 hours: an hour more than the policy allows.
const STALE_MS: u64 = 37 * 3_600_000;
/// The least integer of a claim: so absurd that the guard's product leaves 64 bits.
const ABSURD: i64 = -9_007_199_254_740_991;

fn play_early(world: &mut World, story: &mut Story, other: &Other) -> Result<()> {
    let play = play(world, "audit", &other.payment)?;
    let answer = attempt(world, other.case, &play)?;
    let tried = Tried {
        title: "auditor before custodian",
        tried: format!("{} confirms a balance that nobody has stated", world.cast.of("auditor").name),
        expected: "order",
    };
    refused(world, story, tried, answer)
}

fn play_stale(world: &mut World, story: &mut Story, other: &Other) -> Result<()> {
    let old = world.now()?.saturating_sub_ms(STALE_MS);
    let play = but(play(world, "reserve", &other.payment)?, &[("as_of", old.to_string())]);
    let answer = attempt(world, other.case, &play)?;
    let tried = Tried {
        title: "a stale balance",
        tried: format!("{} states the balance of {old}", world.cast.of("custodian").name),
        expected: "stale",
    };
    refused(world, story, tried, answer)
}

/// The custodian's institution is also licensed as an auditor, with a key for it.
fn play_two_roles(world: &mut World, story: &mut Story, other: &Other) -> Result<()> {
    let custodian = world.cast.of("custodian").clone();
    let desk = Institution { keys: vec![held(Suite::Ed25519, Digest::default())?], ..custodian.clone() };
    give_credential(world, &desk, "registered-auditor")?;
    let play = play(world, "audit", &other.payment)?;
    let draft = draft(world, other.case, (&desk, &play))?;
    let answer = world.hand_in(&draft, &desk.signers())?;
    let tried = Tried {
        title: "one LEI as custodian and auditor",
        tried: format!("{} holds a licence as auditor too, and audits its own statement", custodian.name),
        expected: "not_distinct",
    };
    refused(world, story, tried, answer)
}

fn play_overflow(world: &mut World, story: &mut Story, other: &Other) -> Result<()> {
    let play = but(play(world, "audit", &other.payment)?, &[("haircut_bps", ABSURD.to_string())]);
    let answer = attempt(world, other.case, &play)?;
    let tried = Tried {
        title: "a guard that overflows",
        tried: format!("{} applies a haircut of {ABSURD} bps", world.cast.of("auditor").name),
        expected: "guard_error",
    };
    refused(world, story, tried, answer)
}

/// A case for an address, or a name, that stands on the list; the provider says what it found.
fn play_sanctioned(world: &mut World, story: &mut Story, other: &Other) -> Result<()> {
    let lists = &world.inputs.lists;
    let (address, name) = (lists.address, lists.name.clone());
    let beneficiary = address.unwrap_or(world.inputs.beneficiary);
    let customer = if address.is_some() { world.inputs.customer.clone() } else { name };
    let (case, _) = open_case(world, other.payment.money, beneficiary)?;
    take_all(world, &Other { case, payment: other.payment.clone() }, &["request"])?;
    let screening = world.inputs.lists.list.screen(Some(&customer), Some(beneficiary))?;
    let hit = screening.hits.first().context("the list does not find what stands on it")?;
    let provider = world.cast.of("screening").clone();
    let tried = format!(
        "{} attests {} hit(s): `{}` stands on the list",
        provider.name,
        screening.hits.len(),
        hit.matched
    );
    let texts = screening_texts(&provider, &screening);
    let play = Play { role: "screening", step: "screen", title: String::new(), texts, evidence: Vec::new() };
    let answer = attempt(world, case, &play)?;
    let title = if address.is_some() { "a sanctioned address" } else { "a sanctioned name" };
    refused(world, story, Tried { title, tried, expected: "guard" }, answer)
}

/// One person has two keys; both signatures hold, and count once.
fn play_one_person(world: &mut World, story: &mut Story, other: &Other) -> Result<()> {
    let compliance = world.cast.of("compliance").clone();
    let first = compliance.keys.first().context("no key")?.clone();
    let again = HeldKey { person: first.person, ..held(Suite::Ed25519, first.person)? };
    let both = Institution { keys: vec![first, again], ..compliance.clone() };
    give_keys(world, &both, ("compliance-officer", credential_keys(&both.keys)))?;
    let play = play(world, "approve", &other.payment)?;
    let draft = draft(world, other.case, (&both, &play))?;
    let answer = world.hand_in(&draft, &both.signers())?;
    let tried = Tried {
        title: "one person signing twice",
        tried: format!("one officer of {} signs the approval with two keys", compliance.name),
        expected: "persons",
    };
    refused(world, story, tried, answer)
}

/// Plays them, in the order in which the case goes on.
pub fn play_all(world: &mut World, story: &mut Story, other: &Other) -> Result<()> {
    play_early(world, story, other)?;
    play_stale(world, story, other)?;
    take_all(world, other, &["request", "reserve"])?;
    play_two_roles(world, story, other)?;
    play_overflow(world, story, other)?;
    take_all(world, other, &["audit"])?;
    play_one_person(world, story, other)?;
    play_sanctioned(world, story, other)
}
