//! Packs of redemptions: paid, failed, over, and shown late.

#[path = "world/redeeming.rs"]
mod redeeming;
#[path = "world/world.rs"]
mod world;

use alloy_sol_types::SolValue;
use lockstep_kernel::{Request, outcome};
use lockstep_ledger::Entry;
use lockstep_pack::report::{OutcomeKind, Said};
use lockstep_pack::{Options, Pack, PackedBody, verify};
use lockstep_policy::Audience;
use lockstep_types::CaseId;
use redeeming::*;
use world::*;

const WEEK_MS: u64 = 7 * 24 * 3_600_000;

#[track_caller]
fn check(world: &World, bytes: &[u8], (expected, phase): (&str, &str)) {
    let report = verify(bytes, Some(&world.trust()));
    assert_eq!(told(&report), expected, "\n{}", report.to_lines().join("\n"));
    let outcome = report.facts.and_then(|facts| facts.outcome);
    assert_eq!(outcome.map(|case| case.phase).as_deref(), Some(phase));
}

#[test]
fn a_paid_redemption_is_verified_from_its_deposit_to_the_burn() {
    let (mut world, case) = approved();
    payout(&mut world, case);
    check(&world, &world.pack(case), ("verified", "decided"));
    execute(&mut world, case);
    check(&world, &world.pack(case), ("verified", "settled"));
    assert!(world.replays());
}

#[test]
fn a_pack_names_what_a_chain_could_contradict_and_says_that_none_was_asked() {
    let (mut world, case) = approved();
    world.refuse(case, "custodian", "payout");
    let certificate = world.certify();
    let facts = |world: &World| verify(&world.pack(case), Some(&world.trust())).facts.unwrap();
    let found = facts(&world).on_chain;
    let [deposit] = found.deposits.as_slice() else { panic!("{found:?}") };
    let [outcome] = found.outcomes.as_slice() else { panic!("{found:?}") };
    assert_eq!((deposit.step.as_str(), deposit.decimals), ("deposit", 6));
    assert_eq!(deposit.escrow.to_string(), "0xa16E02E87b7454126E5E10d957A927A7F5B5d2be");
    assert_eq!((outcome.ordinal, outcome.kind, outcome.said), (0, OutcomeKind::Escrow, Said::Nothing));
    assert_eq!(outcome.chain.to_string(), "eip155:31337");
    assert_eq!(outcome.gate.to_string(), "0x5FbDB2315678afecb367f032d93F642f64180aa3");
    assert_eq!(found.heads.last().map(|head| head.root), Some(certificate.root));
    execute(&mut world, case);
    let report = verify(&world.pack(case), Some(&world.trust()));
    let found = &report.facts.as_ref().unwrap().on_chain;
    assert!(matches!(found.outcomes[0].said, Said::Executed(at) if at < world.now), "{found:?}");
    let lines = report.to_lines();
    let heading = lines.iter().position(|line| line == "on chain, not checked here").unwrap();
    assert_eq!(lines[heading + 1], format!("  {}", found.deposits[0]));
    assert_eq!(lines[heading + 2], format!("  {}", found.outcomes[0]));
    let json = String::from_utf8(report.to_json().unwrap()).unwrap();
    assert!(json.contains("\"on_chain_not_checked\":{\"deposits\":[{\"chain\":\"eip155:31337\""), "{json}");
}

#[test]
fn a_payout_that_failed_is_verified_with_the_refund() {
    let (mut world, case) = approved();
    world.refuse(case, "custodian", "payout");
    world.certify();
    let bytes = world.pack(case);
    check(&world, &bytes, ("verified", "decided"));
    let hidden = Options { withhold: vec!["deposit".to_owned()], ..Options::default() };
    check(&world, &world.pack_with(case, &hidden), ("cannot_tell: withheld", "decided"));
    let hidden = Options { withhold: vec!["deposit.depositor".to_owned()], ..Options::default() };
    check(&world, &world.pack_with(case, &hidden), ("cannot_tell: claims", "decided"));
    execute(&mut world, case);
    check(&world, &world.pack(case), ("verified", "refused"));
}

#[test]
fn a_case_that_was_over_is_verified_with_the_refund() {
    let (mut world, case) = opened();
    deposit(&mut world, case, ("1000.00", 1));
    world.wait(WEEK_MS + 1_000);
    world.ask(Request::Tick).unwrap();
    world.certify();
    check(&world, &world.pack(case), ("verified", "decided"));
    let hidden = Options { withhold: vec!["deposit".to_owned()], ..Options::default() };
    check(&world, &world.pack_with(case, &hidden), ("cannot_tell: withheld", "decided"));
    execute(&mut world, case);
    check(&world, &world.pack(case), ("verified", "expired"));
}

#[test]
fn a_deposit_shown_late_is_verified_and_so_is_a_second_one() {
    let (mut world, case) = opened();
    world.wait(WEEK_MS + 1_000);
    world.ask(Request::Tick).unwrap();
    world.certify();
    for transaction in 1..=2 {
        deposit(&mut world, case, ("999.00", transaction));
        world.certify();
        check(&world, &world.pack(case), ("verified", "decided"));
        execute(&mut world, case);
        check(&world, &world.pack(case), ("verified", "expired"));
    }
    assert!(world.replays());
}

/// The pack of a refund of another amount, or to another depositor, does not verify.
#[test]
fn a_refund_other_than_the_deposit_has_no_decision_behind_it() {
    let (mut world, case) = approved();
    world.refuse(case, "custodian", "payout");
    world.certify();
    let bytes = world.pack(case);
    for at in [4 + 32 + 31, 4 + 127] {
        let mut pack = Pack::from_slice(&bytes).unwrap();
        let outcomes = pack.excerpt.iter_mut().flat_map(|group| &mut group.records);
        let mut changed = 0;
        for record in outcomes {
            if let PackedBody::Outcome(body) = &mut record.body {
                let found = outcome::decode(body).unwrap();
                let data = found.calls[0].data.clone();
                let start = body.windows(data.len()).position(|window| window == &data[..]).unwrap();
                body[start + at] ^= 1;
                assert!(outcome::decode(body).is_ok());
                changed += 1;
            }
        }
        assert_eq!(changed, 1);
        let report = verify(&pack.to_vec().unwrap(), Some(&world.trust()));
        assert_eq!(told(&report), "failed: inclusion");
    }
}

/// An appender that ends a case and refunds somebody else, with every co-signer's signature: the re-run
/// differs.
#[test]
fn a_certified_refund_to_somebody_else_fails_at_its_record() {
    let (mut world, case) = approved();
    let made = world.refuse(case, "custodian", "payout");
    let last = world.records[*made.last().unwrap() as usize].clone();
    let mut forged = outcome::decode(last.body()).unwrap();
    forged.prev = last.leaf_hash().0.into();
    let mut data = forged.calls[0].data.to_vec();
    data[4 + 63] ^= 1;
    forged.calls[0].data = data.into();
    world.forge(Entry::outcome(forged.abi_encode_params()), None);
    world.certify();
    let report = verify(&world.pack(case), Some(&world.trust()));
    assert_eq!(told(&report), "failed: no_decision");
}

/// How redemptions end: paid, refused, over, and with a deposit that is shown after the end.
fn endings(layout: &str) -> Vec<(World, CaseId)> {
    let (mut paid, case) = approved_of(opened_by(layout));
    payout(&mut paid, case);
    let (mut refused, _) = approved_of(opened_by(layout));
    refused.refuse(case, "custodian", "payout");
    let (mut over, _) = opened_by(layout);
    deposit(&mut over, case, ("1000.00", 1));
    over.wait(WEEK_MS + 1_000);
    over.ask(Request::Tick).unwrap();
    let (mut late, _) = opened_by(layout);
    late.wait(WEEK_MS + 1_000);
    late.ask(Request::Tick).unwrap();
    late.certify();
    deposit(&mut late, case, ("999.00", 1));
    [paid, refused, over, late]
        .map(|mut world| {
            world.certify();
            (world, case)
        })
        .into()
}

#[test]
fn every_audience_of_a_redemption_can_verify_what_it_sees_however_the_case_ends() {
    let carried = "\"deposit.depositor\", \"deposit.amount\", \"payout.amount\", \"payout.booked_at\"";
    let layout = REDEEM_LAYOUT.split("\n[audience]").next().unwrap().to_owned()
        + &format!(
            "\n[audience]\npublic = [{carried}]\ncounterparty = [\"payout.*\", \"param.*\"]\nauditor = [\"deposit.*\", \
             \"payout.bank-statement\"]\nsupervisor = [\"*\"]\n"
        );
    let mut found = Vec::new();
    for (world, case) in endings(&layout) {
        let answers = Audience::ALL.map(|audience| {
            let options = Options { audience: Some(audience), evidence: true, ..Options::default() };
            let pack = world.pack_with(case, &options);
            let report = verify(&pack, Some(&world.trust()));
            let facts = report.facts.as_ref().unwrap();
            assert!(facts.audiences.as_ref().unwrap().contains(&audience));
            assert!(facts.outcome.as_ref().unwrap().outcomes.len() == 1);
            told(&report).trim_start_matches("cannot_tell: ").to_owned()
        });
        found.push(answers.join(" | "));
    }
    let claims = "claims | claims | claims | verified";
    // Why the bank could not pay is for those who see all of its step.
    let refused = "withheld, claims | claims | withheld, claims | verified";
    assert_eq!(found, [claims, refused, claims, claims]);
}
