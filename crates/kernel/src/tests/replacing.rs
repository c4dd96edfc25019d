//! Replacing a Gate: who agrees, what the outcome does, and which Gate counts from then on.

use super::world::{Args, GUARDS, LAYOUT, READY, World, name};
use crate::gate::{GATE_CHANGE_MS, GateCall, GateChange, Tighter};
use crate::governance::{Files, governance_policy};
use crate::outcome::{self, KIND_ORDINARY, OutcomeBody};
use crate::replacement::{GateReplacement, REPLACEMENT_LINE, ROLES_MAX};
use crate::{Action, Request};
use alloy_primitives::{B256, keccak256};
use lockstep_ledger::{Record, Tag};
use lockstep_types::{Address, CaseId};

const NEXT: &str = "0xDc64a140Aa3E981100a9becA4E685f962f0cF6C9";

fn next() -> Address {
    Address::from_user_text(NEXT).unwrap()
}

fn old(world: &World) -> Address {
    world.policy.layout().domain("home").unwrap().gate
}

fn replacement(world: &World) -> GateReplacement {
    GateReplacement {
        domain: name("home"),
        from: old(world),
        programme: name("acme-usd"),
        roles: ["MINTER_ROLE", "ORDER_ROLE"].map(str::to_owned).into(),
        to: next(),
    }
}

fn adopt(layout: &str) -> Action {
    Action::Adopt(Files { guards: GUARDS.to_owned(), layout: layout.to_owned() })
}

fn with_next_gate(world: &World) -> String {
    LAYOUT.replace(&old(world).to_string(), NEXT)
}

/// Takes effect, after a notice: what that leaves.
fn enact(world: &mut World, action: Action) -> (CaseId, Vec<Record>) {
    let case = world.agree(action);
    assert_eq!(world.kernel().proposals().count(), 1, "the notice runs");
    world.now = world.now.saturating_add_ms(86_400_000);
    (case, world.send(Request::Tick).unwrap())
}

fn outcome_of(records: &[Record]) -> OutcomeBody {
    let last = records.last().unwrap();
    assert_eq!(last.tag(), Tag::Outcome);
    outcome::decode(last.body()).unwrap()
}

fn refused(world: &mut World, action: Action, text: &str) {
    let fault = world.propose(action, "acme").unwrap_err();
    let super::world::Fault::Refusal(refusal) = fault else { panic!("{fault:?}") };
    assert_eq!(refusal.code().as_text(), "action_form");
    assert!(refusal.to_string().contains(text), "{refusal}");
}

#[test]
fn every_role_is_given_before_any_is_given_up_the_admins_last() {
    let mut world = World::new();
    let change = replacement(&world);
    let (case, records) = enact(&mut world, Action::ReplaceGate(change.clone()));
    let found = outcome_of(&records);
    let home = world.policy.layout().domain("home").unwrap();
    assert_eq!((found.caseId.0, found.ordinal, found.kind), (case.0, 0, KIND_ORDINARY));
    assert_eq!((found.gate.0.0, found.chainId.to::<u64>()), (home.gate.0, home.chain.0));
    assert_eq!((found.policy.0, found.line), (governance_policy().0, keccak256(REPLACEMENT_LINE)));
    assert_eq!(found.notAfter, world.now.saturating_add_ms(GATE_CHANGE_MS).seconds_round_down());
    assert!(found.calls.iter().all(|call| call.target.0.0 == home.token.0));
    let roles = [keccak256("MINTER_ROLE"), keccak256("ORDER_ROLE"), B256::ZERO];
    let call = |function: &str, role: &B256, account: Address| {
        let account = B256::left_padding_from(&account.0);
        [&keccak256(function)[..4], role.as_slice(), account.as_slice()].concat()
    };
    let given = roles.iter().map(|role| call("grantRole(bytes32,address)", role, change.to));
    let given_up = roles.iter().map(|role| call("renounceRole(bytes32,address)", role, change.from));
    let expected: Vec<Vec<u8>> = given.chain(given_up).collect();
    assert_eq!(found.calls.iter().map(|call| call.data.to_vec()).collect::<Vec<_>>(), expected);
    world.seal();
    assert_eq!(world.rerun().map_root(), world.ledger.map_root());
}

#[test]
fn policies_name_the_gate_in_force_and_the_old_ones_open_no_case_any_more() {
    let mut world = World::new();
    world.play("open@open");
    let (programme, home) = (name("acme-usd"), name("home"));
    let with_next = with_next_gate(&world);
    refused(&mut world, adopt(&with_next), "differs from what is in force");
    let change = Action::ReplaceGate(replacement(&world));
    enact(&mut world, change);
    assert_eq!(world.kernel().gate_in_force(&programme, &home), Some(next()));
    assert_eq!(world.kernel().gates(&programme, &home), [old(&world), next()].into());
    refused(&mut world, adopt(LAYOUT), "differs from what is in force");
    let retired = Action::Retire(crate::governance::Retired {
        policy: name("stablecoin-issue"),
        programme: programme.clone(),
    });
    refused(&mut world, retired, "is not in force");
    enact(&mut world, adopt(&with_next));
    // A change of the domain's Gate is one of the Gate in force.
    let tighter = GateCall::Tighten(Tighter { cap: 10, line: name("mint"), window_s: 86_400 });
    let change = GateChange { calls: vec![tighter], domain: home, programme };
    let case = world.propose(Action::Gate(change), "acme").unwrap();
    let records = world.approve(case, "trust").unwrap();
    assert_eq!(outcome_of(&records).gate.0.0, next().0);
    world.seal();
    assert_eq!(world.rerun().map_root(), world.ledger.map_root());
    // What has been kept comes back with the Gate in force.
    let kept = crate::Kernel::from_snapshot(&world.kernel().to_snapshot().unwrap()).unwrap();
    assert_eq!(kept.gate_in_force(&name("acme-usd"), &name("home")), Some(next()));
}

#[test]
fn a_case_that_was_open_ends_at_the_gate_of_its_policy() {
    let mut world = World::new();
    let change = Action::ReplaceGate(replacement(&world));
    world.agree(change);
    world.play("wait 23h").play(READY).play("wait 1h, tick");
    assert_eq!(world.kernel().gate_in_force(&name("acme-usd"), &name("home")), Some(next()));
    world.play("supply");
    let records = world.act(&Args::new("approve")).unwrap();
    assert_eq!(outcome_of(&records).gate.0.0, old(&world).0);
    // The roles have moved: the chain never shows it executed, so that its hold comes back.
    world.play("wait 40m, tick, is decided, supply block=-5m, is open");
}

#[test]
fn a_replacement_that_has_no_form_or_no_gate_is_refused() {
    let mut world = World::new();
    let good = replacement(&world);
    let (token, gate) = (world.policy.layout().domain("home").unwrap().token, good.from);
    let roles = |roles: &[&str]| GateReplacement {
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
        ..good.clone()
    };
    let many: Vec<String> = (0..=ROLES_MAX).map(|n| format!("ROLE_{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let long = "R".repeat(65);
    for (change, text) in [
        (roles(&[]), "0 roles, expected 1 to 7"),
        (roles(&many), "8 roles, expected 1 to 7"),
        (roles(&["minter"]), "is no role"),
        (roles(&["9_ROLE"]), "is no role"),
        (roles(&[&long]), "is no role"),
        (roles(&["DEFAULT_ADMIN_ROLE"]), "is no role"),
        (GateReplacement { domain: name("moon"), ..good.clone() }, "names domain `moon`"),
        (GateReplacement { programme: name("beta-usd"), ..good.clone() }, "of programme `beta-usd`"),
        (GateReplacement { from: next(), ..good.clone() }, "is no Gate of domain `home`"),
        (GateReplacement { to: gate, ..good.clone() }, "cannot take the place"),
        (GateReplacement { to: Address::default(), ..good.clone() }, "cannot take the place"),
        (GateReplacement { to: token, ..good.clone() }, "belongs to domain `home`"),
    ] {
        refused(&mut world, Action::ReplaceGate(change), text);
    }
    // What has taken a place in one programme is nobody else's Gate.
    enact(&mut world, Action::ReplaceGate(good.clone()));
    let other = LAYOUT
        .replace("\"acme-usd\"", "\"beta-usd\"")
        .replace(&gate.to_string(), NEXT)
        .replace(&token.to_string(), "0x5FC8d32690cc91D4c39d9d3abcBD16989F875707");
    refused(&mut world, adopt(&other), "belongs to domain `home` of programme `acme-usd`");
}
