//! Time passes: deadlines and notices become records, since nothing else would say so.

use super::Desk;
use crate::body::{Body, Expired};
use crate::refusal::Refusal;
use crate::state::Kernel;

/// Most records of expired cases that one tick writes; the next tick goes on.
const EXPIRY_RECORDS_MAX: usize = 128;

impl Kernel {
    pub(super) fn decide_tick(&self, desk: &mut Desk<'_>) -> Result<(), Refusal> {
        let now = desk.scribe.now();
        self.write_due_proposals(now, desk);
        let late = self.deadlines.iter().take_while(|(deadline, _)| *deadline < now);
        let due = late.filter_map(|(_, id)| Some((id, self.cases.get(id)?)));
        let (mut written, mut withheld) = (0_usize, Ok(()));
        for (id, found) in due {
            let formed = self.formed_for_return((*id, found), now);
            let returned = formed.as_ref().map_or_else(|_| self.count_returned((*id, found)), Vec::len);
            let decided = returned.saturating_add(usize::from(returned > 0));
            written = written.saturating_add(decided).saturating_add(1);
            if written > EXPIRY_RECORDS_MAX {
                break;
            }
            let prev = desk.write(&Body::Expired(Expired { case: *id, prev: found.touched.head }));
            match formed {
                Ok(formed) => desk.write_decision(self.place(*id, found, prev), &formed),
                // Whoever decides has every claim. A verifier of a pack, or a copy that runs again after an
                // erasure, says what it cannot tell.
                Err(refusal) => {
                    withheld = Err(refusal);
                    desk.scribe.leave_out(decided);
                }
            }
        }
        withheld
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
