//! Replacing a Gate (specs/governance.md §7): the Gate in force gives its roles over the token to another
//! one, in one transaction. It needs k co-signers and the notice here; on the chain, the Gate must have been
//! told before that this may be done, which is a loosening there.

use crate::entry::Entity;
use crate::gate::{GATE_CALLS_MAX, GATE_CHANGE_MS};
use crate::outcome::{Call, Formed, KIND_ORDINARY};
use crate::state::Kernel;
use alloy_primitives::{Address as EvmAddress, B256, Bytes, keccak256};
use alloy_sol_types::{SolCall, sol};
use lockstep_policy::{Domain, Layout};
use lockstep_types::{Address, ChainId, LeafHash, Name, PolicyDigest, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The line of a Gate by which it can be replaced.
pub const REPLACEMENT_LINE: &str = "replace-gate";
/// Most roles that one replacement names: each is given by one call and given up by another.
pub const ROLES_MAX: usize = GATE_CALLS_MAX / 2 - 1;
/// Longest name of a role.
const ROLE_BYTES_MAX: usize = 64;
/// The role that gives and takes roles: its id is zero, not a hash, and it always moves, last.
const ADMIN_ROLE: &str = "DEFAULT_ADMIN_ROLE";

sol! {
    /// OpenZeppelin's `AccessControl`, as far as roles move.
    function grantRole(bytes32 role, address account);
    function renounceRole(bytes32 role, address callerConfirmation);
}

/// What a governance case replaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateReplacement {
    /// The domain, as the programme's policies call it.
    pub domain: Name,
    /// The Gate that gives the roles up: one that policies of the programme name there, or the one in force.
    pub from: Address,
    /// Whose Gates.
    pub programme: Name,
    /// Roles of the token that move, by name, besides `DEFAULT_ADMIN_ROLE`, which always does.
    pub roles: BTreeSet<String>,
    /// The Gate that gets them.
    pub to: Address,
}

impl Kernel {
    /// The Gate that new policies of a programme have to name on a domain: what the last replacement says, or
    /// the policies. Nothing as long as no policy knows the domain.
    #[must_use]
    pub fn gate_in_force(&self, programme: &Name, domain: &Name) -> Option<Address> {
        let replaced = self.programmes.get(programme).and_then(|found| found.gates.get(domain).copied());
        replaced.or_else(|| self.named_domains(programme, domain).next().map(|domain| domain.gate))
    }

    /// Every Gate that has had a domain: some may hold deposits still.
    #[must_use]
    pub fn gates(&self, programme: &Name, domain: &Name) -> BTreeSet<Address> {
        let named = self.named_domains(programme, domain);
        named.map(|domain| domain.gate).chain(self.gate_in_force(programme, domain)).collect()
    }

    /// A domain as policies of the programme define it, in force or not, each with the Gate that it names.
    pub fn named_domains<'a>(
        &'a self,
        programme: &'a Name,
        domain: &'a Name,
    ) -> impl Iterator<Item = &'a Domain> {
        let layouts = self.policies_of(programme).map(|adopted| adopted.policy.layout());
        layouts.filter_map(move |layout| layout.domain(domain.as_str()))
    }

    /// A domain as policies of the programme define it, with the Gate in force.
    pub(crate) fn domain_in_force(&self, programme: &Name, domain: &Name) -> Option<Domain> {
        let named = self.named_domains(programme, domain).next()?;
        Some(Domain { gate: self.gate_in_force(programme, domain)?, ..named.clone() })
    }

    /// Says which domain of a policy names another Gate than the one in force, or one that was put in force
    /// elsewhere.
    pub(crate) fn check_gates_in_force(&self, layout: &Layout) -> Result<(), String> {
        for domain in &layout.domains {
            if let Some(gate) = self.gate_in_force(&layout.programme, &domain.name)
                && gate != domain.gate
            {
                return Err(format!(
                    "domain `{}` differs from what is in force: Gate `{gate}`, found `{}`",
                    domain.name, domain.gate
                ));
            }
            self.check_free((domain.chain, domain.gate), (&layout.programme, &domain.name))?;
        }
        Ok(())
    }

    /// Says whose Gate or token this address is, if it is not the domain's own Gate.
    fn check_free(&self, (chain, gate): (ChainId, Address), own: (&Name, &Name)) -> Result<(), String> {
        let taken = |programme: &Name, domain: &Name| {
            Err(format!("`{gate}` belongs to domain `{domain}` of programme `{programme}`"))
        };
        for layout in self.policies.values().map(|adopted| adopted.policy.layout()) {
            for domain in layout.domains.iter().filter(|domain| domain.chain == chain) {
                let is_gate = domain.gate == gate && (&layout.programme, &domain.name) != own;
                if is_gate || domain.token == gate || domain.escrow == Some(gate) {
                    return taken(&layout.programme, &domain.name);
                }
            }
        }
        for (programme, found) in &self.programmes {
            for (domain, replaced) in &found.gates {
                let there = self.named_domains(programme, domain).any(|named| named.chain == chain);
                if *replaced == gate && there && (programme, domain) != own {
                    return taken(programme, domain);
                }
            }
        }
        Ok(())
    }

    /// Says what is wrong with a replacement, as the ledger stands.
    pub(crate) fn check_replacement(&self, change: &GateReplacement) -> Result<(), String> {
        let (programme, domain) = (&change.programme, &change.domain);
        if change.roles.is_empty() || change.roles.len() > ROLES_MAX {
            return Err(format!("{} roles, expected 1 to {ROLES_MAX}", change.roles.len()));
        }
        if let Some(role) = change.roles.iter().find(|role| !is_role(role)) {
            return Err(format!(
                "`{}` is no role: expected a name such as `MINTER_ROLE`",
                role.chars().take(80).collect::<String>()
            ));
        }
        let Some(named) = self.named_domains(programme, domain).next() else {
            return Err(format!("no policy of programme `{programme}` names domain `{domain}`"));
        };
        if !self.gates(programme, domain).contains(&change.from) {
            return Err(format!("`{}` is no Gate of domain `{domain}`", change.from));
        }
        if change.to == change.from || change.to == Address::default() {
            return Err(format!("`{}` cannot take the place of `{}`", change.to, change.from));
        }
        self.check_free((named.chain, change.to), (programme, domain))
    }

    /// From now on policies name the other Gate; those that name one before it open no case any more.
    pub(crate) fn replace_gate(&mut self, change: &GateReplacement, by: LeafHash) {
        let Some(programme) = self.programmes.get_mut(&change.programme) else { return };
        programme.gates.insert(change.domain.clone(), change.to);
        for (name, (digest, touched)) in &mut programme.policies {
            let layout = self.policies.get(digest).map(|adopted| adopted.policy.layout());
            let domain = layout.and_then(|layout| layout.domain(change.domain.as_str()));
            if domain.is_some_and(|domain| domain.gate != change.to) {
                *digest = PolicyDigest::default();
                touched.touch(by);
                self.dirty.insert(Entity::Policy(change.programme.clone(), name.clone()));
            }
        }
    }

    /// The outcome by which the roles move; nothing for a replacement that [`Kernel::check_replacement`]
    /// refuses.
    pub(crate) fn form_replacement(&self, change: &GateReplacement, now: Time) -> Option<Formed> {
        let domain = self.named_domains(&change.programme, &change.domain).next()?;
        let (from, to) = (EvmAddress::from(change.from.0), EvmAddress::from(change.to.0));
        let roles = change.roles.iter().map(|role| keccak256(role.as_bytes()));
        let roles: Vec<B256> = roles.chain([B256::ZERO]).collect();
        let grant = |role: &B256| grantRoleCall { role: *role, account: to }.abi_encode();
        let renounce = |role: &B256| renounceRoleCall { role: *role, callerConfirmation: from }.abi_encode();
        let data = roles.iter().map(grant).chain(roles.iter().map(renounce));
        let target = EvmAddress::from(domain.token.0);
        Some(Formed {
            programme: change.programme.clone(),
            domain: change.domain.clone(),
            not_after: Some(now.saturating_add_ms(GATE_CHANGE_MS)),
            line: REPLACEMENT_LINE.parse().ok()?,
            kind: KIND_ORDINARY,
            chain: domain.chain,
            gate: change.from,
            calls: data.map(|data| Call { target, data: Bytes::from(data) }).collect(),
        })
    }
}

/// A name as contracts hash it for the id of a role.
fn is_role(name: &str) -> bool {
    let known = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    let starts = name.bytes().next().is_some_and(|b| b.is_ascii_uppercase());
    starts && name.bytes().all(known) && name.len() <= ROLE_BYTES_MAX && name != ADMIN_ROLE
}
