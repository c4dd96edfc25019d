//! Packs of cases whose Gate was changed or replaced: governance cases leave outcomes too, and a verifier
//! decides them again.

#[path = "world/world.rs"]
mod world;

use alloy_primitives::{B256, U256};
use alloy_sol_types::SolValue;
use lockstep_kernel::Action;
use lockstep_kernel::gate::{GateCall, PolicyOnLine, Tighter};
use lockstep_kernel::governance::{Files, governance_policy};
use lockstep_kernel::outcome::{self, OutcomeBody};
use lockstep_ledger::Entry;
use lockstep_pack::{Pack, PackedBody, Report, verify};
use lockstep_types::*;
use world::*;

const GATE: &str = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const NEXT: &str = "0xDc64a140Aa3E981100a9becA4E685f962f0cF6C9";

#[track_caller]
fn check(world: &World, bytes: &[u8], expected: &str) -> Report {
    let report = verify(bytes, Some(&world.trust()));
    assert_eq!(told(&report), expected, "\n{}", report.to_lines().join("\n"));
    report
}

/// Outcomes in the pack of each of these cases.
fn outcomes<const N: usize>(bytes: &[u8], cases: [CaseId; N]) -> [Vec<OutcomeBody>; N] {
    let pack = Pack::from_slice(bytes).unwrap();
    let bodies = pack.records().filter_map(|record| match &record.body {
        PackedBody::Outcome(body) => Some(outcome::decode(body).unwrap()),
        PackedBody::Record(_) => None,
    });
    let all: Vec<OutcomeBody> = bodies.collect();
    cases.map(|case| all.iter().filter(|outcome| outcome.caseId.0 == case.0).cloned().collect())
}

/// An outcome of the governance policy that nobody has agreed to, certified by co-signers who collude.
fn forge(world: &mut World, of: CaseId, kind: u8) {
    let forged = OutcomeBody {
        ledger: B256::from(world.id().0),
        caseId: B256::from(of.0),
        prev: B256::ZERO,
        programme: B256::ZERO,
        policy: B256::from(governance_policy().0),
        line: B256::ZERO,
        kind,
        chainId: U256::from(31_337),
        gate: alloy_primitives::Address::ZERO,
        calls: Vec::new(),
        notAfter: 0,
        ordinal: 0,
    };
    world.forge(Entry::outcome(forged.abi_encode_params()), None);
    world.certify();
}

#[test]
fn changes_of_the_gate_are_run_again_and_a_forged_one_is_noticed() {
    let mut world = stablecoin();
    let line = name("mint");
    let tighter = world.change_gate(GateCall::Tighten(Tighter { cap: 10, line: line.clone(), window_s: 60 }));
    let looser = PolicyOnLine { line, policy: PolicyDigest([7; 32]) };
    let looser = world.change_gate(GateCall::Accept(looser));
    world.consent(looser);
    let case = decided(&mut world);
    let bytes = world.pack(case);
    let report = check(&world, &bytes, "verified");
    assert_eq!(report.facts.unwrap().outcome.unwrap().outcomes.len(), 1, "those of Gates are of other cases");
    assert_eq!(outcomes(&bytes, [tighter, looser, case]).map(|of| of.len()), [1, 1, 1]);
    assert!(world.replays());
    forge(&mut world, looser, outcome::KIND_GOVERNANCE);
    check(&world, &world.pack(case), "failed: no_decision");
}

#[test]
fn a_case_at_the_gate_that_replaced_another_rests_on_the_replacement() {
    let mut world = stablecoin();
    let before = decided(&mut world);
    let replacement = world.replace_gate(NEXT.parse().unwrap());
    let files = Files { guards: GUARDS.to_owned(), layout: LAYOUT.replace(GATE, NEXT) };
    let adoption = world.propose(Action::Adopt(files));
    world.consent(adoption);
    let case = prepare(&mut world, "2026112000018");
    world.attest(case, "compliance", "approve", &[]);
    world.certify();
    let (old, new) = (world.pack(before), world.pack(case));
    check(&world, &old, "verified");
    check(&world, &new, "verified");
    let [roles, minted] = outcomes(&new, [replacement, case]);
    assert_eq!((roles.len(), roles[0].calls.len(), roles[0].gate.to_string().as_str()), (1, 6, GATE));
    assert_eq!((minted.len(), minted[0].gate.to_string().as_str()), (1, NEXT));
    assert!(world.replays());

    // Without the case that replaced the Gate, nothing explains the policy that names the other one.
    let mut pack = Pack::from_slice(&new).unwrap();
    let is_of = |body: &PackedBody| match body {
        PackedBody::Outcome(body) => outcome::decode(body).unwrap().caseId.0 == replacement.0,
        PackedBody::Record(body) => body.link().is_some_and(|(case, _)| case == replacement),
    };
    pack.excerpt.retain(|group| !group.records.iter().any(|record| is_of(&record.body)));
    check(&world, &pack.to_vec().unwrap(), "failed: refused");
    forge(&mut world, replacement, outcome::KIND_ORDINARY);
    check(&world, &world.pack(case), "failed: no_decision");
}

/// A policy that lost its Gate to another programme while its notice ran changed nothing, and the pack that
/// does not show the other programme need not explain why.
#[test]
fn a_governance_case_that_took_no_effect_is_in_no_pack() {
    let mut world = stablecoin();
    let away = LAYOUT
        .replace("[domain.home]", "[domain.away]")
        .replace("\"home\"", "\"away\"")
        .replace("eip155:31337", "eip155:31338");
    let second = away.replace("\"stablecoin.issue\"", "\"stablecoin.other\"");
    let files = |layout: String| Files { guards: GUARDS.to_owned(), layout };
    let late = world.propose(Action::Adopt(files(second)));
    world.adopt(&away.replace("\"acme-usd\"", "\"beta-usd\""), GUARDS);
    world.consent(late);
    assert_eq!(world.ledger.machine().proposals().count(), 0, "its notice is over");
    let adopted = &world.ledger.machine().programme("acme-usd").unwrap().policies;
    assert!(!adopted.contains_key("stablecoin.other"), "the Gate is another programme's");
    let case = decided(&mut world);
    let bytes = world.pack(case);
    check(&world, &bytes, "verified");
    let pack = Pack::from_slice(&bytes).unwrap();
    let is_late = |body: &PackedBody| match body {
        PackedBody::Record(body) => body.link().is_some_and(|(case, _)| case == late),
        PackedBody::Outcome(_) => false,
    };
    assert!(!pack.records().any(|record| is_late(&record.body)));
}
