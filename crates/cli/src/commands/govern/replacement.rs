//! Another Gate in the place of one, as people ask for it.

use super::ProposalArgs;
use crate::fault::invalid;
use crate::words;
use anyhow::Result;
use clap::Args;
use core::fmt;
use lockstep_api::answer::DomainRow;
use lockstep_kernel::replacement::GateReplacement;
use lockstep_types::{Address, CaseId, Time};
use serde::Serialize;

/// Which Gate, and which in its place.
#[derive(Debug, Clone, Args)]
pub struct ReplaceGate {
    #[command(flatten)]
    pub proposal: ProposalArgs,
    /// `PROGRAMME/DOMAIN`
    place: String,
    /// The Gate that gets the roles: policies that are adopted from then on name it
    #[arg(long, value_name = "ADDRESS")]
    to: Address,
    /// The Gate that has them [default: the one in force]
    #[arg(long, value_name = "ADDRESS")]
    from: Option<Address>,
    /// A role of the token that moves, by name, such as `MINTER_ROLE`; `DEFAULT_ADMIN_ROLE` always does
    #[arg(long = "role", required = true, value_name = "NAME")]
    roles: Vec<String>,
}

/// An outcome that waits at the Gate which is replaced: what is not executed before the roles move lapses,
/// and its hold comes back once a final block shows that.
#[derive(Debug, Clone, Serialize)]
pub struct Waiting {
    case: CaseId,
    /// Until when it can be executed; nothing for deposits, which the old Gate's Escrow still pays out.
    until: Option<Time>,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.until {
            Some(until) => {
                write!(f, "case {} waits there until {until}: executed before, or lapsed", self.case)
            }
            None => write!(f, "case {} waits there: its deposit leaves the old Escrow as decided", self.case),
        }
    }
}

/// What is proposed.
pub fn change(domains: &[DomainRow], args: &ReplaceGate) -> Result<GateReplacement> {
    let (programme, domain) = words::two_names(&args.place)?;
    let known = domains.iter().find(|row| (&row.programme, &row.domain) == (&programme, &domain));
    let in_force = known.and_then(|row| row.gates.first()).copied();
    let from = args.from.or(in_force).ok_or_else(|| {
        invalid("domain", format!("no policy of programme `{programme}` names domain `{domain}`"))
    })?;
    Ok(GateReplacement { domain, from, programme, roles: args.roles.iter().cloned().collect(), to: args.to })
}

/// The outcomes that wait at the Gate which gives its roles up.
pub fn waiting(domains: &[DomainRow], change: &GateReplacement) -> Vec<Waiting> {
    let there =
        domains.iter().filter(|row| (&row.programme, &row.domain) == (&change.programme, &change.domain));
    let pending = there.flat_map(|row| &row.pending).filter(|pending| pending.gate == change.from);
    pending.map(|pending| Waiting { case: pending.case, until: pending.until }).collect()
}
