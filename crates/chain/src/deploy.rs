//! Putting a programme's contracts on a chain. What is named here is in force from the first block; later it
//! changes by certificates and governance outcomes only.

use crate::calls::role;
use crate::contracts::{Anchor, Gate, Token, anchor, creation_code, gate, token};
use crate::domain::{DomainError, Sends, Transaction};
use alloy_primitives::{Address, Bytes, FixedBytes, keccak256};
use alloy_sol_types::{SolCall, SolConstructor};
use lockstep_ledger::{Committee, Signers};
use lockstep_types::{LedgerId, Name, PolicyDigest};

/// A ledger as its Anchor is to know it.
#[derive(Debug, Clone, Copy)]
pub struct Following<'a> {
    /// The ledger.
    pub ledger: LedgerId,
    /// Whose certificates count.
    pub committee: &'a Committee,
    /// Seconds between a rotation or loosening and its effect; at most 90 days.
    pub notice_s: u64,
}

/// A line: which calls belong to it, who may use it, and how much of it in a window.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its name in the policy.
    pub name: Name,
    /// The policies that may use it.
    pub policies: Vec<PolicyDigest>,
    /// The contract called.
    pub target: Address,
    /// Selectors of the calls.
    pub selectors: Vec<[u8; 4]>,
    /// Which argument word the cap counts; 255 counts calls.
    pub word: u8,
    /// The cap is in units of 10^exponent.
    pub exponent: u8,
    /// Most in one window, in those units.
    pub cap: u64,
    /// Seconds.
    pub window_s: u32,
}

/// Puts an Anchor on the chain, without a recovery set.
///
/// # Errors
/// [`DomainError`]: the contract refuses, or the chain does.
pub fn anchor(
    domain: &mut dyn Sends,
    from: Address,
    following: Following<'_>,
) -> Result<Address, DomainError> {
    create_anchor(domain, from, following, (Vec::new(), 0))
}

/// Puts an Anchor on the chain with a recovery set: who installs other co-signers when keys are lost.
///
/// # Errors
/// As [`anchor`].
pub fn anchor_with_recovery(
    domain: &mut dyn Sends,
    from: Address,
    following: Following<'_>,
    recovery: &Signers,
) -> Result<Address, DomainError> {
    let addresses = recovery.addresses().iter().map(|address| Address::from(address.0)).collect();
    create_anchor(domain, from, following, (addresses, recovery.threshold()))
}

fn create_anchor(
    domain: &mut dyn Sends,
    from: Address,
    following: Following<'_>,
    (recovery_set, recovery_threshold): (Vec<Address>, u8),
) -> Result<Address, DomainError> {
    let members = following.committee.members().iter().map(|member| Address::from(member.address.0));
    let arguments = Anchor::constructorCall {
        ledgerId: FixedBytes(following.ledger.0),
        epoch: following.committee.epoch(),
        members: members.collect(),
        threshold: following.committee.threshold(),
        notice_: following.notice_s,
        recoverySet: recovery_set,
        recoveryThreshold: recovery_threshold,
    };
    create(domain, from, (anchor::ARTIFACT, arguments.abi_encode()))
}

/// Puts a Gate on the chain, with its Escrow.
///
/// # Errors
/// As [`anchor`].
pub fn gate(
    domain: &mut dyn Sends,
    from: Address,
    (at_anchor, programme): (Address, &Name),
    (guardian, lines): (Address, &[Line]),
) -> Result<Address, DomainError> {
    let key = |line: &Line| keccak256(line.name.as_str());
    let setup = |line: &Line| gate::IGate::LineSetup {
        line: key(line),
        word: line.word,
        exponent: line.exponent,
        cap: alloy_primitives::Uint::from(line.cap),
        window: line.window_s,
    };
    let permissions = lines.iter().flat_map(|line| {
        line.selectors.iter().map(|selector| gate::IGate::PermissionSetup {
            target: line.target,
            selector: FixedBytes(*selector),
            line: key(line),
        })
    });
    let policies = lines.iter().flat_map(|line| {
        let of = |policy: &PolicyDigest| (FixedBytes(policy.0), key(line));
        line.policies.iter().map(of).collect::<Vec<_>>()
    });
    let policies = policies.map(|(policy, line)| gate::IGate::PolicySetup { policy, line });
    let arguments = Gate::constructorCall {
        anchor: at_anchor,
        programme: keccak256(programme.as_str()),
        guardian,
        lines_: lines.iter().map(setup).collect(),
        permissions: permissions.collect(),
        policies: policies.collect(),
    };
    create(domain, from, (gate::ARTIFACT, arguments.abi_encode()))
}

/// Puts the demo's token on the chain; `keeper` has every role.
///
/// # Errors
/// As [`anchor`].
pub fn token(
    domain: &mut dyn Sends,
    (from, keeper): (Address, Address),
    (name, symbol, decimals): (&str, &str, u8),
) -> Result<Address, DomainError> {
    let arguments = Token::constructorCall {
        name: name.to_owned(),
        symbol: symbol.to_owned(),
        decimals_: decimals,
        gate: keeper,
    };
    create(domain, from, (token::ARTIFACT, arguments.abi_encode()))
}

/// Gives every role over a token to a Gate, and gives up one's own: what an issuer does who puts a token that
/// is in circulation already behind a Gate. `from` has every role before, and none after.
///
/// # Errors
/// As [`anchor`]; what was done before the failing step stays done.
pub fn hand_over_token(
    domain: &mut dyn Sends,
    from: Address,
    (at_token, to): (Address, Address),
) -> Result<(), DomainError> {
    let roles = [FixedBytes::ZERO, role("MINTER_ROLE"), role("ORDER_ROLE")];
    for role in roles {
        call(domain, from, at_token, Token::grantRoleCall { role, account: to }.abi_encode())?;
    }
    for role in roles {
        let renounce = Token::renounceRoleCall { role, callerConfirmation: from };
        call(domain, from, at_token, renounce.abi_encode())?;
    }
    Ok(())
}

fn call(domain: &mut dyn Sends, from: Address, to: Address, data: Vec<u8>) -> Result<(), DomainError> {
    domain.send(&Transaction { from, to: Some(to), data: data.into() }).map(drop)
}

fn create(
    domain: &mut dyn Sends,
    from: Address,
    (artifact, arguments): (&str, Vec<u8>),
) -> Result<Address, DomainError> {
    let unusable = |what: String| DomainError::Answer { what };
    let code = creation_code(artifact).map_err(unusable)?;
    let data: Bytes = [&code[..], &arguments].concat().into();
    let receipt = domain.send(&Transaction { from, to: None, data })?;
    receipt.created.ok_or_else(|| unusable("a creation without a contract".to_owned()))
}
