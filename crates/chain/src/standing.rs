//! What stands on a chain, held against what somebody meant to put there: of the arguments of a creation,
//! those that its contract shows, and the code itself.

use crate::calls::{decode, encode};
use crate::contracts::anchor::IAnchor::Committee;
use crate::contracts::{Anchor, Gate};
use crate::deploy::{self, Following, Line, escrow_of, line_key};
use crate::domain::{Block, Domain, DomainError, Transaction};
use crate::rpc::Rpc;
use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256, b256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use core::fmt;
use lockstep_ledger::Signers;
use lockstep_types::limits::COSIGNERS_MAX;
use lockstep_types::{LedgerId, Name, PolicyDigest};

/// From which a creation is tried out: an account that has never sent anything.
const NOBODY: Address = Address::repeat_byte(0x5a);
/// `EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)`.
const DOMAIN_TYPE: B256 = b256!("8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f");
/// How a Gate answers for a policy that may use a line.
const ACCEPTED: u8 = 1;

/// Something on a chain that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What.
    pub what: String,
    /// How it should be.
    pub expected: String,
    /// How it is.
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, expected, found } = self;
        write!(f, "{what}: expected `{expected}`, found `{found}`")
    }
}

/// What an Anchor goes by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnchorStands {
    /// The ledger that it follows.
    pub ledger: LedgerId,
    /// Epoch of its co-signers.
    pub epoch: u64,
    /// Their digest.
    pub committee: B256,
    /// How many of them must sign.
    pub threshold: u8,
    /// Seconds between a rotation or loosening and its effect.
    pub notice_s: u64,
}

/// What a Gate cannot change any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateStands {
    /// The Anchor that it looks at.
    pub anchor: Address,
    /// Its Escrow.
    pub escrow: Address,
    /// Keccak-256 of its programme's name.
    pub programme: B256,
}

/// Whether the code at `at` is what these bytes create there, as of one block: the creation is tried out, and
/// what of the code depends on where it stands is exchanged. A token with EIP-712 keeps a word of that kind,
/// for which its name is needed.
///
/// # Errors
/// [`DomainError`]: nobody answers, or the creation would be refused.
pub fn is_made_by(
    rpc: &Rpc,
    block: &Block,
    (at, data): (Address, &Bytes),
    signs_as: Option<&str>,
) -> Result<bool, DomainError> {
    let found = rpc.code(block, at)?;
    if found.is_empty() {
        return Ok(false);
    }
    let tried = NOBODY.create(rpc.nonce(block, NOBODY)?);
    let made = rpc.simulate(block, &Transaction { from: NOBODY, to: None, data: data.clone() })?;
    // A Gate's Escrow, and the recovery set of an Anchor, are the first contract that it creates.
    let made = exchanged(&made, tried.create(1).as_slice(), at.create(1).as_slice());
    let made = exchanged(&made, tried.as_slice(), at.as_slice());
    let Some(name) = signs_as else { return Ok(made == found[..]) };
    let separator = |of: Address| {
        let fields = (DOMAIN_TYPE, keccak256(name), keccak256("1"), U256::from(rpc.chain_id()), of);
        keccak256(fields.abi_encode())
    };
    Ok(exchanged(&made, separator(tried).as_slice(), separator(at).as_slice()) == found[..])
}

/// Whether the code at `at` is an Anchor's as this program makes it, whatever ledger it was made for and
/// whoever its recovery set is.
///
/// # Errors
/// As [`is_made_by`].
pub fn is_an_anchor(
    rpc: &Rpc,
    block: &Block,
    (at, following): (Address, Following<'_>),
) -> Result<bool, DomainError> {
    let notice_s = read(rpc, block, (at, &Anchor::noticeCall {}))?;
    let following = Following { notice_s, ..following };
    let made = |recovery: Option<&Signers>| {
        is_made_by(rpc, block, (at, &deploy::anchor_data(following, recovery)?), None)
    };
    if made(None)? {
        return Ok(true);
    }
    // The code names the recovery set by where it stands, and its threshold; any set of one size will do.
    let members = rpc.code(block, at.create(1))?.len().saturating_sub(1) / 20;
    for threshold in (1..=u8::try_from(members.min(COSIGNERS_MAX)).unwrap_or(0)).rev() {
        let anybody = (1..=threshold).map(|number| lockstep_types::Address([number; 20])).collect();
        let some = Signers::new(anybody, threshold).ok();
        if some.is_some() && made(some.as_ref())? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The code with some bytes in place of others as long.
fn exchanged(code: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut code = code.to_vec();
    let mut at = 0_usize;
    while let Some(place) = code.get_mut(at..at.saturating_add(from.len())) {
        if place == from {
            place.copy_from_slice(to);
        }
        at = at.saturating_add(1);
    }
    code
}

/// What an Anchor shows that was made for this ledger and has not moved on yet, and should show otherwise.
///
/// # Errors
/// [`DomainError`]: nobody answers, or not as an Anchor does.
pub fn anchor_differs(
    rpc: &Rpc,
    block: &Block,
    at: Address,
    (following, recovery): (Following<'_>, Option<&Signers>),
) -> Result<Vec<Difference>, DomainError> {
    let found = anchor(rpc, block, at)?;
    let expected = following.committee;
    let mut differs = Differs::default();
    differs.unless_same("ledger", following.ledger, found.ledger);
    differs.unless_same("epoch", expected.epoch(), found.epoch);
    differs.unless_same("committee", B256::from(expected.digest().0), found.committee);
    differs.unless_same("threshold", expected.threshold(), found.threshold);
    differs.unless_same("notice, in seconds", following.notice_s, found.notice_s);
    let from = read(rpc, block, (at, &Anchor::rotationsFromCall {}))?;
    differs.unless_same("place from which rotations count", following.began.saturating_add(1), from);
    if let Some(recovery) = recovery {
        let found = keccak256(rpc.code(block, at.create(1))?);
        differs.unless_same("recovery set", B256::from(recovery.digest().0), found);
    }
    let data = deploy::anchor_data(following, recovery)?;
    differs.unless_same("code as of this program", true, is_made_by(rpc, block, (at, &data), None)?);
    Ok(differs.0)
}

/// What an Anchor goes by, as of one block.
///
/// # Errors
/// As [`anchor_differs`].
pub fn anchor(rpc: &Rpc, block: &Block, at: Address) -> Result<AnchorStands, DomainError> {
    let ledger = read(rpc, block, (at, &Anchor::ledgerCall {}))?;
    let notice_s = read(rpc, block, (at, &Anchor::noticeCall {}))?;
    let Committee { blob, threshold, epoch } = read(rpc, block, (at, &Anchor::committeeCall {}))?;
    let committee = keccak256(rpc.code(block, blob)?);
    Ok(AnchorStands { ledger: LedgerId(ledger.0), epoch, committee, threshold, notice_s })
}

/// What a Gate shows that should show otherwise.
///
/// # Errors
/// [`DomainError`]: nobody answers, or not as a Gate does.
pub fn gate_differs(
    rpc: &Rpc,
    block: &Block,
    (at, anchor, programme): (Address, Address, &Name),
    (guardian, lines): (Address, &[Line]),
) -> Result<Vec<Difference>, DomainError> {
    let found = gate(rpc, block, at)?;
    let mut differs = Differs::default();
    differs.unless_same("anchor", anchor, found.anchor);
    differs.unless_same("programme", keccak256(programme.as_str()), found.programme);
    differs.unless_same("escrow", escrow_of(at), found.escrow);
    let guard = read(rpc, block, (at, &Gate::guardCall {}))?;
    differs.unless_same("guardian", guardian, guard.guardian);
    for line in lines {
        let shown = read(rpc, block, (at, &Gate::linesCall { line: line_key(&line.name) }))?;
        let name = &line.name;
        differs.unless_same(&format!("what line `{name}` counts"), line.word, shown.word);
        differs.unless_same(&format!("unit of line `{name}`"), line.exponent, shown.exponent);
        differs.unless_same(&format!("cap of line `{name}`"), line.cap, shown.cap.to::<u64>());
        differs.unless_same(&format!("window of line `{name}`"), line.window_s, shown.window);
        differs.0.extend(permits_differ(rpc, block, (at, line))?);
    }
    let data = deploy::gate_data((anchor, programme), (guardian, lines))?;
    differs.unless_same("code as of this program", true, is_made_by(rpc, block, (at, &data), None)?);
    Ok(differs.0)
}

/// Calls that a Gate does not take as ones of this line, and policies that may not use it.
///
/// # Errors
/// As [`gate_differs`].
pub fn permits_differ(
    rpc: &Rpc,
    block: &Block,
    (at, line): (Address, &Line),
) -> Result<Vec<Difference>, DomainError> {
    let (mut differs, key) = (Differs::default(), line_key(&line.name));
    for selector in &line.selectors {
        let call = Gate::lineOfCall { target: line.target, selector: FixedBytes(*selector) };
        let found = read(rpc, block, (at, &call))?;
        let what = format!("line of call {} at `{}`", FixedBytes(*selector), line.target);
        differs.unless_same(&what, key, found);
    }
    for policy in &line.policies {
        let standing = accepts(rpc, block, (at, policy, key))?;
        let what = format!("whether policy {policy} may use line `{}`", line.name);
        differs.unless_same(&what, true, standing);
    }
    Ok(differs.0)
}

fn accepts(
    rpc: &Rpc,
    block: &Block,
    (at, policy, line): (Address, &PolicyDigest, B256),
) -> Result<bool, DomainError> {
    let call = Gate::standingCall { policy: FixedBytes(policy.0), line };
    Ok(read(rpc, block, (at, &call))? == ACCEPTED)
}

/// How much of a line passes in which time, and who may pause the Gate, for a person.
///
/// # Errors
/// As [`gate_differs`].
pub fn caps_told(
    rpc: &Rpc,
    block: &Block,
    (at, lines): (Address, &[&Name]),
) -> Result<Vec<String>, DomainError> {
    let mut told = Vec::new();
    for name in lines {
        let line = read(rpc, block, (at, &Gate::linesCall { line: line_key(name) }))?;
        let counted = match line.word {
            u8::MAX => "calls".to_owned(),
            word => format!("times 10^{} of argument {word}", line.exponent),
        };
        let (cap, window) = (line.cap, line.window);
        told.push(format!("line `{name}`: at most {cap} {counted} in {window} s"));
    }
    let guardian = read(rpc, block, (at, &Gate::guardCall {}))?.guardian;
    told.push(match guardian {
        Address::ZERO => "nobody may pause the Gate".to_owned(),
        guardian => format!("`{guardian}` may pause the Gate"),
    });
    Ok(told)
}

/// What a Gate cannot change.
///
/// # Errors
/// [`DomainError`]: nobody answers, or not as a Gate does.
pub fn gate(domain: &dyn Domain, block: &Block, at: Address) -> Result<GateStands, DomainError> {
    Ok(GateStands {
        anchor: read(domain, block, (at, &Gate::ANCHORCall {}))?,
        escrow: read(domain, block, (at, &Gate::ESCROWCall {}))?,
        programme: read(domain, block, (at, &Gate::PROGRAMMECall {}))?,
    })
}

#[derive(Default)]
struct Differs(Vec<Difference>);

impl Differs {
    fn unless_same<T: PartialEq + ToString>(&mut self, what: &str, expected: T, found: T) {
        if expected != found {
            let (expected, found) = (expected.to_string(), found.to_string());
            self.0.push(Difference { what: what.to_owned(), expected, found });
        }
    }
}

pub(crate) fn read<C: SolCall>(
    domain: &dyn Domain,
    block: &Block,
    (of, call): (Address, &C),
) -> Result<C::Return, DomainError> {
    decode::<C>(&domain.call_at(block, of, &encode(call))?)
}

#[cfg(test)]
mod tests;
