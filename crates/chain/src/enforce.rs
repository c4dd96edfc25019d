//! What is sent to a chain so that it obeys a ledger: certificates for its Anchor, outcomes for its Gate,
//! declarations for both (specs/chain.md). Anybody may send them.

use crate::calls::{decode, encode};
use crate::contracts::{Anchor, Gate, anchor, gate};
use crate::domain::{Block, Domain, DomainError};
use alloy_primitives::{Address, B256, Bytes, FixedBytes};
use alloy_sol_types::SolCall;
use lockstep_ledger::certificate::SCHEME_SECP256K1;
use lockstep_ledger::{Certificate, Committee, Declaration, Member, MemberSignature, Record, Signers};
use lockstep_types::{CaseId, Digest, LeafHash, LedgerId, RootHash};

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

/// A rotation that a ledger has enacted.
#[derive(Debug, Clone, Copy)]
pub struct Rotated<'a> {
    /// The record `enacted`.
    pub enacted: Placed<'a>,
    /// The governance case.
    pub case: CaseId,
    /// The case's record before `enacted`.
    pub prev: LeafHash,
    /// Who comes.
    pub committee: &'a Committee,
}

/// The call that shows a rotation to an Anchor; `certificate` is of the committee that comes, over an
/// anchored size, to whose root the record's path leads.
#[must_use]
pub fn rotate(rotated: Rotated<'_>, certificate: &Certificate) -> Bytes {
    let Placed { record, index, path } = rotated.enacted;
    let member = |member: &Member| anchor::IAnchor::Member {
        key: Address::from(member.address.0),
        lei: FixedBytes::right_padding_from(member.lei.as_str().as_bytes()),
        name: member.name.to_string(),
    };
    let rotation = anchor::IAnchor::Rotation {
        members: rotated.committee.members().iter().map(member).collect(),
        threshold: rotated.committee.threshold(),
        caseId: FixedBytes(rotated.case.0),
        prev: FixedBytes(rotated.prev.0),
        salt: FixedBytes(record.salt().0),
        time: record.time().ms(),
        index,
        path: words(path),
    };
    let (size, certificate) = (certificate.size, abi_certificate(certificate));
    Anchor::rotateCall { size, rotation, certificate }.abi_encode().into()
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
    /// The epoch whose certificates it takes.
    pub epoch: u64,
    /// Size and root of the last anchored head; nothing before the first.
    pub head: Option<(u64, RootHash)>,
}

/// What a Gate goes by, as of one block.
///
/// # Errors
/// [`DomainError`]: nobody answers, or there is no Gate.
pub fn anchored(domain: &dyn Domain, block: &Block, at_gate: Address) -> Result<Anchored, DomainError> {
    held_by(domain, block, read(domain, block, (at_gate, &Gate::ANCHORCall {}))?)
}

/// What an Anchor holds, as of one block.
///
/// # Errors
/// [`DomainError`]: nobody answers, or there is no Anchor.
pub fn held_by(domain: &dyn Domain, block: &Block, anchor: Address) -> Result<Anchored, DomainError> {
    let ledger = read(domain, block, (anchor, &Anchor::ledgerCall {}))?;
    let epoch = read(domain, block, (anchor, &Anchor::committeeCall {}))?.epoch;
    let head = match read(domain, block, (anchor, &Anchor::headCall {}))? {
        0 => None,
        size => {
            let root = read(domain, block, (anchor, &Anchor::rootAtCall { ledgerId: ledger, size }))?;
            Some((size, RootHash(root.0)))
        }
    };
    Ok(Anchored { anchor, ledger: LedgerId(ledger.0), epoch, head })
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

/// A loosening that waits at its Gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// From this second on it can take effect.
    pub effective_at: u64,
    /// The co-signer who has refused it, unless others have overridden that.
    pub vetoed_by: Option<Address>,
}

/// How a loosening stands at its Gate, as of one block; nothing when none of this name waits there.
///
/// # Errors
/// As [`anchored`].
pub fn waiting(
    domain: &dyn Domain,
    block: &Block,
    (at_gate, change): (Address, &Digest),
) -> Result<Option<Waiting>, DomainError> {
    let found = read(domain, block, (at_gate, &Gate::changesCall { id: FixedBytes(change.0) }))?;
    let vetoed_by = (found.vetoer != Address::ZERO && !found.overridden).then_some(found.vetoer);
    let effective_at = found.effectiveAt;
    Ok((effective_at != 0).then_some(Waiting { effective_at, vetoed_by }))
}

fn read<C: SolCall>(
    domain: &dyn Domain,
    block: &Block,
    (of, call): (Address, &C),
) -> Result<C::Return, DomainError> {
    decode::<C>(&domain.call_at(block, of, &encode(call))?)
}

/// The call that lets a Gate's loosening take effect once its notice is over; `data` is the call of the
/// governance outcome.
#[must_use]
pub fn enact(change: &Digest, data: &[u8]) -> Bytes {
    Gate::enactCall { id: FixedBytes(change.0), data: Bytes::copy_from_slice(data) }.abi_encode().into()
}

/// The call that brings a declaration to its contract, signed by these of `signers`: the committee in force,
/// or under a recovery the recovery set.
#[must_use]
pub fn declare(declaration: &Declaration, signatures: &[MemberSignature], signers: &Signers) -> Bytes {
    let signed: Bytes = MemberSignature::packed(signatures).into();
    match declaration {
        Declaration::Succession(on) => Anchor::succeedCall {
            successor: FixedBytes(on.successor.0),
            size: on.size,
            root: FixedBytes(on.root.0),
            certificate: anchor::IAnchor::Certificate {
                scheme: SCHEME_SECP256K1,
                ledger: FixedBytes(on.ledger.0),
                epoch: on.epoch,
                committee: FixedBytes(signers.digest().0),
                threshold: signers.threshold(),
                signatures: signed,
            },
        }
        .abi_encode(),
        Declaration::Recovery(on) => Anchor::startRecoveryCall {
            members: on.next.addresses().iter().map(|address| Address::from(address.0)).collect(),
            threshold: on.next.threshold(),
            signatures: signed,
        }
        .abi_encode(),
        Declaration::RecoveryVeto(_) => Anchor::vetoRecoveryCall { signatures: signed }.abi_encode(),
        Declaration::Veto(on) => {
            Gate::vetoCall { id: FixedBytes(on.change.0), signature: signed }.abi_encode()
        }
        Declaration::Override(on) => {
            Gate::overrideVetoCall { id: FixedBytes(on.change.0), signatures: signed }.abi_encode()
        }
    }
    .into()
}

fn abi_certificate(certificate: &Certificate) -> anchor::IAnchor::Certificate {
    anchor::IAnchor::Certificate {
        scheme: certificate.scheme,
        ledger: FixedBytes(certificate.ledger.0),
        epoch: certificate.epoch,
        committee: FixedBytes(certificate.committee.0),
        threshold: certificate.threshold,
        signatures: MemberSignature::packed(&certificate.signatures).into(),
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
