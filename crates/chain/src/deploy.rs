//! Putting a programme's contracts on a chain. What is named here is in force from the first block; later it
//! changes by certificates and governance outcomes only.

use crate::calls::role;
use crate::contracts::{Anchor, Gate, Token, anchor, creation_code, gate, token};
use crate::domain::{DomainError, Sends, Transaction};
use alloy_primitives::{Address, B256, Bytes, FixedBytes, keccak256};
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
    /// Number of the record by which their epoch began: genesis, or `enacted`. No earlier rotation counts.
    pub began: u64,
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
    create(domain, from, anchor_data(following, None)?)
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
    create(domain, from, anchor_data(following, Some(recovery))?)
}

/// What creates an Anchor: its creation code and arguments.
///
/// # Errors
/// [`DomainError::Answer`]: this program has no such code.
pub fn anchor_data(following: Following<'_>, recovery: Option<&Signers>) -> Result<Bytes, DomainError> {
    let members = following.committee.members().iter().map(|member| Address::from(member.address.0));
    let recovery_set = recovery.into_iter().flat_map(Signers::addresses);
    let arguments = Anchor::constructorCall {
        ledgerId: FixedBytes(following.ledger.0),
        epoch: following.committee.epoch(),
        began: following.began,
        members: members.collect(),
        threshold: following.committee.threshold(),
        notice_: following.notice_s,
        recoverySet: recovery_set.map(|address| Address::from(address.0)).collect(),
        recoveryThreshold: recovery.map_or(0, Signers::threshold),
    };
    data(anchor::ARTIFACT, &arguments.abi_encode())
}

/// Puts a Gate on the chain, with its Escrow.
///
/// # Errors
/// As [`anchor`].
pub fn gate(
    domain: &mut dyn Sends,
    from: Address,
    at: (Address, &Name),
    lines: (Address, &[Line]),
) -> Result<Address, DomainError> {
    create(domain, from, gate_data(at, lines)?)
}

/// What creates a Gate behind an Anchor, for a programme, with a guardian and lines.
///
/// # Errors
/// As [`anchor_data`]; a cap of more than 56 bits.
pub fn gate_data(
    (at_anchor, programme): (Address, &Name),
    (guardian, lines): (Address, &[Line]),
) -> Result<Bytes, DomainError> {
    let key = |line: &Line| line_key(&line.name);
    let setup = |line: &Line| {
        let what = || format!("a cap of {} for line `{}`", line.cap, line.name);
        let cap = line.cap.try_into().map_err(|_| DomainError::Answer { what: what() })?;
        let (word, exponent, window) = (line.word, line.exponent, line.window_s);
        Ok(gate::IGate::LineSetup { line: key(line), word, exponent, cap, window })
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
        lines_: lines.iter().map(setup).collect::<Result<_, DomainError>>()?,
        permissions: permissions.collect(),
        policies: policies.collect(),
    };
    data(gate::ARTIFACT, &arguments.abi_encode())
}

/// A line as a Gate names it.
#[must_use]
pub fn line_key(name: &Name) -> B256 {
    keccak256(name.as_str())
}

/// Where the Escrow of a Gate stands: a Gate makes it itself, as the first contract that it creates.
#[must_use]
pub fn escrow_of(gate: Address) -> Address {
    gate.create(1)
}

/// Puts the demo's token on the chain; `keeper` has every role.
///
/// # Errors
/// As [`anchor`].
pub fn token(
    domain: &mut dyn Sends,
    (from, keeper): (Address, Address),
    named: (&str, &str, u8),
) -> Result<Address, DomainError> {
    create(domain, from, token_data(keeper, named)?)
}

/// What creates the demo's token, of this name, symbol and number of decimals.
///
/// # Errors
/// As [`anchor_data`].
pub fn token_data(keeper: Address, (name, symbol, decimals): (&str, &str, u8)) -> Result<Bytes, DomainError> {
    let arguments = Token::constructorCall {
        name: name.to_owned(),
        symbol: symbol.to_owned(),
        decimals_: decimals,
        gate: keeper,
    };
    data(token::ARTIFACT, &arguments.abi_encode())
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

fn data(artifact: &str, arguments: &[u8]) -> Result<Bytes, DomainError> {
    let code = creation_code(artifact).map_err(|what| DomainError::Answer { what })?;
    Ok([&code[..], arguments].concat().into())
}

fn create(domain: &mut dyn Sends, from: Address, data: Bytes) -> Result<Address, DomainError> {
    let unusable = || DomainError::Answer { what: "a creation without a contract".to_owned() };
    domain.send(&Transaction { from, to: None, data })?.created.ok_or_else(unusable)
}
