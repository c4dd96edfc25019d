//! The order of steps: does it begin, does it end, and does every step lead to an outcome?

use super::Check;
use lockstep_types::Name;
use std::collections::BTreeSet;

impl Check<'_> {
    pub(super) fn order(&mut self) {
        let layout = self.layout;
        let reachable = self.reachable();
        for step in layout.steps.iter().filter(|step| !reachable.contains(&step.name)) {
            let path = format!("/step/{}", step.name);
            if step.after.iter().any(|name| layout.step(name.as_str()).is_none()) {
                continue; // the unknown name has a finding of its own
            }
            let before = layout.ancestors(step.name.as_str());
            if before.iter().any(|earlier| earlier.name == step.name) {
                let text = format!("step `{}` waits for itself", step.name);
                self.fault(&path, "cycle", text);
            } else {
                let text =
                    format!("step `{}` can never be taken: what it waits for never happens", step.name);
                self.fault(&path, "unreachable-step", text);
            }
        }
        self.dead_ends();
    }

    /// The steps that can be done, taken one after another.
    fn reachable(&self) -> BTreeSet<Name> {
        let mut done = BTreeSet::new();
        loop {
            let ready: Vec<Name> =
                self.layout.steps_ready(&done).iter().map(|step| step.name.clone()).collect();
            if ready.is_empty() {
                return done;
            }
            done.extend(ready);
        }
    }

    /// Steps that no outcome waits for.
    fn dead_ends(&mut self) {
        let layout = self.layout;
        let needed: BTreeSet<&Name> = layout
            .outcomes
            .iter()
            .flat_map(|outcome| &outcome.after)
            .flat_map(|name| layout.ancestors(name.as_str()).into_iter().map(|step| &step.name).chain([name]))
            .collect();
        for step in layout.steps.iter().filter(|step| !needed.contains(&step.name)) {
            let text = format!("no outcome waits for step `{}`: it would decide nothing", step.name);
            self.fault(&format!("/step/{}", step.name), "dead-end", text);
        }
    }
}
