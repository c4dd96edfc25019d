//! The order of steps: what comes before, what may be taken next, when a case is decided.

use crate::model::{Domain, Hold, Layout, List, Outcome, Param, Reading, Role, Step};
use lockstep_types::Name;
use std::collections::BTreeSet;

macro_rules! lookups {
    ($($(#[$doc:meta])* $name:ident in $list:ident -> $kind:ident;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name(&self, name: &str) -> Option<&$kind> {
            self.$list.iter().find(|item| item.name.as_str() == name)
        }
    )*};
}

impl Layout {
    lookups! {
        /// The parameter of this name.
        param in params -> Param;
        /// The list of this name.
        list in lists -> List;
        /// The domain of this name.
        domain in domains -> Domain;
        /// The role of this name.
        role in roles -> Role;
        /// The step of this name.
        step in steps -> Step;
        /// The reading of this name.
        reading in readings -> Reading;
        /// The hold of this name.
        hold in holds -> Hold;
        /// The outcome of this name.
        outcome in outcomes -> Outcome;
    }

    /// The steps that `step` directly waits for, in the order of its `after`: the order of `prev`.
    #[must_use]
    pub fn predecessors(&self, step: &str) -> Vec<&Step> {
        let after = self.step(step).map(|step| step.after.as_slice()).unwrap_or_default();
        after.iter().filter_map(|name| self.step(name.as_str())).collect()
    }

    /// All steps that must be done before `step`, in declared order. Their claims are what its guards may
    /// read.
    #[must_use]
    pub fn ancestors(&self, step: &str) -> Vec<&Step> {
        let mut found: BTreeSet<&str> = BTreeSet::new();
        let mut next = self.predecessors(step);
        while let Some(before) = next.pop() {
            if found.insert(before.name.as_str()) {
                next.extend(self.predecessors(before.name.as_str()));
            }
        }
        self.steps.iter().filter(|step| found.contains(step.name.as_str())).collect()
    }

    /// All steps that wait for `step`, directly or not, in declared order: what falls when it is withdrawn.
    #[must_use]
    pub fn steps_after(&self, step: &str) -> Vec<&Step> {
        let waits =
            |later: &&Step| self.ancestors(later.name.as_str()).iter().any(|s| s.name.as_str() == step);
        self.steps.iter().filter(waits).collect()
    }

    /// How many steps stand one after another before `step`: 0 for one that waits for none.
    #[must_use]
    pub fn rank(&self, step: &Step) -> usize {
        let (mut rank, mut done) = (0, BTreeSet::new());
        loop {
            let ready: Vec<Name> = self.steps_ready(&done).iter().map(|ready| ready.name.clone()).collect();
            if ready.is_empty() || ready.contains(&step.name) {
                return rank;
            }
            done.extend(ready);
            rank = rank.saturating_add(1);
        }
    }

    /// The steps that may be taken when those of `done` are, in declared order.
    #[must_use]
    pub fn steps_ready(&self, done: &BTreeSet<Name>) -> Vec<&Step> {
        let ready =
            |step: &&Step| !done.contains(&step.name) && step.after.iter().all(|name| done.contains(name));
        self.steps.iter().filter(ready).collect()
    }

    /// True when every step is done: since every step of a checked layout leads to an outcome, all outcomes
    /// that wait for steps are unlocked then and not all before.
    #[must_use]
    pub fn is_decided(&self, is_done: impl Fn(&Name) -> bool) -> bool {
        self.steps.iter().all(|step| is_done(&step.name))
    }

    /// The holds that the acceptance of `step` takes, in declared order.
    #[must_use]
    pub fn holds_at(&self, step: &str) -> Vec<&Hold> {
        self.holds.iter().filter(|hold| hold.at.as_str() == step).collect()
    }

    /// The roles that a party acting as `role` must not act in within the same case: `distinct_from`, read
    /// both ways, in declared order.
    #[must_use]
    pub fn rivals(&self, role: &str) -> Vec<&Role> {
        let names = |role: &Role, other: &str| role.distinct_from.iter().any(|name| name.as_str() == other);
        let own = self.role(role);
        let rival =
            |other: &&Role| names(other, role) || own.is_some_and(|own| names(own, other.name.as_str()));
        self.roles.iter().filter(rival).collect()
    }
}

#[cfg(test)]
mod tests;
