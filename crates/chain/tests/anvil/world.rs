//! A ledger with one outcome, its certificate, the account that brings both, and the programme's contracts.

use crate::coin::{self, Coin};
use crate::key::Key;
use crate::node::{Endpoint, Node};
use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use lockstep_chain::contracts::Token;
use lockstep_chain::deploy::Following;
use lockstep_chain::enforce::{self, Placed};
use lockstep_chain::rpc::Rule;
use lockstep_chain::rpc::finality::Finality;
use lockstep_chain::submit::journal::InMemory;
use lockstep_chain::submit::{Limits, SignHash};
use lockstep_chain::{Domain, Rpc, Submitter, Transaction, Watch};
use lockstep_crypto::secret::SecretKey;
use lockstep_crypto::suite::Suite;
use lockstep_crypto::tree;
use lockstep_kernel::outcome::{Call, OutcomeBody};
use lockstep_ledger::{Certificate, Checkpoint, Committee, Member, MemberSignature, Record, Tag};
use lockstep_types::{CaseId, LedgerId, Lei, PolicyDigest, Salt, Time, sha256};
use std::time::Duration;

pub const CHAIN: u64 = 31_337;
/// The first of the accounts that every development chain is rich in, by its published secret.
const SECRET: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
pub const ALICE: Address = Address::repeat_byte(0xa1);
pub const CASE: CaseId = CaseId([5; 32]);
const LEDGER: LedgerId = LedgerId([7; 32]);
const POLICY: PolicyDigest = PolicyDigest([8; 32]);
pub const GWEI: u128 = 1_000_000_000;

/// Looks once and gives up: a test says when the next look is.
pub const ONE_LOOK: Limits =
    Limits { fee_cap: 500 * GWEI, stuck_blocks: 3, pause: Duration::ZERO, patience: Duration::ZERO };
/// Looks until it is there.
pub const PATIENT: Limits =
    Limits { patience: Duration::from_secs(60), pause: Duration::from_millis(20), ..ONE_LOOK };

pub fn connect(endpoints: &[&Endpoint]) -> Rpc {
    let urls: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.url.as_str()).collect();
    Rpc::connect(
        &urls,
        Rule { quorum: Some(urls.len().div_ceil(2).max(1)), ..Rule::new(CHAIN, Finality::Tag) },
    )
    .unwrap()
}

/// Two endpoints that must agree.
pub fn connect_both(endpoints: [&Endpoint; 2]) -> Rpc {
    Rpc::connect(&endpoints.map(|endpoint| endpoint.url.as_str()), Rule::new(CHAIN, Finality::Tag)).unwrap()
}

/// The programme on its chain, and what its ledger says.
pub struct World {
    pub key: Key,
    pub journal: InMemory,
    pub anchor: Address,
    pub watch: Watch,
    records: Vec<Record>,
    certificate: Certificate,
}

impl World {
    /// Deploys the contracts with the account's own signatures.
    pub fn deploy(rpc: &Rpc) -> Self {
        let (key, mut journal) = (Key::new(SECRET), InMemory::default());
        let from = key.account();
        let keys: Vec<SecretKey> = cosigner_keys();
        let committee = committee(&keys);
        let mut chain = Submitter::open((rpc, &key), &mut journal, PATIENT).unwrap();
        let following = Following { ledger: LEDGER, committee: &committee, began: 0, notice_s: 3_600 };
        let Coin { anchor, gate, token } =
            coin::deploy(&mut chain, following, (from, from), (POLICY, 1_000, 3_600));
        let records = records((token, gate));
        let certificate = certificate((&keys, &committee), &records);
        Self { key, journal, anchor, watch: Watch { token, gate, since: 0 }, records, certificate }
    }

    pub fn submitter<'a>(&'a mut self, rpc: &'a Rpc, limits: Limits) -> Submitter<'a> {
        Submitter::open((rpc, &self.key), &mut self.journal, limits).unwrap()
    }

    /// The call that anchors the ledger's head.
    pub fn anchoring(&self) -> Transaction {
        self.transaction(self.anchor, enforce::submit(&self.certificate, &[]))
    }

    /// The call that executes the outcome: 700 units for Alice.
    pub fn execution(&self) -> Transaction {
        let leaves: tree::Subtrees = self.records.iter().map(Record::leaf_hash).collect();
        let path = tree::inclusion_proof(&leaves, 0, self.certificate.size).unwrap();
        let placed = Placed { record: &self.records[0], index: 0, path: &path };
        self.transaction(self.watch.gate, enforce::execute(placed, self.certificate.size))
    }

    fn transaction(&self, to: Address, data: Bytes) -> Transaction {
        Transaction { from: self.key.account(), to: Some(to), data }
    }

    pub fn balance(&self, domain: &dyn Domain) -> u64 {
        let call = Token::balanceOfCall { account: ALICE }.abi_encode();
        let answer = domain.call(self.watch.token, &call).unwrap();
        Token::balanceOfCall::abi_decode_returns(&answer).unwrap().to()
    }

    /// Transactions of the account in blocks.
    pub fn nonce(&self, node: &Node) -> u64 {
        node.number("eth_getTransactionCount", serde_json::json!([self.key.account(), "latest"]))
    }
}

fn cosigner_keys() -> Vec<SecretKey> {
    let key = |seed: u8| SecretKey::from_bytes(Suite::Eip712, &sha256(&[seed])).unwrap();
    let mut keys: Vec<SecretKey> = (1..=4).map(key).collect();
    keys.sort_by_key(|key| key.public().address());
    keys
}

fn committee(keys: &[SecretKey]) -> Committee {
    let member = |(at, key): (usize, &SecretKey)| Member {
        address: key.public().address().unwrap(),
        lei: Lei::with_check_digits(&format!("52990000000000{:04}", 100 + at)).unwrap(),
        name: format!("cosigner-{at}").parse().unwrap(),
    };
    Committee::new(0, keys.iter().enumerate().map(member).collect(), 3).unwrap()
}

fn records((token, gate): (Address, Address)) -> Vec<Record> {
    let mint = Token::mintCall { to: ALICE, amount: U256::from(700) }.abi_encode();
    let body = OutcomeBody {
        ledger: FixedBytes(LEDGER.0),
        caseId: FixedBytes(CASE.0),
        prev: B256::ZERO,
        programme: keccak256("acme-usd"),
        policy: FixedBytes(POLICY.0),
        line: keccak256("mint"),
        kind: 0,
        chainId: U256::from(CHAIN),
        gate,
        calls: vec![Call { target: token, data: mint.into() }],
        notAfter: 0,
        ordinal: 0,
    };
    let time = Time::from_ms(1_800_000_000_000).unwrap();
    vec![
        Record::new(Tag::Outcome, time, Salt([1; 32]), body.abi_encode_params()),
        Record::new(Tag::Record, time, Salt([2; 32]), b"{}".to_vec()),
    ]
}

fn certificate((keys, committee): (&[SecretKey], &Committee), records: &[Record]) -> Certificate {
    let leaves: Vec<_> = records.iter().map(Record::leaf_hash).collect();
    let (root, size) = (tree::root_of(&leaves), records.len() as u64);
    let checkpoint = Checkpoint { epoch: 0, ledger: LEDGER, root, size };
    let sign = |(at, key): (usize, &SecretKey)| MemberSignature {
        member: at as u8,
        signature: checkpoint.sign(key).unwrap(),
    };
    let signatures: Vec<_> = keys.iter().enumerate().take(3).map(sign).collect();
    Certificate::assemble(&checkpoint, committee, &signatures)
}
