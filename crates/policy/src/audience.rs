//! Readers of packs, and what of a case each may see (`specs/policy.md` §9).

use crate::model::{Arg, Layout, Outcome, Step};
use core::fmt;
use core::str::FromStr;
use lockstep_types::Name;
use std::collections::BTreeSet;

/// A kind of reader. What the policy grants the public everybody sees; the other three are not ordered: an
/// auditor need not know what a counterparty knows, nor the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// Anybody.
    Public,
    /// The other side of the business.
    Counterparty,
    /// Who examines the books.
    Auditor,
    /// Who watches over the institutions.
    Supervisor,
}

/// One entry of an audience.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grant {
    /// `*`: everything.
    All,
    /// `param.*`: every parameter.
    Params,
    /// `param.P`: one parameter.
    Param(Name),
    /// `STEP.*`: every claim and document of a step, and the reason of whoever refused it or took it back.
    Step(Name),
    /// `STEP.NAME`: one claim of a step, or the document in one of its slots.
    Part(Name, Name),
}

/// What the file names for one audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// Who.
    pub audience: Audience,
    /// What, in the order of the file.
    pub grants: Vec<Grant>,
}

/// All that one audience may see. What is not named is not shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    grants: BTreeSet<Grant>,
}

impl Audience {
    /// All of them, the public first.
    pub const ALL: [Self; 4] = [Self::Public, Self::Counterparty, Self::Auditor, Self::Supervisor];

    /// The name in files and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Counterparty => "counterparty",
            Self::Auditor => "auditor",
            Self::Supervisor => "supervisor",
        }
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no audience.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not an audience: expected `public`, `counterparty`, `auditor`, `supervisor`")]
pub struct AudienceError {
    /// What was found, cut short.
    pub found: String,
}

impl FromStr for Audience {
    type Err = AudienceError;

    fn from_str(text: &str) -> Result<Self, AudienceError> {
        let named = Self::ALL.into_iter().find(|audience| audience.as_str() == text);
        named.ok_or_else(|| AudienceError { found: crate::claim::cut(text, 40) })
    }
}

impl Grant {
    /// The entry of a file; nothing for any other text. What it names need not exist.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::All);
        }
        Some(match text.split_once('.')? {
            ("param", "*") => Self::Params,
            ("param", name) => Self::Param(name.parse().ok()?),
            (step, "*") => Self::Step(step.parse().ok()?),
            (step, name) => Self::Part(step.parse().ok()?, name.parse().ok()?),
        })
    }

    /// The entry as the file writes it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::All => "*".to_owned(),
            Self::Params => "param.*".to_owned(),
            Self::Param(name) => format!("param.{name}"),
            Self::Step(step) => format!("{step}.*"),
            Self::Part(step, name) => format!("{step}.{name}"),
        }
    }

    /// The entry that grants this one and more, short of everything.
    fn wider(&self) -> Option<Self> {
        match self {
            Self::Param(_) => Some(Self::Params),
            Self::Part(step, _) => Some(Self::Step(step.clone())),
            Self::All | Self::Params | Self::Step(_) => None,
        }
    }
}

impl View {
    pub(crate) fn of<'a>(grants: impl IntoIterator<Item = &'a Grant>) -> Self {
        Self { grants: grants.into_iter().cloned().collect() }
    }

    /// True when the audience sees a parameter of the case.
    #[must_use]
    pub fn shows_param(&self, name: &str) -> bool {
        self.shows(&Grant::Params) || name.parse().is_ok_and(|name| self.shows(&Grant::Param(name)))
    }

    /// True when the audience sees a claim of a step, or the document in a slot of it.
    #[must_use]
    pub fn shows_part(&self, step: &Name, name: &str) -> bool {
        let part = |name| self.shows(&Grant::Part(step.clone(), name));
        self.shows_step(step) || name.parse().is_ok_and(part)
    }

    /// True when the audience sees all that a step says, reasons included.
    #[must_use]
    pub fn shows_step(&self, step: &Name) -> bool {
        self.shows(&Grant::Step(step.clone()))
    }

    /// True when the entry, or one that grants more, is among the audience's.
    pub(crate) fn shows(&self, grant: &Grant) -> bool {
        self.grants.contains(grant) || self.shows_more(grant)
    }

    /// True when an entry that grants more than this one is among the audience's.
    pub(crate) fn shows_more(&self, grant: &Grant) -> bool {
        let wider = grant.wider().is_some_and(|wider| self.grants.contains(&wider));
        wider || *grant != Grant::All && self.grants.contains(&Grant::All)
    }
}

impl Layout {
    /// What an audience may see: what it is granted, and what the public is. Nothing when the policy does not
    /// name the audience.
    #[must_use]
    pub fn view(&self, audience: Audience) -> Option<View> {
        let own = self.audiences.iter().find(|granted| granted.audience == audience)?;
        let public = self.audiences.iter().filter(|granted| granted.audience == Audience::Public);
        Some(View::of(public.chain([own]).flat_map(|granted| &granted.grants)))
    }

    /// What no pack can withhold, with the place that shows it: values that records and outcomes carry.
    pub(crate) fn shown_anyway(&self) -> Vec<(Grant, String)> {
        let mut shown = Vec::new();
        for outcome in &self.outcomes {
            shown.extend(arguments(outcome).map(|grant| (grant, format!("outcome `{}`", outcome.name))));
        }
        for hold in &self.holds {
            shown.push((Grant::Param(hold.amount.clone()), format!("hold `{}`", hold.name)));
            for term in [&hold.reserve].into_iter().chain(&hold.credits) {
                let place = format!("hold `{}`", hold.name);
                shown.push((Grant::Part(term.step.clone(), term.claim.clone()), place.clone()));
                let dated = self.step(term.step.as_str()).and_then(|step| dated(step, *term == hold.reserve));
                shown.extend(dated.map(|claim| (Grant::Part(term.step.clone(), claim.clone()), place)));
            }
        }
        for step in &self.steps {
            for claim in step.pays.iter().chain(step.pays.as_ref().and(step.booked.as_ref())) {
                let place = format!("the payout of step `{}`", step.name);
                shown.push((Grant::Part(step.name.clone(), claim.clone()), place));
            }
        }
        let mut seen = BTreeSet::new();
        shown.retain(|(grant, _)| seen.insert(grant.clone()));
        shown
    }
}

/// Parameters and claims that a call carries.
fn arguments(outcome: &Outcome) -> impl Iterator<Item = Grant> + '_ {
    outcome.call.args.iter().filter_map(|arg| match arg {
        Arg::Param(name) => Some(Grant::Param(name.clone())),
        Arg::Claim(claim) => Some(Grant::Part(claim.step.clone(), claim.claim.clone())),
        Arg::Case | Arg::Token => None,
    })
}

/// The claim by which a balance or a credit has its time.
fn dated(step: &Step, balance: bool) -> Option<&Name> {
    match balance {
        true => step.fresh.as_ref().map(|fresh| &fresh.claim),
        false => step.booked.as_ref(),
    }
}

#[cfg(test)]
mod tests;
