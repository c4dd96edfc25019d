//! What a chain denies of what is said of it: a real Gate, Anchor and Escrow, and every claim that is false
//! in one place.

#[path = "world/coin.rs"]
mod coin;

use alloy_primitives::{Address, B256, FixedBytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use coin::Coin;
use lockstep_chain::confirm::{self, Owner, Shown, StatedDeposit, StatedEnd, StatedOutcome};
use lockstep_chain::contracts::{Escrow, Token};
use lockstep_chain::deploy::Following;
use lockstep_chain::enforce::{self, Placed};
use lockstep_chain::{Block, Domain, DomainError, Embedded, Receipt, Sends, Transaction};
use lockstep_crypto::secret::SecretKey;
use lockstep_crypto::suite::Suite;
use lockstep_crypto::tree::{self, Subtrees};
use lockstep_kernel::outcome::{Call, OutcomeBody};
use lockstep_ledger::{Certificate, Checkpoint, Committee, Member, MemberSignature, Record, Tag};
use lockstep_types::{CaseId, LedgerId, Lei, PolicyDigest, RootHash, Salt, Time, sha256};

const ISSUER: Address = Address::repeat_byte(0x11);
const ALICE: Address = Address::repeat_byte(0xa1);
const LEDGER: LedgerId = LedgerId([7; 32]);
const POLICY: PolicyDigest = PolicyDigest([8; 32]);
const CASE: CaseId = CaseId([5; 32]);
const START: u64 = 1_800_000_000;

/// A programme on its chain, whose ledger has one outcome: 700 tokens for Alice.
struct World {
    chain: Embedded,
    gate: Address,
    token: Address,
    anchor: Address,
    root: RootHash,
}

fn send(chain: &mut Embedded, (from, to): (Address, Address), data: Vec<u8>) -> Receipt {
    chain.send(&Transaction { from, to: Some(to), data: data.into() }).unwrap()
}

impl World {
    fn new() -> Self {
        let mut chain = Embedded::new(1, 2, START);
        let key = SecretKey::from_bytes(Suite::Eip712, &sha256(b"cosigner")).unwrap();
        let lei = Lei::with_check_digits("529900000000000100").unwrap();
        let address = key.public().address().unwrap();
        let committee =
            Committee::new(0, vec![Member { address, lei, name: "one".parse().unwrap() }], 1).unwrap();
        let following = Following { ledger: LEDGER, committee: &committee, began: 0, notice_s: 0 };
        let Coin { anchor, gate, token } =
            coin::deploy(&mut chain, following, (ISSUER, ISSUER), (POLICY, 1_000, 3_600));
        let record = record((token, gate));
        let root = tree::root_of(&[record.leaf_hash()]);
        let checkpoint = Checkpoint { epoch: 0, ledger: LEDGER, root, size: 1 };
        let signature = MemberSignature { member: 0, signature: checkpoint.sign(&key).unwrap() };
        let certificate = Certificate::assemble(&checkpoint, &committee, &[signature]);
        send(&mut chain, (ISSUER, anchor), enforce::submit(&certificate, &[]).to_vec());
        let leaves: Subtrees = [record.leaf_hash()].into_iter().collect();
        let path = tree::inclusion_proof(&leaves, 0, 1).unwrap();
        let placed = Placed { record: &record, index: 0, path: &path };
        chain.set_clock(START + 1_000);
        send(&mut chain, (ISSUER, gate), enforce::execute(placed, 1).to_vec());
        Self { chain, gate, token, anchor, root }
    }

    fn final_block(&mut self) -> Block {
        self.chain.mine(4, 12);
        self.chain.finalized().unwrap()
    }

    /// What the chain says of the outcome of this ordinal, by a ledger that knows these heads.
    fn ask(&mut self, (ordinal, said): (u32, StatedEnd), owner: &Owner<'_>) -> String {
        let stated = StatedOutcome { gate: self.gate, case: CASE, ordinal, said };
        let block = self.final_block();
        told(confirm::outcome(&self.chain, &block, (&stated, owner)))
    }
}

fn record((token, gate): (Address, Address)) -> Record {
    let mint = Token::mintCall { to: ALICE, amount: U256::from(700) }.abi_encode();
    let body = OutcomeBody {
        ledger: FixedBytes(LEDGER.0),
        caseId: FixedBytes(CASE.0),
        prev: B256::ZERO,
        programme: keccak256("acme-usd"),
        policy: FixedBytes(POLICY.0),
        line: keccak256("mint"),
        kind: 0,
        chainId: U256::from(1),
        gate,
        calls: vec![Call { target: token, data: mint.into() }],
        notAfter: 0,
        ordinal: 0,
    };
    Record::new(Tag::Outcome, at(0), Salt([1; 32]), body.abi_encode_params())
}

/// So many seconds after the beginning.
fn at(seconds: u64) -> Time {
    Time::from_ms((START + seconds) * 1_000).unwrap()
}

/// `agrees`, `open`, or the name of what is denied.
fn told(shown: Result<Shown, DomainError>) -> String {
    match shown.unwrap() {
        Shown::Agrees(_) => "agrees".to_owned(),
        Shown::Denied(denied) => denied.code().to_owned(),
        Shown::Open(_) => "open".to_owned(),
    }
}

#[test]
fn a_chain_denies_what_is_not_as_it_is_said() {
    let mut world = World::new();
    let heads = [(1, world.root)];
    let owner = Owner { ledger: LEDGER, programme: keccak256("acme-usd"), heads: &heads };
    let executed = |seconds| StatedEnd::Executed(at(seconds));
    for (ordinal, said, expected) in [
        (0, executed(1_000), "agrees"),
        (0, StatedEnd::Nothing, "agrees"),
        (1, StatedEnd::Nothing, "agrees"),
        (1, StatedEnd::Lapsed, "agrees"),
        (0, executed(999), "executed-at-another-time"),
        (0, executed(1_012), "executed-at-another-time"),
        (0, StatedEnd::Lapsed, "executed-after-all"),
        (1, executed(1_000), "not-executed"),
        (1, executed(1_000_000), "open"),
    ] {
        assert_eq!(world.ask((ordinal, said), &owner), expected, "ordinal {ordinal}, {said:?}");
    }
    let before = StatedEnd::Executed(Time::from_ms(1_000).unwrap());
    assert_eq!(world.ask((0, before), &owner), "executed-at-another-time", "before the chain began");
}

#[test]
fn a_gate_of_somebody_else_is_denied() {
    let mut world = World::new();
    let (root, programme) = (world.root, keccak256("acme-usd"));
    let heads = [(1, root), (2, RootHash([9; 32]))];
    let said = (0, StatedEnd::Executed(at(1_000)));
    let owner = Owner { ledger: LEDGER, programme, heads: &heads };
    assert_eq!(world.ask(said, &owner), "agrees", "nothing is anchored at the second size");
    assert_eq!(world.ask(said, &Owner { heads: &[], ..owner }), "agrees", "nothing can be compared");
    let other = [(1, RootHash([9; 32]))];
    assert_eq!(world.ask(said, &Owner { heads: &other, ..owner }), "other-history");
    assert_eq!(world.ask(said, &Owner { ledger: LedgerId([8; 32]), ..owner }), "other-ledger");
    assert_eq!(world.ask(said, &Owner { programme: keccak256("acme-eur"), ..owner }), "other-programme");
    let (gate, anchor) = (world.gate, world.anchor);
    for nowhere in [ALICE, anchor] {
        world.gate = nowhere;
        assert_eq!(world.ask(said, &owner), "no-gate");
        assert_eq!(world.ask((0, StatedEnd::Nothing), &owner), "open", "it may be on its way");
    }
    world.gate = gate;
    let stated = StatedOutcome { gate, case: CASE, ordinal: 0, said: said.1 };
    let nobody = Block { number: 1_000_000, ..world.final_block() };
    assert!(confirm::outcome(&world.chain, &nobody, (&stated, &owner)).is_err(), "no answer is no word");
}

#[test]
fn a_deposit_is_where_it_is_claimed_to_be_or_denied() {
    let mut world = World::new();
    let (token, escrow) = (world.token, world.gate.create(1));
    let approve = Token::approveCall { spender: escrow, value: U256::from(500) }.abi_encode();
    send(&mut world.chain, (ALICE, token), approve);
    let case = FixedBytes(CASE.0);
    let deposit = Escrow::depositCall { caseId: case, token, amount: U256::from(500) }.abi_encode();
    let made = send(&mut world.chain, (ALICE, escrow), deposit);
    let log = made.logs.iter().find(|log| log.address == escrow).unwrap();
    let claimed = StatedDeposit {
        escrow,
        case: CASE,
        token,
        block: made.block.number,
        block_hash: made.block.hash,
        transaction: log.transaction,
        log: log.index,
        depositor: Some(ALICE),
        amount: Some(U256::from(500)),
    };
    let early = world.chain.finalized().unwrap();
    assert!(early.number < made.block.number);
    assert_eq!(told(confirm::deposit(&world.chain, &early, &claimed)), "open");
    let block = world.final_block();
    let check = |claimed: &StatedDeposit| told(confirm::deposit(&world.chain, &block, claimed));
    assert_eq!(check(&claimed), "agrees");
    assert_eq!(check(&StatedDeposit { depositor: None, amount: None, ..claimed.clone() }), "agrees");
    for (changed, expected) in [
        (StatedDeposit { block_hash: B256::ZERO, ..claimed.clone() }, "other-block"),
        (StatedDeposit { block: claimed.block - 1, ..claimed.clone() }, "other-block"),
        (StatedDeposit { transaction: B256::ZERO, ..claimed.clone() }, "no-deposit"),
        (StatedDeposit { log: claimed.log + 1, ..claimed.clone() }, "no-deposit"),
        (StatedDeposit { escrow: ALICE, ..claimed.clone() }, "no-deposit"),
        (StatedDeposit { case: CaseId([6; 32]), ..claimed.clone() }, "other-deposit"),
        (StatedDeposit { token: ALICE, ..claimed.clone() }, "other-deposit"),
        (StatedDeposit { depositor: Some(ISSUER), ..claimed.clone() }, "other-deposit"),
        (StatedDeposit { amount: Some(U256::from(499)), ..claimed.clone() }, "other-deposit"),
    ] {
        assert_eq!(check(&changed), expected, "{changed:?}");
    }
}
