//! `decide`: may this happen now? One file a kind of command; the order of checks is the order of
//! [`Refusal`].

mod credential;
mod genesis;
mod late;
mod opening;
mod proposal;
mod reading;
mod step;
mod tick;
mod unlock;
mod withdrawal;

use crate::body::Body;
use crate::command::Command;
use crate::entry::{Entity, case_from_bytes};
use crate::refusal::Refusal;
use crate::state::{Case, Kernel, Phase};
use lockstep_attest::{Signed, Statement};
use lockstep_ledger::{Entry, Scribe, View};
use lockstep_types::{CaseId, LeafHash};
pub(crate) use reading::currency_of;

/// What a decision reads beside the kernel: sealed entries of the map, ledger time, the records written so
/// far.
pub(crate) struct Desk<'a> {
    pub view: &'a dyn View,
    pub scribe: &'a mut Scribe,
}

impl Desk<'_> {
    /// Writes a body and gives the name of its record.
    pub(crate) fn write(&mut self, body: &Body) -> LeafHash {
        // A body always has a JSON form; an empty one could not be applied and would stop the ledger, loudly.
        let bytes = body.to_vec().unwrap_or_default();
        self.scribe.push(Entry::record(bytes))
    }
}

impl Kernel {
    /// Decides a command at ledger time.
    ///
    /// A refusal may come with one record: the attempt of an entitled party is on record even though it is
    /// refused.
    pub(crate) fn decide_command(&self, command: &Command, desk: &mut Desk<'_>) -> Result<(), Refusal> {
        match command {
            Command::Submit(signed) => self.decide_statement(signed, desk),
            Command::Tick => self.decide_tick(desk),
            Command::Propose(action, signed) => self.decide_proposal(action, signed, desk),
            Command::Genesis(genesis) => self.decide_genesis(genesis, desk),
        }
    }

    fn decide_statement(&self, signed: &Signed, desk: &mut Desk<'_>) -> Result<(), Refusal> {
        self.check_envelope(signed, desk.scribe.now())?;
        match signed.statement() {
            Statement::Attestation(attestation) if self.proposals.contains_key(&attestation.case) => {
                self.decide_agreement(attestation, signed, desk)
            }
            Statement::Attestation(attestation) => self.decide_step(attestation, signed, desk),
            Statement::Opening(opening) => self.decide_opening(opening, signed, desk),
            Statement::Withdrawal(withdrawal) => self.decide_withdrawal(withdrawal, signed, desk),
            Statement::Reading(reading) => self.decide_reading(reading, signed, desk),
            Statement::Credential(credential) => self.decide_credential(credential, signed, desk),
            Statement::Revocation(revocation) => self.decide_revocation(revocation, signed, desk),
        }
    }

    /// The case, open or decided; a closed one is only in the map.
    pub(crate) fn find_case(&self, id: &CaseId, view: &dyn View) -> Result<&Case, Refusal> {
        if let Some(case) = self.cases.get(id) {
            return Ok(case);
        }
        if let Some((phase, _)) = self.ended_proposals.get(id) {
            return Err(Refusal::CaseClosed { case: *id, phase: (*phase).to_owned() });
        }
        let sealed = view.value(&Entity::Case(*id).key());
        match sealed.as_deref().and_then(case_from_bytes) {
            Some(entry) => Err(Refusal::CaseClosed { case: *id, phase: entry.phase }),
            None => Err(Refusal::CaseUnknown { case: *id }),
        }
    }
}

/// Steps can be taken in an open case only, and by ledger time before its deadline.
pub(crate) fn check_open(id: &CaseId, case: &Case, now: lockstep_types::Time) -> Result<(), Refusal> {
    if case.phase != Phase::Open {
        return Err(Refusal::CaseClosed { case: *id, phase: case.phase.as_str().to_owned() });
    }
    if now > case.deadline && !case.committed {
        return Err(Refusal::CaseLate { deadline: case.deadline, now });
    }
    Ok(())
}
