//! Outcomes: what a decided case unlocks, in the bytes that a contract checks (specs/outcome.md).

use crate::refusal::Refusal;
use crate::values::{Texts, Values, declared};
use alloy_primitives::{Address as EvmAddress, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolValue, sol};
use lockstep_policy::{AbiType, Arg, ClaimRef, ClaimValue, Domain, Expiry, Layout, Outcome, Target};
use lockstep_types::{Address, CaseId, ChainId, LeafHash, LedgerId, Name, PolicyDigest, Time};
use std::collections::BTreeMap;

/// Kind byte of an outcome that calls contracts of the programme.
pub const KIND_ORDINARY: u8 = 0;
/// Kind byte of calls of a Gate to itself.
pub const KIND_GOVERNANCE: u8 = 1;
/// Kind byte of an outcome that moves deposits of its case in the Gate's Escrow.
pub const KIND_ESCROW: u8 = 2;

sol! {
    /// One call on a chain.
    struct Call {
        /// The contract called.
        address target;
        /// Selector and arguments.
        bytes data;
    }

    /// The body of an outcome record, as `abi.encode` of these fields in this order.
    struct OutcomeBody {
        /// The ledger.
        bytes32 ledger;
        /// The case.
        bytes32 caseId;
        /// The case's record before this one.
        bytes32 prev;
        /// Keccak-256 of the programme's name.
        bytes32 programme;
        /// The policy.
        bytes32 policy;
        /// Keccak-256 of the Gate's line.
        bytes32 line;
        /// 0: ordinary; 1: a Gate's change of itself; 2: the Gate's Escrow (specs/chain.md §3).
        uint8 kind;
        /// Where it can be executed.
        uint256 chainId;
        /// By which Gate.
        address gate;
        /// What is called, in order.
        Call[] calls;
        /// Seconds since the epoch, inclusive; 0: never expires.
        uint64 notAfter;
        /// Which decision of the case.
        uint32 ordinal;
    }
}

/// An outcome with its calls made up, before it has a place in the log.
pub(crate) struct Formed {
    pub programme: Name,
    pub domain: Name,
    pub not_after: Option<Time>,
    pub line: Name,
    pub kind: u8,
    pub chain: ChainId,
    pub gate: Address,
    pub calls: Vec<Call>,
}

/// What ties an outcome to its place in the log.
pub(crate) struct Place {
    pub ledger: LedgerId,
    pub case: CaseId,
    pub prev: LeafHash,
    pub policy: PolicyDigest,
    pub ordinal: u32,
}

/// What the arguments of a case's outcomes are taken from.
pub(crate) struct Given<'a> {
    pub case: CaseId,
    pub layout: &'a Layout,
    pub params: Values,
    /// Claims of the steps that stand.
    pub claims: BTreeMap<Name, &'a Texts>,
}

impl Given<'_> {
    fn word(&self, arg: &Arg, kind: AbiType, domain: &Domain) -> Result<Result<[u8; 32], String>, Refusal> {
        let withheld = |what: String| Refusal::Withheld { what };
        let value = match arg {
            Arg::Case => return Ok(Ok(self.case.0)),
            Arg::Token => return Ok(Ok(B256::left_padding_from(&domain.token.0).0)),
            Arg::Param(name) => {
                let value = self.params.get(name).cloned().flatten();
                value.ok_or_else(|| withheld(format!("resource.{name}")))?
            }
            Arg::Claim(ClaimRef { step, claim }) => {
                let text = self.claims.get(step).and_then(|texts| texts.get(claim).cloned().flatten());
                let kind = self.layout.step(step.as_str()).and_then(|step| step.claim(claim.as_str()));
                let value = text.zip(kind).and_then(|(text, kind)| kind.parse(&text).ok());
                value.ok_or_else(|| withheld(format!("context.step.{step}.{claim}")))?
            }
        };
        Ok(word(kind, &value, domain))
    }
}

/// Makes up an outcome's call. Amounts convert exactly, or what would unlock the outcome is refused.
pub(crate) fn form(given: &Given<'_>, outcome: &Outcome, now: Time) -> Result<Formed, Refusal> {
    let layout = given.layout;
    let domain = declared(layout.domain(outcome.domain.as_str()), &outcome.domain)?;
    let mut data = keccak256(outcome.call.signature.as_bytes()).iter().copied().take(4).collect::<Vec<u8>>();
    let refused = |what: String| Refusal::OutcomeForm { outcome: outcome.name.clone(), what };
    for (kind, arg) in outcome.call.types.iter().zip(&outcome.call.args) {
        data.extend_from_slice(&given.word(arg, *kind, domain)?.map_err(refused)?);
    }
    let (kind, target) = match outcome.call.target {
        Target::Token => (KIND_ORDINARY, Some(domain.token)),
        Target::Escrow => (KIND_ESCROW, domain.escrow),
    };
    let target = target.ok_or_else(|| refused(format!("domain `{}` states no escrow", domain.name)))?;
    let not_after = match outcome.expires {
        Expiry::Never => None,
        Expiry::AfterMs(ms) => {
            let seconds = now.saturating_add_ms(ms).seconds_round_down();
            Time::from_ms(seconds.saturating_mul(1_000)).ok()
        }
    };
    Ok(Formed {
        programme: layout.programme.clone(),
        domain: outcome.domain.clone(),
        not_after,
        line: outcome.line.clone(),
        kind,
        chain: domain.chain,
        gate: domain.gate,
        calls: vec![Call { target: EvmAddress::from(target.0), data: Bytes::from(data) }],
    })
}

/// One ABI word of a call.
fn word(kind: AbiType, value: &ClaimValue, domain: &Domain) -> Result<[u8; 32], String> {
    match (kind, value) {
        (AbiType::Address, ClaimValue::Account(address)) => Ok(B256::left_padding_from(&address.0).0),
        (AbiType::Bytes32, ClaimValue::Digest(digest)) => Ok(digest.0),
        (AbiType::Bool, ClaimValue::Bool(yes)) => Ok(U256::from(u8::from(*yes)).to_be_bytes()),
        (AbiType::Uint256, ClaimValue::Money(money)) => {
            let units = token_units(money.amount.minor(), money.currency.decimals(), domain.decimals);
            let text = || format!("`{money}` has no exact form with {} decimals", domain.decimals);
            units.map(|units| U256::from(units).to_be_bytes()).ok_or_else(text)
        }
        (AbiType::Uint256, ClaimValue::Int(number)) => {
            let number = u64::try_from(*number).map_err(|_| format!("`{number}` is negative"))?;
            Ok(U256::from(number).to_be_bytes())
        }
        (AbiType::Uint256, ClaimValue::Time(time)) => Ok(U256::from(time.ms()).to_be_bytes()),
        (kind, value) => Err(format!("`{value}` is no `{}`", kind.as_str())),
    }
}

/// Minor units of a currency as token units: exactly, or not at all.
#[must_use]
pub fn token_units(minor: i64, currency_decimals: u16, token_decimals: u8) -> Option<u128> {
    let minor = u128::try_from(minor).ok()?;
    let (currency, token) = (u32::from(currency_decimals), u32::from(token_decimals));
    match token.checked_sub(currency) {
        Some(more) => minor.checked_mul(10u128.checked_pow(more)?),
        None => {
            let unit = 10u128.checked_pow(currency.checked_sub(token)?)?;
            let exact = minor.checked_rem(unit)? == 0;
            if exact { minor.checked_div(unit) } else { None }
        }
    }
}

/// Token units as minor units of a currency: exactly, or not at all.
#[must_use]
pub fn minor_units(units: u128, currency_decimals: u16, token_decimals: u8) -> Option<i64> {
    let (currency, token) = (u32::from(currency_decimals), u32::from(token_decimals));
    let scaled = units.checked_mul(10u128.checked_pow(currency)?)?;
    let unit = 10u128.checked_pow(token)?;
    let exact = scaled.checked_rem(unit)? == 0;
    if exact { i64::try_from(scaled.checked_div(unit)?).ok() } else { None }
}

/// The body of the outcome's record.
pub(crate) fn encode(place: &Place, formed: &Formed) -> Vec<u8> {
    OutcomeBody {
        ledger: B256::from(place.ledger.0),
        caseId: B256::from(place.case.0),
        prev: B256::from(place.prev.0),
        programme: keccak256(formed.programme.as_str()),
        policy: B256::from(place.policy.0),
        line: keccak256(formed.line.as_str()),
        kind: formed.kind,
        chainId: U256::from(formed.chain.0),
        gate: EvmAddress::from(formed.gate.0),
        calls: formed.calls.clone(),
        notAfter: formed.not_after.map_or(0, Time::seconds_round_down),
        ordinal: place.ordinal,
    }
    .abi_encode_params()
}

/// Decodes the body of an outcome record; only the one encoding that its fields have is accepted.
///
/// # Errors
/// What is wrong with it.
pub fn decode(body: &[u8]) -> Result<OutcomeBody, String> {
    let outcome = OutcomeBody::abi_decode_params(body).map_err(|error| error.to_string())?;
    if outcome.abi_encode_params() != body {
        return Err("not the canonical ABI encoding".to_owned());
    }
    if ![KIND_ORDINARY, KIND_GOVERNANCE, KIND_ESCROW].contains(&outcome.kind) {
        return Err(format!("kind `{}` is not known", outcome.kind));
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests;
