//! Finality drives holds: what a ledger does when its chain is late, goes back, stands still, or is not seen. Real
//! contracts on the embedded chain, a real appender, an observer between them.

use lockstep_chain::contracts::{Token, error_name};
use lockstep_chain::deploy::{self, Following, Line};
use lockstep_chain::enforce::{self, Placed};
use lockstep_chain::{Account, Domain, DomainError, Embedded, Transaction, Watch};
use lockstep_crypto::tree::{Subtrees, consistency_proof, inclusion_proof};
use lockstep_kernel::{Entity, Request};
use lockstep_ledger::{Certificate, MemberSignature, Record, Tag};
use lockstep_node::port::TilesInMemory;
use lockstep_node::{Answer, appender};
use lockstep_sim::cast::{Pen, Programme, Said, cosigner_key, name, texts};
use lockstep_sim::stage::{Stage, accepted};
use lockstep_store::{Memory, stream};
use lockstep_types::{CaseId, Time};
use std::sync::Arc;

/// The account whose first contract stands where the policy names the Gate, its second the token.
const DEPLOYER: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const ANYBODY: Account = Account::repeat_byte(0x99);
/// Cents of the amount that every case here asks for.
const AMOUNT: i64 = 100_000_000;
const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;

/// A ledger and a chain that follow one another.
struct Town {
    stage: Stage,
    chain: Embedded,
    watch: Watch,
    anchor: Account,
    anchored: Option<u64>,
    payments: u32,
}

/// A decided case, and its outcome in the log.
struct Decided {
    case: CaseId,
    record: Record,
    index: u64,
    not_after: Time,
}

impl Town {
    fn new() -> Self {
        let store = Arc::new(Memory::new());
        let stage = Stage::found(store, Arc::new(TilesInMemory::default()), Programme::Stablecoin).unwrap();
        let start = stage.now.saturating_sub_ms(HOUR_MS).seconds_round_down();
        let mut chain = Embedded::new(31_337, 2, start);
        let kernel = stage.kernel();
        let following =
            Following { ledger: stage.ledger, committee: kernel.committee().unwrap(), notice_s: 0 };
        let anchor = deploy::anchor(&mut chain, ANYBODY, following).unwrap();
        let deployer: Account = DEPLOYER.parse().unwrap();
        let token = deployer.create(1);
        let programme = kernel.programme("acme-usd").unwrap();
        let (policy, _) = programme.policies.get("stablecoin.issue").unwrap();
        let line = Line {
            name: name("mint"),
            policies: vec![*policy],
            target: token,
            selectors: vec![lockstep_chain::selector("mint(address,uint256)")],
            word: 1,
            exponent: 6,
            cap: 50_000_000,
            window_s: 86_400,
        };
        let at = (anchor, &name("acme-usd"));
        let gate = deploy::gate(&mut chain, deployer, at, (Account::ZERO, &[line])).unwrap();
        deploy::token(&mut chain, (deployer, gate), ("Acme dollar", "ACME", 6)).unwrap();
        let watch = Watch { token, gate, since: 0 };
        Self { stage, chain, watch, anchor, anchored: None, payments: 0 }
    }

    fn pen(&mut self) -> Pen {
        Pen { ledger: self.stage.ledger, now: self.stage.now, number: self.stage.numbers(1) }
    }

    fn wait(&mut self, ms: u64) {
        self.stage.now = self.stage.now.saturating_add_ms(ms);
    }

    fn submit(&mut self, request: Request) -> Answer {
        self.wait(1);
        let answers = self.stage.appender.submit(vec![request], self.stage.now).unwrap();
        answers.into_iter().next().unwrap()
    }

    fn take(&mut self, case: CaseId, step: &str, claims: &[(&str, &str)]) -> Answer {
        let pen = self.pen();
        let said = Said::Done(texts(claims));
        let request = self.stage.cast.step(pen, self.stage.kernel(), (case, &name(step)), &said).unwrap();
        self.submit(request)
    }

    /// Blocks that come as the ledger's clock goes on, until now.
    fn blocks(&mut self) {
        let now = self.stage.now.seconds_round_down();
        self.chain.set_clock(now.saturating_sub(32));
        self.chain.mine(5, 8);
    }

    /// The observer reads as of a time, and says so.
    fn observe(&mut self, at: Time) -> Result<Answer, DomainError> {
        let seen = self.watch.as_of(&self.chain, at)?;
        let pen = self.pen();
        let request = self.stage.cast.observed(pen, &seen)?;
        Ok(self.submit(request))
    }

    /// A case with everything but the approval; its balance is of `as_of`.
    fn prepared(&mut self, as_of: Time) -> CaseId {
        let pen = self.pen();
        let beneficiary = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
        let params = texts(&[("amount", "1000000.00"), ("beneficiary", beneficiary), ("jurisdiction", "NO")]);
        let opening = self.stage.cast.opening(pen, self.stage.kernel(), &params).unwrap();
        let opened = accepted(vec![self.submit(opening)]).unwrap();
        let case = CaseId(opened[0].records[0].leaf_hash().0);
        self.payments += 1;
        let (number, as_of) = (self.payments.to_string(), as_of.to_string());
        let ledger = self.stage.ledger.to_string();
        let list = "09".repeat(32);
        let steps: [(&str, &[(&str, &str)]); 5] = [
            ("request", &[]),
            (
                "payment",
                &[
                    ("amount", "1000000.00"),
                    ("servicer", "NORTHNO1"),
                    ("account", "NO9386011117947"),
                    ("servicer_ref", &number),
                    ("entry_ref", "1"),
                    ("debtor", "Jane Doe"),
                    ("booked", "true"),
                    ("booked_at", &as_of),
                ],
            ),
            (
                "reserve",
                &[
                    ("balance", "1500000.00"),
                    ("as_of", &as_of),
                    ("segregated", "true"),
                    ("earmarked_for", &ledger),
                ],
            ),
            ("audit", &[("agrees", "true"), ("balance", "1500000.00"), ("haircut_bps", "0")]),
            ("screen", &[("provider", "Clear Screening"), ("hits", "0"), ("list", &list)]),
        ];
        for (step, claims) in steps {
            accepted(vec![self.take(case, step, claims)]).unwrap_or_else(|error| panic!("{step}: {error}"));
        }
        case
    }

    /// Approves, and finds the outcome.
    fn decide(&mut self, case: CaseId) -> Decided {
        let approved = accepted(vec![self.take(case, "approve", &[])]).unwrap();
        let (first, records) = (approved[0].index, &approved[0].records);
        let place = records.iter().position(|record| record.tag() == Tag::Outcome).unwrap();
        let record = records[place].clone();
        let outcome = lockstep_kernel::outcome::decode(record.body()).unwrap();
        let not_after = Time::from_ms(outcome.notAfter * 1_000).unwrap();
        Decided { case, record, index: first + place as u64, not_after }
    }

    /// A case from its opening to its outcome.
    fn issue(&mut self) -> Decided {
        let as_of = self.stage.now.saturating_sub_ms(30 * MINUTE_MS);
        self.chain.set_clock(as_of.saturating_add_ms(MINUTE_MS).seconds_round_down());
        self.chain.mine(3, 0);
        accepted(vec![self.observe(as_of).unwrap()]).unwrap();
        let case = self.prepared(as_of);
        self.decide(case)
    }

    fn hashes(&self, size: u64) -> Subtrees {
        let store = self.stage.appender.replica().store();
        let leaf = |(index, stored): (u64, lockstep_store::Result<_>)| {
            lockstep_node::replica::record(index, &stored.unwrap()).unwrap().leaf_hash()
        };
        (0..).zip(stream(&**store, 0, size)).map(leaf).collect()
    }

    /// Seals, has three co-signers sign, anchors.
    fn anchor(&mut self) -> u64 {
        self.wait(1_000);
        self.stage.appender.seal(self.stage.now).unwrap();
        let checkpoint = appender::checkpoint(self.stage.appender.replica()).unwrap();
        let committee = self.stage.kernel().committee().unwrap().clone();
        let signature = |number: u8| {
            let address = lockstep_attest::sign::Sign::public(&cosigner_key(number)).address().unwrap();
            let hash = checkpoint.signing_hash();
            let message = lockstep_crypto::suite::Message::Hash(&hash);
            let bytes = lockstep_attest::sign::Sign::sign(&cosigner_key(number), message).unwrap();
            let signature = lockstep_ledger::CheckpointSignature::new(bytes.try_into().unwrap());
            MemberSignature { member: committee.index_of(&address).unwrap(), signature }
        };
        let mut signatures: Vec<_> = (0..3).map(signature).collect();
        signatures.sort_by_key(|signature| signature.member);
        let certificate = Certificate::assemble(&checkpoint, &committee, &signatures);
        let size = checkpoint.size;
        let proof = match self.anchored {
            Some(anchored) => consistency_proof(&self.hashes(size), anchored, size).unwrap(),
            None => Vec::new(),
        };
        self.send(self.anchor, enforce::submit(&certificate, &proof).to_vec()).unwrap();
        self.anchored = Some(size);
        size
    }

    fn send(&mut self, to: Account, data: Vec<u8>) -> Result<u64, String> {
        match self.chain.send(&Transaction { from: ANYBODY, to: Some(to), data: data.into() }) {
            Ok(receipt) => Ok(receipt.block.timestamp),
            Err(DomainError::Reverted { answer }) => Err(error_name(&answer)),
            Err(other) => Err(other.to_string()),
        }
    }

    /// Brings the outcome in a block of this time.
    fn execute(&mut self, decided: &Decided, size: u64, at: Time) -> Result<u64, String> {
        let path = inclusion_proof(&self.hashes(size), decided.index, size).unwrap();
        let placed = Placed { record: &decided.record, index: decided.index, path: &path };
        let call = enforce::execute(placed, size).to_vec();
        self.chain.set_clock(at.seconds_round_down());
        self.send(self.watch.gate, call)
    }

    fn tokens(&self) -> u64 {
        let answer = self.chain.call(self.watch.token, &lockstep_chain::encode(&Token::totalSupplyCall {}));
        lockstep_chain::decode::<Token::totalSupplyCall>(&answer.unwrap()).unwrap().to()
    }

    /// What is held and what is in circulation, in cents, as the ledger counts.
    fn counted(&self) -> (i64, i64) {
        let entry = self.stage.kernel().entry(&Entity::Account(name("acme-usd"))).unwrap();
        let entry: serde_json::Value = serde_json::from_slice(&entry).unwrap();
        (entry["held"].as_i64().unwrap(), entry["supply"].as_i64().unwrap())
    }

    fn refusal(answer: Answer) -> String {
        match answer {
            Answer::OnRecord(accepted) => {
                accepted.refused.map_or_else(|| "accepted".to_owned(), |refusal| refusal.code().as_text())
            }
            Answer::Refused(refusal) => refusal.code().as_text(),
            Answer::Malformed(error) => error.to_string(),
        }
    }
}

#[test]
fn a_mint_in_the_last_block_before_its_time_counts_though_it_is_final_only_later() {
    let mut town = Town::new();
    let decided = town.issue();
    assert_eq!(town.counted(), (AMOUNT, 0));
    let size = town.anchor();
    let at = town.execute(&decided, size, decided.not_after).unwrap();
    assert_eq!(at * 1_000, decided.not_after.ms(), "in the very last second");

    // By the ledger's clock its time is long over, and the block may still be replaced.
    town.stage.now = decided.not_after.saturating_add_ms(10 * MINUTE_MS);
    let pending = town.observe(decided.not_after);
    assert!(matches!(pending, Err(DomainError::NotFinal { .. })), "{pending:?}");
    assert_eq!(town.counted(), (AMOUNT, 0), "ledger time alone returns nothing");

    town.blocks();
    accepted(vec![town.observe(decided.not_after).unwrap()]).unwrap();
    assert_eq!(town.counted(), (0, AMOUNT), "the hold became supply, and is counted once");
    assert_eq!(town.tokens(), 1_000_000_000_000);
}

#[test]
fn a_mint_that_a_chain_takes_back_returns_its_hold_once_a_later_block_is_final() {
    let mut town = Town::new();
    let decided = town.issue();
    let size = town.anchor();
    town.execute(&decided, size, town.stage.now).unwrap();
    town.chain.take_back(1).unwrap();
    assert_eq!(town.tokens(), 0);

    // A final block before its time shows nothing: it could still be brought.
    town.wait(MINUTE_MS);
    town.blocks();
    let at = town.stage.now.saturating_sub_ms(20_000);
    accepted(vec![town.observe(at).unwrap()]).unwrap();
    assert_eq!(town.counted(), (AMOUNT, 0));

    town.stage.now = decided.not_after.saturating_add_ms(MINUTE_MS);
    town.blocks();
    let at = town.stage.now.saturating_sub_ms(20_000);
    accepted(vec![town.observe(at).unwrap()]).unwrap();
    assert_eq!(town.counted(), (0, 0), "it never will be executed");
    let refused = town.execute(&decided, size, town.stage.now);
    assert_eq!(refused, Err("Expired".to_owned()), "which the Gate sees to");
}

#[test]
fn a_mint_brought_again_after_the_chain_took_it_back_is_one_mint() {
    let mut town = Town::new();
    let decided = town.issue();
    let size = town.anchor();
    town.execute(&decided, size, town.stage.now).unwrap();
    town.chain.take_back(1).unwrap();
    town.execute(&decided, size, town.stage.now).unwrap();
    assert_eq!(town.execute(&decided, size, town.stage.now), Err("AlreadyExecuted".to_owned()));
    town.wait(MINUTE_MS);
    town.blocks();
    accepted(vec![town.observe(town.stage.now.saturating_sub_ms(20_000)).unwrap()]).unwrap();
    assert_eq!((town.counted(), town.tokens()), ((0, AMOUNT), 1_000_000_000_000));
}

#[test]
fn while_a_chain_stands_still_nothing_returns() {
    let mut town = Town::new();
    let decided = town.issue();
    town.anchor();
    town.blocks();
    let last = town.chain.finalized().unwrap().time().unwrap();
    town.stage.now = decided.not_after.saturating_add_ms(24 * HOUR_MS);
    let unseen = town.observe(town.stage.now);
    assert!(matches!(unseen, Err(DomainError::NotFinal { .. })), "{unseen:?}");
    // What was final before it stopped can be read, and shows no block after its time.
    accepted(vec![town.observe(last.saturating_sub_ms(1_000)).unwrap()]).unwrap();
    assert_eq!(town.counted(), (AMOUNT, 0));

    town.blocks();
    accepted(vec![town.observe(town.stage.now.saturating_sub_ms(20_000)).unwrap()]).unwrap();
    assert_eq!(town.counted(), (0, 0));
    let _ = decided.case;
}

#[test]
fn while_nobody_sees_the_chain_nothing_new_is_approved() {
    let mut town = Town::new();
    let first = town.issue();
    let size = town.anchor();
    town.execute(&first, size, town.stage.now).unwrap();
    // An hour without an observer: what it read last is too old to count on.
    town.wait(HOUR_MS);
    let as_of = town.stage.now.saturating_sub_ms(5 * MINUTE_MS);
    let case = town.prepared(as_of);
    let answer = town.take(case, "approve", &[]);
    assert_eq!(Town::refusal(answer), "headroom_unknown");

    // It is back, and sees the mint: the reserve is spent.
    town.chain.set_clock(as_of.saturating_add_ms(MINUTE_MS).seconds_round_down());
    town.chain.mine(3, 0);
    accepted(vec![town.observe(as_of).unwrap()]).unwrap();
    assert_eq!(town.counted(), (0, AMOUNT));
    let answer = town.take(case, "approve", &[]);
    assert_eq!(Town::refusal(answer), "headroom_short");
}
