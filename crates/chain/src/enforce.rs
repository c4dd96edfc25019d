//! What is sent to a chain so that it obeys a ledger: certificates for its Anchor, outcomes for its Gate
//! (specs/chain.md §§1–3). Anybody may send them.

use crate::calls::{decode, encode};
use crate::contracts::{Anchor, Gate, anchor, gate};
use crate::domain::{Block, Domain, DomainError};
use alloy_primitives::{Address, B256, Bytes, FixedBytes};
use alloy_sol_types::SolCall;
use lockstep_ledger::{Certificate, Record};
use lockstep_types::{CaseId, Digest, LedgerId, RootHash};

/// An outcome's record, and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Placed<'a> {
    /// The record.
    pub record: &'a Record,
    /// Its number.
    pub index: u64,
    /// From its leaf to the root at the size that is named with it.
    pub path: &'a [Digest],
}

/// The call that anchors a certified head; `proof` leads from the last anchored size to the certificate's,
/// and is empty for the first.
#[must_use]
pub fn submit(certificate: &Certificate, proof: &[Digest]) -> Bytes {
    let call = Anchor::submitCall {
        size: certificate.size,
        root: FixedBytes(certificate.root.0),
        certificate: abi_certificate(certificate),
        proof: words(proof),
    };
    call.abi_encode().into()
}

/// The call that carries out an outcome at an anchored size.
#[must_use]
pub fn execute(placed: Placed<'_>, size: u64) -> Bytes {
    Gate::executeCall { opening: abi_opening(placed), size }.abi_encode().into()
}

/// The call that carries out several, all or none; those executed before are passed over.
#[must_use]
pub fn execute_all(placed: &[Placed<'_>], size: u64) -> Bytes {
    let openings = placed.iter().map(|placed| abi_opening(*placed)).collect();
    Gate::executeAllCall { openings, size }.abi_encode().into()
}

/// What a Gate goes by: its Anchor, and the head that this holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchored {
    /// The Anchor.
    pub anchor: Address,
    /// The ledger that it follows now.
    pub ledger: LedgerId,
    /// Size and root of the last anchored head; nothing before the first.
    pub head: Option<(u64, RootHash)>,
}

/// What a Gate goes by, as of one block.
///
/// # Errors
/// [`DomainError`]: nobody answers, or there is no Gate.
pub fn anchored(domain: &dyn Domain, block: &Block, at_gate: Address) -> Result<Anchored, DomainError> {
    let anchor = read(domain, block, (at_gate, &Gate::ANCHORCall {}))?;
    let ledger = read(domain, block, (anchor, &Anchor::ledgerCall {}))?;
    let head = match read(domain, block, (anchor, &Anchor::headCall {}))? {
        0 => None,
        size => {
            let root = read(domain, block, (anchor, &Anchor::rootAtCall { ledgerId: ledger, size }))?;
            Some((size, RootHash(root.0)))
        }
    };
    Ok(Anchored { anchor, ledger: LedgerId(ledger.0), head })
}

/// Whether a Gate has executed an outcome, as of one block.
///
/// # Errors
/// As [`anchored`].
pub fn executed(
    domain: &dyn Domain,
    block: &Block,
    (at_gate, case, ordinal): (Address, CaseId, u32),
) -> Result<bool, DomainError> {
    read(domain, block, (at_gate, &Gate::executedCall { caseId: FixedBytes(case.0), ordinal }))
}

fn read<C: SolCall>(
    domain: &dyn Domain,
    block: &Block,
    (of, call): (Address, &C),
) -> Result<C::Return, DomainError> {
    decode::<C>(&domain.call_at(block, of, &encode(call))?)
}

fn abi_certificate(certificate: &Certificate) -> anchor::IAnchor::Certificate {
    let signature =
        |s: &lockstep_ledger::MemberSignature| [&[s.member], s.signature.as_bytes().as_slice()].concat();
    anchor::IAnchor::Certificate {
        scheme: certificate.scheme,
        ledger: FixedBytes(certificate.ledger.0),
        epoch: certificate.epoch,
        committee: FixedBytes(certificate.committee.0),
        threshold: certificate.threshold,
        signatures: certificate.signatures.iter().flat_map(signature).collect::<Vec<u8>>().into(),
    }
}

fn abi_opening(placed: Placed<'_>) -> gate::IGate::Opening {
    gate::IGate::Opening {
        body: Bytes::copy_from_slice(placed.record.body()),
        salt: FixedBytes(placed.record.salt().0),
        time: placed.record.time().ms(),
        index: placed.index,
        path: words(placed.path),
    }
}

fn words(digests: &[Digest]) -> Vec<B256> {
    digests.iter().map(|digest| FixedBytes(digest.0)).collect()
}
