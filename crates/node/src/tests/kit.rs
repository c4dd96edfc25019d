//! The cast of the tests: keys from numbers, a clock that is told the time, seeds that count.

use crate::client::{self, Draft, Signing, Texts, Word};
use crate::port::{SignerMemory, TileFiles, TilesInMemory};
use crate::signer::CheckpointSigner;
use crate::{Answer, Appender, Cosigner};
use lockstep_attest::sign::{Sign, sign};
use lockstep_attest::statement::Consumed;
use lockstep_attest::{Credential, CredentialKey, Reading, Statement};
use lockstep_crypto::secret::{SecretError, SecretKey};
use lockstep_crypto::suite::{Message, PublicKey, Suite};
use lockstep_kernel::body::{Administrator, Genesis, Proposed};
use lockstep_kernel::governance::{CONSENT, Erasure, Files, Issuer, LaterRules, NewList, Rotation};
use lockstep_kernel::state::StoredList;
use lockstep_kernel::{Action, Body, Proposing, Request};
use lockstep_ledger::{Certificate, Entry, Input, Member, Scribe, Seed};
use lockstep_store::{Memory, Store, StoredRecord};
use lockstep_types::{
    CaseId, Digest, DocumentDigest, EvidenceDigest, LedgerId, Lei, Name, RootHash, Salt, Time, sha256,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const POLICIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies");

/// A key made from a number.
#[derive(Clone)]
pub struct TestKey(Arc<SecretKey>);

impl TestKey {
    pub fn new(suite: Suite, number: u8) -> Self {
        Self(Arc::new(SecretKey::from_bytes(suite, &sha256(&[suite.byte(), number])).unwrap()))
    }
}

impl Sign for TestKey {
    type Error = SecretError;
    fn public(&self) -> &PublicKey {
        self.0.public()
    }
    fn sign(&self, message: Message<'_>) -> Result<Vec<u8>, SecretError> {
        self.0.sign(message)
    }
}

#[derive(Default)]
pub struct MemoryOfSigner(Option<(u64, RootHash)>);

impl SignerMemory for MemoryOfSigner {
    fn last(&self) -> Option<(u64, RootHash)> {
        self.0
    }
    fn advance(&mut self, size: u64, root: RootHash) -> Result<(), lockstep_store::SignerError> {
        self.0 = Some((size, root));
        Ok(())
    }
}

pub fn lei(number: u8) -> Lei {
    Lei::with_check_digits(&format!("5299000000000000{number:02}")).unwrap()
}

pub fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub fn texts(pairs: &[(&str, &str)]) -> Texts {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Role, credential kind, LEI number, suite, persons.
const PARTIES: [(&str, &str, u8, Suite, u8); 6] = [
    ("issuer", "e-money-institution", 11, Suite::Ed25519, 1),
    ("custodian", "qualified-custodian", 12, Suite::Es256, 1),
    ("auditor", "registered-auditor", 13, Suite::Eip712, 1),
    ("screening", "aml-provider", 14, Suite::Ed25519, 1),
    ("observer", "chain-observer", 15, Suite::Ed25519, 1),
    ("compliance", "compliance-officer", 16, Suite::Es256, 2),
];

pub struct World {
    pub now: Time,
    pub appender: Appender<TestKey>,
    pub cosigners: Vec<Cosigner<TestKey, MemoryOfSigner>>,
    store: Arc<dyn Store>,
    parties: BTreeMap<&'static str, (Lei, Vec<TestKey>)>,
    admin: TestKey,
    issuer: TestKey,
    salts: u64,
}

fn seeds() -> Box<dyn crate::Seeds> {
    let mut count = 0u64;
    Box::new(move || {
        count += 1;
        sha256(&count.to_be_bytes())
    })
}

/// The co-signer of this number, 20 to 23, with its copy in `store`.
pub fn cosigner(number: u8, store: Arc<dyn Store>, ledger: LedgerId) -> Cosigner<TestKey, MemoryOfSigner> {
    let key = TestKey::new(Suite::Eip712, number);
    let signer = CheckpointSigner::new(key, MemoryOfSigner::default(), ledger).unwrap();
    Cosigner::open(store, Arc::new(TilesInMemory::default()), signer, ledger).unwrap()
}

impl World {
    pub fn new() -> Self {
        let store: Arc<dyn Store> = Arc::new(Memory::new());
        let admin = TestKey::new(Suite::Ed25519, 1);
        let issuer = TestKey::new(Suite::Ed25519, 2);
        let appender_key = TestKey::new(Suite::Ed25519, 3);
        let keys: Vec<TestKey> = (20..24).map(|n| TestKey::new(Suite::Eip712, n)).collect();
        let member = |(key, n): (&TestKey, u8)| Member {
            address: key.public().address().unwrap(),
            lei: lei(n),
            name: name(&format!("cosigner-{n}")),
        };
        let genesis = Genesis {
            administrator_threshold: 1,
            administrators: vec![Administrator {
                keys: vec![CredentialKey { key: admin.public().clone(), person: None }],
                lei: lei(1),
            }],
            appender: appender_key.public().clone(),
            cosigner_threshold: 3,
            cosigners: keys.iter().zip(20..).map(member).collect(),
            log: TestKey::new(Suite::Ed25519, 4).public().clone(),
            name: name("acme"),
            nonce: Salt([7; 32]),
            notice_ms: 3_600_000,
            rules: 1,
        };
        let files = Arc::new(TilesInMemory::default());
        let appender =
            Appender::open(Arc::clone(&store), files, appender_key, seeds()).unwrap().with_threads(2);
        let parties = PARTIES
            .iter()
            .map(|(role, _, n, suite, persons)| {
                let keys = (0..*persons).map(|p| TestKey::new(*suite, *n + 50 * p)).collect();
                (*role, (lei(*n), keys))
            })
            .collect();
        let now = "2026-11-21T10:00:00.000Z".parse().unwrap();
        let cosigners = Vec::new();
        let mut world = Self { now, appender, cosigners, store, parties, admin, issuer, salts: 0 };
        world.submit(Request::Genesis(Box::new(genesis)));
        let ledger = world.ledger();
        world.cosigners = (20..24).map(|n| cosigner(n, Arc::new(Memory::new()), ledger)).collect();
        world.found();
        world
    }

    fn found(&mut self) {
        let kinds: BTreeSet<Name> = PARTIES.iter().map(|(_, kind, ..)| name(kind)).collect();
        let key = CredentialKey { key: self.issuer.public().clone(), person: None };
        self.propose(Action::NameIssuer(Issuer { keys: vec![key], kinds, lei: lei(2) }));
        for (role, kind, ..) in PARTIES {
            self.credential(role, kind);
        }
        let programme = name("acme-usd");
        let sanctions = StoredList::Digest(Digest([9; 32]));
        self.propose(Action::SetList(NewList {
            list: name("sanctions"),
            programme: programme.clone(),
            value: sanctions,
        }));
        let blocked = StoredList::Set(BTreeSet::from(["KP".to_owned()]));
        self.propose(Action::SetList(NewList { list: name("blocked_countries"), programme, value: blocked }));
        self.adopt("stablecoin-issue");
        self.reading("0");
    }

    fn adopt(&mut self, policy: &str) -> CaseId {
        let read = |file: &str| std::fs::read_to_string(format!("{POLICIES}/{policy}/{file}")).unwrap();
        self.propose(Action::Adopt(Files { guards: read("guards.cedar"), layout: read("policy.toml") }))
    }

    fn credential(&mut self, role: &str, kind: &str) {
        let (subject, keys) = self.parties[role].clone();
        let person = |key: &TestKey| Some(Digest(key.public().id().0));
        let mut keys: Vec<CredentialKey> =
            keys.iter().map(|key| CredentialKey { key: key.public().clone(), person: person(key) }).collect();
        keys.sort_by_key(|key| key.key.id());
        let statement = Statement::Credential(Credential {
            expires: self.later(3_600_000),
            issued: self.now,
            keys,
            kind: name(kind),
            ledger: self.ledger(),
            party: lei(2),
            seen: None,
            subject,
            valid_from: self.now,
            valid_until: self.later(365 * 24 * 3_600_000),
        });
        let key = self.issuer.clone();
        self.must(&Draft { statement, openings: Vec::new() }, &[&key]);
    }

    pub fn reading(&mut self, supply: &str) {
        self.reading_of(supply, Time::from_ms(self.now.ms() - 40 * 3_600_000).unwrap(), Vec::new());
    }

    fn reading_of(&mut self, supply: &str, block_time: Time, consumed: Vec<Consumed>) {
        let (party, keys) = self.parties["observer"].clone();
        let statement = Statement::Reading(Reading {
            block: 1,
            block_hash: Digest([1; 32]),
            block_time,
            consumed,
            domain: name("home"),
            expires: self.later(60_000),
            issued: self.now,
            ledger: self.ledger(),
            next_block_time: self.now,
            party,
            paused_until: None,
            programme: name("acme-usd"),
            seen: None,
            supply: supply.to_owned(),
        });
        self.must(&Draft { statement, openings: Vec::new() }, &[&keys[0]]);
    }

    /// A case that lapsed after two steps.
    pub fn lapsed_case(&mut self) -> CaseId {
        let case = self.case("1000.00");
        self.attest(case, "issuer", "request", &texts(&[]));
        self.now = self.later(25 * 3_600_000);
        self.submit(Request::Tick);
        case
    }

    /// Two redemptions that end with one tick and return their deposits; the first has been executed.
    pub fn lapsed_redemptions(&mut self) -> [CaseId; 2] {
        let adoption = self.adopt("stablecoin-redeem");
        self.consent(adoption);
        let cases = ["0", "1"].map(|log| self.redemption(log));
        self.now = self.later(25 * 3_600_000);
        let before = self.appender.head().1;
        self.submit(Request::Tick);
        assert_eq!(self.appender.head().1, before + 6, "two ends, each with a decision and an outcome");
        let block_time = self.now;
        self.now = self.later(12_000);
        let executed = Consumed { case: cases[0], ordinal: 0, time: block_time };
        self.reading_of("0", block_time, vec![executed]);
        cases
    }

    /// A redemption with a deposit at this place of its block.
    fn redemption(&mut self, log: &str) -> CaseId {
        const HOLDER: &str = "0x52908400098527886E0F7030069857D2E4169EE7";
        let (_, keys) = self.parties["issuer"].clone();
        let draft = self.opening("stablecoin.redeem", &texts(&[("amount", "1000.00"), ("holder", HOLDER)]));
        let case = CaseId(self.must(&draft, &[&keys[0]])[0].leaf_hash().0);
        let (transaction, block_hash) = (Digest([5; 32]).to_string(), Digest([6; 32]).to_string());
        let deposit = texts(&[
            ("amount", "1000.00"),
            ("depositor", HOLDER),
            ("chain", "eip155:31337"),
            ("transaction", &transaction),
            ("log", log),
            ("block", "1"),
            ("block_hash", &block_hash),
        ]);
        let answer = self.attest(case, "observer", "deposit", &deposit);
        assert!(matches!(&answer, Answer::OnRecord(a) if a.refused.is_none()), "{answer:?}");
        case
    }

    pub fn order_erasure(&mut self, case: CaseId) {
        self.propose(Action::Erase(Erasure { case, order: DocumentDigest([4; 32]) }));
    }

    /// A committee without the last of the four takes over.
    pub fn rotate(&mut self) {
        let members = self.appender.replica().kernel().committee().unwrap().members()[..3].to_vec();
        let case = self.propose(Action::Rotate(Rotation { cosigners: members, threshold: 3 }));
        self.consent(case);
        assert_eq!(self.appender.replica().kernel().committee().unwrap().epoch(), 1);
    }

    /// Three co-signers consent to what loosens, and the notice runs.
    fn consent(&mut self, case: CaseId) {
        for number in 20..23 {
            let draft = client::agreement(&self.signing(lei(number)), case, name(CONSENT));
            self.must(&draft, &[&TestKey::new(Suite::Eip712, number)]);
        }
        self.now = self.later(2 * 3_600_000);
        self.submit(Request::Tick);
    }

    fn propose(&mut self, action: Action) -> CaseId {
        let (signing, deadline) = (self.signing(lei(1)), self.later(3_600_000));
        let mut salts = self.salts();
        let draft = client::proposal(&signing, &action, deadline, &mut salts);
        let submission = sign(&draft.statement, draft.openings, &[&self.admin]).unwrap();
        match self.submit(Request::Propose(Box::new(Proposing { action, submission }))) {
            Answer::OnRecord(accepted) if accepted.refused.is_none() => {
                CaseId(accepted.records[0].leaf_hash().0)
            }
            other => panic!("{other:?}"),
        }
    }

    pub fn case(&mut self, amount: &str) -> CaseId {
        let (_, keys) = self.parties["issuer"].clone();
        let draft = self.issuance(amount);
        CaseId(self.must(&draft, &[&keys[0]])[0].leaf_hash().0)
    }

    /// A signed opening as it travels.
    pub fn opening_bytes(&mut self, amount: &str) -> Vec<u8> {
        let (_, keys) = self.parties["issuer"].clone();
        let draft = self.issuance(amount);
        let submission = sign(&draft.statement, draft.openings, &[&keys[0]]).unwrap();
        Request::Submit(Box::new(submission)).to_vec().unwrap()
    }

    fn issuance(&mut self, amount: &str) -> Draft {
        let params = texts(&[
            ("amount", amount),
            ("beneficiary", "0x52908400098527886E0F7030069857D2E4169EE7"),
            ("jurisdiction", "DE"),
        ]);
        self.opening("stablecoin.issue", &params)
    }

    fn opening(&mut self, policy: &str, params: &Texts) -> Draft {
        let (party, _) = self.parties["issuer"].clone();
        let (signing, deadline) = (self.signing(party), self.later(24 * 3_600_000));
        let mut salts = self.salts();
        let kernel = self.appender.replica().kernel();
        let adopted = &kernel.programme("acme-usd").unwrap().policies[policy];
        let policy = Arc::clone(&kernel.policy(&adopted.0).unwrap().policy);
        client::opening(&signing, &policy, (params, deadline), &mut salts).unwrap()
    }

    pub fn good_steps(&mut self, case: CaseId, reference: &str) {
        let as_of = "2026-11-21T00:00:00.000Z";
        let ledger = self.ledger().to_string();
        let sanctions = Digest([9; 32]).to_string();
        let steps: [(&str, &str, Texts); 6] = [
            ("issuer", "request", texts(&[])),
            (
                "custodian",
                "payment",
                texts(&[
                    ("amount", "1000.00"),
                    ("servicer", "ACMEUS33"),
                    ("account", "US-1"),
                    ("servicer_ref", reference),
                    ("entry_ref", "1"),
                    ("debtor", "A Customer"),
                    ("booked", "true"),
                    ("booked_at", as_of),
                ]),
            ),
            (
                "custodian",
                "reserve",
                texts(&[
                    ("balance", "5000.00"),
                    ("as_of", as_of),
                    ("segregated", "true"),
                    ("earmarked_for", &ledger),
                ]),
            ),
            ("auditor", "audit", texts(&[("agrees", "true"), ("balance", "5000.00"), ("haircut_bps", "0")])),
            ("screening", "screen", texts(&[("provider", "Acme AML"), ("hits", "0"), ("list", &sanctions)])),
            ("compliance", "approve", texts(&[])),
        ];
        for (party, step, texts) in steps {
            let answer = self.attest(case, party, step, &texts);
            assert!(matches!(&answer, Answer::OnRecord(a) if a.refused.is_none()), "{step}: {answer:?}");
        }
    }

    pub fn attest(&mut self, case: CaseId, party: &str, step: &str, texts: &Texts) -> Answer {
        let (lei, keys) = self.parties[party].clone();
        let signing = self.signing(lei);
        let mut salts = self.salts();
        let kernel = self.appender.replica().kernel();
        let found = client::Found::new(kernel, &(), case).unwrap();
        let evidence =
            found.step(&name(step)).unwrap().evidence.iter().map(|_| EvidenceDigest([3; 32])).collect();
        let draft = client::step(&signing, (found, &name(step)), Word::Done { texts, evidence }, &mut salts);
        let keys: Vec<&TestKey> = keys.iter().collect();
        self.hand_in(&draft.unwrap(), &keys)
    }

    fn hand_in(&mut self, draft: &Draft, keys: &[&TestKey]) -> Answer {
        let submission = sign(&draft.statement, draft.openings.clone(), keys).unwrap();
        self.submit(Request::Submit(Box::new(submission)))
    }

    fn must(&mut self, draft: &Draft, keys: &[&TestKey]) -> Vec<lockstep_ledger::Record> {
        match self.hand_in(draft, keys) {
            Answer::OnRecord(accepted) if accepted.refused.is_none() => accepted.records,
            other => panic!("{other:?}"),
        }
    }

    fn submit(&mut self, request: Request) -> Answer {
        self.now = self.later(10);
        self.appender.submit(vec![request], self.now).unwrap().pop().unwrap()
    }

    /// Seals, lets the co-signers catch up, and has three of them sign.
    pub fn certify(&mut self) -> Option<Certificate> {
        self.now = self.later(500);
        self.appender.seal(self.now).unwrap();
        let mut certificate = None;
        for cosigner in &mut self.cosigners {
            while cosigner.next() < self.appender.replica().ledger().size() {
                cosigner.receive(&self.appender.feed(cosigner.next(), 7).unwrap()).unwrap();
            }
        }
        for cosigner in self.cosigners.iter_mut().take(3) {
            let signed = cosigner.sign(self.now).unwrap();
            certificate = self.appender.cosigned(&signed).unwrap();
        }
        certificate
    }

    pub fn restart_appender(&mut self, snapshot: bool) {
        if snapshot {
            self.appender.replica_mut().snapshot().unwrap();
        }
        self.restart_over(Arc::new(TilesInMemory::default()));
    }

    /// Opens the appender anew over these tiles.
    pub fn restart_over(&mut self, files: Arc<dyn TileFiles>) {
        let key = TestKey::new(Suite::Ed25519, 3);
        self.appender = Appender::open(Arc::clone(&self.store), files, key, seeds()).unwrap();
    }

    /// What an appender would send that writes a mint of its own.
    pub fn forge_outcome(&self) -> Vec<u8> {
        let seed = Seed::new([8; 32]);
        self.feed_of(Entry::outcome(vec![0; 32]), (&Request::Tick, seed))
    }

    /// What an appender sends whose program knows rules 3: an administrator proposes them, in due form.
    pub fn propose_rules_3(&mut self) -> Vec<u8> {
        let action = Action::SetRules(LaterRules { rules: 3 });
        let (signing, deadline) = (self.signing(lei(1)), self.later(3_600_000));
        let mut salts = self.salts();
        let draft = client::proposal(&signing, &action, deadline, &mut salts);
        let submission = sign(&draft.statement, draft.openings, &[&self.admin]).unwrap();
        let proposed = Body::Proposed(Proposed {
            action: action.clone(),
            attestation: submission.envelope.attestation_digest(),
            deadline,
            envelope: submission.envelope.digest().unwrap(),
            loosens: true,
            party: lei(1),
        });
        let request = Request::Propose(Box::new(Proposing { action, submission }));
        self.feed_of(Entry::record(proposed.to_vec().unwrap()), (&request, Seed::new([8; 32])))
    }

    /// One record that an appender says followed from a request.
    fn feed_of(&self, entry: Entry, (request, seed): (&Request, Seed)) -> Vec<u8> {
        let mut scribe = Scribe::new(self.now, seed);
        scribe.push(entry);
        let record = scribe.finish().pop().unwrap();
        let command = Some(request.to_vec().unwrap());
        crate::feed::encode(&[StoredRecord {
            leaf: record.leaf().encode(),
            salt: *record.salt(),
            body: record.body().to_vec(),
            command: Some(Input { command, now: self.now, seed }.to_bytes()),
        }])
    }

    fn signing(&self, party: Lei) -> Signing {
        let expires = self.later(3_600_000);
        Signing { ledger: self.ledger(), party, issued: self.now, expires, seen: None }
    }

    fn salts(&mut self) -> impl FnMut() -> [u8; 32] + use<> {
        self.salts += 1_000;
        let mut next = self.salts;
        move || {
            next += 1;
            sha256(&next.to_le_bytes())
        }
    }

    fn later(&self, ms: u64) -> Time {
        self.now.saturating_add_ms(ms)
    }

    pub fn ledger(&self) -> LedgerId {
        self.appender.replica().ledger().id().unwrap()
    }
}
