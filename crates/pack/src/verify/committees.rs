//! The committees that a pack's history names, one an epoch. The re-run shows later that the history is
//! right.

use super::fail_at;
use super::open::Opened;
use crate::report::{Failure, Rule};
use lockstep_kernel::governance::Rotation;
use lockstep_kernel::{Action, Body};
use lockstep_ledger::{Committee, Tag};
use lockstep_types::CaseId;
use std::collections::BTreeMap;

/// Committees from epoch 0 on, with the place of the group that put each in force.
pub(super) struct Committees {
    first: Committee,
    later: Vec<(Committee, usize)>,
}

impl Committees {
    pub(super) fn of(opened: &Opened) -> Result<Self, Failure> {
        let genesis = &opened.genesis;
        let refused = |error: lockstep_ledger::CommitteeError| fail_at(Rule::Committee, 0, error.to_string());
        let first =
            Committee::new(0, genesis.cosigners.clone(), genesis.cosigner_threshold).or_else(refused)?;
        let mut rotations: BTreeMap<CaseId, Rotation> = BTreeMap::new();
        let mut all = Self { first, later: Vec::new() };
        for (at, records) in opened.groups.iter().enumerate() {
            for record in records.iter().filter(|record| record.tag() == Tag::Record) {
                all.follow(at, record, &mut rotations)?;
            }
        }
        Ok(all)
    }

    fn follow(
        &mut self,
        at: usize,
        record: &lockstep_ledger::Record,
        rotations: &mut BTreeMap<CaseId, Rotation>,
    ) -> Result<(), Failure> {
        // Only two kinds of body matter, and most records are neither: they are not read twice.
        let relevant = [b"{\"proposed\":".as_slice(), b"{\"enacted\":"];
        if !relevant.iter().any(|prefix| record.body().starts_with(prefix)) {
            return Ok(());
        }
        match Body::from_slice(record.body()) {
            Ok(Body::Proposed(body)) => {
                if let Action::Rotate(rotation) = body.action {
                    rotations.insert(CaseId(record.leaf_hash().0), rotation);
                }
            }
            Ok(Body::Enacted(body)) => {
                if let Some(rotation) = rotations.remove(&body.case) {
                    let epoch = self.last().epoch().saturating_add(1);
                    let next = Committee::new(epoch, rotation.cosigners, rotation.threshold);
                    let refused = |error: lockstep_ledger::CommitteeError| Failure {
                        rule: Rule::Committee,
                        record: None,
                        text: error.to_string(),
                    };
                    self.later.push((next.map_err(refused)?, at));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The committee in force at the end.
    pub(super) fn last(&self) -> &Committee {
        self.later.last().map_or(&self.first, |(committee, _)| committee)
    }

    /// The committee of an epoch.
    pub(super) fn of_epoch(&self, epoch: u64) -> Option<&Committee> {
        if epoch == 0 {
            return Some(&self.first);
        }
        self.later.iter().map(|(committee, _)| committee).find(|committee| committee.epoch() == epoch)
    }

    /// The group that put the committee of an epoch in force; none for epoch 0.
    pub(super) fn begun_at(&self, epoch: u64) -> Option<usize> {
        self.later.iter().find(|(committee, _)| committee.epoch() == epoch).map(|(_, at)| *at)
    }
}
