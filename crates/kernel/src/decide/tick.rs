//! Time passes: deadlines and notices become records, since nothing else would say so.

use super::Desk;
use crate::body::{Body, Expired};
use crate::refusal::Refusal;
use crate::state::Kernel;

/// Most expiries that one tick writes; the next tick goes on.
const EXPIRIES_MAX: usize = 128;

impl Kernel {
    pub(super) fn decide_tick(&self, desk: &mut Desk<'_>) -> Result<(), Refusal> {
        let now = desk.scribe.now();
        self.write_due_proposals(now, desk);
        let late = self.deadlines.iter().take_while(|(deadline, _)| *deadline < now);
        let due = late.filter_map(|(_, id)| Some((id, self.cases.get(id)?)));
        for (case, found) in due.take(EXPIRIES_MAX) {
            desk.write(&Body::Expired(Expired { case: *case, prev: found.touched.head }));
        }
        Ok(())
    }

    /// True when a tick at `now` would write something.
    #[must_use]
    pub fn tick_due(&self, now: lockstep_types::Time) -> bool {
        let expired = self.deadlines.first().is_some_and(|(deadline, _)| *deadline < now);
        let governed = self.proposals.values().any(|p| match p.effective {
            Some(effective) => effective <= now,
            None => p.deadline < now,
        });
        expired || governed
    }
}
