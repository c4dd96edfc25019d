//! One small ledger, made from fixed keys and fixed randomness: a case under the policy beside this file is
//! opened, attested and decided.

// From here and from the tests, which name this file by its path.
#[path = "scene_of_chain.rs"]
mod of_chain;
#[path = "scene_of_rules.rs"]
mod of_rules;

use lockstep_attest::sign::{Sign, sign};
use lockstep_attest::{
    Attestation, Claim, Credential, CredentialKey, Opening, Reading, Revocation, Statement, StepVerdict,
    Submission, Withdrawal,
};
use lockstep_crypto::secret::{SecretError, SecretKey};
use lockstep_crypto::suite::{Message, PublicKey, Suite};
use lockstep_kernel::body::Administrator;
use lockstep_kernel::governance::{Files, Issuer, governance_policy};
use lockstep_kernel::{Action, Genesis, Kernel, Proposing, Request};
use lockstep_ledger::{Input, Ledger, Machine, Member, Record, Seed};
use lockstep_policy::Policy;
use lockstep_types::{
    CaseId, CredentialDigest, Digest, LeafHash, LedgerId, Lei, Name, PolicyDigest, Salt, Time, sha256,
};

const LAYOUT: &str = include_str!("policy.toml");
const GUARDS: &str = include_str!("guards.cedar");

pub struct Key(SecretKey);

impl Key {
    fn new(suite: Suite, label: &str) -> Self {
        Self(SecretKey::from_bytes(suite, &sha256(label.as_bytes())).expect("a key"))
    }
}

impl Sign for Key {
    type Error = SecretError;
    fn public(&self) -> &PublicKey {
        self.0.public()
    }
    fn sign(&self, message: Message<'_>) -> Result<Vec<u8>, SecretError> {
        self.0.sign(message)
    }
}

/// What happened, in order.
pub struct Told {
    pub what: &'static str,
    pub input: Input,
    pub records: Vec<Record>,
    pub refused: Option<String>,
}

pub struct Scene {
    pub told: Vec<Told>,
    pub ledger: Ledger<Kernel, ()>,
    /// Statements of every kind with their signed envelopes.
    pub signed: Vec<(Statement, Submission)>,
    pub keys: Vec<PublicKey>,
    pub case: CaseId,
    issuer: Key,
    custodian: Key,
    now: u64,
    drawn: u32,
}

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

fn lei(text: &str) -> Lei {
    text.parse().expect("an LEI")
}

fn time(ms: u64) -> Time {
    Time::from_ms(ms).expect("a time")
}

const START: u64 = 1_795_161_600_000; // 2026-11-20T08:00:00.000Z
const MIDNIGHT: u64 = 1_795_132_800_000;
const ACME: &str = "ACMEUSDISSUER0000046";
const NORTHBANK: &str = "NORTHBANKCUSTODY0090";

impl Scene {
    pub fn new() -> Self {
        let mut scene = Self::empty();
        scene.begin();
        scene.open();
        scene.decide();
        scene
    }

    fn empty() -> Self {
        let issuer = Key::new(Suite::Eip712, "acme");
        let custodian = Key::new(Suite::Ed25519, "northbank");
        let keys = vec![issuer.public().clone(), custodian.public().clone()];
        let ledger = Ledger::new(Kernel::default(), ());
        let (told, signed, case) = (Vec::new(), Vec::new(), CaseId::default());
        Self { told, ledger, signed, keys, case, issuer, custodian, now: START, drawn: 0 }
    }

    fn draw(&mut self) -> [u8; 32] {
        self.drawn += 1;
        sha256(format!("example {}", self.drawn).as_bytes())
    }

    pub fn id(&self) -> LedgerId {
        self.ledger.machine().ledger()
    }

    fn send(&mut self, what: &'static str, request: Request) -> Vec<Record> {
        self.now += 1_000;
        let (now, seed) = (time(self.now), Seed::new(self.draw()));
        let command =
            self.ledger.machine().admit(vec![request]).pop().expect("one answer").expect("a command");
        let decision = self.ledger.decide(&command, now, seed).expect("a decision");
        self.ledger.commit(&command, &decision.records).expect("records that apply");
        let input = Input { command: Some(Kernel::encode_command(&command)), now, seed };
        let refused = decision.refused.map(|refusal| refusal.code().as_text());
        self.told.push(Told { what, input, records: decision.records.clone(), refused });
        decision.records
    }

    pub fn seal(&mut self) {
        self.now += 400;
        let (now, seed) = (time(self.now), Seed::new(self.draw()));
        let seal = self.ledger.seal(now, seed).expect("a seal");
        self.ledger.apply(&seal).expect("a seal that applies");
        let input = Input { command: None, now, seed };
        self.told.push(Told { what: "seal", input, records: vec![seal], refused: None });
    }

    fn claims(&mut self, texts: &[(&str, &str)]) -> Vec<Claim> {
        let claim = |(name, value): &(&str, &str)| Claim {
            name: (*name).to_owned(),
            salt: Salt(self.draw()),
            value: (*value).to_owned(),
        };
        texts.iter().map(claim).collect()
    }

    fn submit(&mut self, what: &'static str, statement: Statement, claims: Vec<Claim>) -> Vec<Record> {
        let by = if statement.party() == lei(ACME) { &self.issuer } else { &self.custodian };
        let submission = sign(&statement, claims, &[by]).expect("a signature");
        self.signed.push((statement, submission.clone()));
        self.send(what, Request::Submit(Box::new(submission)))
    }

    /// Genesis with one administrator, who is the one co-signer; the issuer of credentials; the policy.
    fn begin(&mut self) {
        let admin = CredentialKey { key: self.issuer.public().clone(), person: None };
        let address = self.issuer.public().address().expect("an address");
        let genesis = Genesis {
            administrator_threshold: 1,
            administrators: vec![Administrator { keys: vec![admin], lei: lei(ACME) }],
            appender: Key::new(Suite::Ed25519, "appender").public().clone(),
            cosigner_threshold: 1,
            cosigners: vec![Member { address, lei: lei(ACME), name: name("acme") }],
            log: Key::new(Suite::Ed25519, "log").public().clone(),
            name: name("example"),
            nonce: Salt(sha256(b"example")),
            notice_ms: 86_400_000,
            rules: lockstep_kernel::Rules::One.version(),
        };
        self.send("genesis", Request::Genesis(Box::new(genesis)));
        let kinds = ["chain-observer", "e-money-institution", "qualified-custodian"].map(name).into();
        let keys = vec![CredentialKey { key: self.issuer.public().clone(), person: None }];
        self.propose("name-issuer", Action::NameIssuer(Issuer { keys, kinds, lei: lei(ACME) }));
        self.propose("adopt", Action::Adopt(Files { guards: GUARDS.to_owned(), layout: LAYOUT.to_owned() }));
        self.credential(ACME, "e-money-institution");
        self.credential(NORTHBANK, "qualified-custodian");
        self.credential(NORTHBANK, "chain-observer");
        self.seal();
    }

    fn propose(&mut self, what: &'static str, action: Action) -> CaseId {
        let claims = self.claims(&[("action", &action.digest().to_string())]);
        let opening = self.opening(&claims, governance_policy());
        let submission = sign(&Statement::Opening(opening), claims, &[&self.issuer]).expect("a signature");
        let records = self.send(what, Request::Propose(Box::new(Proposing { action, submission })));
        CaseId(records.first().expect("a proposal").leaf_hash().0)
    }

    fn credential(&mut self, subject: &str, kind: &str) {
        let key = if subject == ACME { &self.issuer } else { &self.custodian };
        let statement = Statement::Credential(Credential {
            expires: time(self.now + 3_600_000),
            issued: time(self.now),
            keys: vec![CredentialKey {
                key: key.public().clone(),
                person: Some(Digest(sha256(subject.as_bytes()))),
            }],
            kind: name(kind),
            ledger: self.id(),
            party: lei(ACME),
            seen: None,
            subject: lei(subject),
            valid_from: time(MIDNIGHT),
            valid_until: time(MIDNIGHT + 31_536_000_000),
        });
        self.submit("credential", statement, Vec::new());
    }

    fn opening(&mut self, claims: &[Claim], policy: PolicyDigest) -> Opening {
        Opening {
            claims: claims.iter().map(Claim::digest).collect(),
            deadline: time(self.now + 86_400_000),
            expires: time(self.now + 3_600_000),
            issued: time(self.now),
            ledger: self.id(),
            nonce: Salt(self.draw()),
            party: lei(ACME),
            policy,
            seen: None,
        }
    }

    fn open(&mut self) {
        self.open_for(86_400_000);
    }

    fn open_for(&mut self, lasts_ms: u64) {
        let policy = Policy::from_files(LAYOUT.as_bytes(), GUARDS.as_bytes()).expect("a policy").digest();
        let claims = self.claims(&[("amount", "1000000.00")]);
        let mut opening = self.opening(&claims, policy);
        opening.deadline = time(self.now + lasts_ms);
        let records = self.submit("open", Statement::Opening(opening), claims);
        self.case = CaseId(records.first().expect("an opening").leaf_hash().0);
    }

    fn step(&mut self, step: &'static str, texts: &[(&str, &str)], prev: Vec<LeafHash>) -> Vec<Record> {
        let claims = self.claims(texts);
        let party = if step == "approve" { ACME } else { NORTHBANK };
        let statement = Statement::Attestation(Attestation {
            case: self.case,
            claims: claims.iter().map(Claim::digest).collect(),
            evidence: Vec::new(),
            expires: time(self.now + 3_600_000),
            issued: time(self.now),
            ledger: self.id(),
            party: lei(party),
            prev,
            reason: None,
            seen: None,
            step: name(step),
            verdict: StepVerdict::Done,
        });
        self.submit(step, statement, claims)
    }

    fn decide(&mut self) {
        let opening = vec![LeafHash(self.case.0)];
        let (booked, as_of) = (time(MIDNIGHT + 3_600_000).to_string(), time(MIDNIGHT).to_string());
        let payment =
            [("amount", "1000000.00"), ("servicer_ref", "2026112000017"), ("booked_at", booked.as_str())];
        let wrong = self.step("payment", &payment, opening.clone());
        self.withdraw(&wrong);
        let payment = self.step("payment", &payment, opening.clone());
        let reserve = self.step("reserve", &[("balance", "500000.00"), ("as_of", &as_of)], opening);
        let prev: Vec<LeafHash> = payment.iter().chain(&reserve).map(Record::leaf_hash).collect();
        self.step("approve", &[], prev.clone());
        self.reading();
        self.step("approve", &[], prev);
        self.seal();
        self.revoke();
        self.seal();
    }

    fn withdraw(&mut self, records: &[Record]) {
        let statement = Statement::Withdrawal(Withdrawal {
            case: self.case,
            expires: time(self.now + 3_600_000),
            issued: time(self.now),
            leaf: records.first().expect("a record").leaf_hash(),
            ledger: self.id(),
            party: lei(NORTHBANK),
            reason: "the wrong entry".to_owned(),
            seen: None,
        });
        self.submit("withdraw", statement, Vec::new());
    }

    fn reading(&mut self) {
        let statement = Statement::Reading(Reading {
            block: 7,
            block_hash: Digest(sha256(b"block 7")),
            block_time: time(MIDNIGHT - 5_000),
            consumed: Vec::new(),
            domain: name("home"),
            expires: time(self.now + 3_600_000),
            issued: time(self.now),
            ledger: self.id(),
            next_block_time: time(MIDNIGHT + 7_000),
            party: lei(NORTHBANK),
            paused_until: None,
            programme: name("acme-usd"),
            seen: None,
            supply: "499999999999".to_owned(),
        });
        self.submit("reading", statement, Vec::new());
    }

    fn revoke(&mut self) {
        let (credential, _) = self.ledger.machine().credentials().next().expect("a credential");
        let statement = Statement::Revocation(Revocation {
            credential: CredentialDigest(credential.0),
            expires: time(self.now + 3_600_000),
            issued: time(self.now),
            ledger: self.id(),
            party: lei(ACME),
            reason: "keys lost".to_owned(),
            seen: None,
            suspect_since: Some(time(self.now)),
        });
        self.submit("revoke", statement, Vec::new());
    }
}
