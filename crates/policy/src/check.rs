//! Static checks of a layout whose values are typed (`specs/policy.md` §4): do its parts fit together, and
//! can the process that it describes come to its end?

mod audience;
mod flow;
mod unlock;
mod value;

use crate::finding::{Finding, Source};
use crate::layout::ReadLayout;
use crate::layout::places::Places;
use crate::model::Layout;
use lockstep_types::Name;
use lockstep_types::limits::{CLAIMS_MAX, EVIDENCE_MAX, PREV_MAX, STEPS_MAX};
use std::collections::BTreeSet;

/// Most entries of every table of a layout that has no limit of its own.
const ENTRIES_MAX: usize = 32;
/// Words that Cedar keeps for itself: no parameter, claim, step or list may have such a name.
const CEDAR_WORDS: [&str; 8] = ["else", "false", "has", "if", "in", "is", "like", "then"];

/// All findings about a layout, in no order.
pub(crate) fn check(read: &ReadLayout, source: Source<'_>) -> Vec<Finding> {
    let mut check = Check { layout: &read.layout, places: &read.places, source, findings: Vec::new() };
    check.sizes();
    check.words();
    check.duplicates();
    check.roles();
    check.steps();
    check.readings();
    check.holds();
    check.outcomes();
    check.order();
    check.audiences();
    check.findings
}

/// Collects findings about one layout.
struct Check<'a> {
    layout: &'a Layout,
    places: &'a Places,
    source: Source<'a>,
    findings: Vec<Finding>,
}

impl Check<'_> {
    fn fault(&mut self, path: &str, code: &'static str, text: impl Into<String>) {
        self.findings.push(self.source.finding(self.places.offset(path), code, text));
    }

    fn hint(&mut self, hint: &str) {
        if let Some(last) = self.findings.pop() {
            self.findings.push(last.hint(hint));
        }
    }

    fn sizes(&mut self) {
        let layout = self.layout;
        let tables = [
            ("/param", layout.params.len(), ENTRIES_MAX),
            ("/list", layout.lists.len(), ENTRIES_MAX),
            ("/domain", layout.domains.len(), ENTRIES_MAX),
            ("/role", layout.roles.len(), ENTRIES_MAX),
            ("/step", layout.steps.len(), STEPS_MAX),
            ("/reading", layout.readings.len(), ENTRIES_MAX),
            ("/hold", layout.holds.len(), ENTRIES_MAX),
            ("/outcome", layout.outcomes.len(), ENTRIES_MAX),
        ];
        for (path, found, max) in tables {
            self.at_most(path, found, max);
        }
        if layout.steps.is_empty() || layout.outcomes_decided().next().is_none() {
            self.fault("/step", "no-end", "a process needs a step, and an outcome that decides it");
        }
        for step in &layout.steps {
            let path = format!("/step/{}", step.name);
            self.at_most(&format!("{path}/claim"), step.claims.len(), CLAIMS_MAX);
            self.at_most(&format!("{path}/evidence"), step.evidence.len(), EVIDENCE_MAX);
            self.at_most(&format!("{path}/after"), step.after.len(), PREV_MAX);
        }
    }

    fn at_most(&mut self, path: &str, found: usize, max: usize) {
        if found > max {
            self.fault(path, "too-many", format!("{found} entries, at most {max} are read"));
        }
    }

    /// What guards and formulas name must be a word there: `reserve.balance` reads as step and claim.
    fn words(&mut self) {
        let layout = self.layout;
        let params = layout.params.iter().map(|param| ("/param".to_owned(), &param.name));
        let lists = layout.lists.iter().map(|list| ("/list".to_owned(), &list.name));
        let steps = layout.steps.iter().map(|step| ("/step".to_owned(), &step.name));
        let readings = layout.readings.iter().map(|reading| ("/reading".to_owned(), &reading.name));
        let claims = layout.steps.iter().flat_map(|step| {
            step.claims.iter().map(move |claim| (format!("/step/{}/claim", step.name), &claim.name))
        });
        for (table, name) in params.chain(lists).chain(steps).chain(readings).chain(claims) {
            let text = name.as_str();
            let word = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            if !word || text == "true" || CEDAR_WORDS.contains(&text) {
                let text =
                    format!("`{name}` cannot stand in a guard: expected a word of letters, digits and `_`");
                self.fault(&format!("{table}/{name}"), "not-a-word", text);
            }
        }
    }

    fn duplicates(&mut self) {
        let layout = self.layout;
        for role in &layout.roles {
            self.once(&format!("/role/{}/distinct_from", role.name), &role.distinct_from);
        }
        for step in &layout.steps {
            let path = format!("/step/{}", step.name);
            self.once(&format!("{path}/after"), &step.after);
            self.once(&format!("{path}/evidence"), &step.evidence);
            if let Some(single) = &step.single_use {
                self.once(&format!("{path}/single_use"), &single.claims);
            }
        }
        for reading in &layout.readings {
            self.once(&format!("/reading/{}/domains", reading.name), &reading.domains);
        }
        for outcome in &layout.outcomes {
            self.once(&format!("/outcome/{}/after", outcome.name), &outcome.after);
        }
    }

    fn once(&mut self, path: &str, names: &[Name]) {
        let mut seen = BTreeSet::new();
        for name in names {
            if !seen.insert(name) {
                self.fault(&format!("{path}/{name}"), "duplicate", format!("`{name}` is named twice"));
            }
        }
    }

    fn roles(&mut self) {
        let layout = self.layout;
        self.known_role("/opened_by", &layout.opened_by);
        for role in &layout.roles {
            let path = format!("/role/{}/distinct_from", role.name);
            for other in &role.distinct_from {
                self.known_role(&format!("{path}/{other}"), other);
                if *other == role.name {
                    let text = format!("role `{other}` is distinct from itself: nobody can hold it");
                    self.fault(&format!("{path}/{other}"), "contradictory-role", text);
                }
            }
            let used = layout.opened_by == role.name
                || layout.steps.iter().any(|step| step.by == role.name)
                || layout.readings.iter().any(|reading| reading.by == role.name);
            if !used {
                let text = format!("role `{}` opens nothing, takes no step and reads nothing", role.name);
                self.fault(&format!("/role/{}", role.name), "unused-role", text);
            }
        }
    }

    fn known_role(&mut self, path: &str, name: &Name) {
        if self.layout.role(name.as_str()).is_none() {
            self.fault(path, "unknown-role", format!("`{name}` is not a role: {}", list(&self.layout.roles)));
        }
    }

    fn known_domain(&mut self, path: &str, name: &Name) {
        if self.layout.domain(name.as_str()).is_none() {
            let text = format!("`{name}` is not a domain: {}", list(&self.layout.domains));
            self.fault(path, "unknown-domain", text);
        }
    }

    fn known_step(&mut self, path: &str, name: &Name) -> bool {
        let known = self.layout.step(name.as_str()).is_some();
        if !known {
            self.fault(path, "unknown-step", format!("`{name}` is not a step: {}", list(&self.layout.steps)));
        }
        known
    }
}

/// The names that would have been right, for the text of a finding.
fn list<T: Named>(items: &[T]) -> String {
    match items {
        [] => "there is none".to_owned(),
        _ => {
            let names: Vec<String> = items.iter().map(|item| format!("`{}`", item.name())).collect();
            format!("expected {}", names.join(", "))
        }
    }
}

/// An entry of a table.
trait Named {
    fn name(&self) -> &Name;
}

macro_rules! named {
    ($($kind:ident),*) => {$(
        impl Named for crate::model::$kind {
            fn name(&self) -> &Name {
                &self.name
            }
        }
    )*};
}
named!(ClaimDecl, Domain, Param, Reading, Role, Step);

#[cfg(test)]
pub(crate) mod tests;
