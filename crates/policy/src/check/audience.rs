//! Audiences: does each name what exists, once, and nothing less than what no pack can withhold?

use super::{Check, list};
use crate::audience::{Audience, Grant, View};
use lockstep_types::Name;
use std::collections::BTreeSet;

impl Check<'_> {
    pub(super) fn audiences(&mut self) {
        let layout = self.layout;
        for granted in &layout.audiences {
            let path = format!("/audience/{}", granted.audience);
            for grant in &granted.grants {
                self.grant_exists(&format!("{path}/{}", grant.text()), grant);
            }
            self.granted_once(&path, granted.audience, &granted.grants);
        }
        self.shown_anyway();
    }

    fn grant_exists(&mut self, path: &str, grant: &Grant) {
        match grant {
            Grant::All | Grant::Params => {}
            Grant::Param(name) => self.known_param(path, name),
            Grant::Step(step) => {
                self.known_step(path, step);
            }
            Grant::Part(step, name) => {
                if self.known_step(path, step) {
                    self.part_exists(path, step, name);
                }
            }
        }
    }

    fn part_exists(&mut self, path: &str, step: &Name, name: &Name) {
        let Some(step) = self.layout.step(step.as_str()) else { return };
        let (claim, slot) = (step.claim(name.as_str()).is_some(), step.evidence.contains(name));
        if claim && slot {
            let text = format!(
                "`{name}` is a claim and a document of step `{}`: no entry tells them apart",
                step.name
            );
            self.fault(path, "ambiguous", text);
            self.hint("give one of them another name");
        } else if !claim && !slot {
            let slots: Vec<String> = step.evidence.iter().map(|slot| format!(", `{slot}`")).collect();
            let claims = list(&step.claims);
            let text = format!(
                "`{name}` is no claim or document of step `{}`: {claims}{}",
                step.name,
                slots.concat()
            );
            self.fault(path, "unknown-claim", text);
        }
    }

    /// What is granted already, by another entry of the list or to the public, says nothing here.
    fn granted_once(&mut self, path: &str, audience: Audience, grants: &[Grant]) {
        let all = View::of(grants);
        let public = self.layout.view(Audience::Public).filter(|_| audience != Audience::Public);
        let mut seen = BTreeSet::new();
        for grant in grants {
            let (text, path) = (grant.text(), format!("{path}/{}", grant.text()));
            if !seen.insert(grant) {
                self.fault(&path, "duplicate", format!("`{text}` is named twice"));
            } else if all.shows_more(grant) {
                self.fault(&path, "duplicate", format!("`{text}` is in another entry of the list already"));
            } else if public.as_ref().is_some_and(|public| public.shows(grant)) {
                let text = format!("`{text}` is in `public`: what the public sees every audience sees");
                self.fault(&path, "duplicate", text);
            }
        }
    }

    /// Records and outcomes carry some values in every pack. A policy that has audiences says so. Which ones
    /// is known of a layout whose parts fit together.
    fn shown_anyway(&mut self) {
        let layout = self.layout;
        if layout.audiences.is_empty() || !self.findings.is_empty() {
            return;
        }
        let public = layout.view(Audience::Public).unwrap_or_else(|| View::of([]));
        for (grant, place) in layout.shown_anyway() {
            if !public.shows(&grant) {
                let text = format!("every pack shows `{}`: {place} carries it in a record", grant.text());
                self.fault("/audience/public", "shown-anyway", text);
                self.hint("name it in `public`: nobody can withhold it");
            }
        }
    }
}

#[cfg(test)]
mod tests;
