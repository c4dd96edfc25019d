//! From one committee to the next: the committee that leaves signs once more, over a seal that holds the
//! record of the rotation, and whoever trusted it learns whom to trust.

use crate::reply::{Failed, Replied, internal, json};
use crate::routes::{On, hosted};
use crate::service::Hosted;
use crate::submissions::busy;
use axum::extract::{Path, State};
use lockstep_api::answer::{HandoverRow, Page};
use lockstep_crypto::tree::inclusion_proof;
use lockstep_ledger::Handover;
use lockstep_node::epochs::{Epoch, epochs};
use lockstep_node::{Replica, records};
use std::sync::atomic::Ordering;

/// Has the signatures of a committee collected that was replaced and has not handed over.
pub(crate) fn note(hosted: &Hosted, replica: &Replica) {
    let epoch = replica.kernel().committee().map_or(0, lockstep_ledger::Committee::epoch);
    // Asked at every seal: files are read only while it is not known.
    let known = epoch <= hosted.handed_over_to.load(Ordering::Relaxed) || hosted.hands_over(epoch);
    let Some(before) = epoch.checked_sub(1).filter(|_| !known) else { return };
    let kept = match hosted.parts.handovers.all() {
        Ok(all) => all.iter().any(|handover| handover.new.epoch == epoch),
        Err(what) => return tracing::error!(what, "handovers cannot be read"),
    };
    if kept {
        return hosted.handed_over_to.store(epoch, Ordering::Relaxed);
    }
    match epochs(&**replica.store()) {
        Ok(all) => {
            let began = all.iter().find(|found| found.committee.epoch() == epoch).map(|found| found.began);
            let leaving = all.into_iter().find(|found| found.committee.epoch() == before);
            if let (Some(Epoch { committee, .. }), Some(began)) = (leaving, began) {
                hosted.engine.quorums().leaves(committee, began);
            }
        }
        Err(error) => tracing::error!(%error, "committees cannot be told"),
    }
}

impl Hosted {
    /// True while signatures for the handover to this epoch are collected.
    fn hands_over(&self, epoch: u64) -> bool {
        self.engine.quorums().leaving().is_some_and(|leaving| leaving.epoch().checked_add(1) == Some(epoch))
    }

    /// Keeps the handover once enough of both committees have signed one seal; true when the epoch has
    /// handed over.
    pub(crate) fn handed_over(&self, epoch: u64) -> Result<bool, Failed> {
        if let Some(handover) = self.engine.quorums().handover() {
            let kept = self.parts.handovers.keep(&handover);
            kept.map_err(|what| internal(&std::io::Error::other(what)))?;
            self.engine.quorums().left();
            self.handed_over_to.store(handover.new.epoch, Ordering::Relaxed);
        }
        if self.engine.quorums().epoch().is_none_or(|in_force| in_force <= epoch) {
            return Ok(false);
        }
        let all = self.parts.handovers.all().map_err(|what| internal(&std::io::Error::other(what)))?;
        Ok(all.iter().any(|handover| handover.old.epoch == epoch))
    }
}

/// Handovers with what shows whom they lead to: the records of the rotation, and where the second one is in
/// the log.
fn rows(replica: &Replica, handovers: Vec<Handover>) -> Result<Vec<HandoverRow>, Failed> {
    let store = &**replica.store();
    let all = epochs(store).map_err(|error| internal(&error))?;
    let mut rows = Vec::with_capacity(handovers.len());
    for handover in handovers {
        let Some(epoch) = all.iter().find(|epoch| epoch.committee.epoch() == handover.new.epoch) else {
            break;
        };
        let record = |index| -> Result<_, Failed> {
            let found = records::at(store, index).map_err(|error| internal(&error))?;
            found.ok_or_else(|| internal(&std::io::Error::other("a record of a rotation is missing")))
        };
        let inclusion = inclusion_proof(&replica.hashes(), epoch.began, handover.new.size);
        rows.push(HandoverRow {
            enacted: record(epoch.began)?,
            inclusion: inclusion.map_err(|error| internal(&error))?,
            index: epoch.began,
            proposed: record(epoch.named)?,
            handover,
        });
    }
    Ok(rows)
}

/// `GET L/handovers`.
pub(crate) async fn handovers(State(service): On, Path(ledger): Path<String>) -> Replied {
    let hosted = hosted(&service, &ledger)?;
    let all = hosted.parts.handovers.all().map_err(|what| internal(&std::io::Error::other(what)))?;
    let items = match all.is_empty() {
        true => Vec::new(),
        false => hosted.engine.look(|replica| rows(replica, all)).await.map_err(busy)??,
    };
    Ok(json(&Page { items, next: None }))
}
