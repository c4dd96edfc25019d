//! The contracts on the embedded chain against what they promise, over random histories: the model below says
//! in a few lines of Rust what a Gate does with an outcome, and both must say the same, every time.

#[path = "world/coin.rs"]
mod coin;

use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use coin::Coin;
use lockstep_chain::contracts::{Gate, Token, error_name};
use lockstep_chain::deploy::Following;
use lockstep_chain::enforce::{self, Placed};
use lockstep_chain::{Domain, DomainError, Embedded, Sends, Transaction, Watch};
use lockstep_crypto::secret::SecretKey;
use lockstep_crypto::suite::Suite;
use lockstep_crypto::tree::{Subtrees, consistency_proof, inclusion_proof};
use lockstep_kernel::gate::{
    Dropped, Function, GOVERNANCE_LINE, GateCall, NewGuardian, NewLine, Permitted, PolicyOnLine, Tighter,
    loosenings,
};
use lockstep_kernel::governance::governance_policy;
use lockstep_kernel::outcome::{self, Call, KIND_GOVERNANCE, OutcomeBody};
use lockstep_ledger::{Certificate, Checkpoint, Committee, Member, MemberSignature, Record, Tag};
use lockstep_types::{Digest, LedgerId, Lei, PolicyDigest, Salt, Time, sha256};
use proptest::prelude::*;
use std::collections::BTreeMap;

const CHAIN: u64 = 31_337;
const ANYBODY: Address = Address::repeat_byte(0x99);
const ALICE: Address = Address::repeat_byte(0xa1);
const LEDGER: LedgerId = LedgerId([7; 32]);
const POLICY: PolicyDigest = PolicyDigest([8; 32]);
const CAP: u64 = 1_000;
const WINDOW_S: u64 = 3_600;
const START: u64 = 1_800_000_000;

/// What is wrong with an outcome; each is refused by a rule of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Nothing,
    Programme,
    Chain,
    Gate,
    Policy,
    Line,
    Selector,
    Target,
    Kind,
    Expired,
}

const WRONGS: [Wrong; 10] = [
    Wrong::Nothing,
    Wrong::Programme,
    Wrong::Chain,
    Wrong::Gate,
    Wrong::Policy,
    Wrong::Line,
    Wrong::Selector,
    Wrong::Target,
    Wrong::Kind,
    Wrong::Expired,
];

/// An outcome in the log.
struct Recorded {
    index: u64,
    amount: u64,
    case: B256,
    not_after: u64,
    wrong: Wrong,
}

/// A ledger with its co-signers, and a chain that follows it.
struct World {
    chain: Embedded,
    anchor: Address,
    gate: Address,
    token: Address,
    keys: Vec<SecretKey>,
    committee: Committee,
    records: Vec<Record>,
    outcomes: Vec<Recorded>,
    anchored: Vec<u64>,
}

fn committee(keys: &[SecretKey]) -> Committee {
    let member = |(at, key): (usize, &SecretKey)| Member {
        address: key.public().address().unwrap(),
        lei: Lei::with_check_digits(&format!("52990000000000{:04}", 100 + at)).unwrap(),
        name: format!("cosigner-{at}").parse().unwrap(),
    };
    Committee::new(0, keys.iter().enumerate().map(member).collect(), 3).unwrap()
}

impl World {
    fn new() -> Self {
        let mut chain = Embedded::new(CHAIN, 2, START);
        let mut keys: Vec<SecretKey> =
            (1..=4u8).map(|seed| SecretKey::from_bytes(Suite::Eip712, &sha256(&[seed])).unwrap()).collect();
        keys.sort_by_key(|key| key.public().address());
        let committee = committee(&keys);
        let following = Following { ledger: LEDGER, committee: &committee, began: 0, notice_s: 3_600 };
        let (issuer, window_s) = (Address::repeat_byte(0x11), u32::try_from(WINDOW_S).unwrap());
        let Coin { anchor, gate, token } =
            coin::deploy(&mut chain, following, (ANYBODY, issuer), (POLICY, CAP, window_s));
        let (records, outcomes, anchored) = (Vec::new(), Vec::new(), Vec::new());
        Self { chain, anchor, gate, token, keys, committee, records, outcomes, anchored }
    }

    fn now(&self) -> u64 {
        self.chain.latest().unwrap().timestamp
    }

    fn push(&mut self, tag: Tag, body: Vec<u8>) {
        let (time, salt) = (Time::from_ms(START * 1_000).unwrap(), Salt(sha256(&[self.records.len() as u8])));
        self.records.push(Record::new(tag, time, salt, body));
    }

    /// An outcome for Alice with something wrong about it, and some record after it.
    fn record(&mut self, wrong: Wrong, amount: u64) {
        let case = keccak256([self.outcomes.len() as u8]);
        let either = |is: Wrong, bad: B256, good: B256| if wrong == is { bad } else { good };
        let other = B256::repeat_byte(0xee);
        let mint = Token::mintCall { to: ALICE, amount: U256::from(amount) }.abi_encode();
        let burn = Token::burnCall { amount: U256::from(amount) }.abi_encode();
        let data = if wrong == Wrong::Selector { burn } else { mint };
        let not_after = if wrong == Wrong::Expired { START - 1 } else { self.now() + 1_800 };
        let body = OutcomeBody {
            ledger: FixedBytes(LEDGER.0),
            caseId: case,
            prev: other,
            programme: either(Wrong::Programme, other, keccak256("acme-usd")),
            policy: either(Wrong::Policy, other, FixedBytes(POLICY.0)),
            line: either(Wrong::Line, other, keccak256("mint")),
            kind: if wrong == Wrong::Kind { 9 } else { 0 },
            chainId: U256::from(if wrong == Wrong::Chain { 1 } else { CHAIN }),
            gate: if wrong == Wrong::Gate { ALICE } else { self.gate },
            calls: vec![Call {
                target: if wrong == Wrong::Target { ALICE } else { self.token },
                data: data.into(),
            }],
            notAfter: not_after,
            ordinal: 0,
        };
        let index = self.records.len() as u64;
        self.outcomes.push(Recorded { index, amount, case, not_after, wrong });
        self.push(Tag::Outcome, body.abi_encode_params());
        self.push(Tag::Record, b"{}".to_vec());
    }

    /// A governance outcome that makes the Gate call itself, and its case.
    fn record_change(&mut self, call: &GateCall) -> B256 {
        let case = keccak256([b"change", &self.records.len().to_be_bytes()[..]].concat());
        let body = OutcomeBody {
            ledger: FixedBytes(LEDGER.0),
            caseId: case,
            prev: B256::ZERO,
            programme: keccak256("acme-usd"),
            policy: FixedBytes(governance_policy().0),
            line: keccak256(GOVERNANCE_LINE),
            kind: KIND_GOVERNANCE,
            chainId: U256::from(CHAIN),
            gate: self.gate,
            calls: vec![Call { target: self.gate, data: call.data().unwrap().into() }],
            notAfter: self.now() + 1_800,
            ordinal: 0,
        };
        let index = self.records.len() as u64;
        self.outcomes.push(Recorded { index, amount: 0, case, not_after: 0, wrong: Wrong::Nothing });
        self.push(Tag::Outcome, body.abi_encode_params());
        self.push(Tag::Record, b"{}".to_vec());
        case
    }

    fn hashes(&self) -> Subtrees {
        self.records.iter().map(Record::leaf_hash).collect()
    }

    /// A certificate over the first `size` records by so many co-signers.
    fn certificate(&self, size: u64, signers: usize) -> Certificate {
        let leaves: Vec<_> = self.records.iter().take(size as usize).map(Record::leaf_hash).collect();
        let root = lockstep_crypto::tree::root_of(&leaves);
        let checkpoint = Checkpoint { epoch: 0, ledger: LEDGER, root, size };
        let sign = |(at, key): (usize, &SecretKey)| MemberSignature {
            member: at as u8,
            signature: checkpoint.sign(key).unwrap(),
        };
        let signatures: Vec<_> = self.keys.iter().enumerate().take(signers).map(sign).collect();
        Certificate::assemble(&checkpoint, &self.committee, &signatures)
    }

    fn send(&mut self, to: Address, data: Bytes) -> Result<(), String> {
        match self.chain.send(&Transaction { from: ANYBODY, to: Some(to), data }) {
            Ok(_) => Ok(()),
            Err(DomainError::Reverted { answer }) => Err(error_name(&answer)),
            Err(other) => Err(other.to_string()),
        }
    }

    /// Anchors the log as it is, under a certificate of so many.
    fn anchor(&mut self, signers: usize) -> Result<(), String> {
        let (size, last) = (self.records.len() as u64, self.anchored.last().copied());
        let proof = match last {
            Some(last) if last < size => consistency_proof(&self.hashes(), last, size).unwrap(),
            _ => Vec::new(),
        };
        let data = enforce::submit(&self.certificate(size, signers), &proof);
        let answer = self.send(self.anchor, data);
        if answer.is_ok() && last != Some(size) {
            self.anchored.push(size);
        }
        answer
    }

    /// Brings an outcome at a size, with the way to the root of that size.
    fn execute(&mut self, which: usize, size: u64) -> Result<(), String> {
        let index = self.outcomes[which].index;
        let path = inclusion_proof(&self.hashes(), index, size).unwrap_or_default();
        let record = self.records[index as usize].clone();
        self.send(self.gate, enforce::execute(Placed { record: &record, index, path: &path }, size))
    }

    /// When a loosening can take effect; 0: none of this name waits.
    fn effective_at(&self, change: Digest) -> u64 {
        let call = Gate::changesCall { id: FixedBytes(change.0) };
        let answer = self.chain.call(self.gate, &call.abi_encode()).unwrap();
        Gate::changesCall::abi_decode_returns(&answer).unwrap().effectiveAt
    }

    fn supply(&self) -> u64 {
        let answer = self.chain.call(self.token, &Token::totalSupplyCall {}.abi_encode()).unwrap();
        Token::totalSupplyCall::abi_decode_returns(&answer).unwrap().to()
    }
}

/// What the Gate should say, from the specification alone.
#[derive(Default)]
struct Model {
    executed: BTreeMap<usize, u64>,
    /// Window, used in the one before it, used in it.
    used: (u64, u64, u64),
    supply: u64,
}

impl Model {
    fn execute(&mut self, world: &World, (which, size, now): (usize, u64, u64)) -> Result<(), String> {
        let outcome = &world.outcomes[which];
        let refuse = |name: &str| Err(name.to_owned());
        if !world.anchored.contains(&size) {
            return refuse("NotAnchored");
        }
        if outcome.index >= size {
            return refuse("IndexBeyondSize");
        }
        if self.executed.contains_key(&which) {
            return refuse("AlreadyExecuted");
        }
        match outcome.wrong {
            Wrong::Programme => return refuse("WrongProgramme"),
            Wrong::Chain => return refuse("WrongChain"),
            Wrong::Gate => return refuse("WrongGate"),
            _ if now > outcome.not_after => return refuse("Expired"),
            Wrong::Kind => return refuse("UnknownKind"),
            Wrong::Policy | Wrong::Line => return refuse("PolicyNotAccepted"),
            Wrong::Target => return refuse("TargetNotAllowed"),
            Wrong::Selector => return refuse("NotPermitted"),
            Wrong::Nothing | Wrong::Expired => {}
        }
        let window = now / WINDOW_S;
        let (last, before, current) = self.used;
        let (before, current) = match window - last {
            0 => (before, current),
            1 => (current, 0),
            _ => (0, 0),
        };
        if before + current + outcome.amount > CAP {
            return refuse("CapExceeded");
        }
        self.used = (window, before, current + outcome.amount);
        self.executed.insert(which, now);
        self.supply += outcome.amount;
        Ok(())
    }
}

#[derive(Debug, Clone)]
enum Step {
    Record(usize, u64),
    Anchor(usize),
    Execute(usize, usize),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    // Half of all outcomes are good ones, so that much is minted.
    let wrong = prop_oneof![1 => Just(0usize), 1 => 0..WRONGS.len()];
    prop_oneof![
        4 => (wrong, 1u64..600).prop_map(|(wrong, amount)| Step::Record(wrong, amount)),
        3 => prop_oneof![4 => 3usize..=4, 1 => 0usize..3].prop_map(Step::Anchor),
        6 => (any::<usize>(), any::<usize>()).prop_map(|(which, at)| Step::Execute(which, at)),
        1 => (1u64..4_000).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_gate_does_what_the_model_does(steps in prop::collection::vec(step(), 1..60)) {
        let (mut world, mut model) = (World::new(), Model::default());
        for step in steps {
            match step {
                Step::Record(wrong, amount) if world.records.len() < 200 => {
                    world.record(WRONGS[wrong], amount);
                }
                Step::Anchor(signers) if !world.records.is_empty() => {
                    let expected = if signers < 3 { Err("TooFew".to_owned()) } else { Ok(()) };
                    prop_assert_eq!(world.anchor(signers), expected);
                }
                Step::Execute(which, at) if !world.outcomes.is_empty() => {
                    let which = which % world.outcomes.len();
                    // Any anchored size, or the log as it is, anchored or not.
                    let sizes = [world.anchored.clone(), vec![world.records.len() as u64]].concat();
                    let size = sizes[at % sizes.len()];
                    let now = world.now();
                    let expected = model.execute(&world, (which, size, now));
                    prop_assert_eq!(world.execute(which, size), expected);
                    prop_assert_eq!(world.supply(), model.supply);
                }
                Step::Wait(seconds) => world.chain.mine(1, seconds),
                _ => {}
            }
        }
        // An observer sees exactly what was executed, and the supply that it made.
        let latest = world.now();
        world.chain.mine(4, 12);
        let watch = Watch { token: world.token, gate: world.gate, since: 0 };
        let seen = watch.as_of(&world.chain, Time::from_ms(latest * 1_000).unwrap()).unwrap();
        prop_assert_eq!(seen.supply, U256::from(model.supply));
        let mut expected: Vec<(B256, u64)> =
            model.executed.iter().map(|(which, at)| (world.outcomes[*which].case, *at)).collect();
        expected.sort_unstable();
        let found: Vec<(B256, u64)> =
            seen.consumed.iter().map(|c| (FixedBytes(c.case.0), c.time.ms() / 1_000)).collect();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn several_are_brought_at_once_and_those_done_before_are_passed_over() {
    let mut world = World::new();
    for amount in [100, 200, 300] {
        world.record(Wrong::Nothing, amount);
    }
    world.anchor(3).unwrap();
    let size = world.records.len() as u64;
    world.execute(1, size).unwrap();
    let paths: Vec<_> =
        world.outcomes.iter().map(|o| inclusion_proof(&world.hashes(), o.index, size).unwrap()).collect();
    let placed: Vec<_> = world
        .outcomes
        .iter()
        .zip(&paths)
        .map(|(o, path)| Placed { record: &world.records[o.index as usize], index: o.index, path })
        .collect();
    let data = enforce::execute_all(&placed, size);
    world.send(world.gate, data).unwrap();
    assert_eq!(world.supply(), 600);
}

#[test]
fn a_head_of_another_history_is_refused() {
    let mut world = World::new();
    world.record(Wrong::Nothing, 1);
    world.anchor(3).unwrap();
    let honest = world.records.clone();
    world.records[0] = Record::new(Tag::Record, honest[0].time(), *honest[0].salt(), b"{}".to_vec());
    world.record(Wrong::Nothing, 2);
    assert_eq!(world.anchor(4), Err("NotAnExtension".to_owned()), "though all four have signed it");
}

#[test]
fn nobody_mints_by_the_side_door() {
    let mut world = World::new();
    let mint = Token::mintCall { to: ALICE, amount: U256::from(1) }.abi_encode();
    let (token, gate) = (world.token, world.gate);
    assert_eq!(world.send(token, mint.into()), Err("AccessControlUnauthorizedAccount".to_owned()));
    let permit = Gate::permitCall { target: ALICE, selector: FixedBytes([1; 4]), line: B256::ZERO };
    assert_eq!(world.send(gate, permit.abi_encode().into()), Err("OnlyItself".to_owned()));
    let pause = Gate::pauseCall { until: alloy_primitives::Uint::from(START + 60) };
    assert_eq!(world.send(gate, pause.abi_encode().into()), Err("OnlyGuardian".to_owned()));
    assert_eq!(world.supply(), 0);
}

#[test]
fn each_call_of_a_gate_to_itself_waits_there_exactly_if_the_ledger_says_that_it_loosens() {
    let mut world = World::new();
    let line: lockstep_types::Name = "mint".parse().unwrap();
    let (signature, target) = ("mint(address,uint256)".to_owned(), lockstep_types::Address([5; 20]));
    let policy = POLICY;
    let on_line = || PolicyOnLine { line: line.clone(), policy };
    let mut waiting = Digest::default();
    // The first loosens, and the second gives it up.
    for at in 0..8 {
        let call = match at {
            0 => GateCall::Accept(on_line()),
            1 => GateCall::Drop(Dropped { change: waiting }),
            2 => GateCall::Retire(on_line()),
            3 => GateCall::Forbid(Function { signature: signature.clone(), target }),
            4 => GateCall::Permit(Permitted { line: line.clone(), signature: signature.clone(), target }),
            5 => GateCall::SetGuardian(NewGuardian { guardian: target }),
            6 => {
                GateCall::SetLine(NewLine { cap: 9, exponent: 0, line: line.clone(), window_s: 60, word: 1 })
            }
            _ => GateCall::Tighten(Tighter { cap: 1, line: line.clone(), window_s: 7_200 }),
        };
        world.record_change(&call);
        world.anchor(3).unwrap();
        let size = world.records.len() as u64;
        assert_eq!(world.execute(at, size), Ok(()), "{call:?}");
        let record = &world.records[world.outcomes[at].index as usize];
        let named = loosenings(&outcome::decode(record.body()).unwrap());
        assert_eq!(!named.is_empty(), call.loosens(), "{call:?}");
        let key = keccak256([world.outcomes[at].case.0, [0; 32]].concat());
        let change = Digest(keccak256([key.0, [0; 32]].concat()).0);
        assert_eq!(world.effective_at(change) > 0, call.loosens(), "{call:?}");
        if call.loosens() {
            assert_eq!(named, [(0, change)]);
            waiting = change;
        }
    }
}
