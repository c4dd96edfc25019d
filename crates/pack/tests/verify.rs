//! Packs built from a ledger in memory and verified: what must hold, and every attack that must not.

#[path = "world/world.rs"]
mod world;

use alloy_primitives::{B256, U256};
use alloy_sol_types::SolValue;
use lockstep_kernel::outcome::OutcomeBody;
use lockstep_kernel::{Body, body};
use lockstep_ledger::{Entry, Record};
use lockstep_pack::pack::{Consistency, Document, PackedGroup};
use lockstep_pack::{
    BuildError, Flag, Missing, Options, Pack, PackedCommand, Reliance, Report, Rule, Trust, Verdict, build,
    verify,
};
use lockstep_types::*;
use world::*;

#[track_caller]
fn check(bytes: &[u8], trust: Option<&Trust>, expected: &str) -> Report {
    let report = verify(bytes, trust);
    assert_eq!(told(&report), expected, "\n{}", report.to_lines().join("\n"));
    assert!(lockstep_types::canonical::value_from_slice(&report.to_json().unwrap(), 1 << 24).is_ok());
    report
}

fn changed(bytes: &[u8], change: impl FnOnce(&mut Pack)) -> Vec<u8> {
    let mut pack = Pack::from_slice(bytes).unwrap();
    change(&mut pack);
    pack.to_vec().unwrap()
}

/// The group of the case's step.
fn group_of(pack: &Pack, step: &str) -> usize {
    let is_it = |group: &PackedGroup| {
        group
            .records
            .iter()
            .any(|r| matches!(r.record_body(), Some(Body::Attested(b)) if b.step.as_str() == step))
    };
    pack.excerpt.iter().position(is_it).unwrap()
}

fn with_evidence() -> Options {
    Options { evidence: true, ..Options::default() }
}

#[test]
fn a_decided_case_is_verified_under_the_trust_file() {
    let mut world = stablecoin();
    let case = decided(&mut world);
    let bytes = world.pack_with(case, &with_evidence());
    let report = check(&bytes, Some(&world.trust()), "verified");
    let facts = report.facts.unwrap();
    let outcome = facts.outcome.unwrap();
    assert_eq!((outcome.phase.as_str(), outcome.records, outcome.outcomes.len()), ("decided", 9, 1));
    assert_eq!(facts.certified.unwrap().signed.len(), 3);
    let codes: Vec<_> = report.rests_on.iter().map(Reliance::code).collect();
    assert_eq!(codes, ["trust", "single_use", "headroom", "certificate", "appender_clock", "keys"]);
    assert!(report.flags.is_empty(), "{:?}", report.flags);
    assert!(world.replays());
}

#[test]
fn times_are_bounded_by_the_certificates_around_a_step() {
    let mut world = stablecoin();
    let case = decided(&mut world);
    let report = check(&world.pack(case), Some(&world.trust()), "verified");
    for step in report.facts.unwrap().steps {
        assert!(step.latest.time >= step.at && step.latest.by.len() == 3, "{step:?}");
        if let Some(earliest) = &step.earliest {
            assert!(earliest.time <= step.at && earliest.time < step.latest.time, "{step:?}");
        }
        // Only the request was signed before any certificate was there to be seen.
        let early =
            step.kind == "opened" || step.step.as_ref().is_some_and(|name| name.as_str() == "request");
        assert_eq!(step.earliest.is_none(), early, "{step:?}");
    }
}

#[test]
fn without_a_trust_file_nobody_can_tell() {
    let mut world = stablecoin();
    let case = decided(&mut world);
    check(&world.pack(case), None, "cannot_tell: trust");
}

#[test]
fn an_open_case_is_verified_up_to_its_last_record() {
    let mut world = stablecoin();
    let case = prepare(&mut world, "1");
    world.certify();
    let report = check(&world.pack(case), Some(&world.trust()), "verified");
    assert!(report.rests_on.iter().any(|r| matches!(r, Reliance::Open { .. })));
    assert!(report.to_lines().iter().any(|line| line.contains("verified up to record")));
}

#[test]
fn the_trust_file_of_another_ledger_is_no_trust() {
    let mut world = stablecoin();
    let case = decided(&mut world);
    let mut other = stablecoin_on(World::genesis("OTHER"));
    decided(&mut other);
    check(&world.pack(case), Some(&other.trust()), "failed: ledger");
}

#[test]
fn a_changed_byte_never_verifies() {
    let mut world = stablecoin();
    let case = decided(&mut world);
    let (bytes, trust) = (world.pack_with(case, &with_evidence()), world.trust());
    for at in (0..bytes.len()).step_by(211) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert_ne!(verify(&changed, Some(&trust)).verdict.code(), "verified", "byte {at}");
    }
}

#[test]
fn a_record_left_out_is_noticed() {
    let mut world = stablecoin();
    let case = decided(&mut world);
    let (bytes, trust) = (world.pack(case), world.trust());
    let pack = Pack::from_slice(&bytes).unwrap();
    for at in 0..pack.excerpt.len() {
        let without = changed(&bytes, |pack| drop(pack.excerpt.remove(at)));
        let report = verify(&without, Some(&trust));
        assert_eq!(report.verdict.code(), "failed", "group {at}: {:?}", pack.excerpt[at].command);
    }
    // A decision without its outcome, a step without its decision.
    for keep in [1, 2] {
        let cut = changed(&bytes, |pack| {
            let at = group_of(pack, "approve");
            pack.excerpt[at].records.truncate(keep);
        });
        check(&cut, Some(&trust), "failed: left_out");
    }
}

#[test]
fn a_tail_cut_off_is_noticed_by_the_sealed_count() {
    let mut world = stablecoin();
    let case = decided(&mut world);
    let (bytes, trust) = (world.pack(case), world.trust());
    let cut = changed(&bytes, |pack| {
        let at = group_of(pack, "approve");
        pack.excerpt.truncate(at);
    });
    let report = check(&cut, Some(&trust), "failed: incomplete");
    assert!(report.to_lines()[0].contains("9 records of case"), "{}", report.to_lines()[0]);
}

#[test]
fn a_revocation_left_out_of_the_trust_history_is_noticed() {
    let mut world = stablecoin();
    let case = decided(&mut world);
    let auditor = world.credential("REGULATOR", "auditor", "registered-auditor");
    world.revoke("REGULATOR", auditor, None);
    world.certify();
    let (bytes, trust) = (world.pack(case), world.trust());
    let report = check(&bytes, Some(&trust), "verified");
    assert!(report.flags.iter().any(|flag| matches!(flag, Flag::Revoked { .. })));
    let without = changed(&bytes, |pack| {
        let revokes = |group: &PackedGroup| matches!(group.records[0].record_body(), Some(Body::Revoked(_)));
        pack.excerpt.retain(|group| !revokes(group));
    });
    check(&without, Some(&trust), "failed: incomplete");
}

#[test]
fn a_decided_case_with_a_suspect_step_is_verified_and_flagged() {
    let mut world = stablecoin();
    let case = decided(&mut world);
    let credential = world.ledger.machine().case(&case).unwrap().steps[&name("audit")].credentials[0];
    let since = Time::from_ms(START_MS).unwrap();
    world.revoke("REGULATOR", credential, Some(since));
    world.certify();
    let report = check(&world.pack(case), Some(&world.trust()), "verified");
    assert!(report.flags.iter().any(|flag| matches!(flag, Flag::Suspect { records } if records.len() == 1)));
}

/// A mint that no case decided, as the appender would write it.
fn forged(world: &World, case: CaseId) -> (Body, OutcomeBody) {
    let prev = world.ledger.machine().case(&case).unwrap().touched.head;
    let due = body::OutcomeDue { domain: name("home"), not_after: None };
    let decided = Body::Decided(body::Decided { case, ordinal: 0, outcomes: vec![due], prev });
    let outcome = OutcomeBody {
        ledger: B256::from(world.id().0),
        caseId: B256::from(case.0),
        prev: B256::ZERO,
        programme: B256::ZERO,
        policy: B256::ZERO,
        line: B256::ZERO,
        kind: 0,
        chainId: U256::from(31_337),
        gate: alloy_primitives::Address::ZERO,
        calls: Vec::new(),
        notAfter: 0,
        ordinal: 0,
    };
    (decided, outcome)
}

fn withhold_forged(bytes: &[u8], forged: &[LeafHash]) -> Vec<u8> {
    changed(bytes, |pack| {
        for group in &mut pack.excerpt {
            let leaf = group.records[0].open(group.time).unwrap().leaf_hash();
            if forged.contains(&leaf) {
                group.command = PackedCommand::Withheld;
            }
        }
    })
}

#[test]
fn a_mint_that_no_case_decided_fails_at_its_record_though_the_certificate_verifies() {
    let mut world = stablecoin();
    let case = prepare(&mut world, "1");
    let (decided, mut outcome) = forged(&world, case);
    let decided = world.forge(Entry::record(decided.to_vec().unwrap()), None);
    outcome.prev = B256::from(decided.leaf_hash().0);
    let mint = world.forge(Entry::outcome(outcome.abi_encode_params()), None);
    // Three of four co-signers collude.
    world.certify();
    let (bytes, trust) = (world.pack(case), world.trust());
    let report = check(&bytes, Some(&trust), "failed: no_decision");
    let Verdict::Failed(failure) = &report.verdict else { unreachable!() };
    assert_eq!(failure.record, Some(world.records.len() as u64 - 3));
    assert!(failure.text.contains("no decision behind it"), "{}", failure.text);
    assert!(report.facts.unwrap().certified.is_some());
    // With that part withheld, it only rests on the certificate.
    let withheld = withhold_forged(&bytes, &[decided.leaf_hash(), mint.leaf_hash()]);
    let report = check(&withheld, Some(&trust), "cannot_tell: withheld");
    assert!(report.to_lines().iter().any(|line| line.contains("only rests on the certificate")));
    let on = report.rests_on.iter().find(|r| matches!(r, Reliance::OnCertificate { .. })).unwrap();
    assert_eq!(on.records().len(), 2);
}

#[test]
fn an_outcome_leaf_alone_fails_too_and_no_command_can_be_made_up_for_it() {
    let mut world = stablecoin();
    let case = prepare(&mut world, "1");
    let (_, mut outcome) = forged(&world, case);
    outcome.prev = B256::from(world.ledger.machine().case(&case).unwrap().touched.head.0);
    world.forge(Entry::outcome(outcome.abi_encode_params()), None);
    world.certify();
    let (bytes, trust) = (world.pack(case), world.trust());
    check(&bytes, Some(&trust), "failed: no_decision");
    // A tick, or a word that led to something else, is no command for it.
    let with =
        |command: PackedCommand| changed(&bytes, |pack| pack.excerpt.last_mut().unwrap().command = command);
    check(&with(PackedCommand::Tick), Some(&trust), "failed: no_decision");
    let pack = Pack::from_slice(&bytes).unwrap();
    let screen = pack.excerpt[group_of(&pack, "screen")].command.clone();
    assert_eq!(verify(&with(screen), Some(&trust)).verdict.code(), "failed");
    check(&with(PackedCommand::Genesis), Some(&trust), "failed: order");
}

#[test]
fn two_roots_for_one_size_are_a_split_view() {
    let mut world = stablecoin();
    let case = decided(&mut world);
    let head = world.head();
    let other = lockstep_crypto::tree::TreeHead { size: head.size, root: RootHash([7; 32]) };
    let trust = Trust::new(world.id(), name("acme"), world.committee(), other).unwrap();
    check(&world.pack(case), Some(&trust), "failed: split_view");
}

fn cosigners(tag: &str) -> Vec<Party> {
    (0..4).map(|at| Party::new(&format!("{tag}{at}"), &[lockstep_crypto::Suite::Eip712])).collect()
}

#[test]
fn a_pack_older_than_the_trust_file_needs_a_proof_to_the_pinned_head() {
    let mut world = stablecoin();
    let case = decided(&mut world);
    let (old, size) = (world.pack(case), world.ledger.size());
    check(&old, Some(&world.trust()), "verified");
    world.rotate(cosigners("LATER"));
    let trust = world.trust();
    let report = check(&old, Some(&trust), "cannot_tell: consistency");
    assert!(matches!(&report.verdict, Verdict::CannotTell(m) if matches!(m[0], Missing::Consistency { .. })));
    let head = trust.head();
    let path = lockstep_crypto::tree::consistency_proof(&world.tree, size, head.size).unwrap();
    let proof = Consistency { path: path.clone(), root: head.root, size: head.size };
    let proven = changed(&old, |pack| pack.consistency = Some(proof.clone()));
    check(&proven, Some(&trust), "verified");
    let broken = changed(&proven, |pack| pack.consistency.as_mut().unwrap().path[0].0[0] ^= 1);
    check(&broken, Some(&trust), "failed: consistency");
}

#[test]
fn a_pack_newer_than_the_trust_file_needs_every_handover() {
    let mut world = stablecoin();
    world.certify();
    let early = world.trust();
    world.rotate(cosigners("SECOND"));
    world.rotate(cosigners("THIRD"));
    let case = decided(&mut world);
    let bytes = world.pack(case);
    let report = check(&bytes, Some(&early), "verified");
    assert_eq!(report.facts.unwrap().certified.unwrap().epoch, 2);
    check(&bytes, Some(&world.trust()), "verified");
    let without = changed(&bytes, |pack| drop(pack.handovers.remove(0)));
    check(&without, Some(&early), "cannot_tell: handover");
    let unsigned = changed(&bytes, |pack| pack.handovers[1].handover.old.signatures.truncate(2));
    check(&unsigned, Some(&early), "failed: handover");
    let swapped = changed(&bytes, |pack| pack.handovers.swap(0, 1));
    check(&swapped, Some(&early), "failed: handover");
}

#[test]
fn retired_co_signers_cannot_forge_a_second_history() {
    // The honest ledger rotates; a verifier pins the new committee.
    let mut honest = stablecoin();
    let case = decided(&mut honest);
    honest.rotate(cosigners("NEW"));
    let trust = honest.trust();
    check(&honest.pack(case), Some(&trust), "verified");
    // The old ones, all four, go on from the same genesis as if nothing had happened.
    let mut second = stablecoin();
    assert_eq!(second.id(), honest.id());
    let case = decided(&mut second);
    let bytes = second.pack(case);
    check(&bytes, Some(&trust), "cannot_tell: consistency");
    let head = trust.head();
    let path =
        lockstep_crypto::tree::consistency_proof(&honest.tree, second.ledger.size(), head.size).unwrap();
    let lying = Consistency { path, root: head.root, size: head.size };
    check(&changed(&bytes, |pack| pack.consistency = Some(lying)), Some(&trust), "failed: consistency");
    // Nor can they write themselves a rotation to keys of their own.
    second.rotate(cosigners("THEIRS"));
    check(&second.pack(case), Some(&trust), "failed: committee");
}

#[test]
fn a_withheld_claim_or_step_rests_on_the_certificate_and_says_so() {
    let mut world = stablecoin();
    let case = decided(&mut world);
    let trust = world.trust();
    let withhold = |what: &[&str]| Options {
        withhold: what.iter().map(|s| (*s).to_owned()).collect(),
        ..Options::default()
    };
    for (what, expected) in [
        (vec!["payment.debtor"], "cannot_tell: claims"),
        (vec!["payment.amount"], "cannot_tell: claims"),
        (vec!["reserve.balance", "audit.haircut_bps"], "cannot_tell: claims"),
        (vec!["open.amount"], "cannot_tell: claims"),
        (vec!["screen"], "cannot_tell: withheld"),
        (vec!["open"], "cannot_tell: withheld"),
        (vec!["approve"], "cannot_tell: withheld"),
        (vec!["payment", "reserve.balance"], "cannot_tell: withheld, claims"),
    ] {
        let bytes = world.pack_with(case, &withhold(&what));
        check(&bytes, Some(&trust), expected);
    }
    let unknown = build(&world, case, &withhold(&["payment.nothing"]));
    assert!(matches!(unknown, Err(BuildError::NothingToWithhold { what }) if what == "payment.nothing"));
}

#[test]
fn every_choice_of_withheld_steps_says_less_than_the_open_pack() {
    let mut world = stablecoin();
    let case = decided(&mut world);
    let trust = world.trust();
    let open = world.pack(case);
    let pack = Pack::from_slice(&open).unwrap();
    let mut groups = vec![
        pack.excerpt
            .iter()
            .position(|g| matches!(g.records[0].record_body(), Some(Body::Opened(_))))
            .unwrap(),
    ];
    groups.extend(
        ["request", "payment", "reserve", "audit", "screen", "approve"].map(|step| group_of(&pack, step)),
    );
    for chosen in 1u32..128 {
        let hidden = changed(&open, |pack| {
            for (_, at) in groups.iter().enumerate().filter(|(bit, _)| chosen >> bit & 1 == 1) {
                pack.excerpt[*at].command = PackedCommand::Withheld;
            }
            // Heads that only withheld statements name are not shown either.
            if chosen & 0b110_0100 != 0 {
                pack.seen.clear();
            }
        });
        check(&hidden, Some(&trust), "cannot_tell: withheld");
    }
}

#[test]
fn an_envelope_that_is_not_the_records_is_noticed_even_where_claims_are_withheld() {
    let mut world = stablecoin();
    let case = decided(&mut world);
    let options = Options { withhold: vec!["payment.amount".to_owned()], ..Options::default() };
    let (bytes, trust) = (world.pack_with(case, &options), world.trust());
    // The same party's word on the same step in another case.
    let other = open(&mut world);
    world.attest(other, "issuer", "request", &[]);
    let second = world.attestation(
        other,
        "custodian",
        "payment",
        &[
            ("amount", "1.00"),
            ("servicer", "NORTHNO1"),
            ("account", "x"),
            ("servicer_ref", "2"),
            ("entry_ref", "1"),
            ("debtor", "x"),
            ("booked", "true"),
            ("booked_at", "2026-11-20T08:30:00.000Z"),
        ],
    );
    let swapped = changed(&bytes, |pack| {
        let at = group_of(pack, "payment");
        let mut second = second;
        second.openings[0] = None;
        pack.excerpt[at].command = PackedCommand::Submit(Box::new(second));
    });
    let report = verify(&swapped, Some(&trust));
    assert_eq!(report.verdict.code(), "failed", "{}", told(&report));
}

#[test]
fn an_erased_case_names_its_order() {
    let mut world = stablecoin();
    let case = open(&mut world);
    world.attest(case, "issuer", "request", &[]);
    world.wait(86_400_000 + 1);
    world.ask(lockstep_kernel::Request::Tick).unwrap();
    world.certify();
    check(&world.pack(case), Some(&world.trust()), "verified");
    let order = DocumentDigest([5; 32]);
    world.erase(case, order);
    for index in world.index[&lockstep_pack::Topic::Case(case)].clone() {
        world.made[index as usize].1 = None;
    }
    world.certify();
    let report = check(&world.pack(case), Some(&world.trust()), "cannot_tell: erased");
    let Verdict::CannotTell(missing) = &report.verdict else { unreachable!() };
    assert!(matches!(&missing[0], Missing::Erased { order: Some(found), .. } if *found == order));
}

#[test]
fn refused_attempts_are_re_run_and_those_for_other_cases_rest_on_the_certificate() {
    let mut world = stablecoin();
    let first = decided(&mut world);
    let case = open(&mut world);
    world.attest(case, "auditor", "audit", &[("agrees", "true"), ("balance", "1.00"), ("haircut_bps", "1")]);
    world.attest(case, "issuer", "request", &[]);
    // The payment that carries the first case already.
    pay(&mut world, case, "2026112000017");
    world.certify();
    let report = check(&world.pack(case), Some(&world.trust()), "verified");
    let attempts = report.flags.iter().find_map(|flag| match flag {
        Flag::Attempts { codes, .. } => Some(codes.iter().map(|code| code.as_text()).collect::<Vec<_>>()),
        _ => None,
    });
    assert_eq!(attempts.unwrap(), ["order", "single_use"]);
    assert!(report.rests_on.iter().any(|r| matches!(r, Reliance::RefusedAcross { .. })));
    check(&world.pack(first), Some(&world.trust()), "verified");
}

#[test]
fn a_withdrawn_step_taken_again_is_verified() {
    let mut world = stablecoin();
    let case = prepare(&mut world, "1");
    let leaf = world.ledger.machine().case(&case).unwrap().steps[&name("screen")].leaf;
    world.withdraw(case, "screening", leaf);
    screen(&mut world, case);
    world.attest(case, "compliance", "approve", &[]);
    world.certify();
    check(&world.pack(case), Some(&world.trust()), "verified");
}

#[test]
fn a_settled_case_rests_on_what_the_chain_showed() {
    let mut world = stablecoin();
    let case = decided(&mut world);
    let executed = world.now;
    world.wait(5_000);
    let consumed = vec![lockstep_attest::Consumed { case, ordinal: 0, time: executed }];
    let at = world.now.saturating_sub_ms(1_000);
    world.read(at, "3000000000000", consumed);
    world.certify();
    let report = check(&world.pack(case), Some(&world.trust()), "verified");
    assert_eq!(report.facts.unwrap().outcome.unwrap().phase, "settled");
    assert!(report.rests_on.iter().any(|r| matches!(r, Reliance::Settled { .. })));
}

#[test]
fn a_certificate_of_too_few_or_of_others_is_refused() {
    let mut world = stablecoin();
    let case = decided(&mut world);
    let (bytes, trust) = (world.pack(case), world.trust());
    check(&changed(&bytes, |p| p.certificate.signatures.truncate(2)), Some(&trust), "failed: certificate");
    check(&changed(&bytes, |p| p.certificate.epoch = 1), Some(&trust), "failed: committee");
    check(&changed(&bytes, |p| p.certificate.ledger.0[0] ^= 1), Some(&trust), "failed: ledger");
    check(
        &changed(&bytes, |p| p.seal.time = p.seal.time.saturating_add_ms(1)),
        Some(&trust),
        "failed: inclusion",
    );
    check(&changed(&bytes, |p| p.seal.body.map.0[0] ^= 1), Some(&trust), "failed: inclusion");
    check(&changed(&bytes, |p| p.format.push('x')), Some(&trust), "failed: form");
    check(&changed(&bytes, |p| p.case.0[0] ^= 1), Some(&trust), "failed: order");
    check(b"", Some(&trust), "failed: form");
    check(b"{}", None, "failed: form");
}

#[test]
fn entries_of_the_map_are_the_ones_needed_and_no_others() {
    let mut world = stablecoin();
    let case = decided(&mut world);
    let (bytes, trust) = (world.pack(case), world.trust());
    let pack = Pack::from_slice(&bytes).unwrap();
    for at in 0..pack.map.len() {
        check(&changed(&bytes, |p| drop(p.map.remove(at))), Some(&trust), "failed: incomplete");
        check(
            &changed(&bytes, |p| p.map[at].value = Some("{}".to_owned())),
            Some(&trust),
            "failed: map_proof",
        );
    }
    check(&changed(&bytes, |p| p.map.swap(0, 1)), Some(&trust), "failed: map_proof");
}

#[test]
fn a_document_that_nobody_names_and_a_head_that_nobody_saw_are_refused() {
    let mut world = stablecoin();
    let case = decided(&mut world);
    let (bytes, trust) = (world.pack_with(case, &with_evidence()), world.trust());
    let pack = Pack::from_slice(&bytes).unwrap();
    assert_eq!((pack.evidence.len(), pack.seen.len()), (2, 2));
    let other = Document { document: b"other".to_vec(), salt: Salt([1; 32]) };
    check(&changed(&bytes, |p| p.evidence.push(other)), Some(&trust), "failed: evidence");
    check(&changed(&bytes, |p| p.evidence[0].document[0] ^= 1), Some(&trust), "failed: evidence");
    check(&changed(&bytes, |p| p.seen.swap(0, 1)), Some(&trust), "failed: seen");
    // The four together certify the same head too, and nobody has seen that.
    let place = pack.certificate.size;
    let all = world.sign_checkpoint(&world.committee(), &world.cosigners, 4);
    let last = world.records.last().unwrap().leaf().encode().to_vec();
    let head = lockstep_pack::pack::PackedSeen {
        certificate: all,
        consistency: Vec::new(),
        leaf: last,
        path: pack.seal.path.clone(),
    };
    assert_eq!(head.certificate.size, place);
    check(&changed(&bytes, |p| p.seen.push(head)), Some(&trust), "failed: unused");
    check(&changed(&bytes, |p| p.seen[0].leaf[3] ^= 1), Some(&trust), "failed: seen");
    let copied = changed(&bytes, |p| {
        let mut other = p.seen[1].clone();
        other.certificate.signatures.truncate(0);
        p.seen.push(other);
    });
    check(&copied, Some(&trust), "failed: seen");
    // Signatures of the other three are a certificate as well, but not the one that was seen.
    let forged = changed(&bytes, |p| p.seen[0].certificate.signatures.truncate(2));
    check(&forged, Some(&trust), "failed: seen");
}

#[test]
fn a_bad_signature_and_a_foreign_opening_are_refused() {
    let mut world = stablecoin();
    let case = decided(&mut world);
    let (bytes, trust) = (world.pack(case), world.trust());
    for step in ["request", "payment", "screen", "approve"] {
        let forged = changed(&bytes, |p| {
            let at = group_of(p, step);
            let PackedCommand::Submit(submission) = &mut p.excerpt[at].command else { unreachable!() };
            submission.envelope.signatures[0].sig[5] ^= 1;
        });
        check(&forged, Some(&trust), "failed: signature");
    }
    let opened = changed(&bytes, |p| {
        let at = group_of(p, "payment");
        let PackedCommand::Submit(submission) = &mut p.excerpt[at].command else { unreachable!() };
        submission.openings[0].as_mut().unwrap().value = "2000000.00".to_owned();
    });
    check(&opened, Some(&trust), "failed: signature");
}

#[test]
fn no_pack_is_built_before_the_case_is_certified() {
    let mut world = stablecoin();
    let case = open(&mut world);
    let early = build(&world, case, &Options::default()).unwrap_err();
    assert!(matches!(early, BuildError::NothingCertified), "{early}");
    world.certify();
    world.attest(case, "issuer", "request", &[]);
    let early = build(&world, case, &Options::default()).unwrap_err();
    assert!(early.to_string().contains("is not certified yet"), "{early}");
    let unknown = build(&world, CaseId([9; 32]), &Options::default()).unwrap_err();
    assert!(matches!(unknown, BuildError::CaseUnknown { .. }));
    let proposal: &Record = &world.records[1];
    let governance = build(&world, CaseId(proposal.leaf_hash().0), &Options::default()).unwrap_err();
    assert!(matches!(governance, BuildError::Governance { .. }), "{governance}");
}

#[test]
fn one_co_signer_is_said_out_loud() {
    let cosigner = Party::new("ALONE", &[lockstep_crypto::Suite::Eip712]);
    let mut world = stablecoin_on(World::with_cosigners("SINGLE", vec![cosigner], 1));
    let case = decided(&mut world);
    let report = check(&world.pack(case), Some(&world.trust()), "verified");
    assert!(report.flags.contains(&Flag::SingleCosigner));
}

#[test]
fn rules_of_another_version_are_not_judged() {
    let mut world = World::with_rules("RULES", 3);
    world.certify();
    let entry = lockstep_pack::LedgerReader::inclusion;
    let certificate = world.certificates[0].clone();
    let seal = world.records.last().unwrap();
    let Body::Seal(body) = Body::from_slice(seal.body()).unwrap() else { unreachable!() };
    let record = lockstep_pack::PackedRecord {
        body: lockstep_pack::PackedBody::Record(Box::new(Body::from_slice(world.records[0].body()).unwrap())),
        index: 0,
        path: entry(&world, 0, 2).unwrap(),
        salt: *world.records[0].salt(),
    };
    let pack = Pack {
        case: CaseId([1; 32]),
        certificate,
        consistency: None,
        evidence: Vec::new(),
        excerpt: vec![PackedGroup {
            command: PackedCommand::Genesis,
            records: vec![record],
            time: world.records[0].time(),
        }],
        format: lockstep_pack::pack::PACK_FORMAT.to_owned(),
        handovers: Vec::new(),
        map: Vec::new(),
        seal: lockstep_pack::pack::PackedSeal {
            body,
            path: entry(&world, 1, 2).unwrap(),
            salt: *seal.salt(),
            time: seal.time(),
        },
        seen: Vec::new(),
    };
    check(&pack.to_vec().unwrap(), Some(&world.trust()), "cannot_tell: rules");
}

#[test]
fn the_rules_keep_their_names_and_order() {
    let codes: Vec<&str> = Rule::ALL.iter().map(|rule| rule.code()).collect();
    assert_eq!(
        codes.join(" "),
        "form order ledger committee certificate split_view consistency handover inclusion map_proof signature \
         seen chain no_decision refused differs left_out single_use incomplete evidence unused"
    );
}

#[test]
fn a_trust_file_survives_being_written_and_other_text_is_refused() {
    let mut world = stablecoin();
    world.certify();
    let trust = world.trust();
    let bytes = trust.to_vec().unwrap();
    assert_eq!(Trust::from_slice(&bytes).unwrap(), trust);
    assert!(lockstep_types::canonical::value_from_slice(&bytes, bytes.len()).is_ok());
    let text = String::from_utf8(bytes).unwrap();
    for (from, to) in [
        ("lockstep-trust/1", "lockstep-trust/2"),
        ("\"threshold\":3", "\"threshold\":2"),
        ("\"epoch\"", "\"era\""),
    ] {
        assert!(Trust::from_slice(text.replace(from, to).as_bytes()).is_err(), "{to}");
    }
}
