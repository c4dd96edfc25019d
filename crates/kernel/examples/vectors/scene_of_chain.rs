//! What contracts read of a ledger besides outcomes of policies: changes of a Gate, and a rotation of its
//! co-signers.

use super::{ACME, Key, Scene, lei, name, time};
use lockstep_attest::{Attestation, Statement, StepVerdict};
use lockstep_crypto::Suite;
use lockstep_crypto::tree::{inclusion_proof, root_of};
use lockstep_kernel::gate::{
    Function, GateCall, GateChange, NewGuardian, NewLine, Permitted, PolicyOnLine, Tighter,
};
use lockstep_kernel::governance::Rotation;
use lockstep_kernel::replacement::GateReplacement;
use lockstep_kernel::{Action, Body, Request};
use lockstep_ledger::{Certificate, Checkpoint, Committee, Handover, Member, MemberSignature, Record, Tag};
use lockstep_types::{CaseId, Digest, LeafHash, Lei, PolicyDigest};

/// A rotation, enacted, sealed and signed by both sets.
pub struct Rotated {
    pub action: Action,
    /// The record `enacted`, and its number.
    pub record: Record,
    pub index: u64,
    pub path: Vec<Digest>,
    pub old: Committee,
    pub new: Committee,
    pub handover: Handover,
}

/// A change of the Gate, with its outcome.
pub struct GateChanged {
    pub what: &'static str,
    pub action: Action,
    pub record: Record,
}

/// Another Gate.
const NEXT_GATE: &str = "0xDc64a140Aa3E981100a9becA4E685f962f0cF6C9";
/// Where the policy beside this file says that the token is.
const TOKEN: &str = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512";

impl Scene {
    /// A ledger that changes its Gate and replaces it, and whose one co-signer then gives way to four.
    pub fn of_chain() -> (Vec<GateChanged>, Rotated) {
        let mut scene = Self::empty();
        scene.begin();
        let changed = vec![scene.tighten(), scene.loosen(), scene.replace()];
        let rotated = scene.rotate();
        (changed, rotated)
    }

    fn gate(calls: Vec<GateCall>) -> Action {
        Action::Gate(GateChange { calls, domain: name("home"), programme: name("acme-usd") })
    }

    /// Every call that tightens what is there already.
    fn tighten(&mut self) -> GateChanged {
        let (line, signature, target) =
            (name("mint"), "mint(uint256)".to_owned(), TOKEN.parse().expect("it"));
        let action = Self::gate(vec![
            GateCall::Tighten(Tighter { cap: 1_000, line: line.clone(), window_s: 86_400 }),
            GateCall::Retire(PolicyOnLine { line, policy: self.policy() }),
            GateCall::Forbid(Function { signature, target }),
        ]);
        self.propose("tighten", action.clone());
        self.changed("tightens", action)
    }

    /// Every call that loosens.
    fn loosen(&mut self) -> GateChanged {
        let (line, signature, target) =
            (name("burn"), "burn(uint256)".to_owned(), TOKEN.parse().expect("it"));
        let action = Self::gate(vec![
            GateCall::SetLine(NewLine { cap: 5, exponent: 6, line: line.clone(), window_s: 3_600, word: 0 }),
            GateCall::Permit(Permitted { line: line.clone(), signature, target }),
            GateCall::Accept(PolicyOnLine { line, policy: self.policy() }),
            GateCall::SetGuardian(NewGuardian { guardian: target }),
        ]);
        let case = self.propose("loosen", action.clone());
        self.consent(case);
        self.now += 86_400_000;
        self.send("tick", Request::Tick);
        self.changed("loosens", action)
    }

    /// Another Gate takes the place of the first.
    fn replace(&mut self) -> GateChanged {
        let kernel = self.ledger.machine();
        let (programme, domain) = (name("acme-usd"), name("home"));
        let from = kernel.gate_in_force(&programme, &domain).expect("a Gate");
        let roles = ["MINTER_ROLE", "ORDER_ROLE"].map(str::to_owned).into();
        let to = NEXT_GATE.parse().expect("an address");
        let action = Action::ReplaceGate(GateReplacement { domain, from, programme, roles, to });
        let case = self.propose("replace", action.clone());
        self.consent(case);
        self.now += 86_400_000;
        self.send("tick", Request::Tick);
        self.changed("replaces", action)
    }

    fn policy(&self) -> PolicyDigest {
        self.ledger.machine().programme("acme-usd").expect("a programme").policies[&name("small")].0
    }

    /// The outcome that the last command left.
    fn changed(&self, what: &'static str, action: Action) -> GateChanged {
        let record = self.told.last().and_then(|told| told.records.last()).expect("a record").clone();
        assert_eq!(record.tag(), Tag::Outcome);
        GateChanged { what, action, record }
    }

    fn rotate(&mut self) -> Rotated {
        let keys: Vec<Key> =
            (0..4).map(|n| Key::new(Suite::Eip712, &format!("next co-signer {n}"))).collect();
        let member = |(n, key): (usize, &Key)| Member {
            address: key.0.public().address().expect("an address"),
            lei: Lei::with_check_digits(&format!("5299000000000000{n:02}")).expect("an LEI"),
            name: name(&format!("next-{n}")),
        };
        let cosigners: Vec<Member> = keys.iter().enumerate().map(member).collect();
        let action = Action::Rotate(Rotation { cosigners: cosigners.clone(), threshold: 3 });
        let old = self.ledger.machine().committee().expect("a committee").clone();
        let case = self.propose("rotate", action.clone());
        self.consent(case);
        // The notice of genesis, and the second that each command takes.
        self.now += 86_400_000;
        let enacted = self.send("tick", Request::Tick);
        self.seal();
        let new = Committee::new(1, cosigners, 3).expect("a committee");
        let leaves: Vec<LeafHash> =
            self.told.iter().flat_map(|told| &told.records).map(Record::leaf_hash).collect();
        let size = self.ledger.size();
        let certify = |committee: &Committee, keys: &[(u8, &Key)]| {
            let checkpoint =
                Checkpoint { epoch: committee.epoch(), ledger: self.id(), root: root_of(&leaves), size };
            let sign = |(member, key): &(u8, &Key)| MemberSignature {
                member: *member,
                signature: checkpoint.sign(&key.0).expect("a signature"),
            };
            let signatures: Vec<_> = keys.iter().map(sign).collect();
            Certificate::assemble(&checkpoint, committee, &signatures)
        };
        let handover = Handover {
            new: certify(&new, &[(0, &keys[0]), (1, &keys[1]), (3, &keys[3])]),
            old: certify(&old, &[(0, &self.issuer)]),
        };
        let record = enacted.into_iter().next().expect("a record");
        assert!(matches!(Body::from_slice(record.body()), Ok(Body::Enacted(_))), "the rotation took effect");
        let index = leaves.iter().position(|leaf| *leaf == record.leaf_hash()).expect("its place") as u64;
        let subtrees: lockstep_crypto::tree::Subtrees = leaves.iter().copied().collect();
        let path = inclusion_proof(&subtrees, index, size).expect("a path");
        Rotated { action, record, index, path, old, new, handover }
    }

    /// The one co-signer consents.
    pub(super) fn consent(&mut self, case: CaseId) -> Vec<Record> {
        let statement = Statement::Attestation(Attestation {
            case,
            claims: Vec::new(),
            evidence: Vec::new(),
            expires: time(self.now + 3_600_000),
            issued: time(self.now),
            ledger: self.id(),
            party: lei(ACME),
            prev: vec![LeafHash(case.0)],
            reason: None,
            seen: None,
            step: name("consent"),
            verdict: StepVerdict::Done,
        });
        self.submit("consent", statement, Vec::new())
    }
}
