//! Who holds which role over a token under OpenZeppelin's access control, and what hands all of them to a
//! Gate. Holders are found by the events with which roles are given, and each is asked about again: a
//! contract that gives roles without saying so is not seen through.

use crate::contracts::Token;
use crate::domain::{Block, Domain, DomainError};
use crate::observe::{event, logs_once};
use crate::standing::read;
use alloy_primitives::{Address, B256, Bytes, FixedBytes, keccak256};
use alloy_sol_types::SolCall;
use std::collections::{BTreeMap, BTreeSet};

/// The role whose holders say who holds every role that has no other admin.
pub const ADMIN: B256 = B256::ZERO;
/// Most pairs of role and account that are looked at.
const PAIRS_MAX: usize = 4_096;
/// `IAccessControl`, as ERC-165 names it.
const ACCESS_CONTROL: FixedBytes<4> = FixedBytes([0x79, 0x65, 0xdb, 0x0b]);
/// Names by which tokens mostly call their roles; a role is the hash of its name.
const NAMES: [&str; 16] = [
    "MINTER_ROLE",
    "BURNER_ROLE",
    "PAUSER_ROLE",
    "UNPAUSER_ROLE",
    "ORDER_ROLE",
    "FREEZER_ROLE",
    "SEIZER_ROLE",
    "BLACKLISTER_ROLE",
    "BLOCKLISTER_ROLE",
    "UPGRADER_ROLE",
    "SNAPSHOT_ROLE",
    "RESCUER_ROLE",
    "OPERATOR_ROLE",
    "ADMIN_ROLE",
    "MANAGER_ROLE",
    "TRANSFER_ROLE",
];

/// A role, and an account that holds it.
pub type Held = (B256, Address);

/// Roles over a token as of one block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles {
    /// Who holds what.
    pub held: BTreeSet<Held>,
    /// The role whose holders give a role, by role.
    pub admins: BTreeMap<B256, B256>,
    /// Roles that were given at some time, as the events say.
    pub noted: BTreeSet<Held>,
}

/// One step of handing roles over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The Gate gets a role.
    Grant(B256),
    /// Somebody else loses one.
    Revoke(B256, Address),
    /// Who hands over gives one up.
    Renounce(B256),
}

/// A role as people call it.
#[must_use]
pub fn shown(role: B256) -> String {
    if role == ADMIN {
        return "DEFAULT_ADMIN_ROLE".to_owned();
    }
    let known = NAMES.into_iter().find(|name| keccak256(name) == role);
    known.map_or_else(|| format!("role {role}"), str::to_owned)
}

/// Whether a contract says of itself that it has roles of this kind.
///
/// # Errors
/// [`DomainError`]: nobody answers.
pub fn has_roles(domain: &dyn Domain, block: &Block, token: Address) -> Result<bool, DomainError> {
    match read(domain, block, (token, &Token::supportsInterfaceCall { interfaceId: ACCESS_CONTROL })) {
        Ok(answer) => Ok(answer),
        Err(DomainError::Reverted { .. } | DomainError::Halted { .. } | DomainError::Answer { .. }) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Whether an account holds a role, as of one block.
///
/// # Errors
/// [`DomainError`]: nobody answers, or the contract has no roles.
pub fn has_role(
    domain: &dyn Domain,
    block: &Block,
    token: Address,
    (role, account): Held,
) -> Result<bool, DomainError> {
    read(domain, block, (token, &Token::hasRoleCall { role, account }))
}

/// Who holds which role as of a block: everybody whom an event since `since` names, and these accounts, asked
/// one by one about every role that is known by then or named.
///
/// # Errors
/// [`DomainError`]: nobody answers, or not sensibly.
pub fn roles(
    domain: &dyn Domain,
    block: &Block,
    (token, since): (Address, u64),
    (accounts, named): (&[Address], &[B256]),
) -> Result<Roles, DomainError> {
    let mut noted = BTreeSet::new();
    let mut known: BTreeSet<B256> = named.iter().copied().chain([ADMIN]).collect();
    for log in logs_once(domain, token, (since.min(block.number), block.number))? {
        if let Some(Token::RoleGranted { role, account, .. }) = event::<Token::RoleGranted>(&log)? {
            noted.insert((role, account));
            known.insert(role);
        }
        if let Some(Token::RoleAdminChanged { role, newAdminRole, .. }) =
            event::<Token::RoleAdminChanged>(&log)?
        {
            known.extend([role, newAdminRole]);
        }
    }
    let asked = known.iter().flat_map(|role| accounts.iter().map(|account| (*role, *account)));
    let pairs: BTreeSet<Held> = asked.chain(noted.iter().copied()).collect();
    if pairs.len() > PAIRS_MAX {
        let what = format!("{} pairs of role and account, at most {PAIRS_MAX} are looked at", pairs.len());
        return Err(DomainError::Answer { what });
    }
    let mut roles = Roles { noted, ..Roles::default() };
    for (role, account) in pairs {
        if has_role(domain, block, token, (role, account))? {
            roles.held.insert((role, account));
        }
    }
    for role in known {
        roles.admins.insert(role, read(domain, block, (token, &Token::getRoleAdminCall { role }))?);
    }
    Ok(roles)
}

impl Roles {
    /// Whether an account holds a role.
    #[must_use]
    pub fn has(&self, role: B256, account: Address) -> bool {
        self.held.contains(&(role, account))
    }

    /// Holders besides these accounts.
    #[must_use]
    pub fn others(&self, besides: &[Address]) -> Vec<Held> {
        self.held.iter().filter(|(_, account)| !besides.contains(account)).copied().collect()
    }

    /// What hands every role that anybody holds, and those named, from `holder` to `gate`: first the Gate
    /// gets them, then `revoked` lose theirs, then the holder gives up its own, what makes admins last.
    #[must_use]
    pub fn hand_over(
        &self,
        (holder, gate): (Address, Address),
        (named, revoked): (&[B256], &[Address]),
    ) -> Vec<Change> {
        let wanted: BTreeSet<B256> =
            self.held.iter().map(|(role, _)| *role).chain(named.iter().copied()).collect();
        let mut changes: Vec<Change> =
            wanted.iter().filter(|role| !self.has(**role, gate)).map(|role| Change::Grant(*role)).collect();
        let of = |account: &Address| {
            let mut own: Vec<B256> =
                self.held.iter().filter(|(_, other)| other == account).map(|(role, _)| *role).collect();
            own.sort_by_key(|role| (*role == ADMIN, self.gives(*role), *role));
            own
        };
        for account in revoked.iter().filter(|account| ![holder, gate].contains(account)) {
            changes.extend(of(account).into_iter().map(|role| Change::Revoke(role, *account)));
        }
        changes.extend(of(&holder).into_iter().map(Change::Renounce));
        changes
    }

    /// Whether the holders of a role give another one.
    fn gives(&self, role: B256) -> bool {
        self.admins.iter().any(|(given, admin)| *admin == role && *given != role)
    }
}

impl Change {
    /// The call of the token that makes it.
    #[must_use]
    pub fn call(self, (holder, gate): (Address, Address)) -> Bytes {
        match self {
            Self::Grant(role) => Token::grantRoleCall { role, account: gate }.abi_encode(),
            Self::Revoke(role, account) => Token::revokeRoleCall { role, account }.abi_encode(),
            Self::Renounce(role) => Token::renounceRoleCall { role, callerConfirmation: holder }.abi_encode(),
        }
        .into()
    }

    /// What it does, for a person.
    #[must_use]
    pub fn told(self, (holder, gate): (Address, Address)) -> String {
        match self {
            Self::Grant(role) => format!("gives {} to the Gate `{gate}`", shown(role)),
            Self::Revoke(role, account) => format!("takes {} from `{account}`", shown(role)),
            Self::Renounce(role) => format!("gives up {} of `{holder}`", shown(role)),
        }
    }
}

#[cfg(test)]
mod tests;
