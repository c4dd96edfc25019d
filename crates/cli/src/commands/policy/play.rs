//! Plays one story on a real kernel: a ledger in memory, throw-away keys, the story's own clock.

use crate::key::file::draw;
use crate::os;
use crate::words::PolicyFiles;
use anyhow::{Context, Result};
use lockstep_attest::sign::{Sign, sign};
use lockstep_attest::{Credential, CredentialKey, Reading, Statement};
use lockstep_crypto::suite::{Message, PublicKey, Suite};
use lockstep_crypto::{SecretError, SecretKey};
use lockstep_kernel::body::Administrator;
use lockstep_kernel::governance::{Files, Issuer, NewList};
use lockstep_kernel::state::StoredList;
use lockstep_kernel::{Action, Genesis, Kernel, Proposing, Request, Rules};
use lockstep_ledger::Member;
use lockstep_node::client::{self, Draft, Found, Signing, Texts, Word};
use lockstep_node::port::TilesInMemory;
use lockstep_node::{Answer, Appender};
use lockstep_policy::{Act, Expect, ListValue, Policy, Said, Scenario, ScenarioParty, Scenarios, What};
use lockstep_store::Memory;
use lockstep_types::{CaseId, Digest, EvidenceDigest, LedgerId, Lei, Name, Salt, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How long what is signed in a story is valid, and how long before the story credentials begin.
const HOUR_MS: u64 = 3_600_000;
const YEAR_MS: u64 = 366 * 24 * HOUR_MS;
/// The institution that administers, co-signs and gives credentials in every story.
const STAGE: &str = "LOCKSTEPSTORIES000";

/// A key that is thrown away after the story.
struct Prop(SecretKey);

impl Prop {
    fn new(suite: Suite) -> Result<Self> {
        Ok(Self(SecretKey::from_bytes(suite, &*draw(suite)?)?))
    }
}

impl Sign for Prop {
    type Error = SecretError;
    fn public(&self) -> &PublicKey {
        self.0.public()
    }
    fn sign(&self, message: Message<'_>) -> Result<Vec<u8>, SecretError> {
        self.0.sign(message)
    }
}

/// The ledger of one story.
struct Stage<'a> {
    appender: Appender<Prop>,
    policy: Policy,
    scenarios: &'a Scenarios,
    keys: BTreeMap<Name, Vec<Prop>>,
    stage: Lei,
    prop: Prop,
}

/// What came of something.
enum Came {
    Accepted,
    Decided,
    Refused(String, String),
}

/// Plays a story; what went otherwise than it says.
pub fn play(files: &PolicyFiles, scenarios: &Scenarios, scenario: &Scenario) -> Result<Option<String>> {
    let mut stage = Stage::set(files, scenarios, scenario)?;
    let case = match stage.open(scenario)? {
        Ok(case) => case,
        Err(wrong) => return Ok(Some(format!("the case is not opened: {wrong}"))),
    };
    for (number, act) in (1..).zip(&scenario.acts) {
        let came = stage.act(case, act)?;
        let as_told = match (&act.expect, &came) {
            (Expect::Accepted, Came::Accepted) | (Expect::Decided, Came::Decided) => true,
            (Expect::Refused(code), Came::Refused(found, _)) => code.as_str() == found,
            _ => false,
        };
        if !as_told {
            let found = match came {
                Came::Accepted => "accepted".to_owned(),
                Came::Decided => "decided".to_owned(),
                Came::Refused(code, text) => format!("refused:{code} ({text})"),
            };
            return Ok(Some(format!("act {number} by `{}`: expected {}, found {found}", act.by, act.expect)));
        }
    }
    Ok(None)
}

impl<'a> Stage<'a> {
    /// Genesis, issuer, credentials, lists and the policy, all at the story's start.
    fn set(files: &PolicyFiles, scenarios: &'a Scenarios, scenario: &Scenario) -> Result<Self> {
        let policy = Policy::from_files(&files.layout, &files.guards);
        let policy = policy.map_err(|findings| anyhow::anyhow!("{} findings", findings.len()))?;
        let (stage, prop) = (Lei::with_check_digits(STAGE)?, Prop::new(Suite::Ed25519)?);
        let appender = Appender::open(
            Arc::new(Memory::new()),
            Arc::new(TilesInMemory::default()),
            Prop::new(Suite::Ed25519)?,
            Box::new(os::seed),
        )?;
        let mut keys = BTreeMap::new();
        for party in &scenarios.parties {
            let count = keys_of(party, scenario, &policy);
            let made: Result<Vec<Prop>> = (0..count).map(|_| Prop::new(Suite::Ed25519)).collect();
            keys.insert(party.name.clone(), made?);
        }
        let mut stage = Self { appender, policy, scenarios, keys, stage, prop };
        stage.genesis()?;
        stage.govern(files)?;
        for party in &scenarios.parties {
            stage.credentials(party)?;
        }
        Ok(stage)
    }

    fn kernel(&self) -> &Kernel {
        self.appender.replica().kernel()
    }

    fn genesis(&mut self) -> Result<()> {
        let (receipts, log) = (Prop::new(Suite::Ed25519)?, Prop::new(Suite::Ed25519)?);
        let cosigner = Prop::new(Suite::Eip712)?;
        let genesis = Genesis {
            administrator_threshold: 1,
            administrators: vec![Administrator {
                keys: vec![CredentialKey { key: self.prop.public().clone(), person: None }],
                lei: self.stage,
            }],
            appender: receipts.public().clone(),
            cosigner_threshold: 1,
            cosigners: vec![Member {
                address: cosigner.public().address().unwrap_or_default(),
                lei: self.stage,
                name: "stage".parse()?,
            }],
            log: log.public().clone(),
            name: "stories".parse()?,
            nonce: Salt(os::random32()?),
            notice_ms: 0,
            rules: Rules::NEWEST.version(),
        };
        self.must(Request::Genesis(Box::new(genesis)), self.scenarios.start)
    }

    fn govern(&mut self, files: &PolicyFiles) -> Result<()> {
        let kinds: BTreeSet<Name> =
            self.policy.layout().roles.iter().map(|role| role.credential.clone()).collect();
        let key = CredentialKey { key: self.prop.public().clone(), person: None };
        self.propose(Action::NameIssuer(Issuer { keys: vec![key], kinds, lei: self.stage }))?;
        let programme = self.policy.layout().programme.clone();
        for (list, value) in self.scenarios.lists.clone() {
            let value = match value {
                ListValue::Digest(digest) => StoredList::Digest(digest),
                ListValue::Set(set) => StoredList::Set(set),
            };
            self.propose(Action::SetList(NewList { list, programme: programme.clone(), value }))?;
        }
        let guards = String::from_utf8(files.guards.clone())?;
        self.propose(Action::Adopt(Files { guards, layout: String::from_utf8(files.layout.clone())? }))
    }

    fn propose(&mut self, action: Action) -> Result<()> {
        let now = self.scenarios.start;
        let signing = self.signing(self.stage, now)?;
        let draft = client::proposal(&signing, &action, now.saturating_add_ms(HOUR_MS), &mut os::seed);
        let submission = sign(&draft.statement, draft.openings, &[&self.prop])?;
        self.must(Request::Propose(Box::new(Proposing { action, submission })), now)
    }

    /// One credential for each kind that the party's roles ask for; every key another person's.
    fn credentials(&mut self, party: &ScenarioParty) -> Result<()> {
        let now = self.scenarios.start;
        let signing = self.signing(self.stage, now)?;
        let mut keys = Vec::new();
        for prop in self.keys.get(&party.name).into_iter().flatten() {
            keys.push(CredentialKey { key: prop.public().clone(), person: Some(Digest(os::random32()?)) });
        }
        keys.sort_by_key(|key| key.key.id());
        let layout = self.policy.layout();
        let roles = party.roles.iter().filter_map(|role| layout.role(role.as_str()));
        let kinds: BTreeSet<Name> = roles.map(|role| role.credential.clone()).collect();
        for kind in kinds {
            let statement = Statement::Credential(Credential {
                expires: signing.expires,
                issued: signing.issued,
                keys: keys.clone(),
                kind,
                ledger: signing.ledger,
                party: self.stage,
                seen: None,
                subject: party.lei,
                valid_from: now.saturating_sub_ms(YEAR_MS),
                valid_until: now.saturating_add_ms(YEAR_MS),
            });
            let submission = sign(&statement, Vec::new(), &[&self.prop])?;
            self.must(Request::Submit(Box::new(submission)), now)?;
        }
        Ok(())
    }

    fn signing(&self, party: Lei, now: Time) -> Result<Signing> {
        let ledger: LedgerId = self.appender.head().0.context("the story's ledger did not begin")?;
        Ok(Signing { ledger, party, issued: now, expires: now.saturating_add_ms(HOUR_MS), seen: None })
    }

    fn party(&self, name: &Name) -> Result<&'a ScenarioParty> {
        let found = self.scenarios.parties.iter().find(|party| party.name == *name);
        found.with_context(|| format!("`{name}` is no party of these stories"))
    }

    fn open(&mut self, scenario: &Scenario) -> Result<Result<CaseId, String>> {
        let (now, party) = (self.scenarios.start, self.party(&scenario.opened_by)?);
        let texts: Texts =
            scenario.params.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let deadline = now.saturating_add_ms(self.policy.layout().lasts_ms);
        let draft =
            client::opening(&self.signing(party.lei, now)?, &self.policy, (&texts, deadline), &mut os::seed)?;
        let role = self.policy.layout().role(self.policy.layout().opened_by.as_str());
        let needed = role.map_or(1, |role| role.keys);
        match self.hand_in(party, draft, needed, now)? {
            Came::Refused(code, text) => Ok(Err(format!("refused:{code} ({text})"))),
            Came::Accepted | Came::Decided => {
                let id = self.kernel().cases().next().map(|(id, _)| *id);
                Ok(Ok(id.context("the case was opened and is not there")?))
            }
        }
    }

    fn act(&mut self, case: CaseId, act: &Act) -> Result<Came> {
        let now = self.scenarios.start.saturating_add_ms(act.at_ms);
        let party = self.party(&act.by)?;
        match &act.what {
            What::Step { step, claims, keys, refused } => {
                let ledger = self.signing(party.lei, now)?.ledger;
                let text = |said: &Said| match said {
                    Said::Value(value) => value.to_string(),
                    Said::Ledger => ledger.to_string(),
                };
                let texts: Texts = claims.iter().map(|(name, said)| (name.to_string(), text(said))).collect();
                let slots = self.policy.layout().step(step.as_str()).map_or(0, |step| step.evidence.len());
                let evidence =
                    (0..slots).map(|_| os::random32().map(EvidenceDigest)).collect::<Result<Vec<_>>>()?;
                let word = match refused {
                    true => Word::Refused { reason: "as the story tells".to_owned() },
                    false => Word::Done { texts: &texts, evidence },
                };
                let signing = self.signing(party.lei, now)?;
                let draft = Found::new(self.kernel(), &(), case)
                    .and_then(|found| client::step(&signing, (found, step), word, &mut os::seed));
                match draft {
                    Ok(draft) => self.hand_in(party, draft, *keys, now),
                    Err(error) => Ok(Came::Refused("case_closed".to_owned(), error.to_string())),
                }
            }
            What::Reading { units, .. } => {
                let mut came = Came::Accepted;
                for (domain, units) in units {
                    let draft = self.reading((party.lei, domain), *units, now)?;
                    came = self.hand_in(party, draft, 1, now)?;
                    if matches!(came, Came::Refused(..)) {
                        break;
                    }
                }
                Ok(came)
            }
        }
    }

    /// Units that stood unchanged for a year up to the act.
    fn reading(&self, (party, domain): (Lei, &Name), units: u128, now: Time) -> Result<Draft> {
        let signing = self.signing(party, now)?;
        let statement = Statement::Reading(Reading {
            block: 1,
            block_hash: Digest(os::random32()?),
            block_time: self.scenarios.start.saturating_sub_ms(YEAR_MS),
            consumed: Vec::new(),
            domain: domain.clone(),
            expires: signing.expires,
            issued: signing.issued,
            ledger: signing.ledger,
            next_block_time: now,
            party,
            paused_until: None,
            programme: self.policy.layout().programme.clone(),
            seen: None,
            supply: units.to_string(),
        });
        Ok(Draft { statement, openings: Vec::new() })
    }

    fn hand_in(&mut self, party: &ScenarioParty, draft: Draft, keys: u32, now: Time) -> Result<Came> {
        let count = usize::try_from(keys).unwrap_or(usize::MAX);
        let props: Vec<&Prop> = self.keys.get(&party.name).into_iter().flatten().take(count).collect();
        let submission = sign(&draft.statement, draft.openings, &props)?;
        self.ask(Request::Submit(Box::new(submission)), now)
    }

    fn must(&mut self, request: Request, now: Time) -> Result<()> {
        match self.ask(request, now)? {
            Came::Refused(code, text) => anyhow::bail!("the stage cannot be set: refused:{code} ({text})"),
            Came::Accepted | Came::Decided => Ok(()),
        }
    }

    fn ask(&mut self, request: Request, now: Time) -> Result<Came> {
        let answer = self.appender.submit(vec![request], now)?.pop().context("no answer")?;
        let refused =
            |refusal: &lockstep_kernel::Refusal| Came::Refused(refusal.code().as_text(), refusal.to_string());
        Ok(match answer {
            Answer::Malformed(error) => Came::Refused("malformed".to_owned(), error.to_string()),
            Answer::Refused(refusal) => refused(&refusal),
            Answer::OnRecord(accepted) => match &accepted.refused {
                Some(refusal) => refused(refusal),
                None if accepted.records.iter().any(|r| crate::records::kind(r) == "decided") => {
                    Came::Decided
                }
                None => Came::Accepted,
            },
        })
    }
}

/// As many keys as any role of the party asks for, and as any act of it is signed with.
fn keys_of(party: &ScenarioParty, scenario: &Scenario, policy: &Policy) -> u32 {
    let roles =
        party.roles.iter().filter_map(|role| policy.layout().role(role.as_str())).map(|role| role.keys);
    let acts = scenario.acts.iter().filter(|act| act.by == party.name).filter_map(|act| match act.what {
        What::Step { keys, .. } => Some(keys),
        What::Reading { .. } => None,
    });
    roles.chain(acts).max().unwrap_or(1).max(1)
}
