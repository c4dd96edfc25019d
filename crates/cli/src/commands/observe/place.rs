//! Where an observer looks: one domain of one programme, as its policies describe it.

use crate::fault::invalid;
use anyhow::Result;
use lockstep_chain::Account;
use lockstep_kernel::Kernel;
use lockstep_policy::Layout;
use lockstep_types::{ChainId, Name};
use std::collections::BTreeSet;

/// A domain of a programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The programme.
    pub programme: Name,
    /// What its policies call the domain.
    pub domain: Name,
    /// The chain.
    pub chain: ChainId,
    /// The token.
    pub token: Account,
    /// The Gate in force, and then those that it has replaced.
    pub gates: Vec<Account>,
    /// The Gates' Escrows, where a policy takes deposits.
    pub escrows: BTreeSet<Account>,
    /// What policies ask observers to read there; nothing when none does.
    pub asked: Option<Asked>,
}

/// What readings of a domain have to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// So many observers must have read the same.
    pub quorum: u32,
    /// Milliseconds after which one does not count any more.
    pub max_age_ms: u64,
}

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

/// The place that is named, or the only one there is.
pub fn find(kernel: &Kernel, (programme, domain): (Option<&Name>, Option<&Name>)) -> Result<Place> {
    let mut found: BTreeSet<(Name, Name)> = BTreeSet::new();
    for (known, _) in kernel.programmes().filter(|(known, _)| programme.is_none_or(|p| p == *known)) {
        for layout in layouts(kernel, known) {
            let domains = layout.domains.iter().map(|d| &d.name).filter(|d| is_observed(layout, d));
            let named = domains.filter(|name| domain.is_none_or(|domain| domain == *name));
            found.extend(named.map(|name| (known.clone(), name.clone())));
        }
    }
    let mut places = found.into_iter();
    match (places.next(), places.next()) {
        (Some((programme, domain)), None) => describe(kernel, programme, domain),
        (None, _) => {
            let text = "no policy in force asks observers to look at such a domain";
            Err(invalid("domain", text).hint("`lockstep policy explain` tells what a policy asks for").into())
        }
        (Some((programme, domain)), Some((other, second))) => {
            let text =
                format!("several domains are observed: `{domain}` of `{programme}`, `{second}` of `{other}`");
            Err(invalid("domain", text).hint("name one with `--programme` and `--domain`").into())
        }
    }
}

fn describe(kernel: &Kernel, programme: Name, domain: Name) -> Result<Place> {
    let (Some(known), Some(in_force)) =
        (kernel.named_domains(&programme, &domain).next(), kernel.gate_in_force(&programme, &domain))
    else {
        return Err(invalid("domain", format!("there is no domain `{domain}`")).into());
    };
    let replaced = kernel.gates(&programme, &domain).into_iter().filter(|gate| *gate != in_force);
    let gates = [in_force].into_iter().chain(replaced).map(|gate| Account::from(gate.0)).collect();
    let escrows = kernel.named_domains(&programme, &domain).filter_map(|domain| domain.escrow);
    let escrows = escrows.map(|escrow| Account::from(escrow.0)).collect();
    let (chain, token) = (known.chain, Account::from(known.token.0));
    let layouts = layouts(kernel, &programme);
    let readings = layouts.iter().flat_map(|layout| &layout.readings);
    let readings = readings.filter(|reading| reading.domains.contains(&domain));
    let asked = readings.fold(None, |asked: Option<Asked>, reading| {
        let before = asked.unwrap_or(Asked { quorum: reading.quorum, max_age_ms: reading.max_age_ms });
        Some(Asked {
            quorum: before.quorum.max(reading.quorum),
            max_age_ms: before.max_age_ms.min(reading.max_age_ms),
        })
    });
    Ok(Place { programme, domain, chain, token, gates, escrows, asked })
}
