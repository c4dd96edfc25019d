//! Who takes part in the ledgers of these tests, and what they sign.

use lockstep_attest::sign::{Sign, sign};
use lockstep_attest::{Credential, CredentialKey, Statement};
use lockstep_crypto::secret::{SecretError, SecretKey};
use lockstep_crypto::suite::{Message, PublicKey, Suite};
use lockstep_kernel::body::{Administrator, Genesis};
use lockstep_kernel::governance::{Files, Issuer};
use lockstep_kernel::{Action, Kernel, Proposing, Request};
use lockstep_ledger::Member;
use lockstep_node::client::{self, Draft, Found, Signing, Texts, Word};
use lockstep_node::{Answer, Appender, TileFiles};
use lockstep_store::Store;
use lockstep_types::{CaseId, Digest, LedgerId, Lei, Name, Salt, Time, sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

const POLICY: (&str, &str) = (
    include_str!("../../../sim/policies/bench/policy.toml"),
    include_str!("../../../sim/policies/bench/guards.cedar"),
);
/// Role, kind of credential, number of the LEI, suite. The issuer has no role in the one policy.
const PARTIES: [(&str, &str, u8, Suite); 4] = [
    ("issuer", "e-money-institution", 11, Suite::Ed25519),
    ("maker", "bench-maker", 17, Suite::Ed25519),
    ("checker", "bench-checker", 18, Suite::Es256),
    ("keeper", "bench-keeper", 19, Suite::Eip712),
];
const HOUR_MS: u64 = 3_600_000;

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

pub fn lei(number: u8) -> Lei {
    Lei::with_check_digits(&format!("5299000000000000{number:02}")).unwrap()
}

pub fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub fn appender_key() -> TestKey {
    TestKey::new(Suite::Ed25519, 3)
}

/// The ledger's only administrator.
pub fn admin_key() -> TestKey {
    TestKey::new(Suite::Ed25519, 1)
}

/// Gives credentials.
pub fn issuer_key() -> TestKey {
    TestKey::new(Suite::Ed25519, 2)
}

pub fn cosigner_key(number: u8) -> TestKey {
    TestKey::new(Suite::Eip712, 100 + number)
}

pub fn start() -> Time {
    "2026-11-21T10:00:00.000Z".parse().unwrap()
}

fn texts(pairs: &[(&str, &str)]) -> Texts {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// A ledger that is being founded.
pub struct Town {
    pub appender: Appender<TestKey>,
    pub genesis: Genesis,
    pub ledger: LedgerId,
    pub parties: BTreeMap<&'static str, (Lei, TestKey)>,
    now: Time,
    salts: u64,
}

impl Town {
    pub fn found(store: Arc<dyn Store>, files: Arc<dyn TileFiles>, number: u8) -> Self {
        let admin = admin_key();
        let member = |number: u8| Member {
            address: cosigner_key(number).public().address().unwrap(),
            lei: lei(20 + number),
            name: name(&format!("cosigner-{number}")),
        };
        let genesis = Genesis {
            administrator_threshold: 1,
            administrators: vec![Administrator {
                keys: vec![CredentialKey { key: admin.public().clone(), person: None }],
                lei: lei(1),
            }],
            appender: appender_key().public().clone(),
            cosigner_threshold: 3,
            cosigners: (0..4).map(member).collect(),
            log: TestKey::new(Suite::Ed25519, 4).public().clone(),
            name: name(&format!("ledger-{number}")),
            nonce: Salt([number; 32]),
            notice_ms: HOUR_MS,
            rules: lockstep_kernel::Rules::NEWEST.version(),
        };
        let mut count = 0u64;
        let seeds = Box::new(move || {
            count += 1;
            sha256(&[[number; 8], count.to_be_bytes()].concat())
        });
        let appender = Appender::open(store, files, appender_key(), seeds).unwrap();
        let party =
            |(role, _, n, suite): (&'static str, &str, u8, Suite)| (role, (lei(n), TestKey::new(suite, n)));
        let parties = PARTIES.into_iter().map(party).collect();
        let (ledger, now) = (LedgerId([0; 32]), start());
        let mut town = Self { appender, genesis: genesis.clone(), ledger, parties, now, salts: 0 };
        town.hand_in(Request::Genesis(Box::new(genesis)));
        town.ledger = town.appender.replica().ledger().id().unwrap();
        let kinds = PARTIES.into_iter().map(|(_, kind, ..)| name(kind)).collect();
        let key = CredentialKey { key: issuer_key().public().clone(), person: None };
        town.propose(&admin, Action::NameIssuer(Issuer { keys: vec![key], kinds, lei: lei(2) }));
        for (role, kind, ..) in PARTIES {
            town.credential(role, kind);
        }
        let (layout, guards) = POLICY;
        town.propose(&admin, Action::Adopt(Files { guards: guards.into(), layout: layout.into() }));
        town
    }

    fn kernel(&self) -> &Kernel {
        self.appender.replica().kernel()
    }

    fn signing(&self, party: Lei) -> Signing {
        let expires = self.now.saturating_add_ms(24 * HOUR_MS);
        Signing { ledger: self.ledger, party, issued: self.now, expires, seen: None }
    }

    fn salts(&mut self) -> impl FnMut() -> [u8; 32] + use<> {
        self.salts += 1_000;
        let mut next = self.salts;
        move || {
            next += 1;
            sha256(&next.to_le_bytes())
        }
    }

    fn propose(&mut self, admin: &TestKey, action: Action) {
        let (signing, deadline) = (self.signing(lei(1)), self.now.saturating_add_ms(HOUR_MS));
        let mut salts = self.salts();
        let draft = client::proposal(&signing, &action, deadline, &mut salts);
        let submission = sign(&draft.statement, draft.openings, &[admin]).unwrap();
        self.hand_in(Request::Propose(Box::new(Proposing { action, submission })));
    }

    fn credential(&mut self, role: &str, kind: &str) {
        let (subject, key) = self.parties[role].clone();
        let person = Some(Digest(key.public().id().0));
        let statement = Statement::Credential(Credential {
            expires: self.now.saturating_add_ms(HOUR_MS),
            issued: self.now,
            keys: vec![CredentialKey { key: key.public().clone(), person }],
            kind: name(kind),
            ledger: self.ledger,
            party: lei(2),
            seen: None,
            subject,
            valid_from: self.now,
            valid_until: self.now.saturating_add_ms(1_000 * HOUR_MS),
        });
        self.hand_in(request(&Draft { statement, openings: Vec::new() }, &issuer_key()));
    }

    /// The maker opens a case, not handed in.
    pub fn opening(&mut self) -> Request {
        let (party, key) = self.parties["maker"].clone();
        let (signing, deadline) = (self.signing(party), self.now.saturating_add_ms(24 * HOUR_MS));
        let params =
            texts(&[("amount", "1000.00"), ("beneficiary", "0x52908400098527886E0F7030069857D2E4169EE7")]);
        let mut salts = self.salts();
        let (digest, _) = self.kernel().programme("bench").unwrap().policies.values().next().unwrap();
        let policy = Arc::clone(&self.kernel().policy(digest).unwrap().policy);
        request(&client::opening(&signing, &policy, (&params, deadline), &mut salts).unwrap(), &key)
    }

    /// A party takes a step, not handed in.
    pub fn step(&mut self, case: CaseId, role: &str, step: &str) -> Request {
        let (party, key) = self.parties[role].clone();
        let signing = self.signing(party);
        let claims = texts(&[
            ("amount", "1000.00"),
            ("at", "2026-11-21T06:00:00.000Z"),
            ("clear", "true"),
            ("note", "as agreed by telephone"),
            ("score", "700"),
        ]);
        let mut salts = self.salts();
        let found = Found::new(self.kernel(), &(), case).unwrap();
        let word = Word::Done { texts: &claims, evidence: Vec::new() };
        request(&client::step(&signing, (found, &name(step)), word, &mut salts).unwrap(), &key)
    }

    /// Hands a request in that counts; the leaf hash of its first record.
    pub fn hand_in(&mut self, request: Request) -> [u8; 32] {
        self.now = self.now.saturating_add_ms(5);
        match self.appender.submit(vec![request], self.now).unwrap().pop().unwrap() {
            Answer::OnRecord(accepted) if accepted.refused.is_none() => accepted.records[0].leaf_hash().0,
            other => panic!("{other:?}"),
        }
    }

    pub fn seal(&mut self) {
        self.now = self.now.saturating_add_ms(1);
        self.appender.seal(self.now).unwrap();
    }
}

fn request(draft: &Draft, key: &TestKey) -> Request {
    let submission = sign(&draft.statement, draft.openings.clone(), &[key]).unwrap();
    Request::Submit(Box::new(submission))
}
