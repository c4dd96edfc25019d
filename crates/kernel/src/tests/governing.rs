//! Who may change what: thresholds, consent, notice, and what the administrators alone cannot do.

use super::world::{self, ADMINISTRATORS, GUARDS, LAYOUT, World, genesis, name, play, time};
use crate::governance::{Action, Erasure, Files, Issuer, NewList, Removed, Retired, Rotation};
use crate::state::StoredList;
use crate::{Body, Request};
use lockstep_attest::{Statement, StepVerdict};
use lockstep_crypto::suite::{PublicKey, Suite};
use lockstep_ledger::Member;
use lockstep_types::{DocumentDigest, Salt};
use std::collections::BTreeSet;

fn adopt(layout: &str) -> Action {
    Action::Adopt(Files { guards: GUARDS.to_owned(), layout: layout.to_owned() })
}

fn looser() -> Action {
    adopt(&LAYOUT.replace("keys = 2", "keys = 1"))
}

fn list(entries: &[&str]) -> Action {
    let value = StoredList::Set(entries.iter().map(|entry| (*entry).to_owned()).collect());
    Action::SetList(NewList { list: name("blocked_countries"), programme: name("acme-usd"), value })
}

fn waits(world: &World) -> usize {
    world.kernel().proposals().count()
}

#[test]
fn the_administrators_threshold_is_enough_before_anything_is_enforced() {
    let mut world = World::bare();
    let case = world.propose(list(&["KP"]), "acme").unwrap();
    assert_eq!(waits(&world), 1);
    assert_eq!(world.approve(case, "acme").unwrap_err().code(), "agreed_before");
    assert_eq!(world.approve(case, "fair").unwrap_err().code(), "unknown-key");
    let records = world.approve(case, "northbank").unwrap();
    let kinds: Vec<Body> = records.iter().map(|r| Body::from_slice(r.body()).unwrap()).collect();
    assert!(matches!(kinds.as_slice(), [Body::Approved(_), Body::Resolved(_), Body::Enacted(_)]));
    assert_eq!(waits(&world), 0);
    assert_eq!(world.approve(case, "trust").unwrap_err().code(), "case_closed");
    world.seal();
    assert_eq!(world.approve(case, "trust").unwrap_err().code(), "case_closed");
}

#[test]
fn all_administrators_together_cannot_loosen() {
    let mut world = World::new();
    let before = world.policy.digest();
    let case = world.propose(looser(), "acme").unwrap();
    for admin in ["northbank", "trust"] {
        world.approve(case, admin).unwrap();
    }
    world.now = world.now.saturating_add_ms(3 * 86_400_000);
    world.send(Request::Tick).unwrap();
    let programme = world.kernel().programme("acme-usd").unwrap();
    assert_eq!(programme.policies[&name("stablecoin.issue")].0, before);
    assert_eq!(waits(&world), 1);
}

#[test]
fn what_loosens_takes_consent_and_then_the_notice() {
    let mut world = World::new();
    let case = world.propose(looser(), "acme").unwrap();
    world.approve(case, "trust").unwrap();
    for cosigner in ["acme", "northbank"] {
        world.consent(case, cosigner).unwrap();
    }
    assert_eq!(world.consent(case, "acme").unwrap_err().code(), "agreed_before");
    world.now = world.now.saturating_add_ms(86_400_000);
    assert!(world.send(Request::Tick).unwrap().is_empty());
    // The notice begins when enough have agreed.
    let records = world.consent(case, "fair").unwrap();
    let effective = world.now.saturating_add_ms(86_400_000);
    let resolved = Body::from_slice(records[1].body()).unwrap();
    assert!(matches!(resolved, Body::Resolved(body) if body.effective == effective));
    world.play("open, wait 23h, tick");
    assert_eq!(waits(&world), 1);
    world.play("wait 1h, tick, open@b!policy_unknown, request");
    assert_eq!(waits(&world), 0);
    assert_eq!(world.rerun().root(), world.ledger.root());
}

#[test]
fn only_governors_agree_and_only_to_what_they_name() {
    let mut world = World::new();
    assert_eq!(world.propose(looser(), "fair").unwrap_err().code(), "not_governor");
    let case = world.propose(looser(), "acme").unwrap();
    assert_eq!(world.consent(case, "otherbank").unwrap_err().code(), "not_governor");
    // The institution consents with the key that co-signs, not with another of its keys.
    let agreement = world.agreement(case, "consent", "fair");
    let other_key = world.submit(&Statement::Attestation(agreement.clone()), Vec::new(), ("fair", &[0]));
    assert_eq!(other_key.unwrap_err().code(), "not_governor");
    let mut elsewhere = agreement.clone();
    elsewhere.prev = vec![lockstep_types::LeafHash([3; 32])];
    let elsewhere = world.submit(&Statement::Attestation(elsewhere), Vec::new(), ("fair", &[1]));
    assert_eq!(elsewhere.unwrap_err().code(), "prev");
    let mut against = agreement.clone();
    (against.verdict, against.reason) = (StepVerdict::Refused, Some("no".to_owned()));
    assert_eq!(
        world.submit(&Statement::Attestation(against), Vec::new(), ("fair", &[1])).unwrap_err().code(),
        "prev"
    );
    let mut step = agreement;
    step.step = name("dance");
    assert_eq!(
        world.submit(&Statement::Attestation(step), Vec::new(), ("fair", &[1])).unwrap_err().code(),
        "step_unknown"
    );
}

#[test]
fn a_proposal_names_the_action_that_comes_with_it() {
    let mut world = World::new();
    let Request::Propose(mut proposing) = world.proposing(list(&["KP", "IR", "CU"]), "acme") else {
        panic!()
    };
    let honest = proposing.clone();
    proposing.action = list(&[]);
    assert_eq!(world.send(Request::Propose(proposing)).unwrap_err().code(), "action_form");
    world.send(Request::Propose(honest.clone())).unwrap();
    assert_eq!(world.send(Request::Propose(honest.clone())).unwrap_err().code(), "opened_before");
    // The opening of a governance case opens no case of a policy.
    let alone = Request::Submit(Box::new(honest.submission));
    assert_eq!(world.send(alone).unwrap_err().code(), "policy_unknown");
}

#[test]
fn tightening_is_exempt_and_loosening_a_list_is_not() {
    let mut world = World::new();
    world.play("open jurisdiction=NO");
    let case = world.propose(list(&["KP", "IR", "NO"]), "acme").unwrap();
    world.approve(case, "trust").unwrap();
    assert_eq!(waits(&world), 0);
    world.play("request!guard");
    let case = world.propose(list(&["KP", "NO"]), "acme").unwrap();
    world.approve(case, "trust").unwrap();
    assert_eq!(waits(&world), 1);
    let digest = StoredList::Digest(world::LIST.parse().unwrap());
    let swap = Action::SetList(NewList {
        list: name("blocked_countries"),
        programme: name("acme-usd"),
        value: digest,
    });
    assert_eq!(world.propose(swap, "acme").unwrap_err().code(), "action_form");
}

#[test]
fn a_policy_out_of_force_opens_nothing_and_still_ends_what_it_began() {
    let mut world = play(world::READY);
    world.play("open@b");
    let retire = || Action::Retire(Retired { policy: name("stablecoin.issue"), programme: name("acme-usd") });
    world.enact(retire());
    world.play("open@c!policy_unknown, reserve@b, approve, is decided, wait 1h, supply block=-5m, is open");
    assert_eq!(world.propose(retire(), "acme").unwrap_err().code(), "action_form");
    // Putting it back in force loosens.
    let case = world.propose(adopt(LAYOUT), "acme").unwrap();
    world.approve(case, "trust").unwrap();
    assert_eq!(waits(&world), 1);
}

#[test]
fn issuers_come_with_consent_and_go_at_once() {
    let mut world = World::new();
    let lei = world.parties["trust"].lei;
    let kinds: BTreeSet<_> = [name("registered-auditor")].into();
    let issuer = |keys| Action::NameIssuer(Issuer { keys, kinds: kinds.clone(), lei });
    let foreign = issuer(vec![world.parties["fair"].keys[0].public()]);
    assert_eq!(world.propose(foreign, "acme").unwrap_err().code(), "action_form");
    let own = issuer(vec![world.parties["trust"].keys[0].public()]);
    let case = world.propose(own, "acme").unwrap();
    world.approve(case, "trust").unwrap();
    assert_eq!(waits(&world), 1);
    world.enact(Action::RemoveIssuer(Removed { lei: world.parties["register"].lei }));
    let refused = world.credential("fair", "registered-auditor", &[0]).unwrap_err();
    assert_eq!(refused.code(), "not_issuer");
    // What it gave stays.
    world.play("open, reserve, audit");
    assert_eq!(
        world.propose(Action::RemoveIssuer(Removed { lei }), "acme").unwrap_err().code(),
        "action_form"
    );
}

#[test]
fn credentials_come_from_who_may_attest_their_kind() {
    let mut world = World::new();
    assert_eq!(world.credential("fair", "emperor", &[0]).unwrap_err().code(), "not_issuer");
    let statement = Statement::Credential(world.credential_of("fair", "registered-auditor", &[2]));
    world.submit(&statement, Vec::new(), ("register", &[0])).unwrap();
    let twice = world.submit(&statement, Vec::new(), ("register", &[0]));
    assert_eq!(twice.unwrap_err().code(), "credential_form");
    let mut stolen = world.credential_of("fair", "registered-auditor", &[0]);
    stolen.subject = world.parties["otherbank"].lei;
    let stolen = world.submit(&Statement::Credential(stolen), Vec::new(), ("register", &[0]));
    assert_eq!(stolen.unwrap_err().code(), "credential_form");
    // A key with which anybody can sign.
    let mut anybodys = world.credential_of("stranger", "registered-auditor", &[0]);
    let mut neutral = [0u8; 32];
    neutral[0] = 1;
    anybodys.keys[0].key = PublicKey::new(Suite::Ed25519, &neutral).unwrap();
    let anybodys = world.submit(&Statement::Credential(anybodys), Vec::new(), ("register", &[0]));
    assert_eq!(anybodys.unwrap_err().code(), "credential_form");
    world.credentials.insert("nobody/x".to_owned(), lockstep_types::CredentialDigest([1; 32]));
    world.play("revoke nobody/x!credential_unknown");
}

#[test]
fn a_rotation_puts_other_cosigners_in_force() {
    let mut world = World::new();
    let member = |label: &str, key: usize, world: &World| Member {
        address: world.parties[label].keys[key].secret.public().address().unwrap(),
        lei: world.parties[label].lei,
        name: name(label),
    };
    let cosigners = vec![member("clear", 0, &world), member("fair", 2, &world), member("trust", 1, &world)];
    let rotation = |threshold| Action::Rotate(Rotation { cosigners: cosigners.clone(), threshold });
    assert_eq!(world.propose(rotation(2), "acme").unwrap_err().code(), "action_form");
    world.enact(rotation(3));
    let committee = world.kernel().committee().unwrap();
    assert_eq!((committee.epoch(), committee.threshold()), (1, 3));
    let case = world.propose(looser(), "acme").unwrap();
    assert_eq!(world.consent(case, "northbank").unwrap_err().code(), "not_governor");
    // Its old key is no key of a co-signer any more.
    assert_eq!(world.consent(case, "fair").unwrap_err().code(), "not_governor");
    let foreign = Member { lei: world.parties["lookout"].lei, ..member("acme", 0, &world) };
    let foreign = Action::Rotate(Rotation { cosigners: vec![foreign], threshold: 1 });
    assert_eq!(world.propose(foreign, "acme").unwrap_err().code(), "action_form");
    world.seal();
    assert_eq!(world.rerun().map_root(), world.ledger.map_root());
}

#[test]
fn proposals_end_when_nobody_agrees_in_time() {
    let mut world = World::new();
    let case = world.propose(looser(), "acme").unwrap();
    world.play("wait 7d");
    assert_eq!(world.approve(case, "trust").unwrap_err().code(), "case_late");
    world.play("tick");
    assert_eq!(waits(&world), 0);
    assert_eq!(world.approve(case, "trust").unwrap_err().code(), "case_closed");
}

#[test]
fn what_takes_effect_together_is_checked_one_after_the_other() {
    let mut world = World::new();
    let (one, two) = (world.parties["trust"].lei, world.parties["lookout"].lei);
    let key = world.parties["stranger"].keys[0].public();
    let kinds: BTreeSet<_> = [name("aml-provider")].into();
    for lei in [one, two] {
        let issuer = Issuer { keys: vec![key.clone()], kinds: kinds.clone(), lei };
        let case = world.propose(Action::NameIssuer(issuer), "acme").unwrap();
        world.approve(case, "trust").unwrap();
        for cosigner in ["acme", "northbank", "fair"] {
            world.consent(case, cosigner).unwrap();
        }
    }
    world.play("wait 1d, tick, tick");
    assert_eq!(waits(&world), 0);
    let named = [one, two]
        .iter()
        .filter(|lei| world.kernel().issuers.get(lei).is_some_and(|(i, _)| i.is_some()))
        .count();
    assert_eq!(named, 1);
    world.seal();
    assert_eq!(world.rerun().map_root(), world.ledger.map_root());
}

#[test]
fn a_policy_has_to_fit_those_before_it() {
    let mut world = World::new();
    let refused = |world: &mut World, layout: &str, text: &str| {
        let fault = world.propose(adopt(layout), "acme").unwrap_err();
        let super::world::Fault::Refusal(refusal) = fault else { panic!("{fault:?}") };
        assert!(refusal.to_string().contains(text), "{refusal}");
    };
    refused(&mut world, &LAYOUT.replace("decimals = 6", "decimals = 18"), "differs from policy");
    refused(&mut world, &LAYOUT.replace("\"acme-usd\"", "\"acme-usd-2\""), "belongs to programme");
    refused(&mut world, &LAYOUT.replace("USD", "EUR"), "another currency");
    refused(&mut world, &LAYOUT.replace("opened_by = \"issuer\"", "opened_by = \"nobody\""), "not a role");
    let twin = "[domain.twin]\nchain    = \"eip155:31337\"\ngate     = \"0x5FbDB2315678afecb367f032d93F642f64180aa3\"\n\
        token    = \"0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512\"\ndecimals = 6\n\n[role]\n";
    refused(&mut world, &LAYOUT.replace("[role]\n", twin), "already");
    let second = "\n[outcome.again]\nafter   = [\"approve\"]\ndomain  = \"home\"\nline    = \"mint\"\n\
        call    = \"mint(address,uint256)\"\nargs    = [\"param.beneficiary\", \"param.amount\"]\nexpires = \"30m\"\n";
    refused(&mut world, &format!("{LAYOUT}{second}"), "one outcome a domain");
}

#[test]
fn an_action_fits_its_record() {
    let mut world = World::new();
    let long: Vec<String> = (0..1_024).map(|n| format!("{n:0>500}")).collect();
    let entries: Vec<&str> = long.iter().map(String::as_str).collect();
    assert_eq!(world.propose(list(&entries), "acme").unwrap_err().code(), "action_form");
}

#[test]
fn only_what_is_closed_is_erased() {
    let mut world = play("open, open@b, reserve@b refuse");
    let erase = |case| Action::Erase(Erasure { case, order: DocumentDigest([1; 32]) });
    let (open, refused) = (world.case("a"), world.case("b"));
    assert_eq!(world.propose(erase(open), "acme").unwrap_err().code(), "action_form");
    assert_eq!(
        world.propose(erase(lockstep_types::CaseId([1; 32])), "acme").unwrap_err().code(),
        "action_form"
    );
    world.enact(erase(refused));
    world.seal();
    world.enact(erase(refused));
    assert_eq!(waits(&world), 0);
}

#[test]
fn genesis_is_first_once_and_of_its_form() {
    let mut world = World::bare();
    let good = genesis(&world.parties);
    let again = world.send(Request::Genesis(Box::new(good.clone())));
    assert_eq!(again.unwrap_err().code(), "genesis_place");
    let mut bad = vec![good.clone(); 9];
    bad[0].rules = 3;
    bad[1].notice_ms = u64::MAX;
    bad[2].appender = world.parties["acme"].keys[0].secret.public().clone();
    bad[3].cosigner_threshold = 2;
    bad[4].administrators.clear();
    bad[5].administrator_threshold = 0;
    bad[6].administrators[1] = bad[6].administrators[0].clone();
    bad[7].administrators[2].keys = vec![world.parties["acme"].keys[0].public()];
    let mut neutral = [0u8; 32];
    neutral[0] = 1;
    bad[8].log = PublicKey::new(Suite::Ed25519, &neutral).unwrap();
    for (n, genesis) in bad.into_iter().enumerate() {
        let mut empty = lockstep_ledger::Ledger::new(crate::Kernel::default(), ());
        let command = crate::Command::Genesis(Box::new(genesis));
        let decision = empty
            .decide(&command, time("2026-11-20T08:00:00.000Z"), lockstep_ledger::Seed::new([1; 32]))
            .unwrap();
        assert_eq!(decision.refused.unwrap().code().as_text(), "genesis_form", "{n}");
        assert!(decision.records.is_empty());
        empty.commit(&command, &decision.records).unwrap();
    }
    assert_ne!(good.nonce, Salt::default());
    assert_eq!(ADMINISTRATORS.len(), good.administrators.len());
}
