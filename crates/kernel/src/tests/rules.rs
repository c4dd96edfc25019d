//! Rules 2: a suspended case can be ended by whoever may refuse its next step.

use super::world::{Fault, World, both as both_under_rules_1, name};
use crate::entry::{Entity, case_from_bytes};
use crate::governance::{Action, Files, LaterRules};
use crate::rules::Rules;
use lockstep_ledger::View;
use lockstep_policy::Policy;
use std::rc::Rc;

const LAYOUT: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/stablecoin-redeem/policy.toml"));
const GUARDS: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/stablecoin-redeem/guards.cedar"));
/// The opener's key turns out to be suspect since before the opening.
const OPENER: &str = "revoke acme/e-money-institution suspect=-30d";

fn rules(version: u32) -> Action {
    Action::SetRules(LaterRules { rules: version })
}

fn refusal(world: &mut World, version: u32) -> String {
    let Fault::Refusal(refusal) = world.propose(rules(version), "acme").unwrap_err() else { panic!() };
    assert_eq!(refusal.code().as_text(), "action_form");
    refusal.to_string()
}

/// Plays `before` under rules 1 and `after` once rules 2 are in force: with what has ended still in memory,
/// and with a seal after every act.
fn both(before: &str, after: &str) {
    for sealing in [false, true] {
        let mut world = World::new();
        world.sealing = sealing;
        world.play(before);
        world.enact(rules(2));
        world.play(after);
        world.seal();
        assert_eq!(world.rerun().map_root(), world.ledger.map_root());
    }
}

#[test]
fn a_case_stays_under_the_rules_that_were_in_force_when_it_was_opened() {
    both(
        "open deadline=7d, request",
        &format!(
            "open@b, request@b, {OPENER}, \
             payment!suspended, payment refuse!suspended, is open, withdraw request!credential_revoked, \
             payment@b!suspended, payment@b refuse, is@b refused"
        ),
    );
    // At its deadline it ends all the same.
    both(
        "open, request",
        &format!("{OPENER}, payment refuse!suspended, wait 7d, payment refuse!case_late, tick, is expired"),
    );
}

#[test]
fn all_else_that_a_refused_step_must_keep_it_keeps() {
    both(
        "wait 1s",
        &format!(
            "open, request, payment, {OPENER}, payment refuse!step_taken, screen refuse wrong-prev!prev, \
             audit refuse!order, approve refuse!order, reserve refuse by=lookout!not_entitled, \
             reserve refuse, is refused, reserve refuse!case_closed"
        ),
    );
}

#[test]
fn a_suspended_case_is_decided_under_no_rules() {
    let ready = "open, request, payment, reserve, audit, screen, supply";
    both_under_rules_1(&format!("{ready}, {OPENER}, approve!suspended"));
    both("wait 1s", &format!("{ready}, {OPENER}, approve!suspended, approve refuse, is refused"));
}

/// What rules 2 are for: the approver has committed the case, so no deadline ends it, and the opener's key
/// was stolen, so nothing goes on. The holder's tokens lie in the Escrow until the approval is taken back.
#[test]
fn a_committed_redemption_under_a_stolen_key_can_be_refused_under_rules_2_only() {
    let story = |under: u32| {
        let mut world = World::new();
        let adoption = Files { guards: GUARDS.to_owned(), layout: LAYOUT.to_owned() };
        world.enact(Action::Adopt(adoption));
        if under == 2 {
            world.enact(rules(2));
        }
        world.policy = Rc::new(Policy::from_files(LAYOUT.as_bytes(), GUARDS.as_bytes()).unwrap());
        world.play("open by=acme, deposit, screen, approve");
        let opener = world.kernel().case(&world.case("a")).unwrap().opener_credentials[0];
        world.credentials.insert("the/opener".to_owned(), opener);
        world.play("revoke the/opener suspect=-30d");
        world
    };
    let stuck = "payout!suspended, payout refuse!suspended, wait 30d, tick, payout refuse!suspended, is open";
    story(1).play(stuck);
    story(2).play("payout!suspended, payout refuse, is decided, supply executed=a, is refused");
}

#[test]
fn later_rules_need_consent_and_notice_and_never_go_back() {
    let mut world = World::new();
    assert!(refusal(&mut world, 1).contains("rules 1 are in force: expected a later version, found 1"));
    assert!(refusal(&mut world, 0).contains("rules 0 are not known to this program"));
    assert!(
        refusal(&mut world, 3)
            .contains("rules 3 are not known to this program, which carries out rules 1 to 2")
    );
    let case = world.propose(rules(2), "acme").unwrap();
    world.approve(case, "trust").unwrap();
    world.play("wait 2d, tick, wait 1s");
    assert_eq!(world.kernel().rules(), Rules::One, "nobody has consented");
    // Another is agreed to before it: this one then comes too late.
    let first = world.agree(rules(2));
    world.play("wait 1s");
    for cosigner in ["acme", "northbank", "fair"] {
        world.consent(case, cosigner).unwrap();
    }
    assert_eq!(world.kernel().rules(), Rules::One, "the notice runs");
    world.play("open, wait 1d, tick");
    assert_eq!(world.kernel().rules(), Rules::Two);
    world.play("open@b, tick, seal");
    assert_eq!(world.phase_of(first), "enacted");
    assert_eq!(world.phase_of(case), "expired");
    assert!(refusal(&mut world, 2).contains("rules 2 are in force"));
    assert!(refusal(&mut world, 1).contains("rules 2 are in force"));
    let under = |label: &str| {
        let key = Entity::Case(world.case(label)).key();
        case_from_bytes(&world.ledger.overlay().value(&key).unwrap()).unwrap().rules
    };
    assert_eq!((under("a"), under("b")), (Rules::One, Rules::Two));
    assert_eq!(world.rerun().map_root(), world.ledger.map_root());
}

/// The entry of a case is all that a ledger keeps of it once it has ended.
#[test]
fn a_case_that_comes_back_for_a_deposit_is_under_its_own_rules() {
    let mut world = World::new();
    world.enact(Action::Adopt(Files { guards: GUARDS.to_owned(), layout: LAYOUT.to_owned() }));
    world.enact(rules(2));
    world.policy = Rc::new(Policy::from_files(LAYOUT.as_bytes(), GUARDS.as_bytes()).unwrap());
    world.play("open, deposit refuse, seal, deposit, is decided, seal");
    let found = world.kernel().case(&world.case("a")).unwrap();
    assert_eq!(found.rules, Rules::Two);
    assert!(found.steps.contains_key(&name("deposit")));
    assert_eq!(world.rerun().map_root(), world.ledger.map_root());
}

#[test]
fn a_snapshot_keeps_the_rules_in_force_and_those_of_every_case() {
    let mut world = World::new();
    world.play("open");
    let before = world.ledger.machine().rules();
    world.enact(rules(2));
    world.play("open@b, seal");
    let snapshot = world.kernel().to_snapshot().unwrap();
    let back = crate::Kernel::from_snapshot(&snapshot).unwrap();
    let under = |label: &str| back.case(&world.case(label)).unwrap().rules;
    assert_eq!(
        (before, back.rules(), under("a"), under("b")),
        (Rules::One, Rules::Two, Rules::One, Rules::Two)
    );
}

#[test]
fn a_ledger_may_begin_with_any_rules_that_are_known() {
    let mut genesis = super::world::genesis(&World::bare().parties);
    genesis.rules = 2;
    let mut ledger = lockstep_ledger::Ledger::new(crate::Kernel::default(), ());
    let command = crate::Command::Genesis(Box::new(genesis));
    let now = super::world::time("2026-11-20T08:00:00.000Z");
    let decision = ledger.decide(&command, now, lockstep_ledger::Seed::new([1; 32])).unwrap();
    assert!(decision.refused.is_none());
    ledger.commit(&command, &decision.records).unwrap();
    assert_eq!(ledger.machine().rules(), Rules::Two);
}
