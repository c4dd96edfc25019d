//! What the records of the case say of chains.

use super::Verifier;
use super::rerun::Rerun;
use crate::pack::{Pack, PackedBody, PackedRecord};
use crate::report::{DepositFact, OnChain, OutcomeFact, OutcomeKind, Said};
use lockstep_crypto::tree::TreeHead;
use lockstep_kernel::body::OutcomeDue;
use lockstep_kernel::outcome::{self, KIND_ESCROW};
use lockstep_kernel::{Body, body};
use lockstep_policy::ClaimKind;
use lockstep_types::{Address, CaseId, ChainId, Digest, Name};
use std::collections::VecDeque;

/// Walks through the records of the case that the re-run reached.
struct Walk<'a> {
    rerun: &'a Rerun<'a>,
    found: OnChain,
    /// What the last decision unlocks, one for each outcome that follows.
    due: VecDeque<&'a OutcomeDue>,
}

/// What the records say of chains; the heads are left to whoever has checked their proofs.
pub(super) fn facts(pack: &Pack, rerun: &Rerun<'_>) -> OnChain {
    let mut walk = Walk { rerun, found: OnChain::default(), due: VecDeque::new() };
    let of_case = |record: &&PackedRecord| rerun.of_case().binary_search(&record.index).is_ok();
    for record in pack.records().filter(of_case) {
        match &record.body {
            PackedBody::Outcome(bytes) => walk.outcome(record.index, bytes),
            PackedBody::Record(body) => walk.record(record.index, body),
        }
    }
    walk.found
}

impl<'a> Walk<'a> {
    fn record(&mut self, index: u64, body: &'a Body) {
        match body {
            Body::Decided(decided) => self.due = decided.outcomes.iter().collect(),
            Body::Settled(settled) => self.settled(settled),
            Body::Attested(body) if !body.refused => {
                self.found.deposits.extend(self.deposit(index, &body.step));
            }
            Body::Withdrawn(body) => self.found.deposits.retain(|shown| !body.fallen.contains(&shown.step)),
            _ => {}
        }
    }

    fn outcome(&mut self, index: u64, bytes: &[u8]) {
        let due = self.due.pop_front();
        let (Some(due), Ok(body)) = (due, outcome::decode(bytes)) else { return };
        // A chain's number that is no EIP-155 number is one that no policy can name.
        let Ok(chain) = u64::try_from(body.chainId) else { return };
        let kind = if body.kind == KIND_ESCROW { OutcomeKind::Escrow } else { OutcomeKind::Ordinary };
        self.found.outcomes.push(OutcomeFact {
            case: CaseId(body.caseId.0),
            chain: ChainId(chain),
            domain: due.domain.clone(),
            gate: Address(body.gate.into_array()),
            index,
            kind,
            not_after_s: body.notAfter,
            ordinal: body.ordinal,
            programme: Digest(body.programme.0),
            said: Said::Nothing,
        });
    }

    fn settled(&mut self, body: &body::Settled) {
        let is_it = |o: &&mut OutcomeFact| o.ordinal == body.ordinal && o.domain == body.domain;
        if let Some(outcome) = self.found.outcomes.iter_mut().find(is_it) {
            outcome.said = body.consumed.map_or(Said::Lapsed, Said::Executed);
        }
    }

    /// A step whose deposit an outcome of the policy returns.
    fn deposit(&self, index: u64, step: &Name) -> Option<DepositFact> {
        let layout = self.rerun.layout()?;
        let returning = layout.outcome_returning(step.as_str())?;
        let domain = layout.domain(returning.domain.as_str())?;
        let currency = match layout.step(step.as_str())?.claim("amount") {
            Some(ClaimKind::Money(currency)) => Some(currency),
            _ => None,
        };
        Some(DepositFact {
            chain: domain.chain,
            currency,
            decimals: domain.decimals,
            domain: domain.name.clone(),
            escrow: domain.escrow?,
            index,
            step: step.clone(),
            token: domain.token,
        })
    }
}

impl Verifier<'_> {
    /// Heads that proofs of the pack tie to its own. Asked for once all of them have been checked.
    pub(super) fn proven_heads(&self) -> Vec<TreeHead> {
        let own = self.facts.head;
        let other = self.pack.consistency.iter().map(|other| TreeHead { size: other.size, root: other.root });
        let of = |certificate: &lockstep_ledger::Certificate| TreeHead {
            size: certificate.size,
            root: certificate.root,
        };
        let seen = self.pack.seen.iter().map(|seen| of(&seen.certificate));
        let handed_over = self.pack.handovers.iter().map(|packed| of(&packed.handover.new));
        let mut heads: Vec<TreeHead> = other.chain(seen).chain(handed_over).chain([own]).collect();
        heads.sort_unstable_by_key(|head| head.size);
        heads.dedup_by_key(|head| head.size);
        heads
    }
}
