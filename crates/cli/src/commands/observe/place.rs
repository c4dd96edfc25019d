//! Where an observer looks: one domain of one programme, as the policies in force describe it.

use crate::fault::invalid;
use anyhow::Result;
use lockstep_chain::Account;
use lockstep_kernel::Kernel;
use lockstep_policy::{Domain, Layout};
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
    /// The Gate.
    pub gate: Account,
    /// The Gate's Escrow, where a policy takes deposits.
    pub escrow: Option<Account>,
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

fn layouts<'a>(kernel: &'a Kernel, programme: &Name) -> Vec<&'a Layout> {
    let policies = kernel.programme(programme.as_str()).into_iter().flat_map(|found| found.policies.values());
    policies.filter_map(|(digest, _)| Some(kernel.policy(digest)?.policy.layout())).collect()
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

/// Policies that call one name different contracts cannot be observed by that name.
fn describe(kernel: &Kernel, programme: Name, domain: Name) -> Result<Place> {
    let layouts = layouts(kernel, &programme);
    let known: Vec<&Domain> = layouts.iter().filter_map(|layout| layout.domain(domain.as_str())).collect();
    let Some(first) = known.first() else {
        return Err(invalid("domain", format!("there is no domain `{domain}`")).into());
    };
    let same =
        |other: &&&Domain| (other.chain, other.token, other.gate) == (first.chain, first.token, first.gate);
    let escrows: BTreeSet<_> = known.iter().filter_map(|domain| domain.escrow).collect();
    if !known.iter().all(|other| same(&other)) || escrows.len() > 1 {
        let text = format!("policies of `{programme}` name different contracts on domain `{domain}`");
        return Err(invalid("domain", text).into());
    }
    let readings = layouts.iter().flat_map(|layout| &layout.readings);
    let readings = readings.filter(|reading| reading.domains.contains(&domain));
    let asked = readings.fold(None, |asked: Option<Asked>, reading| {
        let before = asked.unwrap_or(Asked { quorum: reading.quorum, max_age_ms: reading.max_age_ms });
        Some(Asked {
            quorum: before.quorum.max(reading.quorum),
            max_age_ms: before.max_age_ms.min(reading.max_age_ms),
        })
    });
    Ok(Place {
        chain: first.chain,
        token: Account::from(first.token.0),
        gate: Account::from(first.gate.0),
        escrow: escrows.first().map(|escrow| Account::from(escrow.0)),
        programme,
        domain,
        asked,
    })
}
