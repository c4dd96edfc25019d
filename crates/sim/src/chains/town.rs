//! One ledger and the chains that follow it: a real appender, real contracts, an observer between them.

mod redeeming;

use super::chain::Chain;
use crate::cast::{Pen, Programme, STABLECOIN, STABLECOIN_BACK, Said, cosigner_key, name, texts};
use crate::stage::{Stage, accepted};
use anyhow::{Context, Result, anyhow};
use lockstep_attest::sign::Sign;
use lockstep_chain::contracts::{Anchor, Token, error_name};
use lockstep_chain::deploy::{self, Following, Line};
use lockstep_chain::enforce::{self, Placed};
use lockstep_chain::{Account, DomainError, Embedded, Transaction, Watch};
use lockstep_crypto::suite::Message;
use lockstep_crypto::tree::{consistency_proof, inclusion_proof};
use lockstep_kernel::governance::Files;
use lockstep_kernel::{Action, Entity, Request};
use lockstep_ledger::{Certificate, CheckpointSignature, MemberSignature, Record, Tag};
use lockstep_node::client::Texts;
use lockstep_node::port::TilesInMemory;
use lockstep_node::{Accepted, Answer, appender};
use lockstep_store::Memory;
use lockstep_types::{CaseId, Money, Name, PolicyDigest, Time};
use std::sync::Arc;

/// Cents that every case asks for.
pub const AMOUNT: i64 = 100_000_000;
/// Token units in a cent.
pub const UNITS_PER_CENT: i64 = 10_000;
/// Domains, each with its chain; the first is the one of the repository's policy.
const DOMAINS: [(&str, u64); 2] = [("home", 31_337), ("away", 31_338)];
/// The account whose first contract stands where the policy names the Gate, its second the token.
const DEPLOYER: Account = Account::new([
    0xf3, 0x9f, 0xd6, 0xe5, 0x1a, 0xad, 0x88, 0xf6, 0xf4, 0xce, 0x6a, 0xb8, 0x82, 0x72, 0x79, 0xcf, 0xff,
    0xb9, 0x22, 0x66,
]);
/// Brings what anybody may bring; on a chain where that costs something it has to have something.
const ANYBODY: Account = Account::new([
    0x3c, 0x44, 0xcd, 0xdd, 0xb6, 0xa9, 0x00, 0xfa, 0x2b, 0x58, 0x5d, 0xd2, 0x99, 0xe0, 0x3d, 0x12, 0xfa,
    0x42, 0x93, 0xbc,
]);
/// Blocks that stand on a final one of an embedded chain.
const DEPTH: u64 = 2;
const BENEFICIARY: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
/// Notice of the ledger, and a minute.
const NOTICE_MS: u64 = 61 * 60_000;
const HOUR_MS: u64 = 3_600_000;
/// After so long without records there may be a seal all the same.
const QUIET_MS: u64 = 11_000;

/// A domain: its chain, and the programme's contracts there.
pub struct Place<C = Embedded> {
    /// What policies call it.
    pub domain: Name,
    /// The chain.
    pub chain: C,
    /// Token and Gate.
    pub watch: Watch,
    issue: PolicyDigest,
    redeem: PolicyDigest,
    anchor: Account,
}

/// A ledger and its chains.
pub struct Town<C = Embedded> {
    /// The appender, and who signs.
    pub stage: Stage,
    /// The chains.
    pub places: Vec<Place<C>>,
    /// What co-signers have certified, oldest first.
    pub certificates: Vec<Certificate>,
    store: Arc<Memory>,
    tiles: Arc<TilesInMemory>,
    restarts: u64,
    payments: u32,
    /// Records that were looked through for outcomes.
    scanned: u64,
}

/// What an outcome does with tokens, in cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// They come into being.
    Mint(i64),
    /// They cease to be.
    Burn(i64),
    /// They go back to who put them into escrow.
    Refund(i64),
}

/// A decided case, and its outcome in the log.
pub struct Decided {
    /// The case.
    pub case: CaseId,
    /// Which decision of the case.
    pub ordinal: u32,
    /// What the outcome does.
    pub does: Does,
    /// In which place.
    pub place: usize,
    /// Last second in which a Gate executes it; of one that never expires, 1970.
    pub not_after: Time,
    record: Record,
    index: u64,
}

/// What a custodian says of a customer's money and of the reserve.
#[derive(Debug, Clone, Copy)]
pub struct Attested {
    /// When the customer's money was booked.
    pub booked_at: Time,
    /// The balance, in cents, and its date.
    pub balance: (i64, Time),
}

impl Decided {
    /// The outcome of a record with this number.
    fn of(record: &Record, index: u64, place_of: impl Fn(u64) -> Option<usize>) -> Result<Self> {
        let outcome = lockstep_kernel::outcome::decode(record.body()).map_err(anyhow::Error::msg)?;
        let (case, ordinal) = (CaseId(outcome.caseId.0), outcome.ordinal);
        let place = place_of(u64::try_from(outcome.chainId)?).context("an outcome of another chain")?;
        let not_after = Time::from_ms(outcome.notAfter.saturating_mul(1_000))?;
        let does = does(&outcome.calls.first().context("an outcome without call")?.data)?;
        Ok(Self { case, ordinal, does, place, not_after, record: record.clone(), index })
    }

    /// Number of the outcome's record.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }
}

/// A policy as it is on this domain.
fn files((layout, guards): (&str, &str), (domain, chain): (&str, u64)) -> Files {
    let layout = match domain {
        "home" => layout.to_owned(),
        _ => layout
            .replace("stablecoin.issue", &policy_name("issue", domain))
            .replace("stablecoin.redeem", &policy_name("redeem", domain))
            .replace("\"home\"", &format!("\"{domain}\""))
            .replace("[domain.home]", &format!("[domain.{domain}]"))
            .replace("eip155:31337", &format!("eip155:{chain}")),
    };
    Files { guards: guards.to_owned(), layout }
}

fn policy_name(of: &str, domain: &str) -> String {
    if domain == "home" { format!("stablecoin.{of}") } else { format!("stablecoin.{of}-{domain}") }
}

impl Town {
    /// A ledger with so many domains, one or two, on chains in this process.
    ///
    /// # Errors
    /// What stopped its founding.
    pub fn found(domains: usize) -> Result<Self> {
        Self::found_on(domains, |chain_id, start| Ok(Embedded::new(chain_id, DEPTH, start)))
    }
}

impl<C: Chain> Town<C> {
    /// A ledger with so many domains, one or two. A chain is made from its number and the second of its first
    /// block.
    ///
    /// # Errors
    /// What stopped its founding.
    pub fn found_on(domains: usize, make: impl Fn(u64, u64) -> Result<C>) -> Result<Self> {
        let (store, tiles) = (Arc::new(Memory::new()), Arc::new(TilesInMemory::default()));
        let stage = Stage::found(Arc::clone(&store) as _, Arc::clone(&tiles) as _, Programme::Stablecoin)?;
        let (places, certificates) = (Vec::new(), Vec::new());
        let mut town =
            Self { stage, places, certificates, store, tiles, restarts: 0, payments: 0, scanned: 0 };
        for (domain, chain) in DOMAINS.into_iter().take(domains) {
            if domain != "home" {
                town.adopt(files(STABLECOIN, (domain, chain)))?;
            }
            town.adopt(files(STABLECOIN_BACK, (domain, chain)))?;
            let place = town.build((domain, chain), &make)?;
            town.places.push(place);
        }
        Ok(town)
    }

    /// A further policy: co-signers consent, the notice runs.
    fn adopt(&mut self, files: Files) -> Result<()> {
        let pen = self.pen();
        let proposed = self.submit(self.stage.cast.proposal(pen, Action::Adopt(files)))?;
        let case = CaseId(first(proposed)?.records.first().context("no record")?.leaf_hash().0);
        for number in 0..3 {
            let pen = self.pen();
            first(self.submit(self.stage.cast.consent(pen, case, number))?)?;
        }
        self.wait(NOTICE_MS);
        self.stage.appender.submit(Vec::new(), self.stage.now)?;
        Ok(())
    }

    fn build(
        &self,
        (domain, chain_id): (&str, u64),
        make: impl Fn(u64, u64) -> Result<C>,
    ) -> Result<Place<C>> {
        let kernel = self.stage.kernel();
        let start = self.stage.now.saturating_sub_ms(HOUR_MS).seconds_round_down();
        let mut chain = make(chain_id, start)?;
        let committee = kernel.committee().context("no committee")?;
        let following = Following { ledger: self.stage.ledger, committee, began: 0, notice_s: 0 };
        let anchor = deploy::anchor(&mut chain, ANYBODY, following)?;
        let programme = kernel.programme("acme-usd").context("no programme")?;
        let in_force = |of: &str| {
            let found = programme.policies.get(policy_name(of, domain).as_str());
            found.map(|(digest, _)| *digest).context("the policy is not in force")
        };
        let (issue, redeem) = (in_force("issue")?, in_force("redeem")?);
        let token = DEPLOYER.create(1);
        let mint = Line {
            name: name("mint"),
            policies: vec![issue],
            target: token,
            selectors: vec![lockstep_chain::selector("mint(address,uint256)")],
            word: 1,
            exponent: 6,
            cap: 50_000_000,
            window_s: 86_400,
        };
        let escrow = Line {
            name: name("redeem"),
            policies: vec![redeem],
            selectors: Vec::new(),
            word: 255,
            exponent: 0,
            cap: 1,
            ..mint.clone()
        };
        let at = (anchor, &name("acme-usd"));
        let gate = deploy::gate(&mut chain, DEPLOYER, at, (Account::ZERO, &[mint, escrow]))?;
        deploy::token(&mut chain, (DEPLOYER, gate), ("Acme dollar", "ACME", 6))?;
        // The contracts are there for good.
        chain.mine(3, 0)?;
        let watch = Watch { token, gate, since: 0 };
        Ok(Place { domain: name(domain), chain, watch, issue, redeem, anchor })
    }

    /// The appender ends and starts again from its store.
    ///
    /// # Errors
    /// It does not open.
    pub fn restart(&mut self) -> Result<()> {
        self.restarts += 1;
        let (store, tiles) = (Arc::clone(&self.store) as _, Arc::clone(&self.tiles) as _);
        let from = (self.stage.now, self.restarts << 32);
        self.stage = Stage::found_or_resume((store, tiles), Programme::Stablecoin, from)?;
        Ok(())
    }

    fn pen(&mut self) -> Pen {
        Pen { ledger: self.stage.ledger, now: self.stage.now, number: self.stage.numbers(1) }
    }

    /// Ledger time passes.
    pub fn wait(&mut self, ms: u64) {
        self.stage.now = self.stage.now.saturating_add_ms(ms);
    }

    fn submit(&mut self, request: Request) -> Result<Answer> {
        self.wait(1);
        let answers = self.stage.appender.submit(vec![request], self.stage.now)?;
        answers.into_iter().next().context("no answer")
    }

    fn take(&mut self, case: CaseId, step: &str, claims: &[(&str, &str)]) -> Result<Answer> {
        let pen = self.pen();
        let said = Said::Done(texts(claims));
        self.say(pen, (case, step), &said)
    }

    fn say(&mut self, pen: Pen, (case, step): (CaseId, &str), said: &Said) -> Result<Answer> {
        let replica = self.stage.appender.replica();
        let seen = (replica.kernel(), replica.view());
        let request = self.stage.cast.step(pen, seen, (case, &name(step)), said)?;
        self.submit(request)
    }

    /// A case of a place with everything but the approval.
    ///
    /// # Errors
    /// A step does not count.
    pub fn prepare(&mut self, place: usize, said: Attested) -> Result<CaseId> {
        let pen = self.pen();
        let params =
            texts(&[("amount", &decimal(AMOUNT)?), ("beneficiary", BENEFICIARY), ("jurisdiction", "NO")]);
        let policy = self.places.get(place).context("no such place")?.issue;
        let case = self.open(pen, (&policy, &params))?;
        self.payments += 1;
        let (number, booked_at) = (self.payments.to_string(), said.booked_at.to_string());
        let (balance, as_of) = (decimal(said.balance.0)?, said.balance.1.to_string());
        let (amount, ledger, list) = (decimal(AMOUNT)?, self.stage.ledger.to_string(), "09".repeat(32));
        let payment = [
            ("amount", amount.as_str()),
            ("servicer", "NORTHNO1"),
            ("account", "NO9386011117947"),
            ("servicer_ref", &number),
            ("entry_ref", "1"),
            ("debtor", "Jane Doe"),
            ("booked", "true"),
            ("booked_at", &booked_at),
        ];
        let reserve = [
            ("balance", balance.as_str()),
            ("as_of", &as_of),
            ("segregated", "true"),
            ("earmarked_for", &ledger),
        ];
        let audit = [("agrees", "true"), ("balance", balance.as_str()), ("haircut_bps", "0")];
        let screen = [("provider", "Clear Screening"), ("hits", "0"), ("list", list.as_str())];
        let steps: [(&str, &[(&str, &str)]); 5] = [
            ("request", &[]),
            ("payment", &payment),
            ("reserve", &reserve),
            ("audit", &audit),
            ("screen", &screen),
        ];
        for (step, claims) in steps {
            first(self.take(case, step, claims)?).with_context(|| format!("`{step}` does not count"))?;
        }
        Ok(case)
    }

    fn open(&mut self, pen: Pen, under: (&PolicyDigest, &Texts)) -> Result<CaseId> {
        let opening = self.stage.cast.opening_under(pen, self.stage.kernel(), under)?;
        let opened = first(self.submit(opening)?)?;
        Ok(CaseId(opened.records.first().context("no record")?.leaf_hash().0))
    }

    /// Approves an issuance: its outcome, or the code of the refusal.
    ///
    /// # Errors
    /// The appender stops.
    pub fn approve(&mut self, place: usize, case: CaseId) -> Result<Result<Decided, String>> {
        let answer = self.take(case, "approve", &[])?;
        match counted(answer)? {
            Ok(accepted) => {
                let found = (accepted.index..).zip(&accepted.records);
                let (index, record) = found
                    .into_iter()
                    .find(|(_, record)| record.tag() == Tag::Outcome)
                    .context("a decision without outcome")?;
                Ok(Ok(Decided::of(record, index, |_| Some(place))?))
            }
            Err(code) => Ok(Err(code)),
        }
    }

    /// Seals, and has three co-signers sign.
    ///
    /// # Errors
    /// The appender stops.
    pub fn certify(&mut self) -> Result<&Certificate> {
        self.wait(QUIET_MS);
        self.stage.appender.seal(self.stage.now)?;
        let checkpoint = appender::checkpoint(self.stage.appender.replica()).context("no seal")?;
        let committee = self.stage.kernel().committee().context("no committee")?.clone();
        let hash = checkpoint.signing_hash();
        let mut signatures = Vec::new();
        for number in 0..3 {
            let key = cosigner_key(number);
            let address = key.public().address().context("no address")?;
            let bytes = key.sign(Message::Hash(&hash))?;
            let bytes: [u8; 65] = bytes.try_into().map_err(|_| anyhow!("a signature of another length"))?;
            let member = committee.index_of(&address).context("no member")?;
            signatures.push(MemberSignature { member, signature: CheckpointSignature::new(bytes) });
        }
        signatures.sort_by_key(|signature| signature.member);
        self.certificates.push(Certificate::assemble(&checkpoint, &committee, &signatures));
        self.certificates.last().context("no certificate")
    }

    /// Brings a certificate to a place's Anchor, from whatever head stands there now.
    ///
    /// # Errors
    /// The outer: no proof can be made, or the chain is away. The inner names the contract's refusal.
    pub fn anchor(&mut self, place: usize, certificate: &Certificate) -> Result<Result<(), String>> {
        let anchored = self.anchored(place)?;
        let (smaller, larger) = (anchored.min(certificate.size), anchored.max(certificate.size));
        let proof = match smaller {
            0 => Vec::new(),
            _ if smaller == larger => Vec::new(),
            _ => consistency_proof(&self.stage.appender.replica().hashes(), smaller, larger)?,
        };
        let at = self.places.get(place).context("no such place")?.anchor;
        self.send(place, at, enforce::submit(certificate, &proof).to_vec())
    }

    /// The size that a place's Anchor holds; 0 when it holds none.
    ///
    /// # Errors
    /// It does not answer.
    pub fn anchored(&self, place: usize) -> Result<u64> {
        let place = self.places.get(place).context("no such place")?;
        let answer = place.chain.call(place.anchor, &lockstep_chain::encode(&Anchor::headCall {}))?;
        Ok(lockstep_chain::decode::<Anchor::headCall>(&answer)?)
    }

    /// Brings an outcome to the Gate of its place, under this size.
    ///
    /// # Errors
    /// The outer: no proof can be made, or the chain is away. The inner names the contract's refusal.
    pub fn execute(&mut self, decided: &Decided, size: u64) -> Result<Result<(), String>> {
        let path = inclusion_proof(&self.stage.appender.replica().hashes(), decided.index, size)?;
        let placed = Placed { record: &decided.record, index: decided.index, path: &path };
        let call = enforce::execute(placed, size).to_vec();
        let gate = self.places.get(decided.place).context("no such place")?.watch.gate;
        self.send(decided.place, gate, call)
    }

    fn send(&mut self, place: usize, to: Account, data: Vec<u8>) -> Result<Result<(), String>> {
        self.send_from(place, (ANYBODY, to), data)
    }

    fn send_from(
        &mut self,
        place: usize,
        (from, to): (Account, Account),
        data: Vec<u8>,
    ) -> Result<Result<(), String>> {
        let place = self.places.get_mut(place).context("no such place")?;
        match place.chain.send(&Transaction { from, to: Some(to), data: data.into() }) {
            Ok(_) => Ok(Ok(())),
            Err(DomainError::Reverted { answer }) => Ok(Err(error_name(&answer))),
            Err(other) => Err(other.into()),
        }
    }

    /// A place's chain goes on to the present: five blocks, the last of now.
    ///
    /// # Errors
    /// The chain is away.
    pub fn blocks(&mut self, place: usize) -> Result<()> {
        let now = self.stage.now.seconds_round_down();
        if let Some(place) = self.places.get_mut(place) {
            place.chain.set_clock(now.saturating_sub(32))?;
            place.chain.mine(5, 8)?;
        }
        self.to_present(place)
    }

    /// A place's next block is of now.
    ///
    /// # Errors
    /// The chain is away.
    pub fn to_present(&mut self, place: usize) -> Result<()> {
        let now = self.stage.now.seconds_round_down();
        let place = self.places.get_mut(place).context("no such place")?;
        Ok(place.chain.set_clock(now)?)
    }

    /// The observer reads a place as of a time, and says so.
    ///
    /// # Errors
    /// [`DomainError`]: nothing final is to be seen there. The outer: the appender stops.
    pub fn observe(&mut self, place: usize, at: Time) -> Result<Result<Answer, DomainError>> {
        let seen = {
            let place = self.places.get(place).context("no such place")?;
            place.watch.as_of(&place.chain, at).map(|seen| (place.domain.clone(), seen))
        };
        let (domain, seen) = match seen {
            Ok(seen) => seen,
            Err(error) => return Ok(Err(error)),
        };
        let kernel = self.stage.kernel();
        let seen = seen.waited_for(|c| kernel.waits_for(&c.case, c.ordinal, domain.as_str()));
        let pen = self.pen();
        let request = self.stage.cast.observed(pen, domain, &seen)?;
        self.submit(request).map(Ok)
    }

    /// Cents in circulation on a place's newest block.
    ///
    /// # Errors
    /// The token does not answer.
    pub fn tokens(&self, place: usize) -> Result<i64> {
        let place = self.places.get(place).context("no such place")?;
        let call = lockstep_chain::encode(&Token::totalSupplyCall {});
        let answer = place.chain.truth()?.call(place.watch.token, &call)?;
        let units = lockstep_chain::decode::<Token::totalSupplyCall>(&answer)?;
        Ok(i64::try_from(units)?.div_euclid(UNITS_PER_CENT))
    }

    /// What is held and what is in circulation, in cents, as the ledger counts.
    ///
    /// # Errors
    /// The ledger has no account yet.
    pub fn counted(&self) -> Result<(i64, i64)> {
        let entry = self.stage.kernel().entry(&Entity::Account(name("acme-usd"))).context("no account")?;
        let entry: serde_json::Value = serde_json::from_slice(&entry)?;
        let number = |field: &str| entry.get(field).and_then(serde_json::Value::as_i64);
        Ok((number("held").context("no hold")?, number("supply").context("no supply")?))
    }
}

/// What counts, or the code of the refusal.
fn counted(answer: Answer) -> Result<Result<Accepted, String>> {
    match answer {
        Answer::OnRecord(accepted) => Ok(match &accepted.refused {
            Some(refusal) => Err(refusal.code().as_text()),
            None => Ok(*accepted),
        }),
        Answer::Refused(refusal) => Ok(Err(refusal.code().as_text())),
        Answer::Malformed(error) => Err(anyhow!(error)),
    }
}

/// What a call does: its amount is the last word.
fn does(call: &[u8]) -> Result<Does> {
    let (selector, words) = call.split_first_chunk::<4>().context("a call without selector")?;
    let units = words.last_chunk::<8>().context("a call without amount")?;
    let cents = i64::try_from(u64::from_be_bytes(*units))?.div_euclid(UNITS_PER_CENT);
    let is = |signature: &str| lockstep_chain::selector(signature) == *selector;
    if is("mint(address,uint256)") {
        Ok(Does::Mint(cents))
    } else if is("burn(bytes32,address,address,uint256)") {
        Ok(Does::Burn(cents))
    } else if is("refund(bytes32,address,address,uint256)") {
        Ok(Does::Refund(cents))
    } else {
        Err(anyhow!("a call of selector {selector:02x?}"))
    }
}

fn decimal(cents: i64) -> Result<String> {
    let dollars = lockstep_types::Amount::from_minor(cents)?;
    Ok(Money::new(dollars, "USD".parse()?).decimal())
}

/// What was accepted.
///
/// # Errors
/// It was not.
pub fn first(answer: Answer) -> Result<lockstep_node::Accepted> {
    accepted(vec![answer])?.pop().context("no answer")
}
