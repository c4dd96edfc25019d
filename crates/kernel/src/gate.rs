//! Changes of a Gate: the calls that a governance outcome makes the Gate do to itself (specs/governance.md
//! §6). What tightens needs the administrators alone and works at once on the chain; what
//! loosens needs k co-signers and the notice here, and once more the notice there.

use crate::outcome::{Call, Formed, KIND_GOVERNANCE, OutcomeBody};
use crate::state::Kernel;
use alloy_primitives::{Address as EvmAddress, B256, Bytes, FixedBytes, U256, Uint, keccak256};
use alloy_sol_types::{SolCall, SolValue, sol};
use lockstep_types::{Address, Digest, Name, PolicyDigest, Time};
use serde::{Deserialize, Serialize};

/// Most calls of one change.
pub const GATE_CALLS_MAX: usize = 16;
/// How long after it took effect a change can be brought to its Gate: 30 days.
pub const GATE_CHANGE_MS: u64 = 30 * 24 * 3_600_000;
/// The line that stands in a governance outcome.
pub const GOVERNANCE_LINE: &str = "governance";
/// Longest signature of a function.
const SIGNATURE_BYTES_MAX: usize = 256;
/// Largest power of ten that a line may count in, as in `Lines.sol`.
const EXPONENT_MAX: u8 = 30;

/// What `IGate.sol` declares.
mod abi {
    alloy_sol_types::sol! {
        function retire(bytes32 policy, bytes32 line);
        function forbid(address target, bytes4 selector);
        function tighten(bytes32 line, uint56 cap, uint32 window);
        function drop(bytes32 id);
        function accept(bytes32 policy, bytes32 line);
        function permit(address target, bytes4 selector, bytes32 line);
        function setLine(bytes32 line, uint8 word, uint8 exponent, uint56 cap, uint32 window);
        function setGuardian(address guardian);
    }
}

sol! {
    /// What names a decision of a case at a Gate.
    struct Decision {
        /// The case.
        bytes32 caseId;
        /// Which decision.
        uint32 ordinal;
    }

    /// What names a loosening at a Gate.
    struct Loosening {
        /// Keccak-256 of the decision.
        bytes32 key;
        /// Place of the call.
        uint256 place;
    }
}

/// What a governance case changes at a Gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateChange {
    /// What the Gate does to itself, in order, all or nothing.
    pub calls: Vec<GateCall>,
    /// Which Gate: the one in force on this domain.
    pub domain: Name,
    /// Whose Gate.
    pub programme: Name,
}

/// One call of a Gate to itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateCall {
    /// A policy may use a line.
    Accept(PolicyOnLine),
    /// A loosening that waits is given up.
    Drop(Dropped),
    /// Calls of a function belong to no line.
    Forbid(Function),
    /// Calls of a function belong to a line.
    Permit(Permitted),
    /// A policy may use a line no more, save for calls to Escrow.
    Retire(PolicyOnLine),
    /// Another guardian.
    SetGuardian(NewGuardian),
    /// Any cap, window, unit and counted word of a line.
    SetLine(NewLine),
    /// A cap that is not higher, over a window that is not shorter.
    Tighten(Tighter),
}

/// See [`GateCall::Accept`] and [`GateCall::Retire`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyOnLine {
    /// The line.
    pub line: Name,
    /// The policy.
    pub policy: PolicyDigest,
}

/// See [`GateCall::Drop`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dropped {
    /// The loosening, as the Gate names it.
    pub change: Digest,
}

/// See [`GateCall::Forbid`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// Name and types, as in `mint(address,uint256)`.
    pub signature: String,
    /// The contract.
    pub target: Address,
}

/// See [`GateCall::Permit`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permitted {
    /// The line.
    pub line: Name,
    /// Name and types, as in `mint(address,uint256)`.
    pub signature: String,
    /// The contract.
    pub target: Address,
}

/// See [`GateCall::SetGuardian`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewGuardian {
    /// Who may pause; the zero address: nobody.
    pub guardian: Address,
}

/// See [`GateCall::SetLine`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewLine {
    /// Most in any window, in units of 10^`exponent`.
    pub cap: u64,
    /// The unit.
    pub exponent: u8,
    /// The line.
    pub line: Name,
    /// Seconds.
    pub window_s: u32,
    /// Which argument word is counted; 255: every call counts one.
    pub word: u8,
}

/// See [`GateCall::Tighten`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tighter {
    /// Most in any window, in the line's units.
    pub cap: u64,
    /// The line.
    pub line: Name,
    /// Seconds.
    pub window_s: u32,
}

/// Whether a call to a Gate loosens, by its selector: everything does but what is known to tighten.
#[must_use]
pub fn loosens(selector: [u8; 4]) -> bool {
    let tightening = [
        abi::retireCall::SELECTOR,
        abi::forbidCall::SELECTOR,
        abi::tightenCall::SELECTOR,
        abi::dropCall::SELECTOR,
    ];
    !tightening.contains(&selector)
}

/// The names that a Gate gives to the loosenings of a governance outcome, by the place of their call.
#[must_use]
pub fn loosenings(outcome: &OutcomeBody) -> Vec<(usize, Digest)> {
    if outcome.kind != KIND_GOVERNANCE {
        return Vec::new();
    }
    let key = keccak256(Decision { caseId: outcome.caseId, ordinal: outcome.ordinal }.abi_encode());
    let name = |place: usize| Loosening { key, place: U256::from(place) }.abi_encode();
    let waits = |call: &Call| call.data.first_chunk().is_none_or(|selector| loosens(*selector));
    let all = outcome.calls.iter().enumerate().filter(|(_, call)| waits(call));
    all.map(|(place, _)| (place, Digest(keccak256(name(place)).0))).collect()
}

impl GateCall {
    /// Selector and arguments, as the Gate takes them.
    ///
    /// # Errors
    /// What is wrong with an argument.
    pub fn data(&self) -> Result<Vec<u8>, String> {
        let line = |name: &Name| keccak256(name.as_str());
        let account = |address: &Address| EvmAddress::from(address.0);
        Ok(match self {
            Self::Accept(PolicyOnLine { policy, line: on }) => {
                abi::acceptCall { policy: B256::from(policy.0), line: line(on) }.abi_encode()
            }
            Self::Drop(Dropped { change }) => abi::dropCall { id: B256::from(change.0) }.abi_encode(),
            Self::Forbid(Function { target, signature }) => {
                abi::forbidCall { target: account(target), selector: selector_of(signature)? }.abi_encode()
            }
            Self::Permit(Permitted { target, signature, line: on }) => {
                let selector = selector_of(signature)?;
                abi::permitCall { target: account(target), selector, line: line(on) }.abi_encode()
            }
            Self::Retire(PolicyOnLine { policy, line: on }) => {
                abi::retireCall { policy: B256::from(policy.0), line: line(on) }.abi_encode()
            }
            Self::SetGuardian(NewGuardian { guardian }) => {
                abi::setGuardianCall { guardian: account(guardian) }.abi_encode()
            }
            Self::SetLine(NewLine { line: on, word, exponent, cap, window_s }) => {
                if *exponent > EXPONENT_MAX {
                    return Err(format!("a unit of 10^{exponent}: at most 10^{EXPONENT_MAX} are counted in"));
                }
                let (cap, window) = (cap_of(*cap)?, window_of(*window_s)?);
                abi::setLineCall { line: line(on), word: *word, exponent: *exponent, cap, window }
                    .abi_encode()
            }
            Self::Tighten(Tighter { line: on, cap, window_s }) => {
                let (cap, window) = (cap_of(*cap)?, window_of(*window_s)?);
                abi::tightenCall { line: line(on), cap, window }.abi_encode()
            }
        })
    }

    /// Whether it may loosen what the Gate enforces; what has no form does.
    #[must_use]
    pub fn loosens(&self) -> bool {
        let data = self.data().unwrap_or_default();
        data.first_chunk().is_none_or(|selector| loosens(*selector))
    }
}

fn cap_of(cap: u64) -> Result<Uint<56, 1>, String> {
    Uint::try_from(cap).map_err(|_| format!("a cap of {cap}: at most 2^56 - 1 is kept"))
}

fn window_of(window_s: u32) -> Result<u32, String> {
    if window_s == 0 { Err("a window of no seconds".to_owned()) } else { Ok(window_s) }
}

/// The first four bytes of the hash of a function's signature. That such a function exists is not known here.
fn selector_of(signature: &str) -> Result<FixedBytes<4>, String> {
    let refused =
        || format!("`{}` is no signature: expected a form such as `mint(address,uint256)`", cut(signature));
    let (name, types) =
        signature.strip_suffix(')').and_then(|rest| rest.split_once('(')).ok_or_else(refused)?;
    let letter = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'$';
    let named = name.bytes().all(letter) && name.bytes().next().is_some_and(|b| !b.is_ascii_digit());
    let typed = types.bytes().all(|b| letter(b) || matches!(b, b',' | b'[' | b']' | b'(' | b')'));
    if !named || !typed || signature.len() > SIGNATURE_BYTES_MAX {
        return Err(refused());
    }
    let [a, b, c, d, ..] = keccak256(signature).0;
    Ok(FixedBytes([a, b, c, d]))
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

impl GateChange {
    /// Whether one of its calls may loosen.
    #[must_use]
    pub fn loosens(&self) -> bool {
        self.calls.iter().any(GateCall::loosens)
    }
}

impl Kernel {
    /// Says what is wrong with a change of a Gate.
    ///
    /// Whether there is one rests on policies of this programme alone, and a policy never goes: so the answer
    /// can only turn from no to yes, and a verifier that has this programme's policies gives the same.
    pub(crate) fn check_gate(&self, change: &GateChange) -> Result<(), String> {
        if change.calls.is_empty() || change.calls.len() > GATE_CALLS_MAX {
            return Err(format!("{} calls, expected 1 to {GATE_CALLS_MAX}", change.calls.len()));
        }
        change.calls.iter().try_for_each(|call| call.data().map(drop))?;
        self.domain_in_force(&change.programme, &change.domain).map(drop).ok_or_else(|| {
            format!("no policy of programme `{}` names domain `{}`", change.programme, change.domain)
        })
    }

    /// The outcome by which the Gate changes; nothing for a change that [`Kernel::check_gate`] refuses.
    pub(crate) fn form_gate_change(&self, change: &GateChange, now: Time) -> Option<Formed> {
        let domain = self.domain_in_force(&change.programme, &change.domain)?;
        let target = EvmAddress::from(domain.gate.0);
        let call = |call: &GateCall| Some(Call { target, data: Bytes::from(call.data().ok()?) });
        Some(Formed {
            programme: change.programme.clone(),
            domain: change.domain.clone(),
            not_after: Some(now.saturating_add_ms(GATE_CHANGE_MS)),
            line: GOVERNANCE_LINE.parse().ok()?,
            kind: KIND_GOVERNANCE,
            chain: domain.chain,
            gate: domain.gate,
            calls: change.calls.iter().map(call).collect::<Option<_>>()?,
        })
    }
}
