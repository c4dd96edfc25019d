//! The cast: institutions with keys from numbers, the records that found a ledger, and the words they sign.
//!
//! Everything follows from its arguments: the same arguments give the same keys, statements and openings.
//! Only `es256` signatures differ from run to run, since the library draws their nonces.

use lockstep_attest::sign::{Sign, sign};
use lockstep_attest::{Credential, CredentialKey, Reading, Statement};
use lockstep_chain::{DomainError, Observation};
use lockstep_crypto::secret::{SecretError, SecretKey};
use lockstep_crypto::suite::{Message, PublicKey, Suite};
use lockstep_kernel::body::{Administrator, Genesis};
use lockstep_kernel::governance::{CONSENT, Files, Issuer, NewList};
use lockstep_kernel::state::StoredList;
use lockstep_kernel::{Action, Kernel, Proposing, Request};
use lockstep_ledger::{Member, View};
use lockstep_node::client::{self, Draft, DraftError, Found, Signing, Texts, Word};
use lockstep_policy::Policy;
use lockstep_types::{CaseId, Digest, EvidenceDigest, LedgerId, Lei, Name, PolicyDigest, Salt, Time, sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Co-signers of every ledger here, and how many must sign.
pub const COSIGNERS: u8 = 4;
/// How many of them must sign.
pub const THRESHOLD: u8 = 3;
/// How long a statement counts after it was signed.
const EXPIRES_MS: u64 = 24 * 3_600_000;
/// How long credentials are valid.
const VALID_MS: u64 = 10 * 365 * 24 * 3_600_000;
/// Policies of stablecoins, as the repository shows them.
pub(crate) const STABLECOIN: (&str, &str) = (
    include_str!("../../../policies/stablecoin-issue/policy.toml"),
    include_str!("../../../policies/stablecoin-issue/guards.cedar"),
);
/// Policies by which such coins are redeemed.
pub(crate) const STABLECOIN_BACK: (&str, &str) = (
    include_str!("../../../policies/stablecoin-redeem/policy.toml"),
    include_str!("../../../policies/stablecoin-redeem/guards.cedar"),
);
/// The policy of the measures.
const BENCH: (&str, &str) =
    (include_str!("../policies/bench/policy.toml"), include_str!("../policies/bench/guards.cedar"));

/// Role, kind of credential, number of the LEI, suite, persons.
const PARTIES: [(&str, &str, u8, Suite, u8); 9] = [
    ("issuer", "e-money-institution", 11, Suite::Ed25519, 1),
    ("custodian", "qualified-custodian", 12, Suite::Es256, 1),
    ("auditor", "registered-auditor", 13, Suite::Eip712, 1),
    ("screening", "aml-provider", 14, Suite::Ed25519, 1),
    ("observer", "chain-observer", 15, Suite::Ed25519, 1),
    ("compliance", "compliance-officer", 16, Suite::Es256, 2),
    ("maker", "bench-maker", 17, Suite::Ed25519, 1),
    ("checker", "bench-checker", 18, Suite::Es256, 1),
    ("keeper", "bench-keeper", 19, Suite::Eip712, 1),
];

/// A key made from a number.
#[derive(Clone)]
pub struct CastKey(Arc<SecretKey>);

impl CastKey {
    /// The key of this suite and number.
    ///
    /// # Panics
    /// Never for numbers of this cast: each gives a scalar of its curve.
    #[must_use]
    pub fn new(suite: Suite, number: u8) -> Self {
        let seed = sha256(&[b"sim".as_slice(), &[suite.byte(), number]].concat());
        Self(Arc::new(SecretKey::from_bytes(suite, &seed).expect("a digest below the group's order")))
    }
}

impl Sign for CastKey {
    type Error = SecretError;
    fn public(&self) -> &PublicKey {
        self.0.public()
    }
    fn sign(&self, message: Message<'_>) -> Result<Vec<u8>, SecretError> {
        self.0.sign(message)
    }
}

/// A party: its LEI and the keys of its persons.
#[derive(Clone)]
pub struct Party {
    /// Who.
    pub lei: Lei,
    /// One key a person.
    pub keys: Vec<CastKey>,
}

/// Which policies a ledger is founded with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Programme {
    /// The repository's stablecoin.
    Stablecoin,
    /// Six steps of five claims and two guards.
    Bench,
    /// Five steps of the same kind.
    Five,
    /// As many of them as a policy may well have.
    Long,
}

/// Everybody who signs something.
#[derive(Clone)]
pub struct Cast {
    /// By role.
    pub parties: BTreeMap<&'static str, Party>,
    admin: CastKey,
    issuer: CastKey,
}

/// A statement to sign: who, when, and the number from which its salts follow.
#[derive(Debug, Clone, Copy)]
pub struct Pen {
    /// The ledger.
    pub ledger: LedgerId,
    /// When.
    pub now: Time,
    /// No two statements have one number.
    pub number: u64,
}

impl Pen {
    fn signing(&self, party: Lei) -> Signing {
        let expires = self.now.saturating_add_ms(EXPIRES_MS);
        Signing { ledger: self.ledger, party, issued: self.now, expires, seen: None }
    }

    fn salts(&self) -> impl FnMut() -> [u8; 32] + use<> {
        let (number, mut at) = (self.number, 0u64);
        move || {
            at += 1;
            sha256(&[number.to_be_bytes(), at.to_be_bytes()].concat())
        }
    }
}

/// A name that is one.
///
/// # Panics
/// When it is none: names here are constants.
#[must_use]
pub fn name(text: &str) -> Name {
    text.parse().expect("a constant of this crate is a name")
}

/// The LEI of a number.
///
/// # Panics
/// Never: the digits are those of an LEI.
#[must_use]
pub fn lei(number: u8) -> Lei {
    Lei::with_check_digits(&format!("5299000000000000{number:02}")).expect("18 digits")
}

/// Claim texts.
#[must_use]
pub fn texts(pairs: &[(&str, &str)]) -> Texts {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// The key of a co-signer, from 0.
#[must_use]
pub fn cosigner_key(number: u8) -> CastKey {
    CastKey::new(Suite::Eip712, 100 + number)
}

/// The key of the appender's receipts.
#[must_use]
pub fn appender_key() -> CastKey {
    CastKey::new(Suite::Ed25519, 3)
}

impl Default for Cast {
    fn default() -> Self {
        Self::with(|suite| suite)
    }
}

impl Cast {
    /// A cast whose every signature is the same in every run: without `es256`, whose library draws its
    /// nonces.
    #[must_use]
    pub fn repeatable() -> Self {
        Self::with(|suite| if suite == Suite::Es256 { Suite::Ed25519 } else { suite })
    }

    fn with(suite_of: impl Fn(Suite) -> Suite) -> Self {
        let party = |(role, _, number, suite, persons): (&'static str, &str, u8, Suite, u8)| {
            let suite = suite_of(suite);
            let keys = (0..persons).map(|person| CastKey::new(suite, number + 50 * person)).collect();
            (role, Party { lei: lei(number), keys })
        };
        Self {
            parties: PARTIES.into_iter().map(party).collect(),
            admin: CastKey::new(Suite::Ed25519, 1),
            issuer: CastKey::new(Suite::Ed25519, 2),
        }
    }

    /// Record 0: one administrator, four co-signers, three must sign.
    ///
    /// # Panics
    /// Never: keys of `eip712` have an address.
    #[must_use]
    pub fn genesis(&self) -> Genesis {
        let member = |number: u8| Member {
            address: cosigner_key(number).public().address().expect("an eip712 key"),
            lei: lei(20 + number),
            name: name(&format!("cosigner-{number}")),
        };
        Genesis {
            administrator_threshold: 1,
            administrators: vec![Administrator {
                keys: vec![CredentialKey { key: self.admin.public().clone(), person: None }],
                lei: lei(1),
            }],
            appender: appender_key().public().clone(),
            cosigner_threshold: THRESHOLD,
            cosigners: (0..COSIGNERS).map(member).collect(),
            log: CastKey::new(Suite::Ed25519, 4).public().clone(),
            name: name("sim"),
            nonce: Salt([7; 32]),
            notice_ms: 3_600_000,
            rules: lockstep_kernel::Rules::NEWEST.version(),
        }
    }

    /// What follows genesis: the credential issuer, credentials, lists, the policy, a first reading.
    #[must_use]
    pub fn founding(&self, pen: Pen, programme: Programme) -> Vec<Request> {
        let pen = |at: u64| Pen { number: pen.number + at, ..pen };
        let kinds: BTreeSet<Name> = PARTIES.iter().map(|(_, kind, ..)| name(kind)).collect();
        let key = CredentialKey { key: self.issuer.public().clone(), person: None };
        let issuer = Action::NameIssuer(Issuer { keys: vec![key], kinds, lei: lei(2) });
        let mut requests = vec![self.proposal(pen(0), issuer)];
        for ((role, kind, ..), at) in PARTIES.iter().zip(1..) {
            requests.push(self.credential(pen(at), role, kind));
        }
        let files = |(layout, guards): (&str, &str)| Files { guards: guards.into(), layout: layout.into() };
        match programme {
            Programme::Bench => requests.push(self.proposal(pen(20), Action::Adopt(files(BENCH)))),
            Programme::Five => requests.push(self.proposal(pen(20), Action::Adopt(numbered(FIVE_STEPS)))),
            Programme::Long => requests.push(self.proposal(pen(20), Action::Adopt(numbered(LONG_STEPS)))),
            Programme::Stablecoin => {
                let set =
                    |list: &str, value| NewList { list: name(list), programme: name("acme-usd"), value };
                let blocked = StoredList::Set(BTreeSet::from(["KP".to_owned()]));
                let sanctions = StoredList::Digest(Digest([9; 32]));
                requests.push(self.proposal(pen(21), Action::SetList(set("sanctions", sanctions))));
                requests.push(self.proposal(pen(22), Action::SetList(set("blocked_countries", blocked))));
                requests.push(self.proposal(pen(23), Action::Adopt(files(STABLECOIN))));
            }
        }
        requests
    }

    /// A co-signer's institution consents to a governance case.
    ///
    /// # Panics
    /// Never: keys of the cast sign what was drafted.
    #[must_use]
    pub fn consent(&self, pen: Pen, case: CaseId, number: u8) -> Request {
        let draft = client::agreement(&pen.signing(lei(20 + number)), case, name(CONSENT));
        submit(&draft, &[&cosigner_key(number)])
    }

    /// The one administrator proposes an action.
    #[must_use]
    pub fn proposal(&self, pen: Pen, action: Action) -> Request {
        let deadline = pen.now.saturating_add_ms(EXPIRES_MS);
        let draft = client::proposal(&pen.signing(lei(1)), &action, deadline, &mut pen.salts());
        let submission = signed(&draft, &[&self.admin]);
        Request::Propose(Box::new(Proposing { action, submission }))
    }

    fn credential(&self, pen: Pen, role: &str, kind: &str) -> Request {
        let Party { lei: subject, keys } = &self.parties[role];
        let person = |key: &CastKey| Some(Digest(key.public().id().0));
        let with_person = |key: &CastKey| CredentialKey { key: key.public().clone(), person: person(key) };
        let mut keys: Vec<CredentialKey> = keys.iter().map(with_person).collect();
        keys.sort_by_key(|key| key.key.id());
        let statement = Statement::Credential(Credential {
            expires: pen.now.saturating_add_ms(EXPIRES_MS),
            issued: pen.now,
            keys,
            kind: name(kind),
            ledger: pen.ledger,
            party: lei(2),
            seen: None,
            subject: *subject,
            valid_from: pen.now,
            valid_until: pen.now.saturating_add_ms(VALID_MS),
        });
        submit(&Draft { statement, openings: Vec::new() }, &[&self.issuer])
    }

    /// The observer's word about the supply at the present time.
    #[must_use]
    pub fn reading(&self, pen: Pen, (block, supply): (u64, u64), since: Time) -> Request {
        self.read(self.seen(pen, (block, supply.to_string()), since))
    }

    /// The observer's word about what the chain of a domain shows.
    ///
    /// # Errors
    /// A block after the year 9999.
    pub fn observed(&self, pen: Pen, domain: Name, seen: &Observation) -> Result<Request, DomainError> {
        let block = (seen.block.number, seen.supply.to_string());
        Ok(self.read(Reading {
            block_hash: Digest(seen.block.hash.0),
            consumed: seen.consumed.clone(),
            domain,
            next_block_time: seen.next.time()?,
            paused_until: seen.paused_until,
            ..self.seen(pen, block, seen.block.time()?)
        }))
    }

    /// A block of the first domain that is the last until now, and shows nothing executed.
    fn seen(&self, pen: Pen, (block, supply): (u64, String), since: Time) -> Reading {
        Reading {
            block,
            block_hash: Digest(sha256(&block.to_be_bytes())),
            block_time: since,
            consumed: Vec::new(),
            domain: name("home"),
            expires: pen.now.saturating_add_ms(60_000),
            issued: pen.now,
            ledger: pen.ledger,
            next_block_time: pen.now,
            party: self.parties["observer"].lei,
            paused_until: None,
            programme: name("acme-usd"),
            seen: None,
            supply,
        }
    }

    fn read(&self, reading: Reading) -> Request {
        let draft = Draft { statement: Statement::Reading(reading), openings: Vec::new() };
        submit(&draft, &[&self.parties["observer"].keys[0]])
    }

    /// Opens a case under the only policy of the ledger.
    ///
    /// # Errors
    /// [`DraftError`]: the parameters are not those of the policy.
    pub fn opening(&self, pen: Pen, kernel: &Kernel, texts: &Texts) -> Result<Request, DraftError> {
        let (digest, _) = only_policy(kernel).ok_or_else(|| no_case(pen))?;
        self.opening_under(pen, kernel, (&digest, texts))
    }

    /// Opens a case under this policy.
    ///
    /// # Errors
    /// [`DraftError`]: the policy is not known, or the parameters are not those of it.
    pub fn opening_under(
        &self,
        pen: Pen,
        kernel: &Kernel,
        (digest, texts): (&PolicyDigest, &Texts),
    ) -> Result<Request, DraftError> {
        let adopted = kernel.policy(digest).ok_or_else(|| no_case(pen))?;
        self.opening_of(pen, &adopted.policy, texts)
    }

    /// As [`Cast::opening_under`], under a policy that the party has.
    ///
    /// # Errors
    /// [`DraftError`]: the parameters are not those of the policy.
    pub fn opening_of(&self, pen: Pen, policy: &Policy, texts: &Texts) -> Result<Request, DraftError> {
        let party = &self.parties[policy.layout().opened_by.as_str()];
        let deadline = pen.now.saturating_add_ms(EXPIRES_MS);
        let signing = pen.signing(party.lei);
        let draft = client::opening(&signing, policy, (texts, deadline), &mut pen.salts())?;
        Ok(submit(&draft, &party.keys.iter().collect::<Vec<_>>()))
    }

    /// Takes a step of a case with the keys of the role that the policy asks for; `view` knows closed ones.
    ///
    /// # Errors
    /// [`DraftError`]: nothing can be said of the case, or the texts are not those of the step.
    pub fn step(
        &self,
        pen: Pen,
        (kernel, view): (&Kernel, &dyn View),
        (case, step): (CaseId, &Name),
        word: &Said,
    ) -> Result<Request, DraftError> {
        self.step_of(pen, Found::new(kernel, view, case)?, step, word)
    }

    /// As [`Cast::step`], of a case that the party was told of.
    ///
    /// # Errors
    /// [`DraftError`].
    pub fn step_of(
        &self,
        pen: Pen,
        found: Found<'_>,
        step: &Name,
        word: &Said,
    ) -> Result<Request, DraftError> {
        let declared = found.step(step)?;
        let party = &self.parties[declared.by.as_str()];
        let evidence = declared.evidence.iter().map(|_| EvidenceDigest([3; 32])).collect();
        let word = match word {
            Said::Done(texts) => Word::Done { texts, evidence },
            Said::Refused(reason) => Word::Refused { reason: reason.clone() },
        };
        let draft = client::step(&pen.signing(party.lei), (found, step), word, &mut pen.salts())?;
        Ok(submit(&draft, &party.keys.iter().collect::<Vec<_>>()))
    }

    /// Takes a step back.
    ///
    /// # Errors
    /// [`DraftError`]: the case is not open, or the step does not stand.
    pub fn withdrawal(
        &self,
        pen: Pen,
        kernel: &Kernel,
        (case, step): (CaseId, &Name),
    ) -> Result<Request, DraftError> {
        let no_case = || DraftError::Case { case };
        let found = kernel.case(&case).ok_or_else(no_case)?;
        let policy = kernel.policy(&found.policy).ok_or_else(no_case)?;
        let declared = policy.policy.layout().step(step.as_str()).ok_or_else(no_case)?;
        let party = &self.parties[declared.by.as_str()];
        let taken =
            found.steps.get(step).ok_or_else(|| DraftError::NothingToWithdraw { step: step.clone() })?;
        let draft = client::withdrawal(&pen.signing(party.lei), (case, taken.leaf), "a mistake");
        Ok(submit(&draft, &party.keys.iter().collect::<Vec<_>>()))
    }
}

/// What a party says of a step.
#[derive(Debug, Clone)]
pub enum Said {
    /// It took it, with these claims.
    Done(Texts),
    /// It refuses it.
    Refused(String),
}

fn no_case(pen: Pen) -> DraftError {
    DraftError::Case { case: CaseId(pen.ledger.0) }
}

fn only_policy(kernel: &Kernel) -> Option<(PolicyDigest, Name)> {
    let (name, programme) = kernel.programmes().find(|(_, programme)| !programme.policies.is_empty())?;
    Some((programme.policies.values().next()?.0, name.clone()))
}

fn signed(draft: &Draft, keys: &[&CastKey]) -> lockstep_attest::Submission {
    sign(&draft.statement, draft.openings.clone(), keys).expect("keys of the cast sign what was drafted")
}

fn submit(draft: &Draft, keys: &[&CastKey]) -> Request {
    Request::Submit(Box::new(signed(draft, keys)))
}

/// Parameters of every case of the measures.
#[must_use]
pub fn bench_params() -> Texts {
    texts(&[("amount", "1000.00"), ("beneficiary", "0x52908400098527886E0F7030069857D2E4169EE7")])
}

/// Claims of every step of the measures.
#[must_use]
pub fn bench_claims() -> Texts {
    texts(&[
        ("amount", "1000.00"),
        ("at", "2026-11-21T06:00:00.000Z"),
        ("clear", "true"),
        ("note", "as agreed by telephone"),
        ("score", "700"),
    ])
}

/// Steps of the policy of the measures, in order.
pub const BENCH_STEPS: [&str; 6] = ["first", "second", "third", "fourth", "fifth", "sixth"];

/// Steps of the policy that is compared with workflows of others.
pub const FIVE_STEPS: usize = 5;

/// Steps of the long policy.
pub const LONG_STEPS: usize = 20;

/// The name of a step of these two, from 0.
#[must_use]
pub fn numbered_step(at: usize) -> String {
    format!("s{at}")
}

/// The policy of the measures, with another number of steps of the same kind.
fn numbered(steps: usize) -> Files {
    let (head, _) = BENCH.0.split_once("[step.").unwrap_or_default();
    let (mut layout, mut guards) = (head.to_owned(), String::new());
    for (at, role) in ["maker", "checker", "keeper"].into_iter().cycle().take(steps).enumerate() {
        let (name, before) = (numbered_step(at), at.checked_sub(1).map(numbered_step));
        let after = before.map(|before| format!("after = [\"{before}\"]\n")).unwrap_or_default();
        layout.push_str(&format!(
            "[step.{name}]\nby = \"{role}\"\ntitle = \"says word {at}\"\n{after}claim = {{ amount = \"money:USD\", \
             at = \"time\", clear = \"bool\", note = \"text\", score = \"int\" }}\n\n"
        ));
        guards.push_str(&format!(
            "@id(\"{name}-clear\")\npermit (principal in Role::\"{role}\", action == Action::\"{name}\", resource)\n\
             when {{ context.claim.clear && context.claim.amount == resource.amount }};\n\
             @id(\"{name}-score\")\nforbid (principal, action == Action::\"{name}\", resource)\n\
             when {{ context.claim.score < 0 || context.claim.score > 1000 }};\n"
        ));
    }
    let last = numbered_step(steps.saturating_sub(1));
    layout.push_str(&format!(
        "[outcome.mint]\nafter = [\"{last}\"]\ndomain = \"home\"\nline = \"mint\"\n\
         call = \"mint(address,uint256)\"\nargs = [\"param.beneficiary\", \"param.amount\"]\nexpires = \"30m\"\n"
    ));
    Files { guards, layout }
}
