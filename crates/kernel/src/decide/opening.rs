//! Opening a case: policy in force, opener in the role, parameters of the declared types, deadline in range.

use super::Desk;
use crate::body::{Body, Opened};
use crate::entry::{Entity, use_from_bytes};
use crate::refusal::Refusal;
use crate::state::{Adopted, Kernel, opening_use_key};
use crate::values::{declared, param_texts};
use lockstep_attest::{Claim, Opening, Signed};
use lockstep_ledger::View;
use lockstep_types::{CaseId, PolicyDigest, UseKey};

impl Kernel {
    pub(super) fn decide_opening(
        &self,
        opening: &Opening,
        signed: &Signed,
        desk: &mut Desk<'_>,
    ) -> Result<(), Refusal> {
        let now = desk.scribe.now();
        let adopted = self.policy_in_force(&opening.policy)?;
        let layout = adopted.policy.layout();
        let role = declared(layout.role(layout.opened_by.as_str()), &layout.opened_by)?;
        let standing = self.standing(role, signed, now)?;
        let use_key = opening_use_key(&signed.digest());
        if let Some(case) = self.user_of(&use_key, desk.view) {
            return Err(Refusal::OpenedBefore { case });
        }
        standing.check_persons(role)?;
        let latest = now.saturating_add_ms(layout.lasts_ms);
        if opening.deadline <= now || opening.deadline > latest {
            return Err(Refusal::Deadline { deadline: opening.deadline, now, latest });
        }
        self.check_open_claims(&signed.submission().openings)?;
        param_texts(layout, &signed.submission().openings)?;
        desk.write(&Body::Opened(Opened {
            attestation: signed.digest(),
            credentials: standing.credentials,
            deadline: opening.deadline,
            envelope: signed.envelope_digest(),
            party: opening.party,
            policy: opening.policy,
        }));
        Ok(())
    }

    /// Every claim is shown to who decides. A verifier of a pack says of withheld ones what it cannot tell.
    pub(super) fn check_open_claims(&self, openings: &[Option<Claim>]) -> Result<(), Refusal> {
        let withheld = openings.iter().position(Option::is_none).filter(|_| self.recorded.is_none());
        withheld.map_or(Ok(()), |at| Err(Refusal::Withheld { what: format!("claim {at}") }))
    }

    /// The policy of this digest, if cases may be opened under it.
    fn policy_in_force(&self, digest: &PolicyDigest) -> Result<&Adopted, Refusal> {
        let unknown = || Refusal::PolicyUnknown { policy: *digest };
        let adopted = self.policies.get(digest).ok_or_else(unknown)?;
        let layout = adopted.policy.layout();
        let programme = self.programmes.get(&layout.programme).ok_or_else(unknown)?;
        let current = programme.policies.get(&layout.name).is_some_and(|(current, _)| current == digest);
        if current { Ok(adopted) } else { Err(unknown()) }
    }

    /// The case that has a single-use act, whether the map knows it yet or not.
    pub(crate) fn user_of(&self, key: &UseKey, view: &dyn View) -> Option<CaseId> {
        if let Some(used) = self.uses.get(key) {
            return used.case;
        }
        view.value(&Entity::Use(*key).key()).as_deref().and_then(use_from_bytes).and_then(|used| used.case)
    }
}
