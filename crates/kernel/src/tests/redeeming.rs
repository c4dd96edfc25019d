//! Redemptions: tokens in escrow are burned once they are paid for, and go back in every other case.

use super::world::{Args, MIDNIGHT, World, name, time};
use crate::governance::{Action, Files};
use crate::headroom::Asked;
use crate::outcome;
use crate::{Body, Request};
use alloy_primitives::{hex, keccak256};
use lockstep_ledger::Tag;
use lockstep_policy::Policy;
use std::rc::Rc;

const LAYOUT: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/stablecoin-redeem/policy.toml"));
const GUARDS: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/stablecoin-redeem/guards.cedar"));

/// The coin's two policies are in force; stories are about redemptions.
fn world() -> World {
    let mut world = World::new();
    let now = world.now;
    world.enact(Action::Adopt(Files { guards: GUARDS.to_owned(), layout: LAYOUT.to_owned() }));
    assert!(world.now > now, "an adoption waits for its notice");
    world.policy = Rc::new(Policy::from_files(LAYOUT.as_bytes(), GUARDS.as_bytes()).unwrap());
    world
}

/// The story with what has ended still in memory, and with a seal after every act.
fn both(story: &str) -> World {
    let mut sealed = world();
    sealed.sealing = true;
    sealed.play(story);
    assert_eq!(sealed.rerun().map_root(), sealed.ledger.map_root());
    let mut unsealed = world();
    unsealed.play(story);
    unsealed
}

/// Selector and words of the last outcome's call, and when it expires.
fn last_call(world: &World) -> (String, u64, u8) {
    let mut records = world.log.iter().flat_map(|(_, records)| records);
    let leaf = records.rfind(|record| record.tag() == Tag::Outcome).unwrap();
    let found = outcome::decode(leaf.body()).unwrap();
    (hex::encode(&found.calls[0].data), found.notAfter, found.kind)
}

fn call(world: &World, signature: &str, units: &str) -> String {
    let selector = hex::encode(&keccak256(signature)[..4]);
    let case = world.case("a");
    let depositor = "00000000000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c8";
    let token = "000000000000000000000000e7f1725e7734ce288f8367e1bb143e90bb3f0512";
    format!("{selector}{case}{depositor}{token}{units:0>64}")
}

const BURN: &str = "burn(bytes32,address,address,uint256)";
const REFUND: &str = "refund(bytes32,address,address,uint256)";
const MILLION: &str = "e8d4a51000";
const APPROVED: &str = "open, deposit, screen, approve";

#[test]
fn what_was_paid_out_is_burned_at_any_time() {
    let world = both("open, deposit, screen, approve, payout, is decided, supply executed=a, is settled");
    assert_eq!(last_call(&world), (call(&world, BURN, MILLION), 0, outcome::KIND_ESCROW));
}

#[test]
fn a_payout_that_failed_returns_the_deposit_whole() {
    let story = "open, deposit, screen, approve, payout refuse, is decided, supply executed=a, is refused";
    let world = both(story);
    assert_eq!(last_call(&world), (call(&world, REFUND, MILLION), 0, outcome::KIND_ESCROW));
}

#[test]
fn a_refusal_by_anybody_whose_turn_it_is_returns_the_deposit() {
    let world = both("open, deposit, screen refuse, is decided, supply executed=a, is refused");
    assert_eq!(last_call(&world).0, call(&world, REFUND, MILLION));
    both("open, deposit, screen, approve refuse, is decided, supply executed=a, is refused");
    // Without a deposit there is nothing to return.
    both("open, deposit refuse, is refused");
}

#[test]
fn a_case_that_is_over_returns_its_deposit() {
    let world = both(
        "open, deposit, screen, wait 8d, screen!case_late, tick, is decided, supply executed=a, is expired",
    );
    assert_eq!(last_call(&world).0, call(&world, REFUND, MILLION));
    both("open, wait 8d, tick, is expired");
}

#[test]
fn once_compliance_has_approved_no_deadline_takes_it_back() {
    both(&format!("{APPROVED}, wait 30d, tick, is open, credential northbank/qualified-custodian"));
    let mut world = world();
    world.play(&format!("{APPROVED}, wait 30d, tick, payout booked_at=2026-12-20T09:00:00.000Z, is decided"));
    assert_eq!(last_call(&world).0, call(&world, BURN, MILLION));
    // The approval can be taken back while nothing is paid; then the deadline counts again.
    let world =
        both(&format!("{APPROVED}, wait 8d, withdraw approve, is open, screen!case_late, tick, is decided"));
    assert_eq!(last_call(&world).0, call(&world, REFUND, MILLION));
}

#[test]
fn a_deposit_shown_after_the_end_goes_back_however_the_case_ended() {
    let second = "1111111111111111111111111111111111111111111111111111111111111111";
    let world = both(&format!(
        "open, wait 8d, tick, is expired, deposit amount=5.00, is decided, deposit transaction={second}!case_closed, \
         supply executed=a, is expired, deposit!single_use, deposit transaction={second}, is decided"
    ));
    assert_eq!(last_call(&world).0, call(&world, REFUND, MILLION));
    both("open, deposit refuse, deposit, is decided, supply executed=a, is refused, deposit!single_use");
    both(&format!(
        "{APPROVED}, payout, deposit transaction={second}!case_closed, supply executed=a, is settled, \
         deposit!single_use, deposit transaction={second}, is decided, supply executed=a, is settled"
    ));
}

#[test]
fn of_another_amount_or_holder_it_waits_for_the_end_and_goes_back_to_who_made_it() {
    let world = both(
        "open, deposit amount=999999.99!guard, wait 8d, tick, is expired, deposit amount=999999.99, \
         is decided",
    );
    assert_eq!(last_call(&world).0, call(&world, REFUND, "e8d4a4e8f0"));
    let other = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
    let world =
        both(&format!("open, deposit depositor={other}!guard, wait 8d, tick, deposit depositor={other}"));
    assert!(last_call(&world).0.contains(&other[2..].to_lowercase()));
}

#[test]
fn after_the_end_nothing_but_a_deposit_counts() {
    both(
        "open, wait 8d, tick, screen!case_closed, payout!case_closed, deposit refuse!case_closed, \
         deposit by=clear!not_entitled, deposit by=stranger!unknown-key, teleport!step_unknown, \
         deposit amount=-1.00!outcome_form, deposit amount=1!claim_form, is expired",
    );
    // A case of a policy that returns nothing stays closed.
    let mut world = World::new();
    world.play("open, wait 8d, tick, is expired, request!case_closed, seal, request!case_closed");
}

#[test]
fn a_deposit_counts_once_and_so_does_a_payment() {
    let mut world = world();
    world.play("open, open@b, deposit, deposit!step_taken");
    let same = lockstep_types::sha256(b"a");
    let same = lockstep_types::Digest(same);
    world.play(&format!(
        "deposit@b transaction={same}!single_use, deposit@b, screen, screen@b, approve, approve@b"
    ));
    world.play("payout, payout@b servicer_ref=payment_a!single_use, payout@b, is decided");
}

#[test]
fn one_tick_ends_as_many_cases_as_it_has_room_for() {
    let mut world = world();
    for at in 0..60 {
        world.play(&format!("open@{at}, deposit@{at}"));
    }
    world.play("wait 8d");
    let ended = |world: &World| (0..60).filter(|at| world.phase(&at.to_string()) == "decided").count();
    let records = world.send(Request::Tick).unwrap();
    assert_eq!((records.len(), ended(&world)), (126, 42));
    world.send(Request::Tick).unwrap();
    assert_eq!(ended(&world), 60);
    assert_eq!(world.rerun().map_root(), world.ledger.map_root());
}

/// A second deposit into the first case, of another amount.
const SECOND: &str =
    "deposit amount=5.00 transaction=1111111111111111111111111111111111111111111111111111111111111111";

/// What may happen while two deposits of one case lie in escrow.
const ACTS: [&str; 12] = [
    "deposit",
    SECOND,
    "screen",
    "screen refuse",
    "approve",
    "approve refuse",
    "payout",
    "payout refuse",
    "withdraw deposit",
    "withdraw approve",
    "tick",
    "supply executed=a",
];

/// The units that outcomes burn or refund so far.
fn moved(world: &World) -> Vec<(bool, u64)> {
    let records = world.log.iter().flat_map(|(_, records)| records);
    let outcomes = records.filter(|r| r.tag() == Tag::Outcome).map(|r| outcome::decode(r.body()).unwrap());
    let burns = keccak256(BURN);
    let units = |data: &[u8]| u64::from_be_bytes(data[data.len() - 8..].try_into().unwrap());
    outcomes.map(|o| (o.calls[0].data[..4] == burns[..4], units(&o.calls[0].data))).collect()
}

/// Brings a case to its end as its parties can in every state: the bank says that it has not paid, time
/// passes, what is decided is executed, and both deposits are shown.
fn wind_up(world: &mut World) {
    let mut may = |act: &str| {
        world.now = world.now.saturating_add_ms(1_000);
        let counts = world.act(&Args::new(act)).is_ok();
        if world.sealing {
            world.seal();
        }
        counts
    };
    may("payout refuse");
    may("wait 9d");
    may("tick");
    for act in ["supply executed=a", "deposit", "supply executed=a", SECOND, "supply executed=a"] {
        may(act);
    }
}

fn explore(world: &World, depth: usize, visited: &mut usize) {
    for act in ACTS {
        let mut next = world.clone();
        next.now = next.now.saturating_add_ms(1_000);
        let counts = next.act(&Args::new(act)).is_ok();
        if next.sealing {
            next.seal();
        }
        *visited += 1;
        let mut ended = next.clone();
        wind_up(&mut ended);
        let mut found = moved(&ended);
        assert!(found.iter().filter(|(burned, _)| *burned).all(|(_, units)| *units == 1_000_000_000_000));
        found.sort_by_key(|(_, units)| *units);
        let units: Vec<u64> = found.iter().map(|(_, units)| *units).collect();
        assert_eq!(
            units,
            [5_000_000, 1_000_000_000_000],
            "{found:?} after `{act}`, phase {}",
            next.phase("a")
        );
        if counts && depth > 1 {
            explore(&next, depth - 1, visited);
        }
    }
}

#[test]
fn in_every_short_history_each_deposit_leaves_escrow_exactly_once() {
    for (prefix, sealing) in
        [("open", false), ("open, deposit, screen, approve", true), ("open, wait 8d", true)]
    {
        let mut world = world();
        world.sealing = sealing;
        world.play(prefix);
        let mut visited = 0;
        explore(&world, 5, &mut visited);
        assert!(visited > 500, "{visited}");
    }
}

/// A burn that a chain shows before the bank has booked the payout: the balance of a time between them has
/// money that is owed.
#[test]
fn a_payout_booked_after_the_burn_is_owed_until_a_balance_has_it() {
    let mut world = world();
    let redeem = world.policy.clone();
    let issue = super::world::World::new().policy.clone();
    let day = "2026-11-21T00:00:00.000Z";
    world.policy = issue.clone();
    world.play(&format!("open@m amount=10.00, request@m, reserve@m as_of={day}"));
    world.policy = redeem;
    world.play("open, deposit, screen, approve, payout booked_at=2026-11-21T08:30:00.000Z");
    let home = [name("home")];
    let headroom = |world: &World| {
        let account = &world.kernel().programme("acme-usd").unwrap().account;
        let asked = Asked { domains: &home, reading_age_ms_max: 300_000, now: world.now };
        account.headroom(&asked).unwrap()
    };
    let hours = world.now.ms_since(time(day)) / 1_000 + 6;
    world.play(&format!("supply block=-{hours}s span=2h"));
    let before = headroom(&world);
    assert_eq!(before, 500_000_000 - 200_000_000);
    world.play(&format!("supply block=-{hours}s span=2h executed=a, is settled"));
    assert_eq!(headroom(&world), before - 100_000_000);
    assert!(time(MIDNIGHT) < time(day));
    // The next day's balance has it.
    world.policy = issue;
    world.play("open@n amount=10.00, request@n, reserve@n as_of=-0h balance=4000000.00");
    let supply = Args::new("supply block=-1s span=3s");
    world.act(&supply).unwrap();
    assert_eq!(headroom(&world), 400_000_000 - 200_000_000);
}

#[test]
fn the_payout_is_in_the_record_and_nothing_personal() {
    let world = both(&format!("{APPROVED}, payout"));
    let bodies =
        world.log.iter().flat_map(|(_, records)| records).filter_map(|r| Body::from_slice(r.body()).ok());
    let paid = bodies.filter_map(|body| match body {
        Body::Attested(body) => body.payout,
        _ => None,
    });
    let paid: Vec<(i64, String)> = paid.map(|p| (p.amount.minor(), p.booked.to_string())).collect();
    assert_eq!(paid, [(100_000_000, "2026-11-20T08:30:00.000Z".to_owned())]);
}
