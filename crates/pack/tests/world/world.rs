//! A ledger in memory with its parties and co-signers, for tests, measurements and vectors. Real keys and
//! signatures; every command goes the way that an appender takes it.
#![expect(dead_code, reason = "each test and example uses a part")]

use lockstep_attest::evidence::evidence_digest;
use lockstep_attest::sign::{Sign, sign};
use lockstep_attest::{
    Attestation, Claim, Consumed, Credential, CredentialKey, Opening, Reading, Revocation, Seen, Statement,
    StepVerdict, Submission, Withdrawal,
};
use lockstep_crypto::tree::{self, Subtrees, TreeHead};
use lockstep_crypto::{Message, PublicKey, SecretError, SecretKey, Suite, map};
use lockstep_kernel::gate::{GateCall, GateChange};
use lockstep_kernel::governance::{Erasure, Files, Issuer, NewList, Rotation, governance_policy};
use lockstep_kernel::replacement::GateReplacement;
use lockstep_kernel::state::StoredList;
use lockstep_kernel::{Action, Genesis, Kernel, Proposing, Refusal, Request, Rules};
use lockstep_ledger::{
    Certificate, Committee, Decision, Handover, Ledger, Member, MemberSignature, Record, Seed, View,
};
use lockstep_pack::pack::Document;
use lockstep_pack::{
    LedgerReader, Made, MapAnswer, Missing, Options, Report, Topic, Trust, Unreadable, Verdict, build,
    topics_of,
};
use lockstep_types::*;
use std::collections::{BTreeMap, BTreeSet};

/// 2026-11-21T06:10:15.000Z
pub const START_MS: u64 = 1_795_241_415_000;

pub fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub fn lei(stem: &str) -> Lei {
    Lei::with_check_digits(&format!("{stem:0<18}")).unwrap()
}

/// A key that signs in this process.
pub struct Key(pub SecretKey);

impl Key {
    pub fn new(suite: Suite, seed: &str) -> Self {
        Self(SecretKey::from_bytes(suite, &sha256(seed.as_bytes())).unwrap())
    }
    pub fn public(&self) -> PublicKey {
        self.0.public().clone()
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

/// An institution with its keys.
pub struct Party {
    pub lei: Lei,
    pub keys: Vec<Key>,
}

impl Party {
    pub fn new(stem: &str, suites: &[Suite]) -> Self {
        let key = |(at, suite): (usize, &Suite)| Key::new(*suite, &format!("{stem}/{at}"));
        Self { lei: lei(stem), keys: suites.iter().enumerate().map(key).collect() }
    }

    /// The keys as a credential names them, each with its person.
    pub fn credential_keys(&self) -> Vec<CredentialKey> {
        let mut keys: Vec<CredentialKey> = self
            .keys
            .iter()
            .map(|key| CredentialKey {
                key: key.public(),
                person: Some(Digest(sha256(key.public().bytes()))),
            })
            .collect();
        keys.sort_by_key(|key| key.key.id());
        keys
    }
}

/// A ledger with everything that a node keeps of it.
pub struct World {
    pub ledger: Ledger<Kernel, ()>,
    pub records: Vec<Record>,
    pub made: Vec<(u64, Option<Vec<u8>>)>,
    pub tree: Subtrees,
    pub index: BTreeMap<Topic, Vec<u64>>,
    pub certificates: Vec<Certificate>,
    pub handovers: Vec<Handover>,
    pub documents: BTreeMap<EvidenceDigest, Document>,
    pub now: Time,
    pub counter: u64,
    pub admin: Party,
    pub cosigners: Vec<Party>,
    pub threshold: u8,
    pub parties: BTreeMap<&'static str, Party>,
    /// The certificate that parties name as seen.
    pub seen: Option<Seen>,
}

pub const LAYOUT: &str = include_str!("../../../../policies/stablecoin-issue/policy.toml");
pub const GUARDS: &str = include_str!("../../../../policies/stablecoin-issue/guards.cedar");

fn cosigner(stem: &str) -> Party {
    Party::new(stem, &[Suite::Eip712])
}

pub fn members(cosigners: &[Party]) -> Vec<Member> {
    let member = |(at, party): (usize, &Party)| Member {
        address: party.keys[0].public().address().unwrap(),
        lei: party.lei,
        name: name(&format!("cosigner-{at}")),
    };
    cosigners.iter().enumerate().map(member).collect()
}

impl World {
    /// A ledger with its genesis and nothing else.
    pub fn genesis(tag: &str) -> Self {
        let cosigners: Vec<Party> = (0..4).map(|at| cosigner(&format!("COSIGNER{tag}{at}"))).collect();
        Self::with_cosigners(tag, cosigners, 3)
    }

    pub fn with_cosigners(tag: &str, cosigners: Vec<Party>, threshold: u8) -> Self {
        let (mut world, genesis) = Self::empty(tag, cosigners, threshold);
        world.ask(Request::Genesis(Box::new(genesis))).unwrap();
        world
    }

    /// A ledger by other rules than this program's.
    pub fn with_rules(tag: &str, rules: u32) -> Self {
        let cosigners: Vec<Party> = (0..4).map(|at| cosigner(&format!("COSIGNER{tag}{at}"))).collect();
        let (mut world, mut genesis) = Self::empty(tag, cosigners, 3);
        genesis.rules = rules;
        let body = lockstep_kernel::Body::Genesis(Box::new(genesis));
        world.forge(lockstep_ledger::Entry::record(body.to_vec().unwrap()), None);
        world
    }

    fn empty(tag: &str, cosigners: Vec<Party>, threshold: u8) -> (Self, Genesis) {
        let admin = Party::new("ADMIN", &[Suite::Ed25519]);
        let genesis = Genesis {
            administrator_threshold: 1,
            administrators: vec![lockstep_kernel::body::Administrator {
                keys: vec![CredentialKey { key: admin.keys[0].public(), person: None }],
                lei: admin.lei,
            }],
            appender: Key::new(Suite::Ed25519, "appender").public(),
            cosigner_threshold: threshold,
            cosigners: members(&cosigners),
            log: Key::new(Suite::Ed25519, "log").public(),
            name: name("acme"),
            nonce: Salt(sha256(tag.as_bytes())),
            notice_ms: 60_000,
            rules: Rules::One.version(),
        };
        let world = Self {
            ledger: Ledger::new(Kernel::default(), ()),
            records: Vec::new(),
            made: Vec::new(),
            tree: Subtrees::default(),
            index: BTreeMap::new(),
            certificates: Vec::new(),
            handovers: Vec::new(),
            documents: BTreeMap::new(),
            now: Time::from_ms(START_MS).unwrap(),
            counter: 0,
            admin,
            cosigners,
            threshold,
            parties: BTreeMap::new(),
            seen: None,
        };
        (world, genesis)
    }

    pub fn id(&self) -> LedgerId {
        self.ledger.id().unwrap()
    }

    pub fn salt(&mut self) -> Salt {
        self.counter += 1;
        Salt(sha256(&self.counter.to_be_bytes()))
    }

    fn seed(&mut self) -> Seed {
        let salt = self.salt();
        Seed::new(sha256(&salt.0))
    }

    pub fn wait(&mut self, ms: u64) {
        self.now = self.now.saturating_add_ms(ms);
    }

    /// Decides and appends; gives the places of the records. A refusal without a record is an error.
    pub fn ask(&mut self, request: Request) -> Result<Vec<u64>, Refusal> {
        self.wait(10);
        let bytes = request.to_vec().unwrap();
        let command = self.ledger.machine().admit(vec![request]).pop().unwrap().unwrap();
        let seed = self.seed();
        let decision: Decision<Refusal> = self.ledger.decide(&command, self.now, seed).unwrap();
        match decision.refused {
            Some(refusal) if decision.records.is_empty() => return Err(refusal),
            _ => {}
        }
        self.ledger.commit(&command, &decision.records).unwrap();
        Ok(self.keep(decision.records, Some(bytes)))
    }

    fn keep(&mut self, records: Vec<Record>, request: Option<Vec<u8>>) -> Vec<u64> {
        let first = self.records.len() as u64;
        for record in &records {
            let place = self.records.len() as u64;
            for topic in topics_of(record) {
                self.index.entry(topic).or_default().push(place);
            }
            self.tree.push(record.leaf_hash());
            self.made.push((first, request.clone()));
            self.records.push(record.clone());
        }
        (first..self.records.len() as u64).collect()
    }

    /// What an appender does that decides nothing: the record is applied, since `apply` refuses nothing.
    pub fn forge(&mut self, entry: lockstep_ledger::Entry, request: Option<Vec<u8>>) -> Record {
        self.wait(10);
        let salt = self.salt();
        let record = Record::new(entry.tag, self.now, salt, entry.body);
        self.ledger.apply(&record).unwrap();
        self.keep(vec![record.clone()], request);
        record
    }

    pub fn seal(&mut self) {
        self.wait(100);
        let seed = self.seed();
        let seal = self.ledger.seal(self.now, seed).unwrap();
        self.ledger.apply(&seal).unwrap();
        self.keep(vec![seal], None);
    }

    pub fn committee(&self) -> Committee {
        self.ledger.machine().committee().unwrap().clone()
    }

    pub fn sign_checkpoint(&self, committee: &Committee, cosigners: &[Party], count: usize) -> Certificate {
        let checkpoint = lockstep_ledger::Checkpoint {
            epoch: committee.epoch(),
            ledger: self.id(),
            root: self.ledger.root(),
            size: self.ledger.size(),
        };
        let signature = |(member, party): (usize, &Party)| MemberSignature {
            member: member as u8,
            signature: checkpoint.sign(&party.keys[0].0).unwrap(),
        };
        let signatures: Vec<_> = cosigners.iter().enumerate().map(signature).take(count).collect();
        Certificate::assemble(&checkpoint, committee, &signatures)
    }

    /// Seals, and certifies with as many co-signers as must sign.
    pub fn certify(&mut self) -> Certificate {
        if self.ledger.first_unsealed().is_some() {
            self.seal();
        }
        let certificate =
            self.sign_checkpoint(&self.committee(), &self.cosigners, usize::from(self.threshold));
        let digest = certificate.digest().unwrap();
        self.seen = Some(Seen { certificate: digest, size: certificate.size });
        self.certificates.push(certificate.clone());
        certificate
    }

    pub fn trust(&self) -> Trust {
        let certificate = self.certificates.last().unwrap();
        Trust::from_certificate(name("acme"), self.committee(), certificate).unwrap()
    }

    pub fn head(&self) -> TreeHead {
        TreeHead { size: self.ledger.size(), root: self.ledger.root() }
    }

    fn times(&self) -> (Time, Time) {
        (self.now, self.now.saturating_add_ms(3_600_000))
    }

    /// A governance case by the administrator alone.
    pub fn propose(&mut self, action: Action) -> CaseId {
        let claim =
            Claim { name: "action".to_owned(), salt: self.salt(), value: action.digest().to_string() };
        let (issued, expires) = self.times();
        let statement = Statement::Opening(Opening {
            claims: vec![claim.digest()],
            deadline: self.now.saturating_add_ms(86_400_000),
            expires,
            issued,
            ledger: self.id(),
            nonce: self.salt(),
            party: self.admin.lei,
            policy: governance_policy(),
            seen: None,
        });
        let submission = sign(&statement, vec![claim], &[&self.admin.keys[0]]).unwrap();
        let made = self.ask(Request::Propose(Box::new(Proposing { action, submission }))).unwrap();
        CaseId(self.records[made[0] as usize].leaf_hash().0)
    }

    /// Enough co-signers' institutions consent; it takes effect once the notice is over.
    pub fn consent(&mut self, case: CaseId) {
        for at in 0..usize::from(self.threshold) {
            let (issued, expires) = self.times();
            let statement = Statement::Attestation(Attestation {
                case,
                claims: Vec::new(),
                evidence: Vec::new(),
                expires,
                issued,
                ledger: self.id(),
                party: self.cosigners[at].lei,
                prev: vec![LeafHash(case.0)],
                reason: None,
                seen: None,
                step: name("consent"),
                verdict: StepVerdict::Done,
            });
            let submission = sign(&statement, Vec::new(), &[&self.cosigners[at].keys[0]]).unwrap();
            self.ask(Request::Submit(Box::new(submission))).unwrap();
        }
        self.wait(61_000);
        self.ask(Request::Tick).unwrap();
    }

    pub fn adopt(&mut self, layout: &str, guards: &str) {
        self.propose(Action::Adopt(Files { guards: guards.to_owned(), layout: layout.to_owned() }));
    }

    pub fn set_list(&mut self, list: &str, value: StoredList) {
        let action = Action::SetList(NewList { list: name(list), programme: name("acme-usd"), value });
        self.propose(action);
    }

    /// One call of the programme's Gate to itself.
    pub fn change_gate(&mut self, call: GateCall) -> CaseId {
        let (domain, programme) = (name("home"), name("acme-usd"));
        self.propose(Action::Gate(GateChange { calls: vec![call], domain, programme }))
    }

    /// Another Gate takes the place of the programme's.
    pub fn replace_gate(&mut self, to: Address) -> CaseId {
        let (domain, programme) = (name("home"), name("acme-usd"));
        let from = self.ledger.machine().gate_in_force(&programme, &domain).unwrap();
        let roles = ["MINTER_ROLE", "ORDER_ROLE"].map(str::to_owned).into();
        let case = self.propose(Action::ReplaceGate(GateReplacement { domain, from, programme, roles, to }));
        self.consent(case);
        case
    }

    pub fn erase(&mut self, case: CaseId, order: DocumentDigest) {
        self.propose(Action::Erase(Erasure { case, order }));
    }

    /// Puts other co-signers in force, and hands over.
    pub fn rotate(&mut self, cosigners: Vec<Party>) {
        let action = Action::Rotate(Rotation { cosigners: members(&cosigners), threshold: self.threshold });
        let old = self.committee();
        let case = self.propose(action);
        self.consent(case);
        let before = core::mem::replace(&mut self.cosigners, cosigners);
        self.seal();
        let count = usize::from(self.threshold);
        let handover = Handover {
            new: self.sign_checkpoint(&self.committee(), &self.cosigners, count),
            old: self.sign_checkpoint(&old, &before, count),
        };
        self.certificates.push(handover.new.clone());
        self.handovers.push(handover);
    }

    pub fn name_issuer(&mut self, who: &'static str, kinds: &[&str]) {
        let party = Party::new(who, &[Suite::Ed25519]);
        let keys = vec![CredentialKey { key: party.keys[0].public(), person: None }];
        let kinds: BTreeSet<Name> = kinds.iter().map(|kind| name(kind)).collect();
        self.propose(Action::NameIssuer(Issuer { keys, kinds, lei: party.lei }));
        self.parties.insert(who, party);
    }

    /// A credential for all keys of a party.
    pub fn credential(&mut self, issuer: &str, subject: &str, kind: &str) -> CredentialDigest {
        let (issued, expires) = self.times();
        let (issuer, subject) = (&self.parties[issuer], &self.parties[subject]);
        let statement = Statement::Credential(Credential {
            expires,
            issued,
            keys: subject.credential_keys(),
            kind: name(kind),
            ledger: self.id(),
            party: issuer.lei,
            seen: None,
            subject: subject.lei,
            valid_from: self.now.saturating_sub_ms(1_000),
            valid_until: self.now.saturating_add_ms(365 * 86_400_000),
        });
        let submission = sign(&statement, Vec::new(), &[&issuer.keys[0]]).unwrap();
        let digest = submission.envelope.attestation_digest();
        self.ask(Request::Submit(Box::new(submission))).unwrap();
        CredentialDigest(digest.0)
    }

    pub fn revoke(&mut self, issuer: &str, credential: CredentialDigest, suspect_since: Option<Time>) {
        let (issued, expires) = self.times();
        let issuer = &self.parties[issuer];
        let statement = Statement::Revocation(Revocation {
            credential,
            expires,
            issued,
            ledger: self.id(),
            party: issuer.lei,
            reason: "key lost".to_owned(),
            seen: None,
            suspect_since,
        });
        let submission = sign(&statement, Vec::new(), &[&issuer.keys[0]]).unwrap();
        self.ask(Request::Submit(Box::new(submission))).unwrap();
    }

    pub fn claims(&mut self, claims: &[(&str, &str)]) -> Vec<Claim> {
        let claim = |(name, value): &(&str, &str)| Claim {
            name: (*name).to_owned(),
            salt: self.salt(),
            value: (*value).to_owned(),
        };
        claims.iter().map(claim).collect()
    }

    /// Opens a case.
    pub fn open(&mut self, by: &str, policy: PolicyDigest, params: &[(&str, &str)]) -> CaseId {
        let claims = self.claims(params);
        let (issued, expires) = self.times();
        let nonce = self.salt();
        let party = &self.parties[by];
        let statement = Statement::Opening(Opening {
            claims: claims.iter().map(Claim::digest).collect(),
            deadline: self.now.saturating_add_ms(86_400_000),
            expires,
            issued,
            ledger: self.id(),
            nonce,
            party: party.lei,
            policy,
            seen: self.seen,
        });
        let submission = sign(&statement, claims, &[&party.keys[0]]).unwrap();
        let made = self.ask(Request::Submit(Box::new(submission))).unwrap();
        CaseId(self.records[made[0] as usize].leaf_hash().0)
    }

    /// A party's word on a step, signed with all its keys.
    pub fn attestation(&mut self, case: CaseId, by: &str, step: &str, claims: &[(&str, &str)]) -> Submission {
        let claims = self.claims(claims);
        self.word(case, (by, step), StepVerdict::Done, claims)
    }

    fn word(
        &mut self,
        case: CaseId,
        (by, step): (&str, &str),
        verdict: StepVerdict,
        claims: Vec<Claim>,
    ) -> Submission {
        let machine = self.ledger.machine();
        let layout = machine.policy_of_case(&case, self.ledger.overlay()).unwrap().policy.layout().clone();
        let declared = layout.step(step).unwrap();
        let stands = |before: &Name| Some(machine.case(&case)?.steps.get(before)?.leaf);
        let mut prev: Vec<LeafHash> = declared.after.iter().filter_map(stands).collect();
        if declared.after.is_empty() {
            prev.push(LeafHash(case.0));
        }
        let done = verdict == StepVerdict::Done;
        let documents = declared.evidence.iter().filter(|_| done);
        let evidence: Vec<EvidenceDigest> = documents.map(|_| self.document(step)).collect();
        let (issued, expires) = self.times();
        let party = &self.parties[by];
        let statement = Statement::Attestation(Attestation {
            case,
            claims: claims.iter().map(Claim::digest).collect(),
            evidence,
            expires,
            issued,
            ledger: self.id(),
            party: party.lei,
            prev,
            reason: (!done).then(|| "the name is on a list".to_owned()),
            seen: self.seen,
            step: name(step),
            verdict,
        });
        let keys: Vec<&Key> = party.keys.iter().collect();
        sign(&statement, claims, &keys).unwrap()
    }

    fn document(&mut self, step: &str) -> EvidenceDigest {
        let salt = self.salt();
        let document = format!("statement of {step}, {}", self.counter).into_bytes();
        let digest = evidence_digest(&salt, &document);
        self.documents.insert(digest, Document { document, salt });
        digest
    }

    pub fn attest(&mut self, case: CaseId, by: &str, step: &str, claims: &[(&str, &str)]) -> Vec<u64> {
        let submission = self.attestation(case, by, step, claims);
        self.ask(Request::Submit(Box::new(submission)))
            .unwrap_or_else(|refusal| panic!("`{step}`: {refusal}"))
    }

    /// A party refuses its step.
    pub fn refuse(&mut self, case: CaseId, by: &str, step: &str) -> Vec<u64> {
        let submission = self.word(case, (by, step), StepVerdict::Refused, Vec::new());
        self.ask(Request::Submit(Box::new(submission)))
            .unwrap_or_else(|refusal| panic!("`{step}`: {refusal}"))
    }

    pub fn withdraw(&mut self, case: CaseId, by: &str, leaf: LeafHash) {
        let (issued, expires) = self.times();
        let party = &self.parties[by];
        let statement = Statement::Withdrawal(Withdrawal {
            case,
            expires,
            issued,
            leaf,
            ledger: self.id(),
            party: party.lei,
            reason: "wrong figure".to_owned(),
            seen: None,
        });
        let submission = sign(&statement, Vec::new(), &[&party.keys[0]]).unwrap();
        self.ask(Request::Submit(Box::new(submission))).unwrap();
    }

    /// What the observer saw on the one domain.
    pub fn read(&mut self, block_time: Time, supply: &str, consumed: Vec<Consumed>) {
        let (issued, expires) = self.times();
        let party = &self.parties["observer"];
        let statement = Statement::Reading(Reading {
            block: 1,
            block_hash: Digest(sha256(&block_time.ms().to_be_bytes())),
            block_time,
            consumed,
            domain: name("home"),
            expires,
            issued,
            ledger: self.id(),
            next_block_time: self.now,
            party: party.lei,
            paused_until: None,
            programme: name("acme-usd"),
            seen: None,
            supply: supply.to_owned(),
        });
        let submission = sign(&statement, Vec::new(), &[&party.keys[0]]).unwrap();
        self.ask(Request::Submit(Box::new(submission))).unwrap();
    }

    pub fn pack(&self, case: CaseId) -> Vec<u8> {
        self.pack_with(case, &Options::default())
    }

    pub fn pack_with(&self, case: CaseId, options: &Options) -> Vec<u8> {
        build(self, case, options).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Re-runs everything from the inputs, as a co-signer would: the world itself is right.
    pub fn replays(&self) -> bool {
        let mut other: Ledger<Kernel, ()> = Ledger::new(Kernel::default(), ());
        self.records.iter().all(|record| other.apply(record).is_ok()) && other.root() == self.ledger.root()
    }
}

/// A stablecoin ledger: policy, lists, credentials, a reading.
pub fn stablecoin() -> World {
    stablecoin_on(World::genesis("WORLD"))
}

pub const KINDS: [(&str, &str, &[Suite]); 6] = [
    ("issuer", "e-money-institution", &[Suite::Ed25519]),
    ("custodian", "qualified-custodian", &[Suite::Es256]),
    ("auditor", "registered-auditor", &[Suite::Ed25519]),
    ("screening", "aml-provider", &[Suite::Eip712]),
    ("observer", "chain-observer", &[Suite::Ed25519]),
    ("compliance", "compliance-officer", &[Suite::Ed25519, Suite::Es256]),
];

pub fn stablecoin_on(world: World) -> World {
    stablecoin_by(world, LAYOUT)
}

/// The same by another layout.
pub fn stablecoin_by(mut world: World, layout: &str) -> World {
    let kinds: Vec<&str> = KINDS.iter().map(|(_, kind, _)| *kind).collect();
    world.name_issuer("REGULATOR", &kinds);
    world.adopt(layout, GUARDS);
    world.set_list("sanctions", StoredList::Digest(Digest(sha256(b"list"))));
    world.set_list("blocked_countries", StoredList::Set(BTreeSet::from(["KP".to_owned()])));
    for (who, kind, suites) in KINDS {
        let stem = who.to_uppercase();
        world.parties.insert(who, Party::new(&stem, suites));
        world.credential("REGULATOR", who, kind);
    }
    world
}

pub fn policy(world: &World) -> PolicyDigest {
    world.ledger.machine().programme("acme-usd").unwrap().policies[&name("stablecoin.issue")].0
}

pub fn open(world: &mut World) -> CaseId {
    let policy = policy(world);
    let params = [
        ("amount", "1000000.00"),
        ("beneficiary", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),
        ("jurisdiction", "NO"),
    ];
    world.open("issuer", policy, &params)
}

pub fn pay(world: &mut World, case: CaseId, reference: &str) -> Vec<u64> {
    let booked = world.now.to_string();
    let claims = [
        ("amount", "1000000.00"),
        ("servicer", "NORTHNO1"),
        ("account", "NO9386011117947"),
        ("servicer_ref", reference),
        ("entry_ref", "1"),
        ("debtor", "Jane Doe"),
        ("booked", "true"),
        ("booked_at", &booked),
    ];
    world.attest(case, "custodian", "payment", &claims)
}

pub fn reserve(world: &mut World, case: CaseId) -> Vec<u64> {
    let (id, as_of) = (world.id().to_string(), world.now.to_string());
    let claims =
        [("balance", "5000000.00"), ("as_of", &as_of), ("segregated", "true"), ("earmarked_for", &id)];
    let made = world.attest(case, "custodian", "reserve", &claims);
    let at: Time = as_of.parse().unwrap();
    world.wait(1_000);
    world.read(at.saturating_sub_ms(500), "2000000000000", Vec::new());
    made
}

pub fn audit(world: &mut World, case: CaseId) -> Vec<u64> {
    let claims = [("agrees", "true"), ("balance", "5000000.00"), ("haircut_bps", "100")];
    world.attest(case, "auditor", "audit", &claims)
}

pub fn screen(world: &mut World, case: CaseId) -> Vec<u64> {
    let list = Digest(sha256(b"list")).to_string();
    let claims = [("provider", "Clear Screening"), ("hits", "0"), ("list", &list)];
    world.attest(case, "screening", "screen", &claims)
}

/// Everything but the approval.
pub fn prepare(world: &mut World, reference: &str) -> CaseId {
    let case = open(world);
    world.attest(case, "issuer", "request", &[]);
    world.certify();
    pay(world, case, reference);
    reserve(world, case);
    audit(world, case);
    world.certify();
    screen(world, case);
    case
}

/// A decided case, certified.
pub fn decided(world: &mut World) -> CaseId {
    let case = prepare(world, "2026112000017");
    world.attest(case, "compliance", "approve", &[]);
    world.certify();
    case
}

/// Code of the verdict, and of the rule that failed or of all that is missing.
pub fn told(report: &Report) -> String {
    match &report.verdict {
        Verdict::Verified => "verified".to_owned(),
        Verdict::Failed(failure) => format!("failed: {}", failure.rule.code()),
        Verdict::CannotTell(missing) => {
            let codes: Vec<_> = missing.iter().map(Missing::code).collect();
            format!("cannot_tell: {}", codes.join(", "))
        }
    }
}

fn unreadable(error: &dyn std::error::Error) -> Unreadable {
    Unreadable { what: error.to_string() }
}

impl LedgerReader for World {
    fn certificate(&self) -> Result<Option<Certificate>, Unreadable> {
        Ok(self.certificates.last().cloned())
    }
    fn record(&self, index: u64) -> Result<Option<Record>, Unreadable> {
        Ok(self.records.get(index as usize).cloned())
    }
    fn made(&self, index: u64) -> Result<Made, Unreadable> {
        let (first, request) = self.made[index as usize].clone();
        Ok(Made { first, request })
    }
    fn records_of(&self, topic: &Topic) -> Result<Vec<u64>, Unreadable> {
        Ok(self.index.get(topic).cloned().unwrap_or_default())
    }
    fn map_entry(&self, root: &RootHash, key: &MapKey) -> Result<MapAnswer, Unreadable> {
        let proof = map::prove(*root, self.ledger.overlay(), key).map_err(|error| unreadable(&error))?;
        Ok(MapAnswer { proof, value: self.ledger.overlay().value(key) })
    }
    fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Digest>, Unreadable> {
        tree::inclusion_proof(&self.tree, index, size).map_err(|error| unreadable(&error))
    }
    fn consistency(&self, old: u64, new: u64) -> Result<Vec<Digest>, Unreadable> {
        tree::consistency_proof(&self.tree, old, new).map_err(|error| unreadable(&error))
    }
    fn seen(&self, seen: &Seen) -> Result<Option<Certificate>, Unreadable> {
        Ok(self.certificates.iter().find(|c| c.digest().unwrap() == seen.certificate).cloned())
    }
    fn handovers(&self) -> Result<Vec<Handover>, Unreadable> {
        Ok(self.handovers.clone())
    }
    fn evidence(&self, digest: &EvidenceDigest) -> Result<Option<Document>, Unreadable> {
        Ok(self.documents.get(digest).cloned())
    }
}

/// Packs of several kinds, each with its trust file: decided, open, withheld, rotated, refused, without
/// trust.
pub fn specimens() -> Vec<(Vec<u8>, Option<Trust>)> {
    let mut world = stablecoin();
    world.certify();
    let early = world.trust();
    let case = decided(&mut world);
    let all = Options { evidence: true, ..Options::default() };
    let hidden = |what: &str| Options { withhold: vec![what.to_owned()], ..Options::default() };
    let mut packs = vec![
        (world.pack_with(case, &all), Some(world.trust())),
        (world.pack_with(case, &hidden("screen")), Some(world.trust())),
        (world.pack_with(case, &hidden("payment.debtor")), Some(world.trust())),
        (world.pack(case), None),
    ];
    let second = prepare(&mut world, "another");
    world.certify();
    packs.push((world.pack(second), Some(world.trust())));
    world.rotate((0..4).map(|at| Party::new(&format!("NEXT{at}"), &[Suite::Eip712])).collect());
    let third = prepare(&mut world, "2026112000017-third");
    world.certify();
    packs.push((world.pack(third), Some(early)));
    packs
}
