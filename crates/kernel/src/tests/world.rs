//! A ledger with institutions on it. Stories are played on it, one line each: acts parted by commas, an act
//! that must be refused ends in `!code`.

use crate::governance::{Action, Files, Issuer, NewList};
use crate::state::StoredList;
use crate::{Body, Command, Genesis, Kernel, Proposing, Refusal, Request};
use lockstep_attest::sign::{Sign, sign};
use lockstep_attest::{
    Attestation, Claim, Consumed, Credential, CredentialKey, Opening, Reading, Revocation, Statement,
    StepVerdict, Submission, SubmissionError, Withdrawal,
};
use lockstep_crypto::MapNode;
use lockstep_crypto::secret::{SecretError, SecretKey};
use lockstep_crypto::suite::{Message, PublicKey, Suite};
use lockstep_ledger::{Input, Ledger, Machine, MapChanges, MapStore, Member, Record, Seed};
use lockstep_policy::Policy;
use lockstep_types::{
    CaseId, CredentialDigest, Digest, EvidenceDigest, LeafHash, LedgerId, Lei, MapKey, Name, PolicyDigest,
    Salt, Time, sha256,
};
use std::collections::BTreeMap;
use std::rc::Rc;

pub(crate) const LAYOUT: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/stablecoin-issue/policy.toml"));
pub(crate) const GUARDS: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/stablecoin-issue/guards.cedar"));
pub(crate) const LIST: &str = "9d4b7e7ea0d3bd3ef9f2c3a3f8f1b2c0f1e2d3c4b5a697887766554433221100";
/// The balance date of every story; the ledger begins nine hours later.
pub(crate) const MIDNIGHT: &str = "2026-11-20T00:00:00.000Z";
const NOTICE_MS: u64 = 24 * 3_600_000;

pub(crate) type Live = Ledger<Kernel, Kept>;

/// A state map as it was written at some snapshot.
#[derive(Clone, Default)]
pub(crate) struct Kept(pub MapChanges);

impl MapStore for Kept {
    fn node(&self, depth: u16, prefix: &[u8; 32]) -> Option<MapNode> {
        self.0.nodes.get(&(depth, *prefix)).copied()
    }
    fn value(&self, key: &MapKey) -> Option<Vec<u8>> {
        self.0.values.get(key).cloned()
    }
}

/// A key and who holds it.
pub(crate) struct Key {
    pub secret: SecretKey,
    pub person: Option<Digest>,
}

impl Key {
    fn new(suite: Suite, label: &str) -> Self {
        let secret = SecretKey::from_bytes(suite, &sha256(label.as_bytes())).unwrap();
        Self { secret, person: Some(Digest(sha256(format!("person {label}").as_bytes()))) }
    }

    pub(crate) fn public(&self) -> CredentialKey {
        CredentialKey { key: self.secret.public().clone(), person: self.person }
    }
}

impl Sign for Key {
    type Error = SecretError;
    fn public(&self) -> &PublicKey {
        self.secret.public()
    }
    fn sign(&self, message: Message<'_>) -> Result<Vec<u8>, SecretError> {
        self.secret.sign(message)
    }
}

pub(crate) struct Party {
    pub lei: Lei,
    pub keys: Vec<Key>,
}

/// Why something did not count.
#[derive(Debug)]
pub(crate) enum Fault {
    Submission(SubmissionError),
    Refusal(Refusal),
}

impl Fault {
    pub(crate) fn code(&self) -> String {
        match self {
            Self::Refusal(refusal) => refusal.code().as_text(),
            Self::Submission(SubmissionError::UnknownKey { .. }) => "unknown-key".to_owned(),
            Self::Submission(SubmissionError::Signature { source, .. }) => format!("signature: {source}"),
            Self::Submission(error) => error.to_string(),
        }
    }
}

#[derive(Clone)]
pub(crate) struct World {
    pub ledger: Live,
    pub now: Time,
    pub parties: Rc<BTreeMap<&'static str, Party>>,
    pub policy: Rc<Policy>,
    /// Everything that was written: enough to run it all again.
    pub log: Vec<(Input, Vec<Record>)>,
    pub cases: BTreeMap<String, CaseId>,
    pub credentials: BTreeMap<String, CredentialDigest>,
    /// What was last handed in for a step, by case and step; and the openings.
    pub handed_in: BTreeMap<(String, String), Submission>,
    /// Seal after every act, so that what has ended is only in the map.
    pub sealing: bool,
    drawn: u64,
}

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) fn time(text: &str) -> Time {
    text.parse().unwrap()
}

/// `36h`, `-5m`, `1d`, `10s`, `7ms` after `at`.
fn after(at: Time, text: &str) -> Time {
    let (text, back) = text.strip_prefix('-').map_or((text, false), |rest| (rest, true));
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        other => panic!("`{other}` is no unit of time"),
    };
    let ms = digits.parse::<u64>().unwrap() * unit;
    if back { at.saturating_sub_ms(ms) } else { at.saturating_add_ms(ms) }
}

fn parties() -> BTreeMap<&'static str, Party> {
    use Suite::{Ed25519, Eip712, Es256};
    let of: [(&str, &str, &[Suite]); 10] = [
        ("acme", "ACMEUSDISSUER0000046", &[Eip712, Es256, Ed25519, Ed25519]),
        ("northbank", "NORTHBANKCUSTODY0090", &[Es256, Ed25519, Eip712]),
        ("otherbank", "OTHERBANK00000000062", &[Ed25519, Es256]),
        ("fair", "FAIRAUDITOR000000032", &[Ed25519, Eip712, Eip712]),
        ("clear", "CLEARSCREENING000033", &[Eip712]),
        ("watcher", "CHAINWATCHER00000041", &[Ed25519]),
        ("lookout", "", &[Es256]),
        ("register", "", &[Ed25519, Es256]),
        ("trust", "", &[Ed25519, Eip712]),
        ("stranger", "", &[Ed25519]),
    ];
    let party = |(label, lei, suites): (&'static str, &str, &[Suite])| {
        let stem = format!("{:0<18}", label.to_uppercase());
        let lei = if lei.is_empty() { Lei::with_check_digits(&stem).unwrap() } else { lei.parse().unwrap() };
        let keys =
            suites.iter().enumerate().map(|(n, suite)| Key::new(*suite, &format!("{label} {n}"))).collect();
        (label, Party { lei, keys })
    };
    of.into_iter().map(party).collect()
}

/// Institution and place of the key with which it co-signs.
pub(crate) const COSIGNERS: [(&str, usize); 4] = [("acme", 0), ("northbank", 2), ("fair", 1), ("trust", 1)];
/// The last three hold the key of an administrator, the first of theirs; two of three must approve.
pub(crate) const ADMINISTRATORS: [&str; 3] = ["acme", "northbank", "trust"];

pub(crate) fn genesis(parties: &BTreeMap<&'static str, Party>) -> Genesis {
    let member = |(label, key): (&str, usize)| Member {
        address: parties[label].keys[key].secret.public().address().unwrap(),
        lei: parties[label].lei,
        name: name(label),
    };
    let key = |label: &str| {
        SecretKey::from_bytes(Suite::Ed25519, &sha256(label.as_bytes())).unwrap().public().clone()
    };
    let administrator = |label: &str| crate::body::Administrator {
        keys: vec![parties[label].keys[0].public()],
        lei: parties[label].lei,
    };
    Genesis {
        administrator_threshold: 2,
        administrators: ADMINISTRATORS.into_iter().map(administrator).collect(),
        appender: key("appender"),
        cosigner_threshold: 3,
        cosigners: COSIGNERS.into_iter().map(member).collect(),
        log: key("log"),
        name: name("acme"),
        nonce: Salt(sha256(b"nonce")),
        notice_ms: NOTICE_MS,
        rules: crate::Rules::One.version(),
    }
}

/// The kinds of credential that the policy asks for, and who holds them with which keys.
const CREDENTIALS: [(&str, &str, &[usize]); 10] = [
    ("acme", "e-money-institution", &[0]),
    ("acme", "compliance-officer", &[1, 2]),
    ("northbank", "qualified-custodian", &[0]),
    ("northbank", "registered-auditor", &[0]),
    ("otherbank", "qualified-custodian", &[0]),
    ("fair", "registered-auditor", &[0]),
    ("acme", "registered-auditor", &[0]),
    ("clear", "aml-provider", &[0]),
    ("watcher", "chain-observer", &[0]),
    ("lookout", "chain-observer", &[0]),
];

impl World {
    /// A ledger with genesis only.
    pub(crate) fn bare() -> Self {
        let policy = Rc::new(Policy::from_files(LAYOUT.as_bytes(), GUARDS.as_bytes()).unwrap());
        let mut world = Self {
            ledger: Ledger::new(Kernel::default(), Kept::default()),
            now: time("2026-11-20T08:00:00.000Z"),
            parties: Rc::new(parties()),
            policy,
            log: Vec::new(),
            cases: BTreeMap::new(),
            credentials: BTreeMap::new(),
            handed_in: BTreeMap::new(),
            sealing: false,
            drawn: 0,
        };
        let genesis = genesis(&world.parties);
        world.send(Request::Genesis(Box::new(genesis))).unwrap();
        world
    }

    /// A ledger on which the policy of `policies/stablecoin-issue` is in force and everybody has credentials.
    pub(crate) fn new() -> Self {
        Self::with(LAYOUT, GUARDS)
    }

    /// The same with another policy.
    pub(crate) fn with(layout: &str, guards: &str) -> Self {
        let mut world = Self::bare();
        world.policy = Rc::new(Policy::from_files(layout.as_bytes(), guards.as_bytes()).unwrap());
        let issuer = Issuer {
            keys: vec![world.parties["register"].keys[0].public()],
            kinds: CREDENTIALS.iter().map(|(_, kind, _)| name(kind)).collect(),
            lei: world.parties["register"].lei,
        };
        world.enact(Action::NameIssuer(issuer));
        world.set_list("sanctions", StoredList::Digest(LIST.parse().unwrap()));
        let blocked = ["KP", "IR"].into_iter().map(str::to_owned).collect();
        world.set_list("blocked_countries", StoredList::Set(blocked));
        world.enact(Action::Adopt(Files { guards: guards.to_owned(), layout: layout.to_owned() }));
        for (party, kind, keys) in CREDENTIALS {
            world.credential(party, kind, keys).unwrap();
        }
        world.now = time("2026-11-20T09:00:00.000Z");
        world
    }

    pub(crate) fn kernel(&self) -> &Kernel {
        self.ledger.machine()
    }

    pub(crate) fn id(&self) -> LedgerId {
        self.kernel().ledger()
    }

    fn draw(&mut self, what: &str) -> [u8; 32] {
        self.drawn += 1;
        sha256(format!("{what} {}", self.drawn).as_bytes())
    }

    /// Hands a request in as the appender would take it; what is written is kept.
    pub(crate) fn send(&mut self, request: Request) -> Result<Vec<Record>, Fault> {
        let command = self.kernel().admit(vec![request]).pop().unwrap().map_err(Fault::Submission)?;
        let seed = Seed::new(self.draw("seed"));
        let decision = self.ledger.decide(&command, self.now, seed).unwrap();
        self.ledger.commit(&command, &decision.records).unwrap();
        if !decision.records.is_empty() {
            let input = Input { command: Some(Kernel::encode_command(&command)), now: self.now, seed };
            self.log.push((input, decision.records.clone()));
        }
        match decision.refused {
            Some(refusal) => Err(Fault::Refusal(refusal)),
            None => Ok(decision.records),
        }
    }

    /// What a command would lead to, with nothing changed.
    pub(crate) fn ask(&self, command: &Command) -> Result<Vec<Record>, Refusal> {
        let decision = self.ledger.decide(command, self.now, Seed::new([0; 32])).unwrap();
        decision.refused.map_or(Ok(decision.records), Err)
    }

    pub(crate) fn seal(&mut self) {
        if self.ledger.first_unsealed().is_none() {
            return;
        }
        let seed = Seed::new(self.draw("seed"));
        let seal = self.ledger.seal(self.now, seed).unwrap();
        self.ledger.apply(&seal).unwrap();
        self.log.push((Input { command: None, now: self.now, seed }, vec![seal]));
    }

    /// Decides everything again, as a co-signer does.
    pub(crate) fn rerun(&self) -> Live {
        let mut again: Live = Ledger::new(Kernel::default(), Kept::default());
        for (input, records) in &self.log {
            again.replay(input, records).unwrap();
        }
        again
    }

    pub(crate) fn claims(&mut self, texts: &[(String, String)]) -> Vec<Claim> {
        let claim = |(name, value): &(String, String)| {
            let salt = Salt(self.draw("salt"));
            Claim { name: name.clone(), salt, value: value.clone() }
        };
        texts.iter().map(claim).collect()
    }

    pub(crate) fn signed(
        &self,
        statement: &Statement,
        openings: Vec<Claim>,
        by: (&str, &[usize]),
    ) -> Submission {
        let keys: Vec<&Key> = by.1.iter().map(|n| &self.parties[by.0].keys[*n]).collect();
        sign(statement, openings, &keys).unwrap()
    }

    pub(crate) fn submit(
        &mut self,
        statement: &Statement,
        openings: Vec<Claim>,
        by: (&str, &[usize]),
    ) -> Result<Vec<Record>, Fault> {
        let submission = self.signed(statement, openings, by);
        self.send(Request::Submit(Box::new(submission)))
    }

    // Governance.

    /// The request by which `by` proposes `action`.
    pub(crate) fn proposing(&mut self, action: Action, by: &str) -> Request {
        let claims = self.claims(&[("action".to_owned(), action.digest().to_string())]);
        let opening = Opening {
            claims: claims.iter().map(Claim::digest).collect(),
            deadline: after(self.now, "7d"),
            expires: after(self.now, "1h"),
            issued: self.now,
            ledger: self.id(),
            nonce: Salt(self.draw("nonce")),
            party: self.parties[by].lei,
            policy: crate::governance::governance_policy(),
            seen: None,
        };
        let submission = self.signed(&Statement::Opening(opening), claims, (by, &[0]));
        Request::Propose(Box::new(Proposing { action, submission }))
    }

    pub(crate) fn propose(&mut self, action: Action, by: &str) -> Result<CaseId, Fault> {
        let request = self.proposing(action, by);
        self.send(request).map(|records| CaseId(records[0].leaf_hash().0))
    }

    pub(crate) fn agreement(&self, case: CaseId, step: &str, by: &str) -> Attestation {
        Attestation {
            case,
            claims: Vec::new(),
            evidence: Vec::new(),
            expires: after(self.now, "1h"),
            issued: self.now,
            ledger: self.id(),
            party: self.parties[by].lei,
            prev: vec![LeafHash(case.0)],
            reason: None,
            seen: None,
            step: name(step),
            verdict: StepVerdict::Done,
        }
    }

    pub(crate) fn approve(&mut self, case: CaseId, by: &str) -> Result<Vec<Record>, Fault> {
        let agreement = self.agreement(case, "approve", by);
        self.submit(&Statement::Attestation(agreement), Vec::new(), (by, &[0]))
    }

    pub(crate) fn consent(&mut self, case: CaseId, by: &str) -> Result<Vec<Record>, Fault> {
        let key = COSIGNERS.iter().find(|(label, _)| *label == by).map_or(0, |(_, key)| *key);
        let agreement = self.agreement(case, "consent", by);
        self.submit(&Statement::Attestation(agreement), Vec::new(), (by, &[key]))
    }

    /// Proposes, approves, and, where it is asked for, consents and waits.
    pub(crate) fn enact(&mut self, action: Action) {
        let case = self.agree(action);
        if self.waits(case) {
            self.now = self.now.saturating_add_ms(NOTICE_MS);
            self.send(Request::Tick).unwrap();
        }
        assert!(!self.waits(case));
    }

    /// Everybody agrees who must; a notice may run.
    pub(crate) fn agree(&mut self, action: Action) -> CaseId {
        let case = self.propose(action, "acme").unwrap();
        self.approve(case, "trust").unwrap();
        if self.waits(case) {
            for (cosigner, _) in COSIGNERS.into_iter().take(3) {
                self.consent(case, cosigner).unwrap();
            }
        }
        case
    }

    fn waits(&self, case: CaseId) -> bool {
        self.kernel().proposals().any(|(id, _)| *id == case)
    }

    pub(crate) fn set_list(&mut self, list: &str, value: StoredList) {
        let programme = self.policy.layout().programme.clone();
        self.enact(Action::SetList(NewList { list: name(list), programme, value }));
    }

    // Credentials.

    pub(crate) fn credential_of(&self, party: &str, kind: &str, keys: &[usize]) -> Credential {
        let holder = &self.parties[party];
        let mut keys: Vec<CredentialKey> = keys.iter().map(|n| holder.keys[*n].public()).collect();
        keys.sort_by_key(|key| key.key.id());
        Credential {
            expires: after(self.now, "1h"),
            issued: self.now,
            keys,
            kind: name(kind),
            ledger: self.id(),
            party: self.parties["register"].lei,
            seen: None,
            subject: holder.lei,
            valid_from: time("2026-01-01T00:00:00.000Z"),
            valid_until: time("2027-01-01T00:00:00.000Z"),
        }
    }

    pub(crate) fn credential(
        &mut self,
        party: &str,
        kind: &str,
        keys: &[usize],
    ) -> Result<Vec<Record>, Fault> {
        let statement = Statement::Credential(self.credential_of(party, kind, keys));
        let records = self.submit(&statement, Vec::new(), ("register", &[0]))?;
        if let Ok(Body::Credentialed(body)) = Body::from_slice(records[0].body()) {
            self.credentials.insert(format!("{party}/{kind}"), body.credential);
        }
        Ok(records)
    }

    pub(crate) fn revoke(
        &mut self,
        which: &str,
        suspect: Option<Time>,
        by: &str,
    ) -> Result<Vec<Record>, Fault> {
        let revocation = Revocation {
            credential: self.credentials[which],
            expires: after(self.now, "1h"),
            issued: self.now,
            ledger: self.id(),
            party: self.parties[by].lei,
            reason: "keys lost".to_owned(),
            seen: None,
            suspect_since: suspect,
        };
        self.submit(&Statement::Revocation(revocation), Vec::new(), (by, &[0]))
    }

    // Cases.

    pub(crate) fn case(&self, label: &str) -> CaseId {
        self.cases[label]
    }

    pub(crate) fn phase(&self, label: &str) -> String {
        self.phase_of(self.case(label))
    }

    pub(crate) fn phase_of(&self, id: CaseId) -> String {
        if let Some(case) = self.kernel().case(&id) {
            return case.phase.as_str().to_owned();
        }
        let key = crate::Entity::Case(id).key();
        let sealed = lockstep_ledger::View::value(self.ledger.overlay(), &key).unwrap();
        crate::entry::case_from_bytes(&sealed).unwrap().phase
    }

    pub(crate) fn opening(&mut self, args: &Args) -> (Statement, Vec<Claim>) {
        let texts: Vec<(String, String)> = self
            .policy
            .layout()
            .params
            .iter()
            .map(|param| {
                let default = match param.name.as_str() {
                    "amount" => "1000000.00",
                    "holder" | "beneficiary" => "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
                    "jurisdiction" => "NO",
                    other => panic!("no default for `{other}`"),
                };
                (param.name.to_string(), args.get(param.name.as_str()).unwrap_or(default).to_owned())
            })
            .collect();
        let claims = self.claims(&texts);
        let nonce = Salt(self.draw("nonce"));
        let opening = Opening {
            claims: claims.iter().map(Claim::digest).collect(),
            deadline: after(self.now, args.get("deadline").unwrap_or("7d")),
            expires: after(self.now, args.get("expires").unwrap_or("1h")),
            issued: after(self.now, args.get("issued").unwrap_or("0s")),
            ledger: self.id(),
            nonce,
            party: self.parties[args.get("by").unwrap_or("acme")].lei,
            policy: args
                .get("policy")
                .map_or(self.policy.digest(), |text| text.parse::<PolicyDigest>().unwrap()),
            seen: None,
        };
        (Statement::Opening(opening), claims)
    }

    fn default_claim(&self, step: &str, claim: &str, label: &str) -> String {
        match (step, claim) {
            (_, "amount") => "1000000.00".to_owned(),
            (_, "depositor") => "0x70997970C51812dc3A010C7d01b50e0d17dc79C8".to_owned(),
            (_, "chain") => "eip155:31337".to_owned(),
            // So has it its own deposit.
            (_, "transaction") => Digest(sha256(label.as_bytes())).to_string(),
            (_, "log" | "block") => "17".to_owned(),
            (_, "block_hash") => LIST.to_owned(),
            (_, "creditor") => "Jane Doe".to_owned(),
            (_, "balance") => "5000000.00".to_owned(),
            (_, "servicer") => "NORTHNO1".to_owned(),
            (_, "account") => "NO9386011117947".to_owned(),
            // Every case has its own payment, unless a story says otherwise.
            (_, "servicer_ref") => format!("payment {label}"),
            (_, "entry_ref") => "1".to_owned(),
            (_, "debtor") => "Jane Doe".to_owned(),
            (_, "booked" | "segregated" | "agrees") => "true".to_owned(),
            (_, "booked_at") => "2026-11-20T08:30:00.000Z".to_owned(),
            (_, "as_of") => MIDNIGHT.to_owned(),
            (_, "earmarked_for") => self.id().to_string(),
            (_, "haircut_bps") => "100".to_owned(),
            (_, "provider") => "Clear Screening".to_owned(),
            (_, "hits") => "0".to_owned(),
            (_, "list") => LIST.to_owned(),
            (step, claim) => panic!("no default for claim `{claim}` of `{step}`"),
        }
    }

    /// The attestation of a step by whoever usually takes it, with what the story says instead.
    pub(crate) fn attestation(&mut self, label: &str, step: &str, args: &Args) -> (Attestation, Vec<Claim>) {
        let layout = self.policy.layout().clone();
        let declared = layout.step(step).cloned();
        let refused = args.has("refuse");
        let texts = |world: &Self| -> Vec<(String, String)> {
            let claims = declared.iter().filter(|_| !refused).flat_map(|step| &step.claims);
            let text = |claim: &str| args.get(claim).map(str::to_owned);
            let hours = |text: &str| text.strip_suffix('h').is_some_and(|n| n.parse::<i64>().is_ok());
            let dated = |text: String| if hours(&text) { after(world.now, &text).to_string() } else { text };
            claims
                .map(|claim| {
                    let claim = claim.name.to_string();
                    let text = text(&claim).unwrap_or_else(|| world.default_claim(step, &claim, label));
                    (claim, dated(text))
                })
                .collect()
        };
        let texts = texts(self);
        let claims = self.claims(&texts);
        let case = self.case(label);
        let after_steps = declared.iter().flat_map(|step| step.after.iter());
        let taken = |step: &Name| Some(self.kernel().case(&case)?.steps.get(step)?.leaf);
        let mut prev: Vec<LeafHash> = after_steps.filter_map(taken).collect();
        if prev.is_empty() || args.has("wrong-prev") {
            prev = vec![LeafHash(case.0)];
        }
        let evidence =
            declared.iter().filter(|_| !refused && !args.has("no-evidence")).flat_map(|s| &s.evidence);
        let evidence =
            evidence.map(|document| EvidenceDigest(sha256(document.as_str().as_bytes()))).collect();
        let attestation = Attestation {
            case,
            claims: claims.iter().map(Claim::digest).collect(),
            evidence,
            expires: after(self.now, args.get("expires").unwrap_or("1h")),
            issued: after(self.now, args.get("issued").unwrap_or("0s")),
            ledger: if args.has("other-ledger") { LedgerId([7; 32]) } else { self.id() },
            party: self.parties[args.get("by").unwrap_or_else(|| usual(step))].lei,
            prev,
            reason: refused.then(|| "no".to_owned()),
            seen: None,
            step: name(step),
            verdict: if refused { StepVerdict::Refused } else { StepVerdict::Done },
        };
        (attestation, claims)
    }

    pub(crate) fn reading(&self, args: &Args) -> Reading {
        let block_time = match args.get("block") {
            Some(text) => after(self.now, text),
            None => after(time(MIDNIGHT), "-5s"),
        };
        let mut consumed: Vec<Consumed> = Vec::new();
        for label in args.get("executed").into_iter().flat_map(|labels| labels.split('+')) {
            let case = self.case(label);
            let ordinal = self.kernel().case(&case).map_or(0, |case| case.ordinal.saturating_sub(1));
            consumed.push(Consumed { case, ordinal, time: block_time });
        }
        // As many as a reading can name, all of cases of which this ledger knows nothing.
        if let Some(byte) = args.get("full") {
            let other = |at: u32| Consumed {
                case: CaseId([byte.parse().unwrap(); 32]),
                ordinal: at,
                time: block_time,
            };
            consumed.extend((0..256).map(other));
        }
        consumed.sort();
        Reading {
            block: 17,
            block_hash: Digest(sha256(&block_time.ms().to_be_bytes())),
            block_time,
            consumed,
            domain: name(args.get("domain").unwrap_or("home")),
            expires: after(self.now, "1h"),
            issued: self.now,
            ledger: self.id(),
            next_block_time: after(block_time, args.get("span").unwrap_or("12s")),
            party: self.parties[args.get("by").unwrap_or("watcher")].lei,
            paused_until: None,
            programme: name(args.get("programme").unwrap_or("acme-usd")),
            seen: None,
            supply: args.get("units").unwrap_or("2000000000000").to_owned(),
        }
    }

    pub(crate) fn withdrawal(&self, label: &str, step: &str, args: &Args) -> Withdrawal {
        let case = self.case(label);
        let leaf =
            self.kernel().case(&case).and_then(|found| found.steps.get(&name(step))).map(|taken| taken.leaf);
        Withdrawal {
            case,
            expires: after(self.now, "1h"),
            issued: self.now,
            leaf: leaf.unwrap_or(LeafHash(case.0)),
            ledger: self.id(),
            party: self.parties[args.get("by").unwrap_or_else(|| usual(step))].lei,
            reason: "a mistake".to_owned(),
            seen: None,
        }
    }

    // Stories.

    /// Plays acts parted by commas. Every act happens a second after the one before.
    pub(crate) fn play(&mut self, story: &str) -> &mut Self {
        for act in story.split(',').map(str::trim).filter(|act| !act.is_empty()) {
            let (act, expected) = act.split_once('!').map_or((act, None), |(act, code)| (act, Some(code)));
            self.now = after(self.now, "1s");
            let answer = self.act(&Args::new(act));
            let found = answer.err().map(|fault| fault.code());
            assert_eq!(found.as_deref(), expected, "`{act}` in `{story}`");
            if self.sealing {
                self.seal();
            }
        }
        self
    }

    /// One act. Words: `open`, a step, `again STEP`, `withdraw STEP`, `supply`, `credential PARTY/KIND`,
    /// `revoke PARTY/KIND`, `wait DURATION`, `tick`, `seal`, `is PHASE`; `@label` names another case than the
    /// first.
    pub(crate) fn act(&mut self, args: &Args) -> Result<Vec<Record>, Fault> {
        let label = args.label.clone();
        match args.head.as_str() {
            "wait" => {
                self.now = after(self.now, &args.words[0]);
                Ok(Vec::new())
            }
            "tick" => self.send(Request::Tick),
            "seal" => {
                self.seal();
                Ok(Vec::new())
            }
            "is" => {
                assert_eq!(self.phase(&label), args.words[0], "case `{label}`");
                Ok(Vec::new())
            }
            "supply" => {
                let by = args.get("by").unwrap_or("watcher");
                self.submit(&Statement::Reading(self.reading(args)), Vec::new(), (by, &[0]))
            }
            "revoke" => {
                let suspect = args.get("suspect").map(|text| after(self.now, text));
                self.revoke(&args.words[0], suspect, args.get("by").unwrap_or("register"))
            }
            "credential" => {
                let (party, kind) = args.words[0].split_once('/').unwrap();
                self.credential(party, kind, &args.keys(&[0]))
            }
            "withdraw" => {
                let step = args.words[0].clone();
                let by = args.get("by").unwrap_or_else(|| usual(&step)).to_owned();
                let withdrawal = self.withdrawal(&label, &step, args);
                let keys = args.keys(usual_keys(&step));
                self.submit(&Statement::Withdrawal(withdrawal), Vec::new(), (&by, &keys))
            }
            "again" => {
                let submission = self.handed_in[&(label, args.words[0].clone())].clone();
                self.send(Request::Submit(Box::new(submission)))
            }
            "open" => self.open(args),
            step => self.step(step, args),
        }
    }

    fn open(&mut self, args: &Args) -> Result<Vec<Record>, Fault> {
        let (statement, claims) = self.opening(args);
        let submission =
            self.signed(&statement, claims, (args.get("by").unwrap_or("acme"), &args.keys(&[0])));
        self.handed_in.insert((args.label.clone(), "open".to_owned()), submission.clone());
        let records = self.send(Request::Submit(Box::new(submission)))?;
        self.cases.insert(args.label.clone(), CaseId(records[0].leaf_hash().0));
        Ok(records)
    }

    fn step(&mut self, step: &str, args: &Args) -> Result<Vec<Record>, Fault> {
        let (attestation, claims) = self.attestation(&args.label, step, args);
        let by = args.get("by").unwrap_or_else(|| usual(step));
        let keys = args.keys(usual_keys(step));
        let submission = self.signed(&Statement::Attestation(attestation), claims, (by, &keys));
        self.handed_in.insert((args.label.clone(), step.to_owned()), submission.clone());
        self.send(Request::Submit(Box::new(submission)))
    }
}

/// Who usually takes a step.
pub(crate) fn usual(step: &str) -> &'static str {
    match step {
        "payment" | "reserve" | "payout" => "northbank",
        "deposit" => "watcher",
        "audit" => "fair",
        "screen" => "clear",
        _ => "acme",
    }
}

/// Compliance signs with two persons' keys.
pub(crate) fn usual_keys(step: &str) -> &'static [usize] {
    if step == "approve" { &[1, 2] } else { &[0] }
}

/// An act taken apart: `head@label word key=value`.
pub(crate) struct Args {
    pub head: String,
    pub label: String,
    words: Vec<String>,
    pairs: BTreeMap<String, String>,
}

impl Args {
    pub(crate) fn new(act: &str) -> Self {
        let mut parts = act.split_whitespace();
        let head = parts.next().unwrap();
        let (head, label) = head.split_once('@').unwrap_or((head, "a"));
        let (mut words, mut pairs) = (Vec::new(), BTreeMap::new());
        for part in parts {
            match part.split_once('=') {
                Some((key, value)) => drop(pairs.insert(key.to_owned(), value.replace('_', " "))),
                None => words.push(part.to_owned()),
            }
        }
        Self { head: head.to_owned(), label: label.to_owned(), words, pairs }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.pairs.get(key).map(String::as_str)
    }

    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|found| found == word)
    }

    /// `keys=1+2`, or as usual.
    fn keys(&self, usual: &[usize]) -> Vec<usize> {
        match self.get("keys") {
            Some(text) => text.split('+').map(|n| n.parse().unwrap()).collect(),
            None => usual.to_vec(),
        }
    }
}

/// A world on which `story` has been played.
pub(crate) fn play(story: &str) -> World {
    let mut world = World::new();
    world.play(story);
    world
}

/// The same story in two worlds: with what has ended still in memory, and with a seal after every act.
pub(crate) fn both(story: &str) {
    play(story);
    let mut sealed = World::new();
    sealed.sealing = true;
    sealed.play(story);
    assert_eq!(sealed.rerun().map_root(), sealed.ledger.map_root());
}

/// Everything up to the last step.
pub(crate) const READY: &str = "open, request, payment, reserve, audit, screen, supply";
