//! What a case may come to, one line a story.

use super::world::{self, Args, LIST, READY, World, both, name, play, time};
use crate::outcome;
use crate::{Body, RefusalCode, Request};
use alloy_primitives::{B256, U256, hex, keccak256};
use lockstep_attest::Statement;
use lockstep_ledger::Tag;

#[test]
fn the_good_path_ends_in_an_outcome_that_a_contract_can_read() {
    let mut world = play(READY);
    world.now = time("2026-11-20T09:02:00.750Z");
    let case = world.case("a");
    let records = world.act(&Args::new("approve")).unwrap();
    let bodies: Vec<Body> = records.iter().take(2).map(|r| Body::from_slice(r.body()).unwrap()).collect();
    assert!(matches!(&bodies[0], Body::Attested(b) if b.step == name("approve") && b.credentials.len() == 1));
    assert!(matches!(&bodies[1], Body::Decided(b) if b.ordinal == 0 && b.outcomes.len() == 1));
    assert_eq!(
        records.iter().map(lockstep_ledger::Record::tag).collect::<Vec<_>>(),
        [Tag::Record, Tag::Record, Tag::Outcome]
    );
    let found = outcome::decode(records[2].body()).unwrap();
    assert_eq!(found.ledger, B256::from(world.id().0));
    assert_eq!(found.caseId, B256::from(case.0));
    assert_eq!(found.prev, B256::from(records[1].leaf_hash().0));
    assert_eq!(found.programme, keccak256("acme-usd"));
    assert_eq!(found.policy, B256::from(world.policy.digest().0));
    assert_eq!(found.line, keccak256("mint"));
    assert_eq!(found.kind, 0);
    assert_eq!(found.chainId, U256::from(31_337));
    assert_eq!(hex::encode(found.gate), "5fbdb2315678afecb367f032d93f642f64180aa3");
    // 09:32:00.750, rounded down to the second.
    assert_eq!(found.notAfter, time("2026-11-20T09:32:00.000Z").ms() / 1_000);
    assert_eq!(found.ordinal, 0);
    assert_eq!(found.calls.len(), 1);
    assert_eq!(hex::encode(found.calls[0].target), "e7f1725e7734ce288f8367e1bb143e90bb3f0512");
    let mint = [
        "40c10f19",
        "00000000000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c8",
        "000000000000000000000000000000000000000000000000000000e8d4a51000",
    ];
    assert_eq!(hex::encode(&found.calls[0].data), mint.concat());
    assert_eq!(world.phase("a"), "decided");
    let kernel = world.kernel().case(&case).unwrap();
    assert_eq!((kernel.touched.count, kernel.touched.head), (9, records[2].leaf_hash()));
    assert_eq!(
        world.kernel().programme("acme-usd").unwrap().account.totals(),
        (500_000_000, 100_000_000, 200_000_000)
    );
}

#[test]
fn every_record_of_a_case_names_the_one_before_it() {
    let mut world = play(READY);
    world.play("audit!step_taken, approve keys=1!persons, approve");
    let case = world.case("a");
    let mut head = None;
    for record in world.log.iter().flat_map(|(_, records)| records) {
        let link = match record.tag() {
            Tag::Outcome => outcome::decode(record.body()).ok().map(|o| (o.caseId.0, o.prev.0)),
            Tag::Record => Body::from_slice(record.body()).unwrap().link().map(|(id, prev)| (id.0, prev.0)),
        };
        match link.filter(|(id, _)| *id == case.0) {
            Some((_, prev)) => {
                assert_eq!(Some(prev), head);
                head = Some(record.leaf_hash().0);
            }
            None if record.leaf_hash().0 == case.0 => head = Some(case.0),
            None => {}
        }
    }
    assert_eq!(head.unwrap(), world.kernel().case(&case).unwrap().touched.head.0);
}

#[test]
fn steps_keep_order_roles_persons_and_predecessors() {
    both("open, audit!order, approve!order, payment!order, screen!order, is open");
    both("open, reserve, audit by=northbank!not_distinct, audit, is open");
    both("open, reserve by=otherbank, audit by=acme!not_distinct, is open");
    both("open, audit by=acme!not_distinct");
    both(
        "open, request, payment, reserve, audit, screen, supply, approve keys=1!persons, approve, is decided",
    );
    both("open, request, request!step_taken, again request!step_taken, is open");
    both("open, request, payment wrong-prev!prev, payment, is open");
    both("open, teleport!step_unknown");
    let mut world = play("open");
    world.cases.insert("nowhere".to_owned(), lockstep_types::CaseId([9; 32]));
    world.play("request@nowhere!case_unknown, withdraw@nowhere request!case_unknown");
    both("open, request by=otherbank!not_entitled, request by=stranger!unknown-key");
    both("open, payment by=fair!not_entitled, reserve by=clear!not_entitled");
    both("open, request keys=2!not_entitled");
}

#[test]
fn one_institution_is_not_two_whichever_role_says_so() {
    // The auditor's role names the custodian's; it holds the other way round too.
    let layout = world::LAYOUT.replace("after = [\"reserve\"]\nclaim = { agrees", "claim = { agrees");
    let guards = world::GUARDS.replace("&& context.claim.balance == context.step.reserve.balance ", "");
    let guards = guards.replace(
        "resource.amount * 10000 > context.step.reserve.balance * (10000 - context.claim.haircut_bps)",
        "resource.amount * 10000 > context.claim.balance * (10000 - context.claim.haircut_bps)",
    );
    let layout =
        layout.replace("after = [\"payment\", \"audit\"", "after = [\"payment\", \"reserve\", \"audit\"");
    let mut world = World::with(&layout, &guards);
    world.play("open, audit by=northbank, reserve by=northbank!not_distinct, reserve by=otherbank, is open");
}

#[test]
fn guards_refuse_and_errors_refuse_too() {
    both("open, request, screen hits=1!guard, screen, is open");
    both("open jurisdiction=KP, request!guard, is open");
    both("open, request, payment amount=999999.99!guard, payment booked=false!guard, payment");
    both(
        "open, reserve segregated=false!guard, reserve, audit agrees=false!guard, \
         audit balance=4.00!guard, audit",
    );
    both(
        "open, reserve, audit haircut_bps=10001!guard, \
         audit haircut_bps=-9007199254740991!guard_error, audit",
    );
    let other = LIST.replace('9', "8");
    both(&format!("open, request, screen list={other}!guard, screen"));
}

#[test]
fn what_is_stated_has_the_declared_form() {
    both("open amount=1000000!claim_form, open amount=0.50!claim_form, open amount=50000000.01!claim_form");
    both("open beneficiary=0x70997970c51812dc3a010c7d01b50e0d17dc79c8!claim_form");
    both("open, reserve no-evidence!evidence_count, reserve balance=5e6!claim_form, reserve");
    both("open, request, payment servicer=north!claim_form, payment no-evidence!evidence_count, payment");
    both("open, request, payment booked_at=1h!claim_form, payment");
}

#[test]
fn a_balance_may_be_too_old_when_stated_and_when_relied_on() {
    both("open, reserve as_of=-37h!stale, reserve as_of=1h!stale, reserve");
    both(&format!("{READY}, wait 28h, supply, approve!stale, is open"));
    both("open, reserve, wait 28h, audit!stale, is open");
}

#[test]
fn readings_may_be_missing_old_or_of_another_time() {
    both(
        "open, request, payment, reserve, audit, screen, approve!headroom_unknown, supply, approve, \
         is decided",
    );
    both(&format!("{READY}, wait 6m, approve!headroom_unknown, supply, approve, is decided"));
    // A block of today says nothing of midnight.
    both("open, request, payment, reserve, audit, screen, supply block=-60s, approve!headroom_unknown");
    // What the observer has signed once stays as old as it is.
    let mut world = World::new();
    world.play("open, request, payment, reserve, audit, screen");
    let reading = world.reading(&Args::new("supply"));
    world.submit(&Statement::Reading(reading.clone()), Vec::new(), ("watcher", &[0])).unwrap();
    world.play("wait 6m");
    let replayed = world.submit(&Statement::Reading(reading), Vec::new(), ("watcher", &[0]));
    assert_eq!(replayed.unwrap_err().code(), "reading_form");
    world.play("approve!headroom_unknown, supply, approve");
}

#[test]
fn a_reading_must_make_sense_and_come_from_an_observer() {
    both("supply programme=other!reading_unknown, supply domain=away!reading_unknown");
    both(
        "supply by=fair!not_entitled, supply block=-5s!reading_form, \
         supply units=99999999999999999999999!reading_form",
    );
    both("supply, supply by=lookout");
}

#[test]
fn headroom_runs_out() {
    let ready = "open, request, payment, reserve, audit, screen";
    // The balance is 5,000,000.00 and has a payment that was booked at its time or before.
    let before = "open, request, payment booked_at=2026-11-20T00:00:00.000Z, reserve, audit, screen";
    both(&format!("{before}, supply units=4000000000000, approve, is decided"));
    both(&format!("{before}, supply units=4000000010000, approve!headroom_short"));
    // One token unit rounds up to a cent.
    both(&format!("{before}, supply units=4000000000001, approve!headroom_short"));
    // Money booked after the balance adds to it.
    both(&format!("{ready}, supply units=5000000000000, approve, is decided"));
    both(&format!("{ready}, supply units=5000000000001, approve!headroom_short"));
}

#[test]
fn two_cases_do_not_hold_the_same_headroom() {
    let second =
        READY.replace("open", "open@b").replace("request", "request@b").replace("payment", "payment@b");
    let second =
        second.replace("reserve", "reserve@b").replace("audit", "audit@b").replace("screen", "screen@b");
    let booked = "2026-11-19T23:00:00.000Z";
    let first = READY.replace("payment", &format!("payment booked_at={booked}"));
    let second = second.replace("payment@b", &format!("payment@b booked_at={booked}"));
    let units = "supply units=3500000000000";
    both(&format!("{first}, {second}, {units}, approve, approve@b!headroom_short, is@b open, is decided"));
    // The clock does not give the hold back; a block after its time does.
    both(&format!(
        "{first}, {second}, {units}, approve, wait 2h, {units}, tick, approve@b!headroom_short, \
         supply block=-100m, {units}, \
         approve@b!headroom_short, supply block=-10s span=5s, {units}, approve@b, is@b decided, is open"
    ));
}

#[test]
fn a_payment_carries_one_issuance() {
    let pay = "payment@b servicer_ref=payment_a";
    both(&format!(
        "{READY}, open@b, request@b, {pay}!single_use, approve, {pay}!single_use, payment@b, is@b open"
    ));
    // The act is the same whatever else the second statement says of it.
    both(&format!("open, request, payment, open@b, request@b, {pay} debtor=Somebody_else!single_use"));
    // Another entry of the same reference is another act.
    both(&format!("open, request, payment, open@b, request@b, {pay} entry_ref=2, is@b open"));
    // A case that ended without an outcome gives the act back; one that was executed does not.
    both(&format!(
        "open deadline=1h, request, payment, open@b, request@b, wait 61m, tick, is expired, {pay}"
    ));
    both(&format!(
        "{READY}, approve, supply block=-10s span=5s executed=a, is settled, open@b, request@b, \
         {pay}!single_use"
    ));
    both(&format!("open, request, payment, open@b, request@b, withdraw payment, {pay}"));
    both(&format!("open, request, payment, open@b, request@b, screen refuse, is refused, {pay}"));
}

#[test]
fn a_refused_step_ends_the_case() {
    both("open, request, screen refuse, is refused, payment!case_closed, tick, is refused");
    both("open, reserve refuse by=otherbank, is refused, again reserve!case_closed");
    both("open, screen refuse!order, is open");
}

#[test]
fn time_is_the_ledgers_and_late_is_late_before_anybody_says_so() {
    both(
        "open deadline=1h, wait 59m, request, wait 2m, payment!case_late, tick, is expired, \
         payment!case_closed",
    );
    both("open deadline=1h, wait 59m, tick, is open, wait 58s, tick, is expired");
    both("open, request, wait 24h, payment!step_late, is open");
    both(
        "open deadline=-1s!deadline, open deadline=0s!deadline, open deadline=8d!deadline, open deadline=7d",
    );
    both("open, request expires=-1s issued=-2h!envelope_expired, request issued=3s!issued_in_future");
    both(
        "open, request issued=2s, payment issued=-1h expires=8d!envelope_life, payment issued=-1h expires=6d",
    );
    both("open, request other-ledger!other_ledger");
}

#[test]
fn an_opening_opens_once() {
    both("open, again open!opened_before, seal, again open!opened_before");
    both("open deadline=1h, wait 2h, tick, is expired, seal, again open!envelope_expired");
    both("open deadline=1s expires=3h, wait 2h, tick, is expired, seal, again open!opened_before");
    both("open by=otherbank!not_entitled");
    both(&format!("open policy={}!policy_unknown", "7".repeat(64)));
}

#[test]
fn keys_that_are_revoked_or_not_valid_do_not_count() {
    both("open, revoke acme/e-money-institution, request!credential_revoked");
    both(
        "open, request, revoke northbank/qualified-custodian, payment!credential_revoked, \
          credential northbank/qualified-custodian keys=1, payment keys=1",
    );
    both(
        "revoke acme/compliance-officer by=stranger!unknown-key, \
         revoke acme/compliance-officer by=fair!not_issuer",
    );
    both("revoke fair/registered-auditor, revoke fair/registered-auditor!credential_revoked");
    both("revoke fair/registered-auditor suspect=1h!credential_form");
    let mut world = play("open");
    world.now = time("2027-01-01T00:00:00.001Z");
    let refused = world.act(&Args::new("request")).unwrap_err();
    assert_eq!(refused.code(), "credential_not_valid");
}

#[test]
fn a_suspect_key_suspends_the_case_until_its_step_is_taken_anew() {
    let lost = "revoke northbank/qualified-custodian suspect=-5m";
    let fresh = "credential northbank/qualified-custodian keys=1";
    both(&format!(
        "{READY}, {lost}, approve!suspended, withdraw payment!credential_revoked, {fresh}, \
         approve!suspended, \
         withdraw payment keys=1, approve!suspended, withdraw reserve keys=1, payment keys=1, reserve keys=1, \
         audit, approve, is decided"
    ));
    // Lost after the step: nothing is suspect, and nothing new counts.
    both(&format!(
        "{READY}, wait 1m, revoke northbank/qualified-custodian suspect=-1s, supply, approve, is decided"
    ));
    both(&format!("{READY}, revoke northbank/qualified-custodian, approve, is decided"));
    // Whoever opened with a stolen key opened nothing that can be decided.
    both("open, revoke acme/e-money-institution suspect=-5m, reserve!suspended, is open");
    let mut world = play(READY);
    world.play(lost);
    let case = world.case("a");
    assert_eq!(world.kernel().suspect_records(&case, world.kernel().case(&case).unwrap()).len(), 2);
}

#[test]
fn what_is_withdrawn_falls_with_all_that_builds_on_it() {
    both(
        "open, request, payment, reserve, audit, screen, withdraw request, payment!order, audit!step_taken, \
          request, payment, screen, supply, approve, is decided",
    );
    both(
        "open, reserve, withdraw reserve by=otherbank!nothing_to_withdraw, \
         withdraw audit!nothing_to_withdraw",
    );
    both("open, reserve, withdraw reserve, withdraw reserve!nothing_to_withdraw, is open");
    both(&format!("{READY}, approve, withdraw approve!case_closed, is decided"));
    let mut world = play("open, request, payment, reserve, audit");
    let steps = |world: &World| {
        world
            .kernel()
            .case(&world.case("a"))
            .unwrap()
            .steps
            .keys()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let account = |world: &World| world.kernel().programme("acme-usd").unwrap().account.totals();
    assert_eq!((steps(&world).len(), account(&world).0), (4, 500_000_000));
    world.play("withdraw reserve");
    assert_eq!((steps(&world), account(&world).0), (vec!["payment".to_owned(), "request".to_owned()], 0));
}

#[test]
fn what_was_withdrawn_cannot_be_handed_in_again_by_anybody() {
    both("open, reserve, withdraw reserve, again reserve!taken_back, reserve, is open");
    // So does a step that fell with another.
    both("open, reserve, audit, withdraw reserve, reserve, again audit!taken_back, audit, is open");
}

#[test]
fn an_older_balance_does_not_come_back_to_life() {
    let ready = "open, request, payment booked_at=2026-11-19T20:00:00.000Z, reserve, audit, screen, supply";
    // With the newer balance withdrawn, headroom is unknown although an older one is stated after it.
    both(&format!(
        "{ready}, open@b, reserve@b as_of=2026-11-20T08:00:00.000Z, approve!headroom_unknown, \
         withdraw@b reserve, \
         approve!headroom_unknown, open@c, reserve@c as_of=2026-11-20T01:00:00.000Z, approve!headroom_unknown"
    ));
}

#[test]
fn a_decision_that_lapses_is_taken_anew_under_the_next_ordinal() {
    let lapsed = format!("{READY}, approve, wait 40m, tick, is decided, supply block=-5m, is open");
    both(&format!("{lapsed}, supply, again approve!taken_back, approve, is decided"));
    let mut world = World::new();
    world.play(&lapsed);
    assert_eq!(world.kernel().programme("acme-usd").unwrap().account.totals().1, 0);
    world.play("open@b, request@b, payment@b servicer_ref=payment_a!single_use, supply");
    let records = world.act(&Args::new("approve")).unwrap();
    assert_eq!(outcome::decode(records[2].body()).unwrap().ordinal, 1);
    world.play(
        "supply block=5s executed=a!reading_form, wait 10s, \
     supply block=-5s span=4s executed=a, is settled",
    );
}

/// Headroom that one step reserves and a later one decides on: what has returned is held anew, or nobody
/// counts what is minted in the end.
#[test]
fn a_hold_that_was_taken_before_the_last_step_is_taken_anew_after_a_lapse() {
    let last =
        "[step.sign]\nby    = \"issuer\"\ntitle = \"signs\"\nafter = [\"approve\"]\n\n[reading.supply]";
    let layout = world::LAYOUT.replace("[reading.supply]", last);
    let layout = layout.replace("after   = [\"approve\"]", "after   = [\"sign\"]");
    let permit = "permit (principal in Role::\"issuer\", action == Action::\"sign\", resource);";
    let mut world = World::with(&layout, &format!("{}\n@id(\"issuer-may-sign\")\n{permit}\n", world::GUARDS));
    let held = |world: &World| world.kernel().programme("acme-usd").unwrap().account.totals().1;
    world.play(&format!("{READY}, approve, is open"));
    let amount = held(&world);
    assert!(amount > 0);
    world.play("sign, is decided, wait 40m, supply block=-5m, is open, supply");
    assert_eq!(held(&world), 0);
    world.play("sign!order, approve, is open");
    assert_eq!(held(&world), amount);
    world.play("sign, is decided");
    assert_eq!(held(&world), amount, "what can be minted is held");
}

#[test]
fn a_block_before_the_last_moment_settles_nothing() {
    both(&format!("{READY}, approve, wait 1h, supply block=-31m, is decided, supply block=-5m, is open"));
    // After the deadline there is nothing to decide again, and what was used comes back.
    both(&format!(
        "{}, approve, wait 2h, supply block=-5m, is lapsed, approve!case_closed, open@b, request@b, \
         payment@b servicer_ref=payment_a",
        READY.replace("open", "open deadline=30m")
    ));
}

#[test]
fn executed_money_counts_as_supply_from_its_block_on() {
    let mut world = World::new();
    world
        .play(READY)
        .play("approve, wait 1m, supply block=-10s span=5s executed=a units=3000000000000, is settled");
    let account = |world: &World| world.kernel().programme("acme-usd").unwrap().account.totals();
    assert_eq!(account(&world), (500_000_000, 0, 300_000_000));
    // Still held for the balance of midnight, which the tokens are younger than.
    world.play(
        "open@b, request@b, payment@b booked_at=2026-11-19T20:00:00.000Z, reserve@b, audit@b, screen@b",
    );
    world.play("supply units=4000000000001, approve@b!headroom_short, supply units=4000000000000, approve@b");
}

#[test]
fn refused_attempts_are_on_record_eight_times_a_party_and_once_an_attestation() {
    let mut world = play("open, request, payment, reserve, audit, screen");
    let case = world.case("a");
    let count = |world: &World| world.kernel().case(&case).unwrap().touched.count;
    let before = count(&world);
    world.play("approve!headroom_unknown, again approve!headroom_unknown, again approve!headroom_unknown");
    assert_eq!(count(&world), before + 1);
    for _ in 0..10 {
        world.play("approve keys=1!persons");
    }
    assert_eq!(count(&world), before + 8);
    world.play("payment!step_taken, audit by=northbank!step_taken, again request!step_taken");
    assert_eq!(count(&world), before + 10);
    // Who is not entitled leaves nothing behind, nor does anybody once the case is decided.
    world.play("payment by=fair!not_entitled, supply, approve, reserve!case_closed");
    assert_eq!(count(&world), before + 13);
}

#[test]
fn a_withheld_claim_is_no_claim() {
    let mut world = play("open, request");
    for slot in 0..8 {
        let (attestation, claims) = world.attestation("a", "payment", &Args::new("payment"));
        let mut submission = world.signed(&Statement::Attestation(attestation), claims, ("northbank", &[0]));
        submission.openings[slot] = None;
        let refused = world.send(Request::Submit(Box::new(submission))).unwrap_err();
        assert_eq!(refused.code(), "withheld", "{slot}");
    }
    let (opening, claims) = world.opening(&Args::new("open"));
    let mut submission = world.signed(&opening, claims, ("acme", &[0]));
    submission.openings[2] = None;
    assert_eq!(world.send(Request::Submit(Box::new(submission))).unwrap_err().code(), "withheld");
}

#[test]
fn claims_in_other_slots_or_numbers_are_refused() {
    let mut world = play("open, request");
    let (mut attestation, mut claims) = world.attestation("a", "payment", &Args::new("payment"));
    claims.swap(1, 2);
    attestation.claims = claims.iter().map(lockstep_attest::Claim::digest).collect();
    let swapped =
        world.submit(&Statement::Attestation(attestation.clone()), claims.clone(), ("northbank", &[0]));
    assert_eq!(swapped.unwrap_err().code(), "claim_form");
    claims.pop();
    attestation.claims.pop();
    let fewer = world.submit(&Statement::Attestation(attestation), claims, ("northbank", &[0]));
    assert_eq!(fewer.unwrap_err().code(), "claim_count");
    let (opening, mut claims) = world.opening(&Args::new("open"));
    let Statement::Opening(mut opening) = opening else { panic!() };
    claims.pop();
    opening.claims.pop();
    assert_eq!(
        world.submit(&Statement::Opening(opening), claims, ("acme", &[0])).unwrap_err().code(),
        "claim_count"
    );
}

#[test]
fn signatures_are_checked_before_any_rule() {
    let mut world = play("open");
    let (attestation, _) = world.attestation("a", "request", &Args::new("request"));
    let mut forged = world.signed(&Statement::Attestation(attestation), Vec::new(), ("acme", &[0]));
    forged.envelope.signatures[0].sig[5] ^= 1;
    assert!(world.send(Request::Submit(Box::new(forged))).unwrap_err().code().starts_with("signature"));
    let (attestation, claims) = world.attestation("a", "reserve", &Args::new("reserve"));
    let mut high = world.signed(&Statement::Attestation(attestation), claims, ("northbank", &[0]));
    high.envelope.signatures[0].sig = high_s(&high.envelope.signatures[0].sig);
    let refused = world.send(Request::Submit(Box::new(high))).unwrap_err().code();
    assert!(refused.contains("low-s"), "{refused}");
    // Somebody else's key, registered and honest about itself.
    let (attestation, _) = world.attestation("a", "request", &Args::new("request"));
    let foreign = world.signed(&Statement::Attestation(attestation), Vec::new(), ("northbank", &[0]));
    assert_eq!(world.send(Request::Submit(Box::new(foreign))).unwrap_err().code(), "key_owner");
}

/// The other of the two `s` of a P-256 signature.
fn high_s(signature: &[u8]) -> Vec<u8> {
    let order =
        U256::from_str_radix("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16).unwrap();
    let s = U256::from_be_slice(&signature[32..]);
    [&signature[..32], &(order - s).to_be_bytes::<32>()].concat()
}

#[test]
fn one_reading_is_enough_or_as_many_as_the_policy_asks_for() {
    let layout = world::LAYOUT.replace("quorum  = 1", "quorum  = 2");
    let ready = "open, request, payment, reserve, audit, screen";
    let mut world = World::with(&layout, world::GUARDS);
    world.play(ready).play(
        "supply, approve!headroom_unknown, supply, approve!headroom_unknown, supply by=lookout, approve",
    );
    // Two that differ do not agree, and an old word keeps the reading old.
    let mut world = World::with(&layout, world::GUARDS);
    world
        .play(ready)
        .play("supply, supply by=lookout units=1, approve!headroom_unknown, wait 6m, supply by=lookout");
    world.play(
        "approve!headroom_unknown, supply, approve!headroom_unknown, supply by=lookout, approve, is decided",
    );
}

#[test]
fn a_full_list_of_executed_outcomes_says_nothing_about_what_comes_after_it() {
    let waiting = format!("{READY}, approve, wait 2h");
    // 256 outcomes of cases before this one, in the order of their ids: this one may be the next.
    both(&format!("{waiting}, supply block=-5m full=0, is decided, supply block=-5m, is open"));
    // Of cases after it: this one would be among them.
    both(&format!("{waiting}, supply block=-5m full=255, is open"));
}

#[test]
fn a_policy_with_outcomes_on_two_domains_ends_when_both_have_shown_theirs() {
    let mut layout = world::LAYOUT.replace("[role]\n", "[domain.away]\nchain    = \"eip155:10\"\ngate     = \
 \
                \"0x5FbDB2315678afecb367f032d93F642f64180aa3\"\ntoken    = \"0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512\"\n\
        decimals = 6\n\n[role]\n");
    layout.push_str(
        "\n[outcome.notice]\nafter   = [\"approve\"]\ndomain  = \"away\"\nline    = \"notice\"\n\
        call    = \"note(uint256)\"\nargs    = [\"param.amount\"]\nexpires = \"30m\"\n",
    );
    let ready = format!("{READY}, supply domain=away units=0, approve, is decided, wait 1h");
    let mut world = World::with(&layout, world::GUARDS);
    world.play(&ready).play(
        "supply block=-40m executed=a, is decided, supply block=-40m domain=away executed=a, is settled",
    );
    // One executed, one lapsed: it is not decided again, and the payment stays used.
    let mut world = World::with(&layout, world::GUARDS);
    world
        .play(&ready)
        .play("supply block=-5m domain=away, is decided, supply block=-40m executed=a, is lapsed");
    world.play("open@b, request@b, payment@b servicer_ref=payment_a!single_use, approve!case_closed");
    let mut world = World::with(&layout, world::GUARDS);
    world.play(&ready).play("supply block=-5m domain=away, is decided, supply block=-5m, is open");
    world.play("supply, supply domain=away units=0, approve, is decided");
}

#[test]
fn of_several_faults_the_first_in_the_order_of_the_checks_is_named() {
    // Who is not entitled learns nothing else; then the case, its standing, the signers.
    both("open deadline=1h, wait 2h, request by=otherbank!not_entitled, approve keys=1!case_late");
    let late = "open deadline=1h, reserve, revoke northbank/qualified-custodian suspect=-5m";
    both(&format!("{late}, approve keys=1!suspended, wait 2h, approve keys=1!case_late"));
    both("open, approve keys=1!persons, approve!order, reserve, reserve as_of=-37h no-evidence!step_taken");
    // Then who else they have been, order, predecessors, time.
    both("open, audit by=acme!not_distinct, audit!order, payment wrong-prev!order, request");
    both(
        "open, request, wait 24h, payment wrong-prev servicer=x!prev, \
         payment servicer=x no-evidence!step_late",
    );
    // Then what is stated: form, documents, age, guards, single use, headroom.
    both(
        "open, request, payment servicer=x no-evidence!claim_form, \
         payment no-evidence amount=1.00!evidence_count",
    );
    both("open, reserve as_of=-37h no-evidence!evidence_count, reserve as_of=-37h segregated=false!stale");
    let same = "payment@b servicer_ref=payment_a";
    both(&format!("open, request, payment, open@b, request@b, {same} amount=1.00!guard, {same}!single_use"));
}

#[test]
fn every_refusal_has_its_story() {
    let told = [include_str!("stories.rs"), include_str!("governing.rs"), include_str!("errors.rs")].concat();
    for code in RefusalCode::ALL {
        assert!(
            told.contains(&format!("!{}", code.as_text()))
                || told.contains(&format!("\"{}\"", code.as_text())),
            "{code:?}"
        );
    }
}

#[test]
fn a_rerun_gives_the_same_records_and_the_same_map() {
    let mut world = World::new();
    world.sealing = true;
    world
        .play(READY)
        .play("approve keys=1!persons, approve, supply block=-10s span=5s executed=a, is settled");
    world
        .play("open@b deadline=1h, request@b, payment@b, withdraw@b request, reserve@b refuse, is@b refused");
    let again = world.rerun();
    assert_eq!((again.root(), again.map_root()), (world.ledger.root(), world.ledger.map_root()));
    assert_eq!(again.machine().to_snapshot().unwrap(), world.kernel().to_snapshot().unwrap());
}
