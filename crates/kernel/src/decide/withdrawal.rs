//! Taking an attestation back, before the decision. What builds on it falls with it.

use super::{Desk, check_open};
use crate::body::{Body, Withdrawn};
use crate::refusal::Refusal;
use crate::state::Kernel;
use crate::values::declared;
use lockstep_attest::{Signed, Withdrawal};
use lockstep_types::Name;

impl Kernel {
    pub(super) fn decide_withdrawal(
        &self,
        withdrawal: &Withdrawal,
        signed: &Signed,
        desk: &mut Desk<'_>,
    ) -> Result<(), Refusal> {
        let now = desk.scribe.now();
        let case = self.find_case(&withdrawal.case, desk.view)?;
        let adopted =
            self.policies.get(&case.policy).ok_or(Refusal::PolicyUnknown { policy: case.policy })?;
        let layout = adopted.policy.layout();
        let (leaf, party) = (withdrawal.leaf, withdrawal.party);
        let own = case.steps.iter().find(|(_, taken)| taken.leaf == leaf && taken.party == party);
        let (name, _) = own.ok_or(Refusal::NothingToWithdraw { leaf, party })?;
        let step = declared(layout.step(name.as_str()), name)?;
        // The same role, but any standing credential: a party whose key was revoked withdraws with its next
        // one.
        let role = declared(layout.role(step.by.as_str()), &step.by)?;
        let standing = self.standing(role, signed, now)?;
        check_open(&withdrawal.case, case, now)?;
        standing.check_persons(role)?;
        let builds_on = layout.steps_after(name.as_str());
        let standing = |step: &&Name| case.steps.contains_key(step.as_str());
        let falls = |step: &&Name| *step == name || builds_on.iter().any(|later| later.name == **step);
        let all = layout.steps.iter().map(|step| &step.name);
        let fallen = all.filter(falls).filter(standing).cloned().collect();
        desk.write(&Body::Withdrawn(Withdrawn {
            case: withdrawal.case,
            envelope: signed.envelope_digest(),
            fallen,
            leaf,
            party,
            prev: case.touched.head,
        }));
        Ok(())
    }
}
