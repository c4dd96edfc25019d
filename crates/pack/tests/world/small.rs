//! The smallest ledger that shows something, for vectors: one step by two persons, one outcome. Only suites
//! whose signatures are the same every time.

use crate::world::{Party, World, name};
use lockstep_crypto::Suite;
use lockstep_kernel::Body;
use lockstep_ledger::Entry;
use lockstep_pack::pack::Consistency;
use lockstep_pack::{Options, Pack, PackedCommand, Trust};
use lockstep_types::{CaseId, PolicyDigest, Time};

const LAYOUT: &str = r#"format    = "lockstep-policy/1"
name      = "transfer"
title     = "Release a transfer"
programme = "acme-usd"
guards    = "cedar-1"
opened_by = "desk"
lasts     = "7d"

[param]
amount      = { type = "money", currency = "USD", min = "1.00", max = "1000.00" }
beneficiary = { type = "account", domain = "home" }

[domain.home]
chain    = "eip155:31337"
gate     = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
token    = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
decimals = 6

[role]
desk = { credential = "trading-desk" }
risk = { credential = "risk-officer", keys = 2, distinct_from = ["desk"] }

[step.release]
by       = "risk"
title    = "releases the transfer"
evidence = ["limit-report"]
claim    = { limit = "money:USD", note = "text" }

[outcome.mint]
after   = ["release"]
domain  = "home"
line    = "mint"
call    = "mint(address,uint256)"
args    = ["param.beneficiary", "param.amount"]
expires = "30m"
"#;

const GUARDS: &str = r#"@id("within-limit")
permit (principal in Role::"risk", action == Action::"release", resource)
when { resource.amount <= context.claim.limit };
"#;

/// One vector.
pub struct Vector {
    pub name: &'static str,
    pub bytes: Vec<u8>,
    pub trusted: bool,
}

fn ledger() -> World {
    ledger_of("SMALL")
}

/// A ledger with one policy, its two parties and their credentials, certified.
pub fn ledger_of(tag: &str) -> World {
    let mut world = World::genesis(tag);
    world.name_issuer("REGULATOR", &["trading-desk", "risk-officer"]);
    world.adopt(LAYOUT, GUARDS);
    world.parties.insert("desk", Party::new("DESK", &[Suite::Ed25519]));
    world.parties.insert("risk", Party::new("RISK", &[Suite::Ed25519, Suite::Eip712]));
    world.credential("REGULATOR", "desk", "trading-desk");
    world.credential("REGULATOR", "risk", "risk-officer");
    world.certify();
    world
}

pub fn open(world: &mut World) -> CaseId {
    let policy: PolicyDigest =
        world.ledger.machine().programme("acme-usd").unwrap().policies[&name("transfer")].0;
    let params = [("amount", "100.00"), ("beneficiary", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8")];
    world.open("desk", policy, &params)
}

pub fn release(world: &mut World, case: CaseId) {
    world.attest(case, "risk", "release", &[("limit", "500.00"), ("note", "within the day's limit")]);
}

fn changed(bytes: &[u8], change: impl FnOnce(&mut Pack)) -> Vec<u8> {
    let mut pack = Pack::from_slice(bytes).unwrap();
    change(&mut pack);
    pack.to_vec().unwrap()
}

/// A ledger on which the appender writes a decision that nobody took.
fn forged() -> (Vec<u8>, Vec<u8>) {
    let mut world = ledger();
    let case = open(&mut world);
    let prev = world.ledger.machine().case(&case).unwrap().touched.head;
    let due = lockstep_kernel::body::OutcomeDue { domain: name("home"), not_after: None };
    let decided =
        Body::Decided(lockstep_kernel::body::Decided { case, ordinal: 0, outcomes: vec![due], prev });
    world.forge(Entry::record(decided.to_vec().unwrap()), None);
    world.certify();
    let bytes = world.pack(case);
    let withheld = changed(&bytes, |pack| pack.excerpt.last_mut().unwrap().command = PackedCommand::Withheld);
    (bytes, withheld)
}

/// Every vector, and the trust file that pins the committee and the head of `decided`.
pub fn vectors() -> (Vec<Vector>, Trust) {
    let mut world = ledger();
    let case = open(&mut world);
    world.certify();
    let (open, early) = (world.pack(case), world.ledger.size());
    release(&mut world, case);
    world.certify();
    let trust = world.trust();
    let plain = world.pack(case);
    let decided = world.pack_with(case, &Options { evidence: true, ..Options::default() });
    let hide = |what: &str| Options { withhold: vec![what.to_owned()], ..Options::default() };
    let (claim, step) =
        (world.pack_with(case, &hide("release.note")), world.pack_with(case, &hide("release")));
    let (size, root) = (world.ledger.size(), world.ledger.root());
    let path = lockstep_crypto::tree::consistency_proof(&world.tree, early, size).unwrap();
    let proof = Consistency { path, root, size };
    let proven = changed(&open, |pack| pack.consistency = Some(proof));
    world.revoke("REGULATOR", world_credential(&world, "risk"), Some(Time::from_ms(1).unwrap()));
    world.certify();
    let suspect = world.pack(case);
    let (forged, forged_withheld) = forged();
    let vector = |name, bytes, trusted| Vector { name, bytes, trusted };
    let all = vec![
        vector("claim_withheld", claim, true),
        vector("consistency_changed", changed(&proven, change_path), true),
        vector("decided", decided.clone(), true),
        vector("decided_without_trust", decided.clone(), false),
        vector("document_changed", changed(&decided, |pack| pack.evidence[0].document[0] ^= 1), true),
        vector("entry_left_out", changed(&decided, |pack| drop(pack.map.pop())), true),
        vector("forged_decision", forged, true),
        vector("forged_decision_withheld", forged_withheld, true),
        vector("open", open, true),
        vector("open_compared", proven, true),
        vector("outcome_left_out", changed(&decided, cut_outcome), true),
        vector("revocation_left_out", changed(&suspect, cut_revocation), true),
        vector("signature_changed", changed(&decided, change_signature), true),
        vector("step_withheld", step, true),
        vector("suspect", suspect, true),
        vector("tail_cut", changed(&plain, cut_tail), true),
        vector(
            "time_changed",
            changed(&decided, |pack| pack.seal.time = pack.seal.time.saturating_add_ms(1)),
            true,
        ),
    ];
    (all, trust)
}

pub fn world_credential(world: &World, who: &str) -> lockstep_types::CredentialDigest {
    let lei = world.parties[who].lei;
    let mut held = world.ledger.machine().credentials().filter(|(_, held)| held.subject == lei);
    *held.next().unwrap().0
}

fn change_path(pack: &mut Pack) {
    pack.consistency.as_mut().unwrap().path[0].0[0] ^= 1;
}

fn cut_tail(pack: &mut Pack) {
    pack.excerpt.pop();
    pack.seen.clear();
}

fn cut_outcome(pack: &mut Pack) {
    drop(pack.excerpt.last_mut().unwrap().records.pop());
}

fn cut_revocation(pack: &mut Pack) {
    pack.excerpt.retain(|group| !matches!(group.records[0].record_body(), Some(Body::Revoked(_))));
}

fn change_signature(pack: &mut Pack) {
    let Some(PackedCommand::Submit(submission)) = pack.excerpt.last_mut().map(|group| &mut group.command)
    else {
        panic!("the last command is a submission");
    };
    submission.envelope.signatures[0].sig[7] ^= 1;
}
