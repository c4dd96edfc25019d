//! Scenarios: stories about a policy that must end as they say (`tests.toml`, `specs/scenarios.md`). This
//! module reads them; whoever has a kernel plays them.

mod raw;

use crate::Policy;
use crate::claim::{ClaimError, ClaimKind, ClaimValue, ListValue};
use crate::finding::{Finding, TESTS_FILE};
use crate::layout;
use crate::layout::typing::Reader;
use crate::model::{Layout, ListKind, Step};
use core::fmt;
use core::str::FromStr;
use lockstep_types::{DocumentDigest, Lei, Name, Time, sha256};
use raw::{RawAct, RawParty, RawScenario, RawTests, Text};
use std::collections::{BTreeMap, BTreeSet};

/// The `format` that this module reads.
const FORMAT: &str = "lockstep-tests/1";
/// Most scenarios in one file.
const SCENARIOS_MAX: usize = 256;
/// Most acts in one scenario.
const ACTS_MAX: usize = 256;

/// What `tests.toml` says, typed by the policy that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenarios {
    /// Ledger time at which every case opens.
    pub start: Time,
    /// The parties, in declared order.
    pub parties: Vec<ScenarioParty>,
    /// The lists that governance has adopted before the start.
    pub lists: BTreeMap<Name, ListValue>,
    /// The stories, in declared order.
    pub scenarios: Vec<Scenario>,
    /// SHA-256 of the file. It is no part of the policy's digest.
    pub digest: DocumentDigest,
}

/// One party of a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioParty {
    /// What the stories call it.
    pub name: Name,
    /// Its LEI.
    pub lei: Lei,
    /// The roles for which it has credentials.
    pub roles: Vec<Name>,
}

/// One story: a case is opened and things happen in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// Its name.
    pub name: Name,
    /// What it shows, for people.
    pub title: String,
    /// The party that opens the case at the start.
    pub opened_by: Name,
    /// All parameters of the case.
    pub params: BTreeMap<Name, ClaimValue>,
    /// What happens, in order of time.
    pub acts: Vec<Act>,
}

/// Something that happens in a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Milliseconds after the start.
    pub at_ms: u64,
    /// The party that does it.
    pub by: Name,
    /// What it does.
    pub what: What,
    /// What must come of it.
    pub expect: Expect,
}

/// What a party does in a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It takes a step, or refuses it.
    Step {
        /// The step.
        step: Name,
        /// All its claims, in declared order.
        claims: Vec<(Name, Said)>,
        /// How many persons sign; as many as the role asks for unless the story says otherwise.
        keys: u32,
        /// True when it refuses the step.
        refused: bool,
    },
    /// It attests a reading.
    Reading {
        /// The reading.
        reading: Name,
        /// Token units found, by domain.
        units: BTreeMap<Name, u128>,
    },
}

/// What a claim of a story says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// This value.
    Value(ClaimValue),
    /// The id of the ledger that the story is played on: the text `ledger` for a claim of type digest.
    Ledger,
}

/// What must come of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// It counts.
    Accepted,
    /// It counts, and the case is decided by it.
    Decided,
    /// It is refused with this code.
    Refused(Name),
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => f.write_str("accepted"),
            Self::Decided => f.write_str("decided"),
            Self::Refused(code) => write!(f, "refused:{code}"),
        }
    }
}

/// Why a text is no expectation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not an expectation: expected `accepted`, `decided` or `refused:CODE`")]
pub struct ExpectError {
    /// The text found, cut to 80 characters.
    pub found: String,
}

impl FromStr for Expect {
    type Err = ExpectError;
    fn from_str(text: &str) -> Result<Self, ExpectError> {
        let refused = || ExpectError { found: crate::claim::cut(text, 80) };
        match (text, text.strip_prefix("refused:")) {
            ("accepted", _) => Ok(Self::Accepted),
            ("decided", _) => Ok(Self::Decided),
            (_, Some(code)) => code.parse().map(Self::Refused).map_err(|_| refused()),
            _ => Err(refused()),
        }
    }
}

impl Scenarios {
    /// Reads the scenarios of a policy.
    ///
    /// # Errors
    /// All findings that could be made, sorted by place.
    pub fn from_file(policy: &Policy, tests: &[u8]) -> Result<Self, Vec<Finding>> {
        let source = layout::text(TESTS_FILE, tests)?;
        let (raw, places) = layout::parse::<RawTests>(source)?;
        let mut telling = Telling { layout: policy.layout(), reader: Reader::new(source, places) };
        let scenarios = telling.tests(raw, DocumentDigest(sha256(tests)));
        let mut findings = telling.reader.findings;
        findings.sort();
        match scenarios {
            Some(scenarios) if findings.is_empty() => Ok(scenarios),
            _ => Err(findings),
        }
    }
}

/// Types the stories by the layout they are about.
struct Telling<'a> {
    layout: &'a Layout,
    reader: Reader<'a>,
}

/// What every story starts from.
struct Given {
    parties: Vec<ScenarioParty>,
    params: BTreeMap<String, Text>,
    claims: BTreeMap<String, BTreeMap<String, Text>>,
}

impl Telling<'_> {
    fn tests(&mut self, raw: RawTests, digest: DocumentDigest) -> Option<Scenarios> {
        if raw.format != FORMAT {
            let text = format!(
                "`{}` is not a known format: expected `{FORMAT}`",
                crate::claim::cut(&raw.format, 40)
            );
            self.reader.fault("/format", "unknown-format", text);
        }
        if raw.scenario.0.len() > SCENARIOS_MAX {
            let text = format!("{} scenarios, at most {SCENARIOS_MAX} are read", raw.scenario.0.len());
            self.reader.fault("/scenario", "too-many", text);
        }
        let start = self.reader.parse("/start", "time", &raw.start);
        let parties = raw.party.0.into_iter().filter_map(|(name, party)| self.party(&name, party)).collect();
        let lists = self.lists(raw.list.0);
        for step in raw.claim.keys() {
            self.known_step(&format!("/claim/{step}"), step);
        }
        let given = Given { parties, params: raw.param, claims: raw.claim };
        let mut scenarios = Vec::new();
        for (name, story) in raw.scenario.0 {
            scenarios.extend(self.scenario(&name, story, &given));
        }
        Some(Scenarios { start: start?, parties: given.parties, lists, scenarios, digest })
    }

    fn party(&mut self, name: &str, raw: RawParty) -> Option<ScenarioParty> {
        let path = format!("/party/{name}");
        let lei = self.reader.parse(&format!("{path}/lei"), "lei", &raw.lei);
        let roles = self.reader.names(&format!("{path}/roles"), &raw.roles);
        for role in roles.iter().filter(|role| self.layout.role(role.as_str()).is_none()) {
            self.reader.fault(
                &format!("{path}/roles/{role}"),
                "unknown-role",
                format!("`{role}` is not a role"),
            );
        }
        Some(ScenarioParty { name: self.reader.parse(&path, "name", name)?, lei: lei?, roles })
    }

    fn lists(&mut self, raw: Vec<(String, raw::List)>) -> BTreeMap<Name, ListValue> {
        let mut lists = BTreeMap::new();
        for (name, value) in raw {
            let path = format!("/list/{name}");
            match (self.layout.list(&name).map(|list| (list.name.clone(), list.kind)), value) {
                (Some((name, ListKind::Digest)), raw::List::Digest(text)) => {
                    let digest = self.reader.parse(&path, "list", &text);
                    lists.extend(digest.map(|digest| (name, ListValue::Digest(digest))));
                }
                (Some((name, ListKind::Set)), raw::List::Set(texts)) => {
                    lists.insert(name, ListValue::Set(texts.into_iter().collect::<BTreeSet<String>>()));
                }
                (Some(_), _) => {
                    self.reader.fault(&path, "list", format!("list `{name}` is of the other kind"))
                }
                (None, _) => self.reader.fault(&path, "unknown-list", format!("`{name}` is not a list")),
            }
        }
        lists
    }

    fn scenario(&mut self, name: &str, raw: RawScenario, given: &Given) -> Option<Scenario> {
        let path = format!("/scenario/{name}");
        let title = self.reader.title(&format!("{path}/title"), raw.title);
        let opened_by = self.known_party(&format!("{path}/opened_by"), &raw.opened_by, given);
        let params = self.params(&path, raw.param, given);
        if raw.acts.len() > ACTS_MAX {
            self.reader.fault(
                &path,
                "too-many",
                format!("{} acts, at most {ACTS_MAX} are read", raw.acts.len()),
            );
        }
        let (mut acts, mut last) = (Vec::<Act>::new(), 0);
        for act in raw.acts {
            let at = act.span().start;
            let found = self.reader.findings.len();
            if let Some(act) = self.act(act.into_inner(), given) {
                if act.at_ms < last {
                    self.reader.fault(&path, "order", "an act that comes before the one above it");
                }
                last = act.at_ms;
                acts.push(act);
            }
            self.reader.move_findings(found, at);
        }
        Some(Scenario {
            name: self.reader.parse(&path, "name", name)?,
            title: title?,
            opened_by: opened_by?,
            params,
            acts,
        })
    }

    fn params(
        &mut self,
        path: &str,
        own: BTreeMap<String, Text>,
        given: &Given,
    ) -> BTreeMap<Name, ClaimValue> {
        let mut texts = given.params.clone();
        texts.extend(own);
        for name in texts.keys().filter(|name| self.layout.param(name.as_str()).is_none()) {
            self.reader.fault(path, "unknown-param", format!("`{name}` is not a parameter"));
        }
        let mut params = BTreeMap::new();
        for param in &self.layout.params {
            match texts.get(param.name.as_str()).map(|text| param.parse(text)) {
                Some(Ok(value)) => drop(params.insert(param.name.clone(), value)),
                Some(Err(error)) => self.reader.fault(path, "value", format!("`{}`: {error}", param.name)),
                None => self.reader.fault(path, "value", format!("parameter `{}` has no value", param.name)),
            }
        }
        params
    }

    fn act(&mut self, raw: RawAct, given: &Given) -> Option<Act> {
        let at_ms = match raw.at.as_str() {
            "0s" => Some(0),
            text => self.reader.duration("", text),
        };
        let by = self.known_party("", &raw.by, given);
        let expect = match raw.expect {
            Some(text) => self.reader.parse("", "expect", &text),
            None => Some(Expect::Accepted),
        };
        let what = match (raw.step, raw.reading) {
            (Some(step), None) if raw.units.is_empty() && (raw.claim.is_empty() || !raw.refuse) => {
                self.step(&step, (raw.claim, raw.refuse), given, raw.keys)
            }
            (None, Some(reading)) if raw.claim.is_empty() && raw.keys.is_none() && !raw.refuse => {
                self.reading(&reading, raw.units)
            }
            _ => {
                self.reader.fault(
                    "",
                    "act",
                    "an act is a `step` with `claim` or `refuse`, or a `reading` with `units`",
                );
                None
            }
        };
        Some(Act { at_ms: at_ms?, by: by?, what: what?, expect: expect? })
    }

    fn step(
        &mut self,
        name: &str,
        (own, refused): (BTreeMap<String, Text>, bool),
        given: &Given,
        keys: Option<i64>,
    ) -> Option<What> {
        let step = self.known_step("", name)?;
        let mut texts = given.claims.get(name).cloned().unwrap_or_default();
        texts.extend(own);
        for name in texts.keys().filter(|name| step.claim(name).is_none()) {
            self.reader.fault(
                "",
                "unknown-claim",
                format!("`{name}` is not a claim of step `{}`", step.name),
            );
        }
        let mut claims = Vec::new();
        for claim in step.claims.iter().filter(|_| !refused) {
            match texts.get(claim.name.as_str()).map(|text| said(claim.kind, text)) {
                Some(Ok(value)) => claims.push((claim.name.clone(), value)),
                Some(Err(error)) => self.reader.fault("", "value", format!("`{}`: {error}", claim.name)),
                None => self.reader.fault("", "value", format!("claim `{}` has no value", claim.name)),
            }
        }
        let needed = self.layout.role(step.by.as_str()).map_or(1, |role| role.keys);
        let keys = match keys {
            Some(keys) => self.reader.count("", keys, 1..=16)?,
            None => needed,
        };
        Some(What::Step { step: step.name.clone(), claims, keys, refused })
    }

    fn reading(&mut self, name: &str, raw: BTreeMap<String, Text>) -> Option<What> {
        let Some(reading) = self.layout.reading(name) else {
            self.reader.fault("", "unknown-reading", format!("`{name}` is not a reading"));
            return None;
        };
        let mut units = BTreeMap::new();
        for (domain, text) in raw {
            let number = text.parse::<u128>().ok().filter(|number| number.to_string() == text);
            match (reading.domains.iter().find(|name| name.as_str() == domain), number) {
                (Some(domain), Some(number)) => drop(units.insert(domain.clone(), number)),
                (Some(_), None) => {
                    self.reader.fault("", "value", format!("`{text}` is not a number of token units"))
                }
                (None, _) => {
                    self.reader.fault(
                        "",
                        "unknown-domain",
                        format!("`{domain}` is not a domain of `{name}`"),
                    );
                }
            }
        }
        Some(What::Reading { reading: reading.name.clone(), units })
    }

    fn known_step(&mut self, path: &str, name: &str) -> Option<Step> {
        let step = self.layout.step(name).cloned();
        if step.is_none() {
            self.reader.fault(path, "unknown-step", format!("`{name}` is not a step"));
        }
        step
    }

    fn known_party(&mut self, path: &str, name: &str, given: &Given) -> Option<Name> {
        let party = given.parties.iter().find(|party| party.name.as_str() == name);
        if party.is_none() {
            self.reader.fault(path, "unknown-party", format!("`{name}` is not a party of these scenarios"));
        }
        party.map(|party| party.name.clone())
    }
}

fn said(kind: ClaimKind, text: &str) -> Result<Said, ClaimError> {
    match (kind, text) {
        (ClaimKind::Digest, "ledger") => Ok(Said::Ledger),
        _ => kind.parse(text).map(Said::Value),
    }
}

#[cfg(test)]
mod tests;
