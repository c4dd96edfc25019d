//! Where an observer looks: one domain of one programme, as its policies describe it.

use crate::fault::invalid;
use anyhow::{Context, Result};
use lockstep_api::answer::{AskedRow, DomainRow};
use lockstep_chain::Account;
use lockstep_types::{Address, ChainId, Name};
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
    pub asked: Option<AskedRow>,
}

/// The place that is named, or the only one there is.
pub fn find(domains: &[DomainRow], (programme, domain): (Option<&Name>, Option<&Name>)) -> Result<Place> {
    let named = |row: &&DomainRow| {
        programme.is_none_or(|name| *name == row.programme) && domain.is_none_or(|name| *name == row.domain)
    };
    let mut places = domains.iter().filter(|row| row.observed).filter(named);
    match (places.next(), places.next()) {
        (Some(row), None) => Ok(Place::of(row)),
        (None, _) => {
            let text = "no policy in force asks observers to look at such a domain";
            Err(invalid("domain", text).hint("`lockstep policy explain` tells what a policy asks for").into())
        }
        (Some(row), Some(other)) => {
            let text = format!(
                "several domains are observed: `{}` of `{}`, `{}` of `{}`",
                row.domain, row.programme, other.domain, other.programme
            );
            Err(invalid("domain", text).hint("name one with `--programme` and `--domain`").into())
        }
    }
}

impl Place {
    fn of(row: &DomainRow) -> Self {
        let account = |address: &Address| Account::from(address.0);
        Self {
            programme: row.programme.clone(),
            domain: row.domain.clone(),
            chain: row.chain,
            token: account(&row.token),
            gates: row.gates.iter().map(account).collect(),
            escrows: row.escrows.iter().map(account).collect(),
            asked: row.asked,
        }
    }

    /// The place as it stands now.
    pub fn row<'a>(&self, domains: &'a [DomainRow]) -> Result<&'a DomainRow> {
        let here = |row: &&DomainRow| (&row.programme, &row.domain) == (&self.programme, &self.domain);
        domains.iter().find(here).context("the domain is gone")
    }
}
