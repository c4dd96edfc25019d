//! From the trust file to the certificate: same epoch, an older one, or a newer one (specs/trust.md §3).

use super::committees::Committees;
use super::{Verifier, fail};
use crate::pack::PackedHandover;
use crate::report::{Failure, Missing, Reliance, Rule};
use crate::trust::Trust;
use lockstep_crypto::tree::{TreeHead, verify_consistency};
use lockstep_types::Digest;
use std::collections::BTreeSet;

impl Verifier<'_> {
    pub(super) fn check_trusted(&mut self, committees: &Committees) -> Result<(), Failure> {
        if let Some(trust) = self.trust {
            check_pinned_committee(trust, committees)?;
            self.check_split_view(trust)?;
        }
        self.check_consistency()?;
        let handed_over = self.check_handovers(committees)?;
        match self.trust {
            None => self.missing.push(Missing::Trust),
            Some(trust) => self.rest_on(trust, &handed_over),
        }
        Ok(())
    }

    /// Two roots for one size: one of them was made for this reader alone.
    fn check_split_view(&self, trust: &Trust) -> Result<(), Failure> {
        let (pinned, found) = (trust.head(), self.head());
        if pinned.size == found.size && pinned.root != found.root {
            let text = format!(
                "two roots for {} records: the trust file pins `{}`, the certificate shows `{}`",
                found.size, pinned.root, found.root
            );
            return fail(Rule::SplitView, text);
        }
        Ok(())
    }

    /// The proof to another head holds; where it is the pinned size, the head is the pinned one.
    fn check_consistency(&self) -> Result<(), Failure> {
        let Some(proof) = &self.pack.consistency else { return Ok(()) };
        let other = TreeHead { size: proof.size, root: proof.root };
        same_log(self.head(), other, &proof.path).or_else(|text| fail(Rule::Consistency, text))?;
        match self.trust.map(Trust::head).filter(|pinned| pinned.size == other.size) {
            Some(pinned) if pinned.root != other.root => {
                let text = format!(
                    "the proof leads to root `{}`, the trust file pins `{}`",
                    other.root, pinned.root
                );
                fail(Rule::Consistency, text)
            }
            _ => Ok(()),
        }
    }

    /// Every handover holds; gives the epochs that are handed over to.
    fn check_handovers(&self, committees: &Committees) -> Result<BTreeSet<u64>, Failure> {
        let mut to = BTreeSet::new();
        for packed in &self.pack.handovers {
            let epoch = packed.handover.new.epoch;
            let ascends = to.last().is_none_or(|last| *last < epoch);
            let failed = |text: String| Failure { rule: Rule::Handover, record: None, text };
            if !ascends {
                return Err(failed(format!("the handover to epoch {epoch} stands out of order")));
            }
            self.check_handover(packed, committees).map_err(failed)?;
            to.insert(epoch);
        }
        Ok(to)
    }

    fn check_handover(&self, packed: &PackedHandover, committees: &Committees) -> Result<(), String> {
        let PackedHandover { consistency, handover } = packed;
        let epoch = handover.new.epoch;
        let old = epoch.checked_sub(1).and_then(|old| committees.of_epoch(old));
        let pair = old.zip(committees.of_epoch(epoch)).zip(committees.begun_at(epoch));
        let ((old, new), at) =
            pair.ok_or_else(|| format!("the history knows no rotation to epoch {epoch}"))?;
        let checkpoint = handover.verify(&self.facts.ledger, old, new).map_err(|error| chain(&error))?;
        let head = TreeHead { size: checkpoint.size, root: checkpoint.root };
        if head.size > self.head().size {
            return Err(format!("a handover at size {}, later than the certificate", head.size));
        }
        same_log(self.head(), head, consistency)?;
        // The old committee has signed the very record that names the new one.
        let last = self.pack.excerpt.get(at).and_then(|group| group.records.last());
        match last {
            Some(record) if record.index < head.size => Ok(()),
            _ => {
                Err(format!("the rotation to epoch {epoch} is not in the {} records handed over", head.size))
            }
        }
    }

    /// What follows from the trust file, once nothing contradicts it.
    fn rest_on(&mut self, trust: &Trust, handed_over: &BTreeSet<u64>) {
        let (pinned, head) = (trust.head(), self.head());
        let (known, epoch) = (trust.committee().epoch(), self.pack.certificate.epoch);
        self.rests_on.push(Reliance::Trust { epoch: known, size: pinned.size });
        let proven = self.pack.consistency.as_ref().is_some_and(|proof| proof.size == pinned.size);
        let compared = proven || pinned.size == head.size;
        let (size, pinned) = (head.size, pinned.size);
        if epoch < known && !compared {
            // Keys of a committee that has left may be anybody's by now.
            self.missing.push(Missing::Consistency { size, pinned });
        } else if !compared {
            self.rests_on.push(Reliance::NotCompared { size, pinned });
        }
        let gap = (known..epoch).find(|from| !handed_over.contains(&from.saturating_add(1)));
        if let Some(from) = gap {
            self.missing.push(Missing::Handover { from, to: from.saturating_add(1) });
        }
    }
}

/// The committee that the trust file pins is the one of its epoch in the pack's history, if that reaches so
/// far.
fn check_pinned_committee(trust: &Trust, committees: &Committees) -> Result<(), Failure> {
    let pinned = trust.committee();
    match committees.of_epoch(pinned.epoch()) {
        Some(found) if found.digest() != pinned.digest() || found.threshold() != pinned.threshold() => {
            let (epoch, expected, found) = (pinned.epoch(), pinned.digest(), found.digest());
            let text = format!("committee `{found}` in epoch {epoch}, the trust file pins `{expected}`");
            fail(Rule::Committee, text)
        }
        _ => Ok(()),
    }
}

/// Two heads of one log, in either order.
pub(super) fn same_log(one: TreeHead, other: TreeHead, path: &[Digest]) -> Result<(), String> {
    let (old, new) = if one.size <= other.size { (one, other) } else { (other, one) };
    verify_consistency(old, new, path).map_err(|error| error.to_string())
}

fn chain(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}
