//! Domains of programmes, as observers and administrators look at them.

use lockstep_api::answer::{AskedRow, DomainRow, PendingRow};
use lockstep_kernel::Kernel;
use lockstep_policy::Layout;
use lockstep_types::Name;
use std::collections::BTreeSet;

/// The policies in force; when none is, those that were: what they have decided is still looked for.
fn layouts<'a>(kernel: &'a Kernel, programme: &'a Name) -> Vec<&'a Layout> {
    let policies = kernel.programme(programme.as_str()).into_iter().flat_map(|found| found.policies.values());
    let in_force: Vec<_> = policies.filter_map(|(digest, _)| kernel.policy(digest)).collect();
    let found = if in_force.is_empty() { kernel.policies_of(programme).collect() } else { in_force };
    found.iter().map(|adopted| adopted.policy.layout()).collect()
}

/// Whether a policy has an observer look at this domain.
fn is_observed(layout: &Layout, domain: &Name) -> bool {
    layout.readings.iter().any(|reading| reading.domains.contains(domain))
        || layout.outcomes_returning().any(|(outcome, _)| outcome.domain == *domain)
}

/// Every domain of every programme.
#[must_use]
pub fn domains(kernel: &Kernel) -> Vec<DomainRow> {
    let mut found: BTreeSet<(&Name, &Name)> = BTreeSet::new();
    for (programme, _) in kernel.programmes() {
        let named = kernel.policies_of(programme).flat_map(|adopted| &adopted.policy.layout().domains);
        found.extend(named.map(|domain| (programme, &domain.name)));
    }
    found.into_iter().filter_map(|(programme, domain)| row(kernel, programme, domain)).collect()
}

fn row(kernel: &Kernel, programme: &Name, domain: &Name) -> Option<DomainRow> {
    let known = kernel.named_domains(programme, domain).next()?;
    let in_force = kernel.gate_in_force(programme, domain)?;
    let replaced = kernel.gates(programme, domain).into_iter().filter(|gate| *gate != in_force);
    let layouts = layouts(kernel, programme);
    let readings = layouts.iter().flat_map(|layout| &layout.readings);
    let readings = readings.filter(|reading| reading.domains.contains(domain));
    let asked = readings.fold(None, |asked: Option<AskedRow>, reading| {
        let before = asked.unwrap_or(AskedRow { max_age_ms: reading.max_age_ms, quorum: reading.quorum });
        Some(AskedRow {
            max_age_ms: before.max_age_ms.min(reading.max_age_ms),
            quorum: before.quorum.max(reading.quorum),
        })
    });
    let state = kernel.programme(programme.as_str());
    let read = state.into_iter().flat_map(|state| &state.observed);
    let read = read.filter_map(|(party, domains)| Some((*party, *domains.get(domain)?)));
    Some(DomainRow {
        asked,
        balance: state.and_then(|state| state.account.balance_date()),
        chain: known.chain,
        domain: domain.clone(),
        escrows: kernel.named_domains(programme, domain).filter_map(|domain| domain.escrow).collect(),
        gates: [in_force].into_iter().chain(replaced).collect(),
        observed: layouts.iter().any(|layout| is_observed(layout, domain)),
        paused_until: state.and_then(|state| state.pauses.get(domain)).copied(),
        pending: pending(kernel, (programme, domain)),
        programme: programme.clone(),
        read: read.collect(),
        token: known.token,
    })
}

/// Outcomes of which it is not settled yet what became of them there.
fn pending(kernel: &Kernel, (programme, domain): (&Name, &Name)) -> Vec<PendingRow> {
    let waits = |(id, case): (&lockstep_types::CaseId, &lockstep_kernel::Case)| {
        let until = *case.pending.get(domain)?;
        let layout = kernel.policy(&case.policy)?.policy.layout();
        let gate = layout.domain(domain.as_str()).filter(|_| layout.programme == *programme)?.gate;
        // `ordinal` of a case is that of its next decision.
        Some(PendingRow { case: *id, gate, ordinal: case.ordinal.checked_sub(1)?, until })
    };
    kernel.cases().filter_map(waits).collect()
}
