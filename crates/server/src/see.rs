//! Who may see what of a case: whoever takes part in it, or may, sees its course; claims are shown to whoever
//! said them, and as the policy's audiences grant.

use crate::submissions::row;
use crate::who::Who;
use lockstep_api::answer::{
    Case, CaseRow, ChangeRow, CredentialRow, DomainRow, NextStep, PolicyRow, ProposalRow, StepRow,
    WaitingRow, Waits,
};
use lockstep_kernel::state::Held;
use lockstep_kernel::{Body, Kernel};
use lockstep_ledger::Record;
use lockstep_node::{Replica, ReplicaError, records};
use lockstep_policy::{Audience, Layout, Role, View as Granted};
use lockstep_store::Store;
use lockstep_types::{CaseId, CredentialDigest, Lei, Name, PolicyDigest, Time};
use std::collections::{BTreeMap, BTreeSet};

/// Who looks, and as whom besides a party to the case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Eye {
    pub(crate) who: Who,
    /// Of the ledger: sees everything.
    pub(crate) administrator: bool,
    pub(crate) audience: Option<Audience>,
    pub(crate) now: Time,
}

impl Eye {
    /// Sees every case.
    pub(crate) const fn sees_all_cases(&self) -> bool {
        self.administrator || self.audience.is_some()
    }

    /// For which audience a pack is, and whose own words it shows besides: without an audience, everything.
    /// Nothing for an audience that is not the reader's.
    pub(crate) fn of_pack(&self, asked: Option<Audience>) -> Option<(Option<Audience>, Option<Lei>)> {
        let usual = self.audience.unwrap_or(Audience::Counterparty);
        match asked {
            None if self.administrator => Some((None, None)),
            None => Some((Some(usual), Some(self.who.party))),
            // To be handed on: own words go by the policy too.
            Some(asked) if self.administrator || asked == usual || asked == Audience::Public => {
                Some((Some(asked), None))
            }
            Some(_) => None,
        }
    }
}

/// Roles of a policy that a party can act in now, by the credentials that it holds.
fn roles<'a>(kernel: &Kernel, layout: &'a Layout, party: Lei, now: Time) -> Vec<&'a Role> {
    let held: BTreeSet<&Name> = kernel
        .credentials()
        .map(|(_, held)| held)
        .filter(|held| held.subject == party && held.revoked.is_none())
        .filter(|held| held.valid_from <= now && now <= held.valid_until)
        .map(|held| &held.kind)
        .collect();
    layout.roles.iter().filter(|role| held.contains(&role.credential)).collect()
}

/// The parties and the policy of a case, as its records show them.
#[derive(Default)]
pub(crate) struct Course {
    parties: BTreeSet<Lei>,
    opener: Option<Lei>,
    policy: Option<PolicyDigest>,
    governance: bool,
}

pub(crate) fn course(all: &[(u64, Record)]) -> Course {
    let mut course = Course::default();
    for (_, record) in all {
        match Body::from_slice(record.body()) {
            Ok(Body::Opened(body)) => {
                course.parties.insert(body.party);
                (course.opener, course.policy) = (Some(body.party), Some(body.policy));
            }
            Ok(Body::Attested(body)) => drop(course.parties.insert(body.party)),
            Ok(Body::Attempted(body)) => drop(course.parties.insert(body.party)),
            Ok(Body::Withdrawn(body)) => drop(course.parties.insert(body.party)),
            Ok(Body::Proposed(body)) => {
                course.parties.insert(body.party);
                course.governance = true;
            }
            Ok(Body::Approved(body) | Body::Consented(body)) => drop(course.parties.insert(body.party)),
            _ => {}
        }
    }
    course
}

/// True for whoever's words stand in the records of a case.
pub(crate) fn takes_part(store: &dyn Store, case: CaseId, party: Lei) -> Result<bool, ReplicaError> {
    Ok(course(&records::of_case(store, case)?).parties.contains(&party))
}

/// How a case stands, whether it is open or closed.
pub(crate) fn phase(replica: &Replica, case: &CaseId) -> String {
    replica.case_entry(case).map_or_else(|| "unknown".to_owned(), |entry| entry.phase)
}

/// The policies in which `eye` can act now.
pub(crate) fn policies_acted_under(replica: &Replica, eye: Eye) -> BTreeSet<PolicyDigest> {
    let kernel = replica.kernel();
    let adopted = kernel.programmes().flat_map(|(name, _)| kernel.policies_of(name));
    let acts = |adopted: &&lockstep_kernel::state::Adopted| {
        !roles(kernel, adopted.policy.layout(), eye.who.party, eye.now).is_empty()
    };
    adopted.filter(acts).map(|adopted| adopted.policy.digest()).collect()
}

/// True when `eye` may see the case: it takes part in it, or may, or reads for an audience.
pub(crate) fn may_see(kernel: &Kernel, course: &Course, eye: Eye) -> bool {
    let adopted = course.policy.and_then(|digest| kernel.policy(&digest));
    let layout = adopted.map(|adopted| adopted.policy.layout());
    let acts = || layout.is_some_and(|layout| !roles(kernel, layout, eye.who.party, eye.now).is_empty());
    // Changes of the ledger concern whoever has a key on it.
    course.governance || course.parties.contains(&eye.who.party) || eye.sees_all_cases() || acts()
}

/// A case as `eye` may see it; none when there is no such case for it.
pub(crate) fn case(replica: &Replica, id: CaseId, eye: Eye) -> Result<Option<Case>, ReplicaError> {
    let kernel = replica.kernel();
    let all = records::of_case(&**replica.store(), id)?;
    let course = course(&all);
    if !may_see(kernel, &course, eye) {
        return Ok(None);
    }
    let Course { opener, policy, .. } = course;
    let open = kernel.case(&id);
    let opener = open.map(|case| case.opener).or(opener);
    let adopted = policy.and_then(|digest| kernel.policy(&digest));
    let layout = adopted.map(|adopted| adopted.policy.layout());
    let granted = granted(layout, eye.audience);
    let shown = |own: bool, granted: bool, value: &Option<String>| {
        value.clone().filter(|_| own || granted || eye.administrator)
    };
    let params = open.map(|case| {
        let own = case.opener == eye.who.party;
        let param = |(name, value): (&Name, &Option<String>)| {
            let grants = granted.as_ref().is_some_and(|view| view.shows_param(name.as_str()));
            (name.clone(), shown(own, grants, value))
        };
        case.params.iter().map(param).collect()
    });
    let steps = open.map(|case| {
        let step = |(name, taken): (&Name, &lockstep_kernel::state::Taken)| {
            let own = taken.party == eye.who.party;
            let claim = |(claim, value): (&Name, &Option<String>)| {
                let grants = granted.as_ref().is_some_and(|view| view.shows_part(name, claim.as_str()));
                (claim.clone(), shown(own, grants, value))
            };
            let row = StepRow {
                at: taken.at,
                attestation: taken.attestation,
                claims: taken.claims.iter().map(claim).collect(),
                leaf: taken.leaf,
                party: taken.party,
            };
            (name.clone(), row)
        };
        case.steps.iter().map(step).collect::<BTreeMap<_, _>>()
    });
    Ok(Some(Case {
        case: id,
        deadline: open.map(|case| case.deadline),
        next: layout.zip(open).map(|(layout, case)| next(layout, case)).unwrap_or_default(),
        opener,
        opening: all.first().map(|(_, record)| record.clone()),
        params: params.unwrap_or_default(),
        phase: phase(replica, &id),
        policy: policy.or_else(|| open.map(|case| case.policy)),
        records: all.iter().map(|(index, record)| row(*index, record)).collect(),
        steps: steps.unwrap_or_default(),
    }))
}

/// What the policy shows besides one's own words: to a named reader as its audience, to the other parties as
/// counterparties.
fn granted(layout: Option<&Layout>, audience: Option<Audience>) -> Option<Granted> {
    layout?.view(audience.unwrap_or(Audience::Counterparty))
}

fn next(layout: &Layout, case: &lockstep_kernel::Case) -> Vec<NextStep> {
    if case.phase.is_closed() {
        return Vec::new();
    }
    let done: BTreeSet<Name> = case.steps.keys().cloned().collect();
    let step = |step: &lockstep_policy::Step| NextStep { role: step.by.clone(), step: step.name.clone() };
    layout.steps_ready(&done).into_iter().map(step).collect()
}

/// Open cases that `eye` takes part in or may, from the case after `from` on: at most `max`.
pub(crate) fn cases(replica: &Replica, eye: Eye, (from, max): (Option<CaseId>, usize)) -> Vec<CaseRow> {
    let kernel = replica.kernel();
    let mut acts: BTreeMap<PolicyDigest, bool> = BTreeMap::new();
    let mut visible = |case: &lockstep_kernel::Case| {
        let of_policy = *acts.entry(case.policy).or_insert_with(|| {
            kernel.policy(&case.policy).is_some_and(|adopted| {
                !roles(kernel, adopted.policy.layout(), eye.who.party, eye.now).is_empty()
            })
        });
        let takes_part =
            case.opener == eye.who.party || case.steps.values().any(|t| t.party == eye.who.party);
        takes_part || of_policy || eye.sees_all_cases()
    };
    let row = |(id, case): (&CaseId, &lockstep_kernel::Case)| CaseRow {
        case: *id,
        deadline: Some(case.deadline),
        opened: case.opened,
        opener: case.opener,
        phase: case.phase.as_str().to_owned(),
        policy: case.policy,
    };
    let after = kernel.cases().filter(|(id, _)| from.is_none_or(|from| **id > from));
    // What is over stays until the next seal.
    let open = after.filter(|(_, case)| !case.phase.is_closed());
    open.filter(|(_, case)| visible(case)).take(max).map(row).collect()
}

/// Steps that the party of `eye` can take now.
pub(crate) fn waiting(replica: &Replica, eye: Eye, (from, max): (Option<CaseId>, usize)) -> Vec<WaitingRow> {
    let kernel = replica.kernel();
    let mut found = Vec::new();
    for (id, case) in kernel.cases().filter(|(id, _)| from.is_none_or(|from| **id > from)) {
        if found.len() >= max {
            break;
        }
        let Some(adopted) = kernel.policy(&case.policy) else { continue };
        let layout = adopted.policy.layout();
        let own: BTreeSet<&Name> =
            roles(kernel, layout, eye.who.party, eye.now).into_iter().map(|role| &role.name).collect();
        let steps = next(layout, case).into_iter().filter(|next| own.contains(&next.role));
        found.extend(steps.map(|next| WaitingRow {
            case: *id,
            deadline: case.deadline,
            role: next.role,
            step: next.step,
        }));
    }
    found
}

/// Steps that the party of `eye` can take now, and changes that it has not agreed to and may.
pub(crate) fn waits(replica: &Replica, eye: Eye, max: usize) -> BTreeSet<Waits> {
    let (kernel, party) = (replica.kernel(), eye.who.party);
    let administers = kernel
        .genesis()
        .is_some_and(|genesis| genesis.administrators.iter().any(|administrator| administrator.lei == party));
    let cosigns = kernel
        .committee()
        .is_some_and(|committee| committee.members().iter().any(|member| member.lei == party));
    let open = |proposal: &lockstep_kernel::state::Proposal| {
        proposal.effective.is_none()
            && ((administers && !proposal.approvals.contains(&party))
                || (cosigns && proposal.loosens && !proposal.consents.contains(&party)))
    };
    let changes = kernel
        .proposals()
        .filter(|(_, proposal)| open(proposal))
        .map(|(case, proposal)| Waits::Change(ChangeRow { case: *case, deadline: proposal.deadline }));
    let steps = waiting(replica, eye, (None, max)).into_iter().map(Waits::Step);
    changes.chain(steps).take(max).collect()
}

/// Changes of the ledger that wait for others to agree; what is proposed is public on the ledger.
pub(crate) fn proposals(replica: &Replica) -> Result<Vec<ProposalRow>, ReplicaError> {
    let row = |(case, proposal): (&CaseId, &lockstep_kernel::state::Proposal)| {
        let first = records::of_case(&**replica.store(), *case)?.into_iter().next();
        Ok(first.map(|(_, record)| ProposalRow {
            approvals: proposal.approvals.clone(),
            case: *case,
            consents: proposal.consents.clone(),
            deadline: proposal.deadline,
            effective: proposal.effective,
            record,
        }))
    };
    replica.kernel().proposals().filter_map(|proposal| row(proposal).transpose()).collect()
}

/// Domains of programmes, with what `eye` may see of what waits there.
pub(crate) fn domains(replica: &Replica, eye: Eye) -> Vec<DomainRow> {
    let kernel = replica.kernel();
    let acts = policies_acted_under(replica, eye);
    let visible = |id: &CaseId| {
        kernel.case(id).is_some_and(|case| {
            let words = case.opener == eye.who.party || case.steps.values().any(|t| t.party == eye.who.party);
            words || acts.contains(&case.policy) || eye.sees_all_cases()
        })
    };
    let mut rows = crate::domains::domains(kernel);
    for row in &mut rows {
        row.pending.retain(|pending| visible(&pending.case));
        row.read.retain(|party, _| *party == eye.who.party);
    }
    rows
}

/// Credentials that `eye` may see, from the one after `from` on: at most `max`.
pub(crate) fn credentials(
    replica: &Replica,
    eye: Eye,
    (from, max): (Option<CredentialDigest>, usize),
) -> Vec<CredentialRow> {
    let own = |held: &Held| [held.subject, held.issuer].contains(&eye.who.party);
    let all = replica.kernel().credentials().filter(|(id, _)| from.is_none_or(|from| **id > from));
    let seen = all.filter(|(_, held)| eye.sees_all_cases() || own(held)).take(max);
    seen.map(|(id, held)| CredentialRow::of(*id, held)).collect()
}

/// Every policy under which cases may be open.
pub(crate) fn policies(replica: &Replica) -> Vec<PolicyRow> {
    let kernel = replica.kernel();
    let of_programme = |(name, programme): (&Name, &lockstep_kernel::state::Programme)| {
        let in_force: BTreeSet<PolicyDigest> =
            programme.policies.values().map(|(digest, _)| *digest).collect();
        let row = |adopted: &lockstep_kernel::state::Adopted| PolicyRow {
            guards: adopted.guards.clone(),
            in_force: in_force.contains(&adopted.policy.digest()),
            layout: adopted.layout.clone(),
            policy: adopted.policy.digest(),
        };
        kernel.policies_of(name).map(row).collect::<Vec<_>>()
    };
    kernel.programmes().flat_map(of_programme).collect()
}
